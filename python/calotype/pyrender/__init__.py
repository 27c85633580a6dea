"""pyrender's interface: programs written for pyrender 0.1.45 run with nothing but the import changed.

    import calotype.pyrender as pyrender

docs/pyrender.md says what is better here, and what is not there.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

from .alias import install
from .camera import Camera, IntrinsicsCamera, OrthographicCamera, PerspectiveCamera
from .constants import GLTF, RenderFlags, TextAlign
from .light import DirectionalLight, Light, PointLight, SpotLight
from .material import Material, MetallicRoughnessMaterial, SpecularGlossinessMaterial
from .mesh import Mesh
from .node import Node
from .offscreen import OffscreenRenderer
from .primitive import Primitive
from .renderer import Renderer
from .sampler import Sampler
from .scene import Scene
from .skin import Skin
from .texture import Texture
from .version import __version__

if TYPE_CHECKING:
    from .viewer import Viewer

__all__ = [
    "Camera", "PerspectiveCamera", "OrthographicCamera", "IntrinsicsCamera", "Light", "PointLight", "DirectionalLight",
    "SpotLight", "Sampler", "Texture", "Material", "MetallicRoughnessMaterial", "SpecularGlossinessMaterial",
    "Primitive", "Mesh", "Node", "Scene", "Skin", "Renderer", "OffscreenRenderer", "Viewer", "RenderFlags", "TextAlign",
    "GLTF", "__version__", "install",
]


def __getattr__(name: str) -> Any:
    # The viewer is seldom needed, and takes some time to import.
    if name == "Viewer":
        return importlib.import_module(".viewer", __name__).Viewer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
