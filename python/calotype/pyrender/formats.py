"""What users give, in the form we keep: colours, arrays of vertices, pictures."""
from __future__ import annotations

import numbers
from typing import Any, Callable, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .tracked import Array

_CHANNELS = {"R": (0,), "RG": (0, 1), "GB": (1, 2), "RGB": (0, 1, 2), "RGBA": (0, 1, 2, 3)}


def color_vector(value: Any, length: int) -> npt.NDArray[np.float32]:
    """One colour of `length` channels, float32.

    Integers count from 0 to 255. A single number is all channels. Missing channels are 1, further ones are dropped.

    Raises
    ------
    ValueError
        It is not a number, list, tuple or array of one dimension, or not finite.
    """
    if isinstance(value, numbers.Integral):
        value = int(value) / 255.0
    if isinstance(value, numbers.Real):
        value = np.full(length, float(value))
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise ValueError(f"a colour is a number or a vector of numbers, not {value!r}")
    array = np.asarray(value).squeeze()
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"a colour is a vector of numbers, not an array of {array.dtype} with shape {array.shape}")
    color = np.ones(length, dtype=np.float32)
    count = min(length, array.shape[0])
    color[:count] = array[:count] / 255.0 if array.dtype.kind in "iu" else array[:count]
    if not np.isfinite(color).all():
        raise ValueError(f"a colour is finite, not {color.tolist()}")
    return color


def color(length: int, default: Optional[float] = None) -> Callable[[Any, Any], npt.NDArray[np.float32]]:
    """A converter of an `ArrayAttribute`: `color_vector`; None becomes `default` in all channels."""
    def convert(owner: Any, value: Any) -> npt.NDArray[np.float32]:
        return color_vector(default if value is None and default is not None else value, length)
    return convert


def color_array(value: Any, count: int) -> npt.NDArray[np.float32]:
    """RGBA colours of `count` vertices, float32 (count, 4), as `color_vector` reads them. One colour is everyone's."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"colours are numbers, not {array.dtype}")
    if array.ndim == 1:
        array = np.broadcast_to(array, (count, array.shape[0]))
    if array.ndim != 2 or array.shape[0] != count:
        raise ValueError(f"colours of {count} vertices have a row for each, not shape {array.shape}")
    colors = np.ones((count, 4), dtype=np.float32)
    channels = min(4, array.shape[1])
    colors[:, :channels] = array[:, :channels] / 255.0 if array.dtype.kind in "iu" else array[:, :channels]
    return colors


def rows(value: Any, count: Optional[int], widths: Tuple[int, ...], what: str) -> npt.NDArray[np.float32]:
    """A new contiguous float32 array with `count` rows (None: any number) of one of the widths."""
    array = np.array(value, dtype=np.float32, order="C", ndmin=1)
    if array.size == 0 and not count:
        return np.zeros((0, widths[0]), dtype=np.float32)
    if array.ndim != 2 or array.shape[1] not in widths or (count is not None and array.shape[0] != count):
        wanted = " or ".join(f"({'n' if count is None else count}, {width})" for width in widths)
        raise ValueError(f"{what} have shape {wanted}, not {array.shape}")
    return array


def instance_poses(value: Any) -> Optional[npt.NDArray[np.float32]]:
    """Poses of instances, float32 (n, 4, 4); a single (4, 4) is one."""
    if value is None:
        return None
    array = np.array(value, dtype=np.float32, order="C")
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or array.shape[1:] != (4, 4):
        raise ValueError(f"poses have shape (n, 4, 4), not {array.shape}")
    return array


def index_array(value: Any) -> Optional[npt.NDArray[np.uint32]]:
    """Indices of vertices, a new uint32 array of the given shape; floats only where they are whole numbers."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"indices are integers, not {array.dtype}")
    if array.size and (not array.min() >= 0 or not array.max() < 2**32):
        raise ValueError("indices are from 0 to 2^32 - 1")
    indices = np.array(array, dtype=np.uint32, order="C")
    if array.dtype.kind == "f" and not np.array_equal(indices, array):
        raise ValueError("indices are whole numbers")
    return indices


def _picture_array(picture: Any) -> Array:
    """Pixels of a PIL picture or an array, uint8 (h, w, channels)."""
    if hasattr(picture, "convert") and hasattr(picture, "mode"):  # PIL's, which is not imported for this
        if picture.mode.startswith("I;16"):
            picture = (np.asarray(picture) >> 8).astype(np.uint8)
        elif picture.mode not in ("L", "RGB", "RGBA"):
            transparent = "A" in picture.mode or "transparency" in picture.info
            picture = picture.convert("RGBA" if transparent else "L" if picture.mode == "1" else "RGB")
        picture = np.asarray(picture)
    if not isinstance(picture, np.ndarray) or picture.dtype.kind not in "iuf":
        kind = picture.dtype if isinstance(picture, np.ndarray) else type(picture).__name__
        raise TypeError(f"a texture is a PIL picture or an array of integers or floats, not {kind}")
    picture = np.asarray(picture)  # not of numpy's own subclasses
    if picture.ndim not in (2, 3) or 0 in picture.shape:
        raise ValueError(f"a texture has shape (h, w) or (h, w, channels), not {picture.shape}")
    if picture.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            picture = np.clip(np.nan_to_num(picture) * 255.0 + 0.5, 0, 255)
    elif picture.dtype != np.uint8 and (picture.min() < 0 or picture.max() > 255):
        raise ValueError("a texture's integers are from 0 to 255")
    array: Array = picture.astype(np.uint8)
    return array if array.ndim == 3 else array[:, :, np.newaxis]


def texture_source(picture: Any, channels: str) -> npt.NDArray[np.uint8]:
    """Texels as a new uint8 array: (h, w) for 'R', else (h, w, number of channels); row 0 is the top.

    `picture` is a PIL picture or an array (h, w) or (h, w, c) of bytes or of floats from 0 to 1. Grey is repeated,
    missing alpha is 255. 'GB' of two channels are these two.

    Raises
    ------
    TypeError
        It is neither a PIL picture nor an array of numbers.
    ValueError
        Its shape, its values or the name of the channels is wrong.
    """
    if channels not in _CHANNELS:
        raise ValueError(f"a texture's source_channels are one of {', '.join(_CHANNELS)}, not {channels!r}")
    array = _picture_array(picture)
    present = array.shape[2]
    if present == 2 and channels in ("RGB", "RGBA"):
        raise ValueError(f"a texture of two channels cannot become {channels}")
    if channels == "R":
        return np.ascontiguousarray(array[:, :, 0])
    if present == 1:
        texels = np.repeat(array, len(channels), axis=2)
        if channels == "RGBA":
            texels[:, :, 3] = 255
        return texels
    if present == 2:
        return np.ascontiguousarray(array)
    if channels == "RGBA" and present == 3:
        return np.dstack((array, np.full(array.shape[:2], 255, dtype=np.uint8)))
    return np.ascontiguousarray(array[:, :, list(_CHANNELS[channels])])
