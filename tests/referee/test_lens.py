#!/usr/bin/env python3
"""Lenses against OpenCV: what a pixel shows must fall on its centre: test_lens.py TOOL.

A hilly mesh is rendered through lenses; each pixel's world position is projected by cv2.projectPoints or
cv2.fisheye.projectPoints. Skips where cv2 or numpy is missing."""
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.abspath(sys.argv.pop(1))
try:
    import cv2
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing.name} is missing (python3-opencv, python3-numpy)")
    sys.exit(77)

WIDTH, HEIGHT, FOCAL = 320, 240, (210.0, 190.0)
# OpenCV's pixel centres are whole numbers, calotype's lie at +0.5.
CENTER = (155.25, 124.5)
LENSES = {
    "barrel": (False, [-0.28, 0.07, 0.0002, 0.00002, 0.018]),
    "pincushion": (False, [0.25, 0.05, 0, 0]),
    "tangential": (False, [-0.1, 0.01, 0.01, -0.015, 0.002]),
    "rational": (False, [0.5, -0.2, 0.001, -0.002, 0.01, 0.8, -0.1, 0.02]),
    "thin prism": (False, [-0.1, 0.02, 0.003, -0.004, 0, 0, 0, 0, 0.01, -0.003, -0.02, 0.004]),
    "equidistant": (True, [0, 0, 0, 0]),
    "fisheye": (True, [0.05, -0.02, 0.004, -0.0006]),
    "wide fisheye": (True, [-0.01, 0.003, 0, 0]),
}
WIDE_FOCAL = (105.0, 100.0)  # of the wide fisheye: rays up to 85 degrees and more


def hills(path):
    """A height field over the plane y = 0 of a z-up file, in triangles."""
    count, size = 60, 12.0
    with open(path, "w", encoding="ascii") as file:
        for j in range(count):
            for i in range(count):
                x, y = (i / (count - 1) - 0.5) * size, (j / (count - 1) - 0.5) * size
                file.write(f"v {x} {y} {0.4 * math.sin(1.3 * x) * math.cos(1.7 * y)}\n")
        for j in range(count - 1):
            for i in range(count - 1):
                a = j * count + i + 1
                file.write(f"f {a} {a + 1} {a + count + 1}\nf {a} {a + count + 1} {a + count}\n")


class Lens(unittest.TestCase):
    def render(self, folder, name):
        fisheye, distortion = LENSES[name]
        focal = WIDE_FOCAL if name == "wide fisheye" else FOCAL
        rotation = cv2.Rodrigues(np.array([0.1, -0.2, 0.3]))[0] @ np.diag([1.0, -1.0, -1.0])
        # An OBJ file is y up: its (x, y, z) is (x, -z, y) in the world.
        rotation = rotation @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        translation = np.array([0.1, -0.2, 2.0])
        camera = {
            "K": [[focal[0], 0, CENTER[0]], [0, focal[1], CENTER[1]], [0, 0, 1]], "dist": distortion, "fisheye": fisheye,
            "R": rotation.tolist(), "t": translation.tolist(), "width": WIDTH, "height": HEIGHT,
        }
        cameras = os.path.join(folder, "cameras.json")
        with open(cameras, "w", encoding="ascii") as file:
            json.dump({"cameras": [camera]}, file)
        out = os.path.join(folder, name)
        subprocess.run([TOOL, "render", os.path.join(folder, "hills.obj"), "-o", out, "--cameras", cameras, "--fit", "none",
                        "--cull", "off", "--channels", "position", "--mask", "--depth", "--quiet"], check=True)
        place = next(place for place, _, names in os.walk(out) if "metadata.json" in names)
        return place, rotation, translation, np.array(camera["K"])

    def check(self, folder, name):
        fisheye, distortion = LENSES[name]
        place, rotation, translation, matrix = self.render(folder, name)
        position = np.load(os.path.join(place, "000_position.npy")).astype(float)
        mask = np.load(os.path.join(place, "000_mask.npy")) == 1
        depth = np.load(os.path.join(place, "000_depth.npy"))
        with open(os.path.join(place, "metadata.json"), encoding="utf-8") as file:
            view = json.load(file)["views"][0]
        self.assertEqual(view["lens"], "fisheye" if fisheye else "opencv")
        self.assertEqual(view["lens_coefficients"][:len(distortion)], distortion)
        self.assertGreater(mask.mean(), 0.6)
        points = position[mask].reshape(-1, 1, 3)
        vector = cv2.Rodrigues(rotation)[0]
        project = cv2.fisheye.projectPoints if fisheye else cv2.projectPoints
        arguments = (points, vector, translation.reshape(3, 1), matrix, np.array(distortion, float))
        found = project(*arguments)[0].reshape(-1, 2)
        rows, columns = np.nonzero(mask)
        error = np.hypot(found[:, 0] - columns - 0.5, found[:, 1] - rows - 0.5)
        z = (points.reshape(-1, 3) @ rotation.T + translation)[:, 2]
        self.assertLess(np.abs(depth[mask] - z).max(), 1e-4)
        print(f"{name}: {mask.sum()} pixels, off by {np.median(error):.2g} pixels (median), {error.max():.2g} at most")
        self.assertLess(error.max(), 1e-4, name)

    def test_positions_fall_on_their_pixels(self):
        with tempfile.TemporaryDirectory() as folder:
            hills(os.path.join(folder, "hills.obj"))
            for name in LENSES:
                with self.subTest(name):
                    self.check(folder, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
