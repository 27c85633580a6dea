"""What a viewer puts into the scene while it is open: its camera, its lights and axes."""
from __future__ import annotations

import copy
import math
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .camera import IntrinsicsCamera, OrthographicCamera, PerspectiveCamera
from .constants import DEFAULT_SCENE_SCALE, DEFAULT_Z_FAR, DEFAULT_Z_NEAR, GLTF
from .light import DirectionalLight
from .material import MetallicRoughnessMaterial
from .mesh import Mesh
from .node import Node
from .primitive import Primitive
from .scene import Scene

Vector = npt.NDArray[np.float64]

_AXIS_LENGTH, _AXIS_RADIUS, _ORIGIN_RADIUS = 1.0, 0.05, 0.1
_AXIS_SIDES = 32
_WORLD_AXIS_SIZE, _MESH_AXES_SIZE = 0.3, 0.5  # of the scene's and of the meshes' diagonals
_HALF_VIEW_ANGLE = math.pi / 6.0
_RAYMOND_TILT = math.pi / 6.0  # of the three lights against the camera's axis


class Stage:
    """A viewer's nodes in a scene. Whoever calls holds the viewer's lock.

    Parameters
    ----------
    scene : Scene
        The scene; until `leave` its main camera is the viewer's.
    view_center : (3,) float or None
        What the camera looks at where the scene has none. None: the scene's middle.
    """

    def __init__(self, scene: Scene, view_center: Any) -> None:
        self.scene = scene
        self._prior_node = scene.main_camera_node
        self._perspective, self._orthographic = _cameras(scene)
        self._magnification = self._orthographic.xmag, self._orthographic.ymag
        if self._prior_node is None:
            self.initial_pose = _initial_pose(scene, view_center)
        else:
            self.initial_pose = scene.get_pose(self._prior_node)
        self.camera_node = Node(matrix=self.initial_pose, camera=self._perspective)
        self._raymond_nodes = _raymond_nodes()
        self._direct_node = Node(light=DirectionalLight(color=np.ones(3), intensity=1.0))
        self._axis_mesh: Optional[Mesh] = None
        self._axes_shown = False, False
        self._axes: List[Node] = []
        scene.add_node(self.camera_node)
        scene.main_camera_node = self.camera_node

    def follow(self, flags: Dict[str, Any], pose: Vector) -> None:
        """Makes camera, lights and axes what a viewer's flags say."""
        camera = self._perspective if flags["use_perspective_cam"] else self._orthographic
        if self.camera_node.camera is not camera:
            self.camera_node.camera = camera
        if not np.array_equal(self.camera_node._local(), pose):
            self.camera_node.matrix = pose
        intensity = float(flags["lighting_intensity"])
        raymond = bool(flags["use_raymond_lighting"])
        for node in self._raymond_nodes:
            self._light(node, raymond, intensity / 3.0)
        self._light(self._direct_node, bool(flags["use_direct_lighting"]), intensity)
        axes = bool(flags["show_world_axis"]), bool(flags["show_mesh_axes"])
        if axes != self._axes_shown:
            self._show_axes(*axes)

    def magnify(self, factor: float) -> None:
        """What the orthographic camera sees becomes `factor` times as large."""
        camera = self._orthographic
        factor = max(factor, 1e-8 / camera.xmag)
        camera.xmag *= factor
        camera.ymag *= factor

    def reset_magnification(self) -> None:
        """The orthographic camera sees again what it did at first."""
        self._orthographic.xmag, self._orthographic.ymag = self._magnification

    def leave(self) -> None:
        """Takes everything out of the scene, and gives it back the main camera that it had; twice is fine."""
        for node in (*self._axes, *self._raymond_nodes, self._direct_node, self.camera_node):
            if self.scene.has_node(node):
                self.scene.remove_node(node)
        self._axes = []
        prior, self._prior_node = self._prior_node, None
        if prior is not None and self.scene.has_node(prior):
            self.scene.main_camera_node = prior

    def _light(self, node: Node, shines: bool, intensity: float) -> None:
        if shines != self.scene.has_node(node):
            if shines:
                self.scene.add_node(node, parent_node=self.camera_node)
            else:
                self.scene.remove_node(node)
        light = node.light
        if light is not None and light.intensity != intensity:
            light.intensity = intensity

    def _show_axes(self, world: bool, meshes: bool) -> None:
        for node in self._axes:
            if self.scene.has_node(node):
                self.scene.remove_node(node)
        self._axes = []
        places: List[Tuple[Optional[Node], float]] = []
        if meshes:
            places += [(node, _MESH_AXES_SIZE * node.mesh.scale) for node in self.scene.mesh_nodes
                       if node.mesh is not None and math.isfinite(node.mesh.scale)]
        if world:
            places.append((None, _WORLD_AXIS_SIZE * scene_size(self.scene)))
        if places and self._axis_mesh is None:
            self._axis_mesh = _make_axes()
        for parent, size in places:
            node = Node(mesh=self._axis_mesh, scale=np.full(3, size))
            self.scene.add_node(node, parent_node=parent)
            self._axes.append(node)
        self._axes_shown = world, meshes


