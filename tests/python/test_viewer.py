"""calotype.pyrender's viewer without a window: trackball, keys, its nodes in a scene, texts, files, what is missing."""
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

import numpy as np

import calotype
from calotype.pyrender import (GLTF, DirectionalLight, IntrinsicsCamera, Mesh, OrthographicCamera, PerspectiveCamera,
                               Primitive, Scene, TextAlign)
from calotype.pyrender.trackball import Trackball
from calotype.pyrender.viewer_files import save_animation, save_picture
from calotype.pyrender.viewer_keys import ACTIONS
from calotype.pyrender.viewer_stage import Stage
from calotype.pyrender.viewer_text import PADDING, with_captions, with_text

HAVE_PILLOW = importlib.util.find_spec("PIL") is not None
HAVE_GLFW = importlib.util.find_spec("glfw") is not None


def shift(x, y, z):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def box(size=1.0):
    """A mesh whose bounds are a cube around the origin."""
    corners = size / 2 * np.array([[-1, -1, -1], [1, 1, 1], [-1, 1, -1]])
    return Mesh([Primitive(corners, mode=GLTF.TRIANGLES)])


class TrackballTest(unittest.TestCase):
    """A camera 5 m in front of its target, in a picture of 200x100: a radian is 30 pixels."""

    def setUp(self):
        self.ball = Trackball(shift(1, 0, 5), (200, 100), 3.0, (1, 0, 0))

    def dragged(self, state, start, end):
        self.ball.set_state(state)
        self.ball.down(start)
        self.ball.drag((-7, 400))  # only the last place counts
        self.ball.drag(end)
        return self.ball.pose

    def test_circling(self):
        pose = self.dragged(Trackball.STATE_ROTATE, (10, 20), (40, 20))
        s, c = math.sin(1.0), math.cos(1.0)
        wanted = [[c, 0, -s, 1 - 5 * s], [0, 1, 0, 0], [s, 0, c, 5 * c], [0, 0, 0, 1]]
        np.testing.assert_allclose(pose, wanted, atol=1e-15)

    def test_circling_over(self):
        pose = self.dragged(Trackball.STATE_ROTATE, (10, 20), (10, 50))
        s, c = math.sin(1.0), math.cos(1.0)
        np.testing.assert_allclose(pose, [[1, 0, 0, 1], [0, c, -s, -5 * s], [0, s, c, 5 * c], [0, 0, 0, 1]], atol=1e-15)

    def test_both_at_once_turn_about_the_axes_of_when_it_was_pressed(self):
        pose = self.dragged(Trackball.STATE_ROTATE, (0, 0), (15 * math.pi, 15 * math.pi))
        # A quarter about y to (-5, 0, 0), which a quarter about x leaves where it is.
        np.testing.assert_allclose(pose[:3, 3], [-4, 0, 0], atol=1e-14)
        np.testing.assert_allclose(pose[:3, 1], [0, 0, 1], atol=1e-15)

    def test_shifting(self):
        pose = self.dragged(Trackball.STATE_PAN, (10, 20), (60, 0))
        np.testing.assert_allclose(pose, shift(1 - 1.0, 0.4, 5), atol=1e-15)  # 50 / 150 and 20 / 150 of 3 m
        circled = self.dragged(Trackball.STATE_ROTATE, (0, 0), (30 * math.pi, 0))  # about the shifted target
        np.testing.assert_allclose(circled[:3, 3], [0, 0.4, -5], atol=1e-14)

    def test_rolling(self):
        pose = self.dragged(Trackball.STATE_ROLL, (150, 50), (100, 100))
        np.testing.assert_allclose(pose, [[0, 1, 0, 1], [-1, 0, 0, 0], [0, 0, 1, 5], [0, 0, 0, 1]], atol=1e-15)

    def test_moving_by_dragging(self):
        forwards = self.dragged(Trackball.STATE_ZOOM, (0, 50), (80, 60))
        np.testing.assert_allclose(forwards, shift(1, 0, 5 + 5 * (1 - math.exp(0.2))), atol=1e-15)
        self.setUp()
        back = self.dragged(Trackball.STATE_ZOOM, (0, 50), (80, 40))
        np.testing.assert_allclose(back, shift(1, 0, 5 + 5 * (1 - math.exp(-0.2))), atol=1e-15)

    def test_the_wheel(self):
        self.ball.scroll(2)
        np.testing.assert_allclose(self.ball.pose, shift(1, 0, 5 * 0.81), atol=1e-15)
        self.ball.scroll(-2)
        np.testing.assert_allclose(self.ball.pose, shift(1, 0, 5), atol=1e-14)

    def test_the_wheel_during_a_drag(self):
        self.ball.set_state(Trackball.STATE_ROTATE)
        self.ball.down((0, 0))
        self.ball.drag((30 * math.pi, 0))
        self.ball.scroll(1)
        np.testing.assert_allclose(self.ball.pose[:3, 3], [1, 0, -4.5], atol=1e-14)
        self.ball.drag((0, 0))
        np.testing.assert_allclose(self.ball.pose, shift(1, 0, 4.5), atol=1e-14)

    def test_turning(self):
        self.ball.rotate(math.pi / 2)  # about the picture's upwards
        np.testing.assert_allclose(self.ball.pose[:3, 3], [6, 0, 0], atol=1e-14)
        self.ball.rotate(math.pi, (0, 0, 2))
        np.testing.assert_allclose(self.ball.pose[:3, 3], [-4, 0, 0], atol=1e-14)
        for axis in ((0, 0, 0), (1, 0), (math.nan, 0, 1)):
            with self.subTest(axis=axis), self.assertRaises(ValueError):
                self.ball.rotate(1.0, axis)

    def test_a_new_size(self):
        self.ball.resize((400, 200))
        pose = self.dragged(Trackball.STATE_ROTATE, (0, 0), (30 * math.pi, 0))
        np.testing.assert_allclose(pose[:3, 3], [-4, 0, 0], atol=1e-14)  # a quarter: a radian is 60 pixels now

    def test_the_first_pose_is_not_written_to(self):
        first = shift(0, 0, 1)
        ball = Trackball(first, (10, 10), 1.0)
        ball.down((0, 0))
        ball.drag((3, 3))
        ball.scroll(1)
        np.testing.assert_array_equal(first, shift(0, 0, 1))


