"""calotype.pyrender's nodes: transforms in all their forms, and what may stand at a node."""
import copy
import math
import unittest

import numpy as np

from calotype.pyrender import DirectionalLight, Mesh, Node, PerspectiveCamera, Skin

TURN = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])  # a quarter about z
TURN_QUATERNION = np.array([0, 0, math.sqrt(0.5), math.sqrt(0.5)])


def moved(matrix, translation):
    result = matrix.copy()
    result[:3, 3] = translation
    return result


class TransformTest(unittest.TestCase):
    def test_defaults(self):
        node = Node()
        np.testing.assert_array_equal(node.matrix, np.eye(4))
        np.testing.assert_array_equal(node.translation, [0, 0, 0])
        np.testing.assert_array_equal(node.rotation, [0, 0, 0, 1])
        np.testing.assert_array_equal(node.scale, [1, 1, 1])
        self.assertEqual((node.name, node.camera, node.mesh, node.light, node.skin, node.weights, node.children),
                         (None, None, None, None, None, None, []))

    def test_parts_make_the_matrix(self):
        node = Node(rotation=TURN_QUATERNION, translation=[1, 2, 3], scale=[2, 3, 4])
        np.testing.assert_allclose(node.matrix, moved(TURN, [1, 2, 3]) @ np.diag([2, 3, 4, 1]), atol=1e-15)
        node.translation = [5, 6, 7]
        np.testing.assert_allclose(node.matrix[:3, 3], [5, 6, 7])
        node.scale = [1, 1, 1]
        np.testing.assert_allclose(node.matrix, moved(TURN, [5, 6, 7]), atol=1e-15)

    def test_the_matrix_makes_parts(self):
        matrix = moved(TURN, [1, 2, 3]) @ np.diag([2, 3, 4, 1])
        node = Node(matrix=matrix, translation=[9, 9, 9])
        np.testing.assert_array_equal(node.matrix, matrix)
        np.testing.assert_allclose(node.rotation, TURN_QUATERNION, atol=1e-15)
        np.testing.assert_allclose(node.scale, [2, 3, 4])
        np.testing.assert_allclose(node.translation, [1, 2, 3])

    def test_round_trips(self):
        random = np.random.default_rng(5)
        for _ in range(50):
            quaternion = random.normal(size=4)
            quaternion /= np.linalg.norm(quaternion)
            node = Node(rotation=quaternion, translation=random.normal(size=3), scale=random.uniform(0.1, 9, 3))
            again = Node(matrix=node.matrix)
            np.testing.assert_allclose(again.rotation * np.sign(again.rotation @ quaternion), quaternion, atol=1e-12)
            again.scale = again.scale.copy()  # composed from its parts now
            np.testing.assert_allclose(again.matrix, node.matrix, atol=1e-12)

    def test_what_only_moves_keeps_shear_and_mirroring(self):
        sheared = np.eye(4)
        sheared[0, 1] = 0.5
        sheared[0, 0] = -1
        node = Node(matrix=sheared)
        node.translation = [1, 2, 3]
        np.testing.assert_array_equal(node.matrix, moved(sheared, [1, 2, 3]))
        mirrored = np.diag([1.0, -2.0, 1.0, 1.0])
        node = Node(matrix=mirrored)
        node.rotation = node.rotation.copy()
        node.scale = node.scale.copy()
        np.testing.assert_allclose(node.matrix, mirrored, atol=1e-12)

    def test_edits_in_place_count(self):
        node = Node(translation=[1, 2, 3])
        node.translation[0] = 7
        self.assertEqual(node.matrix[0, 3], 7)
        node.scale[2] = 0
        self.assertEqual((node.scale[2], node.matrix[2, 2]), (0, 0))
        node.rotation[:] = np.nan
        with self.assertRaises(ValueError):
            node.matrix
        node = Node(matrix=TURN)
        node.translation[1] = 4
        np.testing.assert_array_equal(node.matrix, moved(TURN, [0, 4, 0]))

    def test_what_is_given_is_copied(self):
        pose = np.eye(4)
        node = Node(matrix=pose)
        pose[0, 3] = 5
        node.matrix[1, 3] = 5
        np.testing.assert_array_equal(node.matrix, np.eye(4))

    def test_the_matrix_stays_one_object_while_it_is_the_same(self):
        for node in (Node(), Node(matrix=TURN), Node(translation=[1, 2, 3])):
            first = node._local()
            self.assertIs(node._local(), first)
            node.translation = [4, 5, 6]
            self.assertIsNot(node._local(), first)

    def test_what_is_refused(self):
        node = Node()
        bad_row, bad_number = np.eye(4), np.eye(4)
        bad_row[3, 0] = 0.5
        bad_number[0, 0] = np.nan
        for name, values in (
                ("matrix", (np.eye(3), 2 * np.eye(4), bad_row, bad_number, np.zeros(16))),
                ("rotation", ([0, 0, 1], [1, 1, 1, 1], np.zeros(4), np.zeros((4, 1)), [0, 0, 0, np.nan])),
                ("translation", ([1, 2], np.zeros((1, 3)), [0, np.inf, 0])), ("scale", ([1, 2], 2.0))):
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(ValueError):
                    setattr(node, name, value)
        np.testing.assert_array_equal(node.matrix, np.eye(4))


class AttachedTest(unittest.TestCase):
    def test_kinds(self):
        camera, light, mesh = PerspectiveCamera(1.0), DirectionalLight(), Mesh([])
        node = Node(name=3, camera=camera, light=light, mesh=mesh)
        self.assertEqual((node.name, node.camera, node.light, node.mesh), ("3", camera, light, mesh))
        for name, values in (("camera", (light, mesh, 1)), ("light", (camera, mesh)), ("mesh", (camera, light, [])),
                             ("skin", ("bones",)), ("children", ([1],))):
            for value in values:
                with self.subTest(name=name), self.assertRaises(TypeError):
                    setattr(node, name, value)
            if name != "children":
                setattr(node, name, None)
                self.assertIsNone(getattr(node, name))

    def test_children_stay_one_list(self):
        children = [Node()]
        node = Node(children=children)
        children.append(Node())
        self.assertEqual(node.children, children)

    def test_weights(self):
        node = Node(weights=[0, 1])
        np.testing.assert_array_equal(node.weights, [0.0, 1.0])
        for value in ([[1, 2]], [np.nan]):
            with self.subTest(value=value), self.assertRaises(ValueError):
                node.weights = value

    def test_skin(self):
        joints = [Node(), Node()]
        skin = Skin(joints)
        self.assertEqual(skin.joints, tuple(joints))
        np.testing.assert_array_equal(skin.inverse_bind_matrices, [np.eye(4), np.eye(4)])
        self.assertIs(Node(skin=skin).skin, skin)
        for arguments in (([],), (joints, np.eye(4))):
            with self.subTest(arguments=arguments), self.assertRaises(ValueError):
                Skin(*arguments)

    def test_a_copy_is_its_own(self):
        node = Node(translation=[1, 2, 3])
        for twin in (copy.deepcopy(node), copy.copy(node)):
            twin.translation[0] = 9
            self.assertEqual(node.matrix[0, 3], 1)
            self.assertEqual(twin.matrix[0, 3], 9)


if __name__ == "__main__":
    unittest.main()
