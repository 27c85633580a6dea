"""A pyrender scene as a calotype scene: made anew only when what is in it changed, posed anew when it only moved."""
from __future__ import annotations

import math
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from .. import _calotype
from ..cameras import FITS
from .appearance import Appearance
from .light import Light, PointLight, SpotLight
from .mesh import Mesh
from .node import Node, Vector
from .primitive import Primitive
from .scene import Scene
from .skin import Skin
from .topology import Geometry, geometry_of
from .tracked import Array, Tracked, snapshot

_NO_LIMIT = 2**63 - 1
_FIT_NONE = FITS.index("none")
_DIRECTIONAL, _POINT, _SPOT = 0, 1, 2  # calo_light_kind
_STAYS = np.full((4, 4), np.nan)  # a pose's matrix that says: as the scene has it
_STAYS.flags.writeable = False

# Of a mesh: the index of a calotype mesh, the transforms of its copies (None: one, as it stands), and how many morph
# targets it has. Primitives with the same copies go together.
Group = Tuple[int, Optional[Array], int]


def _unique(items: Iterable[Any]) -> List[Any]:
    return list(dict.fromkeys(items))


class Structure:
    """What a scene consists of, as a calotype scene that borrows its arrays; and where it stands.

    Attributes
    ----------
    handle : the extension's scene.
    light_nodes : list of Node
    has_wireframes : whether any material shows edges only.
    drawn : list of (index of the calotype node, Node, number of copies), in the order of instance ids.
    pose_number : changes when anything moved.
    """

    def __init__(self, scene: Scene) -> None:
        self._graph: int = scene.__dict__["_graph_version"]
        self._all = list(scene._parents)
        self._mesh_nodes = [node for node in self._all if node.mesh is not None and node.mesh.is_visible]
        self.light_nodes = [node for node in self._all if node.light is not None]
        self._meshes: List[Mesh] = _unique(node.mesh for node in self._all if node.mesh is not None)
        self._primitive_lists = [list(mesh.primitives) for mesh in self._meshes]
        self._primitives: List[Primitive] = _unique(one for primitives in self._primitive_lists for one in primitives)
        materials = _unique(primitive.material for primitive in self._primitives)
        textures = _unique(texture for material in materials for texture in material.textures)
        self._contents: List[Tracked] = (self._primitives + materials + textures
                                         + _unique(texture.sampler for texture in textures)
                                         + _unique(node.skin for node in self._mesh_nodes
                                                   if isinstance(node.skin, Skin)))
        self.has_wireframes = any(material.wireframe for material in materials)
        self._numbers = self._read_numbers()
        self._included = self._find_included(scene)
        self._index = {node: index for index, node in enumerate(self._included)}
        self.drawn: List[Tuple[int, Node, int]] = []
        self._morphing: List[Tuple[int, Node, int]] = []  # calotype node, node, number of weights
        self.handle = self._build(scene)
        self.pose_number = 0
        self._matrices: List[Vector] = []
        self._places: List[int] = []
        self._weights = b""
        self.refresh_pose()

    # ---- has anything changed? ----

    def _read_numbers(self) -> List[int]:
        numbers = [content.identity for content in self._contents]
        numbers += [node._version for node in self._all]
        numbers += [mesh._version for mesh in self._meshes]
        for primitive in self._primitives:
            own = primitive.__dict__
            numbers.append(own["_material_version"])
            numbers.append(own["_poses_version"])
        return numbers

    def holds(self, scene: Scene) -> bool:
        """Whether the scene still consists of this."""
        if self._graph != scene.__dict__["_graph_version"] or self._numbers != self._read_numbers():
            return False
        return all(mesh.primitives == known for mesh, known in zip(self._meshes, self._primitive_lists))

    def refresh_pose(self) -> None:
        """Looks where everything is now."""
        matrices = [node._local() for node in self._included]
        places = list(map(id, matrices))
        weights = b"".join([self._weights_of(node, count).tobytes() for _, node, count in self._morphing])
        if places != self._places or weights != self._weights or self.pose_number == 0:
            self._matrices, self._places, self._weights = matrices, places, weights
            self.pose_number += 1

    # ---- poses ----

    @staticmethod
    def _weights_of(node: Node, count: int) -> npt.NDArray[np.float32]:
        """The morph weights of a node: its own, else its mesh's, else 0."""
        given = node.weights
        if given is None and node.mesh is not None:
            given = node.mesh.weights
        weights = np.zeros(count, dtype=np.float32)
        if given is not None:
            if len(given) > count:
                raise ValueError(f"{len(given)} weights are given for a mesh with {count} morph targets")
            weights[:len(given)] = given
        return weights

    def pose(self, replaced: Optional[Dict[Node, Vector]] = None) -> Tuple[Any, ...]:
        """What the extension takes for a pose (python/extension/pose.c); local transforms may be replaced."""
        matrices: Sequence[Vector] = self._matrices
        if replaced:
            matrices = [replaced.get(node, matrix) for node, matrix in zip(self._included, matrices)]
        indices = list(range(len(matrices)))
        weights: Optional[List[Optional[Array]]] = None
        if self._morphing:
            extra = [index for index, _, _ in self._morphing if index >= len(matrices)]
            indices, matrices = indices + extra, list(matrices) + [_STAYS] * len(extra)
            of_index = {index: self._weights_of(node, count) for index, node, count in self._morphing}
            weights = [of_index.get(index) for index in indices]
        if not indices:
            return 0, 0.0, _FIT_NONE, None, None, None, None, None, None
        return (0, 0.0, _FIT_NONE, None, np.array(indices, dtype=np.uint32), np.array(matrices),
                None if weights is None else tuple(weights), None, None)

    # ---- building ----

    def _find_included(self, scene: Scene) -> List[Node]:
        """Nodes that decide where something stands: what is drawn, joints, and all above them, parents first."""
        wanted: Dict[Node, None] = {}
        for node in self._mesh_nodes:
            starts = [node]
            if isinstance(node.skin, Skin):
                starts.extend(node.skin.joints)
            for start in starts:
                if start not in scene._parents:
                    raise ValueError("a skin's joints must be nodes of the scene")
                above: Optional[Node] = start
                while above is not None and above not in wanted:
                    wanted[above] = None
                    above = scene._parents[above]
        return [node for node in self._all if node in wanted]

    def _build(self, scene: Scene) -> Any:
        appearance = Appearance()
        meshes: List[Tuple[str, Tuple[Any, ...], None]] = []
        groups = {mesh: self._groups(mesh, meshes, appearance) for mesh in _unique(n.mesh for n in self._mesh_nodes)}
        skins: List[Tuple[str, Any, Any]] = []
        nodes: List[Tuple[Any, ...]] = []
        extra: List[Tuple[Node, Group, int]] = []
        drawable = set(self._mesh_nodes)
        for index, node in enumerate(self._included):
            own = groups[node.mesh] if node in drawable else []
            skin = self._skin(node, skins) if own else -1
            extra.extend((node, group, skin) for group in own[1:])
            above = scene._parents[node]
            parent = -1 if above is None else self._index[above]
            nodes.append(self._node(node, parent, index, node._local(), own[0] if own else None, skin))
        for node, group, skin in extra:
            nodes.append(self._node(node, self._index[node], len(nodes), np.eye(4), group, skin))
        self.drawn.sort(key=lambda entry: entry[0])
        parts: List[List[Any]] = [meshes, appearance.images, appearance.textures, appearance.materials, nodes, skins]
        no_cameras = no_lights = ()
        return _calotype.build(scene.name or "scene", _NO_LIMIT, _NO_LIMIT, False,
                               (*(tuple(part) for part in parts), no_cameras, no_lights))

    def _node(self, node: Node, parent: int, index: int, matrix: Vector, group: Optional[Group],
              skin: int) -> Tuple[Any, ...]:
        mesh, copies, targets = (-1, None, 0) if group is None else group
        if group is not None:
            self.drawn.append((index, node, 1 if copies is None else len(copies)))
            if targets:
                self._morphing.append((index, node, targets))
        return node.name or "", parent, True, matrix, mesh, skin, -1, -1, None, copies

    def _skin(self, node: Node, skins: List[Tuple[str, Any, Any]]) -> int:
        skin = node.skin
        if not isinstance(skin, Skin):
            return -1
        skins.append(("", np.array([self._index[joint] for joint in skin.joints], dtype=np.int32),
                      snapshot(skin, "inverse_bind_matrices")))
        return len(skins) - 1

    def _groups(self, mesh: Mesh, meshes: List[Tuple[str, Tuple[Any, ...], None]],
                appearance: Appearance) -> List[Group]:
        """The calotype meshes of a mesh: one for all primitives that have the same copies."""
        by_copies: Dict[Optional[bytes], Tuple[Optional[Array], List[Primitive]]] = {}
        for primitive in mesh.primitives:
            copies = snapshot(primitive, "poses")
            key = None if copies is None else copies.tobytes()
            by_copies.setdefault(key, (copies, []))[1].append(primitive)
        groups: List[Group] = []
        for copies, primitives in by_copies.values():
            described = []
            targets = 0
            for primitive in primitives:
                geometry = geometry_of(primitive)
                if len(geometry.indices):
                    described.append(_describe(primitive, geometry, appearance))
                    targets = max(targets, len(geometry.targets))
            if described and (copies is None or len(copies)):
                groups.append((len(meshes), None if copies is None else copies.astype(np.float64), targets))
                meshes.append((mesh.name or "", tuple(described), None))
        return groups