class KeysTest(unittest.TestCase):
    def setUp(self):
        self.viewer = mock.Mock()
        self.viewer.render_flags = dict.fromkeys(
            ("flip_wireframe", "all_wireframe", "all_solid", "shadows", "vertex_normals", "face_normals"), False)
        self.viewer.render_flags["cull_faces"] = True
        self.viewer.viewer_flags = dict.fromkeys(
            ("rotate", "use_raymond_lighting", "use_direct_lighting", "fullscreen", "show_world_axis",
             "show_mesh_axes"), False)
        self.viewer.viewer_flags["use_perspective_cam"] = True

    def press(self, key):
        return ACTIONS[ord(key)](self.viewer)

    def test_which_there_are(self):
        self.assertEqual("".join(sorted(map(chr, ACTIONS))), "acfhilmnoqrswz")

    def test_switches(self):
        for key, name, flags in (("a", "rotate", "viewer_flags"), ("c", "cull_faces", "render_flags"),
                                 ("f", "fullscreen", "viewer_flags"), ("h", "shadows", "render_flags"),
                                 ("m", "face_normals", "render_flags"), ("n", "vertex_normals", "render_flags"),
                                 ("o", "use_perspective_cam", "viewer_flags")):
            with self.subTest(key=key):
                values = getattr(self.viewer, flags)
                others = dict(values)
                before = others.pop(name)
                messages = []
                for wanted in (not before, before):
                    messages.append(self.press(key))
                    self.assertIs(values[name], wanted)
                    self.assertEqual({other: values[other] for other in others}, others)
                self.assertEqual(len(set(messages)), 2)

    def test_rounds(self):
        rounds = (
            ("w", "render_flags", ("flip_wireframe", "all_wireframe", "all_solid"), ("100", "010", "001", "000")),
            ("l", "viewer_flags", ("use_raymond_lighting", "use_direct_lighting"), ("10", "01", "00")),
            ("i", "viewer_flags", ("show_world_axis", "show_mesh_axes"), ("10", "01", "11", "00")),
        )
        for key, flags, names, wanted in rounds:
            messages = set()
            for step in wanted + wanted:
                messages.add(self.press(key))
                values = getattr(self.viewer, flags)
                self.assertEqual("".join(str(int(values[name])) for name in names), step, key)
            self.assertEqual(len(messages), len(wanted))

    def test_flags_that_exclude_one_another(self):
        self.viewer.render_flags.update(flip_wireframe=True, all_solid=True)  # drawn as flipped
        self.press("w")
        self.assertEqual([self.viewer.render_flags[name] for name in ("flip_wireframe", "all_wireframe", "all_solid")],
                         [False, True, False])

    def test_what_calls(self):
        for key, name in (("q", "on_close"), ("r", "toggle_recording"), ("s", "save_image"), ("z", "reset_view")):
            self.assertIsNone(self.press(key))
            getattr(self.viewer, name).assert_called_once_with()


