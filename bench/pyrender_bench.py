#!/usr/bin/env python3
"""Measure calotype.pyrender against pyrender from PyPI: a markdown table, all numbers in a JSON file with --json.

The same calls of the same API, 256x256 colour and depth a call, on one pinned core: user and system CPU time a picture,
median of rounds in which the peers take turns. pyrender has 4 samples a pixel on EGL and 1 on OSMesa: each is compared
with calotype at as many. Every peer runs in a process of its own. Then start-up: from before
`import` (numpy's own import left out) to the first picture. Pictures are compared: peers that draw different things
are said so.

Meshes: a sphere of a million triangles, made here, and duck_4k.glb and flighthelmet_95k.glb of the folder
CALOTYPE_ASSETS (else ../shared/assets), in glb/, where they are there. The interpreters need numpy and trimesh;
pyrender 0.1.45 needs numpy < 2.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE, POSES = 256, 8
FILES = ["duck_4k", "flighthelmet_95k"]
MILLION = "ball_1m"


class Peer(typing.NamedTuple):
    name: str  # in the table
    samples: int
    platform: typing.Optional[str]  # PYOPENGL_PLATFORM of pyrender; None: calotype

    @property
    def module(self):
        return "pyrender" if self.platform else "calotype.pyrender"


PEERS = [Peer("calotype, 1 sample", 1, None), Peer("pyrender, OSMesa, 1 sample", 1, "osmesa"),
         Peer("calotype, 4 samples", 4, None), Peer("pyrender, EGL, 4 samples", 4, "egl")]
OWN = {peer.samples: peer.name for peer in PEERS if not peer.platform}
# Below this share of common pixels peers draw different things.
LEAST_MASK = 0.99


def cpu_seconds():
    """Of this process, all its threads, and its children."""
    import resource
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


# ---- a peer's process ----


def bumpy_ball(columns=1000, rows=501):
    """A sphere of 2 x 1000 x 500 triangles with bumps."""
    import numpy as np
    import trimesh
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, columns, endpoint=False), np.linspace(0, np.pi, rows))
    radius = 1 + 0.05 * np.sin(9 * around) * np.sin(7 * down) + 0.01 * np.sin(41 * around + 3) * np.sin(37 * down)
    vertices = np.stack([radius * np.sin(down) * np.cos(around), radius * np.sin(down) * np.sin(around),
                         radius * np.cos(down)], -1).reshape(-1, 3)
    a = np.arange(rows - 1)[:, None] * columns + np.arange(columns)
    b = np.arange(rows - 1)[:, None] * columns + (np.arange(columns) + 1) % columns
    faces = np.stack([a, a + columns, b + columns, a, b + columns, b], -1).reshape(-1, 3)
    return trimesh.Trimesh(vertices, faces, process=False)


def look_at(position, target):
    import numpy as np
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross([0, 1, 0], back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, position
    return pose


def load_module(name):
    import importlib
    return importlib.import_module(name)


def make_scene(module, mesh):
    """The scene, its camera's node, and poses around it."""
    import numpy as np
    import trimesh
    if mesh == MILLION:
        scene = module.Scene(bg_color=[255, 255, 255, 255], ambient_light=[0.2, 0.2, 0.2])
        scene.add(module.Mesh.from_trimesh(bumpy_ball(), smooth=True))
    else:
        loaded = trimesh.load(mesh)
        scene = module.Scene.from_trimesh_scene(loaded, bg_color=[255, 255, 255, 255], ambient_light=[0.2, 0.2, 0.2])
    center, reach = scene.centroid, scene.scale
    turns = [2 * np.pi * i / POSES for i in range(POSES)]
    poses = [look_at(center + reach * np.array([np.sin(a), 0.4, np.cos(a)]), center) for a in turns]
    light = module.DirectionalLight(color=[1.0, 1.0, 1.0], intensity=3.0)
    scene.add(light, pose=poses[1])
    camera = module.PerspectiveCamera(yfov=np.pi / 3.5, aspectRatio=1.0, znear=reach / 100, zfar=reach * 10)
    return scene, scene.add(camera, pose=poses[0]), poses


