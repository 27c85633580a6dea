#include "randomize/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "randomize/orrb_scene.h"

enum { MAX_VALUES = 1 << 20 };

struct calo_linker {
    calo_randomizer *randomizer;
    size_t stream_capacity;
};

calo_randomizer *calo_link_owner(calo_linker *linker)
{
    return linker->randomizer;
}

void calo_link_node(calo_linker *linker, uint32_t node)
{
    calo_randomizer *randomizer = linker->randomizer;
    if (randomizer->slots[node] >= 0)
        return;
    randomizer->slots[node] = (int32_t)randomizer->slot_count;
    randomizer->slot_nodes[randomizer->slot_count++] = node;
}

calo_status calo_link_materials(calo_linker *linker, calo_error *err)
{
    calo_randomizer *randomizer = linker->randomizer;
    const calo_scene *scene = randomizer->scene;
    if (randomizer->materials)
        return CALO_OK;
    randomizer->materials = malloc(((size_t)scene->material_count + 1) * sizeof *randomizer->materials);
    if (!randomizer->materials)
        return calo_fail_memory(err, "materials", scene->material_count * sizeof *randomizer->materials);
    for (uint32_t i = 0; i < scene->material_count; i++)
        randomizer->materials[i] = randomizer->form == CALO_CONFIG_ORRB ? calo_orrb_material(&scene->materials[i])
                                                                        : scene->materials[i];
    return CALO_OK;
}

uint32_t calo_link_lights(calo_linker *linker, uint32_t count)
{
    uint32_t first = linker->randomizer->light_count;
    linker->randomizer->light_count += count;
    return first;
}

/* Room for one more stream. */
static calo_status grow_streams(calo_linker *linker, calo_error *err)
{
    calo_randomizer *randomizer = linker->randomizer;
    if (randomizer->stream_count < linker->stream_capacity)
        return CALO_OK;
    size_t capacity = linker->stream_capacity * 2 + 16;
    calo_stream *streams = realloc(randomizer->streams, capacity * sizeof *streams);
    if (!streams)
        return calo_fail_memory(err, "streams", capacity * sizeof *streams);
    randomizer->streams = streams;
    linker->stream_capacity = capacity;
    return CALO_OK;
}

static calo_status add_stream(calo_linker *linker, calo_component *component, const calo_stream *stream,
                              calo_error *err)
{
    calo_randomizer *randomizer = linker->randomizer;
    if (stream->count > MAX_VALUES - randomizer->value_count)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: the components have more than %d values a state",
                         randomizer->name, MAX_VALUES);
    calo_status status = grow_streams(linker, err);
    if (status)
        return status;
    calo_stream *added = &randomizer->streams[randomizer->stream_count];
    *added = *stream;
    added->name = strdup(stream->name);
    if (!added->name)
        return calo_fail_memory(err, "a stream's name", strlen(stream->name) + 1);
    added->first = randomizer->value_count;
    randomizer->value_count += stream->count;
    randomizer->stream_count++;
    component->value_count += stream->count;
    return CALO_OK;
}

calo_status calo_link_stream(calo_linker *linker, calo_component *component, calo_stream_kind kind, uint32_t count,
                             calo_error *err, const char *format, ...)
{
    char name[512];
    int length = snprintf(name, sizeof name, "%.200s/", component->name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name + length, sizeof name - (size_t)length, format, arguments);
    va_end(arguments);
    calo_stream stream = {.name = name, .kind = kind, .count = count, .drawn = true};
    return add_stream(linker, component, &stream, err);
}

calo_status calo_link_output(calo_linker *linker, calo_component *component, calo_stream_kind kind, uint32_t count,
                             calo_error *err, const char *format, ...)
{
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    calo_stream stream = {.name = name, .kind = kind, .count = count};
    return add_stream(linker, component, &stream, err);
}

/* Geoms and sites are all seen in ORRB, whatever their group and transparency, but for those that are hidden. */
static void link_visibility(calo_linker *linker)
{
    calo_randomizer *randomizer = linker->randomizer;
    for (uint32_t node = 0; node < randomizer->scene->node_count; node++)
        if (randomizer->scene->nodes[node].mesh >= 0 &&
            calo_randomizer_shows(randomizer, node) != randomizer->scene->nodes[node].visible)
            calo_link_node(linker, node);
}

static calo_status start_link(calo_linker *linker, calo_error *err)
{
    calo_randomizer *randomizer = linker->randomizer;
    size_t count = (size_t)randomizer->scene->node_count + 1;
    calo_randomizer_unlink(randomizer);
    randomizer->slots = malloc(count * sizeof *randomizer->slots);
    randomizer->slot_nodes = malloc(count * sizeof *randomizer->slot_nodes);
    if (!randomizer->slots || !randomizer->slot_nodes)
        return calo_fail_memory(err, "a randomizer", count * sizeof *randomizer->slots);
    for (size_t i = 0; i < count; i++)
        randomizer->slots[i] = -1;
    return CALO_OK;
}

calo_status calo_randomizer_link(calo_randomizer *randomizer, calo_error *err)
{
    calo_linker linker = {.randomizer = randomizer};
    calo_status status = start_link(&linker, err);
    if (status == CALO_OK && randomizer->form == CALO_CONFIG_ORRB) {
        link_visibility(&linker);
        status = calo_link_materials(&linker, err);
    }
    for (uint32_t i = 0; i < randomizer->component_count && status == CALO_OK; i++) {
        calo_component *component = &randomizer->components[i];
        component->first_value = randomizer->value_count;
        component->value_count = 0;
        if (component->type->link)
            status = component->type->link(&linker, component, err);
    }
    return status;
}

void calo_randomizer_unlink(calo_randomizer *randomizer)
{
    for (size_t i = 0; i < randomizer->stream_count; i++)
        free((char *)randomizer->streams[i].name);
    free(randomizer->streams);
    free(randomizer->slots);
    free(randomizer->slot_nodes);
    free(randomizer->materials);
    randomizer->materials = NULL;
    randomizer->streams = NULL;
    randomizer->slots = NULL;
    randomizer->slot_nodes = NULL;
    randomizer->stream_count = 0;
    randomizer->value_count = randomizer->slot_count = randomizer->light_count = 0;
}
