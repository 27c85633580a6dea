"""`python -m calotype` is the command."""
import os
import subprocess
import sys
import tempfile
import unittest

import calotype

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def call(*arguments):
    return subprocess.run([sys.executable, "-m", "calotype", *arguments], capture_output=True, text=True, check=False)


class Command(unittest.TestCase):
    def test_is_of_the_same_version(self):
        self.assertEqual(call("--version").stdout, f"calotype {calotype.__version__}\n")

    def test_hands_on_arguments_and_exit_codes(self):
        with tempfile.TemporaryDirectory() as folder:
            asset = os.path.join(ROOT, "examples", "field_camera.glb")
            drawn = call("render", asset, "-o", folder, "--views", "1", "--size", "32")
            self.assertEqual(drawn.returncode, 0, drawn.stderr)
            self.assertTrue(os.path.exists(os.path.join(folder, "field_camera", "000.png")))
            self.assertEqual(call("render", os.path.join(folder, "missing.glb"), "-o", folder).returncode, 3)


if __name__ == "__main__":
    unittest.main()
