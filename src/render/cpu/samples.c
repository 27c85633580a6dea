/* From the surfaces among the samples to the pixels' colours: each surface is shaded once a pixel. */
#include "render/cpu/samples.h"

#include <stdlib.h>

#include "base/error.h"

/* ---- which surfaces ---- */

static bool grow(void *array, size_t capacity, size_t item_bytes)
{
    void **memory = array, *larger = realloc(*memory, capacity * item_bytes);
    if (larger)
        *memory = larger;
    return larger != NULL;
}

static calo_status reserve_extras(calo_cpu_extras *extras, size_t count, calo_error *err)
{
    if (extras->capacity >= count)
        return CALO_OK;
    size_t capacity = extras->capacity ? extras->capacity * 2 : 4096;
    capacity = capacity > count ? capacity : count;
    bool whole = grow(&extras->pixels, capacity, 4) && grow(&extras->ids, capacity, 4) &&
                 grow(&extras->samples, capacity, 4) && grow(&extras->x, capacity, 4) &&
                 grow(&extras->y, capacity, 4) && grow(&extras->rgba, capacity, sizeof *extras->rgba);
    if (!whole)
        return calo_fail_memory(err, "surfaces at the edges", capacity * 36);
    extras->capacity = capacity;
    return CALO_OK;
}

/* A surface is shaded in the middle of its samples. `pixel`: within block (block_x, block_y). */
static void add_extra(calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, uint32_t pixel, uint32_t id,
                      uint32_t samples)
{
    calo_cpu_extras *extras = worker->extras;
    size_t block = calo_cpu_block_index(worker, (int32_t)block_x, (int32_t)block_y), e = extras->count++;
    const int32_t *low = worker->sample_sums[0][samples & 255], *high = worker->sample_sums[1][samples >> 8];
    float scale = 1.0f / (float)(CALO_CPU_SUBPIXEL * __builtin_popcount(samples));
    extras->pixels[e] = (uint32_t)(block * CALO_CPU_SLOTS) + pixel;
    extras->ids[e] = id;
    extras->samples[e] = samples;
    extras->x[e] = (float)(block_x * CALO_CPU_BLOCK + pixel % CALO_CPU_BLOCK) + 0.5f + (float)(low[0] + high[0]) * scale;
    extras->y[e] = (float)(block_y * CALO_CPU_BLOCK + pixel / CALO_CPU_BLOCK) + 0.5f + (float)(low[1] + high[1]) * scale;
}

/* The ids of a pixel's samples. */
static const uint32_t *pixel_samples(const calo_cpu_worker *worker, size_t block, uint32_t pixel)
{
    uint32_t slot = pixel * worker->sample_count;
    return worker->samples[block * worker->sample_count + slot / CALO_CPU_SLOTS].ids + slot % CALO_CPU_SLOTS;
}

/* A bit a slot, for each group of a block's samples. */
typedef struct sample_bits {
    uint32_t centers[CALO_CPU_SAMPLES_MAX]; /* shows what the pixel's centre shows */
    uint32_t empty[CALO_CPU_SAMPLES_MAX];
} sample_bits;

/* The pixels of group g in which a slot's bit is set. */
static uint32_t pixels_of_slots(uint32_t slots, uint32_t group, uint32_t sample_count)
{
    if (sample_count == 1)
        return slots;
    if (sample_count == 16)
        return (uint32_t)(slots != 0) << group;
    slots |= slots >> 1;
    slots = (slots | slots >> 2) & 0x1111;
    return ((slots | slots >> 3 | slots >> 6 | slots >> 9) & 15) << 4 * group;
}

/* Returns the pixels of which some sample shows something else than the centre. */
static uint32_t compare_samples(const calo_cpu_worker *worker, const calo_cpu_slots *samples,
                                const calo_cpu_slots *centers, sample_bits *bits)
{
    uint32_t mixed = 0, shift = worker->sample_count == 1 ? 0 : worker->sample_count == 4 ? 2 : 4;
    for (uint32_t g = 0; g < worker->sample_count; g++) {
        bits->centers[g] = bits->empty[g] = 0;
        for (int part = 0; part < CALO_CPU_SLOTS; part += LANES) {
            lanes_i slot = lanes_count() + ((int32_t)g * CALO_CPU_SLOTS + part);
            lanes_i center = lanes_lookup16(centers->ids, slot >> (int32_t)shift);
            lanes_i ids = lanes_load_int(samples[g].ids + part);
            bits->centers[g] |= lanes_bits(lanes_equal_int(center, ids)) << part;
            bits->empty[g] |= lanes_bits(lanes_equal_int(ids, lanes_int(0))) << part;
        }
        mixed |= pixels_of_slots(bits->centers[g] ^ 0xffff, g, worker->sample_count);
    }
    return mixed;
}

