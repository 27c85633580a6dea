"""calotype.pyrender's meshes, primitives, materials and textures, and what comes from trimesh."""
import copy
import pickle
import tempfile
import types
import unittest

import numpy as np

from calotype.pyrender import (GLTF, Material, Mesh, MetallicRoughnessMaterial, Primitive, Sampler, Scene,
                               SpecularGlossinessMaterial, Texture)

try:
    import PIL.Image
except ImportError:
    PIL = None
try:
    import trimesh
except ImportError:
    trimesh = None

TRIANGLE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 2, 0]])


class PrimitiveTest(unittest.TestCase):
    def test_defaults(self):
        primitive = Primitive(TRIANGLE)
        for name in ("normals", "tangents", "texcoord_0", "texcoord_1", "color_0", "joints_0", "weights_0", "indices",
                     "targets", "poses"):
            self.assertIsNone(getattr(primitive, name), name)
        self.assertEqual(primitive.mode, GLTF.TRIANGLES)
        self.assertIsInstance(primitive.material, MetallicRoughnessMaterial)
        self.assertFalse(primitive.is_transparent)
        with self.assertRaises(TypeError):
            Primitive()

    def test_types(self):
        primitive = Primitive(TRIANGLE, normals=TRIANGLE, indices=[[0, 1, 2]], color_0=[255, 0, 0])
        self.assertEqual(primitive.positions.dtype, np.float32)
        self.assertEqual((primitive.indices.dtype, primitive.indices.shape), (np.uint32, (1, 3)))
        np.testing.assert_array_equal(primitive.color_0, [[1, 0, 0, 1]] * 3)

    def test_indices_are_exact_above_two_to_the_24(self):
        primitive = Primitive(TRIANGLE, indices=np.array([2**24 + 1, 2**24 + 3, 2**32 - 1]))
        self.assertEqual(primitive.indices.tolist(), [2**24 + 1, 2**24 + 3, 2**32 - 1])
        primitive.indices = np.array([0.0, 2.0, 1.0])
        self.assertEqual(primitive.indices.tolist(), [0, 2, 1])

    def test_what_is_refused(self):
        primitive = Primitive(TRIANGLE)
        for name, values in (
                ("positions", (np.zeros(4), np.zeros((2, 2)))), ("normals", (np.zeros(9), np.zeros((2, 3)))),
                ("tangents", (np.zeros((3, 3)), np.zeros(12))), ("texcoord_0", (np.zeros((3, 1)), np.zeros(6))),
                ("texcoord_1", (np.zeros((3, 3)), np.zeros((2, 2)))),
                ("color_0", (np.zeros((2, 3)), np.zeros((3, 1, 3)))),
                ("joints_0", (np.zeros((3, 3)),)), ("indices", ([-1, 0, 1], [0.5, 1, 2], [0, np.nan, 1], [2**32])),
                ("mode", (-1, 7)), ("poses", (np.eye(3), np.zeros((2, 3, 4)))),
                ("targets", ([{"COLOR": TRIANGLE}], [np.zeros((2, 3))]))):
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                    setattr(primitive, name, value)
        for name, value in (("material", "gold"), ("indices", ["a"])):
            with self.subTest(name=name), self.assertRaises(TypeError):
                setattr(primitive, name, value)
        with self.assertRaises(ValueError):
            Primitive([], mode=10)

    def test_a_third_texture_coordinate_is_dropped(self):
        self.assertEqual(Primitive(TRIANGLE, texcoord_0=TRIANGLE).texcoord_0.shape, (3, 2))

    def test_targets(self):
        primitive = Primitive(TRIANGLE, targets=[TRIANGLE, {"NORMAL": TRIANGLE}])
        self.assertEqual([list(target) for target in primitive.targets], [["POSITION"], ["NORMAL"]])
        with self.assertRaises(ValueError):
            primitive.targets[0]["POSITION"][0] = 1

    def test_bounds(self):
        primitive = Primitive(TRIANGLE)
        np.testing.assert_array_equal(primitive.bounds, [[0, 0, 0], [1, 2, 0]])
        np.testing.assert_array_equal(primitive.centroid, [0.5, 1, 0])
        np.testing.assert_array_equal(primitive.extents, [1, 2, 0])
        self.assertAlmostEqual(primitive.scale, np.sqrt(5))
        primitive.positions[0, 2] = -3
        np.testing.assert_array_equal(primitive.bounds, [[0, 0, -3], [1, 2, 0]])
        primitive.positions = TRIANGLE + 1
        np.testing.assert_array_equal(primitive.bounds, [[1, 1, 1], [2, 3, 1]])
        self.assertFalse(np.isfinite(Primitive([]).bounds).any())

    def test_bounds_of_copies(self):
        poses = np.tile(np.eye(4), (2, 1, 1))
        poses[1] = [[0, -3, 0, 0], [3, 0, 0, 0], [0, 0, 1, 5], [0, 0, 0, 1]]  # turned, larger, moved
        np.testing.assert_array_equal(Primitive(TRIANGLE, poses=poses).bounds, [[-6, 0, 0], [1, 3, 5]])
        self.assertEqual(Primitive(TRIANGLE, poses=np.eye(4)).poses.shape, (1, 4, 4))

    def test_transparency(self):
        primitive = Primitive(TRIANGLE, color_0=[0.5, 0.5, 0.5, 0.5])
        self.assertTrue(primitive.is_transparent)
        primitive.color_0[:, 3] = 1
        self.assertFalse(primitive.is_transparent)
        primitive.material = MetallicRoughnessMaterial(alphaMode="BLEND", baseColorFactor=[1, 1, 1, 0.5])
        self.assertTrue(primitive.is_transparent)


