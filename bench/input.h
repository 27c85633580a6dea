/* What all contenders draw: a file in its rest pose, fitted into the unit cube, under a white
 * environment and one sun. Peers get it as plain triangles in world space. */
#ifndef BENCH_INPUT_H
#define BENCH_INPUT_H

#include <calotype/calotype.h>

#include "base/arena.h"

/* One primitive of one node. */
typedef struct bench_mesh {
    uint32_t vertex_count, index_count;
    const float *positions, *normals; /* world space, 3 floats a vertex */
    const float *tangents;            /* 4 floats, or NULL */
    const float *uvs;                 /* of the base colour, its transform applied; never NULL */
    const uint32_t *indices;          /* counter-clockwise seen from the front */
    calo_material material;
    uint32_t instance_id;
} bench_mesh;

typedef struct bench_input {
    calo_scene *scene;
    calo_pose *pose;
    calo_lighting lighting;
    calo_scene_light sun;
    uint64_t triangle_count;
    uint32_t mesh_count;
    bench_mesh *meshes;
    calo_arena arena;
} bench_input;

calo_status bench_input_load(const char *path, bench_input *input, calo_error *err);
void bench_input_finish(bench_input *input);

/* Random cameras: preset objaverse-xl, seed 1. The caller finishes the set. */
calo_status bench_views_make(uint32_t size, uint32_t count, calo_view_set *views, calo_error *err);

/* The RGBA8 picture of a material's slot; NULL when it has none. */
const calo_scene_image *bench_material_image(const bench_input *input, const calo_material *material,
                                             calo_material_slot slot);

/* A calo_frame_callback for pictures that nobody looks at. */
calo_status bench_drop_frame(void *user, size_t index, calo_frame *frame, calo_error *err);

#endif