/* Which samples show what the centre shows, which the background; the others become extras. */
static void sort_samples(calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y, uint32_t pixel,
                         const sample_bits *bits, calo_cpu_row *row)
{
    uint32_t first = pixel * worker->sample_count, group = first / CALO_CPU_SLOTS, shift = first % CALO_CPU_SLOTS;
    uint32_t all = (1u << worker->sample_count) - 1, background = bits->empty[group] >> shift & all;
    uint32_t center = bits->centers[group] >> shift & all & ~background, todo = all & ~(center | background);
    float scale = 1.0f / (float)worker->sample_count;
    row->center_samples[pixel] = (uint16_t)center;
    row->background_samples[pixel] = (uint16_t)background;
    row->center_share[pixel] = (float)__builtin_popcount(center) * scale;
    row->background_share[pixel] = (float)__builtin_popcount(background) * scale;
    row->first_extra[pixel] = (uint32_t)worker->extras->count;
    size_t block = calo_cpu_block_index(worker, (int32_t)block_x, (int32_t)block_y);
    const uint32_t *ids = pixel_samples(worker, block, pixel);
    while (todo) {
        uint32_t id = ids[__builtin_ctz(todo)], same = todo & -todo;
        for (uint32_t s = 0; s + 4 <= worker->sample_count; s += 4)
            same |= lanes_equal4(ids + s, id) << s;
        todo &= ~same;
        add_extra(worker, block_x, block_y, pixel, id, same);
    }
    row->extra_count[pixel] = (uint32_t)worker->extras->count - row->first_extra[pixel];
}

calo_status calo_cpu_samples_sort(calo_cpu_worker *worker, uint32_t block_x, uint32_t block_y,
                                  const calo_cpu_slots *centers, const calo_cpu_slots *samples, calo_error *err)
{
    calo_cpu_row *row = &worker->row[block_x];
    sample_bits bits;
    row->mixed = compare_samples(worker, samples, centers, &bits);
    if (!row->mixed)
        return CALO_OK;
    for (int slot = 0; slot < CALO_CPU_SLOTS; slot += LANES) {
        lanes_store(row->center_share + slot, lanes_float(1));
        lanes_store(row->background_share + slot, lanes_float(0));
    }
    calo_status status = reserve_extras(
        worker->extras, worker->extras->count + (size_t)CALO_CPU_SLOTS * worker->sample_count, err);
    for (uint32_t todo = row->mixed; status == CALO_OK && todo; todo &= todo - 1)
        sort_samples(worker, block_x, block_y, (uint32_t)__builtin_ctz(todo), &bits, row);
    return status;
}

/* ---- extras ---- */

static void shade_extra_packets(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count, const size_t *first)
{
    calo_cpu_surface surfaces[CALO_CPU_GROUP];
    if (count == 0)
        return;
    bool blends = packets[0].draw->shared.alpha_mode == CALO_ALPHA_BLEND;
    calo_cpu_surface_find(worker, packets, count, surfaces);
    for (int k = 0; k < count; k++) {
        lanes_f rgb[3];
        calo_cpu_shade(worker, &packets[k], &surfaces[k], rgb);
        float rgba[LANES][4];
        lanes_f alpha = blends ? surfaces[k].base_color[3] : lanes_float(1);
        lanes_store4(rgba[0], (lanes_f[4]){rgb[0], rgb[1], rgb[2], alpha});
        for (uint32_t bits = lanes_bits(packets[k].active); bits; bits &= bits - 1) {
            int lane = __builtin_ctz(bits);
            memcpy(worker->extras->rgba[first[k] + (size_t)lane], rgba[lane], sizeof rgba[lane]);
        }
    }
}