class IdentityTest(unittest.TestCase):
    """Equal numbers mean equal contents: what renderers rely on."""

    def test_what_is_given_is_copied(self):
        positions = TRIANGLE.astype(np.float32)
        primitive = Primitive(positions)
        before = primitive.identity
        positions[0] = 9
        self.assertEqual(primitive.identity, before)
        self.assertEqual(primitive.positions[0, 0], 0)

    def test_reading_is_no_edit(self):
        primitive = Primitive(TRIANGLE)
        before = primitive.identity
        held = primitive.positions
        self.assertEqual(primitive.identity, before)
        held[0, 0] = 4
        self.assertNotEqual(primitive.identity, before)
        after = primitive.identity
        self.assertEqual(primitive.identity, after)
        held[0, 0] = 5
        self.assertNotEqual(primitive.identity, after)

    def test_edits_of_views_that_are_dropped_count(self):
        primitive = Primitive(TRIANGLE)
        before = primitive.identity
        primitive.positions[:, 1] += 1
        self.assertNotEqual(primitive.identity, before)
        np.testing.assert_array_equal(primitive.positions, TRIANGLE + [0, 1, 0])

    def test_what_was_replaced_no_longer_counts(self):
        primitive = Primitive(TRIANGLE)
        old = primitive.positions
        primitive.positions = TRIANGLE + 1
        before = primitive.identity
        old[:] = 7
        self.assertEqual(primitive.identity, before)
        np.testing.assert_array_equal(primitive.positions, TRIANGLE + 1)

    def test_numbers_are_never_taken_twice(self):
        primitives = [Primitive(TRIANGLE) for _ in range(5)]
        primitives += [copy.copy(primitives[0]), copy.deepcopy(primitives[0]),
                       pickle.loads(pickle.dumps(primitives[0]))]
        textures = [Texture(source=np.zeros((2, 2, 3)), source_channels="RGB") for _ in range(5)]
        numbers = [one.identity for one in primitives + textures]
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_edits_of_a_copy_are_its_own(self):
        material = MetallicRoughnessMaterial(baseColorFactor=[0.5, 0.5, 0.5, 1])
        factor = material.baseColorFactor
        twin = copy.copy(material)
        factor[0] = 0
        twin.baseColorFactor[1] = 0
        self.assertEqual(material.baseColorFactor.tolist(), [0, 0.5, 0.5, 1])
        self.assertEqual(twin.baseColorFactor.tolist(), [0.5, 0, 0.5, 1])

    def test_textures(self):
        texture = Texture(source=np.zeros((2, 2, 4), np.uint8), source_channels="RGBA")
        self.assertTrue(texture.is_transparent())
        texture.source[:] = 255
        self.assertFalse(texture.is_transparent())


