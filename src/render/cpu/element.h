/* One triangle, line or point in double precision: for those that reach far over the screen or
 * behind the camera, where single precision from the corners would not do. */
#ifndef CALO_RENDER_CPU_ELEMENT_H
#define CALO_RENDER_CPU_ELEMENT_H

#include "render/cpu/worker.h"

/* A line's part in front of the near plane and in or near the picture, on the screen, and which part of the whole it
 * is. */
typedef struct calo_cpu_seen_line {
    float from[2], to[2], w[2];
    float start, length;
} calo_cpu_seen_line;

/* Planes are linear functions of the pixel offset (dx, dy) from the origin: p[0] + dx * p[1] + dy * p[2]. */
typedef struct calo_cpu_element {
    uint32_t id;
    const calo_cpu_draw *draw; /* object_to_screen is this draw's */
    calo_mat4 object_to_screen;
    uint32_t corners, index[3];
    double origin_x, origin_y;
    bool orthographic;
    float depth[3]; /* of the corners */
    float sum[3], edges[2][3]; /* triangles: planes, see calo_cpu_triangles */
    bool clockwise;            /* on the screen */
    float depth_plane[3], depth_low, depth_high; /* triangles: 1 / depth, orthographic: depth */
    calo_cpu_seen_line lines[3]; /* a line; the edges in front of triangles that show theirs, from corner k to k + 1 */
    uint32_t line_count, line_corner[3]; /* where they begin */
    float half_width;                    /* pixels */
} calo_cpu_element;

/* The element of this draw and id, from the worker's cache. */
const calo_cpu_element *calo_cpu_element_of(calo_cpu_worker *worker, const calo_cpu_draw *draw, uint32_t id);

/* Lines, points and edges: the weights of the second and third corner and the depth of what is nearest to a pixel.
 * `edge`: from 1, only that one counts; 0: any. */
void calo_cpu_element_weigh(const calo_cpu_element *element, uint32_t edge, float x, float y, float weights[2],
                            float *depth);

/* The slack that weights may go beyond 0 and 1. Corners are snapped when coverage is decided, so a
 * covered pixel may lie a hair outside: the triangle's plane goes on there, but slivers do not
 * reach far. */
#define CALO_CPU_WEIGHT_SLACK 0.25f

#endif
