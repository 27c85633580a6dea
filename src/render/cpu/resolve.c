/* From the visibility buffer to the frame: each surface is shaded once a pixel, at the pixel's
 * centre where it is seen there, else in the middle of the samples that it covers. */
#include <stdlib.h>

#include "base/error.h"
#include "render/cpu/samples.h"

/* ---- centres ---- */

/* LANES slots of a block that wait for others of the same draw, to be shaded together. */
typedef struct pending_slots {
    calo_cpu_packet packets[CALO_CPU_GROUP + 1]; /* the last one for those that do not wait */
    uint32_t block_x[CALO_CPU_GROUP];
    int first[CALO_CPU_GROUP], count;
    uint32_t block_y;
    const calo_frame *frame;
} pending_slots;

/* Where the surfaces of LANES slots come together. */
typedef struct slot_output {
    calo_cpu_tile tile;
    lanes_f color[4];
} slot_output;

static void begin_output(const calo_cpu_worker *worker, uint32_t block_x, int first, slot_output *output)
{
    calo_cpu_tile_clear(worker->options, &output->tile);
    for (int c = 0; c < 4; c++)
        output->color[c] = worker->even_background ? lanes_float(worker->background[c])
                                                   : lanes_load(worker->row[block_x].background[c] + first);
}

static void put_output(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                       slot_output *output)
{
    lanes_f rgb[3];
    calo_cpu_tile_put(worker, packet, surface, &output->tile);
    if (!(worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR)))
        return;
    calo_cpu_shade(worker, packet, surface, rgb);
    bool whole = lanes_all(packet->active);
    for (int c = 0; c < 3; c++)
        output->color[c] = whole ? rgb[c] : lanes_pick(packet->active, rgb[c], output->color[c]);
    output->color[3] = whole ? lanes_float(1) : lanes_pick(packet->active, lanes_float(1), output->color[3]);
}

/* Data channels, and colour where the centres serve for it; else colour into the row. */
static void end_output(calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, int first, const calo_frame *frame,
                       const slot_output *output)
{
    calo_cpu_area area = calo_cpu_tile_area(worker, block_x, block_y, first);
    calo_cpu_tile_write(worker->options, &output->tile, &area, frame);
    for (int c = 0; worker->sample_count && c < 4; c++)
        lanes_store(worker->row[block_x].center[c] + first, output->color[c]);
    if ((worker->options->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR)) && !worker->sample_count)
        calo_cpu_tile_write_color(worker, output->color, &area, frame);
}

static void flush_pending(calo_cpu_worker *worker, pending_slots *pending)
{
    calo_cpu_surface surfaces[CALO_CPU_GROUP];
    if (pending->count == 0)
        return;
    calo_cpu_surface_find(worker, pending->packets, pending->count, surfaces);
    for (int i = 0; i < pending->count; i++) {
        slot_output output;
        if (!lanes_all(pending->packets[i].active))
            begin_output(worker, pending->block_x[i], pending->first[i], &output);
        put_output(worker, &pending->packets[i], &surfaces[i], &output);
        end_output(worker, pending->block_x[i], pending->block_y, pending->first[i], pending->frame, &output);
    }
    pending->count = 0;
}

/* Slots that show several draws, or none: at once. */
static void resolve_mixed_slots(calo_cpu_worker *worker, calo_cpu_packet *packet, lanes_i ids, uint32_t todo,
                                uint32_t block_x, int first, const pending_slots *pending)
{
    slot_output output;
    begin_output(worker, block_x, first, &output);
    while (todo) {
        calo_cpu_surface surface;
        packet->active = calo_cpu_same_draw(worker, ids, todo, &packet->draw);
        packet->ids = lanes_pick_int(packet->active, ids, lanes_int((int32_t)packet->draw->first_id));
        todo &= ~lanes_bits(packet->active);
        calo_cpu_surface_find(worker, packet, 1, &surface);
        put_output(worker, packet, &surface, &output);
    }
    end_output(worker, block_x, pending->block_y, first, pending->frame, &output);
}