class MaterialTest(unittest.TestCase):
    def test_defaults(self):
        material = MetallicRoughnessMaterial()
        self.assertEqual((material.alphaMode, material.alphaCutoff, material.doubleSided, material.smooth,
                          material.wireframe, material.metallicFactor, material.roughnessFactor, material.textures),
                         ("OPAQUE", 0.5, False, True, False, 1.0, 1.0, set()))
        self.assertEqual(material.emissiveFactor.tolist(), [0, 0, 0])
        self.assertEqual(material.baseColorFactor.tolist(), [1, 1, 1, 1])
        glossy = SpecularGlossinessMaterial()
        self.assertEqual((glossy.glossinessFactor, glossy.specularFactor.tolist()), (1.0, [1, 1, 1]))

    def test_what_is_refused(self):
        material = MetallicRoughnessMaterial()
        for name, value in (("alphaMode", "blend"), ("alphaCutoff", 1.5), ("metallicFactor", -0.1),
                            ("roughnessFactor", 1.1), ("roughnessFactor", np.nan), ("baseColorFactor", "red")):
            with self.subTest(name=name), self.assertRaises(ValueError):
                setattr(material, name, value)
        for name, value in (("doubleSided", 1), ("wireframe", None), ("smooth", "yes"), ("normalTexture", "file.png")):
            with self.subTest(name=name), self.assertRaises(TypeError):
                setattr(material, name, value)

    def test_textures_are_made_of_pictures(self):
        picture = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        material = MetallicRoughnessMaterial(baseColorTexture=picture, metallicRoughnessTexture=picture,
                                             occlusionTexture=picture, normalTexture=picture)
        np.testing.assert_array_equal(material.baseColorTexture.source, picture)
        np.testing.assert_array_equal(material.metallicRoughnessTexture.source, picture[:, :, 1:3])
        np.testing.assert_array_equal(material.occlusionTexture.source, picture[:, :, 0])
        np.testing.assert_array_equal(material.normalTexture.source, picture[:, :, :3])
        self.assertEqual(len(material.textures), 4)
        np.testing.assert_array_equal(SpecularGlossinessMaterial(specularGlossinessTexture=picture)
                                      .specularGlossinessTexture.source, picture)

    def test_transparency(self):
        half = np.full((1, 1, 4), 128, np.uint8)
        for keywords, expected in (
                ({"baseColorFactor": [1, 1, 1, 0.5]}, False),
                ({"baseColorFactor": [1, 1, 1, 0.5], "alphaMode": "BLEND"}, True),
                ({"baseColorFactor": [1, 1, 1, 0.5], "alphaMode": "MASK", "alphaCutoff": 0.4}, False),
                ({"baseColorTexture": half, "alphaMode": "BLEND"}, True),
                ({"baseColorTexture": half, "alphaMode": "MASK", "alphaCutoff": 0.6}, True),
                ({"baseColorTexture": half}, False)):
            with self.subTest(**keywords):
                self.assertIs(MetallicRoughnessMaterial(**keywords).is_transparent, expected)
        self.assertTrue(SpecularGlossinessMaterial(diffuseFactor=[1, 1, 1, 0.1], alphaMode="BLEND").is_transparent)


class TextureTest(unittest.TestCase):
    def test_channels(self):
        grey = np.array([[10, 20]], np.uint8)
        color = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
        for source, channels, expected in (
                (grey, "R", [[10, 20]]), (grey, "GB", [[[10, 10], [20, 20]]]), (grey, "RGB", [[[10] * 3, [20] * 3]]),
                (grey, "RGBA", [[[10, 10, 10, 255], [20, 20, 20, 255]]]), (color, "R", [[1, 4]]),
                (color, "RG", [[[1, 2], [4, 5]]]), (color, "GB", [[[2, 3], [5, 6]]]),
                (color, "RGBA", [[[1, 2, 3, 255], [4, 5, 6, 255]]]), (color[:, :, :2], "GB", [[[1, 2], [4, 5]]])):
            with self.subTest(channels=channels, shape=source.shape):
                texture = Texture(source=source, source_channels=channels)
                self.assertEqual(texture.source.tolist(), expected)
                self.assertEqual(texture.source.dtype, np.uint8)

    def test_arrays_of_other_kinds(self):
        with tempfile.TemporaryFile() as file:
            mapped = np.memmap(file, dtype=np.uint8, shape=(2, 2, 4))
            self.assertIs(type(Texture(source=mapped, source_channels="RGBA").source), np.ndarray)
            del mapped

    def test_floats(self):
        texture = Texture(source=np.array([[0.0, 0.2, 1.0, 7.0]]), source_channels="R")
        self.assertEqual(texture.source.tolist(), [[0, 51, 255, 255]])

    def test_what_is_refused(self):
        for keywords, error in (
                ({"source": np.zeros((2, 2, 2)), "source_channels": "RGB"}, ValueError),
                ({"source": np.zeros((2, 2, 3)), "source_channels": None}, ValueError),
                ({"source": np.full((2, 2), 300), "source_channels": "R"}, ValueError),
                ({"source": np.zeros((0, 2)), "source_channels": "R"}, ValueError),
                ({"source": [[0]], "source_channels": "R"}, TypeError),
                ({"source": np.array([["a"]]), "source_channels": "R"}, TypeError),
                ({"sampler": 3}, TypeError)):
            with self.subTest(**keywords), self.assertRaises(error):
                Texture(**keywords)

    def test_sampler(self):
        sampler = Texture().sampler
        self.assertEqual((sampler.magFilter, sampler.minFilter, sampler.wrapS, sampler.wrapT),
                         (None, None, 10497, 10497))
        for name, value in (("magFilter", GLTF.LINEAR_MIPMAP_LINEAR), ("minFilter", 3), ("wrapS", 0), ("wrapT", None)):
            with self.subTest(name=name), self.assertRaises(ValueError):
                Sampler(**{name: value})

    @unittest.skipIf(PIL is None, "PIL is not installed")
    def test_pil_pictures(self):
        color = PIL.Image.fromarray(np.array([[[250, 0, 0], [0, 250, 0]]], np.uint8))
        for mode in ("RGB", "RGBA", "P", "CMYK"):
            with self.subTest(mode=mode):
                texels = Texture(source=color.convert(mode), source_channels="RGB").source.astype(int)
                self.assertLess(np.abs(texels - [[[250, 0, 0], [0, 250, 0]]]).max(), 8)
        grey = PIL.Image.fromarray(np.array([[0, 65535]], np.uint16))
        self.assertEqual(Texture(source=grey, source_channels="R").source.tolist(), [[0, 255]])


