#!/usr/bin/env python3
"""Makes examples/field_camera.glb: a Victorian field camera, the kind that calotypes were taken with.

    python3 examples/make_field_camera.py [OUTPUT.glb]

Mahogany, brass, red leather bellows on a tripod; the ground glass at the back shows the view upside
down, as it does. The animation `focus` moves the front standard, turns the knobs, and stretches the
bellows, which are skinned. Standard library only; the same bytes every time.
"""
import math
import os
import sys

from workshop import shading, textures
from workshop.glb import Writer
from workshop.shapes import (Surface, add, beam, cross, lathe, mix, panel, rounded_box, scale, square_tube,
                             strap, sub, unit, zigzag)

# Heights and places, metres. z points to the front, the lens side.
DECK = 0.507            # top of the bed
LENS_HEIGHT = DECK + 0.185
LEGS_TOP = DECK - 0.062
REAR_Z = -0.17          # middle of the rear standard
FRONT_Z = 0.115         # middle of the front standard, at rest
BELLOWS_REAR, BELLOWS_FRONT = -0.128, FRONT_Z - 0.012
KNOB_Z = 0.215
KNOB_RADIUS = 0.024
JOINTS = 5
TRAVEL_OUT, TRAVEL_IN = 0.085, -0.09  # of the front standard in `focus`
BELLOWS_HALF_REAR, BELLOWS_HALF_FRONT, FOLD = 0.146, 0.098, 0.017
WIDTH = 0.36            # of bed and rear standard

MATERIALS = ("mahogany", "leather_red", "leather_black", "brass", "iron", "blacking", "lens_glass", "ground_glass",
             "name_plate")


class Part:
    """A node's geometry, by material, in world coordinates at rest."""

    def __init__(self, name, origin=(0.0, 0.0, 0.0)):
        self.name, self.origin = name, origin
        self.surfaces = {}

    def __getitem__(self, material):
        assert material in MATERIALS
        return self.surfaces.setdefault(material, Surface())


def grain_offset(number):
    """Where in the board the piece of this number was cut."""
    return (0.37 * number % 1, 0.61 * number % 1)


def plank(part, center, size, grain, number, **options):
    """A piece of mahogany with rounded edges."""
    options = {"radius": 0.004, "metres": (0.5, 0.25), **options}
    rounded_box(part["mahogany"], center, size, grain=grain, offset=grain_offset(number), **options)


def screw(part, position, axis, radius=0.005):
    """A round brass head standing on a surface."""
    dome = [(radius, 0.0), (radius, 0.3 * radius), (0.8 * radius, 0.6 * radius), (0.45 * radius, 0.8 * radius),
            (0.0, 0.86 * radius)]
    lathe(part["brass"], position, axis, dome, segments=12)


def make_tripod():
    tripod = Part("tripod")
    lathe(tripod["mahogany"], (0, DECK - 0.065, 0), (0, 1, 0),
          [(0, 0), (0.07, 0), (0.076, 0.004), (0.076, 0.010), (0.088, 0.016), (0.094, 0.022), (0.094, 0.034),
           (0.090, 0.038), (0, 0.038)], segments=48, metres=0.3)
    lathe(tripod["brass"], (0, DECK - 0.033, 0), (0, 1, 0),
          [(0.0945, 0), (0.0965, 0.002), (0.0965, 0.006), (0.0945, 0.008)], segments=48)
    lathe(tripod["brass"], (0, DECK - 0.092, 0), (0, 1, 0),
          [(0, 0), (0.018, 0), (0.020, 0.003), (0.020, 0.012), (0.010, 0.016), (0.010, 0.03)],
          segments=32, knurl=0.0008)
    for leg in range(3):
        make_leg(tripod, math.radians(90 + 120 * leg), leg)
    return tripod


