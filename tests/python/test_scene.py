"""Scene: files and bytes, and what is told about them."""
from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

import calotype
from calotype import cameras

import sample

OBJ = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


class Loading(unittest.TestCase):
    def test_a_file(self):
        for path in (sample.FIELD_CAMERA, str(sample.FIELD_CAMERA), os.fsencode(sample.FIELD_CAMERA)):
            scene = calotype.Scene.load(path, threads=1)
            self.assertEqual((scene.path, scene.format), (str(sample.FIELD_CAMERA), "glb"))
        self.assertEqual(len(scene.nodes), 13)
        self.assertEqual(scene.nodes[7], ("bellows", 0, True, 6, 0, -1, -1))
        self.assertEqual(scene.materials[1].name, "leather_red")
        self.assertEqual(scene.materials[7].alpha_mode, "blend")
        self.assertTrue(scene.materials[7].double_sided)
        self.assertEqual(scene.meshes[2], ("ground_glass", 1, 4, 6))
        self.assertEqual(scene.animations, [("focus", 2.0)])
        self.assertEqual((scene.cameras, scene.warnings), ([], []))
        self.assertEqual(scene.statistics["triangle_count"], 40244)
        self.assertIn("13 nodes, 7 meshes", repr(scene))

    def test_bytes(self):
        data = sample.FIELD_CAMERA.read_bytes()
        expected = calotype.Scene.load(sample.FIELD_CAMERA).nodes
        for given in (data, bytearray(data), memoryview(data), np.frombuffer(data, np.uint8)):
            self.assertEqual(calotype.Scene.from_bytes(given).nodes, expected)
        named = calotype.Scene.from_bytes(OBJ, "folder/thing.obj")
        self.assertEqual((named.path, named.format), ("folder/thing.obj", "obj"))
        for wrong in (10**12, "text", None, [1, 2]):
            with self.assertRaises(calotype.ArgumentError):
                calotype.Scene.from_bytes(wrong)

    def test_errors_have_codes(self):
        with self.assertRaises(calotype.NotFoundError) as caught:
            calotype.Scene.load("no such file.glb")
        self.assertEqual(caught.exception.code, "not-found")
        self.assertIsInstance(caught.exception, LookupError)
        self.assertIn("no such file.glb", str(caught.exception))
        with self.assertRaises(calotype.Error):
            calotype.Scene.from_bytes(b"")
        with self.assertRaises(calotype.FormatError) as caught:
            calotype.Scene.from_bytes(b"glTF\x02\0\0\0\xff\0\0\0")
        self.assertIsInstance(caught.exception, ValueError)
        with self.assertRaises(calotype.EmptyError):
            calotype.Scene.from_bytes(b'{"asset": {"version": "2.0"}}', "a.gltf")

    def test_limits(self):
        for limit in ({"max_triangles": 100}, {"max_memory_bytes": 1000}, {"max_file_bytes": 1000},
                      {"max_texture_pixels": 16}):
            with self.assertRaises(calotype.LimitError):
                calotype.Scene.load(sample.FIELD_CAMERA, **limit)
        small = calotype.Scene.load(sample.FIELD_CAMERA, max_texture_pixels=256)
        self.assertEqual(small.statistics["texture_count"], 9)
        for limit in ("max_triangles", "max_memory_bytes", "max_file_bytes", "max_texture_pixels", "threads"):
            for wrong in (-1, 0.5, "x", 2**64, None):
                with self.assertRaises(calotype.ArgumentError):
                    calotype.Scene.load(sample.FIELD_CAMERA, **{limit: wrong})

    def test_files_outside(self):
        with tempfile.TemporaryDirectory() as folder:
            inner = Path(folder) / "inner"
            inner.mkdir()
            (inner / "a.obj").write_bytes(b"mtllib ../b.mtl\n" + OBJ)
            (Path(folder) / "b.mtl").write_bytes(b"newmtl red\nKd 1 0 0\n")
            self.assertTrue(calotype.Scene.load(inner / "a.obj").warnings)
            self.assertEqual(calotype.Scene.load(inner / "a.obj", allow_outside_paths=True).warnings, [])

    def test_odd_paths(self):
        for wrong in ("a\0b", b"a\0b", None, 5, 5.0, "\ud800"):
            with self.assertRaises(calotype.ArgumentError):
                calotype.Scene.load(wrong)
        for missing in ("\udcff", b"\xff", "x" * 5000):
            with self.assertRaises(calotype.Error):
                calotype.Scene.load(missing)
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(calotype.Error):
                calotype.Scene.load(folder)

    def test_scenes_are_made_by_load_and_builders(self):
        for wrong in (None, 5, object(), calotype._calotype.Scene):
            with self.assertRaises(calotype.ArgumentError):
                calotype.Scene(wrong)
        with self.assertRaises(calotype.ArgumentError):
            calotype.Scene(calotype._calotype.Scene()).nodes


