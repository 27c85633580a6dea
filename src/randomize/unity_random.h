/* Unity's random numbers, bit by bit: what ORRB's components draw with. */
#ifndef CALO_RANDOMIZE_UNITY_RANDOM_H
#define CALO_RANDOMIZE_UNITY_RANDOM_H

#include <stdint.h>

#define CALO_TWO_PI_FLOAT 6.28318530717958647692f

/* Xorshift128 (Marsaglia 2003), seeded by one number. */
typedef struct calo_unity_random {
    uint32_t x, y, z, w;
} calo_unity_random;

static inline calo_unity_random calo_unity_random_seed(uint32_t seed)
{
    calo_unity_random random = {.x = seed};
    random.y = random.x * 1812433253u + 1;
    random.z = random.y * 1812433253u + 1;
    random.w = random.z * 1812433253u + 1;
    return random;
}

static inline uint32_t calo_unity_random_next(calo_unity_random *random)
{
    uint32_t t = random->x ^ (random->x << 11);
    random->x = random->y;
    random->y = random->z;
    random->z = random->w;
    random->w = random->w ^ (random->w >> 19) ^ t ^ (t >> 8);
    return random->w;
}

/* In [0, 1], both ends included. */
static inline float calo_unity_random_value(calo_unity_random *random)
{
    return (float)(calo_unity_random_next(random) & 0x7fffff) / 8388607.0f;
}

/* Runs from `high` down to `low` as the drawn value grows. */
static inline float calo_unity_random_range(calo_unity_random *random, float low, float high)
{
    float share = calo_unity_random_value(random);
    return low * share + high * (1 - share);
}

/* 0 to count - 1; count is not 0. */
static inline uint32_t calo_unity_random_index(calo_unity_random *random, uint32_t count)
{
    return calo_unity_random_next(random) % count;
}

/* A uniformly distributed rotation, xyzw: three draws. */
void calo_unity_random_rotation(calo_unity_random *random, double rotation[4]);

/* A colour between hues, saturations and values, and its alpha: four draws, of which the last does not matter here. */
void calo_unity_random_color(calo_unity_random *random, const float hue[2], const float saturation[2],
                             const float value[2], float rgb[3]);

#endif
