/* Screen positions as pairs of 16 bits: x in the low half, y in the high one, 1/256 pixels. */
#ifndef CALO_RENDER_CPU_CORNERS_H
#define CALO_RENDER_CPU_CORNERS_H

#include "render/cpu/worker.h"

LANES_INLINE int32_t pair_of(int32_t x, int32_t y) { return (x & 0xffff) | (int32_t)((uint32_t)y << 16); }
LANES_INLINE lanes_i low_half(lanes_i v) { return v << 16 >> 16; }
LANES_INLINE lanes_i high_half(lanes_i v) { return v >> 16; }
LANES_INLINE lanes_i subtract_halves(lanes_i a, lanes_i b) { return (lanes_i)((lanes_s)a - (lanes_s)b); }

/* (x, y) to (-y, x); y must not be -32768. */
LANES_INLINE lanes_i turn(lanes_i v)
{
    lanes_i swapped = (lanes_i)((lanes_u)v >> 16 | (lanes_u)v << 16);
    return (lanes_i)((lanes_s)(swapped ^ 0xffff) + (lanes_s)lanes_int(1));
}

/* Twice the area in 1/256 pixels, positive when clockwise on the screen (y down). */
LANES_INLINE lanes_i doubled_area(lanes_i a, lanes_i b, lanes_i c)
{
    return lanes_dot16(turn(subtract_halves(b, a)), subtract_halves(c, a));
}

#endif
