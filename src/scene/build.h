/* How importers make a scene: create, add, seal. Everything added lives in the scene's arena. */
#ifndef CALO_SCENE_BUILD_H
#define CALO_SCENE_BUILD_H

#include <calotype/scene.h>

#include "base/arena.h"

/* An empty scene; `limits` are resolved here and kept. Freed by calo_scene_destroy. */
calo_status calo_scene_create(const char *path, const char *format, const calo_limits *limits, calo_scene **scene,
                              calo_error *err);

/* The scene's memory, limited by max_memory_bytes; and the limits as resolved. */
calo_arena *calo_scene_arena(calo_scene *scene);
const calo_limits *calo_scene_limits(const calo_scene *scene);

/* A copy of `text` in the arena; NULL text gives "". NULL with `err` filled when memory ends. */
const char *calo_scene_text(calo_scene *scene, const char *text, calo_error *err);

/* Notes odd but usable input. At most 32 of one id are kept, then one line says that more were
 * left out. Never fails: out of memory drops the warning. */
void calo_scene_warn(calo_scene *scene, const char *id, const char *format, ...) CALO_PRINTF(3, 4);

/* Append a copy of the struct (not of what it points to, which must be in the arena or static)
 * and return its index, or -1 with `err` filled. NULL names become "". */
int32_t calo_scene_add_mesh(calo_scene *scene, const calo_mesh *mesh, calo_error *err);
int32_t calo_scene_add_material(calo_scene *scene, const calo_material *material, calo_error *err);
int32_t calo_scene_add_texture(calo_scene *scene, const calo_texture *texture, calo_error *err);
int32_t calo_scene_add_image(calo_scene *scene, const calo_scene_image *image, calo_error *err);
int32_t calo_scene_add_node(calo_scene *scene, const calo_node *node, calo_error *err);
int32_t calo_scene_add_skin(calo_scene *scene, const calo_skin *skin, calo_error *err);
int32_t calo_scene_add_animation(calo_scene *scene, const calo_animation *animation, calo_error *err);
int32_t calo_scene_add_camera(calo_scene *scene, const calo_camera *camera, calo_error *err);
int32_t calo_scene_add_light(calo_scene *scene, const calo_light *light, calo_error *err);
calo_status calo_scene_add_linked_file(calo_scene *scene, const char *name, calo_error *err);

/* A node at the origin: no parent, visible, identity, all indices -1. */
calo_node calo_node_default(void);

/* Checks everything that scene.h promises, once for all importers: indices in range, parents
 * before children and not too deep, finite used positions and transforms, joints below the skin's
 * count, the triangle limit over instances, at least one drawable element. Must be the last call
 * of an importer. */
calo_status calo_scene_seal(calo_scene *scene, calo_error *err);

#endif
