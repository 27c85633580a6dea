/* How importers make a scene (calotype/build.h), and what only they need. Everything they add lives in the scene's
 * arena. */
#ifndef CALO_SCENE_BUILD_H
#define CALO_SCENE_BUILD_H

#include <calotype/build.h>

#include "base/arena.h"

/* The scene's memory, limited by max_memory_bytes; and the limits as resolved. */
calo_arena *calo_scene_arena(calo_scene *scene);
const calo_limits *calo_scene_limits(const calo_scene *scene);

/* A copy of `text` in the arena; NULL text gives "". NULL with `err` filled when memory ends. */
const char *calo_scene_text(calo_scene *scene, const char *text, calo_error *err);

/* Notes odd but usable input. At most 32 of one id are kept, then one line says that more were
 * left out. Never fails: out of memory drops the warning. */
void calo_scene_warn(calo_scene *scene, const char *id, const char *format, ...) CALO_PRINTF(3, 4);

calo_status calo_scene_add_linked_file(calo_scene *scene, const char *name, calo_error *err);

/* A sealed scene in which no visible node draws anything is CALO_ERROR_EMPTY: of files that is an error. */
calo_status calo_scene_check_drawable(const calo_scene *scene, calo_error *err);

/* The triangles, lines and points that visible nodes draw, instances counted: what max_triangles bounds. */
calo_status calo_scene_count_elements(const calo_scene *scene, uint64_t *count, calo_error *err);

/* What calo_scene_seal asks of a material: finite, known values, textures of the scene. */
calo_status calo_scene_check_material(const calo_scene *scene, const calo_material *material, calo_error *err);

#endif
