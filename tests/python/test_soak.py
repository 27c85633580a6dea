"""Memory: scenes, renderers and every function of the extension leave nothing behind."""
from __future__ import annotations

import ctypes
import gc
import os
import sys
import unittest

import numpy as np

import calotype
from calotype import _calotype, cameras
from calotype.mujoco import Model, Renderer

import mujoco_stand_in as stand_in
import sample

sys.path.insert(0, str(sample.ROOT / "bench"))
import soak  # noqa: E402

CALLS = int(os.environ.get("CALOTYPE_LEAK_CALLS", "400"))


class HeapSizes(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                                                     "uordblks", "fordblks", "keepcost")]


def heap_bytes():
    """What malloc has given out and not got back."""
    tell = ctypes.CDLL(None).mallinfo2
    tell.restype = HeapSizes
    sizes = tell()
    return sizes.uordblks + sizes.hblkhd


class Soak(unittest.TestCase):
    def test_memory_is_flat(self):
        run = soak.Soak(seconds=12, every_seconds=0.25)
        self.assertGreater(run.renders, 20)
        self.assertLess(run.growth, run.allowed, [round(size / 2**20) for _, size in run.samples])


class Leaks(unittest.TestCase):
    """The same call again and again: neither memory nor references may grow."""

    @classmethod
    def setUpClass(cls):
        cls.scene = sample.quad()
        cls.renderer = calotype.Renderer("cpu", 1)
        cls.prepared = cls.renderer.prepare(cls.scene)
        cls.views = sample.above(width=4, height_pixels=4)

    def flat(self, name, function, calls=CALLS):
        watched = (None, True, False, self.scene._handle, self.renderer._handle, self.prepared._handle, self.views.rows,
                   np.ndarray, calotype.ArgumentError, type(self.scene._handle), type(self.prepared._handle),
                   type(self.renderer._handle))
        for _ in range(calls // 4):
            function()
        # What is kept once (caches that fill, over some hundred calls) is not kept again: a leak shows in every round.
        for _ in range(10):
            references, blocks, heap = self.growth(watched, function, calls)
            # A leak of one reference a call is `calls`; other parts of Python keep a few.
            if references < calls // 2 + 5 and blocks < calls // 4 + 20 and heap < calls * 16 + (32 << 10):
                return
        self.fail(f"{name}: {calls} calls leave {references} references, {blocks} objects of Python's and {heap} bytes of "
                  "the C heap behind")

    @staticmethod
    def growth(watched, function, calls):
        """By how much references, Python's blocks and the C heap grow."""
        gc.collect()
        references = [sys.getrefcount(thing) for thing in watched]
        blocks, heap = sys.getallocatedblocks(), heap_bytes()
        for _ in range(calls):
            function()
        gc.collect()
        more = [abs(sys.getrefcount(thing) - before) for thing, before in zip(watched, references)]
        return max(more), sys.getallocatedblocks() - blocks, heap_bytes() - heap

    def refused(self, function, *arguments, **keywords):
        def call():
            try:
                function(*arguments, **keywords)
            except calotype.Error:
                return
            raise AssertionError("nothing was raised")
        return call

    def test_scenes(self):
        data = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
        self.flat("from_bytes", lambda: calotype.Scene.from_bytes(data, "a.obj", threads=1), CALLS // 8)
        self.flat("bad bytes", self.refused(calotype.Scene.from_bytes, b"glTF1234"))
        self.flat("bad path", self.refused(calotype.Scene.load, "\udcff"))
        self.flat("bad limits", self.refused(_calotype.load, "a", 1, (1, 2)))
        self.flat("no file", self.refused(calotype.Scene.load, "nowhere"))
        self.flat("describe", self.scene._handle.describe)
        self.flat("statistics", self.scene._handle.statistics)
        self.flat("bounds", self.scene.bounds)
        self.flat("node_to_world", self.scene.node_to_world)
        self.flat("bad pose", self.refused(self.scene._handle.bounds, (0, 0.0, 3, None, np.zeros(1, np.uint32), None, None)))
        self.flat("moved", lambda: self.scene.bounds(calotype.Pose(nodes={0: np.eye(4)}, fit="unit_cube")))
        self.flat("no cameras", self.refused(self.scene.camera_views))

    def test_builders(self):
        self.flat("build", sample.quad, CALLS // 4)
        bad = np.full((4, 3), np.nan, np.float32)
        self.flat("not finite", self.refused(sample.quad, tangents=np.full((4, 4), np.nan)), CALLS // 4)
        self.flat("bad part", self.refused(_calotype.build, "x", 0, 0, 0, (((bad,),), (), (), (), (), (), (), ())))
        self.flat("no parts", self.refused(_calotype.build, "x", 0, 0, 0, ((), ())))
        self.flat("bad name", self.refused(_calotype.build, "\ud800", 0, 0, 0, ()))

    def test_pictures(self):
        picture = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n" + bytes([128, 0, 64, 129] * 2)

        def allocate(height, width, components, is_float):
            return np.empty((height, width, components), np.float32 if is_float else np.uint8)
        self.flat("decode", lambda: _calotype.decode_image(picture, "a", allocate))
        self.flat("bad picture", self.refused(_calotype.decode_image, b"?", "a", allocate))
        self.flat("bad array", self.refused(_calotype.decode_image, picture, "a", lambda *unused: None))

    def test_cameras(self):
        self.flat("preset", lambda: cameras.orbit(2, 8, 8))
        self.flat("no preset", self.refused(cameras.preset, "nobody"))
        self.flat("presets", cameras.presets, CALLS // 4)
        self.flat("look_at", lambda: cameras.look_at((1, 2, 3)))
        self.flat("no file", self.refused(cameras.load, "nowhere.json"))

    def test_renderers(self):
        self.flat("Renderer", lambda: calotype.Renderer("cpu", 1), CALLS // 4)
        self.flat("no backend", self.refused(calotype.Renderer, "teapot"))
        self.flat("closed", lambda: calotype.Renderer("cpu", 1).close(), CALLS // 4)
        self.flat("empty", lambda: type(self.renderer._handle)())
        self.flat("describe", lambda: self.renderer.threads)
        environment = np.ones((2, 4, 4), np.float32)
        lit = calotype.Lighting(environment=environment, lights=[calotype.Light()])
        self.flat("prepare", lambda: self.renderer.prepare(self.scene, lighting=lit), 16)  # which filters the picture
        self.flat("reuse", lambda: self.renderer.prepare(self.scene, reuse=self.prepared), CALLS // 4)
        self.flat("dark picture", self.refused(self.renderer.prepare, self.scene,
                                               lighting=calotype.Lighting(environment=environment * np.nan)))
        self.flat("bad light", self.refused(self.renderer.prepare, self.scene, lighting=calotype.Lighting(lights=[
            calotype.Light(direction=(0, 0, 0))])))

    def test_models_and_states(self):
        given, data, few = stand_in.model(), stand_in.data(), CALLS // 6
        model = Model.from_mujoco(given)
        look = {"components": [{"type": "CameraRandomizer", "name": "shake"}]}
        self.flat("model", lambda: Model.from_mujoco(given), few)
        self.flat("bad model", self.refused(Model.from_mujoco, stand_in.model(geom_bodyid=np.full(4, 9, np.int32))), few)
        self.flat("pose", lambda: model.scene.bounds(model.pose_of(data)), few)
        self.flat("states", lambda: calotype.States(model, look, threads=1), few)
        self.flat("bad states", self.refused(calotype.States, model, {"components": 3}), few)
        states = calotype.States(model, look, threads=1)
        self.flat("look", lambda: states.render(states=data, channels=("color", "segmentation"), width=8, height=8), few)
        self.flat("bad camera", self.refused(states.render, cameras="nowhere", states=data), few)
        renderer = Renderer(given, 8, 8, threads=1)

        def show():
            renderer.update_scene(data, 0)
            renderer.render()
        self.flat("stand-in for MuJoCo's renderer", show, CALLS // 4)  # numpy's caches of small arrays fill slowly

    def test_rendering(self):
        draw, prepared, views = self.renderer.render, self.prepared, self.views
        out = draw(prepared, views)
        self.flat("render", lambda: draw(prepared, views))
        self.flat("into", lambda: draw(prepared, views, out=out))
        self.flat("scene", lambda: draw(self.scene, views))
        self.flat("colors", lambda: draw(prepared, views, node_colors={0: (1, 2, 3)}))
        self.flat("progress", lambda: draw(prepared, views, progress=lambda *unused: None))
        self.flat("bad samples", self.refused(draw, prepared, views, samples=3))
        self.flat("bad out", self.refused(draw, prepared, views, out={"color": np.zeros(1)}))
        self.flat("bad node", self.refused(draw, prepared, views, node_colors={9: (1, 2, 3)}))
        self.flat("bad prepared", self.refused(draw, [prepared] * 3, views))

        def stop(done, total):
            raise calotype.CancelledError("enough")
        self.flat("stopped", self.refused(draw, prepared, views, progress=stop))


if __name__ == "__main__":
    unittest.main()
