"""Renderers: scenes and views to arrays."""
from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .cameras import _COLUMNS, _HEIGHT, _WIDTH, FITS, Views, _array, _choice, _finite, _flag, _whole
from .errors import ArgumentError, LimitError
from .lighting import Lighting
from .pose import Pose
from .scene import REST, Scene, _pose_tuple

__all__ = ["Backend", "CHANNELS", "EglDevice", "Prepared", "Renderer", "Settings", "backends", "egl_devices"]

Array = npt.NDArray[Any]
Progress = Callable[[int, int], Any]
# Which views, and the handle of what was prepared for all of them, or a tuple of one a view.
Part = Tuple[slice, Any]
Outputs = Tuple[Optional[Array], ...]  # by channel

# (components, dtype) of each channel but colour, in the C library's order.
CHANNELS: Mapping[str, Tuple[int, Any]] = {
    "color": (4, np.uint8), "depth": (1, np.float32), "normal": (3, np.float32), "geometric_normal": (3, np.float32),
    "mask": (1, np.uint8), "instance_id": (1, np.uint32), "material_id": (1, np.uint32), "position": (3, np.float32),
    "uv": (2, np.float32), "albedo": (3, np.float32), "metal_roughness": (2, np.float32),
}
_NAMES = tuple(CHANNELS)
# Colour formats: (calo_pixel_format, components, dtype).
_COLORS = {"rgba": (3, 4, np.uint8), "rgb": (2, 3, np.uint8), "float": (8, 4, np.float32)}
_FILLS = ("material", "flipped", "wireframe", "solid")
_SHADINGS = ("gltf", "pyrender", "mujoco")
_BACKGROUNDS = ("transparent", "color", "environment")
_NORMAL_LINES = ("vertex", "face")  # bits
_POSES_AT_ONCE = 64  # that are prepared together: each takes memory for every node


class Backend(NamedTuple):
    """What ``backends()`` tells. vendor, renderer, version are OpenGL's, "" elsewhere."""

    name: str
    available: bool
    detail: str
    software: bool
    vendor: str
    renderer: str
    version: str


class EglDevice(NamedTuple):
    """A device of EGL's list. ``software``: the CPU draws. ``cuda_device``: its CUDA ordinal, or -1. ``node``: its device
    file, or ""."""

    number: int
    software: bool
    cuda_device: int
    node: str


def egl_devices() -> list[EglDevice]:
    """What EGL offers; CALOTYPE_EGL_DEVICE chooses by ``number``. Empty without EGL. No driver is opened."""
    return [EglDevice(*device) for device in _calotype.egl_devices()]


def backends() -> list[Backend]:
    """Every backend, and for those that are not available why. Drivers are tried, which may take a second."""
    return [Backend(*backend) for backend in _calotype.backends()]


@dataclass(frozen=True)
class Settings:
    """What a scene is prepared with beside its pose and its light.

    Parameters
    ----------
    shading : "gltf", or the looks of "pyrender" and "mujoco" (docs/conventions.md#pyrenders-shading, #mujocos-shading).
    fill : "material", "flipped", "wireframe" or "solid".
    flat : every surface shows its base colour, unlit.
    normal_lines : draws "vertex" or "face" normals (or both) as lines of ``normal_length`` metres (0: 5 % of the mesh).
    opaque : every surface hides what is behind it, whatever its alpha.
    """

    shading: str = "gltf"
    fill: str = "material"
    flat: bool = False
    normal_lines: Tuple[str, ...] = ()
    normal_length: float = 0.0
    opaque: bool = False

    def _tuple(self) -> Tuple[Any, ...]:
        lines = 0
        if not isinstance(self.normal_lines, (tuple, list)):
            raise ArgumentError(f"normal_lines are a tuple of words, not {self.normal_lines!r}")
        for kind in self.normal_lines:
            lines |= 1 << _choice("kind of normals", _NORMAL_LINES, kind)
        return (_choice("fill", _FILLS, self.fill), _flag("flat", self.flat), lines,
                _finite("normal_length", self.normal_length), _choice("shading", _SHADINGS, self.shading),
                _flag("opaque", self.opaque))


