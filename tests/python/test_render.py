"""Renderer: channels, formats, backgrounds, buffers, batches."""
from __future__ import annotations

import math
import unittest

import numpy as np

import calotype
from calotype import cameras

import sample


class Channels(unittest.TestCase):
    """A square of 2 x 2 metres, seen from 3 metres above by an orthographic camera that shows 4 x 4 metres."""

    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=2)
        builder = calotype.SceneBuilder("quad")
        material = calotype.Material("paint", base_color=(0.25, 0.5, 0.75, 1.0), metallic=0.5, roughness=0.25, unlit=True)
        builder.add_node(name="empty")
        builder.add_node(name="quad", mesh=builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, normals=sample.UP,
                                                            uvs=sample.QUAD_UVS, material=material))
        cls.scene = builder.finish()
        cls.views = cameras.orthographic(sample.place(z=3), 16, 16, y_magnitude=2)
        cls.frames = cls.renderer.render(cls.scene, cls.views, tuple(calotype.CHANNELS))
        cls.inside = np.zeros((16, 16), bool)
        cls.inside[4:12, 4:12] = True

    def test_shapes_and_dtypes(self):
        self.assertEqual(list(self.frames), list(calotype.CHANNELS))
        for name, (components, dtype) in calotype.CHANNELS.items():
            self.assertEqual(self.frames[name].shape, (1, 16, 16, components), name)
            self.assertEqual(self.frames[name].dtype, dtype, name)
            self.assertTrue(self.frames[name].flags.c_contiguous)

    def test_depth(self):
        expected = np.where(self.inside, np.float32(3), np.float32(0))
        np.testing.assert_array_equal(self.frames["depth"][0, ..., 0], expected)

    def test_mask_and_ids(self):
        np.testing.assert_array_equal(self.frames["mask"][0, ..., 0], self.inside)
        ids = self.frames["instance_id"][0, ..., 0]
        self.assertEqual(set(np.unique(ids[self.inside])), {1})
        self.assertEqual(set(np.unique(ids[~self.inside])), {0})
        np.testing.assert_array_equal(self.frames["material_id"][0, ..., 0], self.inside)

    def test_positions(self):
        centres = (np.arange(16) + 0.5) / 16 * 4 - 2
        x, y = np.meshgrid(centres, -centres)
        expected = np.stack([x, y, np.zeros_like(x)], axis=-1) * self.inside[..., None]
        np.testing.assert_allclose(self.frames["position"][0], expected, atol=2e-6)

    def test_uvs(self):
        across = ((np.arange(16) + 0.5) / 16 * 4 - 1) / 2
        u, v = np.meshgrid(across, across)
        expected = np.stack([u, v], axis=-1) * self.inside[..., None]
        np.testing.assert_allclose(self.frames["uv"][0], expected, atol=1e-6)

    def test_materials(self):
        np.testing.assert_array_equal(self.frames["albedo"][0, 8, 8], np.float32([0.25, 0.5, 0.75]))
        np.testing.assert_array_equal(self.frames["metal_roughness"][0, 8, 8], np.float32([0.5, 0.25]))
        self.assertEqual(self.frames["albedo"][0, 0, 0].tolist(), [0, 0, 0])

    def test_color_of_an_unlit_surface(self):
        def srgb(linear):
            return round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
        self.assertEqual(self.frames["color"][0, 8, 8].tolist(), [srgb(0.25), srgb(0.5), srgb(0.75), 255])
        self.assertEqual(self.frames["color"][0, 0, 0].tolist(), [0, 0, 0, 0])

    def test_normals_in_both_spaces(self):
        for name in ("normal", "geometric_normal"):
            np.testing.assert_allclose(self.frames[name][0, 8, 8], [0, 0, 1], atol=1e-6)
        side = cameras.orthographic(cameras.look_at((3, 0, 3)), 16, 16, y_magnitude=2)
        seen = self.renderer.render(self.scene, side, ("normal", "geometric_normal"))
        world = self.renderer.render(self.scene, side, ("normal", "geometric_normal"), world_space_normals=True)
        for name in ("normal", "geometric_normal"):
            np.testing.assert_allclose(seen[name][0, 8, 8], [0, math.sqrt(0.5), math.sqrt(0.5)], atol=1e-6)
            np.testing.assert_allclose(world[name][0, 8, 8], [0, 0, 1], atol=1e-6)

    def test_depth_of_perspective_and_rays(self):
        views = cameras.intrinsics(sample.place(z=2), 8, 8, 8, 8, 16, 16)
        planar = self.renderer.render(self.scene, views, "depth")["depth"][0, ..., 0]
        rays = self.renderer.render(self.scene, views, "depth", ray_depth=True)["depth"][0, ..., 0]
        offset = (np.arange(16) + 0.5 - 8) / 8
        x, y = np.meshgrid(offset, offset)
        hit = (abs(2 * x) < 1) & (abs(2 * y) < 1)
        np.testing.assert_allclose(planar, np.where(hit, 2, 0), rtol=1e-6)
        np.testing.assert_allclose(rays, np.where(hit, 2 * np.sqrt(1 + x * x + y * y), 0), rtol=1e-6)

    def test_background_depth(self):
        depth = self.renderer.render(self.scene, self.views, "depth", background_depth=99)["depth"][0, ..., 0]
        np.testing.assert_array_equal(depth, np.where(self.inside, np.float32(3), np.float32(99)))

    def test_near_plane(self):
        near = cameras.orthographic(sample.place(z=3), 16, 16, y_magnitude=2, near_metres=3.5)
        self.assertEqual(int(self.renderer.render(self.scene, near, "mask")["mask"].sum()), 0)

    def test_culling(self):
        below = cameras.orthographic(cameras.look_at((0, 0, -3)), 16, 16, y_magnitude=2)
        self.assertEqual(int(self.renderer.render(self.scene, below, "mask")["mask"].sum()), 0)
        self.assertEqual(int(self.renderer.render(self.scene, below, "mask", cull=False)["mask"].sum()), 64)

    def test_channels_alone_and_as_one_word(self):
        for name in calotype.CHANNELS:
            alone = self.renderer.render(self.scene, self.views, name)
            self.assertEqual(list(alone), [name])
            np.testing.assert_array_equal(alone[name], self.frames[name])
        for channels in (["mask", "depth"], (name for name in ("mask", "depth")), {"mask": 1, "depth": 2}):
            self.assertEqual(list(self.renderer.render(self.scene, self.views, channels)), ["mask", "depth"])
        for channels in ([], iter(()), 5, None):
            with self.assertRaises(calotype.ArgumentError):
                self.renderer.render(self.scene, self.views, channels)

    def test_samples(self):
        shifted = cameras.orthographic(sample.place(x=0.1, z=3), 16, 16, y_magnitude=2)
        alphas = {}
        for samples in (1, 4, 16):
            color = self.renderer.render(self.scene, shifted, "color", samples=samples)["color"]
            alphas[samples] = sorted(set(color[0, 8, :, 3].tolist()))
        self.assertEqual(alphas[1], [0, 255])
        self.assertGreater(len(alphas[4]), 2)
        for samples in (0, 4):
            np.testing.assert_array_equal(self.renderer.render(self.scene, self.views, samples=samples)["color"],
                                          self.frames["color"])
        for samples in (2, 3, 5, 64):
            with self.assertRaises(calotype.ArgumentError):
                self.renderer.render(self.scene, self.views, samples=samples)

    def test_node_colors(self):
        color = self.renderer.render(self.scene, self.views, "color", node_colors={1: (1, 20, 255)})["color"]
        self.assertEqual(color[0, 8, 8].tolist(), [1, 20, 255, 255])
        self.assertEqual(color[0, 0, 0].tolist(), [0, 0, 0, 0])
        color = self.renderer.render(self.scene, self.views, "color", color="rgb", node_colors={})["color"]
        self.assertEqual(color.max(), 0)
        with self.assertRaisesRegex(calotype.ArgumentError, "node 2"):
            self.renderer.render(self.scene, self.views, node_colors={2: (1, 2, 3)})

    def test_fill_flat_and_normal_lines(self):
        edges = self.renderer.render(self.scene, self.views, "mask", settings=calotype.Settings(fill="wireframe"))["mask"]
        self.assertTrue(0 < edges.sum() < 64)
        for fill in ("material", "solid"):
            mask = self.renderer.render(self.scene, self.views, "mask", settings=calotype.Settings(fill=fill))["mask"]
            self.assertEqual(int(mask.sum()), 64)
        flipped = self.renderer.render(self.scene, self.views, "mask", settings=calotype.Settings(fill="flipped"))["mask"]
        np.testing.assert_array_equal(flipped, edges)
        side = cameras.orthographic(cameras.look_at((3, 0, 0.5), (0, 0, 0.5)), 16, 16, y_magnitude=2)
        lines = calotype.Settings(normal_lines=("face", "vertex"), normal_length=1.0)
        self.assertGreater(int(self.renderer.render(self.scene, side, "mask", settings=lines)["mask"].sum()), 8)

    def test_flat_shows_the_base_color(self):
        scene = sample.quad(material=calotype.Material(base_color=(1.0, 0.0, 0.0)))
        color = self.renderer.render(scene, self.views, "color", settings=calotype.Settings(flat=True),
                                     lighting=calotype.Lighting(environment=None))["color"]
        self.assertEqual(color[0, 8, 8].tolist(), [255, 0, 0, 255])

    def test_points_and_lines_have_widths(self):
        builder = calotype.SceneBuilder()
        builder.add_node(mesh=builder.add_mesh([[0, 0, 0]], topology="points"))
        points = builder.finish()
        views = cameras.orthographic(sample.place(z=3), 17, 17, y_magnitude=2)
        for size in (1.0, 5.0):
            mask = self.renderer.render(points, views, "mask", point_size_pixels=size)["mask"]
            self.assertEqual(int(mask.sum()), int(size * size))
        builder = calotype.SceneBuilder()
        builder.add_node(mesh=builder.add_mesh([[-9, 0, 0], [9, 0, 0]], [[0, 1]], topology="lines"))
        for width in (1.0, 3.0):
            mask = self.renderer.render(builder.finish(), views, "mask", line_width_pixels=width)["mask"]
            self.assertEqual(int(mask.sum()), int(17 * width))

    def test_lod_and_switches_draw_the_same_simple_thing(self):
        with calotype.Renderer("cpu", 1, lod_pixels=1.0) as other:
            np.testing.assert_array_equal(other.render(self.scene, self.views, "depth")["depth"], self.frames["depth"])
        for switches in ({"energy_compensation": True}, {"occlusion_maps": False}):
            color = self.renderer.render(self.scene, self.views, "color", **switches)["color"]
            np.testing.assert_array_equal(color, self.frames["color"])


