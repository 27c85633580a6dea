#!/usr/bin/env python3
"""The server's protocol, over an engine whose pictures are known: test_protocol.py FAKE_SERVER DESCRIPTORS."""
import io
import mmap
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
try:
    import numpy as np
    from support import Client, Messages, Server, grpc, open_files
except (ImportError, unittest.SkipTest) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM, DESCRIPTORS = map(os.path.abspath, sys.argv[1:3])
del sys.argv[1:3]
MESSAGES = Messages(DESCRIPTORS)
RGB, DEPTH, NORMALS, SEGMENTATION, COLOR = 64, 66, 67, 68, 0


def request(states=1, cameras=("left",), width=4, height=3, **more):
    made = MESSAGES["orrb.RenderBatchRequest"](width=width, height=height, camera_names=cameras)
    seconds = more.pop("seconds", 0)
    for _ in range(states):
        made.entries.add(qpos=[seconds, 2, 3, 4])
    for name, value in more.items():
        if isinstance(value, (list, tuple)):
            getattr(made, name).extend(value)
        else:
            setattr(made, name, value)
    return made


def expected(kind, camera, seed, size, more=0):
    first = kind * 31 + ["left", "right", "top"].index(camera) * 7 + seed + more
    return ((first + np.arange(size)) % 256).astype(np.uint8).tobytes()


class Case(unittest.TestCase):
    options = {}

    def start(self, **options):
        limit = options.pop("_limit", None)
        more = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))} if limit else {}
        server = Server([PROGRAM] + [f"{name}={value}" for name, value in options.items()], **more)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
        self.assertIsNotNone(server.port, server.complaint)
        return server

    def client(self, server, **more):
        client = Client(MESSAGES, server.target, **more)
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.server = self.start(**self.options)
        self.c = self.client(self.server)

    def tearDown(self):
        if self.server.process.poll() is None:
            status, log = self.server.stop()
            self.assertEqual(status, 0, log)

    def refused(self, code, call, *arguments, **more):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **more)
        self.assertEqual(caught.exception.code().name, code, caught.exception.details())
        return caught.exception.details()