class StageTest(unittest.TestCase):
    FLAGS = {"use_perspective_cam": True, "lighting_intensity": 3.0, "use_raymond_lighting": False,
             "use_direct_lighting": False, "show_world_axis": False, "show_mesh_axes": False}

    def test_the_default_camera(self):
        scene = Scene()
        scene.add(box(2.0), pose=shift(1, 2, 3))
        stage = Stage(scene, None)
        node = scene.main_camera_node
        self.assertIs(node, stage.camera_node)
        diagonal = math.sqrt(12.0)
        away = diagonal / (2.0 * math.tan(math.pi / 6.0))
        half = math.sqrt(0.5)
        wanted = [[0, -half, half, 1 + away], [1, 0, 0, 2], [0, half, half, 3 + away], [0, 0, 0, 1]]
        np.testing.assert_allclose(stage.initial_pose, wanted, atol=1e-14)
        self.assertAlmostEqual(node.camera.yfov, math.pi / 3)
        self.assertEqual((node.camera.znear, node.camera.zfar), (0.05, 100.0))
        stage.leave()
        self.assertIsNone(scene.main_camera_node)
        self.assertEqual(len(scene.nodes), 1)

    def test_empty_and_given_centers(self):
        scene = Scene()
        away = 2.0 / (2.0 * math.tan(math.pi / 6.0))
        np.testing.assert_allclose(Stage(scene, None).initial_pose[:3, 3], [away, 0, away])
        scene = Scene()
        np.testing.assert_allclose(Stage(scene, (1, 1, 1)).initial_pose[:3, 3], [1 + away, 1, 1 + away])

    def test_planes_of_large_and_small_scenes(self):
        for size, near, far in ((100.0, 0.05, 1000 * math.sqrt(3)), (0.1, 0.01 * math.sqrt(3), 100.0)):
            scene = Scene()
            scene.add(box(size))
            camera = Stage(scene, None).camera_node.camera
            self.assertAlmostEqual(camera.znear, near)
            self.assertAlmostEqual(camera.zfar, far)

    def test_the_scenes_camera(self):
        for camera in (PerspectiveCamera(0.4, znear=0.2, zfar=7.0), IntrinsicsCamera(50, 50, 32, 24, 0.2, 7.0)):
            scene = Scene()
            other_node = scene.add(PerspectiveCamera(0.1))
            node = scene.main_camera_node = scene.add(camera, pose=shift(0, 0, 4))
            stage = Stage(scene, None)
            self.assertIsNot(stage.camera_node, node)
            self.assertIsNot(stage.camera_node.camera, camera)
            self.assertIs(type(stage.camera_node.camera), type(camera))
            np.testing.assert_array_equal(stage.initial_pose, shift(0, 0, 4))
            stage.follow(dict(self.FLAGS, use_perspective_cam=False), shift(0, 0, 9))
            other = stage.camera_node.camera
            self.assertEqual((type(other), other.znear, other.zfar), (OrthographicCamera, 0.2, 7.0))
            np.testing.assert_array_equal(scene.get_pose(scene.main_camera_node), shift(0, 0, 9))
            stage.leave()
            self.assertIs(scene.main_camera_node, node)
            self.assertEqual(scene.nodes, {node, other_node})
            scene.main_camera_node = other_node
            stage.leave()  # a second time it leaves the scene alone
            self.assertIs(scene.main_camera_node, other_node)

    def test_an_orthographic_camera(self):
        scene = Scene()
        given = OrthographicCamera(2.0, 1.0, znear=0.5, zfar=20.0)
        scene.add(given)
        stage = Stage(scene, None)
        self.assertEqual((stage.camera_node.camera.znear, stage.camera_node.camera.zfar), (0.5, 20.0))
        stage.follow(dict(self.FLAGS, use_perspective_cam=False), np.eye(4))
        stage.magnify(0.5)
        self.assertEqual((stage.camera_node.camera.xmag, stage.camera_node.camera.ymag), (1.0, 0.5))
        stage.magnify(0.0)
        self.assertEqual((stage.camera_node.camera.xmag, stage.camera_node.camera.ymag), (1e-8, 0.5e-8))
        stage.reset_magnification()
        self.assertEqual((stage.camera_node.camera.xmag, stage.camera_node.camera.ymag), (2.0, 1.0))
        self.assertEqual((given.xmag, given.ymag), (2.0, 1.0))

    def test_lights_at_the_camera(self):
        scene = Scene()
        stage = Stage(scene, None)
        stage.follow(dict(self.FLAGS, use_raymond_lighting=True), shift(1, 2, 3))
        self.assertEqual(sorted(light.intensity for light in scene.lights), [1.0, 1.0, 1.0])
        places = sorted(tuple(np.round(scene.get_pose(node)[:3, 2], 12)) for node in scene.light_nodes)
        half, rise = 0.5, math.sqrt(0.75)
        wanted = sorted([(half, 0.0, rise), (-half / 2, half * rise, rise), (-half / 2, -half * rise, rise)])
        np.testing.assert_allclose(places, wanted, atol=1e-12)
        for node in scene.light_nodes:
            rotation = node.matrix[:3, :3]
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-15)
            self.assertAlmostEqual(np.linalg.det(rotation), 1.0)
        stage.follow(dict(self.FLAGS, use_direct_lighting=True, lighting_intensity=4.5), shift(1, 2, 3))
        (node,) = scene.light_nodes
        self.assertIsInstance(node.light, DirectionalLight)
        self.assertEqual(node.light.intensity, 4.5)
        np.testing.assert_array_equal(scene.get_pose(node), shift(1, 2, 3))
        stage.follow(self.FLAGS, shift(1, 2, 3))
        self.assertEqual(scene.lights, set())
        stage.follow(dict(self.FLAGS, use_direct_lighting=True), shift(1, 2, 3))
        stage.leave()
        self.assertEqual(scene.nodes, set())

    def test_axes(self):
        scene = Scene()
        first, second = scene.add(box(1.0), pose=shift(5, 0, 0)), scene.add(box(2.0))
        stage = Stage(scene, None)
        size = scene.scale
        stage.follow(dict(self.FLAGS, show_world_axis=True), np.eye(4))
        (axes,) = scene.mesh_nodes - {first, second}
        np.testing.assert_allclose(scene.get_pose(axes), np.diag([0.3 * size] * 3 + [1.0]))
        np.testing.assert_allclose(axes.mesh.bounds, [[-0.1] * 3, [1.0] * 3], atol=1e-6)
        stage.follow(dict(self.FLAGS, show_mesh_axes=True), np.eye(4))
        poses = sorted((scene.get_pose(node).tolist() for node in scene.mesh_nodes - {first, second}), reverse=True)
        wanted = shift(5, 0, 0)
        wanted[:3, :3] *= 0.5 * math.sqrt(3)
        np.testing.assert_allclose(poses, [np.diag([math.sqrt(3)] * 3 + [1.0]), wanted], rtol=1e-6)
        stage.follow(dict(self.FLAGS, show_world_axis=True, show_mesh_axes=True), np.eye(4))
        self.assertEqual(len(scene.mesh_nodes), 5)
        scene.remove_node(first)
        stage.leave()
        self.assertEqual(scene.nodes, {second})

    def test_axes_are_outwards_and_coloured(self):
        scene = Scene()
        stage = Stage(scene, None)
        stage.follow(dict(self.FLAGS, show_world_axis=True), np.eye(4))
        (node,) = scene.mesh_nodes
        (primitive,) = node.mesh.primitives
        corners = primitive.positions.reshape(-1, 3, 3).astype(np.float64)
        colors = primitive.color_0.reshape(-1, 3, 4)[:, 0, :3]
        normals = primitive.normals.reshape(-1, 3, 3)[:, 0]
        for axis in range(3):
            bar = corners[(colors == np.eye(3)[axis]).all(axis=1)]
            facing = normals[(colors == np.eye(3)[axis]).all(axis=1)]
            wanted = np.array([[-0.05] * 3, [0.05] * 3])
            wanted[:, axis] = 0.0, 1.0
            np.testing.assert_allclose([bar.min(axis=(0, 1)), bar.max(axis=(0, 1))], wanted, atol=1e-6)
            middle = 0.5 * np.eye(3)[axis]
            self.assertTrue((((bar.mean(axis=1) - middle) * facing).sum(axis=1) > 0).all())
        ball = (colors == 1).all(axis=1)
        self.assertTrue(((corners[ball].mean(axis=1) * normals[ball]).sum(axis=1) > 0.099).all())


