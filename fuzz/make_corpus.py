#!/usr/bin/env python3
"""make_corpus.py FOLDER: small seed files and dictionaries for the fuzz targets, made from nothing."""
import base64
import gzip
import io
import json
import math
import os
import struct
import sys
import tarfile
import zlib


# ---- staged samples of data sets ----

def staged_tar(key):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for ending in ("000.png", "000_depth.npy", "json"):
            member = tarfile.TarInfo(f"{key}.{ending}")
            member.size = 5
            tar.addfile(member, io.BytesIO(b"12345"))
    return data.getvalue()


def staged_tensors(shapes):
    """Name to (type, shape), without gaps."""
    header, end = {"__metadata__": {"generator": "calotype"}}, 0
    for name, (kind, shape) in shapes.items():
        size = math.prod(shape) * (1 if kind == "U8" else 4)
        header["k/" + name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


STAGED = {
    "safetensors": {"cameras": ("F32", [1, 18]), "depth": ("F32", [1, 2, 3]), "instance": ("I32", [1, 2, 3]),
                    "image": ("U8", [1, 2, 3, 4]), "mask": ("U8", [1, 2, 3]), "metadata": ("U8", [2])},
    "torch": {"cameras": ("F32", [2, 18]), "depths": ("F32", [2, 1, 1]), "masks": ("F32", [2, 1, 1]),
              "images/000": ("U8", [5]), "images/001": ("U8", [0]), "metadata": ("U8", [2])},
}
STAGED_WORDS = ("__metadata__ dtype shape data_offsets F32 I32 U8 k/cameras k/depth k/normal k/mask k/image k/metadata "
                "k/images/000 k/depths k/masks ustar .json .000.png 4294967296 9223372036854775807").split()


LISTS = ['fileIdentifier,sha256\n"a,""b"\r\n c""",\nd,' + "0" * 64 + "\n", "# x\n a.glb\n\nhttps://h/b c\n", "\ufeffa\r\na\r\n",
         '{"file_identifier": "a", "location": "b", "sha256": ""}\n', '{"0123456789abcdef0123456789abcdef": "glbs/a.glb"}']
PARTS = ['{"number": 1, "name": "train/000001", "samples": [{"number": 0, "name": "s", "objects": '
         '[{"file_identifier": "a", "location": "/a"}]}]}',
         "https://github.com/o/r/blob/0123/a%20b.glb?x#y", "file:///a/r.git/blob/main/a", "https://h/g/r/-/blob/v1.0/a/b"]


# ---- pictures ----

def png(width, height, color_type=6, channels=4):
    rows = b"".join(b"\0" + bytes((x * 40 + y * 70 + c * 90) % 256 for x in range(width) for c in range(channels))
                    for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(range(48))) if color_type == 3 else b""
    data = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + data


def jpeg(components=1):
    """8 x 8 gray or colour: each block is one zero DC difference and an end-of-block, a bit each."""
    def segment(marker, data):
        return bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data

    quantization = b"\0" + bytes([1] * 64)
    frame = struct.pack(">BHHB", 8, 8, 8, components) + b"".join(bytes([c + 1, 0x11, 0]) for c in range(components))
    one_code = bytes([1] + [0] * 15) + b"\0"
    scan = bytes([components]) + b"".join(bytes([c + 1, 0]) for c in range(components)) + b"\0\x3f\0"
    return (b"\xff\xd8" + segment(0xdb, quantization) + segment(0xc0, frame) + segment(0xc4, b"\0" + one_code) +
            segment(0xc4, b"\x10" + one_code) + segment(0xda, scan) + b"\x03" + b"\xff\xd9")


def webp():
    """Lossless, 3 x 2 texels of one colour."""
    bits = []

    def put(value, count):
        bits.extend(value >> i & 1 for i in range(count))

    put(0x2f, 8)
    put(2, 14)
    put(1, 14)
    put(1, 1)  # alpha is used
    put(0, 3)
    put(0, 1)  # no transform
    put(0, 1)  # no colour cache
    put(0, 1)  # no meta prefix codes
    for symbol in (0x80, 0x40, 0x20, 0xff):
        put(1, 1)  # simple code
        put(0, 1)  # one symbol
        put(1, 1)  # of 8 bits
        put(symbol, 8)
    put(1, 1)
    put(0, 1)
    put(0, 1)
    put(0, 1)
    bits.extend([0] * (-len(bits) % 8))
    data = bytes(sum(bits[i + b] << b for b in range(8)) for i in range(0, len(bits), 8))
    data += b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 12 + len(data)) + b"WEBPVP8L" + struct.pack("<I", len(data)) + data


def hdr(run_length):
    head = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 8\n"
    if run_length:
        return head + (b"\2\2\0\x08" + b"\x88\x80" * 3 + b"\x08" + bytes([127, 128, 129, 130] * 2)) * 2
    return head + bytes([200, 100, 50, 128] * 16)


