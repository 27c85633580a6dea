"""Pose: animations, morphs, skins, moved nodes; and that what was prepared is used again only where nothing changed."""
from __future__ import annotations

import json
import math
import struct
import unittest

import numpy as np

import calotype
from calotype import Pose, cameras

import sample

ABOVE = cameras.orthographic(sample.place(z=5), 16, 16, y_magnitude=2)


def animated():
    """glTF: a square that rises from 0 to 2 metres in 2 seconds (y up), with a morph target that lifts it by 1, too."""
    times, heights = struct.pack("<2f", 0, 2), struct.pack("<6f", 0, 0, 0, 0, 2, 0)
    corners = struct.pack("<9f", -3, 0, 3, 3, 0, 3, 0, 0, -6)
    lifted = struct.pack("<9f", *([0, 1, 0] * 3))
    weights = struct.pack("<2f", 0, 1)
    parts = [times, heights, corners, lifted, weights]
    views, at = [], 0
    for part in parts:
        views.append({"buffer": 0, "byteOffset": at, "byteLength": len(part)})
        at += len(part)

    def accessor(view, count, kind, **more):
        return {"bufferView": view, "componentType": 5126, "count": count, "type": kind, **more}

    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0, "name": "sheet"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 2}, "targets": [{"POSITION": 3}]}]}],
        "bufferViews": views, "buffers": [{"byteLength": at}],
        "accessors": [accessor(0, 2, "SCALAR", min=[0], max=[2]), accessor(1, 2, "VEC3"),
                      accessor(2, 3, "VEC3", min=[-3, 0, -6], max=[3, 0, 3]),
                      accessor(3, 3, "VEC3", min=[0, 1, 0], max=[0, 1, 0]), accessor(4, 2, "SCALAR")],
        "animations": [
            {"name": "rise", "samplers": [{"input": 0, "output": 1}],
             "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]},
            {"name": "bulge", "samplers": [{"input": 0, "output": 4}],
             "channels": [{"sampler": 0, "target": {"node": 0, "path": "weights"}}]}],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary = b"".join(parts)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return calotype.Scene.from_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)


