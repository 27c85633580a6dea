"""Lights. They shine along -z of their node."""
from __future__ import annotations

import abc
import math
from typing import Any, Optional

from .camera import Camera, OrthographicCamera, PerspectiveCamera
from .constants import SHADOW_TEX_SZ
from .formats import color
from .texture import Texture
from .tracked import ArrayAttribute, Attribute, Tracked, name_of, number

_GL_FLOAT = 5126


class Light(Tracked, metaclass=abc.ABCMeta):
    """Base of all lights.

    Parameters
    ----------
    color : (3,) float, optional
        Linear RGB. None: white.
    intensity : float, optional
        How much light; lux of directional lights, candela of the others. None: 1.
    name : str, optional
        What the user calls it.

    Raises
    ------
    ValueError
        The colour is no vector of numbers, or a number is not finite.
    TypeError
        The intensity is not a number.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    color = ArrayAttribute(color(3), "(3,) float32 : Linear RGB.")
    intensity = Attribute(number("intensity must be finite"), "float : Lux or candela.")
    shadow_texture: Any = Attribute(
        lambda owner, value: value, "Texture or None : Kept and not used; renderers keep their shadow maps themselves.")

    def __init__(self, color: Any = None, intensity: Optional[float] = None, name: Optional[str] = None) -> None:
        self.name = name
        self.color = (1.0, 1.0, 1.0) if color is None else color
        self.intensity = 1.0 if intensity is None else intensity
        self.shadow_texture = None

    def _generate_shadow_texture(self, size: Optional[int] = None) -> None:
        """Sets `shadow_texture` to an empty one of `size` texels a side (SHADOW_TEX_SZ)."""
        side = SHADOW_TEX_SZ if size is None else size
        self.shadow_texture = Texture(width=side, height=side, source_channels="D", data_format=_GL_FLOAT)

    @abc.abstractmethod
    def _get_shadow_camera(self, scene_scale: float) -> Camera:
        """The camera that sees what the light of a scene of this size (metres) reaches."""


class DirectionalLight(Light):
    """A light infinitely far away. `intensity` is in lux; only its node's rotation matters.

    Parameters are those of `Light`.
    """

    def _get_shadow_camera(self, scene_scale: float) -> Camera:
        return OrthographicCamera(xmag=scene_scale, ymag=scene_scale, znear=0.01 * scene_scale,
                                  zfar=10.0 * scene_scale)


def _range(owner: Any, value: Any) -> Optional[float]:
    if value is None:
        return None
    metres = float(value)
    if not metres > 0:
        raise ValueError(f"range must be above 0, not {metres:g}")
    return metres


class PointLight(Light):
    """A light that shines to all sides from a point. `intensity` is in candela and falls with the distance squared.

    Parameters
    ----------
    color, intensity, name
        As of `Light`.
    range : float, optional
        Metres from which on it does not shine; it fades out as glTF's KHR_lights_punctual says. None: no end.
    """

    range = Attribute(_range, "float or None : Metres from which on it does not shine.")

    def __init__(self, color: Any = None, intensity: Optional[float] = None, range: Optional[float] = None,
                 name: Optional[str] = None) -> None:
        super().__init__(color=color, intensity=intensity, name=name)
        self.range = range

    def _generate_shadow_texture(self, size: Optional[int] = None) -> None:
        raise NotImplementedError("a point light's shadow map is no single texture; renderers keep it themselves")

    def _get_shadow_camera(self, scene_scale: float) -> Camera:
        raise NotImplementedError("a point light shines to all sides, which no single camera sees")


def _outer_cone(owner: Any, value: Any) -> float:
    if not 0.0 <= value <= math.pi / 2.0 + 1e-9:
        raise ValueError(f"outerConeAngle is from 0 to pi / 2, not {value}")
    return float(value)


def _inner_cone(owner: Any, value: Any) -> float:
    if not 0.0 <= value <= owner.outerConeAngle:
        raise ValueError(f"innerConeAngle is from 0 to outerConeAngle ({owner.outerConeAngle:g}), not {value}")
    return float(value)


class SpotLight(Light):
    """A point light that shines into a cone.

    Parameters
    ----------
    color, intensity, range, name
        As of `PointLight`.
    innerConeAngle : float
        Radians from the axis up to which it shines fully.
    outerConeAngle : float
        Radians from the axis from which on it does not shine; at most pi / 2.
    """

    range = Attribute(_range, "float or None : Metres from which on it does not shine.")
    outerConeAngle = Attribute(_outer_cone, "float : Radians from the axis from which on it does not shine.")
    innerConeAngle = Attribute(_inner_cone, "float : Radians from the axis up to which it shines fully.")

    def __init__(self, color: Any = None, intensity: Optional[float] = None, range: Optional[float] = None,
                 innerConeAngle: float = 0.0, outerConeAngle: float = math.pi / 4.0,
                 name: Optional[str] = None) -> None:
        super().__init__(color=color, intensity=intensity, name=name)
        self.outerConeAngle = outerConeAngle
        self.innerConeAngle = innerConeAngle
        self.range = range

    def _get_shadow_camera(self, scene_scale: float) -> Camera:
        field_of_view = min(max(2.0 * self.outerConeAngle + math.pi / 16.0, 0.0), math.pi)
        return PerspectiveCamera(yfov=field_of_view, znear=0.01 * scene_scale, zfar=10.0 * scene_scale,
                                 aspectRatio=1.0)


__all__ = ["Light", "DirectionalLight", "SpotLight", "PointLight"]