def exr(compression):
    def attribute(name, kind, value):
        return name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value

    channel = b"\0" + struct.pack("<IBBBBII", 2, 0, 0, 0, 0, 1, 1)
    channels = b"B" + channel + b"G" + channel + b"R" + channel + b"\0"
    box = struct.pack("<iiii", 0, 0, 3, 1)
    head = b"\x76\x2f\x31\x01\x02\0\0\0"
    one = struct.pack("<f", 1)
    head += attribute(b"channels", b"chlist", channels)
    head += attribute(b"compression", b"compression", bytes([compression]))
    head += attribute(b"dataWindow", b"box2i", box) + attribute(b"displayWindow", b"box2i", box)
    head += attribute(b"lineOrder", b"lineOrder", b"\0") + attribute(b"pixelAspectRatio", b"float", one)
    head += attribute(b"screenWindowCenter", b"v2f", bytes(8)) + attribute(b"screenWindowWidth", b"float", one)
    head += b"\0"
    rows = [struct.pack("<12f", *[0.25 * (y + i) for i in range(12)]) for y in range(2)]
    if compression == 2:  # zip of one line: bytes in two halves, differences, deflated
        packed = []
        for row in rows:
            halves = row[0::2] + row[1::2]
            differences = [(b - a + 128) % 256 for a, b in zip(halves, halves[1:])]
            packed.append(zlib.compress(bytes([halves[0]] + differences)))
        rows = [p if len(p) < len(r) else r for p, r in zip(packed, rows)]
    chunks = [struct.pack("<ii", y, len(row)) + row for y, row in enumerate(rows)]
    start = len(head) + 16
    return head + struct.pack("<QQ", start, start + len(chunks[0])) + b"".join(chunks)


# ---- glTF ----

POSITIONS = struct.pack("<12f", 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0.5)
INDICES = struct.pack("<6H", 0, 1, 2, 0, 2, 3)


class Asset:
    """A glTF document that is put together piece by piece."""

    def __init__(self):
        self.binary = b""
        self.json = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
                     "meshes": [{"primitives": [{"attributes": {}}]}], "accessors": [], "bufferViews": []}
        self.primitive = self.json["meshes"][0]["primitives"][0]
        positions = self.accessor(POSITIONS, 5126, "VEC3", 4, min=[0, 0, 0], max=[1, 1, 0.5])
        self.primitive["attributes"]["POSITION"] = positions
        self.primitive["indices"] = self.accessor(INDICES, 5123, "SCALAR", 6)

    def view(self, data, **extra):
        self.binary += b"\0" * (-len(self.binary) % 4)
        view = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data), **extra}
        self.json["bufferViews"].append(view)
        self.binary += data
        return len(self.json["bufferViews"]) - 1

    def accessor(self, data, component_type, kind, count, **extra):
        accessor = {"bufferView": self.view(data), "componentType": component_type, "type": kind, "count": count}
        self.json["accessors"].append({**accessor, **extra})
        return len(self.json["accessors"]) - 1

    def floats(self, kind, count, *values):
        return self.accessor(struct.pack("<%df" % len(values), *values), 5126, kind, count)

    def gltf(self):
        uri = "data:application/octet-stream;base64," + base64.b64encode(self.binary).decode()
        return json.dumps({**self.json, "buffers": [{"byteLength": len(self.binary), "uri": uri}]}).encode()

    def glb(self):
        text = json.dumps({**self.json, "buffers": [{"byteLength": len(self.binary)}]}).encode()
        text += b" " * (-len(text) % 4)
        binary = self.binary + b"\0" * (-len(self.binary) % 4)
        head = b"glTF" + struct.pack("<II", 2, 28 + len(text) + len(binary))
        return head + struct.pack("<I", len(text)) + b"JSON" + text + struct.pack("<I", len(binary)) + b"BIN\0" + binary


def plain():
    asset = Asset()
    asset.json["nodes"] = [{"children": [1], "scale": [2, 2, 2]}, {"mesh": 0, "translation": [0, 1, 0]}]
    return asset


def textured():
    asset = Asset()
    uvs = asset.floats("VEC2", 4, 0, 0, 1, 0, 1, 1, 0, 1)
    colors = asset.accessor(bytes(range(16)), 5121, "VEC4", 4, normalized=True)
    normals = asset.floats("VEC3", 4, *[0, 0, 1] * 4)
    asset.primitive["attributes"].update(TEXCOORD_0=uvs, TEXCOORD_1=uvs, COLOR_0=colors, NORMAL=normals)
    asset.primitive["material"] = 0
    asset.json["images"] = [{"bufferView": asset.view(png(2, 2)), "mimeType": "image/png"},
                            {"uri": "data:image/png;base64," + base64.b64encode(png(1, 3, 0, 1)).decode()}]
    asset.json["samplers"] = [{"magFilter": 9728, "minFilter": 9987, "wrapS": 33071, "wrapT": 33648}]
    asset.json["textures"] = [{"source": 0, "sampler": 0},
                              {"source": 1, "extensions": {"EXT_texture_webp": {"source": 0}}}]
    transform = {"KHR_texture_transform": {"offset": [0.5, 0], "rotation": 1, "scale": [2, 2], "texCoord": 1}}
    asset.json["materials"] = [{
        "pbrMetallicRoughness": {"baseColorFactor": [1, 1, 1, 0.5], "metallicFactor": 0.5,
                                 "baseColorTexture": {"index": 0, "extensions": transform},
                                 "metallicRoughnessTexture": {"index": 1}},
        "normalTexture": {"index": 0, "scale": 0.5}, "occlusionTexture": {"index": 1}, "alphaMode": "BLEND",
        "emissiveFactor": [1, 1, 1], "emissiveTexture": {"index": 0}, "doubleSided": True,
        "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 2}, "KHR_materials_ior": {"ior": 1.3},
                       "KHR_materials_specular": {"specularFactor": 0.5, "specularTexture": {"index": 0}}}},
        {"alphaMode": "MASK", "extensions": {"KHR_materials_unlit": {}}},
        {"extensions": {"KHR_materials_pbrSpecularGlossiness": {"diffuseFactor": [1, 1, 1, 1],
                                                                "glossinessFactor": 0.5}}}]
    asset.json["extensionsUsed"] = ["KHR_texture_transform", "KHR_materials_specular"]
    return asset


