/* Which mix of a triangle's corners is seen at a pixel. What is the same for all pixels of a triangle
 * is found once for LANES triangles side by side, and then picked by the pixels. */
#ifndef CALO_RENDER_CPU_TRIANGLES_H
#define CALO_RENDER_CPU_TRIANGLES_H

#include "render/cpu/surface.h"

/* A value at the first corner, and by how much it differs at the second and at the third one. */
typedef lanes_f calo_cpu_corner_lanes[3];

/* A linear function on the screen: at the triangle's origin, and its steps a pixel right and down. */
typedef lanes_f calo_cpu_plane_lanes[3];

/* LANES triangles of one draw; lines and points too, whose planes mean nothing. */
typedef struct calo_cpu_triangles {
    lanes_i ids;
    int count; /* while it takes more: the lanes that hold one; the others repeat the first */
    uint32_t index[3][LANES];
    lanes_f origin[2]; /* pixels: close by, so that differences are exact */
    /* Weights of the second and third corner are edges[0] / sum and edges[1] / sum (Olano and Greer
     * 1997: no clipping, perspective-correct). The sum is at least 1 on the triangle. */
    calo_cpu_plane_lanes sum, edges[2];
    calo_cpu_corner_lanes depth, position[3], normal[3], uv[2]; /* object space */
    lanes_f geometric_normal[3]; /* world, towards the viewer, of any length */
    /* Triangles that reach far over the screen or behind the camera, see element.h: -1. */
    lanes_i far;
    calo_cpu_plane_lanes far_depth;
    lanes_f far_low, far_high;
} calo_cpu_triangles;

/* A pixel's triangle, as its lane in the table, and the mix of its corners. */
typedef struct calo_cpu_mix {
    const calo_cpu_triangles *triangles;
    lanes_i slot;
    lanes_f at[2], dx[2], dy[2]; /* weights of the second and third corner, and their change a pixel right and down */
} calo_cpu_mix;

/* The mixes of 1 to CALO_CPU_GROUP packets of one draw, and the depths seen there. `tables`: room for
 * as many. */
void calo_cpu_mixes_find(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count, calo_cpu_triangles *tables,
                         calo_cpu_mix *mixes, calo_cpu_surface *surfaces);

LANES_INLINE lanes_f spread(const calo_cpu_mix *mix, lanes_f of_triangles) { return lanes_spread(of_triangles, mix->slot); }

LANES_INLINE lanes_f mix_corners(const calo_cpu_mix *mix, const calo_cpu_corner_lanes corners)
{
    return spread(mix, corners[0]) + mix->at[0] * spread(mix, corners[1]) + mix->at[1] * spread(mix, corners[2]);
}

#endif
