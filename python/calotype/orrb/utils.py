"""ORRB's helpers: pictures from bytes and for the eye, configs of servers, logging."""
from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import Any, Dict, List, Union

import numpy as np
import numpy.typing as npt

from .server import RendererError

_Array = npt.NDArray[Any]

__all__ = ["ScreenWriter", "build_batch", "build_server_configs", "check_result", "package_relative_path",
           "read_depth_image", "read_normals_image", "read_rgba_image", "read_segmentation_image", "render_depth",
           "render_normals", "render_segmentation", "renderer_closer", "setup_logging"]


def read_depth_image(data: bytes, w: int, h: int) -> _Array:
    """float32 (h, w)"""
    return np.frombuffer(data, dtype=np.float32).reshape(h, w)


def read_normals_image(data: bytes, w: int, h: int) -> _Array:
    """float32 (h, w, 3)"""
    return np.frombuffer(data, dtype=np.float32).reshape(h, w, 3)


def read_rgba_image(data: bytes, w: int, h: int) -> _Array:
    """uint8 (h, w, 3 or 4)"""
    return np.frombuffer(data, dtype=np.uint8).reshape(h, w, -1)


def read_segmentation_image(data: bytes, w: int, h: int) -> _Array:
    """uint8 (h, w)"""
    return np.frombuffer(data, dtype=np.uint8).reshape(h, w)


def render_depth(image: _Array) -> _Array:
    """Depth as grey, uint8 (h, w, 3): one metre is a full turn of 0 to 255."""
    codes: _Array = (np.asarray(image) * 255).astype(np.int64).astype(np.uint8)
    return np.repeat(codes[..., None], 3, axis=-1)


def render_normals(image: _Array) -> _Array:
    """Normals of 0 to 1 as colours, uint8."""
    return (np.asarray(image) * 255).astype(np.uint8)


def render_segmentation(image: _Array) -> _Array:
    """Categories 0 to 6 as colours, uint8 (h, w, 3): bit i of the category fills component i."""
    image = np.asarray(image)
    if image.ndim != 2 or image.max() > 6:
        raise ValueError(f"a picture (h, w) of categories 0 to 6 is needed: this one has the shape {image.shape} and "
                         f"categories up to {image.max()}")
    colors: _Array = np.stack([(image >> bit & 1) * 255 for bit in range(3)], axis=-1).astype(np.uint8)
    return colors


def package_relative_path(path: str) -> str:
    """A path beside the package, as ORRB's checkout has its assets; ORRB_ROOT names another folder."""
    beside = os.path.join(os.path.abspath(os.path.dirname(__file__)), "..", "..")
    return os.path.normpath(os.path.join(os.environ.get("ORRB_ROOT", beside), path))


def renderer_closer(renderer: Any) -> None:
    """For atexit."""
    renderer.shutdown()


def build_server_configs(num_gpus: int, num_workers: int, base_port: int, mpi_rank: int, mpi_size: int) -> List[List[int]]:
    """This rank's share of [gpu, port] pairs: `num_workers` servers on each of `num_gpus` GPUs, at ports from `base_port`
    on. Raises ValueError where they cannot be shared out evenly."""
    if not 0 <= mpi_rank < mpi_size:
        raise ValueError(f"rank {mpi_rank} of {mpi_size}: a rank is from 0 to {mpi_size - 1}")
    count = num_gpus * num_workers
    if count % mpi_size:
        raise ValueError(f"{num_workers} workers on {num_gpus} GPUs are {count} servers, which {mpi_size} MPI ranks cannot "
                         f"share evenly: take a multiple of {mpi_size}")
    if base_port < 1 or base_port + count - 1 > 65535:
        raise ValueError(f"{count} servers from port {base_port} on: ports are from 1 to 65535")
    share = count // mpi_size
    return [[index % num_gpus, base_port + index] for index in range(mpi_rank * share, (mpi_rank + 1) * share)]


def build_batch(states: Any, seed: int) -> Dict[str, Any]:
    """A batch whose states have the seeds `seed`, `seed` + 1, ..."""
    return {"qpos": states, "seed": seed}


def check_result(result: Union[Dict[str, Any], RendererError]) -> Dict[str, Any]:
    """What came out of the queue of ``render_batch_async``: raises it where it is an error."""
    if isinstance(result, RendererError):
        raise result
    return result


def setup_logging() -> None:
    """Logs to stderr with the time, and with the MPI rank where there are several (mpi4py). DEBUG=1 shows more."""
    rank = ""
    try:
        world = importlib.import_module("mpi4py.MPI").COMM_WORLD
        if world.Get_size() > 1:
            rank = f" <{world.Get_rank()}>"
    except ImportError:
        pass
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s.%(msecs)03d{rank} %(levelname)s: %(message)s",
                                           "%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if os.environ.get("DEBUG") == "1" else logging.INFO)
    root.handlers[:] = [handler]


class ScreenWriter:
    """Shows pictures in a window, the last `history_size` side by side (OpenCV)."""

    def __init__(self, window_name: str = "image", history_size: int = 6, print_numbers: bool = True) -> None:
        self.cv2: Any = importlib.import_module("cv2")
        self.window_name = window_name
        self.history_size = history_size
        self.print_numbers = print_numbers
        self.history: List[_Array] = []
        self.count = 0

    def write(self, image: Any, timeout: int = 0) -> bool:
        """Shows a picture, a list of them, or the pictures of a dict, one below the other. Waits `timeout` milliseconds
        for a key (0: for ever). True where it was Escape."""
        shown = self._stack(image)
        if self.print_numbers:
            self.cv2.putText(shown, str(self.count), (10, 20), self.cv2.FONT_HERSHEY_DUPLEX, 0.5, (224, 224, 224))
        self.count += 1
        self.history = (self.history + [shown])[-self.history_size:]
        self.cv2.imshow(self.window_name, self.cv2.cvtColor(np.hstack(self.history), self.cv2.COLOR_BGR2RGB))
        escape = 27
        return bool(self.cv2.waitKey(timeout) == escape)

    @staticmethod
    def _stack(image: Any) -> _Array:
        """Rows of a renderer's pictures begin at the bottom."""
        if isinstance(image, list):
            return np.vstack([np.flipud(each) for each in image])
        if not isinstance(image, dict):
            return np.array(image)
        pictures = [np.flipud(each) for each in image.values() if isinstance(each, np.ndarray) and each.ndim == 3
                    and each.shape[-1] in (1, 3) and each.dtype == np.uint8]
        if not pictures or any(each.shape != pictures[0].shape for each in pictures):
            raise ValueError("a dict to be shown needs uint8 pictures of one shape (h, w, 1 or 3)")
        return np.vstack(pictures)