def animated():
    asset = Asset()
    joints = asset.accessor(bytes([0, 1, 0, 0] * 4), 5121, "VEC4", 4)
    weights = asset.floats("VEC4", 4, *[0.5, 0.5, 0, 0] * 4)
    morph = asset.floats("VEC3", 4, *[0, 0, 0.25] * 4)
    matrices = asset.floats("MAT4", 2, *([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] * 2))
    times = asset.floats("SCALAR", 2, 0, 1)
    turns = asset.floats("VEC4", 2, 0, 0, 0, 1, 0, 0.6, 0, 0.8)
    morphs = asset.floats("SCALAR", 6, 0, 0, 0, 0, 1, 0)
    asset.primitive["attributes"].update(JOINTS_0=joints, WEIGHTS_0=weights)
    asset.primitive["targets"] = [{"POSITION": morph}]
    asset.json["meshes"][0]["weights"] = [0.25]
    asset.json["nodes"] = [{"mesh": 0, "skin": 0, "children": [1]}, {"children": [2]}, {}]
    asset.json["skins"] = [{"joints": [1, 2], "inverseBindMatrices": matrices}]
    asset.json["animations"] = [{
        "samplers": [{"input": times, "output": turns},
                     {"input": times, "output": morphs, "interpolation": "CUBICSPLINE"}],
        "channels": [{"sampler": 0, "target": {"node": 1, "path": "rotation"}},
                     {"sampler": 1, "target": {"node": 0, "path": "weights"}}]}]
    return asset


def extended():
    asset = Asset()
    shifts = asset.floats("VEC3", 2, 0, 0, 0, 2, 0, 0)
    sparse = {"count": 1, "indices": {"bufferView": asset.view(b"\1"), "componentType": 5121},
              "values": {"bufferView": asset.view(struct.pack("<3f", 1, 2, 0))}}
    asset.json["accessors"][0]["sparse"] = sparse
    instancing = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": shifts}}}
    asset.json["nodes"] = [{"mesh": 0, "extensions": instancing}, {"camera": 0},
                           {"extensions": {"KHR_lights_punctual": {"light": 0}}}]
    asset.json["scenes"][0]["nodes"] = [0, 1, 2]
    asset.json["cameras"] = [{"type": "perspective", "perspective": {"yfov": 1, "znear": 0.1}},
                             {"type": "orthographic", "orthographic": {"xmag": 1, "ymag": 1, "znear": 0, "zfar": 9}}]
    spot = {"type": "spot", "intensity": 5, "spot": {"innerConeAngle": 0.1, "outerConeAngle": 0.5}}
    asset.json["extensions"] = {"KHR_lights_punctual": {"lights": [spot, {"type": "directional"}]}}
    asset.json["meshes"][0]["primitives"] += [{"attributes": {"POSITION": 0}, "mode": mode} for mode in range(7)]
    return asset