@unittest.skipUnless(HAVE_PILLOW, "Pillow is missing")
class TextTest(unittest.TestCase):
    def test_where_it_stands(self):
        picture = np.full((160, 300, 3), 255, dtype=np.uint8)
        for ratio in (1, 2):
            for location in range(9):
                drawn = with_text(picture, "text", location, ratio, None, 20.0, None)
                rows, columns = np.nonzero((drawn != 255).any(axis=2))
                pad = PADDING * ratio
                for low, high, whole, place in ((columns.min(), columns.max(), 300, location in (1, 3, 6) or
                                                 -(location in (2, 4, 7))),
                                                (rows.min(), rows.max(), 160, location in (6, 7, 8) or
                                                 -(location in (3, 4, 5)))):
                    with self.subTest(ratio=ratio, location=location):
                        if place == 1:
                            self.assertEqual(low, pad)
                        elif place == -1:
                            self.assertEqual(high, whole - 1 - pad)
                        else:
                            self.assertLessEqual(abs(low + high + 1 - whole), 1)
        self.assertTrue((picture == 255).all())

    def test_colors_and_opacity(self):
        picture = np.full((60, 200, 3), 100, dtype=np.uint8)
        drawn = with_text(picture, "IIII", TextAlign.CENTER, 1, None, 40.0, (1.0, 0.0, 0.5, 0.5))
        np.testing.assert_array_equal(drawn.reshape(-1, 3)[np.argmax(drawn[..., 0])], [178, 50, 114])

    def test_what_does_not_fit(self):
        picture = np.zeros((30, 30, 3), dtype=np.uint8)
        drawn = with_text(picture, "a text that is far too long\nand high", TextAlign.CENTER, 1, None, 80.0, (1.0,) * 3)
        self.assertEqual(drawn.shape, picture.shape)
        self.assertTrue((with_text(picture, " ", TextAlign.CENTER, 1, None, 20.0, None) == 0).all())

    def test_captions(self):
        picture = np.full((100, 300, 3), 255, dtype=np.uint8)
        both = with_captions(picture, [{"text": "one", "location": TextAlign.TOP_LEFT, "font_name": "OpenSans-Regular",
                                        "font_pt": 10, "color": [0.0, 0.0, 0.0], "scale": 2.0}, {"text": "two"}], 1.0)
        one = with_text(picture, "one", TextAlign.TOP_LEFT, 1.0, None, 20.0, None)
        np.testing.assert_array_equal(both, with_text(one, "two", TextAlign.BOTTOM_LEFT, 1.0, None, 40.0, None))
        for wrong in ({}, {"text": "a", "location": 9}, {"text": "a", "font_pt": 0}, {"text": "a", "font_pt": 1e6},
                      {"text": "a", "color": "red"}):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                with_captions(picture, [wrong], 1.0)


