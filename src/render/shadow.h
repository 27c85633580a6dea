/* Shadow maps as every backend draws and reads them: pictures of depth that are taken from the lamps, and the numbers
 * by which shading looks into them. The look-up itself is in docs/conventions.md. */
#ifndef CALO_RENDER_SHADOW_H
#define CALO_RENDER_SHADOW_H

#include "render/draw_list.h"

enum { CALO_SHADOW_CUBE_FACES = 6 }; /* -x, +x, -y, +y, -z, +z */

/* How far shading's points are moved along their geometric normal before they are compared, in texels: so far over a
 * plane that no texel of the filter lies above it, and a little more for curved surfaces and rounding. */
#define CALO_SHADOW_FILTER_REACH 2.0f
#define CALO_SHADOW_OFFSET_TEXELS 0.5f

typedef enum calo_shadow_form {
    CALO_SHADOW_PARALLEL, /* one orthographic map */
    CALO_SHADOW_CONE,     /* one perspective map */
    CALO_SHADOW_CUBE,     /* six of 90 degrees and a border, along the world's axes */
} calo_shadow_form;

/* A lamp's maps in the world. */
typedef struct calo_shadow {
    calo_shadow_form form;
    uint32_t first_map, map_count;
    float origin[3];
    float right[3], up[3], forward[3]; /* cubes: unused */
    float focal;                       /* parallel: texels a metre; else texels a metre at depth 1 */
    float near_metres;                 /* what is nearer casts nothing */
    float slack_metres;                /* what single precision needs beside */
} calo_shadow;

/* All maps are square and of one size; their depths are planar metres, and infinite where nothing stands. */
typedef struct calo_shadows {
    uint32_t count, map_count, size;
    calo_shadow *shadows; /* calo_lamp.shadow is the index */
    calo_view *maps;
} calo_shadows;

/* Finds the maps of the lamps that `lighting` asks for, and notes them in the lamps. None where nothing is lit.
 * `lighting` is resolved. Memory in the arena. */
calo_status calo_shadows_find(const calo_draw_list *list, const calo_lighting *lighting, calo_arena *arena,
                              calo_shadows *shadows, calo_error *err);

/* Triangles do; lines, points and edges have a width on the screen only. */
static inline bool calo_draw_casts(const calo_draw *draw)
{
    return draw->primitive->topology == CALO_TRIANGLES && !draw->wireframe;
}

#endif
