"""Small 3D files for tests, made here so that the tests need no assets, and readers of what comes out."""
import ast
import base64
import json
import struct
import zlib

CORNERS = [(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def triangles():
    return [i for a, b, c, d in FACES for i in (a, b, c, a, c, d)]


def cube(positions=None, indices=None, **more):
    """(glTF document, buffer) of a cube with one blue material."""
    positions = CORNERS if positions is None else positions
    indices = triangles() if indices is None else indices
    index_bytes = struct.pack(f"<{len(indices)}H", *indices)
    data = index_bytes + b"\0" * (-len(index_bytes) % 4) + b"".join(struct.pack("<3f", *p) for p in positions)
    start = len(data) - 12 * len(positions)
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "Box"}],
        "meshes": [{"name": "BoxMesh", "primitives": [{"attributes": {"POSITION": 1}, "indices": 0, "material": 0}]}],
        "materials": [{"name": "blue", "pbrMetallicRoughness": {"baseColorFactor": [0.1, 0.2, 0.8, 1]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5123, "count": len(indices), "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": len(positions), "type": "VEC3",
             "min": [-1, -1, -1], "max": [1, 1, 1]},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(index_bytes)},
            {"buffer": 0, "byteOffset": start, "byteLength": 12 * len(positions)},
        ],
        "buffers": [{"byteLength": len(data)}],
    }
    document.update(more)
    return document, data


def glb(document, data):
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return b"glTF" + struct.pack("<II", 2, 12 + len(body)) + body


def gltf(document, data):
    """One text file with the buffer inside."""
    document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return json.dumps(document).encode()


def textured(uri):
    """A cube whose material reads the picture at `uri`."""
    document, data = cube(images=[{"uri": uri}], textures=[{"source": 0}])
    document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}
    return gltf(document, data)


def png(side):
    """A PNG file of side x side texels, no two rows alike."""
    rows = b"".join(b"\0" + bytes((x * x + 7 * x * y + 50 * c) % 256 for x in range(side) for c in range(3))
                    for y in range(side))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


OBJ = ("".join(f"v {x} {y} {z}\n" for x, y, z in CORNERS)
       + "".join("f " + " ".join(str(i + 1) for i in face) + "\n" for face in FACES)).encode()


class Array:
    """An npy file: shape, type and flat values."""

    def __init__(self, data):
        assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
        length = struct.unpack("<H", data[8:10])[0]
        header = ast.literal_eval(data[10:10 + length].decode())
        assert (10 + length) % 64 == 0 and not header["fortran_order"]
        self.shape, self.type = header["shape"], header["descr"]
        code = {"<f4": "f", "|u1": "B", "<u4": "I"}[self.type]
        count = 1
        for side in self.shape:
            count *= side
        self.values = struct.unpack(f"<{count}{code}", data[10 + length:])


class Png:
    """A PNG file: size, colour type, bit depth and rows of bytes, unfiltered."""

    def __init__(self, data):
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        at, packed = 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
            if kind == b"IHDR":
                self.width, self.height, self.depth, self.color = struct.unpack(">IIBB", body[:10])
            elif kind == b"IDAT":
                packed += body
            at += 12 + length
        channels = {0: 1, 2: 3, 4: 2, 6: 4}[self.color]
        self.pixel_bytes = channels * self.depth // 8
        self.rows = self._unfilter(zlib.decompress(packed))

    def _unfilter(self, raw):
        stride, step = self.width * self.pixel_bytes, self.pixel_bytes
        above, rows = bytearray(stride), []
        for y in range(self.height):
            kind, *row = raw[y * (stride + 1):(y + 1) * (stride + 1)]
            for i in range(stride):
                a = row[i - step] if i >= step else 0
                b, c = above[i], above[i - step] if i >= step else 0
                if kind == 1:
                    row[i] += a
                elif kind == 2:
                    row[i] += b
                elif kind == 3:
                    row[i] += (a + b) // 2
                elif kind == 4:
                    distances = [(abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c)]
                    row[i] += min(distances)[2]
                row[i] &= 255
            above = bytearray(row)
            rows.append(bytes(row))
        return rows
