"""Surfaces from a few shapes, with smooth normals where round, and UVs in a texture's own metres.

Coordinates are glTF's: metres, y up, z towards the front. Triangles are counter-clockwise from outside.
"""
import math


def add(a, b):
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def sub(a, b):
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def scale(a, s):
    return (a[0] * s, a[1] * s, a[2] * s)


def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a, b):
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def length(a):
    return math.sqrt(dot(a, a))


def unit(a):
    return scale(a, 1 / length(a))


def mix(a, b, t):
    return a + (b - a) * t


WORLD_AXES = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def frame_along(axis, side=None):
    """Three unit axes, right-handed, the second one along `axis` and the first near `side`."""
    y = unit(axis)
    side = side or ((1, 0, 0) if abs(y[0]) < 0.9 else (0, 0, 1))
    x = unit(sub(side, scale(y, dot(side, y))))
    return (x, y, cross(x, y))


class Surface:
    """Vertices and triangles of one material."""

    def __init__(self):
        self.positions, self.normals, self.uvs, self.triangles = [], [], [], []

    def vertex(self, position, normal, uv):
        self.positions.append(position)
        self.normals.append(normal)
        self.uvs.append(uv)
        return len(self.positions) - 1

    def triangle(self, a, b, c):
        p, q, r = self.positions[a], self.positions[b], self.positions[c]
        if length(cross(sub(q, p), sub(r, p))) > 1e-12:  # poles have none
            self.triangles.append((a, b, c))

    def grid(self, rows, flip=False):
        """Quads between rows of vertex indices; the front is where (column x row) points."""
        for low, high in zip(rows, rows[1:]):
            for j in range(len(low) - 1):
                a, b, c, d = low[j], low[j + 1], high[j + 1], high[j]
                for triangle in ((a, b, c), (a, c, d)):
                    self.triangle(*(reversed(triangle) if flip else triangle))


def box_stops(half, radius, cell):
    """Where a face of a rounded box has its grid lines: at its rounded edges, and evenly between."""
    inner = half - radius
    count = max(1, round(2 * inner / cell))
    flat = [-inner + 2 * inner * i / count for i in range(count + 1)]
    # A small edge looks round with one step, a larger one needs two.
    edge = [half] if radius < 0.0025 else [inner + radius * math.tan(math.pi / 8), half]
    return [*(-value for value in reversed(edge)), *flat, *edge]


def grain_uv(local, axis, b, c, grain, metres, offset):
    """Texture u runs along the grain; on end grain both run across it."""
    if grain == c:
        b, c = c, b
    along, across = metres
    if grain == axis:
        along = across
    return (local[b] / along + offset[0], local[c] / across + offset[1])


def rounded_box(surface, center, size, radius=0.003, axes=WORLD_AXES, grain=0, taper=1.0, cell=0.05,
                metres=(0.6, 0.3), offset=(0.0, 0.0)):
    """A box with rounded edges. `taper` scales the local x and z at the upper (+y) end."""
    half = [extent / 2 for extent in size]
    radius = min(radius, *(0.49 * extent for extent in size))
    inner = [extent - radius for extent in half]
    stops = [box_stops(extent, radius, cell) for extent in half]

    def place(on_cube, axis, b, c):
        core = [max(-limit, min(limit, value)) for value, limit in zip(on_cube, inner)]
        normal = unit(sub(on_cube, core))
        local = add(core, scale(normal, radius))
        uv = grain_uv(local, axis, b, c, grain, metres, offset)
        slim = mix(1.0, taper, (local[1] + half[1]) / size[1])
        local = (local[0] * slim, local[1], local[2] * slim)
        to_world = [add(add(scale(axes[0], v[0]), scale(axes[1], v[1])), scale(axes[2], v[2])) for v in (local, normal)]
        return surface.vertex(add(center, to_world[0]), to_world[1], uv)

    for axis in range(3):
        b, c = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            rows = []
            for v in stops[c]:
                row = []
                for u in stops[b]:
                    on_cube = [0.0, 0.0, 0.0]
                    on_cube[axis], on_cube[b], on_cube[c] = sign * half[axis], u, v
                    row.append(place(on_cube, axis, b, c))
                rows.append(row)
            surface.grid(rows, flip=sign < 0)


def beam(surface, start, end, size, side, taper=1.0, **options):
    """A rounded bar from start to end; size is (along `side`, across)."""
    axes = frame_along(sub(end, start), side)
    center = scale(add(start, end), 0.5)
    box = (size[0], length(sub(end, start)), size[1])
    rounded_box(surface, center, box, axes=axes, grain=1, taper=taper, **options)


def profile_normals(profile, sharp_degrees=35):
    """(point, normal) along a polyline, each point once, or twice where the angle is sharp."""
    directions = []
    for (r0, h0), (r1, h1) in zip(profile, profile[1:]):
        size = math.hypot(r1 - r0, h1 - h0)
        directions.append(((h1 - h0) / size, (r0 - r1) / size))
    result = [(profile[0], directions[0])]
    for point, before, after in zip(profile[1:], directions, directions[1:]):
        if before[0] * after[0] + before[1] * after[1] < math.cos(math.radians(sharp_degrees)):
            result += [(point, before), (point, after)]
        else:
            size = math.hypot(before[0] + after[0], before[1] + after[1])
            result.append((point, ((before[0] + after[0]) / size, (before[1] + after[1]) / size)))
    return [*result, (profile[-1], directions[-1])]


