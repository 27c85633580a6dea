"""Scenes from numpy arrays: meshes, materials, textures, nodes, skins, lights."""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .cameras import _array, _choice, _finite, _flag, _matrices, _one_matrix, _whole
from .errors import ArgumentError
from .lighting import Light, _finite_triple
from .scene import Scene

__all__ = ["Material", "MorphTarget", "SceneBuilder", "Texture"]

Array = npt.NDArray[Any]
TOPOLOGIES = ("triangles", "lines", "points")
_PER_ELEMENT = (3, 2, 1)
_WRAPS = ("repeat", "clamp", "mirror")
_FILTERS = ("linear", "nearest")
_ALPHA_MODES = ("opaque", "mask", "blend")
_SLOTS = ("base_color", "metallic_roughness", "specular_glossiness", "normal", "occlusion", "emissive", "specular",
          "specular_color")


@dataclass
class Texture:
    """A picture that a material reads.

    Parameters
    ----------
    pixels : uint8 (H, W), (H, W, 1), (H, W, 2: grey and alpha), (H, W, 3) or (H, W, 4); rows from top to bottom. sRGB
        where it holds colours, data as it is.
    uv_set : 0 or 1. UVs are glTF's: (0, 0) is the top left corner, v grows downwards.
    wrap_u, wrap_v : "repeat", "clamp" or "mirror".
    magnify, minify : "linear" or "nearest".
    mipmaps : sample smaller versions where the texture is far away.
    transform : (2, 3) that UVs are multiplied with.
    """

    pixels: npt.ArrayLike
    uv_set: int = 0
    wrap_u: str = "repeat"
    wrap_v: str = "repeat"
    magnify: str = "linear"
    minify: str = "linear"
    mipmaps: bool = True
    transform: npt.ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    name: str = ""
    identity: int = 0


@dataclass
class Material:
    """glTF 2.0's metallic-roughness material (or its specular-glossiness). Colours are linear; textures multiply.

    ``base_color``, ``metallic``, ``roughness``, ``specular`` and ``occlusion_strength`` are from 0 to 1.

    ``specular_glossiness``: then base_color is the diffuse colour, specular_color the reflectance at right angles, and
    roughness is 1 - glossiness. ``textures``: by slot: "base_color", "metallic_roughness" (G roughness, B metallic),
    "specular_glossiness", "normal", "occlusion" (R), "emissive", "specular" (A), "specular_color".
    """

    name: str = ""
    base_color: Sequence[float] = (1.0, 1.0, 1.0, 1.0)
    metallic: float = 0.0
    roughness: float = 1.0
    emissive: Sequence[float] = (0.0, 0.0, 0.0)
    ior: float = 1.5
    specular: float = 1.0
    specular_color: Sequence[float] = (1.0, 1.0, 1.0)
    specular_glossiness: bool = False
    normal_scale: float = 1.0
    occlusion_strength: float = 1.0
    alpha_mode: str = "opaque"
    alpha_cutoff: float = 0.5
    double_sided: bool = False
    unlit: bool = False
    wireframe: bool = False
    textures: Mapping[str, Texture] = field(default_factory=dict)


@dataclass
class MorphTarget:
    """What a morph weight of 1 adds to each vertex: (n, 3) each, or None."""

    positions: Optional[npt.ArrayLike] = None
    normals: Optional[npt.ArrayLike] = None
    tangents: Optional[npt.ArrayLike] = None


def _share(name: str, value: Any) -> float:
    number = _finite(name, value)
    if not 0 <= number <= 1:
        raise ArgumentError(f"{name} is from 0 to 1, not {value!r}")
    return number


def _index(what: str, value: Any) -> int:
    if value is None:
        return -1
    if not isinstance(value, (int, np.integer)) or not -1 <= value < 2**31:
        raise ArgumentError(f"a {what} is the number that adding it returned, or -1 for none, not {value!r}")
    return int(value)


