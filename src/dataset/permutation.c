#include "dataset/permutation.h"

#include "base/random.h"

enum { ROUNDS = 8 };

calo_permutation calo_permutation_make(uint64_t count, uint64_t seed)
{
    calo_permutation permutation = {.count = count, .half_bits = 1};
    calo_random random = {seed};
    while (permutation.half_bits < 32 && (uint64_t)1 << (2 * permutation.half_bits) < count)
        permutation.half_bits++;
    for (int round = 0; round < ROUNDS; round++)
        permutation.keys[round] = calo_random_next(&random);
    return permutation;
}

static uint64_t mix_once(const calo_permutation *permutation, uint64_t value)
{
    uint64_t mask = ((uint64_t)1 << permutation->half_bits) - 1;
    uint64_t left = value >> permutation->half_bits, right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
        calo_random mixer = {permutation->keys[round] ^ right};
        uint64_t next = left ^ (calo_random_next(&mixer) >> (64 - permutation->half_bits));
        left = right;
        right = next;
    }
    return left << permutation->half_bits | right;
}

uint64_t calo_permutation_at(const calo_permutation *permutation, uint64_t index)
{
    uint64_t value = mix_once(permutation, index);
    while (value >= permutation->count)
        value = mix_once(permutation, value);
    return value;
}
