"""What a long list costs: a data set of many tiny objects, its supervisor's memory and time, and how soon a run goes on.

    python3 bench/dataset_scale.py build/src/cli/calotype --objects 100000 --package webdataset

One run to its end, one that is killed (kill -9) half way and resumed, and --resume of both. CPU time and memory are the
supervisor's alone: workers render the smallest picture there is, so that what is left is what an object costs besides.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time

SAMPLES_A_SECOND = 2
FOLDER_FILES = 1000
TICKS = os.sysconf("SC_CLK_TCK")


def make_objects(folder, count):
    """Tetrahedra as OBJ files, each of another height; the path of a list of them."""
    paths = []
    for i in range(count):
        place = os.path.join(folder, f"{i // FOLDER_FILES:04d}")
        if i % FOLDER_FILES == 0:
            os.makedirs(place)
        path = os.path.join(place, f"object{i:07d}.obj")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 {1 + i / count:.7f}\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n")
        paths.append(path)
    list_path = os.path.join(folder, "objects.txt")
    with open(list_path, "w", encoding="ascii") as file:
        file.write("\n".join(paths) + "\n")
    return list_path


class Supervisor:
    """A running command, looked at from outside."""

    def __init__(self, words):
        self.start = time.monotonic()
        self.process = subprocess.Popen(words)
        self.mebibytes, self.cpu_seconds, self.seconds = [], 0.0, 0.0

    def look(self):
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                words = file.read().rpartition(")")[2].split()
        except OSError:
            return
        if words[0] != "Z":
            self.mebibytes.append(int(words[21]) * os.sysconf("SC_PAGESIZE") / 2**20)
            self.cpu_seconds = (int(words[11]) + int(words[12])) / TICKS

    def wait(self, is_enough=lambda: False):
        """Until it ends, or is_enough(): then it is killed."""
        while self.process.poll() is None:
            self.look()
            if is_enough():
                self.process.kill()
            time.sleep(1 / SAMPLES_A_SECOND)
        self.seconds = time.monotonic() - self.start
        return self.process.returncode


def journal_of(run_folder):
    return os.path.join(run_folder, "journal.jsonl")


def staged_times(run_folder):
    with open(journal_of(run_folder), encoding="utf-8") as file:
        return [event["time"] for event in map(json.loads, file) if event["event"] == "staged"]


def tree_hash(folder):
    """Of all names and bytes below a folder."""
    digest = hashlib.sha256()
    for place, folders, names in sorted(os.walk(folder)):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            digest.update(os.path.relpath(path, folder).encode() + b"\0")
            with open(path, "rb") as file:
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def print_run(title, run, count):
    """The second tenth stands for the start: what the first one allocates is there by then."""
    early, late = (run.mebibytes[len(run.mebibytes) // 10:] or [0])[0], (run.mebibytes or [0])[-1]
    print(f"| {title} | {run.seconds:.1f} | {count / run.seconds:.0f} | {run.cpu_seconds:.1f} | "
          f"{1000 * run.cpu_seconds / max(count, 1):.3f} | {early:.1f} | {late:.1f} | {max(run.mebibytes or [0]):.1f} |", flush=True)


def print_pace(run_folder, step):
    times = staged_times(run_folder)
    pace = [f"{step / (times[at + step - 1] - times[at]):.0f}" for at in range(0, len(times) - step + 1, step)]
    print(f"\nobjects/s of each {step}: {', '.join(pace)}")
    print(f"journal: {os.path.getsize(journal_of(run_folder)) / max(len(times), 1):.0f} bytes an object")


def timed(words):
    start = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--objects", type=int, default=100000)
    parser.add_argument("--package", default="webdataset")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--folder", help="where files are made (a temporary folder)")
    parser.add_argument("--no-kill", action="store_true", help="leave out the run that is killed half way")
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="calotype-scale-", dir=arguments.folder)
    try:
        measure(arguments, folder)
    finally:
        shutil.rmtree(folder)


def measure(arguments, folder):
    objects = make_objects(os.path.join(folder, "objects"), arguments.objects)
    whole, killed = os.path.join(folder, "whole"), os.path.join(folder, "killed")
    tool = [arguments.tool, "dataset"]
    words = [*tool, "--list", objects, "--package", arguments.package, "--workers", str(arguments.workers), "-q",
             "--views", "1", "--size", "32", "-o"]
    print("| run | s | objects/s | supervisor's CPU s | ms an object | MiB at a tenth | at the end | at most |\n"
          "|---|---:|---:|---:|---:|---:|---:|---:|")
    run = Supervisor([*words, whole])
    assert run.wait() == 0
    print_run("to its end", run, arguments.objects)
    if not arguments.no_kill:
        run = Supervisor([*words, killed])
        run.wait(lambda: os.path.exists(journal_of(killed + ".run")) and
                 os.path.getsize(journal_of(killed + ".run")) > os.path.getsize(journal_of(whole + ".run")) / 2)
        done = len(staged_times(killed + ".run"))
        print_run("killed half way", run, done)
        run = Supervisor([*tool, "--resume", "--run", killed + ".run"])
        assert run.wait() == 0
        print_run("resumed", run, arguments.objects - done)
        assert tree_hash(killed) == tree_hash(whole), "the data set of the killed run is another one"
    print_pace(whole + ".run", arguments.objects // 10)
    print(f"--resume of the finished run: {timed([*tool, '--resume', '--run', whole + '.run', '-q']):.1f} s")
    print(f"status: {timed([*tool, 'status', whole + '.run']):.1f} s")


if __name__ == "__main__":
    main()
