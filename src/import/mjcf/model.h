/* A MuJoCo model as calotype keeps it, and how it is made. */
#ifndef CALO_IMPORT_MJCF_MODEL_H
#define CALO_IMPORT_MJCF_MODEL_H

#include "base/arena.h"
#include "import/mjcf/mjcf.h"

/* A model of libmujoco with what its kinematics needs (library.h); NULL for models from arrays. */
typedef struct calo_mjcf_library calo_mjcf_library;

/* Things of one kind that are found by name and by node. Their nodes follow each other, in the order of ids. */
typedef struct calo_mjcf_things {
    uint32_t count;
    const char **names;
    uint32_t *sorted; /* ids by name, equal names by id */
    uint32_t first_node;
} calo_mjcf_things;

typedef struct calo_mjcf_tendon {
    uint32_t first_node, node_count; /* points that it may pass, then a rod for each two of them; 0: not drawn */
    uint32_t point_count;
    float width; /* the radius of a segment, metres */
} calo_mjcf_tendon;

enum { CALO_MJCF_KIND_COUNT = CALO_MUJOCO_TENDON + 1 };

struct calo_mujoco_model {
    calo_scene *scene; /* NULL once the importer has taken it */
    calo_mujoco_visual visual;
    calo_image sky;
    calo_arena arena; /* everything below */
    calo_mjcf_things things[CALO_MJCF_KIND_COUNT];
    calo_mjcf_tendon *tendons;
    uint32_t wrap_point_count; /* in a state's wrap_xpos */
    int32_t *body_parents, *camera_bodies, *light_bodies;
    calo_joint *joints;
    calo_subject_node *subject_nodes; /* node_count, for randomizers */
    const char **mesh_names;
    double *rest; /* qpos0 */
    uint32_t rest_count;
    calo_mjcf_library *library;
};

/* What only the loader knows beside the arrays. All-zero where nobody does. */
typedef struct calo_mjcf_extra {
    const bool *missing_textures;   /* of the builder */
    const calo_mujoco_state *state; /* where the rest pose stands: tracking cameras and lights, tendons */
    /* What happened on the way in, told once there is a scene to tell it to. */
    void (*warn)(void *user, calo_scene *scene);
    void *user;
} calo_mjcf_extra;

calo_status calo_mjcf_make(const calo_mujoco_arrays *arrays, const char *name, const calo_mujoco_options *options,
                           const calo_limits *limits, const calo_mjcf_extra *extra, calo_mujoco_model **model,
                           calo_error *err);

/* Takes the scene out of a model, which can then only be destroyed. */
calo_scene *calo_mjcf_take_scene(calo_mujoco_model *model);

/* Checks all that mjcf.h promises of a builder's arrays. `checked` points where `arrays` does, and into `arena` for
 * what is filled in (check.c). */
calo_status calo_mjcf_check(const calo_mujoco_arrays *arrays, const char *name, calo_arena *arena,
                            calo_mujoco_arrays *checked, calo_error *err);

/* Names, joints and qpos0 (names.c). */
calo_status calo_mjcf_keep_names(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, calo_error *err);

/* What the nodes, which are all there, are to randomizers (subject.c). */
calo_status calo_mjcf_keep_subject(calo_mujoco_model *model, const calo_mujoco_arrays *arrays, calo_error *err);

/* Adds all nodes, cameras, lights and skins of the model's scene (nodes.c). */
calo_status calo_mjcf_add_nodes(calo_mujoco_model *model, calo_mjcf_builder *builder,
                                const calo_mujoco_options *options, calo_error *err);

/* How many overrides calo_mjcf_overrides writes at most, and their number (pose.c). The state is complete. */
uint32_t calo_mjcf_override_capacity(const calo_mujoco_model *model);
calo_status calo_mjcf_overrides(const calo_mujoco_model *model, const calo_mujoco_state *state,
                                calo_node_override *overrides, uint32_t *count, calo_error *err);

/* A rigid transform; a quaternion (wxyz) of any length but 0, which is no rotation. */
calo_mat4 calo_mjcf_place(const double position[3], const double quaternion[4]);
/* A frame at `position` whose -z looks along `direction` (any length; 0: straight down), as lights have it. */
calo_mat4 calo_mjcf_aim(const double position[3], const double direction[3]);

#endif
