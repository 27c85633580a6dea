"""What makes pictures of pyrender scenes. `OffscreenRenderer` is the one to use."""
from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections import OrderedDict
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from .. import _calotype
from ..cameras import _whole
from ..rendering import CHANNELS
from .compile import Structure, light_tuple, world_pose
from .constants import SHADOW_TEX_SZ, RenderFlags
from .node import Node, Vector, pose_matrix
from .scene import Scene
from .tracked import Array, snapshot
from .view import View, make_view

# OSMesa is how pyrender draws by the CPU: here that is the default backend.
_PLATFORMS = {"egl": "egl", "osmesa": "auto"}
_SCENES_KEPT = 16
_VARIANTS_KEPT = 4
_STATES_AT_ONCE = 64  # poses of a batch that are prepared together

_SHADING_PYRENDER = 1  # calo_shading
_FILL_MATERIAL, _FILL_FLIPPED, _FILL_WIREFRAME, _FILL_SOLID = range(4)  # calo_fill
_BACKGROUND_COLOR = 1  # calo_background
_CULL_AUTO, _CULL_OFF = 0, 1  # calo_cull
_RGB8, _RGBA8 = 2, 3  # calo_pixel_format
_SHADOWS = ((RenderFlags.SHADOWS_DIRECTIONAL, 1), (RenderFlags.SHADOWS_POINT, 2), (RenderFlags.SHADOWS_SPOT, 4))
_DATA = RenderFlags.DEPTH_ONLY | RenderFlags.SEG
_UNLIT = _DATA | RenderFlags.FLAT
# As calotype's, but colours have no alpha unless RGBA asks for it. Their order is calo_channel's.
_CHANNELS: Mapping[str, Tuple[int, Any]] = {**CHANNELS, "color": (3, np.uint8)}
_NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(_CHANNELS)}

Variant = Tuple[int, bool, int]  # fill, flat, normals
State = Dict[Node, Vector]  # local transforms instead of the scene's


class _Job(NamedTuple):
    """How views are drawn: the extension's options, and colours of nodes (None: lit)."""

    options: Tuple[Any, ...]
    node_colors: Optional[Array]


class _Prepared(NamedTuple):
    """What a scene was prepared with, and the extension's object."""

    pose_number: int
    lighting: Tuple[Any, ...]
    handle: Any


