/* Triangles to the visibility buffer: watertight (top-left rule on 1/256 pixel coordinates), exact
 * integers for coverage, one depth plane a triangle. */
#include "render/cpu/worker.h"

#include "base/scalar.h"

enum { PARTS = CALO_CPU_SLOTS / CALO_CPU_LANES };

/* A triangle of any size, for large ones: edge functions in 64 bits. */
typedef struct large_triangle {
    calo_cpu_face face;
    int64_t step_x[3], step_y[3];    /* a 1/256 pixel */
    int64_t value[3];                /* at the centre of pixel (0, 0) */
    double z;                        /* there, too */
} large_triangle;

/* ---- slots ---- */

/* Where a surface of a later draw lies at the same depth. */
LANES_INLINE lanes_m ties_with_later(lanes_f before, lanes_f z, lanes_i ids, uint32_t last_id)
{
    lanes_m later = lanes_less_int(lanes_int((int32_t)(last_id ^ 0x80000000u)), (lanes_i)((lanes_u)ids ^ 0x80000000u));
    return lanes_equal(before, z) & later;
}

/* Writes a face where it is covered and nearer. */
LANES_INLINE void write_slots(const calo_cpu_worker *worker, calo_cpu_slots *slots, int part, lanes_m covered, lanes_f z,
                              uint32_t id, calo_cpu_pass pass)
{
    float *old_z = slots->z + part * LANES;
    uint32_t *old_ids = slots->ids + part * LANES;
    lanes_f before = lanes_load(old_z);
    lanes_m nearer = lanes_less(before, z);
    if (pass == CALO_CPU_PASS_ANY_ORDER)
        nearer |= ties_with_later(before, z, lanes_load_int(old_ids), worker->last_id);
    nearer &= covered;
    lanes_store(old_z, lanes_pick(nearer, z, before));
    lanes_store_int(old_ids, lanes_pick_int(nearer, lanes_int((int32_t)id), lanes_load_int(old_ids)));
}

LANES_INLINE lanes_f depth_at(const calo_cpu_face *face, const calo_cpu_slot_places *places, uint32_t group, int part,
                              float z_first)
{
    lanes_f x = lanes_load(places->x[group] + part * LANES), y = lanes_load(places->y[group] + part * LANES);
    return lanes_clamp(x * face->step_x + y * face->step_y + z_first, face->low, face->high);
}

/* The slots of one group of a block. */
typedef struct slot_group {
    calo_cpu_slots *slots;
    const calo_cpu_slot_places *places;
    uint32_t group;
    bool samples;
    int32_t block_x, block_y;
    float z_first;
} slot_group;

/* A surface whose alpha decides: what is covered and in front goes to blend.c. */
static void visit(calo_cpu_worker *worker, const calo_cpu_face *face, const slot_group *at, uint32_t covered,
                  calo_cpu_pass pass)
{
    float z[CALO_CPU_SLOTS];
    uint32_t bits = 0;
    for (int part = 0; part < PARTS; part++) {
        lanes_f here = depth_at(face, at->places, at->group, part, at->z_first);
        lanes_store(z + part * LANES, here);
        bits |= lanes_bits(lanes_less(lanes_load(at->slots->z + part * LANES), here)) << (part * LANES);
    }
    calo_cpu_visit visit = {
        .pass = pass,
        .samples = at->samples,
        .group = at->group,
        .bits = bits & covered,
        .block_x = at->block_x,
        .block_y = at->block_y,
        .z_first = at->z_first,
        .z = z,
        .slots = at->slots,
    };
    if (visit.bits)
        calo_cpu_visit_slots(worker, face, &visit);
}

/* ---- small triangles ---- */

/* A triangle of a batch over one group of slots: its edge functions and depth, from the values at the
 * block's first pixel. */
typedef struct small_triangle {
    calo_cpu_face face;
    int32_t edges[3], values[3]; /* packed; at the block at hand */
    int32_t step_x[3], step_y[3]; /* a block */
} small_triangle;

