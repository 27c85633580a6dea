"""calotype.mujoco beside the package mujoco, on models that it holds itself: the same depth, the same objects, nearly the
same colors. Skipped where the package, or a driver for its pictures, is missing."""
import copy
import os
import unittest
import warnings

import numpy as np

os.environ.setdefault("MUJOCO_GL", "egl")
try:
    import mujoco
except ImportError:
    mujoco = None

import calotype
from calotype.mujoco import Model, NotDrawnWarning, Renderer

WIDTH, HEIGHT = 320, 240
SCENE = """<mujoco>
  <visual><global fovy="50"/></visual>
  <asset>
    <texture name="grid" type="2d" builtin="checker" rgb1=".2 .3 .4" rgb2=".3 .4 .5" width="256" height="256"/>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".4 .6 .8" rgb2="0 0 0" width="128" height="128"/>
    <material name="grid" texture="grid" texrepeat="4 4" texuniform="true"/>
    <material name="shiny" rgba=".8 .2 .2 1" specular="1" shininess=".9"/>
    <material name="glass" rgba=".2 .4 .9 .4"/>
    <mesh name="tetra" vertex="0 0 0  .4 0 0  0 .4 0  0 0 .4"/>
    <hfield name="hills" nrow="12" ncol="12" size=".5 .5 .2 .05"/>
  </asset>
  <worldbody>
    <light name="top" pos="1 -1 3" dir="-.3 .3 -1" diffuse=".7 .7 .7" castshadow="false"/>
    <light name="sun" directional="true" dir=".2 .1 -1" diffuse=".3 .3 .2" castshadow="false"/>
    <camera name="front" pos="0 -3 1.5" xyaxes="1 0 0 0 .45 .9" fovy="45"/>
    <camera name="side" pos="3 0 1" xyaxes="0 1 0 -.3 0 1" fovy="50"/>
    <camera name="chase" mode="trackcom" pos="0 -2 2" xyaxes="1 0 0 0 .7 .7"/>
    <geom name="floor" type="plane" size="2 2 .1" material="grid"/>
    <geom name="terrain" type="hfield" hfield="hills" pos="-1.2 1.2 0"/>
    <body name="arm" pos="0 0 .5">
      <joint name="hinge" type="hinge" axis="0 0 1" range="-114 114" limited="true"/>
      <geom name="ball" type="sphere" size=".2" rgba="1 .5 0 1"/>
      <geom name="rod" type="capsule" size=".06 .3" pos=".4 0 0" euler="0 90 0" material="shiny"/>
      <site name="tip" pos=".75 0 0" size=".05" rgba="0 1 0 1"/>
      <body name="hand" pos=".8 0 0">
        <joint name="wrist" type="ball"/>
        <geom name="box" type="box" size=".15 .1 .08" rgba=".8 .6 .4 1"/>
      </body>
    </body>
    <body name="free" pos="-.8 0 .4">
      <freejoint/>
      <geom name="egg" type="ellipsoid" size=".3 .2 .15" rgba=".3 .8 .3 1"/>
      <site name="pin" pos="0 0 .15" size=".02"/>
    </body>
    <body name="can" pos=".6 .8 .3">
      <joint name="slide" type="slide" axis="0 0 1"/>
      <geom name="can" type="cylinder" size=".15 .25" material="shiny"/>
      <geom name="hidden" type="sphere" size=".3" group="4"/>
    </body>
    <body name="mesh" pos="-.5 -.9 .05"><geom name="tetra" type="mesh" mesh="tetra" rgba=".9 .9 .1 1"/></body>
    <body name="pane" pos="0 -1.2 .5"><geom name="pane" type="box" size=".3 .02 .3" material="glass"/></body>
  </worldbody>
  <tendon><spatial name="rope" width=".015" rgba=".9 .3 .9 1"><site site="tip"/><site site="pin"/></spatial></tendon>
</mujoco>"""
FLAT = ("floor", "terrain", "box", "tetra", "pane")  # round things are polygons in MuJoCo


def load():
    model = mujoco.MjModel.from_xml_string(SCENE)
    model.hfield_data[:] = np.abs(np.sin(np.arange(model.nhfielddata)))
    data = mujoco.MjData(model)
    data.qpos[0] = 0.5
    mujoco.mj_forward(model, data)
    return model, data


def pictures(renderer):
    """(rgb, depth, segmentation)"""
    rgb = renderer.render()
    renderer.enable_depth_rendering()
    depth = renderer.render()
    renderer.enable_segmentation_rendering()
    segmentation = renderer.render()
    renderer.disable_segmentation_rendering()
    return rgb, depth, segmentation


def edges(segmentation):
    """(H, W) bool: pixels with another object beside them."""
    labels = segmentation[..., 0] * 64 + segmentation[..., 1]
    out = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        change = np.diff(labels, axis=axis) != 0
        out |= np.insert(change, 0, False, axis) | np.insert(change, change.shape[axis], False, axis)
    return out


def decibels(left, right):
    return 10 * np.log10(255**2 / np.mean((left.astype(float) - right) ** 2))


