"""A stand-in for mujoco.Renderer."""
from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Callable, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from ..cameras import FITS, Views, _whole
from ..errors import ArgumentError, UnsupportedError
from ..lighting import Lighting
from ..rendering import Prepared, Settings
from ..rendering import Renderer as Drawing
from .arrays import Arrays, flat, get, read_model, read_numbers, read_states
from .camera import FIXED, FREE, TRACKING, clip_planes, fixed_view, free_frame, free_view
from .model import KINDS, SHADOW_MAP_SIZE, Model, module_of, version_of
from .options import ALL_DEFAULTS, Shown, changed_arrays, hidden, not_in_pictures, read_option, render_flags

__all__ = ["NotDrawnWarning", "RenderScene", "Renderer"]

Array = npt.NDArray[Any]

# Read anew by MuJoCo for every picture; its textures, meshes and height fields are not.
_WATCHED = (
    "geom_type", "geom_bodyid", "geom_dataid", "geom_matid", "geom_size", "geom_pos", "geom_quat", "geom_rgba",
    "geom_group", "site_type", "site_matid", "site_size", "site_pos", "site_quat", "site_rgba", "site_group",
    "light_type", "light_directional", "light_castshadow", "light_active", "light_attenuation", "light_cutoff",
    "light_exponent", "light_ambient", "light_diffuse", "light_specular", "mat_texid", "mat_texuniform", "mat_texrepeat",
    "mat_emission", "mat_specular", "mat_shininess", "mat_rgba", "skin_rgba", "skin_matid", "skin_group", "tendon_rgba",
    "tendon_matid", "tendon_group", "tendon_width")
_ALL_GROUPS = (0x3F,) * 4
# Of a tracking camera's point towards the body at each update: MuJoCo before 3.3.7 let it lag behind.
_SMOOTH_PULL, _FIRM_VERSION = 0.2, 337
_FIT_NONE = FITS.index("none")
_BLACK = (0.0, 0.0, 0.0)


class NotDrawnWarning(UserWarning):
    """Something that ``mujoco.Renderer`` would show, and calotype does not."""


class _ClosedError(ArgumentError, RuntimeError):
    pass


class _MissingError(UnsupportedError, AttributeError):
    pass


class RenderScene:
    """What :attr:`Renderer.scene` has of an MjvScene.

    Attributes
    ----------
    flags : ndarray, uint8
        By mjtRndFlag. SHADOW, WIREFRAME, SKYBOX and CULL_FACE are obeyed; what others ask for is not drawn, with a
        :class:`NotDrawnWarning`.
    maxgeom, ngeom : int
        The bound that was given, which bounds nothing; and how many geoms, sites, skins and pieces of tendons are seen.
    """

    def __init__(self, flags: npt.NDArray[np.uint8], maxgeom: int) -> None:
        self.flags = flags
        self.maxgeom = maxgeom
        self.ngeom = 0

    def __getattr__(self, name: str) -> Any:
        raise _MissingError(f"calotype's scene of a renderer has no {name!r}: its geoms and lights are the model's, and none "
                            "can be added; it has flags, maxgeom and ngeom")


class _Variant(NamedTuple):
    """A model as options change it, and what a picture of it is made of."""

    model: Model
    lookup: Array  # (ids, 2) int32: object id and type by instance id
    opaque: bool  # no surface lets another one through
    shown: dict[Shown, Tuple[Optional[Array], Optional[Array], Optional[Array], int]]


