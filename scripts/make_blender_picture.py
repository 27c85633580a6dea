#!/usr/bin/env python3
"""Draw docs/images/blender.png: Blender's pictures, calotype's, and four times the difference.

    make_blender_picture.py TOOL REFERENCE_DIR GLB_DIR OUTPUT.png
"""
import json
import os
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "referee"))
import blender  # noqa: E402

VIEWS = {"duck_4k": 1, "example_1k": 1, "flighthelmet_95k": 0}


def main():
    tool, references, models, output = sys.argv[1:]
    rows = []
    for name, index in VIEWS.items():
        with open(os.path.join(references, name, "cameras.json"), encoding="utf-8") as file:
            cameras = json.load(file)
        row = []
        with tempfile.TemporaryDirectory() as scratch:
            for light in ("white", "sun"):
                folder = blender.render(tool, os.path.join(models, name + ".glb"), cameras, light, scratch)
                ours = blender.over_white(os.path.join(folder, f"{index:03d}.png"))
                theirs = blender.over_white(os.path.join(references, name, f"{index:03d}_eevee64_{light}.png"))
                row += [theirs, ours, 255 - np.minimum(255, 4 * np.abs(theirs - ours))]
        rows.append(np.concatenate(row, axis=1))
    Image.fromarray(np.concatenate(rows).astype("u1")).save(output, optimize=True)


if __name__ == "__main__":
    main()