def make_leg(tripod, angle, number):
    """Two bars that meet in a brass collar, one bar below, an iron spike."""
    outward = (math.cos(angle), 0.0, math.sin(angle))
    side = (-math.sin(angle), 0.0, math.cos(angle))
    top = add(scale(outward, 0.074), (0, LEGS_TOP, 0))
    foot = add(scale(outward, 0.34), (0, 0.03, 0))
    down = unit(sub(foot, top))
    across = cross(side, down)
    collar = add(top, scale(down, 0.28))
    for sign in (-1, 1):
        start, end = add(top, scale(side, 0.036 * sign)), add(collar, scale(side, 0.0115 * sign))
        beam(tripod["mahogany"], end, start, (0.018, 0.026), side, offset=grain_offset(number * 2 + sign), radius=0.003,
             cell=0.06)
        screw(tripod, add(start, add(scale(side, 0.009 * sign), scale(down, 0.012))), scale(side, sign), 0.007)
    beam(tripod["brass"], add(top, scale(side, -0.05)), add(top, scale(side, 0.05)), (0.012, 0.012), down, radius=0.005)
    beam(tripod["brass"], add(collar, scale(down, 0.022)), add(collar, scale(down, -0.022)), (0.050, 0.036), side,
         radius=0.005)
    beam(tripod["mahogany"], foot, collar, (0.024, 0.022), side, taper=1.35, offset=grain_offset(9 + number),
         radius=0.003, cell=0.06)
    screw(tripod, add(collar, scale(across, 0.018)), across, 0.008)
    beam(tripod["brass"], add(foot, scale(down, 0.004)), add(foot, scale(down, -0.034)), (0.028, 0.026), side,
         radius=0.004)
    spike = [(0.0, -0.034), (0.004, -0.024), (0.009, 0.0), (0.009, 0.004)]
    lathe(tripod["iron"], foot, scale(down, -1), spike, segments=16)


def make_body():
    """The bed and the rear standard with everything that does not move."""
    body = Part("body")
    plank(body, (0, DECK - 0.012, 0.055), (WIDTH, 0.024, 0.60), 2, 1, radius=0.005)
    for sign in (-1, 1):
        rail = (0.150 * sign, DECK + 0.002, 0.105)
        rounded_box(body["brass"], rail, (0.012, 0.006, 0.46), radius=0.0015, cell=0.06)
        make_rack(body, 0.150 * sign)
    for x in (-0.165, 0.165):
        for z in (-0.21, 0.335):
            corner = (x, DECK, z)
            rounded_box(body["brass"], corner, (0.032, 0.003, 0.034), radius=0.0012)
            screw(body, add(corner, (0, 0.0014, 0)), (0, 1, 0))
    rounded_box(body["brass"], (0, DECK - 0.012, 0.356), (0.09, 0.014, 0.004), radius=0.0018)
    make_rear_standard(body)
    make_struts(body)
    make_handle(body)
    return body


def make_rack(body, x):
    """The toothed bar beside the rail that the knobs' pinion runs on."""
    sign = math.copysign(1, x)
    zigzag(body["brass"], (x - 0.0065 * sign, DECK, 0.0), -sign, 0.008, (0.003, 0.0075), 44)


def frame(part, center, outer, bar, depth, number, **options):
    """Four planks around a square opening, the upright ones between the others."""
    x, y, z = center
    reach = outer / 2 - bar / 2
    for sign in (-1, 1):
        plank(part, (x, y + sign * reach, z), (outer, bar, depth), 0, number + sign, **options)
        plank(part, (x + sign * reach, y, z), (bar, outer - 2 * bar + 0.002, depth), 1, number + 3 + sign, **options)


