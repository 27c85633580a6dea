"""`calotype dataset` among broken files, full disks, failing servers and impatient people: nothing is lost, and every failure has
its true reason. CALOTYPE_ASSETS adds real files."""
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import broken_files
import dataset_sample as sample
import failing_s3

ASSETS = os.environ.get("CALOTYPE_ASSETS") or os.path.join(sample.ROOT, "..", "shared", "assets")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="calotype-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *words):
        return os.path.join(self.folder, *words)

    def good(self, *words, **options):
        code, out, err = sample.run(*words, **options)
        self.assertEqual(code, 0, err)
        return out

    def mount(self, name, options):
        place = self.path(name)
        os.mkdir(place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("mounting a small disk is not permitted here")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False)
        return place

    def failures(self, run):
        return {row[0]: row[2] for row in sample.rows(run, "failed")}


class BrokenFiles(Case):
    def run_all(self, good, *options):
        reasons = broken_files.make(self.path("broken"))
        self.assertGreaterEqual(len(reasons), 20)
        with open(self.path("objects.txt"), "wb") as file:
            file.write("\n".join(good + list(reasons)).encode() + b"\nnot-\xff-text.glb\n")
        code, out, err = sample.run("--list", self.path("objects.txt"), "-o", self.path("out"), "--package", "zip", *options,
                                    timeout=600)
        self.assertEqual(code, 1, err)
        self.assertIn("UTF-8", err)
        return reasons, out

    def test_each_has_its_reason(self):
        good = sample.make_objects(self.path("good"), 4)
        reasons, out = self.run_all(good, *sample.SMALL)
        self.assertIn(f"{len(good)} done, {len(reasons)} failed", out)
        self.assertEqual(self.failures(self.path("out.run")), reasons)
        self.assertEqual(sorted(row[0] for row in sample.rows(self.path("out.run"), "success")), good)

    def test_real_files(self):
        """Of real ones with wrong contents or foreign formats the reasons are theirs; none of them is a crash."""
        folders = [os.path.join(ASSETS, name) for name in ("objaverse-test", "trimesh")]
        if not all(map(os.path.isdir, folders)):
            self.skipTest("CALOTYPE_ASSETS does not lead to objaverse-test and trimesh")
        reasons = broken_files.make(self.path("broken"))
        words = [*folders, *[path for path in reasons if not path.endswith("folder.glb")]]
        code, _, err = sample.run(*words, "-o", self.path("out"), "--package", "zip", "--views", "1", "--size", "32", timeout=600)
        self.assertEqual(code, 1, err)
        failures = self.failures(self.path("out.run"))
        done = {row[0] for row in sample.rows(self.path("out.run"), "success")}
        for path, reason in reasons.items():
            if not path.endswith("folder.glb"):
                self.assertEqual(failures.pop(path), reason)
        self.assertFalse(done & set(failures))
        for ending in (".glb", ".gltf", ".obj", ".ply", ".stl"):
            self.assertIn(os.path.join(folders[0], f"example{'-embedded' if ending == '.gltf' else ''}{ending}"), done)
        for ending in (".abc", ".blend", ".dae", ".fbx"):
            self.assertEqual(failures[os.path.join(folders[0], "example" + ending)], "unsupported format")
        own_fault = {"unsupported format", "unsupported feature", "broken file", "empty scene", "missing file", "over limit"}
        self.assertLessEqual(set(failures.values()), own_fault, failures)


class Disks(Case):
    """The run stops with a sentence, blames no object, and goes on."""
    WORDS = ["--package", "zip", "--views", "8", "--size", "128", "--depth", "--normals"]  # 500 kB an object: more than fits

    def stop_and_go_on(self, out, run, mend):
        objects = sample.make_objects(self.path("models"), 12)
        self.good(*objects, *self.WORDS, "-o", self.path("whole"))
        code, _, err = sample.run(*objects, *self.WORDS, "-o", out, "--run", run)
        self.assertEqual(code, 7, err)
        self.assertEqual(sample.rows(run, "failed"), [])
        mend()
        self.good("--resume", "--run", run)
        self.assertEqual(sample.tree(out), sample.tree(self.path("whole")))
        self.assertEqual(len(sample.rows(run, "success")), len(objects))
        return err

    def test_full_destination_on_another_disk(self):
        disk = self.mount("disk", "size=400k")
        err = self.stop_and_go_on(os.path.join(disk, "out"), self.path("run"), lambda: subprocess.run(
            ["mount", "-o", "remount,size=64m", disk], check=True))
        self.assertIn("space", err)

    def test_full_scratch_on_another_disk(self):
        disk = self.mount("disk", "size=400k")
        err = self.stop_and_go_on(self.path("out"), os.path.join(disk, "run"), lambda: subprocess.run(
            ["mount", "-o", "remount,size=64m", disk], check=True))
        self.assertIn("space", err)

    def test_destination_is_read_only(self):
        disk = self.mount("disk", "size=64m,ro")
        err = self.stop_and_go_on(os.path.join(disk, "out"), self.path("run"), lambda: subprocess.run(
            ["mount", "-o", "remount,rw", disk], check=True))
        self.assertIn("ead-only", err)


