"""Many states of one scene to pictures, in one call."""
from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .cameras import _HEIGHT, _WIDTH, Views, _array, _choice, _finite, _flag, _path, _whole
from .errors import ArgumentError
from .lighting import Lighting
from .rendering import (_PLAIN_SETTINGS, CHANNELS, Progress, Settings, _background, _empty, _lighting_tuple,
                        _settings_tuple)
from .scene import Scene, Warning

if TYPE_CHECKING:
    from .mujoco import Model

__all__ = ["States", "Stream"]

Array = npt.NDArray[Any]
Randomize = Union[None, str, os.PathLike[str], Mapping[str, Any]]

_CONVENTIONS = ("calotype", "orrb")
# (kind of output of the C library, components, dtype) by channel.
_OUTPUTS: Mapping[str, Tuple[int, int, Any]] = {
    **{name: (number, *kind) for number, (name, kind) in enumerate(CHANNELS.items())},
    "rgb": (64, 3, np.uint8), "semantic": (65, 1, np.uint32), "segmentation": (69, 2, np.int32),
}
_ORRB_OUTPUTS: Mapping[str, Tuple[int, int, Any]] = {
    "color": (64, 3, np.uint8), "rgba": (0, 4, np.uint8), "depth": (66, 1, np.float32), "normal": (67, 3, np.float32),
    "segmentation": (68, 1, np.uint8),
}
_STATES_AT_ONCE = 256  # between two calls of progress
_STREAM_TYPES = (np.float64, np.int32, np.bool_)


class Stream(NamedTuple):
    """Numbers that are known of every state: ``count`` of them, "float", "int" or "bool"."""

    name: str
    kind: str
    count: int  # type: ignore[assignment]  # tuple.count is not missed
    drawn: bool


