"""Where the nodes of a scene stand at one moment."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .cameras import FITS, _array, _choice, _finite, _flag, _one_matrix
from .errors import ArgumentError, NotFoundError

if TYPE_CHECKING:
    from .scene import Scene

__all__ = ["Pose"]

Key = Union[int, str]


@dataclass
class Pose:
    """A state of a scene; scenes are never changed, so that any number of poses share one.

    Parameters
    ----------
    animation : name or index; None is the rest pose.
    time_seconds : of the animation, clamped to its keys.
    nodes : by index or name, (4, 4) local transforms (relative to the parent) in place of the scene's.
    weights : by index or name of nodes, morph weights in place of the scene's.
    root : (4, 4), applied to everything last, in the z-up world.
    fit : "none"; "unit_cube" or "half_cube" move and scale the posed scene into [-1, 1]^3 or [-0.5, 0.5]^3, instead of
        ``root``.
    visible : by index or name of nodes, whether the node itself (not its children) is drawn, in place of the scene's.
    """

    animation: Optional[Key] = None
    time_seconds: float = 0.0
    nodes: Mapping[Key, npt.ArrayLike] = field(default_factory=dict)
    weights: Mapping[Key, npt.ArrayLike] = field(default_factory=dict)
    root: Optional[npt.ArrayLike] = None
    fit: str = "none"
    visible: Mapping[Key, bool] = field(default_factory=dict)

    def _key(self, scene: Scene, what: str, names: list[str], wanted: Key) -> int:
        if isinstance(wanted, str):
            if wanted not in names:
                raise NotFoundError(f"{scene.path}: there is no {what} {wanted!r} among its {len(names)}")
            return names.index(wanted)
        if not isinstance(wanted, (int, np.integer)):
            raise ArgumentError(f"a {what} is an index or a name, not {wanted!r}")
        if not 0 <= wanted < len(names):
            raise NotFoundError(f"{scene.path} has {len(names)} {what}s: there is no {what} {wanted}")
        return int(wanted)

    def _moves(self, scene: Scene) -> Tuple[Any, Any, Any, Any]:
        """Nodes, their matrices (NaN: the scene's own place), weights and visibilities."""
        if not all(isinstance(given, Mapping) for given in (self.nodes, self.weights, self.visible)):
            raise ArgumentError("a pose's nodes, weights and visible are dictionaries by index or name")
        if not self.nodes and not self.weights and not self.visible:
            return None, None, None, None
        names = [node.name for node in scene.nodes]
        matrices = {self._key(scene, "node", names, key): _one_matrix(value) for key, value in self.nodes.items()}
        weights = {self._key(scene, "node", names, key): _array("a pose's morph weights", value, np.float32).copy()
                   for key, value in self.weights.items()}
        shown = {self._key(scene, "node", names, key): 1 if _flag("visible", value) else 2
                 for key, value in self.visible.items()}
        order = sorted(matrices.keys() | weights.keys() | shown.keys())
        stays = np.full((4, 4), np.nan)
        return (np.array(order, dtype=np.uint32), np.array([matrices.get(node, stays) for node in order]),
                tuple([weights.get(node) for node in order]),
                np.array([shown.get(node, 0) for node in order], dtype=np.uint8))

    def _source(self) -> Optional[Tuple[Any, ...]]:
        """What moves the nodes before ``nodes`` does: a state of a simulator (mujoco/state.py)."""
        return None

    def _tuple(self, scene: Scene) -> Tuple[Any, ...]:
        """What the extension takes (python/extension/pose.c). Nothing in it is the caller's own, so that it tells later
        whether the pose has changed."""
        fit = 1 + _choice("fit", FITS[1:], self.fit)
        if self.fit != "none" and self.root is not None:
            raise ArgumentError("a pose has a root or is fitted into a box, not both")
        animation = 0
        if self.animation is not None:
            animation = 1 + self._key(scene, "animation", [a.name for a in scene.animations], self.animation)
        root = None if self.root is None else _one_matrix(self.root)
        return (animation, _finite("time_seconds", self.time_seconds), fit, root, *self._moves(scene), self._source())
