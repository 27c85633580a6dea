#!/usr/bin/env python3
"""Frames a second through the render server, beside the same work done directly, round by round in one run.

    PYTHONPATH=build/python python3 bench/serve_bench.py DIR [--states 64] [--rounds 7] [--memory shared|message]

DIR holds ORRB's dactyl.xml, its mapping and config, and states/qpos.csv. All of ORRB's channels at 200 x 200 from its three
cameras. Prints medians and their ratio: one batch after the other, with two under way, and by CPU time of client and server
together, which says more on a busy machine.
"""
import argparse
import os
import queue
import socket
import statistics
import time

import numpy as np

import calotype
import calotype.mujoco
from calotype import orrb

CAMERAS = ["vision_cam_left", "vision_cam_top", "vision_cam_right"]
SIZE = 200
KINDS = {"": "color", "_depth": "depth", "_normals": "normal", "_segmentation": "segmentation"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configured(assets, size=SIZE):
    config = orrb.RemoteRendererConfig()
    config.camera_names, config.asset_basedir = CAMERAS, assets
    config.image_width = config.image_height = size
    config.model_xml_path, config.model_mapping_path = "dactyl.xml", "dactyl.mapping"
    config.renderer_config_path = "dactyl.renderer_config.json"
    config.render_depth = config.render_normals = config.render_segmentation = True
    return config


def direct(assets):
    """The same engine in this process."""
    return calotype.States(calotype.mujoco.Model(f"{assets}/dactyl.xml"),
                           f"{assets}/dactyl.renderer_config.json", mapping=f"{assets}/dactyl.mapping")


def render_directly(states, qpos, seeds, size=SIZE):
    return states.render(qpos, CAMERAS, seeds, width=size, height=size, channels=tuple(KINDS.values()), convention="orrb")


def children_seconds():
    """CPU time of this process's children so far."""
    seconds = 0.0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def timed(function):
    """-> seconds, and seconds of CPU time with the server's"""
    started, used = time.perf_counter(), time.process_time() + children_seconds()
    function()
    return time.perf_counter() - started, time.process_time() + children_seconds() - used


def two_under_way(renderer, qpos, batches=4):
    results = queue.Queue()
    for number in range(batches):
        renderer.render_batch_async(orrb.utils.build_batch(qpos, number), results)
    for _ in range(batches):
        orrb.utils.check_result(results.get())


def check_same(ours, served):
    """Through the server the same bits come out."""
    for index, camera in enumerate(CAMERAS):
        for suffix, channel in KINDS.items():
            wanted = ours[channel][:, index]
            assert np.array_equal(served[camera + suffix], wanted.reshape(served[camera + suffix].shape)), camera + suffix


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--states", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", choices=["shared", "message"], default="shared")
    options = parser.parse_args()
    qpos = np.loadtxt(f"{options.assets}/states/qpos.csv", delimiter=",", max_rows=options.states, dtype=np.float32)
    seeds = np.arange(len(qpos))
    config, frames = configured(options.assets), len(qpos) * len(CAMERAS)
    config.shared_memory = options.memory == "shared"
    port = free_port()
    renderer = orrb.RemoteRenderer("bench", [[0, port]], config)
    second = configured(options.assets)
    second.spawn_servers, second.shared_memory = False, config.shared_memory
    pair = orrb.RemoteRenderer("pair", [[0, f"127.0.0.1:{port}"]] * 2, second)
    renderer.start()
    pair.start()
    try:
        with direct(options.assets) as states:
            check_same(render_directly(states, qpos, seeds), renderer.render_batch({"qpos": qpos, "seeds": seeds}))
            rounds = []
            for _ in range(options.rounds):
                one, one_cpu = timed(lambda: render_directly(states, qpos, seeds))
                served, served_cpu = timed(lambda: renderer.render_batch({"qpos": qpos, "seed": 0}))
                both, _ = timed(lambda: two_under_way(pair, qpos))
                rounds.append((frames / one, frames / served, 4 * frames / both, one_cpu / served_cpu))
    finally:
        pair.shutdown()
        renderer.shutdown()
    names = ("directly", "through the server", "with two under way")
    base = statistics.median(row[0] for row in rounds)
    for index, name in enumerate(names):
        rate = statistics.median(row[index] for row in rounds)
        ratio = statistics.median(row[index] / row[0] for row in rounds)
        print(f"{name:20} {rate:8.0f} frames/s  {100 * ratio:5.0f} % (median of rounds)")
    print(f"{'by CPU time':42} {100 * statistics.median(row[3] for row in rounds):5.0f} %")
    print(f"{len(qpos)} states x {len(CAMERAS)} cameras, {SIZE} x {SIZE}, pictures by {options.memory}; {base:.0f} frames/s "
          "directly")


if __name__ == "__main__":
    main()
