"""Pictures and GIFs that a viewer saves."""
from __future__ import annotations

import itertools
import os
from typing import Any, Iterator, Optional, Sequence

import numpy as np
import numpy.typing as npt

from ..errors import ArgumentError
from .viewer_text import pillow

Picture = npt.NDArray[np.uint8]


def save_picture(picture: Picture, folder: Optional[str]) -> str:
    """Saves a PNG under the first number that is free, and tells its path. None: the current folder.

    Raises
    ------
    calotype.Error
        Pillow is missing.
    OSError
        The folder cannot be written to.
    """
    image = pillow("Image", "saving a picture").fromarray(picture)
    path = _take_path(folder, ".png")
    image.save(path)
    return path


def save_animation(frames: Sequence[Picture], rate: float, folder: Optional[str], path: Optional[str]) -> str:
    """Saves a GIF that repeats for ever, and tells its path.

    Parameters
    ----------
    frames : sequence of (h, w, 3) uint8
        Its pictures; those of another size than the first are fitted to that.
    rate : float
        Pictures a second.
    folder : str or None
        Where it gets the first number that is free, if `path` is None. None: the current folder.
    path : str or None
        Where it is saved.

    Raises
    ------
    calotype.Error
        There is no frame, or Pillow is missing.
    OSError
        The file cannot be written.
    """
    if not frames:
        raise ArgumentError("no frame was recorded, so that there is no GIF to save: set the viewer's flag 'record', "
                            "or press r")
    images = _paletted(frames, pillow("Image", "saving a GIF"))
    # GIFs count in hundredths of a second; rounding where each frame begins keeps the whole at the right speed.
    begins = [round(100.0 * number / rate) * 10 for number in range(len(frames) + 1)]
    durations = [end - begin for begin, end in zip(begins, begins[1:])]
    if path is None:
        path = _take_path(folder, ".gif")
    next(images).save(path, format="GIF", save_all=True, append_images=images, duration=durations, loop=0)
    return path


def _paletted(frames: Sequence[Picture], image_module: Any) -> Iterator[Any]:
    height, width = frames[0].shape[:2]
    for frame in frames:
        image = image_module.fromarray(frame)
        yield (image if image.size == (width, height) else image.resize((width, height))).quantize(256)


def _take_path(folder: Optional[str], suffix: str) -> str:
    """An empty new file calotype-0001 and so on."""
    for number in itertools.count(1):
        path = os.path.join(folder or os.getcwd(), f"calotype-{number:04d}{suffix}")
        try:
            with open(path, "xb"):
                return path
        except FileExistsError:
            continue
    raise AssertionError("unreachable: numbers do not end")
