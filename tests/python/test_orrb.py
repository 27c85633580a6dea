"""calotype.orrb against a server of the tests' own (fake_orrb.py): pictures, errors, servers that die, what is left behind."""
from __future__ import annotations

import gc
import logging
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

import numpy as np

import calotype
from calotype import orrb
from calotype.orrb import utils

import fake_orrb

try:
    from calotype import _remote
except ImportError:
    _remote = None

HERE = os.path.dirname(os.path.abspath(__file__))
QPOS = np.arange(12.0).reshape(3, 4)
KINDS = {"": "color", "_depth": "depth", "_normals": "normals", "_segmentation": "segmentation"}


def configured(**values):
    config = orrb.RemoteRendererConfig()
    config.camera_names, config.image_width, config.image_height = ["left", "top"], 8, 6
    config.render_depth = config.render_normals = config.render_segmentation = True
    for name, value in values.items():
        assert hasattr(config, name), name
        setattr(config, name, value)
    return config


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children():
    """Processes that this one has started and that are not gone."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                state, parent = file.read().rsplit(")", 1)[1].split()[:2]
        except (OSError, ValueError):
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(entry))
    return found


def is_alive(process_id):
    try:
        with open(f"/proc/{process_id}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(what, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Base(unittest.TestCase):
    def check_pictures(self, result, seeds, version=0, suffixes=tuple(KINDS)):
        for camera in ("left", "top"):
            for suffix in suffixes:
                pictures = result[camera + suffix]
                wanted = [fake_orrb.expected(camera, qpos, seed, 6, 8, KINDS[suffix], version)
                          for qpos, seed in zip(result["qpos"], seeds)]
                self.assertEqual(pictures.dtype, wanted[0].dtype)
                np.testing.assert_array_equal(pictures, wanted, f"{camera}{suffix}")

    def assert_fails(self, words, function, *arguments):
        with self.assertRaises(orrb.RendererError) as caught:
            function(*arguments)
        self.assertIn(words, str(caught.exception))
        return caught.exception


@unittest.skipIf(_remote is None, "built without the client of render servers")
@unittest.skipIf(fake_orrb.missing(), f"{fake_orrb.missing()} is missing")
class Running(Base):
    """Servers that others started."""

    def renderer(self, faults=(), token=None, servers=1, **values):
        ports = []
        for _ in range(servers):
            server, port = fake_orrb.start(0, faults, token)
            self.addCleanup(server.stop, 0)
            ports.append([0, port])
        made = orrb.RemoteRenderer("test", ports, configured(spawn_servers=False, **values))
        self.addCleanup(made.shutdown)
        made.start()
        return made

    def test_pictures(self):
        for memory in (None, True, False):
            with self.subTest(shared_memory=memory):
                renderer, before = self.renderer(shared_memory=memory), set(os.listdir("/dev/shm"))
                batch = {"qpos": QPOS, "seed": 5 + 2**31, "mine": "kept"}
                result = renderer.render_batch(batch)
                self.assertIs(result, batch)
                self.assertEqual(result["mine"], "kept")
                self.check_pictures(result, [5, 6, 7])
                for name in ("left", "left_depth", "top_normals", "top_segmentation"):
                    result[name][...] = 1  # as ORRB's, the pictures are the caller's
                self.assertFalse([name for name in set(os.listdir("/dev/shm")) - before if str(os.getpid()) in name])

    def test_streams(self):
        with self.assertLogs(level=logging.WARNING) as said:
            result = self.renderer(["uneven"]).render_batch(utils.build_batch(QPOS, 0))
        np.testing.assert_array_equal(result["tracker"], [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]])
        np.testing.assert_array_equal(result["drawn"], [[0], [-1], [-2]])
        np.testing.assert_array_equal(result["lit"], [[False], [True], [False]])
        self.assertEqual([result[name].dtype for name in ("tracker", "drawn", "lit")], [np.float64, np.int64, np.bool_])
        self.assertNotIn("uneven", result)
        self.assertIn("uneven", said.output[0])

    def test_seeds_win(self):
        result = self.renderer(render_alpha=True, render_depth=False, render_normals=False,
                               render_segmentation=False).render_batch({"qpos": QPOS, "seed": 1, "seeds": [9, 3, -4]})
        for camera in ("left", "top"):
            wanted = [fake_orrb.expected(camera, qpos, seed, 6, 8, "alpha") for qpos, seed in zip(QPOS, [9, 3, -4])]
            np.testing.assert_array_equal(result[camera], wanted)
        self.assertNotIn("left_depth", result)

    def test_channels(self):
        for memory in (True, False):
            result = self.renderer(channels=["normal", "position"], shared_memory=memory).render_batch(
                {"qpos": QPOS, "seed": 2})
            for name in ("left_normal", "top_position"):
                camera, channel = name.split("_")
                wanted = [fake_orrb.expected(camera, QPOS[i], 2 + i, 6, 8, channel) for i in range(3)]
                np.testing.assert_array_equal(result[name], wanted)

    def test_arrays_outlive_one_another(self):
        renderer = self.renderer()
        result = renderer.render_batch({"qpos": QPOS, "seed": 2})
        depth = result["left_depth"]
        wanted = depth.copy()
        del result
        renderer.shutdown()
        gc.collect()
        np.testing.assert_array_equal(depth, wanted)

    def test_a_server_of_orrb(self):
        """One that knows neither health nor what Calotype adds."""
        self.check_pictures(self.renderer(["plain"]).render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        self.assert_fails("'left_normal'", self.renderer(["plain"], channels=["normal"]).render_batch,
                          {"qpos": QPOS, "seed": 5})

    def test_shared_memory_of_another_machine(self):
        """As in a container: where nobody insists, pictures come in messages."""
        self.check_pictures(self.renderer(["elsewhere"]).render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        error = self.assert_fails("cannot be opened here", self.renderer(["elsewhere"], shared_memory=True).render_batch,
                                  {"qpos": QPOS, "seed": 5})
        self.assertEqual(error.code, "not-found")

    def test_errors(self):
        renderer = self.renderer()
        bad = {"qpos": QPOS, "seeds": [fake_orrb.REFUSE, 0, 0]}
        error = self.assert_fails("entry 0: the seed 1000000 is refused", renderer.render_batch, bad)
        self.assertEqual(error.code, "argument")
        self.assertIs(error.workload, bad)
        self.assertIsInstance(error, calotype.Error)
        self.assert_fails("bytes of 'left' for state 0", self.renderer(shared_memory=False).render_batch,
                          {"qpos": QPOS, "seeds": [fake_orrb.WRONG_SIZE, 0, 0]})
        for wrong, words in (({"qpos": QPOS}, "'seed' or 'seeds'"), ({"seed": 1}, "'qpos'"),
                             ({"qpos": QPOS[:0], "seed": 1}, "one state or more"), ({"qpos": QPOS[0], "seed": 1}, "shape"),
                             ({"qpos": QPOS, "seeds": [1, 2]}, "3 integers"),
                             ({"qpos": QPOS, "seeds": [1, 2, 2**31]}, "32 bits"), ({"qpos": "x", "seed": 1}, "float")):
            self.assert_fails(words, renderer.render_batch, wrong)
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])

    def test_queue(self):
        renderer, results = self.renderer(servers=2), queue.Queue()
        for seed in range(20):
            bad = seed % 5 == 3
            renderer.render_batch_async(
                {"qpos": QPOS, "seeds": [fake_orrb.REFUSE if bad else seed] * 3, "seed": seed}, results)
        seen = []
        for _ in range(20):
            result = results.get(timeout=30)
            results.task_done()
            if isinstance(result, orrb.RendererError):
                self.assertRaises(orrb.RendererError, utils.check_result, result)
                seen.append(result.workload["seed"])
            else:
                self.check_pictures(utils.check_result(result), [result["seed"]] * 3)
                seen.append(result["seed"])
        self.assertEqual(sorted(seen), list(range(20)))

    def test_a_queue_that_throws(self):
        class Broken:
            def put(self, item):
                raise RuntimeError("full")
        renderer = self.renderer()
        with self.assertLogs(level=logging.ERROR):
            renderer.render_batch_async({"qpos": QPOS, "seed": 5}, Broken())
            renderer.render_batch({"qpos": QPOS, "seed": 5})

    def test_deadline(self):
        renderer = self.renderer(deadline_seconds=0.3)
        self.assert_fails("did not answer in time", renderer.render_batch, {"qpos": QPOS, "seeds": [fake_orrb.HANG, 0, 0]})
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])

    def test_update(self):
        renderer = self.renderer()
        config = renderer.mutable_renderer_config()
        config.components.add(type="CameraRandomizer").config.float_properties["version"] = 2
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        renderer.update(config)
        config.components[0].config.float_properties["version"] = 3  # too late: it was copied
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7], version=2)
        renderer.mutable_renderer_config().components[0].type = "Unknown"
        renderer.update(renderer.mutable_renderer_config())
        for _ in range(2):
            self.assert_fails("component Unknown is not known", renderer.render_batch, {"qpos": QPOS, "seed": 5})

    def test_token(self):
        self.check_pictures(self.renderer(token=None).render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        server, port = fake_orrb.start(0, token="abc")
        self.addCleanup(server.stop, 0)
        for token, right in (("abc", True), ("abd", False), (None, False)):
            renderer = orrb.RemoteRenderer("test", [[0, f"127.0.0.1:{port}"]], configured(spawn_servers=False, token=token))
            self.addCleanup(renderer.shutdown)
            if right:
                renderer.start()
                self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
            else:
                self.assert_fails("a token is needed", renderer.start)
        self.assert_fails("letters, digits", orrb.RemoteRenderer(
            "test", [[0, port]], configured(spawn_servers=False, token="a b")).start)

    def test_nobody_answers(self):
        renderer = orrb.RemoteRenderer("test", [[0, free_port()]],
                                       configured(spawn_servers=False, start_deadline_seconds=0.3))
        self.assert_fails("no render server answers", renderer.start)

    def test_order_of_calls(self):
        renderer = orrb.RemoteRenderer("test", [[0, 1]], configured(spawn_servers=False))
        self.assert_fails("call start() first", renderer.render_batch, {"qpos": QPOS, "seed": 5})
        waiting = queue.Queue()
        renderer.render_batch_async({"qpos": QPOS, "seed": 5}, waiting)
        renderer.shutdown()
        self.assertIn("was shut down", str(waiting.get(timeout=1)))
        self.assert_fails("is shut down", renderer.render_batch_async, {"qpos": QPOS, "seed": 5}, waiting)
        started = self.renderer()
        self.assert_fails("started already", started.start)
        started.shutdown()
        started.shutdown()
        self.assertFalse([thread for thread in threading.enumerate() if thread.name.startswith("orrb")])

    def test_shutdown_lets_batches_finish(self):
        renderer, results = self.renderer(deadline_seconds=1.0), queue.Queue()
        for seed in (fake_orrb.HANG, 1, 2):
            renderer.render_batch_async({"qpos": QPOS, "seeds": [seed] * 3}, results)
        time.sleep(0.2)
        renderer.shutdown()
        told = [str(results.get(timeout=1)) for _ in range(3)]
        self.assertIn("did not answer in time", told[0])
        self.assertIn("was shut down", told[1])
        self.assertIn("was shut down", told[2])

    def test_forgotten(self):
        server, port = fake_orrb.start(0)
        self.addCleanup(server.stop, 0)
        results = queue.Queue()
        renderer = orrb.RemoteRenderer("test", [[0, port]], configured(spawn_servers=False))
        renderer.start()
        renderer.render_batch_async({"qpos": QPOS, "seeds": [fake_orrb.HANG] * 3}, results)
        time.sleep(0.2)
        started = time.monotonic()
        del renderer
        gc.collect()
        self.assertLess(time.monotonic() - started, 5)
        self.assertFalse([thread for thread in threading.enumerate() if thread.name.startswith("orrb")])
        self.assertIn("was shut down", str(results.get(timeout=1)))


@unittest.skipIf(_remote is None, "built without the client of render servers")
@unittest.skipIf(fake_orrb.missing(), f"{fake_orrb.missing()} is missing")
class Spawned(Base):
    """Servers that the renderer starts: CALOTYPE names the fake one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.program = os.path.join(self.folder, "calotype")
        self.write(self.program, f'#!/bin/sh\nexec {sys.executable} {HERE}/fake_orrb.py "$@"\n')
        self.environment = {"CALOTYPE": self.program, "FAKE_ORRB_MARKER": os.path.join(self.folder, "died"), "FAKE_ORRB": "",
                            "CALOTYPE_SOURCE_ROOT": fake_orrb.ROOT}
        for name in ("ORRB_BINARIES_DIR", "ORRB_VERSION_OVERRIDE", "ORRB_MINIMAL", "ORRB_DETACHED"):
            os.environ.pop(name, None)
        os.environ.update(self.environment)
        self.addCleanup(lambda: [os.environ.pop(name) for name in self.environment if name != "CALOTYPE_SOURCE_ROOT"])
        self.before = set(children())
        self.addCleanup(self.check_nothing_is_left)

    def check_nothing_is_left(self):
        self.assertEqual(set(children()) - self.before, set())
        self.assertFalse([thread for thread in threading.enumerate() if thread.name.startswith("orrb")])

    @staticmethod
    def write(path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def renderer(self, servers=1, start=True, **values):
        made = orrb.RemoteRenderer("test", [[0, free_port()] for _ in range(servers)], configured(**values))
        self.addCleanup(made.shutdown)
        if start:
            made.start()
        return made

    def test_starts_and_ends(self):
        renderer = self.renderer(servers=2)
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        started = set(children()) - self.before
        self.assertEqual(len(started), 2)
        renderer.shutdown()
        self.assertFalse([process for process in started if is_alive(process)])

    def test_port_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            renderer = orrb.RemoteRenderer("test", [[0, free_port()], [0, port]], configured())
            self.assert_fails(f"port {port} of 127.0.0.1 cannot be had", renderer.start)
        self.assert_fails("one port", orrb.RemoteRenderer, "test", [[0, port], [1, port]], configured())

    def test_server_does_not_start(self):
        os.environ["FAKE_ORRB"] = "broken"
        error = self.assert_fails("exit code 1", self.renderer(start=False).start)
        self.assertIn("fake: the model cannot be read", str(error))
        os.environ["FAKE_ORRB"] = "slow"
        self.assert_fails("no render server answers", self.renderer(start=False, start_deadline_seconds=0.5).start)
        os.environ["CALOTYPE"] = os.path.join(self.folder, "nothing")
        self.assert_fails("cannot be started", self.renderer(start=False).start)

    def test_server_dies(self):
        renderer = self.renderer()
        with self.assertLogs(level=logging.WARNING) as said:
            self.check_pictures(renderer.render_batch({"qpos": QPOS, "seeds": [5, 6, fake_orrb.DIE_ONCE]}),
                                [5, 6, fake_orrb.DIE_ONCE])
        self.assertIn("once more", said.output[0])
        error = self.assert_fails("went away", renderer.render_batch, {"qpos": QPOS, "seeds": [5, 6, fake_orrb.DIE]})
        self.assertEqual(error.code, "io")
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])

    def test_server_dies_between_batches(self):
        renderer = self.renderer()
        config = renderer.mutable_renderer_config()
        config.components.add(type="Any").config.float_properties["version"] = 4
        renderer.update(config)
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7], version=4)
        for process in set(children()) - self.before:
            os.kill(process, signal.SIGKILL)
        # The new server has been told of the update, too.
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7], version=4)

    def test_binaries_of_orrb(self):
        version = orrb.get_renderer_version()
        package = os.path.join(self.folder, f"StandaloneRenderer-{os.uname().sysname}-{os.uname().machine}-{version}")
        said = os.path.join(self.folder, "said")
        self.write(os.path.join(package, "run.sh"),
                   f'#!/bin/sh\necho "$DISPLAY $*" >{said}\nexec {sys.executable} {HERE}/fake_orrb.py "$@"\n')
        os.environ.update(ORRB_BINARIES_DIR=self.folder, ORRB_DISPLAY="7")
        self.addCleanup(lambda: [os.environ.pop(name) for name in ("ORRB_BINARIES_DIR", "ORRB_DISPLAY")])
        self.assertEqual(orrb.get_renderer_executable(version), os.path.join(package, "run.sh"))
        self.assertRaises(ValueError, orrb.get_renderer_executable, "1")
        self.assertRaises(ValueError, orrb.get_renderer_executable, None)
        renderer = orrb.RemoteRenderer("test", [[3, free_port()]], configured(renderer_version=version, workers_count=2))
        self.addCleanup(renderer.shutdown)
        renderer.start()
        self.check_pictures(renderer.render_batch({"qpos": QPOS, "seed": 5}), [5, 6, 7])
        renderer.shutdown()
        with open(said, encoding="utf-8") as file:
            words = file.read().split()
        self.assertEqual(words[:2], [":7.3", "-logFile"])
        self.assertIn("--render_server.workers_count=2", words)
        self.assertIn(f"--main.parent_pid={os.getpid()}", words)

    def test_arguments(self):
        config_path = os.path.join(self.folder, "a.json")
        self.write(config_path, "{}")
        renderer = self.renderer(start=False, asset_basedir=self.folder, renderer_config_path="a.json", model_xml_path="m.xml",
                                 model_mapping_path="m.mapping", queues_count=5)
        command = renderer.workers[0].leave_to_user().split()
        self.assertEqual(command[:2], [self.program, "serve"])
        for word in ("--render_server.host=127.0.0.1", "--render_server.queues_count=5", "--main.mode=Server",
                     "--main.model_xml_path=m.xml", "--main.model_mapping_path=m.mapping",
                     "--main.renderer_config_path=a.json", f"--main.asset_basedir={self.folder}"):
            self.assertIn(word, command)

    # ---- whole programs ----

    def run_program(self, body, kill=None):
        """Runs a program with a renderer; -> its process, the servers that it had started"""
        text = textwrap.dedent("""
            import os, sys, time
            sys.path.insert(0, sys.argv[1])
            import test_orrb, fake_orrb
            from calotype import orrb
            batch = {"qpos": test_orrb.QPOS, "seed": 5}
            hang = {"qpos": test_orrb.QPOS, "seeds": [fake_orrb.HANG] * 3}
            renderer = orrb.RemoteRenderer("test", [[0, test_orrb.free_port()]], test_orrb.configured())
            renderer.start()
            renderer.render_batch(batch)
            print(*test_orrb.children(), flush=True)
            """) + textwrap.dedent(body)
        program = subprocess.Popen([sys.executable, "-c", text, HERE], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.stderr.close)
        servers = [int(word) for word in program.stdout.readline().split()]
        self.assertEqual(len(servers), 1, "" if servers else program.stderr.read())
        if kill is not None:
            time.sleep(0.3)
            program.send_signal(kill)
        program.wait(30)
        self.assertTrue(wait_until(lambda: not any(map(is_alive, servers))), "a server is left")
        return program

    def test_program_ends_without_shutdown(self):
        self.assertEqual(self.run_program("").returncode, 0)

    def test_program_fails(self):
        self.assertEqual(self.run_program("raise ValueError('x')").returncode, 1)

    def test_program_ends_while_rendering(self):
        started = time.monotonic()
        self.assertEqual(self.run_program("""
            import queue
            renderer.render_batch_async(hang, queue.Queue())
            time.sleep(0.2)
            """).returncode, 0)
        self.assertLess(time.monotonic() - started, 25)

    def test_interrupt(self):
        program = self.run_program("""
            try:
                renderer.render_batch(hang)
            except KeyboardInterrupt:
                renderer.render_batch(batch)  # the server is still there, and free
                sys.exit(7)
            """, kill=signal.SIGINT)
        self.assertEqual(program.returncode, 7, program.stderr.read())

    def test_interrupt_ends_the_program(self):
        program = self.run_program("renderer.render_batch(hang)", kill=signal.SIGINT)
        self.assertIn("KeyboardInterrupt", program.stderr.read())

    def test_kill(self):
        self.assertEqual(self.run_program("renderer.render_batch(hang)", kill=signal.SIGKILL).returncode, -signal.SIGKILL)

    def test_forked_child_leaves_servers_alone(self):
        program = self.run_program("""
            child = os.fork()
            if child == 0:
                sys.exit(0)
            os.waitpid(child, 0)
            renderer.render_batch(batch)
            sys.exit(5 if len(test_orrb.children()) == 1 else 6)
            """)
        self.assertEqual(program.returncode, 5, program.stderr.read())