def draco():
    """One triangle, not compressed but in Draco's container: sequential, raw indices, raw values."""
    asset = Asset()
    data = b"DRACO\2\2\1\0\0\0" + bytes([1, 3, 1, 0, 1, 2]) + bytes([1, 1, 0, 9, 3, 0, 0, 0]) + POSITIONS[:36]
    asset.primitive.update(extensions={"KHR_draco_mesh_compression": {"bufferView": asset.view(data),
                                                                      "attributes": {"POSITION": 0}}})
    asset.json["accessors"][0].update(count=3)
    asset.json["accessors"][1].update(count=3)
    asset.json["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    return asset


def meshopt():
    """Vertices of one block whose deltas are all zero, and indices."""
    asset = Asset()
    data = bytes([0xa0]) + bytes(12) + bytes(32)
    view = asset.json["bufferViews"][0]
    where = asset.view(data)
    view["extensions"] = {"EXT_meshopt_compression": {
        "buffer": 0, "byteOffset": asset.json["bufferViews"][where]["byteOffset"], "byteLength": len(data),
        "byteStride": 12, "count": 4, "mode": "ATTRIBUTES", "filter": "NONE"}}
    asset.json["extensionsUsed"] = ["EXT_meshopt_compression"]
    return asset


def quantized():
    asset = Asset()
    corners = struct.pack("<16H", *[0, 0, 0, 0, 65535, 0, 0, 0, 65535, 65535, 0, 0, 0, 65535, 0, 0])
    asset.primitive["attributes"]["POSITION"] = asset.accessor(corners, 5123, "VEC3", 4, normalized=True)
    asset.json["bufferViews"][-1]["byteStride"] = 8
    asset.json["extensionsRequired"] = ["KHR_mesh_quantization"]
    return asset


GLTF_ASSETS = [plain, textured, animated, extended, draco, meshopt, quantized]
GLTF_WORDS = """accessors bufferViews buffers byteOffset byteLength byteStride componentType count normalized sparse
indices values SCALAR VEC2 VEC3 VEC4 MAT4 POSITION NORMAL TANGENT TEXCOORD_0 TEXCOORD_1 COLOR_0 JOINTS_0 WEIGHTS_0
WEIGHTS_1 primitives attributes material mode targets weights nodes children matrix translation rotation scale mesh skin
camera skins joints inverseBindMatrices skeleton animations samplers channels interpolation CUBICSPLINE STEP LINEAR path
input output materials pbrMetallicRoughness baseColorTexture textures images source uri bufferView mimeType extensions
KHR_draco_mesh_compression EXT_meshopt_compression KHR_texture_transform KHR_lights_punctual EXT_mesh_gpu_instancing
KHR_mesh_quantization KHR_materials_unlit OCTAHEDRAL QUATERNION EXPONENTIAL TRIANGLES 5120 5121 5122 5123 5125 5126
4294967295 -1 1e309""".split()


# ---- the journal of a data set ----

JOURNAL = """{"event":"start","time":1.0,"facts":{"version":"0.1.0","cores":2},"synced":0
{"event":"object","time":2.5,"part":0,"sample":1,"name":"s","file_identifier":"a\\udc80\\"","verdict":"found","synced":80
{"event":"staged","time":3.0,"part":0,"sample":1,"name":"s","file_identifier":"a","sha256":"00","verdict":"new","path":"p",\
"bytes":7,"seconds":0.5,"fetch_seconds":0.1,"facts":{"views":2,"load_seconds":0.25,"warnings":[{"id":"w"}],\
"quality":{"flags":["blank"]}},"synced":80
{"event":"failed","time":4.0,"part":0,"sample":2,"reason":"unsupported format","message":"m\\n","synced":90
{"event":"part","time":5.0,"part":0,"path":"0.tar","bytes":9,"part_sha256":"ff","seconds":0.1,"synced":90
{"event":"stop","time":6.0,"facts":{"restarts":1},"synced":90"""
RUN = """{"format": 1, "version": "0.1.0", "name": "n", "destination": "d", "package": "zip", "options_hash": "f",
"words": ["a", "\\udcff"], "objects": 2, "samples": 2, "parts": 1, "objects_per_sample": 1, "started": 5}"""


# ---- OBJ, MTL, STL, PLY, cameras ----

CUBE = "".join("v %d %d %d\n" % (i & 1, i >> 1 & 1, i >> 2) for i in range(8))
OBJ_TEXTS = [
    CUBE + "vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 1\no cube\ns 1\nusemtl red\nf 1/1/1 2/2/1 4/3/1 3/1/1\nf 5 6 8 7\n"
    "s off\nf 1 2 6 5\n",
    CUBE + "f -8 -7 -5 -6\nf -4//1 -3//1 -1//1\nl 1 2 3\np 4 5\n",
    "v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 255 0 255\nv nan 0 0\nf 1 2 3\n",
    "# star\nv 0 3 0\nv 1 1 0\nv 3 0 0\nv 1 -1 0\nv 0 -3 0\nv -1 -1 0\nv -3 0 0\nv -1 1 0\n"
    "f 1 2 3 4 \\\n5 6 7 8\r\ng a\rmtllib a.mtl b c.mtl\ncurv 0 1 1 2\n",
    "o a\n" + CUBE + "s 1\nf 1 2 4\ns 2\nf 4 3 1\no b\ns 7\nf 1 1 1\nf 5 6 7\n",
]
MTL_TEXTS = [
    "newmtl a\nKd 0.8 0.2 0.1\nKs 0.5 0.5 0.5\nNs 100\nNi 1.45\nd 0.5\nillum 2\n"
    "map_Kd -s 2 2 1 -o 0.5 0 -clamp on a.png\nmap_d -imfchan m a.png\nmap_Bump -bm 0.5 a.png\n",
    "newmtl a\nKa 1\nillum 3\nTr 1\nmap_Ks a.png\nmap_Ns b.png\nnewmtl b\nPr 0.5\nPm 1\nmap_Pr b.png\n"
    "map_Pm -imfchan r a.png\nmap_Ke a.png\nKe 1 2 3\nnorm b.png\n",
    "newmtl c\nmap_d b.png\nmap_Kd C:\\textures\\a.png\nbump ../a.png\nnewmtl c\nKd spectral x.rfl\nd -halo 0.3\n"
    "disp b.png\n",
]


MJCF_TEXTS = [
    "<mujoco><compiler angle='radian' coordinate='local'/><visual><headlight ambient='.1 .1 .1'/><map znear='.01'/>"
    "</visual><statistic extent='2' center='0 0 1'/><default><geom rgba='1 0 0 1'/><default class='small'><site size='.1'/>"
    "</default></default><asset><texture type='skybox' builtin='gradient' rgb1='.3 .5 .7' rgb2='0 0 0' width='8' "
    "height='48'/><texture name='grid' type='2d' builtin='checker' rgb1='1 1 1' rgb2='0 0 0' width='8' height='8' "
    "mark='edge' markrgb='1 0 0'/><material name='grid' texture='grid' texrepeat='2 2' texuniform='true' "
    "reflectance='.2'/><mesh name='tetra' vertex='0 0 0 1 0 0 0 1 0 0 0 1'/><hfield name='hills' nrow='4' ncol='4' "
    "size='1 1 1 .1'/></asset><worldbody><light directional='true' dir='0 0 -1' castshadow='false'/>"
    "<geom type='plane' size='0 0 1' material='grid'/><geom type='hfield' hfield='hills'/><geom type='mesh' "
    "mesh='tetra'/><body pos='0 0 1' euler='0 1 0'><freejoint/><geom type='box' size='.1 .2 .3' material='grid'/>"
    "<geom type='ellipsoid' size='.1 .2 .3' rgba='0 1 0 .5'/><camera name='eye' pos='0 -1 0' xyaxes='1 0 0 0 0 1' "
    "mode='targetbody' target='other'/></body><body name='other' pos='1 0 1'><inertial pos='0 0 0' mass='1' "
    "diaginertia='1 1 3'/><joint type='ball'/><geom type='cylinder' size='.1 .2'/><site class='small'/></body>"
    "</worldbody></mujoco>",
    "<mujoco><worldbody><site name='a' pos='0 0 1'/><site name='b' pos='.3 0 0'/><geom name='peg' type='sphere' "
    "size='.1' pos='.1 0 .5'/><body name='arm'><joint name='j'/><geom type='capsule' fromto='0 0 0 .1 0 0' size='.02'/>"
    "<site name='c'/></body><body name='leg'><joint name='k' type='slide'/><geom size='.1'/></body></worldbody><tendon>"
    "<spatial width='.01'><site site='a'/><geom geom='peg'/><site site='b'/><pulley divisor='2'/><site site='b'/>"
    "<site site='c'/></spatial><fixed><joint joint='j' coef='1'/></fixed></tendon><asset><skin vertex='0 0 0 1 0 0 0 1 0' "
    "face='0 1 2' texcoord='0 0 1 0 0 1'><bone body='arm' bindpos='0 0 0' bindquat='1 0 0 0' vertid='0 1' "
    "vertweight='1 1'/><bone body='leg' bindpos='0 0 0' bindquat='1 0 0 0' vertid='2' vertweight='1'/></skin></asset>"
    "</mujoco>",
    "<!-- a -- b --><mujoco model='x'><include file='a.xml'/><asset><texture file='a.png' gridsize='3 4' "
    "gridlayout='.U..LFRB.D..'/><mesh file='a.stl'/></asset><worldbody><body><composite type='rope' count='5 1 1' "
    "spacing='.1' prefix='r'><geom size='.02'/></composite></body></worldbody></mujoco>",
]
MJCF_WORDS = """<mujoco> </mujoco> <worldbody> <body <geom <site <joint <freejoint/> <camera <light <asset> <texture <material
<mesh <hfield <skin <bone <tendon> <spatial <fixed <default <compiler <visual> <statistic <size <include <composite
name= type= size= pos= quat= euler= axisangle= xyaxes= zaxis= fromto= file= mesh= hfield= material= texture= class=
childclass= builtin= width= height= gridsize= gridlayout= vertex= face= normal= texcoord= nrow= ncol= count= spacing=
plane sphere capsule ellipsoid cylinder box ball slide hinge free cube 2d skybox true false targetbody trackcom nan inf
1e308 -1 2147483647 4294967296""".split()


def stl_binary(count):
    triangle = struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0x7fff)
    return b"binary".ljust(80, b" ") + struct.pack("<I", count) + triangle * 2


