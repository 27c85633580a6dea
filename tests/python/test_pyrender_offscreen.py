"""calotype.pyrender's pictures: what a render call returns, what is seen of changes, and what pyrender has not."""
import os
import subprocess
import sys
import threading
import unittest
import unittest.mock
import warnings

import numpy as np

import calotype
from calotype.pyrender import (GLTF, Camera, DirectionalLight, IntrinsicsCamera, Mesh, MetallicRoughnessMaterial, Node,
                               OffscreenRenderer, OrthographicCamera, PerspectiveCamera, PointLight, Primitive,
                               Renderer, RenderFlags, Sampler, Scene, Skin, SpotLight, Texture)
from calotype.pyrender.material import SpecularGlossinessMaterial

SQUARE = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
TWO_TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])
UP = np.tile([0.0, 0, 1], (4, 1))


def shift(x=0.0, y=0.0, z=0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def square(size=1.0, material=None, **keywords):
    """A mesh of 2 size by 2 size metres in the xy plane, seen from +z."""
    keywords = {"indices": TWO_TRIANGLES, "normals": UP, **keywords}
    return Mesh([Primitive(SQUARE * size, material=material or paint(1, 1, 1), **keywords)])


def paint(*color, **keywords):
    """A material that shows its colour under ambient light alone."""
    return MetallicRoughnessMaterial(baseColorFactor=[float(one) for one in color], metallicFactor=0.0, **keywords)


def code(value):
    """The 8-bit code of linear light, as pyrender makes it."""
    return int(np.rint(255 * min(value, 1.0) ** (1 / 2.2)))


def ambient_scene(*meshes, camera=None, at=(0, 0, 4), **keywords):
    """Meshes under white ambient light, before a black background, and a camera on the z axis."""
    scene = Scene(ambient_light=[1.0, 1, 1], bg_color=[0.0, 0, 0, 0], **keywords)
    nodes = [scene.add(mesh) for mesh in meshes]
    scene.add(camera or PerspectiveCamera(np.pi / 2, znear=0.1), pose=shift(*at))
    return scene, nodes


class PictureTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.renderer = OffscreenRenderer(64, 48, samples=4)

    @classmethod
    def tearDownClass(cls):
        cls.renderer.delete()

    def color(self, scene, flags=0, **keywords):
        return self.renderer.render(scene, flags, **keywords)[0]

    def middle(self, scene, flags=0, **keywords):
        return self.color(scene, flags, **keywords)[24, 32].tolist()

    def depth(self, scene, flags=0):
        return self.renderer.render(scene, flags | RenderFlags.DEPTH_ONLY)


class ReturnTest(PictureTest):
    def test_shapes_and_types(self):
        scene, _ = ambient_scene(square())
        color, depth = self.renderer.render(scene)
        self.assertEqual((color.shape, color.dtype, depth.shape, depth.dtype),
                         ((48, 64, 3), np.uint8, (48, 64), np.float32))
        self.assertEqual(self.renderer.render(scene, RenderFlags.RGBA)[0].shape, (48, 64, 4))
        only = self.renderer.render(scene, RenderFlags.DEPTH_ONLY)
        np.testing.assert_array_equal(only, depth)
        self.assertFalse(np.shares_memory(only, depth))

    def test_sizes_may_change(self):
        scene, _ = ambient_scene(square())
        with OffscreenRenderer(viewport_width=8, viewport_height=6, point_size=2.0) as renderer:
            self.assertEqual(renderer.render(scene)[1].shape, (6, 8))
            renderer.viewport_width, renderer.viewport_height = 20, 10.0
            self.assertEqual(renderer.render(scene)[1].shape, (10, 20))
            self.assertEqual((renderer.viewport_width, renderer.viewport_height, renderer.point_size), (20, 10, 2.0))

    def test_the_background_is_written_as_it_is(self):
        scene, _ = ambient_scene()
        scene.bg_color = [0.2, 0.4, 1.0, 0.6]
        self.assertEqual(self.middle(scene), [51, 102, 255])
        self.assertEqual(self.middle(scene, RenderFlags.RGBA), [51, 102, 255, 153])
        self.assertEqual(self.depth(scene).max(), 0)
        scene.bg_color = None
        self.assertEqual(self.middle(scene), [255, 255, 255])

    def test_alpha(self):
        scene, _ = ambient_scene(square())
        alpha = self.color(scene, RenderFlags.RGBA)[:, :, 3]
        self.assertEqual((alpha[24, 32], alpha[0, 0]), (255, 0))

    def test_ambient_light_and_gamma(self):
        scene, _ = ambient_scene(square(material=paint(0.5, 0.25, 1.0)))
        scene.ambient_light = [1.0, 1.0, 0.1]
        self.assertEqual(self.middle(scene), [code(0.5), code(0.25), code(0.1)])

    def test_samples(self):
        scene, _ = ambient_scene(square())
        scene.main_camera_node.rotation = [0, 0, np.sin(0.2), np.cos(0.2)]
        codes = len(np.unique(self.color(scene)))
        self.assertGreater(codes, 2)
        with OffscreenRenderer(64, 48, samples=1) as renderer:
            self.assertEqual(len(np.unique(renderer.render(scene)[0])), 2)
            renderer.samples = 16
            self.assertGreater(len(np.unique(renderer.render(scene)[0])), codes)

    def test_lights_shine(self):
        bright = {}
        for name, light in (("sun", DirectionalLight(intensity=2.0)), ("point", PointLight(intensity=20.0)),
                            ("spot", SpotLight(intensity=20.0)), ("none", None)):
            scene, _ = ambient_scene(square())
            scene.ambient_light = 0.0
            if light is not None:
                scene.add(light, pose=shift(z=3))
            bright[name] = self.middle(scene)[0]
        self.assertEqual(bright["none"], 0)
        for name in ("sun", "point", "spot"):
            self.assertGreater(bright[name], 100, name)

    def test_more_than_four_lights(self):
        scene, _ = ambient_scene(square())
        scene.ambient_light = 0.0
        values = []
        for _ in range(6):
            scene.add(DirectionalLight(intensity=0.1))
            values.append(self.middle(scene)[0])
        self.assertEqual(values, sorted(set(values)))

    def test_the_range_of_a_light_ends_it(self):
        scene, _ = ambient_scene(square())
        scene.ambient_light = 0.0
        light = PointLight(intensity=20.0, range=10.0)
        scene.add(light, pose=shift(z=2))
        self.assertGreater(self.middle(scene)[0], 100)
        light.range = 1.5
        self.assertEqual(self.middle(scene)[0], 0)

    def test_shadows(self):
        for flag, light in ((RenderFlags.SHADOWS_DIRECTIONAL, DirectionalLight(intensity=2.0)),
                            (RenderFlags.SHADOWS_POINT, PointLight(intensity=30.0)),
                            (RenderFlags.SHADOWS_SPOT, SpotLight(intensity=30.0))):
            with self.subTest(light=type(light).__name__):
                scene, _ = ambient_scene(square(2.0))
                scene.ambient_light = 0.0
                scene.add(square(0.4), pose=shift(0, 0, 1.0))
                turn = np.array([[0.8, 0, 0.6, 2.4], [0, 1, 0, 0], [-0.6, 0, 0.8, 3.2], [0, 0, 0, 1]])
                scene.add(light, pose=turn)
                lit, shaded = self.color(scene), self.color(scene, flag)
                darker = (lit[:, :, 0] > 60) & (shaded[:, :, 0] < 20)
                self.assertTrue(8 < darker.sum() < 400, darker.sum())
                np.testing.assert_array_equal(self.color(scene, RenderFlags.SHADOWS_ALL), shaded)


class DepthTest(PictureTest):
    def test_planar_depth_of_every_camera(self):
        tilted = np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1]])
        for camera in (PerspectiveCamera(np.pi / 2, znear=0.1), PerspectiveCamera(np.pi / 2, znear=0.1, zfar=20.0),
                       IntrinsicsCamera(30.0, 28.0, 30.0, 25.0), OrthographicCamera(1.0, 1.5)):
            with self.subTest(camera=type(camera).__name__):
                scene, nodes = ambient_scene(square(9.0), camera=camera)
                np.testing.assert_allclose(self.depth(scene)[10:40, 20:50], 4.0, rtol=1e-5)
                scene.set_pose(nodes[0], tilted)  # y = 0.8 t, z = 0.6 t: the depth is 4 - z
                matrix = camera.get_projection_matrix(64, 48)
                for row in (12, 24, 36):
                    y_device = 1 - 2 * (row + 0.5) / 48
                    t = np.linspace(-6, 6, 1200001)
                    clip = matrix @ np.stack([t * 0, 0.8 * t, 0.6 * t - 4, t * 0 + 1])
                    expected = 4 - 0.6 * t[np.argmin(np.abs(clip[1] / clip[3] - y_device))]
                    self.assertAlmostEqual(float(self.depth(scene)[row, 32]), expected, delta=1e-4)

    def test_planes_cut(self):
        scene, nodes = ambient_scene(square(2.0), camera=OrthographicCamera(1.0, 1.0, znear=1.0, zfar=5.0))
        for z, seen in ((2.9, True), (3.1, False), (-0.9, True), (-1.1, False)):
            scene.set_pose(nodes[0], shift(z=z))
            self.assertEqual(bool(self.depth(scene).max() > 0), seen, z)

    def test_a_scaled_camera_counts_in_its_own_units(self):
        scene, _ = ambient_scene(square(3.0))
        before = self.color(scene)
        scene.main_camera_node.scale = [2.0, 2.0, 2.0]
        np.testing.assert_allclose(self.depth(scene)[24, 32], 2.0, rtol=1e-5)
        np.testing.assert_array_equal(self.color(scene), before)

    def test_a_weak_perspective_camera_of_the_users(self):
        class WeakPerspective(Camera):
            def get_projection_matrix(self, width=None, height=None):
                return np.array([[0.5, 0, 0, 0.25], [0, 0.5, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1.0]])
        scene, nodes = ambient_scene(square(), camera=WeakPerspective(), at=(0, 0, 0))
        scene.set_pose(nodes[0], shift(z=-0.5))
        depth = self.depth(scene)
        np.testing.assert_allclose(depth[24, 40], 0.5, atol=1e-5)
        columns = np.flatnonzero(depth[24])
        self.assertEqual((columns[0], columns[-1]), (24, 55))  # -0.5 + 0.25 and 0.5 + 0.25 of half the width
        scene.set_pose(nodes[0], shift(z=0.5))  # behind the camera, but in its box
        np.testing.assert_allclose(self.depth(scene)[24, 40], -0.5, atol=1e-5)

    def test_cameras_that_cannot_be(self):
        class Own(Camera):
            matrix = np.eye(4)

            def get_projection_matrix(self, width=None, height=None):
                return self.matrix
        perspective = PerspectiveCamera(1.0, znear=0.1).get_projection_matrix(64, 48)
        camera = Own()
        scene, _ = ambient_scene(square(), camera=camera)
        for entry, value in (((0, 1), 0.5), ((0, 0), -1.0), ((3, 0), 0.1), ((2, 2), np.nan), ((1, 1), 0.0)):
            with self.subTest(entry=entry), self.assertRaises(ValueError):
                camera.matrix = perspective.copy()
                camera.matrix[entry] = value
                self.renderer.render(scene)
        camera.matrix = perspective
        for pose in (np.diag([-1.0, 1, 1, 1]), np.diag([0.0, 1, 1, 1]), np.eye(4) + np.eye(4, k=1) * [1, 1, 0, 0]):
            with self.subTest(pose=pose), self.assertRaises(ValueError):
                scene.set_pose(scene.main_camera_node, pose)
                self.renderer.render(scene)