class _Known:
    """What a renderer keeps of a scene: its structure, and it prepared in a few ways (fill, flat, normals)."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.variants: OrderedDict[Variant, _Prepared] = OrderedDict()
        self.last_call = 0


def backend_from_environment() -> str:
    """The backend that PYOPENGL_PLATFORM means: 'egl', or 'auto' for 'osmesa' and where it is not set.

    Warns when EGL has no GPU, because Mesa's llvmpipe, which then draws, is many times slower than our CPU renderer.

    Raises
    ------
    ValueError
        It is set to something else.
    """
    platform = os.environ.get("PYOPENGL_PLATFORM")
    if not platform:
        return "auto"
    if platform not in _PLATFORMS:
        raise ValueError(f"PYOPENGL_PLATFORM is {platform!r}: 'egl' and 'osmesa' are known; without it the CPU draws")
    if platform == "egl":
        if "EGL_DEVICE_ID" in os.environ:
            os.environ.setdefault("CALOTYPE_EGL_DEVICE", os.environ["EGL_DEVICE_ID"])
        devices = _calotype.egl_devices()
        if devices and all(software for _, software, _, _ in devices):
            warnings.warn("PYOPENGL_PLATFORM is 'egl', but EGL has no GPU here: Mesa's llvmpipe draws; without the variable "
                          "calotype's CPU renderer does, many times faster", RuntimeWarning, stacklevel=4)
    return _PLATFORMS[platform]


class Renderer:
    """Makes pictures. Several may be used at once, each on any thread; calls of one wait for one another.

    Parameters
    ----------
    viewport_width, viewport_height : int
        Size of the picture, pixels.
    point_size : float
        Width of points, pixels.
    samples : int, optional
        Of the colour a pixel: 1 (no antialiasing), 4 or 16. None: 1 with PYOPENGL_PLATFORM=osmesa (where pyrender has
        no antialiasing), else 4.
    threads : int
        How many draw; 0 is one a core.
    backend : str, optional
        'cpu', 'egl', 'osmesa', 'glfw' or 'auto'. None: 'egl' with PYOPENGL_PLATFORM=egl, else 'auto'.

    Raises
    ------
    ValueError
        PYOPENGL_PLATFORM is unknown, or a size or the samples are none.
    calotype.Error
        The backend is not available here.
    """

    def __init__(self, viewport_width: int, viewport_height: int, point_size: float = 1.0, *,
                 samples: Optional[int] = None, threads: int = 0, backend: Optional[str] = None) -> None:
        self.viewport_width = viewport_width
        self.viewport_height = viewport_height
        self.point_size = point_size
        self._handle: Any = None
        chosen = backend_from_environment() if backend is None else str(backend)
        without = backend is None and os.environ.get("PYOPENGL_PLATFORM") == "osmesa"
        self.samples = (1 if without or chosen == "osmesa" else 4) if samples is None else samples
        self._lock = threading.RLock()
        self._scenes: weakref.WeakKeyDictionary[Scene, _Known] = weakref.WeakKeyDictionary()
        self._calls = 0
        self._latest: Any = None  # what was prepared last: a new scene often has the same meshes
        self._color: Optional[Array] = None
        self._depth: Optional[Array] = None
        self._handle = _calotype.renderer(chosen, _whole("threads", threads), 0.0)

    # ---- settings ----

    @property
    def viewport_width(self) -> int:
        """int : Width of the picture, pixels."""
        return self._viewport_width

    @viewport_width.setter
    def viewport_width(self, value: Any) -> None:
        self._viewport_width = _side(value, "viewport_width")

    @property
    def viewport_height(self) -> int:
        """int : Height of the picture, pixels."""
        return self._viewport_height

    @viewport_height.setter
    def viewport_height(self, value: Any) -> None:
        self._viewport_height = _side(value, "viewport_height")

    @property
    def point_size(self) -> float:
        """float : Width of points, pixels."""
        return self._point_size

    @point_size.setter
    def point_size(self, value: Any) -> None:
        size = float(value)
        if not 0.0 < size < 1e4:
            raise ValueError(f"point_size is above 0 pixels, not {size:g}")
        self._point_size = size

    @property
    def samples(self) -> int:
        """int : Samples of the colour a pixel: 1, 4 or 16."""
        return self._samples

    @samples.setter
    def samples(self, value: Any) -> None:
        if value not in (1, 4, 16):
            raise ValueError(f"samples are 1, 4 or 16 a pixel, not {value!r}")
        self._samples = int(value)

    @property
    def backend(self) -> str:
        """str : What draws: 'cpu', 'egl', 'osmesa' or 'glfw'."""
        return str(self._open().describe()[0])

    # ---- pictures ----

    def render(self, scene: Scene, flags: int = RenderFlags.NONE,
               seg_node_map: Optional[Mapping[Node, Any]] = None) -> Any:
        """A picture of the scene by its main camera; see `OffscreenRenderer.render`."""
        flags = _flags(flags)
        channels = ("depth",) if flags & RenderFlags.DEPTH_ONLY else ("color", "depth")
        structure, handle = self._prepare(scene, flags)
        views = self._views(scene, None, None, [])
        arrays = self._arrays(channels, 1, flags)
        self._draw(handle, views, arrays, _job(scene, structure, flags, seg_node_map))
        pictures = _finish(arrays, views)
        depth = self._depth = pictures["depth"][0]
        if flags & RenderFlags.DEPTH_ONLY:
            return depth
        color = self._color = pictures["color"][0]
        return color, depth

    def render_batch(self, scene: Scene, camera_nodes: Optional[Sequence[Node]] = None, camera_poses: Any = None,
                     poses: Optional[Mapping[Node, Any]] = None, flags: int = RenderFlags.NONE,
                     channels: Sequence[str] = ("color", "depth"),
                     seg_node_map: Optional[Mapping[Node, Any]] = None) -> Dict[str, Array]:
        """Many pictures in one call; see `OffscreenRenderer.render_batch`."""
        flags, channels = _flags(flags), _channels(channels)
        structure, handle = self._prepare(scene, flags)
        states = _states(scene, poses)
        views = self._views(scene, camera_nodes, camera_poses, states)
        arrays = self._arrays(channels, len(views), flags)
        job = _job(scene, structure, flags, seg_node_map)
        if len(states) == 1:  # for all views
            handle = self._prepare_state(scene, structure, flags, states[0])
        if len(states) <= 1:
            self._draw(handle, views, arrays, job)
            return _finish(arrays, views)
        for start in range(0, len(states), _STATES_AT_ONCE):
            part = slice(start, start + _STATES_AT_ONCE)
            handles = tuple(self._prepare_state(scene, structure, flags, state) for state in states[part])
            self._draw(handles, views[part], {name: array[part] for name, array in arrays.items()}, job)
        return _finish(arrays, views)

    def state(self, scene: Scene, flags: int = RenderFlags.NONE) -> Tuple[Any, ...]:
        """What `render` would draw now: equal to that of an earlier moment where the picture would be the same."""
        structure, handle = self._prepare(scene, flags)
        (view,) = self._views(scene, None, None, [])
        return handle, tuple(view.row), _job(scene, structure, flags, None).options, self.samples, self.point_size

    def instance_nodes(self, scene: Scene) -> List[Node]:
        """The nodes that the ids of the channel 'instance_id' stand for: id 1 is the first. Copies come one by one."""
        with self._lock:
            structure = self._know(scene).structure
        return [node for _, node, copies in structure.drawn for _ in range(copies)]

    def read_color_buf(self) -> Optional[Array]:
        """The colour picture of the last `render`, uint8 (h, w, 3 or 4), or None."""
        return self._color

    def read_depth_buf(self) -> Optional[Array]:
        """The depth picture of the last `render`, float32 (h, w), or None."""
        return self._depth

    def delete(self) -> None:
        """Ends threads and frees memory. After that it cannot be used; twice is fine."""
        with self._lock:
            handle, self._handle = self._handle, None
            self._scenes.clear()
            self._latest = self._color = self._depth = None
        if handle is not None:
            handle.close()

    # ---- views ----

    def _views(self, scene: Scene, camera_nodes: Optional[Sequence[Node]], camera_poses: Any,
               states: List[State]) -> List[View]:
        """A view a picture: of each camera, at each pose, or in each state of the scene."""
        nodes = [scene.main_camera_node] if camera_nodes is None else list(camera_nodes)
        given = None if camera_poses is None else np.asarray(camera_poses, dtype=np.float64)
        if given is not None and (given.ndim != 3 or given.shape[1:] != (4, 4)):
            raise ValueError(f"camera_poses have shape (n, 4, 4), not {given.shape}")
        counts = [len(nodes)] + ([len(states)] if states else []) + ([] if given is None else [len(given)])
        count = max(counts) if all(counts) else 0
        if any(one not in (1, count) for one in counts) and count:
            raise ValueError(f"{len(nodes)} cameras, {'no' if given is None else len(given)} camera_poses and "
                             f"{len(states) or 'no'} poses make no batch: as many of each are needed, or one")
        views = []
        for number in range(count):
            node = nodes[number % len(nodes)]
            if node is None or node.camera is None:
                raise ValueError("there is no camera: add one to the scene, or set main_camera_node to a node with one")
            if given is None and not scene.has_node(node):
                raise ValueError("camera_nodes must be in the scene, or camera_poses say where they are")
            state = states[number % len(states)] if states else None
            pose = world_pose(scene, node, state) if given is None else given[number % len(given)]
            views.append(make_view(node.camera, pose, self._viewport_width, self._viewport_height))
        return views

    # ---- what is kept of scenes ----

    def _open(self) -> Any:
        if self._handle is None:
            raise ValueError("this renderer was deleted: make a new one")
        return self._handle

    def _know(self, scene: Scene) -> _Known:
        """The scene's structure, up to date, and where everything is."""
        self._open()
        if not isinstance(scene, Scene):
            raise TypeError(f"a calotype.pyrender.Scene is needed, not {type(scene).__name__}")
        known = self._scenes.get(scene)
        if known is None or not known.structure.holds(scene):
            known = self._scenes[scene] = _Known(Structure(scene))
            if len(self._scenes) > _SCENES_KEPT:
                del self._scenes[min(self._scenes.items(), key=lambda entry: entry[1].last_call or self._calls + 1)[0]]
        else:
            known.structure.refresh_pose()
        self._calls += 1
        known.last_call = self._calls
        return known

    def _prepare(self, scene: Scene, flags: int) -> Tuple[Structure, Any]:
        """The scene prepared for these flags: what the last call had, or what shares most with it."""
        with self._lock:
            return self._prepare_locked(scene, flags)

    def _prepare_locked(self, scene: Scene, flags: int) -> Tuple[Structure, Any]:
        known = self._know(scene)
        structure = known.structure
        variant, lighting = _variant(flags, structure), _lighting(scene, structure, flags, None)
        last = known.variants.get(variant)
        if (last is None or last.pose_number != structure.pose_number
                or (last.lighting != lighting and not flags & _UNLIT)):
            reuse = self._latest if last is None else last.handle
            handle = self._make(structure, None, lighting, variant, reuse)
            last = known.variants[variant] = _Prepared(structure.pose_number, lighting, handle)
            if len(known.variants) > _VARIANTS_KEPT:
                known.variants.popitem(last=False)
        known.variants.move_to_end(variant)
        self._latest = last.handle
        return structure, last.handle

    def _prepare_state(self, scene: Scene, structure: Structure, flags: int, state: State) -> Any:
        """The same scene with nodes in other places."""
        return self._make(structure, state, _lighting(scene, structure, flags, state), _variant(flags, structure),
                          self._latest)

    def _make(self, structure: Structure, state: Optional[State], lighting: Tuple[Any, ...], variant: Variant,
              reuse: Any) -> Any:
        options = (*variant, 0.0, _SHADING_PYRENDER, False)
        return self._open().prepare(structure.handle, structure.pose(state), lighting, options, reuse)

    # ---- drawing ----

    def _arrays(self, channels: Sequence[str], count: int, flags: int) -> Dict[str, Array]:
        """New arrays (count, height, width, components) for the channels."""
        arrays = {}
        for name in channels:
            components, kind = _CHANNELS[name]
            if name == "color" and flags & RenderFlags.RGBA:
                components = 4
            arrays[name] = np.empty((count, self._viewport_height, self._viewport_width, components), dtype=kind)
        return arrays

    def _draw(self, prepared: Any, views: List[View], arrays: Dict[str, Array], job: _Job) -> None:
        """Fills the arrays. `prepared` is one for all views, or a tuple of one a view."""
        outputs: List[Optional[Array]] = [None] * len(_CHANNELS)
        mask = 0
        for name, array in arrays.items():
            outputs[_NUMBERS[name]] = array
            mask |= 1 << _NUMBERS[name]
        if not views or not mask:
            return
        rows = np.array([view.row for view in views])
        options = (mask, job.options[0], self._samples, *job.options[1:], self._point_size, 1.0)
        self._open().render(prepared, rows, options, tuple(outputs), job.node_colors, None)