class Signals(Case):
    def begin(self, *options):
        objects = sample.make_objects(self.path("models"), 24)
        words = [*objects, "--package", "zip", *sample.SMALL, *options]
        self.good(*words, "-o", self.path("whole"))
        process = sample.start(*words, "-o", self.path("out"), start_new_session=True)
        journal = self.path("out.run", "journal.jsonl")
        while process.poll() is None and not (os.path.exists(journal) and any(
                event["event"] == "staged" for event in sample.events(self.path("out.run")))):
            time.sleep(0.005)
        return process

    def check(self):
        self.assertEqual(sample.tree(self.path("out")), sample.tree(self.path("whole")))
        self.assertEqual(sample.rows(self.path("out.run"), "failed"), [])
        self.assertEqual(len(sample.rows(self.path("out.run"), "success")), 24)

    def test_interrupted_twice(self):
        process = self.begin()
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.01)
        process.communicate(timeout=300)
        self.assertIn(process.returncode, (0, 130, -signal.SIGINT))
        self.good("--resume", "--run", self.path("out.run"))
        self.check()

    def test_stopped_for_longer_than_an_object_may_take(self):
        """All of it, as by Ctrl-Z; and the supervisor alone."""
        process = self.begin("--render-timeout", "6")
        for who in (lambda number: os.killpg(process.pid, number), process.send_signal):
            if process.poll() is None:
                who(signal.SIGSTOP)
                time.sleep(7)
                who(signal.SIGCONT)
                time.sleep(0.05)
        _, err = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0, err)
        self.check()


class Stores(Case):
    """Sources and destination in a bucket whose every third request fails: the same bytes as in a folder, each once."""

    def compare(self, server, package, *options):
        self.addCleanup(server.stop)
        paths = sample.make_objects(self.path("models"), 8)
        for path in paths:
            with open(path, "rb") as file:
                server.put("in/" + os.path.basename(path), file.read())
        urls = [f"s3://bucket/in/{os.path.basename(path)}" for path in paths]
        words = [*urls, "--package", package, "--fetch-tries", "20", *options, *sample.SMALL]
        self.good(*words, "-o", self.path("whole"), environment=server.environment())
        server.is_failing = True
        self.good(*words, "-o", f"s3://bucket/{package}", "--run", self.path("run"), environment=server.environment())
        server.is_failing = False
        found = {name: hashlib.sha256(content).hexdigest() for name, content in server.contents(package + "/").items()}
        self.assertEqual(found, sample.tree(self.path("whole")))
        self.assertEqual(sorted(row[0] for row in sample.rows(self.path("run"), "success")), urls)
        self.assertEqual(sample.rows(self.path("run"), "failed"), [])
        self.assertGreater(server.failed, 5)

    def test_zips(self):
        server = failing_s3.FailingS3()
        self.compare(server, "zip")
        self.assertEqual(len(server.puts), len(set(server.puts)), "something was written twice")

    def test_shards(self):
        self.compare(failing_s3.FailingS3(), "webdataset", "--objects-per-shard", "3")

    def moto(self):
        if not importlib.util.find_spec("moto") or not importlib.util.find_spec("werkzeug"):
            self.skipTest("moto's server is not installed (pip install 'moto[server]')")
        return failing_s3.FailingMoto()

    def test_moto_zips(self):
        self.compare(self.moto(), "zip")

    def test_moto_shards(self):
        self.compare(self.moto(), "webdataset", "--objects-per-shard", "3")


if __name__ == "__main__":
    unittest.main()
