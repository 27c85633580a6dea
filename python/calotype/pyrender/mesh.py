"""Sets of primitives that stand and move together."""
from __future__ import annotations

from typing import Any, List, Optional

import numpy as np
import numpy.typing as npt

from .bounded import Bounded
from .constants import GLTF
from .material import Material
from .primitive import Primitive
from .tracked import Attribute, Tracked, name_of
from .trimesh_import import trimesh_primitives


def _primitives(owner: Any, value: Any) -> List[Primitive]:
    primitives = value if isinstance(value, list) else list(value)
    for primitive in primitives:
        if not isinstance(primitive, Primitive):
            raise TypeError(f"a mesh's primitives are Primitives, not {type(primitive).__name__}")
    return primitives


def morph_weights(owner: Any, value: Any) -> Optional[npt.NDArray[np.float64]]:
    """A vector of weights of morph targets, float64."""
    if value is None:
        return None
    weights = np.array(value, dtype=np.float64)
    if weights.ndim != 1 or not np.isfinite(weights).all():
        raise ValueError(f"weights are a finite vector, a number for each morph target, not {value!r}")
    return weights


class Mesh(Bounded, Tracked):
    """A set of primitives.

    Parameters
    ----------
    primitives : list of Primitive
        A list stays the same object.
    name : str, optional
        What the user calls it.
    weights : (k,) float, optional
        How much of each morph target is seen where a node has no weights of its own. None: 0.
    is_visible : bool
        Whether it is drawn.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    primitives = Attribute(_primitives, "list of Primitive : What it is made of.")
    weights = Attribute(morph_weights, "(k,) float64 or None : How much of each morph target is seen.")
    is_visible = Attribute(lambda owner, value: bool(value), "bool : Whether it is drawn.")

    def __init__(self, primitives: Any, name: Optional[str] = None, weights: Any = None,
                 is_visible: bool = True) -> None:
        self.primitives = primitives
        self.name = name
        self.weights = weights
        self.is_visible = is_visible

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """(2, 3) float64 : The box around all primitives. Infinite and inside out where there is none."""
        bounds = np.array([[np.inf] * 3, [-np.inf] * 3])
        for primitive in self.primitives:
            box = primitive.bounds
            np.minimum(bounds[0], box[0], out=bounds[0])
            np.maximum(bounds[1], box[1], out=bounds[1])
        return bounds

    @property
    def is_transparent(self) -> bool:
        """bool : Whether anything shows through any primitive."""
        return any(primitive.is_transparent for primitive in self.primitives)

    @staticmethod
    def from_points(points: Any, colors: Any = None, normals: Any = None, is_visible: bool = True,
                    poses: Any = None) -> Mesh:
        """A mesh of points.

        Parameters
        ----------
        points : (n, 3) float
            Metres.
        colors : (n, 3) or (n, 4) float from 0 to 1, or integers from 0 to 255, optional
            Colours of the points.
        normals : (n, 3) float, optional
            Unit vectors, by which points are lit. None: they are lit as if they faced the camera.
        is_visible : bool
            Whether it is drawn.
        poses : (k, 4, 4) float, optional
            It is drawn once for each.
        """
        primitive = Primitive(positions=points, normals=normals, color_0=colors, mode=GLTF.POINTS, poses=poses)
        return Mesh(primitives=[primitive], is_visible=is_visible)

    @staticmethod
    def from_trimesh(mesh: Any, material: Optional[Material] = None, is_visible: bool = True, poses: Any = None,
                     wireframe: bool = False, smooth: bool = True) -> Mesh:
        """A mesh of what trimesh loaded or made.

        Parameters
        ----------
        mesh : trimesh.Trimesh, or list of them
            A primitive is made of each.
        material : Material, optional
            Instead of the meshes' own. None: their own, else grey 0.3, metallic 0.2, roughness 0.8.
        is_visible : bool
            Whether it is drawn.
        poses : (k, 4, 4) float, optional
            It is drawn once for each.
        wireframe : bool
            Edges of triangles instead of surfaces.
        smooth : bool
            Normals of vertices; else of faces, so that edges are sharp.

        Raises
        ------
        TypeError
            `mesh` is neither a Trimesh nor a list of them.
        ValueError
            Colours of faces were to be drawn smooth, or `poses` have the wrong shape.
        """
        return Mesh(primitives=trimesh_primitives(mesh, material, poses, wireframe, smooth), is_visible=is_visible)


__all__ = ["Mesh"]
