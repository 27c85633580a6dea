"""One data set by several supervisors: by a real redis-server, and by shards. Who is killed when does not show in it."""
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from collections import Counter

import dataset_sample as sample
import redis_server

PATIENCE_SECONDS = 120
OBJECTS = 54  # a machine with one worker takes half of them at a time
SHARDS_OF = {"zip": [], "webdataset": ["--objects-per-shard", "3"]}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="calotype-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.objects = sample.make_objects(self.path("models"), OBJECTS)

    def path(self, *words):
        return os.path.join(self.folder, *words)

    def options(self, package):
        return ["--package", package, *SHARDS_OF[package], *sample.SMALL]

    def undisturbed(self, package):
        code, _, err = sample.run(*self.objects, "-o", self.path("whole"), *self.options(package))
        self.assertEqual(code, 0, err)
        return sample.tree(self.path("whole"))

    def start(self, run, *words, fault=None):
        """A supervisor with a run folder of its own, which begins its run or goes on with it, as batch scripts do. One fetcher
        and one worker take objects in their order."""
        process = sample.start(*words, "-o", self.path("out"), "--run", self.path(run), "--workers", "1", "--fetchers", "1",
                               "--resume",
                               environment={"CALOTYPE_TEST_FAULT": fault} if fault else None)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def wait_for(self, condition, what):
        until = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), until, f"still waiting for {what}")
            time.sleep(0.02)

    def ends_well(self, process):
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0, err)
        return out

    def rows(self, *runs, ending="success"):
        return Counter(row[0] for run in runs for row in sample.rows(self.path(run), ending))

    def parts(self, run):
        """How many parts the run has journaled."""
        journal = self.path(run, "journal.jsonl")
        if not os.path.exists(journal):
            return 0
        with open(journal, encoding="utf-8") as file:
            return file.read().count('{"event":"part"')


@unittest.skipUnless(redis_server.PROGRAM, "redis-server is missing (Debian: redis-server)")
class Queue(Case):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("redis"))
        self.server = redis_server.RedisServer(self.path("redis"), "--appendonly", "yes")
        self.addCleanup(self.server.stop)

    def machine(self, run, package, objects=True, fault=None, claim=60):
        return self.start(run, *(self.objects if objects else []), *self.options(package), "--queue", self.server.url(),
                          "--claim-after", claim, "--grace", "0.5", fault=fault)

    def results(self):
        return self.server.say("HLEN", "calotype:{test}:results")

    def finished(self, *runs):
        for run in runs:
            code, out, _ = sample.run("status", self.path(run))
            self.assertEqual((code, "finished" in out.splitlines()[0]), (0, True), out)
            self.assertNotIn("left", out)

    def test_a_machine_and_redis_are_killed(self):
        expected = self.undisturbed("webdataset")
        lost = self.machine("lost", "webdataset", fault="hang:box0004.glb", claim=4)
        self.wait_for(lambda: self.results() > 0, "the first part")
        others = [self.machine("first", "webdataset", claim=4), self.machine("second", "webdataset", claim=4),
                  self.machine("listless", "webdataset", objects=False, claim=4)]
        self.wait_for(lambda: self.results() > 3, "the others")
        self.server.kill()
        lost.kill()
        self.server.start()
        for process in others:
            self.assertNotIn("left", self.ends_well(process))
        self.assertEqual(sample.tree(self.path("out")), expected)
        runs = ("lost", "first", "second", "listless")
        self.ends_well(self.start("lost", *self.objects, *self.options("webdataset"), "--queue", self.server.url()))
        self.finished(*runs)
        self.assertEqual(sample.tree(self.path("out")), expected)
        # A part whose machine was silent, though alive, can stand in the CSV files of two.
        self.assertEqual(set(self.rows(*runs)), set(self.objects))

    def test_a_machine_is_told_to_stop(self):
        expected = self.undisturbed("zip")
        stopped = self.machine("stopped", "zip", fault="hang:box0002.glb")
        self.wait_for(lambda: self.results() == 2, "what comes before it hangs")
        other = self.machine("other", "zip", objects=False)
        stopped.send_signal(signal.SIGTERM)
        stopped.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(stopped.returncode, 130)
        self.ends_well(other)
        self.assertEqual(sample.tree(self.path("out")), expected)
        self.assertEqual(self.rows("stopped", "other"), Counter(self.objects))

    def test_redis_has_forgotten_all(self):
        expected = self.undisturbed("zip")
        filling = self.machine("filling", "zip", fault="hang:box0000.glb", claim=4)
        self.wait_for(lambda: self.server.say("XLEN", "calotype:{test}:parts") == OBJECTS, "the list")
        listless = self.machine("listless", "zip", objects=False)
        self.wait_for(lambda: self.parts("listless") > 3, "some parts")
        listless.kill()
        self.server.say("FLUSHALL")
        listless = self.machine("listless", "zip", objects=False)
        self.wait_for(lambda: self.results() > 3, "what is told again")
        filling.send_signal(signal.SIGTERM)
        filling.communicate(timeout=PATIENCE_SECONDS)
        self.ends_well(listless)
        self.assertEqual(sample.tree(self.path("out")), expected)
        self.assertEqual(self.rows("listless"), Counter(self.objects))


