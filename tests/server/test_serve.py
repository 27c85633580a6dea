#!/usr/bin/env python3
"""`calotype serve` as a user meets it: test_serve.py TOOL DESCRIPTORS. Needs grpcio, and a build with libmujoco."""
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import numpy as np
    from support import Client, Messages, Server, grpc
except (ImportError, unittest.SkipTest) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOOL, DESCRIPTORS = map(os.path.abspath, sys.argv[1:3])
del sys.argv[1:3]
MESSAGES = Messages(DESCRIPTORS)

MODEL = """<mujoco model="arm">
  <asset><material name="red" rgba="0.9 0.1 0.1 1"/></asset>
  <worldbody>
    <light pos="0 0 3" dir="0 0 -1"/>
    <camera name="front" pos="0 -2 0.5" xyaxes="1 0 0 0 0 1"/>
    <camera name="above" pos="0 0 3"/>
    <geom name="floor:plane" type="box" size="1 1 0.01" pos="0 0 -0.5" rgba="0.5 0.5 0.5 1"/>
    <body name="arm">
      <joint name="shoulder" type="hinge" axis="0 1 0"/>
      <geom name="arm:upper" type="capsule" fromto="0 0 0 0.5 0 0" size="0.08" material="red"/>
      <body name="hand" pos="0.5 0 0">
        <joint name="slide" type="slide" axis="1 0 0"/>
        <geom name="hand:palm" type="box" size="0.1 0.1 0.1"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""
CONFIG = {"components": [
    {"type": "CameraRandomizer", "name": "cameras", "config": {"enumProperties": {"mode": "Jitter"},
                                                               "floatProperties": {"position_radius": 0.1}}},
    {"type": "MaterialRandomizer", "name": "materials", "config": {}},
]}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="calotype-test-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.model = cls.write("arm.xml", MODEL)
        cls.write("arm.mapping", "slide, 3\nshoulder, 1\n")
        cls.write("config.json", json.dumps(CONFIG))
        info = subprocess.run([TOOL, "info", cls.model], capture_output=True, text=True, check=False)
        if info.returncode == 5:
            raise unittest.SkipTest("this build has no libmujoco")

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, *arguments, program=(TOOL, "serve"), **more):
        server = Server([*program, *arguments], cwd=self.folder, **more)
        self.addCleanup(self.end, server)
        self.assertIsNotNone(server.port, (server.complaint, server.log))
        return server

    @staticmethod
    def end(server):
        if server.process.poll() is None:
            server.process.kill()
            server.stop()

    def client(self, server):
        client = Client(MESSAGES, server.target)
        self.addCleanup(client.close)
        return client

    def tool(self, *arguments):
        return subprocess.run([TOOL, "serve", *arguments], capture_output=True, text=True, check=False, timeout=60,
                              cwd=self.folder)


def request(qpos, cameras=("front", "above"), size=48, **more):
    made = MESSAGES["orrb.RenderBatchRequest"](width=size, height=size, camera_names=cameras, **more)
    for row in qpos:
        made.entries.add(qpos=row)
    return made


def pictures(reply):
    return {(stream.name, state): (entry.image_data, entry.depth_data, entry.normals_data, entry.segmentation_data)
            for stream in reply.streams for state, entry in enumerate(stream.entries)}


ALL = {"render_depth": True, "render_normals": True, "render_segmentation": True}
ROWS = [[0, 0.3 * i, 0, 0.05 * i] for i in range(6)]


class Serving(Case):
    def test_states_move_what_is_seen(self):
        client = self.client(self.start(self.model))
        reply = client.render(request([[0, 0], [0, 0.3], [1.2, 0]], size=96, **ALL))
        masks = [np.frombuffer(entry.segmentation_data, np.uint8).reshape(96, 96) for entry in
                 reply.streams[1].entries]
        self.assertEqual(set(np.unique(masks[0])), {0, 1, 2, 3})  # arm, floor, hand, sorted
        columns = [np.nonzero(mask == 3)[1].mean() for mask in masks]
        self.assertGreater(columns[1], columns[0] + 3)
        self.assertLess(columns[2], columns[0] - 3)
        color = np.frombuffer(reply.streams[0].entries[0].image_data, np.uint8).reshape(96, 96, 3)
        front = np.frombuffer(reply.streams[0].entries[0].segmentation_data, np.uint8).reshape(96, 96)
        red, green, _ = color[front == 1].mean(axis=0)
        self.assertGreater(red, 2 * green)
        self.assertGreater(red, 30)

    def test_bottom_up_and_top_down(self):
        client = self.client(self.start(self.model))
        up = client.render(request([[0.5, 0]], **ALL, channels=["normal"])).streams[0].entries[0]
        down = client.render(request([[0.5, 0]], **ALL, channels=["normal"], rows_top_down=True)).streams[0].entries[0]
        for a, b, shape in ((up.image_data, down.image_data, (48, 144)),
                            (up.segmentation_data, down.segmentation_data, (48, 48)),
                            (up.planes[0].data, down.planes[0].data, (48, 576))):
            a, b = (np.frombuffer(data, np.uint8).reshape(shape) for data in (a, b))
            self.assertTrue(np.array_equal(a[::-1], b))
            self.assertFalse(np.array_equal(a, b))

    def test_same_seed_same_bits(self):
        """Whatever the batch, the server and its threads."""
        arguments = (self.model, "--mapping", "arm.mapping", "--randomize", "config.json")
        whole = pictures(self.client(self.start(*arguments, "--threads", "3")).render(
            request(ROWS, batch_seed=40, **ALL)))
        client = self.client(self.start(*arguments, "--threads", "1"))
        for state, row in enumerate(ROWS):
            alone = pictures(client.render(request([row], batch_seed=40 + state, **ALL)))
            for camera in ("front", "above"):
                self.assertEqual(alone[camera, 0], whole[camera, state])
        self.assertNotEqual(whole["front", 0][0], pictures(client.render(request(ROWS[:1], batch_seed=9, **ALL)))
                            ["front", 0][0])

    def test_what_render_shows(self):
        from PIL import Image
        self.write("row.csv", "0.3, 0.05\n")
        done = subprocess.run([TOOL, "render", self.model, "--qpos", "row.csv", "--camera", "front", "--size", "64",
                               "-o", "rendered"], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = [os.path.join(root, name) for root, _, names in os.walk(os.path.join(self.folder, "rendered"))
                 for name in names if name.endswith(".png")]
        self.assertEqual(len(files), 1, files)
        entry = self.client(self.start(self.model)).render(
            request([[0.3, 0.05]], ("front",), 64, rows_top_down=True, render_alpha=True)).streams[0].entries[0]
        with Image.open(files[0]) as picture:
            self.assertEqual(picture.tobytes(), entry.image_data)

    def test_shapes_that_a_configuration_adds(self):
        """To a MuJoCo model, too."""
        self.write("shapes.json", json.dumps({"calotype": 1, "components": [
            {"type": "distractors", "count": [8, 8], "size": [0.3, 0.3], "distance": [0.3, 0.5]}]}))
        client = self.client(self.start(self.model, "--randomize", "shapes.json"))
        planes = [stream.entries[state].planes[0].data for stream in
                  client.render(request([[0, 0]] * 4, size=96, channels=["instance_id"])).streams for state in range(4)]
        seen = [set(np.unique(np.frombuffer(plane, "<u4"))) for plane in planes]
        self.assertGreater(max(max(ids) for ids in seen), 3)  # the model has three geoms
        self.assertNotEqual(seen[0], seen[1])

    def test_update(self):
        client = self.client(self.start(self.model, "--randomize", "config.json"))
        before = pictures(client.render(request([[0, 0]], batch_seed=3)))
        update = MESSAGES["orrb.UpdateRequest"]()
        update.components.add(name="cameras").config.float_properties["position_radius"] = 0.8
        self.assertEqual(list(client.update(update).errors), [])
        self.assertNotEqual(pictures(client.render(request([[0, 0]], batch_seed=3))), before)
        update.components[0].config.float_properties["position_radius"] = 0.1
        self.assertEqual(list(client.update(update).errors), [])
        self.assertEqual(pictures(client.render(request([[0, 0]], batch_seed=3))), before)
        update.components[0].name = "nothing"
        self.assertIn("nothing", client.update(update).errors[0])

    def test_sentences(self):
        client = self.client(self.start(self.model))
        for made, word in ((request([[0, 0]], ("nose",)), "front"), (request([[0, 0, 0]]), "3"),
                           (request([[]]), "qpos")):
            with self.assertRaises(grpc.RpcError) as caught:
                client.render(made)
            self.assertEqual(caught.exception.code().name, "INVALID_ARGUMENT", caught.exception.details())
            self.assertIn(word, caught.exception.details())


class Lifetime(Case):
    def test_a_signal_lets_requests_end(self):
        server = self.start(self.model)
        client = self.client(server)
        future = client.render_future(request([[0, 0]] * 20, size=200), timeout=60)
        while not any("listening" in line for line in server.log):
            time.sleep(0.01)
        time.sleep(0.1)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(len(future.result().streams[0].entries), 20)
        status, log = server.stop()
        self.assertEqual(status, 0, log)
        self.assertIn("draining", log)

    def test_a_second_signal_does_not(self):
        server = self.start(self.model, "--threads", "1")
        client = self.client(server)
        client.render_future(request([[0, 0]] * 400, size=400), timeout=60)
        time.sleep(0.5)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        started = time.time()
        server.process.send_signal(signal.SIGINT)
        status, _ = server.stop()
        self.assertLess(time.time() - started, 5)
        self.assertIn(status, (0, 130))

    def test_parent(self):
        parent = subprocess.Popen(["sleep", "60"])
        server = self.start(self.model, "--parent-pid", str(parent.pid))
        time.sleep(0.2)
        self.assertIsNone(server.process.poll())
        parent.kill()
        started = time.time()
        self.assertEqual(server.process.wait(timeout=10), 0)
        self.assertLess(time.time() - started, 5)
        parent.wait()
        server.stop()
        self.assertEqual(self.tool(self.model, "--parent-pid", str(parent.pid)).returncode, 3)

    def test_log_and_token(self):
        with open(os.path.join(self.folder, "token"), "w", encoding="utf-8") as file:
            file.write("open sesame\n")
        server = self.start(self.model, "--token", "token", "--log-format", "json", "--log-file", "log.txt")
        client = self.client(server)
        with self.assertRaises(grpc.RpcError):
            client.render(request([[0, 0]]))
        client.render(request([[0, 0]]), metadata=[("authorization", "Bearer open sesame")])
        server.process.terminate()
        self.assertEqual(server.stop(), (0, ""))
        with open(os.path.join(self.folder, "log.txt"), encoding="utf-8") as file:
            events = [json.loads(line)["event"] for line in file]
        self.assertEqual(events, ["listening", "refused", "rendered", "draining", "stopped"])


class Commands(Case):
    def test_sentences(self):
        os.symlink("nowhere", os.path.join(self.folder, "link"))
        for arguments, code, word in (
                ((), 2, "which scene"), (("a.xml", "b.xml"), 2, "one scene"), (("none.xml",), 3, "none.xml"),
                ((self.model, "--randomize", "none.json"), 3, "none.json"), ((self.model, "--prot", "1"), 2, "--port"),
                ((self.model, "--port", "70000"), 2, "65535"), ((self.model, "--host", "no.host.invalid"), 7, "no.host"),
                ((self.model, "--tls-cert", "arm.xml"), 2, "both"),
                ((self.model, "--log-file", "link"), 7, "link"),
                (("--main.mode=Interactive",), 5, "no window"), (("--main.mode", "interactive"), 5, "no window"),
                (("--flags.file=x",), 5, "flags"), (("--main.model_xml_path",), 2, "needs a value")):
            with self.subTest(arguments=arguments):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(word, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_help(self):
        for arguments in (["serve", "--help"], ["help", "serve"]):
            done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("--install-orrb DIR", done.stdout)

    def test_orrbs_command_line(self):
        """As its client writes it, through what --install-orrb has written."""
        folder = os.path.join(self.folder, "it's here")
        done = self.tool("--install-orrb", folder)
        script = os.path.join(folder, f"StandaloneRenderer-{platform.system()}-{platform.machine()}-20190514", "run.sh")
        self.assertEqual((done.returncode, done.stdout), (0, script + "\n"), done.stderr)
        log = os.path.join(self.folder, "orrb.log")
        flags = {"render_server.host": "127.0.0.1", "render_server.port": "0", "render_server.workers_count": "4",
                 "render_server.queues_count": "4", "render_server.streams_count": "4", "main.mode": "Server",
                 "main.model_xml_path": "arm.xml", "main.model_mapping_path": "arm.mapping",
                 "main.renderer_config_path": "config.json", "main.asset_basedir": self.folder,
                 "main.parent_pid": str(os.getpid())}
        for joined in (True, False):
            words = [f"--{name}={value}" if joined else word for name, value in flags.items()
                     for word in ((None,) if joined else (f"--{name}", value))]
            server = self.start("-logFile", log, *words, "-batchmode", "-screen-width", "10", "--recorder.batch_size=3",
                                program=(script,), env={**os.environ, "DISPLAY": ":0.0"})
            reply = self.client(server).render(request(ROWS))
            self.assertEqual([len(stream.entries) for stream in reply.streams], [6, 6])
            server.process.terminate()
            self.assertEqual(server.stop(), (0, ""))
        with open(log, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count(" listening "), 2)
        self.assertIn("--recorder.batch_size", text)

    def test_other_scenes(self):
        path = os.path.join(self.folder, "triangle.obj")
        with open(path, "w", encoding="utf-8") as file:
            file.write("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
        client = self.client(self.start(path))
        with self.assertRaises(grpc.RpcError) as caught:
            client.render(request([[]], ("front",)))
        self.assertEqual(caught.exception.code().name, "INVALID_ARGUMENT")
        self.assertIn("front", caught.exception.details())


if __name__ == "__main__":
    unittest.main()
