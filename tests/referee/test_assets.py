#!/usr/bin/env python3
"""Every real file loads and gives a picture, or says why not in one sentence: test_assets.py TOOL.

Skips where there are no such files (CALOTYPE_ASSETS)."""
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = os.path.abspath(sys.argv.pop(1))
ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT", os.getcwd())
ASSETS = os.environ.get("CALOTYPE_ASSETS", os.path.join(ROOT, "..", "shared", "assets"))
FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl")
# Files with nothing to draw, or broken on purpose. Anything else must give a picture.
REFUSED = {
    "empty.obj", "empty.ply", "empty.stl", "empty_nodes.glb", "obj_empty.obj", "ply_empty_ascii.ply",
    "ply_empty_bin.ply", "ply_empty_header.ply", "stl_empty_ascii.stl", "stl_empty_bin.stl",
}


def models():
    for folder in ("objaverse-test", "glb", "trimesh"):
        for path, _, names in sorted(os.walk(os.path.join(ASSETS, folder))):
            for name in sorted(names):
                if name.lower().endswith(FORMATS):
                    yield os.path.join(path, name)


class Assets(unittest.TestCase):
    def test_every_file(self):
        files = list(models())
        if not files:
            self.skipTest("no real files to try (CALOTYPE_ASSETS)")
        try:
            import numpy  # noqa: F401
        except ImportError:
            self.skipTest("numpy is missing (python3-numpy)")
        for path in files:
            with self.subTest(os.path.relpath(path, ASSETS)):
                self.render(path)

    def render(self, path):
        import numpy as np
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run([TOOL, "render", path, "-o", out, "--views", "2", "--size", "64", "--mask", "--depth",
                                  "--seed", "1", "--cull", "off", "--quiet"], capture_output=True, text=True, timeout=120)
            if os.path.basename(path) in REFUSED:
                self.assertGreater(run.returncode, 0)
                self.assertEqual(len(run.stderr.strip().splitlines()), 1, run.stderr)
                self.assertEqual(os.listdir(out), [])
                return
            self.assertEqual(run.returncode, 0, run.stderr)
            folder = next(folder for folder, _, names in os.walk(out) if "metadata.json" in names)
            masks = [np.load(os.path.join(folder, f"{i:03d}_mask.npy")) for i in range(2)]
            self.assertGreater(max(mask.mean() for mask in masks), 0.001, "both pictures are blank")


if __name__ == "__main__":
    unittest.main(verbosity=2)