@unittest.skipUnless(HAVE_PILLOW, "Pillow is missing")
class FilesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_pictures_have_numbers(self):
        from PIL import Image
        picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
        names = [os.path.basename(save_picture(picture, self.folder)) for _ in range(2)]
        self.assertEqual(names, ["calotype-0001.png", "calotype-0002.png"])
        np.testing.assert_array_equal(np.asarray(Image.open(os.path.join(self.folder, names[1]))), picture)
        with self.assertRaises(OSError):
            save_picture(picture, os.path.join(self.folder, "missing"))

    def test_animations(self):
        from PIL import Image
        frames = [np.full((8, 12, 3), value, dtype=np.uint8) for value in (0, 80, 160, 240)]
        frames[3] = frames[3][:4]  # the window became smaller
        path = save_animation(frames, 30.0, self.folder, None)
        self.assertEqual(os.path.basename(path), "calotype-0001.gif")
        with Image.open(path) as image:
            self.assertEqual((image.n_frames, image.size, image.info["loop"]), (4, (12, 8), 0))
            durations = []
            for number, value in enumerate((0, 80, 160, 240)):
                image.seek(number)
                durations.append(image.info["duration"])
                self.assertLessEqual(np.abs(np.asarray(image.convert("RGB")).astype(int) - value).max(), 1)
            self.assertEqual(durations, [30, 40, 30, 30])
        named = os.path.join(self.folder, "named.gif")
        self.assertEqual(save_animation(frames[:1], 10.0, None, named), named)
        with Image.open(named) as image:
            self.assertEqual(image.size, (12, 8))
        with self.assertRaises(calotype.ArgumentError):
            save_animation([], 10.0, self.folder, None)
        for failing in (None, named):
            with self.assertRaises(TypeError):
                save_animation([frames[0], np.zeros((8, 12, 5, 5), dtype=np.uint8)], 10.0, self.folder, failing)
        self.assertEqual(sorted(os.listdir(self.folder)), ["calotype-0001.gif", "named.gif"])
        with Image.open(named) as image:
            self.assertEqual(image.size, (12, 8))