class States:
    """A scene with a look, made ready for any number of states. Several may be used at once, on any threads; one does one
    call at a time.

    Parameters
    ----------
    subject : a Scene, or a calotype.mujoco.Model.
    randomize : what is drawn for each state: a path of ORRB's renderer_config or of calotype's own JSON
        (docs/randomize.md), such JSON as text, or a dictionary. None: the scene as it is.
    lenient : unknown components and parameters of ``randomize`` are warnings.
    mapping : a path of ORRB's mapping file, which says where in a row of ``qpos`` a joint's values stand.
    lighting, settings : what ``randomize`` leaves alone; None is the white environment, without ``randomize`` of a Model
        the lamps and look of MuJoCo.
    samples : 1, 4 or 16 a pixel, for colour.
    background : as in ``Renderer.render``; None of a Model is its sky, or black.
    backend, threads, lod_pixels : as of ``Renderer``.

    Raises
    ------
    calotype.Error
    """

    def __init__(self, subject: Union[Scene, Model], randomize: Randomize = None, *, lenient: bool = False,
                 mapping: Union[None, str, os.PathLike[str]] = None, lighting: Optional[Lighting] = None,
                 settings: Optional[Settings] = None, samples: int = 4,
                 background: Union[None, str, Sequence[float]] = None, backend: str = "auto", threads: int = 0,
                 lod_pixels: float = 0.0) -> None:
        handle: Any = getattr(subject, "_handle", None)
        is_model = type(handle) is _calotype.MujocoModel
        if not is_model and not isinstance(subject, Scene):
            raise ArgumentError(f"a calotype.Scene or a calotype.mujoco.Model is needed, not {type(subject).__name__}")
        if randomize is None and is_model and not isinstance(subject, Scene):
            lighting = subject.lighting if lighting is None else lighting
            settings = subject.settings if settings is None else settings
            background = subject.background if background is None else background
        options = (0, 0, _whole("samples", samples), *_background(background), 0, False, False, 0.0, 0, 0, 0.0, 0.0)
        drawn = ((str(backend), _whole("threads", threads), _finite("lod_pixels", lod_pixels)),
                 _lighting_tuple(lighting), _settings_tuple(settings or _PLAIN_SETTINGS), options, 0)
        self._handle = _calotype.states(handle, _randomize_tuple(randomize, _flag("lenient", lenient)),
                                        None if mapping is None else _path(mapping), drawn)
        self._parts = self._handle.describe()
        self.subject = subject

    @property
    def cameras(self) -> list[str]:
        """The scene's, by name."""
        return list(self._parts[0])

    @property
    def categories(self) -> list[str]:
        """Of the channel "semantic": names of nodes up to the first ":", sorted; the id of the first is 1."""
        return list(self._parts[1])

    @property
    def nq(self) -> int:
        """Numbers a row of ``qpos`` without a mapping; 0 of scenes without joints."""
        return int(self._parts[2])

    @property
    def streams(self) -> list[Stream]:
        """What ``render`` gives back as "drawn"."""
        return [Stream(name, ("float", "int", "bool")[kind], count, drawn)
                for name, kind, count, _, drawn in self._parts[3]]

    @property
    def warnings(self) -> list[Warning]:
        """What was odd in ``randomize``, but usable."""
        return [Warning(*warning) for warning in self._parts[5]]

    def close(self) -> None:
        """Ends threads and frees memory. Closing twice is fine."""
        self._handle.close()

    def __enter__(self) -> States:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<calotype.States of {self.subject!r}>"

    def render(self, qpos: Optional[npt.ArrayLike] = None,
               cameras: Union[str, Sequence[str], Views] = (), seeds: Optional[npt.ArrayLike] = None, *,
               states: Any = None, count: Optional[int] = None, first_seed: int = 0, width: int = 200,
               height: int = 200, channels: Sequence[str] = ("color", "depth"), convention: str = "calotype",
               out: Optional[Mapping[str, Array]] = None, progress: Optional[Progress] = None) -> dict[str, Any]:
        """Renders every camera of every state. A state's pictures depend on its own row and seed alone: same bits for any
        batch and any number of threads.

        Parameters
        ----------
        qpos : (N, nq), or (nq,) for one state: where the joints are. Of scenes without joints: None.
        cameras : names of the scene's cameras; or calotype.cameras.Views of one size, the same for every state. () is
            all of the scene.
        seeds : (N,) whole numbers, one a state; None: ``first_seed``, ``first_seed + 1``, ...
        states : of a Model, instead of ``qpos``: a mujoco.MjData, several of them, or a dictionary of arrays of N states by
            MuJoCo's names: "xpos", "xquat", and "cam_xpos", "cam_xmat", "light_xpos", "light_xdir", "ten_wrapadr",
            "ten_wrapnum", "wrap_obj", "wrap_xpos".
        count : N where neither says it.
        width, height : pixels; Views have their own.
        channels : those of ``Renderer.render``, and "rgb" (instead of "color"), "semantic", and of a Model "segmentation".
        convention : "calotype"; or "orrb", with the channels "color" (or "rgba"), "depth", "normal" and "segmentation" as
            ORRB has them: rows from bottom to top, depth (1 - near / far) z + near, normals n / 2 + 1/2, categories.
        out : arrays by channel to be written into, C-contiguous, of exactly the dtype and shape below.
        progress : called with (done, total) on this thread, now and then. Ctrl-C and exceptions in it stop the call.

        Returns
        -------
        dict of channel to array (N, cameras, height, width), with one more dimension where a pixel has several numbers:
        dtypes as in ``Renderer.render``, "rgb" uint8 of 3, "semantic" uint32, "segmentation" int32 of 2: MuJoCo's object id
        and type (mjtObj of MuJoCo 3), -1 where nothing is. With ``randomize`` also "drawn", a dict of stream to array
        (N, numbers), of every value that was drawn.

        Raises
        ------
        calotype.Error, KeyboardInterrupt, and what ``progress`` raises.
        """
        rows, state_arrays, total = _states_of(self, qpos, states, seeds, count)
        numbers = None if seeds is None else _seeds_of(seeds, total)
        names, views, size = _cameras_of(self, cameras, width, height)
        orrb = _choice("convention", _CONVENTIONS, convention) == 1
        shape = (total, len(views) if views is not None else len(names), size[1], size[0])
        arrays, outputs = _outputs(channels, _ORRB_OUTPUTS if orrb else _OUTPUTS, shape, out)
        values = np.empty((total, int(self._parts[4]))) if self._parts[3] else None
        step = total if progress is None else _STATES_AT_ONCE
        for start in range(0, total, max(step, 1)):
            part = slice(start, min(start + step, total))
            _tell(progress, start, total)
            self._handle.render(
                part.stop - start, None if rows is None else rows[part],
                None if state_arrays is None else tuple(_rows_of(array, part, total) for array in state_arrays),
                None if numbers is None else numbers[part], (_whole("first_seed", first_seed, 2**32 - 1) + start) % 2**32,
                names, None if views is None else views.rows, size, orrb, orrb,
                tuple((kind, array[part].reshape(-1)) for kind, array in outputs), None if values is None else values[part])
        _tell(progress, total, total)
        out_arrays: dict[str, Any] = dict(arrays)
        if values is not None:
            out_arrays["drawn"] = {name: values[:, first:first + each].astype(_STREAM_TYPES[kind])
                                   for name, kind, each, first, _ in self._parts[3]}
        return out_arrays


# ---- users' values ----