class FlagTest(PictureTest):
    def test_segmentation(self):
        near, far = square(0.5), square(2.0)
        scene, (front, back) = ambient_scene(near, far)
        scene.set_pose(front, shift(z=1))
        hidden = scene.add(square(0.2), pose=shift(z=-1))
        picture = self.color(scene, RenderFlags.SEG, seg_node_map={front: 200, back: (1, 2, 3), hidden: 9})
        self.assertEqual(sorted(map(tuple, np.unique(picture.reshape(-1, 3), axis=0))),
                         [(0, 0, 0), (1, 2, 3), (200, 200, 200)])
        unmapped = self.color(scene, RenderFlags.SEG, seg_node_map={back: [255, 0, 0]})
        np.testing.assert_array_equal(unmapped[24, 32], 0)  # the front square hides what is behind it
        np.testing.assert_array_equal(picture[:, :, 0] == 1, unmapped[:, :, 0] == 255)
        self.assertEqual(self.color(scene, RenderFlags.SEG).max(), 0)
        self.assertEqual(self.color(scene, RenderFlags.SEG | RenderFlags.RGBA)[0, 0].tolist(), [0, 0, 0, 255])
        for value in (256, -1, [1, 2], "red", [0.0, np.nan, 0.0]):
            with self.subTest(value=value), self.assertRaises(ValueError):
                self.color(scene, RenderFlags.SEG, seg_node_map={front: value})
        self.color(scene, RenderFlags.SEG, seg_node_map={Node(): 3})

    def test_flat(self):
        texture = np.full((2, 2, 3), (10, 150, 200), np.uint8)
        scene, _ = ambient_scene(square(material=paint(1, 1, 1, baseColorTexture=texture), texcoord_0=SQUARE[:, :2]))
        scene.ambient_light = 0.0
        self.assertEqual(self.middle(scene, RenderFlags.FLAT), [10, 150, 200])

    def test_wireframes(self):
        scene, _ = ambient_scene(square(), square(material=paint(1, 1, 1, wireframe=True)))
        scene.set_pose(scene.add(square()), shift(x=100))
        del scene
        solid, _ = ambient_scene(square())
        wire, _ = ambient_scene(square(material=paint(1, 1, 1, wireframe=True)))

        def count(scene, flags=0):
            return int((self.renderer.render(scene, flags)[1] > 0).sum())
        surface, edges = count(solid), count(wire)
        self.assertLess(edges, surface / 2)
        self.assertEqual([count(solid, flag) for flag in (RenderFlags.ALL_WIREFRAME, RenderFlags.FLIP_WIREFRAME,
                                                          RenderFlags.ALL_SOLID)], [edges, edges, surface])
        self.assertEqual([count(wire, flag) for flag in (RenderFlags.ALL_WIREFRAME, RenderFlags.FLIP_WIREFRAME,
                                                         RenderFlags.ALL_SOLID)], [edges, surface, surface])
        self.assertEqual(int((self.depth(wire) > 0).sum()), surface)

    def test_normals_as_lines(self):
        scene, _ = ambient_scene(square(), at=(2, 0, 4))
        plain = self.color(scene)
        for flag, channel in ((RenderFlags.VERTEX_NORMALS, 2), (RenderFlags.FACE_NORMALS, 0)):
            with self.subTest(flag=flag):
                changed = self.color(scene, flag)[(self.color(scene, flag) != plain).any(axis=2)].astype(int)
                self.assertGreater(len(changed), 3)
                self.assertTrue((changed[:, channel] >= changed[:, 1]).all())

    def test_back_faces(self):
        turned = np.diag([-1.0, 1, -1, 1])
        scene, nodes = ambient_scene(square())
        scene.set_pose(nodes[0], turned)
        self.assertEqual(self.depth(scene).max(), 0)
        self.assertGreater(self.depth(scene, RenderFlags.SKIP_CULL_FACES).max(), 0)
        nodes[0].mesh.primitives[0].material.doubleSided = True
        scene.ambient_light = 0.0
        scene.add(DirectionalLight(intensity=3.0))
        behind = self.middle(scene)
        scene.set_pose(nodes[0], np.eye(4))
        self.assertEqual(self.middle(scene), behind)


