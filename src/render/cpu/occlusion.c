/* Scenes of many objects: near draws first, and what lies behind everything drawn so far is left out. A map holds the
 * farthest depth of each block, and coarser ones of 4 x 4 cells each. It may be old: depths only come nearer, so an
 * old map hides less, never more. Nothing that could win a pixel or a sample is left out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "render/cpu/worker.h"

/* Relative errors that vertices may have gathered on their way to the screen, and then some. */
static const float rounding = 1e-6f, slack = 1.0001f;

/* ---- the order of draws ---- */

enum { DEPTH_KEYS = 1024, DEPTH_KEY_SHIFT = 18 /* 32 keys between a depth and its double */ };

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* By the nearest depth of the draw's sphere, on a logarithmic scale from the near plane on. */
static uint32_t depth_key(const calo_cpu_camera *camera, const calo_cpu_draw *draw)
{
    const double *to_depth = camera->projection.m[3];
    double row[4], depth, length;
    for (int c = 0; c < 4; c++) {
        row[c] = c == 3 ? to_depth[3] : 0;
        for (int k = 0; k < 3; k++)
            row[c] += to_depth[k] * draw->shared.object_to_world.m[k][c];
    }
    length = sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2]);
    depth = row[0] * draw->shared.center[0] + row[1] * draw->shared.center[1] + row[2] * draw->shared.center[2] + row[3];
    depth -= draw->shared.radius * length;
    if (!(depth > (double)camera->near_metres))
        return 0;
    uint32_t key = (float_bits((float)depth) - float_bits(camera->near_metres)) >> DEPTH_KEY_SHIFT;
    return key < DEPTH_KEYS ? key : DEPTH_KEYS - 1;
}

void calo_cpu_sort_draws(calo_cpu_worker *worker)
{
    uint32_t first[DEPTH_KEYS + 1] = {0}, count = worker->scene->draw_count;
    for (uint32_t d = 0; d < count; d++)
        first[(worker->depth_keys[d] = depth_key(&worker->camera, &worker->scene->draws[d])) + 1]++;
    for (uint32_t key = 0; key < DEPTH_KEYS; key++)
        first[key + 1] += first[key];
    for (uint32_t d = 0; d < count; d++)
        worker->draw_order[first[worker->depth_keys[d]]++] = d;
}

/* ---- the map ---- */

calo_status calo_cpu_reserve_occlusion(calo_cpu_worker *worker, uint32_t rows, calo_error *err)
{
    calo_cpu_far_map *map = &worker->far_map;
    uint32_t draws = worker->scene->draw_count, across = worker->blocks_across, down = rows / CALO_CPU_BLOCK;
    size_t cells = 0;
    for (int level = 0; level < CALO_CPU_FAR_LEVELS; level++) {
        map->across[level] = across;
        map->down[level] = down;
        map->first[level] = cells;
        cells += (size_t)across * down;
        across = (across + 3) / 4;
        down = (down + 3) / 4;
    }
    if (map->capacity < cells) {
        free(map->cells);
        map->cells = malloc(cells * sizeof *map->cells);
        map->capacity = map->cells ? cells : 0;
    }
    if (worker->order_capacity < draws) {
        free(worker->draw_order);
        free(worker->depth_keys);
        worker->draw_order = malloc(draws * sizeof *worker->draw_order);
        worker->depth_keys = malloc(draws * sizeof *worker->depth_keys);
        worker->order_capacity = worker->draw_order && worker->depth_keys ? draws : 0;
    }
    if (map->capacity < cells || worker->order_capacity < draws)
        return calo_fail_memory(err, "the map of hidden parts", cells * sizeof *map->cells + 8 * (size_t)draws);
    return CALO_OK;
}

void calo_cpu_occlusion_finish(calo_cpu_worker *worker)
{
    free(worker->far_map.cells);
    free(worker->draw_order);
    free(worker->depth_keys);
}

/* The first map is made when about as much time went into clusters as a map takes, four times over. */
static uint64_t map_cost(const calo_cpu_worker *worker)
{
    uint64_t cost = worker->far_map.capacity * (1 + worker->sample_count) / 16;
    return cost > 64 ? cost : 64;
}

void calo_cpu_begin_occlusion(calo_cpu_worker *worker)
{
    worker->far_map.known = false;
    worker->far_map.clusters_drawn = 0;
    worker->far_map.next_refresh = map_cost(worker);
}