class Bytes(Case):
    """What comes over the wire."""

    def test_pictures_of_every_camera_and_state(self):
        reply = self.c.render(request(3, ("right", "left"), batch_seed=10, render_depth=True, render_normals=True,
                                      render_segmentation=True))
        self.assertEqual([stream.name for stream in reply.streams], ["right", "left"])
        for stream in reply.streams:
            self.assertEqual(len(stream.entries), 3)
            for state, entry in enumerate(stream.entries):
                seed = 10 + state
                self.assertEqual(entry.image_data, expected(RGB, stream.name, seed, 36))
                self.assertEqual(entry.depth_data, expected(DEPTH, stream.name, seed, 48))
                self.assertEqual(entry.normals_data, expected(NORMALS, stream.name, seed, 144))
                self.assertEqual(entry.segmentation_data, expected(SEGMENTATION, stream.name, seed, 12))
                self.assertEqual(len(entry.planes), 0)

    def test_alpha_and_what_was_not_asked_for(self):
        entry = self.c.render(request(render_alpha=True)).streams[0].entries[0]
        self.assertEqual(entry.image_data, expected(COLOR, "left", 0, 48))
        self.assertEqual((entry.depth_data, entry.normals_data, entry.segmentation_data), (b"", b"", b""))

    def test_field_numbers_are_orrbs(self):
        raw = self.c.channel.unary_unary("/orrb.RenderService/RenderBatch")
        # entries {qpos packed {0, 0, 0, 0}, seed 5}, width 1, height 1, camera_names "top", use_entry_seeds, depth
        sent = bytes.fromhex("0a140a10" + "00" * 16 + "1005" + "1001" + "1801" + "2a03") + b"top" + b"\x38\x01\x48\x01"
        image, depth = expected(RGB, "top", 5, 3), expected(DEPTH, "top", 5, 4)
        entry = b"\x0a\x03" + image + b"\x12\x04" + depth
        stream = b"\x0a\x03top" + b"\x12" + bytes([len(entry)]) + entry
        floats = np.array([0, 0], "<f4").tobytes()
        tracker = b"\x0a\x07tracker\x12\x08" + floats
        self.assertEqual(raw(sent, timeout=30), b"\x0a" + bytes([len(stream)]) + stream +
                         b"\x22" + bytes([len(tracker)]) + tracker)

    def test_numbers_that_are_not_packed(self):
        sent = request().SerializeToString()
        packed = request().entries[0].SerializeToString()
        loose = b"".join(b"\x0d" + np.float32(v).tobytes() for v in (0, 2, 3, 4))
        self.assertIn(packed, sent)
        reply = self.c.render(sent.replace(b"\x0a" + bytes([len(packed)]) + packed,
                                           b"\x0a" + bytes([len(loose)]) + loose))
        self.assertEqual(len(reply.streams[0].entries), 1)

    def test_seeds(self):
        made = request(2, use_entry_seeds=True, batch_seed=9)
        made.entries[0].seed, made.entries[1].seed = -1, 7
        entries = self.c.render(made).streams[0].entries
        self.assertEqual(entries[0].image_data, expected(RGB, "left", 2 ** 32 - 1, 36))
        self.assertEqual(entries[1].image_data, expected(RGB, "left", 7, 36))

    def test_auxiliary_streams(self):
        reply = self.c.render(request(3, drawn_values=True))
        self.assertEqual([(s.name, list(s.data)) for s in reply.auxiliary_float_streams],
                         [("tracker", [0, 2, 0.25, 2, 0.5, 2])])
        self.assertEqual([(s.name, list(s.data)) for s in reply.auxiliary_int_streams], [("number", [-5, -6, -7])])
        self.assertEqual([(s.name, list(s.data)) for s in reply.auxiliary_bool_streams],
                         [("flag", [False, True, False])])
        reply = self.c.render(request(3))
        self.assertEqual(len(reply.auxiliary_float_streams), 1)
        self.assertEqual(len(reply.auxiliary_int_streams) + len(reply.auxiliary_bool_streams), 0)

    def test_planes(self):
        reply = self.c.render(request(2, ("top",), channels=["depth", "instance_id", "mask", "semantic",
                                                             "mujoco_segmentation"], rows_top_down=True))
        for state, entry in enumerate(reply.streams[0].entries):
            self.assertEqual([(p.name, p.dtype, list(p.shape)) for p in entry.planes],
                             [("depth", "<f4", [3, 4]), ("instance_id", "<u4", [3, 4]), ("mask", "|u1", [3, 4]),
                              ("semantic", "<u4", [3, 4]), ("mujoco_segmentation", "<i4", [3, 4, 2])])
            self.assertEqual(entry.planes[0].data, expected(1, "top", state + 100, 48))
            self.assertEqual(entry.planes[4].data, expected(69, "top", state + 100, 96))
            self.assertEqual(entry.image_data, expected(RGB, "top", state + 100, 36))

    def test_png(self):
        from PIL import Image
        reply = self.c.render(request(2, ("left", "top"), 40, 30, encoding=1, render_depth=True,
                                      render_segmentation=True, channels=["mask", "color", "normal"]))
        for stream in reply.streams:
            for state, entry in enumerate(stream.entries):
                for data, kind, mode in ((entry.image_data, RGB, "RGB"), (entry.segmentation_data, SEGMENTATION, "L"),
                                         (entry.planes[0].data, 4, "L"), (entry.planes[1].data, COLOR, "RGBA")):
                    picture = Image.open(io.BytesIO(data))
                    self.assertEqual((picture.mode, picture.size), (mode, (40, 30)))
                    self.assertEqual(picture.tobytes(),
                                     expected(kind, stream.name, state, 1200 * len(picture.getbands())))
                self.assertEqual(entry.depth_data, expected(DEPTH, stream.name, state, 4800))
                self.assertEqual(entry.planes[2].data, expected(2, stream.name, state, 14400))

    def test_large_reply(self):
        reply = self.c.render(request(40, ("left", "right", "top"), 200, 200, render_normals=True))
        for stream in reply.streams:
            for state, entry in enumerate(stream.entries):
                self.assertEqual(entry.image_data, expected(RGB, stream.name, state, 120000))
                self.assertEqual(entry.normals_data, expected(NORMALS, stream.name, state, 480000))

    def test_update_comes_between_requests(self):
        update = MESSAGES["orrb.UpdateRequest"]()
        update.components.add(name="offset", type="Any").config.int_properties["offset"] = 50
        before = self.c.render_future(request(seconds=0.3))
        time.sleep(0.1)
        self.assertEqual(list(self.c.update(update).errors), [])
        self.assertEqual(before.result().streams[0].entries[0].image_data, expected(RGB, "left", 0, 36))
        self.assertEqual(self.c.render(request()).streams[0].entries[0].image_data, expected(RGB, "left", 50, 36))

    def test_update_properties(self):
        for fill, offset in ((lambda c: c.vector3_properties["at"].MergeFrom(
                                  MESSAGES["orrb.Vector3"](x=3, y=2, z=1)), 123),
                             (lambda c: c.enum_properties.update({"mode": "Orbit"}), 5)):
            update = MESSAGES["orrb.UpdateRequest"]()
            fill(update.components.add(name="offset").config)
            self.assertEqual(list(self.c.update(update).errors), [])
            self.assertEqual(self.c.render(request()).streams[0].entries[0].image_data,
                             expected(RGB, "left", offset, 36))

    def values_update(self, count):
        update = MESSAGES["orrb.UpdateRequest"]()
        update.components.add(name="offset").config.float_properties["count"] = count
        return update

    def test_an_update_of_how_many_values_there_are(self):
        """Also one that comes between a request's arrival and its turn."""
        first = self.c.render_future(request(seconds=0.3))
        time.sleep(0.1)
        update = self.c.unary("/orrb.RenderService/Update", "orrb.UpdateResponse").future(self.values_update(500))
        time.sleep(0.1)
        second = self.c.render_future(request(20))
        self.assertEqual(list(update.result().errors), [])
        for reply, count, states in ((first.result(), 0, 1), (second.result(), 500, 20)):
            streams = {s.name: list(s.data) for s in reply.auxiliary_float_streams}
            self.assertEqual(streams["tracker"], [v for s in range(states) for v in (0.25 * s, 2)])
            self.assertEqual(streams.get("more", []), [100 * s + i for s in range(states) for i in range(count)])
        before = self.c.render_future(request(seconds=0.3))
        time.sleep(0.1)
        waits = self.c.render_future(request(20))
        self.assertEqual(list(self.c.update(self.values_update(3)).errors), [])
        self.assertEqual(len(before.result().auxiliary_float_streams), 2)
        self.assertEqual(len(waits.result().auxiliary_float_streams[1].data), 20 * 500)
        self.assertEqual(len(self.c.render(request(20)).auxiliary_float_streams[1].data), 20 * 3)

    def test_more_values_than_a_message_has(self):
        client = self.client(self.start(max_message_bytes=1 << 20))
        self.assertEqual(list(client.update(self.values_update(999)).errors), [])
        said = self.refused("INVALID_ARGUMENT", client.render, request(200, width=1, height=1))
        self.assertIn("200 states with 1003 values each", said)
        self.assertEqual(len(client.render(request(20, width=1, height=1)).auxiliary_float_streams[1].data), 19980)

    def test_update_of_an_unknown_component(self):
        update = MESSAGES["orrb.UpdateRequest"]()
        update.components.add(name="nothing")
        self.assertEqual(list(self.c.update(update).errors), ['there is no component "nothing": there is offset'])