class ChangeTest(PictureTest):
    """What changed between two calls is seen, however it was changed."""

    def test_vertices(self):
        mesh = square()
        scene, _ = ambient_scene(mesh)
        primitive = mesh.primitives[0]
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 4.0, places=4)
        primitive.positions[:, 2] += 1
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 3.0, places=4)
        held = primitive.positions
        for z in (0.5, 2.0):
            held[:, 2] = z
            self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 4.0 - z, places=4)
        primitive.indices[:] = 0
        self.assertEqual(self.depth(scene).max(), 0)
        primitive.indices[0, 0] = 99
        with self.assertRaisesRegex(ValueError, "99"):
            self.renderer.render(scene)
        primitive.indices = TWO_TRIANGLES
        self.assertGreater(self.depth(scene).max(), 0)

    def test_colors_textures_and_materials(self):
        texture = Texture(source=np.full((2, 2, 3), 255, np.uint8), source_channels="RGB")
        material = paint(1, 1, 1, baseColorTexture=texture)
        mesh = square(material=material, texcoord_0=SQUARE[:, :2], color_0=[1.0, 1, 1])
        scene, _ = ambient_scene(mesh)
        self.assertEqual(self.middle(scene), [255, 255, 255])
        texture.source[:, :, 1] = 0
        self.assertEqual(self.middle(scene), [255, 0, 255])
        material.baseColorFactor[0] = 0.5
        self.assertEqual(self.middle(scene), [code(0.5), 0, 255])
        mesh.primitives[0].color_0[:, 2] = 0.25
        self.assertEqual(self.middle(scene), [code(0.5), 0, code(0.25)])
        mesh.primitives[0].material = paint(0, 1, 0)
        self.assertEqual(self.middle(scene), [0, 255, 0])

    def test_nodes(self):
        scene, (node,) = ambient_scene(square())
        empty = np.zeros((48, 64), np.float32)
        first = self.depth(scene)
        node.translation[2] = 1.0
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 3.0, places=4)
        node.matrix = np.eye(4)
        np.testing.assert_array_equal(self.depth(scene), first)
        node.mesh.is_visible = False
        np.testing.assert_array_equal(self.depth(scene), empty)
        node.mesh.is_visible = True
        scene.remove_node(node)
        np.testing.assert_array_equal(self.depth(scene), empty)
        parent = scene.add(square(0.1), pose=shift(z=2))
        scene.add_node(node, parent)
        self.assertAlmostEqual(float(self.depth(scene)[24, 36]), 2.0, places=4)
        scene.set_pose(parent, shift(z=1))
        self.assertAlmostEqual(float(self.depth(scene)[24, 36]), 3.0, places=4)
        node.mesh = square(0.01)
        self.assertEqual(self.depth(scene)[24, 36], 0)

    def test_primitives_of_a_mesh(self):
        mesh = square()
        scene, _ = ambient_scene(mesh)
        self.renderer.render(scene)
        mesh.primitives.append(Primitive(SQUARE + [0, 0, 1], indices=TWO_TRIANGLES))
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 3.0, places=4)
        mesh.primitives[1].poses = [shift(z=1)]
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 2.0, places=4)
        mesh.primitives[1].poses[0, 2, 3] = -5
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 4.0, places=4)

    def test_lights_and_background(self):
        scene, _ = ambient_scene(square())
        light = DirectionalLight(intensity=0.0)
        scene.ambient_light = 0.0
        node = scene.add(light)
        self.assertEqual(self.middle(scene), [0, 0, 0])
        light.intensity = 2.0
        lit = self.middle(scene)
        self.assertGreater(lit[0], 100)
        light.color[1] = 0.0
        self.assertEqual(self.middle(scene), [lit[0], 0, lit[2]])
        scene.set_pose(node, np.diag([1.0, -1, -1, 1]))  # from behind
        self.assertLess(self.middle(scene)[0], 30)
        scene.ambient_light[:] = 1.0
        self.assertEqual(self.middle(scene), [255, 255, 255])
        scene.bg_color[:] = 0.2
        self.assertEqual(self.color(scene)[0, 0].tolist(), [51, 51, 51])

    def test_scenes_take_turns(self):
        scenes = [ambient_scene(square(material=paint(*color)))[0] for color in np.eye(3)]
        for _ in range(2):
            for number, scene in enumerate(scenes):
                expected = [0, 0, 0]
                expected[number] = 255
                self.assertEqual(self.middle(scene), expected)

    def test_many_scenes(self):
        mesh = square()
        for number in range(40):
            scene, nodes = ambient_scene(mesh)
            scene.set_pose(nodes[0], shift(z=number / 40))
            self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 4 - number / 40, places=4)


