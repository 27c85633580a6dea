/* `calotype render`: what its options say. */
#ifndef CALO_CLI_RENDER_COMMAND_H
#define CALO_CLI_RENDER_COMMAND_H

#include <calotype/job.h>

#include "cli/args.h"

typedef struct calo_render_command {
    calo_limits limits; /* first: see limits.h; copied into `item` when all options are read */
    calo_item_options item;
    calo_renderer_options renderer;
    calo_scene_light sun;
    bool has_sun;
    const char *environment;                                   /* "white", "none" or a file; NULL: white */
    double environment_strength, environment_rotation_degrees; /* strength NAN: not given */
    calo_image environment_image;
    const char *cache_folder; /* NULL: CALOTYPE_CACHE, or none */
    uint64_t cache_bytes;     /* 0: the default */
    calo_cache *cache;
    bool quiet;
} calo_render_command;

extern const calo_option calo_render_options_table[];

calo_render_command calo_render_command_default(void);
/* Joins what several options say together, reads the environment and opens the cache. */
calo_status calo_render_command_resolve(calo_render_command *command, calo_error *err);
/* What is wrong whatever the file: told at once, not after the first was loaded. */
calo_status calo_render_command_check(const calo_render_command *command, calo_error *err);
void calo_render_command_finish(calo_render_command *command);

#endif