static float farthest_of(const calo_cpu_slots *slots, size_t count, float low)
{
    lanes_f far = lanes_float(low);
    for (size_t g = 0; g < count; g++)
        for (int part = 0; part < CALO_CPU_SLOTS; part += LANES)
            far = lanes_min(lanes_load(slots[g].z + part), far);
    for (int i = 0; i < LANES; i++)
        low = far[i] < low ? far[i] : low;
    return low;
}

static void map_blocks(calo_cpu_worker *worker, bool with_samples)
{
    const calo_cpu_far_map *map = &worker->far_map;
    uint32_t rows = (worker->buffer_bottom - worker->buffer_top + CALO_CPU_BLOCK - 1) / CALO_CPU_BLOCK;
    for (size_t block = 0, count = (size_t)rows * map->across[0]; block < count; block++) {
        float far = -INFINITY;
        if (worker->touched[block])
            far = farthest_of(&worker->centers[block], 1, INFINITY);
        if (with_samples && far > -INFINITY)
            far = farthest_of(calo_cpu_block_samples(worker, block), worker->sample_count, far);
        map->cells[block] = far;
    }
    for (size_t block = (size_t)rows * map->across[0]; block < (size_t)map->down[0] * map->across[0]; block++)
        map->cells[block] = -INFINITY;
}

/* A cell of the next level: the farthest of up to 4 x 4. */
static float join_cells(const calo_cpu_far_map *map, int level, uint32_t x, uint32_t y)
{
    const float *cells = map->cells + map->first[level];
    uint32_t right = 4 * x + 4 < map->across[level] ? 4 * x + 4 : map->across[level];
    uint32_t bottom = 4 * y + 4 < map->down[level] ? 4 * y + 4 : map->down[level];
    float far = INFINITY;
    for (uint32_t row = 4 * y; row < bottom; row++)
        for (uint32_t column = 4 * x; column < right; column++) {
            float cell = cells[(size_t)row * map->across[level] + column];
            far = cell < far ? cell : far;
        }
    return far;
}

void calo_cpu_refresh_occlusion(calo_cpu_worker *worker, calo_cpu_pass pass)
{
    calo_cpu_far_map *map = &worker->far_map;
    if (map->clusters_drawn < map->next_refresh)
        return;
    /* One sample gets its opaque surfaces when all are drawn. */
    map_blocks(worker, worker->sample_count > 1 || (worker->sample_count == 1 && !calo_cpu_is_opaque(pass)));
    for (int level = 0; level + 1 < CALO_CPU_FAR_LEVELS; level++)
        for (uint32_t y = 0; y < map->down[level + 1]; y++)
            for (uint32_t x = 0; x < map->across[level + 1]; x++)
                map->cells[map->first[level + 1] + (size_t)y * map->across[level + 1] + x] = join_cells(map, level, x, y);
    map->known = true;
    map->next_refresh = map->clusters_drawn + map_cost(worker) + map->clusters_drawn / 8;
}

/* ---- what is hidden ---- */

/* Where spheres can reach on the screen, in blocks of the buffers, and how near. */
typedef struct sphere_boxes {
    lanes_i left, top, right, bottom; /* inclusive */
    lanes_f nearest;
    lanes_m known; /* in front of the near plane as a whole */
} sphere_boxes;

/* The pixels that one screen axis's row can put a sphere's points to; false where that overflows. */
LANES_INLINE lanes_m find_extent(const float row[4], const float w_row[4], lanes_f at, lanes_f radius, lanes_f error,
                              lanes_f w_error, lanes_f w_low, float limit, lanes_i *low, lanes_i *high)
{
    lanes_f length2 = lanes_float(0);
    for (int c = 0; c < 3; c++) {
        lanes_f u = row[c] - at * w_row[c];
        length2 += u * u;
    }
    lanes_f reach = (lanes_sqrt(length2) * radius * slack + error + lanes_abs(at) * w_error) / w_low + 1.0f;
    *low = lanes_truncate(lanes_clamp(at - reach, 0, limit));
    *high = lanes_truncate(lanes_clamp(at + reach, -1, limit - 1) + 1.0f) - 1;
    return lanes_less(reach + lanes_abs(at), lanes_float(1e9f));
}

