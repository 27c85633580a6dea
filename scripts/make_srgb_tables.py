#!/usr/bin/env python3
"""Write src/image/color_tables.h: sRGB to linear, and the search tables of the way back."""
import struct
import sys

OCTAVES, STEPS = 13, 64  # 2^-13 .. 1, each octave in 64 bins of a float's bits


def linear(code):
    value = code / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def next_above(value):
    """The first single-precision number not below a positive value."""
    rounded = single(value)
    bits = struct.unpack("<I", struct.pack("<f", rounded))[0]
    return rounded if rounded >= value else struct.unpack("<f", struct.pack("<I", bits + 1))[0]


def literal(value):
    """Nine digits tell every single-precision number apart."""
    return "%.1ff" % value if value in (0, 1) else "%.9gf" % single(value)


def main():
    # Code k begins at the linear value of k - 1/2, the first single-precision number not below it.
    thresholds = [0.0] + [next_above(linear(k - 0.5)) for k in range(1, 256)]
    starts = []
    for i in range(OCTAVES * STEPS):
        low = 2.0 ** (i // STEPS - OCTAVES) * (1 + i % STEPS / STEPS)
        starts.append(max(k for k in range(256) if thresholds[k] <= low))
    lines = ["/* Written by scripts/make_srgb_tables.py; do not edit. Included by color.c only. */"]

    def table(declaration, cells, width):
        lines.append(declaration + " = {")
        for k in range(0, len(cells), width):
            lines.append("    " + ", ".join(cells[k:k + width]) + ",")
        lines.append("};")

    table("const float calo_srgb_to_linear_table[256]", [literal(linear(k)) for k in range(256)], 8)
    table("const float calo_unorm8_to_float_table[256]", [literal(k / 255) for k in range(256)], 8)
    lines.append("/* Code k begins here; the last stops the search. */")
    table("static const float code_begins[257]", [literal(t) for t in thresholds] + ["INFINITY"], 8)
    lines.append("/* The code at the beginning of each bin of a float's leading bits, from 2^-13 to 1. */")
    table("static const uint8_t bin_begins[%d]" % (OCTAVES * STEPS), ["%d" % s for s in starts], 24)
    out = sys.argv[1] if len(sys.argv) > 1 else "src/image/color_tables.h"
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
