/* One triangle, line or point in double precision: for those that reach far over the screen or
 * behind the camera, where single precision from the corners would not do. */
#ifndef CALO_RENDER_CPU_ELEMENT_H
#define CALO_RENDER_CPU_ELEMENT_H

#include "render/cpu/worker.h"

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
    float line_from[2], line_to[2], line_w[2]; /* lines: the part in front, on the screen */
    float line_start, line_length;             /* and which part of the whole it is */
} calo_cpu_element;

/* The element of this draw and id, from the worker's cache. */
const calo_cpu_element *calo_cpu_element_of(calo_cpu_worker *worker, const calo_cpu_draw *draw, uint32_t id);

/* Lines and points: the second corner's weight and the depth seen at a pixel. */
void calo_cpu_element_line_weight(const calo_cpu_element *element, float x, float y, float *second, float *depth);

/* The slack that weights may go beyond 0 and 1. Corners are snapped when coverage is decided, so a
 * covered pixel may lie a hair outside: the triangle's plane goes on there, but slivers do not
 * reach far. */
#define CALO_CPU_WEIGHT_SLACK 0.25f

#endif