class Poses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.renderer = calotype.Renderer("cpu", threads=2)
        cls.moving = animated()

    def depth(self, scene, pose=None, views=ABOVE):
        return float(self.renderer.render(scene, views, "depth", pose=pose)["depth"][0, 8, 8, 0])

    def test_animations(self):
        for animation in ("rise", 0, np.int64(0)):
            for seconds, depth in ((0, 5), (1, 4), (2, 3), (9, 3), (-1, 5), (0.5, 4.5)):
                self.assertAlmostEqual(self.depth(self.moving, Pose(animation, seconds)), depth, places=6)
        self.assertEqual(self.depth(self.moving), 5)
        self.assertEqual(self.depth(self.moving, Pose("bulge", 2)), 4)
        for wrong in ("walk", 2, -1):
            with self.assertRaises(calotype.NotFoundError):
                self.depth(self.moving, Pose(wrong))
        for pose in (Pose(0, math.nan), Pose(0, "x"), Pose(0.5), Pose([]), Pose(0, None)):
            with self.assertRaises(calotype.ArgumentError):
                self.depth(self.moving, pose)

    def test_morph_weights(self):
        for key in (0, "sheet"):
            self.assertEqual(self.depth(self.moving, Pose(weights={key: [0.5]})), 4.5)
        self.assertEqual(self.depth(self.moving, Pose("rise", 1, weights={0: [1.0]})), 3)
        for wrong in ({0: [1, 2]}, {0: []}, {0: "x"}, {0: [math.nan]}, {0: None}, 5, {0: [[1.0]]}):
            with self.assertRaises(calotype.ArgumentError):
                self.depth(self.moving, Pose(weights=wrong))
        with self.assertRaises(calotype.NotFoundError):
            self.depth(self.moving, Pose(weights={"nobody": [1]}))

    def test_moved_nodes(self):
        scene = sample.quad()
        for key in (0, "quad"):
            self.assertEqual(self.depth(scene, Pose(nodes={key: sample.place(z=2)})), 3)
        # In the place of the animation's.
        self.assertEqual(self.depth(self.moving, Pose("rise", 2, nodes={0: sample.place(y=1)})), 4)
        for wrong in ({0: np.eye(3)}, {0: np.full((4, 4), np.inf)}, {0: "x"}, {0: [np.eye(4)] * 2}, 5, {None: np.eye(4)}):
            with self.assertRaises(calotype.ArgumentError):
                self.depth(scene, Pose(nodes=wrong))
        for wrong in ({1: np.eye(4)}, {-1: np.eye(4)}, {"nobody": np.eye(4)}):
            with self.assertRaises(calotype.NotFoundError):
                self.depth(scene, Pose(nodes=wrong))

    def test_moved_joints_bend_skins(self):
        builder = calotype.SceneBuilder()
        mesh = builder.add_mesh(sample.QUAD, sample.QUAD_INDICES, joints=[[0, 1, 0, 0]] * 4, joint_weights=[[1, 1, 0, 0]] * 4)
        joints = [builder.add_node(name="a"), builder.add_node(name="b")]
        builder.add_node(mesh=mesh, skin=builder.add_skin(joints))
        scene = builder.finish()
        self.assertEqual(self.depth(scene), 5)
        self.assertEqual(self.depth(scene, Pose(nodes={"b": sample.place(z=1)})), 4.5)
        self.assertEqual(self.depth(scene, Pose(nodes={"a": sample.place(z=1), 1: sample.place(z=1)})), 4)

    def test_roots_and_fits(self):
        scene = sample.quad()
        self.assertEqual(self.depth(scene, Pose(root=sample.place(z=1))), 4)
        np.testing.assert_array_equal(scene.bounds(Pose(root=sample.place(z=1), fit="none"))[0], [-1, -1, 1])
        np.testing.assert_array_equal(scene.bounds(Pose(fit="half_cube")), [[-0.5, -0.5, 0], [0.5, 0.5, 0]])
        moved = Pose(nodes={0: sample.place(7, 7, 7)}, fit="unit_cube")
        np.testing.assert_array_equal(scene.bounds(moved), [[-1, -1, 0], [1, 1, 0]])
        for pose in (Pose(root=np.eye(4), fit="unit_cube"), Pose(fit="preset"), Pose(fit="x"), Pose(root="x"),
                     Pose(root=np.zeros(3)), Pose(root=np.full((4, 4), np.nan))):
            with self.assertRaises(calotype.ArgumentError):
                scene.bounds(pose)
        for wrong in (None, 5, "rest", Pose):
            with self.assertRaises(calotype.ArgumentError):
                scene.bounds(wrong)
            with self.assertRaises(calotype.ArgumentError):
                scene.node_to_world(wrong)

    def test_a_batch_of_poses_equals_single_ones(self):
        scene = calotype.Scene.load(sample.FIELD_CAMERA)
        view = cameras.orbit(1, 32, 32)
        poses = [Pose("focus", seconds) for seconds in np.linspace(0, 2, 5)]
        batch = self.renderer.render(scene, view, ("color", "depth"), poses=poses)
        self.assertEqual(batch["color"].shape, (5, 32, 32, 4))
        for i, pose in enumerate(poses):
            one = self.renderer.render(scene, view, ("color", "depth"), pose=pose)
            for name in one:
                np.testing.assert_array_equal(one[name][0], batch[name][i])
        self.assertFalse(np.array_equal(batch["depth"][0], batch["depth"][2]))
        views = cameras.orbit(5, 32, 32)
        several = self.renderer.render(scene, views, "depth", poses=poses)["depth"]
        np.testing.assert_array_equal(several[3], self.renderer.render(scene, views[3], "depth", pose=poses[3])["depth"][0])
        for arguments in ({"poses": poses[:2]}, {"poses": poses, "pose": poses[0]}, {"poses": 5}, {"poses": [None] * 5}):
            with self.assertRaises(calotype.ArgumentError):
                self.renderer.render(scene, views, **arguments)
        self.assertEqual(self.renderer.render(scene, view, "depth", poses=[])["depth"].shape[0], 0)

    def test_long_batches_are_prepared_part_by_part(self):
        scene, view, told = sample.quad(), sample.above(), []
        poses = [Pose(nodes={0: sample.place(z=number / 100)}) for number in range(150)]
        expected = 3 - np.arange(150, dtype=np.float32) / 100
        out = {"depth": np.empty((150, view.height, view.width, 1), np.float32)}
        depth = self.renderer.render(scene, view, "depth", out=out, poses=poses,
                                     progress=lambda *numbers: told.append(numbers))["depth"]
        self.assertIs(depth, out["depth"])
        np.testing.assert_allclose(depth[:, view.height // 2, view.width // 2, 0], expected, rtol=1e-6)
        self.assertEqual(told, sorted(told))
        self.assertEqual((told[-1], {total for _, total in told}), ((150, 150), {150}))
        for wrong in (np.empty((151, view.height, view.width, 1), np.float32), [0] * 150, np.float32(0)):
            with self.assertRaises(calotype.ArgumentError):
                self.renderer.render(scene, view, "depth", out={"depth": wrong}, poses=poses)
        for count in (2, 149, 151):
            with self.assertRaisesRegex(calotype.ArgumentError, f"150 poses for {count} views"):
                self.renderer.render(scene, cameras.orbit(count, 8, 8), "depth", poses=poses)

    def test_changed_arrays_are_seen(self):
        """What was prepared for the last call is not used when the same array holds something else."""
        scene, matrix, weights = sample.quad(), np.eye(4), np.zeros(1, np.float32)
        local = np.eye(4)
        pose, moved, bulged = Pose(root=matrix), Pose(nodes={0: local}), Pose(weights={0: weights})
        self.assertEqual([self.depth(scene, pose), self.depth(self.moving, bulged)], [5, 5])
        matrix[2, 3] = 1
        weights[0] = 1
        self.assertEqual([self.depth(scene, pose), self.depth(self.moving, bulged)], [4, 4])
        self.assertEqual(self.depth(scene, moved), 5)
        local[2, 3] = 2
        self.assertEqual(self.depth(scene, moved), 3)

    def test_what_is_kept_follows_every_argument(self):
        scene, views = sample.quad(), sample.above()
        bright = self.renderer.render(scene, views, "color")["color"][0, 8, 8, 0]
        dark = self.renderer.render(scene, views, "color", lighting=calotype.Lighting(environment=None))["color"][0, 8, 8, 0]
        self.assertGreater(bright, dark)
        self.assertEqual(self.renderer.render(scene, views, "color")["color"][0, 8, 8, 0], bright)
        wire = self.renderer.render(scene, views, "mask", settings=calotype.Settings(fill="wireframe"))["mask"].sum()
        self.assertNotEqual(wire, self.renderer.render(scene, views, "mask")["mask"].sum())
        handle = self.renderer._kept[scene][1]
        self.renderer.render(scene, views, "mask")
        self.assertIs(self.renderer._kept[scene][1], handle)
        del scene
        self.assertEqual(len([s for s in self.renderer._kept if s.path == "quad"]), 0)


if __name__ == "__main__":
    unittest.main()
