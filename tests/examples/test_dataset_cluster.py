#!/usr/bin/env python3
"""The examples for clusters: under a real Slurm and a real mpirun, with a program in calotype's place that says how it was
called and which shard it is."""
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import slurm  # noqa: E402

ROOT = os.environ["CALOTYPE_SOURCE_ROOT"]
EXAMPLES = os.path.join(ROOT, "examples")
DRIVER = ""

# Writes RUN/called, a line a call: its arguments and its shard. What it exits with is in DEST.code.
STAND_IN = """#!/bin/bash
destination= run= shard= words="$*"
while [ $# -gt 0 ]; do
    case "$1" in
        -o) destination=$2; shift ;;
        --run) run=$2; shift ;;
        --shard) shard=$2; shift ;;
    esac
    shift
done
mkdir -p "$run"
echo "$words | $({driver} --shard "$shard" 2>&1)" >> "$run/called"
exit "$(cat "$destination.code" 2>/dev/null || echo 0)"
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.program = self.write("stand-in", STAND_IN.replace("{driver}", DRIVER))
        os.chmod(self.program, 0o755)
        self.destination = os.path.join(self.folder, "out")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self, *names):
        with open(os.path.join(self.folder, *names), encoding="utf-8") as file:
            return file.read()


class Slurm(Case):
    @classmethod
    def setUpClass(cls):
        reason = slurm.why_not()
        if reason:
            raise unittest.SkipTest(reason)
        cls.slurm_folder = tempfile.mkdtemp()
        cls.slurm = slurm.Slurm(cls.slurm_folder)
        reason = cls.slurm.start()
        if reason:
            cls.tearDownClass()
            raise unittest.SkipTest(reason)

    @classmethod
    def tearDownClass(cls):
        cls.slurm.stop()
        shutil.rmtree(cls.slurm_folder)

    def submit(self, *words, **variables):
        return self.slurm.say("sbatch", "--wait", "--overcommit", f"--chdir={self.folder}", f"--output={self.folder}/log-%a",
                              *words, **variables)

    def array(self, *words):
        return self.submit("--array=0-2", os.path.join(EXAMPLES, "dataset_slurm.sbatch"), *words,
                           OBJECTS="objects.csv", DEST=self.destination, CALOTYPE=self.program)

    def test_an_array(self):
        self.write("out.code", "7")  # a full disk: the task has failed, and can be queued again
        self.array("--depth")
        self.write("out.code", "1")  # some objects failed: the task has not
        answer = self.array("--depth")
        self.assertRegex(answer, r"^Submitted batch job \d+\s*$")
        for task in range(3):
            first, second = self.read("out.run", str(task), "called").splitlines()
            run = f"{self.destination}.run/{task}"
            called = f"dataset --list objects.csv -o {self.destination} --run {run} --run-name task-{task} --shard auto --workers 1 --resume"
            self.assertEqual(first, f"{called} --depth | {task}/3 Slurm array")
            self.assertEqual(second, first)

    def test_steps(self):
        step = f"srun --overcommit {DRIVER} --shard auto"
        job = self.write("job.sh", f"#!/bin/bash\necho batch $({DRIVER} --shard auto)\n{step} | sort\n")
        self.submit("--ntasks=2", "--output=plain", job)
        batch, *steps = self.read("plain").splitlines()
        self.assertIn("does not use srun", batch)  # one process: not the first of two
        self.assertEqual(steps, ["0/2 Slurm step", "1/2 Slurm step"])
        self.submit("--ntasks=2", "--array=4-6:2", job)
        self.assertEqual(self.read("log-6").splitlines(),
                         ["batch 1/2 Slurm array"] + [f"{i}/4 Slurm array and the processes of each task" for i in (2, 3)])


class Mpi(Case):
    def test_mpirun(self):
        if not shutil.which("mpirun"):
            self.skipTest("mpirun is missing (openmpi-bin)")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
        done = subprocess.run(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", DRIVER, "--shard", "auto"],
                              capture_output=True, text=True, timeout=120, check=False, env=environment)
        self.assertEqual(sorted(done.stdout.splitlines()), ["0/2 Open MPI", "1/2 Open MPI"], done.stderr)


class Kubernetes(Case):
    def setUp(self):
        super().setUp()
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is missing")
        with open(os.path.join(EXAMPLES, "dataset_kubernetes.yaml"), encoding="utf-8") as file:
            self.documents = {document["kind"]: document for document in yaml.safe_load_all(file)}

    def test_the_job(self):
        job, service, redis = (self.documents[kind] for kind in ("Job", "Service", "StatefulSet"))
        spec, pod = job["spec"], job["spec"]["template"]["spec"]
        container, = pod["containers"]
        variables = {one["name"]: one["value"] for one in container["env"]}
        self.assertEqual((job["apiVersion"], spec["completionMode"]), ("batch/v1", "Indexed"))
        self.assertEqual(variables["JOB_COMPLETIONS"], str(spec["completions"]))
        self.assertIn(f"redis://{service['metadata']['name']}/", container["args"][0])
        self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, {volume["name"] for volume in pod["volumes"]})
        labels = redis["spec"]["template"]["metadata"]["labels"]
        self.assertEqual((service["spec"]["selector"], redis["spec"]["selector"]["matchLabels"]), (labels, labels))
        self.assertEqual(redis["spec"]["template"]["spec"]["containers"][0]["args"][1:3], ["--appendonly", "yes"])

    def test_its_script(self):
        """With folders of the test's in place of the pod's."""
        script = self.documents["Job"]["spec"]["template"]["spec"]["containers"][0]["args"][0]
        script = script.replace("/run-folder", self.folder).replace("s3://bucket/renders", self.destination)
        bin_folder = os.path.join(self.folder, "bin")
        os.mkdir(bin_folder)
        os.link(self.program, os.path.join(bin_folder, "calotype"))
        for code, expected in ((7, 7), (1, 0), (0, 0)):
            self.write("out.code", str(code))
            done = subprocess.run(["/bin/sh", "-c", script], check=False,
                                  env={**os.environ, "PATH": bin_folder + ":" + os.environ["PATH"]})
            self.assertEqual(done.returncode, expected)
        first, second, _ = self.read("run", "called").splitlines()
        self.assertIn("--queue redis://calotype-redis/0?name=renders", first)
        self.assertIn("--resume", first)
        self.assertEqual(second, first)


class Ray(Case):
    def test_on_a_local_ray(self):
        if not importlib.util.find_spec("ray"):
            self.skipTest("ray is missing (PyPI)")
        words = [sys.executable, os.path.join(EXAMPLES, "dataset_ray.py"), "objects.csv", self.destination,
                 "--program", self.program, "--shards", "3", "--", "--depth"]
        self.write("out.code", "1")
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=200, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        for index in range(3):
            line = self.read("out.run", f"{index:05}", "called").splitlines()[-1]
            self.assertTrue(line.endswith(f"--quiet --resume --depth | {index}/3 --shard"), line)


if __name__ == "__main__":
    DRIVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