class Shared(Case):
    """Pictures in shared memory."""

    options = {"shared_seconds": 1, "max_shared_bytes": 1 << 20}

    def test_pictures(self):
        reply = self.c.render(request(3, ("top", "left"), shared_memory=True, render_depth=True, channels=["uv"]))
        shared = reply.shared_memory
        with open("/dev/shm" + shared.name, "rb") as file:
            self.assertEqual(os.fstat(file.fileno()).st_mode & 0o777, 0o600)
            memory = mmap.mmap(file.fileno(), shared.size, prot=mmap.PROT_READ)
        os.unlink("/dev/shm" + shared.name)
        self.addCleanup(memory.close)
        for stream in reply.streams:
            first = stream.entries[0].image_offset
            for state, entry in enumerate(stream.entries):
                self.assertEqual((entry.image_data, entry.depth_data, entry.planes[0].data), (b"", b"", b""))
                self.assertEqual(entry.image_offset, first + 36 * state)  # one array a camera
                for offset, kind, size in ((entry.image_offset, RGB, 36), (entry.depth_offset, DEPTH, 48),
                                           (entry.planes[0].offset, 8, 96)):
                    self.assertGreater(offset, 0)
                    self.assertEqual(memory[offset:offset + size], expected(kind, stream.name, state, size))
        self.assertEqual(stream.entries[0].normals_offset, 0)

    def test_what_nobody_fetches_goes_away(self):
        path = "/dev/shm" + self.c.render(request(shared_memory=True)).shared_memory.name
        self.assertTrue(os.path.exists(path))
        deadline = time.time() + 10
        while os.path.exists(path) and time.time() < deadline:
            time.sleep(0.05)
        self.assertFalse(os.path.exists(path))

    def test_nothing_is_left_when_the_server_ends(self):
        path = "/dev/shm" + self.c.render(request(shared_memory=True)).shared_memory.name
        self.server.stop()
        self.assertFalse(os.path.exists(path))

    def test_what_a_killed_server_left(self):
        path = "/dev/shm" + self.c.render(request(shared_memory=True)).shared_memory.name
        self.server.process.kill()
        self.server.stop()
        self.assertTrue(os.path.exists(path))
        self.start()
        self.assertFalse(os.path.exists(path))

    def test_no_more_than_allowed(self):
        self.assertIn("bytes of shared memory", self.refused("INVALID_ARGUMENT", self.c.render,
                                                             request(100, width=200, height=200, shared_memory=True)))
        half = request(5, width=200, height=200, shared_memory=True)
        self.c.render(half)
        self.assertIn("waits to be fetched", self.refused("RESOURCE_EXHAUSTED", self.c.render, half))
        time.sleep(1.5)
        os.unlink("/dev/shm" + self.c.render(half).shared_memory.name)
        deadline = time.time() + 10  # found within a moment, before a second has passed
        while time.time() < deadline:
            try:
                self.c.render(half)
                break
            except grpc.RpcError:
                time.sleep(0.05)
        else:
            self.fail("fetched memory still counts")

    def test_refused_with_png_and_by_option(self):
        self.assertIn("not for both", self.refused("INVALID_ARGUMENT", self.c.render,
                                                   request(shared_memory=True, encoding=1)))
        client = self.client(self.start(no_shared_memory=1))
        self.assertIn("no shared memory", self.refused("INVALID_ARGUMENT", client.render,
                                                       request(shared_memory=True)))