_PLAIN_SETTINGS = Settings()
_PLAIN, _WHITE = _PLAIN_SETTINGS._tuple(), Lighting()._tuple()  # what is mostly asked for, made once


class Prepared:
    """A posed and lit scene in a renderer's own form; made by ``Renderer.prepare``, immutable, and usable by every
    renderer of the same backend."""

    def __init__(self, handle: Any, scene: Scene) -> None:
        self._handle = handle
        self.scene = scene


class Renderer:
    """Draws scenes. Several may be used at once, on any threads; one renderer does one call at a time (others wait).

    Parameters
    ----------
    backend : "auto" (what CALOTYPE_BACKEND says, else "cpu"), "cpu", "egl", "osmesa" or "glfw": docs/backends.md.
    threads : 0 is one a core. They start when they are first needed.
    lod_pixels : draw meshes simplified as far as nothing moves by more than this many pixels (docs/lod.md).

    Raises
    ------
    calotype.BackendError : the backend is not available here. Never another one instead.
    """

    def __init__(self, backend: str = "auto", threads: int = 0, *, lod_pixels: float = 0.0) -> None:
        self._handle = _calotype.renderer(str(backend), _whole("threads", threads), _finite("lod_pixels", lod_pixels))
        # By scene: what the last call was asked for (None: several poses), and the handle of what it prepared.
        self._kept: weakref.WeakKeyDictionary[Scene, Tuple[Any, Any]] = weakref.WeakKeyDictionary()

    @property
    def backend(self) -> str:
        """What draws: never "auto"."""
        return str(self._handle.describe()[0])

    @property
    def threads(self) -> int:
        """How many there are."""
        return int(self._handle.describe()[1])

    def close(self) -> None:
        """Ends threads and frees memory, after the call that is under way on another thread. Closing twice is fine."""
        self._kept.clear()
        self._handle.close()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return f"<calotype.Renderer {self.backend}, {self.threads} threads>"
        except ArgumentError:
            return "<calotype.Renderer, closed>"

    def prepare(self, scene: Scene, pose: Pose = REST, lighting: Optional[Lighting] = None,
                settings: Settings = _PLAIN_SETTINGS, *, reuse: Optional[Prepared] = None) -> Prepared:
        """Makes a posed and lit scene ready once, for any number of ``render`` calls.

        reuse : an earlier one, of the same scene mostly: geometry, textures and the light of an environment array that
            both have are shared, so that another pose costs microseconds. What was changed in place since is not seen.
        """
        if not isinstance(scene, Scene):
            raise ArgumentError(f"a calotype.Scene is needed, not {type(scene).__name__}")
        if reuse is not None and not isinstance(reuse, Prepared):
            raise ArgumentError(f"reuse is what Renderer.prepare made or None, not {type(reuse).__name__}")
        handle = self._handle.prepare(scene._handle, _pose_tuple(pose, scene), _lighting_tuple(lighting),
                                      _settings_tuple(settings), None if reuse is None else reuse._handle)
        return Prepared(handle, scene)

    def render(self, scene: Union[Scene, Prepared, Sequence[Prepared]], views: Views,
               channels: Sequence[str] = ("color", "depth"), samples: int = 4, out: Optional[Mapping[str, Array]] = None,
               *, pose: Optional[Pose] = None, poses: Optional[Sequence[Pose]] = None, lighting: Optional[Lighting] = None,
               settings: Settings = _PLAIN_SETTINGS, fit: str = "preset", color: str = "rgba",
               background: Union[None, str, Sequence[float]] = None, background_depth: float = 0.0, cull: bool = True,
               world_space_normals: bool = False, ray_depth: bool = False, occlusion_maps: bool = True,
               energy_compensation: bool = False, point_size_pixels: float = 3.0, line_width_pixels: float = 1.0,
               node_colors: Optional[Mapping[int, Sequence[int]]] = None,
               progress: Optional[Progress] = None) -> dict[str, Array]:
        """Renders every view.

        Parameters
        ----------
        scene : a Scene; or what ``prepare`` made, one for all views or one a view.
        views : N views of one size. With ``poses`` and a single view, that view shows every pose.
        channels : of "color", "depth", "normal", "geometric_normal", "mask", "instance_id", "material_id", "position",
            "uv", "albedo", "metal_roughness".
        samples : 1, 4 or 16 a pixel, for colour. All other channels are taken at pixel centres: ids never mix.
        out : arrays by channel to be written into, C-contiguous, of exactly the dtype and shape below.
        pose, poses, lighting, settings : of a Scene; ``poses`` has one a view.
        fit : the box that a Scene is fitted into: "preset" is as the views say; "unit_cube", "half_cube", "none". What
            ``prepare`` made stands where its pose put it: ``Pose(fit=views.fit)`` for a preset's views.
        color : "rgba" uint8 sRGB with straight alpha, "rgb" uint8 (needs a background), "float" linear RGBA float32.
        background : None is transparent; (r, g, b) or (r, g, b, a), linear ("pyrender", "mujoco": as displayed);
            "environment".
        background_depth : the depth where nothing is, in metres.
        cull : back faces of single-sided materials are not drawn.
        world_space_normals : else camera space: right, up, back.
        ray_depth : depth is the distance from the camera, not from its plane.
        node_colors : node index to (r, g, b) codes, 0 to 255: the colour picture becomes an exact segmentation; other
            nodes are black.
        progress : called with (done, total) on this thread, about 20 times a second. Ctrl-C and exceptions in it stop
            the call; arrays then hold anything.

        Returns
        -------
        dict of channel to array (N, height, width, C): color uint8 C 4 (3, float32), depth float32 C 1, normal and
        geometric_normal float32 C 3, mask uint8 C 1, instance_id and material_id uint32 C 1 (0 is nothing), position
        float32 C 3, uv float32 C 2, albedo float32 C 3, metal_roughness float32 C 2. numpy arrays: torch.from_dlpack
        takes them without a copy.

        Raises
        ------
        calotype.Error, KeyboardInterrupt, and what ``progress`` raises.
        """
        if not isinstance(views, Views):
            raise ArgumentError(f"calotype.cameras.Views are needed, not {type(views).__name__}")
        parts, views = self._prepare(scene, views, pose, poses, lighting, settings, fit)
        mask, arrays, outputs = _outputs(channels, views, color, out)
        if background is None and color == "rgb" and node_colors is None:
            raise ArgumentError("color 'rgb' has no alpha: give a background")
        options = (mask, _COLORS[color][0], _whole("samples", samples), *_background(background),
                   0 if _flag("cull", cull) else 1, _flag("world_space_normals", world_space_normals),
                   _flag("ray_depth", ray_depth), _finite("background_depth", background_depth),
                   1 if _flag("energy_compensation", energy_compensation) else 2,
                   1 if _flag("occlusion_maps", occlusion_maps) else 2,
                   _finite("point_size_pixels", point_size_pixels), _finite("line_width_pixels", line_width_pixels))
        codes = _node_colors(node_colors)
        for part, prepared in parts:
            self._handle.render(prepared, views.rows[part], options, _outputs_of(outputs, part, len(views)), codes,
                                _progress_of(progress, part, len(views)))
        return arrays

    # ---- what is prepared ----

    def _prepare(self, scene: Union[Scene, Prepared, Sequence[Prepared]], views: Views, pose: Optional[Pose],
                 poses: Optional[Sequence[Pose]], lighting: Optional[Lighting], settings: Settings,
                 fit: str) -> Tuple[Iterable[Part], Views]:
        """The views, and how they are drawn, part by part."""
        whole = slice(0, _size(views)[0])
        fit = FITS[_choice("fit", FITS, fit)]
        if isinstance(scene, Scene):
            fit = views.fit if fit == "preset" else fit
            if poses is None:
                once = self._prepare_once(scene, _fitted(REST if pose is None else pose, fit), lighting, settings)
                return [(whole, once)], views
            if pose is not None:
                raise ArgumentError("give a pose or poses, not both")
            if not isinstance(poses, (tuple, list)):
                raise ArgumentError(f"poses are a list of calotype.Pose, not {type(poses).__name__}")
            if len(views) == 1:
                views = Views(np.repeat(views.rows, len(poses), axis=0), views.fit, views.protocol)
            if len(views) != len(poses):
                raise ArgumentError(f"{len(poses)} poses for {len(views)} views: one view for all or one a pose is needed")
            tuples = [_fitted(each, fit)._tuple(scene) for each in poses]
            return self._prepare_each(scene, tuples, _lighting_tuple(lighting), _settings_tuple(settings)), views
        if fit not in ("preset", "none"):
            raise ArgumentError(f"a prepared scene cannot be fitted any more: prepare it with Pose(fit={fit!r})")
        if pose is not None or poses is not None or lighting is not None or _settings_tuple(settings) != _PLAIN:
            raise ArgumentError("a prepared scene has its pose, lighting and settings already")
        if isinstance(scene, Prepared):
            return [(whole, scene._handle)], views
        if isinstance(scene, Sequence) and all(isinstance(each, Prepared) for each in scene):
            return [(whole, tuple([each._handle for each in scene]))], views
        raise ArgumentError(f"a calotype.Scene is needed, or what Renderer.prepare made, not {type(scene).__name__}")

    def _prepare_each(self, scene: Scene, poses: Sequence[Tuple[Any, ...]], lighting: Tuple[Any, ...],
                      settings: Tuple[Any, ...]) -> Iterator[Part]:
        """A handle a pose; each shares with the one before it."""
        last = self._kept.get(scene, (None, None))[1]
        for start in range(0, len(poses), _POSES_AT_ONCE):
            part = slice(start, min(start + _POSES_AT_ONCE, len(poses)))
            handles: list[Any] = []
            for pose in poses[part]:
                last = self._handle.prepare(scene._handle, pose, lighting, settings, last)
                handles.append(last)
            self._kept[scene] = (None, last)
            yield part, tuple(handles)

    def _prepare_once(self, scene: Scene, pose: Pose, lighting: Optional[Lighting], settings: Settings) -> Any:
        """What was prepared for the last call, when nothing has changed since."""
        key = (pose._tuple(scene), _lighting_tuple(lighting), _settings_tuple(settings))
        last_key, last = self._kept.get(scene, (None, None))
        if last_key is None or not _same(last_key, key):
            last = self._handle.prepare(scene._handle, *key, last)
            self._kept[scene] = (key, last)
        return last


