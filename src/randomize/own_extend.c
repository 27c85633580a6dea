#include "randomize/own_extend.h"

#include <calotype/build.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "randomize/own_common.h"

static const char prefix[] = "calotype:";

bool calo_own_is_added(const char *name) { return strncmp(name, prefix, sizeof prefix - 1) == 0; }

bool calo_own_is_added_by(const char *name, const calo_component *component)
{
    size_t length = strlen(component->name);
    return calo_own_is_added(name) && strncmp(name + sizeof prefix - 1, component->name, length) == 0 &&
           name[sizeof prefix - 1 + length] == '/';
}

void calo_own_name(const calo_component *component, const char *what, uint32_t index, char *name, size_t bytes)
{
    snprintf(name, bytes, "%s%.200s/%s%u", prefix, component->name, what, index);
}

/* A component as it will be, but for what it looks up in the scene. */
static calo_status extend_by(calo_scene *scene, calo_randomizer *randomizer, const calo_config_component *config,
                             uint32_t index, calo_error *err)
{
    const calo_component_type *type = calo_component_find(CALO_CONFIG_OWN, config->type);
    if (!type || !type->extend)
        return CALO_OK;
    char name[CALO_COMPONENT_NAME_BYTES];
    calo_component component = {.type = type, .index = index, .node = -1, .name = name};
    calo_component_name(type, config->name, index, name, sizeof name);
    calo_status status = calo_parameters_create(type, &component.parameters, err);
    if (status)
        return status;
    bool sound = true;
    for (uint32_t i = 0; i < config->property_count; i++)
        sound =
            calo_parameters_set(type, component.parameters, &config->properties[i], CALO_CONFIG_OWN, NULL) == CALO_OK &&
            sound;
    sound = calo_parameters_check(type, component.parameters, NULL) == CALO_OK && (sound || randomizer->lenient);
    if (sound)
        status = type->extend(scene, randomizer, &component, err);
    calo_parameters_free(type, component.parameters);
    return status;
}

calo_status calo_own_extend(calo_scene *scene, calo_randomizer *randomizer, const char *json, size_t size,
                            calo_error *err)
{
    calo_arena arena;
    calo_config config;
    calo_arena_init(&arena, randomizer->limits.max_memory_bytes);
    calo_status status = calo_config_parse(json, size, randomizer->name, randomizer->lenient, &arena, &config, err);
    for (uint32_t i = 0; status == CALO_OK && config.form == CALO_CONFIG_OWN && i < config.component_count; i++)
        status = extend_by(scene, randomizer, &config.components[i], i, err);
    if (status == CALO_OK)
        status = calo_scene_seal(scene, err);
    calo_arena_finish(&arena);
    return status;
}
