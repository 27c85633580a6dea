#!/usr/bin/env python3
"""Several files in one scene, judged from outside: test_arrangement.py TOOL. Triangles of the files themselves are put where
metadata.json says; pictures must show them there, and no two objects may touch. Needs numpy."""
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError:
    np = None

TOOL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "calotype"
ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ASSETS = os.environ.get("CALOTYPE_ASSETS") or os.path.join(ROOT, "..", "shared", "assets")
BOX = [(0, 3, 2), (0, 1, 3), (4, 7, 5), (4, 6, 7), (0, 5, 1), (0, 4, 5), (2, 7, 6), (2, 3, 7), (0, 6, 4), (0, 2, 6), (1, 7, 3), (1, 5, 7)]


def box(low, high):
    return [tuple((low, high)[i >> (2 - k) & 1][k] for k in range(3)) for i in range(8)], BOX


def spike(sides, radius, height):
    """A cone with the tip up (y) and no floor."""
    ring = [(radius * np.cos(a), 0.0, radius * np.sin(a)) for a in np.arange(sides) * 2 * np.pi / sides]
    return ring + [(0.0, height, 0.0)], [(sides, i, (i + 1) % sides) for i in range(sides)]


def merge(*parts):
    corners, faces = [], []
    for part_corners, part_faces in parts:
        faces += [tuple(i + len(corners) for i in face) for face in part_faces]
        corners += part_corners
    return corners, faces


def crosses(a, b):
    """Whether an edge of triangles `a` (N, 3, 3) goes through one of `b`: signed volumes, all pairs at once."""
    volume = lambda p, q, r, s: np.einsum("...i,...i", np.cross(q - p, r - p), s - p)
    start, end = a[:, None, :, None], np.roll(a, -1, axis=1)[:, None, :, None]
    p, q, r = (b[None, :, None, i, None] for i in range(3))
    beside = volume(p, q, r, start) * volume(p, q, r, end) < 0
    around = [volume(start, end, x, y) for x, y in ((p, q), (q, r), (r, p))]
    same = (np.minimum(np.minimum(*around[:2]), around[2]) > 0) | (np.maximum(np.maximum(*around[:2]), around[2]) < 0)
    return bool((beside & same).any())


