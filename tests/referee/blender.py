"""Renders objects with the cameras of Blender's reference pictures and measures how far apart they are.

A reference folder holds for each object cameras.json, NNN_geometry.npz (depth, normal_world,
object_id, base_color at pixel centres, by Cycles) and NNN_eevee64_{white,sun}.png. Shared by the
test beside this file and by scripts/make_blender_picture.py. Needs numpy and Pillow.
"""
import json
import os
import subprocess

import numpy as np
from PIL import Image

# The white set: a uniform white world. The sun set: no world, one lamp of pi W/m2 from here (z up).
SUN = np.array([0.4, -0.5, 0.7681145747868608])
LIGHTS = {
    "white": [],
    "sun": ["--environment", "none", "--sun", "%.9f,%.9f,%.9f" % (
        np.degrees(np.arctan2(SUN[1], SUN[0])), np.degrees(np.arcsin(SUN[2] / np.linalg.norm(SUN))), np.pi)],
}
NORMAL_MAPPED = ("flighthelmet_95k",)
# Cycles took one random sample a pixel, so behind these half-transparent objects its geometry is a
# coin toss between the surface and what lies behind it: nothing to compare with.
TRANSPARENT = {"flighthelmet_95k": "Lenses_low"}


def transforms(cameras):
    """A Nerfstudio transforms.json for the views of cameras.json (z up, OpenGL camera axes)."""
    width, height = cameras["width"], cameras["height"]
    frames = []
    for i, view in enumerate(cameras["views"]):
        focal = width / 2 / np.tan(np.radians(view["fov_deg"]) / 2)
        frames.append({"file_path": f"{i:03d}", "transform_matrix": view["c2w_zup"], "fl_x": focal, "fl_y": focal,
                       "cx": width / 2, "cy": height / 2, "w": width, "h": height})
    return {"camera_model": "OPENCV", "w": width, "h": height, "frames": frames}


def render(tool, model, cameras, light, scratch):
    """Runs the tool; returns the folder with 000.png in it."""
    cameras_file, out = os.path.join(scratch, "cameras.json"), os.path.join(scratch, light)
    with open(cameras_file, "w", encoding="utf-8") as file:
        json.dump(transforms(cameras), file)
    subprocess.run([tool, "render", model, "-o", out, "--cameras", cameras_file, "--depth", "--normals", "--mask", "--ids",
                    "--samples", "16", "--quiet", *LIGHTS[light]], check=True)
    return next(path for path, _, names in os.walk(out) if "000.png" in names)


def over_white(path):
    rgba = np.asarray(Image.open(path).convert("RGBA")).astype("f4")
    return rgba[..., :3] * rgba[..., 3:] / 255 + 255 - rgba[..., 3:]


def psnr(a, b):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((a - b) ** 2)))


def angle_degrees(a, b):
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(-1)))


def grown(mask, pixels):
    """The mask and everything within some pixels of it."""
    for _ in range(pixels):
        padded = np.pad(mask, 1)
        mask = mask | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def compare_view(name, cameras, index, reference, pictures):
    """Figures of one view: geometry against Cycles, colour against EEVEE."""
    theirs = np.load(os.path.join(reference, f"{index:03d}_geometry.npz"))
    depth = np.load(os.path.join(pictures["white"], f"{index:03d}_depth.npy"))
    mask = np.load(os.path.join(pictures["white"], f"{index:03d}_mask.npy")) > 0
    normal = np.load(os.path.join(pictures["white"], f"{index:03d}_normal.npy"))
    ids = np.asarray(Image.open(os.path.join(pictures["white"], f"{index:03d}_instance.png")))
    their_mask = np.isfinite(theirs["depth"]) & (theirs["object_id"] > 0)
    both = mask & their_mask
    if name in TRANSPARENT:
        both &= ~grown(theirs["object_id"] == cameras["object_index"][TRANSPARENT[name]], 2)
    rotation = np.array(cameras["views"][index]["c2w_zup"])[:3, :3]
    angles = angle_degrees(normal[both], (theirs["normal_world"].astype("f4") @ rotation)[both])
    figures = {
        "iou": (mask & their_mask).sum() / max(1, (mask | their_mask).sum()),
        "depth99": np.quantile(np.abs(depth - theirs["depth"])[both] / theirs["depth"][both], 0.99),
        "normal90": np.quantile(angles, 0.9),
        "ids": (ids == theirs["object_id"])[both].mean(),
    }
    for light in LIGHTS:
        figures[light] = psnr(over_white(os.path.join(pictures[light], f"{index:03d}.png")),
                              over_white(os.path.join(reference, f"{index:03d}_eevee64_{light}.png")))
    return figures