def _flags(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"flags are RenderFlags joined by |, not {value!r}") from None


def _channels(names: Sequence[str]) -> Tuple[str, ...]:
    channels = (names,) if isinstance(names, str) else tuple(names)
    for channel in channels:
        if not isinstance(channel, str) or channel not in _CHANNELS:
            raise ValueError(f"there is no channel {channel!r}: choose of {', '.join(_CHANNELS)}")
    return channels


def _side(value: Any, what: str) -> int:
    side = int(value)
    if not 1 <= side <= 16384:
        raise ValueError(f"{what} is from 1 to 16384 pixels, not {side}")
    return side


def _variant(flags: int, structure: Structure) -> Variant:
    """What the flags say about how the scene is prepared: fill, flat, normals."""
    if flags & _DATA:
        return (_FILL_SOLID if structure.has_wireframes else _FILL_MATERIAL), False, 0
    fill = _FILL_MATERIAL
    if flags & RenderFlags.ALL_SOLID:
        fill = _FILL_SOLID
    elif flags & RenderFlags.ALL_WIREFRAME:
        fill = _FILL_WIREFRAME
    elif flags & RenderFlags.FLIP_WIREFRAME:
        fill = _FILL_FLIPPED
    normals = (1 if flags & RenderFlags.VERTEX_NORMALS else 0) | (2 if flags & RenderFlags.FACE_NORMALS else 0)
    return fill, bool(flags & RenderFlags.FLAT), normals