static void find_boxes(const calo_cpu_geometry_stage *stage, const lanes_f center[3], lanes_f radius,
                       sphere_boxes *boxes)
{
    const calo_cpu_worker *worker = stage->worker;
    const float (*rows)[4] = stage->rows;
    lanes_f p[4], error[4], reach[4];
    for (int i = 0; i < 4; i++) {
        const float *r = rows[i];
        p[i] = center[0] * r[0] + center[1] * r[1] + center[2] * r[2] + r[3];
        error[i] = lanes_float(fabsf(r[3]) * rounding);
        for (int c = 0; c < 3; c++)
            error[i] += (lanes_abs(center[c]) + radius) * (fabsf(r[c]) * rounding);
        reach[i] = radius * (sqrtf(r[0] * r[0] + r[1] * r[1] + r[2] * r[2]) * slack) + error[i];
    }
    lanes_f depth_low = p[3] - reach[3], w_low = p[2] - reach[2];
    boxes->known = lanes_less(lanes_float(worker->camera.near_metres), depth_low) & lanes_less(lanes_float(0), w_low);
    w_low = lanes_pick(boxes->known, w_low, lanes_float(1));
    lanes_f w = lanes_pick(boxes->known, p[2], lanes_float(1));
    lanes_i low, high;
    boxes->known &= find_extent(rows[0], rows[2], p[0] / w, radius, error[0], error[2], w_low, (float)worker->width,
                                &low, &high);
    boxes->left = low >> 2;
    boxes->right = high >> 2;
    boxes->known &= find_extent(rows[1], rows[2], p[1] / w, radius, error[1], error[2], w_low, (float)worker->height,
                                &low, &high);
    low = lanes_max_int(low, lanes_int((int32_t)worker->band_top)) - (int32_t)worker->buffer_top;
    high = lanes_min_int(high, lanes_int((int32_t)worker->band_bottom - 1)) - (int32_t)worker->buffer_top;
    boxes->top = low >> 2;
    boxes->bottom = high >> 2;
    lanes_f nearest = worker->camera.orthographic ? -depth_low : 1.0f / w_low;
    boxes->nearest = nearest + lanes_abs(nearest) * rounding;
}

/* Behind everything in the box; also when the box is empty. */
static bool is_hidden(const calo_cpu_far_map *map, int32_t left, int32_t top, int32_t right, int32_t bottom,
                      float nearest)
{
    int level = 0;
    while (level + 1 < CALO_CPU_FAR_LEVELS && (right - left > 3 || bottom - top > 3)) {
        left >>= 2;
        top >>= 2;
        right >>= 2;
        bottom >>= 2;
        level++;
    }
    const float *cells = map->cells + map->first[level];
    for (int32_t y = top; y <= bottom; y++)
        for (int32_t x = left; x <= right; x++)
            if (!(nearest < cells[(size_t)y * map->across[level] + (size_t)x]))
                return false;
    return true;
}

static bool box_is_hidden(const calo_cpu_far_map *map, const sphere_boxes *boxes, int lane)
{
    int32_t left = boxes->left[lane], top = boxes->top[lane], right = boxes->right[lane], bottom = boxes->bottom[lane];
    if (left > right || top > bottom)
        return true;
    return map->known && is_hidden(map, left, top, right, bottom, boxes->nearest[lane]);
}

bool calo_cpu_draw_is_hidden(const calo_cpu_geometry_stage *stage)
{
    lanes_f center[3];
    sphere_boxes boxes;
    for (int c = 0; c < 3; c++)
        center[c] = lanes_float((float)stage->draw->shared.center[c]);
    find_boxes(stage, center, lanes_float((float)stage->draw->shared.radius), &boxes);
    return (lanes_bits(boxes.known) & 1) && box_is_hidden(&stage->worker->far_map, &boxes, 0);
}

uint32_t calo_cpu_drop_hidden(const calo_cpu_geometry_stage *stage, uint32_t count)
{
    const calo_cpu_geometry *geometry = stage->draw->geometry;
    calo_cpu_far_map *map = &stage->worker->far_map;
    uint32_t kept = 0, *visible = stage->worker->visible;
    for (uint32_t first = 0; map->known && first < count; first += LANES) {
        uint32_t there = count - first < (uint32_t)LANES ? (1u << (count - first)) - 1 : (uint32_t)((1ull << LANES) - 1);
        lanes_i index = lanes_pick_int(lanes_from_bits(there), lanes_load_int(visible + first), lanes_int(0));
        lanes_f center[3], radius = lanes_gather(geometry->radius, index);
        sphere_boxes boxes;
        for (int c = 0; c < 3; c++)
            center[c] = lanes_gather(geometry->center[c], index);
        find_boxes(stage, center, radius, &boxes);
        for (uint32_t bits = lanes_bits(boxes.known) & there; bits; bits &= bits - 1)
            if (box_is_hidden(map, &boxes, __builtin_ctz(bits)))
                there &= ~(bits & -bits);
        kept += lanes_compress((int32_t *)visible + kept, lanes_from_bits(there), index);
    }
    kept = map->known ? kept : count;
    map->clusters_drawn += kept;
    return kept;
}
