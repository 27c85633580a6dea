/* Gives each position a number, the same one to equal positions. */
#ifndef CALO_IMPORT_WELD_H
#define CALO_IMPORT_WELD_H

#include <calotype/status.h>

/* A number + 1, 0 = free; and other bits of its position's hash, so that most others need not be looked at. */
typedef struct calo_weld_slot {
    uint32_t number, hash;
} calo_weld_slot;

/* All-zero is empty. One thread at a time. */
typedef struct calo_weld {
    float *positions; /* xyz, `count` of them */
    uint32_t count, capacity;
    calo_weld_slot *slots; /* open addressing */
} calo_weld;

/* Room for `count` positions: spares moving them when their number is known about. */
calo_status calo_weld_reserve(calo_weld *weld, uint32_t count, calo_error *err);

/* The numbers of `count` positions, xyz one after the other. */
calo_status calo_weld_add(calo_weld *weld, const float *positions, size_t count, uint32_t *numbers, calo_error *err);
void calo_weld_finish(calo_weld *weld);

#endif
