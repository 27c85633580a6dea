/* The general way of an element to the screen, one at a time: clipped by the near plane and the
 * guard band, of any size; and lines and points as flat boxes. */
#include <math.h>

#include "base/scalar.h"
#include "render/cpu/worker.h"
#include "render/stages.h"

/* A vertex in front of the camera. x and y are still multiplied by w. */
typedef struct clip_vertex {
    float x, y, w, depth;
    int32_t snapped_x, snapped_y; /* 1/256 pixels */
    float z;                      /* linear on the screen, larger is nearer */
    uint32_t outside;             /* bits */
} clip_vertex;

enum {
    OUTSIDE_NEAR = 1,
    OUTSIDE_GUARD = 2,  /* too far aside for the fixed-point range: must be clipped */
    OUTSIDE_LEFT = 4,
    OUTSIDE_RIGHT = 8,
    OUTSIDE_TOP = 16,
    OUTSIDE_BOTTOM = 32,
    OUTSIDE_PICTURE = OUTSIDE_LEFT | OUTSIDE_RIGHT | OUTSIDE_TOP | OUTSIDE_BOTTOM,
};

/* ---- vertices ---- */

static void finish_vertex(const calo_cpu_worker *worker, clip_vertex *v)
{
    const calo_cpu_camera *camera = &worker->camera;
    float width = (float)worker->width * v->w, height = (float)worker->height * v->w;
    float guard = v->w * CALO_CPU_GUARD_PIXELS;
    v->outside = 0;
    /* What overflows is nowhere, like what is behind the camera. */
    if (!(v->depth >= camera->near_metres && guard < INFINITY)) {
        v->outside = OUTSIDE_NEAR;
        return;
    }
    v->outside |= v->x < 0 ? OUTSIDE_LEFT : 0;
    v->outside |= v->x > width ? OUTSIDE_RIGHT : 0;
    v->outside |= v->y < 0 ? OUTSIDE_TOP : 0;
    v->outside |= v->y > height ? OUTSIDE_BOTTOM : 0;
    if (!(fabsf(v->x) <= guard && fabsf(v->y) <= guard)) {
        v->outside |= OUTSIDE_GUARD;
        return;
    }
    float inverse = 1.0f / v->w;
    v->snapped_x = calo_floor_to_int(v->x * inverse * CALO_CPU_SUBPIXEL + 0.5f);
    v->snapped_y = calo_floor_to_int(v->y * inverse * CALO_CPU_SUBPIXEL + 0.5f);
    v->z = camera->orthographic ? -v->depth : inverse;
}

/* The same sums in the same order as geometry.c's, so that neighbours in other clusters fit. */
static clip_vertex transform_vertex(const calo_cpu_geometry_stage *stage, float x, float y, float z)
{
    float p[4];
    for (int i = 0; i < 4; i++)
        p[i] = x * stage->rows[i][0] + y * stage->rows[i][1] + z * stage->rows[i][2] + stage->rows[i][3];
    clip_vertex v = {.x = p[0], .y = p[1], .w = p[2], .depth = p[3]};
    finish_vertex(stage->worker, &v);
    return v;
}

/* ---- triangles ---- */

/* Into the queue, from an origin of its own. */
static void queue_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const clip_vertex *corners[3], int32_t low_x,
                           int32_t low_y)
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

/* Twice the area in 1/256 pixels, positive when clockwise on the screen (y down). */
static int64_t doubled_area(const clip_vertex *a, const clip_vertex *b, const clip_vertex *c)
{
    return ((int64_t)b->snapped_x - a->snapped_x) * ((int64_t)c->snapped_y - a->snapped_y) -
           ((int64_t)b->snapped_y - a->snapped_y) * ((int64_t)c->snapped_x - a->snapped_x);
}

