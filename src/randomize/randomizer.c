/* Randomizers from JSON, and their updates. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "randomize/component.h"
#include "randomize/link.h"
#include "randomize/own_extend.h"

enum { MAX_PATH_BYTES = 4096, MAX_WARNINGS = 1000 };

void calo_randomizer_warn(calo_randomizer *randomizer, const char *id, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    if (randomizer->warning_count >= MAX_WARNINGS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    calo_warning *warnings = realloc(randomizer->warnings, (randomizer->warning_count + 1) * sizeof *warnings);
    if (!warnings)
        return;
    randomizer->warnings = warnings;
    char *message = strdup(text);
    if (message)
        warnings[randomizer->warning_count++] = (calo_warning){.id = id, .message = message};
}

/* With `lenient` what was said of a parameter or component becomes a warning. */
static calo_status warn_if_lenient(calo_randomizer *randomizer, calo_status status, calo_error *said, calo_error *err,
                           const char *id)
{
    if (status == CALO_OK)
        return CALO_OK;
    if (randomizer->lenient && status != CALO_ERROR_MEMORY) {
        calo_randomizer_warn(randomizer, id, "%s", said->message);
        return CALO_OK;
    }
    if (err)
        *err = *said;
    return status;
}

/* Sets parameters, all of them, and checks them; messages begin with the component's name. */
static calo_status set_parameters(calo_randomizer *randomizer, const calo_component *component, void *parameters,
                                  const calo_property *properties, uint32_t count, calo_error *err)
{
    calo_error said;
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < count && status == CALO_OK; i++) {
        said = (calo_error){0};
        status = calo_parameters_set(component->type, parameters, &properties[i], randomizer->form, &said);
        if (status)
            calo_fail_within(&said, status, "%s: component \"%s\"", randomizer->name, component->name);
        status = warn_if_lenient(randomizer, status, &said, err, "randomizer-parameter");
    }
    if (status)
        return status;
    said = (calo_error){0};
    status = calo_parameters_check(component->type, parameters, &said);
    if (status)
        calo_fail_within(&said, status, "%s: component \"%s\"", randomizer->name, component->name);
    return warn_if_lenient(randomizer, status, &said, err, "randomizer-parameter");
}

static calo_status find_subject(calo_randomizer *randomizer, calo_component *component, const char *path,
                                calo_error *err)
{
    component->node = -1;
    if (!path[0])
        return CALO_OK;
    if (strlen(path) <= MAX_PATH_BYTES)
        component->node = calo_subject_find(&randomizer->subject, path);
    if (component->node >= 0)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_NOT_FOUND,
                     "%s: component \"%s\": nothing in the scene has the path \"%.200s\"; give a path such as "
                     "\"robot/part_0/BODY/CAMERA\" or a name that only one node has",
                     randomizer->name, component->name, path);
}

static bool name_taken(const calo_randomizer *randomizer, const char *name)
{
    for (uint32_t i = 0; i < randomizer->component_count; i++)
        if (strcmp(randomizer->components[i].name, name) == 0)
            return true;
    return false;
}

void calo_component_name(const calo_component_type *type, const char *given, uint32_t index, char *name, size_t bytes)
{
    if (given[0])
        snprintf(name, bytes, "%s", given);
    else
        snprintf(name, bytes, "%s_%u", type->name, index);
}

static calo_status name_component(calo_randomizer *randomizer, calo_component *component, const char *given,
                                  calo_error *err)
{
    char made[CALO_COMPONENT_NAME_BYTES];
    if (strlen(given) >= sizeof made)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: components[%u]: its name \"%.40s...\" has more than %zu bytes",
                         randomizer->name, component->index, given, sizeof made - 1);
    calo_component_name(component->type, given, component->index, made, sizeof made);
    if (given[0] && name_taken(randomizer, made))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: two components are named \"%.80s\"", randomizer->name, given);
    component->name = strdup(made);
    return component->name ? CALO_OK : calo_fail_memory(err, "a component's name", sizeof made);
}

