"""What follows from a box."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Bounded:
    """Base of what has bounds: primitives, meshes, scenes."""

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """(2, 3) float64 : The least and the greatest corner."""
        raise NotImplementedError

    @property
    def centroid(self) -> npt.NDArray[np.float64]:
        """(3,) float64 : The middle of the box."""
        return np.asarray(np.mean(self.bounds, axis=0))

    @property
    def extents(self) -> npt.NDArray[np.float64]:
        """(3,) float64 : The box's sides."""
        return np.asarray(np.diff(self.bounds, axis=0).reshape(-1))

    @property
    def scale(self) -> float:
        """float : The box's diagonal."""
        return float(np.linalg.norm(self.extents))
