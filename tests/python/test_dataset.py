"""calotype.dataset and calotype.objaverse: the command from Python."""
import hashlib
import inspect
import os
import sys
import tempfile
import unittest
import warnings
import zipfile

import calotype
from calotype import dataset, objaverse

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))

import models  # noqa: E402

SMALL = {"views": 1, "size": 16, "workers": 1}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.box = self.write("box.glb", models.glb(*models.cube()))

    def path(self, *words):
        return os.path.join(self.folder, *words)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)


class Runs(Case):
    def test_events_and_summary(self):
        events = []
        broken = self.write("broken.glb", b"glTF")
        summary = dataset.run([self.box, broken], self.path("out"), on_event=events.append, **SMALL)
        self.assertEqual((summary.done, summary.failed, summary.interrupted), (1, 1, False))
        self.assertEqual(os.path.realpath(summary.run_folder), os.path.realpath(self.path("out.run")))
        self.assertEqual([(failure.file_identifier, failure.reason) for failure in summary.failures()],
                         [(broken, "broken file")])
        kinds = [event["event"] for event in events]
        self.assertIn("staged", kinds)
        self.assertIn("part", kinds)
        self.assertEqual([event["file_identifier"] for event in events if event["event"] == "failed"], [broken])

    def test_wrong_options_are_errors(self):
        with self.assertRaisesRegex(calotype.ArgumentError, "there is no option --vews: did you mean --views"):
            dataset.run([self.box], self.path("out"), vews=3)
        with self.assertRaisesRegex(calotype.ArgumentError, "where to"):
            dataset.run([self.box])
        with self.assertRaisesRegex(calotype.ArgumentError, "file_identifier"):
            dataset.run([{"sha256": "0"}], self.path("out"))

    def test_an_exception_of_the_callback_stops_the_run(self):
        def stop(event):
            raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "enough"):
            dataset.run([self.box], self.path("out"), on_event=stop, **SMALL)
        summary = dataset.run(run_folder=self.path("out.run"), resume=True)
        self.assertEqual(summary.done, 1)


class Objaverse(Case):
    def test_parameters_are_the_scripts(self):
        parameters = inspect.signature(objaverse.render_objects).parameters
        expected = {"render_dir": "~/.objaverse", "download_dir": None, "num_renders": 32, "processes": None,
                    "save_repo_format": None, "only_northern_hemisphere": False, "render_timeout": 300, "gpu_devices": None,
                    "render_depth": False, "render_normals": False, "render_mask": False}
        self.assertEqual({name: parameters[name].default for name in expected}, expected)

    def test_zips_logs_and_handlers(self):
        seen = {kind: [] for kind in ("found", "modified", "missing", "new")}
        handlers = {f"handle_{kind}_object": (lambda kind: lambda **facts: seen[kind].append(facts["file_identifier"]))(kind)
                    for kind in seen}
        with open(self.box, "rb") as file:
            sha256 = hashlib.sha256(file.read()).hexdigest()
        other = self.write("other.glb", models.glb(*models.cube()))
        changed = self.write("changed.glb", models.glb(*models.cube()))
        rows = [{"fileIdentifier": self.box, "sha256": sha256}, {"fileIdentifier": other},
                {"fileIdentifier": changed, "sha256": "0" * 64}, {"fileIdentifier": self.path("nowhere.glb")}]
        words = {"render_dir": self.path("renders"), "num_renders": 2, "render_depth": True, "size": 16}
        summary = objaverse.render_objects(rows, **words, **handlers)
        self.assertEqual((summary.done, summary.failed), (2, 2))
        self.assertEqual(seen, {"found": [self.box], "new": [other], "modified": [changed], "missing": [self.path("nowhere.glb")]})
        zips = [name for name in os.listdir(self.path("renders", "renders")) if name.endswith(".zip")]
        self.assertEqual(len(zips), 2)
        with zipfile.ZipFile(self.path("renders", "renders", zips[0])) as file:
            self.assertIn(f"{zips[0][:-4]}/001_depth.npy", file.namelist())
        with open(self.path("renders", "logs", "render-objaverse-success.csv"), encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 2)
        again = objaverse.render_objects(rows, **words)
        self.assertEqual((again.done, again.failed), (2, 2))

    def test_gpus_and_prefixes(self):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            objaverse.render_objects([self.box], render_dir=self.path("renders"), num_renders=1, gpu_devices=2, size=16)
        self.assertEqual([str(warning.message) for warning in told],
                         ["calotype.objaverse draws on the cores: gpu_devices changes nothing"])
        with self.assertRaisesRegex(calotype.UnsupportedError, "s3://"):
            objaverse.render_objects([self.box], render_dir="gcs://bucket/place")
        with self.assertRaisesRegex(calotype.ArgumentError, "zip, tar, tar.gz, files"):
            objaverse.render_objects([self.box], render_dir=self.path("renders"), save_repo_format="rar")


if __name__ == "__main__":
    unittest.main()
