#!/usr/bin/env python3
"""Measure calotype on this machine: a table on the terminal, all numbers in a JSON file.

For each mesh, size and number of samples: CPU microseconds a view on one pinned core, stage by
stage, and beside it, in the same process and in turns, Mesa's llvmpipe and Embree drawing the same
views with the same material and light, where they were found at build time. Then: the whole program
end to end, two threads against one, and PNG writing against libpng.

Meshes are generated (into BUILD/bench/meshes); the .glb files of the folder CALOTYPE_ASSETS (else
../shared/assets), in glb/, are measured too when they are there.
"""
import argparse
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATED = ["ball_10k", "mug_24k", "ball_100k", "ball_1m"]
# The same triangles as ball_1m in another order: what it costs everyone when files are not tidy.
SHUFFLED = "ball_1m_shuffled"
CASES = ["64x1", "128x1", "256x1", "512x1", "1024x1", "256x4", "256x16"]
PEERS = ["llvmpipe", "embree"]
PARTS = ["views", "backends", "lod", "end-to-end", "threads", "png"]
# Drawn with levels of detail, too, when they are among the meshes; the last is made by `make_meshes FOLDER large`.
LARGE = ["ball_1m", "ball_10m"]
# Below this share of common pixels, or above this mean difference of 8-bit colours, they draw different things.
LEAST_MASK, MOST_LEVELS = 0.995, 5


def last_core():
    """Pins to the last core this process may use: the one that interrupts like least."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(command, pinned=True):
    """The lines of JSON that a program prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=last_core if pinned else None)
    for line in process.stdout:
        yield json.loads(line)
    if process.wait():
        sys.exit(f"bench: `{shlex.join(map(str, command))}` ended with {process.returncode}")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def backend(tool):
    """What the cpu backend says of itself, its instruction set among it."""
    listing = json.loads(subprocess.run([tool, "backends", "--json"], capture_output=True, check=True).stdout)
    return next(entry["detail"] for entry in listing["backends"] if entry["name"] == "cpu")


def asset_files():
    folder = pathlib.Path(os.environ.get("CALOTYPE_ASSETS", ROOT / ".." / "shared" / "assets")) / "glb"
    files = sorted(folder.glob("*.glb"))
    if not files:
        print(f"bench: no .glb files in {os.path.relpath(folder)} (set CALOTYPE_ASSETS): generated meshes only")
    return files


def choose_meshes(options):
    """Paths, generated meshes first; by name or path when asked for."""
    folder = options.build / "bench" / "meshes"
    maker, last = options.build / "bench" / "make_meshes", folder / f"{SHUFFLED}.glb"
    if not last.exists() or last.stat().st_mtime < maker.stat().st_mtime:
        subprocess.run([maker, folder], check=True)
    generated = [folder / f"{name}.glb" for name in GENERATED]
    if not options.meshes:
        return generated[:2] if options.quick else generated + [folder / f"{SHUFFLED}.glb"] + asset_files()
    known = {path.stem: path for path in generated + [folder / f"{SHUFFLED}.glb"] + asset_files()}
    paths = [known.get(name, pathlib.Path(name)) for name in options.meshes]
    for path in paths:
        if not path.exists():
            sys.exit(f"bench: {path} is neither a file nor one of: {', '.join(known)}")
    return paths


# ---- views ----


def print_heading(peers, wanted):
    for peer in PEERS:
        if peer not in peers and wanted is None:
            print(f"bench: built without {peer} (or it does not start): its columns are left out")
    print(f"\n{'mesh':18}{'triangles':>10} {'case':>8}{'views/s':>9} |{'cull':>7}{'transf.':>8}{'set-up':>8}"
          f"{'raster':>8}{'shade':>8}{'= us':>9} |" + "".join(f"{peer:>10}{'ratio':>7}" for peer in peers))


def print_case(case, peers):
    by_name = {entry["peer"]: entry for entry in case["peers"]}
    line = (f"{pathlib.Path(case['mesh']).stem:18}{case['triangles']:10} {case['size']:5}x{case['samples']:<2}"
            f"{1e6 / case['calotype_us']:9.0f} |{case['cull_us']:7.1f}{case['transform_us']:8.1f}"
            f"{case['setup_us']:8.1f}{case['raster_us']:8.1f}{case['shade_us']:8.1f}{case['calotype_us']:9.1f} |")
    for peer in peers:
        entry = by_name.get(peer)
        line += f"{entry['peer_us']:10.1f}{entry['ratio']:7.2f}" if entry else f"{'-':>10}{'-':>7}"
    print(line, flush=True)


def warn_of_differences(case):
    for entry in case["peers"] if case["samples"] == 1 else []:
        agreement = entry["agreement"]
        if agreement["mask"] < LEAST_MASK or agreement["color_levels"] > MOST_LEVELS:
            print(f"bench: warning: {entry['peer']} draws {case['mesh']} differently at {case['size']}: "
                  f"{100 * agreement['mask']:.2f} % of the pixels in common, colours differ by "
                  f"{agreement['color_levels']:.1f} of 255: this ratio compares different things")


