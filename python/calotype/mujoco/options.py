"""MuJoCo's options of what is shown: what of them calotype draws, and a word about the rest."""
from __future__ import annotations

from typing import Any, Iterator, NamedTuple, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from ..errors import ArgumentError
from .arrays import flat, get

__all__: list[str] = []

Array = npt.NDArray[Any]

# mjtVisFlag and mjtRndFlag of MuJoCo 3, for models that are no mujoco.MjModel; 0 is the first.
_VISUAL_FLAGS = (
    "CONVEXHULL", "TEXTURE", "JOINT", "CAMERA", "ACTUATOR", "ACTIVATION", "LIGHT", "TENDON", "RANGEFINDER", "CONSTRAINT",
    "INERTIA", "SCLINERTIA", "PERTFORCE", "PERTOBJ", "CONTACTPOINT", "ISLAND", "CONTACTFORCE", "CONTACTSPLIT",
    "TRANSPARENT", "AUTOCONNECT", "COM", "SELECT", "STATIC", "SKIN", "FLEXVERT", "FLEXEDGE", "FLEXFACE", "FLEXSKIN",
    "BODYBVH", "FLEXBVH", "MESHBVH", "SDFITER")
_RENDER_FLAGS = ("SHADOW", "WIREFRAME", "REFLECTION", "ADDITIVE", "SKYBOX", "FOG", "HAZE", "SEGMENT", "IDCOLOR",
                 "CULL_FACE")
_VISUAL_DEFAULTS = ("TEXTURE", "TENDON", "RANGEFINDER", "PERTOBJ", "STATIC", "SKIN", "FLEXEDGE", "FLEXSKIN")
_RENDER_DEFAULTS = ("SHADOW", "REFLECTION", "SKYBOX", "HAZE", "CULL_FACE", "POST_PROCESSING")
# Of what is on in MuJoCo from the start, ISLAND colors nothing before a solver has found islands.
_DRAWN = ("TEXTURE", "TENDON", "TRANSPARENT", "STATIC", "SKIN")
_HARMLESS = ("RANGEFINDER", "PERTOBJ", "FLEXEDGE", "FLEXSKIN", "SCLINERTIA", "CONTACTSPLIT", "SELECT", "ISLAND")
_GROUPS = ("geomgroup", "sitegroup", "tendongroup", "skingroup")

_RANGEFINDER, _SLIDERCRANK = 7, 2  # mjtSensor, mjtTrn
_OPAQUE = 0.995  # from which alpha on MuJoCo blends nothing


class Shown(NamedTuple):
    """What of a model is seen: hashable, so that what follows from it is found again."""

    groups: Tuple[Tuple[bool, ...], ...]  # of geoms, sites, tendons, skins: six each
    texture: bool
    transparent: bool
    static: bool
    tendon: bool
    skin: bool


ALL_DEFAULTS = Shown(((True, True, True, False, False, False),) * 4, True, False, True, True, True)


def _flag_names(mujoco: Any, enumeration: str, prefix: str, known: Sequence[str]) -> Sequence[str]:
    if mujoco is None:
        return known
    members = getattr(mujoco, enumeration).__members__
    names = {int(value.value): name[len(prefix):] for name, value in members.items() if name.startswith(prefix)}
    return [names.get(i, "") for i in range(max(names) + 1)]


def read_option(option: Any, mujoco: Any) -> Tuple[Shown, list[str]]:
    """An MjvOption, or what has its attributes; and what it asks for that is not drawn."""
    names = _flag_names(mujoco, "mjtVisFlag", "mjVIS_", _VISUAL_FLAGS)
    flags = get(option, "flags")
    groups = [get(option, name) for name in _GROUPS]
    if flags is None or any(group is None for group in groups):
        raise ArgumentError(f"scene_option is a mujoco.MjvOption or None, not {type(option).__name__}")
    on = {name for name, value in zip(names, flat("an option's flags", flags, "<i4")) if value}
    rows = tuple(tuple(bool(value) for value in flat(name, group, "<i4")) for name, group in zip(_GROUPS, groups))
    if any(len(row) != 6 for row in rows):
        raise ArgumentError("a scene_option has six flags a group")
    missing = [f"mjVIS_{name}" for name in names if name in on and name not in _DRAWN + _HARMLESS]
    missing += [word for word in ("label", "frame") if int(get(option, word) or 0)]
    return Shown(rows, "TEXTURE" in on, "TRANSPARENT" in on, "STATIC" in on, "TENDON" in on, "SKIN" in on), missing