def make_renderer(module, samples):
    """pyrender's samples are its platform's own."""
    own = {"samples": samples} if module.__name__ != "pyrender" else {}
    return module.OffscreenRenderer(SIZE, SIZE, **own)


def serve(module_name, samples, mesh, picture):
    """Answers every line `COUNT` on standard input with the CPU time of so many pictures."""
    import numpy as np
    module = load_module(module_name)
    scene, camera, poses = make_scene(module, mesh)
    renderer = make_renderer(module, samples)
    color, depth = renderer.render(scene)
    np.savez(picture, color=color, depth=depth)
    print(json.dumps({"ready": True}), flush=True)
    drawn = 0
    for line in sys.stdin:
        count, cpu, wall = int(line), cpu_seconds(), time.perf_counter()
        for _ in range(count):
            scene.set_pose(camera, poses[drawn % POSES])
            renderer.render(scene)
            drawn += 1
        taken = {"cpu": (cpu_seconds() - cpu) / count, "wall": (time.perf_counter() - wall) / count}
        print(json.dumps(taken), flush=True)
    renderer.delete()


def start_up(module_name, samples):
    """From the import to the first picture of a triangle."""
    import numpy as np
    cpu, wall = cpu_seconds(), time.perf_counter()
    module = load_module(module_name)
    scene = module.Scene()
    triangle = module.Primitive(positions=np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], np.float32),
                                normals=np.array([[0, 0, 1]] * 3, np.float32))
    scene.add(module.Mesh([triangle]))
    scene.add(module.PerspectiveCamera(yfov=1.0, aspectRatio=1.0), pose=look_at(np.array([0.0, 0, 3]), np.zeros(3)))
    renderer = make_renderer(module, samples)
    _, depth = renderer.render(scene)
    print(json.dumps({"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall, "drawn": bool(depth.max() > 0)}))


# ---- the parent ----


def last_core():
    """Pins to the last core this process may use: the one that interrupts like least."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def environment(options, peer):
    out = dict(os.environ)
    if peer.platform:
        out["PYOPENGL_PLATFORM"] = peer.platform
    else:
        others = out.get("PYTHONPATH", "").split(os.pathsep)
        out["PYTHONPATH"] = os.pathsep.join([str(options.build / "python"), *others])
    return out


def command(options, peer, *arguments):
    python = options.pyrender_python if peer.platform else options.calotype_python
    return [python, os.path.abspath(__file__), "--worker", peer.module, "--samples", str(peer.samples),
            *map(str, arguments)]


def open_peer(options, peer, mesh, picture):
    """The process once it is ready; None, and a word, when the peer cannot draw here."""
    process = subprocess.Popen(command(options, peer, "--mesh", mesh, "--picture", picture), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=last_core,
                               env=environment(options, peer))
    if process.stdout.readline():
        return process
    error = process.communicate()[1].strip().splitlines()
    print(f"bench: {peer.name} is left out for {pathlib.Path(mesh).stem}: {error[-1] if error else 'it ended'}",
          file=sys.stderr)
    return None


def ask(process, count):
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def compare(first, second):
    """Share of pixels with the same mask, and the mean difference of 8-bit colours where both have a surface."""
    import numpy as np
    a, b = np.load(first), np.load(second)
    both = (a["depth"] > 0) & (b["depth"] > 0)
    difference = np.abs(a["color"][..., :3].astype(int) - b["color"][..., :3].astype(int))
    return {"mask": float(((a["depth"] > 0) == (b["depth"] > 0)).mean()),
            "levels": float(difference[both].mean()) if both.any() else 0.0}


def measure_mesh(options, mesh, folder):
    processes, times, pictures = {}, {}, {}
    for peer in PEERS:
        picture = os.path.join(folder, f"{len(pictures)}.npz")
        process = open_peer(options, peer, mesh, picture)
        if process:
            processes[peer.name], times[peer.name], pictures[peer.name] = process, [], picture
    counts = {}
    for name, process in processes.items():
        ask(process, POSES)
        counts[name] = max(POSES, int(options.round_seconds / max(ask(process, POSES)["cpu"], 1e-5)))
    for _ in range(options.rounds):
        for name, process in processes.items():
            times[name].append(ask(process, counts[name])["cpu"])
    for process in processes.values():
        process.stdin.close()
        process.wait()
    first = next(iter(pictures), None)
    agreement = {name: compare(pictures[first], pictures[name]) for name in pictures if name != first}
    for name, found in agreement.items():
        if found["mask"] < LEAST_MASK:
            print(f"bench: {first} and {name} draw {pathlib.Path(mesh).stem} differently: {found['mask']:.2%} of the "
                  "pixels have the same mask", file=sys.stderr)
    return {"mesh": pathlib.Path(mesh).stem, "cpu_seconds": {name: statistics.median(t) for name, t in times.items()},
            "rounds": times, "agreement": agreement}


def measure_start_up(options):
    times = {}
    for _ in range(options.rounds):
        for peer in PEERS:
            run = subprocess.run(command(options, peer, "--start-up"), capture_output=True, text=True,
                                 preexec_fn=last_core, env=environment(options, peer), check=False)
            if run.returncode == 0 and json.loads(run.stdout)["drawn"]:
                times.setdefault(peer.name, []).append(json.loads(run.stdout)["cpu"])
    return {"mesh": "start-up", "cpu_seconds": {name: statistics.median(t) for name, t in times.items()},
            "rounds": times}


def cell(row, name):
    peer = next(one for one in PEERS if one.name == name)
    own, value = row["cpu_seconds"].get(OWN[peer.samples]), row["cpu_seconds"].get(name)
    if value is None:
        return "-"
    ratio = f" ({value / own:.1f}x)" if own and peer.platform else ""
    return f"{value * 1e3:.2f} ms{ratio}"


def print_table(rows):
    names = [peer.name for peer in PEERS]
    print("| CPU time a picture | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(names))
    for row in rows:
        print(f"| {row['mesh']} | " + " | ".join(cell(row, name) for name in names) + " |")


def find_meshes():
    folder = pathlib.Path(os.environ.get("CALOTYPE_ASSETS", ROOT / ".." / "shared" / "assets")) / "glb"
    files = [str(folder / f"{name}.glb") for name in FILES if (folder / f"{name}.glb").exists()]
    if len(files) < len(FILES):
        print(f"bench: not all of {', '.join(FILES)} are in {os.path.relpath(folder)} (set CALOTYPE_ASSETS)",
              file=sys.stderr)
    return files + [MILLION]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="where calotype was built")
    parser.add_argument("--pyrender-python", default=sys.executable, help="an interpreter with pyrender and trimesh")
    parser.add_argument("--calotype-python", help="one with numpy and trimesh (the same as --pyrender-python)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--round-seconds", type=float, default=0.5, help="CPU time of a peer's turn")
    parser.add_argument("--meshes", nargs="*", help=f"files, or {MILLION}; else those named above")
    parser.add_argument("--json", help="all numbers, to this file")
    for name in ("--worker", "--mesh", "--picture"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=int, default=4, help=argparse.SUPPRESS)
    parser.add_argument("--start-up", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.calotype_python = options.calotype_python or options.pyrender_python
    options.build = options.build.resolve()
    return options


def main():
    options = parse_options()
    if options.worker and options.start_up:
        return start_up(options.worker, options.samples)
    if options.worker:
        return serve(options.worker, options.samples, options.mesh, options.picture)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure_mesh(options, mesh, folder) for mesh in options.meshes or find_meshes()]
    rows.append(measure_start_up(options))
    print_table(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"size": SIZE, "rows": rows}, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
