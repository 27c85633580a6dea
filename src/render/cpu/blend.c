/* Surfaces whose alpha decides: MASK is tested where it is drawn, BLEND is collected as fragments,
 * sorted and laid over the opaque picture. */
#include <stdlib.h>

#include "base/error.h"
#include "render/cpu/surface.h"

/* The slots among `bits` where the face's alpha is not below the cutoff. */
static uint32_t test_alpha(calo_cpu_worker *worker, const calo_cpu_face *face, const calo_cpu_visit *visit, float cutoff)
{
    const calo_cpu_slot_places *places = visit->samples ? &worker->sample_places : &worker->center_places;
    uint32_t passed = 0;
    for (int first = 0; first < CALO_CPU_SLOTS; first += LANES) {
        uint32_t here = visit->bits >> first & (uint32_t)((1ull << LANES) - 1);
        if (!here)
            continue;
        calo_cpu_packet packet = {
            .draw = calo_cpu_draw_of(worker->scene, face->id),
            .ids = lanes_int((int32_t)face->id),
            .x = lanes_load(places->x[visit->group] + first) + ((float)(visit->block_x * CALO_CPU_BLOCK) + 0.5f),
            .y = lanes_load(places->y[visit->group] + first) + ((float)(visit->block_y * CALO_CPU_BLOCK) + 0.5f),
            .active = lanes_from_bits(here),
        };
        lanes_f alpha;
        calo_cpu_surface_alpha(worker, &packet, &alpha);
        passed |= lanes_bits(lanes_at_most(lanes_float(cutoff), alpha) & packet.active) << first;
    }
    return passed;
}

static void write_slots(const calo_cpu_face *face, const calo_cpu_visit *visit, uint32_t bits)
{
    for (; bits; bits &= bits - 1) {
        int slot = __builtin_ctz(bits);
        visit->slots->z[slot] = visit->z[slot];
        visit->slots->ids[slot] = face->id;
    }
}

/* One fragment a pixel of the group. */
static void keep_fragments(calo_cpu_worker *worker, const calo_cpu_face *face, const calo_cpu_visit *visit)
{
    uint32_t samples = worker->sample_count, pixels = CALO_CPU_SLOTS / samples;
    size_t block = calo_cpu_block_index(worker, visit->block_x, visit->block_y);
    for (uint32_t i = 0; i < pixels; i++) {
        uint32_t bits = visit->bits >> (i * samples) & ((1u << samples) - 1), pixel = visit->group * pixels + i;
        uint32_t column = pixel % CALO_CPU_BLOCK, row = pixel / CALO_CPU_BLOCK;
        if (!bits || (uint32_t)visit->block_x * CALO_CPU_BLOCK + column >= worker->width ||
            (uint32_t)visit->block_y * CALO_CPU_BLOCK + row >= worker->height)
            continue;
        if (worker->fragment_count == worker->fragment_capacity) {
            worker->fragments_overflow = true;
            return;
        }
        float z = visit->z_first + (float)column * face->step_x + (float)row * face->step_y;
        worker->fragments[worker->fragment_count++] = (calo_cpu_fragment){
            .pixel = (uint32_t)(block * CALO_CPU_SLOTS) + pixel,
            .id = face->id,
            .z = z > face->low ? (z < face->high ? z : face->high) : face->low,
            .samples = bits,
        };
    }
}

void calo_cpu_visit_slots(calo_cpu_worker *worker, const calo_cpu_face *face, const calo_cpu_visit *visit)
{
    if (visit->pass == CALO_CPU_PASS_FRAGMENTS) {
        keep_fragments(worker, face, visit);
        return;
    }
    const calo_cpu_draw *draw = calo_cpu_draw_of(worker->scene, face->id);
    float cutoff = worker->scene->materials[draw->shared.material].source.alpha_cutoff;
    write_slots(face, visit, test_alpha(worker, face, visit, visit->pass == CALO_CPU_PASS_MASK ? cutoff : CALO_DATA_ALPHA));
}

/* Pixel by pixel, the farthest first; equal ones in file order, so that the order is total. */
static bool comes_before(const calo_cpu_fragment *a, const calo_cpu_fragment *b)
{
    if (a->pixel != b->pixel)
        return a->pixel < b->pixel;
    return a->z != b->z ? a->z < b->z : a->id < b->id;
}

enum { SORTED_RUN = 8 };

