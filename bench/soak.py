#!/usr/bin/env python3
"""Makes, renders and destroys scenes and renderers of random sizes on several threads, and watches the memory.

    PYTHONPATH=build/python python3 bench/soak.py --minutes 10

Prints the resident memory over time; fails when the second half of the run needs more than the first did, beyond noise.
"""
from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time

import numpy as np

import calotype
from calotype import cameras, pyrender

NOISE_BYTES = 12 << 20  # what a thread may hold at a moment more than at another one
NOISE_SHARE = 0.05


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grid(size):
    """A bumpy sheet of size x size squares. -> positions, triangles"""
    x, y = np.meshgrid(np.linspace(-1, 1, size + 1, dtype=np.float32), np.linspace(-1, 1, size + 1, dtype=np.float32))
    positions = np.stack([x, y, 0.1 * np.sin(9 * x) * np.cos(7 * y)], axis=-1).reshape(-1, 3)
    corner = (np.arange(size)[:, None] * (size + 1) + np.arange(size)).ravel()
    return positions, np.concatenate([np.stack([corner, corner + 1, corner + size + 2], axis=1),
                                      np.stack([corner, corner + size + 2, corner + size + 1], axis=1)])


class Worker(threading.Thread):
    """One thread's endless work."""

    def __init__(self, seed, stop):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.stop = stop
        self.scenes = self.renders = self.renderers = 0
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.random.choice((self.native, self.native, self.pyrender))()
        except Exception as error:  # told by the main thread
            self.error = error
            self.stop.set()

    def size(self):
        return self.random.randrange(8, 200), self.random.randrange(8, 200)

    def pixels(self, channels):
        shape = (2 ** self.random.randrange(9), 2 ** self.random.randrange(9), channels)
        return np.full(shape, self.random.randrange(256), dtype=np.uint8)

    def native_scene(self):
        builder = calotype.SceneBuilder()
        for _ in range(self.random.randrange(1, 4)):
            positions, triangles = grid(self.random.randrange(1, 90))
            material = calotype.Material(textures={"base_color": calotype.Texture(self.pixels(4))})
            targets = [calotype.MorphTarget(np.ones_like(positions))] if self.random.randrange(2) else []
            mesh = builder.add_mesh(positions, triangles, uvs=positions[:, :2], material=material, targets=targets)
            builder.add_node(mesh=mesh, name="sheet")
        self.scenes += 1
        return builder.finish()

    def native(self):
        width, height = self.size()
        renderer = calotype.Renderer("cpu", self.random.randrange(1, 3))
        self.renderers += 1
        for _ in range(self.random.randrange(1, 4)):
            scene = self.native_scene()
            views = cameras.orbit(self.random.randrange(1, 5), width, height)
            sky = "white" if self.random.randrange(10) else np.ones((8, 16, 3), np.float32)  # which takes long to filter
            lighting = calotype.Lighting(environment=sky, lights=[calotype.Light("point", position=(0, 0, 2))],
                                         shadows="all", shadow_map_size=64)
            poses = [calotype.Pose(root=np.diag([1, 1, 1 + i, 1])) for i in range(len(views))]
            renderer.render(scene, views, self.random.sample(list(calotype.CHANNELS), 4), poses=poses, lighting=lighting,
                            fit="none")
            renderer.render(scene, views)
            self.renders += 2
            try:
                renderer.render(scene, views, samples=3)
            except calotype.Error:
                pass
        if self.random.randrange(2):
            renderer.close()

    def pyrender(self):
        width, height = self.size()
        positions, triangles = grid(self.random.randrange(1, 90))
        primitive = pyrender.Primitive(positions=positions, indices=triangles, texcoord_0=positions[:, :2],
                                       material=pyrender.MetallicRoughnessMaterial(
                                           baseColorTexture=pyrender.Texture(source=self.pixels(3), source_channels="RGB")))
        scene = pyrender.Scene(bg_color=[0.1, 0.2, 0.3, 1.0], ambient_light=[0.1] * 3)
        node = scene.add(pyrender.Mesh([primitive]))
        pose = np.eye(4)
        pose[2, 3] = 3
        scene.add(pyrender.PerspectiveCamera(yfov=1.0), pose=pose)
        scene.add(pyrender.DirectionalLight(intensity=3.0), pose=pose)
        renderer = pyrender.OffscreenRenderer(width, height)
        self.scenes += 1
        self.renderers += 1
        for step in range(self.random.randrange(1, 4)):
            scene.set_pose(node, np.diag([1, 1, 1 + step, 1.0]))
            renderer.render(scene)
            self.renders += 1
        renderer.delete()


class Soak:
    """What a run has measured."""

    def __init__(self, seconds, threads=4, every_seconds=1.0, report=None):
        stop = threading.Event()
        workers = [Worker(seed, stop) for seed in range(threads)]
        self.samples = []  # (seconds, resident bytes)
        start = time.monotonic()
        for worker in workers:
            worker.start()
        while time.monotonic() - start < seconds and not stop.wait(every_seconds):
            self.samples.append((time.monotonic() - start, resident_bytes()))
            if report:
                report(*self.samples[-1], sum(worker.renders for worker in workers))
        stop.set()
        for worker in workers:
            worker.join()
        for worker in workers:
            if worker.error:
                raise worker.error
        self.scenes = sum(worker.scenes for worker in workers)
        self.renders = sum(worker.renders for worker in workers)
        self.renderers = sum(worker.renderers for worker in workers)

    def median(self, first, last):
        """Resident bytes in this part (0 to 1) of the run."""
        values = [size for _, size in self.samples[int(first * len(self.samples)):int(last * len(self.samples))]]
        return float(np.median(values))

    @property
    def growth(self):
        """Of the last quarter over the second one, in bytes: the first one fills caches and the allocator's arenas."""
        return self.median(0.75, 1) - self.median(0.25, 0.5)

    @property
    def allowed(self):
        return NOISE_BYTES + NOISE_SHARE * self.median(0.25, 0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=4)
    arguments = parser.parse_args()
    last = [0.0]

    def report(seconds, size, renders):
        if seconds - last[0] >= min(15, arguments.minutes * 6):
            last[0] = seconds
            print(f"{seconds:7.0f} s {size / 2**20:8.1f} MiB {renders:8d} renders", flush=True)

    soak = Soak(arguments.minutes * 60, arguments.threads, report=report)
    print(f"{soak.scenes} scenes, {soak.renderers} renderers, {soak.renders} renders; MiB resident: "
          f"{soak.median(0, 0.1) / 2**20:.1f} at the start, {soak.median(0.45, 0.55) / 2**20:.1f} in the middle, "
          f"{soak.median(0.9, 1) / 2**20:.1f} at the end; growth {soak.growth / 2**20:.1f} of {soak.allowed / 2**20:.1f}")
    return soak.growth > soak.allowed


if __name__ == "__main__":
    sys.exit(main())