class KindTest(PictureTest):
    """Strips, fans, copies, points and lines; alpha."""

    def test_strips_and_fans_are_triangles(self):
        scene, _ = ambient_scene(square())
        expected = self.depth(scene)
        for mode, order in ((GLTF.TRIANGLE_STRIP, [0, 1, 3, 2]), (GLTF.TRIANGLE_FAN, [0, 1, 2, 3]),
                            (GLTF.TRIANGLES, [0, 1, 2, 0, 2, 3, 1])):
            with self.subTest(mode=mode):
                scene, _ = ambient_scene(Mesh([Primitive(SQUARE, normals=UP, indices=order, mode=mode)]))
                np.testing.assert_array_equal(self.depth(scene), expected)
        scene, _ = ambient_scene(Mesh([Primitive(SQUARE[[0, 1, 2, 0, 2, 3]])]))
        np.testing.assert_array_equal(self.depth(scene), expected)

    def test_lines(self):
        counts = {}
        for mode in (GLTF.LINES, GLTF.LINE_STRIP, GLTF.LINE_LOOP):
            scene, _ = ambient_scene(Mesh([Primitive(SQUARE, mode=mode)]))
            counts[mode] = int((self.depth(scene) > 0).sum())
        self.assertGreater(counts[GLTF.LINES], 10)
        self.assertGreater(counts[GLTF.LINE_STRIP], counts[GLTF.LINES])
        self.assertGreater(counts[GLTF.LINE_LOOP], counts[GLTF.LINE_STRIP])

    def test_points_have_the_size_asked_for(self):
        scene, _ = ambient_scene(Mesh.from_points([[0.01, 0.01, 0]], colors=[[1.0, 0, 0]]))
        for size in (1.0, 3.0, 6.0):
            with OffscreenRenderer(64, 48, point_size=size, samples=1) as renderer:
                color, depth = renderer.render(scene)
                self.assertEqual((depth > 0).sum(), size * size)
                self.assertEqual(color[depth > 0].max(axis=0).tolist(), [255, 0, 0])

    def test_copies(self):
        poses = np.stack([shift(x=x) for x in (-2, 0, 2)])
        mesh = Mesh([Primitive(SQUARE * 0.3, indices=TWO_TRIANGLES, poses=poses),
                     Primitive(SQUARE * 0.1 + [0, 1, 0], indices=TWO_TRIANGLES)])
        scene, (node,) = ambient_scene(mesh)
        scene.set_pose(node, shift(z=1))
        batch = self.renderer.render_batch(scene, channels=("instance_id", "depth"))
        self.assertEqual(np.unique(batch["instance_id"]).tolist(), [0, 1, 2, 3, 4])
        self.assertEqual(self.renderer.instance_nodes(scene), [node] * 4)
        np.testing.assert_allclose(batch["depth"][batch["instance_id"] > 0], 3.0, rtol=1e-5)
        self.assertEqual(self.color(scene, RenderFlags.SEG, seg_node_map={node: 7}).max(), 7)
        mesh.primitives[0].poses = np.zeros((0, 4, 4))
        self.assertEqual(len(self.renderer.instance_nodes(scene)), 1)

    def test_mask_cuts_holes(self):
        texels = np.full((2, 2, 4), 255, np.uint8)
        texels[:, 0, 3] = 0
        material = paint(1, 0, 0, baseColorTexture=Texture(source=texels, source_channels="RGBA"), alphaMode="MASK")
        scene, _ = ambient_scene(square(2.0, material=material, texcoord_0=SQUARE[:, :2] / 2 + 0.5))
        color, depth = self.renderer.render(scene)
        self.assertEqual((color[24, 26].tolist(), depth[24, 26]), ([0, 0, 0], 0))
        self.assertEqual(color[24, 38].tolist(), [255, 0, 0])

    def test_blending_is_sorted(self):
        scene = Scene(ambient_light=[1.0, 1, 1], bg_color=[0.0, 0, 0])
        scene.add(PerspectiveCamera(np.pi / 2), pose=shift(z=4))
        crossed = [np.eye(4), np.array([[0.8, 0, 0.6, 0], [0, 1, 0, 0], [-0.6, 0, 0.8, 0], [0, 0, 0, 1]])]
        for color, pose in zip(((1, 0, 0, 0.5), (0, 1, 0, 0.5)), crossed):
            scene.add(square(2.0, material=paint(*color, alphaMode="BLEND")), pose=pose)
        picture = self.color(scene)
        left, right = picture[24, 24].astype(int), picture[24, 40].astype(int)
        # Each is in front on one side.
        self.assertGreater(left[1], left[0])
        self.assertGreater(right[0], right[1])

    def test_alpha_of_one_is_opaque(self):
        opaque, _ = ambient_scene(square(material=paint(0.5, 0.5, 0.5, alphaMode="OPAQUE")))
        blended, _ = ambient_scene(square(material=paint(0.5, 0.5, 0.5, alphaMode="BLEND")))
        np.testing.assert_array_equal(self.color(opaque), self.color(blended))

    def test_roughness_textures(self):
        def bright(texels, channels):
            texture = Texture(source=np.array(texels, np.uint8).reshape(1, 1, -1), source_channels=channels)
            material = MetallicRoughnessMaterial(metallicRoughnessTexture=texture)
            scene, _ = ambient_scene(square(material=material, texcoord_0=SQUARE[:, :2]))
            scene.add(DirectionalLight(intensity=0.2))
            scene.ambient_light = 0.0
            return self.middle(scene)
        expected = bright([80, 255], "GB")
        for texels, channels in (([80, 255], "RG"), ([0, 80, 255], "RGB"), ([9, 80, 255, 7], "RGBA"),
                                 ([3, 80, 255], "GB")):
            with self.subTest(channels=channels):
                self.assertEqual(bright(texels, channels), expected)
        self.assertNotEqual(bright([200, 255], "GB"), expected)

    def test_specular_glossiness(self):
        scene, _ = ambient_scene(square(material=SpecularGlossinessMaterial(diffuseFactor=[0.5, 0, 0, 1],
                                                                           specularFactor=[0, 0, 0])))
        red, green, blue = self.middle(scene)
        self.assertGreater(red, 100)
        self.assertEqual((green, blue), (0, 0))

    def test_textures_stand_upright(self):
        texels = np.zeros((2, 2, 3), np.uint8)
        texels[0, 0] = 255, 0, 0  # the picture's top left
        texels[1, 1] = 0, 0, 255
        texture = Texture(source=texels, source_channels="RGB", sampler=Sampler(magFilter=GLTF.NEAREST))
        scene, _ = ambient_scene(square(2.0, material=paint(1, 1, 1, baseColorTexture=texture),
                                        texcoord_0=SQUARE[:, :2] / 2 + 0.5))
        color = self.color(scene)
        self.assertEqual(color[18, 26].tolist(), [255, 0, 0])
        self.assertEqual(color[30, 38].tolist(), [0, 0, 255])

    def test_textures_need_coordinates(self):
        scene, _ = ambient_scene(square(material=paint(1, 1, 1, baseColorTexture=np.zeros((1, 1, 3), np.uint8))))
        with self.assertRaisesRegex(ValueError, "texcoord_0"):
            self.renderer.render(scene)


