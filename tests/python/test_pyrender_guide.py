"""The calls of pyrender's own guide to offscreen rendering, as they stand there but for the import: with no setting at
all, with a platform named on the command line, and with one named by the program."""
import os
import subprocess
import sys
import tempfile
import unittest

IMPORT = """
import calotype.pyrender as pyrender
from calotype.pyrender import RenderFlags
"""
NAMES_EGL = """
import os
os.environ['PYOPENGL_PLATFORM'] = 'egl'
"""
# A table under a sun, and a smaller one above it that throws a shadow.
SCENE = """
import numpy as np
def square(half, height):
    corners = [[-half, -half, height], [half, -half, height], [half, half, height], [-half, half, height]]
    return pyrender.Mesh([pyrender.Primitive(corners, normals=[[0.0, 0, 1]] * 4, indices=[[0, 1, 2], [0, 2, 3]])])
scene = pyrender.Scene(bg_color=[0.0, 0, 0, 0])
scene.add(square(2.0, 0.0))
scene.add(square(0.5, 1.0))
pose = np.eye(4)
pose[2, 3] = 5.0
scene.add(pyrender.PerspectiveCamera(yfov=np.pi / 3), pose=pose)
sun = np.array([[0.8, 0, 0.6, 0], [0, 1, 0, 0], [-0.6, 0, 0.8, 0], [0, 0, 0, 1.0]])
scene.add(pyrender.DirectionalLight(intensity=3.0), pose=sun)
"""
FIRST = """
>>> r = pyrender.OffscreenRenderer(viewport_width=640,
...                                viewport_height=480,
...                                point_size=1.0)

>>> color, depth = r.render(scene)
"""
BETWEEN = """
lit, backend = color, r._renderer.backend
"""
THEN = """
>>> flags = RenderFlags.RGBA | RenderFlags.SHADOWS_DIRECTIONAL
>>> color, depth = r.render(scene, flags=flags)
"""
LAST = """
>>> r.delete()
"""
CHECKS = """
assert (lit.shape, lit.dtype, depth.shape, depth.dtype) == ((480, 640, 3), np.uint8, (480, 640), np.float32)
assert (color.shape, color.dtype) == ((480, 640, 4), np.uint8)
assert abs(depth[240, 320] - 4) < 1e-3 and depth[0, 0] == 0
assert (color[240, 320, 3], color[0, 0, 3]) == (255, 0)
shaded = (lit[..., 0] > 60) & (color[..., 0] < 20) & (color[..., 3] == 255)
assert shaded.sum() > 1000, shaded.sum()
print(backend)
"""


def source(*snippets):
    """A program of snippets, without their prompts."""
    lines = "".join(snippets).splitlines()
    return "".join((line[4:] if line[:4] in (">>> ", "... ") else line) + "\n" for line in lines)


class Guide(unittest.TestCase):
    def run_command(self, command, program):
        """Runs a shell command in a folder with the program render.py, without a display. -> what it printed"""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM", "CALOTYPE_BACKEND")}
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "render.py"), "w", encoding="utf-8") as file:
                file.write(program)
            with open(os.path.join(folder, "python"), "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            os.chmod(file.name, 0o755)
            environment["PATH"] = folder + os.pathsep + environment.get("PATH", "")
            done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True,
                                  timeout=120, check=False)
        if "calotype.errors.BackendError" in done.stderr:
            self.skipTest(done.stderr.splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def program(self, head=""):
        return source(head, IMPORT, SCENE, FIRST, BETWEEN, THEN, LAST, CHECKS)

    def test_no_setting(self):
        self.assertEqual(self.run_command("python render.py", self.program()), "cpu")

    def test_a_platform_on_the_command_line(self):
        self.assertEqual(self.run_command("PYOPENGL_PLATFORM=osmesa python render.py", self.program()), "cpu")

    def test_a_platform_named_by_the_program(self):
        self.assertEqual(self.run_command("python render.py", self.program(NAMES_EGL)), "egl")


if __name__ == "__main__":
    unittest.main()