@unittest.skipIf(np is None, "numpy is missing")
class Arrangement(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="calotype-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        models = {
            "box": box((0, 0, 0), (1, 1, 1)),
            "post": box((-0.1, -3, -0.1), (0.1, 3, 0.1)),
            "slab": box((10, 0, 10), (14, 0.2, 14)),
            "sheet": ([(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)], [(0, 2, 1), (0, 3, 2)]),
            "spike": spike(9, 1.0, 3.0),
            "table": merge(box((-2, 1.8, -1), (2, 2, 1)), box((-2, 0, -1), (-1.8, 1.8, -0.8)), box((1.8, 0, 0.8), (2, 1.8, 1))),
        }
        self.models = {}
        for name, (corners, faces) in models.items():
            path = os.path.join(self.folder, name + ".obj")
            with open(path, "w", encoding="ascii") as file:
                file.writelines("v %.9g %.9g %.9g\n" % tuple(corner) for corner in corners)
                file.writelines("f %d %d %d\n" % tuple(i + 1 for i in face) for face in faces)
            corners = np.array(corners)
            z_up = np.stack([corners[:, 0], -corners[:, 2], corners[:, 1]], 1)  # as docs/metadata.md says
            self.models[path] = z_up[np.array(faces)]

    def tool(self, *arguments):
        return subprocess.run([TOOL, "render", *arguments, "-o", os.path.join(self.folder, "out")], capture_output=True,
                              text=True, check=False, timeout=300)

    def render(self, files, *arguments, code=0):
        run = self.tool(*files, "--name", "stem", *arguments)
        self.assertEqual(run.returncode, code, run.stderr)
        stem = os.path.splitext(os.path.basename(files[0]))[0]
        folder = os.path.join(self.folder, "out", f"{stem}-and-{len(files) - 1}-more")
        with open(os.path.join(folder, "metadata.json"), encoding="utf-8") as file:
            return folder, json.load(file)

    def placed(self, metadata):
        """Each object's triangles in the world."""
        for entry in metadata["objects"]:
            matrix = np.array(entry["object_to_world"])
            triangles = self.models[entry["file_identifier"]] @ matrix[:3, :3].T + matrix[:3, 3]
            points = triangles.reshape(-1, 3)
            np.testing.assert_allclose(points.min(0), entry["bounding_box"]["min"], atol=1e-6)
            np.testing.assert_allclose(points.max(0), entry["bounding_box"]["max"], atol=1e-6)
            yield triangles

    def check_labels(self, folder, metadata, triangles):
        """Every pixel's point is in the box of the object whose id it has, and every object is seen."""
        seen = set()
        boxes = {entry["instance_id"]: entry["bounding_box"] for entry in metadata["objects"]}
        for view in metadata["views"]:
            ids = np.load(os.path.join(folder, view["instance"]))
            depth = np.load(os.path.join(folder, view["depth"]))
            k, pose = np.array(view["intrinsics"]), np.array(view["camera_to_world"])
            rows, columns = np.nonzero(ids)
            z = depth[rows, columns]
            camera = np.stack([(columns + 0.5 - k[0, 2]) / k[0, 0] * z, -(rows + 0.5 - k[1, 2]) / k[1, 1] * z, -z], 1)
            world = camera @ pose[:3, :3].T + pose[:3, 3]
            for number in np.unique(ids[rows, columns]):
                points = world[ids[rows, columns] == number]
                low, high = (np.array(boxes[number][key]) for key in ("min", "max"))
                # Objects are some 0.2 long. Corners are snapped to parts of pixels, which shows where surfaces are seen edge-on.
                self.assertLess(np.maximum(low - points, points - high).max(), 1e-3)
                seen.add(int(number))
        self.assertEqual(seen, set(range(1, len(triangles) + 1)))

    def test_objects_touch_nowhere_and_are_where_metadata_says(self):
        files = sorted(self.models) * 3
        for kind, seed in itertools.product(("ground", "air"), ("1", "2")):
            with self.subTest(kind=kind, seed=seed):
                folder, metadata = self.render(files, "--arrangement", kind, "--seed", seed, "--ids=npy", "--depth",
                                               "--views", "20", "--size", "128")
                triangles = list(self.placed(metadata))
                for a, b in itertools.combinations(triangles, 2):
                    self.assertFalse(crosses(a, b) or crosses(b, a))
                if kind == "ground":
                    lows = [t[..., 2].min() for t in triangles]
                    self.assertLess(np.ptp(lows), 1e-6)
                self.check_labels(folder, metadata, triangles)

    def test_the_judge_sees_crossings(self):
        a = self.models[os.path.join(self.folder, "box.obj")]
        inside = np.array([0.5, 0.4, 0.3])
        self.assertTrue(crosses(a, a + inside) or crosses(a + inside, a))
        self.assertFalse(crosses(a, a + 3 * inside) or crosses(a + 3 * inside, a))

    def test_ids_are_the_files_order(self):
        files = sorted(self.models)
        for order in (files, files[::-1]):
            _, metadata = self.render(order, "--arrangement", "ground", "--views", "1", "--size", "16")
            self.assertEqual([entry["file_identifier"] for entry in metadata["objects"]], order)
            self.assertEqual([entry["instance_id"] for entry in metadata["objects"]], [1, 2, 3, 4, 5, 6])
            self.assertEqual(metadata["file_identifier"], ", ".join(order))
            self.assertEqual(metadata["objects"][1]["save_uid"][14], "5")

    def test_a_broken_file_is_left_out_with_code_1(self):
        broken = os.path.join(self.folder, "broken.glb")
        with open(broken, "wb") as file:
            file.write(b"glTF\x02\0\0\0")
        files = sorted(self.models)[:2]
        _, metadata = self.render([files[0], broken, files[1]], "--arrangement", "air", "--views", "1", "--size", "16", code=1)
        self.assertEqual(metadata["objects"][1], {"file_identifier": broken, "left_out": "format"})
        self.assertEqual([o.get("instance_id") for o in metadata["objects"]], [1, None, 2])
        run = self.tool(broken, broken, "--arrangement", "air")
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertIn("none of the 2 objects can be used", run.stderr)

    def test_options_without_an_arrangement_are_refused(self):
        for words in (["--spread", "2"], ["--object-size", "1"], ["--show-ground"]):
            run = self.tool(sorted(self.models)[0], *words)
            self.assertEqual(run.returncode, 2)
            self.assertIn("--arrangement", run.stderr)
        run = self.tool(sorted(self.models)[0], "--arrangement", "air", "--show-ground")
        self.assertEqual(run.returncode, 2)

    def test_looks_come_to_scenes_too(self):
        looks = os.path.join(self.folder, "looks.json")
        with open(looks, "w", encoding="ascii") as file:
            json.dump({"calotype": 1, "components": [{"type": "distractors", "count": [2, 2], "on_floor": True}]}, file)
        files = [os.path.join(self.folder, name + ".obj") for name in ("box", "table", "slab")]
        folder, metadata = self.render(files, "--arrangement", "ground", "--show-ground", "--randomize", looks,
                                       "--variants", "2", "--ids=npy", "--views", "12", "--size", "64",
                                       "--only-northern-hemisphere")
        ids = set()
        for view in metadata["views"]:
            ids |= set(np.unique(np.load(os.path.join(folder, view["instance"]))).tolist())
        self.assertLessEqual({1, 2, 3, metadata["arrangement"]["ground_instance_id"]}, ids)
        self.assertTrue(any(number > 4 for number in ids))

    def test_real_assets_stand_upright(self):
        files = [os.path.join(ASSETS, "glb", name) for name in ("duck_4k.glb", "flighthelmet_95k.glb", "statue_16k.glb")]
        if not all(os.path.exists(path) for path in files):
            self.skipTest("the assets are not here")
        _, metadata = self.render(files, "--arrangement", "ground", "--views", "2", "--size", "64")
        for entry in metadata["objects"]:
            matrix = np.array(entry["object_to_world"])
            low, high = (np.array(entry["scene_size"][key]) for key in ("bbox_min", "bbox_max"))
            scale = matrix[2, 2]
            np.testing.assert_allclose(matrix[2, :2], 0, atol=1e-12)
            height = entry["bounding_box"]["max"][2] - entry["bounding_box"]["min"][2]
            self.assertAlmostEqual(height, scale * (high - low)[2], places=6)
            self.assertAlmostEqual(entry["bounding_box"]["min"][2], metadata["objects"][0]["bounding_box"]["min"][2], places=6)


if __name__ == "__main__":
    unittest.main()