static void emit_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const clip_vertex *a, const clip_vertex *b,
                          const clip_vertex *c)
{
    int64_t area = doubled_area(a, b, c);
    /* Counter-clockwise is the front, seen with y up: clockwise with y down is the back. */
    bool back = stage->draw->shared.mirrored ? area < 0 : area > 0;
    if (area == 0 || (back && stage->cull_back))
        return;
    const clip_vertex *corners[3] = {a, area < 0 ? c : b, area < 0 ? b : c};
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

enum { PLANE_COUNT = 5, CLIPPED_MAX = 3 + PLANE_COUNT };

/* Distance to a clipping plane: near, then the four sides of the guard band. */
static float plane_distance(const calo_cpu_worker *worker, int plane, const clip_vertex *v)
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
static clip_vertex cut_edge(const clip_vertex *inner, float inner_distance, const clip_vertex *outer,
                            float outer_distance)
{
    float t = inner_distance / (inner_distance - outer_distance);
    return (clip_vertex){
        .x = inner->x + t * (outer->x - inner->x),
        .y = inner->y + t * (outer->y - inner->y),
        .w = inner->w + t * (outer->w - inner->w),
        .depth = inner->depth + t * (outer->depth - inner->depth),
    };
}

/* Sutherland and Hodgman's step: the part of a convex polygon on the inner side of one plane. */
static int clip_by_plane(const calo_cpu_worker *worker, int plane, const clip_vertex *in, int count, clip_vertex *out)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const clip_vertex *a = &in[i], *b = &in[(i + 1) % count];
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
static void finish_cut_vertex(const calo_cpu_worker *worker, clip_vertex *v)
{
    float near_metres = worker->camera.near_metres;
    v->depth = calo_maxf(v->depth, near_metres);
    if (!worker->camera.orthographic)
        v->w = calo_maxf(v->w, near_metres);
    v->x = calo_clampf(v->x, -CALO_CPU_GUARD_PIXELS * v->w, CALO_CPU_GUARD_PIXELS * v->w);
    v->y = calo_clampf(v->y, -CALO_CPU_GUARD_PIXELS * v->w, CALO_CPU_GUARD_PIXELS * v->w);
    finish_vertex(worker, v);
}

static void clip_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const clip_vertex *a, const clip_vertex *b,
                          const clip_vertex *c)
{
    clip_vertex buffers[2][CLIPPED_MAX + 1] = {{*a, *b, *c}};
    int count = 3, current = 0;
    for (int plane = 0; plane < PLANE_COUNT && count >= 3; plane++) {
        count = clip_by_plane(stage->worker, plane, buffers[current], count, buffers[!current]);
        current = !current;
    }
    if (count < 3)
        return;
    for (int i = 0; i < count; i++)
        finish_cut_vertex(stage->worker, &buffers[current][i]);
    for (int i = 1; i + 1 < count; i++)
        emit_triangle(stage, id, &buffers[current][0], &buffers[current][i], &buffers[current][i + 1]);
}

static void draw_triangle(calo_cpu_geometry_stage *stage, uint32_t id, const clip_vertex *a, const clip_vertex *b,
                          const clip_vertex *c)
{
    uint32_t all = a->outside & b->outside & c->outside, any = a->outside | b->outside | c->outside;
    if (all & (OUTSIDE_NEAR | OUTSIDE_PICTURE))
        return;
    if (any & (OUTSIDE_NEAR | OUTSIDE_GUARD))
        clip_triangle(stage, id, a, b, c);
    else
        emit_triangle(stage, id, a, b, c);
}

/* Vertex `index` of the cluster. */
static clip_vertex cluster_vertex(const calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster, uint32_t index)
{
    size_t count = calo_cpu_padded(cluster->vertex_count);
    const float *p = stage->draw->geometry->positions + cluster->first_position + index;
    return transform_vertex(stage, p[0], p[count], p[2 * count]);
}

void calo_cpu_clip_one(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster, uint32_t triangle)
{
    uint32_t corner = stage->draw->geometry->corners[cluster->first_corner + triangle];
    clip_vertex vertices[3];
    for (int k = 0; k < 3; k++)
        vertices[k] = cluster_vertex(stage, cluster, corner >> (6 * k) & 63);
    draw_triangle(stage, stage->draw->first_id + cluster->first_triangle + triangle, &vertices[0], &vertices[1],
                  &vertices[2]);
}

