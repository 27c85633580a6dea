"""Cameras. All look along -z of their node, x to the right and y up, as OpenGL's do."""
from __future__ import annotations

import abc
import math
from typing import Any, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ..cameras import COEFFICIENT_COUNTS
from .constants import DEFAULT_Z_FAR, DEFAULT_Z_NEAR
from .tracked import Attribute, Tracked, name_of, number

Matrix = npt.NDArray[np.float64]

_positive = number("must be above 0", lambda value: value > 0)


def _far(owner: Any, value: Any) -> float:
    far = float(value)
    if not far > 0 or not far > owner.znear or not math.isfinite(far):
        raise ValueError(f"zfar must be above 0 and above znear ({owner.znear:g}), not {far:g}")
    return far


class Camera(Tracked, metaclass=abc.ABCMeta):
    """Base of all cameras; derive from it and give `get_projection_matrix`.

    Parameters
    ----------
    znear : float
        Distance of the near plane, metres.
    zfar : float
        Distance of the far plane, metres, above `znear`.
    name : str, optional
        What the user calls it.

    Raises
    ------
    ValueError
        A distance is negative, not finite or not above the other.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    znear = Attribute(number("znear must be 0 or more", lambda value: value >= 0),
                      "float : Distance of the near plane, metres.")
    zfar: Any = Attribute(_far, "float : Distance of the far plane, metres.")

    def __init__(self, znear: float = DEFAULT_Z_NEAR, zfar: Optional[float] = DEFAULT_Z_FAR,
                 name: Optional[str] = None) -> None:
        self.name = name
        self.znear = znear
        self.zfar = zfar

    @abc.abstractmethod
    def get_projection_matrix(self, width: Optional[float] = None, height: Optional[float] = None) -> Matrix:
        """OpenGL's projection matrix, (4, 4) float64, for a picture of `width` by `height` pixels."""


def _perspective_depth(matrix: Matrix, near: float, far: Optional[float]) -> Matrix:
    """Fills in the rows that make depth and w; None: the far plane is at infinity."""
    matrix[2, 2] = -1.0 if far is None else (far + near) / (near - far)
    matrix[2, 3] = -2.0 * near if far is None else 2.0 * far * near / (near - far)
    matrix[3, 2] = -1.0
    return matrix


class PerspectiveCamera(Camera):
    """A pinhole camera with the picture's middle on its axis.

    Parameters
    ----------
    yfov : float
        The whole vertical field of view, radians.
    znear : float
        Distance of the near plane, metres.
    zfar : float, optional
        Distance of the far plane, metres. None: infinite.
    aspectRatio : float, optional
        Width over height of the field of view. None: the picture's.
    name : str, optional
        What the user calls it.
    """

    yfov = Attribute(number("yfov must be above 0", lambda value: value > 0),
                     "float : The whole vertical field of view, radians.")
    zfar = Attribute(lambda owner, value: None if value is None else _far(owner, value),
                     "float or None : Distance of the far plane, metres; None is infinite.")
    aspectRatio = Attribute(lambda owner, value: None if value is None else _positive(owner, value),
                            "float or None : Width over height of the field of view; None is the picture's.")

    def __init__(self, yfov: float, znear: float = DEFAULT_Z_NEAR, zfar: Optional[float] = None,
                 aspectRatio: Optional[float] = None, name: Optional[str] = None) -> None:
        super().__init__(znear=znear, zfar=zfar, name=name)
        self.yfov = yfov
        self.aspectRatio = aspectRatio

    def get_projection_matrix(self, width: Optional[float] = None, height: Optional[float] = None) -> Matrix:
        """OpenGL's projection matrix, (4, 4) float64.

        Raises
        ------
        ValueError
            The camera has no aspect ratio, and `width` or `height` is missing.
        """
        aspect_ratio = self.aspectRatio
        if aspect_ratio is None:
            if width is None or height is None:
                raise ValueError("a camera without an aspectRatio needs the width and the height of the picture")
            aspect_ratio = float(width) / float(height)
        tangent = math.tan(self.yfov / 2.0)
        matrix = np.zeros((4, 4))
        matrix[0, 0] = 1.0 / (aspect_ratio * tangent)
        matrix[1, 1] = 1.0 / tangent
        return _perspective_depth(matrix, self.znear, self.zfar)


