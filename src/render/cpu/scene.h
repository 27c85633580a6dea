/* A posed scene as the cpu backend wants it: draws over shared geometry, with material and light. */
#ifndef CALO_RENDER_CPU_SCENE_H
#define CALO_RENDER_CPU_SCENE_H

#include <calotype/render.h>

#include "base/arena.h"
#include "image/color.h"
#include "render/mip_chain.h"
#include "render/backend.h"
#include "render/draw_list.h"
#include "render/environment.h"
#include "render/shadow.h"

/* A material with its textures ready; -1 where a slot is empty. */
typedef struct calo_cpu_material {
    calo_material source;
    int32_t textures[CALO_SLOT_COUNT];
    bool shaded_uv[2]; /* which UV sets its textures read */
} calo_cpu_material;

/* What shading reads of a vertex, side by side: one load of half a cache line. */
typedef struct calo_cpu_vertex {
    float position[3], normal[3], uv[2]; /* object space, deformed; zeros where there is none */
} calo_cpu_vertex;

enum {
    CALO_CPU_CLUSTER_VERTICES = 64, /* so that they can be looked up in registers */
    CALO_CPU_CLUSTER_TRIANGLES = 128,
    CALO_CPU_PADDING = 16,          /* lists are padded to whole vectors */
};

/* The length of a list with its padding. */
static inline uint32_t calo_cpu_padded(uint32_t count)
{
    return (count + CALO_CPU_PADDING - 1) / CALO_CPU_PADDING * CALO_CPU_PADDING;
}

/* Neighbouring triangles and the vertices they share. */
typedef struct calo_cpu_cluster {
    uint32_t first_triangle; /* of the geometry's indices */
    uint32_t first_corner;   /* of `corners` */
    uint32_t first_position; /* of `positions`: x[padded], y[padded], z[padded] */
    uint16_t triangle_count, vertex_count;
} calo_cpu_cluster;

/* Levels of detail: clusters that were simplified together into coarser ones. A view draws the clusters of which the
 * own group's error is small enough and the parent group's is not; the finest clusters have own group 0, and those that
 * nothing was made of have the last group as parent, whose error is infinite. A parent's error and sphere are never
 * smaller than a child's. Padded. */
typedef struct calo_cpu_groups {
    uint32_t count;                  /* 0: no levels of detail */
    const float *center[3], *radius; /* object space; holds the clusters and all that they stand for */
    const float *error;              /* object space */
    const uint32_t *first_cluster;   /* of those whose parent this is, up to the next group's: count + 1 entries */
} calo_cpu_groups;

/* A primitive's deformed vertices, ready for the kernels. */
typedef struct calo_cpu_geometry {
    const calo_cpu_vertex *vertices;
    const uint32_t *indices; /* of the elements, in the order of their ids; NULL: the primitive's own, see below */
    /* Triangles only: */
    uint32_t cluster_count;
    const calo_cpu_cluster *clusters;
    const float *positions;
    const uint32_t *corners; /* a triangle: three 6-bit vertex numbers, then its number in the cluster */
    /* Bounds of each cluster, padded: sphere, and the cone that holds all its normals. */
    const float *center[3], *radius, *cone_axis[3], *cone_cutoff;
    calo_cpu_groups groups;
    const uint32_t *own_group; /* by cluster, where there are groups */
    uint32_t simplified_count; /* triangles of coarser levels behind the primitive's own */
} calo_cpu_geometry;

/* What scenes share: nothing here belongs to one of them, so that the indices of their primitives are not here. */
typedef struct calo_cpu_shared_geometry {
    calo_shared shared;
    calo_cpu_geometry geometry;
} calo_cpu_shared_geometry;

typedef struct calo_cpu_shared_texture {
    calo_shared shared;
    calo_mip_chain chain;
} calo_cpu_shared_texture;

typedef struct calo_cpu_shared_maps {
    calo_shared shared;
    calo_environment_maps maps;
} calo_cpu_shared_maps;

/* For scenes of such draws one behind the other. */
typedef struct calo_cpu_shared_blocks {
    calo_shared shared;
    const uint32_t *first_ids;     /* by draw */
    const uint32_t *draw_of_block;
} calo_cpu_shared_blocks;

typedef struct calo_cpu_shared_codes {
    calo_shared shared;
    uint32_t srgb[CALO_SRGB_TABLE_SIZE];
} calo_cpu_shared_codes;

/* A draw with its geometry, whose indices are never NULL. Simplified triangles are elements, too. Element e of the draw
 * has the id first_id + e everywhere. */
typedef struct calo_cpu_draw {
    calo_draw shared;
    const calo_cpu_geometry *geometry;
    uint32_t element_count, first_id;
} calo_cpu_draw;

/* Ids of a draw start at a multiple of this, so that id / block finds the draw. Id 0 is none. */
enum { CALO_CPU_ID_BLOCK = 64 };

/* Immutable once made. Borrows the calo_scene. */
typedef struct calo_cpu_scene {
    calo_arena arena;
    calo_draw_list list;
    uint32_t draw_count, texture_count;
    calo_cpu_draw *draws;
    const uint32_t *draw_of_block;
    calo_cpu_material *materials; /* as the list's */
    calo_mip_chain *textures;
    calo_environment environment;
    calo_shadows shadows;
    struct calo_cpu_shadow_memory *shadow_memory; /* NULL: there are no shadows */
    struct calo_cpu_shadow_texels *shadow_block;
    float *shadow_texels; /* its: map after map, row by row */
    const uint32_t *srgb_table;
    calo_shared_list shared; /* with other scenes */
    bool in_depth; /* many objects: drawn from front to back, hidden ones left out */
    uint32_t max_clusters, max_groups; /* of one draw: how much scratch a view needs */
    float lod_pixels; /* how far what is seen may be off for being simpler; 0: not at all */
} calo_cpu_scene;

calo_status calo_cpu_scene_prepare(const calo_pose *pose, const calo_prepare_options *prepare,
                                   const calo_backend_options *options, const void *reused, void **scene,
                                   calo_error *err);
void calo_cpu_scene_release(void *scene);

static inline const calo_cpu_draw *calo_cpu_draw_of(const calo_cpu_scene *scene, uint32_t id)
{
    return &scene->draws[scene->draw_of_block[id / CALO_CPU_ID_BLOCK]];
}

/* shadow_maps.c: finds and draws the maps of the lamps that cast shadows. Everything else is ready. */
calo_status calo_cpu_shadows_make(calo_cpu_scene *scene, const calo_lighting *lighting, uint32_t threads,
                                  calo_sharing *sharing, calo_error *err);

typedef struct calo_cpu_geometry_input {
    const calo_cpu_draw *draw; /* its vertices (deformed), its elements */
    bool keep_order;           /* the ids count the triangles in the file's order, however scattered they are */
    bool level_of_detail;
    bool compares_uv[2];       /* levels of detail: a texture is seen by this set */
    calo_cache *cache;         /* keeps them; NULL: none */
    uint32_t threads;
} calo_cpu_geometry_input;

/* clusters.c: vertices and elements in the kernels' form, into an empty geometry. */
calo_status calo_cpu_geometry_make(const calo_cpu_geometry_input *input, calo_arena *arena, calo_cpu_geometry *geometry,
                                   calo_error *err);

#endif
