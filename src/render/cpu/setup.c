/* Triangles from the queue: edge functions, depth plane and box, many at once. */
#include "render/cpu/corners.h"
#include "render/stages.h"

/* The corners of LANES triangles in clockwise order (positive area with y down). */
typedef struct corner_lanes {
    lanes_i at[3]; /* packed */
    lanes_f z[3];
} corner_lanes;

/* Also gives twice the area, positive. */
LANES_INLINE lanes_i order_corners(corner_lanes *c)
{
    lanes_i area = doubled_area(c->at[0], c->at[1], c->at[2]);
    lanes_m swap = lanes_less_int(area, lanes_int(0));
    lanes_i b = c->at[1];
    lanes_f zb = c->z[1];
    c->at[1] = lanes_pick_int(swap, c->at[2], b);
    c->at[2] = lanes_pick_int(swap, b, c->at[2]);
    c->z[1] = lanes_pick(swap, c->z[2], zb);
    c->z[2] = lanes_pick(swap, zb, c->z[2]);
    return lanes_pick_int(swap, -area, area);
}

/* Pixels that can be covered, from the origin; empty ones have left > right or top > bottom. */
LANES_INLINE void find_box(const calo_cpu_worker *worker, const corner_lanes *c, lanes_i origin_x, lanes_i origin_y,
                           lanes_i box[4])
{
    int32_t half = CALO_CPU_SUBPIXEL / 2, margin = worker->sample_count > 1 ? half : 0;
    lanes_i low = (lanes_i)lanes_min16(lanes_min16((lanes_s)c->at[0], (lanes_s)c->at[1]), (lanes_s)c->at[2]);
    lanes_i high = (lanes_i)lanes_max16(lanes_max16((lanes_s)c->at[0], (lanes_s)c->at[1]), (lanes_s)c->at[2]);
    lanes_i left = (low_half(low) + (half - 1 - margin)) >> 8, right = (low_half(high) - (half - margin)) >> 8;
    lanes_i top = (high_half(low) + (half - 1 - margin)) >> 8, bottom = (high_half(high) - (half - margin)) >> 8;
    box[0] = lanes_max_int(left, -origin_x);
    box[1] = lanes_max_int(top, -origin_y);
    box[2] = lanes_min_int(right, (int32_t)worker->width - 1 - origin_x);
    box[3] = lanes_min_int(bottom, (int32_t)worker->band_bottom - 1 - origin_y);
}

/* Edge functions at the first pixel of the box's first block, not negative inside (the top-left
 * rule is a bias of -1). */
LANES_INLINE void find_edges(const corner_lanes *c, lanes_i reference, calo_cpu_batch *batch, uint32_t at)
{
    for (int k = 0; k < 3; k++) {
        lanes_i along = subtract_halves(c->at[(k + 1) % 3], c->at[k]), edge = turn(along);
        lanes_i value = lanes_dot16(edge, subtract_halves(reference, c->at[k]));
        /* The edge owns its pixels when dy < 0, or dy = 0 and dx > 0. */
        lanes_m owns = lanes_less_int(along, lanes_int(0x8000));
        lanes_store_int(batch->edges[k] + at, edge);
        lanes_store_int(batch->values[k] + at, value - lanes_pick_int(owns, lanes_int(0), lanes_int(1)));
    }
}

LANES_INLINE void find_depth(const corner_lanes *c, lanes_i doubled_area, lanes_i reference, calo_cpu_batch *batch,
                             uint32_t at)
{
    lanes_i ab = subtract_halves(c->at[1], c->at[0]), ac = subtract_halves(c->at[2], c->at[0]);
    lanes_i from = subtract_halves(reference, c->at[0]);
    lanes_f x1 = lanes_from_int(low_half(ab)), y1 = lanes_from_int(high_half(ab));
    lanes_f x2 = lanes_from_int(low_half(ac)), y2 = lanes_from_int(high_half(ac));
    lanes_f z1 = c->z[1] - c->z[0], z2 = c->z[2] - c->z[0], scale = 1.0f / lanes_from_int(doubled_area);
    lanes_f step_x = (z1 * y2 - z2 * y1) * scale, step_y = (z2 * x1 - z1 * x2) * scale;
    lanes_f z = c->z[0] + step_x * lanes_from_int(low_half(from)) + step_y * lanes_from_int(high_half(from));
    lanes_store(batch->z + at, z);
    lanes_store(batch->step_x + at, step_x * (float)CALO_CPU_SUBPIXEL);
    lanes_store(batch->step_y + at, step_y * (float)CALO_CPU_SUBPIXEL);
    lanes_store(batch->low + at, lanes_min(c->z[0], lanes_min(c->z[1], c->z[2])));
    lanes_store(batch->high + at, lanes_max(c->z[0], lanes_max(c->z[1], c->z[2])));
}