class Errors(Case):
    """Bad requests get a sentence and hurt nobody."""

    options = {"max_states": 100, "max_message_bytes": 1 << 20, "max_pixels": 1 << 20}

    def invalid(self, made, *words):
        sentence = self.refused("INVALID_ARGUMENT", self.c.render, made)
        for word in words:
            self.assertIn(word, sentence)
        self.assertEqual(len(self.c.render(request()).streams), 1)

    def test_sentences(self):
        uneven = request(3)
        uneven.entries[2].qpos.append(1)
        strange = request(3)
        strange.entries[1].qpos[2] = float("nan")
        for made, words in (
                (request(0), ["empty"]),
                (request(101), ["101 entries", "100"]),
                (request(cameras=()), ["camera_names"]),
                (request(cameras=("left", "nose")), ["nose", "left, right, top"]),
                (request(cameras=("left", "top", "left")), ["left", "twice"]),
                (request(width=0), ["width 0"]),
                (request(height=-7), ["height -7"]),
                (request(width=16385), ["16384"]),
                (request(100, width=1000, height=1000), ["pixels"]),
                (request(10, width=200, height=200), ["bytes", "1048576"]),
                (request(scene_id=3), ["scene 3"]),
                (request(encoding=9), ["encoding 9"]),
                (request(channels=["depht"]), ["depht", "depth, normal", "semantic"]),
                (request(channels=["uv", "uv"]), ["uv", "twice"]),
                (uneven, ["entry 2", "5 values", "4"]),
                (strange, ["entry 1", "qpos[2]", "finite"])):
            with self.subTest(words=words):
                self.invalid(made, *words)
        wrong = request()
        del wrong.entries[0].qpos[3:]
        self.invalid(wrong, "3 values", "4")

    def test_damaged_messages(self):
        whole = request(2, render_depth=True).SerializeToString()
        damaged = [b"", b"\xff" * 50, b"\x0a", b"\x0b", b"\x0a\xff\xff\xff\xff\x0f", whole[:-1], whole[1:],
                   b"\x2a\x02\xff\xfe" + whole, b"\x0a\x02\x0a\x03" + whole, b"\x0a\x00" * 70]
        for bytes_sent in damaged:
            with self.subTest(sent=bytes_sent[:20]):
                self.invalid(bytes_sent)
        for _ in range(300):
            at = np.random.default_rng(_).integers(0, len(whole))
            changed = whole[:at] + bytes([whole[at] ^ (1 << (_ % 8))]) + whole[at + 1:]
            try:
                self.c.render(changed)
            except grpc.RpcError as error:
                self.assertEqual(error.code().name, "INVALID_ARGUMENT")
        self.assertEqual(len(self.c.render(request()).streams), 1)

    def test_oversized_messages(self):
        self.refused("RESOURCE_EXHAUSTED", self.c.render, b"\x0a\x00" * (1 << 20))
        self.assertIn("entries", self.refused("INVALID_ARGUMENT", self.c.render, b"\x0a\x00" * (1 << 18)))
        self.assertIn("fields", self.refused("INVALID_ARGUMENT", self.c.render, b"\xf8\x7f\x00" * (1 << 18)))
        self.assertEqual(len(self.c.render(request()).streams), 1)

    def test_compressed_requests(self):
        """A bomb would be made before its size is known."""
        self.refused("UNIMPLEMENTED", self.c.render, request(), compression=grpc.Compression.Gzip)

    def test_updates(self):
        for sent, word in ((b"\x0a\x05ab", "UpdateRequest"), (b"\x0a\x00" * 2000, "components"),
                           (b"\x0a\x04\x12\x02\xff\xfe", "UTF-8")):
            self.assertIn(word, self.refused("INVALID_ARGUMENT", self.c.update, sent))

    def test_unknown_methods(self):
        for path in ("/orrb.RenderService/Nothing", "/some.Service/Method", "/"):
            self.refused("UNIMPLEMENTED", self.c.unary(path, "orrb.UpdateResponse"), b"", timeout=30)