class DeformationTest(PictureTest):
    def test_morph_targets(self):
        mesh = square(targets=[np.tile([0.0, 0, 1], (4, 1)), {"POSITION": np.tile([0.0, 0, 2], (4, 1))}])
        scene, (node,) = ambient_scene(mesh)
        for weights, depth in ((None, 4.0), ([1, 0], 3.0), ([0.5, 0.5], 2.5), ([1], 3.0)):
            node.weights = weights
            self.assertAlmostEqual(float(self.depth(scene)[24, 32]), depth, places=4)
        node.weights[0] = 0.25
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 3.75, places=4)
        node.weights = None
        mesh.weights = [0, 1]
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 2.0, places=4)
        node.weights = [0, 0, 1]
        with self.assertRaises(ValueError):
            self.renderer.render(scene)

    def test_skins(self):
        joints = np.tile([0, 1, 0, 0], (4, 1))
        weights = np.tile([0.5, 0.5, 0, 0], (4, 1))
        mesh = square(joints_0=joints, weights_0=weights)
        scene = Scene(ambient_light=1.0)
        bones = [Node(), Node()]
        for bone in bones:
            scene.add_node(bone)
        scene.add_node(Node(mesh=mesh, skin=Skin(bones), translation=[9, 9, 9]))
        scene.add(PerspectiveCamera(np.pi / 2), pose=shift(z=4))
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 4.0, places=4)
        bones[1].translation[2] = 2.0
        self.assertAlmostEqual(float(self.depth(scene)[24, 32]), 3.0, places=4)
        scene.remove_node(bones[1])
        with self.assertRaisesRegex(ValueError, "joints"):
            self.renderer.render(scene)


