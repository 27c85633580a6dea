#!/usr/bin/env python3
"""Measure calotype.mujoco against mujoco.Renderer: a markdown table, all numbers in a JSON file with --json.

200x200, colour and depth, and with segmentation, of pose after pose, on one pinned core, in one process, in which the peers
take turns: CPU time of all threads a frame, median of rounds. mujoco.Renderer without antialiasing is compared with
calotype at one sample a pixel, at 4 with 4. Both peers are given an MjData that has the same kinematics, whose time counts
for both. calotype is measured twice: `calotype.mujoco.Renderer`, the same calls with their price in Python, and
`calotype.mujoco.Model.render`, all states in one call, into the same arrays each time.

Scenes: one of shapes, made here; and dactyl (a hand of 41,580 triangles, three cameras) in the folder orrb/ of
CALOTYPE_ASSETS, else ../shared/assets, where it is there. Needs the package mujoco (3 or 4) and a GL that it can draw with:
MUJOCO_GL=egl unless it is set; it says so and ends well where they are missing.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZE, STATES = 200, 16
ROUND_SECONDS = 0.4
PASSES = {"colour, depth": ("rgb", "depth"), "colour, depth, segmentation": ("rgb", "depth", "segmentation")}

SHAPES = """<mujoco><asset><texture name="floor" type="2d" builtin="checker" rgb1=".2 .3 .4" rgb2=".8 .7 .6" width="128"
height="128"/><material name="floor" texture="floor" texrepeat="6 6"/></asset><worldbody>
<light pos="1 -1 4" dir="-.2 .2 -1" cutoff="60"/><geom type="plane" size="3 3 .1" material="floor"/>
<camera name="near" pos="0 -3 1.5" xyaxes="1 0 0 0 .5 1" fovy="50"/>
<camera name="far" pos="2.5 -3.5 3" xyaxes="1 .7 0 -.4 .5 .9" fovy="45"/>%s</worldbody></mujoco>"""


def shapes():
    """Forty moving shapes over a floor, under a lamp that casts shadows."""
    kinds = ['type="sphere" size=".12"', 'type="box" size=".1 .12 .15"', 'type="capsule" size=".08 .12"',
             'type="cylinder" size=".1 .12"', 'type="ellipsoid" size=".15 .1 .08"']
    bodies = []
    for i in range(40):
        x, y = (i % 8 - 3.5) * 0.5, (i // 8 - 2) * 0.5
        color = f"{0.3 + i % 3 * 0.3} {0.3 + i % 4 * 0.2} {0.9 - i % 5 * 0.15} 1"
        bodies.append(f'<body pos="{x} {y} .4"><joint type="hinge" axis="1 1 0"/><geom {kinds[i % 5]} rgba="{color}"/></body>')
    return SHAPES % "".join(bodies)


def mended_dactyl(folder):
    """dactyl.xml as MuJoCo takes it: it refuses three things in it, which do not matter here."""
    text = (folder / "dactyl.xml").read_text()
    cube = 'file="small_placeholder_cube.png" gridsize="6 1" gridlayout="UDLRFB......"'
    text = text.replace(cube, 'builtin="flat" rgb1="1 1 1" rgb2="1 1 1" width="8" height="48"')
    text = text.replace("<compiler ", '<compiler balanceinertia="true" ', 1)
    text = text.replace('meshdir="stls"', f'meshdir="{folder / "stls"}"')
    text = re.sub(r"<option[^>]*/>", "", text)
    return re.sub(r' n(jmax|conmax|stack)="[0-9]*"', "", text)


def dactyl_states(np, mujoco, model, folder):
    """qpos of the recorded states, as the mapping file says."""
    rows = np.loadtxt(folder / "states" / "qpos.csv", delimiter=",", ndmin=2)[:STATES]
    out = np.tile(model.qpos0, (len(rows), 1))
    for line in (folder / "dactyl.mapping").read_text().splitlines():
        name, first = line.split(",")
        joint = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name.strip())
        width = {mujoco.mjtJoint.mjJNT_FREE: 7, mujoco.mjtJoint.mjJNT_BALL: 4}.get(int(model.jnt_type[joint]), 1)
        at = model.jnt_qposadr[joint]
        out[:, at:at + width] = rows[:, int(first):int(first) + width]
    return out


def find_scenes(np, mujoco, assets):
    """Name, model, states."""
    model = mujoco.MjModel.from_xml_string(shapes())
    turns = np.linspace(0, 2, STATES)[:, None] + np.arange(model.nq)[None]
    yield "shapes", model, model.qpos0 + turns
    folder = assets / "orrb"
    if (folder / "dactyl.xml").exists():
        model = mujoco.MjModel.from_xml_string(mended_dactyl(folder))
        yield "dactyl", model, dactyl_states(np, mujoco, model, folder)
    else:
        print(f"bench: dactyl is left out: there is no {folder / 'dactyl.xml'}", file=sys.stderr)


class Peer:
    """A renderer with mujoco.Renderer's calls."""

    def __init__(self, mujoco, make, model, states, cameras, passes):
        self.mujoco, self.model, self.states, self.cameras, self.passes = mujoco, model, states, cameras, passes
        self.data = mujoco.MjData(model)
        self.renderer = make(model)
        self.drawn = 0
        self.frame()

    def frame(self):
        """The pictures of the next camera, and after the last one of the next state."""
        state, camera = divmod(self.drawn, len(self.cameras))
        self.drawn += 1
        self.data.qpos[:] = self.states[state % len(self.states)]
        self.mujoco.mj_kinematics(self.model, self.data)
        self.mujoco.mj_camlight(self.model, self.data)
        self.renderer.update_scene(self.data, self.cameras[camera])
        out = {}
        for kind in self.passes:
            self.renderer.disable_depth_rendering()
            self.renderer.disable_segmentation_rendering()
            if kind != "rgb":
                getattr(self.renderer, f"enable_{kind}_rendering")()
            out[kind] = self.renderer.render()
        return out

    def round(self, seconds):
        """CPU seconds a frame."""
        count, begun = 0, time.process_time()
        while count == 0 or time.process_time() - begun < seconds:
            self.frame()
            count += 1
        return (time.process_time() - begun) / count


