/* Triangles in an order that makes neighbours of those that lie side by side. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"
#include "base/scalar.h"
#include "render/cpu/clusters.h"

enum { LOOKED_AT = 512 /* clusters */ };

/* ---- is it needed? ---- */

/* Rows of a grid with C clusters are 4 / sqrt(C) of the whole: that is good enough. */
bool calo_cpu_order_is_poor(const calo_cpu_draw *draw, const struct meshopt_Meshlet *meshlets,
                            const uint32_t *meshlet_vertices, uint32_t count)
{
    uint32_t step = count / LOOKED_AT + 1, looked_at = 0;
    double radii = 0, limit = fmax(0.1, 8 / sqrt(count)) * draw->shared.radius;
    for (uint32_t i = 0; i < count; i += step, looked_at++) {
        float center[3], radius;
        calo_cpu_sphere_around(draw->shared.positions, meshlet_vertices + meshlets[i].vertex_offset, meshlets[i].vertex_count,
                               center, &radius);
        radii += radius;
    }
    return radii > limit * looked_at;
}

/* ---- sorting ---- */

/* Ten bits, two zeros after each. */
static uint32_t spread(uint32_t x)
{
    x = (x | x << 16) & 0x030000ffu;
    x = (x | x << 8) & 0x0300f00fu;
    x = (x | x << 4) & 0x030c30c3u;
    return (x | x << 2) & 0x09249249u;
}

uint32_t calo_cpu_curve_code(const float place[3], const float origin[3], float scale)
{
    uint32_t code = 0;
    for (int c = 0; c < 3; c++)
        code |= spread((uint32_t)calo_clampf((place[c] - origin[c]) * scale, 0, CALO_CPU_CELLS - 1)) << c;
    return code;
}

/* By the triangles' middles, through the draw's box. */
static void find_keys(const calo_cpu_draw *draw, uint64_t *keys)
{
    float origin[3], scale = draw->shared.radius > 0 ? (float)(0.5 * CALO_CPU_CELLS / draw->shared.radius) : 0;
    scale = isfinite(scale) ? scale : 0;
    for (int c = 0; c < 3; c++)
        origin[c] = (float)(draw->shared.center[c] - draw->shared.radius);
    for (uint32_t t = 0; t < draw->element_count; t++) {
        const uint32_t *corner = draw->shared.primitive->indices + 3 * (size_t)t;
        float middle[3] = {0};
        for (int k = 0; k < 3; k++)
            for (int c = 0; c < 3; c++)
                middle[c] += draw->shared.positions[3 * (size_t)corner[k] + (size_t)c] * (1.0f / 3);
        keys[t] = (uint64_t)calo_cpu_curve_code(middle, origin, scale) << 32 | t;
    }
}

/* By counting, digit after digit; the order of equal ones stays. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, uint32_t shift)
{
    size_t first[CALO_CPU_CELLS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        first[(from[i] >> shift & (CALO_CPU_CELLS - 1)) + 1]++;
    for (size_t d = 0; d < CALO_CPU_CELLS; d++)
        first[d + 1] += first[d];
    for (size_t i = 0; i < count; i++)
        to[first[from[i] >> shift & (CALO_CPU_CELLS - 1)]++] = from[i];
}

void calo_cpu_sort_keys(uint64_t *keys, uint64_t *sorted, size_t count)
{
    sort_by_digit(keys, sorted, count, 32);
    sort_by_digit(sorted, keys, count, 42);
    sort_by_digit(keys, sorted, count, 52);
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
        calo_cpu_sort_keys(keys, sorted, count);
        for (size_t i = 0; i < count; i++)
            for (int k = 0; k < 3; k++)
                indices[3 * i + (size_t)k] = draw->shared.primitive->indices[3 * (size_t)(uint32_t)sorted[i] + (size_t)k];
        *out = indices;
    } else {
        status = calo_fail_memory(err, "sorted triangles", count * 2 * sizeof *keys);
    }
    free(keys);
    free(sorted);
    return status;
}
