/* A small random number generator, the same on every machine. */
#ifndef CALO_BASE_RANDOM_H
#define CALO_BASE_RANDOM_H

#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): one 64-bit word of state, any seed is good. */
typedef struct calo_random {
    uint64_t state;
} calo_random;

static inline uint64_t calo_random_next(calo_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in [0, 1), a multiple of 2^-53. */
static inline double calo_random_unit(calo_random *random)
{
    return (double)(calo_random_next(random) >> 11) * 0x1p-53;
}

static inline double calo_random_range(calo_random *random, double low, double high)
{
    return low + (high - low) * calo_random_unit(random);
}

#endif