void calo_cpu_clip_cluster(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster)
{
    clip_vertex vertices[CALO_CPU_CLUSTER_VERTICES];
    for (uint32_t i = 0; i < cluster->vertex_count; i++)
        vertices[i] = cluster_vertex(stage, cluster, i);
    if (stage->worker->last_stage < CALO_STAGE_SETUP)
        return;
    for (uint32_t t = 0; t < cluster->triangle_count; t++) {
        uint32_t corner = stage->draw->geometry->corners[cluster->first_corner + t];
        draw_triangle(stage, stage->draw->first_id + cluster->first_triangle + t, &vertices[corner & 63],
                      &vertices[corner >> 6 & 63], &vertices[corner >> 12 & 63]);
    }
    calo_cpu_flush_queue(stage->worker, stage->pass);
}

/* ---- points and lines: flat boxes on the screen ---- */

static void emit_box(calo_cpu_geometry_stage *stage, uint32_t id, const double x[4], const double y[4], const float z[4])
{
    clip_vertex corners[4];
    double limit = (double)CALO_CPU_GUARD_PIXELS;
    for (int i = 0; i < 4; i++)
        corners[i] = (clip_vertex){
            .snapped_x = (int32_t)floor(fmax(-limit, fmin(limit, x[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .snapped_y = (int32_t)floor(fmax(-limit, fmin(limit, y[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .z = z[i],
        };
    emit_triangle(stage, id, &corners[0], &corners[1], &corners[2]);
    emit_triangle(stage, id, &corners[0], &corners[2], &corners[3]);
}

static clip_vertex corner_vertex(const calo_cpu_geometry_stage *stage, size_t index)
{
    const float *p = stage->draw->shared.positions + 3 * (size_t)stage->draw->geometry->indices[index];
    return transform_vertex(stage, p[0], p[1], p[2]);
}

static void draw_points(calo_cpu_geometry_stage *stage)
{
    double half = 0.5 * (double)stage->worker->options->point_size_pixels;
    for (uint32_t e = 0; e < stage->draw->element_count; e++) {
        clip_vertex v = corner_vertex(stage, e);
        if (v.outside & (OUTSIDE_NEAR | OUTSIDE_GUARD))
            continue;
        double x = v.x / v.w, y = v.y / v.w;
        emit_box(stage, stage->draw->first_id + e, (double[4]){x - half, x + half, x + half, x - half},
                 (double[4]){y - half, y - half, y + half, y + half}, (float[4]){v.z, v.z, v.z, v.z});
    }
}

static void draw_line(calo_cpu_geometry_stage *stage, uint32_t id, clip_vertex a, clip_vertex b)
{
    const calo_cpu_worker *worker = stage->worker;
    for (int plane = 0; plane < PLANE_COUNT; plane++) {
        float da = plane_distance(worker, plane, &a), db = plane_distance(worker, plane, &b);
        if (da < 0 && db < 0)
            return;
        if (da < 0)
            a = cut_edge(&b, db, &a, da);
        else if (db < 0)
            b = cut_edge(&a, da, &b, db);
    }
    finish_cut_vertex(worker, &a);
    finish_cut_vertex(worker, &b);
    double ax = a.x / a.w, ay = a.y / a.w, bx = b.x / b.w, by = b.y / b.w;
    double length = sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
    double half = 0.5 * (double)worker->options->line_width_pixels;
    double nx = length > 0 ? -(by - ay) / length * half : half, ny = length > 0 ? (bx - ax) / length * half : 0;
    emit_box(stage, id, (double[4]){ax + nx, bx + nx, bx - nx, ax - nx}, (double[4]){ay + ny, by + ny, by - ny, ay - ny},
             (float[4]){a.z, b.z, b.z, a.z});
}

static void draw_lines(calo_cpu_geometry_stage *stage)
{
    for (uint32_t e = 0; e < stage->draw->element_count; e++)
        draw_line(stage, stage->draw->first_id + e, corner_vertex(stage, 2 * (size_t)e),
                  corner_vertex(stage, 2 * (size_t)e + 1));
}

void calo_cpu_draw_lines_and_points(calo_cpu_geometry_stage *stage)
{
    if (stage->worker->last_stage < CALO_STAGE_SETUP)
        return;
    (stage->draw->shared.primitive->topology == CALO_LINES ? draw_lines : draw_points)(stage);
    calo_cpu_flush_queue(stage->worker, stage->pass);
}
