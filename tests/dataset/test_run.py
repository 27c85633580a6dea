"""`calotype dataset` as a user runs it: what is good is there, what is not has its reason, and nothing depends on who was
killed when. CALOTYPE_KILLS (a number) tries more moments to kill it than a check has time for."""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zipfile

import dataset_sample as sample

KILLS = int(os.environ.get("CALOTYPE_KILLS", "6"))
OBJECTS = max(24, 4 * KILLS)  # so that there is something left to kill


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


class Runs(Case):
    def test_zips_and_csv_files(self):
        objects = sample.make_objects(self.path("models"), 5)
        out = self.good(*objects, "-o", self.path("out"), "--package", "zip", *sample.SMALL)
        self.assertIn("5 done, 0 failed", out)
        zips = sorted(name for name in os.listdir(self.path("out")) if name.endswith(".zip"))
        self.assertEqual(len(zips), 5)
        with zipfile.ZipFile(self.path("out", zips[0])) as file:
            self.assertIsNone(file.testzip())
            uid = zips[0][:-4]
            self.assertEqual(sorted(os.path.basename(name) for name in file.namelist()),
                             ["000.png", "000_depth.npy", "000_mask.npy", "001.png", "001_depth.npy", "001_mask.npy",
                              "metadata.json"])
            self.assertTrue(all(name.startswith(uid + "/") for name in file.namelist()))
        done = sample.rows(self.path("out.run"), "success")
        self.assertEqual(sorted(row[0] for row in done), sorted(objects))
        self.assertTrue(all(len(row[1]) == 64 for row in done))
        self.assertEqual(sample.rows(self.path("out.run"), "failed"), [])

    def test_reasons(self):
        good = sample.make_objects(self.path("models"), 2)
        with open(good[0], "rb") as file:
            whole = file.read()
        cases = {
            "truncated.glb": (whole[:100], "broken file"),
            "nothing.glb": (b"", "broken file"),
            "words.obj": (b"this is not a model\n", None),
            "teapot.fbx": (b"Kaydara FBX Binary  \0", "unsupported format"),
            "nothing_in_it.obj": (b"# no more than this\n", "empty scene"),
        }
        expected = {}
        for name, (content, reason) in cases.items():
            with open(self.path("models", name), "wb") as file:
                file.write(content)
            expected[self.path("models", name)] = reason
        expected[self.path("models", "nowhere.glb")] = "missing"
        list_path = self.path("objects.txt")
        with open(list_path, "w", encoding="utf-8") as file:
            file.write("\n".join(good + list(expected)) + "\n")
        code, out, err = sample.run("--list", list_path, "-o", self.path("out"), *sample.SMALL)
        self.assertEqual(code, 1, err)
        self.assertIn(f"2 done, {len(expected)} failed", out)
        failed = {row[0]: row[2] for row in sample.rows(self.path("out.run"), "failed")}
        self.assertEqual(set(failed), set(expected))
        for path, reason in expected.items():
            if reason:
                self.assertEqual(failed[path], reason, path)
            else:
                self.assertIn(failed[path], ("empty scene", "broken file"))

    def test_workers_do_not_show(self):
        objects = sample.make_objects(self.path("models"), 9)
        for package in ("files", "zip", "webdataset", "torch", "safetensors"):
            found = []
            for workers in (1, 3):
                place = self.path(f"{package}{workers}")
                joined = ["--objects-per-shard", "4"] if package not in ("files", "zip") else []
                self.good(*objects, "-o", place, "--package", package, "--workers", workers, *joined, *sample.SMALL)
                found.append(sample.tree(place))
            self.assertEqual(found[0], found[1], package)
            self.assertGreater(len(found[0]), 2)

    def test_faults_cost_one_object_each(self):
        objects = sample.make_objects(self.path("models"), 6)
        faults = "hang:box0001.glb,segfault:box0002.glb,allocate=32212254720:box0003.glb"
        code, out, err = sample.run(*objects, "-o", self.path("out"), "--render-timeout", "20", *sample.SMALL,
                                    environment={"CALOTYPE_TEST_FAULT": faults})
        self.assertEqual(code, 1, err)
        self.assertIn("3 done, 3 failed", out)
        failed = {os.path.basename(row[0]): row[2] for row in sample.rows(self.path("out.run"), "failed")}
        self.assertEqual(failed, {"box0001.glb": "timeout", "box0002.glb": "crash", "box0003.glb": "out of memory"})

    def test_a_run_is_not_overwritten_nor_mixed(self):
        objects = sample.make_objects(self.path("models"), 2)
        words = [*objects, "-o", self.path("out"), *sample.SMALL]
        self.good(*words)
        code, _, err = sample.run(*words)
        self.assertEqual(code, 2)
        self.assertIn("--resume", err)
        code, _, err = sample.run(*words, "--resume", "--views", "3")
        self.assertEqual(code, 2)
        self.assertIn("other options", err)
        code, _, err = sample.run(*words, *sample.make_objects(self.path("models"), 1, 7), "--resume")
        self.assertEqual(code, 2)
        self.assertIn("another list", err)
        before = sample.tree(self.path("out"))
        self.good(*words, "--resume")
        self.good("--resume", "--run", self.path("out.run"))
        self.assertEqual(sample.tree(self.path("out")), before)
        self.assertEqual(len(sample.rows(self.path("out.run"), "success")), 2)