LANES_INLINE lanes_m small_coverage(const small_triangle *t, const int32_t *places)
{
    lanes_i at = lanes_load_int(places);
    lanes_i e0 = lanes_dot16(lanes_int(t->edges[0]), at) + t->values[0];
    lanes_i e1 = lanes_dot16(lanes_int(t->edges[1]), at) + t->values[1];
    lanes_i e2 = lanes_dot16(lanes_int(t->edges[2]), at) + t->values[2];
    return lanes_less_int(lanes_int(-1), e0 | e1 | e2);
}

LANES_INLINE void draw_small_group(calo_cpu_worker *worker, const small_triangle *t, const slot_group *at,
                                   calo_cpu_pass pass)
{
    uint32_t covered = 0;
    for (int part = 0; part < PARTS; part++) {
        lanes_m inside = small_coverage(t, at->places->packed[at->group] + part * LANES);
        if (calo_cpu_is_opaque(pass))
            write_slots(worker, at->slots, part, inside, depth_at(&t->face, at->places, at->group, part, at->z_first),
                        t->face.id, pass);
        else
            covered |= lanes_bits(inside) << (part * LANES);
    }
    if (!calo_cpu_is_opaque(pass) && covered)
        visit(worker, &t->face, at, covered, pass);
}

/* Rows of a block with four samples a pixel: two or all, for more cases would be guessed wrong too often. */
LANES_INLINE void draw_small_rows(calo_cpu_worker *worker, const small_triangle *t, slot_group at,
                                  const calo_cpu_batch *batch, uint32_t i, calo_cpu_pass pass)
{
    int32_t y = at.block_y * CALO_CPU_BLOCK, top = max_int(batch->top[i] - y, 0), bottom = min_int(batch->bottom[i] - y, 3);
    uint32_t count = bottom - top < 2 ? 2 : 4;
    at.group = count == 2 ? (uint32_t)min_int(top, 2) : 0;
    at.slots += at.group;
    for (uint32_t end = at.group + count; at.group < end; at.group++, at.slots++)
        draw_small_group(worker, t, &at, pass);
}

/* The groups of samples: a whole block, its rows, or with 16 the pixels within the triangle's box. */
LANES_INLINE void draw_small_samples(calo_cpu_worker *worker, const small_triangle *t, slot_group at,
                                     const calo_cpu_batch *batch, uint32_t i, uint32_t samples, calo_cpu_pass pass)
{
    calo_cpu_slots *first = at.slots;
    if (samples == 1) {
        draw_small_group(worker, t, &at, pass);
        return;
    }
    if (samples == 4) {
        draw_small_rows(worker, t, at, batch, i, pass);
        return;
    }
    int32_t x = at.block_x * CALO_CPU_BLOCK, y = at.block_y * CALO_CPU_BLOCK;
    int32_t left = max_int(batch->left[i] - x, 0), right = min_int(batch->right[i] - x, 3);
    int32_t top = max_int(batch->top[i] - y, 0), bottom = min_int(batch->bottom[i] - y, 3);
    for (y = top; y <= bottom; y++)
        for (x = left; x <= right; x++) {
            at.group = (uint32_t)(y * CALO_CPU_BLOCK + x);
            at.slots = first + at.group;
            draw_small_group(worker, t, &at, pass);
        }
}

/* True when no slot of the block can be inside, samples half a pixel around centres included. */
LANES_INLINE bool misses_block(const small_triangle *t)
{
    for (int k = 0; k < 3; k++) {
        int32_t x = (int16_t)t->edges[k], y = t->edges[k] >> 16, half = CALO_CPU_SUBPIXEL / 2;
        int32_t far = (CALO_CPU_BLOCK - 1) * CALO_CPU_SUBPIXEL + half;
        int32_t reach = (x > 0 ? x * far : -x * half) + (y > 0 ? y * far : -y * half);
        if (t->values[k] + reach < 0)
            return true;
    }
    return false;
}

