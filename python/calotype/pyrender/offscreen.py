"""Pictures without a window."""
from __future__ import annotations

from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Type

from .constants import RenderFlags
from .node import Node
from .renderer import Renderer
from .scene import Scene
from .tracked import Array


class OffscreenRenderer:
    """Makes pictures of scenes, without a window, a display or a GPU.

    Several may be used at once, each on any thread. Scenes that a renderer has drawn stay prepared in it until they are
    gone, it is deleted, or 16 others were drawn: what has not changed costs nothing in the next call.

    Parameters
    ----------
    viewport_width, viewport_height : int
        Size of the picture, pixels.
    point_size : float
        Width of points, pixels.
    samples : int, optional
        Of the colour a pixel: 1 (no antialiasing), 4 or 16. None: 1 with PYOPENGL_PLATFORM=osmesa, else 4.
    threads : int
        How many draw; 0 is one a core.
    backend : str, optional
        'cpu', 'egl', 'osmesa', 'glfw' or 'auto'. None: 'egl' with PYOPENGL_PLATFORM=egl, else 'auto'.

    Raises
    ------
    ValueError
        PYOPENGL_PLATFORM is unknown, or a number out of its range.
    calotype.Error
        The backend is not available here.
    """

    def __init__(self, viewport_width: int, viewport_height: int, point_size: float = 1.0, *,
                 samples: Optional[int] = None, threads: int = 0, backend: Optional[str] = None) -> None:
        self._renderer = Renderer(viewport_width, viewport_height, point_size, samples=samples, threads=threads,
                                  backend=backend)

    @property
    def viewport_width(self) -> int:
        """int : Width of the picture, pixels."""
        return self._renderer.viewport_width

    @viewport_width.setter
    def viewport_width(self, value: Any) -> None:
        self._renderer.viewport_width = value

    @property
    def viewport_height(self) -> int:
        """int : Height of the picture, pixels."""
        return self._renderer.viewport_height

    @viewport_height.setter
    def viewport_height(self, value: Any) -> None:
        self._renderer.viewport_height = value

    @property
    def point_size(self) -> float:
        """float : Width of points, pixels."""
        return self._renderer.point_size

    @point_size.setter
    def point_size(self, value: Any) -> None:
        self._renderer.point_size = value

    @property
    def samples(self) -> int:
        """int : Samples of the colour a pixel: 1, 4 or 16."""
        return self._renderer.samples

    @samples.setter
    def samples(self, value: Any) -> None:
        self._renderer.samples = value

    def render(self, scene: Scene, flags: int = RenderFlags.NONE,
               seg_node_map: Optional[Mapping[Node, Any]] = None) -> Any:
        """A picture of the scene by its main camera.

        Parameters
        ----------
        scene : Scene
            What to draw. It needs a camera.
        flags : int
            `RenderFlags`, joined by ``|``.
        seg_node_map : mapping of Node to int or (3,) int, optional
            With `RenderFlags.SEG`: ids or colours from 0 to 255. The colour picture then has exactly these codes, black
            where other nodes are seen or nothing is. A node stands for itself, not for its children.

        Returns
        -------
        color : uint8 (h, w, 3), with `RenderFlags.RGBA` (h, w, 4)
            sRGB; left out with `RenderFlags.DEPTH_ONLY`. Rows from top to bottom.
        depth : float32 (h, w)
            Metres from the camera's plane at the pixels' centres, 0 where nothing is.

        Raises
        ------
        ValueError
            The scene has no camera or something in it cannot be drawn; the sentence says what.
        calotype.Error
            The same, from the library.
        """
        return self._renderer.render(scene, flags, seg_node_map)

    def render_batch(self, scene: Scene, camera_nodes: Optional[Sequence[Node]] = None, camera_poses: Any = None,
                     poses: Optional[Mapping[Node, Any]] = None, flags: int = RenderFlags.NONE,
                     channels: Sequence[str] = ("color", "depth"),
                     seg_node_map: Optional[Mapping[Node, Any]] = None) -> Dict[str, Array]:
        """Many pictures in one call, drawn by all threads together (pyrender has no such call).

        As many pictures are made as the longest of `camera_nodes`, `camera_poses` and `poses`; the others have as many
        entries, or one.

        Parameters
        ----------
        scene : Scene
            What to draw.
        camera_nodes : sequence of Node, optional
            Nodes with cameras. None: the main camera's.
        camera_poses : (n, 4, 4) float, optional
            Where the cameras stand (camera to world), instead of at their nodes.
        poses : mapping of Node to (n, 4, 4) float, optional
            For each picture the transform to its parent of each of these nodes, instead of its own; whatever hangs
            below them moves along.
        flags, seg_node_map
            As of `render`; DEPTH_ONLY is better said by `channels`.
        channels : sequence of str
            Of 'color' and 'depth' as of `render`; 'normal' float32 (h, w, 3), unit, in camera axes (right, up, back),
            facing the camera, with normal maps; 'geometric_normal', the triangles' own; 'mask' uint8 (h, w);
            'instance_id' uint32 (h, w), from 1, see `instance_nodes`; 'material_id' uint32 (h, w); 'position' float32
            (h, w, 3), in the world; 'uv' float32 (h, w, 2), v growing downwards; 'albedo' float32 (h, w, 3), linear;
            'metal_roughness' float32 (h, w, 2). All but the colour are of the pixels' centres; 0 where nothing is.

        Returns
        -------
        dict of str to array
            By channel, with a first axis of n.

        Raises
        ------
        ValueError
            Numbers of cameras and poses do not fit one another, a channel is unknown, or as `render`.
        """
        return self._renderer.render_batch(scene, camera_nodes, camera_poses, poses, flags, channels, seg_node_map)

    def instance_nodes(self, scene: Scene) -> List[Node]:
        """The nodes that the ids of the channel 'instance_id' stand for: id 1 is the first. Copies come one by one."""
        return self._renderer.instance_nodes(scene)

    def delete(self) -> None:
        """Ends threads and frees memory. After that it cannot be used; twice is fine."""
        self._renderer.delete()

    def __enter__(self) -> OffscreenRenderer:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.delete()


__all__ = ["OffscreenRenderer"]
