"""`pip wheel .`: what is in the wheel; installed into a fresh environment it draws, and has the command.

Build tools come from PyPI, or are there already (meson-python 0.15 and later); otherwise skipped.
"""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from importlib import metadata

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PICTURE = """
import sys
import calotype, calotype.pyrender
scene = calotype.Scene.load(sys.argv[1])
frames = calotype.Renderer("cpu").render(scene, calotype.cameras.orbit(2, 64, 64), ("color", "depth", "mask"))
assert frames["color"].shape == (2, 64, 64, 4) and frames["mask"].any(axis=(1, 2)).all()
print(calotype.__file__)
"""
DATA_SET = """
import sys
from calotype import dataset
summary = dataset.run([sys.argv[1]], "data_set", package="zip", views=1, size=32)
print(f"{summary.done} done, {summary.failed} failed")
"""
NO_TOOLS = re.compile(r"No matching distribution found for (meson|ninja)|Network is unreachable|NewConnectionError")


def isolation():
    """Options that keep pip from PyPI where the tools are there, and from waiting for it long where they are not."""
    try:
        version = tuple(int(part) for part in metadata.version("meson-python").split(".")[:2])
    except metadata.PackageNotFoundError:
        version = (0, 0)
    return ["--no-build-isolation"] if version >= (0, 15) else ["--retries", "1", "--timeout", "20"]


def package_files():
    """What the source tree has of the package."""
    base = os.path.join(ROOT, "python")
    found = {"calotype/_calotype.abi3.so"}
    if importlib.util.find_spec("calotype._remote"):  # gRPC is installed here
        found.add("calotype/_remote.abi3.so")
    for folder, _, names in os.walk(os.path.join(base, "calotype")):
        found |= {os.path.relpath(os.path.join(folder, name), base) for name in names
                  if name.endswith((".py", ".pyi", ".typed"))}
    return found


class Wheel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CC", "CXX")}
        venv = os.path.join(cls.folder.name, "venv")
        made = cls.call(sys.executable, "-m", "venv", "--system-site-packages", venv)
        if made.returncode != 0:
            raise unittest.SkipTest("no virtual environment: python3-venv is missing")
        cls.bin = os.path.join(venv, "bin")
        built = cls.call(os.path.join(cls.bin, "python"), "-m", "pip", "wheel", ROOT, "--no-deps", *isolation(),
                         "--config-settings=build-dir=" + os.path.join(cls.folder.name, "build"), "-w", cls.folder.name)
        if built.returncode != 0 and NO_TOOLS.search(built.stdout + built.stderr):
            raise unittest.SkipTest("meson-python is neither installed (0.15 or later) nor to be had from PyPI")
        assert built.returncode == 0, built.stdout + built.stderr
        cls.wheel = next(name for name in os.listdir(cls.folder.name) if name.endswith(".whl"))

    @classmethod
    def call(cls, *command):
        return subprocess.run(command, cwd=cls.folder.name, env=cls.environment, capture_output=True, text=True,
                              check=False)

    def run_well(self, *command):
        result = self.call(*command)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_1_holds_the_package_and_the_command_alone(self):
        self.assertRegex(self.wheel, r"^calotype-[\d.]+-cp3\d+-abi3-linux_\w+\.whl$")
        with zipfile.ZipFile(os.path.join(self.folder.name, self.wheel)) as archive:
            names = {name for name in archive.namelist() if ".dist-info/" not in name}
        scripts = {name for name in names if ".data/" in name}
        self.assertEqual(names - scripts, package_files())
        programs = {name.split(".data/")[1] for name in scripts}
        server = {"scripts/calotype-server"} if any("_remote." in name for name in names) else set()
        self.assertEqual(programs - {"scripts/calotype-dataset"}, {"scripts/calotype"} | server)

    def test_2_works_when_installed(self):
        self.run_well(os.path.join(self.bin, "python"), "-m", "pip", "install", "--no-deps", "--no-index", self.wheel)
        python = os.path.join(self.bin, "python")
        place = self.run_well(python, "-c", PICTURE, os.path.join(ROOT, "examples", "field_camera.glb"))
        self.assertIn(os.path.join("venv", "lib"), place)
        version = self.run_well(os.path.join(self.bin, "calotype"), "--version")
        self.assertIn(self.wheel.split("-")[1], version)
        self.assertEqual(self.run_well(python, "-m", "calotype", "--version"), version)
        if os.path.exists(os.path.join(self.bin, "calotype-dataset")):
            asset = os.path.join(ROOT, "examples", "field_camera.glb")
            self.assertEqual(self.run_well(python, "-c", DATA_SET, asset), "1 done, 0 failed\n")


if __name__ == "__main__":
    unittest.main()
