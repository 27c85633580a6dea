#!/usr/bin/env python3
"""Print the tables of docs/performance.md from a bench.json: report.py [build/bench.json]"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGES = ["cull", "transform", "setup", "raster", "shade"]


def table(heading, rows):
    if not rows:
        return
    print("| " + " | ".join(heading) + " |")
    print("|---|" + "---:|" * (len(heading) - 1))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print()


def stem(row):
    return pathlib.Path(row["mesh"]).stem


def cases_of(results):
    """{(mesh, size, samples): {peer: row}}, in the order measured."""
    cases = {}
    for row in results.get("rows", []):
        cases.setdefault((stem(row), row["size"], row["samples"]), {})[row["peer"]] = row
    return cases


def microseconds(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def print_stages(cases):
    """One sample at 256 pixels, in full."""
    peers = [peer for peer in dict.fromkeys(peer for by_peer in cases.values() for peer in by_peer) if peer]
    heading = ["256x256, 1 sample", "triangles", "views/s"] + STAGES + ["= us a view"]
    for peer in peers:
        heading += [peer, "ratio"]
    rows = []
    for (mesh, size, samples), by_peer in cases.items():
        if (size, samples) != (256, 1):
            continue
        any_row = next(iter(by_peer.values()))
        line = [mesh, f"{any_row['triangles']:,}", f"{1e6 / any_row['calotype_us']:,.0f}"]
        line += [microseconds(any_row[f"{stage}_us"]) for stage in STAGES] + [microseconds(any_row["calotype_us"])]
        for peer in peers:
            row = by_peer.get(peer)
            line += [microseconds(row["peer_us"]), f"**{row['ratio']:.1f}**"] if row else ["-", "-"]
        rows.append(line)
    table(heading, rows)
    return peers


def print_ratios(cases, peers):
    """How many times calotype's time the peers take, at every size."""
    sizes = sorted({(samples, size) for _, size, samples in cases})
    meshes = list(dict.fromkeys(mesh for mesh, _, _ in cases))
    heading = ["us a view" + (f" (ratios: {', '.join(peers)})" if peers else "")]
    heading += [f"{size}" if samples == 1 else f"{size}, {samples} samples" for samples, size in sizes]
    rows = []
    for mesh in meshes:
        line = [mesh]
        for samples, size in sizes:
            by_peer = cases.get((mesh, size, samples))
            if not by_peer:
                line.append("")
                continue
            ratios = ", ".join(f"{by_peer[peer]['ratio']:.1f}" if peer in by_peer else "-" for peer in peers)
            line.append(microseconds(next(iter(by_peer.values()))["calotype_us"]) + (f" ({ratios})" if ratios else ""))
        rows.append(line)
    table(heading, rows)


def print_samples(cases):
    """What antialiasing costs: times of one sample, at the same size."""
    rows = {}
    for (mesh, size, samples), by_peer in cases.items():
        one = cases.get((mesh, size, 1))
        if samples > 1 and one:
            cost = next(iter(by_peer.values()))["calotype_us"] / next(iter(one.values()))["calotype_us"]
            rows.setdefault((mesh, size), {})[samples] = f"{cost:.2f}"
    if rows:
        table(["times of 1 sample", "size", "4 samples", "16 samples"],
              [[mesh, size, costs.get(4, "-"), costs.get(16, "-")] for (mesh, size), costs in rows.items()])


def print_backends(results):
    """Each backend's row beside the cpu's."""
    rows = results.get("backends", [])
    table(["backends", "case", "backend", "wall us a view", "CPU us", "times cpu's", "open ms", "prepare ms",
           "first picture ms"],
          [[stem(row), f"{row['size']}, {row['samples']} samples", row["backend"], microseconds(row["wall_us"]),
            microseconds(row["cpu_us"]), f"{row['ratio']:.1f}", f"{row['open_ms']:.1f}", f"{row['prepare_ms']:.1f}",
            f"{row['first_ms']:.1f}"] for row in rows])


def print_rest(results):
    if results.get("lod"):
        table(["levels of detail", "size", "--lod", "us a view"],
              [[stem(row), row["size"], f"{row['lod_pixels']:g}" if row["lod_pixels"] else "off",
                microseconds(row["calotype_us"])] for row in results["lod"]])
    if results.get("end_to_end"):
        table(["end to end", "cache", "wall ms", "CPU ms", "peak MiB"],
              [[stem(row), row["cache"], f"{row['wall_ms']:.0f}", f"{row['cpu_ms']:.0f}",
                f"{row['peak_memory_mib']:.0f}"] for row in results["end_to_end"]])
    if results.get("threads"):
        table(["threads", "views", "size", "one, us a view", "two", "times", "by CPU time"],
              [[stem(row), row["views"], row["size"], microseconds(row["one_wall_us"]), microseconds(row["two_wall_us"]),
                f"{row['scaling']:.2f}", f"{row['scaling_by_cpu']:.2f}"]
               for row in results["threads"]])
    if results.get("png"):
        table(["PNG, 256x256 RGBA", "us", "bytes", "libpng us", "bytes", "times as fast", "size"],
              [[stem(row), microseconds(row["calotype_us"]), f"{row['calotype_bytes']:,}",
                microseconds(row["libpng_us"]), f"{row['libpng_bytes']:,}", f"{row['ratio']:.1f}",
                f"{row['size_ratio']:.2f}"] for row in results["png"]])


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "bench.json"
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    print(f"{results['machine']}, {results['cores']} cores; {results['system']}; {results['backend']}; "
          f"`{results['command']}`\n")
    cases = cases_of(results)
    if cases:
        print_ratios(cases, print_stages(cases))
        print_samples(cases)
    print_backends(results)
    print_rest(results)


if __name__ == "__main__":
    main()
