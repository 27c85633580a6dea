"""Small MuJoCo scenes that cover every geom type and every kind of texture, written into a folder."""
import math
import os
import struct
import zlib

LIGHTS = """
  <visual><headlight ambient="0.3 0.3 0.3" diffuse="0.4 0.4 0.4" specular="0 0 0"/>
    <global offwidth="480" offheight="480"/><map znear="0.01" zfar="50"/><quality numslices="96" numstacks="64"/></visual>
  <statistic extent="2" center="0 0 0"/>"""
CAMERAS = """
    <light name="lamp" directional="true" castshadow="false" pos="0 0 3" dir="0.3 0.4 -1" diffuse="0.5 0.5 0.5" specular="0 0 0"/>
    <camera name="front" pos="0 -3.2 1.6" xyaxes="1 0 0 0 0.45 0.9" fovy="40"/>
    <camera name="back" pos="1.2 3 1.8" xyaxes="-1 0.4 0 -0.18 -0.45 0.9" fovy="40"/>
    <camera name="below" pos="0.5 -2.5 -1.6" xyaxes="1 0.2 0 -0.09 -0.5 0.85" fovy="40"/>"""


def png(path, width, height, texel):
    """Writes an RGB picture; `texel` gives the three codes of a column and a row."""
    rows = b"".join(b"\0" + b"".join(bytes(texel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def picture(blue):
    """Red grows to the right, green downwards; a white corner tells where the top left is, a black bar the top."""
    def texel(x, y):
        if x < 12 and y < 12:
            return 255, 255, 255
        if 4 <= y < 8 or (x // 16 + y // 16) % 2 and 24 < x < 40:
            return 20, 20, 20
        return 40 + 3 * x, 40 + 3 * y, blue
    return texel


def six_shapes(material, size=0.28):
    """Every built-in shape, in two rows."""
    places = [(x, y) for y in (0.45, -0.45) for x in (-0.9, 0, 0.9)]
    shapes = [("box", f"{size} {size * 0.7} {size * 1.2}"), ("sphere", f"{size}"), ("capsule", f"{size * 0.7} {size * 0.8}"),
              ("cylinder", f"{size * 0.8} {size}"), ("ellipsoid", f"{size} {size * 0.6} {size * 1.2}"),
              ("box", f"{size * 0.6} {size} {size * 0.5}")]
    return "\n".join(f'<geom name="{kind}{i}" type="{kind}" size="{numbers}" pos="{x} {y} {0.35}" euler="10 {15 * i} {25 * i}" '
                     f'material="{material}"/>' for i, ((kind, numbers), (x, y)) in enumerate(zip(shapes, places)))


def mesh_file(path, textured):
    """An OBJ: a bent tube with a closed end, its texture round and along it."""
    lines, around, along = [], 24, 12
    for j in range(along + 1):
        for i in range(around + 1):
            a, b = 2 * math.pi * i / around, 1.6 * j / along
            r = 0.16 + 0.05 * math.cos(3 * a)
            x, z = (0.5 + r * math.cos(a)) * math.cos(b) - 0.3, (0.5 + r * math.cos(a)) * math.sin(b)
            lines.append(f"v {x} {r * math.sin(a)} {z}")
            lines.append(f"vt {i / around} {j / along}")
    lines += ["v 0.2 0 -0.0", "vt 0.5 0.5", f"v {0.5 * math.cos(1.6) - 0.3} 0 {0.5 * math.sin(1.6)}", "vt 0.5 0.5"]
    count = (around + 1) * (along + 1)
    corner = (lambda n: f"{n + 1}/{n + 1}") if textured else (lambda n: f"{n + 1}")
    for j in range(along):
        for i in range(around):
            a = j * (around + 1) + i
            b = a + around + 1
            lines.append("f " + " ".join(map(corner, (a, b + 1, b))))
            lines.append("f " + " ".join(map(corner, (a, a + 1, b + 1))))
    for i in range(around):
        lines.append("f " + " ".join(map(corner, (count, i, i + 1))))
        far = along * (around + 1) + i
        lines.append("f " + " ".join(map(corner, (count + 1, far + 1, far))))
    with open(path, "w") as file:
        file.write("\n".join(line for line in lines if textured or not line.startswith("vt")) + "\n")


SKIN = """
  <deformable><skin name="sleeve" rgba="0.8 0.5 0.3 1" inflate="0.01" vertex="{vertices}" face="{faces}">
    <bone body="upper" bindpos="0 0 0" bindquat="1 0 0 0" vertid="{upper}" vertweight="{upper_weights}"/>
    <bone body="lower" bindpos="0.5 0 0" bindquat="1 0 0 0" vertid="{lower}" vertweight="{lower_weights}"/>
  </skin></deformable>"""


def skin():
    around, along, vertices, faces = 16, 10, [], []
    upper, lower = {}, {}
    for j in range(along + 1):
        for i in range(around):
            a, x = 2 * math.pi * i / around, j / along
            lower[len(vertices)] = min(1, max(0, (x - 0.3) / 0.4))
            upper[len(vertices)] = 1 - lower[len(vertices)]
            vertices.append((x, 0.12 * math.cos(a), 0.12 * math.sin(a)))
    for j in range(along):
        for i in range(around):
            a, b = j * around + i, j * around + (i + 1) % around
            faces += [(a, b, b + around), (a, b + around, a + around)]
    upper = {k: v for k, v in upper.items() if v > 0}
    lower = {k: v for k, v in lower.items() if v > 0}
    return SKIN.format(vertices=" ".join(f"{c:.5f}" for v in vertices for c in v),
                       faces=" ".join(str(c) for f in faces for c in f),
                       upper=" ".join(map(str, upper)), upper_weights=" ".join(f"{v:.5f}" for v in upper.values()),
                       lower=" ".join(map(str, lower)), lower_weights=" ".join(f"{v:.5f}" for v in lower.values()))


def scenes():
    """Name to XML; the files that they name are written by `write`."""
    flat = '<texture name="t" type="2d" file="flat.png"/>'
    cube = '<texture name="t" type="cube" ' + " ".join(
        f'file{side}="face{i}.png"' for i, side in enumerate(("right", "left", "up", "down", "front", "back"))) + "/>"
    sky = cube.replace('name="t" type="cube"', 'name="sky" type="skybox"')
    meshes = '<mesh name="plain" file="plain.obj"/><mesh name="mapped" file="mapped.obj"/>'
    hfield = '<hfield name="hills" file="hills.png" size="0.8 0.5 0.3 0.1"/>'
    others = ('<geom name="plain" type="mesh" mesh="plain" pos="-1 -0.2 0.2" material="{0}"/>'
              '<geom name="mapped" type="mesh" mesh="mapped" pos="0.4 -0.6 0.2" euler="0 0 40" material="{0}"/>'
              '<geom name="hills" type="hfield" hfield="hills" pos="0.5 0.7 0" euler="0 0 20" material="{0}"/>'
              '<geom name="sheet" type="plane" size="1.6 1.2 0.1" pos="0 0 -0.1" material="{0}"/>')
    bodies = {}
    for kind, texture in (("flat", flat), ("cube", cube)):
        for name, attributes in (("", ""), ("_repeat", 'texrepeat="2 3"'), ("_uniform", 'texrepeat="1.5 2" texuniform="true"')):
            material = f'<material name="m" texture="t" {attributes} specular="0"/>'
            bodies[f"{kind}{name}_solids"] = (f"{texture}{material}", six_shapes("m"))
            bodies[f"{kind}{name}_others"] = (f"{texture}{material}{meshes}{hfield}", others.format("m"))
    bodies["one_face_solids"] = ('<texture name="t" type="cube" file="flat.png"/><material name="m" texture="t" specular="0"/>',
                          six_shapes("m"))
    bodies["plain_others"] = (f'<material name="m" rgba="0.4 0.7 0.5 1" specular="0"/>{meshes}{hfield}', others.format("m"))
    bodies["plain_solids"] = ('<material name="m" rgba="0.7 0.5 0.4 1" specular="0"/>', six_shapes("m"))
    bodies["endless"] = ('<texture name="t" type="2d" file="flat.png"/><texture name="sky" type="skybox" builtin="gradient" '
                         'rgb1="0.9 0.6 0.3" rgb2="0.1 0.2 0.5" width="64" height="64"/>'
                         '<material name="m" texture="t" texrepeat="1 1" texuniform="true" specular="0"/>',
                         '<geom name="floor" type="plane" size="0 0 0.1" pos="0.3 0.2 0" euler="0 0 20" material="m"/>'
                         '<geom name="strip" type="plane" size="0 0.3 0.1" pos="0 0.2 0.5" euler="0 0 45" material="m"/>')
    # Without any material some versions of MuJoCo leave the sky white.
    bodies["sky"] = (f'{sky}<material name="m" rgba="0.7 0.7 0.7 1"/>',
                     '<geom name="ball" type="sphere" size="0.3" material="m"/>')
    bodies["sites"] = ("", """
    <body name="upper" pos="-0.5 0 0.5"><joint name="a" type="hinge" axis="0 1 0"/><geom name="bone" size="0.05"/>
      <site name="s0" type="box" size="0.1 0.05 0.15" pos="0 0.3 0" rgba="1 0 0 1"/><site name="s1" pos="0 -0.2 0.2" size="0.03"/>
      <body name="lower" pos="0.5 0 0"><joint name="b" type="hinge" axis="0 1 0" ref="-40"/><geom name="bone2" size="0.05"/>
        <site name="s2" type="capsule" size="0.05 0.1" pos="0.3 -0.3 0.1" rgba="0 1 0 0.99"/>
        <site name="s3" type="ellipsoid" size="0.05 0.1 0.15" pos="0.5 0.3 0" rgba="0 0 1 1"/>
        <site name="s4" type="cylinder" size="0.05 0.1" pos="0.4 -0.3 0.5" rgba="1 1 0 1"/></body></body>
    <geom name="drum" type="cylinder" size="0.2 0.3" pos="-0.2 -0.3 0.8" euler="90 0 0" rgba="0.5 0.3 0.7 1"/>""")
    extra = {"sites": skin() + '<tendon><spatial name="rope" width="0.02" rgba="0.9 0.2 0.6 1"><site site="s1"/>'
                      '<geom geom="drum"/><site site="s2"/><site site="s4"/></spatial></tendon>'}
    return {name: f"<mujoco>{LIGHTS}<asset>{assets}</asset><worldbody>{CAMERAS}{body}</worldbody>{extra.get(name, '')}</mujoco>"
            for name, (assets, body) in bodies.items()}


def write(folder):
    """Writes all scenes and their files; returns name to path."""
    png(os.path.join(folder, "flat.png"), 64, 64, picture(120))
    for i in range(6):
        png(os.path.join(folder, f"face{i}.png"), 64, 64, picture(40 * i))
    png(os.path.join(folder, "hills.png"), 24, 16,
        lambda x, y: [int(127 + 60 * math.sin(x * 0.6) + 60 * math.cos(y * 0.8 + x * 0.1))] * 3)
    mesh_file(os.path.join(folder, "plain.obj"), False)
    mesh_file(os.path.join(folder, "mapped.obj"), True)
    paths = {}
    for name, xml in scenes().items():
        paths[name] = os.path.join(folder, name + ".xml")
        with open(paths[name], "w") as file:
            file.write(xml)
    return paths


if __name__ == "__main__":
    import sys
    write(sys.argv[1])
