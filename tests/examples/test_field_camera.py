"""The bundled example is what its script makes, and a sound glTF file by checks of its own."""
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SCRIPT = os.path.join(ROOT, "examples", "make_field_camera.py")
EXAMPLE = os.path.join(ROOT, "examples", "field_camera.glb")
FORMATS = {5126: "f", 5121: "B", 5123: "H", 5125: "I"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        magic, version, size, json_size = struct.unpack_from("<4sIII", data)
        assert magic == b"glTF" and version == 2 and size == len(data)
        self.json = json.loads(data[20:20 + json_size])
        self.bytes = data[28 + json_size:]

    def view(self, index):
        view = self.json["bufferViews"][index]
        return self.bytes[view["byteOffset"]:view["byteOffset"] + view["byteLength"]]

    def rows(self, index):
        accessor = self.json["accessors"][index]
        layout = f"<{WIDTHS[accessor['type']]}{FORMATS[accessor['componentType']]}"
        return list(struct.iter_unpack(layout, self.view(accessor["bufferView"])))

    def primitives(self):
        for mesh in self.json["meshes"]:
            for primitive in mesh["primitives"]:
                yield mesh["name"], primitive

    def picture_views(self):
        return {image["bufferView"] for image in self.json["images"]}


def inflated(png):
    """The chunks of a PNG with its pixels unpacked: equal for every version of zlib."""
    chunks, at = [], 8
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8:at + 8 + size]
        chunks.append((kind, zlib.decompress(data) if kind == b"IDAT" else data))
        at += 12 + size
    return chunks


def cross_of(a, b, c):
    u, v = [q - p for p, q in zip(a, b)], [q - p for p, q in zip(a, c)]
    return (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])


class FieldCamera(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.example = Glb(EXAMPLE)

    def test_script_makes_the_committed_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "again.glb")
            subprocess.run([sys.executable, SCRIPT, path], check=True)
            with open(path, "rb") as made, open(EXAMPLE, "rb") as committed:
                if made.read() == committed.read():
                    return
            # Another zlib packs pictures differently, and then every offset moves.
            made = Glb(path)
        pictures = self.example.picture_views()
        self.assertEqual(pictures, made.picture_views())
        for index in range(len(self.example.json["bufferViews"])):
            unpack = inflated if index in pictures else bytes
            self.assertEqual(unpack(self.example.view(index)), unpack(made.view(index)), f"buffer view {index}")
        for key in set(self.example.json) - {"bufferViews", "buffers"}:
            self.assertEqual(self.example.json[key], made.json[key], key)

    def test_size(self):
        self.assertLess(os.path.getsize(EXAMPLE), 2_000_000)

    def test_attributes_agree(self):
        for name, primitive in self.example.primitives():
            accessors = self.example.json["accessors"]
            count = accessors[primitive["attributes"]["POSITION"]]["count"]
            for attribute in primitive["attributes"].values():
                self.assertEqual(accessors[attribute]["count"], count, name)
            self.assertLess(max(row[0] for row in self.example.rows(primitive["indices"])), count, name)

    def test_position_bounds(self):
        for name, primitive in self.example.primitives():
            accessor = self.example.json["accessors"][primitive["attributes"]["POSITION"]]
            columns = list(zip(*self.example.rows(primitive["attributes"]["POSITION"])))
            self.assertEqual(accessor["min"], [min(column) for column in columns], name)
            self.assertEqual(accessor["max"], [max(column) for column in columns], name)

    def test_triangles_face_outwards(self):
        for name, primitive in self.example.primitives():
            positions = self.example.rows(primitive["attributes"]["POSITION"])
            normals = self.example.rows(primitive["attributes"]["NORMAL"])
            self.assertTrue(all(abs(math.hypot(*normal) - 1) < 1e-5 for normal in normals), name)
            indices = [row[0] for row in self.example.rows(primitive["indices"])]
            for corner in range(0, len(indices), 3):
                a, b, c = indices[corner:corner + 3]
                face = cross_of(positions[a], positions[b], positions[c])
                mean = [x + y + z for x, y, z in zip(normals[a], normals[b], normals[c])]
                self.assertGreater(sum(p * q for p, q in zip(face, mean)), 0, f"{name}, triangle {corner // 3}")

    def test_skin(self):
        nodes = self.example.json["nodes"]
        skin = self.example.json["skins"][0]
        for joint, matrix in zip(skin["joints"], self.example.rows(skin["inverseBindMatrices"])):
            for rest, inverse in zip(nodes[joint]["translation"], matrix[12:15]):
                self.assertAlmostEqual(rest + inverse, 0, 6)
        skinned = [primitive for _, primitive in self.example.primitives() if "JOINTS_0" in primitive["attributes"]]
        self.assertEqual(len(skinned), 1)
        for joints, weights in zip(self.example.rows(skinned[0]["attributes"]["JOINTS_0"]),
                                   self.example.rows(skinned[0]["attributes"]["WEIGHTS_0"])):
            self.assertLess(max(joints), len(skin["joints"]))
            self.assertAlmostEqual(sum(weights), 1, 6)

    def test_focus_animation(self):
        animation = self.example.json["animations"][0]
        self.assertEqual(animation["name"], "focus")
        for sampler in animation["samplers"]:
            times = [row[0] for row in self.example.rows(sampler["input"])]
            self.assertEqual((times[0], times[-1], times), (0.0, 2.0, sorted(times)))
            values = len(self.example.rows(sampler["output"]))
            self.assertEqual(values, len(times) * (3 if sampler["interpolation"] == "CUBICSPLINE" else 1))


if __name__ == "__main__":
    unittest.main()
