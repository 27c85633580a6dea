/* Triangles in an order that makes neighbours of those that lie side by side. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"
#include "base/scalar.h"
#include "render/cpu/clusters.h"

enum {
    CELL_BITS = 10, /* an axis */
    DIGIT_COUNT = 1 << CELL_BITS,
    LOOKED_AT = 512, /* clusters */
};

/* ---- is it needed? ---- */

static double cluster_radius(const float *positions, const uint32_t *vertices, uint32_t count)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY}, sum = 0;
    for (uint32_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) {
            double p = positions[3 * (size_t)vertices[i] + (size_t)c];
            low[c] = p < low[c] ? p : low[c];
            high[c] = p > high[c] ? p : high[c];
        }
    for (int c = 0; c < 3; c++)
        sum += (high[c] - low[c]) * (high[c] - low[c]);
    return 0.5 * sqrt(sum);
}

/* Rows of a grid with C clusters are 4 / sqrt(C) of the whole: that is good enough. */
bool calo_cpu_order_is_poor(const calo_cpu_draw *draw, const struct meshopt_Meshlet *meshlets,
                            const uint32_t *meshlet_vertices, uint32_t count)
{
    uint32_t step = count / LOOKED_AT + 1, looked_at = 0;
    double radii = 0, limit = fmax(0.1, 8 / sqrt(count)) * draw->radius;
    for (uint32_t i = 0; i < count; i += step, looked_at++)
        radii += cluster_radius(draw->positions, meshlet_vertices + meshlets[i].vertex_offset, meshlets[i].vertex_count);
    return radii > limit * looked_at;
}

/* ---- sorting ---- */

/* Bits of x, two zeros after each. */
static uint32_t spread(uint32_t x)
{
    x = (x | x << 16) & 0x030000ffu;
    x = (x | x << 8) & 0x0300f00fu;
    x = (x | x << 4) & 0x030c30c3u;
    return (x | x << 2) & 0x09249249u;
}

/* Where the triangle's middle lies on a Morton curve through the draw's box, and the triangle's number. */
static void find_keys(const calo_cpu_draw *draw, uint64_t *keys)
{
    float origin[3], scale = draw->radius > 0 ? (float)(0.5 * DIGIT_COUNT / draw->radius) : 0;
    scale = isfinite(scale) ? scale : 0;
    for (int c = 0; c < 3; c++)
        origin[c] = (float)(draw->center[c] - draw->radius);
    for (uint32_t t = 0; t < draw->element_count; t++) {
        const uint32_t *corner = draw->primitive->indices + 3 * (size_t)t;
        uint32_t code = 0;
        for (int c = 0; c < 3; c++) {
            float middle = 0;
            for (int k = 0; k < 3; k++)
                middle += draw->positions[3 * (size_t)corner[k] + (size_t)c] * (1.0f / 3);
            code |= spread((uint32_t)calo_clampf((middle - origin[c]) * scale, 0, DIGIT_COUNT - 1)) << c;
        }
        keys[t] = (uint64_t)code << 32 | t;
    }
}

/* By counting, digit after digit; the order of equal ones stays. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, uint32_t shift)
{
    size_t first[DIGIT_COUNT + 1] = {0};
    for (size_t i = 0; i < count; i++)
        first[(from[i] >> shift & (DIGIT_COUNT - 1)) + 1]++;
    for (size_t d = 0; d < DIGIT_COUNT; d++)
        first[d + 1] += first[d];
    for (size_t i = 0; i < count; i++)
        to[first[from[i] >> shift & (DIGIT_COUNT - 1)]++] = from[i];
}

calo_status calo_cpu_sort_triangles(const calo_cpu_draw *draw, calo_arena *arena, const uint32_t **out, calo_error *err)
{
    size_t count = draw->element_count;
    calo_status status = CALO_OK;
    uint32_t *indices = CALO_ARENA_TAKE(arena, uint32_t, 3 * count, "sorted triangles", err);
    if (!indices)
        return calo_failed(err);
    uint64_t *keys = calo_large_alloc(count * sizeof *keys), *sorted = calo_large_alloc(count * sizeof *sorted);
    if (keys && sorted) {
        find_keys(draw, keys);
        sort_by_digit(keys, sorted, count, 32);
        sort_by_digit(sorted, keys, count, 32 + CELL_BITS);
        sort_by_digit(keys, sorted, count, 32 + 2 * CELL_BITS);
        for (size_t i = 0; i < count; i++)
            for (int k = 0; k < 3; k++)
                indices[3 * i + (size_t)k] = draw->primitive->indices[3 * (size_t)(uint32_t)sorted[i] + (size_t)k];
        *out = indices;
    } else {
        status = calo_fail_memory(err, "sorted triangles", count * 2 * sizeof *keys);
    }
    free(keys);
    free(sorted);
    return status;
}