def _name(value: Any) -> str:
    name = str(value)
    return name.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _floats(what: str, value: Optional[npt.ArrayLike], columns: Sequence[int]) -> Optional[Array]:
    """float32 (n, one of columns), C-contiguous; not copied where it is that already."""
    if value is None:
        return None
    out: Array = _array(what, value, np.float32)
    if out.ndim != 2 or out.shape[1] not in columns:
        raise ArgumentError(f"{what} have the shape (n, {' or '.join(map(str, columns))}), not {out.shape}")
    return out


def _unit(what: str, value: Optional[npt.ArrayLike], columns: int) -> Optional[Array]:
    """Vectors of unit length (tangents: their first three numbers); copied only where they have none. A vector without
    a direction becomes +z."""
    vectors = _floats(what, value, (columns,))
    if vectors is None:
        return None
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors[:, :3], vectors[:, :3], dtype=np.float64))
    if np.all(np.abs(lengths - 1) < 1e-4):
        return vectors
    good = np.isfinite(lengths) & (lengths > 0)
    vectors = vectors.copy()
    vectors[good, :3] /= lengths[good, None]
    vectors[~good, :3] = 0, 0, 1
    return vectors


def _whole_numbers(what: str, value: npt.ArrayLike) -> Array:
    try:
        given = np.asarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(f"{what} must be whole numbers: {error}") from None
    if given.dtype.kind not in "iu" and given.size:
        raise ArgumentError(f"{what} must be whole numbers, not {given.dtype}")
    return given


def _morph_weights(value: Optional[npt.ArrayLike]) -> Optional[Array]:
    """float32 (n,), or None."""
    return None if value is None else _array("morph weights", value, np.float32).reshape(-1)


def _indices(value: Optional[npt.ArrayLike], vertices: int, per_element: int) -> Array:
    """uint32 (count,), all below `vertices`; None is one after another."""
    if value is None:
        return np.arange(vertices - vertices % per_element, dtype=np.uint32)
    given = _whole_numbers("indices", value)
    if given.size == 0:
        return np.zeros(0, dtype=np.uint32)
    if given.ndim == 2 and given.shape[1] != per_element or given.ndim > 2 or given.size % per_element:
        raise ArgumentError(f"indices have the shape (n, {per_element}) or (n * {per_element},), not {given.shape}")
    if given.min() < 0 or given.max() >= vertices:
        raise ArgumentError(f"indices from {given.min()} to {given.max()} for {vertices} vertices")
    return _array("indices", given, np.uint32).reshape(-1)


def _colors(value: Optional[npt.ArrayLike]) -> Optional[Array]:
    """float32 (n, 4); whole numbers are 8-bit; RGB gets alpha 1."""
    if value is None:
        return None
    given = _array("colors", value, None)
    if given.dtype.kind in "iu":
        given = given / np.float32(255)
    colors = _floats("colors", given, (3, 4))
    assert colors is not None
    if colors.shape[1] == 3:
        colors = np.concatenate([colors, np.ones_like(colors[:, :1])], axis=1)
    return colors


def _pixels(value: npt.ArrayLike) -> Array:
    """uint8 (H, W, 4)."""
    given = _array("a texture", value, None)
    if given.ndim == 2:
        given = given[..., None]
    if given.ndim != 3 or given.shape[2] not in (1, 2, 3, 4) or given.dtype != np.uint8:
        raise ArgumentError(f"a texture is uint8 of shape (H, W[, 1 to 4]), not {given.dtype} of {given.shape}")
    if given.shape[2] < 3:  # grey, with alpha or without
        given = np.concatenate([np.repeat(given[..., :1], 3, axis=2), given[..., 1:]], axis=2)
    if given.shape[2] == 3:
        given = np.concatenate([given, np.full_like(given[..., :1], 255)], axis=2)
    return np.ascontiguousarray(given)


