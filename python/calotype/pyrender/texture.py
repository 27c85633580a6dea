"""Pictures on surfaces."""
from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .formats import texture_source
from .sampler import Sampler
from .tracked import ArrayAttribute, Attribute, Tracked, name_of, snapshot

_TEXTURE_2D = 3553  # GL_TEXTURE_2D
_UNSIGNED_BYTE = 5121  # GL_UNSIGNED_BYTE


def _sampler(owner: Any, value: Any) -> Sampler:
    if value is None:
        return Sampler()
    if not isinstance(value, Sampler):
        raise TypeError(f"a texture's sampler is a Sampler, not {type(value).__name__}")
    return value


def _texels(owner: Any, value: Any) -> Optional[npt.NDArray[np.uint8]]:
    return None if value is None else texture_source(value, owner.source_channels)


class Texture(Tracked):
    """A picture on a surface, and how it is sampled.

    Parameters
    ----------
    name : str, optional
        What the user calls it.
    sampler : Sampler, optional
        How it is sampled. None: trilinear, repeated.
    source : PIL.Image.Image or array (h, w[, c]) of uint8, or of float from 0 to 1, optional
        The picture, row 0 on top. It is copied. None: the texture is empty and cannot be drawn.
    source_channels : str
        What is taken from `source`: 'R', 'RG', 'GB', 'RGB' or 'RGBA'.
    width, height : int, optional
        Size of an empty texture, texels.
    tex_type, data_format : int
        OpenGL's numbers, kept and not used.

    Raises
    ------
    TypeError
        `source` is no picture, or `sampler` no sampler.
    ValueError
        `source` does not have the channels.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    sampler = Attribute(_sampler, "Sampler : How it is sampled.")
    source_channels: Any = Attribute(lambda owner, value: value, "str : The channels that are taken from a source.")
    source = ArrayAttribute(_texels, "uint8 (h, w) or (h, w, c), or None : The texels. Edits show in the next picture.")
    width: Any = Attribute(lambda owner, value: value, "int or None : Width of an empty texture, texels.")
    height: Any = Attribute(lambda owner, value: value, "int or None : Height of an empty texture, texels.")
    tex_type: Any = Attribute(lambda owner, value: value, "int : OpenGL's number of the kind of texture; not used.")
    data_format: Any = Attribute(lambda owner, value: value, "int : OpenGL's number of the format; not used.")

    def __init__(self, name: Optional[str] = None, sampler: Optional[Sampler] = None, source: Any = None,
                 source_channels: Optional[str] = None, width: Optional[int] = None, height: Optional[int] = None,
                 tex_type: int = _TEXTURE_2D, data_format: int = _UNSIGNED_BYTE) -> None:
        self.source_channels = source_channels
        self.name = name
        self.sampler = sampler
        self.source = source
        self.width = width
        self.height = height
        self.tex_type = tex_type
        self.data_format = data_format

    def is_transparent(self, cutoff: float = 1.0) -> bool:
        """Whether any texel's alpha is below `cutoff` (0 to 1)."""
        return self._smallest_alpha() < cutoff

    def delete(self) -> None:
        """Does nothing: textures need no context. Kept for programs that call it."""

    def _smallest_alpha(self) -> float:
        """Of all texels, from 0 to 1. It is searched for once a content."""
        identity = self.identity
        known = self.__dict__.get("_cached_alpha")
        if known is None or known[0] != identity:
            texels = snapshot(self, "source")
            transparent = texels is not None and texels.ndim == 3 and texels.shape[2] == 4
            known = (identity, float(texels[:, :, 3].min()) / 255.0 if transparent else 1.0)
            self.__dict__["_cached_alpha"] = known
        return float(known[1])


__all__ = ["Texture"]
