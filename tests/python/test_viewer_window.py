"""calotype.pyrender's viewer in a window: run it as `tests/gl/with_xvfb.py python3 test_viewer_window.py`.

A `ScriptedViewer` runs a generator, a step after each look; what GLFW would call is called by the test.
"""
import ctypes
import importlib.util
import os
import sys
import tempfile
import threading
import time
import unittest
import warnings
from unittest import mock

import numpy as np

import calotype
from calotype.pyrender import (GLTF, Mesh, MetallicRoughnessMaterial, OffscreenRenderer, PerspectiveCamera, PointLight,
                               Primitive, Scene, TextAlign, Viewer)
from calotype.pyrender.trackball import turn

HAVE_PILLOW = importlib.util.find_spec("PIL") is not None
needs_pillow = unittest.skipUnless(HAVE_PILLOW, "Pillow is missing")


def setUpModule():
    if importlib.util.find_spec("glfw") is None:
        raise unittest.SkipTest("the package glfw is missing")
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise unittest.SkipTest("there is no display")


def make_scene():
    """A lit cube of metres, and a camera 4 m in front of it."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    triangles = corners[[[face[i] for i in three] for face in faces for three in ((0, 1, 2), (0, 2, 3))]]
    normals = np.repeat(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), 3, axis=0)
    material = MetallicRoughnessMaterial(baseColorFactor=(0.8, 0.4, 0.1, 1.0), metallicFactor=0.0)
    scene = Scene(bg_color=(0.1, 0.2, 0.3))
    scene.add(Mesh([Primitive(triangles.reshape(-1, 3), normals=normals, mode=GLTF.TRIANGLES, material=material)]))
    pose = np.eye(4)
    pose[:3, 3] = 0.0, 0.0, 4.0
    scene.add(PerspectiveCamera(0.8), pose=pose)
    pose = np.eye(4)
    pose[:3, 3] = 1.0, 2.0, 3.0
    scene.add(PointLight(intensity=40.0), pose=pose)
    return scene


class ScriptedViewer(Viewer):
    """Runs `script(viewer)`, a generator, a step after each look; then closes."""

    def __init__(self, scene, script, **keywords):
        self.script = script(self)
        self.drawn = 0
        super().__init__(scene, viewport_size=keywords.pop("viewport_size", (160, 120)), refresh_rate=200.0, **keywords)

    def on_draw(self):
        before = self._picture
        super().on_draw()
        self.drawn += self._picture is not before
        if next(self.script, "end") == "end":
            self.on_close()

    def _open(self):
        super()._open()
        glfw = self._window._glfw
        swap = glfw.swap_buffers

        def read_and_swap(handle):
            self.shown = self.read_pixels()
            swap(handle)
        self.patch = mock.patch.object(glfw, "swap_buffers", read_and_swap)
        self.patch.start()

    def _finish(self):
        super()._finish()
        self.patch.stop()

    def read_pixels(self):
        """What the next swap of buffers brings into the window, (h, w, 3) uint8. (Not every driver reads the front.)"""
        window = self._window
        width, height = window.pixel_size
        pixels = np.zeros((height, width, 3), dtype=np.uint8)
        window.gl_function("glPixelStorei", ctypes.c_uint, ctypes.c_int)(0x0D05, 1)  # GL_PACK_ALIGNMENT
        window.gl_function("glReadPixels", *[ctypes.c_int] * 4, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p)(
            0, 0, width, height, 0x1907, 0x1401, pixels.ctypes.data)  # GL_RGB, GL_UNSIGNED_BYTE
        return pixels[::-1]

    def pixels(self):
        """What the window shows, (h, w, 3) uint8."""
        return self.shown

    def camera_pose(self):
        return self.scene.get_pose(self.scene.main_camera_node)

    def press(self, character):
        self.on_key_press(ord(character), 0)


def offscreen(scene, width=160, height=120, flags=0):
    renderer = OffscreenRenderer(width, height)
    try:
        return renderer.render(scene, flags=flags)[0]
    finally:
        renderer.delete()


class WindowTest(unittest.TestCase):
    def run_script(self, script, scene=None, **keywords):
        """The viewer after its script; assertions of the script fail the test."""
        scene = make_scene() if scene is None else scene
        nodes, camera = set(scene.nodes), scene.main_camera_node
        viewer = ScriptedViewer(scene, script, **keywords)
        self.assertFalse(viewer.is_active)
        self.assertEqual(scene.nodes, nodes)
        self.assertIs(scene.main_camera_node, camera)
        return viewer

    def test_the_picture_is_the_renderers(self):
        def script(viewer):
            yield
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            self.assertEqual(viewer.pixels()[0, 0].tolist(), offscreen(viewer.scene)[0, 0].tolist())
            self.assertGreater(viewer.pixels()[60, 80, 0], 100)
            viewer.press("w")
            viewer.press("w")
            viewer._message = None
            yield
            wires = viewer.pixels()
            np.testing.assert_array_equal(wires, offscreen(viewer.scene, flags=8))
            self.assertGreater((wires != offscreen(viewer.scene)).sum(), 1000)
        self.run_script(script)

    def test_it_draws_only_what_changed(self):
        def script(viewer):
            for _ in range(5):
                yield
            self.assertEqual(viewer.drawn, 1)
            (node,) = viewer.scene.mesh_nodes
            node.translation[0] = 0.25
            yield
            self.assertEqual(viewer.drawn, 2)
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            node.mesh.primitives[0].material.baseColorFactor = (0.0, 1.0, 0.0, 1.0)
            yield
            viewer.scene.bg_color = (1.0, 1.0, 1.0)
            yield
            viewer.render_flags["cull_faces"] = False
            yield
            self.assertEqual(viewer.drawn, 5)
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            viewer._window._forget_picture()  # it was covered
            yield
            self.assertEqual(viewer.drawn, 5)
        self.run_script(script)

    def test_mouse(self):
        import glfw

        def script(viewer):
            window = viewer._window
            yield
            x, y = 80.0, 60.0
            glfw.get_cursor_pos, real = (lambda handle: (x, y)), glfw.get_cursor_pos
            self.addCleanup(setattr, glfw, "get_cursor_pos", real)
            window._on_button(None, glfw.MOUSE_BUTTON_LEFT, glfw.PRESS, 0)
            window._on_cursor(None, x + 36.0 * np.pi / 2, y)  # a radian is 0.3 of 120 pixels
            yield
            yield
            np.testing.assert_allclose(viewer.camera_pose()[:3, 3], [-4, 0, 0], atol=1e-12)
            self.assertTrue(viewer.viewer_flags["mouse_pressed"])
            self.assertEqual(viewer._renderer.samples, 1)
            window._on_button(None, glfw.MOUSE_BUTTON_LEFT, glfw.RELEASE, 0)
            window._on_cursor(None, 0.0, 0.0)  # not held: nothing
            window._on_scroll(None, 0.0, 1.0)
            yield
            yield
            np.testing.assert_allclose(viewer.camera_pose()[:3, 3], [-3.6, 0, 0], atol=1e-12)
            self.assertFalse(viewer.viewer_flags["mouse_pressed"])
            self.assertEqual(viewer._renderer.samples, 4)
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            window._on_button(None, glfw.MOUSE_BUTTON_MIDDLE, glfw.PRESS, 0)
            window._on_cursor(None, x, y - 10.0)  # upwards: the camera goes down
            yield
            yield
            self.assertLess(viewer.camera_pose()[1, 3], -0.05)
            viewer.press("z")
            yield
            np.testing.assert_array_equal(viewer.camera_pose()[:3, 3], [0, 0, 4])
        self.run_script(script)

    def test_what_buttons_do(self):
        from calotype.pyrender.trackball import Trackball as T

        def script(viewer):
            for button, modifiers, state in ((1, 0, T.STATE_ROTATE), (1, 1, T.STATE_PAN), (1, 2, T.STATE_ROLL),
                                             (1, 3, T.STATE_ZOOM), (2, 0, T.STATE_PAN), (4, 0, T.STATE_ZOOM)):
                viewer.on_mouse_press(3, 4, button, modifiers)
                self.assertEqual(viewer._trackball._state, state, (button, modifiers))
                viewer.on_mouse_release(3, 4, button, modifiers)
            yield
        self.run_script(script)

    def test_the_orthographic_camera(self):
        def script(viewer):
            viewer.press("o")
            viewer._message = None
            yield
            camera = viewer.scene.main_camera_node.camera
            before = camera.ymag
            viewer.on_mouse_scroll(0, 0, 0, 2)
            self.assertAlmostEqual(camera.ymag, before * 0.95 ** 2)
            yield
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            viewer.press("z")
            self.assertEqual(camera.ymag, before)
        self.run_script(script)

    def test_keys(self):
        import glfw
        called = []

        def script(viewer):
            window = viewer._window
            yield
            window._on_key(None, glfw.KEY_N, glfw.get_key_scancode(glfw.KEY_N), glfw.PRESS, 0)
            window._on_key(None, glfw.KEY_X, glfw.get_key_scancode(glfw.KEY_X), glfw.PRESS, 0)
            window._on_key(None, glfw.KEY_X, glfw.get_key_scancode(glfw.KEY_X), glfw.RELEASE, 0)
            window._on_key(None, glfw.KEY_C, glfw.get_key_scancode(glfw.KEY_C), glfw.PRESS, 0)
            yield
            yield
            self.assertTrue(viewer.render_flags["vertex_normals"])
            self.assertTrue(viewer.render_flags["cull_faces"])  # what is registered goes first
            self.assertEqual(called, [("x", viewer, (), {}), ("c", viewer, (1, 2), {"three": 3})])
            viewer.registered_keys = {"d": (lambda *given: called.append(given), [7])}
            viewer.press("d")
            self.assertEqual(called[2:], [(viewer, 7)])
            self.assertEqual(list(viewer.registered_keys), [ord("d")])
            viewer.press("q")
            self.assertEqual(len(viewer.scene.nodes), 3)
            yield
            self.fail("it goes on after q")
        self.run_script(script, registered_keys={
            "X": lambda viewer, *a, **k: called.append(("x", viewer, a, k)),
            "c": (lambda viewer, *a, **k: called.append(("c", viewer, a, k)), [1, 2], {"three": 3})})

    def test_keys_of_other_layouts(self):
        import glfw
        keys = []

        def script(viewer):
            viewer.on_key_press = lambda symbol, modifiers: keys.append((symbol, modifiers))
            for name, key in (("w", glfw.KEY_Z), ("\u0446", glfw.KEY_W), (None, glfw.KEY_SPACE), (None, glfw.KEY_LEFT),
                              ("1", glfw.KEY_KP_1), (None, glfw.KEY_UNKNOWN)):
                with mock.patch.object(glfw, "get_key_name", lambda key, scancode: name):
                    viewer._window._on_key(None, key, 0, glfw.PRESS, 1)
                    viewer._window._on_key(None, key, 0, glfw.REPEAT, 1)
            yield
            yield
        self.run_script(script)
        self.assertEqual(keys, [(ord("w"), 1), (ord("w"), 1), (ord(" "), 1), (glfw.KEY_LEFT, 1), (ord("1"), 1)])

    def test_what_a_callback_raises(self):
        def script(viewer):
            viewer._window._note("on_key_press", ord("b"), 0)
            yield
            yield
        with self.assertRaises(ZeroDivisionError):
            self.run_script(script, registered_keys={"b": lambda viewer: 1 / 0})

    def test_lights_and_axes(self):
        def script(viewer):
            yield
            bare = viewer.pixels()
            self.assertEqual(len(viewer.scene.directional_lights), 3)
            for key, lights in (("l", 1), ("l", 0), ("l", 3)):
                viewer.press(key)
                viewer._message = None
                yield
                self.assertEqual(len(viewer.scene.directional_lights), lights)
                np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene))
            np.testing.assert_array_equal(viewer.pixels(), bare)
            viewer.viewer_flags["show_mesh_axes"] = True
            yield
            self.assertGreater((viewer.pixels() != bare).sum(), 100)
        self.run_script(script, use_raymond_lighting=True)

    def test_rotation(self):
        def script(viewer):
            yield
            viewer.press("a")
            end, turned = time.monotonic() + 20.0, 0.0
            while turned < 0.2 and time.monotonic() < end:
                yield
                x, y, z = viewer.camera_pose()[:3, 3]
                self.assertAlmostEqual(y, 0.0)
                self.assertAlmostEqual(x * x + z * z, 16.0)
                turned = np.arctan2(x, z) % (2 * np.pi)
            self.assertGreaterEqual(turned, 0.2)
            viewer.viewer_flags["mouse_pressed"] = True  # the mouse has it
            yield
            pose = viewer.camera_pose()
            yield
            np.testing.assert_array_equal(viewer.camera_pose(), pose)
        self.run_script(script, rotate_axis=[0, 1, 0], rotate_rate=1.0)

    def test_rotation_that_is_recorded(self):
        def script(viewer):
            yield
            start = viewer.camera_pose()
            for step in range(1, 4):
                time.sleep(0.02)  # however long a picture takes
                yield
                wanted = turn(step * 2.0 / 200.0, (0, 1, 0), (0, 0, 0)) @ start
                np.testing.assert_allclose(viewer.camera_pose(), wanted, atol=1e-12)
        self.run_script(script, rotate=True, record=True, rotate_axis=[0, 1, 0], rotate_rate=2.0)

    def test_flags_of_the_renderer(self):
        def script(viewer):
            flags = viewer.render_flags
            for name, wanted in (("flip_wireframe", 4), ("all_wireframe", 8), ("all_solid", 16), ("shadows", 32 | 128),
                                 ("vertex_normals", 256), ("face_normals", 512)):
                flags[name] = True
                self.assertEqual(viewer._renderer_flags(), wanted, name)
                flags[name] = False
            flags["cull_faces"] = False
            self.assertEqual(viewer._renderer_flags(), 1024)
            flags.update(flip_wireframe=True, all_wireframe=True, all_solid=True)
            self.assertEqual(viewer._renderer_flags(), 1024 | 4)
            yield
        self.run_script(script)

    def test_sizes(self):
        def script(viewer):
            yield
            import glfw
            glfw.set_window_size(viewer._window._handle, 100, 80)
            end = time.monotonic() + 10.0
            while viewer.viewport_size != (100, 80) and time.monotonic() < end:
                yield
            self.assertEqual(viewer.viewport_size, (100, 80))
            yield
            np.testing.assert_array_equal(viewer.pixels(), offscreen(viewer.scene, 100, 80))
            viewer.on_mouse_press(0, 0, 1, 0)
            viewer.on_mouse_drag(0.3 * 80 * np.pi / 2, 0, 0, 0, 1, 0)
            np.testing.assert_allclose(viewer._trackball.pose[:3, 3], [-4, 0, 0], atol=1e-12)
            small = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
            viewer._window.show(small)  # one of another size is stretched
            np.testing.assert_array_equal(viewer.pixels(), small.repeat(40, axis=0).repeat(50, axis=1))
            viewer.on_resize(0, 0)  # an icon
            self.assertEqual(viewer.viewport_size, (100, 80))
        self.run_script(script)

    def test_full_screen(self):
        def script(viewer):
            yield
            viewer.press("f")
            end = time.monotonic() + 10.0
            while viewer._window.size == (160, 120) and time.monotonic() < end:
                yield
            yield
            full = viewer._window.size
            self.assertGreater(full[0], 160)
            self.assertEqual(viewer.viewport_size, full)
            viewer.press("f")
            end = time.monotonic() + 10.0
            while viewer.viewport_size != (160, 120) and time.monotonic() < end:
                yield
            self.assertEqual(viewer.viewport_size, (160, 120))
        self.run_script(script)

    @needs_pillow
    def test_texts(self):
        def script(viewer):
            yield
            plain = offscreen(viewer.scene)
            first = viewer.pixels()
            rows, columns = np.nonzero((first != plain).any(axis=2))
            self.assertEqual((rows.min(), columns.min()), (20, 20))
            viewer.viewer_flags["caption"] = None
            yield
            np.testing.assert_array_equal(viewer.pixels(), plain)
            viewer.press("a")
            viewer.press("a")
            yield
            rows, columns = np.nonzero((viewer.pixels() != plain).any(axis=2))
            self.assertEqual((rows.max(), columns.max()), (99, 139))
            viewer._message_time -= 10.0  # it has faded
            yield
            np.testing.assert_array_equal(viewer.pixels(), plain)
        self.run_script(script, caption=[{"text": "a", "location": TextAlign.TOP_LEFT, "font_pt": 20}])

    @needs_pillow
    def test_saving(self):
        from PIL import Image
        with tempfile.TemporaryDirectory() as folder:
            def script(viewer):
                viewer.press("s")
                yield
                viewer.press("r")
                viewer.press("a")
                for _ in range(5):
                    yield
                viewer.press("a")
                viewer.press("r")
                self.assertIn("calotype-0001.gif", viewer._title)
                viewer.press("r")
                viewer.press("r")
                self.assertIn("no frame", viewer._title)
                saved = np.asarray(Image.open(os.path.join(folder, "calotype-0001.png")))
                viewer.viewer_flags["save_directory"] = os.path.join(folder, "missing")
                viewer.press("s")
                self.assertIn("missing", viewer._title)
                viewer.press("z")
                yield
                np.testing.assert_array_equal(saved, offscreen(viewer.scene))
            self.run_script(script, save_directory=folder)
            self.assertEqual(sorted(os.listdir(folder)), ["calotype-0001.gif", "calotype-0001.png"])
            with Image.open(os.path.join(folder, "calotype-0001.gif")) as image:
                self.assertGreater(image.n_frames, 2)

    def test_flags(self):
        def script(viewer):
            yield
            self.assertEqual(viewer.render_flags["point_size"], 3.0)
            self.assertEqual(viewer._renderer.point_size, 3.0)
            self.assertTrue(viewer.render_flags["shadows"])
            self.assertEqual(viewer.viewer_flags["rotate_rate"], 0.5)
            self.assertEqual(viewer.viewer_flags["window_title"], "title")
        with self.assertWarnsRegex(UserWarning, "no flag 'rotatee'"):
            self.run_script(script, render_flags={"point_size": 3.0}, viewer_flags={"rotate_rate": 0.5}, shadows=True,
                            window_title="title", rotatee=True)
        for wrong in ({"viewport_size": (0, 10)}, {"viewport_size": (10,)}, {"viewer_flags": {"refresh_rate": 0.0}}):
            with self.subTest(wrong=wrong), self.assertRaises(ValueError):
                Viewer(Scene(), **wrong)

    def test_starting_later(self):
        scene = make_scene()
        viewer = Viewer(scene, auto_start=False)
        self.assertTrue(viewer.is_active)
        self.assertEqual(len(scene.nodes), 4)
        threading.Timer(0.3, viewer.close_external).start()
        viewer.start()
        self.assertFalse(viewer.is_active)
        self.assertEqual(len(scene.nodes), 3)
        with self.assertRaises(ValueError):
            viewer.start()
        never = Viewer(scene, auto_start=False)
        never.close_external()
        self.assertFalse(never.is_active)
        self.assertEqual(len(scene.nodes), 3)


class ThreadTest(unittest.TestCase):
    def test_a_thread_of_its_own(self):
        scene = make_scene()
        (node,) = scene.mesh_nodes
        viewer = Viewer(scene, viewport_size=(160, 120), run_in_thread=True, refresh_rate=100.0, record=True)
        self.assertTrue(viewer.is_active and viewer.run_in_thread)
        wanted = []
        for step in range(3):
            with viewer.render_lock:
                node.translation = (0.3 * step, 0.0, 0.0)
                wanted.append(offscreen(scene))
            end = time.monotonic() + 20.0
            while time.monotonic() < end:
                frames = list(viewer._saved_frames)
                if frames and np.array_equal(frames[-1], wanted[-1]):
                    break
                time.sleep(0.01)
            else:
                self.fail("the change was not drawn")
        viewer.close_external()
        self.assertFalse(viewer.is_active)
        self.assertEqual(len(scene.nodes), 3)
        viewer.close_external()
        if HAVE_PILLOW:
            with tempfile.TemporaryDirectory() as folder:
                viewer.save_gif(os.path.join(folder, "a.gif"))
                self.assertTrue(os.path.getsize(os.path.join(folder, "a.gif")) > 1000)
                with self.assertRaises(calotype.ArgumentError):
                    viewer.save_gif(os.path.join(folder, "b.gif"))

    def test_nothing_is_drawn_while_the_lock_is_held(self):
        scene = make_scene()
        viewer = Viewer(scene, viewport_size=(160, 120), run_in_thread=True, refresh_rate=100.0, record=True)
        try:
            with viewer.render_lock:
                before = viewer._picture
                scene.bg_color = (1.0, 1.0, 0.0)
                time.sleep(0.2)
                self.assertIs(viewer._picture, before)
        finally:
            viewer.close_external()

    def test_one_at_a_time(self):
        scene = make_scene()
        first = Viewer(scene, viewport_size=(80, 60), run_in_thread=True)
        for keywords in ({}, {"run_in_thread": True}):
            with self.assertRaisesRegex(calotype.BackendError, "another Viewer is open"):
                Viewer(scene, **keywords)
        self.assertEqual(len(scene.nodes), 4)
        first.close_external()
        second = Viewer(scene, viewport_size=(80, 60), run_in_thread=True)
        second.close_external()
        self.assertEqual(len(scene.nodes), 3)

    def test_closing_a_slow_one(self):
        viewer = Viewer(make_scene(), viewport_size=(80, 60), run_in_thread=True, refresh_rate=0.001)
        viewer.close_external()
        self.assertFalse(viewer.is_active)

    def test_closing_from_a_key(self):
        viewer = Viewer(make_scene(), viewport_size=(80, 60), run_in_thread=True,
                        registered_keys={"e": lambda viewer: viewer.close_external()})
        viewer._window._note("on_key_press", ord("e"), 0)
        end = time.monotonic() + 20.0
        while viewer.is_active and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(viewer.is_active)


if __name__ == "__main__":
    warnings.simplefilter("error")
    unittest.main()
