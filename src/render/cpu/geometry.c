/* Vertices to the screen; clipping; triangles, lines and points to the rasterizer. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/scalar.h"
#include "render/cpu/worker.h"
#include "render/stages.h"

/* Pixels from the origin that the fixed-point edge functions can reach. */
static const float guard_pixels = 1048576.0f;

typedef struct geometry_stage {
    calo_cpu_worker *worker;
    const calo_cpu_draw *draw;
    calo_cpu_pass pass;
    calo_mat4 object_to_screen;
    bool cull_back;
} geometry_stage;

/* ---- vertices ---- */

static void finish_vertex(const calo_cpu_worker *worker, calo_cpu_vertex *v)
{
    const calo_cpu_camera *camera = &worker->camera;
    float width = (float)worker->width * v->w, height = (float)worker->height * v->w, guard = guard_pixels * v->w;
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
    v->snapped_x = calo_floor_to_int(v->x / v->w * CALO_CPU_SUBPIXEL + 0.5f);
    v->snapped_y = calo_floor_to_int(v->y / v->w * CALO_CPU_SUBPIXEL + 0.5f);
    v->z = camera->orthographic ? -v->depth : 1 / v->w;
}

static calo_status transform_vertices(geometry_stage *stage, calo_error *err)
{
    calo_cpu_worker *worker = stage->worker;
    uint32_t count = stage->draw->primitive->vertex_count;
    if (worker->vertex_capacity < count) {
        free(worker->vertices);
        worker->vertex_capacity = 0;
        worker->vertices = malloc(sizeof *worker->vertices * worker->scene->max_vertices);
        if (!worker->vertices)
            return calo_fail_memory(err, "transformed vertices",
                                    sizeof *worker->vertices * worker->scene->max_vertices);
        worker->vertex_capacity = worker->scene->max_vertices;
    }
    float rows[4][4];
    for (int i = 0; i < 16; i++)
        rows[i / 4][i % 4] = (float)stage->object_to_screen.m[i / 4][i % 4];
    for (uint32_t i = 0; i < count; i++) {
        const float *in = stage->draw->positions + 3 * (size_t)i;
        float p[4];
        for (int r = 0; r < 4; r++)
            p[r] = rows[r][0] * in[0] + rows[r][1] * in[1] + rows[r][2] * in[2] + rows[r][3];
        worker->vertices[i] = (calo_cpu_vertex){.x = p[0], .y = p[1], .w = p[2], .depth = p[3]};
        finish_vertex(worker, &worker->vertices[i]);
    }
    return CALO_OK;
}

/* ---- triangles ---- */

/* Twice the area in 1/256 pixels, positive when clockwise on the screen (y down). */
static int64_t doubled_area(const calo_cpu_vertex *a, const calo_cpu_vertex *b, const calo_cpu_vertex *c)
{
    return ((int64_t)b->snapped_x - a->snapped_x) * ((int64_t)c->snapped_y - a->snapped_y) -
           ((int64_t)b->snapped_y - a->snapped_y) * ((int64_t)c->snapped_x - a->snapped_x);
}

static void emit_triangle(geometry_stage *stage, uint32_t id, const calo_cpu_vertex *a, const calo_cpu_vertex *b,
                          const calo_cpu_vertex *c)
{
    int64_t area = doubled_area(a, b, c);
    /* Counter-clockwise is the front, seen with y up: clockwise with y down is the back. */
    bool back = stage->draw->mirrored ? area < 0 : area > 0;
    if (area == 0 || (back && stage->cull_back))
        return;
    if (area < 0) {
        const calo_cpu_vertex *swap = b;
        b = c;
        c = swap;
    }
    calo_cpu_triangle triangle = {
        .x = {a->snapped_x, b->snapped_x, c->snapped_x},
        .y = {a->snapped_y, b->snapped_y, c->snapped_y},
        .z = {a->z, b->z, c->z},
        .id = id,
    };
    if (stage->worker->last_stage >= CALO_STAGE_RASTER)
        calo_cpu_rasterize(stage->worker, &triangle, stage->pass);
}