class Batch:
    """All states and cameras in one call."""

    def __init__(self, calotype_mujoco, mujoco, model, states, cameras, passes, samples):
        self.model, self.states, self.cameras = calotype_mujoco.Model.from_mujoco(model), states, cameras
        self.samples = samples
        self.channels = tuple(passes)
        data = mujoco.MjData(model)
        self.places = {"xpos": [], "xquat": [], "cam_xpos": [], "cam_xmat": [], "light_xpos": [], "light_xdir": []}
        for row in states:
            data.qpos[:] = row
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            for name, column in self.places.items():
                column.append(getattr(data, name).copy())
        import numpy as np
        self.places = {name: np.array(column) for name, column in self.places.items()}
        self.out = None
        first = self.draw()
        self.out = {name: first[name] for name in self.channels}

    def draw(self):
        return self.model.render(cameras=self.cameras, states=self.places, width=SIZE, height=SIZE, channels=self.channels,
                                 samples=self.samples, threads=1, out=self.out)

    def round(self, seconds):
        count, begun = 0, time.process_time()
        while count == 0 or time.process_time() - begun < seconds:
            self.draw()
            count += len(self.states) * len(self.cameras)
        return (time.process_time() - begun) / count


def psnr(np, a, b):
    """Of colours where depths agree within 1 %, so that outlines do not count."""
    inside = np.abs(a["depth"] - b["depth"]) < 0.01 * b["depth"]
    difference = (a["rgb"].astype(float) - b["rgb"].astype(float))[inside]
    return float(10 * np.log10(255 ** 2 / max((difference ** 2).mean(), 1e-9)))


def measure(np, mujoco, calotype_mujoco, scene, options):
    """One row a number of samples and set of passes."""
    name, model, states = scene
    cameras = [mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_CAMERA, i) for i in range(model.ncam)]
    rows = []
    for samples in (1, 4):
        model.vis.quality.offsamples = 0 if samples == 1 else samples
        for title, passes in PASSES.items():
            theirs = Peer(mujoco, lambda m: mujoco.Renderer(m, SIZE, SIZE), model, states, cameras, passes)
            ours = Peer(mujoco, lambda m: calotype_mujoco.Renderer(m, SIZE, SIZE, samples=samples, threads=1), model,
                        states, cameras, passes)
            batch = Batch(calotype_mujoco, mujoco, model, states, cameras, passes, samples)
            peers = {"mujoco": theirs, "renderer": ours, "batch": batch}
            quality = psnr(np, ours.frame(), theirs.frame())
            taken = {key: [] for key in peers}
            for _ in range(options.rounds):
                for key, peer in peers.items():
                    taken[key].append(peer.round(ROUND_SECONDS))
            medians = {key: statistics.median(values) for key, values in taken.items()}
            rows.append({"scene": name, "samples": samples, "passes": title, "seconds": medians, "rounds": taken,
                         "psnr": quality})
            theirs.renderer.close()
            ours.renderer.close()
    return rows


def show(rows):
    print("| scene | pictures | samples | mujoco.Renderer | calotype, same calls | | calotype, one call | | PSNR |")
    print("|-------|----------|---------|-----------------|----------------------|-|--------------------|-|------|")
    for row in rows:
        own = row["seconds"]
        cells = []
        for key in ("renderer", "batch"):
            cells += [f"{own[key] * 1e3:.2f} ms", f"{own['mujoco'] / own[key]:.1f}x"]
        print(f"| {row['scene']} | {row['passes']} | {row['samples']} | {own['mujoco'] * 1e3:.2f} ms | {' | '.join(cells)} | "
              f"{row['psnr']:.1f} dB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="the build folder")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scene", help="only this one")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("LP_NUM_THREADS", "0")  # on one core, llvmpipe's threads would only wait for each other
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.path.insert(0, str(options.build / "python"))
    try:
        import mujoco
        import numpy as np
        mujoco.Renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 8, 8).close()
    except Exception as error:  # of any kind: no package, no driver, no display
        print(f"bench: left out: mujoco cannot draw here: {error}", file=sys.stderr)
        return
    import calotype.mujoco
    assets = pathlib.Path(os.environ.get("CALOTYPE_ASSETS", ROOT.parent / "shared" / "assets"))
    rows = []
    for scene in find_scenes(np, mujoco, assets):
        if options.scene in (None, scene[0]):
            rows += measure(np, mujoco, calotype.mujoco, scene, options)
    show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