def _lighting(scene: Scene, structure: Structure, flags: int, state: Optional[State]) -> Tuple[Any, ...]:
    """What the extension takes for light: no environment, the scene's lights, which of them cast shadows, ambient."""
    lights = []
    for node in structure.light_nodes:
        light = node.light
        if light is not None:
            lights.append(light_tuple(light, world_pose(scene, node, state)))
    shadows = 0
    if not flags & _UNLIT:
        shadows = sum(bit for flag, bit in _SHADOWS if flags & flag)
    ambient = tuple(snapshot(scene, "ambient_light").tolist())
    return True, (1.0, 1.0, 1.0), 1.0, 0.0, None, False, tuple(lights), shadows, SHADOW_TEX_SZ, ambient


def _job(scene: Scene, structure: Structure, flags: int, seg_node_map: Optional[Mapping[Node, Any]]) -> _Job:
    colors = _node_colors(structure, seg_node_map or {}) if flags & RenderFlags.SEG else None
    red, green, blue, alpha = (min(max(one, 0.0), 1.0) for one in snapshot(scene, "bg_color").tolist())
    options = (_RGBA8 if flags & RenderFlags.RGBA else _RGB8, _BACKGROUND_COLOR, (red, green, blue),
               0.0 if colors is not None else 1.0 - alpha,
               _CULL_OFF if flags & RenderFlags.SKIP_CULL_FACES else _CULL_AUTO, False, False, 0.0, 0, 0)
    return _Job(options, colors)