/* Runs of SORTED_RUN by insertion. */
static void sort_runs(calo_cpu_fragment *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        calo_cpu_fragment moving = list[i];
        size_t at = i;
        for (; at % SORTED_RUN != 0 && comes_before(&moving, &list[at - 1]); at--)
            list[at] = list[at - 1];
        list[at] = moving;
    }
}

static void merge(const calo_cpu_fragment *left, size_t left_count, const calo_cpu_fragment *right, size_t right_count,
                  calo_cpu_fragment *to)
{
    const calo_cpu_fragment *left_end = left + left_count, *right_end = right + right_count;
    while (left < left_end && right < right_end)
        *to++ = comes_before(right, left) ? *right++ : *left++;
    while (left < left_end)
        *to++ = *left++;
    while (right < right_end)
        *to++ = *right++;
}

/* Not qsort, which allocates. */
static void sort_fragments(calo_cpu_worker *worker)
{
    size_t count = worker->fragment_count;
    sort_runs(worker->fragments, count);
    for (size_t run = SORTED_RUN; run < count; run *= 2) {
        calo_cpu_fragment *from = worker->fragments, *to = worker->fragment_scratch;
        for (size_t i = 0; i < count; i += 2 * run) {
            size_t left = count - i < run ? count - i : run, rest = count - i - left;
            merge(from + i, left, from + i + left, rest < run ? rest : run, to + i);
        }
        worker->fragments = to;
        worker->fragment_scratch = from;
    }
}

static calo_status collect(calo_cpu_worker *worker, uint32_t top, uint32_t bottom, calo_error *err)
{
    worker->band_top = top;
    worker->band_bottom = bottom;
    worker->fragment_count = 0;
    worker->fragments_overflow = false;
    for (uint32_t d = 0; d < worker->scene->draw_count; d++) {
        const calo_cpu_draw *draw = &worker->scene->draws[d];
        if (draw->shared.alpha_mode != CALO_ALPHA_BLEND)
            continue;
        calo_status status = calo_cpu_draw_geometry(worker, draw, CALO_CPU_PASS_FRAGMENTS, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

/* Room for a sensible number of layers a pixel; grown only when a single row has more. */
static calo_status reserve(calo_cpu_worker *worker, size_t capacity, calo_error *err)
{
    if (worker->fragment_capacity >= capacity)
        return CALO_OK;
    free(worker->fragments);
    free(worker->fragment_scratch);
    worker->fragment_capacity = 0;
    worker->fragments = malloc(capacity * sizeof *worker->fragments);
    worker->fragment_scratch = malloc(capacity * sizeof *worker->fragments);
    if (!worker->fragments || !worker->fragment_scratch)
        return calo_fail_memory(err, "transparent surfaces", 2 * capacity * sizeof *worker->fragments);
    worker->fragment_capacity = capacity;
    return CALO_OK;
}

/* The upper half of the rows, in whole blocks; false when there is but one row of blocks. */
static bool halve_rows(uint32_t top, uint32_t *bottom)
{
    uint32_t half = (*bottom - top) / 2 / CALO_CPU_BLOCK * CALO_CPU_BLOCK;
    if (*bottom - top <= CALO_CPU_BLOCK)
        return false;
    *bottom = top + (half ? half : CALO_CPU_BLOCK);
    return true;
}

calo_status calo_cpu_collect_fragments(calo_cpu_worker *worker, uint32_t top, uint32_t *bottom, calo_error *err)
{
    size_t pixels = (size_t)worker->width * (worker->buffer_bottom - worker->buffer_top);
    size_t most = (size_t)CALO_CPU_FRAGMENT_MAX * 16; /* whatever was drawn before: the same pictures fail */
    calo_status status = reserve(worker, pixels * 4 < CALO_CPU_FRAGMENT_MAX ? pixels * 4 : CALO_CPU_FRAGMENT_MAX, err);
    while (status == CALO_OK) {
        status = collect(worker, top, *bottom, err);
        if (status != CALO_OK || !worker->fragments_overflow)
            break;
        if (halve_rows(top, bottom))
            continue;
        if (worker->fragment_capacity >= most)
            return calo_fail(err, CALO_ERROR_LIMIT,
                             "four rows of the picture have more than %zu layers of transparent surfaces: render it "
                             "smaller or make its materials opaque", worker->fragment_capacity);
        status = reserve(worker, worker->fragment_capacity * 2 < most ? worker->fragment_capacity * 2 : most, err);
    }
    worker->band_top = worker->buffer_top;
    worker->band_bottom = worker->buffer_bottom;
    if (status == CALO_OK)
        sort_fragments(worker);
    return status;
}
