"""Points, lines and triangles of a primitive as lists: what renderers draw."""
from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .constants import GLTF
from .primitive import Primitive
from .tracked import Array, snapshot

_TRIANGLES, _LINES, _POINTS = 0, 1, 2  # calo_topology
_TOPOLOGIES = {GLTF.POINTS: (_POINTS, 1), GLTF.LINES: (_LINES, 2), GLTF.LINE_LOOP: (_LINES, 2),
               GLTF.LINE_STRIP: (_LINES, 2), GLTF.TRIANGLES: (_TRIANGLES, 3), GLTF.TRIANGLE_STRIP: (_TRIANGLES, 3),
               GLTF.TRIANGLE_FAN: (_TRIANGLES, 3)}


class Geometry(NamedTuple):
    """A primitive's arrays as the extension takes them (python/extension/build.c), without material."""

    topology: int
    positions: Array
    indices: Array
    normals: Optional[Array]
    tangents: Optional[Array]
    uvs: Optional[Array]
    colors: Optional[Array]
    joints: Optional[Array]
    weights: Optional[Array]
    targets: List[Tuple[Optional[Array], Optional[Array], Optional[Array]]]
    identity: int


def geometry_of(primitive: Primitive) -> Geometry:
    """The arrays of a primitive, made once a content."""
    identity = primitive.identity
    known: Optional[Geometry] = primitive.__dict__.get("_cached_geometry")
    if known is None or known.identity != identity:
        known = primitive.__dict__["_cached_geometry"] = _make(primitive, identity)
    return known


def _make(primitive: Primitive, identity: int) -> Geometry:
    arrays: Dict[str, Any] = {name: snapshot(primitive, name) for name in (
        "positions", "normals", "tangents", "texcoord_0", "color_0", "joints_0", "weights_0", "indices")}
    count = len(arrays["positions"])
    for name, array in arrays.items():
        if name != "indices" and array is not None and len(array) != count:
            raise ValueError(f"a primitive has {count} positions and {len(array)} {name}")
    uvs = arrays["texcoord_0"]
    if uvs is not None:
        uvs = np.stack([uvs[:, 0], 1.0 - uvs[:, 1]], axis=1)  # v grows downwards in C
    joints, weights = _influences(arrays["joints_0"], arrays["weights_0"])
    return Geometry(_TOPOLOGIES[primitive.mode][0], arrays["positions"],
                    element_list(primitive.mode, arrays["indices"], count), _unit(arrays["normals"]),
                    arrays["tangents"], uvs, arrays["color_0"], joints, weights, _targets(primitive, count), identity)


def element_list(mode: int, indices: Any, vertex_count: int) -> npt.NDArray[np.uint32]:
    """Vertices of separate points, lines or triangles, uint32; what is left over at the end is dropped."""
    order = np.arange(vertex_count, dtype=np.uint32) if indices is None else indices.reshape(-1)
    if order.size and int(order.max()) >= vertex_count:
        raise ValueError(f"a primitive has {vertex_count} vertices and the index {int(order.max())}")
    corners = _TOPOLOGIES[mode][1]
    if len(order) < corners:
        return np.zeros(0, dtype=np.uint32)
    if mode == GLTF.LINE_STRIP:
        order = np.stack([order[:-1], order[1:]], axis=1)
    elif mode == GLTF.LINE_LOOP:
        order = np.stack([order, np.roll(order, -1)], axis=1)
    elif mode == GLTF.TRIANGLE_STRIP:
        order = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
        order[1::2, :2] = order[1::2, 1::-1]  # every second one would face away
    elif mode == GLTF.TRIANGLE_FAN:
        order = np.stack([np.broadcast_to(order[0], len(order) - 2), order[1:-1], order[2:]], axis=1)
    order = order.reshape(-1)
    return np.ascontiguousarray(order[:len(order) // corners * corners])


def _unit(normals: Any) -> Any:
    """Normals of length 1; those that are none stay."""
    if normals is None:
        return None
    squared = np.einsum("ij,ij->i", normals, normals)
    if np.abs(squared - 1.0).max(initial=0.0) < 1e-4:
        return normals
    length = np.sqrt(squared)
    return np.ascontiguousarray(normals / np.where(length > 0, length, 1.0)[:, np.newaxis], dtype=np.float32)


def _influences(joints: Any, weights: Any) -> Tuple[Any, Any]:
    """Joints as uint16, and weights whose sum is 1."""
    if joints is None and weights is None:
        return None, None
    if joints is None or weights is None or joints.shape != weights.shape:
        raise ValueError("joints_0 and weights_0 of a primitive have the same shape")
    if joints.size and not (joints.min() >= 0 and joints.max() < 65536):
        raise ValueError("joints_0 are from 0 to 65535")
    total = weights.sum(axis=1, keepdims=True)
    return (joints.astype(np.uint16),
            np.ascontiguousarray(weights / np.where(total > 0, total, 1.0), dtype=np.float32))


def _targets(primitive: Primitive, count: int) -> List[Tuple[Optional[Array], Optional[Array], Optional[Array]]]:
    targets = []
    for target in primitive.targets or []:
        for deltas in target.values():
            if len(deltas) != count:
                raise ValueError(f"a primitive has {count} positions and {len(deltas)} deltas in a morph target")
        targets.append((target.get("POSITION"), target.get("NORMAL"), target.get("TANGENT")))
    return targets