def lathe(surface, origin, axis, profile, segments=32, knurl=0.0, metres=0.1):
    """Turns (radius, height) points around an axis; upwards on the outside. `knurl` makes a milled rim."""
    e1, up, e2 = frame_along(axis)
    e2 = scale(e2, -1)  # so that e1 x e2 = up
    rim = {point for pair in zip(profile, profile[1:]) for point in pair if pair[0][0] == pair[1][0]}
    rows, travelled, before = [], 0.0, profile[0]
    for (radius, height), (out, along) in profile_normals(profile):
        travelled += math.hypot(radius - before[0], height - before[1])
        before = (radius, height)
        row = []
        for j in range(segments + 1):
            angle = 2 * math.pi * (j % segments) / segments
            ray = add(scale(e1, math.cos(angle)), scale(e2, math.sin(angle)))
            milled = radius - (knurl if j % 2 and before in rim else 0.0)
            position = add(origin, add(scale(ray, milled), scale(up, height)))
            normal = add(scale(ray, out), scale(up, along))
            row.append(surface.vertex(position, normal, (j / segments * 2, travelled / metres)))
        rows.append(row)
    surface.grid(rows)


def rounded_square(half, radius, side_steps, corner_steps):
    """(x, y, normal x, normal y) around a square, closed, counter-clockwise."""
    points, inner = [], half - radius
    for quarter in range(4):
        c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
        local = [(half, mix(-inner, inner, i / side_steps), 1.0, 0.0) for i in range(side_steps)]
        for i in range(corner_steps + 1):
            angle = math.pi / 2 * i / corner_steps
            local.append((inner + radius * math.cos(angle), inner + radius * math.sin(angle),
                          math.cos(angle), math.sin(angle)))
        points += [(c * x - s * y, s * x + c * y, c * nx - s * ny, s * nx + c * ny) for x, y, nx, ny in local[:-1]]
    return [*points, points[0]]


def square_tube(surface, center, profile, corner, metres=0.12, sharp_degrees=20):
    """Draws a rounded square along z; profile points are (half width, z), z upwards on the outside."""
    rows, travelled, before = [], 0.0, profile[0]
    for (half, z), (out, along) in profile_normals(profile, sharp_degrees):
        travelled += math.hypot(half - before[0], z - before[1])
        before = (half, z)
        row, around = [], 0.0
        ring = rounded_square(half, corner, 5, 4)
        for index, (x, y, nx, ny) in enumerate(ring):
            if index:
                around += math.hypot(x - ring[index - 1][0], y - ring[index - 1][1])
            position = (center[0] + x, center[1] + y, z)
            row.append(surface.vertex(position, (nx * out, ny * out, along), (around / metres, travelled / metres)))
        rows.append(row)
    surface.grid(rows)


def strap(surface, path, width, thickness, side, metres=0.08):
    """A band along a path of points, `width` along the unit vector `side`."""
    w, t = width / 2, thickness / 2
    section = [(-w, t, 0, 1), (w, t, 0, 1), (w, t, 1, 0), (w, -t, 1, 0), (w, -t, 0, -1), (-w, -t, 0, -1),
               (-w, -t, -1, 0), (-w, t, -1, 0)]
    rows, travelled = [], 0.0
    for index, point in enumerate(path):
        tangent = unit(sub(path[min(index + 1, len(path) - 1)], path[max(index - 1, 0)]))
        outward = cross(side, tangent)
        travelled += length(sub(point, path[index - 1])) if index else 0.0
        row = []
        for a, b, na, nb in section:
            position = add(point, add(scale(side, a), scale(outward, b)))
            normal = add(scale(side, na), scale(outward, nb))
            row.append(surface.vertex(position, normal, ((a + b) / metres, travelled / metres)))
        rows.append(row)
    for first in range(0, len(section), 2):
        surface.grid([row[first:first + 2] for row in rows])


def panel(surface, center, right, up, uv_up=1):
    """One rectangle with the whole texture on it; right and up are half extents. `uv_up` -1: upside down."""
    normal = unit(cross(right, up))
    rows = []
    for v in (-1, 1):
        row = [surface.vertex(add(center, add(scale(right, u), scale(up, v))), normal,
                              ((u + 1) / 2, (1 - v * uv_up) / 2)) for u in (-1, 1)]
        rows.append(row)
    surface.grid(rows)


def zigzag(surface, start, side, width, tooth, count):
    """A row of teeth along +z, their tops up: `tooth` is (height, pitch)."""
    height, pitch = tooth
    profile = []
    for i in range(count):
        profile += [(up, (i + along) * pitch) for up, along in ((0.0, 0.0), (height, 0.2), (height, 0.5), (0.0, 0.7))]
    rows = []
    for (up, along), (n_up, n_along) in profile_normals(profile, 1):
        rows.append([surface.vertex(add(start, (x * side, up, along)), (0, n_up, n_along), (x * 4, along * 10))
                     for x in (0, width)])
    surface.grid(rows, flip=side > 0)
