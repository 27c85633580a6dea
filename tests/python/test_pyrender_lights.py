"""calotype.pyrender's lights: what they check, and the cameras of their shadows."""
import math
import unittest

import numpy as np

from calotype.pyrender import (DirectionalLight, Light, OrthographicCamera, PerspectiveCamera, PointLight, SpotLight,
                               Texture)


class LightTest(unittest.TestCase):
    def test_defaults(self):
        for kind in (DirectionalLight, PointLight, SpotLight):
            light = kind()
            np.testing.assert_array_equal(light.color, [1, 1, 1])
            self.assertEqual((light.intensity, light.name, light.shadow_texture), (1.0, None, None))
        self.assertIsNone(PointLight().range)
        spot = SpotLight()
        self.assertEqual((spot.innerConeAngle, spot.outerConeAngle, spot.range), (0.0, math.pi / 4, None))
        with self.assertRaises(TypeError):
            Light()

    def test_colors(self):
        light = DirectionalLight(color=[255, 51, 0])
        self.assertEqual(light.color.dtype, np.float32)
        np.testing.assert_allclose(light.color, [1.0, 0.2, 0.0])
        for given, kept in ((0.5, [0.5] * 3), ((0.25, 0.5), [0.25, 0.5, 1.0]), ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3]),
                            (np.array([[0.1, 0.2, 0.3]]), [0.1, 0.2, 0.3]), (102, [0.4] * 3)):
            light.color = given
            np.testing.assert_allclose(light.color, kept, rtol=1e-6)
        for value in (None, "red", np.zeros((2, 3)), [0.1, math.nan, 0.2]):
            with self.subTest(value=value), self.assertRaises(ValueError):
                light.color = value
        with self.assertRaises(TypeError):
            light.intensity = None
        for value in (math.inf, 10**400):
            with self.subTest(value=value), self.assertRaisesRegex(ValueError, "intensity must be finite"):
                light.intensity = value

    def test_range(self):
        for kind in (PointLight, SpotLight):
            light = kind(range=2)
            self.assertEqual(light.range, 2.0)
            for value in (0, -3.0, math.nan):
                with self.subTest(kind=kind, value=value), self.assertRaises(ValueError):
                    light.range = value
            light.range = None
            self.assertIsNone(light.range)

    def test_cones(self):
        light = SpotLight(innerConeAngle=0.2, outerConeAngle=0.4)
        for name, value in (("innerConeAngle", -0.1), ("innerConeAngle", 0.5), ("innerConeAngle", math.nan),
                            ("outerConeAngle", -0.1), ("outerConeAngle", 1.6)):
            with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                setattr(light, name, value)
        light.outerConeAngle = math.pi / 2
        self.assertEqual((light.innerConeAngle, light.outerConeAngle), (0.2, math.pi / 2))

    def test_shadow_cameras(self):
        camera = DirectionalLight()._get_shadow_camera(3.0)
        self.assertIsInstance(camera, OrthographicCamera)
        self.assertEqual((camera.xmag, camera.ymag, camera.znear, camera.zfar), (3.0, 3.0, 0.03, 30.0))
        camera = SpotLight(outerConeAngle=0.5)._get_shadow_camera(3.0)
        self.assertIsInstance(camera, PerspectiveCamera)
        self.assertEqual((camera.yfov, camera.aspectRatio), (1.0 + math.pi / 16, 1.0))
        with self.assertRaises(NotImplementedError):
            PointLight()._get_shadow_camera(3.0)

    def test_shadow_textures(self):
        light = SpotLight()
        light._generate_shadow_texture()
        self.assertIsInstance(light.shadow_texture, Texture)
        self.assertEqual((light.shadow_texture.width, light.shadow_texture.height), (2048, 2048))
        light._generate_shadow_texture(64)
        self.assertEqual(light.shadow_texture.width, 64)
        with self.assertRaises(NotImplementedError):
            PointLight()._generate_shadow_texture()

    def test_edits_in_place_change_the_identity(self):
        light = DirectionalLight()
        before = light.identity
        self.assertEqual(light.identity, before)
        light.color[1] = 0.5
        self.assertNotEqual(light.identity, before)
        np.testing.assert_array_equal(light.color, [1, 0.5, 1])


if __name__ == "__main__":
    unittest.main()
