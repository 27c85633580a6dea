#include "import/weld.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/large.h"

/* A position's slot is mostly not in a cache: it is fetched while those of the batch before are looked at. */
enum { FIRST_CAPACITY = 256, SLOTS_PER_POSITION = 2, BATCH = 32 };

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

static uint64_t hash_of(const float position[3])
{
    uint32_t bits[3];
    memcpy(bits, position, sizeof bits);
    return mix(mix(bits[0] | (uint64_t)bits[1] << 32) + bits[2]);
}

static size_t first_slot(const calo_weld *weld, uint64_t hash)
{
    return hash & ((size_t)weld->capacity * SLOTS_PER_POSITION - 1);
}

/* The slot with this position's number, or the free one where it belongs. */
static calo_weld_slot *find_slot(const calo_weld *weld, const float position[3], uint64_t hash)
{
    size_t mask = (size_t)weld->capacity * SLOTS_PER_POSITION - 1, at = first_slot(weld, hash);
    for (;; at = (at + 1) & mask) {
        calo_weld_slot *slot = &weld->slots[at];
        if (!slot->number || (slot->hash == (uint32_t)(hash >> 32) &&
                              memcmp(weld->positions + 3 * (size_t)(slot->number - 1), position, 12) == 0))
            return slot;
    }
}

static calo_status grow(calo_weld *weld, uint32_t capacity, calo_error *err)
{
    size_t slot_count = (size_t)capacity * SLOTS_PER_POSITION;
    float *positions = realloc(weld->positions, (size_t)capacity * 3 * sizeof *positions);
    if (positions)
        weld->positions = positions;
    calo_weld_slot *slots = calo_large_calloc(slot_count * sizeof *slots);
    if (!positions || !slots) {
        free(slots);
        return calo_fail_memory(err, "vertices", (size_t)capacity * 3 * sizeof *positions);
    }
    free(weld->slots);
    weld->slots = slots;
    weld->capacity = capacity;
    for (uint32_t i = 0; i < weld->count; i++) {
        uint64_t hash = hash_of(weld->positions + 3 * (size_t)i);
        *find_slot(weld, weld->positions + 3 * (size_t)i, hash) = (calo_weld_slot){i + 1, (uint32_t)(hash >> 32)};
    }
    return CALO_OK;
}

calo_status calo_weld_reserve(calo_weld *weld, uint32_t count, calo_error *err)
{
    uint32_t capacity = weld->capacity ? weld->capacity : FIRST_CAPACITY;
    if (count > 1u << 30)
        return calo_fail(err, CALO_ERROR_LIMIT, "more than %u different vertices", 1u << 30);
    while (capacity < count)
        capacity *= 2;
    return capacity == weld->capacity ? CALO_OK : grow(weld, capacity, err);
}

/* Up to BATCH positions, for which there is room. */
static void add_batch(calo_weld *weld, const float *positions, size_t count, uint32_t *numbers)
{
    float places[BATCH][3];
    uint64_t hashes[BATCH];
    for (size_t i = 0; i < count; i++) {
        /* Minus zero is the same place as zero. */
        for (int k = 0; k < 3; k++)
            places[i][k] = positions[3 * i + (size_t)k] + 0.0f;
        hashes[i] = hash_of(places[i]);
        __builtin_prefetch(&weld->slots[first_slot(weld, hashes[i])], 1);
    }
    for (size_t i = 0; i < count; i++) {
        calo_weld_slot *slot = find_slot(weld, places[i], hashes[i]);
        if (!slot->number) {
            memcpy(weld->positions + 3 * (size_t)weld->count, places[i], sizeof places[i]);
            *slot = (calo_weld_slot){++weld->count, (uint32_t)(hashes[i] >> 32)};
        }
        numbers[i] = slot->number - 1;
    }
}

calo_status calo_weld_add(calo_weld *weld, const float *positions, size_t count, uint32_t *numbers, calo_error *err)
{
    for (size_t at = 0; at < count; at += BATCH) {
        size_t batch = count - at < BATCH ? count - at : BATCH;
        calo_status status = calo_weld_reserve(weld, weld->count + (uint32_t)batch, err);
        if (status != CALO_OK)
            return status;
        add_batch(weld, positions + 3 * at, batch, numbers + at);
    }
    return CALO_OK;
}
