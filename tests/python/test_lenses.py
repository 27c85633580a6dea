#!/usr/bin/env python3
"""Lenses from Python: what a pixel shows must fall on its centre by OpenCV's formulas."""
import json
import os
import tempfile
import unittest

try:
    import numpy as np
except ImportError as missing:
    raise unittest.SkipTest("numpy is missing (python3-numpy)") from missing

import calotype
from calotype import cameras, pyrender

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT", os.getcwd())
SIZE, FOCAL = 96, 80.0
OPENCV = (-0.2, 0.05, 0.002, -0.001, 0.01)
FISHEYE = (0.05, -0.02, 0.0, 0.0)


def project(points, camera_to_world, lens, k):
    """World points to pixels."""
    inside = (points - camera_to_world[:3, 3]) @ camera_to_world[:3, :3] * [1, -1, -1]
    a, b = inside[:, 0] / inside[:, 2], inside[:, 1] / inside[:, 2]
    s = a * a + b * b
    if lens == "fisheye":
        t = np.arctan(np.sqrt(s))
        scale = t * (1 + k[0] * t**2 + k[1] * t**4 + k[2] * t**6 + k[3] * t**8) / np.sqrt(s)
        a, b = a * scale, b * scale
    else:
        scale = 1 + k[0] * s + k[1] * s**2 + k[4] * s**3
        a, b = (a * scale + 2 * k[2] * a * b + k[3] * (s + 2 * a * a),
                b * scale + k[2] * (s + 2 * b * b) + 2 * k[3] * a * b)
    return np.stack([FOCAL * a + SIZE / 2, FOCAL * b + SIZE / 2], -1)


class Lenses(unittest.TestCase):
    def test_positions_fall_on_their_pixels(self):
        scene = calotype.Scene.load(os.path.join(ROOT, "examples", "field_camera.glb"))
        low, high = scene.bounds()
        pose = cameras.look_at((low + high) / 2 + np.array([1.0, -1.5, 0.7]) * np.linalg.norm(high - low) / 2,
                               (low + high) / 2)
        for lens, k in (("opencv", OPENCV), ("fisheye", FISHEYE)):
            with self.subTest(lens):
                view = cameras.intrinsics(pose, FOCAL, FOCAL, SIZE / 2, SIZE / 2, SIZE, SIZE, distortion=k,
                                          lens=lens)
                frames = calotype.Renderer().render(scene, view, ("position", "mask"))
                rows, columns = np.nonzero(frames["mask"].reshape(SIZE, SIZE))
                self.assertGreater(len(rows), 1000)
                found = project(frames["position"].reshape(SIZE, SIZE, 3)[rows, columns].astype(float), pose, lens, k)
                self.assertLess(np.abs(found - np.stack([columns, rows], -1) - 0.5).max(), 1e-3)

    def test_files_keep_their_lens(self):
        camera = {"K": [[FOCAL, 0, 48], [0, FOCAL, 48], [0, 0, 1]], "R": np.eye(3).tolist(), "t": [0, 0, 3],
                  "width": SIZE, "height": SIZE, "dist": OPENCV}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cameras.json")
            with open(path, "w", encoding="ascii") as file:
                json.dump({"cameras": [camera]}, file)
            loaded = cameras.load(path)
        given = cameras.intrinsics(loaded.camera_to_world, FOCAL, FOCAL, 48, 48, SIZE, SIZE, distortion=OPENCV)
        self.assertEqual(loaded.rows[0, 25:38].tolist(), given.rows[0, 25:38].tolist())
        self.assertEqual(loaded.rows[0, 25:31].tolist(), [1, *OPENCV])

    def test_a_lens_that_there_is_not(self):
        view = cameras.perspective(np.eye(4), 8, 8)
        view.rows[0, 25] = 3
        scene = calotype.Scene.load(os.path.join(ROOT, "examples", "field_camera.glb"))
        with self.assertRaisesRegex(calotype.Error, "lens 3"):
            calotype.Renderer().render(scene, view)

    def test_pyrender_cameras(self):
        """A plane of triangles with colours that are their own coordinates."""
        scene = pyrender.Scene(ambient_light=[1.0, 1.0, 1.0])
        side = np.linspace(-4, 4, 3)
        x, y = np.meshgrid(side, side)
        corners = np.stack([x, y, 0.3 * x], -1).reshape(-1, 3)
        indices = np.array([[j * 3 + i, j * 3 + i + 1, j * 3 + i + 4, j * 3 + i, j * 3 + i + 4, j * 3 + i + 3]
                            for j in range(2) for i in range(2)]).reshape(-1, 3)
        scene.add(pyrender.Mesh([pyrender.Primitive(positions=corners, indices=indices)]))
        pose = np.eye(4)
        pose[2, 3] = 2.5
        camera = pyrender.IntrinsicsCamera(FOCAL, FOCAL, SIZE / 2, SIZE / 2, distortion=OPENCV)
        scene.add(camera, pose=pose)
        renderer = pyrender.OffscreenRenderer(SIZE, SIZE)
        _, depth = renderer.render(scene)
        renderer.delete()
        # On the plane z = 0.3 x a point is given by its depth: its column must be the pixel's, where y is the axis'.
        row = SIZE // 2
        z = 2.5 - depth[row].astype(float)
        columns = np.nonzero(depth[row] > 0)[0]
        points = np.stack([z / 0.3, np.zeros(SIZE), z], -1)[columns]
        self.assertGreater(len(columns), 80)
        self.assertLess(np.abs(project(points, pose, "opencv", OPENCV)[:, 0] - columns - 0.5).max(), 0.1)


if __name__ == "__main__":
    unittest.main()
