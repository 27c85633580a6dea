#!/usr/bin/env python3
"""Write src/render/ggx_table.c: the directional albedo of a GGX lobe as scale and bias.

Integrates over visible half vectors (Heitz 2018) with a regular grid of strata, so that the
result does not depend on a random generator. Run from the repository root; takes a minute.
"""
import math
import sys

SIZE, STRATA = 32, 32


def smith_lambda(cosine, alpha):
    tangent2 = (1 - cosine * cosine) / (cosine * cosine)
    return (math.sqrt(1 + alpha * alpha * tangent2) - 1) / 2


def visible_half_vector(view, alpha, u1, u2):
    """Samples the visible normals of a GGX surface (Heitz, JCGT 2018)."""
    stretched = (alpha * view[0], 0.0, view[2])
    length = math.hypot(stretched[0], stretched[2])
    vx, vz = stretched[0] / length, stretched[2] / length
    # Basis around the stretched view: t1 = z x v = y (the view lies in the xz plane), t2 = v x t1.
    radius, phi = math.sqrt(u1), 2 * math.pi * u2
    p1 = radius * math.cos(phi)
    s = 0.5 * (1 + vz)
    p2 = (1 - s) * math.sqrt(1 - p1 * p1) + s * radius * math.sin(phi)
    p3 = math.sqrt(max(0.0, 1 - p1 * p1 - p2 * p2))
    t2 = (-vz, 0.0, vx)
    h = (alpha * (p2 * t2[0] + p3 * vx), alpha * p1, max(1e-9, p2 * t2[2] + p3 * vz))
    norm = math.sqrt(h[0] ** 2 + h[1] ** 2 + h[2] ** 2)
    return tuple(c / norm for c in h)


def integrate(roughness, cosine):
    if roughness == 0:
        fresnel = (1 - cosine) ** 5
        return 1 - fresnel, fresnel
    cosine = max(cosine, 1e-4)
    alpha = roughness * roughness
    view = (math.sqrt(1 - cosine * cosine), 0.0, cosine)
    lambda_view = smith_lambda(cosine, alpha)
    scale = bias = 0.0
    for i in range(STRATA):
        for j in range(STRATA):
            h = visible_half_vector(view, alpha, (i + 0.5) / STRATA, (j + 0.5) / STRATA)
            vh = view[0] * h[0] + view[2] * h[2]
            light_z = 2 * vh * h[2] - view[2]
            if light_z <= 0:
                continue
            # G2 / G1 of the height-correlated Smith function is the sample's weight.
            weight = (1 + lambda_view) / (1 + lambda_view + smith_lambda(light_z, alpha))
            fresnel = (1 - min(1.0, vh)) ** 5
            scale += weight * (1 - fresnel)
            bias += weight * fresnel
    return scale / STRATA**2, bias / STRATA**2


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else "src/render/ggx_table.c"
    lines = ["/* Written by scripts/make_ggx_table.py; do not edit. */", '#include "render/ggx_table.h"', "",
             "const float calo_ggx_table[CALO_GGX_TABLE_SIZE][CALO_GGX_TABLE_SIZE][2] = {"]
    for i in range(SIZE):
        row = [integrate(i / (SIZE - 1), j / (SIZE - 1)) for j in range(SIZE)]
        cells = ["{%.6ff, %.6ff}" % cell for cell in row]
        lines.append("    {" + ", ".join(cells[:4]) + ",")
        for k in range(4, SIZE, 4):
            lines.append("     " + ", ".join(cells[k:k + 4]) + (",") * (k + 4 < SIZE) + "}," * (k + 4 >= SIZE))
    lines.append("};")
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