class Renderer:
    """``mujoco.Renderer``, drawn by calotype: same calls, same arrays, no OpenGL.

    Parameters
    ----------
    model : a ``mujoco.MjModel`` of any version from 2.2 on, or anything with its attributes. What is changed in its colors,
        sizes, materials, lights and cameras is seen by the next ``update_scene``, textures and meshes are not.
    height, width : pixels; nothing bounds them to the model's offscreen buffer.
    max_geom, font_scale : taken and not needed.
    backend, threads, samples : as of :class:`calotype.Renderer`.

    What ``mujoco.Renderer`` shows and this does not: docs/python/mujoco.md; a :class:`NotDrawnWarning` tells of it once.
    """

    def __init__(self, model: Any, height: int = 240, width: int = 320, max_geom: Optional[int] = 10000,
                 font_scale: Any = None, *, backend: str = "auto", threads: int = 0, samples: int = 4) -> None:
        self._drawing: Optional[Drawing] = None
        if isinstance(model, Model):
            raise ArgumentError("a mujoco.MjModel is needed here; a calotype.mujoco.Model renders by itself")
        self._model = model
        self._mujoco = module_of(model)
        self._pull = _SMOOTH_PULL if 0 < version_of(model) < _FIRM_VERSION else 1.0
        self._height, self._width = _whole("height", height), _whole("width", width)
        self._samples = _whole("samples", samples)
        if not self._height or not self._width:
            raise ArgumentError(f"a picture of {width} x {height} pixels has nothing to show")
        self._flag_names, flags = render_flags(self._mujoco)
        self._scene = RenderScene(flags, 10000 if max_geom is None else _whole("max_geom", max_geom))
        self._told: set[str] = set()
        self._kind = "rgb"
        self._state: Optional[Arrays] = None
        self._views: Optional[Views] = None
        self._shown = ALL_DEFAULTS
        self._signature = b""
        self._views_of_model: Optional[list[Array]] = None
        self._variants: dict[Tuple[bool, bool], _Variant] = {}
        # Whoever asks for several kinds of pictures of each state asks again: they are drawn in one go.
        self._asked: set[str] = set()  # of this state
        self._habit: set[str] = set()  # of the state before
        self._ready: dict[str, Tuple[bytes, Array]] = {}  # drawn with these flags, not asked for yet
        self._prepared: dict[str, Prepared] = {}  # of the state, by what is drawn
        self._latest: dict[Any, Prepared] = {}  # by variant and what is drawn, for reuse
        self._drawing = Drawing(backend, threads)
        self._watch()
        self._tell(not_in_pictures(model), "{}")

    # ---- what mujoco.Renderer has ----

    @property
    def model(self) -> Any:
        """The model that was given."""
        return self._model

    @property
    def scene(self) -> RenderScene:
        """Flags that may be set; of an MjvScene there is no more."""
        return self._scene

    @property
    def height(self) -> int:
        """Pixels."""
        return self._height

    @property
    def width(self) -> int:
        """Pixels."""
        return self._width

    def enable_depth_rendering(self) -> None:
        """``render`` gives depth."""
        self._kind = "depth"

    def disable_depth_rendering(self) -> None:
        """``render`` gives no depth any more."""
        self._kind = "rgb" if self._kind == "depth" else self._kind

    def enable_segmentation_rendering(self) -> None:
        """``render`` gives ids and types of objects."""
        self._kind = "segmentation"

    def disable_segmentation_rendering(self) -> None:
        """``render`` gives no ids any more."""
        self._kind = "rgb" if self._kind == "segmentation" else self._kind

    def update_scene(self, data: Any, camera: Any = -1, scene_option: Any = None) -> None:
        """Takes over where everything is; ``data`` may change afterwards.

        Parameters
        ----------
        data : a ``mujoco.MjData`` of the model after ``mj_forward``, or anything with its attributes.
        camera : an id or a name; -1 is MuJoCo's free camera; or a ``mujoco.MjvCamera``, free, tracking or fixed.
        scene_option : a ``mujoco.MjvOption``. Its groups of geoms, sites, tendons and skins are obeyed, and the flags
            TEXTURE, TRANSPARENT, STATIC, TENDON and SKIN.
        """
        self._open()
        count, state = read_states(data)
        if count != 1:
            raise ArgumentError(f"one state is shown at a time, not {count}")
        views = self._view(data, camera)
        shown, missing = (ALL_DEFAULTS, []) if scene_option is None else read_option(scene_option, self._mujoco)
        self._tell(missing, "what {} asks for")
        self._watch()
        self._state, self._views, self._shown = state, views, shown
        self._prepared.clear()
        self._ready.clear()
        self._habit, self._asked = self._asked, set()
        self._scene.ngeom = self._seen(self._variant())[3]

    def render(self, *, out: Optional[Array] = None) -> Array:
        """The picture, its rows from top to bottom.

        out : an array of the shape below to be written into; of another dtype values are cast.

        Returns
        -------
        uint8 (height, width, 3); depth: float32 (height, width), metres from the camera's plane, the far plane's where
        nothing is; segmentation: int32 (height, width, 2), object id and type (mjtObj), -1 where nothing is.
        """
        drawing = self._open()
        if self._views is None:
            raise ArgumentError("there is nothing to render yet: call update_scene")
        picture = self._empty(self._kind)
        if out is not None and (not isinstance(out, np.ndarray) or out.shape != picture.shape):
            raise ArgumentError(f"out must be an array of shape {picture.shape} for {self._kind}, not {np.shape(out)}")
        flags = self._scene.flags.tobytes()
        drawn_with, ready = self._ready.pop(self._kind, (b"", picture))
        if drawn_with == flags:
            picture = ready
        else:
            direct = out is not None and type(out) is np.ndarray and out.dtype == picture.dtype and out.flags.carray
            picture = out if out is not None and direct else picture
            others = {kind: self._empty(kind) for kind in self._habit - self._asked - {self._kind} if self._joins(kind)}
            self._draw(drawing, {self._kind: picture, **others})
            self._ready.update({kind: (flags, other) for kind, other in others.items()})
        self._asked.add(self._kind)
        if out is None or out is picture:
            return picture
        np.copyto(out, picture, casting="unsafe")
        return out

    def close(self) -> None:
        """Frees what is held. Closing twice is fine."""
        if self._drawing is not None:
            self._drawing.close()
        self._drawing = None
        self._prepared.clear()
        self._latest.clear()
        self._variants.clear()
        self._ready.clear()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    # ---- the model, as it is now ----

    def _open(self) -> Drawing:
        if self._drawing is None:
            raise _ClosedError("this renderer is closed: nothing can be rendered after close")
        return self._drawing

    def _tell(self, missing: Any, sentence: str) -> None:
        for what in missing:
            if what not in self._told:
                self._told.add(what)
                warnings.warn(f"calotype.mujoco.Renderer does not draw {sentence.format(what)}", NotDrawnWarning,
                              stacklevel=3)

    def _watch(self) -> None:
        """Forgets what was made of the model where it has changed."""
        signature = b"".join([part.tobytes() for part in self._watched()]) + read_numbers(self._model).tobytes()
        if signature != self._signature:
            self._signature = signature
            self._variants.clear()
            self._latest.clear()
            self._prepared.clear()
            self._ready.clear()

    def _watched(self) -> list[Array]:
        """What may change. The arrays of a mujoco.MjModel are views of memory that stays where it is: they are asked for
        once. Others may be replaced."""
        if self._views_of_model is not None:
            return self._views_of_model
        parts = [np.asarray(value) for value in (get(self._model, name) for name in _WATCHED) if value is not None]
        if self._mujoco is not None:
            self._views_of_model = parts
        return parts

    def _variant(self) -> _Variant:
        key = (self._shown.texture, self._shown.transparent)
        if key not in self._variants:
            arrays = changed_arrays(self._model, read_model(self._model), self._shown)
            model = Model._of_arrays(self._model, arrays, _ALL_GROUPS)
            # Nothing of alpha 0 is in the scene.
            opaque = all(material.alpha_mode != "blend" or material.base_color[3] == 0 for material in model.scene.materials)
            self._variants[key] = _Variant(model, self._lookup(model), opaque, {})
        return self._variants[key]

    def _lookup(self, model: Model) -> Array:
        """Ids are given to what is drawn, in the nodes' order, what the scene hides after the rest."""
        types = {number: self._object_type(word, number) for word, number in KINDS.items()}
        drawn = [(not node.visible, index) for index, node in enumerate(model.scene.nodes) if node.mesh >= 0]
        rows = [(-1, -1)]
        for _, index in sorted(drawn):
            kind, identity = model._objects[index]
            rows.append((identity, types[kind]))
        return np.array(rows, dtype=np.int32)

    def _object_type(self, word: str, number: int) -> int:
        """mjtObj of this version of MuJoCo."""
        if self._mujoco is None:
            return number
        return int(getattr(self._mujoco.mjtObj, f"mjOBJ_{word.upper()}").value)

    def _seen(self, variant: _Variant) -> Tuple[Optional[Array], Optional[Array], Optional[Array], int]:
        """Nodes that are hidden, as a pose has them, and how many are seen."""
        if self._shown not in variant.shown:
            left_out = {KINDS[kind]: hidden(self._model, self._shown, kind, row)
                        for row, kind in enumerate(("geom", "site", "tendon", "skin"))}
            drawn = [(index, variant.model._objects[index])
                     for index, node in enumerate(variant.model.scene.nodes) if node.mesh >= 0]
            nodes = [index for index, (kind, identity) in drawn if kind in left_out and left_out[kind][identity]]
            matrices = np.full((len(nodes), 4, 4), np.nan)
            made = (np.array(nodes, dtype=np.uint32), matrices, np.full(len(nodes), 2, dtype=np.uint8))
            variant.shown[self._shown] = (*(made if nodes else (None, None, None)), len(drawn) - len(nodes))
        return variant.shown[self._shown]

    # ---- cameras ----

    def _view(self, data: Any, camera: Any) -> Views:
        size = self._width, self._height
        if isinstance(camera, str) or isinstance(camera, (int, np.integer)):
            number = self._camera_id(camera)
            if number >= 0:
                return self._fixed(data, number)
            center, distance, azimuth, elevation = self._default_free()
            return free_view(self._model, free_frame(center, distance, azimuth, elevation), *size)
        kind = get(camera, "type")
        if kind is None or get(camera, "lookat") is None:
            raise ArgumentError(f"camera is a name, an id or a mujoco.MjvCamera, not {type(camera).__name__}")
        if int(kind) == FIXED:
            return self._fixed(data, self._camera_id(int(camera.fixedcamid), 0))
        if int(kind) not in (FREE, TRACKING):
            raise ArgumentError(f"a camera of the type {int(kind)} cannot be shown: mjCAMERA_FREE, TRACKING and FIXED can")
        if int(kind) == TRACKING:
            camera.lookat[:] += self._pull * (self._tracked(data, int(camera.trackbodyid)) - camera.lookat)
        frame = free_frame(np.array(camera.lookat, dtype=np.float64), float(camera.distance), float(camera.azimuth),
                           float(camera.elevation))
        return free_view(self._model, frame, *size)

    def _default_free(self) -> Tuple[Array, float, float, float]:
        """mjv_defaultFreeCamera."""
        settings = self._model.vis.global_
        center = np.array(self._model.stat.center, dtype=np.float64)
        return center, 1.5 * float(self._model.stat.extent), float(settings.azimuth), float(settings.elevation)

    def _tracked(self, data: Any, body: int) -> Array:
        if not 0 <= body < int(self._model.nbody):
            raise ArgumentError(f"a camera that tracks body {body}: there are {int(self._model.nbody)}")
        center: Array = flat("subtree_com", get(data, "subtree_com"), "<f8").reshape(-1, 3)[body]
        return center

    def _fixed(self, data: Any, number: int) -> Views:
        places = flat("cam_xpos", get(data, "cam_xpos"), "<f8").reshape(-1, 3)
        axes = flat("cam_xmat", get(data, "cam_xmat"), "<f8").reshape(-1, 9)
        return fixed_view(self._model, number, places[number], axes[number], self._width, self._height)

    def _camera_id(self, camera: Any, least: int = -1) -> int:
        count = int(get(self._model, "ncam") or 0)
        if isinstance(camera, str):
            names = get(self._model, "names")
            addresses = flat("name_camadr", get(self._model, "name_camadr"), "<i4")
            for number, address in enumerate(addresses):
                if bytes(names[address:names.index(b"\0", address)]) == camera.encode():
                    return number
            raise ArgumentError(f"the camera {camera!r} does not exist: the model has {count}")
        if not least <= camera < count:
            raise ArgumentError(f"the camera id {camera} is out of range: from {least} to {count - 1} there are cameras")
        return int(camera)

    # ---- pictures ----

    def _flag(self, name: str) -> bool:
        return name in self._flag_names and bool(self._scene.flags[list(self._flag_names).index(name)])

    def _prepare(self, drawing: Drawing, what: str, lighting: Callable[[Model], Lighting], settings: Settings) -> Prepared:
        """Once a state, sharing with the state before."""
        variant = self._variant()
        if what not in self._prepared:
            nodes, matrices, visible, _ = self._seen(variant)
            pose = (0, 0.0, _FIT_NONE, None, nodes, matrices, None, visible, (variant.model._handle, None, self._state))
            key = (what, self._shown.texture, self._shown.transparent)
            last = self._latest.get(key)
            made = drawing._handle.prepare(variant.model.scene._handle, pose, lighting(variant.model)._tuple(),
                                           settings._tuple(), None if last is None else last._handle)
            self._prepared[what] = self._latest[key] = Prepared(made, variant.model.scene)
        return self._prepared[what]

    def _empty(self, kind: str) -> Array:
        """A picture's array, with anything in it."""
        tail, dtype = {"rgb": ((3,), np.uint8), "depth": ((), np.float32), "segmentation": ((2,), np.int32)}[kind]
        return np.empty((self._height, self._width, *tail), dtype=dtype)

    def _joins(self, kind: str) -> bool:
        """Whether it can be drawn with what is asked for: colours show the same surfaces as the rest only where nothing is
        transparent, or drawn as edges."""
        return "rgb" not in (kind, self._kind) or (self._variant().opaque and not self._flag("WIREFRAME"))

    def _draw(self, drawing: Drawing, pictures: dict[str, Array]) -> None:
        """One pass for all of them."""
        assert self._views is not None
        out: dict[str, Array] = {}
        prepared, background = self._colors(drawing) if "rgb" in pictures else (self._data(drawing), _BLACK)
        if "rgb" in pictures:
            out["color"] = pictures["rgb"][None]
        if "depth" in pictures:
            out["depth"] = pictures["depth"][None, :, :, None]
        if "segmentation" in pictures:
            out["instance_id"] = np.empty((1, self._height, self._width, 1), dtype=np.uint32)
        drawing.render(prepared, self._views, tuple(out), self._samples, out, color="rgb", background=background,
                       background_depth=clip_planes(self._model)[1], cull=self._flag("CULL_FACE"))
        if "segmentation" in pictures:
            np.take(self._variant().lookup, out["instance_id"][0, :, :, 0], axis=0, out=pictures["segmentation"], mode="clip")

    def _colors(self, drawing: Drawing) -> Tuple[Prepared, Union[str, Tuple[float, float, float]]]:
        """And what is behind them."""
        self._tell(self._missing_flags(), "what {} asks for")
        shadows, sky = self._flag("SHADOW"), self._flag("SKYBOX") and self._variant().model.sky is not None
        settings = Settings(shading="mujoco", fill="wireframe" if self._flag("WIREFRAME") else "solid")

        def lighting(model: Model) -> Lighting:
            size = SHADOW_MAP_SIZE * (1 if max(self._height, self._width) <= SHADOW_MAP_SIZE else 2)
            return replace(model.lighting, shadows="all" if shadows else (), shadow_map_size=size)

        prepared = self._prepare(drawing, f"color {shadows} {settings.fill}", lighting, settings)
        return prepared, "environment" if sky else _BLACK

    def _missing_flags(self) -> list[str]:
        """Render flags whose effect would be seen."""
        missing = [f"mjRND_{name}" for name in ("ADDITIVE", "FOG", "SEGMENT", "IDCOLOR", "DEPTH") if self._flag(name)]
        if self._flag("REFLECTION") and (np.asarray(get(self._model, "mat_reflectance")) > 0).any():
            missing.append("mjRND_REFLECTION")
        return missing

    def _data(self, drawing: Drawing) -> Prepared:
        """Every surface counts, however transparent."""
        return self._prepare(drawing, "data", lambda model: Lighting(environment=None), Settings(opaque=True))