/* The indices of so many triangles stay in the caches. */
enum { NEAR_ELEMENTS = 16384 };

static void resolve_centers(calo_cpu_worker *worker, const calo_cpu_slots *slots, uint32_t block_x,
                            pending_slots *pending)
{
    const calo_cpu_slot_places *places = &worker->center_places;
    for (int first = 0; first < CALO_CPU_SLOTS; first += LANES) {
        lanes_i ids = lanes_load_int(slots->ids + first);
        uint32_t todo = lanes_bits(lanes_not(lanes_equal_int(ids, lanes_int(0))));
        const calo_cpu_draw *draw = NULL;
        lanes_m active = todo ? calo_cpu_same_draw(worker, ids, todo, &draw) : lanes_from_bits(0);
        bool mixed = !todo || lanes_bits(active) != todo;
        size_t corners = draw && draw->shared.primitive->topology == CALO_TRIANGLES ? 3 : 1;
        if (!mixed && (pending->count == CALO_CPU_GROUP || (pending->count && pending->packets[0].draw != draw)))
            flush_pending(worker, pending);
        calo_cpu_packet *packet = &pending->packets[mixed ? CALO_CPU_GROUP : pending->count];
        packet->draw = draw;
        packet->active = active;
        packet->x = lanes_load(places->x[0] + first) + ((float)(block_x * CALO_CPU_BLOCK) + 0.5f);
        packet->y = lanes_load(places->y[0] + first) + ((float)(pending->block_y * CALO_CPU_BLOCK) + 0.5f);
        if (mixed) {
            resolve_mixed_slots(worker, packet, ids, todo, block_x, first, pending);
            continue;
        }
        /* Idle lanes repeat an id that is there anyway. */
        packet->ids = lanes_pick_int(active, ids, lanes_int((int32_t)slots->ids[first + __builtin_ctz(todo)]));
        pending->block_x[pending->count] = block_x;
        pending->first[pending->count++] = first;
        /* Where the corners are is read when the packet is shaded; small draws are near anyway. */
        for (int i = 0; draw->element_count > NEAR_ELEMENTS && i < LANES; i++)
            __builtin_prefetch(draw->geometry->indices + ((uint32_t)packet->ids[i] - draw->first_id) * corners);
    }
}

/* ---- a row of blocks ---- */

static lanes_i join_ids(const calo_cpu_slots *slots, size_t count)
{
    lanes_i any = lanes_int(0);
    for (size_t g = 0; g < count; g++)
        for (int part = 0; part < CALO_CPU_SLOTS; part += LANES)
            any |= lanes_load_int(slots[g].ids + part);
    return any;
}

/* Blocks that no triangle came near are not even looked at. */
static bool holds_nothing(const calo_cpu_worker *worker, size_t block)
{
    if (!worker->touched[block])
        return true;
    lanes_i any = join_ids(&worker->centers[block], 1) |
                  join_ids(calo_cpu_block_samples(worker, block), worker->sample_count);
    return !lanes_any(lanes_not(lanes_equal_int(any, lanes_int(0))));
}

static calo_status resolve_block(calo_cpu_worker *worker, uint32_t x, pending_slots *pending, calo_error *err)
{
    size_t block = calo_cpu_block_index(worker, (int32_t)x, (int32_t)pending->block_y);
    calo_cpu_slots *centers = &worker->centers[block], *samples = calo_cpu_block_samples(worker, block);
    calo_cpu_row *row = &worker->row[x];
    calo_status status = CALO_OK;
    calo_cpu_background_find(worker, x, pending->block_y, row);
    row->mixed = 0;
    resolve_centers(worker, centers, x, pending);
    if (worker->sample_count)
        status = calo_cpu_samples_sort(worker, x, pending->block_y, centers, samples, err);
    if (worker->touched[block]) {
        calo_cpu_clear_slots(worker, centers, 1);
        calo_cpu_clear_slots(worker, samples, worker->sample_count);
    }
    return status;
}