class BatchTest(PictureTest):
    def test_cameras(self):
        scene, _ = ambient_scene(square())
        second = scene.add(PerspectiveCamera(np.pi / 3), pose=shift(z=3))
        pictures = self.renderer.render_batch(scene, camera_nodes=[scene.main_camera_node, second])
        self.assertEqual((pictures["color"].shape, pictures["depth"].shape), ((2, 48, 64, 3), (2, 48, 64)))
        for number, node in enumerate((scene.main_camera_node, second)):
            scene.main_camera_node = node
            color, depth = self.renderer.render(scene)
            np.testing.assert_array_equal(pictures["color"][number], color)
            np.testing.assert_array_equal(pictures["depth"][number], depth)

    def test_camera_poses(self):
        scene, _ = ambient_scene(square())
        poses = np.stack([shift(z=z) for z in (2, 3, 5)])
        depth = self.renderer.render_batch(scene, camera_poses=poses, channels=["depth"])["depth"]
        np.testing.assert_allclose(depth[:, 24, 32], [2, 3, 5], rtol=1e-5)

    def test_poses_of_nodes(self):
        scene, (node,) = ambient_scene(square())
        child = scene.add(square(0.2), pose=shift(z=0.5), parent_node=node)
        count = 150
        poses = np.stack([shift(z=number / count) for number in range(count)])
        batch = self.renderer.render_batch(scene, poses={node: poses}, channels=("depth", "instance_id"))
        np.testing.assert_allclose(batch["depth"][:, 24, 32], 3.5 - np.arange(count) / count, rtol=1e-5)
        ids = self.renderer.instance_nodes(scene)
        self.assertIs(ids[batch["instance_id"][0, 24, 32] - 1], child)
        np.testing.assert_array_equal(scene.get_pose(node), np.eye(4))
        scene.set_pose(node, poses[7])
        np.testing.assert_array_equal(self.depth(scene), batch["depth"][7])

    def test_one_pose_for_many_cameras(self):
        scene, (node,) = ambient_scene(square())
        cameras = np.stack([shift(z=2 + number / 100) for number in range(100)])
        batch = self.renderer.render_batch(scene, camera_poses=cameras, poses={node: shift(z=-1)[np.newaxis]})
        np.testing.assert_allclose(batch["depth"][:, 24, 32], 3 + np.arange(100) / 100, rtol=1e-5)
        self.assertEqual(batch["color"].shape, (100, 48, 64, 3))

    def test_names_of_channels(self):
        scene, _ = ambient_scene(square())
        for channels in ("depth", ["depth"], (name for name in ["depth"])):
            self.assertEqual(list(self.renderer.render_batch(scene, channels=channels)), ["depth"])
        for channels in ("colour", [["depth"]], [None]):
            with self.subTest(channels=channels), self.assertRaisesRegex(ValueError, "there is no channel"):
                self.renderer.render_batch(scene, channels=channels)

    def test_cameras_and_lights_move_with_their_parents(self):
        scene, _ = ambient_scene(square())
        camera, light = scene.main_camera_node, scene.add(PointLight(intensity=5.0), pose=shift(z=2))
        scene.ambient_light = 0.0
        poses = np.stack([shift(z=4), shift(z=3)])
        batch = self.renderer.render_batch(scene, poses={camera: poses})
        np.testing.assert_allclose(batch["depth"][:, 24, 32], [4, 3], rtol=1e-5)
        bright = self.renderer.render_batch(scene, poses={light: poses})["color"][:, 24, 32, 0]
        self.assertLess(bright[0], bright[1])

    def test_channels(self):
        scene, (node,) = ambient_scene(square(material=paint(0.5, 0.25, 1.0)))
        scene.set_pose(node, shift(x=0.5))
        names = {"normal": (3, np.float32), "geometric_normal": (3, np.float32), "mask": (0, np.uint8),
                 "instance_id": (0, np.uint32), "material_id": (0, np.uint32), "position": (3, np.float32),
                 "uv": (2, np.float32), "albedo": (3, np.float32), "metal_roughness": (2, np.float32)}
        batch = self.renderer.render_batch(scene, channels=list(names))
        for name, (components, kind) in names.items():
            self.assertEqual((batch[name].shape, batch[name].dtype),
                             ((1, 48, 64) + ((components,) if components else ()), kind), name)
        there = batch["mask"][0] == 1
        np.testing.assert_allclose(batch["normal"][0][there], np.tile([0, 0, 1], (there.sum(), 1)), atol=1e-6)
        np.testing.assert_allclose(batch["albedo"][0][there], np.tile([0.5, 0.25, 1], (there.sum(), 1)), atol=1e-6)
        position = batch["position"][0][there]
        np.testing.assert_allclose([position[:, 0].mean(), position[:, 2].max()], [0.5, 0.0], atol=0.05)

    def test_what_is_refused(self):
        scene, (node,) = ambient_scene(square())
        two, three = np.tile(np.eye(4), (2, 1, 1)), np.tile(np.eye(4), (3, 1, 1))
        for keywords in ({"channels": ["colour"]}, {"camera_poses": np.eye(4)}, {"poses": {node: np.eye(4)}},
                         {"poses": {Node(): two}}, {"poses": {}}, {"camera_poses": two, "poses": {node: three}},
                         {"camera_nodes": [node]}, {"camera_nodes": [Node(camera=PerspectiveCamera(1.0))]}, {"poses": {node: two * np.nan}}):
            with self.subTest(**keywords), self.assertRaises(ValueError):
                self.renderer.render_batch(scene, **keywords)
        for keywords in ({"poses": [two]}, {"poses": two}, {"flags": "RGBA"}, {"flags": None}):
            with self.subTest(**keywords), self.assertRaisesRegex(TypeError, "poses are|flags are"):
                self.renderer.render_batch(scene, **keywords)
        nothing = self.renderer.render_batch(scene, camera_poses=np.zeros((0, 4, 4)))
        self.assertEqual(nothing["color"].shape, (0, 48, 64, 3))


