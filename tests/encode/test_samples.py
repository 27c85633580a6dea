#!/usr/bin/env python3
"""NumPy, Pillow and zipfile read what we write. Argument: the program encode_samples."""
import io
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile

try:
    import numpy
    import PIL.Image
except ImportError as missing:
    print(f"skipped: {missing}; python3-numpy and python3-pil are needed")
    sys.exit(77)

PROGRAM = sys.argv.pop()
WIDTH, HEIGHT = 37, 23
COMPONENTS = {"r8": 1, "rgb8": 3, "rgba8": 4, "r32u": 1, "r32f": 1, "rg32f": 2, "rgb32f": 3, "rgba32f": 4}


def expected(name):
    """The array that encode_samples.c fills in."""
    y, x, c = numpy.meshgrid(range(HEIGHT), range(WIDTH), range(COMPONENTS[name]), indexing="ij")
    if name.endswith("8"):
        values = ((x * 7 + y * 13 + c * 31) % 256).astype(numpy.uint8)
    elif name.endswith("u"):
        values = (x * 1000 + y).astype(numpy.uint32)
    else:
        values = (x + y / 4 - c / 16).astype(numpy.float32)
    return values[:, :, 0] if COMPONENTS[name] == 1 else values


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([PROGRAM, cls.folder.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return f"{self.folder.name}/{name}"

    def assert_same(self, got, name):
        want = expected(name)
        self.assertEqual((got.dtype, got.shape), (want.dtype, want.shape), name)
        self.assertTrue((got == want).all(), name)

    def test_numpy_reads_npy(self):
        for name in COMPONENTS:
            with open(self.path(name + ".npy"), "rb") as file:
                array = numpy.load(file)
                self.assertEqual(file.read(), b"", "bytes behind the array")
            self.assert_same(array, name)

    def test_pillow_reads_png(self):
        for name, mode in {"r8": "L", "rgb8": "RGB", "rgba8": "RGBA"}.items():
            with PIL.Image.open(self.path(name + ".png")) as picture:
                self.assertEqual(picture.mode, mode)
                self.assert_same(numpy.asarray(picture), name)
                self.assertEqual("srgb" in picture.info, name != "r8")

    def test_pillow_reads_a_large_picture(self):
        y, x, c = numpy.meshgrid(range(650), range(700), range(4), indexing="ij")
        far = (x - 350) ** 2 + (y - 325) ** 2
        grain = (x + 700 * (y + 650 * c)) ** 2 % 65521 % 4
        ball = numpy.where(c == 3, 255, 220 - far // 500 - 10 * c + grain) * (far < 90000)
        with PIL.Image.open(self.path("ball.png")) as picture:
            self.assertTrue((numpy.asarray(picture) == ball).all())
            theirs = io.BytesIO()
            picture.save(theirs, "png")
        self.assertLess(os.path.getsize(self.path("ball.png")), 1.15 * len(theirs.getvalue()))

    def test_pillow_reads_ids(self):
        with PIL.Image.open(self.path("r32u.png")) as picture:
            array = numpy.asarray(picture)
            self.assertIn(picture.mode, ("I", "I;16"))
        self.assertTrue((array == expected("r32u")).all())

    def test_zipfile_reads_the_zip(self):
        with zipfile.ZipFile(self.path("samples.zip")) as package:
            self.assertIsNone(package.testzip())
            names = package.namelist()
            self.assertEqual(names[:2], ["samples/r8.npy", "samples/rgb8.npy"])
            for name in COMPONENTS:
                self.assert_same(numpy.load(io.BytesIO(package.read(f"samples/{name}.npy"))), name)
            kinds = {info.filename: info.compress_type for info in package.infolist()}
            self.assertEqual(kinds["samples/r32f.npy"], zipfile.ZIP_DEFLATED)
            self.assertEqual(kinds["samples/rgba8.png"], zipfile.ZIP_STORED)


if __name__ == "__main__":
    unittest.main()
