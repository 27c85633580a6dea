/* Triangles to the visibility buffer: watertight (top-left rule on 1/256 pixel coordinates),
 * exact integers for coverage, one z plane a triangle. */
#include "base/scalar.h"
#include "render/cpu/blend.h"

enum {
    HALF_PIXEL = CALO_CPU_SUBPIXEL / 2,
    SMALL_EXTENT = 64 * CALO_CPU_SUBPIXEL, /* below: 32-bit edge functions cannot overflow */
    TILE = 8,                              /* larger triangles are walked in tiles of this many pixels */
};

/* z at the centre of pixel (0, 0) of `origin`, and its steps a pixel; kept within the corners'
 * range, so that slivers do not reach through their neighbours. */
typedef struct z_plane {
    double at_origin;
    float step_x, step_y, low, high;
} z_plane;

/* Inclusive bounds in pixels. */
typedef struct pixel_box {
    int32_t left, top, right, bottom;
} pixel_box;

static z_plane make_z_plane(const calo_cpu_triangle *t, int32_t origin_x, int32_t origin_y)
{
    double x1 = t->x[1] - t->x[0], y1 = t->y[1] - t->y[0], x2 = t->x[2] - t->x[0], y2 = t->y[2] - t->y[0];
    double z1 = (double)t->z[1] - t->z[0], z2 = (double)t->z[2] - t->z[0], area = x1 * y2 - y1 * x2;
    double dx = (z1 * y2 - z2 * y1) / area * CALO_CPU_SUBPIXEL, dy = (z2 * x1 - z1 * x2) / area * CALO_CPU_SUBPIXEL;
    double from_x = origin_x + 0.5 - (double)t->x[0] / CALO_CPU_SUBPIXEL;
    double from_y = origin_y + 0.5 - (double)t->y[0] / CALO_CPU_SUBPIXEL;
    return (z_plane){
        .at_origin = t->z[0] + dx * from_x + dy * from_y,
        .step_x = (float)dx,
        .step_y = (float)dy,
        .low = calo_minf(t->z[0], calo_minf(t->z[1], t->z[2])),
        .high = calo_maxf(t->z[0], calo_maxf(t->z[1], t->z[2])),
    };
}

static inline float clamp_z(const z_plane *plane, float z)
{
    return calo_clampf(z, plane->low, plane->high);
}

/* The same code for 32- and 64-bit edge functions. */
#define EDGE int32_t
#define NAME(name) name##_small
#include "render/cpu/raster_edges.h"
#undef EDGE
#undef NAME
#define EDGE int64_t
#define NAME(name) name##_large
#include "render/cpu/raster_edges.h"
#undef EDGE
#undef NAME

/* True when a tile lies wholly outside an edge, samples and all. */
static bool tile_is_outside(const edges_large *edges, const pixel_box *tile)
{
    for (int i = 0; i < 3; i++) {
        int64_t x = edges->step_x[i] > 0 ? tile->right - edges->origin_x : tile->left - edges->origin_x;
        int64_t y = edges->step_y[i] > 0 ? tile->bottom - edges->origin_y : tile->top - edges->origin_y;
        if (edges->at_origin[i] + x * edges->step_x[i] + y * edges->step_y[i] + edges->sample_reach[i] < 0)
            return true;
    }
    return false;
}

static void rasterize_large(calo_cpu_worker *worker, const calo_cpu_triangle *triangle, const pixel_box *box,
                            calo_cpu_pass pass)
{
    edges_large edges = make_edges_large(worker, triangle, box->left, box->top);
    for (int32_t top = box->top; top <= box->bottom; top += TILE)
        for (int32_t left = box->left; left <= box->right; left += TILE) {
            pixel_box tile = {left, top, left + TILE - 1, top + TILE - 1};
            tile.right = tile.right < box->right ? tile.right : box->right;
            tile.bottom = tile.bottom < box->bottom ? tile.bottom : box->bottom;
            if (!tile_is_outside(&edges, &tile))
                fill_large(worker, triangle, &edges, &tile, pass);
        }
}

static inline int32_t min3(const int32_t v[3])
{
    int32_t low = v[0] < v[1] ? v[0] : v[1];
    return low < v[2] ? low : v[2];
}

static inline int32_t max3(const int32_t v[3])
{
    int32_t high = v[0] > v[1] ? v[0] : v[1];
    return high > v[2] ? high : v[2];
}

void calo_cpu_rasterize(calo_cpu_worker *worker, const calo_cpu_triangle *triangle, calo_cpu_pass pass)
{
    int32_t low_x = min3(triangle->x), high_x = max3(triangle->x);
    int32_t low_y = min3(triangle->y), high_y = max3(triangle->y);
    /* Pixels whose centre (or, with samples, any part) can be covered. */
    int32_t margin = worker->sample_count > 1 ? HALF_PIXEL : 0;
    pixel_box box = {
        (low_x + HALF_PIXEL - 1 - margin) >> 8,
        (low_y + HALF_PIXEL - 1 - margin) >> 8,
        (high_x - HALF_PIXEL + margin) >> 8,
        (high_y - HALF_PIXEL + margin) >> 8,
    };
    int32_t top = (int32_t)worker->band_top, bottom = (int32_t)worker->band_bottom - 1;
    box.left = box.left > 0 ? box.left : 0;
    box.top = box.top > top ? box.top : top;
    box.right = box.right < (int32_t)worker->width ? box.right : (int32_t)worker->width - 1;
    box.bottom = box.bottom < bottom ? box.bottom : bottom;
    if (box.left > box.right || box.top > box.bottom)
        return;
    if (high_x - low_x < SMALL_EXTENT && high_y - low_y < SMALL_EXTENT) {
        edges_small edges = make_edges_small(worker, triangle, box.left, box.top);
        fill_small(worker, triangle, &edges, &box, pass);
    } else {
        rasterize_large(worker, triangle, &box, pass);
    }
}
