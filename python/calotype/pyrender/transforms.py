"""Rotations as quaternions and matrices."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def compose(translation: Any, rotation: Any, scale: Any) -> Matrix:
    """translation * rotation * scale, (4, 4); `rotation` is a quaternion x, y, z, w of any length but 0."""
    x, y, z, w = (float(component) for component in rotation)
    squared = x * x + y * y + z * z + w * w
    double = 2.0 / squared if squared > 0.0 else 0.0
    sx, sy, sz = (float(component) for component in scale)
    tx, ty, tz = (float(component) for component in translation)
    return np.array([
        [(1.0 - double * (y * y + z * z)) * sx, double * (x * y - z * w) * sy, double * (x * z + y * w) * sz, tx],
        [double * (x * y + z * w) * sx, (1.0 - double * (x * x + z * z)) * sy, double * (y * z - x * w) * sz, ty],
        [double * (x * z - y * w) * sx, double * (y * z + x * w) * sy, (1.0 - double * (x * x + y * y)) * sz, tz],
        [0.0, 0.0, 0.0, 1.0]])


def scale_of(matrix: Matrix) -> Matrix:
    """How much a transform stretches along its axes, (3,); the first is negative where it mirrors."""
    linear = matrix[:3, :3]
    scale = np.sqrt((linear ** 2).sum(axis=0))
    if np.linalg.det(linear) < 0.0:
        scale[0] = -scale[0]
    return np.asarray(scale)


def rotation_of(matrix: Matrix) -> Matrix:
    """The quaternion x, y, z, w nearest to a transform without its scale, w not negative."""
    scale = scale_of(matrix)
    m = matrix[:3, :3] / np.where(scale == 0.0, 1.0, scale)
    # Bar-Itzhack (2000): the eigenvector of the largest eigenvalue; it holds for matrices that are not quite rotations.
    quadratic = np.array([
        [m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
        [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
        [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
        [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]]]) / 3.0
    values, vectors = np.linalg.eigh(quadratic)
    quaternion = vectors[:, int(np.argmax(values))]
    return np.asarray(-quaternion if quaternion[3] < 0.0 else quaternion)


def is_affine(matrix: Matrix) -> bool:
    """Whether it is finite and its bottom row is 0 0 0 1."""
    bottom = matrix[3].tolist()
    return (abs(bottom[0]) < 1e-6 and abs(bottom[1]) < 1e-6 and abs(bottom[2]) < 1e-6
            and abs(bottom[3] - 1.0) < 1e-5 and math.isfinite(float(matrix.sum())))