class Colors(unittest.TestCase):
    """Formats and backgrounds."""

    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=1)
        cls.scene = sample.quad(material=calotype.Material(base_color=(0.25, 0.5, 0.75), unlit=True))
        cls.views = cameras.orthographic(sample.place(z=3), 8, 8, y_magnitude=2)

    def color(self, **arguments):
        return self.renderer.render(self.scene, self.views, "color", **arguments)["color"][0]

    def test_float_is_linear(self):
        color = self.color(color="float")
        self.assertEqual(color.dtype, np.float32)
        np.testing.assert_allclose(color[4, 4], [0.25, 0.5, 0.75, 1], atol=1e-6)
        self.assertEqual(color[0, 0].tolist(), [0, 0, 0, 0])

    def test_rgb_needs_a_background(self):
        with self.assertRaisesRegex(calotype.ArgumentError, "background"):
            self.color(color="rgb")
        color = self.color(color="rgb", background=(1, 0, 1))
        self.assertEqual(color.shape, (8, 8, 3))
        self.assertEqual(color[0, 0].tolist(), [255, 0, 255])

    def test_backgrounds(self):
        self.assertEqual(self.color(background="transparent")[0, 0].tolist(), [0, 0, 0, 0])
        self.assertEqual(self.color(background=(0, 1, 0))[0, 0].tolist(), [0, 255, 0, 255])
        self.assertEqual(self.color(background=(0, 1, 0, 1))[0, 0].tolist(), [0, 255, 0, 255])
        self.assertEqual(self.color(background="environment")[0, 0].tolist(), [255, 255, 255, 255])
        for wrong in ((0, 1), "sea", 5, (0, math.nan, 0), (1, 2, 3, 4, 5)):
            with self.assertRaises(calotype.ArgumentError):
                self.color(background=wrong)

    def test_environment(self):
        picture = np.zeros((4, 8, 3), np.float32)
        picture[..., 1] = 1
        light = calotype.Lighting(environment=picture)
        self.assertEqual(self.color(background="environment", lighting=light)[0, 0].tolist(), [0, 255, 0, 255])
        strong = calotype.Lighting(color=(0.5, 0.5, 0.5), strength=2)
        self.assertEqual(self.color(background="environment", lighting=strong)[0, 0].tolist(), [255, 255, 255, 255])
        dark = calotype.Lighting(environment=None)
        self.assertEqual(self.color(background="environment", lighting=dark)[0, 0].tolist(), [0, 0, 0, 255])

    def test_rotation_turns_the_environment(self):
        picture = np.zeros((4, 8, 3), np.float32)
        picture[:, :4] = 1  # the left half: around -x to the middle
        side = cameras.perspective(cameras.look_at((0, 0, 0), (0, -1, 0)), 8, 8)
        values = [self.renderer.render(self.scene, side, "color", background="environment",
                                       lighting=calotype.Lighting(environment=picture, rotation_degrees=turn))
                  ["color"][0, 4, 4, 0] for turn in (0.0, 180.0)]
        self.assertEqual(sorted(values), [0, 255])

    def test_lamps(self):
        scene = sample.quad(material=calotype.Material(base_color=(1, 1, 1), roughness=1.0))
        dark = calotype.Lighting(environment=None)
        lit = calotype.Lighting(environment=None, lights=[calotype.Light(direction=(0, 0, -2), intensity=1.0)])
        for lighting, bright in ((dark, False), (lit, True)):
            color = self.renderer.render(scene, self.views, "color", lighting=lighting)["color"][0, 4, 4]
            self.assertEqual(bool(color[0] > 20), bright)
        blocked = calotype.Lighting(environment=None, shadows="all", shadow_map_size=256,
                                    lights=[calotype.Light("spot", position=(0, 0, 2), intensity=30.0)])
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, normals=sample.UP,
                                material=calotype.Material(roughness=1.0, double_sided=True))
        builder.add_node(mesh=mesh)
        builder.add_node(mesh=mesh, matrix=np.diag([0.25, 0.25, 1, 1]) + sample.place(z=1) - np.eye(4))
        shaded = builder.finish()
        below = cameras.perspective(cameras.look_at((0, -2, 0.5)), 33, 33)
        lights = [self.renderer.render(shaded, below, "color", color="float", lighting=lighting)["color"][0, 16, 16, 0]
                  for lighting in (blocked, calotype.Lighting(environment=None, lights=blocked.lights))]
        self.assertEqual(lights[0], 0)
        self.assertGreater(lights[1], 0.01)


