#!/usr/bin/env python3
"""A data set by the machines of a Ray cluster: one supervisor a shard, started again elsewhere when its machine is lost.

    python3 examples/dataset_ray.py --shards 8 --cpus 16 objects.csv /data/renders -- --package zip --depth

The list and the destination are on a file system that all machines see, or on s3 (then say --runs as well). What follows "--"
are options of `calotype dataset`.
"""
import argparse
import os
import subprocess
import sys

import ray


class Interrupted(RuntimeError):
    """The supervisor stopped before its shard was done."""


def make_shard(program, objects, destination, run, index, count, workers, options):
    """Makes one shard, or goes on with it. Returns calotype's exit code: 0, or 1 where some objects failed."""
    command = [program, "dataset", "--list", objects, "-o", destination, "--run", run, "--run-name", f"shard-{index}",
               "--shard", f"{index}/{count}", "--workers", str(workers), "--quiet", "--resume", *options]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        raise Interrupted(f"shard {index}/{count} ended with code {done.returncode}: {done.stderr.strip()[-1000:]}")
    return done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", help="a list of objects: .txt, .csv or .jsonl")
    parser.add_argument("destination", help="a folder, or s3://bucket/prefix")
    parser.add_argument("--runs", help="a folder for the shards' runs (DESTINATION.run)")
    parser.add_argument("--shards", type=int, default=4, help="into how many parts the work is divided (4)")
    parser.add_argument("--cpus", type=int, default=1, help="of a shard: as many workers (1)")
    parser.add_argument("--program", default="calotype", help="on each machine (calotype)")
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    arguments, options = parser.parse_args(words[:split]), words[split + 1:]
    runs = os.path.abspath(arguments.runs or arguments.destination + ".run")
    destination = arguments.destination
    if not destination.startswith("s3://"):
        destination = os.path.abspath(destination)

    ray.init()
    # A lost machine is tried again by Ray itself, a supervisor that was killed as well.
    shard = ray.remote(num_cpus=arguments.cpus, max_retries=5, retry_exceptions=[Interrupted])(make_shard)
    codes = ray.get([
        shard.remote(arguments.program, os.path.abspath(arguments.objects), destination,
                     os.path.join(runs, f"{index:05}"), index, arguments.shards, arguments.cpus, options)
        for index in range(arguments.shards)])
    print(f"{arguments.shards} shards are done" + (": some objects failed, see *-failed.csv in " + runs if any(codes) else ""))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
