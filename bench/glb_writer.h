/* A textured mesh to a GLB file: what the benchmark's generated objects are kept in. */
#ifndef BENCH_GLB_WRITER_H
#define BENCH_GLB_WRITER_H

#include <calotype/image.h>

typedef struct glb_mesh {
    uint32_t vertex_count, index_count;
    float *positions, *normals, *uvs; /* malloc'ed: 3, 3 and 2 floats a vertex */
    uint32_t *indices;
    uint32_t copy_count;        /* 0: one, where the positions say */
    const double (*copies)[3];  /* where the others stand */
} glb_mesh;

/* A node a copy, one mesh, one opaque single-sided dielectric with `texture` (RGB8) as base colour. */
calo_status glb_write(const char *path, const glb_mesh *mesh, float roughness, const calo_image *texture,
                      calo_error *err);

#endif
