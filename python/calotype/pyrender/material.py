"""Materials: glTF's metallic-roughness model, and its older specular-glossiness one."""
from __future__ import annotations

from typing import Any, Callable, List, Optional, Set

from .formats import color
from .texture import Texture
from .tracked import ArrayAttribute, Attribute, Tracked, boolean, name_of, number, snapshot


def _texture(channels: str) -> Callable[[Any, Any], Optional[Texture]]:
    """A texture as it is; of a picture one is made, with these channels."""
    def convert(owner: Any, value: Any) -> Optional[Texture]:
        if value is None or isinstance(value, Texture):
            return value
        return Texture(source=value, source_channels=channels)
    return convert


def _alpha_mode(owner: Any, value: Any) -> str:
    if value not in ("OPAQUE", "MASK", "BLEND"):
        raise ValueError(f"alphaMode is 'OPAQUE', 'MASK' or 'BLEND', not {value!r}")
    return str(value)


def _factor(what: str, default: Optional[float] = None) -> Callable[[Any, Any], float]:
    return number(f"{what} must be from 0 to 1", lambda value: 0 <= value <= 1, default)


class Material(Tracked):
    """Base of all materials. Textures are `Texture`s or pictures (see `Texture`); factors are linear and multiply them.

    Parameters
    ----------
    name : str, optional
        What the user calls it.
    normalTexture : Texture or picture, optional
        Normals in tangent space, linear RGB, +y up.
    occlusionTexture : Texture or picture, optional
        Dims light that is not emitted, linear, in R.
    emissiveTexture : Texture or picture, optional
        Light that the surface gives off, sRGB.
    emissiveFactor : (3,) float, optional
        Of the emitted light. None: 0.
    alphaMode : str, optional
        'OPAQUE' (the default): alpha is ignored. 'MASK': the surface is there where alpha reaches `alphaCutoff`.
        'BLEND': what is behind shows through, sorted a pixel.
    alphaCutoff : float, optional
        0 to 1. None: 0.5.
    doubleSided : bool
        Back faces are drawn, and lit as what they are.
    smooth : bool
        Kept and not used: `Mesh.from_trimesh` has it as an argument.
    wireframe : bool
        Edges of triangles instead of surfaces.

    Raises
    ------
    ValueError
        A factor is out of its range, or an alpha mode unknown.
    TypeError
        A bool is not a bool, or a texture not a picture.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    normalTexture = Attribute(_texture("RGB"), "Texture or None : Normals in tangent space.")
    occlusionTexture = Attribute(_texture("R"), "Texture or None : Ambient occlusion.")
    emissiveTexture = Attribute(_texture("RGB"), "Texture or None : Emitted light, sRGB.")
    emissiveFactor = ArrayAttribute(color(3, default=0.0), "(3,) float32 : Of the emitted light, linear.")
    alphaMode = Attribute(_alpha_mode, "str : 'OPAQUE', 'MASK' or 'BLEND'.")
    alphaCutoff = Attribute(_factor("alphaCutoff"), "float : Where MASK becomes a surface.")
    doubleSided = Attribute(boolean("doubleSided"), "bool : Back faces are drawn.")
    smooth = Attribute(boolean("smooth"), "bool : Kept and not used.")
    wireframe = Attribute(boolean("wireframe"), "bool : Edges instead of surfaces.")

    def __init__(self, name: Optional[str] = None, normalTexture: Any = None, occlusionTexture: Any = None,
                 emissiveTexture: Any = None, emissiveFactor: Any = None, alphaMode: Optional[str] = None,
                 alphaCutoff: Optional[float] = None, doubleSided: bool = False, smooth: bool = True,
                 wireframe: bool = False) -> None:
        self.name = name
        self.normalTexture = normalTexture
        self.occlusionTexture = occlusionTexture
        self.emissiveTexture = emissiveTexture
        self.emissiveFactor = emissiveFactor
        self.alphaMode = "OPAQUE" if alphaMode is None else alphaMode
        self.alphaCutoff = 0.5 if alphaCutoff is None else alphaCutoff
        self.doubleSided = doubleSided
        self.smooth = smooth
        self.wireframe = wireframe

    @property
    def is_transparent(self) -> bool:
        """Whether the base colour's alpha makes anything show through."""
        if self.alphaMode == "OPAQUE":
            return False
        return self._smallest_alpha() < (self.alphaCutoff if self.alphaMode == "MASK" else 1.0)

    @property
    def textures(self) -> Set[Texture]:
        """The textures that it has."""
        return {texture for texture in self._texture_list() if texture is not None}

    def _texture_list(self) -> List[Optional[Texture]]:
        return [self.normalTexture, self.occlusionTexture, self.emissiveTexture]

    def _smallest_alpha(self) -> float:
        """The smallest alpha that the factor and the texture of the base colour may make."""
        return 1.0

    def _alpha_of(self, factor: str, texture: Optional[Texture]) -> float:
        return float(snapshot(self, factor)[3]) * (1.0 if texture is None else texture._smallest_alpha())


