/* Scenes from memory: create, add, seal. How importers make scenes, and how programs do without a file.
 *
 * What is added may point into memory of the caller (then it must outlive the scene) or of the scene
 * (calo_scene_allocate). Nothing is added after calo_scene_seal. One thread at a time until then. */
#ifndef CALOTYPE_BUILD_H
#define CALOTYPE_BUILD_H

#include <calotype/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An empty scene, freed by calo_scene_destroy. `name` stands for the file in messages; `format` may be NULL. `limits`
 * (NULL: the defaults) are kept: poses and prepared scenes obey them, too. */
CALO_API calo_status calo_scene_create(const char *name, const char *format, const calo_limits *limits,
                                       calo_scene **scene, calo_error *err);

/* Zeroed memory that lives as long as the scene, aligned to 64 bytes; NULL with `err` filled when the limit or the
 * system gives no more. `count` 0 gives a valid pointer. */
CALO_API void *calo_scene_allocate(calo_scene *scene, uint64_t count, size_t item_bytes, calo_error *err);

/* Append a copy of the struct (not of what it points to) and return its index, or -1 with `err` filled. NULL names
 * become "". */
CALO_API int32_t calo_scene_add_mesh(calo_scene *scene, const calo_mesh *mesh, calo_error *err);
CALO_API int32_t calo_scene_add_material(calo_scene *scene, const calo_material *material, calo_error *err);
CALO_API int32_t calo_scene_add_texture(calo_scene *scene, const calo_texture *texture, calo_error *err);
CALO_API int32_t calo_scene_add_image(calo_scene *scene, const calo_scene_image *image, calo_error *err);
CALO_API int32_t calo_scene_add_node(calo_scene *scene, const calo_node *node, calo_error *err);
CALO_API int32_t calo_scene_add_skin(calo_scene *scene, const calo_skin *skin, calo_error *err);
CALO_API int32_t calo_scene_add_animation(calo_scene *scene, const calo_animation *animation, calo_error *err);
CALO_API int32_t calo_scene_add_camera(calo_scene *scene, const calo_camera *camera, calo_error *err);
CALO_API int32_t calo_scene_add_light(calo_scene *scene, const calo_light *light, calo_error *err);

/* A node at the origin: no parent, visible, identity, all indices -1. */
CALO_API calo_node calo_node_default(void);

/* Checks everything that scene.h promises: indices in range, parents before children and not too deep, finite used
 * positions, transforms and materials, pictures with pixels, known enum values, joints below the skin's count, the
 * triangle limit over instances. A scene may be empty.
 * After a failure the scene can only be destroyed. */
CALO_API calo_status calo_scene_seal(calo_scene *scene, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
