"""MuJoCo's cameras as views."""
from __future__ import annotations

import math
from typing import Any, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .. import cameras
from ..cameras import Views
from ..errors import ArgumentError
from .arrays import get

__all__: list[str] = []

Floats = npt.NDArray[np.float64]

FREE, TRACKING, FIXED = 0, 1, 2  # mjtCamera


def clip_planes(model: Any) -> Tuple[float, float]:
    """Metres."""
    extent, planes = float(model.stat.extent), model.vis.map
    return float(planes.znear) * extent, float(planes.zfar) * extent


def _frame(right: Floats, up: Floats, back: Floats, position: Floats) -> Floats:
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = right, up, back, position
    return matrix


def free_frame(lookat: Floats, distance: float, azimuth: float, elevation: float) -> Floats:
    """camera_to_world of a camera that looks at a point; degrees."""
    ca, sa = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    ce, se = math.cos(math.radians(elevation)), math.sin(math.radians(elevation))
    forward = np.array([ce * ca, ce * sa, se])
    return _frame(np.array([sa, -ca, 0.0]), np.array([-se * ca, -se * sa, ce]), -forward, lookat - distance * forward)


def free_view(model: Any, frame: Floats, width: int, height: int) -> Views:
    """The lens is the model's."""
    near, far = clip_planes(model)
    settings = model.vis.global_
    if get(settings, "orthographic"):
        return cameras.orthographic(frame, width, height, y_magnitude=float(settings.fovy) / 2, near_metres=near,
                                    far_metres=far)
    return _perspective(frame, float(settings.fovy), width, height, near, far)


def _perspective(frame: Floats, fovy: float, width: int, height: int, near: float, far: float) -> Views:
    return cameras.perspective(frame, width, height, fov_y_radians=math.radians(fovy), near_metres=near, far_metres=far)


def fixed_view(model: Any, number: int, position: Floats, matrix: Floats, width: int, height: int) -> Views:
    """A camera of the model, where a state has it. ``matrix``: cam_xmat, 9 numbers."""
    near, far = clip_planes(model)
    axes = np.asarray(matrix, dtype=np.float64).reshape(3, 3)
    frame = _frame(axes[:, 0], axes[:, 1], axes[:, 2], np.asarray(position, dtype=np.float64))
    fovy = float(np.asarray(model.cam_fovy).reshape(-1)[number])
    projection = get(model, "cam_projection")
    projection = get(model, "cam_orthographic") if projection is None else projection
    if projection is not None and int(np.asarray(projection).reshape(-1)[number]) == 1:
        return cameras.orthographic(frame, width, height, y_magnitude=fovy / 2, near_metres=near, far_metres=far)
    lens = _lens(model, number)
    if lens is None:
        return _perspective(frame, fovy, width, height, near, far)
    fx, fy, cx, cy = lens
    return cameras.intrinsics(frame, width * fx, height * fy, width * (0.5 - cx), height * (0.5 - cy), width, height,
                              near_metres=near, far_metres=far)


def _lens(model: Any, number: int) -> Optional[Tuple[float, float, float, float]]:
    """Focal lengths and the principal point's offset, in the sensor's sides; None of a camera that has a field of view."""
    sensor, intrinsic = get(model, "cam_sensorsize"), get(model, "cam_intrinsic")
    if sensor is None or intrinsic is None:
        return None
    wide, high = np.asarray(sensor, dtype=np.float64).reshape(-1, 2)[number]
    if not high > 0:
        return None
    fx, fy, cx, cy = np.asarray(intrinsic, dtype=np.float64).reshape(-1, 4)[number]
    if not (wide > 0 and fx > 0 and fy > 0):
        raise ArgumentError(f"camera {number} has a sensor, but no focal length: {fx} and {fy} metres")
    return fx / wide, fy / high, cx / wide, cy / high