/* The sentence names what there is. */
static calo_status refuse_type(const calo_randomizer *randomizer, const char *type, uint32_t index, calo_error *err)
{
    char known[512] = "";
    size_t length = 0;
    const calo_component_type *const *types = calo_component_types(randomizer->form);
    for (size_t i = 0; types[i] && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", types[i]->name);
    return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: components[%u]: there is no component of type \"%.80s\"; there are %s",
                     randomizer->name, index, type, known);
}

/* A component that was added may be half-made: destroy copes. */
static calo_status add_component(calo_randomizer *randomizer, const calo_config_component *config, uint32_t index,
                                 calo_error *err)
{
    const calo_component_type *type = calo_component_find(randomizer->form, config->type);
    if (!type) {
        calo_error said = {0};
        calo_status status = refuse_type(randomizer, config->type, index, &said);
        return warn_if_lenient(randomizer, status, &said, err, "randomizer-component");
    }
    calo_component *component = &randomizer->components[randomizer->component_count];
    *component = (calo_component){.type = type, .index = index, .node = -1};
    calo_status status = name_component(randomizer, component, config->name, err);
    randomizer->component_count++;
    status = status ? status : calo_parameters_create(type, &component->parameters, err);
    status = status ? status : find_subject(randomizer, component, config->path, err);
    if (status == CALO_OK)
        status = set_parameters(randomizer, component, component->parameters, config->properties,
                                config->property_count, err);
    return status || !type->bind ? status : type->bind(randomizer, component, err);
}

static calo_status read_config(calo_randomizer *randomizer, const char *json, size_t size, calo_error *err)
{
    calo_arena arena;
    calo_config config;
    calo_arena_init(&arena, randomizer->limits.max_memory_bytes);
    calo_status status = calo_config_parse(json, size, randomizer->name, randomizer->lenient, &arena, &config, err);
    if (status == CALO_OK) {
        for (size_t i = 0; i < config.note_count; i++)
            calo_randomizer_warn(randomizer, "randomizer-key", "%s: %s", randomizer->name, config.notes[i]);
        randomizer->form = config.form;
        randomizer->components = calloc((size_t)config.component_count + 1, sizeof *randomizer->components);
        if (!randomizer->components)
            status = calo_fail_memory(err, "components", config.component_count * sizeof *randomizer->components);
    }
    for (uint32_t i = 0; status == CALO_OK && i < config.component_count; i++)
        status = add_component(randomizer, &config.components[i], i, err);
    calo_arena_finish(&arena);
    return status;
}

static calo_status copy_joints(calo_randomizer *randomizer, const calo_randomize_subject *subject, calo_error *err)
{
    randomizer->joints = calloc((size_t)subject->joint_count + 1, sizeof *randomizer->joints);
    if (!randomizer->joints)
        return calo_fail_memory(err, "joints", subject->joint_count * sizeof *randomizer->joints);
    for (uint32_t i = 0; i < subject->joint_count; i++) {
        static const uint32_t widths[] = {7, 4, 1, 1};
        const calo_joint *joint = &subject->joints[i];
        if ((unsigned)joint->kind > CALO_JOINT_HINGE ||
            (uint64_t)joint->qpos_address + widths[joint->kind] > subject->qpos_count)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "joint %u does not fit into %u joint positions", i,
                             subject->qpos_count);
        randomizer->joints[i] = *joint;
        randomizer->joints[i].name = NULL; /* the subject's */
    }
    randomizer->joint_count = subject->joint_count;
    randomizer->qpos_count = subject->qpos_count;
    return CALO_OK;
}

