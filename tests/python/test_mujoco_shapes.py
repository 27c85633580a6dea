"""Every geom type and every kind of texture (mujoco_scenes.py) beside the package mujoco: where things are, how far, and
what their textures show there. Skipped where the package, or a driver for its pictures, is missing."""
import os
import tempfile
import unittest
import warnings

import numpy as np

os.environ.setdefault("MUJOCO_GL", "egl")
try:
    import mujoco
except ImportError:
    mujoco = None

from calotype.mujoco import Renderer

import mujoco_scenes

WIDTH, HEIGHT = 320, 240
LEAST_PIXELS = 400  # of a thing, for its outline to be compared


def inside(segmentation):
    """True where all four neighbours show the same thing."""
    same = segmentation[..., 0] >= 0
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        same &= (np.roll(segmentation, step, axis) == segmentation).all(-1)
    return same


def pictures(renderer, data, camera):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        renderer.update_scene(data, camera)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = 0
        color = np.array(renderer.render(), dtype=int)
        renderer.enable_depth_rendering()
        depth = np.array(renderer.render())
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        segmentation = np.array(renderer.render())
        renderer.disable_segmentation_rendering()
    return color, depth, segmentation


@unittest.skipUnless(mujoco, "the package mujoco is missing")
class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.models = {name: mujoco.MjModel.from_xml_path(path) for name, path in mujoco_scenes.write(folder.name).items()}
        try:
            mujoco.Renderer(cls.models["sky"], HEIGHT, WIDTH).close()
        except Exception as error:
            raise unittest.SkipTest(f"mujoco cannot draw here: {error}")

    def both(self, name):
        """By camera: colors, depths and segmentations of MuJoCo and of calotype."""
        model = self.models[name]
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        theirs, ours = mujoco.Renderer(model, HEIGHT, WIDTH), Renderer(model, HEIGHT, WIDTH)
        try:
            # From below MuJoCo shows planes as a veil.
            cameras = ["front", "back"] + ["below"] * (name.endswith("solids") or name == "sky")
            for camera in cameras:
                yield camera, pictures(theirs, data, camera), pictures(ours, data, camera)
        finally:
            theirs.close()
            ours.close()

    def assert_outlines(self, place, theirs, ours):
        for thing in {tuple(pixel) for pixel in theirs.reshape(-1, 2)}:
            a, b = (theirs == thing).all(-1), (ours == thing).all(-1)
            if a.sum() >= LEAST_PIXELS:
                self.assertGreater((a & b).sum() / (a | b).sum(), 0.99, (place, thing))

    def assert_alike(self, name, color=(1, 10)):
        """`color`: bounds of the mean difference, and of 95 % of the differences within things, of 255."""
        for camera, (rgb, depth, things), (our_rgb, our_depth, our_things) in self.both(name):
            place = f"{name} {camera}"
            self.assert_outlines(place, things, our_things)
            within = inside(things) & inside(our_things) & (things == our_things).all(-1)
            self.assertGreater(within.sum(), 1000, place)
            far = np.abs(depth - our_depth)[within]
            self.assertLess(np.median(far), 1e-3, place)
            self.assertLess(np.percentile(far, 99), 2.5e-3, place)
            if not name.endswith("solids") and name not in ("sites", "sky"):  # nothing is round
                self.assertLess(far.max(), 1e-4, place)
            differences = np.abs(rgb - our_rgb).mean(-1)
            self.assertLess(differences.mean(), color[0], place)
            self.assertLess(np.percentile(differences[within], 95), color[1], place)

    def test_colors(self):
        for name in ("plain_solids", "plain_others"):
            self.assert_alike(name, (0.5, 3))

    def test_2d_textures(self):
        for repeat in ("", "_repeat", "_uniform"):
            for things in ("solids", "others"):
                self.assert_alike(f"flat{repeat}_{things}")

    def test_cube_textures(self):
        for repeat in ("", "_repeat", "_uniform"):
            for things in ("solids", "others"):
                self.assert_alike(f"cube{repeat}_{things}")
        self.assert_alike("one_face_solids")

    def test_endless_planes(self):
        self.assert_alike("endless")

    def test_sites_skins_and_tendons(self):
        self.assert_alike("sites")

    def test_sky(self):
        self.assert_alike("sky", (6, 10))  # the sky is looked up twice: a little softer

    def test_orientation_shows(self):
        """The bounds above are no use if a picture that is upside down stayed within them."""
        for name in ("flat_solids", "cube_others"):
            model = self.models[name]
            kept = model.tex_data.copy()
            for texture in range(model.ntex):
                width, first = model.tex_width[texture], model.tex_adr[texture]
                count = width * model.tex_height[texture] * model.tex_nchannel[texture]
                faces = model.tex_data[first:first + count].reshape(-1, width, width, 3)
                faces[:] = faces[:, ::-1].copy()
            turned = mujoco.MjData(model)
            mujoco.mj_forward(model, turned)
            renderer = Renderer(model, HEIGHT, WIDTH)
            ours = pictures(renderer, turned, "front")
            renderer.close()
            model.tex_data[:] = kept
            rgb, _, things = next(self.both(name))[1]
            within = inside(things) & (things == ours[2]).all(-1)
            self.assertGreater(np.percentile(np.abs(rgb - ours[0]).mean(-1)[within], 95), 40, name)


if __name__ == "__main__":
    unittest.main()
