#!/usr/bin/env python3
"""States rendered by several processes, each with its share of the render servers.

    mpirun -n 2 python3 examples/orrb_mpi.py --assets DIR [--workers 4] [--batches 8] [--port 7000]

DIR holds ORRB's dactyl.xml, its mapping and config, and states/qpos.csv. Rank r takes the batches r, r + ranks, ...; the
seeds say where a picture belongs, so that it is the same whoever renders it. Without MPI it is one process.
"""
import argparse
import hashlib
import logging
import queue
import time

import numpy as np

from calotype import orrb

CAMERAS = ["vision_cam_left", "vision_cam_top", "vision_cam_right"]


def world():
    """-> rank, size, and a function that gives rank 0 everybody's value"""
    try:
        from mpi4py import MPI
    except ImportError:
        return 0, 1, lambda value: [value]
    return MPI.COMM_WORLD.Get_rank(), MPI.COMM_WORLD.Get_size(), MPI.COMM_WORLD.gather


def configured(assets):
    config = orrb.RemoteRendererConfig()
    config.camera_names = CAMERAS
    config.image_width = config.image_height = 64
    config.model_xml_path, config.model_mapping_path = "dactyl.xml", "dactyl.mapping"
    config.renderer_config_path = "dactyl.renderer_config.json"
    config.asset_basedir = assets
    config.render_depth = True
    return config


def render(renderer, states, numbers):
    """-> for each batch by its number, a hash of its pictures"""
    results = queue.Queue()
    for number in numbers:
        batch = orrb.utils.build_batch(states, number * len(states))
        renderer.render_batch_async({**batch, "number": number}, results)
    hashes = {}
    for _ in numbers:
        result = orrb.utils.check_result(results.get())
        pictures = b"".join(result[name].tobytes() for camera in CAMERAS for name in (camera, camera + "_depth"))
        hashes[result["number"]] = hashlib.sha256(pictures).hexdigest()
    return hashes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", required=True)
    parser.add_argument("--workers", type=int, default=2, help="servers of all ranks together")
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--states", type=int, default=16, help="in a batch")
    parser.add_argument("--port", type=int, default=7000)
    options = parser.parse_args()
    orrb.utils.setup_logging()
    rank, size, gather = world()
    states = np.loadtxt(f"{options.assets}/states/qpos.csv", delimiter=",", max_rows=options.states)
    servers = orrb.utils.build_server_configs(1, options.workers, options.port, rank, size)
    renderer = orrb.RemoteRenderer(f"rank {rank}", servers, configured(options.assets))
    renderer.start()
    try:
        started = time.monotonic()
        hashes = render(renderer, states, range(rank, options.batches, size))
        logging.info("%d batches in %.2f s.", len(hashes), time.monotonic() - started)
    finally:
        renderer.shutdown()
    everybody = gather(hashes)
    if rank == 0:
        for number, value in sorted(pair for found in everybody for pair in found.items()):
            print(number, value)


if __name__ == "__main__":
    main()