LANES_INLINE void draw_small_block(calo_cpu_worker *worker, const small_triangle *t, const calo_cpu_batch *batch,
                                   uint32_t i, int32_t column, int32_t row, float z, uint32_t samples,
                                   calo_cpu_pass pass)
{
    size_t index = (size_t)batch->first_block[i] + (size_t)row * worker->blocks_across + (size_t)column;
    slot_group at = {&worker->centers[index], &worker->center_places, 0, false, (batch->left[i] >> 2) + column,
                     (batch->top[i] >> 2) + row, z};
    worker->touched[index] = 1;
    if (pass != CALO_CPU_PASS_FRAGMENTS)
        draw_small_group(worker, t, &at, pass);
    if (samples && pass != CALO_CPU_PASS_DATA) {
        at.slots = worker->samples + index * samples;
        at.samples = true;
        at.places = &worker->sample_places;
        draw_small_samples(worker, t, at, batch, i, samples, pass);
    }
}

/* More than one block, row by row. */
LANES_INLINE void draw_small_blocks(calo_cpu_worker *worker, small_triangle *t, const calo_cpu_batch *batch, uint32_t i,
                                    uint32_t samples, calo_cpu_pass pass)
{
    int32_t across = batch->across[i], down = batch->down[i], row_values[3], block = CALO_CPU_BLOCK * CALO_CPU_SUBPIXEL;
    bool test_blocks = across + down > 4;
    float row_z = batch->z[i];
    for (int k = 0; k < 3; k++) {
        t->step_x[k] = (int16_t)t->edges[k] * block;
        t->step_y[k] = (t->edges[k] >> 16) * block;
        row_values[k] = t->values[k];
    }
    for (int32_t row = 0; row < down; row++, row_z += t->face.step_y * CALO_CPU_BLOCK) {
        float z = row_z;
        for (int k = 0; k < 3; k++)
            t->values[k] = row_values[k];
        for (int32_t column = 0; column < across; column++, z += t->face.step_x * CALO_CPU_BLOCK) {
            if (!(test_blocks && misses_block(t)))
                draw_small_block(worker, t, batch, i, column, row, z, samples, pass);
            for (int k = 0; k < 3; k++)
                t->values[k] += t->step_x[k];
        }
        for (int k = 0; k < 3; k++)
            row_values[k] += t->step_y[k];
    }
}

LANES_INLINE void draw_batch(calo_cpu_worker *worker, const calo_cpu_batch *batch, const calo_cpu_queue *queue,
                             uint32_t samples, calo_cpu_pass pass)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        small_triangle t = {
            .face = {batch->step_x[i], batch->step_y[i], batch->low[i], batch->high[i], queue->ids[i]},
            .edges = {batch->edges[0][i], batch->edges[1][i], batch->edges[2][i]},
            .values = {batch->values[0][i], batch->values[1][i], batch->values[2][i]},
        };
        int32_t across = batch->across[i], down = batch->down[i];
        /* Most triangles lie in one block. */
        if ((across | down) == 1)
            draw_small_block(worker, &t, batch, i, 0, 0, batch->z[i], samples, pass);
        else if (across > 0)
            draw_small_blocks(worker, &t, batch, i, samples, pass);
    }
}

static void draw_rare_batch(calo_cpu_worker *worker, const calo_cpu_batch *batch, const calo_cpu_queue *queue,
                            calo_cpu_pass pass)
{
    draw_batch(worker, batch, queue, worker->sample_count, pass);
}

LANES_INLINE void draw_opaque_batch(calo_cpu_worker *worker, const calo_cpu_batch *batch, const calo_cpu_queue *queue,
                                    calo_cpu_pass pass)
{
    if (worker->sample_count == 4)
        draw_batch(worker, batch, queue, 4, pass);
    else if (worker->sample_count == 16)
        draw_batch(worker, batch, queue, 16, pass);
    else
        draw_batch(worker, batch, queue, 0, pass);
}

/* The common cases are compiled each for itself. */
void calo_cpu_rasterize_batch(calo_cpu_worker *worker, const calo_cpu_batch *batch, const calo_cpu_queue *queue,
                              calo_cpu_pass pass)
{
    if (pass == CALO_CPU_PASS_OPAQUE)
        draw_opaque_batch(worker, batch, queue, CALO_CPU_PASS_OPAQUE);
    else if (pass == CALO_CPU_PASS_ANY_ORDER)
        draw_opaque_batch(worker, batch, queue, CALO_CPU_PASS_ANY_ORDER);
    else
        draw_rare_batch(worker, batch, queue, pass);
}