def _outputs_of(outputs: Outputs, part: slice, count: int) -> Outputs:
    """The rows of a part of the views."""
    if part == slice(0, count):
        return outputs
    for array in outputs:
        if array is not None and (not isinstance(array, np.ndarray) or array.shape[:1] != (count,)):
            raise ArgumentError(f"each array of out must be a numpy.ndarray with a picture for each of the {count} views")
    return tuple([None if array is None else array[part] for array in outputs])


def _progress_of(progress: Optional[Progress], part: slice, count: int) -> Optional[Progress]:
    """What a part calls, so that users hear of all views."""
    if part == slice(0, count) or not callable(progress):
        return progress
    tell: Progress = progress
    return lambda done, _: tell(part.start + done, count)


def _same(left: Any, right: Any) -> bool:
    """Equal, arrays by content."""
    if left is right:
        return True
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return type(left) is type(right) and np.array_equal(left, right, equal_nan=True)
    if isinstance(left, (tuple, list)) and type(left) is type(right):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _lighting_tuple(lighting: Optional[Lighting]) -> Tuple[Any, ...]:
    """What the extension takes."""
    if lighting is None:
        return _WHITE
    if not isinstance(lighting, Lighting):
        raise ArgumentError(f"a calotype.Lighting or None is needed, not {type(lighting).__name__}")
    return lighting._tuple()


