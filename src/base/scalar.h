/* Small float helpers that compile to one or two instructions on every x86 level; the C library's
 * fminf, fmaxf and floorf are calls on the baseline. */
#ifndef CALO_BASE_SCALAR_H
#define CALO_BASE_SCALAR_H

#include <stdint.h>

/* The second where one is NaN. */
static inline float calo_minf(float a, float b) { return a < b ? a : b; }
static inline float calo_maxf(float a, float b) { return a > b ? a : b; }

/* `low` where the value is NaN. */
static inline float calo_clampf(float value, float low, float high)
{
    return value > low ? (value < high ? value : high) : low;
}

/* The largest integer not above; the value must lie within the range of int32_t. */
static inline int32_t calo_floor_to_int(float value)
{
    int32_t truncated = (int32_t)value;
    return truncated - ((float)truncated > value);
}

#endif