class MissingTest(unittest.TestCase):
    """One sentence says what is missing, and the scene is as it was."""

    def refused(self, **keywords):
        from calotype.pyrender import Viewer
        scene = Scene()
        with self.assertRaises(calotype.BackendError) as caught:
            Viewer(scene, **keywords)
        self.assertEqual(scene.nodes, set())
        return str(caught.exception)

    def test_no_package(self):
        for keywords in ({}, {"run_in_thread": True}, {"auto_start": False}):
            with mock.patch.dict(sys.modules, glfw=None):
                message = self.refused(**keywords)
            self.assertIn("pip install glfw", message)
            self.assertIn("OffscreenRenderer", message)

    def test_no_library(self):
        def refuse(name):
            raise ImportError("Failed to load GLFW3 shared library.")
        with mock.patch("calotype.pyrender.viewer_window.importlib", types.SimpleNamespace(import_module=refuse)):
            self.assertIn("libglfw3", self.refused())

    def test_threads_of_macos(self):
        with mock.patch("calotype.pyrender.viewer_window.sys", types.SimpleNamespace(platform="darwin")):
            self.assertIn("main thread", self.refused(run_in_thread=True))

    def test_no_pillow(self):
        with mock.patch.dict(sys.modules, {"PIL.Image": None}):
            with self.assertRaisesRegex(calotype.UnsupportedError, "pip install pillow"):
                save_picture(np.zeros((2, 2, 3), dtype=np.uint8), None)

    @unittest.skipUnless(HAVE_GLFW, "the package glfw is missing")
    def test_no_display(self):
        environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        program = ("import sys, calotype, calotype.pyrender as p\n"
                   "scene = p.Scene()\n"
                   "for keywords in ({}, {'run_in_thread': True}, {'auto_start': False}):\n"
                   "    try:\n"
                   "        p.Viewer(scene, **keywords)\n"
                   "    except calotype.BackendError as problem:\n"
                   "        print(problem)\n"
                   "print(len(scene.nodes))\n")
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True,
                              timeout=60)
        lines = done.stdout.splitlines()
        self.assertEqual((done.stderr, len(lines), lines[-1]), ("", 4, "0"))
        for line in lines[:3]:
            self.assertIn("needs a display, and there is none", line)
            self.assertIn("OffscreenRenderer", line)

    def test_import_is_light(self):
        program = ("import sys, calotype.pyrender as p\n"
                   "before = [name for name in sys.modules if 'viewer' in name or name == 'glfw']\n"
                   "print(before, 'Viewer' in dir(p), p.Viewer.__name__)")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout.strip(), "[] True Viewer", done.stderr)


if __name__ == "__main__":
    unittest.main()
