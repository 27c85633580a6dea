"""Writes a GLB: geometry, pictures, materials, nodes, one skin, animations."""
import json
import struct

FLOAT, UNSIGNED_BYTE, UNSIGNED_SHORT, UNSIGNED_INT = 5126, 5121, 5123, 5125
FORMATS = {FLOAT: "f", UNSIGNED_BYTE: "B", UNSIGNED_SHORT: "H", UNSIGNED_INT: "I"}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963


class Writer:
    """Collects the parts; every add_ method returns the index that glTF refers to it by."""

    def __init__(self, generator):
        self.json = {"asset": {"version": "2.0", "generator": generator}}
        self.bytes = bytearray()

    def add(self, kind, item):
        self.json.setdefault(kind, []).append(item)
        return len(self.json[kind]) - 1

    def add_view(self, data, target=None):
        self.bytes += bytes(-len(self.bytes) % 4)
        view = {"buffer": 0, "byteOffset": len(self.bytes), "byteLength": len(data)}
        if target:
            view["target"] = target
        self.bytes += data
        return self.add("bufferViews", view)

    def add_accessor(self, rows, component=FLOAT, target=None, bounds=False, normalized=False):
        """Rows are tuples of the same length, each a multiple of four bytes, or of single indices."""
        width = len(rows[0])
        data = struct.pack(f"<{width * len(rows)}{FORMATS[component]}", *(value for row in rows for value in row))
        accessor = {"bufferView": self.add_view(data, target), "componentType": component, "count": len(rows),
                    "type": TYPES[width]}
        if normalized:
            accessor["normalized"] = True
        if bounds:  # of the values as stored, in single precision
            stored = list(struct.iter_unpack(f"<{width}{FORMATS[component]}", data))
            accessor["min"] = [min(row[i] for row in stored) for i in range(width)]
            accessor["max"] = [max(row[i] for row in stored) for i in range(width)]
        return self.add("accessors", accessor)

    def add_indices(self, triangles, vertex_count):
        component = UNSIGNED_SHORT if vertex_count < 65535 else UNSIGNED_INT
        return self.add_accessor([(i,) for triangle in triangles for i in triangle], component, ELEMENT_ARRAY_BUFFER)

    def add_texture(self, name, png_bytes):
        image = self.add("images", {"name": name, "mimeType": "image/png", "bufferView": self.add_view(png_bytes)})
        if "samplers" not in self.json:
            self.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497})
        return self.add("textures", {"source": image, "sampler": 0})

    def add_primitive(self, surface, colors, origin, material, joints=None, weights=None):
        """One glTF primitive from a Surface, its positions relative to `origin`."""
        positions = [tuple(p - o for p, o in zip(position, origin)) for position in surface.positions]
        attributes = {
            "POSITION": self.add_accessor(positions, target=ARRAY_BUFFER, bounds=True),
            "NORMAL": self.add_accessor(surface.normals, target=ARRAY_BUFFER),
            "TEXCOORD_0": self.add_accessor(surface.uvs, target=ARRAY_BUFFER),
            "COLOR_0": self.add_accessor(colors, UNSIGNED_BYTE, ARRAY_BUFFER, normalized=True),
        }
        if joints:
            attributes["JOINTS_0"] = self.add_accessor(joints, UNSIGNED_BYTE, ARRAY_BUFFER)
            attributes["WEIGHTS_0"] = self.add_accessor(weights, target=ARRAY_BUFFER)
        return {"attributes": attributes, "indices": self.add_indices(surface.triangles, len(positions)),
                "material": material, "mode": 4}

    def finish(self):
        self.bytes += bytes(-len(self.bytes) % 4)
        self.json["buffers"] = [{"byteLength": len(self.bytes)}]
        text = json.dumps(self.json, separators=(",", ":"), sort_keys=True).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self.bytes)
        return b"".join([struct.pack("<4sII", b"glTF", 2, size), struct.pack("<I4s", len(text), b"JSON"), text,
                         struct.pack("<I4s", len(self.bytes), b"BIN\0"), bytes(self.bytes)])
