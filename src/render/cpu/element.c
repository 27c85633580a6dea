/* Triangles, lines and points at a pixel: which mix of corners is seen there. */
#include <math.h>

#include "base/scalar.h"
#include "render/cpu/element.h"

/* A pixel near the element, so that differences stay small and exact in single precision. */
static void choose_origin(calo_cpu_element *element, const calo_cpu_worker *worker, const double first[4])
{
    element->origin_x = floor(worker->width * 0.5) + 0.5;
    element->origin_y = floor(worker->height * 0.5) + 0.5;
    if (!(first[3] >= worker->camera.near_metres))
        return;
    element->origin_x = floor(fmax(0, fmin(worker->width, first[0] / first[2]))) + 0.5;
    element->origin_y = floor(fmax(0, fmin(worker->height, first[1] / first[2]))) + 0.5;
}

/* 1 / depth (orthographic: depth) is linear on the screen; found in double precision, because the
 * weighted sum of far corners would lose what is near. */
static void find_depth_plane(calo_cpu_element *element, const calo_cpu_worker *worker, double (*edges)[3],
                             const double corner[3][4], double volume)
{
    double low = INFINITY, high = -INFINITY, plane[3] = {0};
    for (int k = 0; k < 3; k++) {
        for (int c = 0; c < 3; c++)
            plane[c] += edges[k][c] * (worker->camera.orthographic ? corner[k][3] : 1);
        low = fmin(low, corner[k][3]);
        high = fmax(high, corner[k][3]);
    }
    double slack = (double)CALO_CPU_WEIGHT_SLACK * (high - low);
    element->depth_low = (float)fmax(worker->camera.near_metres, low - slack);
    element->depth_high = (float)(high + slack);
    for (int i = 0; i < 3; i++)
        element->depth_plane[i] = (float)(plane[i] / volume);
}

/* Scaled so that the sum is at least 1 where the triangle is seen; edge-on, the first corner's weight is 1. */
static void find_planes(calo_cpu_element *element, double (*edges)[3], const double corner[3][4], double volume)
{
    double scale = fmax(corner[0][2], fmax(corner[1][2], corner[2][2])) / volume;
    bool sound = isfinite(scale);
    for (int c = 0; c < 3; c++) {
        element->sum[c] = sound ? (float)((edges[0][c] + edges[1][c] + edges[2][c]) * scale) : c == 0;
        for (int k = 0; k < 2; k++)
            element->edges[k][c] = sound ? (float)(edges[k + 1][c] * scale) : 0;
    }
    element->clockwise = volume > 0;
}

static void init_triangle(calo_cpu_element *element, const calo_cpu_worker *worker, const double corner[3][4])
{
    double x[3], y[3], edges[3][3], volume = 0;
    choose_origin(element, worker, corner[0]);
    for (int k = 0; k < 3; k++) {
        x[k] = corner[k][0] - element->origin_x * corner[k][2];
        y[k] = corner[k][1] - element->origin_y * corner[k][2];
    }
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        double wa = corner[a][2], wb = corner[b][2];
        edges[k][0] = x[a] * y[b] - x[b] * y[a];
        edges[k][1] = wb * y[a] - wa * y[b];
        edges[k][2] = wa * x[b] - wb * x[a];
        volume += edges[k][0] * corner[k][2];
    }
    find_planes(element, edges, corner, volume);
    find_depth_plane(element, worker, edges, corner, volume);
}

/* The part in front of the near plane, and near enough to the picture to reach into it: the weights of what is far
 * outside would not do in single precision. False when there is none. */
static bool find_seen_line(const calo_cpu_worker *worker, const double a[4], const double b[4],
                           calo_cpu_seen_line *line)
{
    double range[2] = {0, 1}, margin = (double)worker->options->line_width_pixels + 2;
    double width = worker->width + margin, height = worker->height + margin;
    const double from[5] = {a[3] - (double)worker->camera.near_metres, a[0] + margin * a[2], width * a[2] - a[0],
                            a[1] + margin * a[2], height * a[2] - a[1]};
    const double to[5] = {b[3] - (double)worker->camera.near_metres, b[0] + margin * b[2], width * b[2] - b[0],
                          b[1] + margin * b[2], height * b[2] - b[1]};
    for (int plane = 0; plane < 5; plane++) {
        if (from[plane] < 0 && to[plane] < 0)
            return false;
        double cut = from[plane] / (from[plane] - to[plane]);
        if (from[plane] < 0)
            range[0] = fmax(range[0], cut);
        else if (to[plane] < 0)
            range[1] = fmin(range[1], cut);
    }
    if (!(range[0] <= range[1]))
        return false;
    float *ends[2] = {line->from, line->to};
    for (int k = 0; k < 2; k++) {
        double at[3];
        for (int i = 0; i < 3; i++)
            at[i] = a[i] + range[k] * (b[i] - a[i]);
        line->w[k] = (float)at[2];
        ends[k][0] = (float)(at[0] / at[2]);
        ends[k][1] = (float)(at[1] / at[2]);
    }
    line->start = (float)range[0];
    line->length = (float)(range[1] - range[0]);
    return true;
}