@unittest.skipIf(mujoco is None, "the package mujoco is missing")
@unittest.skipUnless(hasattr(getattr(mujoco, "Renderer", None), "close"), "mujoco.Renderer is older than 3.0's")
class Parity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model, cls.data = load()
        try:
            cls.theirs = mujoco.Renderer(cls.model, HEIGHT, WIDTH)
        except Exception as error:  # whatever a driver's absence looks like  # pylint: disable=broad-except
            raise unittest.SkipTest(f"mujoco.Renderer has no driver here: {error}") from None
        cls.ours = Renderer(cls.model, HEIGHT, WIDTH)
        cls.addClassCleanup(cls.theirs.close)
        cls.addClassCleanup(cls.ours.close)

    def compare(self, camera=-1, option=None, decibels_at_least=36.0):
        for renderer in (self.theirs, self.ours):
            renderer.update_scene(self.data, copy.copy(camera), option)  # tracking moves the camera
        theirs, ours = pictures(self.theirs), pictures(self.ours)
        for left, right in zip(theirs, ours):
            self.assertEqual((left.shape, left.dtype), (right.shape, right.dtype))
        same, inside = (theirs[2] == ours[2]).all(axis=2), ~edges(theirs[2])
        self.assertGreater(same.mean(), 0.99)
        self.assertEqual(np.count_nonzero(~same & inside), 0)
        error = np.abs(ours[1] / theirs[1] - 1)
        flat = np.isin(theirs[2][..., 0], [self.model.geom(name).id for name in FLAT])
        flat &= theirs[2][..., 1] == int(mujoco.mjtObj.mjOBJ_GEOM)
        self.assertLess(error[inside & same & flat].max(initial=0), 1e-5)
        self.assertLess(np.median(error[inside & same & ~flat]), 1e-3)
        self.assertLess(np.percentile(error[inside & same & ~flat], 99), 4e-3)
        nothing = theirs[2][..., 0] == -1
        np.testing.assert_allclose(ours[1][nothing & same], theirs[1][nothing & same], rtol=1e-4)
        self.assertGreater(decibels(theirs[0], ours[0]), decibels_at_least)
        return ours

    def test_cameras(self):
        for camera in (-1, "front", "side", 2):
            with self.subTest(camera):
                self.compare(camera)

    def test_cameras_of_users(self):
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:], camera.distance, camera.azimuth, camera.elevation = (0, 0, 0.4), 2.5, 150, -20
        self.compare(camera)
        camera.type, camera.trackbodyid = mujoco.mjtCamera.mjCAMERA_TRACKING, self.model.body("free").id
        self.compare(camera)
        camera.type, camera.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, 1
        self.compare(camera)

    def test_options(self):
        option = mujoco.MjvOption()
        option.geomgroup[:] = 0, 0, 0, 0, 1, 0
        self.compare("front", option)
        option = mujoco.MjvOption()
        option.sitegroup[:] = 0
        option.flags[mujoco.mjtVisFlag.mjVIS_TENDON] = 0
        option.flags[mujoco.mjtVisFlag.mjVIS_TEXTURE] = 0
        self.compare("front", option)
        option.flags[mujoco.mjtVisFlag.mjVIS_STATIC] = 0
        option.flags[mujoco.mjtVisFlag.mjVIS_TRANSPARENT] = 1
        self.compare("side", option, 33.0)

    def test_changes_of_the_model(self):
        model, data = load()
        with mujoco.Renderer(model, HEIGHT, WIDTH) as theirs, Renderer(model, HEIGHT, WIDTH) as ours:
            model.geom("ball").rgba[:] = 0.1, 0.2, 1, 1
            model.geom("box").size[:] = 0.3, 0.2, 0.1
            model.light("top").diffuse[:] = 0.2
            model.vis.headlight.ambient[:] = 0.3
            for renderer in (theirs, ours):
                renderer.update_scene(data, "side")
            self.assertGreater(decibels(theirs.render(), ours.render()), 36)

    def test_nothing_is_told_of_a_plain_scene(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error", NotDrawnWarning)
            with Renderer(self.model, 32, 32) as renderer:
                renderer.update_scene(self.data, "front", mujoco.MjvOption())
                renderer.render()

    def test_joint_positions_as_states(self):
        model = Model.from_mujoco(self.model)
        self.assertEqual(model.nq, self.model.nq)
        rows = np.tile(self.model.qpos0, (3, 1))
        rows[:, 0] = 0.5, -1, 1.5
        datas = []
        for row in rows:
            data = mujoco.MjData(self.model)
            data.qpos[:] = row
            mujoco.mj_forward(self.model, data)
            datas.append(data)
        channels = ("rgb", "depth", "segmentation")
        by_qpos = model.render(rows, ["front", "chase"], channels=channels, width=WIDTH, height=HEIGHT)
        by_data = model.render(cameras=["front", "chase"], states=datas, channels=channels, width=WIDTH, height=HEIGHT)
        for name in channels:
            self.assertEqual(by_qpos[name].shape[:2], (3, 2))
            np.testing.assert_array_equal(by_qpos[name], by_data[name])
        self.theirs.update_scene(datas[1], "chase")
        _, depth, segmentation = pictures(self.theirs)
        inside = ~edges(segmentation) & (segmentation[..., 0] >= 0)
        glass = (segmentation[..., 0] == self.model.geom("pane").id) & (segmentation[..., 1] == 5)  # seen through here
        error = np.abs(by_data["depth"][1, 1] / depth - 1)[inside & ~glass]
        self.assertLess(np.median(error), 1e-3)
        places = model.scene.node_to_world(model.pose(rows[2]))
        np.testing.assert_allclose(places[model.node("geom", "box"), :3, 3], datas[2].geom("box").xpos, atol=1e-12)

    def test_errors_are_those_of_mujoco(self):
        for renderer in (self.theirs, self.ours):
            for camera in ("nowhere", 3, -2):
                with self.assertRaises(ValueError):
                    renderer.update_scene(self.data, camera)
            renderer.update_scene(self.data)
            with self.assertRaises(ValueError):
                renderer.render(out=np.zeros((3, 3, 3), np.uint8))
            closed = type(renderer)(self.model, 32, 32)
            closed.close()
            with self.assertRaises(RuntimeError):
                closed.render()


if __name__ == "__main__":
    unittest.main()