STL_TEXT = b"""solid one
 facet normal 0 0 1
  outer loop
   vertex 0 0 0
   vertex 1 0 0
   vertex 0 1e0 .5
  endloop
 endfacet
endsolid one
solid two
facet normal 0 0 0 outer loop vertex 0 0 0 vertex 1 1 1 vertex 2 0 1 endloop endfacet endsolid two
"""


def ply(kind):
    head = "ply\nformat %s 1.0\ncomment made for fuzzing\nelement vertex 4\n"
    head += "property float x\nproperty float y\nproperty double z\n"
    head += "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    head += "element face 2\nproperty list uchar int vertex_indices\nproperty uchar red\nend_header\n"
    vertices = [(0, 0, 0.5, 255, 0, 0), (1, 0, 0, 0, 255, 0), (1, 1, 0, 0, 0, 255), (0, 1, 0, 9, 9, 9)]
    faces = [([0, 1, 2, 3], 200), ([0, 2, 3], 100)]
    if kind == "ascii":
        body = "".join("%g %g %g %d %d %d\n" % v for v in vertices)
        body += "".join("%d %s %d\n" % (len(f), " ".join(map(str, f)), c) for f, c in faces)
        return (head % kind + body).encode()
    order = "<" if "little" in kind else ">"
    body = b"".join(struct.pack(order + "ffdBBB", *v) for v in vertices)
    body += b"".join(struct.pack(order + "B%diB" % len(f), len(f), *f, c) for f, c in faces)
    return (head % kind).encode() + body


