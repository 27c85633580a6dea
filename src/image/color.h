/* sRGB (IEC 61966-2-1) to linear light and back, by table: the same bits on every machine. */
#ifndef CALO_IMAGE_COLOR_H
#define CALO_IMAGE_COLOR_H

#include <stdint.h>

/* [code] of an 8-bit sRGB value, and code / 255. */
extern const float calo_srgb_to_linear_table[256];
extern const float calo_unorm8_to_float_table[256];

static inline float calo_linear_from_srgb(uint8_t code)
{
    return calo_srgb_to_linear_table[code];
}

/* The nearest 8-bit sRGB code, exact; below 0 (and NaN) gives 0, above 1 gives 255. */
uint8_t calo_srgb_from_linear(float linear);

#endif
