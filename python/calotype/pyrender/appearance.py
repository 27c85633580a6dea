"""Materials and textures as the extension takes them (python/extension/build.c)."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .constants import GLTF
from .material import Material, MetallicRoughnessMaterial, SpecularGlossinessMaterial
from .texture import Texture
from .tracked import new_identity, snapshot

# calo_material_slot
_BASE_COLOR, _METALLIC_ROUGHNESS, _SPECULAR_GLOSSINESS, _NORMAL, _OCCLUSION, _EMISSIVE = range(6)
_WRAPS = {GLTF.REPEAT: 0, GLTF.CLAMP_TO_EDGE: 1, GLTF.MIRRORED_REPEAT: 2}
_ALPHA_MODES = {"OPAQUE": 0, "MASK": 1, "BLEND": 2}
_NEAREST = (GLTF.NEAREST, GLTF.NEAREST_MIPMAP_NEAREST, GLTF.NEAREST_MIPMAP_LINEAR)
_AS_IT_IS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

Use = Tuple[int, int, int, Tuple[float, ...]]


def _spread(texels: npt.NDArray[np.uint8], channels: str, slot: int) -> npt.NDArray[np.uint8]:
    """Texels as RGBA. Of two channels for roughness and metalness the first goes to G and the second to B."""
    if texels.ndim == 3 and texels.shape[2] == 4:
        return texels
    spread = np.full(texels.shape[:2] + (4,), 255, dtype=np.uint8)
    if texels.ndim == 2:
        spread[:, :, :3] = texels[:, :, np.newaxis]
    elif texels.shape[2] == 3:
        spread[:, :, :3] = texels
    elif slot == _METALLIC_ROUGHNESS or channels == "GB":
        spread[:, :, 1:3] = texels
    else:
        spread[:, :, :2] = texels
        spread[:, :, 2] = 0
    return spread


def _image(texture: Texture, slot: int) -> Tuple[npt.NDArray[np.uint8], int]:
    """RGBA texels of a texture and the number of this content, made once a content."""
    identity = texture.identity
    roughness = slot == _METALLIC_ROUGHNESS
    cache: Dict[bool, Tuple[int, npt.NDArray[np.uint8], int]] = texture.__dict__.setdefault("_cached_images", {})
    known = cache.get(roughness)
    if known is None or known[0] != identity:
        texels = snapshot(texture, "source")
        if texels is None:
            raise ValueError(f"the texture {texture.name or ''!r} is empty: it has no source")
        known = cache[roughness] = (identity, _spread(texels, texture.source_channels, slot), new_identity())
    return known[1], known[2]


class Appearance:
    """Collects what materials need: lists of images, textures and materials, each once."""

    def __init__(self) -> None:
        self.images: List[Tuple[str, Any, int]] = []
        self.textures: List[Tuple[int, int, int, int, int, bool]] = []
        self.materials: List[Tuple[Any, ...]] = []
        self._image_of: Dict[int, int] = {}
        self._texture_of: Dict[Tuple[int, ...], int] = {}
        self._material_of: Dict[Tuple[Material, str, bool], int] = {}

    def material(self, material: Material, opaque_vertices: bool, has_uvs: bool) -> int:
        """The index of a material. One that lets nothing show through is opaque, whatever its alpha mode says."""
        mode = material.alphaMode
        if mode == "BLEND" and opaque_vertices and material._smallest_alpha() >= 1.0:
            mode = "OPAQUE"
        key = (material, mode, has_uvs)
        index = self._material_of.get(key)
        if index is None:
            index = self._material_of[key] = len(self.materials)
            self.materials.append(self._describe(material, mode, has_uvs))
        return index

    def _describe(self, material: Material, mode: str, has_uvs: bool) -> Tuple[Any, ...]:
        uses: List[Use] = []
        if material.textures and not has_uvs:
            raise ValueError(f"the material {material.name or ''!r} has textures, and a primitive of it no texcoord_0")
        self._use(uses, _NORMAL, material.normalTexture)
        self._use(uses, _OCCLUSION, material.occlusionTexture)
        self._use(uses, _EMISSIVE, material.emissiveTexture)
        base: Tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
        specular: Tuple[float, ...] = (1.0, 1.0, 1.0)
        metallic, roughness, glossy = 0.0, 1.0, False
        if isinstance(material, MetallicRoughnessMaterial):
            base = tuple(snapshot(material, "baseColorFactor").tolist())
            metallic, roughness = material.metallicFactor, material.roughnessFactor
            self._use(uses, _BASE_COLOR, material.baseColorTexture)
            self._use(uses, _METALLIC_ROUGHNESS, material.metallicRoughnessTexture)
        elif isinstance(material, SpecularGlossinessMaterial):
            base = tuple(snapshot(material, "diffuseFactor").tolist())
            specular = tuple(snapshot(material, "specularFactor").tolist())
            roughness, glossy = 1.0 - material.glossinessFactor, True
            self._use(uses, _BASE_COLOR, material.diffuseTexture)
            self._use(uses, _SPECULAR_GLOSSINESS, material.specularGlossinessTexture)
        emissive = tuple(snapshot(material, "emissiveFactor").tolist())
        return (material.name or "", base, metallic, roughness, emissive, 1.5, 1.0, specular, glossy, 1.0, 1.0,
                _ALPHA_MODES[mode], material.alphaCutoff, material.doubleSided, False, material.wireframe,
                tuple(uses))

    def _use(self, uses: List[Use], slot: int, texture: Optional[Texture]) -> None:
        if texture is not None:
            uses.append((slot, self._texture(texture, slot), 0, _AS_IT_IS))

    def _texture(self, texture: Texture, slot: int) -> int:
        texels, identity = _image(texture, slot)
        image = self._image_of.setdefault(identity, len(self.images))
        if image == len(self.images):
            self.images.append((texture.name or "", texels, identity))
        sampler = texture.sampler
        key = (image, _WRAPS[sampler.wrapS], _WRAPS[sampler.wrapT], int(sampler.magFilter == GLTF.NEAREST),
               int(sampler.minFilter in _NEAREST), int(sampler.minFilter in (GLTF.NEAREST, GLTF.LINEAR)))
        index = self._texture_of.setdefault(key, len(self.textures))
        if index == len(self.textures):
            self.textures.append(key[:5] + (bool(key[5]),))
        return index