XYZ = "property float x\nproperty float y\nproperty float z\n"
PLY_TEXTS = [
    "element vertex 2\n" + XYZ + "property float nx\nproperty float ny\nproperty float nz\nproperty float s\n"
    "property float t\nend_header\n0 0 0 0 0 1 0 0\n1 1 1 0 0 1 1 1\n",
    "comment TextureFile a.png\nelement vertex 3\n" + XYZ + "element tristrips 1\n"
    "property list int int vertex_indices\nelement edge 1\nproperty int vertex1\nproperty int vertex2\nend_header\n"
    "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n0 1\n",
    "element vertex 3\n" + XYZ + "element face 1\nproperty list uchar int vertex_index\n"
    "property list uchar float texcoord\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2 6 0 0 1 0 1 1\n",
]

POSE = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]
K = [[64, 0, 32], [0, 64, 32], [0, 0, 1]]
CAMERAS = [
    {"camera_angle_x": 0.7, "frames": [{"file_path": "a", "transform_matrix": POSE}]},
    {"fl_x": 64, "fl_y": 64, "cx": 32, "cy": 32, "w": 64, "h": 64,
     "frames": [{"file_path": "a", "transform_matrix": POSE}]},
    {"cameras": [{"K": K, "R": [r[:3] for r in POSE[:3]], "t": [0, 0, 2], "width": 64, "height": 64}]},
    {"cameras": [{"K": K, "world_to_camera": POSE, "width": 64, "height": 64}]},
    {"views": [{"name": "000", "camera_to_world": POSE, "intrinsics": K, "width": 64, "height": 64}]},
]
CAMERA_WORDS = """frames cameras views transform_matrix camera_to_world world_to_camera intrinsics extrinsics fl_x fl_y
cx cy w h camera_angle_x camera_angle_y width height K R t applied_transform orthographic near fov azimuth elevation name
k1 k2 1e400
""".split()

LOOKS = [
    {"type": "camera", "azimuth_degrees": [-9, 9], "look_at": True, "target": [0, 0, 1]},
    {"type": "material", "names": ["pa*", "?"], "hue": [0, 1], "emission": 2},
    {"type": "texture", "patterns": ["checker", "noise", "gradient"], "patterns_each": 1, "size": 16},
    {"type": "light", "kind": "spot", "count": [0, 4], "irradiance": 1},
    {"type": "environment", "strength": [0, 2], "saturation": 1, "off": 0.5},
    {"type": "background", "kinds": ["color", "noise", "gradient", "keep"], "octaves": [1, 8]},
    {"type": "distractors", "shapes": ["box", "cone"], "count": 3, "on_floor": True},
    {"type": "post_processing", "bloom_intensity": [0, 9], "tone_mapping": "aces", "grain_size": 3},
]
ORRB_PLACED = {"CameraProperties", "LookAt", "TranslateRotateScale"}
ORRB_COMPONENTS = [
    ("CameraCalibrator", {"stringProperties": {"camera_name": "eye"}, "quaternion_properties": {"local_rotation_delta": {"y": 1}}}),
    ("CameraProperties", {"floatProperties": {"near_clip": 0.5}}),
    ("CameraRandomizer", {"enumProperties": {"mode": "Both"}, "vector3Properties": {"orbit_center": {"x": 1}}}),
    ("Hide", {"stringProperties": {"geom_prefix": "tri,x", "body_prefix": ""}}),
    ("JointRandomizer", {}),
    ("LightRandomizer", {"boolProperties": {"randomize_hue": True}, "floatProperties": {"min_light_intensity": "0"}}),
    ("LightingRig", {"int_properties": {"light_head_count": 3}, "vector3Properties": {"target": {}}}),
    ("LookAt", {"vector3Properties": {"target_offset": {"z": -2}}}),
    ("MaterialFixedHueRandomizer", {"stringProperties": {"material_prefix": "p,paint"}, "floatProperties": {"hue_radius": 9}}),
    ("MaterialRandomizer", {"stringProperties": {"blacklist_prefix": ""}, "boolProperties": {"randomize_textures": True}}),
    ("PostProcessingRandomizer", {"boolProperties": {"enable_grain": True}, "floatProperties": {"grain_max_size": 3}}),
    ("Tracker", {"stringProperties": {"camera_names": "eye", "tracked_object_names": "triangle", "tracked_object_aliases": "a"}}),
    ("TranslateRotateScale", {"vector3Properties": {"scale": {"x": 1, "y": 0, "z": 1}}}),
]
LOOKS_WORDS = """calotype components type name path config floatProperties x y z w names except hue saturation value hue_shift
metallic roughness emission probability patterns pictures repeat rotation_degrees kind count shadow irradiance kinds cells
octaves shapes size distance on_floor exposure_stops bloom_diffusion 1e400 -1 4294967296
""".split()