def _describe(primitive: Primitive, geometry: Geometry, appearance: Appearance) -> Tuple[Any, ...]:
    material = appearance.material(primitive.material, primitive._smallest_alpha() >= 1.0, geometry.uvs is not None)
    return (geometry.topology, geometry.positions, geometry.indices, geometry.normals, geometry.tangents, geometry.uvs,
            None, geometry.colors, geometry.joints, geometry.weights, tuple(geometry.targets), material,
            geometry.identity)


def world_pose(scene: Scene, node: Node, replaced: Optional[Dict[Node, Vector]]) -> Vector:
    """The transform from a node to the world, where local transforms may be replaced."""
    if not replaced:
        return scene._world(node)
    pose = np.eye(4)
    above: Optional[Node] = node
    while above is not None:
        pose = replaced.get(above, above._local()) @ pose
        above = scene._parents[above]
    return pose


def light_tuple(light: Light, pose: Vector) -> Tuple[Any, ...]:
    """What the extension takes for a light that shines in the world (python/extension/renderer.c)."""
    rows = pose.tolist()
    back = rows[0][2], rows[1][2], rows[2][2]
    length = math.sqrt(back[0] * back[0] + back[1] * back[1] + back[2] * back[2])
    if length == 0.0:
        raise ValueError(f"the light {light.name or ''!r} has no direction: its node's transform has a scale of 0")
    kind, reach, inner, outer = _DIRECTIONAL, None, 0.0, 0.0
    if isinstance(light, SpotLight):
        kind, reach, inner, outer = _SPOT, light.range, light.innerConeAngle, light.outerConeAngle
    elif isinstance(light, PointLight):
        kind, reach = _POINT, light.range
    return (kind, tuple(snapshot(light, "color").tolist()), light.intensity, reach or 0.0, inner, outer,
            (rows[0][3], rows[1][3], rows[2][3]), (-back[0] / length, -back[1] / length, -back[2] / length))