def _randomize_tuple(randomize: Randomize, lenient: bool) -> Optional[Tuple[Any, ...]]:
    """What the extension takes (python/extension/states.c)."""
    if randomize is None:
        return None
    if isinstance(randomize, Mapping):
        try:
            text = json.dumps(randomize)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"randomize cannot be written as JSON: {error}") from None
        return None, text.encode(), "the dictionary", None, lenient
    if isinstance(randomize, str) and randomize.lstrip()[:1] in ("{", "["):
        return None, randomize.encode("utf-8", "replace"), "the JSON text", None, lenient
    return _path(randomize), None, "", None, lenient


def _tell(progress: Optional[Progress], done: int, total: int) -> None:
    if progress is None:
        return
    if not callable(progress):
        raise ArgumentError("progress must be a function of (done, total)")
    progress(done, total)


def _states_of(owner: States, qpos: Optional[npt.ArrayLike], states: Any, seeds: Any,
               count: Optional[int]) -> Tuple[Optional[Array], Optional[Tuple[Optional[Array], ...]], int]:
    """Rows of qpos, or arrays of MuJoCo's states, and how many there are."""
    if qpos is not None and states is not None:
        raise ArgumentError("give qpos or states, not both")
    if qpos is not None:
        rows = np.atleast_2d(_array("qpos", qpos, np.float64))
        if rows.ndim != 2:
            raise ArgumentError(f"qpos has the shape (states, {owner.nq}), not {np.shape(qpos)}")
        if count is not None and count != len(rows):
            raise ArgumentError(f"count is {count}, but there are {len(rows)} rows of qpos")
        from .mujoco.model import Model
        if isinstance(owner.subject, Model):
            return owner.subject._placed(rows, len(rows))
        return rows, None, len(rows)
    if states is not None:
        from .mujoco.arrays import read_states
        total, arrays = read_states(states)
        return None, arrays, total
    if count is None:
        count = 1 if seeds is None else len(np.atleast_1d(np.asarray(seeds)))
    return None, None, _whole("count", count)


def _rows_of(array: Optional[Array], part: slice, total: int) -> Optional[Array]:
    """What a flat array has of some of the states."""
    if array is None:
        return None
    each = array.size // max(total, 1)
    return array[part.start * each:part.stop * each]


def _seeds_of(seeds: npt.ArrayLike, total: int) -> Array:
    given = _array("seeds", seeds, None)
    if given.shape != (total,) or given.dtype.kind not in "iu":
        raise ArgumentError(f"seeds are whole numbers of shape ({total},), one a state, not {given.dtype} {given.shape}")
    if given.size and (int(given.min()) < 0 or int(given.max()) >= 2**32):
        raise ArgumentError(f"seeds are from 0 to {2**32 - 1}")
    return given.astype(np.uint32)


def _cameras_of(owner: States, cameras: Union[str, Sequence[str], Views], width: int,
                height: int) -> Tuple[Tuple[bytes, ...], Optional[Views], Tuple[int, int]]:
    """Names or views, and the pictures' (width, height)."""
    if isinstance(cameras, Views):
        if not len(cameras):
            raise ArgumentError("there is no view: one camera at least is needed")
        return (), cameras, (int(cameras.rows[0, _WIDTH]), int(cameras.rows[0, _HEIGHT]))
    names = [cameras] if isinstance(cameras, str) else list(cameras) or owner.cameras
    for name in names:
        if not isinstance(name, str) or "\0" in name:
            raise ArgumentError(f"a camera is named by a word, not {name!r}")
    size = _whole("width", width), _whole("height", height)
    return tuple(name.encode("utf-8", "replace") for name in names), None, size


def _outputs(channels: Sequence[str], kinds: Mapping[str, Tuple[int, int, Any]], shape: Tuple[int, ...],
             out: Optional[Mapping[str, Array]]) -> Tuple[dict[str, Array], list[Tuple[int, Array]]]:
    """Arrays by channel, and what of it the extension takes."""
    if isinstance(channels, str) or not isinstance(channels, Iterable):
        channels = (channels,)
    if out is not None and not isinstance(out, Mapping):
        raise ArgumentError(f"out is a dictionary of arrays by channel, not {type(out).__name__}")
    arrays: dict[str, Array] = {}
    outputs: list[Tuple[int, Array]] = []
    for name in channels:
        _choice("channel", tuple(kinds), name)
        kind, components, dtype = kinds[name]
        wanted = shape + ((components,) if components > 1 else ())
        array = out.get(name) if out is not None else None
        if array is None:
            array = _empty(wanted, dtype)
        elif type(array) is not np.ndarray or array.shape != wanted or array.dtype != dtype or \
                not array.flags.c_contiguous:
            raise ArgumentError(f"out[{name!r}] must be a C-contiguous array of {np.dtype(dtype)} and shape {wanted}")
        arrays[name] = array
        outputs.append((kind, array))
    unknown = set(out or ()) - set(arrays)
    if unknown:
        raise ArgumentError(f"out holds {', '.join(sorted(map(str, unknown)))}, which is not among the channels")
    return arrays, outputs