def make_rear_standard(body):
    center = (0.0, LENS_HEIGHT, REAR_Z)
    frame(body, center, WIDTH, 0.036, 0.074, 10, radius=0.005)
    frame(body, add(center, (0, 0, -0.046)), 0.325, 0.030, 0.020, 20, radius=0.004)      # the plate holder's back
    frame(body, add(center, (0, 0, 0.038)), 0.310, 0.022, 0.010, 30, radius=0.003)       # where the bellows sit
    rounded_box(body["blacking"], add(center, (0, 0, 0.005)), (0.29, 0.29, 0.012), radius=0.001)
    for x in (-1, 1):
        for y in (-1, 1):
            corner = add(center, (0.157 * x, 0.157 * y, -0.0385))
            rounded_box(body["brass"], corner, (0.040, 0.040, 0.004), radius=0.0015)
            screw(body, add(corner, (0, 0, -0.0018)), (0, 0, -1))
        hinge = add(center, (0.183 * x, -0.11, -0.028))
        lathe(body["brass"], hinge, (0, 1, 0), [(0, -0.022), (0.0045, -0.022), (0.0052, -0.02), (0.0052, 0.02),
                                                (0.0045, 0.022), (0, 0.022)], segments=16)
        spring = add(center, (0.0, 0.1475 * x, -0.058))
        rounded_box(body["brass"], spring, (0.13, 0.012, 0.0025), radius=0.001)
        for end in (-0.055, 0.055):
            screw(body, add(spring, (end, 0, -0.001)), (0, 0, -1), 0.004)


def make_struts(body):
    """The brass stays that hold the standard upright, with their thumbscrews."""
    for sign in (-1, 1):
        x = 0.1835 * sign
        low, high = (x, DECK - 0.012, 0.03), (x, LENS_HEIGHT + 0.02, REAR_Z + 0.012)
        beam(body["brass"], low, high, (0.014, 0.004), (0, 1, 1), radius=0.0018, cell=0.1)
        for end in (low, high):
            lathe(body["brass"], add(end, (0.002 * sign, 0, 0)), (sign, 0, 0),
                  [(0.006, 0), (0.006, 0.004), (0.011, 0.005), (0.0125, 0.007), (0.0125, 0.012), (0.011, 0.014),
                   (0.0, 0.0145)], segments=32, knurl=0.0009)


def make_handle(body):
    top = LENS_HEIGHT + WIDTH / 2
    path = []
    for i in range(25):
        t = -1 + 2 * i / 24
        path.append((0.085 * t, top + 0.004 + 0.030 * (1 - t * t) ** 0.6, REAR_Z))
    strap(body["leather_black"], path, 0.026, 0.005, (0, 0, 1))
    for sign in (-1, 1):
        rounded_box(body["brass"], (0.087 * sign, top + 0.003, REAR_Z), (0.016, 0.010, 0.036), radius=0.003)
        screw(body, (0.087 * sign, top + 0.0075, REAR_Z), (0, 1, 0))


def make_ground_glass():
    glass = Part("ground_glass", (0.0, LENS_HEIGHT, REAR_Z - 0.044))
    panel(glass["ground_glass"], glass.origin, (-0.134, 0, 0), (0, 0.134, 0), uv_up=-1)
    return glass


def make_front_standard():
    """Two posts on a sliding foot, the lens board between them, the lens."""
    part = Part("front_standard", (0.0, DECK, FRONT_Z))
    plank(part, (0, DECK + 0.018, FRONT_Z), (0.275, 0.026, 0.060), 0, 40, radius=0.004)
    for sign in (-1, 1):
        x = 0.1365 * sign
        plank(part, (x, DECK + 0.15, FRONT_Z), (0.022, 0.29, 0.030), 1, 44 + sign)
        rounded_box(part["brass"], (0.150 * sign, DECK + 0.008, FRONT_Z), (0.024, 0.010, 0.066), radius=0.002)
        lathe(part["brass"], (x + 0.011 * sign, LENS_HEIGHT, FRONT_Z), (sign, 0, 0),
              [(0.014, 0), (0.014, 0.002), (0.006, 0.003), (0.006, 0.007), (0.013, 0.008), (0.0145, 0.010),
               (0.0145, 0.016), (0.013, 0.018), (0, 0.0185)], segments=36, knurl=0.001)
        rounded_box(part["brass"], (x, DECK + 0.2975, FRONT_Z), (0.025, 0.008, 0.033), radius=0.002)
    center = (0.0, LENS_HEIGHT, FRONT_Z)
    frame(part, center, 0.245, 0.036, 0.022, 50)
    plank(part, add(center, (0, 0, 0.006)), (0.186, 0.186, 0.016), 1, 55, radius=0.005)
    for x in (-1, 1):
        for y in (-1, 1):
            screw(part, add(center, (0.082 * x, 0.082 * y, 0.0138)), (0, 0, 1), 0.0045)
    make_lens(part, add(center, (0, 0, 0.013)))
    plate = add(center, (0, -0.1045, 0.0118))
    rounded_box(part["brass"], plate, (0.104, 0.0275, 0.003), radius=0.0012)
    panel(part["name_plate"], add(plate, (0, 0, 0.00175)), (0.0495, 0, 0), (0, 0.0124, 0))
    return part