class Waiting(Case):
    """The queue, deadlines, cancelled requests, the end."""

    options = {"queue": 2}

    def test_a_full_queue(self):
        running = self.c.render_future(request(seconds=1.5), timeout=30)
        time.sleep(0.5)
        started = time.time()
        waiting = [self.c.render_future(request(), timeout=30) for _ in range(3)]
        refused = [future for future in waiting if future.exception()]
        self.assertEqual([future.code().name for future in refused], ["RESOURCE_EXHAUSTED"])
        self.assertIn("2 requests wait", refused[0].details())
        self.assertGreater(time.time() - started, 0.5)  # the others were done, after the first
        self.assertEqual(len(running.result().streams), 1)
        self.c.render(request())

    def test_a_deadline_while_rendering(self):
        started = time.time()
        self.refused("DEADLINE_EXCEEDED", self.c.render, request(seconds=20), timeout=0.4)
        self.c.render(request())
        self.assertLess(time.time() - started, 10)

    def test_a_deadline_while_waiting(self):
        running = self.c.render_future(request(seconds=2), timeout=30)
        time.sleep(0.3)
        self.refused("DEADLINE_EXCEEDED", self.c.render, request(7), timeout=0.3)
        self.assertEqual(len(running.result().streams), 1)
        log = self.server.stop()[1]
        self.assertNotIn("states=7", log)

    def test_a_cancelled_request(self):
        running = self.c.render_future(request(5, seconds=20), timeout=60)
        time.sleep(0.3)
        waiting = self.c.render_future(request(6, seconds=20), timeout=60)
        time.sleep(0.3)
        started = time.time()
        waiting.cancel()
        running.cancel()
        self.c.render(request())
        self.assertLess(time.time() - started, 10)
        log = self.server.stop()[1]
        self.assertIn("states=5", log)
        self.assertNotIn("states=6", log)

    def test_a_client_that_is_gone(self):
        for _ in range(20):
            client = Client(MESSAGES, self.server.target)
            client.render_future(request(seconds=20), timeout=60)
            time.sleep(0.02)
            client.close()
        self.c.render(request(), wait_for_ready=True)

    def test_draining(self):
        watch = self.c.channel.unary_stream(
            "/grpc.health.v1.Health/Watch", response_deserializer=MESSAGES["grpc.health.v1.HealthCheckResponse"]
            .FromString)(b"", timeout=30)
        self.assertEqual(next(watch).status, 1)
        running = self.c.render_future(request(seconds=0.7), timeout=30)
        waiting = self.c.render_future(request(2), timeout=30)
        time.sleep(0.2)
        self.assertEqual(self.server.tell("drain"), "busy")
        self.assertEqual(next(watch).status, 2)
        self.assertEqual(self.c.health(), 2)
        self.assertIn("stopping", self.refused("UNAVAILABLE", self.c.render, request()))
        self.assertEqual(len(running.result().streams), 1)
        self.assertEqual(len(waiting.result().streams[0].entries), 2)
        deadline = time.time() + 10
        while self.server.tell("idle") != "idle" and time.time() < deadline:
            time.sleep(0.01)
        self.assertEqual(self.server.tell("idle"), "idle")

    def test_the_end_while_calls_come(self):
        """Many times: what is begun at the wrong moment would abort the process."""
        for _ in range(15):
            server = self.start()
            client = self.client(server)
            for i in range(60):
                client.render_future(request(), compression=grpc.Compression.Gzip if i % 2 else None, timeout=20)
            status, log = server.stop()
            self.assertEqual(status, 0, log[-500:])

    def test_the_end_with_work_under_way(self):
        running = self.c.render_future(request(seconds=20), timeout=60)
        waiting = self.c.render_future(request(seconds=20), timeout=60)
        time.sleep(0.2)
        started = time.time()
        self.assertEqual(self.server.stop()[0], 0)
        self.assertLess(time.time() - started, 10)
        for future in (running, waiting):
            self.assertEqual(future.exception().code().name, "UNAVAILABLE")

    def test_many_clients_each_get_their_own(self):
        server = self.start(queue=100, max_reply_bytes=300000)  # room for two replies
        wrong = []

        def ask(number):
            client = Client(MESSAGES, server.target)
            for i in range(20):
                seed = number * 1000 + i
                entries = client.render(request(2, ("top",), 100, 40, batch_seed=seed), timeout=60).streams[0].entries
                if [e.image_data for e in entries] != [expected(RGB, "top", seed + s, 12000) for s in range(2)]:
                    wrong.append(seed)
            client.close()

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(server.stop()[0], 0)