def render_flags(mujoco: Any) -> Tuple[Sequence[str], npt.NDArray[np.uint8]]:
    """Names of a scene's flags, and what they are from the start."""
    names = [name for name in _flag_names(mujoco, "mjtRndFlag", "mjRND_", _RENDER_FLAGS)]
    return names, np.array([name in _RENDER_DEFAULTS for name in names], dtype=np.uint8)


def not_in_pictures(model: Any) -> Iterator[str]:
    """What a model has that calotype does not draw."""
    sensors, drives = get(model, "sensor_type"), get(model, "actuator_trntype")
    if sensors is not None and (np.asarray(sensors) == _RANGEFINDER).any():
        yield "rays of rangefinders"
    if drives is not None and (np.asarray(drives) == _SLIDERCRANK).any():
        yield "slider-cranks"
    if int(get(model, "nflex") or 0):
        yield "flexes"


# ---- which things are seen ----


def _colors(model: Any, kind: str) -> Array:
    """(things, 4): the color with which MuJoCo draws each, by its own or its material's."""
    own = flat(f"{kind}_rgba", get(model, f"{kind}_rgba"), "<f4").reshape(-1, 4)
    material = flat(f"{kind}_matid", get(model, f"{kind}_matid"), "<i4")
    if not int(get(model, "nmat") or 0):
        return own
    of_material = flat("mat_rgba", get(model, "mat_rgba"), "<f4").reshape(-1, 4)[np.maximum(material, 0)]
    plain = (own == np.array([0.5, 0.5, 0.5, 1], dtype=np.float32)).all(axis=1) & (material >= 0)
    colors: Array = np.where(plain[:, None], of_material, own)
    return colors


def hidden(model: Any, shown: Shown, kind: str, row: int) -> Array:
    """(things,) bool: of geoms (row 0), sites, tendons and skins, which MuJoCo leaves out."""
    count = int(get(model, f"n{kind}") or 0)
    if not count:
        return np.zeros(0, dtype=bool)
    group = get(model, f"{kind}_group")
    groups = np.zeros(count, dtype=np.int32) if group is None else flat(f"{kind}_group", group, "<i4")
    out: Array = ~np.array(shown.groups[row])[np.clip(groups, 0, 5)] | (_colors(model, kind)[:, 3] == 0)
    if kind in ("geom", "site") and not shown.static:
        body = flat(f"{kind}_bodyid", get(model, f"{kind}_bodyid"), "<i4")
        out |= _static_bodies(model)[body]
    if (kind == "tendon" and not shown.tendon) or (kind == "skin" and not shown.skin):
        out[:] = True
    return out


def _static_bodies(model: Any) -> Array:
    weld = get(model, "body_weldid")
    if weld is None:
        raise ArgumentError("a model without body_weldid does not tell which bodies are static")
    static: Array = flat("body_weldid", weld, "<i4") == 0
    return static


def changed_arrays(model: Any, arrays: dict[str, Any], shown: Shown) -> dict[str, Any]:
    """The model's arrays as MuJoCo's renderer shows them: without textures or with what moves transparent, where the options
    say so; and what is transparent covers twice, because MuJoCo blends it front to back and then back to front."""
    out = dict(arrays)
    if not shown.texture:
        out["mat_texid"] = np.full_like(arrays["mat_texid"], -1)
    for kind in ("geom", "site", "tendon", "skin"):
        if not arrays[f"n{kind}"]:
            continue
        colors = _colors(model, kind)
        alpha = colors[:, 3].copy()
        if shown.transparent:
            moves = ~_static_bodies(model)[arrays[f"{kind}_bodyid"]] if kind in ("geom", "site") else slice(None)
            alpha[moves] *= np.float32(model.vis.map.alpha)
        clear = alpha < _OPAQUE
        rows = arrays[f"{kind}_rgba"].reshape(-1, 4).copy()
        rows[clear, :3], rows[clear, 3] = colors[clear, :3], 1 - (1 - alpha[clear]) ** 2
        out[f"{kind}_rgba"] = rows.reshape(-1)
    return out
