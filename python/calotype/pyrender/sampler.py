"""How a texture is filtered and goes on beyond its edges."""
from __future__ import annotations

from typing import Any, Callable, Optional, Tuple

from .constants import GLTF
from .tracked import Attribute, Tracked, name_of

_MAGNIFY = (None, GLTF.NEAREST, GLTF.LINEAR)
_MINIFY = _MAGNIFY + (GLTF.NEAREST_MIPMAP_NEAREST, GLTF.LINEAR_MIPMAP_NEAREST, GLTF.NEAREST_MIPMAP_LINEAR,
                      GLTF.LINEAR_MIPMAP_LINEAR)
_WRAP = (GLTF.CLAMP_TO_EDGE, GLTF.MIRRORED_REPEAT, GLTF.REPEAT)


def _one_of(choices: Tuple[Optional[int], ...], what: str) -> Callable[[Any, Any], Any]:
    def convert(owner: Any, value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"{what} is one of {', '.join(map(str, choices))} (see GLTF), not {value!r}")
        return None if value is None else int(value)
    return convert


class Sampler(Tracked):
    """How a texture is filtered and goes on beyond its edges. Values are constants of `GLTF`.

    Parameters
    ----------
    name : str, optional
        What the user calls it.
    magFilter : int, optional
        NEAREST or LINEAR, where texels are larger than pixels. None: LINEAR.
    minFilter : int, optional
        NEAREST, LINEAR or one of the MIPMAP filters, where texels are smaller. None: LINEAR_MIPMAP_LINEAR.
    wrapS, wrapT : int
        CLAMP_TO_EDGE, MIRRORED_REPEAT or REPEAT, along u and v.

    Raises
    ------
    ValueError
        A value is none of these.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    magFilter = Attribute(_one_of(_MAGNIFY, "magFilter"), "int or None : Filter of magnified textures.")
    minFilter = Attribute(_one_of(_MINIFY, "minFilter"), "int or None : Filter of minified textures.")
    wrapS = Attribute(_one_of(_WRAP, "wrapS"), "int : What is beyond the left and right edges.")
    wrapT = Attribute(_one_of(_WRAP, "wrapT"), "int : What is beyond the top and bottom edges.")

    def __init__(self, name: Optional[str] = None, magFilter: Optional[int] = None, minFilter: Optional[int] = None,
                 wrapS: int = GLTF.REPEAT, wrapT: int = GLTF.REPEAT) -> None:
        self.name = name
        self.magFilter = magFilter
        self.minFilter = minFilter
        self.wrapS = wrapS
        self.wrapT = wrapT


__all__ = ["Sampler"]