/* A line's own, or a triangle's edges. */
static void find_seen_lines(calo_cpu_element *element, const calo_cpu_worker *worker, const double corner[3][4])
{
    uint32_t count = element->corners == 3 ? 3 : 1;
    element->line_count = 0;
    for (uint32_t k = 0; k < count; k++)
        if (find_seen_line(worker, corner[k], corner[(k + 1) % 3], &element->lines[element->line_count]))
            element->line_corner[element->line_count++] = k;
}

/* In double precision: a floor may reach a thousand times farther than the camera stands above it. */
static void project(const calo_mat4 *object_to_screen, const float p[3], double out[4])
{
    for (int i = 0; i < 4; i++) {
        const double *row = object_to_screen->m[i];
        out[i] = row[0] * p[0] + row[1] * p[1] + row[2] * p[2] + row[3];
    }
}

static void init(calo_cpu_element *element, const calo_cpu_worker *worker, const calo_cpu_draw *draw, uint32_t id)
{
    double corner[3][4];
    if (element->draw != draw)
        calo_cpu_object_projection(&worker->camera, &draw->shared.object_to_world, &element->object_to_screen);
    element->id = id;
    element->draw = draw;
    element->orthographic = worker->camera.orthographic;
    element->corners = draw->shared.primitive->topology == CALO_TRIANGLES ? 3 : draw->shared.primitive->topology == CALO_LINES ? 2 : 1;
    for (uint32_t k = 0; k < 3; k++) {
        uint32_t use = k < element->corners ? k : 0;
        element->index[k] = draw->geometry->indices[(size_t)(id - draw->first_id) * element->corners + use];
        project(&element->object_to_screen, draw->shared.positions + 3 * (size_t)element->index[k], corner[k]);
        element->depth[k] = (float)corner[k][3];
    }
    element->line_count = 0;
    element->half_width = 0.5f * worker->options->line_width_pixels;
    if (element->corners == 3)
        init_triangle(element, worker, corner);
    if (element->corners == 2 || draw->shared.wireframe)
        find_seen_lines(element, worker, corner);
}

const calo_cpu_element *calo_cpu_element_of(calo_cpu_worker *worker, const calo_cpu_draw *draw, uint32_t id)
{
    calo_cpu_element *element = &worker->elements[id % CALO_CPU_ELEMENTS];
    if (element->id != id)
        init(element, worker, draw, id);
    return element;
}

/* A point of a line, beside a pixel. */
typedef struct line_point {
    float second;    /* the part of the way along the whole line */
    float distance2; /* to the pixel, squared */
    bool covers;     /* the line's box has the pixel */
} line_point;

static line_point nearest_on_line(const calo_cpu_seen_line *line, float x, float y, float half_width)
{
    const float *a = line->from, *b = line->to;
    float dx = b[0] - a[0], dy = b[1] - a[1], length2 = dx * dx + dy * dy;
    float along = length2 > 0 ? ((x - a[0]) * dx + (y - a[1]) * dy) / length2 : 0, s = calo_clampf(along, 0, 1);
    float away_x = x - (a[0] + s * dx), away_y = y - (a[1] + s * dy), w0 = (1 - s) / line->w[0], w1 = s / line->w[1];
    float distance2 = away_x * away_x + away_y * away_y;
    return (line_point){line->start + line->length * (w1 / (w0 + w1)), distance2,
                        along == s && distance2 <= half_width * half_width};
}

/* Of several edges the nearest to the viewer that covers the pixel, as the depth buffer chose; a hair outside all of
 * them, the nearest to the pixel. */
void calo_cpu_element_weigh(const calo_cpu_element *element, uint32_t edge, float x, float y, float weights[2],
                            float *depth)
{
    line_point best = {.distance2 = INFINITY};
    float all[3] = {1, 0, 0};
    *depth = element->depth[0];
    for (uint32_t i = 0; i < element->line_count; i++) {
        uint32_t from = element->line_corner[i], to = (from + 1) % 3;
        if (edge && edge != from + 1)
            continue;
        line_point point = nearest_on_line(&element->lines[i], x, y, element->half_width);
        float here = (1 - point.second) * element->depth[from] + point.second * element->depth[to];
        bool better = point.covers && best.covers ? here < *depth : point.distance2 < best.distance2;
        if (!(point.covers > best.covers || (point.covers == best.covers && better)))
            continue;
        best = point;
        *depth = here;
        all[0] = all[1] = all[2] = 0;
        all[from] = 1 - point.second;
        all[to] = point.second;
    }
    weights[0] = all[1];
    weights[1] = all[2];
}
