/* A shuffled order of any length that needs no memory: the same for the same seed on every machine. */
#ifndef CALO_DATASET_PERMUTATION_H
#define CALO_DATASET_PERMUTATION_H

#include <stdint.h>

/* A keyed Feistel network on the smallest even number of bits that holds `count`; what falls outside is sent through
 * again (cycle walking; Black and Rogaway 2002), four times at most on average. */
typedef struct calo_permutation {
    uint64_t count;
    uint32_t half_bits;
    uint64_t keys[8];
} calo_permutation;

calo_permutation calo_permutation_make(uint64_t count, uint64_t seed);
/* Where `index` (below count) goes; every index below count is met once. */
uint64_t calo_permutation_at(const calo_permutation *permutation, uint64_t index);

#endif
