#!/usr/bin/env python3
"""Fails on what must not be in the tree: copied third-party source, paths of somebody's machine,
unfinished work, files too long to read, broken links between the documents."""
import os
import re
import subprocess
import sys

TEXT = re.compile(r"(\.(c|h|cc|cpp|py|sh|md|txt|build|mk)|(^|/)(Makefile|run|meson_options\.txt))$")
CODE = re.compile(r"\.(c|h|cc|cpp|py)$")
# Single-file libraries that people like to copy in; dependencies come as packages.
THIRD_PARTY = re.compile(r"(^|/)(third_?party|vendor|extern(al)?)/|(^|/)"
                         r"(stb_\w+|cgltf\w*|ufbx|tinyexr|tiny_gltf|tinyobj\w*|miniz|lodepng|nanosvg|glad|khrplatform)\.[ch]")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home|Users|mnt)/\w")
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
MAX_LINES = 1000
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def listed(root):
    """Tracked files, or in an unpacked archive every file outside build folders."""
    result = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=False)
    if result.returncode == 0 and result.stdout:
        return [name for name in result.stdout.decode().split("\0") if name]
    found = []
    for path, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(("build", ".git", "__pycache__", "demo"))]
        found += [os.path.relpath(os.path.join(path, name), root) for name in names]
    return found


def line_faults(name, lines):
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield f"{name}:{number}: a path of one machine: {line.strip()}"
        if UNFINISHED.search(line) and not name.endswith(".md"):
            yield f"{name}:{number}: unfinished work is written down in an issue, not here"
        if CODE.search(name) and "\t" in line:
            yield f"{name}:{number}: a tab; indent with spaces"
        if line.rstrip("\r\n") != line.rstrip("\r\n").rstrip():
            yield f"{name}:{number}: blanks at the end of the line"


def link_faults(root, name, text):
    for target in LINK.findall(text):
        if not os.path.exists(os.path.join(root, os.path.dirname(name), target)):
            yield f"{name}: links to {target}, which does not exist"


def check(root, name):
    if THIRD_PARTY.search(name):
        yield f"{name}: looks like third-party source; dependencies come as packages"
    path = os.path.join(root, name)
    if not TEXT.search(name) or not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = text.splitlines(keepends=True)
    if CODE.search(name) and len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines; split it ({MAX_LINES} at most)"
    if text and not text.endswith("\n"):
        yield f"{name}: the last line has no end"
    yield from line_faults(name, lines)
    if name.endswith(".md"):
        yield from link_faults(root, name, text)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    faults = [fault for name in listed(root) for fault in check(root, name)]
    for fault in faults:
        print(fault)
    print(f"tree: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