class SceneBuilder:
    """Collects the parts of a scene; :meth:`finish` makes it. Arrays of the right dtype are borrowed, not copied: they
    must not be changed while the scene lives.

    >>> builder = SceneBuilder()
    >>> mesh = builder.add_mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    >>> node = builder.add_node(mesh=mesh)
    >>> scene = builder.finish()
    """

    def __init__(self, name: str = "(arrays)", *, y_up: bool = False, max_memory_bytes: int = 0,
                 max_triangles: int = 0) -> None:
        """``y_up``: coordinates are y up (glTF's); they are turned into the z-up world."""
        self._arguments = (_name(name), _whole("max_memory_bytes", max_memory_bytes, 2**64 - 1),
                           _whole("max_triangles", max_triangles, 2**64 - 1), _flag("y_up", y_up))
        self._meshes: list[Tuple[Any, ...]] = []
        self._images: list[Tuple[Any, ...]] = []
        self._textures: list[Tuple[Any, ...]] = []
        self._materials: list[Tuple[Any, ...]] = []
        self._nodes: list[Tuple[Any, ...]] = []
        self._skins: list[Tuple[Any, ...]] = []
        self._cameras: list[Tuple[Any, ...]] = []
        self._lights: list[Tuple[Any, ...]] = []
        self._image_of: dict[int, Tuple[Any, int]] = {}  # by the id of the pixels, which are kept alive

    # ---- materials ----

    def _add_image(self, texture: Texture) -> int:
        known = self._image_of.get(id(texture.pixels))
        if known:
            return known[1]
        self._images.append((_name(texture.name), _pixels(texture.pixels), _whole("identity", texture.identity, 2**64 - 1)))
        self._image_of[id(texture.pixels)] = (texture.pixels, len(self._images) - 1)
        return len(self._images) - 1

    def _add_texture(self, slot: str, texture: Texture) -> Tuple[Any, ...]:
        if not isinstance(texture, Texture):
            raise ArgumentError(f"a calotype.Texture is needed, not {type(texture).__name__}")
        transform = _array("a texture's transform", texture.transform, np.float64)
        if transform.shape != (2, 3) or not np.isfinite(transform).all():
            raise ArgumentError(f"a texture's transform is (2, 3) finite numbers, not {texture.transform!r}")
        self._textures.append((self._add_image(texture), _choice("wrap", _WRAPS, texture.wrap_u),
                               _choice("wrap", _WRAPS, texture.wrap_v), _choice("filter", _FILTERS, texture.magnify),
                               _choice("filter", _FILTERS, texture.minify), not _flag("mipmaps", texture.mipmaps)))
        return (_choice("texture slot", _SLOTS, slot), len(self._textures) - 1, _whole("uv_set", texture.uv_set, 1),
                tuple(float(x) for x in transform.ravel()))

    def add_material(self, material: Material) -> int:
        """Returns the material's index."""
        if not isinstance(material, Material):
            raise ArgumentError(f"a calotype.Material is needed, not {type(material).__name__}")
        if not isinstance(material.textures, Mapping):
            raise ArgumentError("a material's textures are a dictionary by slot")
        color = _array("base_color", material.base_color, np.float64)
        if color.shape not in ((3,), (4,)):
            raise ArgumentError(f"a base color has three or four numbers, not {material.base_color}")
        base = tuple(_share("base_color", x) for x in (*color, 1.0)[:4])
        slots = tuple([self._add_texture(slot, texture) for slot, texture in material.textures.items()])
        self._materials.append((
            _name(material.name), base, _share("metallic", material.metallic), _share("roughness", material.roughness),
            _finite_triple("emissive", material.emissive), _finite("ior", material.ior),
            _share("specular", material.specular), _finite_triple("specular_color", material.specular_color),
            _flag("specular_glossiness", material.specular_glossiness), _finite("normal_scale", material.normal_scale),
            _share("occlusion_strength", material.occlusion_strength),
            _choice("alpha mode", _ALPHA_MODES, material.alpha_mode), _finite("alpha_cutoff", material.alpha_cutoff),
            _flag("double_sided", material.double_sided), _flag("unlit", material.unlit),
            _flag("wireframe", material.wireframe), slots))
        return len(self._materials) - 1

    # ---- meshes ----

    def primitive(self, positions: npt.ArrayLike, indices: Optional[npt.ArrayLike] = None, *, topology: str = "triangles",
                  normals: Optional[npt.ArrayLike] = None, tangents: Optional[npt.ArrayLike] = None,
                  uvs: Optional[npt.ArrayLike] = None, uvs_1: Optional[npt.ArrayLike] = None,
                  colors: Optional[npt.ArrayLike] = None, joints: Optional[npt.ArrayLike] = None,
                  joint_weights: Optional[npt.ArrayLike] = None, targets: Sequence[MorphTarget] = (),
                  material: Union[None, int, Material] = None, identity: int = 0) -> Tuple[Any, ...]:
        """One drawable run of elements, for :meth:`add_mesh_of`.

        Parameters
        ----------
        positions : (n, 3) float32, metres.
        indices : (m, 3) triangles, (m, 2) lines, (m, 1) points, or flat; None: vertices one after another.
        normals : (n, 3); None: flat shading (points and lines: unlit).
        tangents : (n, 4), w is the handedness; None: made from the UVs where a normal map needs them.
        uvs, uvs_1 : (n, 2), glTF's (v grows downwards).
        colors : (n, 3 or 4), linear; whole numbers are divided by 255.
        joints, joint_weights : (n, k), k a multiple of 4.
        material : of :meth:`add_material`, or a Material; None: Blender's grey.
        identity : not 0: a number that stands for exactly these arrays in this process, so that what renderers made of
            them is used again in other scenes.
        """
        vertices = _floats("positions", positions, (3,))
        if vertices is None:
            raise ArgumentError("a primitive needs positions")
        kind = _choice("topology", TOPOLOGIES, topology)
        if isinstance(material, Material):
            material = self.add_material(material)
        weights, numbers = _skinning(joints, joint_weights)
        # The extension's order: python/extension/build.c.
        return (kind, vertices, _indices(indices, len(vertices), _PER_ELEMENT[kind]), _unit("normals", normals, 3),
                _unit("tangents", tangents, 4), _floats("uvs", uvs, (2,)), _floats("uvs_1", uvs_1, (2,)), _colors(colors),
                numbers, weights, _targets(targets), _index("material", material),
                _whole("identity", identity, 2**64 - 1))

    def add_mesh_of(self, primitives: Sequence[Tuple[Any, ...]], *, name: str = "",
                    weights: Optional[npt.ArrayLike] = None) -> int:
        """A mesh of several primitives; ``weights`` are its default morph weights. Returns the mesh's index."""
        if not isinstance(primitives, (tuple, list)):
            raise ArgumentError(f"a list of what SceneBuilder.primitive made is needed, not {type(primitives).__name__}")
        self._meshes.append((_name(name), tuple(primitives), _morph_weights(weights)))
        return len(self._meshes) - 1

    def add_mesh(self, positions: npt.ArrayLike, indices: Optional[npt.ArrayLike] = None, *, name: str = "",
                 weights: Optional[npt.ArrayLike] = None, **arguments: Any) -> int:
        """A mesh of one primitive; arguments as :meth:`primitive`. Returns the mesh's index."""
        return self.add_mesh_of([self.primitive(positions, indices, **arguments)], name=name, weights=weights)

    # ---- nodes ----

    def add_node(self, *, name: str = "", parent: int = -1, matrix: Optional[npt.ArrayLike] = None, mesh: int = -1,
                 skin: int = -1, camera: int = -1, light: int = -1, visible: bool = True,
                 weights: Optional[npt.ArrayLike] = None, instances: Optional[npt.ArrayLike] = None) -> int:
        """A node; its parent must have been added before. Returns the node's index.

        matrix : (4, 4), from the node to its parent. instances : (k, 4, 4), copies, applied before ``matrix``.
        """
        local = np.eye(4) if matrix is None else _one_matrix(matrix)
        copies = None
        if instances is not None:
            copies = _array("instances", instances, np.float64)
            copies = _matrices(copies) if copies.size else np.zeros((0, 4, 4))
        self._nodes.append((_name(name), _index("parent", parent), _flag("visible", visible), local,
                            _index("mesh", mesh), _index("skin", skin), _index("camera", camera),
                            _index("light", light), _morph_weights(weights), copies))
        return len(self._nodes) - 1

    def add_skin(self, joints: npt.ArrayLike, inverse_bind: Optional[npt.ArrayLike] = None, *, name: str = "") -> int:
        """joints : (k,) nodes. inverse_bind : (k, 4, 4), from the mesh to each joint; None: identity."""
        given = _whole_numbers("joints", joints)
        if given.size and (given.min() < 0 or given.max() > 2**31 - 1):
            raise ArgumentError("a skin's joints are the numbers of nodes")
        nodes = _array("joints", given, np.int32).reshape(-1)
        matrices = np.tile(np.eye(4), (len(nodes), 1, 1)) if inverse_bind is None else _matrices(inverse_bind)
        self._skins.append((_name(name), nodes, matrices))
        return len(self._skins) - 1

    def add_camera(self, *, name: str = "", fov_y_radians: float = math.pi / 4, aspect_ratio: float = 0.0,
                   orthographic: bool = False, x_magnitude: float = 1.0, y_magnitude: float = 1.0,
                   near_metres: float = 0.0, far_metres: float = 0.0) -> int:
        """A camera that a node may carry (``Scene.camera_views``). aspect_ratio 0: the picture's; far 0: infinite."""
        numbers = {"fov_y_radians": fov_y_radians, "aspect_ratio": aspect_ratio, "x_magnitude": x_magnitude,
                   "y_magnitude": y_magnitude, "near_metres": near_metres, "far_metres": far_metres}
        self._cameras.append((_name(name), _flag("orthographic", orthographic),
                              *(_finite(*number) for number in numbers.items())))
        return len(self._cameras) - 1

    def add_light(self, light: Light, *, name: str = "") -> int:
        """A light that a node may carry; it shines where ``Lighting.scene_lights`` is set."""
        if not isinstance(light, Light):
            raise ArgumentError(f"a calotype.Light is needed, not {type(light).__name__}")
        self._lights.append((_name(name), *light._numbers()))
        return len(self._lights) - 1

    def finish(self) -> Scene:
        """Checks everything and makes the scene. The builder may go on and make more."""
        parts = (self._meshes, self._images, self._textures, self._materials, self._nodes, self._skins, self._cameras,
                 self._lights)
        return Scene(_calotype.build(*self._arguments, tuple(map(tuple, parts))))


