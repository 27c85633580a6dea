/* Logarithms, powers, angles and colour curves, LANES at once: polynomials, so that every machine gives the same
 * bits. */
#ifndef CALO_RENDER_CPU_CURVES_H
#define CALO_RENDER_CPU_CURVES_H

#include <float.h>

#include "base/lanes.h"

/* The binary logarithm of positive normal numbers, within 2e-5. The polynomial is log2(1 + x) / x by
 * least squares over [sqrt(1/2) - 1, sqrt(2) - 1]. */
LANES_INLINE lanes_f log2_lanes(lanes_f v)
{
    lanes_i bits = (lanes_i)v, exponent = ((bits + 0x004afb0d) >> 23) - 127;
    lanes_f x = (lanes_f)(bits - (exponent << 23)) - 1.0f;
    lanes_f sum = 1.44257796f + x * (-0.72024190f + x * (0.48668668f + x * (-0.39457384f + x * 0.25265566f)));
    return lanes_from_int(exponent) + x * sum;
}

/* 2^v for v in [-126, 127], within 3e-6 of the value: minimax over [-1/2, 1/2]. */
LANES_INLINE lanes_f exp2_lanes(lanes_f v)
{
    lanes_i whole = lanes_round(v);
    lanes_f x = v - lanes_from_int(whole);
    lanes_f sum = 0.99999926f + x * (0.69312181f + x * (0.24024745f + x * (0.05591786f + x * 0.00957010f)));
    return (lanes_f)((lanes_i)sum + (whole << 23));
}

/* The angle of (x, y) from +x toward +y in turns, from -1/2 to 1/2, within 1e-7; 0 of (0, 0). The polynomial is atan(t) / (2 pi t), minimax over [0, 1]. */
LANES_INLINE lanes_f turns_lanes(lanes_f y, lanes_f x)
{
    lanes_f across = lanes_abs(x), along = lanes_abs(y), zero = lanes_float(0);
    lanes_f t = lanes_min(across, along) / lanes_max(lanes_max(across, along), lanes_float(FLT_MIN)), s = t * t;
    lanes_f sum = 0.159154832f + s * (-0.0530461222f + s * (0.0317459442f + s * (-0.022136271f + s * (0.0153460326f +
                  s * (-0.00889872108f + s * (0.00347959646f + s * -0.000645304099f))))));
    lanes_f turns = t * sum;
    turns = lanes_pick(lanes_less(across, along), 0.25f - turns, turns);
    turns = lanes_pick(lanes_less(x, zero), 0.5f - turns, turns);
    return lanes_pick(lanes_less(y, zero), -turns, turns);
}

/* x^exponent for x in [0, 1] and exponents from 0.4 to 1, within 1/200 of an 8-bit code; below 2^-40 it is 0. */
LANES_INLINE lanes_f encode_power(lanes_f x, float exponent)
{
    lanes_f least = lanes_float(0x1p-40f), power = exp2_lanes(log2_lanes(lanes_max(x, least)) * exponent);
    return lanes_pick(lanes_less(least, x), lanes_min(power, lanes_float(1)), lanes_float(0));
}

/* The sRGB values, from 0 to 1, of linear light. */
LANES_INLINE lanes_f encode_srgb_curve(lanes_f linear)
{
    lanes_f x = lanes_clamp(linear, 0, 1);
    return lanes_pick(lanes_at_most(x, lanes_float(0.0031308f)), x * 12.92f,
                      1.055f * encode_power(x, 1 / 2.4f) - 0.055f);
}

/* Linear light of sRGB values from 0 to 1 that need not be whole codes, within 1/250 of a code. The polynomial is
 * minimax over the curve's upper part, weighted by how far an error shows. */
LANES_INLINE lanes_f decode_srgb(lanes_f x)
{
    lanes_f high = 0.000873325f + x * (0.034437306f + x * (0.498861419f + x * (0.768432346f + x * (-0.533754262f +
                   x * (0.316174013f + x * -0.085052222f)))));
    return lanes_pick(lanes_at_most(x, lanes_float(0.04045f)), x * (1 / 12.92f), high);
}

#endif