def _settings_tuple(settings: Settings) -> Tuple[Any, ...]:
    """What the extension takes."""
    if settings is _PLAIN_SETTINGS:
        return _PLAIN
    if not isinstance(settings, Settings):
        raise ArgumentError(f"a calotype.Settings is needed, not {type(settings).__name__}")
    return settings._tuple()


def _fitted(pose: Pose, fit: str) -> Pose:
    if not isinstance(pose, Pose):
        raise ArgumentError(f"a calotype.Pose is needed, not {type(pose).__name__}")
    if fit == "none" or pose.fit != "none":
        return pose
    return replace(pose, fit=fit)


def _background(background: Union[None, str, Sequence[float]]) -> Tuple[int, Tuple[float, float, float], float]:
    """(calo_background, color, transparency)"""
    if background is None:
        return 0, (0.0, 0.0, 0.0), 0.0
    if isinstance(background, str):
        return _choice("background", _BACKGROUNDS, background), (0.0, 0.0, 0.0), 0.0
    numbers = _array("background", background, np.float64)
    if numbers.shape not in ((3,), (4,)):
        raise ArgumentError(f"a background has three or four numbers, not {background!r}")
    red, green, blue, alpha = (_finite("background", x) for x in (*numbers, 1.0)[:4])
    return 1, (red, green, blue), 1 - alpha