def make_lens(part, seat):
    axis = (0, 0, 1)
    lathe(part["brass"], seat, axis,
          [(0.062, 0), (0.064, 0.002), (0.064, 0.005), (0.060, 0.007), (0.047, 0.007), (0.047, 0.010),
           (0.049, 0.012), (0.049, 0.016), (0.047, 0.018), (0.045, 0.020), (0.045, 0.052), (0.047, 0.054),
           (0.047, 0.058), (0.045, 0.060), (0.046, 0.066), (0.052, 0.082), (0.055, 0.088), (0.056, 0.092),
           (0.054, 0.094), (0.051, 0.092), (0.047, 0.084), (0.042, 0.076)], segments=56)
    lathe(part["blacking"], seat, axis, [(0.042, 0.076), (0.036, 0.05), (0.018, 0.046)], segments=56)
    lathe(part["brass"], seat, axis, [(0.018, 0.046), (0.016, 0.0465), (0.016, 0.043)], segments=56)
    lathe(part["blacking"], seat, axis, [(0.016, 0.044), (0, 0.040)], segments=56)
    dome = [(0.0415 * math.cos(a), 0.071 + 0.015 * math.sin(a)) for a in (math.pi / 2 * i / 10 for i in range(11))]
    lathe(part["lens_glass"], seat, axis, [*dome[:-1], (0.0, dome[-1][1])], segments=56)
    for turn in range(6):
        angle = math.pi / 6 + math.pi / 3 * turn
        screw(part, add(seat, (0.0555 * math.cos(angle), 0.0555 * math.sin(angle), 0.0068)), axis, 0.0028)
    lathe(part["brass"], add(seat, (0.044, 0, 0.039)), (1, 0, 0),       # the focusing pinion of the lens
          [(0.005, 0), (0.005, 0.012), (0.010, 0.013), (0.011, 0.015), (0.011, 0.020), (0.010, 0.022), (0, 0.0225)],
          segments=32, knurl=0.0008)


def make_knob(name, sign):
    knob = Part(name, (0.18 * sign, DECK - 0.012, KNOB_Z))
    lathe(knob["brass"], knob.origin, (sign, 0, 0),
          [(0.013, 0), (0.013, 0.003), (0.007, 0.005), (0.007, 0.014), (KNOB_RADIUS - 0.002, 0.016),
           (KNOB_RADIUS, 0.019), (KNOB_RADIUS, 0.028), (KNOB_RADIUS - 0.002, 0.031), (0.015, 0.0315), (0.013, 0.029),
           (0.006, 0.029), (0.005, 0.032), (0, 0.033)], segments=64, knurl=0.0011)
    return knob


def make_bellows():
    """Pleats between two square frames, each ridge a little rounded by two edges."""
    bellows = Part("bellows")
    pleats, lip = 13, 0.1  # the pleats get flatter towards the front
    profile = []
    for i in range(pleats):
        for place, inset in ((0.0, FOLD), (0.40, 0.0015), (0.5, 0.0), (0.60, 0.0015)):
            t = (i + place) / pleats
            half = mix(BELLOWS_HALF_REAR, BELLOWS_HALF_FRONT, t)
            profile.append((half - inset * (1 - lip * t), mix(BELLOWS_REAR, BELLOWS_FRONT, t)))
    profile.append((BELLOWS_HALF_FRONT - FOLD * (1 - lip), BELLOWS_FRONT))
    square_tube(bellows["leather_red"], (0.0, LENS_HEIGHT), profile, 0.030)
    return bellows


