"""calotype.mujoco.Model: arrays of MuJoCo's names, poses, and many states in one call. No MuJoCo is needed."""
import json
import math
import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

import calotype
import mujoco_stand_in as stand_in
from calotype import _calotype, cameras
from calotype.mujoco import Model

MJCF = """<mujoco model="swing"><worldbody>
  <camera name="front" pos="0 -2 1" xyaxes="1 0 0 0 0 1" fovy="45"/>
  <body name="arm" pos="0 0 1"><joint name="hinge" type="hinge" axis="0 1 0" range="-90 90" limited="true"/>
    <geom name="rod" type="box" size="0.5 0.05 0.05" pos="0.5 0 0"/></body>
</worldbody></mujoco>"""


def state_arrays(*states):
    """A dictionary of arrays with a row a state."""
    return {name: np.stack([getattr(state, name) for state in states])
            for name in ("xpos", "xquat", "cam_xpos", "cam_xmat")}


class FromArrays(unittest.TestCase):
    def setUp(self):
        self.model = Model.from_mujoco(stand_in.model())

    def test_what_it_is(self):
        model = self.model
        self.assertEqual(model.names("body"), ["world", "tower", "glass"])
        self.assertEqual(model.names("geom"), ["floor", "box", "ball", "pane"])
        self.assertEqual(model.cameras, ["above"])
        self.assertEqual((model.nq, model.qpos0.tolist(), model.joints), (0, [], []))
        self.assertEqual(model.scene.nodes[0].name, "world")
        self.assertIsNone(model.sky)

    def test_nodes_stand_for_objects(self):
        model = self.model
        node = model.node("geom", "box")
        self.assertEqual(model.object(node), ("geom", stand_in.TOWER_BOX))
        self.assertEqual(model.scene.nodes[node].name, "box")
        self.assertEqual(model.node("body", "tower"), model.node("body", 1))
        self.assertEqual({model.object(i)[0] for i in range(len(model.scene.nodes))}, {"body", "geom", "site", "camera", ""})
        for kind, which in (("geom", "no such"), ("geom", 4), ("geom", ""), ("tendon", 0)):
            with self.assertRaises(calotype.NotFoundError):
                model.node(kind, which)
        with self.assertRaises(calotype.NotFoundError):
            model.object(1000)
        with self.assertRaisesRegex(calotype.ArgumentError, "no kind 'joint'"):
            model.names("joint")

    def test_groups(self):
        visible = {node.name: node.visible for node in self.model.scene.nodes}
        self.assertTrue(visible["box"])
        self.assertFalse(visible["ball"])
        other = Model.from_mujoco(stand_in.model(), geom_groups=[4], site_groups=())
        visible = {node.name: node.visible for node in other.scene.nodes}
        self.assertEqual([visible[name] for name in ("floor", "box", "ball", "tip")], [False, False, True, False])
        with self.assertRaisesRegex(calotype.ArgumentError, "0 to 5"):
            Model.from_mujoco(stand_in.model(), geom_groups=[6])

    def test_poses_move_bodies(self):
        model = self.model
        pose = model.pose_of(stand_in.data(tower=(0.5, -0.25, 2)))
        places = model.scene.node_to_world(pose)
        np.testing.assert_allclose(places[model.node("geom", "box"), :3, 3], (0.5, -0.25, 2))
        np.testing.assert_allclose(places[model.node("site", "tip"), :3, 3], (0.5, -0.25, 2.25))
        np.testing.assert_allclose(places[model.node("geom", "pane"), :3, 3], (1, 0, 0.5))

    def test_poses_take_nodes_and_visibility_too(self):
        model = self.model
        pose = model.pose_of(stand_in.data())
        pose.visible = {"box": False, "ball": True}
        view = cameras.perspective(np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]]), 32, 32)
        frames = calotype.Renderer().render(model.scene, view, ("depth", "instance_id"), pose=pose)
        self.assertAlmostEqual(float(frames["depth"][0, 16, 16, 0]), 3 - 1.6, places=2)

    def test_old_names(self):
        given = stand_in.model(ntex=1, tex_type=np.zeros(1, np.int32), tex_height=np.ones(1, np.int32),
                               tex_width=np.ones(1, np.int32), tex_adr=np.zeros(1, np.int32), tex_data=None,
                               tex_rgb=np.array([255, 0, 0], np.uint8), name_texadr=np.zeros(1, np.int32),
                               mat_texid=np.zeros(1, np.int32), nlight=1, light_type=None,
                               light_directional=np.ones(1, np.uint8), light_mode=np.zeros(1, np.int32),
                               light_bodyid=np.zeros(1, np.int32), light_castshadow=np.ones(1, np.uint8),
                               light_active=np.ones(1, np.uint8), light_pos=np.array([[0.0, 0, 3]]),
                               light_dir=np.array([[0.0, 0, -1]]), light_attenuation=np.array([[1, 0, 0]], np.float32),
                               light_cutoff=np.full(1, 45, np.float32), light_exponent=np.full(1, 10, np.float32),
                               light_ambient=np.zeros((1, 3), np.float32), light_diffuse=np.ones((1, 3), np.float32),
                               light_specular=np.ones((1, 3), np.float32), name_lightadr=np.zeros(1, np.int32))
        model = Model.from_mujoco(given)
        self.assertEqual(len(model.names("light")), 1)

    def test_what_is_no_model(self):
        with self.assertRaisesRegex(calotype.ArgumentError, "a mujoco.MjModel is needed"):
            Model.from_mujoco(object())
        with self.assertRaisesRegex(calotype.ArgumentError, "4 of ngeom, but no geom_type"):
            Model.from_mujoco(stand_in.model(geom_type=None))
        with self.assertRaisesRegex(calotype.ArgumentError, "geom_size has 9 numbers: 12 are needed"):
            Model.from_mujoco(stand_in.model(geom_size=np.zeros((3, 3))))
        with self.assertRaisesRegex(calotype.ArgumentError, "geom_size must be numbers"):
            Model.from_mujoco(stand_in.model(geom_size=np.array(["x"] * 12)))
        with self.assertRaisesRegex(calotype.ArgumentError, "does not tell vis.map.znear"):
            broken = stand_in.model()
            del broken.vis.map.znear
            Model.from_mujoco(broken)
        with self.assertRaises(calotype.Error):
            Model.from_mujoco(stand_in.model(geom_bodyid=np.array([0, 7, 1, 2], np.int32)))

    def test_no_kinematics_without_mujoco(self):
        given = stand_in.model(nq=1, qpos0=np.zeros(1), njnt=1, jnt_type=np.array([3], np.int32),
                               jnt_qposadr=np.zeros(1, np.int32), jnt_bodyid=np.ones(1, np.int32),
                               jnt_limited=np.zeros(1, np.uint8), jnt_range=np.zeros((1, 2)),
                               name_jntadr=np.array([0], np.int32))
        model = Model.from_mujoco(given)
        self.assertEqual([(joint.type, joint.qpos_address, joint.qpos_count) for joint in model.joints], [("hinge", 0, 1)])
        with self.assertRaises(calotype.UnsupportedError):
            model.scene.bounds(model.pose([0.1]))
        with self.assertRaisesRegex(calotype.ArgumentError, "shape \\(1,\\)"):
            model.pose([0.1, 0.2])


