"""calotype.pyrender's cameras: what they check, and their projection matrices."""
import math
import unittest

import numpy as np

from calotype.pyrender import Camera, IntrinsicsCamera, OrthographicCamera, PerspectiveCamera


def project(camera, point, width, height):
    """Where a point of the camera's space falls in a picture, pixels from its top left corner, and its w."""
    x, y, _, w = camera.get_projection_matrix(width, height) @ np.append(point, 1.0)
    return (x / w + 1.0) * width / 2.0, (1.0 - y / w) * height / 2.0, w


class PerspectiveCameraTest(unittest.TestCase):
    def test_defaults(self):
        camera = PerspectiveCamera(0.5)
        self.assertEqual((camera.yfov, camera.znear, camera.zfar, camera.aspectRatio, camera.name),
                         (0.5, 0.05, None, None, None))
        camera.name = 12
        self.assertEqual(camera.name, "12")

    def test_what_is_refused(self):
        camera = PerspectiveCamera(0.5, znear=0.1, zfar=2.0)
        for name, values in (("yfov", (0.0, -0.5, math.nan, math.inf)), ("znear", (-0.1, math.nan)),
                             ("zfar", (0.0, -1.0, 0.05, 0.1, math.inf)), ("aspectRatio", (0.0, -2.0))):
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                    setattr(camera, name, value)
        for name in ("yfov", "znear"):
            with self.subTest(name=name), self.assertRaises(TypeError):
                setattr(camera, name, None)
        self.assertEqual((camera.yfov, camera.znear, camera.zfar), (0.5, 0.1, 2.0))
        with self.assertRaises(TypeError):
            PerspectiveCamera()
        with self.assertRaises(TypeError):
            Camera()

    def test_projection(self):
        camera = PerspectiveCamera(2.0 * math.atan(0.5), znear=0.25, zfar=4.0)
        expected = [[1.0, 0, 0, 0], [0, 2.0, 0, 0], [0, 0, -4.25 / 3.75, -2.0 / 3.75], [0, 0, -1, 0]]
        np.testing.assert_allclose(camera.get_projection_matrix(80, 40), expected, rtol=1e-15)
        camera.aspectRatio = 1.0
        np.testing.assert_allclose(np.diag(camera.get_projection_matrix())[:2], [2.0, 2.0])
        camera.zfar = None
        np.testing.assert_allclose(camera.get_projection_matrix()[2], [0, 0, -1, -0.5])

    def test_size_is_needed(self):
        for size in ((), (10,), (None, 10)):
            with self.subTest(size=size), self.assertRaises(ValueError):
                PerspectiveCamera(1.0).get_projection_matrix(*size)

    def test_depth_at_the_planes(self):
        matrix = PerspectiveCamera(1.0, znear=0.3, zfar=7.0).get_projection_matrix(4, 4)
        for depth, device in ((0.3, -1.0), (7.0, 1.0)):
            clip = matrix @ [0, 0, -depth, 1]
            self.assertAlmostEqual(clip[2] / clip[3], device)


class OrthographicCameraTest(unittest.TestCase):
    def test_defaults_and_what_is_refused(self):
        camera = OrthographicCamera(3.0, 1.5)
        self.assertEqual((camera.xmag, camera.ymag, camera.znear, camera.zfar), (3.0, 1.5, 0.05, 100.0))
        for name, values in (("xmag", (0.0, -1.0)), ("ymag", (0.0, -1.0)), ("znear", (0.0, -1.0)), ("zfar", (0.05,))):
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                    setattr(camera, name, value)
            with self.subTest(name=name), self.assertRaises(TypeError):
                setattr(camera, name, None)
        with self.assertRaises(TypeError):
            OrthographicCamera(1.0)

    def test_projection(self):
        camera = OrthographicCamera(4.0, 2.0, znear=1.0, zfar=3.0)
        np.testing.assert_allclose(camera.get_projection_matrix(),
                                   [[0.25, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, -1, -2], [0, 0, 0, 1]])
        self.assertAlmostEqual(camera.get_projection_matrix(300, 100)[0, 0], 1.0 / 6.0)


class IntrinsicsCameraTest(unittest.TestCase):
    def test_points_fall_where_the_intrinsics_say(self):
        camera = IntrinsicsCamera(fx=120.0, fy=90.0, cx=30.0, cy=25.0, znear=0.1, zfar=9.0)
        for point in ((0.0, 0.0, -2.0), (0.5, -0.25, -1.5), (-1.0, 0.75, -4.0)):
            column, row, w = project(camera, np.array(point), 64, 48)
            self.assertAlmostEqual(column, 120.0 * point[0] / -point[2] + 30.0)
            self.assertAlmostEqual(row, 90.0 * -point[1] / -point[2] + 25.0)
            self.assertAlmostEqual(w, -point[2])
        with self.assertRaises(TypeError):
            camera.get_projection_matrix()

    def test_distortion(self):
        camera = IntrinsicsCamera(100, 100, 50, 50, distortion=np.array([[0.1, -0.2, 0.0, 0.01, 0.3]]))
        self.assertEqual(camera.distortion, (0.1, -0.2, 0.0, 0.01, 0.3))
        for value in ((0.1,), np.zeros(6), (0.1, np.nan, 0, 0)):
            with self.subTest(value=value), self.assertRaises(ValueError):
                camera.distortion = value
        with self.assertRaises(ValueError):
            IntrinsicsCamera(1, 1, 0, 0, distortion=np.zeros(5), distortion_model="fisheye")
        with self.assertRaises(ValueError):
            IntrinsicsCamera(1, 1, 0, 0, distortion_model="brown")
        self.assertIsNone(IntrinsicsCamera(1, 1, 0, 0).distortion)


class OwnCameraTest(unittest.TestCase):
    def test_a_camera_of_the_users(self):
        class Weak(Camera):
            def get_projection_matrix(self, width=None, height=None):
                return np.eye(4)
        camera = Weak(znear=0.0, zfar=3.0, name="weak")
        self.assertEqual((camera.znear, camera.zfar, camera.name), (0.0, 3.0, "weak"))
        with self.assertRaises(TypeError):
            camera.zfar = None


if __name__ == "__main__":
    unittest.main()
