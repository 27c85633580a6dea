"""Objects and parts as other programs read them: torch, and a reader of safetensors of a few lines.

    test_packages.py CALOTYPE PACKAGE_TOOL
"""
import hashlib
import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

HAS_ARRAYS = all(importlib.util.find_spec(name) for name in ("numpy", "PIL"))
HAS_TORCH = HAS_ARRAYS and importlib.util.find_spec("torch") is not None
if HAS_ARRAYS:
    import numpy
    from PIL import Image

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODEL = os.path.join(ROOT, "examples", "field_camera.glb")
TYPES = {"F32": "<f4", "I32": "<i4", "U8": "|u1"}
ARGUMENT, FORMAT, UNSUPPORTED = 1, 4, 5


def read_safetensors(path):
    """Name to array, straight from the format's description; every byte must belong to a tensor."""
    with open(path, "rb") as file:
        data = file.read()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    assert data[8:9] == b"{" and size % 8 == 0, "the header begins with a brace and is aligned"
    assert all(isinstance(value, str) for value in header.pop("__metadata__", {}).values())
    arrays, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = entry["data_offsets"]
        assert first == end, f"a gap before {name}"
        numbers = numpy.frombuffer(data[8 + size + first:8 + size + last], TYPES[entry["dtype"]])
        assert first % numbers.itemsize == 0, f"{name} is not aligned"
        arrays[name] = numbers.reshape(entry["shape"])
        end = last
    assert 8 + size + end == len(data), "bytes behind the last tensor"
    return arrays


