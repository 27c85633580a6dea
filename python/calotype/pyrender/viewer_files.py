"""Pictures and GIFs that a viewer saves."""
from __future__ import annotations

import itertools
import os
import secrets
from typing import Any, Callable, Iterator, Optional, Sequence

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
    return _write(lambda file: image.save(file, format="PNG"), folder, ".png", None)


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
    return _write(lambda file: next(images).save(file, format="GIF", save_all=True, append_images=images,
                                                 duration=durations, loop=0), folder, ".gif", path)


def _paletted(frames: Sequence[Picture], image_module: Any) -> Iterator[Any]:
    height, width = frames[0].shape[:2]
    for frame in frames:
        image = image_module.fromarray(frame)
        yield (image if image.size == (width, height) else image.resize((width, height))).quantize(256)


def _write(save: Callable[[Any], Any], folder: Optional[str], suffix: str, path: Optional[str]) -> str:
    """Saves into a file that appears whole or not at all: `path`, or else calotype-0001 and so on in the folder."""
    place = (folder or os.getcwd()) if path is None else os.path.dirname(os.path.abspath(path))
    scratch = os.path.join(place, f".calotype-{secrets.token_hex(8)}{suffix}")
    try:
        with open(scratch, "xb") as file:
            save(file)
        if path is None:
            return _link_numbered(scratch, place, suffix)
        os.replace(scratch, path)
        return path
    finally:
        if os.path.exists(scratch):
            os.unlink(scratch)


def _link_numbered(scratch: str, folder: str, suffix: str) -> str:
    """Gives the file the first number that is free."""
    for number in itertools.count(1):
        path = os.path.join(folder, f"calotype-{number:04d}{suffix}")
        try:
            os.link(scratch, path)
            return path
        except FileExistsError:
            continue
    raise AssertionError("unreachable: numbers do not end")
