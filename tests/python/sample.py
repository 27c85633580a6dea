"""Scenes with known answers, made from arrays."""
from __future__ import annotations

import os
from pathlib import Path

import numpy as np

import calotype
from calotype import cameras

ROOT = Path(os.environ.get("CALOTYPE_SOURCE_ROOT", Path(__file__).resolve().parents[2]))
FIELD_CAMERA = ROOT / "examples" / "field_camera.glb"

QUAD = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float32)
QUAD_UVS = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], dtype=np.float32)
QUAD_INDICES = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)
UP = np.tile(np.float32([0, 0, 1]), (4, 1))


def place(x=0.0, y=0.0, z=0.0):
    """A matrix that moves."""
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def quad(**arguments):
    """A square of 2 x 2 metres in the plane z = 0 that looks up, alone in its scene. -> scene"""
    builder = calotype.SceneBuilder("quad")
    arguments = {"normals": UP, "uvs": QUAD_UVS, **arguments}
    builder.add_node(name="quad", mesh=builder.add_mesh(QUAD, QUAD_INDICES, name="square", **arguments))
    return builder.finish()


def above(height=3.0, width=16, height_pixels=16, **arguments):
    """A camera above the origin that looks straight down, its picture's right is +x and its up +y."""
    return cameras.perspective(place(z=height), width, height_pixels, **arguments)