/* The ids and places of the extras from `first` on; returns the lanes that hold one. */
static uint32_t load_extras(const calo_cpu_extras *extras, size_t first, calo_cpu_packet *packet)
{
    size_t left = extras->count - first, count = left < (size_t)LANES ? left : (size_t)LANES;
    float x[LANES] = {0}, y[LANES] = {0};
    uint32_t ids[LANES] = {0};
    memcpy(x, extras->x + first, count * sizeof *x);
    memcpy(y, extras->y + first, count * sizeof *y);
    memcpy(ids, extras->ids + first, count * sizeof *ids);
    packet->x = lanes_load(x);
    packet->y = lanes_load(y);
    packet->ids = lanes_load_int(ids);
    return (uint32_t)((1ull << count) - 1);
}

void calo_cpu_samples_shade(calo_cpu_worker *worker)
{
    calo_cpu_packet packets[CALO_CPU_GROUP];
    size_t firsts[CALO_CPU_GROUP];
    int count = 0;
    for (size_t first = 0; first < worker->extras->count; first += LANES) {
        calo_cpu_packet all;
        uint32_t todo = load_extras(worker->extras, first, &all);
        while (todo) {
            calo_cpu_packet packet = all;
            packet.active = calo_cpu_same_draw(worker, all.ids, todo, &packet.draw);
            packet.ids = lanes_pick_int(packet.active, all.ids, lanes_int(all.ids[__builtin_ctz(todo)]));
            todo &= ~lanes_bits(packet.active);
            if (count == CALO_CPU_GROUP || (count && packets[0].draw != packet.draw)) {
                shade_extra_packets(worker, packets, count, firsts);
                count = 0;
            }
            firsts[count] = first;
            packets[count++] = packet;
        }
    }
    shade_extra_packets(worker, packets, count, firsts);
}

/* ---- putting a pixel's colour together ---- */

/* The means over the samples, without extras: what the centres show and the background. */
static void mix_centers(calo_cpu_row *row, float mixed[4][CALO_CPU_SLOTS])
{
    for (int slot = 0; slot < CALO_CPU_SLOTS; slot += LANES) {
        lanes_f center = lanes_load(row->center_share + slot), background = lanes_load(row->background_share + slot);
        for (int c = 0; c < 4; c++)
            lanes_store(mixed[c] + slot,
                        lanes_load(row->center[c] + slot) * center + lanes_load(row->background[c] + slot) * background);
    }
}

/* Adds the opaque extras' shares. */
static void mix_extras(const calo_cpu_worker *worker, const calo_cpu_row *row, uint32_t pixel,
                       float mixed[4][CALO_CPU_SLOTS])
{
    const calo_cpu_extras *extras = worker->extras;
    float scale = 1.0f / (float)worker->sample_count;
    for (uint32_t e = row->first_extra[pixel]; e < row->first_extra[pixel] + row->extra_count[pixel]; e++) {
        float share = (float)__builtin_popcount(extras->samples[e]) * scale;
        for (int c = 0; c < 4; c++)
            mixed[c][pixel] += share * extras->rgba[e][c];
    }
}

/* Each sample of the opaque picture for itself. */
static void spread_samples(const calo_cpu_worker *worker, const calo_cpu_row *row, uint32_t pixel,
                           float samples[CALO_CPU_SAMPLES_MAX][4])
{
    const calo_cpu_extras *extras = worker->extras;
    bool mixed = row->mixed >> pixel & 1;
    for (uint32_t s = 0; s < worker->sample_count; s++)
        for (int c = 0; c < 4; c++)
            samples[s][c] = !mixed || (row->center_samples[pixel] >> s & 1) ? row->center[c][pixel]
                                                                           : row->background[c][pixel];
    for (uint32_t e = row->first_extra[pixel]; mixed && e < row->first_extra[pixel] + row->extra_count[pixel]; e++)
        for (uint32_t s = 0; s < worker->sample_count; s++)
            if (extras->samples[e] >> s & 1)
                memcpy(samples[s], extras->rgba[e], sizeof samples[s]);
}