def bellows_depth(position):
    """Darker in the valleys of the pleats: 1 on a ridge."""
    t = (position[2] - BELLOWS_REAR) / (BELLOWS_FRONT - BELLOWS_REAR)
    half = max(abs(position[0]), abs(position[1] - LENS_HEIGHT))
    inset = mix(BELLOWS_HALF_REAR, BELLOWS_HALF_FRONT, t) - half
    return max(0.0, min(1.0, 1 - inset / FOLD))


def solids():
    """The camera as a few boxes and bars, for the baked occlusion."""
    center = (0, LENS_HEIGHT, REAR_Z)
    shapes = [
        shading.box((0, DECK - 0.012, 0.055), (WIDTH, 0.024, 0.60)),
        shading.box(center, (WIDTH, WIDTH, 0.074)),
        shading.box((0, LENS_HEIGHT, -0.06), (0.27, 0.27, 0.136)),
        shading.box((0, LENS_HEIGHT, 0.055), (0.20, 0.20, 0.1)),
        shading.box((0, LENS_HEIGHT, FRONT_Z), (0.245, 0.245, 0.022)),
        shading.box((0, DECK + 0.018, FRONT_Z), (0.275, 0.026, 0.060)),
        shading.capsule((0, LENS_HEIGHT, FRONT_Z + 0.02), (0, LENS_HEIGHT, FRONT_Z + 0.06), 0.045),
        shading.box((0, DECK - 0.046, 0), (0.15, 0.036, 0.15)),
    ]
    for leg in range(3):
        angle = math.radians(90 + 120 * leg)
        outward = (math.cos(angle), 0.0, math.sin(angle))
        top, foot = add(scale(outward, 0.074), (0, LEGS_TOP, 0)), add(scale(outward, 0.34), (0, 0.03, 0))
        shapes.append(shading.capsule(top, foot, 0.014))
    return shapes


def vertex_colors(part, material, surface, shapes):
    """Baked occlusion, as a linear factor on the base colour."""
    if material in ("lens_glass", "ground_glass", "name_plate"):
        return [(255, 255, 255, 255)] * len(surface.positions)
    rows = []
    for position, normal in zip(surface.positions, surface.normals):
        value = shading.visibility(shapes, position, normal)
        if part.name == "bellows":
            value *= mix(0.35, 1.0, bellows_depth(position))
        level = textures.byte(value)
        rows.append((level, level, level, 255))
    return rows


