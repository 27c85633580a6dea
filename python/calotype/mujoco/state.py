"""Poses that come from a state of a MuJoCo model."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

from ..pose import Pose

__all__: list[str] = []


@dataclass
class ModelPose(Pose):
    """What :meth:`Model.pose` makes: a :class:`calotype.Pose` whose joints stand somewhere. ``nodes`` and the like count
    more than the joints."""

    source: Optional[Tuple[Any, ...]] = None

    def _source(self) -> Optional[Tuple[Any, ...]]:
        return self.source