class Shards(Case):
    def shard(self, index, *words, **options):
        return self.start(f"run{index}", *self.objects, *self.options("webdataset"), "--shard", f"{index}/3", *words, **options)

    def test_one_is_killed(self):
        expected = self.undisturbed("webdataset")
        shards = [self.shard(0), self.shard(1, fault="hang:box0012.glb"), self.shard(2)]
        self.wait_for(lambda: self.parts("run1") > 0, "a part of the shard that is killed")
        shards[1].kill()
        self.ends_well(shards[0])
        self.ends_well(shards[2])
        self.assertFalse(os.path.exists(self.path("out", "index.json")))
        self.ends_well(self.shard(1))
        found = sample.tree(self.path("out"))
        lines = [name for name in found if name.startswith("shards" + os.sep)]
        self.assertEqual(sorted(map(os.path.basename, lines)), [f"{index:05d}-of-00003.jsonl" for index in range(3)])
        self.assertEqual({name: found[name] for name in found if name not in lines}, expected)
        self.assertEqual(self.rows("run0", "run1", "run2"), Counter(self.objects))

    @unittest.skipUnless(shutil.which("mpirun"), "mpirun is missing (openmpi-bin)")
    def test_mpirun(self):
        expected = self.undisturbed("zip")
        words = [sample.COMMAND, "dataset", *self.objects, "-o", self.path("out"), *self.options("zip"), "--shard", "auto",
                 "--resume", "--workers", "1"]
        script = shlex.join(words) + f" --run {shlex.quote(self.folder)}/run$OMPI_COMM_WORLD_RANK"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
        for _ in range(2):
            done = subprocess.run(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", "sh", "-c", script],
                                  capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False, env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = sample.tree(self.path("out"))
            self.assertEqual({name: found[name] for name in found if not name.startswith("shards" + os.sep)}, expected)
        self.assertEqual(self.rows("run0", "run1"), Counter(self.objects))

    def test_lines_of_other_machines_are_not_trusted(self):
        for index in range(3):
            self.ends_well(self.shard(index))
        os.remove(self.path("out", "index.json"))
        lines = self.path("out", "shards", "00000-of-00003.jsonl")
        with open(lines, encoding="utf-8") as file:
            good = file.read()
        name, first = "shard-000000.tar", good.index("\n") + 1
        cases = [(good.replace(name, "../" + name), "damaged"), (good.replace(name, "/" + name), "damaged"),
                 (good.replace('"sha256":"', '"sha256":"\\u0000'), "damaged"), (good.replace('"names":["', '"names":["a/'), "cannot name"),
                 (good.replace('"bytes":', '"bytes":-'), "damaged"), (good[:first] + "[" * 5000 + "\n", "damaged"),
                 (good[:first], "damaged"), (good.replace(f'"samples":{OBJECTS}', '"samples":3'), "another list"), ("", "another list")]
        for text, said in cases:
            with open(lines, "w", encoding="utf-8") as file:
                file.write(text)
            process = self.shard(2)
            _, err = process.communicate(timeout=PATIENCE_SECONDS)
            self.assertNotEqual(process.returncode, 0, text[:200])
            self.assertIn(said, err)
            self.assertFalse(os.path.exists(self.path("out", "index.json")))
        self.ends_well(self.shard(0))
        self.assertTrue(os.path.exists(self.path("out", "index.json")))


class Resume(Case):
    def test_it_begins_what_is_not_there(self):
        words = [self.objects[0], *sample.SMALL]
        process = self.start("run", *words)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("no run yet", err)
        process = self.start("run", *words)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual((process.returncode, err), (0, ""))
        code, _, err = sample.run("--resume", "--run", self.path("nowhere"))
        self.assertNotEqual(code, 0)
        self.assertIn("nowhere", err)
        self.assertFalse(os.path.exists(self.path("nowhere")))


if __name__ == "__main__":
    unittest.main()