class Kills(Case):
    """Whatever is killed whenever: the finished data set has the same bytes."""

    def undisturbed(self, words):
        self.good(*words, "-o", self.path("whole"), timeout=600)
        return sample.tree(self.path("whole"))

    def killed(self, words, kills, victim):
        """A run that is resumed after each kill until it ends by itself."""
        again = [*words, "-o", self.path("out")]
        for number in range(kills + 1):
            process = sample.start(*again, start_new_session=True)
            if number < kills:
                time.sleep(random.Random(number).uniform(0.02, 0.6))
                victim(process)
            out, err = process.communicate(timeout=600)
            if number < kills and process.returncode in (2, 7):
                self.fail(err)
            if os.path.exists(self.path("out.run", "run.json")):
                again = ["--resume", "--run", self.path("out.run")]
        self.assertEqual(process.returncode, 0, err)

    def compare(self, words, victim, count, kills=KILLS):
        expected = self.undisturbed(words)
        self.killed(words, kills, victim)
        self.assertEqual(sample.tree(self.path("out")), expected)
        done = sample.rows(self.path("out.run"), "success")
        self.assertEqual(len(done), count)
        self.assertEqual(len({row[0] for row in done}), count)
        parts = [event["part"] for event in sample.events(self.path("out.run")) if event["event"] == "part"]
        self.assertEqual(len(parts), len(set(parts)), "a part was journaled twice")

    @staticmethod
    def kill(process):
        process.kill()

    @staticmethod
    def kill_worker(process):
        """One of its workers, from outside: no fault of the object's."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False)
        children = [int(word) for word in found.stdout.split()]
        if children:
            try:
                os.kill(random.choice(children), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_supervisor_zip(self):
        objects = sample.make_objects(self.path("models"), OBJECTS)
        self.compare([*objects, "--package", "zip", *sample.SMALL], self.kill, OBJECTS)

    def test_workers(self):
        objects = sample.make_objects(self.path("models"), OBJECTS)
        self.compare([*objects, "--package", "files", *sample.SMALL], self.kill_worker, OBJECTS)

    def test_supervisor_shards(self):
        objects = sample.make_objects(self.path("models"), OBJECTS)
        self.compare([*objects, "--package", "webdataset", "--objects-per-shard", "5", *sample.SMALL], self.kill, OBJECTS)

    def test_supervisor_scenes(self):
        objects = sample.make_objects(self.path("models"), OBJECTS)
        self.compare([*objects, "--package", "safetensors", "--num-objects", "3", "--objects-per-shard", "2", *sample.SMALL],
                     self.kill, OBJECTS, KILLS // 2)

    def test_supervisor_of_a_shard(self):
        """The other shard is not disturbed; whoever ends last writes the index of both."""
        objects = sample.make_objects(self.path("models"), OBJECTS)
        words = [*objects, "--package", "webdataset", "--objects-per-shard", "5", *sample.SMALL]
        expected = self.undisturbed(words)
        self.killed([*words, "--shard", "0/2"], KILLS // 2, self.kill)
        self.good(*words, "--shard", "1/2", "-o", self.path("out"), "--run", self.path("other.run"))
        found = sample.tree(self.path("out"))
        self.assertEqual({name: found[name] for name in found if not name.startswith("shards/")}, expected)
        done = [row[0] for run in ("out.run", "other.run") for row in sample.rows(self.path(run), "success")]
        self.assertEqual(sorted(done), objects)

    def test_signal(self):
        objects = sample.make_objects(self.path("models"), OBJECTS)
        self.compare([*objects, "--package", "torch", "--scenes-per-chunk", "5", *sample.SMALL],
                     lambda process: process.terminate(), OBJECTS)


class FullDisk(Case):
    def test_run_stops_and_goes_on(self):
        disk = self.path("disk")
        os.mkdir(disk)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting a small disk is not permitted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        objects = sample.make_objects(self.path("models"), 16)
        words = [*objects, "--package", "zip", "--views", "8", "--size", "64", "--depth", "--normals"]
        self.good(*words, "-o", self.path("whole"))
        code, _, err = sample.run(*words, "-o", os.path.join(disk, "out"))
        self.assertEqual(code, 7, err)
        self.assertIn("space", err)
        self.assertEqual(sample.rows(os.path.join(disk, "out.run"), "failed"), [])
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        self.good("--resume", "--run", os.path.join(disk, "out.run"))
        self.assertEqual(sample.tree(os.path.join(disk, "out")), sample.tree(self.path("whole")))


if __name__ == "__main__":
    unittest.main()