class Content(unittest.TestCase):
    def test_bounds(self):
        np.testing.assert_array_equal(sample.quad().bounds(), [[-1, -1, 0], [1, 1, 0]])
        moved = sample.quad().bounds(calotype.Pose(root=sample.place(1, 2, 3)))
        np.testing.assert_array_equal(moved, [[0, 1, 3], [2, 3, 3]])

    def test_node_to_world(self):
        builder = calotype.SceneBuilder(y_up=True)
        builder.add_node(name="a", matrix=sample.place(1, 2, 3))
        builder.add_node(name="b", parent=0, matrix=sample.place(z=1))
        matrices = builder.finish().node_to_world()
        self.assertEqual(matrices.shape, (2, 4, 4))
        self.assertEqual(matrices[0, :3, 3].tolist(), [1, -3, 2])
        self.assertEqual(matrices[1, :3, 3].tolist(), [1, -4, 2])

    def test_camera_views(self):
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES)
        builder.add_node(mesh=mesh)
        builder.add_node(name="top", camera=builder.add_camera(name="lens", fov_y_radians=1.0, aspect_ratio=2.0,
                                                               near_metres=0.5), matrix=sample.place(z=4))
        builder.add_node(name="flat", camera=builder.add_camera(orthographic=True, y_magnitude=2, x_magnitude=2))
        scene = builder.finish()
        self.assertEqual(scene.cameras, ["lens", ""])
        views = scene.camera_views("top")
        self.assertEqual((len(views), views.width, views.height, views.protocol, views.fit), (1, 1024, 512, "scene", "none"))
        self.assertEqual(views.camera_to_world[0, :3, 3].tolist(), [0, 0, 4])
        self.assertAlmostEqual(views.focal[0, 1], 256 / np.tan(0.5), places=9)
        self.assertEqual(views.near_metres[0], 0.5)
        for wanted in ("lens", 0, "0"):
            np.testing.assert_array_equal(scene.camera_views(wanted).rows, views.rows)
        self.assertEqual(len(scene.camera_views("all", 32, 32)), 2)
        self.assertEqual(scene.camera_views(1, 32, 32).focal[0].tolist(), [8, 8])
        fitted = scene.camera_views("top", pose=calotype.Pose(fit="half_cube"))
        self.assertEqual(fitted.fit, "half_cube")
        self.assertEqual(fitted.near_metres[0], 0.25)
        self.assertEqual(fitted.camera_to_world[0, 2, 3], 2.0)
        for wrong in ("nobody", 7, -1):
            with self.assertRaises(calotype.NotFoundError):
                scene.camera_views(wrong)
        with self.assertRaises(calotype.Error):
            sample.quad().camera_views()

    def test_load_image(self):
        from PIL import Image
        with tempfile.TemporaryDirectory() as folder:
            pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
            Image.fromarray(pixels).save(Path(folder) / "é.png")
            np.testing.assert_array_equal(calotype.load_image(Path(folder) / "é.png"), pixels)
            (Path(folder) / "sky.hdr").write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n" + bytes([128, 0, 64, 129] * 2))
            sky = calotype.load_image(str(Path(folder) / "sky.hdr"))
            self.assertEqual((sky.shape, sky.dtype), ((1, 2, 4), np.float32))
            np.testing.assert_allclose(sky[0, 0], [1, 0, 0.5, 1], atol=0.01)
            (Path(folder) / "bad.png").write_bytes(b"\x89PNG")
            with self.assertRaises(calotype.FormatError):
                calotype.load_image(Path(folder) / "bad.png")
            with self.assertRaises(calotype.ReadWriteError):
                calotype.load_image(folder)
            with self.assertRaises(calotype.ArgumentError):
                calotype.Lighting(environment=str(Path(folder) / "é.png"))._tuple()
        with self.assertRaises(calotype.NotFoundError):
            calotype.load_image("nowhere.png")
        for wrong in (None, 5, "a\0b"):
            with self.assertRaises(calotype.ArgumentError):
                calotype.load_image(wrong)

    def test_the_version(self):
        self.assertRegex(calotype.__version__, r"^\d+\.\d+\.\d+$")
        for name in calotype.__all__:
            self.assertTrue(hasattr(calotype, name), name)
        self.assertTrue(issubclass(calotype.ArgumentError, ValueError) and issubclass(calotype.ArgumentError, TypeError))
        self.assertIs(cameras.Views, calotype.Views)


if __name__ == "__main__":
    unittest.main()