class OrthographicCamera(Camera):
    """A camera of parallel rays.

    Parameters
    ----------
    xmag, ymag : float
        Half of the width and of the height that is seen, metres. Pictures take `ymag`, and the width from their shape.
    znear : float
        Distance of the near plane, metres, above 0.
    zfar : float
        Distance of the far plane, metres.
    name : str, optional
        What the user calls it.
    """

    xmag = Attribute(number("xmag must be above 0", lambda value: value > 0),
                     "float : Half of the width that is seen, metres.")
    ymag = Attribute(number("ymag must be above 0", lambda value: value > 0),
                     "float : Half of the height that is seen, metres.")
    znear = Attribute(number("znear must be above 0", lambda value: value > 0),
                      "float : Distance of the near plane, metres.")

    def __init__(self, xmag: float, ymag: float, znear: float = DEFAULT_Z_NEAR, zfar: float = DEFAULT_Z_FAR,
                 name: Optional[str] = None) -> None:
        super().__init__(znear=znear, zfar=zfar, name=name)
        self.xmag = xmag
        self.ymag = ymag

    def get_projection_matrix(self, width: Optional[float] = None, height: Optional[float] = None) -> Matrix:
        """OpenGL's projection matrix, (4, 4) float64. With a picture's size the width follows from `ymag`."""
        x_magnitude = self.xmag
        if width is not None and height is not None:
            x_magnitude = width / height * self.ymag
        near, far = self.znear, self.zfar
        matrix = np.zeros((4, 4))
        matrix[0, 0] = 1.0 / x_magnitude
        matrix[1, 1] = 1.0 / self.ymag
        matrix[2, 2] = 2.0 / (near - far)
        matrix[2, 3] = (far + near) / (near - far)
        matrix[3, 3] = 1.0
        return matrix


def _lens_model(owner: Any, value: Any) -> str:
    if value not in COEFFICIENT_COUNTS:
        raise ValueError(f"distortion_model is 'opencv' or 'fisheye', not {value!r}")
    return str(value)


def _lens_coefficients(owner: Any, value: Any) -> Optional[Tuple[float, ...]]:
    if value is None:
        return None
    coefficients = np.asarray(value, dtype=np.float64).reshape(-1)
    counts = COEFFICIENT_COUNTS[owner.distortion_model]
    if coefficients.size not in counts:
        wanted = " or ".join(str(count) for count in counts)
        raise ValueError(f"distortion of the model '{owner.distortion_model}' has {wanted} coefficients, "
                         f"not {coefficients.size}")
    if not np.isfinite(coefficients).all():
        raise ValueError("distortion is finite")
    return tuple(coefficients.tolist())


class IntrinsicsCamera(Camera):
    """A camera given in pixels, as calibrations give them.

    Parameters
    ----------
    fx, fy : float
        Focal lengths, pixels.
    cx, cy : float
        Where the axis meets the picture, pixels from its top left corner; the first pixel's centre is (0.5, 0.5).
    znear, zfar : float
        Distances of the near and the far plane, metres.
    name : str, optional
        What the user calls it.
    distortion : sequence of float, optional
        OpenCV's coefficients: of the model 'opencv' k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4]]], 'fisheye' k1 k2 k3 k4.
        Pictures are then what the real lens shows. None: a pinhole. (pyrender has none.)
    distortion_model : str
        'opencv' or 'fisheye'.
    """

    fx = Attribute(number("fx must be finite"), "float : Horizontal focal length, pixels.")
    fy = Attribute(number("fy must be finite"), "float : Vertical focal length, pixels.")
    cx = Attribute(number("cx must be finite"), "float : Where the axis meets the picture, pixels from the left.")
    cy = Attribute(number("cy must be finite"), "float : Where the axis meets the picture, pixels from the top.")
    distortion_model = Attribute(_lens_model, "str : 'opencv' or 'fisheye'. Set it before `distortion`.")
    distortion = Attribute(_lens_coefficients, "tuple of float or None : The lens's coefficients, in OpenCV's order.")

    def __init__(self, fx: float, fy: float, cx: float, cy: float, znear: float = DEFAULT_Z_NEAR,
                 zfar: float = DEFAULT_Z_FAR, name: Optional[str] = None, distortion: Any = None,
                 distortion_model: str = "opencv") -> None:
        super().__init__(znear=znear, zfar=zfar, name=name)
        self.fx = fx
        self.fy = fy
        self.cx = cx
        self.cy = cy
        self.distortion_model = distortion_model
        self.distortion = distortion

    def get_projection_matrix(self, width: Optional[float] = None, height: Optional[float] = None) -> Matrix:
        """OpenGL's projection matrix, (4, 4) float64, without the lens's distortion; it needs the picture's size."""
        if width is None or height is None:
            raise TypeError("an IntrinsicsCamera needs the width and the height of the picture")
        matrix = np.zeros((4, 4))
        matrix[0, 0] = 2.0 * self.fx / float(width)
        matrix[1, 1] = 2.0 * self.fy / float(height)
        matrix[0, 2] = 1.0 - 2.0 * self.cx / float(width)
        matrix[1, 2] = 2.0 * self.cy / float(height) - 1.0
        return _perspective_depth(matrix, self.znear, self.zfar)


__all__ = ["Camera", "PerspectiveCamera", "OrthographicCamera", "IntrinsicsCamera"]