def write(folder, target, name, data):
    os.makedirs(os.path.join(folder, target), exist_ok=True)
    with open(os.path.join(folder, target, "seed_" + name), "wb") as file:
        file.write(data)


def write_words(folder, target, words):
    with open(os.path.join(folder, target + ".dict"), "w", encoding="ascii") as file:
        file.writelines('"%s"\n' % word.replace("\\", "\\\\").replace('"', '\\"') for word in words)


# ---- replies of render servers ----

def field(number, content):
    """A run of bytes, or a number, as protocol buffers have them."""
    def varint(value):
        return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def client_reply(shared, png_bytes=b""):
    """2 x 1 pixels, two states, two cameras, with a plane and streams; see fuzz_client.c for the first bytes."""
    def plane(state):
        where = field(5, 64 + 8 * state) if shared else field(4, bytes(8 * 3))
        return field(1, b"normal") + field(2, b"<f4") + field(3, bytes([1, 2, 3])) + where

    def entry(state):
        pictures = [png_bytes or bytes(6), bytes(8), bytes(24), bytes(2)]
        parts = [field(101 + i, 64 + 8 * state) if shared else field(1 + i, data) for i, data in enumerate(pictures)]
        return b"".join(parts) + field(100, plane(state))
    streams = b"".join(field(1, field(1, name) + field(2, entry(0)) + field(2, entry(1))) for name in (b"a", b"b"))
    values = field(2, field(1, b"lit") + field(2, b"\0\1")) + field(3, field(1, b"n") + field(2, b"\1\2\3")) + \
        field(4, field(1, b"f") + field(2, bytes(8)))
    memory = field(100, field(1, b"/calotype-x") + field(2, 4096)) if shared else b""
    return bytes([1, 1, 0xe3, 0x87 if png_bytes else 7]) + streams + values + memory


# ---- messages of the render server ----

def render_request(states, *more):
    entry = field(1, struct.pack("<3f", 0.1, -2, 3)) + field(2, 7)
    size = field(2, 8) + field(3, 6)
    return field(1, entry) * states + size + field(5, b"left") + field(5, b"top") + b"".join(more)


def update_request():
    numbers = field(2, field(1, b"radius") + b"\x15" + struct.pack("<f", 0.5))
    vector = field(6, field(1, b"target") + field(2, b"\x0d" + struct.pack("<f", 1)))
    config = field(1, field(1, b"n") + field(2, 3)) + numbers + field(3, field(1, b"s") + field(2, b"t")) + vector
    return field(1, field(1, b"Type") + field(2, b"name") + field(4, config))


SERVER_MESSAGES = {
    "plain": render_request(2),
    "all": render_request(1, *(field(n, 1) for n in (7, 8, 9, 10, 11))),
    "planes": render_request(3, field(100, b"depth"), field(100, b"semantic"), field(101, 1), field(102, 1)),
    "shared": render_request(1, field(100, b"uv"), field(103, 1), field(104, 1)),
    "update": update_request(),
}

# The first byte chooses what it is: see fuzz_transfer.c.
TRANSFERS = {
    "head": b"\0HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nContent-Length: 10\r\nContent-Range: bytes 10-19/20\r\n"
            b"Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nx-amz-bucket-region: eu-central-1\r\n"
            b"x-amz-meta-sha256: " + b"0a" * 32 + b"\r\nTransfer-Encoding: chunked\r\n\r\n",
    "error": b"\1<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>",
    "page": b"\2<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key><Size>1</Size></Contents>"
            b"<NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
    "credentials": b"\3# mine\n[default]\naws_access_key_id = a\naws_secret_access_key=b\naws_session_token=c\n[other]\n",
}


WORKER_MESSAGES = [
    {"kind": "setup", "scratch_folder": "/s", "threads": 1, "memory_bytes": 9, "parent": 2, "sandbox": True,
     "require_sandbox": False},
    {"kind": "task", "ticket": 1, "number": 2, "name": "n", "thumbnail": True,
     "objects": [{"identifier": "a", "path": "/a"}, {"identifier": "b", "path": None}]},
    {"kind": "ready", "words": "Landlock 7"},
    {"kind": "refused", "status": 9, "words": "why"},
    {"kind": "result", "ticket": 1, "reason": 0, "stop": False, "retire": False, "thumbnail": True, "file": "n.zip",
     "facts": "{\"views\": 2}", "words": ""},
]