class Guarded(Case):
    """Tokens and TLS."""

    def test_token(self):
        server = self.start(token="sesame-123")
        client = self.client(server)
        for metadata in ([], [("authorization", "Bearer sesame-124")], [("authorization", "sesame-123")],
                         [("authorization", "Bearer ")], [("authorization", "Bearer sesame-1234")]):
            sentence = self.refused("UNAUTHENTICATED", client.render, request(), metadata=metadata)
            self.assertNotIn("sesame", sentence)
        client.render(request(), metadata=[("authorization", "Bearer sesame-123")])
        self.assertEqual(client.health(), 1)
        self.refused("UNAUTHENTICATED", client.update, b"")
        self.assertNotIn("sesame", server.stop()[1])

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
            try:
                subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                                certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                                "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
            except FileNotFoundError:
                self.skipTest("openssl is missing")
            server = self.start(certificate=certificate, key=key, token="t")
            with open(certificate, "rb") as file:
                credentials = grpc.ssl_channel_credentials(file.read())
            client = self.client(server, credentials=credentials)
            client.render(request(), metadata=[("authorization", "Bearer t")])
            self.refused("UNAVAILABLE", self.client(server).render, request(), timeout=20)
            bad = Server([PROGRAM, f"certificate={key}", f"key={key}"])
            self.assertIsNone(bad.port)
            self.assertIn("PEM", bad.complaint)
            bad.stop()

    def test_a_port_that_is_taken(self):
        second = Server([PROGRAM, f"port={self.server.port}"])
        self.assertIsNone(second.port)
        self.assertIn("in use", second.complaint)
        self.assertIn("--port", second.complaint)
        second.stop()

    def test_hosts(self):
        for host in ("localhost", "::1", "[::1]", "0.0.0.0", socket.gethostname()):
            with self.subTest(host=host):
                server = Server([PROGRAM, f"host={host}"])
                if server.port is None and ":" in host:
                    self.skipTest("no IPv6 here")
                self.assertIsNotNone(server.port, server.complaint)
                server.stop()
        nowhere = Server([PROGRAM, "host=no.such.host.invalid"])
        self.assertIsNone(nowhere.port)
        self.assertIn("no.such.host.invalid", nowhere.complaint)
        nowhere.stop()


