"""What shines on a scene."""
from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .cameras import _array, _choice, _finite, _flag, _path, _whole
from .errors import ArgumentError, NotFoundError, ReadWriteError

if TYPE_CHECKING:
    from .mujoco import Model

__all__ = ["Light", "Lighting", "load_image"]

Triple = Sequence[float]
_KINDS = ("directional", "point", "spot")
_SHADOWS = {"directional": 1, "point": 2, "spot": 4, "all": 7}


def _finite_triple(name: str, value: Any) -> Tuple[float, float, float]:
    try:
        x, y, z = value
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} must be three numbers, not {value!r}") from None
    return _finite(name, x), _finite(name, y), _finite(name, z)


@dataclass
class Light:
    """A lamp.

    Parameters
    ----------
    kind : "directional", "point" or "spot".
    color : (3,), linear.
    intensity : directional: W/m2; point and spot: W/sr.
    range_metres : 0 reaches everywhere.
    inner_cone_radians, outer_cone_radians : of spots, from the axis: full light inside the first, none outside the
        second.
    position, direction : in the world; ``direction`` is the way it shines and need not have unit length. Lights of
        ``SceneBuilder.add_light`` stand where their node does and shine along its -z instead.
    """

    kind: str = "directional"
    color: Triple = (1.0, 1.0, 1.0)
    intensity: float = 1.0
    range_metres: float = 0.0
    inner_cone_radians: float = 0.0
    outer_cone_radians: float = math.pi / 4
    position: Triple = (0.0, 0.0, 0.0)
    direction: Triple = (0.0, 0.0, -1.0)

    def _numbers(self) -> Tuple[Any, ...]:
        return (_choice("light", _KINDS, self.kind), _finite_triple("a light's color", self.color),
                _finite("a light's intensity", self.intensity), _finite("a light's range", self.range_metres),
                _finite("a light's inner cone", self.inner_cone_radians),
                _finite("a light's outer cone", self.outer_cone_radians))

    def _tuple(self) -> Tuple[Any, ...]:
        direction = np.array(_finite_triple("a light's direction", self.direction))
        length = float(np.linalg.norm(direction))
        if length == 0:
            raise ArgumentError("a light's direction is (0, 0, 0): give the way it shines")
        return (*self._numbers(), _finite_triple("a light's position", self.position), tuple(direction / length))


@dataclass
class Lighting:
    """What shines on a scene. As it is: a uniform white environment of radiance 1, in which a white surface is white.

    Parameters
    ----------
    environment : "white"; None for darkness; a path of an HDR or EXR picture; an equirectangular picture, float32
        (H, W, 3) or (H, W, 4), linear, whose top row is up (+z) and whose middle column is +x; or a
        ``calotype.mujoco.Model``, which means its sky (darkness without one).
    color, strength : multiply the environment.
    rotation_degrees : turns it about z, counter-clockwise seen from above.
    lights : :class:`Light` s in the world.
    scene_lights : the file's own lights shine, too.
    shadows : kinds of lights that cast shadows: "directional", "point", "spot", "all", or several of them.
    shadow_map_size : texels a side of a shadow map, 64 to 8192.
    ambient : (3,), light from everywhere, of shading "pyrender" (linear) and "mujoco" (as displayed) alone.
    """

    environment: Union[None, str, os.PathLike[str], npt.NDArray[np.float32], Model] = "white"
    color: Triple = (1.0, 1.0, 1.0)
    strength: float = 1.0
    rotation_degrees: float = 0.0
    lights: Sequence[Light] = ()
    scene_lights: bool = False
    shadows: Union[str, Sequence[str]] = ()
    shadow_map_size: int = 2048
    ambient: Triple = (0.0, 0.0, 0.0)

    def _picture(self) -> Tuple[bool, Any]:
        """Whether it is dark, and the environment's picture, or what has one."""
        if self.environment is None:
            return True, None
        if isinstance(self.environment, str) and self.environment == "white":
            return False, None
        given = self.environment
        handle: Any = getattr(given, "_handle", None)
        if type(handle) is _calotype.MujocoModel:
            return False, handle
        if isinstance(given, (str, os.PathLike)):
            given = load_image(given)
            if given.dtype != np.float32:
                raise ArgumentError(f"{self.environment!s} is an 8-bit picture: an environment is HDR or EXR")
        picture = _array("an environment", given, np.float32)
        if picture.ndim != 3 or picture.shape[2] not in (3, 4):
            raise ArgumentError(f"an environment has the shape (H, W, 3) or (H, W, 4), not {picture.shape}")
        if picture.shape[2] == 3:
            picture = np.concatenate([picture, np.ones_like(picture[..., :1])], axis=2)
        return False, picture

    def _tuple(self) -> Tuple[Any, ...]:
        """What the extension takes (python/extension/renderer.c)."""
        dark, picture = self._picture()
        color, strength = _finite_triple("the environment's color", self.color), _finite("strength", self.strength)
        # Zeros mean defaults in C: a black environment is none.
        dark = dark or strength == 0 or not any(color)
        return (dark, color, strength, _finite("rotation_degrees", self.rotation_degrees), picture,
                _flag("scene_lights", self.scene_lights), _light_tuples(self.lights), _shadow_bits(self.shadows),
                _whole("shadow_map_size", self.shadow_map_size), _finite_triple("ambient", self.ambient))


def _light_tuples(lights: Sequence[Light]) -> Tuple[Any, ...]:
    if not isinstance(lights, (tuple, list)) or not all(isinstance(light, Light) for light in lights):
        raise ArgumentError(f"lights are a list of calotype.Light, not {lights!r}")
    return tuple([light._tuple() for light in lights])


def _shadow_bits(shadows: Union[str, Sequence[str]]) -> int:
    bits = 0
    for kind in (shadows,) if isinstance(shadows, str) or not isinstance(shadows, Iterable) else shadows:
        bits |= tuple(_SHADOWS.values())[_choice("kind of light that casts shadows,", tuple(_SHADOWS), kind)]
    return bits


def load_image(path: Union[str, os.PathLike[str]]) -> npt.NDArray[Any]:
    """Decodes PNG, JPEG or WebP to uint8 (H, W, 4), sRGB with straight alpha, or Radiance HDR or OpenEXR to float32
    (H, W, 4), linear. Rows from top to bottom."""
    name = _path(path)
    try:
        with open(name, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise NotFoundError(f"{error.filename!r}: there is no such picture") from None
    except (OSError, UnicodeError) as error:
        raise ReadWriteError(f"the picture cannot be read: {error}") from None
    picture: npt.NDArray[Any] = _calotype.decode_image(data, os.fsencode(name).decode("utf-8", "replace"), _empty_picture)
    return picture


def _empty_picture(height: int, width: int, components: int, is_float: bool) -> npt.NDArray[Any]:
    """What the extension writes a picture into."""
    return np.empty((height, width, components), dtype=np.float32 if is_float else np.uint8)
