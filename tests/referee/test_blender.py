#!/usr/bin/env python3
"""Pictures and geometry against Blender's own: test_blender.py TOOL. Skips without the reference pictures."""
import json
import os
import sys
import tempfile
import unittest

TOOL = os.path.abspath(sys.argv.pop(1))
ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT", os.getcwd())
ASSETS = os.environ.get("CALOTYPE_ASSETS", os.path.join(ROOT, "..", "shared", "assets"))
REFERENCE = os.path.join(ASSETS, "blender-reference")

try:
    import blender
except ImportError as error:
    blender = None
    missing = str(error)


class Blender(unittest.TestCase):
    def test_every_object(self):
        if blender is None:
            self.skipTest(f"not compared with Blender: {missing}")
        if not os.path.isdir(REFERENCE):
            self.skipTest("not compared with Blender: no reference pictures (CALOTYPE_ASSETS)")
        for name in sorted(os.listdir(REFERENCE)):
            if os.path.isdir(os.path.join(REFERENCE, name)):
                with self.subTest(name):
                    self.compare(name)

    def compare(self, name):
        reference = os.path.join(REFERENCE, name)
        with open(os.path.join(reference, "cameras.json"), encoding="utf-8") as file:
            cameras = json.load(file)
        with tempfile.TemporaryDirectory() as scratch:
            model = os.path.join(ASSETS, "glb", name + ".glb")
            pictures = {light: blender.render(TOOL, model, cameras, light, scratch) for light in blender.LIGHTS}
            for index in range(len(cameras["views"])):
                figures = blender.compare_view(name, cameras, index, reference, pictures)
                print(name, index, " ".join(f"{key} {value:.5g}" for key, value in figures.items()))
                self.assertGreaterEqual(figures["iou"], 0.995)
                self.assertLessEqual(figures["depth99"], 2e-3)
                self.assertLessEqual(figures["normal90"], 6 if name in blender.NORMAL_MAPPED else 2)
                self.assertGreaterEqual(figures["ids"], 0.999)
                self.assertGreaterEqual(figures["white"], 30)
                self.assertGreaterEqual(figures["sun"], 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