/* Down to the band, in the steps that rasterizing takes: where bands begin must not show in the bits. */
LANES_INLINE void skip_rows(const calo_cpu_worker *worker, lanes_i origin_y, lanes_i box[4], calo_cpu_batch *batch,
                            uint32_t at)
{
    lanes_i first = (int32_t)worker->band_top - origin_y, skip = (first >> 2) - (box[1] >> 2);
    lanes_m above = lanes_less_int(lanes_int(0), skip) & lanes_less_int(first - 1, box[3]);
    box[1] = lanes_max_int(box[1], first);
    for (; lanes_any(above); skip -= 1, above &= lanes_less_int(lanes_int(0), skip)) {
        lanes_f z = lanes_load(batch->z + at), step = lanes_load(batch->step_y + at) * (float)CALO_CPU_BLOCK;
        lanes_store(batch->z + at, lanes_pick(above, z + step, z));
        for (int k = 0; k < 3; k++) {
            lanes_i value = lanes_load_int(batch->values[k] + at), edge = lanes_load_int(batch->edges[k] + at);
            lanes_i next = value + high_half(edge) * (CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL);
            lanes_store_int(batch->values[k] + at, lanes_pick_int(above, next, value));
        }
    }
}

/* A block is 4 pixels wide: shifts divide. */
LANES_INLINE void find_blocks(const calo_cpu_worker *worker, const lanes_i box[4], calo_cpu_batch *batch, uint32_t at)
{
    lanes_m empty = lanes_less_int(box[2], box[0]) | lanes_less_int(box[3], box[1]);
    lanes_i across = (box[2] >> 2) - (box[0] >> 2) + 1, row = (box[1] >> 2) - (int32_t)(worker->buffer_top / CALO_CPU_BLOCK);
    lanes_store_int(batch->first_block + at, row * (int32_t)worker->blocks_across + (box[0] >> 2));
    lanes_store_int(batch->across + at, lanes_pick_int(empty, lanes_int(0), across));
    lanes_store_int(batch->down + at, lanes_pick_int(empty, lanes_int(0), (box[3] >> 2) - (box[1] >> 2) + 1));
}

LANES_INLINE void set_up(const calo_cpu_worker *worker, const calo_cpu_queue *queue, calo_cpu_batch *batch, uint32_t at)
{
    corner_lanes corners;
    for (int k = 0; k < 3; k++) {
        corners.at[k] = lanes_load_int(queue->corners[k] + at);
        corners.z[k] = lanes_load(queue->z[k] + at);
    }
    lanes_i origin_x = lanes_load_int(queue->origin_x + at), origin_y = lanes_load_int(queue->origin_y + at), box[4];
    lanes_i area = order_corners(&corners);
    find_box(worker, &corners, origin_x, origin_y, box);
    int32_t half = CALO_CPU_SUBPIXEL / 2;
    lanes_i reference_x = (box[0] & -CALO_CPU_BLOCK) * CALO_CPU_SUBPIXEL + half;
    lanes_i reference_y = (box[1] & -CALO_CPU_BLOCK) * CALO_CPU_SUBPIXEL + half;
    lanes_i reference = (reference_x & 0xffff) | reference_y << 16;
    find_edges(&corners, reference, batch, at);
    find_depth(&corners, area, reference, batch, at);
    skip_rows(worker, origin_y, box, batch, at);
    for (int i = 0; i < 4; i++)
        box[i] += i % 2 ? origin_y : origin_x;
    lanes_store_int(batch->left + at, box[0]);
    lanes_store_int(batch->top + at, box[1]);
    lanes_store_int(batch->right + at, box[2]);
    lanes_store_int(batch->bottom + at, box[3]);
    find_blocks(worker, box, batch, at);
}

void calo_cpu_flush_queue(calo_cpu_worker *worker, calo_cpu_pass pass)
{
    calo_cpu_queue *queue = &worker->queue;
    calo_cpu_batch batch;
    for (uint32_t at = 0; at < queue->count; at += LANES)
        set_up(worker, queue, &batch, at);
    if (worker->last_stage >= CALO_STAGE_RASTER)
        calo_cpu_rasterize_batch(worker, &batch, queue, pass);
    queue->count = 0;
}
