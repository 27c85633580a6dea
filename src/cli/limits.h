/* The options that every verb which loads a file has. */
#ifndef CALO_CLI_LIMITS_H
#define CALO_CLI_LIMITS_H

#include "cli/args.h"

/* The target of these options must begin with a calo_limits. */
calo_status calo_apply_max_triangles(void *target, const char *value, calo_error *err);
calo_status calo_apply_max_memory(void *target, const char *value, calo_error *err);

/* `import` is the field of `type` that is a calo_limits: the first one. */
#define CALO_LIMIT_OPTIONS(type, limits)                                                                               \
    {.kind = CALO_OPTION_GROUP, .help = "Limits on what a file may ask for"},                                          \
        {.kind = CALO_OPTION_CUSTOM,                                                                                   \
         .name = "max-triangles",                                                                                      \
         .value = "N",                                                                                                 \
         .apply = calo_apply_max_triangles,                                                                            \
         .help = "drawn triangles, instances counted (200 million)"},                                                  \
        {.kind = CALO_OPTION_COUNT,                                                                                    \
         .name = "max-texture",                                                                                        \
         .value = "PIXELS",                                                                                            \
         .offset = offsetof(type, limits.max_texture_pixels),                                                          \
         .least = 1,                                                                                                   \
         .most = 65536,                                                                                                \
         .help = "larger textures are halved, with a warning (16384)"},                                                \
        {.kind = CALO_OPTION_CUSTOM,                                                                                   \
         .name = "max-memory",                                                                                         \
         .value = "SIZE",                                                                                              \
         .apply = calo_apply_max_memory,                                                                               \
         .help = "that a loaded file may fill: 500M, 2G (8G)"},                                                        \
    {                                                                                                                  \
        .kind = CALO_OPTION_FLAG, .name = "allow-outside-paths", .offset = offsetof(type, limits.allow_outside_paths), \
        .help = "let a file name textures outside its own folder"                                                      \
    }

#endif
