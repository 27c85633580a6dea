/* The general way of a triangle to the screen, one at a time: clipped by the near plane and the guard band, of any
 * size. */
#include "render/cpu/clip.h"

#include <math.h>

#include "base/scalar.h"
#include "render/stages.h"

/* ---- vertices ---- */

static void finish_vertex(const calo_cpu_worker *worker, calo_cpu_clip_vertex *v)
{
    const calo_cpu_camera *camera = &worker->camera;
    float width = (float)worker->width * v->w, height = (float)worker->height * v->w;
    float guard = v->w * CALO_CPU_GUARD_PIXELS;
    v->outside = 0;
    /* What overflows is nowhere, like what is behind the camera. */
    if (!(v->depth >= camera->near_metres && guard < INFINITY)) {
        v->outside = CALO_CPU_OUTSIDE_NEAR;
        return;
    }
    v->outside |= v->x < 0 ? CALO_CPU_OUTSIDE_LEFT : 0;
    v->outside |= v->x > width ? CALO_CPU_OUTSIDE_RIGHT : 0;
    v->outside |= v->y < 0 ? CALO_CPU_OUTSIDE_TOP : 0;
    v->outside |= v->y > height ? CALO_CPU_OUTSIDE_BOTTOM : 0;
    if (!(fabsf(v->x) <= guard && fabsf(v->y) <= guard)) {
        v->outside |= CALO_CPU_OUTSIDE_GUARD;
        return;
    }
    float inverse = 1.0f / v->w;
    v->snapped_x = calo_floor_to_int(v->x * inverse * CALO_CPU_SUBPIXEL + 0.5f);
    v->snapped_y = calo_floor_to_int(v->y * inverse * CALO_CPU_SUBPIXEL + 0.5f);
    v->z = camera->orthographic ? -v->depth : inverse;
}

/* The same sums in the same order as geometry.c's, so that neighbours in other clusters fit. */
calo_cpu_clip_vertex calo_cpu_transform_vertex(const calo_cpu_geometry_stage *stage, float x, float y, float z)
{
    float p[4];
    for (int i = 0; i < 4; i++)
        p[i] = x * stage->rows[i][0] + y * stage->rows[i][1] + z * stage->rows[i][2] + stage->rows[i][3];
    calo_cpu_clip_vertex v = {.x = p[0], .y = p[1], .w = p[2], .depth = p[3]};
    finish_vertex(stage->worker, &v);
    return v;
}

/* ---- triangles ---- */

/* Into the queue, from an origin of its own. */
static void queue_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex *corners[3],
                           int32_t low_x, int32_t low_y)
{
    calo_cpu_queue *queue = &stage->worker->queue;
    int32_t block = CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL, left = low_x & -block, top = low_y & -block;
    uint32_t i = queue->count++;
    for (int k = 0; k < 3; k++) {
        int32_t x = corners[k]->snapped_x - left, y = corners[k]->snapped_y - top;
        queue->corners[k][i] = x | (int32_t)((uint32_t)y << 16);
        queue->z[k][i] = corners[k]->z;
    }
    queue->ids[i] = id;
    queue->origin_x[i] = left / CALO_CPU_SUBPIXEL;
    queue->origin_y[i] = top / CALO_CPU_SUBPIXEL;
    if (queue->count == CALO_CPU_BATCH)
        calo_cpu_flush_queue(stage->worker, stage->pass);
}

int64_t calo_cpu_doubled_area(const calo_cpu_clip_vertex *a, const calo_cpu_clip_vertex *b,
                              const calo_cpu_clip_vertex *c)
{
    return ((int64_t)b->snapped_x - a->snapped_x) * ((int64_t)c->snapped_y - a->snapped_y) -
           ((int64_t)b->snapped_y - a->snapped_y) * ((int64_t)c->snapped_x - a->snapped_x);
}

bool calo_cpu_faces_viewer(const calo_cpu_geometry_stage *stage, int64_t doubled_area)
{
    /* Counter-clockwise is the front, seen with y up: clockwise with y down is the back. */
    bool back = stage->draw->shared.mirrored ? doubled_area < 0 : doubled_area > 0;
    return doubled_area != 0 && !(back && stage->cull_back);
}

