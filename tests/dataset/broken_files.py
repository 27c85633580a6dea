"""Files that are broken on purpose, each in another way, and the reason that each is recorded with."""
import json
import os
import struct

from dataset_sample import models

NAN = float("nan")


def document(**more):
    """A cube's (glTF document, buffer), with other members."""
    return models.cube(None, None, **more)


def accessor(**members):
    made, data = document()
    made["accessors"][1].update(members)
    return models.glb(made, data)


def glb_with(change):
    content = bytearray(models.glb(*document()))
    change(content)
    return bytes(content)


def lying_length(content):
    struct.pack_into("<I", content, 8, 0x7FFFFFF0)


def lying_chunk(content):
    struct.pack_into("<I", content, 12, 0xFFFFFFF0)


def wrong_magic(content):
    content[:4] = b"glXX"


def missing_buffer():
    made, _ = document()
    made["buffers"][0]["uri"] = "nowhere.bin"
    return json.dumps(made).encode()


def deep_nodes(count):
    nodes = [{"children": [i + 1]} for i in range(count - 1)] + [{"mesh": 0}]
    return models.glb(*document(nodes=nodes))


def contents():
    """name -> (bytes, reason)."""
    whole = models.glb(*document())
    nodes = [{"children": [1], "mesh": 0}, {"children": [0]}]
    return {
        "nothing.glb": (b"", "broken file"),
        "header_only.glb": (whole[:12], "broken file"),
        "half.glb": (whole[:len(whole) // 2], "broken file"),
        "lying_length.glb": (glb_with(lying_length), "broken file"),
        "lying_chunk.glb": (glb_with(lying_chunk), "broken file"),
        "wrong_magic.glb": (glb_with(wrong_magic), "broken file"),
        "zeros.glb": (bytes(4096), "broken file"),
        "huge_count.glb": (accessor(count=4000000000), "broken file"),
        "lying_view.glb": (accessor(bufferView=77), "broken file"),
        "nan.glb": (models.glb(*models.cube([(NAN, NAN, NAN)] * 8)), "broken file"),
        "infinite.glb": (models.glb(*models.cube([(float("inf"), 0, 0)] * 8)), "broken file"),
        "wild_indices.glb": (models.glb(*models.cube(None, [60000] * 36)), "broken file"),
        "cyclic.glb": (models.glb(*document(nodes=nodes)), "broken file"),
        "deep_nodes.glb": (deep_nodes(20000), "over limit"),
        "deep_text.gltf": (b'{"asset":' + b"[" * 200000, "broken file"),
        "missing_buffer.gltf": (missing_buffer(), "missing file"),
        "nothing_in_it.gltf": (b'{"asset":{"version":"2.0"}}', "empty scene"),
        "old_version.gltf": (b'{"asset":{"version":"1.0"}}', "unsupported feature"),
        "needs_more.glb": (models.glb(*document(extensionsRequired=["EXT_none_such"], extensionsUsed=["EXT_none_such"])),
                           "unsupported feature"),
        "huge.stl": (bytes(80) + struct.pack("<I", 4000000000) + bytes(50), "broken file"),
        "huge.ply": (b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\n"
                     b"property float y\nproperty float z\nend_header\n" + bytes(12), "broken file"),
        "no_vertices.obj": (b"# nothing\no Empty\n", "empty scene"),
        "wild.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 999999999\n", "broken file"),
        "animal.fbx": (b"Kaydara FBX Binary  \0\x1a\0", "unsupported format"),
        "words.glb": (b"404: Not Found\n", "broken file"),
    }


def make(folder):
    """Writes them; path -> reason. Not only files: what stands where a file should, too."""
    os.makedirs(folder, exist_ok=True)
    reasons = {}
    for name, (content, reason) in contents().items():
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        reasons[path] = reason
    os.mkdir(os.path.join(folder, "folder.glb"))
    os.mkfifo(os.path.join(folder, "pipe.glb"))
    os.symlink("loop.glb", os.path.join(folder, "loop.glb"))
    os.symlink("nowhere.glb", os.path.join(folder, "dangling.glb"))
    for name, reason in {"folder.glb": "fetch failed", "pipe.glb": "fetch failed", "loop.glb": "missing",
                         "dangling.glb": "missing", "never_there.glb": "missing"}.items():
        reasons[os.path.join(folder, name)] = reason
    if os.geteuid() != 0:  # who may read everything
        closed = os.path.join(folder, "closed.glb")
        with open(closed, "wb") as file:
            file.write(models.glb(*document()))
        os.chmod(closed, 0)
        reasons[closed] = "fetch failed"
    return reasons

