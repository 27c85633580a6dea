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

/* The sRGB value of linear light, not rounded to a code: 0 to 1 for 0 to 1, below 0 (and NaN) 0; within 1e-6. */
float calo_srgb_value(float linear);

/* The nearest 8-bit sRGB code, exact; below 0 (and NaN) gives 0, above 1 gives 255. */
uint8_t calo_srgb_from_linear(float linear);

/* The same by one look-up, for code that encodes many at once. For values from FIRST to LAST: the
 * entry at (bits >> 16) - BASE is code << 17 | t, and the code is one more where (bits & 0xffff) >= t.
 * Below FIRST (and for NaN) the code is 0. */
#define CALO_SRGB_TABLE_FIRST 0x1p-13f
#define CALO_SRGB_TABLE_LAST 0x1.fffffep-1f
enum { CALO_SRGB_TABLE_BASE = (127 - 13) << 7, CALO_SRGB_TABLE_SIZE = 13 << 7 };
void calo_srgb_make_table(uint32_t table[CALO_SRGB_TABLE_SIZE]);

#endif
