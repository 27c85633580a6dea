/* Vertices and what becomes of them one at a time: for clipped and large triangles, lines, points and edges. */
#ifndef CALO_RENDER_CPU_CLIP_H
#define CALO_RENDER_CPU_CLIP_H

#include "render/cpu/worker.h"

/* A vertex in front of the camera. x and y are still multiplied by w. */
typedef struct calo_cpu_clip_vertex {
    float x, y, w, depth;
    int32_t snapped_x, snapped_y; /* 1/256 pixels */
    float z;                      /* linear on the screen, larger is nearer */
    uint32_t outside;             /* CALO_CPU_OUTSIDE bits */
} calo_cpu_clip_vertex;

enum {
    CALO_CPU_OUTSIDE_NEAR = 1,
    CALO_CPU_OUTSIDE_GUARD = 2, /* too far aside for the fixed-point range: must be clipped */
    CALO_CPU_OUTSIDE_LEFT = 4,
    CALO_CPU_OUTSIDE_RIGHT = 8,
    CALO_CPU_OUTSIDE_TOP = 16,
    CALO_CPU_OUTSIDE_BOTTOM = 32,
    CALO_CPU_OUTSIDE_PICTURE =
        CALO_CPU_OUTSIDE_LEFT | CALO_CPU_OUTSIDE_RIGHT | CALO_CPU_OUTSIDE_TOP | CALO_CPU_OUTSIDE_BOTTOM,
};

enum { CALO_CPU_CLIP_PLANES = 5, CALO_CPU_CLIPPED_MAX = 3 + CALO_CPU_CLIP_PLANES };

/* From object space. */
calo_cpu_clip_vertex calo_cpu_transform_vertex(const calo_cpu_geometry_stage *stage, float x, float y, float z);
/* Vertex `index` of the cluster. */
calo_cpu_clip_vertex calo_cpu_cluster_vertex(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                                             uint32_t index);

/* A triangle's part in front of the near plane and within the guard band, a convex polygon; returns how many corners
 * it has, 0 when there is none. `polygon`: room for CALO_CPU_CLIPPED_MAX + 1. */
int calo_cpu_clip_triangle(const calo_cpu_worker *worker, const calo_cpu_clip_vertex corners[3],
                           calo_cpu_clip_vertex *polygon);
/* The same of a line; false when nothing is left. */
bool calo_cpu_clip_line(const calo_cpu_worker *worker, calo_cpu_clip_vertex *a, calo_cpu_clip_vertex *b);

/* Twice the area in 1/256 pixels, positive when clockwise on the screen (y down). */
int64_t calo_cpu_doubled_area(const calo_cpu_clip_vertex *a, const calo_cpu_clip_vertex *b,
                              const calo_cpu_clip_vertex *c);
/* Whether a triangle of that area has one, and has the right side to the viewer. */
bool calo_cpu_faces_viewer(const calo_cpu_geometry_stage *stage, int64_t doubled_area);

/* Into the queue or the buffers, whichever way it turns. */
void calo_cpu_emit_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex *a,
                            const calo_cpu_clip_vertex *b, const calo_cpu_clip_vertex *c);

#endif