/* The transparent extras [*next, ...) of this pixel over what lies behind them, the farthest first. */
static void blend_pixel(const calo_cpu_worker *worker, const calo_cpu_row *row, uint32_t pixel, uint32_t key,
                        size_t *next, float rgba[4])
{
    const calo_cpu_extras *extras = worker->extras;
    float samples[CALO_CPU_SAMPLES_MAX][4];
    spread_samples(worker, row, pixel, samples);
    for (; *next < extras->count && extras->pixels[*next] == key; ++*next) {
        const float *over = extras->rgba[*next];
        for (uint32_t s = 0; s < worker->sample_count; s++) {
            if (!(extras->samples[*next] >> s & 1))
                continue;
            for (int c = 0; c < 3; c++)
                samples[s][c] = over[c] * over[3] + samples[s][c] * (1 - over[3]);
            samples[s][3] = over[3] + samples[s][3] * (1 - over[3]);
        }
    }
    for (int c = 0; c < 4; c++) {
        float sum = 0;
        for (uint32_t s = 0; s < worker->sample_count; s++)
            sum += samples[s][c];
        rgba[c] = sum / (float)worker->sample_count;
    }
}

/* A block's colours; `next`: the first transparent extra that is not yet used. */
static void mix_block(calo_cpu_worker *worker, calo_cpu_row *row, uint32_t key, size_t *next,
                      float mixed[4][CALO_CPU_SLOTS])
{
    const calo_cpu_extras *extras = worker->extras;
    memcpy(mixed, row->center, sizeof row->center);
    if (row->mixed) {
        mix_centers(row, mixed);
        for (uint32_t todo = row->mixed; todo; todo &= todo - 1)
            mix_extras(worker, row, (uint32_t)__builtin_ctz(todo), mixed);
    }
    while (*next < extras->count && extras->pixels[*next] < key + CALO_CPU_SLOTS) {
        uint32_t pixel = extras->pixels[*next] - key;
        float rgba[4];
        blend_pixel(worker, row, pixel, key + pixel, next, rgba);
        for (int c = 0; c < 4; c++)
            mixed[c][pixel] = rgba[c];
    }
}

void calo_cpu_samples_write(calo_cpu_worker *worker, uint32_t block_y, size_t next, const calo_frame *frame)
{
    size_t first = calo_cpu_block_index(worker, 0, (int32_t)block_y);
    for (uint32_t x = 0; x < worker->blocks_across; x++) {
        float mixed[4][CALO_CPU_SLOTS] __attribute__((aligned(64)));
        if (!worker->row[x].used)
            continue;
        mix_block(worker, &worker->row[x], (uint32_t)((first + x) * CALO_CPU_SLOTS), &next, mixed);
        for (int slot = 0; slot < CALO_CPU_SLOTS; slot += LANES) {
            calo_cpu_area area = calo_cpu_tile_area(worker, x, block_y, slot);
            lanes_f color[4];
            for (int c = 0; c < 4; c++)
                color[c] = lanes_load(mixed[c] + slot);
            calo_cpu_tile_write_color(worker, color, &area, frame);
        }
    }
}

calo_status calo_cpu_samples_add_fragments(calo_cpu_worker *worker, uint32_t block_y, size_t *next_fragment,
                                           calo_error *err)
{
    size_t end = (calo_cpu_block_index(worker, 0, (int32_t)block_y) + worker->blocks_across) * CALO_CPU_SLOTS;
    for (; *next_fragment < worker->fragment_count; ++*next_fragment) {
        const calo_cpu_fragment *fragment = &worker->fragments[*next_fragment];
        if (fragment->pixel >= end)
            break;
        calo_status status = reserve_extras(worker->extras, worker->extras->count + 1, err);
        if (status != CALO_OK)
            return status;
        add_extra(worker, fragment->pixel / CALO_CPU_SLOTS % worker->blocks_across, block_y,
                  fragment->pixel % CALO_CPU_SLOTS, fragment->id, fragment->samples);
    }
    return CALO_OK;
}

void calo_cpu_extras_destroy(calo_cpu_extras *extras)
{
    if (!extras)
        return;
    free(extras->pixels);
    free(extras->ids);
    free(extras->samples);
    free(extras->x);
    free(extras->y);
    free(extras->rgba);
    free(extras);
}