static bool has_fragment(const calo_cpu_worker *worker, size_t block, size_t *next_fragment)
{
    while (*next_fragment < worker->fragment_count &&
           worker->fragments[*next_fragment].pixel < block * CALO_CPU_SLOTS)
        ++*next_fragment;
    return *next_fragment < worker->fragment_count &&
           worker->fragments[*next_fragment].pixel < (block + 1) * CALO_CPU_SLOTS;
}

static calo_status resolve_row(calo_cpu_worker *worker, uint32_t block_y, size_t *next_fragment, calo_frame *frame,
                               calo_error *err)
{
    size_t first = calo_cpu_block_index(worker, 0, (int32_t)block_y), peek = *next_fragment;
    uint32_t empty_from = 0, x = 0;
    pending_slots pending;
    pending.count = 0;
    pending.block_y = block_y;
    pending.frame = frame;
    worker->extras->count = 0;
    for (; x < worker->blocks_across; x++) {
        size_t block = first + x;
        bool empty = worker->even_background && holds_nothing(worker, block) && !has_fragment(worker, block, &peek);
        worker->row[x].used = !empty;
        if (empty) {
            worker->touched[block] = 0;
            continue;
        }
        if (empty_from < x)
            calo_cpu_tile_write_empty(worker, empty_from, x, block_y, frame);
        empty_from = x + 1;
        calo_status status = resolve_block(worker, x, &pending, err);
        if (status != CALO_OK)
            return status;
        worker->touched[block] = 0;
    }
    if (empty_from < x)
        calo_cpu_tile_write_empty(worker, empty_from, x, block_y, frame);
    flush_pending(worker, &pending);
    if (!worker->sample_count)
        return CALO_OK;
    size_t transparent_from = worker->extras->count;
    calo_status status = calo_cpu_samples_add_fragments(worker, block_y, next_fragment, err);
    if (status != CALO_OK)
        return status;
    calo_cpu_samples_shade(worker);
    calo_cpu_samples_write(worker, block_y, transparent_from, frame);
    return CALO_OK;
}

static calo_status reserve_row(calo_cpu_worker *worker, calo_error *err)
{
    if (!worker->extras)
        worker->extras = calloc(1, sizeof *worker->extras);
    if (worker->row_capacity < worker->blocks_across) {
        free(worker->row);
        worker->row = malloc(worker->blocks_across * sizeof *worker->row);
        worker->row_capacity = worker->row ? worker->blocks_across : 0;
    }
    if (!worker->extras || !worker->row)
        return calo_fail_memory(err, "a row of pixels", worker->blocks_across * sizeof *worker->row);
    return CALO_OK;
}

calo_status calo_cpu_resolve(calo_cpu_worker *worker, calo_frame *frame, calo_error *err)
{
    bool blends = worker->scene->list.has_blend && worker->sample_count > 0;
    uint32_t bottom = 0;
    calo_status status = reserve_row(worker, err);
    worker->fragment_count = 0;
    calo_cpu_background_begin(worker, frame);
    for (uint32_t top = worker->buffer_top; status == CALO_OK && top < worker->buffer_bottom; top = bottom) {
        size_t next_fragment = 0;
        bottom = worker->buffer_bottom;
        if (blends)
            status = calo_cpu_collect_fragments(worker, top, &bottom, err);
        for (uint32_t y = top; status == CALO_OK && y < bottom; y += CALO_CPU_BLOCK)
            status = resolve_row(worker, y / CALO_CPU_BLOCK, &next_fragment, frame, err);
    }
    return status;
}

void calo_cpu_resolve_finish(calo_cpu_worker *worker)
{
    calo_cpu_extras_destroy(worker->extras);
    free(worker->row);
}