static calo_status copy_given(calo_randomizer *randomizer, const calo_randomize_subject *subject, const char *name,
                              const calo_randomize_options *options, calo_error *err)
{
    randomizer->scene = subject->scene;
    randomizer->limits = calo_limits_resolve(options ? options->limits : NULL);
    randomizer->lenient = options && options->lenient;
    randomizer->name = strdup(name ? name : "the randomizer");
    randomizer->folder = options && options->folder ? strdup(options->folder) : NULL;
    randomizer->hidden = calloc((size_t)subject->scene->node_count + 1, sizeof *randomizer->hidden);
    if (!randomizer->name || (options && options->folder && !randomizer->folder) || !randomizer->hidden)
        return calo_fail_memory(err, "a randomizer", subject->scene->node_count);
    return copy_joints(randomizer, subject, err);
}

/* Lets components add to the scene. `nodes`: the subject's, with those that were added; to be freed; NULL where it has
 * none. */
static calo_status extend_scene(calo_randomizer *randomizer, const calo_randomize_subject *subject, const char *json,
                                size_t size, calo_subject_node **nodes, calo_error *err)
{
    uint32_t before = subject->scene->node_count;
    if (subject->additions != subject->scene)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: `additions` is another scene than the subject's", randomizer->name);
    calo_status status = calo_own_extend(subject->additions, randomizer, json, size, err);
    size_t count = (size_t)subject->scene->node_count + 1;
    bool *hidden = realloc(randomizer->hidden, count);
    if (!hidden)
        return calo_fail_memory(err, "a randomizer", count);
    memset(hidden, 0, count);
    randomizer->hidden = hidden;
    if (status || !subject->nodes)
        return status;
    *nodes = malloc(count * sizeof **nodes);
    if (!*nodes)
        return calo_fail_memory(err, "a randomizer", count * sizeof **nodes);
    for (uint32_t i = 0; i < subject->scene->node_count; i++)
        (*nodes)[i] = i < before ? subject->nodes[i] : (calo_subject_node){.kind = CALO_SUBJECT_OTHER};
    return CALO_OK;
}

calo_status calo_randomizer_create(const calo_randomize_subject *subject, const char *json, size_t size,
                                   const char *name, const calo_randomize_options *options,
                                   calo_randomizer **randomizer, calo_error *err)
{
    *randomizer = NULL;
    calo_randomizer *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "a randomizer", sizeof *made);
    calo_randomize_subject whole = *subject;
    calo_subject_node *nodes = NULL;
    calo_status status = copy_given(made, subject, name, options, err);
    if (status == CALO_OK && subject->additions)
        status = extend_scene(made, subject, json, size, &nodes, err);
    whole.nodes = nodes ? nodes : subject->nodes;
    status = status ? status : calo_subject_init(&made->subject, &whole, err);
    free(nodes);
    status = status ? status : read_config(made, json, size, err);
    status = status ? status : calo_randomizer_link(made, err);
    if (status)
        calo_randomizer_destroy(made);
    else
        *randomizer = made;
    return status;
}

calo_status calo_randomizer_load(const calo_randomize_subject *subject, const char *path,
                                 const calo_randomize_options *options, calo_randomizer **randomizer, calo_error *err)
{
    *randomizer = NULL;
    calo_randomize_options own = options ? *options : (calo_randomize_options){0};
    calo_limits limits = calo_limits_resolve(own.limits);
    calo_file file;
    calo_status status = calo_file_read(path, limits.max_file_bytes, &file, err);
    if (status)
        return status;
    size_t length = calo_path_folder_length(path);
    char *folder = length ? strndup(path, length) : NULL;
    if (length && !folder)
        status = calo_fail_memory(err, path, strlen(path));
    if (!own.folder)
        own.folder = folder;
    if (status == CALO_OK)
        status = calo_randomizer_create(subject, (const char *)file.bytes, file.size, path, &own, randomizer, err);
    free(folder);
    calo_file_finish(&file);
    return status;
}

void calo_randomizer_destroy(calo_randomizer *randomizer)
{
    if (!randomizer)
        return;
    for (uint32_t i = 0; i < randomizer->component_count; i++) {
        calo_component *component = &randomizer->components[i];
        if (component->type->release)
            component->type->release(component);
        calo_parameters_free(component->type, component->parameters);
        free(component->name);
    }
    free(randomizer->components);
    for (size_t i = 0; i < randomizer->warning_count; i++)
        free((char *)randomizer->warnings[i].message);
    free(randomizer->warnings);
    calo_randomizer_unlink(randomizer);
    calo_subject_finish(&randomizer->subject);
    free(randomizer->joints);
    free(randomizer->hidden);
    free(randomizer->folder);
    free(randomizer->name);
    free(randomizer);
}

