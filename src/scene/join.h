/* Scenes that are put into one, as often as one likes. What their arrays point to stays theirs: sources must outlive the
 * target. */
#ifndef CALO_SCENE_JOIN_H
#define CALO_SCENE_JOIN_H

#include <calotype/build.h>

/* A sealed source, and where its arrays begin in the target's. */
typedef struct calo_join {
    const calo_scene *source;
    uint32_t first_mesh, first_material, first_texture, first_image;
} calo_join;

/* Adds what the source is made of: images, textures, materials, meshes. */
calo_status calo_scene_join_parts(calo_scene *target, const calo_scene *source, calo_join *join, calo_error *err);

/* Adds the source's nodes and skins, standing as in its own world and then moved by `place`. The target's source_to_world
 * must be the identity. Cameras, lights and animations do not come along. `instance_id`: see calo_node. */
calo_status calo_scene_join_nodes(calo_scene *target, const calo_join *join, const calo_mat4 *place, uint32_t instance_id,
                                  calo_error *err);

#endif