enum { PLANE_COUNT = 5, CLIPPED_MAX = 3 + PLANE_COUNT };

/* Distance to a clipping plane: near, then the four sides of the guard band. */
static float plane_distance(const calo_cpu_worker *worker, int plane, const calo_cpu_vertex *v)
{
    switch (plane) {
    case 0: return v->depth - worker->camera.near_metres;
    case 1: return v->x + guard_pixels * v->w;
    case 2: return guard_pixels * v->w - v->x;
    case 3: return v->y + guard_pixels * v->w;
    default: return guard_pixels * v->w - v->y;
    }
}

/* Where the edge meets the plane; always reckoned from the inner vertex, so that both triangles
 * at the edge find the same point. */
static calo_cpu_vertex cut_edge(const calo_cpu_vertex *inner, float inner_distance, const calo_cpu_vertex *outer,
                                float outer_distance)
{
    float t = inner_distance / (inner_distance - outer_distance);
    return (calo_cpu_vertex){
        .x = inner->x + t * (outer->x - inner->x),
        .y = inner->y + t * (outer->y - inner->y),
        .w = inner->w + t * (outer->w - inner->w),
        .depth = inner->depth + t * (outer->depth - inner->depth),
    };
}

/* Sutherland and Hodgman's step: the part of a convex polygon on the inner side of one plane. */
static int clip_by_plane(const calo_cpu_worker *worker, int plane, const calo_cpu_vertex *in, int count,
                         calo_cpu_vertex *out)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const calo_cpu_vertex *a = &in[i], *b = &in[(i + 1) % count];
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
static void finish_cut_vertex(const calo_cpu_worker *worker, calo_cpu_vertex *v)
{
    float near_metres = worker->camera.near_metres;
    v->depth = calo_maxf(v->depth, near_metres);
    if (!worker->camera.orthographic)
        v->w = calo_maxf(v->w, near_metres);
    v->x = calo_clampf(v->x, -guard_pixels * v->w, guard_pixels * v->w);
    v->y = calo_clampf(v->y, -guard_pixels * v->w, guard_pixels * v->w);
    finish_vertex(worker, v);
}

static void clip_triangle(geometry_stage *stage, uint32_t id, const calo_cpu_vertex *a, const calo_cpu_vertex *b,
                          const calo_cpu_vertex *c)
{
    calo_cpu_vertex buffers[2][CLIPPED_MAX + 1] = {{*a, *b, *c}};
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

static void draw_triangles(geometry_stage *stage)
{
    const calo_cpu_draw *draw = stage->draw;
    const calo_cpu_vertex *vertices = stage->worker->vertices;
    const uint32_t *index = draw->primitive->indices;
    for (uint32_t e = 0; e < draw->element_count; e++, index += 3) {
        const calo_cpu_vertex *a = &vertices[index[0]], *b = &vertices[index[1]], *c = &vertices[index[2]];
        uint32_t all = a->outside & b->outside & c->outside, any = a->outside | b->outside | c->outside;
        if (all & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_PICTURE))
            continue;
        if (any & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD))
            clip_triangle(stage, draw->first_id + e, a, b, c);
        else
            emit_triangle(stage, draw->first_id + e, a, b, c);
    }
}

/* ---- points and lines: flat boxes on the screen ---- */