def _node_colors(structure: Structure, seg_node_map: Mapping[Node, Any]) -> npt.NDArray[np.uint32]:
    """Rows of a calotype node and its 8-bit colour. Nodes that are not drawn are left out."""
    rows = []
    for index, node, _ in structure.drawn:
        if node in seg_node_map:
            rows.append([index, *_code(seg_node_map[node])])
    return np.array(rows, dtype=np.uint32).reshape(-1, 4)


def _code(value: Any) -> List[int]:
    """An id of 0 to 255 or an RGB triple of them."""
    codes = np.asarray(value)
    if codes.dtype.kind not in "biuf" or codes.shape not in ((), (3,)):
        raise ValueError(f"seg_node_map has an id of 0 to 255 or three of them a node, not {value!r}")
    if not (codes >= 0).all() or not (codes <= 255).all():
        raise ValueError(f"seg_node_map has codes from 0 to 255, not {value!r}: give more nodes RGB triples")
    triple = np.broadcast_to(np.rint(codes).astype(np.int64), (3,))
    return [int(code) for code in triple]


def _states(scene: Scene, poses: Optional[Mapping[Node, Any]]) -> List[State]:
    """`poses` of render_batch, by picture."""
    if poses is None:
        return []
    if not isinstance(poses, Mapping):
        raise TypeError(f"poses are transforms by node, in a mapping, not {type(poses).__name__}")
    count: Optional[int] = None
    states: List[State] = []
    for node, value in poses.items():
        if not scene.has_node(node):
            raise ValueError("every node of poses must be in the scene")
        matrices = np.asarray(value, dtype=np.float64)
        if matrices.ndim != 3 or matrices.shape[1:] != (4, 4) or (count is not None and len(matrices) != count):
            raise ValueError(f"poses have shape ({'n' if count is None else count}, 4, 4) for each node, "
                             f"not {matrices.shape}")
        if count is None:
            count = len(matrices)
            states = [{} for _ in range(count)]
        for state, matrix in zip(states, matrices):
            state[node] = pose_matrix(matrix)
    if not states:
        raise ValueError("poses has no pose: leave it out to draw the scene as it stands")
    return states


def _finish(arrays: Dict[str, Array], views: List[View]) -> Dict[str, Array]:
    """The arrays as users get them: without a last axis of 1, depths as the cameras count them."""
    if "depth" in arrays:
        for number, view in enumerate(views):
            if view.has_own_depth:
                view.finish_depth(arrays["depth"][number])
    return {name: array[..., 0] if array.shape[3] == 1 else array for name, array in arrays.items()}


__all__ = ["Renderer"]