class MeshTest(unittest.TestCase):
    def test_defaults(self):
        mesh = Mesh([])
        self.assertEqual((mesh.name, mesh.is_visible, mesh.weights, mesh.primitives), (None, True, None, []))
        self.assertFalse(mesh.is_transparent)
        with self.assertRaises(TypeError):
            Mesh()
        with self.assertRaises(TypeError):
            Mesh([TRIANGLE])

    def test_bounds(self):
        mesh = Mesh([Primitive(TRIANGLE), Primitive(TRIANGLE - [5, 0, 1])])
        np.testing.assert_array_equal(mesh.bounds, [[-5, 0, -1], [1, 2, 0]])
        np.testing.assert_array_equal(mesh.centroid, [-2, 1, -0.5])
        np.testing.assert_array_equal(mesh.extents, [6, 2, 1])
        self.assertAlmostEqual(mesh.scale, np.sqrt(41))

    def test_from_points(self):
        mesh = Mesh.from_points(TRIANGLE, colors=[[0, 0, 1.0]] * 3, is_visible=False, poses=np.eye(4))
        primitive = mesh.primitives[0]
        self.assertEqual((primitive.mode, mesh.is_visible, primitive.poses.shape), (GLTF.POINTS, False, (1, 4, 4)))
        self.assertEqual(primitive.color_0[2].tolist(), [0, 0, 1, 1])

    def test_from_trimesh_refuses_others(self):
        for value in (None, 3, [None], "box", Mesh([])):
            with self.subTest(value=value), self.assertRaises(TypeError):
                Mesh.from_trimesh(value)


def fake_trimesh(**visual):
    """What a trimesh.Trimesh has, of two triangles: tests need no trimesh."""
    visual = {"defined": bool(visual), "kind": None, **visual}
    return types.SimpleNamespace(
        vertices=np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]), faces=np.array([[0, 1, 2], [0, 2, 3]]),
        vertex_normals=np.tile([0.0, 0, 1], (4, 1)), face_normals=np.tile([0.0, 0, 1], (2, 1)),
        visual=types.SimpleNamespace(**visual))