class DistortionTest(PictureTest):
    def test_straight_lines_bend(self):
        scene, _ = ambient_scene(square(), camera=IntrinsicsCamera(60.0, 60.0, 32.0, 24.0))
        plain = self.depth(scene) > 0
        scene.main_camera_node.camera.distortion = (0.0, 0.0, 0.0, 0.0)
        np.testing.assert_array_equal(self.depth(scene) > 0, plain)
        scene.main_camera_node.camera.distortion = (-0.6, 0.0, 0.0, 0.0)
        barrel = self.depth(scene) > 0
        self.assertLess(barrel.sum(), plain.sum())
        # OpenCV: x' = x (1 + k1 r^2); the middle of the square's side is at x = 0.25, its corner at x = y = 0.25.
        side, corner = 32 + 60 * 0.25 * (1 - 0.6 * 0.0625), 24 + 60 * 0.25 * (1 - 0.6 * 0.125)
        self.assertEqual(np.flatnonzero(barrel[24])[-1], int(np.ceil(side - 0.5)) - 1)
        self.assertAlmostEqual(np.flatnonzero(barrel[:, 44])[-1], corner, delta=1.0)
        camera = IntrinsicsCamera(60.0, 60.0, 32.0, 24.0, distortion=(0.1, 0.0, 0.0, 0.0), distortion_model="fisheye")
        scene.main_camera_node.camera = camera
        self.assertGreater((self.depth(scene) > 0).sum(), 100)