def worker_stream(messages):
    texts = [json.dumps(message).encode() for message in messages]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def main(folder):
    for make in GLTF_ASSETS:
        write(folder, "gltf", make.__name__, make().gltf())
        write(folder, "glb", make.__name__, make().glb())
    for target, texts in (("obj", OBJ_TEXTS), ("mtl", MTL_TEXTS), ("mjcf", MJCF_TEXTS)):
        for number, text in enumerate(texts):
            write(folder, target, str(number), text.encode())
    for name, data in (("binary", stl_binary(2)), ("short", stl_binary(3)), ("text", STL_TEXT)):
        write(folder, "stl", name, data)
    for kind in ("ascii", "binary_little_endian", "binary_big_endian"):
        write(folder, "ply", kind, ply(kind))
    for number, text in enumerate(PLY_TEXTS):
        write(folder, "ply", str(number), ("ply\nformat ascii 1.0\n" + text).encode())
    for name, data in (("rgba.png", png(3, 2)), ("gray.png", png(3, 2, 0, 1)), ("rgb.png", png(2, 2, 2, 3)),
                       ("palette.png", png(2, 2, 3, 1)), ("gray.jpg", jpeg(1)), ("color.jpg", jpeg(3)),
                       ("a.webp", webp()), ("flat.hdr", hdr(False)), ("runs.hdr", hdr(True)), ("raw.exr", exr(0)),
                       ("zips.exr", exr(2))):
        write(folder, "image", name, data)
    for side in (1, 4, 1500):  # decoded texels as the cache keeps them, the last ones halved
        kept = side if side <= 1024 else side // 2
        write(folder, "cache", str(side), struct.pack("<II56x", side, 4) + bytes(64 + 16 * kept))
    write(folder, "journal", "lines", JOURNAL.encode())
    write(folder, "journal", "run", RUN.encode())
    for number, cameras in enumerate(CAMERAS):
        write(folder, "cameras", str(number), json.dumps(cameras).encode())
    for name, data in (("message", client_reply(False)), ("shared", client_reply(True)),
                       ("png", client_reply(False, png(2, 1, 2, 3)))):
        write(folder, "client", name, data)
    for name, data in SERVER_MESSAGES.items():
        write(folder, "server", name, data)
    for key in ("cup", "n" * 150):
        write(folder, "staged", f"tar{len(key)}", staged_tar(key))
    for name, shapes in STAGED.items():
        write(folder, "staged", name, staged_tensors(shapes))
    write_words(folder, "staged", STAGED_WORDS)
    for name, data in TRANSFERS.items():
        write(folder, "transfer", name, data)
    for number, text in enumerate(LISTS):
        write(folder, "list", str(number), text.encode())
    write(folder, "list", "gzip", gzip.compress(LISTS[0].encode(), mtime=0))
    for number, text in enumerate(PARTS):
        write(folder, "part", str(number), text.encode())
    for number, message in enumerate(WORKER_MESSAGES):  # see fuzz_worker.c for the first byte
        write(folder, "worker", message["kind"], b"\0" + json.dumps(message).encode())
        write(folder, "worker", f"stream{number}", bytes([1 + 40 * number]) + worker_stream(WORKER_MESSAGES[number:]))
    write_words(folder, "worker", [word for message in WORKER_MESSAGES for word in ("kind", *message)])
    write_words(folder, "gltf", GLTF_WORDS)
    write_words(folder, "glb", GLTF_WORDS)
    write_words(folder, "cameras", CAMERA_WORDS)
    for number, states in enumerate(("1,-2.5,3e-2\n4,5,6\n", "# saved\n1 2\r\n\n3\t4 # the last", "1;2;\n")):
        write(folder, "states", str(number), states.encode())
    write_words(folder, "mjcf", MJCF_WORDS)
    for number, component in enumerate(LOOKS):
        write(folder, "looks", str(number), json.dumps({"calotype": 1, "components": [component]}).encode())
    for number, (kind, config) in enumerate(ORRB_COMPONENTS):
        component = {"type": kind, "name": "n", "path": "eye" if kind in ORRB_PLACED else "", "config": config}
        write(folder, "looks", f"orrb{number}", json.dumps({"components": [component, {"type": "LightingRig"}]}).encode())
    write_words(folder, "looks", LOOKS_WORDS)
    write_words(folder, "obj", "v vt vn f l p o g s usemtl mtllib -1 // off 4294967297 nan inf 1e39".split())
    write_words(folder, "mtl", "newmtl Kd Ks Ke Ka Ns d Tr illum Pr Pm map_Kd map_Ks map_Ns map_d map_Ke map_Bump "
                               "map_Pr map_Pm norm -s -o -bm -clamp -imfchan -mm a.png b.png".split())
    write_words(folder, "stl", "solid facet normal outer loop vertex endloop endfacet endsolid".split())
    write_words(folder, "ply", "ply format ascii binary_little_endian binary_big_endian element vertex face edge "
                               "tristrips property list uchar int uint short float double vertex_indices texcoord red "
                               "nx s t end_header comment TextureFile 4294967295".split())


if __name__ == "__main__":
    main(sys.argv[1])
