/* Triangles, lines and points at a pixel: which mix of corners is seen there. */
#include <math.h>

#include "base/scalar.h"
#include "render/cpu/surface.h"

/* Corners are snapped when coverage is decided, so a covered pixel may lie a hair outside: the
 * triangle's plane goes on there, but slivers do not reach far. */
static const float weight_slack = 0.25f;

static bool normalize(float v[3])
{
    float length = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    if (!(length > 0) || !isfinite(length))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] /= length;
    return true;
}

static void to_world_normal(const calo_cpu_draw *draw, const float object[3], float world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = draw->normal_to_world[3 * i] * object[0] + draw->normal_to_world[3 * i + 1] * object[1] +
                   draw->normal_to_world[3 * i + 2] * object[2];
}

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

/* Towards the viewer: a triangle's own normal, or the way back to the camera. */
static void find_geometric_normal(calo_cpu_element *element, const calo_cpu_worker *worker)
{
    const calo_cpu_draw *draw = element->draw;
    const float *p[3];
    double to_camera[3];
    for (uint32_t k = 0; k < element->corners; k++)
        p[k] = draw->positions + 3 * (size_t)element->index[k];
    for (int i = 0; i < 3; i++) {
        const double *m = draw->object_to_world.m[i];
        to_camera[i] = worker->camera.orthographic
            ? worker->camera.back[i]
            : worker->camera.position[i] - (m[0] * p[0][0] + m[1] * p[0][1] + m[2] * p[0][2] + m[3]);
    }
    if (element->corners == 3) {
        float a[3], b[3], object[3];
        for (int i = 0; i < 3; i++) {
            a[i] = p[1][i] - p[0][i];
            b[i] = p[2][i] - p[0][i];
        }
        /* Unit edges, so that tiny triangles do not vanish in the product. */
        if (normalize(a) && normalize(b)) {
            object[0] = a[1] * b[2] - a[2] * b[1];
            object[1] = a[2] * b[0] - a[0] * b[2];
            object[2] = a[0] * b[1] - a[1] * b[0];
            to_world_normal(draw, object, element->geometric_normal);
            if (normalize(element->geometric_normal)) {
                const float *n = element->geometric_normal;
                double side = n[0] * to_camera[0] + n[1] * to_camera[1] + n[2] * to_camera[2];
                for (int i = 0; side < 0 && i < 3; i++)
                    element->geometric_normal[i] = -element->geometric_normal[i];
                return;
            }
        }
    }
    for (int i = 0; i < 3; i++)
        element->geometric_normal[i] = (float)to_camera[i];
    if (!normalize(element->geometric_normal))
        element->geometric_normal[2] = 1;
}

/* 1 / depth (orthographic: depth) is linear on the screen; found in double precision, because the
 * weighted sum of far corners would lose what is near. */
static void find_depth_plane(calo_cpu_element *element, const calo_cpu_worker *worker, const double x[3],
                             const double y[3], const double corner[3][4])
{
    double sums[3] = {0}, numerator = 0, low = INFINITY, high = -INFINITY;
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        double w[2] = {corner[a][2], corner[b][2]}, depth = worker->camera.orthographic ? corner[k][3] : 1;
        double area = x[a] * y[b] - x[b] * y[a];
        sums[0] += area * depth;
        sums[1] += (w[1] * y[a] - w[0] * y[b]) * depth;
        sums[2] += (w[0] * x[b] - w[1] * x[a]) * depth;
        numerator += area * (worker->camera.orthographic ? 1 : corner[k][2]);
        low = fmin(low, corner[k][3]);
        high = fmax(high, corner[k][3]);
    }
    double slack = weight_slack * (high - low);
    element->depth_low = (float)fmax(worker->camera.near_metres, low - slack);
    element->depth_high = (float)(high + slack);
    for (int i = 0; i < 3; i++)
        element->depth_plane[i] = (float)(sums[i] / numerator);
}

static void init_triangle(calo_cpu_element *element, const calo_cpu_worker *worker, const double corner[3][4])
{
    double x[3], y[3];
    choose_origin(element, worker, corner[0]);
    for (int k = 0; k < 3; k++) {
        x[k] = corner[k][0] - element->origin_x * corner[k][2];
        y[k] = corner[k][1] - element->origin_y * corner[k][2];
    }
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        double wa = corner[a][2], wb = corner[b][2];
        element->constant[k] = (float)(x[a] * y[b] - x[b] * y[a]);
        element->step_x[k] = (float)(wb * y[a] - wa * y[b]);
        element->step_y[k] = (float)(wa * x[b] - wb * x[a]);
    }
    find_depth_plane(element, worker, x, y, corner);
}