def add_materials(writer):
    """The materials, in the order of MATERIALS, with their pictures."""
    tone, pore = textures.wood_grain(512)
    half = range(0, 512, 2)  # the other pictures of the wood are half as fine
    wood_height = [[0.5 * tone[j][i] - 0.5 * pore[j][i] for i in half] for j in half]
    hide = textures.leather_height(192, 20)
    smudge = textures.layered(128, 128, [(3, 3, 41, 0.5), (9, 9, 42, 0.3), (64, 24, 43, 0.2)])
    patina = textures.wear(textures.layered(256, 256, [(4, 4, 44, 0.5), (11, 11, 45, 0.3), (40, 40, 46, 0.2)]))
    cut = textures.engraving("CALOTYPE", 320, 80)
    flat = [[1.0] * 128 for _ in range(128)]
    wood_rough = [[0.30 + 0.25 * pore[j][i] + 0.18 * (1 - tone[j][i]) for i in half] for j in half]
    wood_open = [[1 - 0.5 * pore[j][i] for i in half] for j in half]
    none = [[0.0] * 256 for _ in half]

    def use(name, picture, **more):
        return {"index": writer.add_texture(name, picture), **more}

    wood = use("mahogany_color", textures.wood_color(tone, pore))
    wood_surface = use("mahogany_surface", textures.surface_map(wood_open, wood_rough, none))
    wood_normal = use("mahogany_normal", textures.normals_from_height(wood_height, 1.3), scale=0.7)
    hide_normal = use("leather_normal", textures.normals_from_height(hide, 2.2), scale=0.8)
    brass_surface = use("brass_surface", textures.surface_map(
        flat, [[0.16 + 0.30 * value for value in row] for row in smudge], flat))
    brass = use("brass_color", textures.tinted(textures.BRASS, patina))
    plate = use("name_plate_color", textures.plate_color(cut))
    plate_normal = use("name_plate_normal", textures.normals_from_height([[-d for d in row] for row in cut], 1.5))
    view = use("ground_glass_view", textures.landscape(160))

    def material(name, color, metallic, roughness, **more):
        factors = {"baseColorFactor": color, "metallicFactor": metallic, "roughnessFactor": roughness}
        factors.update(more.pop("pbr", {}))
        writer.add("materials", {"name": name, "pbrMetallicRoughness": factors, **more})

    material("mahogany", [1, 1, 1, 1], 0.0, 1.0,
             pbr={"baseColorTexture": wood, "metallicRoughnessTexture": wood_surface},
             occlusionTexture={"index": wood_surface["index"]}, normalTexture=wood_normal)
    material("leather_red", [0.36, 0.022, 0.022, 1], 0.0, 0.55, normalTexture=hide_normal, doubleSided=True)
    material("leather_black", [0.022, 0.02, 0.019, 1], 0.0, 0.5, normalTexture=hide_normal)
    material("brass", [1, 1, 1, 1], 1.0, 1.0,
             pbr={"baseColorTexture": brass, "metallicRoughnessTexture": brass_surface})
    material("iron", [0.12, 0.12, 0.13, 1], 1.0, 0.5)
    material("blacking", [0.012, 0.011, 0.012, 1], 0.0, 0.8)
    material("lens_glass", [0.03, 0.035, 0.07, 0.6], 0.0, 0.03, alphaMode="BLEND", emissiveFactor=[0.004, 0.004, 0.012])
    material("ground_glass", [0.08, 0.085, 0.08, 0.92], 0.0, 0.5, alphaMode="BLEND", doubleSided=True,
             emissiveTexture=view, emissiveFactor=[0.85, 0.85, 0.85])
    material("name_plate", [1, 1, 1, 1], 0.85, 0.35, pbr={"baseColorTexture": plate}, normalTexture=plate_normal)


def joint_places():
    return [mix(BELLOWS_REAR, BELLOWS_FRONT, i / (JOINTS - 1)) for i in range(JOINTS)]


def joint_weights(surface):
    """Each vertex hangs between the two joints beside it."""
    joints, weights = [], []
    for position in surface.positions:
        t = (position[2] - BELLOWS_REAR) / (BELLOWS_FRONT - BELLOWS_REAR) * (JOINTS - 1)
        low = min(JOINTS - 2, max(0, int(t)))
        high_weight = max(0.0, min(1.0, t - low))
        joints.append((low, low + 1, 0, 0) if high_weight else (low, 0, 0, 0))
        weights.append((1 - high_weight, high_weight, 0.0, 0.0))
    return joints, weights


def add_part(writer, part, shapes):
    """The part's mesh and its node; children are hung on later."""
    primitives = []
    for material in MATERIALS:
        surface = part.surfaces.get(material)
        if not surface:
            continue
        joints, weights = joint_weights(surface) if part.name == "bellows" else (None, None)
        colors = vertex_colors(part, material, surface, shapes)
        number = MATERIALS.index(material)
        primitives.append(writer.add_primitive(surface, colors, part.origin, number, joints, weights))
    node = {"name": part.name, "mesh": writer.add("meshes", {"name": part.name, "primitives": primitives})}
    if any(part.origin):
        node["translation"] = list(part.origin)
    return writer.add("nodes", node)


