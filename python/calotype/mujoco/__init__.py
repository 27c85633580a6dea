"""MuJoCo's models and states to pictures. The package mujoco is not needed, and any version of it will do.

>>> model = calotype.mujoco.Model("scene.xml")                                         # doctest: +SKIP
>>> frames = model.render(qpos, ["front", "wrist"], channels=("rgb", "segmentation"))  # doctest: +SKIP

:class:`Renderer` stands in for ``mujoco.Renderer``.
"""
from __future__ import annotations

from .model import Joint, Model
from .renderer import NotDrawnWarning, Renderer, RenderScene

__all__ = ["Joint", "Model", "NotDrawnWarning", "RenderScene", "Renderer"]
