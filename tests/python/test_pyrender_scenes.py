"""calotype.pyrender's scenes: the graph, looking things up, bounds."""
import unittest

import numpy as np

from calotype.pyrender import (DirectionalLight, Mesh, Node, OrthographicCamera, PerspectiveCamera, PointLight,
                               Primitive, Scene, SpotLight)


def shift(x, y, z):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def box(size=1.0, **keywords):
    """A mesh whose bounds are a cube around the origin."""
    corners = size / 2 * np.array([[-1, -1, -1], [1, 1, 1], [-1, 1, -1]])
    return Mesh([Primitive(corners, **keywords)])


class GraphTest(unittest.TestCase):
    def test_empty(self):
        scene = Scene()
        for name in ("nodes", "meshes", "mesh_nodes", "lights", "light_nodes", "cameras", "camera_nodes",
                     "point_lights", "spot_lights", "directional_lights", "point_light_nodes", "spot_light_nodes",
                     "directional_light_nodes"):
            self.assertEqual(getattr(scene, name), set(), name)
        self.assertIsNone(scene.main_camera_node)
        np.testing.assert_array_equal(scene.bounds, np.zeros((2, 3)))
        np.testing.assert_array_equal(np.hstack([scene.centroid, scene.extents, scene.scale]), np.zeros(7))
        np.testing.assert_array_equal(scene.bg_color, np.ones(4))
        np.testing.assert_array_equal(scene.ambient_light, np.zeros(3))

    def test_colors(self):
        scene = Scene(bg_color=[255, 0, 51], ambient_light=0.25, name=1)
        np.testing.assert_allclose(scene.bg_color, [1, 0, 0.2, 1])
        np.testing.assert_allclose(scene.ambient_light, [0.25] * 3)
        self.assertEqual(scene.name, "1")
        scene.bg_color = scene.ambient_light = None
        np.testing.assert_array_equal(scene.bg_color, np.ones(4))
        np.testing.assert_array_equal(scene.ambient_light, np.zeros(3))

    def test_nodes_to_begin_with(self):
        leaf, root, other = Node(), Node(), Node()
        root.children.append(leaf)
        scene = Scene(nodes=[leaf, root, other])
        self.assertEqual(scene.nodes, {leaf, root, other})
        scene.set_pose(root, shift(1, 2, 3))
        np.testing.assert_array_equal(scene.get_pose(leaf), shift(1, 2, 3))
        np.testing.assert_array_equal(scene.get_pose(other), np.eye(4))
        unlisted = Node(children=[Node()])
        self.assertEqual(len(Scene(nodes=[unlisted]).nodes), 2)

    def test_graphs_that_are_no_trees(self):
        shared, circle = Node(), Node()
        with self.assertRaises(ValueError):
            Scene(nodes=[shared, Node(children=[shared]), Node(children=[shared])])
        circle.children.append(Node(children=[circle]))
        with self.assertRaises(ValueError):
            Scene(nodes=[circle, circle.children[0]])
        scene = Scene()
        with self.assertRaises(ValueError):
            scene.add_node(circle)
        twice = Node(children=[shared, shared])
        with self.assertRaises(ValueError):
            scene.add_node(twice)
        self.assertEqual(scene.nodes, set())

    def test_add_node(self):
        scene = Scene()
        top, middle, bottom = Node(), Node(), Node()
        middle.children.append(bottom)
        scene.add_node(top)
        scene.add_node(middle, parent_node=top)
        self.assertEqual(top.children, [middle])
        self.assertTrue(scene.has_node(bottom))
        for node, parent in ((top, None), (bottom, None), (Node(), Node())):
            with self.assertRaises(ValueError):
                scene.add_node(node, parent_node=parent)
        self.assertEqual(scene.nodes, {top, middle, bottom})

    def test_deep_chains(self):
        nodes = [Node(translation=[1, 0, 0]) for _ in range(3000)]
        for parent, child in zip(nodes, nodes[1:]):
            parent.children.append(child)
        scene = Scene(nodes=nodes)
        self.assertEqual(scene.get_pose(nodes[-1])[0, 3], 3000)
        scene.remove_node(nodes[1])
        self.assertEqual(scene.nodes, {nodes[0]})

    def test_poses(self):
        scene = Scene()
        turn = np.array([[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
        parent, child = Node(matrix=turn), Node(translation=[1, 0, 0])
        scene.add_node(parent)
        scene.add_node(child, parent_node=parent)
        np.testing.assert_array_equal(scene.get_pose(child)[:3, 3], [0, 1, 0])
        pose = shift(2, 0, 0)
        scene.set_pose(child, pose)
        pose[0, 3] = 77
        np.testing.assert_array_equal(scene.get_pose(child)[:3, 3], [0, 2, 0])
        for bad in (np.eye(3), np.full((4, 4), np.nan)):
            with self.assertRaises(ValueError):
                scene.set_pose(child, bad)
        for call in (lambda: scene.get_pose(Node()), lambda: scene.set_pose(Node(), pose)):
            with self.assertRaises(ValueError):
                call()

    def test_remove_node(self):
        scene = Scene()
        top, middle, bottom = Node(), Node(), Node(camera=PerspectiveCamera(1.0))
        scene.add_node(top)
        scene.add_node(middle, top)
        scene.add_node(bottom, middle)
        scene.remove_node(middle)
        self.assertEqual((scene.nodes, top.children, middle.children), ({top}, [], [bottom]))
        self.assertIsNone(scene.main_camera_node)
        with self.assertRaises(ValueError):
            scene.remove_node(middle)
        scene.add_node(middle)
        self.assertEqual(scene.nodes, {top, middle, bottom})
        self.assertIs(scene.main_camera_node, bottom)
        scene.clear()
        self.assertEqual((scene.nodes, scene.main_camera_node), (set(), None))


class LookUpTest(unittest.TestCase):
    def test_add(self):
        scene = Scene()
        mesh = Mesh([], name="mesh")
        objects = [mesh, PerspectiveCamera(1.0), DirectionalLight(), PointLight(), SpotLight()]
        nodes = [scene.add(one, name=f"node {number}", pose=shift(number, 0, 0)) for number, one in enumerate(objects)]
        for number, node in enumerate(nodes):
            self.assertIn(objects[number], (node.mesh, node.camera, node.light))
            self.assertEqual(node.matrix[0, 3], number)
        self.assertEqual(scene.meshes, {mesh})
        self.assertEqual(scene.lights, set(objects[2:]))
        self.assertEqual(scene.light_nodes, set(nodes[2:]))
        self.assertEqual(scene.cameras, {objects[1]})
        for name, number in (("directional", 2), ("point", 3), ("spot", 4)):
            self.assertEqual(getattr(scene, name + "_lights"), {objects[number]})
            self.assertEqual(getattr(scene, name + "_light_nodes"), {nodes[number]})
        child = scene.add(mesh, parent_name="node 4")
        self.assertEqual(nodes[4].children, [child])
        grandchild = scene.add(mesh, parent_node=child)
        self.assertEqual(child.children, [grandchild])
        for keywords in ({"parent_name": "nobody"}, {"parent_node": Node()}):
            with self.assertRaises(ValueError):
                scene.add(mesh, **keywords)
        scene.add(mesh, name="node 4")
        with self.assertRaises(ValueError):
            scene.add(mesh, parent_name="node 4")
        for wrong in (None, Node(), "mesh"):
            with self.assertRaises(TypeError):
                scene.add(wrong)

    def test_get_nodes(self):
        scene = Scene()
        mesh, light = Mesh([], name="m"), PointLight(name="l")
        first, second = scene.add(mesh, name="a"), scene.add(mesh, name="b")
        third = scene.add(light, name="a")
        self.assertEqual(scene.get_nodes(), {first, second, third})
        self.assertEqual(scene.get_nodes(name="a"), {first, third})
        self.assertEqual(scene.get_nodes(obj=mesh), {first, second})
        self.assertEqual(scene.get_nodes(obj_name="l"), {third})
        self.assertEqual(scene.get_nodes(name="a", obj=mesh, obj_name="m"), {first})
        self.assertEqual(scene.get_nodes(node=first), {first})
        self.assertEqual(scene.get_nodes(node=Node()), set())
        self.assertEqual(scene.get_nodes(name="c"), set())
        second.name = "c"
        self.assertEqual(scene.get_nodes(name="c"), {second})

    def test_main_camera(self):
        scene = Scene()
        first = scene.add(PerspectiveCamera(1.0))
        second = scene.add(OrthographicCamera(1.0, 1.0))
        self.assertIs(scene.main_camera_node, first)
        scene.main_camera_node = second
        scene.remove_node(second)
        self.assertIs(scene.main_camera_node, first)
        for value in (None, second):
            with self.assertRaises(ValueError):
                scene.main_camera_node = value


class BoundsTest(unittest.TestCase):
    def test_bounds(self):
        scene = Scene()
        first = scene.add(box())
        second = scene.add(box(2.0), pose=shift(3, 0, 0), parent_node=first)
        np.testing.assert_allclose(scene.bounds, [[-0.5, -1, -1], [4, 1, 1]])
        np.testing.assert_allclose(scene.centroid, [1.75, 0, 0])
        np.testing.assert_allclose(scene.extents, [4.5, 2, 2])
        self.assertAlmostEqual(scene.scale, np.sqrt(4.5 ** 2 + 8))
        scene.set_pose(first, shift(0, 5, 0))
        np.testing.assert_allclose(scene.bounds, [[-0.5, 4, -1], [4, 6, 1]])
        second.mesh.primitives[0].positions = np.zeros((3, 3))
        np.testing.assert_allclose(scene.bounds, [[-0.5, 4.5, -0.5], [3, 5.5, 0.5]])
        scene.add(Mesh([]))
        np.testing.assert_allclose(scene.bounds, [[-0.5, 4.5, -0.5], [3, 5.5, 0.5]])
        scene.remove_node(second)
        np.testing.assert_allclose(scene.bounds, [[-0.5, 4.5, -0.5], [0.5, 5.5, 0.5]])

    def test_turned(self):
        scene = Scene()
        scene.add(box(2.0), pose=[[0, 0, 3, 0], [1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]])
        np.testing.assert_allclose(scene.bounds, [[-3, -1, -2], [3, 1, 2]])


if __name__ == "__main__":
    unittest.main()