static void emit_box(geometry_stage *stage, uint32_t id, const double x[4], const double y[4], const float z[4])
{
    calo_cpu_vertex corners[4];
    for (int i = 0; i < 4; i++) {
        double limit = guard_pixels;
        corners[i] = (calo_cpu_vertex){
            .snapped_x = (int32_t)floor(fmax(-limit, fmin(limit, x[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .snapped_y = (int32_t)floor(fmax(-limit, fmin(limit, y[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .z = z[i],
        };
    }
    emit_triangle(stage, id, &corners[0], &corners[1], &corners[2]);
    emit_triangle(stage, id, &corners[0], &corners[2], &corners[3]);
}

static void draw_points(geometry_stage *stage)
{
    const calo_cpu_draw *draw = stage->draw;
    double half = 0.5 * stage->worker->options->point_size_pixels;
    for (uint32_t e = 0; e < draw->element_count; e++) {
        const calo_cpu_vertex *v = &stage->worker->vertices[draw->primitive->indices[e]];
        if (v->outside & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD))
            continue;
        double x = v->x / v->w, y = v->y / v->w;
        emit_box(stage, draw->first_id + e, (double[4]){x - half, x + half, x + half, x - half},
                 (double[4]){y - half, y - half, y + half, y + half}, (float[4]){v->z, v->z, v->z, v->z});
    }
}

static void draw_line(geometry_stage *stage, uint32_t id, calo_cpu_vertex a, calo_cpu_vertex b)
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
    double half = 0.5 * worker->options->line_width_pixels;
    double nx = length > 0 ? -(by - ay) / length * half : half, ny = length > 0 ? (bx - ax) / length * half : 0;
    emit_box(stage, id, (double[4]){ax + nx, bx + nx, bx - nx, ax - nx}, (double[4]){ay + ny, by + ny, by - ny, ay - ny},
             (float[4]){a.z, b.z, b.z, a.z});
}

static void draw_lines(geometry_stage *stage)
{
    const calo_cpu_draw *draw = stage->draw;
    for (uint32_t e = 0; e < draw->element_count; e++) {
        const uint32_t *index = draw->primitive->indices + 2 * (size_t)e;
        draw_line(stage, draw->first_id + e, stage->worker->vertices[index[0]], stage->worker->vertices[index[1]]);
    }
}

/* ---- a draw ---- */

/* True when the bounding sphere lies wholly behind the camera or beside the picture. */
static bool is_out_of_sight(const calo_cpu_worker *worker, const calo_cpu_draw *draw,
                            const calo_mat4 *object_to_screen)
{
    const double (*rows)[4] = object_to_screen->m;
    double planes[5][4];
    for (int c = 0; c < 4; c++) {
        planes[0][c] = rows[3][c] - (c == 3 ? (double)worker->camera.near_metres : 0);
        planes[1][c] = rows[0][c];
        planes[2][c] = worker->width * rows[2][c] - rows[0][c];
        planes[3][c] = rows[1][c];
        planes[4][c] = worker->height * rows[2][c] - rows[1][c];
    }
    for (int i = 0; i < 5; i++) {
        const double *p = planes[i];
        double length = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        double distance = p[0] * draw->center[0] + p[1] * draw->center[1] + p[2] * draw->center[2] + p[3];
        /* The margin covers rounding of the vertices. */
        if (distance < -length * draw->radius * 1.0001 - 1e-4 * fabs(p[3]))
            return true;
    }
    return false;
}

calo_status calo_cpu_draw_geometry(calo_cpu_worker *worker, const calo_cpu_draw *draw, calo_cpu_pass pass,
                                   calo_error *err)
{
    const calo_cpu_material *material = &worker->scene->materials[draw->material];
    calo_topology topology = draw->primitive->topology;
    geometry_stage stage = {.worker = worker, .draw = draw, .pass = pass};
    calo_cpu_object_projection(&worker->camera, &draw->object_to_world, &stage.object_to_screen);
    /* Points and lines are wider than their bounds tell. */
    if (topology == CALO_TRIANGLES && is_out_of_sight(worker, draw, &stage.object_to_screen))
        return CALO_OK;
    if (worker->last_stage < CALO_STAGE_TRANSFORM)
        return CALO_OK;
    stage.cull_back = topology == CALO_TRIANGLES && worker->options->cull == CALO_CULL_AUTO &&
                      !material->source.double_sided;
    calo_status status = transform_vertices(&stage, err);
    if (status != CALO_OK || worker->last_stage < CALO_STAGE_SETUP)
        return status;
    switch (topology) {
    case CALO_TRIANGLES: draw_triangles(&stage); break;
    case CALO_LINES: draw_lines(&stage); break;
    case CALO_POINTS: draw_points(&stage); break;
    }
    return CALO_OK;
}