def read_torch(path):
    import torch
    return torch.load(path, weights_only=True)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Packages(unittest.TestCase):
    calotype = tool = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def render(self, package, *options, expected=0):
        result = subprocess.run([self.calotype, "render", MODEL, "-o", self.path("out"), "--package", package, "--name",
                                 "stem", "-q", *options], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, expected, result.stderr)
        return result.stderr

    def stage(self, package, name):
        return subprocess.run([self.tool, "stage", package, MODEL, self.path("staged-" + package), name],
                              capture_output=True, text=True, check=True).stdout.strip()

    def join(self, package, samples, expected=0):
        """The part's path; or the sentence of a failure, after which there is no part."""
        part = self.path("part")
        words = [word for sample in samples for word in sample]
        result = subprocess.run([self.tool, "join", package, part, *words], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, expected, result.stderr)
        if expected:
            self.assertFalse(os.path.exists(part))
            return result.stderr
        self.assertEqual(result.stdout, f"{os.path.getsize(part)} {digest(part)}\n")
        return part

    def check_cameras(self, cameras, metadata):
        for numbers, view in zip(cameras, metadata["views"]):
            (fx, _, cx), (_, fy, cy), _ = view["intrinsics"]
            width, height = view["width"], view["height"]
            numpy.testing.assert_allclose(numbers[:6], [fx / width, fy / height, cx / width, cy / height, 0, 0], rtol=1e-6)
            numpy.testing.assert_array_equal(numbers[6:].reshape(3, 4),
                                             numpy.float32(view["world_to_camera_opencv"])[:3])

    def files_of(self, metadata, key):
        return [numpy.load(self.path("out", "field_camera", view[key])) for view in metadata["views"]]

    # ---- one object ----

    OPTIONS = ("--views", "3", "--size", "40x24", "--all", "--ids")

    @unittest.skipUnless(HAS_TORCH, "torch is missing")
    def test_torch_loads_what_files_hold(self):
        import torch
        self.render("files", *self.OPTIONS, "--ids=npy")
        self.render("torch", *self.OPTIONS)
        scene, = read_torch(self.path("out", "field_camera.torch"))
        metadata = json.loads(bytes(scene["metadata"].numpy()))
        self.assertEqual(scene["key"], "field_camera")
        self.assertEqual([scene[name].dtype for name in ("cameras", "depths", "masks", "normals", "instance")],
                         [torch.float32] * 4 + [torch.int32])
        self.check_cameras(scene["cameras"].numpy(), metadata)
        for i, view in enumerate(metadata["views"]):
            with open(self.path("out", "field_camera", view["image"]), "rb") as file:
                self.assertEqual(bytes(scene["images"][i].numpy()), file.read())
        depths = numpy.stack(self.files_of(metadata, "depth"))
        self.assertTrue((depths == 0).any() and (depths > 0).any())
        numpy.testing.assert_array_equal(scene["depths"], numpy.where(depths == 0, -1, depths))
        for name, key in (("masks", "mask"), ("normals", "normal"), ("instance", "instance"), ("material", "material")):
            numpy.testing.assert_array_equal(scene[name], numpy.stack(self.files_of(metadata, key)), name)

    @unittest.skipUnless(HAS_ARRAYS, "numpy or PIL is missing")
    def test_safetensors_hold_what_files_hold(self):
        more = ("--channels", "geometric_normal,position,uv,albedo,metal_roughness")
        self.render("files", *self.OPTIONS, "--ids=npy", *more)
        self.render("safetensors", *self.OPTIONS, *more)
        arrays = read_safetensors(self.path("out", "field_camera.safetensors"))
        metadata = json.loads(bytes(arrays.pop("field_camera/metadata")))
        self.check_cameras(arrays.pop("field_camera/cameras"), metadata)
        pictures = [numpy.asarray(Image.open(self.path("out", "field_camera", f"{i:03d}.png"))) for i in range(3)]
        numpy.testing.assert_array_equal(arrays.pop("field_camera/image"), numpy.stack(pictures))
        self.assertEqual(len(arrays), 10)
        for name, array in arrays.items():
            numpy.testing.assert_array_equal(array, numpy.stack(self.files_of(metadata, name.split("/")[1])), name)

    @unittest.skipUnless(HAS_ARRAYS, "numpy or PIL is missing")
    def test_colour_without_alpha_and_of_floats(self):
        for kind, shape, size in (("rgb", (1, 8, 8, 3), 1), ("float", (1, 8, 8, 4), 4)):
            self.render("safetensors", "--views", "1", "--size", "8", "--color-format", kind, "--background", "white")
            image = read_safetensors(self.path("out", "field_camera.safetensors"))["field_camera/image"]
            self.assertEqual((image.shape, image.itemsize), (shape, size))
        self.assertIn("PNG pictures, not floats",
                      self.render("torch", "--views", "1", "--color-format", "float", expected=UNSUPPORTED))

    def test_a_second_run_replaces_the_first_with_the_same_bytes(self):
        for package, ending in (("webdataset", "tar"), ("torch", "torch"), ("safetensors", "safetensors")):
            path = self.path("out", "field_camera." + ending)
            self.render(package, "--views", "2", "--size", "16", "--depth")
            first = digest(path)
            self.render(package, "--views", "2", "--size", "16", "--depth")
            self.assertEqual(digest(path), first)
            with open(path, "wb") as file:
                file.write(b"PK\3\4 somebody else's" * 100)
            self.assertIn("move it away", self.render(package, "--views", "2", "--size", "16", expected=7))
            os.unlink(path)
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_what_cannot_be_tensors_is_told_before_rendering(self):
        cameras = self.path("cameras.json")
        lens = {"camera_model": "OPENCV_FISHEYE", "k1": 0.1, "k2": 0, "k3": 0, "k4": 0}
        frame = {"fl_x": 20, "fl_y": 20, "cx": 8, "cy": 8, "w": 16, "h": 16,
                 "transform_matrix": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]]}
        cases = [({**lens, "frames": [frame]}, "distortion"), ({"frames": [frame, {**frame, "w": 17}]}, "one size")]
        for package in ("torch", "safetensors"):
            for content, word in cases:
                with open(cameras, "w", encoding="utf-8") as file:
                    json.dump(content, file)
                self.assertIn(word, self.render(package, "--cameras", cameras, expected=UNSUPPORTED))
            self.assertIn("OpenEXR", self.render(package, "--image-format", "exr", expected=UNSUPPORTED))
        self.assertFalse(os.path.exists(self.path("out")) and os.listdir(self.path("out")))

    # ---- parts ----

    @unittest.skipUnless(HAS_TORCH, "torch is missing")
    def test_torch_parts(self):
        part = self.join("torch", [("first", self.stage("torch", "a")), ("zwei", self.stage("torch", "b"))])
        scenes = read_torch(part)
        self.assertEqual([scene["key"] for scene in scenes], ["first", "zwei"])
        for scene in scenes:
            self.assertEqual(tuple(scene["masks"].shape), (2, 16, 24))
            self.assertEqual(len(scene["images"]), 2)
            self.assertEqual(bytes(scene["images"][1][:4].numpy()), b"\x89PNG")
        with zipfile.ZipFile(part) as archive, open(part, "rb") as file:
            self.assertIsNone(archive.testzip())
            for record in archive.infolist():
                file.seek(record.header_offset + 26)
                self.assertEqual((record.header_offset + 30 + sum(struct.unpack("<HH", file.read(4)))) % 64, 0)
                self.assertEqual(record.compress_type, zipfile.ZIP_STORED)

    @unittest.skipUnless(HAS_ARRAYS, "numpy or PIL is missing")
    def test_safetensors_parts(self):
        part = self.join("safetensors", [('say "hi"', self.stage("safetensors", "a")),
                                         ("t\u00f6pf", self.stage("safetensors", "b"))])
        arrays = read_safetensors(part)
        names = {"cameras", "image", "depth", "mask", "instance", "material", "metadata"}
        self.assertEqual(set(arrays), {f'{key}/{name}' for key in ('say "hi"', "t\u00f6pf") for name in names})
        for name in names - {"metadata"}:
            numpy.testing.assert_array_equal(arrays['say "hi"/' + name], arrays["t\u00f6pf/" + name])

    def test_a_part_of_one_is_what_render_leaves(self):
        for package, ending in (("webdataset", ".tar"), ("torch", ".torch")):
            self.render(package, "--views", "2", "--size", "24x16", "--depth", "--mask", "--ids")
            part = self.join(package, [("field_camera", self.stage(package, "other"))])
            self.assertEqual(digest(part), digest(self.path("out", "field_camera" + ending)), package)

    def test_tars_have_the_names_that_webdataset_groups_by(self):
        part = self.join("webdataset", [("a", self.stage("webdataset", "x")), ("b", self.stage("webdataset", "y"))])
        with tarfile.open(part) as tar:
            names = tar.getnames()
            self.assertIsInstance(json.load(tar.extractfile("b.json"))["views"], list)
        files = [f"{view}{channel}" for view in ("000", "001")
                 for channel in (".png", "_depth.npy", "_mask.npy", "_instance.png", "_material.png")] + ["json"]
        self.assertEqual(names, [f"{key}.{file}" for key in "ab" for file in files])

    # ---- what a worker might leave that was taken over by the file it read ----

    def test_other_staged_files_are_refused(self):
        whole = self.stage("safetensors", "a")
        self.assertIn("do not belong", self.join("torch", [("a", whole)], FORMAT))
        self.assertIn("render it again", self.join("safetensors", [("a", self.stage("torch", "a"))], FORMAT))
        self.assertIn("render it again", self.join("webdataset", [("a", whole)], FORMAT))

    def test_lies_in_a_header_are_refused(self):
        with open(self.stage("safetensors", "a"), "rb") as file:
            data = file.read()
        size, = struct.unpack("<Q", data[:8])
        header, numbers = json.loads(data[8:8 + size]), data[8 + size:]
        lies = [
            ("a/mask", "shape", [2, 16, -24]), ("a/mask", "shape", [2, 16, 24, 1]), ("a/mask", "shape", [1 << 62] * 3),
            ("a/mask", "shape", [0, 1 << 60, 1 << 60]), ("a/mask", "shape", []), ("a/mask", "shape", [[2], 16, 24]), ("a/mask", "dtype", "F64"), ("a/mask", "dtype", 3),
            ("a/mask", "data_offsets", [0, 1 << 62]), ("a/mask", "data_offsets", [800, 32]),
            ("a/mask", "data_offsets", [-768, 0]), ("a/mask", "data_offsets", None), ("a/cameras", "shape", [18, 2]),
            ("a/cameras", "dtype", "I32"), ("a/metadata", "shape", [1, 1]),
        ]
        path = self.path("lie")

        def expect_refused(changed):
            text = json.dumps(changed).encode() if isinstance(changed, dict) else changed
            with open(path, "wb") as file:
                file.write(struct.pack("<Q", len(text)) + text + numbers)
            self.assertIn(path, self.join("safetensors", [("a", path)], FORMAT))

        for name, field, value in lies:
            expect_refused({**header, name: {**header[name], field: value}})
        for name in ("a/cameras", "a/metadata"):
            expect_refused({other: entry for other, entry in header.items() if other != name})
        expect_refused({**header, "a/extra": header["a/mask"]})
        expect_refused({**header, "b/depth": header["a/depth"]})
        expect_refused({**header, "a/../../etc/passwd": header["a/depth"]})
        for text in (b"", b"[]", b"{}", b"nonsense", b"[" * 100000, b'{"__metadata__":{}}', b'{"a":1}', b'{"a/cameras":1}',
                     b'{"a/cameras":{},"a/cameras":{}}'):
            expect_refused(text)
        for length in (0, 1 << 40, (1 << 64) - 1):
            with open(path, "wb") as file:
                file.write(struct.pack("<Q", length) + data[8:])
            self.join("safetensors", [("a", path)], FORMAT)

    def test_damage_is_a_sentence_or_a_part(self):
        chance = random.Random(7)
        for package in ("torch", "safetensors", "webdataset"):
            with open(self.stage(package, "a"), "rb") as file:
                data = file.read()
            path = self.path("damaged")
            for _ in range(15):
                changed = bytearray(data)
                for _ in range(chance.randrange(1, 4)):
                    changed[chance.randrange(600)] = chance.randrange(256)
                with open(path, "wb") as file:
                    file.write(changed[:chance.randrange(len(data)) if chance.random() < 0.3 else len(data)])
                code = subprocess.run([self.tool, "join", package, self.path("part"), "a", path], capture_output=True,
                                      check=False).returncode
                self.assertIn(code, (0, FORMAT))


if __name__ == "__main__":
    if len(sys.argv) < 3 or not os.access(sys.argv[1], os.X_OK):
        print("skipped: no tool to run")
        sys.exit(77)
    Packages.tool = os.path.abspath(sys.argv.pop(2))
    Packages.calotype = os.path.abspath(sys.argv.pop(1))
    unittest.main()