class FromTrimeshTest(unittest.TestCase):
    def test_plain(self):
        primitive = Mesh.from_trimesh(fake_trimesh()).primitives[0]
        self.assertEqual(primitive.indices.tolist(), [[0, 1, 2], [0, 2, 3]])
        material = primitive.material
        np.testing.assert_allclose(material.baseColorFactor, [0.3, 0.3, 0.3, 1])
        self.assertEqual((material.metallicFactor, material.roughnessFactor, material.alphaMode), (0.2, 0.8, "BLEND"))

    def test_flat(self):
        primitive = Mesh.from_trimesh(fake_trimesh(), smooth=False, wireframe=True).primitives[0]
        self.assertIsNone(primitive.indices)
        self.assertEqual((primitive.positions.shape, primitive.normals.shape), ((6, 3), (6, 3)))
        self.assertTrue(primitive.material.wireframe)

    def test_lists_and_given_materials(self):
        material = MetallicRoughnessMaterial(roughnessFactor=0.25, wireframe=True)
        mesh = Mesh.from_trimesh([fake_trimesh(), fake_trimesh()], material=material, is_visible=False)
        self.assertEqual([one.material.roughnessFactor for one in mesh.primitives], [0.25, 0.25])
        self.assertFalse(mesh.primitives[0].material.wireframe or mesh.is_visible)
        self.assertTrue(material.wireframe)

    def test_colors(self):
        colors = np.array([[255, 0, 0, 255]] * 3 + [[0, 0, 255, 51]], np.uint8)
        mesh = Mesh.from_trimesh(fake_trimesh(kind="vertex", vertex_colors=colors))
        np.testing.assert_allclose(mesh.primitives[0].color_0[3], [0, 0, 1, 0.2])
        self.assertTrue(mesh.is_transparent)
        faces = fake_trimesh(kind="face", face_colors=colors[2:])
        self.assertEqual(Mesh.from_trimesh(faces, smooth=False).primitives[0].color_0[2].tolist(), [1, 0, 0, 1])
        with self.assertRaises(ValueError):
            Mesh.from_trimesh(faces)

    def test_simple_materials(self):
        uv = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
        simple = types.SimpleNamespace(kwargs={"Ns": [30.0]}, diffuse=np.array([51, 102, 255, 255], np.uint8),
                                       image=np.zeros((2, 2, 3), np.uint8))
        primitive = Mesh.from_trimesh(fake_trimesh(kind="texture", uv=uv, material=simple)).primitives[0]
        self.assertAlmostEqual(primitive.material.roughnessFactor, (1 / 16) ** 0.25)
        np.testing.assert_allclose(primitive.material.baseColorFactor, [0.2, 0.4, 1, 1])
        self.assertEqual(primitive.material.baseColorTexture.source.shape, (2, 2, 4))
        np.testing.assert_array_equal(primitive.texcoord_0, uv)
        flat = Mesh.from_trimesh(fake_trimesh(kind="texture", uv=uv, material=simple), smooth=False).primitives[0]
        np.testing.assert_array_equal(flat.texcoord_0, uv[[0, 1, 2, 0, 2, 3]])

    def test_physically_based_materials(self):
        nothing = dict.fromkeys(("normalTexture", "occlusionTexture", "emissiveTexture", "emissiveFactor", "alphaMode",
                                 "alphaCutoff", "doubleSided", "baseColorFactor", "baseColorTexture", "metallicFactor",
                                 "roughnessFactor", "metallicRoughnessTexture"))
        for given, expected in (({}, ("BLEND", 0.5, False, 1.0)),
                                ({"alphaMode": "mask", "alphaCutoff": 0.25, "doubleSided": True, "metallicFactor": 0.5},
                                 ("MASK", 0.25, True, 0.5))):
            material = types.SimpleNamespace(**{**nothing, **given})
            mesh = Mesh.from_trimesh(fake_trimesh(kind="texture", uv=None, material=material))
            made = mesh.primitives[0].material
            self.assertEqual((made.alphaMode, made.alphaCutoff, made.doubleSided, made.metallicFactor), expected)

    @unittest.skipIf(trimesh is None, "trimesh is not installed")
    def test_the_real_one(self):
        box = trimesh.creation.box()
        poses = np.tile(np.eye(4), (3, 1, 1))
        poses[:, 1, 3] = 0, 2, 4
        mesh = Mesh.from_trimesh(box, poses=poses)
        np.testing.assert_allclose(mesh.bounds, [[-0.5, -0.5, -0.5], [0.5, 4.5, 0.5]])
        box.visual.vertex_colors = [255, 0, 0, 128]
        self.assertTrue(Mesh.from_trimesh(box).is_transparent)
        points = trimesh.PointCloud(np.random.default_rng(1).random((10, 3)))
        scene = Scene.from_trimesh_scene(trimesh.Scene([box, points]))
        self.assertEqual(len(scene.mesh_nodes), 2)
        with self.assertRaises(TypeError):
            Mesh.from_trimesh(points)


class BaseMaterialTest(unittest.TestCase):
    def test_it_can_be_made(self):
        self.assertFalse(Material(alphaMode="BLEND").is_transparent)


if __name__ == "__main__":
    unittest.main()