class Buffers(unittest.TestCase):
    """Memory of the caller."""

    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=1)
        cls.scene = sample.quad()
        cls.views = sample.above() + sample.above(4.0)

    def test_out_is_written_into(self):
        memory = np.full((2, 16, 16, 1), -1, np.float32)
        frames = self.renderer.render(self.scene, self.views, ("color", "depth"), out={"depth": memory})
        self.assertIs(frames["depth"], memory)
        self.assertEqual(memory[:, 8, 8, 0].tolist(), [3, 4])
        again = self.renderer.render(self.scene, self.views, ("color", "depth"), out=frames)
        self.assertIs(again["color"], frames["color"])

    def test_out_may_be_a_part_of_something_larger(self):
        memory = np.full((6, 16, 16, 1), -1, np.float32)
        self.renderer.render(self.scene, self.views, "depth", out={"depth": memory[2:4]})
        self.assertEqual(memory[:, 8, 8, 0].tolist(), [-1, -1, 3, 4, -1, -1])

    def test_wrong_buffers(self):
        good = np.zeros((2, 16, 16, 1), np.float32)
        locked = good.copy()
        locked.setflags(write=False)
        odd = np.zeros(good.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(good.shape)
        for wrong in (good[..., 0], good[:1], good.astype(np.float64), good.astype(">f4"), good[:, ::-1],
                      np.zeros((2, 16, 32, 1), np.float32)[:, :, ::2], locked, odd, good.tolist(), "x", good.astype(object),
                      np.zeros((2, 16, 16, 3), np.float32)):
            with self.assertRaises(calotype.ArgumentError) as caught:
                self.renderer.render(self.scene, self.views, "depth", out={"depth": wrong})
            self.assertIn("depth", str(caught.exception))
        with self.assertRaisesRegex(calotype.ArgumentError, "color"):
            self.renderer.render(self.scene, self.views, "depth", out={"color": good})

    @unittest.skipUnless(hasattr(np, "from_dlpack"), "numpy has no from_dlpack before 1.23")
    def test_dlpack(self):
        frames = self.renderer.render(self.scene, self.views, ("depth",))
        self.assertEqual(frames["depth"].__dlpack_device__(), (1, 0))
        shared = np.from_dlpack(frames["depth"])
        self.assertTrue(np.shares_memory(shared, frames["depth"]))
        self.assertEqual(memoryview(frames["depth"]).shape, (2, 16, 16, 1))

    def test_torch(self):
        try:
            import torch
        except ImportError:
            self.skipTest("torch is not installed")
        frames = self.renderer.render(self.scene, self.views, ("color", "depth"))
        for name in frames:
            tensor = torch.from_dlpack(frames[name])
            self.assertEqual(tensor.data_ptr(), frames[name].ctypes.data)
        memory = torch.zeros((2, 16, 16, 1))
        self.renderer.render(self.scene, self.views, "depth", out={"depth": memory.numpy()})
        self.assertEqual(memory[:, 8, 8, 0].tolist(), [3, 4])


class Batches(unittest.TestCase):
    """Many views, poses, prepared scenes."""

    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=2)
        cls.scene = calotype.Scene.load(sample.FIELD_CAMERA)

    def same(self, left, right):
        self.assertEqual(list(left), list(right))
        for name in left:
            np.testing.assert_array_equal(left[name], right[name])

    def test_batches_equal_single_views(self):
        views = cameras.orbit(5, 24, 20)
        all_at_once = self.renderer.render(self.scene, views, ("color", "depth", "instance_id"))
        for i, view in enumerate(views):
            one = self.renderer.render(self.scene, view, ("color", "depth", "instance_id"))
            self.same(one, {name: array[i:i + 1] for name, array in all_at_once.items()})

    def test_no_views_are_no_pictures(self):
        frames = self.renderer.render(self.scene, cameras.orbit(3)[:0], ("color", "depth"))
        self.assertEqual(frames["color"].shape[0], 0)

    def test_prepared_scenes(self):
        views = cameras.orbit(3, 16, 16)
        poses = [calotype.Pose(root=sample.place(x=x)) for x in (0, 0.1, 0.2)]
        prepared = []
        for pose in poses:
            prepared.append(self.renderer.prepare(self.scene, pose, reuse=prepared[-1] if prepared else None))
        together = self.renderer.render(prepared, views)
        for i, view in enumerate(views):
            one = self.renderer.render(prepared[i], view)
            self.same(one, {name: array[i:i + 1] for name, array in together.items()})
            self.same(one, self.renderer.render(self.scene, view, pose=poses[i], fit="none"))
        self.assertIs(prepared[0].scene, self.scene)
        for scene in (prepared[0], prepared[:2]):
            with self.assertRaisesRegex(calotype.ArgumentError, "Pose.fit='unit_cube'"):
                self.renderer.render(scene, views, fit="unit_cube")
        with self.assertRaisesRegex(calotype.ArgumentError, "3 scenes for 2 views"):
            self.renderer.render(prepared, views[:2])
        with self.assertRaises(calotype.ArgumentError):
            self.renderer.render(prepared[0], views, lighting=calotype.Lighting())
        self.same(self.renderer.render(prepared[0], views, settings=calotype.Settings()),
                  self.renderer.render(prepared[0], views))

    def test_prepared_scenes_outlive_what_made_them(self):
        picture = np.ones((4, 8, 4), np.float32)
        with calotype.Renderer("cpu", 1) as short:
            prepared = short.prepare(sample.quad(), lighting=calotype.Lighting(environment=picture))
        del picture
        depth = self.renderer.render(prepared, sample.above(), "depth")["depth"]
        self.assertEqual(depth[0, 8, 8, 0], 3)

    def test_fits(self):
        views = cameras.look_at((0, 0, 5))
        for fit, size in (("unit_cube", 2.0), ("half_cube", 1.0)):
            bounds = self.scene.bounds(calotype.Pose(fit=fit))
            self.assertAlmostEqual(float((bounds[1] - bounds[0]).max()), size, places=6)
            np.testing.assert_allclose(bounds[0] + bounds[1], 0, atol=1e-6)
        square = cameras.orthographic(views, 32, 32, y_magnitude=2)
        masks = {fit: self.renderer.render(sample.quad(), square, "mask", fit=fit)["mask"].sum()
                 for fit in ("preset", "none", "unit_cube", "half_cube")}
        self.assertEqual(masks["preset"], masks["none"])
        self.assertEqual(masks["unit_cube"], masks["none"])
        self.assertEqual((int(masks["half_cube"]), int(masks["none"])), (64, 256))
        with self.assertRaises(calotype.ArgumentError):
            self.renderer.render(self.scene, square, fit="sphere")

    def test_the_same_in_every_number_of_threads(self):
        views = cameras.orbit(4, 40, 40)
        frames = [calotype.Renderer("cpu", threads).render(self.scene, views) for threads in (1, 2, 3)]
        self.same(frames[0], frames[1])
        self.same(frames[0], frames[2])

    def test_views_of_different_sizes_are_no_batch(self):
        views = cameras.Views(np.concatenate([sample.above().rows, sample.above(width=8).rows]))
        with self.assertRaisesRegex(calotype.ArgumentError, "different sizes"):
            self.renderer.render(sample.quad(), views)

    def test_renderers_tell_what_they_are(self):
        self.assertEqual((self.renderer.backend, self.renderer.threads), ("cpu", 2))
        self.assertIn("cpu, 2 threads", repr(self.renderer))
        names = [backend.name for backend in calotype.backends()]
        self.assertIn("cpu", names)
        cpu = calotype.backends()[names.index("cpu")]
        self.assertTrue(cpu.available and cpu.software)
        with self.assertRaises(calotype.Error):
            calotype.Renderer("teapot")
        with self.assertRaises(calotype.ArgumentError):
            calotype.Renderer("cpu", threads=1025)
        for threads in (-1, 1.5, "two", 2**40, None):
            with self.assertRaises(calotype.ArgumentError):
                calotype.Renderer("cpu", threads)


