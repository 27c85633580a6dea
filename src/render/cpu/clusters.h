/* What the making of clusters is put together from. */
#ifndef CALO_RENDER_CPU_CLUSTERS_H
#define CALO_RENDER_CPU_CLUSTERS_H

#include <meshoptimizer.h>

#include "base/hash.h"
#include "render/cpu/scene.h"

/* clusters.c: the sphere around the box of these vertices; a radius that overflows is infinite. */
void calo_cpu_sphere_around(const float *positions, const uint32_t *vertices, uint32_t count, float center[3],
                            float *radius);

/* A run of triangles, up to CALO_CPU_CLUSTER_TRIANGLES. */
typedef struct calo_cpu_run {
    uint32_t first_triangle, triangle_count;
} calo_cpu_run;

/* How many vertices the run has; more than CALO_CPU_CLUSTER_VERTICES when they are too many for a cluster. */
uint32_t calo_cpu_count_vertices(const uint32_t *indices, const calo_cpu_run *run);

/* ---- order.c ---- */

enum { CALO_CPU_CELLS = 1 << 10 }; /* an axis */

/* Where a place lies on a Morton curve through CALO_CPU_CELLS cells an axis, `scale` cells a unit from the origin. */
uint32_t calo_cpu_curve_code(const float place[3], const float origin[3], float scale);
/* Sorts by the curve code in the upper half of each key; equal ones stay as they are. Both arrays hold `count` keys;
 * the sorted ones are in `sorted`, `keys` is spoilt. */
void calo_cpu_sort_keys(uint64_t *keys, uint64_t *sorted, size_t count);

/* Whether runs of the file's order reach too far to be good clusters. */
bool calo_cpu_order_is_poor(const calo_cpu_draw *draw, const struct meshopt_Meshlet *meshlets,
                            const uint32_t *meshlet_vertices, uint32_t count);
/* The draw's triangles anew, neighbours together. */
calo_status calo_cpu_sort_triangles(const calo_cpu_draw *draw, calo_arena *arena, const uint32_t **indices,
                                    calo_error *err);

/* ---- simplify.c ---- */

enum {
    CALO_CPU_PATCH_CLUSTERS = 64,
    CALO_CPU_PATCH_TRIANGLES = CALO_CPU_PATCH_CLUSTERS * CALO_CPU_CLUSTER_TRIANGLES,
    CALO_CPU_PATCH_RUNS = 512, /* at most so many clusters come out */
};

/* Neighbouring clusters that are simplified together. */
typedef struct calo_cpu_patch {
    const calo_cpu_draw *draw;
    const uint32_t *indices;
    const calo_cpu_run *runs[CALO_CPU_PATCH_CLUSTERS];
    uint32_t run_count;
    const bool *fixed;  /* by vertex: others have a vertex there, so it must stay */
    bool compares_uv[2]; /* a texture is seen by this set */
    /* What comes of it; no triangles when it could not be made much simpler. */
    uint32_t *simple; /* malloc'ed indices */
    uint32_t simple_count, simple_run_lengths[CALO_CPU_PATCH_RUNS], simple_run_count;
    float error; /* object space: how far the surface, or what is painted on it, has moved */
} calo_cpu_patch;

calo_status calo_cpu_simplify_patch(calo_cpu_patch *patch, calo_error *err);

/* ---- hierarchy.c ---- */

enum { CALO_CPU_SIMPLIFIED_FROM = 2048 }; /* triangles; less are drawn in no time */

typedef struct calo_cpu_group {
    float center[3], radius, error; /* object space; see calo_cpu_groups */
} calo_cpu_group;

/* Clusters of all levels, the finest among them; the arrays are in an arena. */
typedef struct calo_cpu_hierarchy {
    uint32_t triangle_count, run_count, group_count;
    uint32_t *indices;    /* three a triangle */
    calo_cpu_run *runs;   /* the clusters, one parent group's after the other's */
    uint32_t *own_groups; /* by run */
    uint32_t *first_runs; /* by parent group, and the end */
    calo_cpu_group *groups;
} calo_cpu_hierarchy;

/* Room for everything but the indices. */
calo_status calo_cpu_hierarchy_take(calo_arena *arena, calo_cpu_hierarchy *hierarchy, calo_error *err);

/* Adds coarser levels to the clusters `runs` of the draw's triangles in `indices`. */
calo_status calo_cpu_hierarchy_make(const calo_cpu_geometry_input *input, const uint32_t *indices,
                                    const calo_cpu_run *runs, uint32_t run_count, calo_arena *arena,
                                    calo_cpu_hierarchy *hierarchy, calo_error *err);

/* ---- kept_levels.c ---- */

/* The draw's hierarchy from the input's cache, if it is there; else the key to put it under. */
calo_status calo_cpu_levels_find(const calo_cpu_geometry_input *input, calo_arena *arena, calo_sha256 *key,
                                 calo_cpu_hierarchy *hierarchy, bool *found, calo_error *err);
void calo_cpu_levels_put(const calo_cpu_geometry_input *input, const calo_sha256 *key,
                         const calo_cpu_hierarchy *hierarchy);

#endif
