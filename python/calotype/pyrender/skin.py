"""What makes a mesh follow joints (pyrender has none)."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from .tracked import ArrayAttribute, Attribute, Tracked

if TYPE_CHECKING:
    from .node import Node


def _inverse_bind_matrices(owner: Any, value: Any) -> npt.NDArray[np.float64]:
    count = len(owner.joints)
    if value is None:
        return np.tile(np.eye(4), (count, 1, 1))
    matrices = np.array(value, dtype=np.float64, order="C")
    if matrices.shape != (count, 4, 4):
        raise ValueError(f"inverse_bind_matrices of {count} joints have shape ({count}, 4, 4), not {matrices.shape}")
    return matrices


class Skin(Tracked):
    """Joints that a mesh follows: each vertex moves with the joints in its primitive's `joints_0` by `weights_0`.

    Parameters
    ----------
    joints : sequence of Node
        Nodes of the scene that the skinned node is in.
    inverse_bind_matrices : (number of joints, 4, 4) float, optional
        From the mesh's coordinates to each joint's. None: identities.

    Raises
    ------
    ValueError
        There are no joints, or the matrices have the wrong shape.
    """

    joints: Attribute[Tuple[Node, ...]] = Attribute(lambda owner, value: tuple(value), "tuple of Node : The joints.")
    inverse_bind_matrices = ArrayAttribute(_inverse_bind_matrices,
                                           "(k, 4, 4) float64 : From the mesh's coordinates to each joint's.")

    def __init__(self, joints: Sequence[Node], inverse_bind_matrices: Any = None) -> None:
        self.joints = joints
        if not self.joints:
            raise ValueError("a skin has at least one joint")
        self.inverse_bind_matrices = inverse_bind_matrices


__all__ = ["Skin"]