class Progress(unittest.TestCase):
    def setUp(self):
        self.renderer = calotype.Renderer("cpu", threads=1)
        self.scene = sample.quad()

    def test_the_end_is_told(self):
        told = []
        self.renderer.render(self.scene, sample.above() + sample.above(), progress=lambda *numbers: told.append(numbers))
        self.assertEqual(told[-1], (2, 2))
        self.assertEqual(told, sorted(told))

    def test_long_calls_tell_again_and_again(self):
        told = []
        views = cameras.perspective(np.tile(sample.place(z=3), (500, 1, 1)), 256, 256)
        self.renderer.render(self.scene, views, "depth", progress=lambda done, total: told.append(done))
        self.assertEqual(told[-1], 500)
        self.assertEqual(told, sorted(told))

    def test_exceptions_stop_it(self):
        def stop(done, total):
            raise LookupError("enough")
        views = cameras.perspective(np.tile(sample.place(z=3), (1000, 1, 1)), 512, 512)
        memory = {"mask": np.empty((1000, 512, 512, 1), np.uint8)}
        with self.assertRaisesRegex(LookupError, "enough"):
            self.renderer.render(self.scene, views, "mask", out=memory, progress=stop)
        self.renderer.render(self.scene, views[:1])  # goes on as before

    def test_progress_must_be_callable(self):
        with self.assertRaisesRegex(calotype.ArgumentError, "progress"):
            self.renderer.render(self.scene, sample.above(), progress=5)

    def test_the_renderer_is_not_for_its_own_progress(self):
        caught = []

        def again(done, total):
            for use in (lambda: self.renderer.render(self.scene, sample.above()), lambda: self.renderer.prepare(self.scene),
                        self.renderer.close):
                try:
                    use()
                except calotype.ArgumentError as error:
                    caught.append(str(error))
            other = calotype.Renderer("cpu", threads=1)
            other.render(self.scene, sample.above())
        prepared = self.renderer.prepare(self.scene)
        views = cameras.perspective(np.tile(sample.place(z=3), (200, 1, 1)), 256, 256)
        self.renderer.render(prepared, views, "depth", progress=again)
        self.assertEqual(len(caught) % 3, 0)
        self.assertGreater(len(caught), 0)
        for sentence in caught:
            self.assertIn("in the middle of a call", sentence)


if __name__ == "__main__":
    unittest.main()