void calo_cpu_emit_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex *a,
                            const calo_cpu_clip_vertex *b, const calo_cpu_clip_vertex *c)
{
    int64_t area = calo_cpu_doubled_area(a, b, c);
    if (area == 0)
        return;
    const calo_cpu_clip_vertex *corners[3] = {a, area < 0 ? c : b, area < 0 ? b : c};
    int32_t x[3], y[3], small = CALO_CPU_SMALL_PIXELS * CALO_CPU_SUBPIXEL;
    float z[3];
    for (int k = 0; k < 3; k++) {
        x[k] = corners[k]->snapped_x;
        y[k] = corners[k]->snapped_y;
        z[k] = corners[k]->z;
    }
    int32_t low_x = lowest_of_three(x), low_y = lowest_of_three(y);
    if (highest_of_three(x) - low_x <= small && highest_of_three(y) - low_y <= small)
        queue_triangle(stage, id, corners, low_x, low_y);
    else if (stage->worker->last_stage >= CALO_STAGE_RASTER)
        calo_cpu_rasterize_large(stage->worker, x, y, z, id, stage->pass);
}

/* Distance to a clipping plane: near, then the four sides of the guard band. */
static float plane_distance(const calo_cpu_worker *worker, int plane, const calo_cpu_clip_vertex *v)
{
    switch (plane) {
    case 0: return v->depth - worker->camera.near_metres;
    case 1: return v->x + CALO_CPU_GUARD_PIXELS * v->w;
    case 2: return CALO_CPU_GUARD_PIXELS * v->w - v->x;
    case 3: return v->y + CALO_CPU_GUARD_PIXELS * v->w;
    default: return CALO_CPU_GUARD_PIXELS * v->w - v->y;
    }
}

/* Where the edge meets the plane; always reckoned from the inner vertex, so that both triangles
 * at the edge find the same point. */
static calo_cpu_clip_vertex cut_edge(const calo_cpu_clip_vertex *inner, float inner_distance,
                                     const calo_cpu_clip_vertex *outer, float outer_distance)
{
    float t = inner_distance / (inner_distance - outer_distance);
    return (calo_cpu_clip_vertex){
        .x = inner->x + t * (outer->x - inner->x),
        .y = inner->y + t * (outer->y - inner->y),
        .w = inner->w + t * (outer->w - inner->w),
        .depth = inner->depth + t * (outer->depth - inner->depth),
    };
}

/* Sutherland and Hodgman's step: the part of a convex polygon on the inner side of one plane. */
static int clip_by_plane(const calo_cpu_worker *worker, int plane, const calo_cpu_clip_vertex *in, int count,
                         calo_cpu_clip_vertex *out)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const calo_cpu_clip_vertex *a = &in[i], *b = &in[(i + 1) % count];
        float da = plane_distance(worker, plane, a), db = plane_distance(worker, plane, b);
        if (da >= 0)
            out[kept++] = *a;
        if (da >= 0 && db < 0)
            out[kept++] = cut_edge(a, da, b, db);
        else if (da < 0 && db >= 0)
            out[kept++] = cut_edge(b, db, a, da);
    }
    return kept;
}

/* Puts a cut vertex back where rounding may have left it a hair outside. */
static void finish_cut_vertex(const calo_cpu_worker *worker, calo_cpu_clip_vertex *v)
{
    float near_metres = worker->camera.near_metres;
    v->depth = calo_maxf(v->depth, near_metres);
    if (!worker->camera.orthographic)
        v->w = calo_maxf(v->w, near_metres);
    v->x = calo_clampf(v->x, -CALO_CPU_GUARD_PIXELS * v->w, CALO_CPU_GUARD_PIXELS * v->w);
    v->y = calo_clampf(v->y, -CALO_CPU_GUARD_PIXELS * v->w, CALO_CPU_GUARD_PIXELS * v->w);
    finish_vertex(worker, v);
}

