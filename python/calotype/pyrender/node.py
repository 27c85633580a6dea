"""Places in a scene: a transform, and what stands there."""
from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Type

import numpy as np
import numpy.typing as npt

from .camera import Camera
from .light import Light
from .mesh import Mesh, morph_weights
from .skin import Skin
from .tracked import Attribute, Tracked, name_of
from .transforms import compose, is_affine, rotation_of, scale_of

Vector = npt.NDArray[np.float64]


def _kind(kind: Type[Any]) -> Callable[[Any, Any], Any]:
    def convert(owner: Any, value: Any) -> Any:
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"a node's {kind.__name__.lower()} is a {kind.__name__}, not {type(value).__name__}")
        return value
    return convert


def _skin(owner: Any, value: Any) -> Any:
    if value is not None and not isinstance(value, (Skin, int)):
        raise TypeError(f"a node's skin is a Skin, not {type(value).__name__}")
    return value


def _children(owner: Any, value: Any) -> List[Node]:
    children = value if isinstance(value, list) else list(value)
    for child in children:
        if not isinstance(child, Node):
            raise TypeError(f"a node's children are Nodes, not {type(child).__name__}")
    return children


def _vector(value: Any, length: int, what: str) -> Vector:
    vector = np.array(value, dtype=np.float64)
    if vector.shape != (length,) or not np.isfinite(vector).all():
        raise ValueError(f"{what} is a finite vector of {length}, not {value!r}")
    return vector


def pose_matrix(value: Any) -> Vector:
    """A new (4, 4) float64 array that is finite and has the bottom row 0 0 0 1, or ValueError."""
    matrix = np.array(value, dtype=np.float64, order="C")
    if matrix.shape != (4, 4):
        raise ValueError(f"a transform has shape (4, 4), not {matrix.shape}")
    if not is_affine(matrix):
        raise ValueError(f"a transform is finite and has the bottom row 0 0 0 1, not {matrix[3].tolist()}")
    return matrix


class Node(Tracked):
    """A place in a scene.

    Parameters
    ----------
    name : str, optional
        What the user calls it.
    camera : Camera, optional
        What looks from here.
    children : list of Node, optional
        Nodes that move with this one; they come into the scene with it. A list stays the same object.
    skin : Skin, optional
        Joints that the mesh follows; then the node's own transform does not move it. A number is kept and not used.
    matrix : (4, 4) float, optional
        The transform; then `rotation`, `scale` and `translation` are not used.
    mesh : Mesh, optional
        What is seen here.
    rotation : (4,) float, optional
        A unit quaternion x, y, z, w.
    scale : (3,) float, optional
        Factors along the axes.
    translation : (3,) float, optional
        Metres.
    weights : (k,) float, optional
        How much of each morph target is seen, instead of the mesh's weights.
    light : Light, optional
        What shines here.

    Raises
    ------
    TypeError
        An object is of the wrong kind.
    ValueError
        A vector has the wrong shape, is not finite, or no rotation.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    camera: Attribute[Optional[Camera]] = Attribute(_kind(Camera), "Camera or None : What looks from here.")
    children = Attribute(_children, "list of Node : Nodes that move with this one.")
    skin = Attribute(_skin, "Skin or None : Joints that the mesh follows.")
    mesh: Attribute[Optional[Mesh]] = Attribute(_kind(Mesh), "Mesh or None : What is seen here.")
    weights = Attribute(morph_weights, "(k,) float64 or None : How much of each morph target is seen.")
    light: Attribute[Optional[Light]] = Attribute(_kind(Light), "Light or None : What shines here.")

    def __init__(self, name: Optional[str] = None, camera: Optional[Camera] = None,
                 children: Optional[List[Node]] = None, skin: Any = None, matrix: Any = None,
                 mesh: Optional[Mesh] = None, rotation: Any = None, scale: Any = None, translation: Any = None,
                 weights: Any = None, light: Optional[Light] = None) -> None:
        # The local transform. Who has it never writes to it: a new one is a new array. `_parts` are what users hold
        # and may edit: translation, rotation and scale; `_parts_key` are their bytes when `_matrix` was made.
        self._matrix: Optional[Vector] = None
        self._parts: Optional[List[Vector]] = None
        self._parts_key = b""
        if matrix is None:
            self._parts = [np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]), np.ones(3)]
            if rotation is not None:
                self.rotation = rotation
            if translation is not None:
                self.translation = translation
            if scale is not None:
                self.scale = scale
        else:
            self.matrix = matrix
        self.name = name
        self.camera = camera
        self.children = [] if children is None else children
        self.skin = skin
        self.mesh = mesh
        self.weights = weights
        self.light = light

    @property
    def translation(self) -> Vector:
        """(3,) float64 : Metres."""
        return self._decomposed()[0]

    @translation.setter
    def translation(self, value: Any) -> None:
        self._decomposed()[0] = _vector(value, 3, "translation")

    @property
    def rotation(self) -> Vector:
        """(4,) float64 : A unit quaternion x, y, z, w."""
        return self._decomposed()[1]

    @rotation.setter
    def rotation(self, value: Any) -> None:
        quaternion = _vector(value, 4, "rotation")
        if abs(float(np.linalg.norm(quaternion)) - 1.0) > 1e-3:
            raise ValueError(f"rotation is a unit quaternion x, y, z, w, not {value!r}")
        self._decomposed()[1] = quaternion

    @property
    def scale(self) -> Vector:
        """(3,) float64 : Factors along the axes."""
        return self._decomposed()[2]

    @scale.setter
    def scale(self, value: Any) -> None:
        self._decomposed()[2] = _vector(value, 3, "scale")

    @property
    def matrix(self) -> Vector:
        """(4, 4) float64 : The transform to the parent; a copy."""
        return self._local().copy()

    @matrix.setter
    def matrix(self, value: Any) -> None:
        self._matrix = pose_matrix(value)
        self._parts = None

    def __setstate__(self, state: Dict[str, Any]) -> None:
        super().__setstate__(state)
        if self._parts is not None:
            self._parts = [part.copy() for part in self._parts]

    def _decomposed(self) -> List[Vector]:
        parts = self._parts
        if parts is None:
            matrix = self._local()
            parts = [matrix[:3, 3].copy(), rotation_of(matrix), scale_of(matrix)]
            self._parts_key = b"".join([part.tobytes() for part in parts])
            self._parts = parts
        return parts

    def _local(self) -> Vector:
        """The transform to the parent; not to be written to, and the same object as long as it is the same."""
        parts = self._parts
        if parts is not None:
            key = parts[0].tobytes() + parts[1].tobytes() + parts[2].tobytes()
            if key != self._parts_key:
                self._take_parts(parts, key)
        matrix = self._matrix
        assert matrix is not None
        return matrix

    def _take_parts(self, parts: List[Vector], key: bytes) -> None:
        """Makes the matrix anew. What only moved keeps the rest: its parts may not hold all (shear)."""
        if self._matrix is not None and key[24:] == self._parts_key[24:]:
            matrix = self._matrix.copy()
            matrix[:3, 3] = parts[0]
        else:
            matrix = compose(parts[0], parts[1], parts[2])
        if not is_affine(matrix):
            raise ValueError(f"a node's translation, rotation and scale are finite, not {[p.tolist() for p in parts]}")
        self._matrix, self._parts_key = matrix, key


__all__ = ["Node"]
