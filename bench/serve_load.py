#!/usr/bin/env python3
"""Many clients on one render server, while clients and the server are killed and started anew.

    PYTHONPATH=build/python python3 bench/serve_load.py DIR [--minutes 5] [--clients 16] [--no-kills]

DIR holds ORRB's dactyl.xml, its mapping and config, and states/qpos.csv. Every client is a process with several batches under
way, of states and seeds at random from a pool whose pictures were rendered directly before; each result is compared with
them by hashes, so that one which belongs to another request shows. Fails where a result is wrong, lost or comes twice, where
memory grows, or where something is left behind. Prints the server's memory over time.
"""
import argparse
import hashlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

from calotype import orrb
from calotype.orrb.server import own_program, server_arguments

from serve_bench import CAMERAS, KINDS, configured, direct, free_port, render_directly

SIZE, POOL, MOST_STATES, UNDER_WAY = 64, 48, 6, 3
NOISE_BYTES, NOISE_SHARE = 24 << 20, 0.1


def resident_bytes(process_id):
    with open(f"/proc/{process_id}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def digest(array):
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=12).hexdigest()


def rows_of(assets):
    return np.loadtxt(f"{assets}/states/qpos.csv", delimiter=",", max_rows=POOL, dtype=np.float32)  # as it is sent


def make_pool(assets):
    """For each of the pool's entries (a row and its own seed), camera and kind, the picture's hash."""
    rows, seeds = rows_of(assets), [1000 + 17 * i for i in range(POOL)]
    with direct(assets) as states:
        result = render_directly(states, rows, seeds, SIZE)
    pool = [{camera + suffix: digest(result[kind][entry, index]) for index, camera in enumerate(CAMERAS)
             for suffix, kind in KINDS.items()} for entry in range(len(rows))]
    colors = {entry[CAMERAS[0]] for entry in pool}
    assert len(colors) == len(pool), "entries of the pool look alike"
    return {"seeds": seeds, "hashes": pool}


# ---- a client ----


class Client:
    """Sends batches until it is told to stop by the end of its input; writes a line for each batch."""

    def __init__(self, options):
        self.random = random.Random(options.client)
        self.rows = rows_of(options.assets)
        with open(options.pool, encoding="utf-8") as file:
            pool = json.load(file)
        self.seeds, self.hashes = pool["seeds"], pool["hashes"]
        config = configured(options.assets, SIZE)
        config.spawn_servers = False
        config.camera_names = self.random.sample(CAMERAS, self.random.randint(1, 3))
        config.render_normals = self.random.random() < 0.5
        config.shared_memory = self.random.choice([True, False, None])
        self.renderer = orrb.RemoteRenderer("load", [[0, f"127.0.0.1:{options.port}"]] * 2, config)
        self.results, self.under_way, self.numbers = queue.Queue(), set(), 0

    @staticmethod
    def say(*words):
        print(*words, flush=True)

    def send(self):
        entries = [self.random.randrange(len(self.rows)) for _ in range(self.random.randint(1, MOST_STATES))]
        self.numbers += 1
        self.under_way.add(self.numbers)
        self.say("sent", self.numbers)
        self.renderer.render_batch_async({"qpos": self.rows[entries], "seeds": [self.seeds[entry] for entry in entries],
                                          "entries": entries, "number": self.numbers}, self.results)

    def receive(self):
        result = self.results.get()
        batch = result.workload if isinstance(result, orrb.RendererError) else result
        number = batch["number"]
        if number not in self.under_way:
            self.say("twice", number)
        self.under_way.discard(number)
        if isinstance(result, orrb.RendererError):
            self.say("failed", number, result)
            return
        wrong = [name for name, picture in result.items() if name in self.hashes[0]
                 for entry, each in zip(result["entries"], picture) if digest(each) != self.hashes[entry][name]]
        missing = [camera for camera in self.renderer.local_config.camera_names if camera not in result]
        self.say("wrong" if wrong or missing else "right", number, *wrong, *missing)

    def run(self):
        stop = threading.Event()
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
        self.renderer.start()
        while not stop.is_set():
            while len(self.under_way) < UNDER_WAY:
                self.send()
            self.receive()
        while self.under_way:
            self.receive()
        self.renderer.shutdown()
        self.say("done", resident_bytes(os.getpid()))


# ---- the whole ----