def add_bellows_rig(writer, bellows_node):
    """A row of joints from the rear standard to the front one; returns their nodes."""
    nodes = [writer.add("nodes", {"name": f"bellows_joint_{i}", "translation": [0.0, LENS_HEIGHT, z]})
             for i, z in enumerate(joint_places())]
    inverse_bind = [(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, -LENS_HEIGHT, -z, 1) for z in joint_places()]
    skin = writer.add("skins", {"name": "bellows", "joints": nodes,
                                "inverseBindMatrices": writer.add_accessor(inverse_bind)})
    writer.json["nodes"][bellows_node]["skin"] = skin
    return nodes


FOCUS_KEYS = [(0.0, 0.0), (0.6, TRAVEL_OUT), (1.3, TRAVEL_IN), (2.0, 0.0)]  # seconds, metres of travel


def add_focus(writer, front_node, knob_nodes, joint_nodes):
    times = writer.add_accessor([(time,) for time, _ in FOCUS_KEYS], bounds=True)
    samplers, channels = [], []

    def channel(node, path, times_accessor, values, interpolation):
        output = writer.add_accessor(values)
        samplers.append({"input": times_accessor, "output": output, "interpolation": interpolation})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    def slide(node, share, rest):
        """Rests at each end of the travel: all tangents are zero."""
        values = []
        for _, travel in FOCUS_KEYS:
            values += [(0, 0, 0), add(rest, (0, 0, share * travel)), (0, 0, 0)]
        channel(node, "translation", times, values, "CUBICSPLINE")

    slide(front_node, 1.0, (0.0, DECK, FRONT_Z))
    for i, (node, z) in enumerate(zip(joint_nodes, joint_places())):
        if i:
            slide(node, i / (JOINTS - 1), (0.0, LENS_HEIGHT, z))
    fine_times, turns = knob_turns()
    knob_times = writer.add_accessor(fine_times, bounds=True)
    for node in knob_nodes:
        channel(node, "rotation", knob_times, turns, "LINEAR")
    writer.add("animations", {"name": "focus", "samplers": samplers, "channels": channels})


def knob_turns():
    """Times and quaternions about x: the rim rolls as far as the standard slides."""
    times, turns = [], []
    for (t0, from_z), (t1, to_z) in zip(FOCUS_KEYS, FOCUS_KEYS[1:]):
        for step in range(8):
            s = step / 8
            times.append((mix(t0, t1, s),))
            turns.append(knob_turn(mix(from_z, to_z, s * s * (3 - 2 * s))))
    return [*times, (FOCUS_KEYS[-1][0],)], [*turns, knob_turn(FOCUS_KEYS[-1][1])]


def knob_turn(travel):
    half_angle = travel / (2 * 0.015) / 2
    return (math.sin(half_angle), 0.0, 0.0, math.cos(half_angle))


def build():
    writer = Writer("Calotype examples/make_field_camera.py")
    add_materials(writer)
    shapes = solids()
    tripod = add_part(writer, make_tripod(), shapes)
    body = add_part(writer, make_body(), shapes)
    glass = add_part(writer, make_ground_glass(), shapes)
    front = add_part(writer, make_front_standard(), shapes)
    knobs = [add_part(writer, make_knob(name, sign), shapes) for name, sign in (("knob_left", 1), ("knob_right", -1))]
    bellows = add_part(writer, make_bellows(), shapes)
    joints = add_bellows_rig(writer, bellows)
    add_focus(writer, front, knobs, joints)
    root = writer.add("nodes", {"name": "field_camera",
                                "children": [tripod, body, glass, front, *knobs, bellows, *joints]})
    writer.json["scenes"] = [{"name": "field camera", "nodes": [root]}]
    writer.json["scene"] = 0
    return writer.finish()


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(folder, "field_camera.glb")
    with open(path, "wb") as file:
        file.write(build())


if __name__ == "__main__":
    main()