const calo_warning *calo_randomizer_warnings(const calo_randomizer *randomizer, size_t *count)
{
    *count = randomizer->warning_count;
    return randomizer->warnings;
}

const calo_stream *calo_randomizer_streams(const calo_randomizer *randomizer, size_t *count)
{
    *count = randomizer->stream_count;
    return randomizer->streams;
}

/* ---- updates ---- */

static calo_component *component_named(calo_randomizer *randomizer, const char *name)
{
    for (uint32_t i = 0; i < randomizer->component_count; i++)
        if (strcmp(randomizer->components[i].name, name) == 0)
            return &randomizer->components[i];
    return NULL;
}

/* Which files are read is up to who makes the randomizer, not to whoever may send it updates. */
static calo_status refuse_files(const calo_randomizer *randomizer, const calo_component *component,
                                const calo_component_update *update, calo_error *err)
{
    for (uint32_t i = 0; i < update->property_count; i++)
        if (calo_parameters_name_files(component->type, update->properties[i].name))
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "%s: component \"%s\": \"%s\" are files, which an update cannot change: name them in the "
                             "configuration",
                             randomizer->name, component->name, update->properties[i].name);
    return CALO_OK;
}

/* The parameters that components will have, one entry a component, NULL: they stay. */
static calo_status stage_updates(calo_randomizer *randomizer, const calo_component_update *updates, size_t count,
                                 void **staged, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; i < count && status == CALO_OK; i++) {
        calo_component *component = component_named(randomizer, updates[i].name);
        if (!component) {
            calo_error said = {0};
            status = calo_fail(&said, CALO_ERROR_NOT_FOUND, "%s: there is no component named \"%.80s\"",
                               randomizer->name, updates[i].name);
            status = warn_if_lenient(randomizer, status, &said, err, "randomizer-component");
            continue;
        }
        void **parameters = &staged[component - randomizer->components];
        status = refuse_files(randomizer, component, &updates[i], err);
        if (status == CALO_OK && !*parameters)
            status = calo_parameters_copy(component->type, component->parameters, parameters, err);
        if (status == CALO_OK)
            status = set_parameters(randomizer, component, *parameters, updates[i].properties,
                                    updates[i].property_count, err);
    }
    return status;
}

/* Exchanges parameters with those that are staged, and binds what has changed. */
static calo_status apply_staged(calo_randomizer *randomizer, void **staged, calo_error *err)
{
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < randomizer->component_count; i++) {
        calo_component *component = &randomizer->components[i];
        if (!staged[i])
            continue;
        void *before = component->parameters;
        component->parameters = staged[i];
        staged[i] = before;
        if (status == CALO_OK && component->type->bind)
            status = component->type->bind(randomizer, component, err);
    }
    return status ? status : calo_randomizer_link(randomizer, err);
}

calo_status calo_randomizer_update(calo_randomizer *randomizer, const calo_component_update *updates, size_t count,
                                   calo_error *err)
{
    void **staged = calloc((size_t)randomizer->component_count + 1, sizeof *staged);
    if (!staged)
        return calo_fail_memory(err, "an update", randomizer->component_count * sizeof *staged);
    calo_status status = stage_updates(randomizer, updates, count, staged, err);
    if (status == CALO_OK) {
        status = apply_staged(randomizer, staged, err);
        if (status) /* what was before could be bound, but for memory */
            randomizer->broken = apply_staged(randomizer, staged, NULL) != CALO_OK;
    }
    for (uint32_t i = 0; i < randomizer->component_count; i++)
        calo_parameters_free(randomizer->components[i].type, staged[i]);
    free(staged);
    return status;
}
