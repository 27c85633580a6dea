/* Light to bytes, LANES at once. */
#ifndef CALO_IMAGE_COLOR_LANES_H
#define CALO_IMAGE_COLOR_LANES_H

#include "base/lanes.h"
#include "image/color.h"

/* The nearest 8-bit sRGB codes, as calo_srgb_from_linear. */
LANES_INLINE lanes_i encode_srgb(const uint32_t *table, lanes_f linear)
{
    lanes_m dark = lanes_not(lanes_at_most(lanes_float(CALO_SRGB_TABLE_FIRST), linear));
    lanes_f inside = lanes_clamp(linear, CALO_SRGB_TABLE_FIRST, CALO_SRGB_TABLE_LAST);
    lanes_i bits = (lanes_i)inside, entry = lanes_gather_int(table, (bits >> 16) - CALO_SRGB_TABLE_BASE);
    lanes_m next = lanes_not(lanes_less_int(bits & 0xffff, entry & 0x1ffff));
    lanes_i code = (entry >> 17) + lanes_pick_int(next, lanes_int(1), lanes_int(0));
    return lanes_pick_int(dark, lanes_int(0), code);
}

/* The nearest of 256 steps from 0 to 1. */
LANES_INLINE lanes_i round_to_byte(lanes_f value)
{
    return lanes_truncate(lanes_clamp(value, 0, 1) * 255.0f + 0.5f);
}

#endif