/* The part of a line in front of the near plane, and which part of the whole it is. */
static void init_line(calo_cpu_element *element, const calo_cpu_worker *worker, const double corner[2][4])
{
    double near_metres = worker->camera.near_metres, range[2] = {0, 1};
    double d0 = corner[0][3] - near_metres, d1 = corner[1][3] - near_metres;
    if (d0 < 0)
        range[0] = d0 / (d0 - d1);
    else if (d1 < 0)
        range[1] = d0 / (d0 - d1);
    float *ends[2] = {element->line_from, element->line_to};
    for (int k = 0; k < 2; k++) {
        double at[3];
        for (int i = 0; i < 3; i++)
            at[i] = corner[0][i] + range[k] * (corner[1][i] - corner[0][i]);
        element->line_w[k] = (float)at[2];
        ends[k][0] = (float)(at[0] / at[2]);
        ends[k][1] = (float)(at[1] / at[2]);
    }
    element->line_start = (float)range[0];
    element->line_length = (float)(range[1] - range[0]);
}

/* In double precision: a floor may reach a thousand times farther than the camera stands above it. */
static void project(const calo_mat4 *object_to_screen, const float p[3], double out[4])
{
    for (int i = 0; i < 4; i++) {
        const double *row = object_to_screen->m[i];
        out[i] = row[0] * p[0] + row[1] * p[1] + row[2] * p[2] + row[3];
    }
}

void calo_cpu_element_init(calo_cpu_element *element, const calo_cpu_worker *worker, uint32_t id)
{
    const calo_cpu_draw *draw = calo_cpu_draw_of(worker->scene, id);
    const calo_primitive *primitive = draw->primitive;
    double corner[3][4];
    if (element->draw != draw)
        calo_cpu_object_projection(&worker->camera, &draw->object_to_world, &element->object_to_screen);
    element->id = id;
    element->draw = draw;
    element->material = &worker->scene->materials[draw->material];
    element->orthographic = worker->camera.orthographic;
    element->corners = primitive->topology == CALO_TRIANGLES ? 3 : primitive->topology == CALO_LINES ? 2 : 1;
    for (uint32_t k = 0; k < 3; k++) {
        uint32_t use = k < element->corners ? k : 0;
        element->index[k] = primitive->indices[(size_t)(id - draw->first_id) * element->corners + use];
        project(&element->object_to_screen, draw->positions + 3 * (size_t)element->index[k], corner[k]);
        element->depth[k] = (float)corner[k][3];
    }
    find_geometric_normal(element, worker);
    if (element->corners == 3)
        init_triangle(element, worker, corner);
    else if (element->corners == 2)
        init_line(element, worker, corner);
}

static void triangle_weights(const calo_cpu_element *element, float x, float y, calo_cpu_weights *weights)
{
    float e[3], sum = 0, sum_x = 0, sum_y = 0;
    for (int k = 0; k < 3; k++) {
        e[k] = element->constant[k] + x * element->step_x[k] + y * element->step_y[k];
        sum += e[k];
        sum_x += element->step_x[k];
        sum_y += element->step_y[k];
    }
    float scale = 1 / sum;
    if (!isfinite(scale)) {
        /* Seen exactly edge-on: any point of it will do. */
        *weights = (calo_cpu_weights){.at = {1, 0, 0}};
        return;
    }
    float total = 0;
    for (int k = 0; k < 3; k++) {
        float raw = e[k] * scale;
        weights->dx[k] = (element->step_x[k] - raw * sum_x) * scale;
        weights->dy[k] = (element->step_y[k] - raw * sum_y) * scale;
        weights->at[k] = calo_clampf(raw, -weight_slack, 1 + weight_slack);
        total += weights->at[k];
    }
    /* They summed to 1 before; cut, to 0.75 at least. */
    for (int k = 0; k < 3; k++)
        weights->at[k] /= total;
}

static void line_weights(const calo_cpu_element *element, float x, float y, calo_cpu_weights *weights)
{
    const float *a = element->line_from, *b = element->line_to;
    float dx = b[0] - a[0], dy = b[1] - a[1], length2 = dx * dx + dy * dy;
    float s = length2 > 0 ? calo_clampf(((x - a[0]) * dx + (y - a[1]) * dy) / length2, 0, 1) : 0;
    float w0 = (1 - s) / element->line_w[0], w1 = s / element->line_w[1];
    float t = element->line_start + element->line_length * (w1 / (w0 + w1));
    *weights = (calo_cpu_weights){.at = {1 - t, t, 0}};
}

void calo_cpu_element_weights(const calo_cpu_element *element, double x, double y, calo_cpu_weights *weights)
{
    if (element->corners == 3)
        triangle_weights(element, (float)(x - element->origin_x), (float)(y - element->origin_y), weights);
    else if (element->corners == 2)
        line_weights(element, (float)x, (float)y, weights);
    else
        *weights = (calo_cpu_weights){.at = {1, 0, 0}};
}

float calo_cpu_element_depth(const calo_cpu_element *element, const calo_cpu_weights *weights, double x, double y)
{
    if (element->corners < 3)
        return weights->at[0] * element->depth[0] + weights->at[1] * element->depth[1];
    const float *plane = element->depth_plane;
    float value = plane[0] + (float)(x - element->origin_x) * plane[1] + (float)(y - element->origin_y) * plane[2];
    float depth = element->orthographic ? value : 1 / value;
    /* Seen edge-on the plane has no value; the corners' range holds everywhere. */
    return calo_clampf(depth, element->depth_low, element->depth_high);
}