/* ---- large triangles ---- */

static large_triangle make_large(const int32_t x[3], const int32_t y[3], const float z[3], uint32_t id)
{
    large_triangle t = {.face.id = id};
    int64_t half = CALO_CPU_SUBPIXEL / 2;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        int64_t dx = (int64_t)x[j] - x[i], dy = (int64_t)y[j] - y[i];
        bool owns = dy < 0 || (dy == 0 && dx > 0);
        t.value[i] = dx * (half - y[i]) - dy * (half - x[i]) - (owns ? 0 : 1);
        t.step_x[i] = -dy;
        t.step_y[i] = dx;
    }
    double x1 = x[1] - x[0], y1 = y[1] - y[0], x2 = x[2] - x[0], y2 = y[2] - y[0];
    double z1 = (double)z[1] - z[0], z2 = (double)z[2] - z[0], area = x1 * y2 - y1 * x2;
    double step_x = (z1 * y2 - z2 * y1) / area, step_y = (z2 * x1 - z1 * x2) / area;
    t.z = z[0] + step_x * (double)(half - x[0]) + step_y * (double)(half - y[0]);
    t.face.step_x = (float)(step_x * CALO_CPU_SUBPIXEL);
    t.face.step_y = (float)(step_y * CALO_CPU_SUBPIXEL);
    t.face.low = calo_minf(z[0], calo_minf(z[1], z[2]));
    t.face.high = calo_maxf(z[0], calo_maxf(z[1], z[2]));
    return t;
}

/* Bits of the slots inside. */
static uint32_t large_coverage(const large_triangle *t, const int64_t values[3], const int32_t *places)
{
    uint32_t bits = 0;
    for (int s = 0; s < CALO_CPU_SLOTS; s++) {
        int64_t x = (int16_t)places[s], y = places[s] >> 16;
        int64_t inside = (values[0] + x * t->step_x[0] + y * t->step_y[0]) |
                         (values[1] + x * t->step_x[1] + y * t->step_y[1]) |
                         (values[2] + x * t->step_x[2] + y * t->step_y[2]);
        bits |= (uint32_t)(inside >= 0) << s;
    }
    return bits;
}

static void draw_large_group(calo_cpu_worker *worker, const large_triangle *t, const slot_group *at, uint32_t covered,
                             calo_cpu_pass pass)
{
    if (!calo_cpu_is_opaque(pass)) {
        if (covered)
            visit(worker, &t->face, at, covered, pass);
        return;
    }
    for (int part = 0; part < PARTS; part++)
        write_slots(worker, at->slots, part, lanes_from_bits(covered >> (part * LANES)),
                    depth_at(&t->face, at->places, at->group, part, at->z_first), t->face.id, pass);
}

enum { OUTSIDE, PARTLY, INSIDE };

/* Where a square of `pixels` lies whose first pixel centre has these values. */
static int classify(const large_triangle *t, const int64_t values[3], int32_t pixels)
{
    int64_t half = CALO_CPU_SUBPIXEL / 2, far = (int64_t)(pixels - 1) * CALO_CPU_SUBPIXEL + half;
    int place = INSIDE;
    for (int k = 0; k < 3; k++) {
        int64_t x = t->step_x[k], y = t->step_y[k];
        int64_t high = (x > 0 ? x * far : -x * half) + (y > 0 ? y * far : -y * half);
        int64_t low = (x > 0 ? -x * half : x * far) + (y > 0 ? -y * half : y * far);
        if (values[k] + high < 0)
            return OUTSIDE;
        if (values[k] + low < 0)
            place = PARTLY;
    }
    return place;
}

