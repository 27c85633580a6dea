"""Procedural pictures, and a PNG writer. Everything repeats at its edges and is the same on every machine."""
import math
import struct
import zlib


def png(width, height, kind, rows, palette=None):
    """kind: 2 = RGB, 3 = palette. Rows are bytes. Each row takes the filter with the smallest sum."""
    channels = 3 if kind == 2 else 1
    raw, before = bytearray(), bytes(width * channels)
    for row in rows:
        if palette:
            raw += b"\0" + row  # neighbours of a palette index tell nothing
        else:
            left = bytes((row[i] - (row[i - channels] if i >= channels else 0)) & 255 for i in range(len(row)))
            upper = bytes((a - b) & 255 for a, b in zip(row, before))
            choices = [(1, left), (2, upper)]
            kind_byte, data = min(choices, key=lambda choice: sum(min(v, 256 - v) for v in choice[1]))
            raw.append(kind_byte)
            raw += data
        before = row

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))]
    if palette:
        parts.append(chunk(b"PLTE", b"".join(bytes(color) for color in palette)))
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(bytes(raw), 9)), chunk(b"IEND", b"")])


def hashed(x, y, seed):
    """A number in [0, 1) for a lattice point."""
    h = (x * 374761393 + y * 668265263 + seed * 1442695041) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return (h ^ (h >> 15)) / 4294967296.0


def noise(width, height, cells_x, cells_y, seed):
    """Smooth noise in [0, 1) over the whole picture, periodic: a list of rows of floats."""
    lattice = [[hashed(x, y, seed) for x in range(cells_x)] for y in range(cells_y)]
    columns = []
    for i in range(width):
        at = (i + 0.5) * cells_x / width
        cell, t = int(at), at - int(at)
        columns.append((cell % cells_x, (cell + 1) % cells_x, t * t * (3 - 2 * t)))
    rows = []
    for j in range(height):
        at = (j + 0.5) * cells_y / height
        cell, t = int(at), at - int(at)
        t = t * t * (3 - 2 * t)
        low, high = lattice[cell % cells_y], lattice[(cell + 1) % cells_y]
        line = [a + (b - a) * t for a, b in zip(low, high)]
        rows.append([line[x0] + (line[x1] - line[x0]) * s for x0, x1, s in columns])
    return rows


def layered(width, height, layers):
    """A weighted sum of noises; layers are (cells x, cells y, seed, weight)."""
    total = [[0.0] * width for _ in range(height)]
    for cells_x, cells_y, seed, weight in layers:
        for row, part in zip(total, noise(width, height, cells_x, cells_y, seed)):
            for i, value in enumerate(part):
                row[i] += weight * value
    return total


