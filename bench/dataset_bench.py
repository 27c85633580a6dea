#!/usr/bin/env python3
"""Objects a second of `calotype dataset`, from files to zips, and what Blender takes for the same.

    python3 bench/dataset_bench.py build/src/cli/calotype FILE... [--objects 24] [--rounds 3] [--workers N]

Every FILE is taken --objects times, under names of their own. 32 views of 256 x 256, colour, depth, normals and mask, PNG
and npy, a zip an object. Prints, an object: seconds by the wall, CPU seconds (of supervisor and workers together, which
say more on a busy machine), the share of the workers' time in each stage, and how many times faster that is than
Blender's Cycles: 11 to 17 s (16 samples, persistent data, 4k to 1M triangles, both cores of such a machine). Medians of
the rounds. `--processes`: with processes of `calotype render` side by side in place of the supervisor and its workers.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

CYCLES_SECONDS = (11.0, 17.0)
OPTIONS = ["--depth", "--normals", "--mask", "--package", "zip"]


def make_objects(folder, file, count):
    """Links to the file: objects are told apart by their paths."""
    stem, ending = os.path.splitext(os.path.basename(file))
    paths = [os.path.join(folder, f"{stem}_{i:03d}{ending}") for i in range(count)]
    for path in paths:
        os.symlink(os.path.abspath(file), path)
    return paths


def journal_facts(run):
    with open(os.path.join(run, "journal.jsonl"), encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    return [(event.get("seconds", 0), event["facts"]) for event in events if event["event"] == "staged"]


def run_dataset(arguments, paths, folder):
    """Seconds of the workers by stage."""
    run = os.path.join(folder, "run")
    subprocess.run([arguments.tool, "dataset", *paths, "-o", os.path.join(folder, "out"), "--run", run, "--quiet", "--workers",
                    str(arguments.workers), "--threads", "1", *OPTIONS, *arguments.options.split()], check=True)
    samples = journal_facts(run)
    if len(samples) != len(paths):
        sys.exit(f"only {len(samples)} of {len(paths)} objects are done: see {run}/journal.jsonl")
    load, render = (sum(facts[key] for _, facts in samples) for key in ("load_seconds", "render_seconds"))
    return {"load": load, "render": render, "rest": max(0.0, sum(seconds for seconds, _ in samples) - load - render)}


def run_processes(arguments, paths, folder):
    """The same by as many processes that know nothing of each other."""
    workers = arguments.workers
    command = ["-o", os.path.join(folder, "out"), "--quiet", "--threads", "1", *OPTIONS, *arguments.options.split()]
    processes = [subprocess.Popen([arguments.tool, "render", *paths[i::workers], *command]) for i in range(workers)]
    if any([process.wait() for process in processes]):
        sys.exit("calotype render failed")
    return {}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(arguments, file, run):
    """(seconds by the wall, CPU seconds, seconds by stage), an object."""
    folder = tempfile.mkdtemp(prefix="calotype-bench-")
    try:
        paths = make_objects(folder, file, arguments.objects)
        cpu, wall = cpu_seconds(), time.monotonic()
        stages = run(arguments, paths, folder)
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    count = arguments.objects
    return wall / count, cpu / count, {name: seconds / count for name, seconds in stages.items()}


def print_row(arguments, file, rounds):
    wall, cpu = (statistics.median(r[i] for r in rounds) for i in (0, 1))
    stages = {name: statistics.median(r[2][name] for r in rounds) for name in rounds[0][2]}
    total = sum(stages.values()) or 1
    shares = ", ".join(f"{name} {100 * seconds / total:.0f} %" for name, seconds in stages.items()) or "-"
    ideal = cpu / arguments.workers
    low, high = (f"{seconds / ideal:.0f}" for seconds in CYCLES_SECONDS)
    print(f"| {os.path.splitext(os.path.basename(file))[0]} | {1 / wall:.1f} | {1000 * wall:.0f} | {1000 * cpu:.0f} | "
          f"{shares} | {CYCLES_SECONDS[0] / wall:.0f} to {CYCLES_SECONDS[1] / wall:.0f} | {low} to {high} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--objects", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--options", default="", help="more of render's, such as '--lod 0.5'")
    parser.add_argument("--processes", action="store_true")
    arguments = parser.parse_args()
    run = run_processes if arguments.processes else run_dataset
    print("| object | objects/s | wall ms | CPU ms | workers' time | times Cycles, by the wall | by CPU time |\n"
          "|---|---:|---:|---:|---|---:|---:|")
    for file in arguments.files:
        print_row(arguments, file, [measure(arguments, file, run) for _ in range(arguments.rounds)])


if __name__ == "__main__":
    main()
