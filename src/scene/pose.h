/* What a pose keeps for deform.c. */
#ifndef CALO_SCENE_POSE_H
#define CALO_SCENE_POSE_H

#include <calotype/scene.h>

#include "base/arena.h"

struct calo_pose_private {
    calo_arena arena;
    calo_mat4 **joint_matrices; /* a skin: its joints' node_to_world * inverse_bind */
};

/* Morph weights that a node's mesh takes: its primitives' largest number of targets. */
uint32_t calo_mesh_morph_count(const calo_mesh *mesh);

#endif