def smoothstep(low, high, value):
    t = max(0.0, min(1.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)


def byte(value):
    return max(0, min(255, int(value * 255 + 0.5)))


def ramp(stops, t):
    """A colour between (place, (r, g, b)) stops, as bytes."""
    for (low, a), (high, b) in zip(stops, stops[1:]):
        if t <= high:
            s = max(0.0, (t - low) / (high - low))
            return tuple(int(p + (q - p) * s + 0.5) for p, q in zip(a, b))
    return stops[-1][1]


def wood_grain(size):
    """Long streaks along u and short dark pores: two fields in [0, 1]."""
    warp = layered(size, size, [(2, 3, 11, 0.6), (4, 7, 12, 0.4)])
    fine = layered(size, size, [(4, 96, 13, 0.5), (8, 160, 14, 0.5)])
    pores = noise(size, size, 24, size // 2, 15)
    tone = []
    for j in range(size):
        row = []
        for i in range(size):
            ring = math.sin(2 * math.pi * (7 * (j / size) + 2.2 * warp[j][i]))
            row.append(0.5 + 0.22 * ring + 0.55 * (fine[j][i] - 0.5) + 0.25 * (warp[j][i] - 0.5))
        tone.append(row)
    pore = [[smoothstep(0.78, 0.92, value) for value in row] for row in pores]
    return tone, pore


MAHOGANY = [(0.0, (62, 22, 12)), (0.35, (108, 45, 22)), (0.65, (147, 69, 35)), (1.0, (186, 102, 56))]
BRASS = [(0.0, (140, 101, 50)), (0.5, (184, 138, 70)), (1.0, (214, 172, 98))]


def tinted(stops, field):
    """A palette picture of a field in [0, 1] by a ramp of colours."""
    levels = 96
    palette = [ramp(stops, i / (levels - 1)) for i in range(levels)]
    rows = [bytes(int(max(0.0, min(1.0, value)) * (levels - 1) + 0.5) for value in row) for row in field]
    return png(len(rows[0]), len(rows), 3, rows, palette)


def wood_color(tone, pore):
    return tinted(MAHOGANY, [[t - 0.28 * p for t, p in zip(*pair)] for pair in zip(tone, pore)])


def wear(field):
    """Mostly polished, dull in places."""
    return [[smoothstep(0.15, 0.75, value) for value in row] for row in field]


def normals_from_height(height, strength):
    """A tangent-space normal map, +y up (OpenGL, as glTF wants it)."""
    rows_count, size = len(height), len(height[0])
    rows = []
    for j in range(rows_count):
        above, below, here = height[j - 1], height[(j + 1) % rows_count], height[j]
        row = bytearray()
        for i in range(size):
            x = (here[i - 1] - here[(i + 1) % size]) * strength
            y = (below[i] - above[i]) * strength  # rows go down, +y goes up
            scale = 0.5 / math.sqrt(x * x + y * y + 1)
            row += bytes((byte(0.5 + x * scale), byte(0.5 + y * scale), byte(0.5 + scale)))
        rows.append(bytes(row))
    return png(size, rows_count, 2, rows)


def surface_map(occlusion, roughness, metallic):
    """glTF's packing: R occlusion, G roughness, B metallic."""
    rows = [bytes(value for o, r, m in zip(*fields) for value in (byte(o), byte(r), byte(m)))
            for fields in zip(occlusion, roughness, metallic)]
    return png(len(rows[0]) // 3, len(rows), 2, rows)


def leather_height(size, cells):
    """Rounded cells, as hide has them: the distance to the nearest of scattered points."""
    step = size / cells
    points = {(x, y): ((x + 0.2 + 0.6 * hashed(x, y, 21)) * step, (y + 0.2 + 0.6 * hashed(x, y, 22)) * step)
              for x in range(cells) for y in range(cells)}
    rows = []
    for j in range(size):
        row = []
        for i in range(size):
            near, second = 1e9, 1e9
            cell_x, cell_y = int(i / step), int(j / step)
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    x, y = points[((cell_x + dx) % cells, (cell_y + dy) % cells)]
                    across = abs(x - i - 0.5)
                    down = abs(y - j - 0.5)
                    distance = math.hypot(min(across, size - across), min(down, size - down))
                    near, second = (distance, near) if distance < near else (near, min(second, distance))
            row.append(smoothstep(0.0, 0.35 * step, second - near))
        rows.append(row)
    return rows


# One stroke after another, in a box 0..1 wide and 0..1 high.
LETTERS = {
    "A": [[(0, 0), (0.5, 1), (1, 0)], [(0.2, 0.36), (0.8, 0.36)]],
    "C": [[(0.5 + 0.5 * math.cos(math.radians(a)), 0.5 + 0.5 * math.sin(math.radians(a))) for a in range(45, 316, 15)]],
    "E": [[(0.9, 1), (0.1, 1), (0.1, 0), (0.9, 0)], [(0.1, 0.52), (0.75, 0.52)]],
    "L": [[(0.1, 1), (0.1, 0), (0.9, 0)]],
    "O": [[(0.5 + 0.5 * math.cos(math.radians(a)), 0.5 + 0.5 * math.sin(math.radians(a))) for a in range(0, 361, 15)]],
    "P": [[(0.1, 0), (0.1, 1), (0.55, 1), (0.8, 0.93), (0.9, 0.75), (0.8, 0.57), (0.55, 0.5), (0.1, 0.5)]],
    "T": [[(0, 1), (1, 1)], [(0.5, 1), (0.5, 0)]],
    "Y": [[(0, 1), (0.5, 0.5), (1, 1)], [(0.5, 0.5), (0.5, 0)]],
}


def segment_distance(x, y, a, b):
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = max(0.0, min(1.0, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)))
    return math.hypot(x - a[0] - t * dx, y - a[1] - t * dy)


def engraving(word, width, height):
    """How deep a word is cut, 0 to 1, with a line around it."""
    letter_height, letter_width = 0.42 * height, 0.30 * height
    step = (width - 0.9 * height) / (len(word) - 1)
    strokes = []
    for place, letter in enumerate(word):
        left, bottom = 0.45 * height + step * place - letter_width / 2, 0.29 * height
        for points in LETTERS[letter]:
            line = [(left + x * letter_width, bottom + y * letter_height) for x, y in points]
            strokes += list(zip(line, line[1:]))
    m = 0.1 * height
    corners = [(m, m), (width - m, m), (width - m, height - m), (m, height - m), (m, m)]
    border = list(zip(corners, corners[1:]))
    rows = []
    for j in range(height):
        y, row = height - j - 0.5, []
        for i in range(width):
            x = i + 0.5
            near = [(s, 0.026 * height) for s in strokes if min(s[0][0], s[1][0]) - 6 < x < max(s[0][0], s[1][0]) + 6]
            near += [(s, 0.012 * height) for s in border]
            depth = max((1 - smoothstep(w - 0.8, w + 0.8, segment_distance(x, y, *s)) for s, w in near), default=0.0)
            row.append(depth)
        rows.append(row)
    return rows


def plate_color(depth):
    return tinted([(0.0, (226, 190, 118)), (1.0, (44, 30, 16))], depth)


def landscape(size):
    """What stands before the lens: sky, a low sun, hills, a church; for the ground glass."""
    ridge = noise(size, 1, 5, 1, 31)[0]
    far = noise(size, 1, 9, 1, 32)[0]
    rows = []
    for j in range(size):
        y, row = 1 - (j + 0.5) / size, bytearray()
        for i in range(size):
            x = (i + 0.5) / size
            sun = math.hypot(x - 0.68, y - 0.62)
            color = ramp([(0.3, (250, 206, 140)), (0.6, (186, 190, 186)), (1.0, (92, 132, 168))], y)
            glow = 1 - smoothstep(0.05, 0.4, sun)
            color = tuple(int(c + (255 - c) * (0.7 * glow if sun > 0.06 else 1)) for c in color)
            if y < 0.36 + 0.14 * far[i]:
                color = (120, 128, 120)
            spire = abs(x - 0.3) < 0.02 and y < 0.62 or abs(x - 0.3) < (0.78 - y) * 0.16 and y >= 0.62
            nave = 0.3 < x < 0.42 and y < 0.47 - 0.25 * abs(x - 0.36)
            if spire or nave:
                color = (70, 62, 58)
            if y < 0.2 + 0.2 * ridge[i]:
                color = ramp([(0.0, (38, 52, 30)), (0.4, (96, 112, 62))], y)
            row += bytes(color)
        rows.append(bytes(row))
    return png(size, size, 2, rows)