def _size(views: Views) -> Tuple[int, int, int]:
    """(views, height, width)"""
    rows = views.rows
    if type(rows) is not np.ndarray or rows.ndim != 2 or rows.shape[1] != _COLUMNS or rows.dtype != np.float64:
        raise ArgumentError(f"views.rows is no array of rows of {_COLUMNS} float64 numbers")
    if len(rows) == 0:
        return 0, 0, 0
    return len(rows), _whole("a view's height", rows[0, _HEIGHT]), _whole("a view's width", rows[0, _WIDTH])


def _empty(shape: Tuple[int, ...], dtype: Any) -> Array:
    try:
        return np.empty(shape, dtype=dtype)
    except (ValueError, MemoryError):
        raise LimitError(f"pictures of shape {shape} do not fit into memory: render fewer views in one call") from None


def _outputs(channels: Sequence[str], views: Views, color: str,
             out: Optional[Mapping[str, Array]]) -> Tuple[int, dict[str, Array], Outputs]:
    """The set of channels, the arrays by name, and the tuple that the extension takes."""
    _choice("color format", tuple(_COLORS), color)
    if isinstance(channels, str) or not isinstance(channels, Iterable):
        channels = (channels,)
    channels = tuple(channels)
    if not channels:
        raise ArgumentError(f"channels are words, one at least: choose of {', '.join(CHANNELS)}")
    if out is not None and not isinstance(out, Mapping):
        raise ArgumentError(f"out is a dictionary of arrays by channel, not {type(out).__name__}")
    size = _size(views)
    arrays: dict[str, Array] = {}
    outputs: list[Optional[Array]] = [None] * len(CHANNELS)
    mask = 0
    for name in channels:
        number = _choice("channel", _NAMES, name)
        components, dtype = _COLORS[color][1:] if name == "color" else CHANNELS[name]
        array = out.get(name) if out is not None else None
        if array is None:
            array = _empty((*size, components), dtype)
        arrays[name] = outputs[number] = array
        mask |= 1 << number
    unknown = set(out or ()) - set(channels)
    if unknown:
        raise ArgumentError(f"out holds {', '.join(sorted(map(str, unknown)))}, which is not among the channels")
    return mask, arrays, tuple(outputs)


def _node_colors(colors: Optional[Mapping[int, Sequence[int]]]) -> Optional[Array]:
    if colors is None:
        return None
    if not isinstance(colors, Mapping):
        raise ArgumentError("node_colors are a dictionary of nodes and their (r, g, b)")
    rows = np.empty((len(colors), 4), dtype=np.uint32)
    for row, (node, rgb) in zip(rows, colors.items()):
        codes = _array("a node's color", rgb, None)
        if codes.shape != (3,):
            raise ArgumentError(f"a node's color is three codes from 0 to 255, not {rgb!r}")
        row[:] = _whole("a node", node), *(_whole("a node's color", code, 255) for code in codes)
    return rows