def _targets(targets: Sequence[MorphTarget]) -> Tuple[Tuple[Optional[Array], ...], ...]:
    if not isinstance(targets, (tuple, list)) or not all(isinstance(target, MorphTarget) for target in targets):
        raise ArgumentError("targets are a list of calotype.MorphTarget")
    return tuple([(_floats("a target's positions", target.positions, (3,)),
                   _floats("a target's normals", target.normals, (3,)),
                   _floats("a target's tangents", target.tangents, (3,))) for target in targets])


def _skinning(joints: Optional[npt.ArrayLike], weights: Optional[npt.ArrayLike]) -> Tuple[Optional[Array], Optional[Array]]:
    """Weights (rows of sum 1) and joints; both or none."""
    if joints is None and weights is None:
        return None, None
    if joints is None or weights is None:
        raise ArgumentError("joints and joint_weights belong together")
    numbers, given = _whole_numbers("joints", joints), _array("joint_weights", weights, np.float32)
    if numbers.ndim != 2 or numbers.shape[1] % 4 or given.shape != numbers.shape:
        raise ArgumentError(f"joints are whole numbers and joint_weights numbers of one shape (n, 4), not {numbers.shape} "
                            f"and {given.shape}")
    if numbers.size and (numbers.min() < 0 or numbers.max() > 65535):
        raise ArgumentError("joints are numbers from 0 to 65535")
    sums = given.sum(axis=1, keepdims=True)
    shares = np.divide(given, sums, out=np.zeros_like(given), where=sums != 0)
    return shares, _array("joints", numbers, np.uint16)