static void values_at(const large_triangle *t, int32_t x, int32_t y, int64_t values[3])
{
    for (int k = 0; k < 3; k++)
        values[k] = t->value[k] + t->step_x[k] * x * CALO_CPU_SUBPIXEL + t->step_y[k] * y * CALO_CPU_SUBPIXEL;
}

static void draw_large_block(calo_cpu_worker *worker, const large_triangle *t, int32_t block_x, int32_t block_y,
                             bool inside, calo_cpu_pass pass)
{
    int32_t x = block_x * CALO_CPU_BLOCK, y = block_y * CALO_CPU_BLOCK;
    size_t index = calo_cpu_block_index(worker, block_x, block_y);
    int64_t values[3];
    values_at(t, x, y, values);
    int place = inside ? INSIDE : classify(t, values, CALO_CPU_BLOCK);
    if (place == OUTSIDE)
        return;
    worker->touched[index] = 1;
    float z = (float)(t->z + (double)t->face.step_x * x + (double)t->face.step_y * y);
    slot_group at = {&worker->centers[index], &worker->center_places, 0, false, block_x, block_y, z};
    if (pass != CALO_CPU_PASS_FRAGMENTS)
        draw_large_group(worker, t, &at, place == INSIDE ? 0xffff : large_coverage(t, values, at.places->packed[0]), pass);
    if (pass == CALO_CPU_PASS_DATA || (calo_cpu_is_opaque(pass) && worker->sample_count == 1))
        return;
    at.places = &worker->sample_places;
    at.samples = true;
    for (at.group = 0; at.group < worker->sample_count; at.group++) {
        at.slots = worker->samples + index * worker->sample_count + at.group;
        uint32_t covered = place == INSIDE ? 0xffff : large_coverage(t, values, at.places->packed[at.group]);
        if (covered)
            draw_large_group(worker, t, &at, covered, pass);
    }
}

/* Bounds in blocks, inclusive. */
typedef struct block_box {
    int32_t left, top, right, bottom;
} block_box;

/* Squares of 8 x 8 blocks are tested first: most of a long thin triangle's box is empty. */
static void draw_large_tiles(calo_cpu_worker *worker, const large_triangle *t, const block_box *box, calo_cpu_pass pass)
{
    enum { TILE = 8 };
    for (int32_t top = box->top & -TILE; top <= box->bottom; top += TILE)
        for (int32_t left = box->left & -TILE; left <= box->right; left += TILE) {
            int64_t values[3];
            values_at(t, left * CALO_CPU_BLOCK, top * CALO_CPU_BLOCK, values);
            int place = classify(t, values, TILE * CALO_CPU_BLOCK);
            if (place == OUTSIDE)
                continue;
            int32_t right = min_int(left + TILE - 1, box->right), bottom = min_int(top + TILE - 1, box->bottom);
            for (int32_t y = max_int(top, box->top); y <= bottom; y++)
                for (int32_t x = max_int(left, box->left); x <= right; x++)
                    draw_large_block(worker, t, x, y, place == INSIDE, pass);
        }
}

void calo_cpu_rasterize_large(calo_cpu_worker *worker, const int32_t x[3], const int32_t y[3], const float z[3],
                              uint32_t id, calo_cpu_pass pass)
{
    int32_t half = CALO_CPU_SUBPIXEL / 2, margin = worker->sample_count > 1 ? half : 0;
    int32_t left = max_int((lowest_of_three(x) + half - 1 - margin) >> 8, 0);
    int32_t top = max_int((lowest_of_three(y) + half - 1 - margin) >> 8, (int32_t)worker->band_top);
    int32_t right = min_int((highest_of_three(x) - half + margin) >> 8, (int32_t)worker->width - 1);
    int32_t bottom = min_int((highest_of_three(y) - half + margin) >> 8, (int32_t)worker->band_bottom - 1);
    if (left > right || top > bottom)
        return;
    large_triangle t = make_large(x, y, z, id);
    block_box box = {left / CALO_CPU_BLOCK, top / CALO_CPU_BLOCK, right / CALO_CPU_BLOCK, bottom / CALO_CPU_BLOCK};
    draw_large_tiles(worker, &t, &box, pass);
}