int calo_cpu_clip_triangle(const calo_cpu_worker *worker, const calo_cpu_clip_vertex corners[3],
                           calo_cpu_clip_vertex *polygon)
{
    calo_cpu_clip_vertex buffers[2][CALO_CPU_CLIPPED_MAX + 1] = {{corners[0], corners[1], corners[2]}};
    int count = 3, current = 0;
    for (int plane = 0; plane < CALO_CPU_CLIP_PLANES && count >= 3; plane++) {
        count = clip_by_plane(worker, plane, buffers[current], count, buffers[!current]);
        current = !current;
    }
    if (count < 3)
        return 0;
    for (int i = 0; i < count; i++) {
        polygon[i] = buffers[current][i];
        finish_cut_vertex(worker, &polygon[i]);
    }
    return count;
}

bool calo_cpu_clip_line(const calo_cpu_worker *worker, calo_cpu_clip_vertex *a, calo_cpu_clip_vertex *b)
{
    for (int plane = 0; plane < CALO_CPU_CLIP_PLANES; plane++) {
        float da = plane_distance(worker, plane, a), db = plane_distance(worker, plane, b);
        if (da < 0 && db < 0)
            return false;
        if (da < 0)
            *a = cut_edge(b, db, a, da);
        else if (db < 0)
            *b = cut_edge(a, da, b, db);
    }
    finish_cut_vertex(worker, a);
    finish_cut_vertex(worker, b);
    return true;
}

static void emit_facing(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex *a,
                        const calo_cpu_clip_vertex *b, const calo_cpu_clip_vertex *c)
{
    if (calo_cpu_faces_viewer(stage, calo_cpu_doubled_area(a, b, c)))
        calo_cpu_emit_triangle(stage, id, a, b, c);
}

static void draw_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex *a,
                          const calo_cpu_clip_vertex *b, const calo_cpu_clip_vertex *c)
{
    uint32_t all = a->outside & b->outside & c->outside, any = a->outside | b->outside | c->outside;
    if (all & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_PICTURE))
        return;
    if (!(any & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD))) {
        emit_facing(stage, id, a, b, c);
        return;
    }
    calo_cpu_clip_vertex corners[3] = {*a, *b, *c}, polygon[CALO_CPU_CLIPPED_MAX + 1];
    int count = calo_cpu_clip_triangle(stage->worker, corners, polygon);
    for (int i = 1; i + 1 < count; i++)
        emit_facing(stage, id, &polygon[0], &polygon[i], &polygon[i + 1]);
}

calo_cpu_clip_vertex calo_cpu_cluster_vertex(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster,
                                             uint32_t index)
{
    size_t count = calo_cpu_padded(cluster->vertex_count);
    const float *p = stage->draw->geometry->positions + cluster->first_position + index;
    return calo_cpu_transform_vertex(stage, p[0], p[count], p[2 * count]);
}

void calo_cpu_clip_one(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster, uint32_t triangle)
{
    uint32_t corner = stage->draw->geometry->corners[cluster->first_corner + triangle];
    calo_cpu_clip_vertex vertices[3];
    for (int k = 0; k < 3; k++)
        vertices[k] = calo_cpu_cluster_vertex(stage, cluster, corner >> (6 * k) & 63);
    draw_triangle(stage, stage->draw->first_id + cluster->first_triangle + triangle, &vertices[0], &vertices[1],
                  &vertices[2]);
}

void calo_cpu_clip_cluster(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster)
{
    calo_cpu_clip_vertex vertices[CALO_CPU_CLUSTER_VERTICES];
    for (uint32_t i = 0; i < cluster->vertex_count; i++)
        vertices[i] = calo_cpu_cluster_vertex(stage, cluster, i);
    if (stage->worker->last_stage < CALO_STAGE_SETUP)
        return;
    for (uint32_t t = 0; t < cluster->triangle_count; t++) {
        uint32_t corner = stage->draw->geometry->corners[cluster->first_corner + t];
        draw_triangle(stage, stage->draw->first_id + cluster->first_triangle + t, &vertices[corner & 63],
                      &vertices[corner >> 6 & 63], &vertices[corner >> 12 & 63]);
    }
    calo_cpu_flush_queue(stage->worker, stage->pass);
}