def rows_of(case):
    """One row a peer; one with no peer where there is none."""
    common = {key: value for key, value in case.items() if key != "peers"}
    return [common | entry for entry in case["peers"] or [{"peer": None, "peer_us": None, "ratio": None}]]


def measure_views(options, meshes):
    peers, rows = None, []
    for path in meshes:
        cases = ["256x1"] if path.stem == SHUFFLED and not options.meshes else options.cases
        command = [options.build / "bench" / "render_bench", "--rounds", str(options.rounds), "--seconds",
                   str(options.seconds), "--views", str(options.views)]
        command += ["--peers", options.peers] if options.peers is not None else []
        command += ["--pictures", options.pictures] if options.pictures else []
        for case in run(command + [path] + cases):
            if peers is None:
                peers = [entry["peer"] for entry in case["peers"]]
                print_heading(peers, options.peers)
            print_case(case, peers)
            warn_of_differences(case)
            rows += rows_of(case)
    return rows


# ---- backends ----


def measure_backends(options, meshes):
    """The same views by every backend that is here, in one process and in turns, on one core."""
    rows, own = [], None
    for path in meshes:
        for row in run([options.build / "bench" / "backends_bench", path, "256x1", "256x4", "1024x1"]):
            if not rows:
                print("\nBackends: us a view by wall clock and CPU time; ms to open, to prepare, to the first picture")
                print(f"{'mesh':18}{'case':>9} {'backend':8}{'wall us':>10}{'CPU us':>10}{'of cpu':>8}{'open':>8}"
                      f"{'prepare':>9}{'first':>8}")
            if row["backend"] == "cpu":
                own = row["wall_us"]
            row["ratio"] = row["wall_us"] / own
            print(f"{path.stem:18}{row['size']:6}x{row['samples']:<2} {row['backend']:8}{row['wall_us']:10.1f}"
                  f"{row['cpu_us']:10.1f}{row['ratio']:8.2f}{row['open_ms']:8.1f}{row['prepare_ms']:9.1f}"
                  f"{row['first_ms']:8.1f}", flush=True)
            rows.append(row)
    for name, renderer in dict((row["backend"], row["renderer"]) for row in rows).items():
        print(f"{name}: {renderer}")
    return rows


# ---- levels of detail ----


def measure_lod(options, meshes):
    rows = []
    for path in meshes:
        for pixels in ["0", "0.5", "1"]:
            command = [options.build / "bench" / "render_bench", "--rounds", str(options.rounds), "--seconds",
                       str(options.seconds), "--views", str(options.views), "--peers", "none", "--lod", pixels]
            for case in run(command + [path, "64x1", "256x1", "1024x1"]):
                if not rows:
                    print("\nLevels of detail: us a view by the pixels that anything may move (0: off)")
                    print(f"{'mesh':18}{'size':>6}{'pixels':>8}{'us':>10}")
                print(f"{path.stem:18}{case['size']:6}{pixels:>8}{case['calotype_us']:10.1f}", flush=True)
                del case["peers"]
                rows.append(case | {"lod_pixels": float(pixels)})
    return rows


# ---- the whole program ----