class Services(Case):
    """Health and reflection."""

    def test_health(self):
        self.assertEqual(self.c.health(), 1)
        self.assertEqual(self.c.health("orrb.RenderService"), 1)
        self.refused("NOT_FOUND", self.c.health, "some.Service")
        watch = self.c.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x01x", timeout=30)
        self.assertEqual(next(watch), b"\x08\x03")
        watch.cancel()

    def test_a_watch_without_a_message(self):
        watch = self.c.channel.stream_stream("/grpc.health.v1.Health/Watch")(iter(()), timeout=30)
        self.assertIn("no message", self.refused("INVALID_ARGUMENT", next, watch))

    def test_a_watch_that_is_left_open(self):
        watch = self.c.channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=60)
        self.assertEqual(next(watch), b"\x08\x01")
        self.assertEqual(self.server.stop()[0], 0)
        with self.assertRaises(grpc.RpcError) as caught:
            next(watch)
            next(watch)
        self.assertEqual(caught.exception.code().name, "UNAVAILABLE")

    def ask(self, *requests):
        make = MESSAGES["grpc.reflection.v1alpha.ServerReflectionRequest"]
        call = self.c.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=MESSAGES["grpc.reflection.v1alpha.ServerReflectionResponse"].FromString)
        return list(call(iter([make(**r) for r in requests]), timeout=30))

    def test_services_are_listed(self):
        reply, = self.ask({"list_services": "*", "host": "here"})
        self.assertEqual([s.name for s in reply.list_services_response.service],
                         ["orrb.RenderService", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"])
        self.assertEqual((reply.valid_host, reply.original_request.list_services), ("here", "*"))

    def test_files_and_symbols(self):
        files = {file.name: file.SerializeToString() for file in MESSAGES.files}
        wanted = [("orrb.RenderService", "orrb.proto"), ("orrb.RenderService.Update", "orrb.proto"),
                  ("orrb.RenderBatchRequest", "orrb.proto"), ("orrb.RendererConfig", "orrb.proto"),
                  ("orrb.RenderBatchRequest.Encoding", "orrb.proto"), ("orrb.Quaternion", "orrb.proto"),
                  ("orrb.RenderBatchResponse.StreamEntry.BatchResponseEntry", "orrb.proto"),
                  ("grpc.health.v1.HealthCheckResponse.ServingStatus", "health.proto"),
                  ("grpc.reflection.v1alpha.ServerReflection", "reflection.proto"),
                  ("grpc.reflection.v1alpha.ErrorResponse", "reflection.proto")]
        replies = self.ask(*[{"file_containing_symbol": symbol} for symbol, _ in wanted])
        for (symbol, name), reply in zip(wanted, replies):
            self.assertEqual(list(reply.file_descriptor_response.file_descriptor_proto), [files[name]], symbol)
        for name, reply in zip(files, self.ask(*[{"file_by_filename": name} for name in files])):
            self.assertEqual(list(reply.file_descriptor_response.file_descriptor_proto), [files[name]])

    def test_what_is_not_there(self):
        replies = self.ask({"file_containing_symbol": "orrb.Nothing"}, {"file_by_filename": "x.proto"},
                           {"all_extension_numbers_of_type": "orrb.Plane"}, {})
        self.assertEqual([r.error_response.error_code for r in replies], [5, 5, 12, 12])


class Hostile(Case):
    """Connections that are not clients."""

    options = {"receive_seconds": 1, "streams": 1000}

    def test_noise_and_silence(self):
        sockets = []
        for i in range(200):
            sock = socket.create_connection(("127.0.0.1", self.server.port))
            sockets.append(sock)
            if i % 3 == 1:
                sock.sendall(os.urandom(500))
            elif i % 3 == 2:
                sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[:i % 24])
        self.c.render(request())
        deadline = time.time() + 30  # connections that do not shake hands are closed
        while open_files(self.server.process.pid) > 100 and time.time() < deadline:
            time.sleep(0.2)
        self.assertLess(open_files(self.server.process.pid), 100)
        for sock in sockets:
            sock.close()
        self.c.render(request())

    def test_more_connections_than_descriptors(self):
        server = self.start(_limit=150)
        client = self.client(server)
        client.render(request())
        sockets = []
        for _ in range(300):
            sockets.append(socket.create_connection(("127.0.0.1", server.port)))
            sockets[-1].sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        client.render(request())
        for sock in sockets:
            sock.close()
        self.client(server).render(request(), wait_for_ready=True)

    def test_a_message_that_does_not_come(self):
        """HTTP/2 by hand: a request's head, and of its message a byte now and then."""
        def frame(kind, flags, stream, payload):
            return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

        def literal(name, value):
            return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value

        head = b"".join(literal(*pair) for pair in (
            (b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/orrb.RenderService/RenderBatch"),
            (b":authority", b"x"), (b"te", b"trailers"), (b"content-type", b"application/grpc")))
        sock = socket.create_connection(("127.0.0.1", self.server.port))
        self.addCleanup(sock.close)
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(4, 1, 0, b"") +
                     frame(1, 4, 1, head) + frame(0, 0, 1, b"\x00\x00\x00\x10\x00"))
        sock.settimeout(15)
        answer, started = b"", time.time()
        while b"did not arrive" not in answer and time.time() - started < 15:
            try:
                sock.sendall(frame(0, 0, 1, b"\x0a"))
            except OSError:
                pass
            sock.settimeout(0.2)
            try:
                answer += sock.recv(4096)
            except socket.timeout:
                pass
        self.assertIn(b"did not arrive", answer)
        self.c.render(request())

    def test_more_replies_than_memory(self):
        server = self.start(max_reply_bytes=3 << 20)
        client = self.client(server)
        futures = [client.render_future(request(20, width=200, height=200, batch_seed=i), timeout=60)
                   for i in range(30)]
        for i, future in enumerate(futures):
            self.assertEqual(future.result().streams[0].entries[19].image_data, expected(RGB, "left", i + 19, 120000))

    def test_many_calls_at_once(self):
        futures = [self.c.render_future(request(batch_seed=i), timeout=60) for i in range(500)]
        done = refused = 0
        for i, future in enumerate(futures):
            try:
                self.assertEqual(future.result().streams[0].entries[0].image_data, expected(RGB, "left", i, 36))
                done += 1
            except grpc.RpcError as error:
                self.assertEqual(error.code().name, "RESOURCE_EXHAUSTED")
                refused += 1
        self.assertGreater(done, 0)
        self.assertEqual(done + refused, 500)


class Log(Case):
    """Lines for operators."""

    def test_json(self):
        import json
        server = self.start(log_json=1)
        client = self.client(server)
        client.render(request(2, ("left", "top")))
        self.refused("INVALID_ARGUMENT", client.render, request(cameras=('le"ft\n{"event":"forged"}',)))
        lines = [json.loads(line) for line in server.stop()[1].splitlines()]
        done, = [line for line in lines if line["event"] == "rendered"]
        self.assertEqual((done["states"], done["cameras"], done["width"], done["height"], done["level"]),
                         (2, 2, 4, 3, "info"))
        self.assertGreaterEqual(done["render_ms"], 0)
        refused, = [line for line in lines if line["event"] == "refused"]
        self.assertEqual(refused["code"], "INVALID_ARGUMENT")
        self.assertIn('le"ft\n', refused["message"])

    def test_text(self):
        self.refused("INVALID_ARGUMENT", self.c.render, request(cameras=("a\nb event=forged",)))
        lines = self.server.stop()[1].splitlines()
        refused, = [line for line in lines if " refused " in line]
        self.assertIn(r"a\u000ab event=forged", refused)


if __name__ == "__main__":
    unittest.main()
