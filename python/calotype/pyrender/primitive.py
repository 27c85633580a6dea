"""Geometry: arrays of vertices, how they are joined, and a material."""
from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .bounded import Bounded
from .constants import GLTF
from .formats import color_array, index_array, instance_poses, rows
from .material import Material, MetallicRoughnessMaterial
from .tracked import Array, ArrayAttribute, Attribute, Tracked, snapshot

_TARGET_KEYS = ("POSITION", "NORMAL", "TANGENT")


def _vertex_count(owner: Any) -> int:
    return int(owner.__dict__["_positions"].snapshot.shape[0])


def _vertex_rows(width: int, what: str) -> Callable[[Any, Any], Optional[Array]]:
    def convert(owner: Any, value: Any) -> Optional[Array]:
        return None if value is None else rows(value, _vertex_count(owner), (width,), what)
    return convert


def _first_texture_coordinates(owner: Any, value: Any) -> Optional[Array]:
    """Columns beyond the second are dropped: files often have a third that is 0."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.ndim == 2 and array.shape[1] > 2:
        array = array[:, :2]
    return rows(array, _vertex_count(owner), (2,), "texcoord_0")


def _colors(owner: Any, value: Any) -> Optional[Array]:
    return None if value is None else color_array(value, _vertex_count(owner))


def _influences(what: str) -> Callable[[Any, Any], Optional[Array]]:
    """Four numbers a vertex, or eight."""
    def convert(owner: Any, value: Any) -> Optional[Array]:
        return None if value is None else rows(value, _vertex_count(owner), (4, 8), what)
    return convert


def _material(owner: Any, value: Any) -> Material:
    if value is None:
        return MetallicRoughnessMaterial()
    if not isinstance(value, Material):
        raise TypeError(f"a primitive's material is a Material, not {type(value).__name__}")
    return value


def _mode(owner: Any, value: Any) -> int:
    mode = int(value)
    if not GLTF.POINTS <= mode <= GLTF.TRIANGLE_FAN:
        raise ValueError(f"mode is from 0 (POINTS) to 6 (TRIANGLE_FAN), not {mode}")
    return mode


def _target(owner: Any, number: int, value: Any) -> Dict[str, npt.NDArray[np.float32]]:
    if not isinstance(value, Mapping):
        value = {"POSITION": value}
    target = {}
    for key, deltas in value.items():
        if key not in _TARGET_KEYS:
            raise ValueError(f"morph target {number} has {key!r}; known are {', '.join(_TARGET_KEYS)}")
        array = rows(deltas, _vertex_count(owner), (3,), f"{key} deltas of morph target {number}")
        array.flags.writeable = False
        target[key] = array
    return target


def _targets(owner: Any, value: Any) -> Optional[Tuple[Dict[str, npt.NDArray[np.float32]], ...]]:
    if value is None:
        return None
    return tuple(_target(owner, number, target) for number, target in enumerate(value))


class Primitive(Bounded, Tracked):
    """Geometry with one material. Arrays are copied; edits of what its attributes hand out show in the next picture.

    Parameters
    ----------
    positions : (n, 3) float
        Metres.
    normals : (n, 3) float, optional
        Unit vectors.
    tangents : (n, 4) float, optional
        Unit vectors, and +1 or -1 for the side of the bitangent.
    texcoord_0, texcoord_1 : (n, 2) float, optional
        v grows upwards: (0, 0) is the picture's bottom left corner. Textures are read by `texcoord_0`.
    color_0 : (n, 3) or (n, 4) float from 0 to 1, or integers from 0 to 255, optional
        Multiplies the lit colour.
    joints_0, weights_0 : (n, 4) or (n, 8), optional
        Joints of the node's `Skin` and their weights, whose sum is 1.
    indices : integers of any shape, optional
        Vertices in the order in which they are joined. None: all, as they stand.
    material : Material, optional
        None: a white metallic-roughness material.
    mode : int, optional
        One of `GLTF.POINTS` to `GLTF.TRIANGLE_FAN`. None: TRIANGLES.
    targets : sequence, optional
        Morph targets: a mapping each, of 'POSITION', 'NORMAL' and 'TANGENT' to (n, 3) deltas, or an (n, 3) array of
        deltas of positions. How much of each is seen: `weights` of the node or of the mesh.
    poses : (k, 4, 4) float, optional
        The geometry is drawn once for each of these transforms. None: once.

    Raises
    ------
    ValueError
        An array has the wrong shape or values, or the mode is unknown.
    TypeError
        The material is none, or indices are not integers.
    """

    positions = ArrayAttribute(lambda owner, value: rows(value, None, (3,), "positions"),
                               "(n, 3) float32 : Metres.")
    normals = ArrayAttribute(_vertex_rows(3, "normals"), "(n, 3) float32 or None : Unit vectors.")
    tangents = ArrayAttribute(_vertex_rows(4, "tangents"), "(n, 4) float32 or None : Unit vectors and a sign.")
    texcoord_0 = ArrayAttribute(_first_texture_coordinates, "(n, 2) float32 or None : What textures are read by.")
    texcoord_1 = ArrayAttribute(_vertex_rows(2, "texcoord_1"), "(n, 2) float32 or None : A second set.")
    color_0 = ArrayAttribute(_colors, "(n, 4) float32 or None : RGBA, 0 to 1.")
    joints_0 = ArrayAttribute(_influences("joints_0"), "(n, 4) or (n, 8) float32 or None : Joints of the skin.")
    weights_0 = ArrayAttribute(_influences("weights_0"), "(n, 4) or (n, 8) float32 or None : Weights of the joints.")
    indices = ArrayAttribute(lambda owner, value: index_array(value), "uint32 or None : Vertices in order.")
    # These two have numbers of their own: the geometry stays the same content.
    material = Attribute(_material, "Material : What it is made of.", counter="_material_version")
    poses = ArrayAttribute(lambda owner, value: instance_poses(value), "(k, 4, 4) float32 or None : Copies.",
                           counter="_poses_version")
    mode = Attribute(_mode, "int : How vertices are joined.")
    targets = Attribute(_targets, "tuple of dict or None : Morph targets; the arrays are read-only.")

    def __init__(self, positions: Any, normals: Any = None, tangents: Any = None, texcoord_0: Any = None,
                 texcoord_1: Any = None, color_0: Any = None, joints_0: Any = None, weights_0: Any = None,
                 indices: Any = None, material: Optional[Material] = None, mode: Optional[int] = None,
                 targets: Any = None, poses: Any = None) -> None:
        self.positions = positions
        self.normals = normals
        self.tangents = tangents
        self.texcoord_0 = texcoord_0
        self.texcoord_1 = texcoord_1
        self.color_0 = color_0
        self.joints_0 = joints_0
        self.weights_0 = weights_0
        self.indices = indices
        self.material = material
        self.mode = GLTF.TRIANGLES if mode is None else mode
        self.targets = targets
        self.poses = poses

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """(2, 3) float64 : The box around all vertices, of all copies. Infinite and inside out where there is none."""
        identity = (self.identity, self.__dict__["_poses_version"])
        known = self.__dict__.get("_cached_box")
        if known is None or known[0] != identity:
            known = self.__dict__["_cached_box"] = (identity, self._measure())
        box: npt.NDArray[np.float64] = known[1].copy()
        return box

    @property
    def is_transparent(self) -> bool:
        """bool : Whether anything shows through it."""
        return self.material.is_transparent or self._smallest_alpha() < 1.0

    def delete(self) -> None:
        """Does nothing: primitives need no context. Kept for programs that call it."""

    def _measure(self) -> npt.NDArray[np.float64]:
        positions, poses = snapshot(self, "positions"), snapshot(self, "poses")
        if len(positions) == 0 or (poses is not None and len(poses) == 0):
            return np.array([[np.inf] * 3, [-np.inf] * 3])
        box = np.array([positions.min(axis=0), positions.max(axis=0)], dtype=np.float64)
        if poses is None:
            return box
        corners = transformed_corners(box, poses.astype(np.float64))
        return np.array([corners.min(axis=0), corners.max(axis=0)])

    def _smallest_alpha(self) -> float:
        """Of the vertices' colours. It is searched for once a content."""
        identity = self.identity
        known = self.__dict__.get("_cached_alpha")
        if known is None or known[0] != identity:
            colors = snapshot(self, "color_0")
            known = (identity, 1.0 if colors is None or len(colors) == 0 else float(colors[:, 3].min()))
            self.__dict__["_cached_alpha"] = known
        return float(known[1])


def transformed_corners(box: npt.NDArray[np.float64], poses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The eight corners of a box (2, 3) under each of the poses (k, 4, 4), (8 k, 3)."""
    corners = np.array([[box[i & 1, 0], box[i >> 1 & 1, 1], box[i >> 2 & 1, 2]] for i in range(8)])
    moved = np.einsum("kij,nj->kni", poses[:, :3, :3], corners) + poses[:, np.newaxis, :3, 3]
    return np.asarray(moved.reshape(-1, 3))


__all__ = ["Primitive"]