def scene_size(scene: Scene) -> float:
    """The diagonal of a scene's box, metres; an empty scene is taken to have DEFAULT_SCENE_SCALE."""
    return scene.scale or DEFAULT_SCENE_SCALE


def _cameras(scene: Scene) -> Tuple[Any, OrthographicCamera]:
    """The scene's main camera (a copy) and a default one of the other kind."""
    node = scene.main_camera_node
    given = None if node is None else copy.copy(node.camera)
    perspective = given if isinstance(given, (PerspectiveCamera, IntrinsicsCamera)) else None
    orthographic = given if isinstance(given, OrthographicCamera) else None
    known = perspective or orthographic
    size = scene.scale
    far = None if known is None else known.zfar
    if far is None:
        far = max(size * 10.0, DEFAULT_Z_FAR)
    near = 0.0 if known is None else known.znear
    if near == 0.0:
        near = DEFAULT_Z_NEAR if size == 0.0 else min(size / 10.0, DEFAULT_Z_NEAR)
    if perspective is None:
        perspective = PerspectiveCamera(yfov=2.0 * _HALF_VIEW_ANGLE, znear=near, zfar=far)
    if orthographic is None:
        orthographic = OrthographicCamera(xmag=size or 1.0, ymag=size or 1.0, znear=near, zfar=far)
    return perspective, orthographic


def _initial_pose(scene: Scene, view_center: Any) -> Vector:
    """In front of the scene (towards +x) and above it, looking down at its middle by 45 degrees; z is upwards."""
    center = np.asarray(scene.centroid if view_center is None else view_center, dtype=np.float64)
    distance = scene_size(scene) / (2.0 * math.tan(_HALF_VIEW_ANGLE))
    diagonal = math.sqrt(0.5)
    pose = np.eye(4)
    pose[:3, 0] = 0.0, 1.0, 0.0
    pose[:3, 1] = -diagonal, 0.0, diagonal
    pose[:3, 2] = diagonal, 0.0, diagonal
    pose[:3, 3] = center + distance * np.array([1.0, 0.0, 1.0])
    return pose


def _raymond_nodes() -> List[Node]:
    """Three lights around the camera's axis, tilted towards it: the first to the right, the others a third further."""
    nodes = []
    for third in range(3):
        around = third * 2.0 * math.pi / 3.0
        back = np.array([math.sin(_RAYMOND_TILT) * math.cos(around), math.sin(_RAYMOND_TILT) * math.sin(around),
                         math.cos(_RAYMOND_TILT)])
        right = np.array([-math.sin(around), math.cos(around), 0.0])
        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = right, np.cross(back, right), back
        nodes.append(Node(matrix=matrix, light=DirectionalLight(color=np.ones(3), intensity=1.0)))
    return nodes


def _make_axes() -> Mesh:
    """A white ball with a red bar along x, a green one along y and a blue one along z."""
    bar, ball = _prism(), _ball()
    parts: List[Tuple[Vector, Tuple[float, ...]]] = [(ball, (1.0, 1.0, 1.0))]
    for axis in range(3):
        color = tuple(1.0 if channel == axis else 0.0 for channel in range(3))
        parts.append((np.roll(bar, axis + 1, axis=2), color))
    corners = np.concatenate([triangles for triangles, _ in parts])
    colors = np.concatenate([np.tile(color, (3 * len(triangles), 1)) for triangles, color in parts])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    material = MetallicRoughnessMaterial(metallicFactor=0.2, roughnessFactor=0.8)
    return Mesh([Primitive(positions=corners.reshape(-1, 3), normals=np.repeat(normals, 3, axis=0), color_0=colors,
                           mode=GLTF.TRIANGLES, material=material)])


def _ring(sides: int, radius: float) -> Vector:
    angles = 2.0 * math.pi / sides * np.arange(sides + 1)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def _prism() -> Vector:
    """A bar along +z from the origin, as triangles (n, 3, 3)."""
    ring = _ring(_AXIS_SIDES, _AXIS_RADIUS)
    triangles = []
    for here, there in zip(ring[:-1], ring[1:]):
        low, high = [(*here, 0.0), (*there, 0.0)], [(*here, _AXIS_LENGTH), (*there, _AXIS_LENGTH)]
        triangles += [(low[0], low[1], high[1]), (low[0], high[1], high[0]),
                      (high[0], high[1], (0.0, 0.0, _AXIS_LENGTH)), (low[1], low[0], (0.0, 0.0, 0.0))]
    return np.array(triangles)


def _ball() -> Vector:
    """A ball at the origin, as triangles (n, 3, 3)."""
    stacks = _AXIS_SIDES // 2
    profile = _ring(_AXIS_SIDES, _ORIGIN_RADIUS)[:stacks + 1]  # height and distance from the axis
    around = _ring(_AXIS_SIDES, 1.0)
    triangles = []
    for stack, ((height, radius), (next_height, next_radius)) in enumerate(zip(profile[:-1], profile[1:])):
        for here, there in zip(around[:-1], around[1:]):
            high = (*(radius * here), height), (*(radius * there), height)
            low = (*(next_radius * here), next_height), (*(next_radius * there), next_height)
            if stack > 0:
                triangles.append((high[0], low[1], high[1]))
            if stack < stacks - 1:
                triangles.append((high[0], low[0], low[1]))
    return np.array(triangles)
