"""A pyrender camera as a calotype view: a row of numbers (calotype.cameras has the columns)."""
from __future__ import annotations

import math
from typing import Any, List, Tuple

import numpy as np
import numpy.typing as npt

from ..cameras import _COEFFICIENTS, _COLUMNS, _LENS, LENSES
from .camera import Camera, IntrinsicsCamera


class View:
    """A row of numbers, and how the depths that come back become the camera's own.

    Attributes
    ----------
    row : list of 42 floats
    depth_scale, depth_offset : float
        depth = scale * metres + offset, where anything is.
    """

    __slots__ = ("row", "depth_scale", "depth_offset")

    def __init__(self, row: List[float], depth_scale: float, depth_offset: float) -> None:
        self.row = row
        self.depth_scale = depth_scale
        self.depth_offset = depth_offset

    @property
    def has_own_depth(self) -> bool:
        """Whether the camera's depths are not the metres that come back."""
        return self.depth_scale != 1.0 or self.depth_offset != 0.0

    def finish_depth(self, depth: npt.NDArray[np.float32]) -> None:
        """In place."""
        there = depth != 0.0
        depth[there] = depth[there] * np.float32(self.depth_scale) + np.float32(self.depth_offset)


def make_view(camera: Camera, pose: npt.NDArray[np.float64], width: int, height: int) -> View:
    """The view of a camera that stands at `pose` (camera to world).

    Raises
    ------
    ValueError
        The projection matrix or the pose is none that a real camera could have: skewed, mirrored, not finite.
    """
    scale, matrix = _split_pose(pose)
    projection = np.asarray(camera.get_projection_matrix(width=width, height=height), dtype=np.float64)
    if projection.shape != (4, 4):
        raise ValueError(f"the camera's projection matrix has shape (4, 4), not {projection.shape}")
    rows = projection.tolist()
    orthographic, focal_x, focal_y, center_x, center_y, near, far = _intrinsics(rows, scale, width, height)
    offset = 0.0
    if orthographic and near <= 0.0:
        # What is beside or behind the camera is seen, too: it stands farther back, and depths are counted from there.
        offset = min(near - 0.01 * (far - near), 0.0)
        for row in range(3):
            matrix[4 * row + 3] -= offset * matrix[4 * row + 2]
        near, far = near - offset, far - offset
    numbers = matrix + [float(orthographic), focal_x, focal_y, center_x, center_y, float(width), float(height), near,
                        0.0 if math.isinf(far) else far]
    numbers += [0.0] * (_COLUMNS - len(numbers))
    if isinstance(camera, IntrinsicsCamera) and camera.distortion is not None:
        numbers[_LENS] = float(LENSES.index(camera.distortion_model))
        first = _COEFFICIENTS.start
        numbers[first:first + len(camera.distortion)] = camera.distortion
    return View(numbers, 1.0 / scale[2], offset / scale[2])


def _split_pose(pose: npt.NDArray[np.float64]) -> Tuple[Tuple[float, float, float], List[float]]:
    """The scale along the camera's axes, and its pose without it as 16 numbers, row by row."""
    m = pose.tolist()
    x, y, z = (m[0][0], m[1][0], m[2][0]), (m[0][1], m[1][1], m[2][1]), (m[0][2], m[1][2], m[2][2])
    sx = math.sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
    sy = math.sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2])
    sz = math.sqrt(z[0] * z[0] + z[1] * z[1] + z[2] * z[2])
    if not (sx > 0.0 and sy > 0.0 and sz > 0.0 and math.isfinite(sx + sy + sz + m[0][3] + m[1][3] + m[2][3])):
        raise ValueError(f"the camera's pose cannot be inverted: {m}")
    straight = 1e-5
    if (abs(x[0] * y[0] + x[1] * y[1] + x[2] * y[2]) > straight * sx * sy
            or abs(x[0] * z[0] + x[1] * z[1] + x[2] * z[2]) > straight * sx * sz
            or abs(y[0] * z[0] + y[1] * z[1] + y[2] * z[2]) > straight * sy * sz):
        raise ValueError(f"the camera's pose is skewed, which no picture can show: {m}")
    turn = (x[0] * (y[1] * z[2] - y[2] * z[1]) + x[1] * (y[2] * z[0] - y[0] * z[2])
            + x[2] * (y[0] * z[1] - y[1] * z[0]))
    if turn < 0.0:
        raise ValueError(f"the camera's pose mirrors (its determinant is negative), which no picture can show: {m}")
    return (sx, sy, sz), [m[0][0] / sx, m[0][1] / sy, m[0][2] / sz, m[0][3],
                          m[1][0] / sx, m[1][1] / sy, m[1][2] / sz, m[1][3],
                          m[2][0] / sx, m[2][1] / sy, m[2][2] / sz, m[2][3], 0.0, 0.0, 0.0, 1.0]


def _intrinsics(p: List[List[Any]], scale: Tuple[float, float, float], width: int,
                height: int) -> Tuple[bool, float, float, float, float, float, float]:
    """Whether it is orthographic; focal lengths, centre (pixels), near and far plane (metres) of OpenGL's matrix."""
    (p00, p01, p02, p03), (p10, p11, p12, p13), (p20, p21, p22, p23), (p30, p31, p32, p33) = p
    orthographic = p32 == 0.0
    unused = abs(p01) + abs(p10) + abs(p20) + abs(p21) + abs(p30) + abs(p31)
    unused += abs(p02) + abs(p12) if orthographic else abs(p03) + abs(p13) + abs(p33)
    w = p33 if orthographic else -p32
    finite = math.isfinite(unused + p00 + p11 + p02 + p12 + p03 + p13 + p22 + p23 + w)
    if not finite or not w > 0.0 or not p00 > 0.0 or not p11 > 0.0 or unused > 1e-9 * max(p00, p11):
        raise ValueError("the camera's projection matrix is skewed, mirrored or not finite: a picture needs positive focal "
                         f"lengths at [0, 0] and [1, 1], a centre, and the depth of OpenGL, not {p}")
    sx, sy, sz = scale
    half_x, half_y = p00 / w * width / 2.0, p11 / w * height / 2.0
    a, b = p22 / w, p23 / w
    if orthographic:
        center_x, center_y = (1.0 + p03 / w) * width / 2.0, (1.0 - p13 / w) * height / 2.0
        if not a < 0.0:
            raise ValueError(f"the camera's projection matrix has no depth to look along: {p}")
        near, far = (b + 1.0) / a, (b - 1.0) / a
        return True, half_x / sx, half_y / sy, center_x, center_y, near * sz, far * sz
    center_x, center_y = (1.0 - p02 / w) * width / 2.0, (1.0 + p12 / w) * height / 2.0
    near = b / (a - 1.0) if a != 1.0 else math.inf
    far = b / (a + 1.0) if a != -1.0 else math.inf
    if near < 0.0 or not near < far:
        raise ValueError(f"the camera's near plane ({near:g} m) must be 0 or more and before its far plane ({far:g} m)")
    return False, half_x * sz / sx, half_y * sz / sy, center_x, center_y, near * sz, far * sz
