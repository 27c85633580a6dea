"""SceneBuilder: scenes from arrays."""
from __future__ import annotations

import unittest

import numpy as np

import calotype
from calotype import cameras

import sample

ABOVE = cameras.orthographic(sample.place(z=3), 16, 16, y_magnitude=2)


class Building(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=1)

    def draw(self, builder, channels="color", **arguments):
        scene = builder.finish() if isinstance(builder, calotype.SceneBuilder) else builder
        return self.renderer.render(scene, ABOVE, channels, **arguments)[channels][0]

    def test_indices_of_every_form(self):
        expected = self.draw(sample.quad(), "mask")
        for indices in (sample.QUAD_INDICES, sample.QUAD_INDICES.ravel(), sample.QUAD_INDICES.tolist(),
                        sample.QUAD_INDICES.astype(np.int64), sample.QUAD_INDICES.astype(np.uint8),
                        sample.QUAD_INDICES.astype(">i4"), sample.QUAD_INDICES[::-1]):
            builder = calotype.SceneBuilder()
            builder.add_node(mesh=builder.add_mesh(sample.QUAD, indices))
            np.testing.assert_array_equal(self.draw(builder, "mask"), expected)
        builder = calotype.SceneBuilder()
        builder.add_node(mesh=builder.add_mesh(sample.QUAD[sample.QUAD_INDICES.ravel()]))
        np.testing.assert_array_equal(self.draw(builder, "mask"), expected)
        for wrong in ([[0, 1, 4]], [[-1, 0, 1]], [[0.5, 1, 2]], [[0, 1]], [0, 1], "abc", [[0, 1, 2**40]], [[[0]]], [None]):
            with self.assertRaises(calotype.ArgumentError):
                calotype.SceneBuilder().add_mesh(sample.QUAD, wrong)

    def test_positions_of_every_form(self):
        odd = np.zeros(sample.QUAD.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(4, 3)
        odd[:] = sample.QUAD
        expected = self.draw(sample.quad(), "depth")
        for positions in (sample.QUAD.tolist(), sample.QUAD.astype(np.float64), sample.QUAD.astype(">f4"),
                          np.asfortranarray(sample.QUAD), odd, sample.QUAD.astype(np.int8),
                          np.repeat(sample.QUAD, 2, axis=1)[:, ::2]):
            builder = calotype.SceneBuilder()
            builder.add_node(mesh=builder.add_mesh(positions, sample.QUAD_INDICES))
            np.testing.assert_array_equal(self.draw(builder, "depth"), expected)
        for wrong in (sample.QUAD[:, :2], sample.QUAD[0], None, "x", sample.QUAD.astype(complex), [["a"] * 3],
                      sample.QUAD.astype(object), sample.QUAD * np.nan, np.array([[np.inf, 0, 0]] * 3)):
            builder = calotype.SceneBuilder()
            with self.assertRaises((calotype.ArgumentError, calotype.FormatError)):
                builder.add_node(mesh=builder.add_mesh(wrong))
                builder.finish()

    def test_arrays_are_borrowed(self):
        positions = sample.QUAD.copy()
        builder = calotype.SceneBuilder()
        builder.add_node(mesh=builder.add_mesh(positions, sample.QUAD_INDICES))
        scene = builder.finish()
        positions[:, 2] = 1
        self.assertEqual(self.draw(scene, "depth")[8, 8, 0], 2)

    def test_indices_are_not_borrowed(self):
        indices, joints = sample.QUAD_INDICES.copy(), np.zeros((4, 4), np.uint16)
        skin = np.zeros(1, np.int32)
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD, indices, joints=joints, joint_weights=np.float32([[1, 0, 0, 0]] * 4))
        builder.add_node(mesh=mesh, skin=builder.add_skin(skin))
        scene = builder.finish()
        expected = self.draw(scene, "depth")
        indices[:] = 2**31
        joints[:] = 65535
        skin[:] = 2**30
        np.testing.assert_array_equal(self.draw(scene, "depth"), expected)

    def test_arrays_live_as_long_as_the_scene(self):
        scene = sample.quad(colors=np.ones((4, 4), np.float32))
        for _ in range(50):
            np.full((4, 4), np.nan, np.float32)  # takes the place of what was freed
        self.assertTrue(np.isfinite(self.draw(scene, "albedo")).all())

    def test_vertex_colors(self):
        for colors, expected in (([[0, 0.5, 1]] * 4, (0, 0.5, 1)), (np.uint8([[0, 51, 255, 255]] * 4), (0, 0.2, 1))):
            albedo = self.draw(sample.quad(colors=colors, material=calotype.Material()), "albedo")
            np.testing.assert_allclose(albedo[8, 8], expected, atol=1e-6)
        for wrong in (np.ones((3, 4)), np.ones((4, 2)), "red"):
            with self.assertRaises(calotype.ArgumentError):
                sample.quad(colors=wrong)

    def test_normals_become_unit_vectors(self):
        np.testing.assert_allclose(self.draw(sample.quad(normals=sample.UP * 5), "normal")[8, 8], [0, 0, 1], atol=1e-6)
        np.testing.assert_allclose(self.draw(sample.quad(normals=sample.UP * 0), "normal")[8, 8], [0, 0, 1], atol=1e-6)
        np.testing.assert_allclose(self.draw(sample.quad(normals=None), "normal")[8, 8], [0, 0, 1], atol=1e-6)

    def test_textures(self):
        pixels = np.zeros((2, 2, 3), np.uint8)
        pixels[0, 0], pixels[0, 1], pixels[1, 0], pixels[1, 1] = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
        texture = calotype.Texture(pixels, magnify="nearest", minify="nearest", mipmaps=False, wrap_u="clamp", wrap_v="clamp")
        albedo = self.draw(sample.quad(material=calotype.Material(textures={"base_color": texture})), "albedo")
        self.assertEqual([albedo[y, x].tolist() for y, x in ((5, 5), (5, 10), (10, 5), (10, 10))],
                         [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
        turned = calotype.Texture(pixels, magnify="nearest", minify="nearest", mipmaps=False, transform=[[0, 1, 0], [1, 0, 0]])
        albedo = self.draw(sample.quad(material=calotype.Material(textures={"base_color": turned})), "albedo")
        self.assertEqual(albedo[5, 10].tolist(), [0, 0, 1])
        second = calotype.Texture(pixels, uv_set=1, magnify="nearest", minify="nearest", mipmaps=False)
        albedo = self.draw(sample.quad(uvs_1=np.tile(np.float32([0.75, 0.25]), (4, 1)),
                                       material=calotype.Material(textures={"base_color": second})), "albedo")
        self.assertEqual(albedo[8, 8].tolist(), [0, 1, 0])

    def test_pictures_of_every_form(self):
        for pixels, expected in ((np.full((1, 1), 255, np.uint8), 1), (np.full((1, 1, 1), 255, np.uint8), 1),
                                 (np.full((1, 1, 2), 255, np.uint8), 1), (np.full((3, 5, 4), 255, np.uint8), 1),
                                 (np.zeros((1, 1), np.uint8), 0)):
            material = calotype.Material(textures={"base_color": calotype.Texture(pixels)})
            self.assertEqual(self.draw(sample.quad(material=material), "albedo")[8, 8, 0], expected)
        for wrong in (np.zeros((1, 1), np.float32), np.zeros((1, 1, 5), np.uint8), np.zeros((0, 4, 4), np.uint8), "x", None,
                      np.zeros((1, 20000, 3), np.uint8)):
            with self.assertRaises(calotype.ArgumentError):
                sample.quad(material=calotype.Material(textures={"base_color": calotype.Texture(wrong)}))

    def test_every_slot_and_word(self):
        grey = calotype.Texture(np.full((2, 2), 128, np.uint8))
        for slot in ("base_color", "metallic_roughness", "specular_glossiness", "normal", "occlusion", "emissive", "specular",
                     "specular_color"):
            sample.quad(material=calotype.Material(textures={slot: grey}))
        for fields in ({"base_color": (255, 0, 0)}, {"metallic": 2}, {"roughness": -0.1}, {"specular": 1.5},
                       {"occlusion_strength": -1}, {"textures": {"skin": grey}}, {"alpha_mode": "glass"},
                       {"base_color": (1, 2)}, {"metallic": "x"},
                       {"emissive": (1, float("nan"), 1)}, {"textures": {"normal": calotype.Texture(grey.pixels, wrap_u="x")}},
                       {"textures": {"normal": calotype.Texture(grey.pixels, uv_set=2)}}, {"textures": {"normal": 5}},
                       {"textures": {"normal": calotype.Texture(grey.pixels, magnify="cubic")}}, {"textures": [grey]}):
            with self.assertRaises(calotype.ArgumentError):
                sample.quad(material=calotype.Material(**fields))

    def test_materials_are_told(self):
        scene = sample.quad(material=calotype.Material("m", (0.5, 0.25, 0.125, 0.75), 0.5, 0.25, (1, 2, 3), alpha_mode="mask",
                                                       alpha_cutoff=0.75, double_sided=True, unlit=True))
        self.assertEqual(scene.materials[0], ("m", (0.5, 0.25, 0.125, 0.75), 0.5, 0.25, (1, 2, 3), "mask", 0.75, True, True))

    def test_alpha(self):
        half = dict(base_color=(1.0, 1.0, 1.0, 0.5), unlit=True)
        for mode, alpha in (("opaque", 255), ("blend", 128), ("mask", 255)):
            color = self.draw(sample.quad(material=calotype.Material(alpha_mode=mode, **half)))
            self.assertEqual(int(color[8, 8, 3]), alpha)
        hidden = self.draw(sample.quad(material=calotype.Material(alpha_mode="mask", alpha_cutoff=0.75, **half)))
        self.assertEqual(int(hidden[8, 8, 3]), 0)

    def test_meshes_of_several_primitives(self):
        builder = calotype.SceneBuilder()
        parts = [builder.primitive(sample.QUAD[:3]), builder.primitive(sample.QUAD, [[0, 2, 3]], material=calotype.Material())]
        builder.add_node(mesh=builder.add_mesh_of(parts, name="two"))
        scene = builder.finish()
        self.assertEqual(scene.meshes[0], ("two", 2, 7, 6))
        ids = self.draw(scene, "material_id")[..., 0]
        self.assertEqual(len(set(ids[4:12, 4:12].ravel().tolist())), 2)
        for wrong in (5, [5], [None], [()], [parts[0][:-1]], "ab"):
            builder = calotype.SceneBuilder()
            with self.assertRaises(calotype.ArgumentError):
                builder.add_mesh_of(wrong)
                builder.finish()

    def test_nodes_and_instances(self):
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD * 0.25, sample.QUAD_INDICES)
        builder.add_node(mesh=mesh, instances=[sample.place(x=-1), sample.place(x=1)], matrix=sample.place(y=1))
        builder.add_node(mesh=mesh, visible=False)
        builder.add_node(mesh=mesh, instances=np.zeros((0, 4, 4)))
        mask = self.draw(builder, "mask")[..., 0]
        np.testing.assert_array_equal(np.argwhere(mask).min(axis=0), [3, 3])
        self.assertEqual(int(mask.sum()), 8)

    def test_wrong_nodes(self):
        for fields in ({"parent": 0}, {"parent": 5}, {"parent": -2}, {"mesh": 1}, {"mesh": 0.5}, {"skin": 0}, {"camera": 0},
                       {"light": 0}, {"matrix": np.eye(3)}, {"matrix": np.full((4, 4), np.nan)}, {"mesh": 2**70},
                       {"matrix": [np.eye(4)] * 2}, {"instances": np.eye(3)}, {"weights": "x"}, {"parent": "root"}):
            builder = calotype.SceneBuilder()
            builder.add_mesh(sample.QUAD)
            with self.assertRaises((calotype.ArgumentError, calotype.FormatError)):
                builder.add_node(**fields)
                builder.finish()

    def test_skins(self):
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, joints=[[0, 1, 0, 0]] * 4, joint_weights=[[1, 3, 0, 0]] * 4)
        low, high = builder.add_node(), builder.add_node(matrix=sample.place(z=1))
        builder.add_node(mesh=mesh, skin=builder.add_skin([low, high], name="bones"))
        self.assertEqual(self.draw(builder, "depth")[8, 8, 0], 2.25)
        bound = builder.add_skin([low, high], [np.eye(4), sample.place(z=-1)])
        builder._nodes[-1] = (*builder._nodes[-1][:5], bound, *builder._nodes[-1][6:])
        self.assertEqual(self.draw(builder, "depth")[8, 8, 0], 3)
        for arguments in ({"joints": [[0]] * 4}, {"joint_weights": [[1, 0, 0, 0]] * 4},
                          {"joints": [[0] * 3] * 4, "joint_weights": [[0] * 3] * 4},
                          {"joints": [[70000] * 4] * 4, "joint_weights": [[1] * 4] * 4},
                          {"joints": [[0.5] * 4] * 4, "joint_weights": [[1] * 4] * 4}):
            with self.assertRaises(calotype.ArgumentError):
                calotype.SceneBuilder().add_mesh(sample.QUAD, **arguments)
        with self.assertRaises(calotype.FormatError):
            builder = calotype.SceneBuilder()
            mesh = builder.add_mesh(sample.QUAD, joints=[[9] * 4] * 4, joint_weights=[[1] * 4] * 4)
            builder.add_node(mesh=mesh, skin=builder.add_skin([0]))
            builder.finish()
        for joints, matrices in (([5], None), ([-1], None), ([0], [np.eye(4)] * 2), ("x", None), ([2**40], None)):
            with self.assertRaises(calotype.Error):
                builder = calotype.SceneBuilder()
                builder.add_node()
                builder.add_skin(joints, matrices)
                builder.finish()

    def test_morph_targets(self):
        target = calotype.MorphTarget(positions=np.tile(np.float32([0, 0, 1]), (4, 1)))
        for weights, node_weights, depth in ((None, None, 3), ([0.5], None, 2.5), ([0.5], [1.0], 2)):
            builder = calotype.SceneBuilder()
            mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, targets=[target], weights=weights)
            builder.add_node(mesh=mesh, weights=node_weights)
            self.assertEqual(self.draw(builder, "depth")[8, 8, 0], depth)
        for wrong in (5, [5], [calotype.MorphTarget(np.zeros((3, 3)))], [calotype.MorphTarget(np.full((4, 3), np.nan))]):
            with self.assertRaises(calotype.ArgumentError):
                sample.quad(targets=wrong)

    def test_limits_and_names(self):
        builder = calotype.SceneBuilder("a\0b\ud800é", max_triangles=1)
        self.assertEqual(builder.finish().path, "a b?é")
        builder.add_node(name="n", mesh=builder.add_mesh(sample.QUAD, sample.QUAD_INDICES))
        with self.assertRaises(calotype.LimitError):
            builder.finish()
        builder = calotype.SceneBuilder(max_memory_bytes=100)
        builder.add_node()
        with self.assertRaises(calotype.LimitError):
            builder.finish()
        with self.assertRaises(calotype.ArgumentError):
            calotype.SceneBuilder(max_triangles=-1)

    def test_builders_go_on(self):
        builder = calotype.SceneBuilder()
        first = builder.finish()
        builder.add_node(name="later")
        self.assertEqual((len(first.nodes), len(builder.finish().nodes)), (0, 1))
        self.assertEqual(int(self.draw(first, "mask").sum()), 0)

    def test_lights_of_nodes(self):
        builder = calotype.SceneBuilder()
        builder.add_node(mesh=builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, material=calotype.Material()))
        builder.add_node(light=builder.add_light(calotype.Light("point", intensity=50.0)), matrix=sample.place(z=1))
        dark = calotype.Lighting(environment=None)
        lit = calotype.Lighting(environment=None, scene_lights=True)
        self.assertEqual(self.draw(builder, lighting=dark)[8, 8, 0], 0)
        self.assertEqual(self.draw(builder, lighting=lit)[8, 8, 0], 255)
        for wrong in (None, calotype.Light("laser"), calotype.Light(color=(1, 2)), calotype.Light(intensity=float("inf"))):
            with self.assertRaises(calotype.ArgumentError):
                builder.add_light(wrong)

    def test_identity(self):
        for number in (0, 1, 2**64 - 1):
            sample.quad(identity=number)
        for wrong in (-1, 2**64, "x"):
            with self.assertRaises(calotype.ArgumentError):
                sample.quad(identity=wrong)


if __name__ == "__main__":
    unittest.main()