def time_program(command):
    """Wall and CPU seconds and peak bytes of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {shlex.join(map(str, command))}: {message.strip()}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def end_to_end(tool, path, rounds, extra):
    """Medians of `calotype render`: 32 views of 256x256, 4 samples, PNG and three npy in a zip, all cores."""
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(time_program([tool, "render", path, "-o", folder, "--depth", "--normals", "--mask", "--package",
                                      "zip", "--seed", "1", *extra]))
    walls, cpus, peaks = zip(*runs)
    return {"mesh": path.name, "wall_ms": 1e3 * statistics.median(walls), "cpu_ms": 1e3 * statistics.median(cpus),
            "peak_memory_mib": max(peaks) / 2**20}


def measure_end_to_end(options, meshes):
    tool = options.build / "src" / "cli" / "calotype"
    has_cache = "--cache" in subprocess.run([tool, "help", "render"], capture_output=True, text=True, check=True).stdout
    rounds, rows = 2 if options.quick else 5, []
    print(f"\nEnd to end on {len(os.sched_getaffinity(0))} cores: 32 views, 256x256, 4 samples, PNG + 3 npy, zip")
    print(f"{'mesh':24}{'cache':>7}{'wall ms':>9}{'CPU ms':>9}{'peak MiB':>10}")
    with tempfile.TemporaryDirectory() as cache:
        for path in meshes:
            found = [end_to_end(tool, path, rounds, []) | {"cache": "none"}]
            if has_cache:
                end_to_end(tool, path, 1, ["--cache", cache])
                found.append(end_to_end(tool, path, rounds, ["--cache", cache]) | {"cache": "warm"})
            for row in found:
                print(f"{path.stem:24}{row['cache']:>7}{row['wall_ms']:9.1f}{row['cpu_ms']:9.1f}"
                      f"{row['peak_memory_mib']:10.0f}", flush=True)
            rows += found
    return rows


# ---- threads and PNG ----


def measure_threads(options, meshes):
    if len(os.sched_getaffinity(0)) < 2:
        print("\nbench: only one core may be used here: no comparison of threads")
        return []
    print("\nTwo threads against one: 1 sample, wall us a view")
    print(f"{'mesh':24}{'views':>6}{'size':>6}{'one':>10}{'two':>10}{'times':>7}{'on free cores':>15}")
    rows = []
    for path in meshes:
        for row in run([options.build / "bench" / "threads_bench", path], pinned=False):
            print(f"{path.stem:24}{row['views']:6}{row['size']:6}{row['one_wall_us']:10.1f}{row['two_wall_us']:10.1f}"
                  f"{row['scaling']:7.2f}{row['scaling_by_cpu']:15.2f}", flush=True)
            rows.append({"mesh": path.name} | row)
    return rows


def measure_png(options, meshes):
    program = options.build / "bench" / "png_bench"
    if not program.exists():
        print("\nbench: built without libpng: no comparison of PNG writing")
        return []
    print("\nPNG: 32 renders of 256x256 RGBA, libpng at its defaults beside calotype")
    print(f"{'mesh':24}{'us':>9}{'bytes':>9}{'libpng':>9}{'bytes':>9}{'times':>7}{'size':>7}")
    rows = []
    for path in meshes:
        for row in run([program, path]):
            print(f"{path.stem:24}{row['calotype_us']:9.1f}{row['calotype_bytes']:9}{row['libpng_us']:9.1f}"
                  f"{row['libpng_bytes']:9}{row['ratio']:7.2f}{row['size_ratio']:7.3f}", flush=True)
            rows.append({"mesh": path.name} | row)
    return rows


# ---- all of it ----


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("meshes", nargs="*", metavar="MESH",
                        help=f"{', '.join(GENERATED + [SHUFFLED])}, an asset's name, or a file (all)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="the build folder (build)")
    parser.add_argument("--output", type=pathlib.Path, help="the JSON file (BUILD/bench.json)")
    parser.add_argument("--quick", action="store_true", help="under a minute: two meshes, three sizes, fewer rounds")
    parser.add_argument("--cases", help=f"sizes and samples, with commas between ({','.join(CASES)})")
    parser.add_argument("--peers", help="llvmpipe, embree, both with a comma between, or none (all there are)")
    parser.add_argument("--parts", help=f"with commas between ({','.join(PARTS)})")
    parser.add_argument("--views", type=int, default=32, help="cameras (32)")
    parser.add_argument("--rounds", type=int, help="at most, a case (5)")
    parser.add_argument("--seconds", type=int, help="a case; no round is begun later (3)")
    parser.add_argument("--pictures", type=pathlib.Path, help="a folder for pictures of all, side by side")
    options = parser.parse_args()
    options.cases = (options.cases or ("64x1,256x1,512x1,256x4" if options.quick else ",".join(CASES))).split(",")
    options.parts = (options.parts or ",".join(PARTS)).split(",")
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 3)
    options.output = options.output or options.build / "bench.json"
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    return options


def main():
    options = parse_arguments()
    meshes = choose_meshes(options)
    results = {"machine": processor(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform(),
               "backend": backend(options.build / "src" / "cli" / "calotype"),
               "command": shlex.join(["bench/bench.py"] + sys.argv[1:]), "views": options.views}
    level = os.environ.get("CALOTYPE_CPU")
    print(f"{results['machine']}, {results['cores']} cores; {results['backend']}"
          + (f"; CALOTYPE_CPU={level}" if level else ""))
    print(f"CPU time on one core, medians; {options.views} cameras (objaverse-xl, seed 1); RGBA8, depth, normal, mask, "
          "ids")
    tidy = [path for path in meshes if path.stem != SHUFFLED or options.meshes]
    if "views" in options.parts:
        results["rows"] = measure_views(options, meshes)
    if "backends" in options.parts:
        results["backends"] = measure_backends(options, [path for path in tidy if path.stem not in LARGE])
    if "lod" in options.parts:
        results["lod"] = measure_lod(options, [path for path in meshes if path.stem in LARGE])
    if "end-to-end" in options.parts:
        results["end_to_end"] = measure_end_to_end(options, tidy)
    if "threads" in options.parts:
        results["threads"] = measure_threads(options, tidy)
    if "png" in options.parts:
        results["png"] = measure_png(options, tidy)
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    print(f"\nAll numbers: {os.path.relpath(options.output)}")


if __name__ == "__main__":
    main()
