/* A small random number generator, the same on every machine. */
#ifndef CALO_BASE_RANDOM_H
#define CALO_BASE_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/exact_math.h"

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

/* Any turn is as likely as any other (Shoemake 1992), or any about +z: a unit quaternion xyzw. Always as many numbers. */
static inline void calo_random_turn(calo_random *random, bool about_z, double q[4])
{
    double u = calo_random_unit(random), s1, c1, s2, c2;
    calo_sincos(calo_random_range(random, 0, 2 * CALO_PI), &s1, &c1);
    calo_sincos(calo_random_range(random, 0, 2 * CALO_PI), &s2, &c2);
    q[0] = about_z ? 0 : sqrt(1 - u) * s1;
    q[1] = about_z ? 0 : sqrt(1 - u) * c1;
    q[2] = about_z ? s2 : sqrt(u) * s2;
    q[3] = about_z ? c2 : sqrt(u) * c2;
}

#endif