class LifeTest(unittest.TestCase):
    def test_scenes_without_a_camera(self):
        with OffscreenRenderer(8, 8) as renderer:
            for scene in (Scene(), ambient_scene(square())[0]):
                if scene.main_camera_node is not None:
                    scene.main_camera_node.camera = None
                with self.assertRaisesRegex(ValueError, "camera"):
                    renderer.render(scene)
            with self.assertRaises(TypeError):
                renderer.render(None)

    def test_deleted(self):
        scene, _ = ambient_scene(square())
        renderer = OffscreenRenderer(8, 8)
        renderer.render(scene)
        renderer.delete()
        renderer.delete()
        with self.assertRaisesRegex(ValueError, "deleted"):
            renderer.render(scene)

    def test_what_is_refused(self):
        for arguments in ((0, 8), (8, -1), (20000, 8), (8, 8, 0.0)):
            with self.subTest(arguments=arguments), self.assertRaises(ValueError):
                OffscreenRenderer(*arguments)
        with self.assertRaises(ValueError):
            OffscreenRenderer(8, 8, samples=2)
        with self.assertRaises(calotype.Error):
            OffscreenRenderer(8, 8, backend="crayons")
        for threads in (-1, "2x", 1.5, 2000):
            with self.assertRaisesRegex(calotype.ArgumentError, "threads"):
                OffscreenRenderer(8, 8, threads=threads)

    def test_the_platform(self):
        with unittest.mock.patch.dict(os.environ, {"PYOPENGL_PLATFORM": "pyglet"}):
            with self.assertRaisesRegex(ValueError, "PYOPENGL_PLATFORM"):
                OffscreenRenderer(8, 8)
        with unittest.mock.patch.dict(os.environ, {"PYOPENGL_PLATFORM": "osmesa", "CALOTYPE_BACKEND": ""}):
            renderer = Renderer(8, 8)
            self.assertEqual((renderer.backend, renderer.samples), ("cpu", 1))
            renderer.delete()
            self.assertEqual(Renderer(8, 8, samples=4).samples, 4)
        with unittest.mock.patch.dict(os.environ, {"PYOPENGL_PLATFORM": "egl"}), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                renderer = Renderer(8, 8)
            except calotype.Error as error:
                self.assertIn("egl", str(error))
                return
            self.assertEqual((renderer.backend, renderer.samples), ("egl", 4))
            renderer.delete()
            slow = all(device.software for device in calotype.egl_devices())
            self.assertEqual(["no GPU" in str(one.message) for one in said], [True] if slow else [])

    def test_arrays_outlive_everything(self):
        scene, _ = ambient_scene(square())
        renderer = OffscreenRenderer(16, 16)
        color, depth = renderer.render(scene)
        renderer.delete()
        del renderer, scene
        color[:] = 3
        self.assertAlmostEqual(float(depth[8, 8]), 4.0, places=4)

    def test_what_was_drawn_is_forgotten_with_the_scene(self):
        scene, _ = ambient_scene(square())
        renderer = OffscreenRenderer(16, 16)
        renderer.render(scene)
        self.assertEqual(len(renderer._renderer._scenes), 1)
        del scene
        self.assertEqual(len(renderer._renderer._scenes), 0)
        kept = [ambient_scene(square())[0] for _ in range(20)]
        for scene in kept:
            renderer.render(scene)
        self.assertLessEqual(len(renderer._renderer._scenes), 16)
        renderer.delete()

    def test_several_at_once_on_several_threads(self):
        meshes = [square(0.5 + number / 10) for number in range(4)]
        wrong = []

        def work(number):
            scene, nodes = ambient_scene(meshes[number])
            with OffscreenRenderer(16 + number, 16, threads=1) as renderer:
                for step in range(20):
                    scene.set_pose(nodes[0], shift(z=step / 20))
                    depth = renderer.render(scene)[1]
                    if depth.shape != (16, 16 + number) or abs(depth[8, 8] - (4 - step / 20)) > 1e-4:
                        wrong.append((number, step))
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_one_renderer_on_several_threads(self):
        scenes = [ambient_scene(square(material=paint(*color)))[0] for color in np.eye(3)]
        wrong = []
        with OffscreenRenderer(16, 16) as renderer:
            def work(number):
                for _ in range(15):
                    if renderer.render(scenes[number])[0][8, 8].argmax() != number:
                        wrong.append(number)
            threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])

    def test_reading_the_last_picture(self):
        scene, _ = ambient_scene(square())
        renderer = Renderer(8, 8)
        self.assertIsNone(renderer.read_color_buf())
        color, depth = renderer.render(scene, RenderFlags.NONE)
        self.assertIs(renderer.read_color_buf(), color)
        self.assertIs(renderer.read_depth_buf(), depth)
        renderer.delete()


class ImportTest(unittest.TestCase):
    def test_no_heavy_packages(self):
        program = ("import sys, calotype.pyrender; "
                   "print([m for m in ('trimesh', 'PIL', 'OpenGL', 'scipy', 'networkx') if m in sys.modules])")
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        self.assertEqual(result.stdout.strip(), "[]")

    def test_under_pyrenders_name(self):
        program = ("import calotype.pyrender; calotype.pyrender.install(); calotype.pyrender.install(); "
                   "import pyrender, pyrender.light; from pyrender.material import SpecularGlossinessMaterial as S; "
                   "from pyrender.constants import RenderFlags as F; "
                   "print(pyrender is calotype.pyrender, pyrender.Light is pyrender.light.Light, "
                   "S is calotype.pyrender.SpecularGlossinessMaterial, F is pyrender.RenderFlags)")
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        self.assertEqual(result.stdout.split(), ["True"] * 4)


if __name__ == "__main__":
    unittest.main()
