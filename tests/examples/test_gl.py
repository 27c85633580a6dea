"""The OpenGL examples draw what they say, in every kind of context that the machine has.

    test_gl.py OWN_GL [MUJOCO_GL]
"""
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

HAS_PICTURES = all(importlib.util.find_spec(name) for name in ("numpy", "PIL"))
ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ON_DISPLAY = [sys.executable, os.path.join(ROOT, "tests", "gl", "with_xvfb.py")]
SKIPPED = 77


def read_picture(path):
    import numpy
    from PIL import Image
    with Image.open(path) as picture:
        return numpy.asarray(picture)


class Examples(unittest.TestCase):
    own_gl = mujoco_gl = None

    def run_example(self, program, kind, folder, environment=None):
        path = os.path.join(folder, "out.png")
        command = (ON_DISPLAY if kind == "glfw" else []) + [program, kind, path]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100,
                                env=dict(os.environ, **(environment or {})))
        return result, path

    def picture_of(self, program, kind):
        if not program:
            self.skipTest("the example was not built (Debian's package libmujoco-dev)")
        if not HAS_PICTURES:
            self.skipTest("needs numpy and PIL")
        with tempfile.TemporaryDirectory() as folder:
            result, path = self.run_example(program, kind, folder)
            if result.returncode == SKIPPED or "not available" in result.stderr:
                self.skipTest(result.stdout + result.stderr)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn(kind, result.stdout)
            return read_picture(path)

    def check_triangle(self, kind):
        picture = self.picture_of(self.own_gl, kind)
        self.assertEqual(picture.shape, (240, 320, 4))
        self.assertTrue((picture[..., 3] == 255).all())
        for (x, y), color in {(2, 2): (38, 38, 51), (317, 237): (38, 38, 51)}.items():
            self.assertEqual(tuple(picture[y, x, :3]), color)
        for (x, y), strongest in {(40, 213): 0, (280, 213): 1, (160, 30): 2}.items():
            self.assertEqual(picture[y, x, :3].argmax(), strongest)
            self.assertGreater(picture[y, x, strongest], 230)
        inside = (picture[..., :3] != (38, 38, 51)).any(axis=2).mean()
        self.assertAlmostEqual(inside, 0.5 * 0.8 * 0.8, delta=0.005)

    def test_triangle_egl(self):
        self.check_triangle("egl")

    def test_triangle_osmesa(self):
        self.check_triangle("osmesa")

    def test_triangle_glfw(self):
        self.check_triangle("glfw")

    def check_mujoco(self, kind):
        picture = self.picture_of(self.mujoco_gl, kind).astype(int)
        self.assertEqual(picture.shape, (360, 480, 3))
        red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
        box = (red > 2 * green) & (red > 100)
        ball = (green > 1.5 * red) & (green > 1.5 * blue) & (green > 60)
        self.assertGreater(box.sum(), 1000)
        self.assertGreater(ball.sum(), 1000)
        rows = [mask.nonzero()[0].mean() for mask in (box, ball)]
        self.assertTrue(all(150 < row < 270 for row in rows), rows)  # on the floor, not upside down
        self.assertGreater(blue[:60].mean(), red[:60].mean() + 30)  # the sky

    def test_mujoco_egl(self):
        self.check_mujoco("egl")

    def test_mujoco_osmesa(self):
        self.check_mujoco("osmesa")

    def test_mujoco_glfw(self):
        self.check_mujoco("glfw")

    def test_bad_input(self):
        for kind, environment, sentence in (
                ("directx", {}, "directx"),
                ("auto", {"CALOTYPE_GL": "off"}, "CALOTYPE_GL=off"),
                ("auto", {"CALOTYPE_GL": "vulkan"}, "vulkan"),
                ("egl", {"CALOTYPE_EGL_DEVICE": "99"}, "99")):
            with tempfile.TemporaryDirectory() as folder:
                result, path = self.run_example(self.own_gl, kind, folder, environment)
                self.assertEqual(result.returncode, 1)
                self.assertIn(sentence, result.stderr)
                self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    Examples.own_gl = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1:
        Examples.mujoco_gl = os.path.abspath(sys.argv.pop(1))
    unittest.main()
