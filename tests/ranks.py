#!/usr/bin/env python3
"""Fails when a file includes a higher rank.

The folders of src/ stand in ranks (docs/architecture.md): a file may include its own folder, lower
ranks, and the public headers of its own or lower ranks. The renderer's backends never see each
other, nor does the front look inside one. A library's headers are seen by the files named below.
Before the tree is read, planted violations must be found.
"""
import os
import re
import sys
import tempfile

RANKS = ["base", "image", "scene", "view", "import", "gl", "render", "encode", "store", "job", "server", "cli"]
PUBLIC_RANKS = {"status.h": "base", "matrix.h": "base", "cache.h": "base", "image.h": "image", "post.h": "image",
                "quality.h": "scene", "scene.h": "scene", "lighting.h": "scene", "build.h": "scene", "view.h": "view", "randomize.h": "view",
                "import.h": "import", "mujoco.h": "import", "gl.h": "gl", "render.h": "render", "package.h": "store", "job.h": "job",
                "states.h": "job", "client.h": "server", "server.h": "server"}
SHARED_RANKS = {"randomize": "view", "transfer": "image", "dataset": "server"}  # folders that stand beside another one
BACKENDS = ["cpu", "gl", "cuda"]
# The files of src/ that may see a library's headers: one, where possible.
LIBRARIES = {
    "jansson": ["dataset/engine_index.c", "dataset/engine_samples.c", "dataset/object_json.h", "dataset/run_file.c",
                "dataset/worker_message.c", "import/gltf.h",
                "randomize/config.c", "store/safetensors_read.c", "view/camera_file.h"],
    "spng": ["image/decode_png.c"],
    "turbojpeg": ["image/decode_jpeg.c"],
    "webp": ["image/decode_webp.c"],
    "openexr": ["image/decode_exr.c", "encode/exr.c"],
    "libdeflate": ["dataset/journal_line.c", "encode/png.c", "image/png_fast.c", "store/output.c", "store/zip.c"],
    "zlib": ["dataset/list_lines.c"],
    "nettle": ["base/hash.c"],
    "seccomp": ["dataset/sandbox_calls.c"],
    "meshoptimizer": ["import/gltf_meshopt.c", "render/cpu/clusters.h"],
    "draco": ["import/draco.cc"],
    "hiredis": ["dataset/queue_connection.h"],
    "egl": ["gl/egl.h"],
    "mujoco": ["import/mjcf/library.c"],
    "expat": ["import/mjcf/xml.c", "transfer/listing.c"],
    "curl": ["transfer/exchange.c"],
    "grpc": ["server/client.c", "server/rpc.c", "server/listen.c", "server/call.h"],
    "protobuf-c": ["server/budget.h"],
    "orrb": ["server/client_request.c", "server/batch_read.c", "server/batch_reply.c", "server/job.c",
             "server/reflection.c", "server/update.c"],
}
UMBRELLA = "calotype.h"
SOURCE = re.compile(r"\.(c|h|cc|cpp|hpp|inc)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def rank_of(folder):
    """The folder's place in the order, or None for one that has no rank yet."""
    folder = SHARED_RANKS.get(folder, folder)
    return RANKS.index(folder) if folder in RANKS else None


def sources(root, top):
    for path, folders, names in os.walk(os.path.join(root, top)):
        folders.sort()
        for name in sorted(names):
            if SOURCE.search(name):
                yield os.path.relpath(os.path.join(path, name), root)


def includes(root, path):
    """(line, is_quoted, name) of every include directive."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def public_fault(own_rank, name):
    """What is wrong with including <calotype/NAME> from a file of this rank; None if nothing."""
    if name == UMBRELLA:
        return "the umbrella header is for users of the library only"
    if name not in PUBLIC_RANKS:
        return f"the public header {name} has no rank: give it one in tests/ranks.py"
    if RANKS.index(PUBLIC_RANKS[name]) > own_rank:
        return f"a public header of the higher rank {PUBLIC_RANKS[name]}"
    return None


def backend_of(parts):
    return parts[1] if parts[0] == "render" and len(parts) > 2 and parts[1] in BACKENDS else None


def private_fault(own_parts, name):
    """What is wrong with including "NAME" from src/OWN_PARTS; None if nothing."""
    parts = name.split("/")
    if ".." in parts or "." in parts:
        return 'write it from src/ on, as "folder/file.h"'
    if len(parts) == 1:
        return None  # a neighbour in the same folder
    own, other = rank_of(own_parts[0]), rank_of(parts[0])
    if other is None:
        return f"the folder {parts[0]} has no rank: give it one in tests/ranks.py"
    if other > own or (other == own and parts[0] != own_parts[0]):
        return f"{own_parts[0]} may not see {parts[0]}"
    inside = backend_of(parts)
    if inside and inside != backend_of(own_parts):
        return f"only the {inside} backend itself sees render/{inside}/"
    return None


def library_fault(own_path, name):
    """What is wrong with including <NAME> of a library from src/OWN_PATH; None if nothing."""
    for library, files in LIBRARIES.items():
        if re.match(library + r"[./_]", name.lower()) and own_path not in files:
            return f"{library} is seen by {' and '.join(files)} only: call those"
    return None


def check_private(root):
    for path in sources(root, "src"):
        own_parts = path.split(os.sep)[1:]
        own_rank = rank_of(own_parts[0]) if len(own_parts) > 1 else len(RANKS)
        if own_rank is None:
            yield f"{path}: the folder {own_parts[0]} has no rank: give it one in tests/ranks.py"
            continue
        for line, quoted, name in includes(root, path):
            fault = None
            if name.startswith("calotype/"):
                fault = public_fault(own_rank, name.split("/", 1)[1])
            elif quoted and len(own_parts) > 1:
                fault = private_fault(own_parts, name)
            elif not quoted:
                fault = library_fault("/".join(own_parts), name)
            if fault:
                yield f"{path}:{line}: includes {name}: {fault}"


def check_public(root):
    for path in sources(root, os.path.join("include", "calotype")):
        own = os.path.basename(path)
        if own != UMBRELLA and own not in PUBLIC_RANKS:
            yield f"{path}: the public header {own} has no rank: give it one in tests/ranks.py"
            continue
        for line, quoted, name in includes(root, path):
            fault = None
            if name.startswith("calotype/"):
                if own != UMBRELLA:
                    fault = public_fault(RANKS.index(PUBLIC_RANKS[own]), name.split("/", 1)[1])
            elif quoted:
                fault = "a public header may include <calotype/...> and the system only"
            if fault:
                yield f"{path}:{line}: includes {name}: {fault}"


def check_outside(root):
    """Bindings and examples are users of the library: they see <calotype/...> only."""
    folders = [name + "/" for name in os.listdir(os.path.join(root, "src"))
               if os.path.isdir(os.path.join(root, "src", name))]
    for top in ("python", "examples"):
        for path in sources(root, top):
            for line, quoted, name in includes(root, path):
                if quoted and name.startswith(tuple(folders)):
                    yield f"{path}:{line}: includes {name}: {top}/ sees <calotype/...> only"


def check(root):
    return [*check_private(root), *check_public(root), *check_outside(root)]


PLANTED = [  # (file, include, is it a violation)
    ("src/base/a.c", '"render/render.h"', True),
    ("src/base/b.c", "<calotype/scene.h>", True),
    ("src/base/c.c", '"../scene/build.h"', True),
    ("src/base/d.c", "<calotype/status.h>", False),
    ("src/image/a.c", "<calotype/calotype.h>", True),
    ("src/view/a.c", '"randomize/look.h"', True),
    ("src/import/a.c", '"scene/build.h"', False),
    ("src/import/b.c", '"importer.h"', False),
    ("src/import/gltf.h", "<jansson.h>", False),
    ("src/import/d.c", "<jansson.h>", True),
    ("src/store/a.c", "<libdeflate.h>", True),
    ("src/import/c.c", "<render/render.h>", False),  # not ours: angle brackets are the system's
    ("src/render/front.c", '"render/backend.h"', False),
    ("src/render/front2.c", '"render/cpu/raster.h"', True),
    ("src/render/cpu/a.c", '"render/cpu/raster.h"', False),
    ("src/render/cpu/b.c", '"render/gl/draw.h"', True),
    ("src/encode/a.c", '"render/backend.h"', False),
    ("src/encode/b.c", ' "store/store.h"', True),
    ("src/cli/a.c", '"job/run_item.h"', False),
    ("src/unheard/a.c", "<stdio.h>", True),
    ("include/calotype/image.h", "<calotype/scene.h>", True),
    ("include/calotype/view.h", "<calotype/scene.h>", False),
    ("include/calotype/scene.h", '"base/arena.h"', True),
    ("include/calotype/unheard.h", "<stdint.h>", True),
    ("python/a.c", '"base/arena.h"', True),
    ("python/b.c", "<calotype/calotype.h>", False),
]


def test_planted():
    """Each planted violation is found, and nothing else is."""
    with tempfile.TemporaryDirectory() as root:
        for path, include, _ in PLANTED:
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(f"/* planted */\n#  include {include}\n")
        found = {fault.split(":", 1)[0] for fault in check(root)}
    expected = {path for path, _, bad in PLANTED if bad}
    return [f"self-test: a planted violation in {path} was missed" for path in sorted(expected - found)] + \
           [f"self-test: {path} is fine but was blamed" for path in sorted(found - expected)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    faults = test_planted() + check(root)
    for fault in faults:
        print(fault)
    print(f"ranks: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
