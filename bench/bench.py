#!/usr/bin/env python3
"""Measure calotype on this machine and write a JSON file.

    bench.py --tool build/calotype --renderer build/bench/render_bench --output build/bench.json [FILE ...]

For each file: 32 views at 256x256 with all channels (user CPU time of one core, median of five
rounds), the same views by Mesa's llvmpipe in the same run where OSMesa was found, and the whole
program end to end (load, render, encode, write): wall and CPU ms an object, peak memory.
Both run pinned to one core.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5


def pin():
    """The last core this process may use: the one that interrupts like least."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def render(renderer, path, samples):
    run = subprocess.run([renderer, path, "256", "32", str(samples)], capture_output=True, text=True, preexec_fn=pin)
    if run.returncode:
        sys.exit(f"{path}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def end_to_end(tool, path):
    walls, cpus, peak = [], [], 0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            command = [tool, "render", path, "-o", folder, "--depth", "--normals", "--mask", "--ids", "--threads", "1",
                       "--package", "zip"]
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=pin)
            message = process.stderr.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{path}: {message.strip()}")
            walls.append(time.perf_counter() - start)
            cpus.append(usage.ru_utime + usage.ru_stime)
            peak = max(peak, usage.ru_maxrss)
    return {"wall_ms_per_object": 1e3 * statistics.median(walls), "cpu_ms_per_object": 1e3 * statistics.median(cpus),
            "peak_memory_mib": peak / 1024}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--renderer", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    results = {"machine": processor(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform(), "files": []}
    print(f"{'file':28} {'triangles':>9} {'views/s':>8} {'views/s 4x':>10} {'llvmpipe':>9} {'ratio':>6} {'ms/object':>9} {'MiB':>6}")
    for path in arguments.files:
        row = {"file": os.path.basename(path), "one_sample": render(arguments.renderer, path, 1),
               "four_samples": render(arguments.renderer, path, 4), "end_to_end": end_to_end(arguments.tool, path)}
        results["files"].append(row)
        one = row["one_sample"]
        peer = 1e3 / one["llvmpipe_ms_per_view"] if "llvmpipe_ms_per_view" in one else float("nan")
        print(f"{row['file']:28} {one['triangles']:9} {one['views_per_second']:8.1f} "
              f"{row['four_samples']['views_per_second']:10.1f} {peer:9.1f} {one.get('ratio_to_llvmpipe', float('nan')):6.2f} "
              f"{row['end_to_end']['cpu_ms_per_object']:9.1f} {row['end_to_end']['peak_memory_mib']:6.0f}")
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