class Render(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = Model.from_mujoco(stand_in.model())
        cls.states = [stand_in.data(), stand_in.data(tower=(0, 0, 1.5)), stand_in.data(tower=(0.6, 0, 1))]

    def render(self, **arguments):
        arguments = {"states": self.states, "width": 65, "height": 65, **arguments}
        return self.model.render(**arguments)

    def test_all_views_of_all_states(self):
        frames = self.render(channels=("rgb", "depth", "segmentation", "normal"))
        self.assertEqual({name: (array.shape, array.dtype) for name, array in frames.items()},
                         {"rgb": ((3, 1, 65, 65, 3), np.uint8), "depth": ((3, 1, 65, 65), np.float32),
                          "segmentation": ((3, 1, 65, 65, 2), np.int32), "normal": ((3, 1, 65, 65, 3), np.float32)})
        center = frames["depth"][:, 0, 32, 32]
        np.testing.assert_allclose(center, (3 - 1.3, 3 - 1.8, 3), rtol=1e-3)  # the site's top, then the floor
        segmentation = frames["segmentation"][:, 0]
        self.assertEqual(segmentation[2, 32, 32].tolist(), [stand_in.FLOOR, stand_in.GEOM])
        self.assertEqual(segmentation[0, 32, 32].tolist(), [0, stand_in.SITE])
        self.assertEqual(segmentation[0, 32, 36].tolist(), [stand_in.TOWER_BOX, stand_in.GEOM])
        self.assertEqual(segmentation[0, 0, 0].tolist(), [stand_in.FLOOR, stand_in.GEOM])

    def test_a_batch_changes_nothing(self):
        together = self.render(channels=("color", "depth"))
        for i, state in enumerate(self.states):
            alone = self.render(states=state, channels=("color", "depth"))
            for name, array in alone.items():
                np.testing.assert_array_equal(array[0], together[name][i])
        arrays = self.render(states=state_arrays(*self.states), channels=("color",))
        np.testing.assert_array_equal(arrays["color"], together["color"])

    def test_the_same_as_poses_one_by_one(self):
        together = self.render(channels=("depth",))["depth"]
        for i, state in enumerate(self.states):
            pose = self.model.pose_of(state)
            views = self.model.scene.camera_views("above", 65, 65, pose=pose)
            depth = calotype.Renderer().render(self.model.scene, views, ("depth",), pose=pose)["depth"]
            np.testing.assert_array_equal(depth[0, ..., 0], together[i, 0])

    def test_views_instead_of_cameras(self):
        views = cameras.perspective(np.stack([cameras.look_at((0, -3, 1), (0, 0, 1)), cameras.look_at((0, -4, 1), (0, 0, 1))]),
                                    33, 33)
        depth = self.render(cameras=views, channels=("depth",))["depth"]
        self.assertEqual(depth.shape, (3, 2, 33, 33))
        np.testing.assert_allclose(depth[0, :, 16, 16], (2.8, 3.8), rtol=1e-6)

    def test_out_and_progress(self):
        out = {"depth": np.empty((3, 1, 65, 65), np.float32)}
        told = []
        frames = self.render(channels=("depth",), out=out, progress=lambda done, total: told.append((done, total)))
        self.assertIs(frames["depth"], out["depth"])
        self.assertEqual(told, [(0, 3), (3, 3)])
        for wrong in (np.empty((3, 65, 65), np.float32), np.empty((3, 1, 65, 65)),
                      np.empty((3, 1, 65, 130), np.float32)[..., ::2]):
            with self.assertRaisesRegex(calotype.ArgumentError, "C-contiguous"):
                self.render(channels=("depth",), out={"depth": wrong})
        with self.assertRaisesRegex(calotype.ArgumentError, "which is not among the channels"):
            self.render(channels=("rgb",), out=out)

    def test_errors(self):
        for arguments, kind, sentence in (
                ({"cameras": "no such"}, calotype.NotFoundError, 'no camera "no such".*"above"'),
                ({"cameras": [3]}, calotype.ArgumentError, "named by a word"),
                ({"states": []}, calotype.ArgumentError, "there is no state"),
                ({"states": object()}, calotype.ArgumentError, "has no xpos"),
                ({"states": {"xpos": np.zeros((1, 3, 3))}}, calotype.ArgumentError, "states have xpos and xquat"),
                ({"states": {"xpos": np.zeros((1, 2, 3)), "xquat": np.zeros((1, 3, 4))}}, calotype.ArgumentError, "xpos"),
                ({"qpos": np.zeros((1, 0))}, calotype.ArgumentError, "qpos or states, not both"),
                ({"width": 0}, calotype.ArgumentError, "0 x 65"),
                ({"width": -1}, calotype.ArgumentError, "width"),
                ({"channels": ()}, calotype.ArgumentError, "channel"),
                ({"channels": ("colour",)}, calotype.ArgumentError, "no channel 'colour'"),
                ({"channels": ("rgb", "color")}, calotype.ArgumentError, "with alpha and without"),
                ({"convention": "unity"}, calotype.ArgumentError, "no convention"),
                ({"convention": "orrb", "channels": ("uv",)}, calotype.ArgumentError, "no channel 'uv'"),
                ({"seeds": [1, 2]}, calotype.ArgumentError, "shape \\(3,\\)"),
                ({"seeds": [1, 2, -1]}, calotype.ArgumentError, "from 0"),
                ({"seeds": [1.5, 2, 3]}, calotype.ArgumentError, "whole"),
                ({"first_seed": -1}, calotype.ArgumentError, "first_seed"),
                ({"randomize": {"components": 3}}, calotype.Error, "."),
                ({"randomize": "no such file.json"}, calotype.Error, "no such file")):
            with self.subTest(arguments), self.assertRaisesRegex(kind, sentence):
                self.render(**arguments)

    def test_orrb_convention(self):
        ours = self.render(channels=("rgb", "depth", "normal", "semantic"))
        orrb = self.render(channels=("color", "depth", "normal", "segmentation"), convention="orrb")
        self.assertEqual(orrb["segmentation"].dtype, np.uint8)
        np.testing.assert_array_equal(orrb["color"][:, :, ::-1], ours["rgb"])
        np.testing.assert_array_equal(orrb["segmentation"][:, :, ::-1], ours["semantic"])
        hit = ours["depth"] > 0
        np.testing.assert_allclose(orrb["depth"][:, :, ::-1][hit], ours["depth"][hit] * 0.995 + 0.1, rtol=1e-5)

    def test_an_exception_in_progress_stops(self):
        def stop(done, total):
            raise KeyError("stop")
        with self.assertRaises(KeyError):
            self.render(progress=stop)
        self.render()


class Randomized(unittest.TestCase):
    CONFIG = {"components": [{"type": "MaterialRandomizer", "name": "paint"}, {"type": "CameraRandomizer", "name": "shake"}]}

    def setUp(self):
        self.model = Model.from_mujoco(stand_in.model())

    def render(self, seeds, randomize=None, **arguments):
        return self.model.render(states=[stand_in.data()] * len(seeds), seeds=seeds, channels=("color", "depth"), width=32,
                                 height=32, randomize=self.CONFIG if randomize is None else randomize, **arguments)

    def test_seeds(self):
        frames = self.render([4, 5, 4])
        for name in ("color", "depth"):
            np.testing.assert_array_equal(frames[name][0], frames[name][2])
            self.assertFalse(np.array_equal(frames[name][0], frames[name][1]))
        alone = self.render([5])
        np.testing.assert_array_equal(alone["color"][0], frames["color"][1])
        counted = self.model.render(states=[stand_in.data()] * 2, first_seed=4, channels=("color",), width=32, height=32,
                                    randomize=self.CONFIG)
        np.testing.assert_array_equal(counted["color"], frames["color"][:2])

    def test_drawn_values(self):
        drawn = self.render([4, 5, 4])["drawn"]
        self.assertEqual(drawn["shake/above/jitter"].shape, (3, 8))
        np.testing.assert_array_equal(drawn["paint/box/material"][0], drawn["paint/box/material"][2])
        self.assertFalse(np.array_equal(drawn["paint/box/material"][0], drawn["paint/box/material"][1]))
        with calotype.States(self.model, self.CONFIG) as states:
            self.assertEqual({stream.name: stream.count for stream in states.streams},
                             {name: values.shape[1] for name, values in drawn.items()})
        self.assertNotIn("drawn", self.model.render(states=stand_in.data(), channels=("depth",)))

    def test_dictionary_text_and_file_are_one(self):
        expected = self.render([7])["color"]
        np.testing.assert_array_equal(self.render([7], json.dumps(self.CONFIG))["color"], expected)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "look.json"
            path.write_text(json.dumps(self.CONFIG), encoding="utf-8")
            np.testing.assert_array_equal(self.render([7], path)["color"], expected)

    def test_unknown_components(self):
        wrong = {"components": [{"type": "Nonsense", "name": "n"}]}
        with self.assertRaisesRegex(calotype.Error, "Nonsense"):
            self.render([1], wrong)
        with calotype.States(self.model, wrong, lenient=True) as states:
            self.assertEqual([warning.id for warning in states.warnings], ["randomizer-component"])
        with self.assertRaisesRegex(calotype.ArgumentError, "cannot be written as JSON"):
            self.render([1], {"components": object()})


class StatesOfScenes(unittest.TestCase):
    """calotype.States with what is no MuJoCo model."""

    def setUp(self):
        builder = calotype.SceneBuilder("square")
        corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
        mesh = builder.add_mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.uint32))
        builder.add_node(name="wall:front", mesh=mesh)
        self.scene = builder.finish()
        self.views = cameras.perspective(cameras.look_at((0, 0, 3)), 9, 9)

    def test_render(self):
        with calotype.States(self.scene) as states:
            self.assertEqual((states.nq, states.cameras, states.streams, states.categories), (0, [], [], ["wall"]))
            frames = states.render(cameras=self.views, count=2, channels=("depth", "semantic"))
        self.assertEqual(frames["depth"].shape, (2, 1, 9, 9))
        self.assertAlmostEqual(float(frames["depth"][1, 0, 4, 4]), 3, places=5)
        self.assertEqual(int(frames["semantic"][0, 0, 4, 4]), 1)

    def test_errors(self):
        states = calotype.States(self.scene)
        for arguments in ({"qpos": np.zeros((1, 1)), "cameras": self.views}, {"cameras": "front"}, {"cameras": ()},
                          {"states": stand_in.data(), "cameras": self.views},
                          {"cameras": self.views, "channels": ("segmentation",)}):
            with self.subTest(arguments), self.assertRaises(calotype.Error):
                states.render(**arguments)
        states.close()
        states.close()
        with self.assertRaisesRegex(calotype.ArgumentError, "closed"):
            states.render(cameras=self.views)
        with self.assertRaisesRegex(calotype.ArgumentError, "a mapping of joints is for MuJoCo models"):
            calotype.States(self.scene, mapping="joints.txt")
        with self.assertRaisesRegex(calotype.ArgumentError, "a calotype.Scene or"):
            calotype.States("scene.glb")
        with self.assertRaises(calotype.BackendError):
            calotype.States(self.scene, backend="no such")
        for kind in ("texture", "distractors"):  # they would add to a scene that others have
            with self.assertRaisesRegex(calotype.UnsupportedError, "Python's scenes take none"):
                calotype.States(self.scene, {"calotype": 1, "components": [{"type": kind}]})


class FromFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "swing.xml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(MJCF)

    @unittest.skipIf(_calotype.mujoco_available(), "this build has libmujoco")
    def test_a_build_without_libmujoco_says_so(self):
        with self.assertRaises(calotype.UnsupportedError):
            Model(self.path)

    @unittest.skipUnless(_calotype.mujoco_available(), "this build has no libmujoco")
    def test_joints_and_poses(self):
        model = Model(self.path)
        self.assertEqual((model.nq, model.qpos0.tolist()), (1, [0.0]))
        joint = model.joints[0]
        self.assertEqual((joint.name, joint.type, joint.limited), ("hinge", "hinge", True))
        np.testing.assert_allclose(joint.range, (-math.pi / 2, math.pi / 2))
        places = model.scene.node_to_world(model.pose([math.pi / 2]))
        np.testing.assert_allclose(places[model.node("geom", "rod"), :3, 3], (0, 0, 0.5), atol=1e-12)

    @unittest.skipUnless(_calotype.mujoco_available(), "this build has no libmujoco")
    def test_pictures_of_joint_positions(self):
        model = Model(self.path)
        qpos = np.linspace(-1, 1, 5)[:, None]
        frames = model.render(qpos, ["front", "front"], channels=("segmentation", "depth"), width=64, height=64)
        self.assertEqual(frames["segmentation"].shape, (5, 2, 64, 64, 2))
        np.testing.assert_array_equal(frames["depth"][:, 0], frames["depth"][:, 1])
        rows = [np.argwhere(picture[..., 1] == stand_in.GEOM)[:, 0].mean() for picture in frames["segmentation"][:, 0]]
        self.assertEqual(rows, sorted(rows))  # it swings from up to down
        one = model.render(qpos[3], "front", channels=("depth",), width=64, height=64)
        np.testing.assert_array_equal(one["depth"][0], frames["depth"][3, :1])
        with self.assertRaises(calotype.ArgumentError):
            model.render(np.zeros((2, 2)), "front")
        with self.assertRaises(calotype.ArgumentError):
            model.render(np.full((1, 1), np.nan), "front")

    def test_missing_files(self):
        with self.assertRaises(calotype.Error):
            Model(self.path + ".none")


if __name__ == "__main__":
    unittest.main()
