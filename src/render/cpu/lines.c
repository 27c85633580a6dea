/* Points, lines and the edges of triangles: flat boxes on the screen. */
#include <math.h>

#include "render/cpu/clip.h"
#include "render/stages.h"

static void emit_box(calo_cpu_geometry_stage *stage, uint32_t id, const double x[4], const double y[4],
                     const float z[4])
{
    calo_cpu_clip_vertex corners[4];
    double limit = (double)CALO_CPU_GUARD_PIXELS;
    for (int i = 0; i < 4; i++)
        corners[i] = (calo_cpu_clip_vertex){
            .snapped_x = (int32_t)floor(fmax(-limit, fmin(limit, x[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .snapped_y = (int32_t)floor(fmax(-limit, fmin(limit, y[i])) * CALO_CPU_SUBPIXEL + 0.5),
            .z = z[i],
        };
    calo_cpu_emit_triangle(stage, id, &corners[0], &corners[1], &corners[2]);
    calo_cpu_emit_triangle(stage, id, &corners[0], &corners[2], &corners[3]);
}

static calo_cpu_clip_vertex corner_vertex(const calo_cpu_geometry_stage *stage, size_t index)
{
    const float *p = stage->draw->shared.positions + 3 * (size_t)stage->draw->geometry->indices[index];
    return calo_cpu_transform_vertex(stage, p[0], p[1], p[2]);
}

static void draw_points(calo_cpu_geometry_stage *stage)
{
    double half = 0.5 * (double)stage->worker->options->point_size_pixels;
    for (uint32_t e = 0; e < stage->draw->element_count; e++) {
        calo_cpu_clip_vertex v = corner_vertex(stage, e);
        if (v.outside & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD))
            continue;
        double x = v.x / v.w, y = v.y / v.w;
        emit_box(stage, stage->draw->first_id + e, (double[4]){x - half, x + half, x + half, x - half},
                 (double[4]){y - half, y - half, y + half, y + half}, (float[4]){v.z, v.z, v.z, v.z});
    }
}

/* Lines that cannot reach into the band; a pixel covers rounding. */
static bool misses_band(const calo_cpu_worker *worker, double ax, double ay, double bx, double by)
{
    double reach = 0.5 * (double)worker->options->line_width_pixels + 1;
    return fmax(ax, bx) < -reach || fmin(ax, bx) > worker->width + reach || fmax(ay, by) < worker->band_top - reach ||
           fmin(ay, by) > worker->band_bottom + reach;
}

/* `ends`: x and y of both. */
static void emit_line(calo_cpu_geometry_stage *stage, uint32_t id, const double ends[4], const float z[2])
{
    double dx = ends[2] - ends[0], dy = ends[3] - ends[1], length = sqrt(dx * dx + dy * dy);
    double half = 0.5 * (double)stage->worker->options->line_width_pixels;
    double nx = length > 0 ? -dy / length * half : half, ny = length > 0 ? dx / length * half : 0;
    emit_box(stage, id, (double[4]){ends[0] + nx, ends[2] + nx, ends[2] - nx, ends[0] - nx},
             (double[4]){ends[1] + ny, ends[3] + ny, ends[3] - ny, ends[1] - ny}, (float[4]){z[0], z[1], z[1], z[0]});
}

static void draw_line(calo_cpu_geometry_stage *stage, uint32_t id, calo_cpu_clip_vertex a, calo_cpu_clip_vertex b)
{
    bool cut = (a.outside | b.outside) & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD);
    if (cut && !calo_cpu_clip_line(stage->worker, &a, &b))
        return;
    double ax = a.x / a.w, ay = a.y / a.w, bx = b.x / b.w, by = b.y / b.w;
    if (misses_band(stage->worker, ax, ay, bx, by))
        return;
    /* Whichever way it runs, it is the same box: of two triangles with one edge the first is seen all along it. */
    if (bx < ax || (bx == ax && by < ay))
        emit_line(stage, id, (double[4]){bx, by, ax, ay}, (float[2]){b.z, a.z});
    else
        emit_line(stage, id, (double[4]){ax, ay, bx, by}, (float[2]){a.z, b.z});
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

/* ---- edges ---- */

/* Whether the triangle would be drawn as a surface, by what of it is in front of the camera. */
static bool shows_edges(const calo_cpu_geometry_stage *stage, const calo_cpu_clip_vertex corners[3])
{
    uint32_t all = corners[0].outside & corners[1].outside & corners[2].outside;
    uint32_t any = corners[0].outside | corners[1].outside | corners[2].outside;
    if (all & CALO_CPU_OUTSIDE_NEAR)
        return false;
    if (!(any & (CALO_CPU_OUTSIDE_NEAR | CALO_CPU_OUTSIDE_GUARD)))
        return calo_cpu_faces_viewer(stage, calo_cpu_doubled_area(&corners[0], &corners[1], &corners[2]));
    calo_cpu_clip_vertex polygon[CALO_CPU_CLIPPED_MAX + 1];
    int64_t area = 0;
    int count = calo_cpu_clip_triangle(stage->worker, corners, polygon);
    for (int i = 1; i + 1 < count; i++)
        area += calo_cpu_doubled_area(&polygon[0], &polygon[i], &polygon[i + 1]);
    return calo_cpu_faces_viewer(stage, area);
}

/* Where edges meet, alpha is tested for the one that is drawn. */
static void draw_edge(calo_cpu_geometry_stage *stage, uint32_t id, const calo_cpu_clip_vertex corners[3], uint32_t edge)
{
    bool tests_alpha = !calo_cpu_is_opaque(stage->pass);
    stage->worker->edge = tests_alpha ? edge + 1 : 0;
    draw_line(stage, id, corners[edge], corners[(edge + 1) % 3]);
    if (tests_alpha)
        calo_cpu_flush_queue(stage->worker, stage->pass);
    stage->worker->edge = 0;
}

/* Notes the edge between two of the cluster's vertices; true when it was noted before. */
static bool was_drawn(uint64_t drawn[CALO_CPU_CLUSTER_VERTICES], uint32_t a, uint32_t b)
{
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    bool before = drawn[low] >> high & 1;
    drawn[low] |= 1ull << high;
    return before;
}

void calo_cpu_draw_edges(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster)
{
    calo_cpu_clip_vertex vertices[CALO_CPU_CLUSTER_VERTICES];
    uint64_t drawn[CALO_CPU_CLUSTER_VERTICES] = {0};
    /* The same box once more would hide nothing. Where alpha decides, it may: its texture may lie otherwise. */
    bool once = calo_cpu_is_opaque(stage->pass);
    for (uint32_t i = 0; i < cluster->vertex_count; i++)
        vertices[i] = calo_cpu_cluster_vertex(stage, cluster, i);
    if (stage->worker->last_stage < CALO_STAGE_SETUP)
        return;
    for (uint32_t t = 0; t < cluster->triangle_count; t++) {
        uint32_t packed = stage->draw->geometry->corners[cluster->first_corner + t];
        const uint32_t index[3] = {packed & 63, packed >> 6 & 63, packed >> 12 & 63};
        const calo_cpu_clip_vertex corners[3] = {vertices[index[0]], vertices[index[1]], vertices[index[2]]};
        if (!shows_edges(stage, corners))
            continue;
        for (uint32_t k = 0; k < 3; k++)
            if (!(once && was_drawn(drawn, index[k], index[(k + 1) % 3])))
                draw_edge(stage, stage->draw->first_id + cluster->first_triangle + t, corners, k);
    }
    calo_cpu_flush_queue(stage->worker, stage->pass);
}
