"""calotype.cameras: views by hand, by preset, from files."""
from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

import calotype
from calotype import cameras

import sample

# The command, in the build folder that this package is in.
TOOL = Path(os.environ.get("CALOTYPE_TOOL", Path(calotype.__file__).parents[2] / "src" / "cli" / "calotype"))
PLAIN = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # a sanitizer's, for Python alone
PRESETS = ("objaverse_xl", "orbit", "fibonacci", "hammersley", "gobjaverse", "zero123", "openlrm", "lrm", "gs_lrm",
           "instantmesh", "trellis", "trellis_cond", "shap_e")


class ByHand(unittest.TestCase):
    def test_perspective(self):
        views = cameras.perspective(sample.place(1, 2, 3), 40, 20, fov_y_radians=math.pi / 2, near_metres=0.5, far_metres=9)
        self.assertEqual((len(views), views.width, views.height, views.fit, views.protocol), (1, 40, 20, "none", "hand"))
        np.testing.assert_allclose(views.focal, [[10, 10]], rtol=1e-15)
        self.assertEqual(views.center.tolist(), [[20, 10]])
        self.assertEqual((views.near_metres[0], views.far_metres[0]), (0.5, 9))
        np.testing.assert_allclose(views.angles[0, 3], math.degrees(2 * math.atan(2)))
        self.assertTrue(np.isnan(views.angles[0, :3]).all())
        self.assertEqual(views.camera_to_world[0].tolist(), sample.place(1, 2, 3).tolist())
        np.testing.assert_allclose(views.intrinsics, [[[10, 0, 20], [0, 10, 10], [0, 0, 1]]], rtol=1e-15)
        self.assertIn("1 of 40x20", repr(views))

    def test_one_number_a_view(self):
        poses = np.tile(np.eye(4), (3, 1, 1))
        views = cameras.perspective(poses, 8, 8, fov_y_radians=[1.0, 0.5, 2.0], near_metres=[1, 2, 3])
        np.testing.assert_allclose(views.focal[:, 0], [4 / math.tan(f / 2) for f in (1.0, 0.5, 2.0)])
        self.assertEqual(views.near_metres.tolist(), [1, 2, 3])
        for wrong in ([1.0, 2.0], [[1.0]] * 3, "x", None, float("nan"), 0, math.pi, -1):
            with self.assertRaises(calotype.ArgumentError):
                cameras.perspective(poses, 8, 8, fov_y_radians=wrong)

    def test_opencv_matrices_are_inverses(self):
        pose = cameras.look_at((1, 2, 3), (0.5, 0, 0))
        views = cameras.perspective(pose, 8, 8)
        opencv = views.world_to_camera_opencv
        np.testing.assert_allclose(opencv[0] @ pose, np.diag([1, -1, -1, 1]), atol=1e-12)
        again = cameras.from_opencv(opencv, [[8, 0, 3.5], [0, 9, 4], [0, 0, 1]], 8, 8)
        np.testing.assert_allclose(again.camera_to_world[0], pose, atol=1e-12)
        self.assertEqual((again.focal[0].tolist(), again.center[0].tolist()), ([8, 9], [4, 4.5]))
        several = cameras.from_opencv(np.tile(opencv, (2, 1, 1)), [np.diag([8.0, 9, 1]), np.diag([5.0, 6, 1])], 8, 8)
        self.assertEqual(several.focal.tolist(), [[8, 9], [5, 6]])
        short = cameras.from_opencv(opencv[:, :3], np.diag([8.0, 9, 1]), 8, 8)
        np.testing.assert_allclose(short.camera_to_world[0], pose, atol=1e-12)
        for poses, k in ((np.zeros((4, 4)), np.eye(3)), (np.eye(4), np.ones((3, 3))), (np.eye(4), np.eye(4)),
                         (np.eye(3), np.eye(3)), ("x", np.eye(3)), (np.eye(4), None), (np.eye(4), np.diag([8, 8, 2])),
                         (np.eye(4), [[8, 1, 4], [0, 8, 4], [0, 0, 1]]), (np.eye(4), [np.eye(3)] * 2)):
            with self.assertRaises(calotype.ArgumentError):
                cameras.from_opencv(poses, k, 8, 8)

    def test_intrinsics_and_lenses(self):
        views = cameras.intrinsics(np.eye(4), 10, 11, 4, 5, 8, 9)
        self.assertEqual((views.focal[0].tolist(), views.center[0].tolist()), ([10, 11], [4, 5]))
        self.assertEqual(views.rows[0, 25:38].tolist(), [0] * 13)
        each = cameras.intrinsics(np.tile(np.eye(4), (2, 1, 1)), [10, 20], 11, 4, np.array([5, 6]), 8, 9)
        self.assertEqual((each.focal.tolist(), each.center.tolist()), ([[10, 11], [20, 11]], [[4, 5], [4, 6]]))
        views = cameras.intrinsics(np.eye(4), 10, 11, 4, 5, 8, 9, distortion=(1, 2, 3, 4, 5))
        self.assertEqual(views.rows[0, 25:38].tolist(), [1, 1, 2, 3, 4, 5] + [0] * 7)
        views = cameras.intrinsics(np.eye(4), 10, 11, 4, 5, 8, 9, distortion=(1, 2, 3, 4), lens="fisheye")
        self.assertEqual(views.rows[0, 25:38].tolist(), [2, 1, 2, 3, 4] + [0] * 8)
        for arguments in ({"distortion": (1, 2, 3)}, {"distortion": (1,) * 5, "lens": "fisheye"}, {"distortion": "x"},
                          {"distortion": (0, 0, 0, math.nan)}, {"distortion": (0,) * 4, "lens": "telephoto"},
                          {"fx": [1, 2]}, {"fy": math.nan}, {"cx": "x"}, {"cy": None}):
            with self.assertRaises(calotype.ArgumentError):
                cameras.intrinsics(np.eye(4), **{"fx": 10, "fy": 11, "cx": 4, "cy": 5, **arguments}, width=8, height=9)

    def test_orthographic(self):
        views = cameras.orthographic(np.eye(4), 40, 20, y_magnitude=2)
        self.assertEqual(views.focal[0].tolist(), [5, 5])
        self.assertEqual(cameras.orthographic(np.eye(4), 40, 20, y_magnitude=2, x_magnitude=1).focal[0].tolist(), [20, 5])
        for arguments in ({"y_magnitude": 0}, {"x_magnitude": -1}, {"y_magnitude": None}, {"x_magnitude": "x"}):
            with self.assertRaises(calotype.ArgumentError):
                cameras.orthographic(np.eye(4), 40, 20, **arguments)

    def test_look_at(self):
        np.testing.assert_allclose(cameras.look_at((3, 0, 0)), [[0, 0, 1, 3], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
        np.testing.assert_allclose(cameras.look_at((0, 0, 3)), sample.place(z=3))
        np.testing.assert_allclose(cameras.look_at([1, 1, 1], np.array([1, 2, 1])),
                                   [[1, 0, 0, 1], [0, 0, -1, 1], [0, 1, 0, 1], [0, 0, 0, 1]])
        for wrong in ((1, 2), "abc", None, (1, 2, math.inf), 5, (0, 0, 0)):  # the last is the target
            with self.assertRaises(calotype.ArgumentError):
                cameras.look_at(wrong)

    def test_views_are_arrays(self):
        views = cameras.perspective(np.tile(np.eye(4), (4, 1, 1)), 8, 8)
        views[1].camera_to_world[0, 0, 3] = 5
        self.assertEqual(views.camera_to_world[:, 0, 3].tolist(), [0, 5, 0, 0])
        views[2:].camera_to_world = [sample.place(x=1), sample.place(x=2)]
        self.assertEqual(views.camera_to_world[:, 0, 3].tolist(), [0, 5, 1, 2])
        self.assertEqual(views[[3, 1]].camera_to_world[:, 0, 3].tolist(), [2, 5])
        self.assertEqual(len(views[-1]), 1)
        self.assertEqual([view.camera_to_world[0, 0, 3] for view in views], [0, 5, 1, 2])
        self.assertEqual(len(views + views[:1]), 5)
        for wrong in (4, -5):
            with self.assertRaises(IndexError):
                views[wrong]
        with self.assertRaises(calotype.ArgumentError):
            views + cameras.orbit(1)
        with self.assertRaises(TypeError):
            views + 5
        for rows, fit in ((np.zeros((2, 41)), "none"), (np.zeros(42), "none"), (np.zeros((1, 42)), "preset"), ("x", "none")):
            with self.assertRaises(calotype.ArgumentError):
                cameras.Views(rows, fit)
        with self.assertRaises(calotype.ArgumentError):
            cameras.perspective(np.zeros((4, 4)), 8, 8).world_to_camera_opencv

    def test_sizes(self):
        for width, height in ((0, 8), (8, 16385), (-1, 8), (8.5, 8), ("8", 8), (math.nan, 8), (2**40, 8)):
            with self.assertRaises(calotype.ArgumentError):
                calotype.Renderer("cpu", 1).render(sample.quad(), cameras.perspective(np.eye(4), width, height))


class Presets(unittest.TestCase):
    def test_all_are_there(self):
        names = [preset.name for preset in cameras.presets()]
        self.assertEqual(sorted(names), sorted(name.replace("_", "-") for name in PRESETS))
        for info in cameras.presets():
            views = cameras.preset(info.name)
            self.assertEqual((len(views), views.width, views.height, views.fit),
                             (info.count, info.size, info.size, info.fit), info.name)
            function = getattr(cameras, info.name.replace("-", "_"))
            np.testing.assert_array_equal(function().rows, views.rows)

    def test_options(self):
        views = cameras.objaverse_xl(7, 64, 48, seed=3, radius=(2.0, 2.0), elevation_degrees=10, fov_degrees=(30, 40))
        self.assertEqual((len(views), views.width, views.height), (7, 64, 48))
        np.testing.assert_allclose(views.angles[:, 2], 2)
        np.testing.assert_allclose(views.angles[:, 1], 10, atol=1e-9)
        self.assertTrue(((views.angles[:, 3] >= 30) & (views.angles[:, 3] <= 40)).all())
        self.assertTrue((cameras.zero123(50, only_northern_hemisphere=True).camera_to_world[:, 2, 3] >= 0).all())
        self.assertFalse((cameras.zero123(50).camera_to_world[:, 2, 3] >= 0).all())
        self.assertFalse(np.array_equal(cameras.shap_e(seed=1).rows, cameras.shap_e(seed=2**64 - 1).rows))
        for arguments in ({"name": "nobody"}, {"count": 10**9}, {"count": -1}, {"seed": -1}, {"seed": 2**64}, {"radius": (1,)},
                          {"radius": "x"}, {"radius": (3, 2)}, {"fov_degrees": (math.nan, 2)}, {"width": 10**6},
                          {"elevation_degrees": (1, 2, 3)}, {"name": "a\0b"}, {"name": "\ud800"}):
            with self.assertRaises(calotype.Error):
                cameras.preset(**arguments)

    def test_the_command_makes_the_same_cameras(self):
        if not TOOL.exists():
            self.skipTest("the command is not in this build")
        model = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.obj").write_bytes(model)
            for name in PRESETS:
                name = name.replace("_", "-")
                out = Path(folder) / name
                subprocess.run([TOOL, "render", Path(folder) / "a.obj", "--preset", name, "--views", "3", "--size", "8",
                                "--seed", "5", "--output", out], check=True, capture_output=True, env=PLAIN)
                views = cameras.preset(name, 3, 8, 8, seed=5)
                loaded = cameras.load(next(out.rglob("metadata.json")))
                self.assertEqual(loaded.protocol, "file")
                np.testing.assert_allclose(loaded.camera_to_world, views.camera_to_world, atol=1e-12, err_msg=name)
                np.testing.assert_allclose(loaded.focal, views.focal, rtol=1e-12)
                np.testing.assert_array_equal(loaded.center, views.center)
                self.assertEqual((loaded.width, loaded.height, loaded.fit), (8, 8, views.fit))
                self.assertEqual(cameras.load(next(out.rglob("metadata.json")), 16, 16).width, 16)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "transforms.json"
            frame = {"file_path": "a.png", "transform_matrix": sample.place(1, 2, 3).tolist()}
            path.write_text(json.dumps({"w": 8, "h": 6, "fl_x": 10, "fl_y": 11, "cx": 4, "cy": 3, "frames": [frame]}))
            views = cameras.load(os.fsencode(path))
            self.assertEqual((views.width, views.height, views.focal[0].tolist()), (8, 6, [10, 11]))
            self.assertEqual(cameras.load(path, 16, 12).focal[0].tolist(), [20, 22])
            path.write_text("{")
            with self.assertRaises(calotype.FormatError):
                cameras.load(path)
        with self.assertRaises(calotype.NotFoundError):
            cameras.load("nowhere.json")
        for wrong in (None, 5, "a\0b", "\ud800"):
            with self.assertRaises(calotype.ArgumentError):
                cameras.load(wrong)


if __name__ == "__main__":
    unittest.main()
