#include "import/weld.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { FIRST_CAPACITY = 256, SLOTS_PER_POSITION = 2 };

void calo_weld_finish(calo_weld *weld)
{
    free(weld->positions);
    free(weld->slots);
    *weld = (calo_weld){0};
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The slot with this position's number, or the free one where it belongs. */
static uint32_t *find_slot(const calo_weld *weld, const float position[3])
{
    uint32_t bits[3];
    memcpy(bits, position, sizeof bits);
    size_t mask = (size_t)weld->capacity * SLOTS_PER_POSITION - 1;
    size_t at = mix(mix(bits[0] | (uint64_t)bits[1] << 32) + bits[2]) & mask;
    while (weld->slots[at] && memcmp(weld->positions + 3 * (size_t)(weld->slots[at] - 1), bits, sizeof bits) != 0)
        at = (at + 1) & mask;
    return &weld->slots[at];
}

static calo_status grow(calo_weld *weld, calo_error *err)
{
    if (weld->capacity >= 1u << 30)
        return calo_fail(err, CALO_ERROR_LIMIT, "more than %u different vertices", weld->capacity);
    uint32_t capacity = weld->capacity ? weld->capacity * 2 : FIRST_CAPACITY;
    float *positions = realloc(weld->positions, (size_t)capacity * 3 * sizeof *positions);
    if (positions)
        weld->positions = positions;
    uint32_t *slots = calloc((size_t)capacity * SLOTS_PER_POSITION, sizeof *slots);
    if (!positions || !slots) {
        free(slots);
        return calo_fail_memory(err, "vertices", (size_t)capacity * 3 * sizeof *positions);
    }
    free(weld->slots);
    weld->slots = slots;
    weld->capacity = capacity;
    for (uint32_t i = 0; i < weld->count; i++)
        *find_slot(weld, weld->positions + 3 * (size_t)i) = i + 1;
    return CALO_OK;
}

calo_status calo_weld_add(calo_weld *weld, const float position[3], uint32_t *number, calo_error *err)
{
    if (weld->count == weld->capacity) {
        calo_status status = grow(weld, err);
        if (status != CALO_OK)
            return status;
    }
    /* Minus zero is the same place as zero. */
    const float place[3] = {position[0] + 0.0f, position[1] + 0.0f, position[2] + 0.0f};
    uint32_t *slot = find_slot(weld, place);
    if (!*slot) {
        memcpy(weld->positions + 3 * (size_t)weld->count, place, sizeof place);
        *slot = ++weld->count;
    }
    *number = *slot - 1;
    return CALO_OK;
}