class Snippets(Base):
    """The README of ORRB's Python client, where it is at hand, with nothing but the import changed."""

    def test_snippets(self):
        assets = os.environ.get("CALOTYPE_ASSETS") or os.path.join(fake_orrb.ROOT, "..", "shared", "assets")
        folder = os.path.join(assets, "..", "seeds")
        pages = [os.path.join(folder, name) for name in os.listdir(folder)] if os.path.isdir(folder) else []
        page = next((text for text in map(self.read, pages) if "orrb.RemoteRendererConfig" in text), None)
        if page is None or _remote is None:
            self.skipTest("the page, or the client of render servers, is not here")
        if not os.path.exists(os.path.join(os.path.dirname(calotype.__file__), "..", "..", "src", "cli",
                                           "calotype-server")):
            self.skipTest("the render server is not here")
        self.addCleanup(os.environ.pop, "ORRB_ROOT", None)
        with tempfile.TemporaryDirectory() as root:
            os.symlink(os.path.join(os.path.abspath(assets), "orrb"), os.path.join(root, "assets"))
            os.environ["ORRB_ROOT"] = root
            self.run_page(page, np.loadtxt(os.path.join(assets, "orrb", "states", "qpos.csv"), delimiter=",", max_rows=2))

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def run_page(self, page, states):
        class Either(queue.Queue):  # the page calls both its queue and the module `queue`
            Queue = queue.Queue
        names = {"batch": {"qpos": states, "seed": 3}, "queue": Either()}
        blocks = re.findall(r"^``` ?python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 4)
        for block in blocks:
            block = block.replace("import orrb", "from calotype import orrb")
            exec(compile(block, "page", "exec"), names)  # pylint: disable=exec-used
            if "_build_renderer" in block:
                names["config"], names["renderer"] = names["_build_renderer"](1, 1, free_port())
        self.assertEqual(names["result"]["vision_cam_left"].shape, (2, 200, 200, 3))


if __name__ == "__main__":
    unittest.main()