class Seat:
    """One client after the other, each until it is killed."""

    def __init__(self, load, number):
        self.load, self.number, self.generation = load, number, 0
        self.tally = {"sent": 0, "right": 0, "wrong": 0, "twice": 0, "failed": 0, "lost": 0, "killed": 0}
        self.complaints = []
        self.start()

    def start(self):
        self.generation += 1
        load = self.load
        # It stops at the end of its input: with this program, too.
        self.process = subprocess.Popen(
            [sys.executable, __file__, load.options.assets, "--client", str(self.number + 1000 * self.generation),
             "--port", str(load.port), "--pool", load.pool_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.killed = False
        self.reader = threading.Thread(target=self.read, args=(self.process,))
        self.reader.start()

    def read(self, process):
        under_way = set()
        for line in process.stdout:
            word, number = line.split()[:2]
            if word == "sent":
                under_way.add(number)
            elif word in ("right", "wrong", "twice", "failed"):
                under_way.discard(number)
            if word in ("wrong", "twice", "failed"):
                self.complaints.append(line.strip())
            if word in self.tally:
                self.tally[word] += 1
        process.wait()
        if self.killed:
            self.tally["sent"] -= len(under_way)  # went with it
        else:
            self.tally["lost"] += len(under_way)
            if process.returncode:
                self.complaints.append(f"client {self.number} ended with {process.returncode}")

    def kill(self):
        self.killed = True
        self.tally["killed"] += 1
        self.process.send_signal(signal.SIGKILL)
        self.reader.join()
        self.process.stdin.close()
        self.start()

    def finish(self):
        self.process.stdin.close()
        self.reader.join()


class Load:
    def __init__(self, options):
        self.options = options
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        self.pool_path = os.path.join(self.folder.name, "pool.json")
        with open(self.pool_path, "w", encoding="utf-8") as file:
            json.dump(make_pool(options.assets), file)
        self.random = random.Random(options.seed)
        self.memory_before = set(os.listdir("/dev/shm"))
        self.samples, self.lives = [], 0  # (seconds, life of the server, bytes, batches that came back)

    def start_server(self):
        self.lives += 1
        self.log = open(os.path.join(self.folder.name, "server.log"), "ab")  # pylint: disable=consider-using-with
        config = configured(self.options.assets)
        self.server = subprocess.Popen(own_program() + server_arguments(config, self.port), stdout=self.log,
                                       stderr=self.log, start_new_session=True)

    def kill_server(self):
        self.server.kill()
        self.server.wait()
        self.log.close()
        self.start_server()

    def right(self):
        return sum(seat.tally["right"] for seat in self.seats)

    def run(self):
        self.start_server()
        self.seats = [Seat(self, number) for number in range(self.options.clients)]
        started = time.monotonic()
        end = started + 60 * self.options.minutes
        next_client = next_server = started + 5
        while time.monotonic() < end:
            time.sleep(min(0.5, self.options.minutes * 6))
            now = time.monotonic()
            if self.server.poll() is not None:
                raise AssertionError(f"the server ended by itself with {self.server.returncode}: {self.last_words()}")
            self.samples.append((now - started, self.lives, resident_bytes(self.server.pid), self.right()))
            if self.options.kills and now > next_client and now < end - 5:
                self.random.choice(self.seats).kill()
                next_client = now + self.random.uniform(1, 6)
            # The last half is one life, in which memory is watched.
            if self.options.kills and now > next_server and now < started + 0.5 * (end - started):
                self.kill_server()
                next_server = now + self.random.uniform(8, 20)
        for seat in self.seats:
            seat.finish()
        self.seconds = time.monotonic() - started
        self.server.terminate()
        self.server.wait(30)
        self.log.close()

    def last_words(self):
        with open(os.path.join(self.folder.name, "server.log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-500:]

    def growth(self):
        """By how much the server's memory is larger in the last third of its last life than in the second one, and what is
        allowed."""
        life = [size for _, number, size, _ in self.samples if number == self.lives]
        third = max(1, len(life) // 3)
        before, after = max(life[third:2 * third] or life), max(life[-third:])
        return after - before, NOISE_BYTES + NOISE_SHARE * before

    def report(self):
        print(f"{'seconds':>8} {'life':>5} {'MiB':>7} {'right':>9}")
        for index in range(0, len(self.samples), max(1, len(self.samples) // 12)):
            seconds, life, size, right = self.samples[index]
            print(f"{seconds:8.0f} {life:5d} {size / 2**20:7.0f} {right:9d}")
        total = {name: sum(seat.tally[name] for seat in self.seats) for name in self.seats[0].tally}
        growth, allowed = self.growth()
        left = [name for name in set(os.listdir("/dev/shm")) - self.memory_before if name.startswith("calotype-")]
        print(f"{total['right']} right of {total['sent']} batches in {self.seconds:.0f} s by {len(self.seats)} clients; "
              f"{total['wrong']} wrong, {total['lost']} lost, {total['twice']} twice, {total['failed']} failed; "
              f"{total['killed']} clients and {self.lives - 1} servers killed; memory grew by {growth / 2**20:.0f} MiB "
              f"({allowed / 2**20:.0f} allowed); {len(left)} segments left")
        for complaint in [each for seat in self.seats for each in seat.complaints][:20]:
            print(complaint)
        return (total["right"] == total["sent"] and total["right"] > 0 and not total["wrong"] and not total["lost"] and
                not total["twice"] and growth < allowed and not left and
                not [each for seat in self.seats for each in seat.complaints])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-kills", dest="kills", action="store_false")
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--pool", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client is not None:
        Client(options).run()
        return 0
    load = Load(options)
    try:
        load.run()
    finally:
        load.server.kill()
    return 0 if load.report() else 1


if __name__ == "__main__":
    sys.exit(main())
