"""What tests of `calotype dataset` share: objects, the command, and what it left."""
import csv
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.environ.get("CALOTYPE_SOURCE_ROOT") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COMMAND = os.environ.get("CALOTYPE") or os.path.join(ROOT, "build", "calotype")
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))

import models  # noqa: E402

SMALL = ["--views", "2", "--size", "32", "--depth", "--mask"]


def make_objects(folder, count, start=0):
    """Boxes, each of another size; their paths."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for i in range(start, start + count):
        corners = [(x * (1 + 0.1 * i), y, z * (1 + 0.03 * i)) for x, y, z in models.CORNERS]
        path = os.path.join(folder, f"box{i:04d}.glb")
        with open(path, "wb") as file:
            file.write(models.glb(*models.cube(corners)))
        paths.append(path)
    return paths


def start(*words, environment=None, **options):
    settings = dict(os.environ)
    settings.update(environment or {})
    return subprocess.Popen([COMMAND, "dataset", *map(str, words)], env=settings, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **options)


def run(*words, environment=None, timeout=300):
    """(exit code, standard output, standard error)."""
    process = start(*words, environment=environment)
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def tree(folder):
    """The hash of every file below a folder, by its path."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


def rows(run_folder, ending):
    """The lines of a CSV file of the run, without their time."""
    found = []
    for name in os.listdir(run_folder):
        if name.startswith("render-") and name.endswith(f"-{ending}.csv"):
            with open(os.path.join(run_folder, name), newline="", encoding="utf-8") as file:
                found += [row[1:] for row in csv.reader(file)]
    return found


def events(run_folder):
    with open(os.path.join(run_folder, "journal.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]
