"""calotype.orrb on calotype serve, with ORRB's scene: the same bits as in this process, under load, and with MPI."""
from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import unittest

import numpy as np

from calotype import orrb
from calotype.__main__ import find_command

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ASSETS = os.path.join(os.environ.get("CALOTYPE_ASSETS") or os.path.join(ROOT, "..", "shared", "assets"), "orrb")
sys.path.insert(0, os.path.join(ROOT, "bench"))
import serve_bench  # noqa: E402


def missing():
    if not os.path.exists(os.path.join(ASSETS, "dactyl.xml")):
        return "ORRB's assets are not here"
    program = find_command()
    if program is None or not os.path.exists(os.path.join(os.path.dirname(program), "calotype-server")):
        return "built without the render server"
    return None


@unittest.skipIf(missing(), missing())
class Serve(unittest.TestCase):
    def rows(self, count):
        return np.loadtxt(os.path.join(ASSETS, "states", "qpos.csv"), delimiter=",", max_rows=count, dtype=np.float32, ndmin=2)

    def test_same_bits(self):
        """However states are divided into batches, and by whatever way pictures come."""
        qpos, seeds = self.rows(4), np.array([3, 1, 4, 1])
        with serve_bench.direct(ASSETS) as states:
            wanted = serve_bench.render_directly(states, qpos, seeds, 48)
        renderer = orrb.RemoteRenderer("test", [[0, serve_bench.free_port()]], serve_bench.configured(ASSETS, 48))
        self.addCleanup(renderer.shutdown)
        renderer.start()
        served = renderer.render_batch({"qpos": qpos, "seeds": seeds})
        serve_bench.check_same(wanted, served)
        self.assertGreater(served[serve_bench.CAMERAS[0]].std(), 5)
        for index in range(4):
            one = renderer.render_batch({"qpos": qpos[index:index + 1], "seeds": seeds[index:index + 1]})
            serve_bench.check_same({name: array[index:index + 1] for name, array in wanted.items() if name != "drawn"}, one)

    def test_refusals(self):
        config = serve_bench.configured(ASSETS, 32)
        config.camera_names = ["nobody"]
        renderer = orrb.RemoteRenderer("test", [[0, serve_bench.free_port()]], config)
        self.addCleanup(renderer.shutdown)
        renderer.start()
        for qpos in (self.rows(1), self.rows(1)[:, :3], self.rows(1) * np.nan):
            with self.assertRaises(orrb.RendererError) as caught:
                renderer.render_batch({"qpos": qpos.reshape(1, -1), "seed": 0})
            self.assertEqual(caught.exception.code, "argument")

    def test_load(self):
        result = subprocess.run(
            [sys.executable, os.path.join(ROOT, "bench", "serve_load.py"), ASSETS, "--minutes", "0.33", "--clients", "4"],
            capture_output=True, text=True, check=False, timeout=250)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"0 wrong, 0 lost, 0 twice, 0 failed")

    def run_example(self, command, port):
        result = subprocess.run(
            [*command, sys.executable, os.path.join(ROOT, "examples", "orrb_mpi.py"), "--assets", ASSETS, "--batches", "3",
             "--states", "2", "--port", str(port)], capture_output=True, text=True, check=False, timeout=200)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return re.findall(r"^\d+ \w{64}$", result.stdout, re.MULTILINE)

    def test_mpi(self):
        if shutil.which("mpirun") is None or importlib.util.find_spec("mpi4py") is None:
            self.skipTest("mpirun or mpi4py is missing")
        two = self.run_example(["mpirun", "-n", "2", "--oversubscribe", "--allow-run-as-root"], 23450)
        self.assertEqual(len(two), 3)
        self.assertEqual(len(set(line.split()[1] for line in two)), 3)
        self.assertEqual(two, self.run_example([], 23460))


if __name__ == "__main__":
    unittest.main()
