"""Camera poses from movements of the mouse."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

_SCROLL_RATIO = 0.9  # of the distance that is left after a step of the wheel


class Trackball:
    """A camera that circles around a target, is shifted, rolled, and moved forwards and back.

    Parameters
    ----------
    pose : (4, 4) float
        The camera's pose (camera to world) to begin with.
    size : (2,) float
        Width and height of the picture, in the units of the points that are given later.
    scale : float
        The scene's size (the diagonal of its box), metres: how far a shift goes.
    target : (3,) float
        The point of the world that the camera circles around.
    """

    STATE_ROTATE = 0
    """Dragging circles around the target."""
    STATE_PAN = 1
    """Dragging shifts camera and target."""
    STATE_ROLL = 2
    """Dragging turns the picture about its middle."""
    STATE_ZOOM = 3
    """Dragging moves forwards (up) and back (down)."""

    def __init__(self, pose: Any, size: Any, scale: float, target: Any = (0.0, 0.0, 0.0)) -> None:
        self._size = np.array(size, dtype=np.float64)
        self._scale = float(scale)
        # Those of when the mouse was pressed, and those of now.
        self._pressed_pose = self._pose = np.array(pose, dtype=np.float64)
        self._pressed_target = self._target = np.array(target, dtype=np.float64)
        self._pressed_point = np.zeros(2)
        self._state = Trackball.STATE_ROTATE

    @property
    def pose(self) -> Vector:
        """(4, 4) float64 : The camera's pose now."""
        return self._pose

    def set_state(self, state: int) -> None:
        """Says what dragging does: STATE_ROTATE, STATE_PAN, STATE_ROLL or STATE_ZOOM."""
        self._state = state

    def resize(self, size: Any) -> None:
        """Says the picture's new width and height."""
        self._size = np.array(size, dtype=np.float64)

    def down(self, point: Any) -> None:
        """The mouse is pressed at a point: x to the right, y upwards."""
        self._pressed_point = np.array(point, dtype=np.float64)
        self._pressed_pose = self._pose
        self._pressed_target = self._target

    def drag(self, point: Any) -> None:
        """The mouse, pressed at the point of `down`, is at this one now."""
        place = np.array(point, dtype=np.float64)
        dx, dy = (place - self._pressed_point).tolist()
        pose, target = self._pressed_pose, self._pressed_target
        # A radian is 0.3 of the picture's shorter side, and a shift of the whole of it is 2/3 of the scene's size.
        radian = 0.3 * float(self._size.min())
        if self._state == Trackball.STATE_ROTATE:
            turned = turn(-dx / radian, pose[:3, 1], target) @ pose
            self._pose = turn(dy / radian, pose[:3, 0], target) @ turned
        elif self._state == Trackball.STATE_ROLL:
            middle = self._size / 2.0
            angle = _angle(self._pressed_point - middle) - _angle(place - middle)
            self._pose = turn(angle, pose[:3, 2], target) @ pose
        elif self._state == Trackball.STATE_PAN:
            shift = -(dx * pose[:3, 0] + dy * pose[:3, 1]) / (5.0 * radian) * self._scale
            self._target = target + shift
            self._pose = _shifted(pose, shift)
        elif self._state == Trackball.STATE_ZOOM:
            way = 1.0 - math.exp(2.0 * dy / float(self._size[1]))
            self._pose = _along_axis(pose, way, target)

    def scroll(self, clicks: float) -> None:
        """The wheel is turned: forwards (positive) takes the camera nearer to the target."""
        way = _SCROLL_RATIO ** clicks - 1.0
        self._pose = _along_axis(self._pose, way, self._pressed_target)
        self._pressed_pose = _along_axis(self._pressed_pose, way, self._pressed_target)

    def rotate(self, azimuth: float, axis: Any = None) -> None:
        """Circles around the target.

        Parameters
        ----------
        azimuth : float
            Radians.
        axis : (3,) float, optional
            The axis in the world. None: the picture's upwards.

        Raises
        ------
        ValueError
            The axis has no direction.
        """
        for name in ("_pose", "_pressed_pose"):
            pose = getattr(self, name)
            setattr(self, name, turn(azimuth, pose[:3, 1] if axis is None else axis, self._pressed_target) @ pose)


def turn(angle: float, axis: Any, point: Any) -> Vector:
    """The rotation by `angle` radians about an axis through a point of the world, (4, 4) float64.

    Raises
    ------
    ValueError
        The axis has no direction.
    """
    direction = np.array(axis, dtype=np.float64)
    length = float(np.linalg.norm(direction))
    if direction.shape != (3,) or not (0.0 < length < math.inf):
        raise ValueError(f"an axis to turn about is a finite vector of 3 that is not 0, not {axis!r}")
    x, y, z = (direction / length).tolist()
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    matrix = np.eye(4)
    matrix[:3, :3] += math.sin(angle) * cross + (1.0 - math.cos(angle)) * (cross @ cross)
    center = np.asarray(point, dtype=np.float64)
    matrix[:3, 3] = center - matrix[:3, :3] @ center
    return matrix


def _angle(vector: Vector) -> float:
    return math.atan2(vector[1], vector[0])


def _shifted(pose: Vector, shift: Vector) -> Vector:
    moved = pose.copy()
    moved[:3, 3] += shift
    return moved


def _along_axis(pose: Vector, way: float, target: Vector) -> Vector:
    """Moved backwards by `way` times the distance to the target."""
    distance = float(np.linalg.norm(pose[:3, 3] - target))
    return _shifted(pose, way * distance * pose[:3, 2])


__all__ = ["Trackball"]
