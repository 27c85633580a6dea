"""calotype.mujoco.Renderer: the interface of mujoco.Renderer, on a model of known geometry. No MuJoCo is needed; what it
draws itself is compared in test_mujoco_parity.py."""
import unittest
import warnings
from types import SimpleNamespace

import numpy as np

import calotype
import mujoco_stand_in as stand_in
from calotype.mujoco import Model, NotDrawnWarning, Renderer

SIZE = 65  # the middle pixel's centre is the picture's; five pixels beside it is the box


def middle(picture):
    return picture[SIZE // 2, SIZE // 2].tolist()


class Renders(unittest.TestCase):
    def setUp(self):
        self.given = stand_in.model()
        self.renderer = Renderer(self.given, SIZE, SIZE)
        self.addCleanup(self.renderer.close)

    def depth(self, *arguments):
        self.renderer.update_scene(*arguments)
        self.renderer.enable_depth_rendering()
        return self.renderer.render()

    def segmentation(self, *arguments):
        self.renderer.update_scene(*arguments)
        self.renderer.enable_segmentation_rendering()
        return self.renderer.render()


class Pictures(Renders):
    def test_rgb(self):
        self.renderer.update_scene(stand_in.data(), "above")
        rgb = self.renderer.render()
        self.assertEqual((rgb.shape, rgb.dtype), ((SIZE, SIZE, 3), np.uint8))
        red, green, blue = rgb[SIZE // 2, SIZE // 2 + 5].astype(int)  # the box, with its material
        self.assertTrue(red > 100 and red > 2 * green and red > 2 * blue, (red, green, blue))

    def test_depth(self):
        depth = self.depth(stand_in.data(), "above")
        self.assertEqual((depth.shape, depth.dtype), ((SIZE, SIZE), np.float32))
        self.assertAlmostEqual(middle(depth), 3 - 1.3, places=3)
        self.assertAlmostEqual(float(depth[SIZE // 2, SIZE // 2 + 5]), 3 - 1.2, places=6)
        self.assertAlmostEqual(float(depth[2, 2]), 3, places=6)

    def test_depth_is_the_far_plane_where_nothing_is(self):
        camera = SimpleNamespace(type=0, lookat=np.zeros(3), distance=3.0, azimuth=0.0, elevation=60.0, trackbodyid=-1,
                                 fixedcamid=-1)
        depth = self.depth(stand_in.data(), camera)
        self.assertEqual(depth[0, 0], np.float32(stand_in.FAR))

    def test_segmentation(self):
        segmentation = self.segmentation(stand_in.data(), "above")
        self.assertEqual((segmentation.shape, segmentation.dtype), ((SIZE, SIZE, 2), np.int32))
        self.assertEqual(middle(segmentation), [0, stand_in.SITE])
        self.assertEqual(segmentation[2, 2].tolist(), [stand_in.FLOOR, stand_in.GEOM])
        self.assertEqual(segmentation[SIZE // 2, SIZE // 2 + 5].tolist(), [stand_in.TOWER_BOX, stand_in.GEOM])

    def test_what_is_transparent_counts(self):
        segmentation = self.segmentation(stand_in.data(glass=(0, 0, 2)), 0)
        self.assertEqual(middle(segmentation), [stand_in.GLASS, stand_in.GEOM])
        self.assertAlmostEqual(middle(self.depth(stand_in.data(glass=(0, 0, 2)), 0)), 3 - 2.2, places=6)
        self.given.geom_rgba[stand_in.GLASS, 3] = 0  # MuJoCo leaves out what has no alpha
        self.assertEqual(middle(self.segmentation(stand_in.data(glass=(0, 0, 2)), 0)), [0, stand_in.SITE])

    def test_data_may_change_after_update(self):
        data = stand_in.data()
        self.renderer.update_scene(data, 0)
        self.renderer.enable_depth_rendering()
        before = self.renderer.render()
        data.xpos[1, 2] = 2
        np.testing.assert_array_equal(self.renderer.render(), before)
        self.assertGreater(middle(before), middle(self.depth(data, 0)))

    def test_colors_sizes_and_lights_may_change(self):
        self.renderer.update_scene(stand_in.data(), 0)
        before = self.renderer.render()
        self.given.mat_rgba[0] = 0, 0, 1, 1
        self.renderer.update_scene(stand_in.data(), 0)
        pixel = self.renderer.render()[SIZE // 2, SIZE // 2 + 5].astype(int)
        self.assertGreater(pixel[2], 2 * pixel[0])
        self.given.vis.headlight.diffuse[:] = 0
        self.renderer.update_scene(stand_in.data(), 0)
        self.assertLess(self.renderer.render().sum(), before.sum() * 0.7)
        self.given.geom_size[stand_in.TOWER_BOX] = 0.5
        self.assertAlmostEqual(float(self.depth(stand_in.data(), 0)[SIZE // 2, SIZE // 2 + 5]), 3 - 1.5, places=6)

    def test_the_free_camera(self):
        depth = self.depth(stand_in.data())  # 1.5 extents from the center, from 45 degrees above
        camera = SimpleNamespace(type=0, lookat=np.array([0, 0, 0.5]), distance=3.0, azimuth=90.0, elevation=-45.0,
                                 trackbodyid=-1, fixedcamid=-1)
        np.testing.assert_array_equal(self.depth(stand_in.data(), camera), depth)
        self.given.vis.global_.orthographic, self.given.vis.global_.fovy = 1, 2.0
        flat = self.depth(stand_in.data(), camera)
        edge = np.flatnonzero(np.diff(self.segmentation(stand_in.data(), camera)[..., 0][SIZE // 2]))
        self.assertTrue(len(edge))
        self.assertFalse(np.array_equal(flat, depth))

    def test_a_camera_that_tracks(self):
        camera = SimpleNamespace(type=1, lookat=np.zeros(3), distance=2.0, azimuth=90.0, elevation=-90.0, trackbodyid=2,
                                 fixedcamid=-1)
        self.assertEqual(middle(self.segmentation(stand_in.data(), camera)), [stand_in.GLASS, stand_in.GEOM])
        np.testing.assert_array_equal(camera.lookat, (1, 0, 0.5))

    def test_a_camera_with_a_sensor(self):
        plain = self.depth(stand_in.data(), 0)
        self.given.cam_sensorsize = np.array([[0.02, 0.02]], np.float32)
        self.given.cam_intrinsic = np.array([[0.01 / np.tan(np.pi / 6)] * 2 + [0.0, 0.0]], np.float32)
        np.testing.assert_allclose(self.depth(stand_in.data(), 0), plain, rtol=1e-4)
        self.given.cam_intrinsic[0, 2] = 0.02 * 8 / SIZE  # the principal point moves 8 pixels to the left
        moved = self.segmentation(stand_in.data(), 0)
        self.assertEqual(moved[SIZE // 2, SIZE // 2 - 8].tolist(), [0, stand_in.SITE])


class Together(Renders):
    """Several kinds of pictures of each state come from one pass, and are what each is by itself."""

    KINDS = ("rgb", "depth", "segmentation")

    def picture(self, renderer, kind, **options):
        renderer.disable_depth_rendering()
        renderer.disable_segmentation_rendering()
        if kind != "rgb":
            getattr(renderer, f"enable_{kind}_rendering")()
        return renderer.render(**options)

    def alone(self, data, kind):
        with Renderer(self.given, SIZE, SIZE) as renderer:
            renderer.update_scene(data, "above")
            return self.picture(renderer, kind)

    def states(self):
        for turn in (0.0, 0.3, 0.6):
            data = stand_in.data()
            data.xpos = data.xpos + np.array([0.0, turn, 0.0])
            yield data

    def check_all(self):
        for data in self.states():
            self.renderer.update_scene(data, "above")
            for kind in self.KINDS:
                np.testing.assert_array_equal(self.picture(self.renderer, kind), self.alone(data, kind), kind)

    def test_same_pictures(self):
        self.check_all()

    def test_same_pictures_of_what_is_transparent(self):
        self.given.geom_rgba[:, 3] = 0.5
        self.check_all()

    def test_flags_and_out_between(self):
        for data in self.states():
            self.renderer.update_scene(data, "above")
            self.renderer.scene.flags[0] = 1
            depth = self.picture(self.renderer, "depth", out=np.empty((SIZE, SIZE), np.float64))
            self.renderer.scene.flags[0] = 0
            rgb = self.picture(self.renderer, "rgb")
            np.testing.assert_array_equal(depth, self.alone(data, "depth"))
            with Renderer(self.given, SIZE, SIZE) as other:
                other.scene.flags[0] = 0
                other.update_scene(data, "above")
                np.testing.assert_array_equal(rgb, other.render())

    def test_every_call_gives_an_array_of_its_own(self):
        for data in self.states():
            self.renderer.update_scene(data, "above")
            first, depth, second = (self.picture(self.renderer, kind) for kind in ("rgb", "depth", "rgb"))
            first[:] = 0
            self.assertTrue(second.any() and depth.any())


class Options(Renders):
    def test_groups(self):
        geomgroup = np.array([0, 0, 0, 0, 1, 0], np.uint8)
        option = stand_in.option(geomgroup=geomgroup, sitegroup=np.zeros(6, np.uint8))
        segmentation = self.segmentation(stand_in.data(), 0, option)
        self.assertEqual(middle(segmentation), [stand_in.TOWER_BALL, stand_in.GEOM])
        self.assertEqual(np.unique(segmentation.reshape(-1, 2), axis=0).tolist(), [[-1, -1], [stand_in.TOWER_BALL, 5]])
        self.assertEqual(self.renderer.scene.ngeom, 1)
        self.renderer.update_scene(stand_in.data(), 0)
        self.assertEqual(self.renderer.scene.ngeom, 4)

    def flagged(self, **flags):
        numbers = {"TEXTURE": 1, "TENDON": 7, "CONTACTPOINT": 14, "TRANSPARENT": 18, "STATIC": 22}
        option = stand_in.option()
        for name, value in flags.items():
            option.flags[numbers[name]] = value
        return option

    def test_static_bodies(self):
        found = self.segmentation(stand_in.data(), 0, self.flagged(STATIC=0))
        self.assertNotIn([stand_in.FLOOR, stand_in.GEOM], found.reshape(-1, 2).tolist())
        self.assertEqual(middle(found), [0, stand_in.SITE])

    def test_what_moves_may_be_transparent(self):
        self.renderer.update_scene(stand_in.data(), 0)
        solid = self.renderer.render().astype(int)
        self.renderer.update_scene(stand_in.data(), 0, self.flagged(TRANSPARENT=1))
        clear = self.renderer.render().astype(int)
        at = SIZE // 2, SIZE // 2 + 5
        self.assertLess(clear[at][0], solid[at][0])
        np.testing.assert_array_equal(clear[2, 2], solid[2, 2])

    def test_what_is_not_drawn_is_told_once(self):
        with self.assertWarnsRegex(NotDrawnWarning, "mjVIS_CONTACTPOINT"):
            self.renderer.update_scene(stand_in.data(), 0, self.flagged(CONTACTPOINT=1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.renderer.update_scene(stand_in.data(), 0, self.flagged(CONTACTPOINT=1))
        with self.assertWarnsRegex(NotDrawnWarning, "label"):
            self.renderer.update_scene(stand_in.data(), 0, stand_in.option(label=3))
        self.renderer.scene.flags[5] = 1
        with self.assertWarnsRegex(NotDrawnWarning, "mjRND_FOG"):
            self.renderer.render()
        self.given.mat_reflectance[0] = 0.3
        with self.assertWarnsRegex(NotDrawnWarning, "mjRND_REFLECTION"):
            self.renderer.render()
        for attribute in ({"sensor_type": np.array([7], np.int32)}, {"nflex": 1}):
            with self.assertWarns(NotDrawnWarning):
                Renderer(stand_in.model(**attribute))

    def test_wireframe(self):
        self.renderer.update_scene(stand_in.data(), 0)
        filled = self.renderer.render()
        self.renderer.scene.flags[1] = 1
        lines = self.renderer.render()
        self.assertLess((lines.sum(axis=2) > 0).sum(), (filled.sum(axis=2) > 0).sum() // 2)

    def test_a_wrong_option(self):
        with self.assertRaisesRegex(calotype.ArgumentError, "scene_option"):
            self.renderer.update_scene(stand_in.data(), 0, object())
        with self.assertRaisesRegex(calotype.ArgumentError, "six"):
            self.renderer.update_scene(stand_in.data(), 0, stand_in.option(geomgroup=np.ones(3)))


class Interface(Renders):
    def test_modes(self):
        r = self.renderer
        r.update_scene(stand_in.data(), 0)
        r.enable_depth_rendering()
        r.enable_segmentation_rendering()
        self.assertEqual(r.render().shape, (SIZE, SIZE, 2))
        r.disable_depth_rendering()
        self.assertEqual(r.render().shape, (SIZE, SIZE, 2))
        r.enable_depth_rendering()
        self.assertEqual(r.render().shape, (SIZE, SIZE))
        r.disable_segmentation_rendering()
        self.assertEqual(r.render().shape, (SIZE, SIZE))
        r.disable_depth_rendering()
        self.assertEqual(r.render().shape, (SIZE, SIZE, 3))

    def test_out(self):
        r = self.renderer
        r.update_scene(stand_in.data(), 0)
        expected = r.render()
        out = np.zeros((SIZE, SIZE, 3), np.uint8)
        self.assertIs(r.render(out=out), out)
        np.testing.assert_array_equal(out, expected)
        for out in (np.zeros((SIZE, SIZE, 3), np.float64), np.zeros((SIZE, SIZE, 6), np.uint8)[..., ::2],
                    np.zeros((SIZE, SIZE, 3), np.uint8)[::-1]):
            self.assertIs(r.render(out=out), out)
            np.testing.assert_array_equal(out, expected)
        with self.assertRaisesRegex(ValueError, "shape"):
            r.render(out=np.zeros((SIZE, SIZE), np.uint8))

    def test_properties(self):
        r = Renderer(self.given)
        self.assertEqual((r.height, r.width, r.scene.maxgeom), (240, 320, 10000))
        self.assertIs(r.model, self.given)
        self.assertEqual(r.scene.flags.dtype, np.uint8)
        with self.assertRaisesRegex(AttributeError, "none can be added"):
            r.scene.geoms  # pylint: disable=pointless-statement

    def test_close(self):
        with Renderer(self.given) as r:
            r.update_scene(stand_in.data())
        r.close()
        with self.assertRaises(RuntimeError):
            r.render()
        with self.assertRaises(calotype.Error):
            r.update_scene(stand_in.data())

    def test_errors(self):
        r = self.renderer
        with self.assertRaisesRegex(ValueError, "update_scene"):
            r.render()
        for camera, sentence in (("nowhere", "'nowhere' does not exist"), (1, "out of range"), (-2, "out of range"),
                                 (None, "camera is a name"), (SimpleNamespace(type=3, lookat=np.zeros(3)), "type 3"),
                                 (SimpleNamespace(type=2, lookat=np.zeros(3), fixedcamid=-1), "out of range"),
                                 (SimpleNamespace(type=1, lookat=np.zeros(3), trackbodyid=9), "tracks body 9")):
            with self.subTest(camera), self.assertRaisesRegex(ValueError, sentence):
                r.update_scene(stand_in.data(), camera)
        with self.assertRaisesRegex(ValueError, "has no xpos"):
            r.update_scene(object())
        for arguments in ((self.given, 0, 10), (self.given, 10, -1), (object(),), (Model.from_mujoco(self.given),)):
            with self.assertRaises(ValueError):
                Renderer(*arguments)


if __name__ == "__main__":
    unittest.main()
