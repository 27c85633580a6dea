"""Scenes: a graph of nodes, a background and ambient light."""
from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple, Type, Union

import numpy as np
import numpy.typing as npt

from .bounded import Bounded
from .camera import Camera
from .formats import color
from .light import DirectionalLight, Light, PointLight, SpotLight
from .mesh import Mesh
from .node import Node, Vector
from .primitive import transformed_corners
from .tracked import ArrayAttribute, Attribute, Tracked, name_of
from .trimesh_import import is_trimesh


class Scene(Bounded, Tracked):
    """A graph of nodes, a background and ambient light.

    Parameters
    ----------
    nodes : iterable of Node, optional
        Nodes to begin with. Those that are nobody's children become roots.
    bg_color : (3,) or (4,) float, optional
        Background as it shall be in the picture (sRGB), and its alpha. None: white.
    ambient_light : (3,) float, optional
        Light from everywhere, linear RGB. None: none.
    name : str, optional
        What the user calls it.

    Raises
    ------
    ValueError
        A node has two parents, or no root leads to it.
    """

    name = Attribute(name_of, "str or None : What the user calls it.")
    bg_color = ArrayAttribute(color(4, default=1.0), "(4,) float32 : Background, sRGB and alpha.")
    ambient_light = ArrayAttribute(color(3, default=0.0), "(3,) float32 : Light from everywhere, linear RGB.")

    def __init__(self, nodes: Optional[Iterable[Node]] = None, bg_color: Any = None, ambient_light: Any = None,
                 name: Optional[str] = None) -> None:
        self.bg_color = bg_color
        self.ambient_light = ambient_light
        self.name = name
        self.clear()
        given = [] if nodes is None else list(nodes)
        parents: Dict[Node, Node] = {}
        for node in given:
            for child in node.children:
                if child in parents:
                    raise ValueError("a node has two parents")
                parents[child] = node
        for node in given:
            if node not in parents:
                self.add_node(node)
        for node in given:
            if node not in self._parents:
                raise ValueError("nodes are their own ancestors, so that no root leads to them")

    def clear(self) -> None:
        """Takes all nodes out."""
        self._parents: Dict[Node, Optional[Node]] = {}  # a parent stands before its children
        self._nodes: Set[Node] = set()
        self._main_camera_node: Optional[Node] = None
        self._touch("_graph_version")

    @property
    def nodes(self) -> Set[Node]:
        """set of Node : All nodes; not to be edited."""
        return self._nodes

    def _nodes_with(self, accept: Callable[[Node], bool]) -> Set[Node]:
        return {node for node in self._parents if accept(node)}

    @property
    def mesh_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a mesh."""
        return self._nodes_with(lambda node: node.mesh is not None)

    @property
    def meshes(self) -> Set[Mesh]:
        """set of Mesh : The meshes of all nodes."""
        return {node.mesh for node in self._parents if node.mesh is not None}

    def _light_nodes_of(self, kind: Type[Any]) -> Set[Node]:
        return self._nodes_with(lambda node: isinstance(node.light, kind))

    def _lights_of(self, kind: Type[Any]) -> Set[Any]:
        return {node.light for node in self._parents if isinstance(node.light, kind)}

    @property
    def light_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a light."""
        return self._light_nodes_of(Light)

    @property
    def lights(self) -> Set[Light]:
        """set of Light : The lights of all nodes."""
        return self._lights_of(Light)

    @property
    def point_light_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a point light."""
        return self._light_nodes_of(PointLight)

    @property
    def point_lights(self) -> Set[PointLight]:
        """set of PointLight : The point lights of all nodes."""
        return self._lights_of(PointLight)

    @property
    def spot_light_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a spot light."""
        return self._light_nodes_of(SpotLight)

    @property
    def spot_lights(self) -> Set[SpotLight]:
        """set of SpotLight : The spot lights of all nodes."""
        return self._lights_of(SpotLight)

    @property
    def directional_light_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a directional light."""
        return self._light_nodes_of(DirectionalLight)

    @property
    def directional_lights(self) -> Set[DirectionalLight]:
        """set of DirectionalLight : The directional lights of all nodes."""
        return self._lights_of(DirectionalLight)

    @property
    def camera_nodes(self) -> Set[Node]:
        """set of Node : Nodes with a camera."""
        return self._nodes_with(lambda node: node.camera is not None)

    @property
    def cameras(self) -> Set[Camera]:
        """set of Camera : The cameras of all nodes."""
        return {node.camera for node in self._parents if node.camera is not None}

    @property
    def main_camera_node(self) -> Optional[Node]:
        """Node or None : The node whose camera makes pictures; the first that was added, unless it is set."""
        return self._main_camera_node

    @main_camera_node.setter
    def main_camera_node(self, value: Node) -> None:
        if value not in self._parents:
            raise ValueError("the main camera's node must be in the scene")
        self._main_camera_node = value

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """(2, 3) float64 : The box around all meshes in the world (around their boxes' corners); 0 where there is none.

        Skins and morph targets are not regarded.
        """
        corners = []
        for node in self._parents:
            box = None if node.mesh is None else node.mesh.bounds
            if box is not None and np.isfinite(box).all():
                corners.append(transformed_corners(box, self.get_pose(node)[np.newaxis]))
        if not corners:
            return np.zeros((2, 3))
        together = np.vstack(corners)
        return np.array([together.min(axis=0), together.max(axis=0)])

    def add(self, obj: Union[Mesh, Light, Camera], name: Optional[str] = None, pose: Any = None,
            parent_node: Optional[Node] = None, parent_name: Optional[str] = None) -> Node:
        """Puts a mesh, a light or a camera into the scene.

        Parameters
        ----------
        obj : Mesh, Light or Camera
            What to add.
        name : str, optional
            The new node's name.
        pose : (4, 4) float, optional
            Its transform to its parent. None: the identity.
        parent_node : Node, optional
            Its parent. None: it is a root, or `parent_name` says.
        parent_name : str, optional
            Its parent's name, where only one node has it.

        Returns
        -------
        Node
            The new node.

        Raises
        ------
        TypeError
            `obj` is none of these.
        ValueError
            The parent is not in the scene, or not the only one with the name.
        """
        node = Node(name=name, matrix=pose)
        if isinstance(obj, Mesh):
            node.mesh = obj
        elif isinstance(obj, Light):
            node.light = obj
        elif isinstance(obj, Camera):
            node.camera = obj
        else:
            raise TypeError(f"a scene takes a Mesh, a Light or a Camera, not {type(obj).__name__}")
        if parent_node is None and parent_name is not None:
            found = self.get_nodes(name=parent_name)
            if len(found) != 1:
                raise ValueError(f"{len(found) or 'no'} nodes are named {parent_name!r}; one is needed as the parent")
            parent_node = found.pop()
        self.add_node(node, parent_node=parent_node)
        return node

    def get_nodes(self, node: Optional[Node] = None, name: Optional[str] = None,
                  obj: Union[Mesh, Light, Camera, None] = None, obj_name: Optional[str] = None) -> Set[Node]:
        """The nodes that match everything that is given.

        Parameters
        ----------
        node : Node, optional
            This node, if it is in the scene; then nothing else matters.
        name : str, optional
            Nodes of this name.
        obj : Mesh, Light or Camera, optional
            Nodes that have it.
        obj_name : str, optional
            Nodes that have an object of this name.
        """
        if node is not None:
            return {node} if node in self._parents else set()

        def matches(candidate: Node) -> bool:
            if name is not None and candidate.name != name:
                return False
            if obj is None and obj_name is None:
                return True
            attached = [one for one in (candidate.mesh, candidate.camera, candidate.light) if one is not None]
            return ((obj is None or any(one is obj for one in attached))
                    and (obj_name is None or any(one.name == obj_name for one in attached)))
        return self._nodes_with(matches)

    def add_node(self, node: Node, parent_node: Optional[Node] = None) -> None:
        """Puts a node and its children into the scene, all of them or, on an error, none.

        Parameters
        ----------
        node : Node
            A node that is not yet in the scene.
        parent_node : Node, optional
            A node that is. None: the new one is a root.

        Raises
        ------
        ValueError
            The node or one below it is in the scene already, or the parent is not.
        """
        if parent_node is not None and parent_node not in self._parents:
            raise ValueError("the parent node must be in the scene")
        arrivals = self._arrivals(node, parent_node)
        if parent_node is not None and not any(child is node for child in parent_node.children):
            parent_node.children.append(node)
        for arrival, parent in arrivals:
            self._parents[arrival] = parent
            self._nodes.add(arrival)
            if arrival.camera is not None and self._main_camera_node is None:
                self._main_camera_node = arrival
        self._touch("_graph_version")

    def _arrivals(self, node: Node, parent_node: Optional[Node]) -> List[Tuple[Node, Optional[Node]]]:
        """A node and all below it, each with its parent, parents first."""
        arrivals: List[Tuple[Node, Optional[Node]]] = []
        met: Set[Node] = set()
        waiting: List[Tuple[Node, Optional[Node]]] = [(node, parent_node)]
        while waiting:
            arrival, parent = waiting.pop()
            if arrival in self._parents:
                raise ValueError("a node that is to be added is in the scene already")
            if arrival in met:
                raise ValueError("a node that is to be added has two parents, or is its own ancestor")
            met.add(arrival)
            arrivals.append((arrival, parent))
            waiting.extend((child, arrival) for child in reversed(arrival.children))
        return arrivals

    def has_node(self, node: Node) -> bool:
        """Whether a node is in the scene."""
        return node in self._parents

    def remove_node(self, node: Node) -> None:
        """Takes a node and all below it out. They stay joined to one another, and may be added again.

        Raises
        ------
        ValueError
            The node is not in the scene.
        """
        self._require(node)
        parent = self._parents[node]
        if parent is not None:
            parent.children[:] = [child for child in parent.children if child is not node]
        leaving = {node}
        for candidate, above in self._parents.items():
            if above in leaving:
                leaving.add(candidate)
        for one in leaving:
            del self._parents[one]
            self._nodes.discard(one)
        if self._main_camera_node in leaving:
            self._main_camera_node = next((one for one in self._parents if one.camera is not None), None)
        self._touch("_graph_version")

    def get_pose(self, node: Node) -> Vector:
        """The transform from a node to the world, (4, 4) float64.

        Raises
        ------
        ValueError
            The node is not in the scene.
        """
        self._require(node)
        return self._world(node).copy()

    def _world(self, node: Node) -> Vector:
        """`get_pose` of a node that is in the scene, not to be written to."""
        pose = node._local()
        above = self._parents[node]
        while above is not None:
            pose = above._local() @ pose
            above = self._parents[above]
        return pose

    def set_pose(self, node: Node, pose: Any) -> None:
        """Sets a node's transform to its parent.

        Parameters
        ----------
        node : Node
            A node of the scene.
        pose : (4, 4) float
            The transform; it is copied.

        Raises
        ------
        ValueError
            The node is not in the scene, or the pose is no transform.
        """
        self._require(node)
        node.matrix = pose

    def _require(self, node: Node) -> None:
        if node not in self._parents:
            raise ValueError("the node must be in the scene")

    @staticmethod
    def from_trimesh_scene(trimesh_scene: Any, bg_color: Any = None, ambient_light: Any = None) -> Scene:
        """A scene of what a trimesh.Scene holds: its meshes and point clouds.

        Parameters
        ----------
        trimesh_scene : trimesh.Scene
            The scene to copy; each node with geometry becomes a root.
        bg_color, ambient_light
            As of `Scene`.

        Raises
        ------
        TypeError
            It holds something else, such as paths.
        """
        geometries = {name: _geometry(name, geometry) for name, geometry in trimesh_scene.geometry.items()}
        scene = Scene(bg_color=bg_color, ambient_light=ambient_light)
        for node in trimesh_scene.graph.nodes_geometry:
            pose, geometry_name = trimesh_scene.graph[node]
            scene.add(geometries[geometry_name], pose=pose)
        return scene


def _geometry(name: str, geometry: Any) -> Mesh:
    if is_trimesh(geometry):
        return Mesh.from_trimesh(geometry)
    if hasattr(geometry, "vertices") and hasattr(geometry, "colors") and not hasattr(geometry, "entities"):
        colors = geometry.colors  # a PointCloud
        return Mesh.from_points(geometry.vertices, colors=colors if colors is not None and len(colors) else None)
    raise TypeError(f"the geometry {name!r} is a {type(geometry).__name__}; meshes and point clouds can be drawn")


__all__ = ["Scene"]
