"""Scenes: loaded from files, or built from arrays (build.py). A scene never changes; poses move it."""
from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .cameras import FITS, Views, _flag, _from_extension, _path, _whole
from .errors import ArgumentError
from .pose import Pose

__all__ = ["Animation", "MaterialInfo", "MeshInfo", "Node", "Scene", "Warning"]

REST = Pose()


class Node(NamedTuple):
    """A node of a scene; indices are -1 for none."""

    name: str
    parent: int
    visible: bool
    mesh: int
    skin: int
    camera: int
    light: int


class MaterialInfo(NamedTuple):
    """A material of a scene. Colours are linear; alpha_mode is "opaque", "mask" or "blend"."""

    name: str
    base_color: Tuple[float, float, float, float]
    metallic: float
    roughness: float
    emissive: Tuple[float, float, float]
    alpha_mode: str
    alpha_cutoff: float
    double_sided: bool
    unlit: bool


class MeshInfo(NamedTuple):
    """A mesh of a scene."""

    name: str
    primitive_count: int
    vertex_count: int
    index_count: int


class Animation(NamedTuple):
    """An animation of a scene."""

    name: str
    duration_seconds: float


class Warning(NamedTuple):
    """Odd but usable input; ``id`` is one of the words of docs/warnings.md."""

    id: str
    message: str


def _limits(max_file_bytes: int, max_memory_bytes: int, max_triangles: int, max_texture_pixels: int,
            allow_outside_paths: bool) -> Tuple[int, int, int, int, int, bool]:
    most = 2**64 - 1
    return (_whole("max_file_bytes", max_file_bytes, most), _whole("max_memory_bytes", max_memory_bytes, most),
            _whole("max_triangles", max_triangles, most), _whole("max_texture_pixels", max_texture_pixels), 0,
            _flag("allow_outside_paths", allow_outside_paths))


class Scene:
    """What an importer read or a :class:`SceneBuilder` made: meshes, materials, nodes, animations.

    Immutable; any number of threads and renderers may share it. ``Scene.load`` and ``SceneBuilder.finish`` make scenes.
    """

    def __init__(self, handle: Any) -> None:
        if type(handle) is not _calotype.Scene:
            raise ArgumentError("calotype.Scene.load reads a scene, calotype.SceneBuilder makes one")
        self._handle = handle

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]], *, threads: int = 0, max_file_bytes: int = 0,
             max_memory_bytes: int = 0, max_triangles: int = 0, max_texture_pixels: int = 0,
             allow_outside_paths: bool = False) -> Scene:
        """Reads glTF, GLB, OBJ, STL or PLY; the format is recognized by the first bytes, then by the name.

        Parameters
        ----------
        threads : that decode textures; 0 is one a core.
        max_... : bounds on what a file may make calotype do; 0 is the default (docs/limits.md).
        allow_outside_paths : the file may name other files outside its own folder.

        Raises
        ------
        calotype.Error : NotFoundError, ReadWriteError, FormatError, UnsupportedError, LimitError, EmptyError.
        """
        limits = _limits(max_file_bytes, max_memory_bytes, max_triangles, max_texture_pixels, allow_outside_paths)
        return cls(_calotype.load(_path(path), _whole("threads", threads), limits))

    @classmethod
    def from_bytes(cls, data: Union[bytes, bytearray, memoryview], path: Optional[str] = None, *, threads: int = 0,
                   max_memory_bytes: int = 0, max_triangles: int = 0, max_texture_pixels: int = 0) -> Scene:
        """Reads a file that is in memory. ``path`` names it in messages and says where linked files are looked for; None:
        they are refused."""
        limits = _limits(0, max_memory_bytes, max_triangles, max_texture_pixels, False)
        if path is not None and not isinstance(path, str):
            raise ArgumentError(f"path is a word for messages or None, not {type(path).__name__}")
        if not isinstance(data, bytes):
            try:
                data = memoryview(data).tobytes()
            except (TypeError, ValueError, BufferError):
                raise ArgumentError(f"a file's bytes are needed, not {type(data).__name__}") from None
        return cls(_calotype.load_bytes(data, path, _whole("threads", threads), limits))

    @cached_property
    def _parts(self) -> Any:
        return self._handle.describe()

    @property
    def path(self) -> str:
        """The file it came from, or its name."""
        return str(self._parts[0])

    @property
    def format(self) -> str:
        """"glb", "gltf", "obj", "stl", "ply", or "arrays"."""
        return str(self._parts[1])

    @cached_property
    def nodes(self) -> list[Node]:
        """Parents stand before their children."""
        return [Node(*node) for node in self._parts[2]]

    @cached_property
    def materials(self) -> list[MaterialInfo]:
        """In the file's order; ``material_id`` - 1 is the index."""
        modes = ("opaque", "mask", "blend")
        return [MaterialInfo(*(*m[:5], modes[m[5]], *m[6:])) for m in self._parts[3]]

    @cached_property
    def meshes(self) -> list[MeshInfo]:
        """What nodes draw, each perhaps several times."""
        return [MeshInfo(*mesh) for mesh in self._parts[4]]

    @cached_property
    def animations(self) -> list[Animation]:
        """By name or index in :class:`Pose`."""
        return [Animation(*animation) for animation in self._parts[5]]

    @cached_property
    def cameras(self) -> list[str]:
        """The names of the file's own cameras; :meth:`camera_views` makes views of them."""
        return list(self._parts[6])

    @cached_property
    def warnings(self) -> list[Warning]:
        """What was odd in the file, but usable."""
        return [Warning(*warning) for warning in self._parts[7]]

    @cached_property
    def statistics(self) -> dict[str, int]:
        """Counts as Objaverse-XL's scripts define them, over instances."""
        return dict(self._handle.statistics())

    def bounds(self, pose: Pose = REST) -> npt.NDArray[np.float64]:
        """(2, 3): the least and greatest corner of the box around every visible vertex, metres, z up."""
        return np.array(self._handle.bounds(_pose_tuple(pose, self)))

    def node_to_world(self, pose: Pose = REST) -> npt.NDArray[np.float64]:
        """(nodes, 4, 4): where each node stands in the z-up world."""
        out = np.empty((len(self.nodes), 4, 4))
        self._handle.node_to_world(_pose_tuple(pose, self), out)
        return out

    def camera_views(self, wanted: Union[int, str] = "all", width: int = 0, height: int = 0,
                     pose: Pose = REST) -> Views:
        """The cameras that nodes of the file carry, by name, by index, or "all".

        width, height: pixels; 0 follows from the camera's aspect ratio, 512 pixels high. Of a pose that is fitted into a
        box the views fit the scene fitted likewise.
        """
        views = _from_extension(self._handle.camera_views(
            _pose_tuple(pose, self), str(wanted), self._scale(pose), _whole("width", width), _whole("height", height)))
        views.fit = pose.fit
        return views

    def _scale(self, pose: Pose) -> float:
        """Of the pose's normalization."""
        if pose.fit == "none":
            return 1.0
        low, high = self.bounds(replace(pose, fit="none"))
        longest = float((high - low).max())
        return (2.0 if pose.fit == FITS[1] else 1.0) / longest if longest > 0 else 1.0

    def __repr__(self) -> str:
        return f"<calotype.Scene {self.path}: {len(self.nodes)} nodes, {len(self.meshes)} meshes>"


def _pose_tuple(pose: Any, scene: Scene) -> Tuple[Any, ...]:
    """What the extension takes."""
    if not isinstance(pose, Pose):
        raise ArgumentError(f"a calotype.Pose is needed, not {type(pose).__name__}")
    return pose._tuple(scene)
