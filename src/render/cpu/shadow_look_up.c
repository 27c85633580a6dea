/* How much of a lamp's light reaches a surface, from its shadow maps. The formula, here as in every backend, is in
 * docs/conventions.md. */
#include "render/cpu/surface.h"

/* A point as a map sees it: metres to the right, up and along its axes. */
typedef struct map_point {
    lanes_f right, up, depth;
    lanes_f across; /* |normal . right| + |normal . up|: how steeply the surface lies in the map */
    lanes_i face;   /* of a cube */
} map_point;

LANES_INLINE lanes_f along(const float axis[3], const lanes_f v[3])
{
    return axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2];
}

static void see_from_one(const calo_shadow *shadow, const lanes_f offset[3], const lanes_f normal[3], map_point *point)
{
    point->right = along(shadow->right, offset);
    point->up = along(shadow->up, offset);
    point->depth = along(shadow->forward, offset);
    point->across = lanes_abs(along(shadow->right, normal)) + lanes_abs(along(shadow->up, normal));
    point->face = lanes_int(0);
}

/* The face is that of the longest axis. */
static void see_from_cube(const lanes_f offset[3], const lanes_f normal[3], map_point *point)
{
    lanes_f size[3], zero = lanes_float(0);
    for (int i = 0; i < 3; i++)
        size[i] = lanes_abs(offset[i]);
    lanes_m is_x = lanes_at_most(size[1], size[0]) & lanes_at_most(size[2], size[0]);
    lanes_m is_y = lanes_at_most(size[2], size[1]);
    lanes_f main = lanes_pick(is_x, offset[0], lanes_pick(is_y, offset[1], offset[2]));
    lanes_m positive = lanes_less(zero, main);
    lanes_f next = lanes_pick(is_x, offset[1], lanes_pick(is_y, offset[2], offset[0]));
    point->right = lanes_pick(positive, -next, next);
    point->up = lanes_pick(is_x, offset[2], lanes_pick(is_y, offset[0], offset[1]));
    point->depth = lanes_abs(main);
    /* A point near a border may be moved to the next face: the largest sum of any two axes. */
    lanes_f n[3] = {lanes_abs(normal[0]), lanes_abs(normal[1]), lanes_abs(normal[2])};
    point->across = n[0] + n[1] + n[2] - lanes_min(n[0], lanes_min(n[1], n[2]));
    point->face = lanes_pick_int(is_x, lanes_int(0), lanes_pick_int(is_y, lanes_int(2), lanes_int(4))) +
                  lanes_pick_int(positive, lanes_int(1), lanes_int(0));
}

LANES_INLINE void see(const calo_shadow *shadow, const lanes_f offset[3], const lanes_f normal[3], map_point *point)
{
    if (shadow->form == CALO_SHADOW_CUBE)
        see_from_cube(offset, normal, point);
    else
        see_from_one(shadow, offset, normal, point);
}

/* How far the point is moved along its normal, metres. */
static lanes_f offset_length(const calo_cpu_worker *worker, const calo_shadow *shadow, const map_point *point,
                             lanes_f view_depth)
{
    bool parallel = shadow->form == CALO_SHADOW_PARALLEL;
    float lod_pixels = worker->scene->lod_pixels;
    lanes_f texel = (parallel ? lanes_float(1) : point->depth) / shadow->focal;
    lanes_f length = texel * (point->across * CALO_SHADOW_FILTER_REACH + CALO_SHADOW_OFFSET_TEXELS) +
                     shadow->slack_metres;
    if (lod_pixels > 0) {
        /* By how much simplified surfaces may lie off, in the map and in the view. */
        lanes_f view_pixel = (worker->camera.orthographic ? lanes_float(1) : view_depth) / worker->camera.reach_pixels;
        length += lod_pixels * (texel + view_pixel);
    }
    return length;
}

/* Of 4 x 4 texels from `index` on, the share in which nothing lies before `depth`; fx and fy: how far the look-up lies
 * from the second texel's centre. Weights add up so that 0 and 1 are exact. */
static lanes_f filter(const float *texels, uint32_t size, lanes_i index, lanes_f depth, lanes_f fx, lanes_f fy)
{
    lanes_f rows[4], zero = lanes_float(0), one = lanes_float(1);
    for (int y = 0; y < 4; y++) {
        lanes_f lit[4];
        for (int x = 0; x < 4; x++) {
            lanes_f nearest = lanes_gather(texels, index + (y * (int32_t)size + x));
            lit[x] = lanes_pick(lanes_less(nearest, depth), zero, one);
        }
        rows[y] = lit[0] + lit[1] + lit[2] + fx * (lit[3] - lit[0]);
    }
    return (rows[0] + rows[1] + rows[2] + fy * (rows[3] - rows[0])) / 9.0f;
}

lanes_f calo_cpu_visibility(const calo_cpu_worker *worker, const calo_cpu_surface *surface, const calo_lamp *lamp)
{
    const calo_cpu_scene *scene = worker->scene;
    const calo_shadow *shadow = &scene->shadows.shadows[lamp->shadow];
    int32_t size = (int32_t)scene->shadows.size;
    float middle = 0.5f * (float)size - 0.5f, last = (float)(size - 3);
    map_point point;
    lanes_f offset[3];
    for (int i = 0; i < 3; i++)
        offset[i] = surface->position[i] - shadow->origin[i];
    see(shadow, offset, surface->geometric_normal, &point);
    lanes_f length = offset_length(worker, shadow, &point, surface->depth);
    for (int i = 0; i < 3; i++)
        offset[i] += length * surface->geometric_normal[i];
    see(shadow, offset, surface->geometric_normal, &point);
    lanes_f scale = shadow->form == CALO_SHADOW_PARALLEL ? lanes_float(shadow->focal) : shadow->focal / point.depth;
    lanes_f x = middle + point.right * scale, y = middle - point.up * scale, one = lanes_float(1), end = lanes_float(last);
    /* Lit outside the map and before its near plane; what is no number, too. */
    lanes_m inside = lanes_at_most(one, x) & lanes_at_most(x, end) & lanes_at_most(one, y) & lanes_at_most(y, end) &
                     lanes_at_most(lanes_float(shadow->near_metres), point.depth);
    x = lanes_clamp(x, 1, last);
    y = lanes_clamp(y, 1, last);
    lanes_i x0 = lanes_truncate(x), y0 = lanes_truncate(y);
    lanes_i index = ((point.face * size) + (y0 - 1)) * size + (x0 - 1);
    const float *texels = scene->shadow_texels + (size_t)shadow->first_map * (size_t)size * (size_t)size;
    lanes_f lit = filter(texels, (uint32_t)size, index, point.depth, x - lanes_from_int(x0), y - lanes_from_int(y0));
    return lanes_pick(inside, lit, one);
}