class MetallicRoughnessMaterial(Material):
    """glTF's metallic-roughness material. Parameters beside those of `Material`:

    Parameters
    ----------
    baseColorFactor : (4,) float, optional
        RGBA, linear. None: white.
    baseColorTexture : Texture or picture, optional
        RGBA, sRGB with straight alpha.
    metallicFactor, roughnessFactor : float
        0 to 1.
    metallicRoughnessTexture : Texture or picture, optional
        Linear: G is roughness, B is metalness. Of two channels the first is roughness.
    """

    baseColorFactor = ArrayAttribute(color(4, default=1.0), "(4,) float32 : RGBA, linear.")
    baseColorTexture = Attribute(_texture("RGBA"), "Texture or None : Base colour and alpha, sRGB.")
    metallicFactor = Attribute(_factor("metallicFactor", default=1.0), "float : Metalness, 0 to 1.")
    roughnessFactor = Attribute(_factor("roughnessFactor", default=1.0), "float : Perceptual roughness, 0 to 1.")
    metallicRoughnessTexture = Attribute(_texture("GB"), "Texture or None : G is roughness, B is metalness.")

    def __init__(self, name: Optional[str] = None, normalTexture: Any = None, occlusionTexture: Any = None,
                 emissiveTexture: Any = None, emissiveFactor: Any = None, alphaMode: Optional[str] = None,
                 alphaCutoff: Optional[float] = None, doubleSided: bool = False, smooth: bool = True,
                 wireframe: bool = False, baseColorFactor: Any = None, baseColorTexture: Any = None,
                 metallicFactor: Optional[float] = 1.0, roughnessFactor: Optional[float] = 1.0,
                 metallicRoughnessTexture: Any = None) -> None:
        super().__init__(name, normalTexture, occlusionTexture, emissiveTexture, emissiveFactor, alphaMode, alphaCutoff,
                         doubleSided, smooth, wireframe)
        self.baseColorFactor = baseColorFactor
        self.baseColorTexture = baseColorTexture
        self.metallicFactor = metallicFactor
        self.roughnessFactor = roughnessFactor
        self.metallicRoughnessTexture = metallicRoughnessTexture

    def _texture_list(self) -> List[Optional[Texture]]:
        return super()._texture_list() + [self.baseColorTexture, self.metallicRoughnessTexture]

    def _smallest_alpha(self) -> float:
        return self._alpha_of("baseColorFactor", self.baseColorTexture)


class SpecularGlossinessMaterial(Material):
    """glTF's specular-glossiness material (KHR_materials_pbrSpecularGlossiness). Beside `Material`'s parameters:

    Parameters
    ----------
    diffuseFactor : (4,) float, optional
        RGBA, linear. None: white.
    diffuseTexture : Texture or picture, optional
        RGBA, sRGB with straight alpha.
    specularFactor : (3,) float, optional
        Reflectance at normal incidence, linear. None: white.
    glossinessFactor : float
        0 to 1; 1 - roughness.
    specularGlossinessTexture : Texture or picture, optional
        RGB is sRGB reflectance, A is linear glossiness.
    """

    diffuseFactor = ArrayAttribute(color(4, default=1.0), "(4,) float32 : RGBA, linear.")
    diffuseTexture = Attribute(_texture("RGBA"), "Texture or None : Diffuse colour and alpha, sRGB.")
    specularFactor = ArrayAttribute(color(3, default=1.0), "(3,) float32 : Reflectance, linear.")
    glossinessFactor = Attribute(_factor("glossinessFactor"), "float : 1 - roughness.")
    specularGlossinessTexture = Attribute(_texture("RGBA"), "Texture or None : RGB reflectance, A glossiness.")

    def __init__(self, name: Optional[str] = None, normalTexture: Any = None, occlusionTexture: Any = None,
                 emissiveTexture: Any = None, emissiveFactor: Any = None, alphaMode: Optional[str] = None,
                 alphaCutoff: Optional[float] = None, doubleSided: bool = False, smooth: bool = True,
                 wireframe: bool = False, diffuseFactor: Any = None, diffuseTexture: Any = None,
                 specularFactor: Any = None, glossinessFactor: float = 1.0,
                 specularGlossinessTexture: Any = None) -> None:
        super().__init__(name, normalTexture, occlusionTexture, emissiveTexture, emissiveFactor, alphaMode, alphaCutoff,
                         doubleSided, smooth, wireframe)
        self.diffuseFactor = diffuseFactor
        self.diffuseTexture = diffuseTexture
        self.specularFactor = specularFactor
        self.glossinessFactor = glossinessFactor
        self.specularGlossinessTexture = specularGlossinessTexture

    def _texture_list(self) -> List[Optional[Texture]]:
        return super()._texture_list() + [self.diffuseTexture, self.specularGlossinessTexture]

    def _smallest_alpha(self) -> float:
        return self._alpha_of("diffuseFactor", self.diffuseTexture)


__all__ = ["Material", "MetallicRoughnessMaterial", "SpecularGlossinessMaterial"]
