/* A randomizer's JSON as a list of components with properties. */
#ifndef CALO_RANDOMIZE_CONFIG_H
#define CALO_RANDOMIZE_CONFIG_H

#include <calotype/randomize.h>

#include "base/arena.h"

typedef enum calo_config_form {
    CALO_CONFIG_ORRB = 0, /* RendererConfig in protobuf's JSON form */
    CALO_CONFIG_OWN,      /* has the key "calotype": parameters stand in the component itself */
} calo_config_form;

typedef struct calo_config_component {
    const char *type, *name, *path; /* "" where there is none */
    calo_property *properties;
    uint32_t property_count;
} calo_config_component;

typedef struct calo_config {
    calo_config_form form;
    calo_config_component *components;
    uint32_t component_count;
    const char **notes; /* what was left out because of `lenient`, a sentence each */
    size_t note_count;
} calo_config;

/* Of one config. */
enum {
    CALO_CONFIG_MAX_BYTES = 16 << 20,
    CALO_CONFIG_MAX_COMPONENTS = 4096,
    CALO_CONFIG_MAX_PROPERTIES = 4096, /* a component */
    CALO_CONFIG_MAX_NOTES = 1000,      /* more are not kept */
};

/* Reads `size` bytes of JSON into memory of the arena. A key that means nothing is an error, or with `lenient` a note. In
 * calotype's own form numbers are FLOAT, words STRING, lists of 2, 3 and 4 numbers VECTOR2, VECTOR3 and COLOR, lists of
 * words STRING with a word a line; parameters take them as what they are. */
calo_status calo_config_parse(const char *json, size_t size, const char *name, bool lenient, calo_arena *arena,
                              calo_config *config, calo_error *err);

#endif
