"""Text on a viewer's picture, by Pillow."""
from __future__ import annotations

import functools
import importlib
from typing import Any, Mapping, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from ..errors import UnsupportedError
from .constants import TextAlign
from .formats import color_vector

Picture = npt.NDArray[np.uint8]

PADDING = 20
"""From the window's edges to its texts, pixels of the window."""
_BUILT_IN_HEIGHT = 11  # of Pillow's own font before 10.1, which has one size
_TALLEST = 1000  # pixels
_FALLBACK_FONT = "DejaVuSans.ttf"

# Where a text's middle or edge is: 0 left or top, 0.5 middle, 1 right or bottom; of the text and of the window alike.
_PLACES: Mapping[int, Tuple[float, float]] = {
    TextAlign.CENTER: (0.5, 0.5), TextAlign.CENTER_LEFT: (0.0, 0.5), TextAlign.CENTER_RIGHT: (1.0, 0.5),
    TextAlign.BOTTOM_LEFT: (0.0, 1.0), TextAlign.BOTTOM_RIGHT: (1.0, 1.0), TextAlign.BOTTOM_CENTER: (0.5, 1.0),
    TextAlign.TOP_LEFT: (0.0, 0.0), TextAlign.TOP_RIGHT: (1.0, 0.0), TextAlign.TOP_CENTER: (0.5, 0.0),
}


def pillow(module: str, purpose: str) -> Any:
    """A module of Pillow, or UnsupportedError."""
    try:
        return importlib.import_module("PIL." + module)
    except ImportError:
        raise UnsupportedError(f"{purpose} needs Pillow, which is not installed: pip install pillow") from None


def with_captions(picture: Picture, captions: Sequence[Mapping[str, Any]], pixel_ratio: float) -> Picture:
    """A copy of a picture with the texts of a viewer's flag 'caption' on it.

    Raises
    ------
    ValueError
        A caption has no text, or a location, a font's size or a colour that are none.
    calotype.Error
        Pillow is missing.
    """
    for caption in captions:
        if "text" not in caption:
            raise ValueError(f"a caption needs a 'text', and {dict(caption)!r} has none")
        scale = float(caption.get("scale", 1.0))
        picture = with_text(picture, str(caption["text"]), caption.get("location", TextAlign.BOTTOM_LEFT), pixel_ratio,
                            caption.get("font_name"), float(caption.get("font_pt", 40)) * scale, caption.get("color"))
    return picture


def with_text(picture: Picture, text: str, location: int, pixel_ratio: float, font_name: Any, height: float,
              color: Any) -> Picture:
    """A copy of a picture with a text on it.

    Parameters
    ----------
    picture : (h, w, 3) uint8
    text : str
    location : int
        Where in the picture: one of TextAlign.
    pixel_ratio : float
        Pixels of the picture for each of the window.
    font_name : str or None
        A .ttf or .otf file, or the name of a font that Pillow finds. None, and what it does not find: DejaVu Sans, or
        Pillow's own.
    height : float
        Size of the font, pixels of the window.
    color : (3,) or (4,) float, or None
        sRGB and alpha. None: black.
    """
    if location not in _PLACES:
        raise ValueError(f"the location of a caption is one of TextAlign, 0 to 8, not {location!r}")
    pixels = int(round(height * pixel_ratio))
    if not 0 < pixels <= _TALLEST:
        raise ValueError(f"the font of a caption is 1 to {_TALLEST} pixels high, not {pixels}")
    mask = _mask(text, None if font_name is None else str(font_name), pixels)
    across, down = _PLACES[location]
    pad = int(round(PADDING * pixel_ratio))
    left = _start(picture.shape[1], mask.shape[1], across, pad)
    top = _start(picture.shape[0], mask.shape[0], down, pad)
    return _blended(picture, mask, left, top, color_vector((0.0, 0.0, 0.0) if color is None else color, 4))


def _start(whole: int, part: int, place: float, pad: int) -> int:
    margin = pad if place == 0.0 else (-pad if place == 1.0 else 0)
    return int(round((whole - part) * place)) + margin


def _blended(picture: Picture, mask: Picture, left: int, top: int, color: Any) -> Picture:
    """The mask in a colour over the picture; what is outside of the picture is cut off."""
    blended = picture.copy()
    height, width = picture.shape[:2]
    rows = slice(max(top, 0), min(top + mask.shape[0], height))
    columns = slice(max(left, 0), min(left + mask.shape[1], width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return blended
    seen = mask[rows.start - top:rows.stop - top, columns.start - left:columns.stop - left]
    weight = seen[..., np.newaxis] * (float(color[3]) / 255.0)
    under = blended[rows, columns].astype(np.float64)
    over = 255.0 * np.asarray(color[:3], dtype=np.float64)
    blended[rows, columns] = np.rint(under + weight * (over - under)).astype(np.uint8)
    return blended


@functools.lru_cache(maxsize=64)
def _mask(text: str, font_name: Any, height: int) -> Picture:
    """How much of each pixel a text covers, 0 to 255, cropped to its ink."""
    image_module, draw_module = pillow("Image", "text on the picture"), pillow("ImageDraw", "text on the picture")
    font, zoom = _font(font_name, height)
    # Pillow's versions measure texts in different ways; no glyph is wider than this.
    lines = text.split("\n")
    cell = 2 * max(height, _BUILT_IN_HEIGHT)
    canvas = image_module.new("L", (cell * (max(map(len, lines)) + 1), cell * (len(lines) + 1)))
    draw_module.Draw(canvas).multiline_text((cell // 2, cell // 2), text, font=font, fill=255)
    canvas = canvas.crop(canvas.getbbox() or (0, 0, 1, 1))
    if zoom != 1.0:
        canvas = canvas.resize([max(int(round(side * zoom)), 1) for side in canvas.size])
    mask: Picture = np.array(canvas, dtype=np.uint8)
    return mask


def _font(font_name: Any, height: int) -> Tuple[Any, float]:
    """A font of Pillow's, and how much larger its pictures must become."""
    fonts = pillow("ImageFont", "text on the picture")
    for name in (font_name, font_name and font_name + ".ttf", _FALLBACK_FONT):
        try:
            if name:
                return fonts.truetype(name, height), 1.0
        except (OSError, ImportError):  # no such font; Pillow without FreeType
            continue
    try:
        return fonts.load_default(height), 1.0
    except (TypeError, ImportError):
        return fonts.load_default(), height / _BUILT_IN_HEIGHT


__all__ = ["PADDING", "pillow", "with_captions", "with_text"]
