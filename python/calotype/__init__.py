"""Calotype: 3D assets and simulator states to labelled pictures, on any headless machine.

>>> import calotype
>>> scene = calotype.Scene.load("duck.glb")                            # doctest: +SKIP
>>> views = calotype.cameras.orbit(count=8, width=256, height=256)
>>> frames = calotype.Renderer().render(scene, views, ("color", "depth"))  # doctest: +SKIP
>>> frames["color"].shape                                              # doctest: +SKIP
(8, 256, 256, 4)

``calotype.pyrender`` runs programs that were written for pyrender; ``calotype.mujoco`` shows MuJoCo's models and states.
"""
from __future__ import annotations

from . import cameras
from ._calotype import version as __version__
from .build import Material, MorphTarget, SceneBuilder, Texture
from .cameras import Views
from .errors import (ArgumentError, BackendError, CancelledError, EmptyError, Error, FormatError, LimitError, MemoryError,
                     NotFoundError, ReadWriteError, UnsupportedError)
from .lighting import Light, Lighting, load_image
from .pose import Pose
from .rendering import CHANNELS, Backend, EglDevice, Prepared, Renderer, Settings, backends, egl_devices
from .scene import Scene
from .states import States, Stream

__all__ = [
    "ArgumentError", "Backend", "BackendError", "CHANNELS", "CancelledError", "EglDevice", "EmptyError", "Error",
    "FormatError", "Light", "Lighting", "LimitError", "Material", "MemoryError", "MorphTarget", "NotFoundError", "Pose", "Prepared",
    "ReadWriteError", "Renderer", "Scene", "SceneBuilder", "Settings", "States", "Stream", "Texture", "UnsupportedError", "Views",
    "__version__", "backends", "cameras", "egl_devices", "load_image",
]
