"""What trimesh loads, as primitives. trimesh itself is not needed: its objects are told by what they have."""
from __future__ import annotations

import copy
from typing import Any, List, Optional, Tuple

import numpy as np

from .constants import GLTF
from .material import Material, MetallicRoughnessMaterial
from .primitive import Primitive


def is_trimesh(value: Any) -> bool:
    """Whether it is a trimesh.Trimesh, or has what one has."""
    return all(hasattr(value, name) for name in ("vertices", "faces", "vertex_normals", "face_normals", "visual"))


def trimesh_primitives(mesh: Any, material: Optional[Material], poses: Any, wireframe: bool,
                       smooth: bool) -> List[Primitive]:
    """A primitive for each Trimesh; see `Mesh.from_trimesh`."""
    if is_trimesh(mesh):
        meshes = [mesh]
    elif isinstance(mesh, (list, tuple, set, frozenset, np.ndarray)):
        meshes = list(mesh)
    else:
        raise TypeError(f"from_trimesh takes a Trimesh or a list of them, not {type(mesh).__name__}")
    for one in meshes:
        if not is_trimesh(one):
            raise TypeError(f"from_trimesh takes Trimeshes, not {type(one).__name__}")
    return [_primitive(one, material, poses, wireframe, smooth) for one in meshes]


def _primitive(mesh: Any, material: Optional[Material], poses: Any, wireframe: bool, smooth: bool) -> Primitive:
    colors, texture_coordinates, own_material = _appearance(mesh, material, smooth)
    # A copy, because `wireframe` is this mesh's own matter; textures stay shared.
    chosen = copy.copy(own_material if material is None else material)
    chosen.wireframe = wireframe
    if smooth:
        positions, normals, indices = mesh.vertices, mesh.vertex_normals, np.asarray(mesh.faces)
    else:
        positions, normals, indices = _by_face(mesh, mesh.vertices), np.repeat(mesh.face_normals, 3, axis=0), None
    return Primitive(positions=positions, normals=normals, texcoord_0=texture_coordinates, color_0=colors,
                     indices=indices, material=chosen, mode=GLTF.TRIANGLES, poses=poses)


def _by_face(mesh: Any, vertex_values: Any) -> Any:
    """Values of vertices, anew for each corner of each face."""
    values = np.asarray(vertex_values)[np.asarray(mesh.faces)]
    return values.reshape(3 * len(mesh.faces), values.shape[-1])


def _plain(base: float) -> MetallicRoughnessMaterial:
    return MetallicRoughnessMaterial(alphaMode="BLEND", baseColorFactor=[base, base, base, 1.0], metallicFactor=0.2,
                                     roughnessFactor=0.8)


def _appearance(mesh: Any, material: Optional[Material], smooth: bool) -> Tuple[Any, Any, Material]:
    """Colours of vertices, texture coordinates, and the mesh's own material (any, where `material` is given)."""
    visual = mesh.visual
    if not visual.defined:
        return None, None, _plain(0.3)
    if visual.kind == "texture":
        coordinates = getattr(visual, "uv", None)
        if coordinates is None or len(coordinates) == 0:
            coordinates = None
        elif not smooth:
            coordinates = _by_face(mesh, coordinates)
        return None, coordinates, _plain(0.3) if material is not None else _textured_material(visual.material)
    if material is not None:
        return None, None, material
    if visual.kind == "vertex":
        colors = np.asarray(visual.vertex_colors)
        return colors if smooth else _by_face(mesh, colors), None, _plain(1.0)
    if visual.kind == "face":
        if smooth:
            raise ValueError("colours of faces need smooth=False: a vertex that faces share has one colour")
        return np.repeat(np.asarray(visual.face_colors), 3, axis=0), None, _plain(1.0)
    return None, None, _plain(0.3)


def _textured_material(material: Any) -> Material:
    if isinstance(material, Material):
        return material
    if hasattr(material, "baseColorFactor"):
        return _physically_based(material)
    if hasattr(material, "diffuse"):
        return _simple(material)
    return _plain(0.3)


def _physically_based(material: Any) -> MetallicRoughnessMaterial:
    """trimesh's PBRMaterial. Where it names no alpha mode, alpha blends."""
    mode = getattr(material, "alphaMode", None)
    return MetallicRoughnessMaterial(
        name=getattr(material, "name", None),
        normalTexture=material.normalTexture, occlusionTexture=material.occlusionTexture,
        emissiveTexture=material.emissiveTexture, emissiveFactor=material.emissiveFactor,
        alphaMode="BLEND" if mode is None else str(mode).upper(), alphaCutoff=material.alphaCutoff,
        doubleSided=bool(material.doubleSided), baseColorFactor=material.baseColorFactor,
        baseColorTexture=material.baseColorTexture, metallicFactor=material.metallicFactor,
        roughnessFactor=material.roughnessFactor, metallicRoughnessTexture=material.metallicRoughnessTexture)


def _simple(material: Any) -> MetallicRoughnessMaterial:
    """trimesh's SimpleMaterial, which OBJ and the like have: Ns becomes a roughness."""
    exponent = getattr(material, "kwargs", {}).get("Ns", 1.0)
    if isinstance(exponent, (list, tuple)):
        exponent = exponent[0]
    roughness = (2.0 / (max(float(exponent), 0.0) + 2.0)) ** 0.25
    return MetallicRoughnessMaterial(alphaMode="BLEND", roughnessFactor=roughness, baseColorFactor=material.diffuse,
                                     baseColorTexture=material.image)
