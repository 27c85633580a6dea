"""Views: cameras with a picture's size, one or many; made by hand, by published protocols, or read from files.

The world is z up and right-handed, in metres. A camera looks along its own -z, +y is up (OpenGL); poses are
camera_to_world matrices, row-major, that multiply column vectors. Pixels are counted from the top left corner, their
centres lie at +0.5.
"""
from __future__ import annotations

import math
import os
from typing import Any, Iterator, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from . import _calotype
from .errors import ArgumentError, LimitError

__all__ = [
    "Preset", "Views", "fibonacci", "from_opencv", "gobjaverse", "gs_lrm", "hammersley", "instantmesh", "intrinsics",
    "load", "look_at", "lrm", "objaverse_xl", "openlrm", "orbit", "orthographic", "perspective", "preset", "presets",
    "shap_e", "trellis", "trellis_cond", "zero123",
]

Floats = npt.NDArray[np.float64]
Range = Union[float, Tuple[float, float]]

# Columns of a row of views; python/extension/views.c has the same list.
_MATRIX = slice(0, 16)
_ORTHOGRAPHIC = 16
_FOCAL = slice(17, 19)
_CENTER = slice(19, 21)
_WIDTH, _HEIGHT, _NEAR, _FAR, _LENS = 21, 22, 23, 24, 25
_COEFFICIENTS = slice(26, 38)
_AZIMUTH, _ELEVATION, _RADIUS, _FOV = 38, 39, 40, 41
_COLUMNS = 42

FITS = ("preset", "unit_cube", "half_cube", "none")
LENSES = ("pinhole", "opencv", "fisheye")
COEFFICIENT_COUNTS = {"opencv": (4, 5, 8, 12), "fisheye": (4,)}


class Views:
    """A batch of cameras for pictures of one size. Indexing and slicing give views of the same memory.

    Attributes
    ----------
    rows : ndarray, float64, shape (N, 42)
        All numbers, a row a view; the properties below are parts of it and can be written to.
    fit : str
        The box that the scene is fitted into before these cameras see it: "unit_cube" ([-1, 1]^3), "half_cube"
        ([-0.5, 0.5]^3) or "none". Presets set it; ``Renderer.render`` obeys it.
    protocol : str
        The preset's name, "file", "scene" or "hand".
    """

    __slots__ = ("rows", "fit", "protocol")

    def __init__(self, rows: Floats, fit: str = "none", protocol: str = "hand") -> None:
        _choice("fit", FITS[1:], fit)
        rows = _array("views", rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] != _COLUMNS:
            raise ArgumentError(f"views are rows of {_COLUMNS} numbers, not an array of shape {rows.shape}: "
                                "calotype.cameras.perspective and its neighbours make them")
        self.rows = rows
        self.fit = fit
        self.protocol = protocol

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Union[int, slice, Sequence[int], npt.NDArray[Any]]) -> Views:
        if isinstance(index, (int, np.integer)):
            number = int(index)
            if not -len(self) <= number < len(self):
                raise IndexError(f"there are {len(self)} views: there is no view {number}")
            number %= len(self)
            index = slice(number, number + 1)
        return Views(self.rows[index], self.fit, self.protocol)

    def __iter__(self) -> Iterator[Views]:
        return (self[i] for i in range(len(self)))

    def __add__(self, other: Views) -> Views:
        if not isinstance(other, Views):
            return NotImplemented
        if other.fit != self.fit:
            raise ArgumentError(f"views of scenes fitted differently ({self.fit}, {other.fit}) make no batch")
        return Views(np.concatenate([self.rows, other.rows]), self.fit, self.protocol)

    def __repr__(self) -> str:
        size = f"{self.width}x{self.height}" if len(self) else "no pixels"
        return f"<calotype.cameras.Views: {len(self)} of {size}, {self.protocol}, fit {self.fit}>"

    @property
    def width(self) -> int:
        """Pixels, of the first view."""
        return int(self.rows[0, _WIDTH]) if len(self) else 0

    @property
    def height(self) -> int:
        """Pixels, of the first view."""
        return int(self.rows[0, _HEIGHT]) if len(self) else 0

    @property
    def camera_to_world(self) -> Floats:
        """(N, 4, 4), OpenGL axes: the columns are right, up, back and position."""
        return self.rows[:, _MATRIX].reshape(-1, 4, 4)

    @camera_to_world.setter
    def camera_to_world(self, value: npt.ArrayLike) -> None:
        self.rows[:, _MATRIX] = _matrices(value).reshape(-1, 16)

    @property
    def focal(self) -> Floats:
        """(N, 2), fx and fy in pixels; of orthographic views pixels a metre."""
        return self.rows[:, _FOCAL]

    @property
    def center(self) -> Floats:
        """(N, 2), the principal point in pixels from the top left corner."""
        return self.rows[:, _CENTER]

    @property
    def near_metres(self) -> Floats:
        """(N,), surfaces nearer than this are cut; 0 is 1e-3."""
        return self.rows[:, _NEAR]

    @property
    def far_metres(self) -> Floats:
        """(N,), surfaces farther than this are cut; 0 is never."""
        return self.rows[:, _FAR]

    @property
    def intrinsics(self) -> Floats:
        """(N, 3, 3), [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]; a copy."""
        out = np.zeros((len(self), 3, 3))
        out[:, 0, 0], out[:, 1, 1] = self.focal.T
        out[:, 0, 2], out[:, 1, 2] = self.center.T
        out[:, 2, 2] = 1
        return out

    @property
    def world_to_camera_opencv(self) -> Floats:
        """(N, 4, 4), the inverse poses with OpenCV's axes (x right, y down, z forward); a copy."""
        flipped = self.camera_to_world @ np.diag([1.0, -1.0, -1.0, 1.0])
        return _inverse(flipped)

    @property
    def angles(self) -> Floats:
        """(N, 4): azimuth and elevation in degrees, radius in metres, field of view in degrees; NaN where unknown."""
        return self.rows[:, _AZIMUTH:_COLUMNS]


class Preset(NamedTuple):
    """A published camera protocol."""

    name: str
    description: str
    count: int  # type: ignore[assignment]  # tuple.count is not missed
    size: int
    fit: str


def presets() -> list[Preset]:
    """Every camera protocol that :func:`preset` knows."""
    return [Preset(name, description, count, size, FITS[fit])
            for name, description, count, size, fit in _calotype.presets()]


# ---- users' values ----


def _choice(what: str, choices: Sequence[str], value: Any) -> int:
    """The number of a word in the list of those that are possible."""
    if not isinstance(value, str) or value not in choices:
        raise ArgumentError(f"there is no {what} {value!r}: choose one of {', '.join(choices)}")
    return choices.index(value)


def _whole(name: str, value: Any, most: int = 2**31 - 1) -> int:
    """An int from 0; 3.0 is one, too, "3" is none."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} must be a whole number, not {value!r}") from None
    if number != value or not 0 <= number <= most:
        raise ArgumentError(f"{name} must be a whole number from 0 to {most}, not {value!r}")
    return number


def _finite(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ArgumentError(f"{name} must be a finite number, not {value!r}") from None
    if not math.isfinite(number) or abs(number) > 3e38:
        raise ArgumentError(f"{name} must be a finite number, not {number}")
    return number


def _flag(name: str, value: Any) -> bool:
    try:
        return bool(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} must be true or false, not {value!r}") from None


def _array(what: str, value: Any, dtype: Any) -> npt.NDArray[Any]:
    """Numbers as the extension takes them: of exactly this dtype, C-contiguous, aligned; not copied where they are."""
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "fiub":
            raise ArgumentError(f"{what} must be an array of numbers, not of {given.dtype}")
        return np.require(given, dtype, ("C", "A"))
    except ArgumentError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(f"{what} must be an array of numbers: {error}") from None
    except MemoryError:
        raise LimitError(f"{what} do not fit into memory") from None


def _path(path: Any) -> Union[str, bytes]:
    """A file's name as the extension takes it."""
    try:
        name: Union[str, bytes] = os.fspath(path)
        encoded = os.fsencode(name)
    except TypeError:
        raise ArgumentError(f"a path is needed, not {type(path).__name__}") from None
    except UnicodeError:
        raise ArgumentError(f"the path {path!r} holds what no file's name can") from None
    if b"\0" in encoded:
        raise ArgumentError("a path cannot hold a NUL character")
    return name


def _pair(name: str, value: Optional[Range]) -> Optional[Tuple[float, float]]:
    if value is None:
        return None
    try:
        low, high = value if isinstance(value, (tuple, list, np.ndarray)) else (value, value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is a number or a pair of numbers, not {value!r}") from None
    return _finite(name, low), _finite(name, high)


def _from_extension(made: Tuple[str, int, bytes]) -> Views:
    protocol, fit, rows = made
    return Views(np.frombuffer(rows, dtype=np.float64).reshape(-1, _COLUMNS).copy(), FITS[fit], protocol)


def preset(name: str = "objaverse-xl", count: int = 0, width: int = 0, height: int = 0, seed: int = 0, *,
           only_northern_hemisphere: bool = False, radius: Optional[Range] = None,
           elevation_degrees: Optional[Range] = None, fov_degrees: Optional[Range] = None) -> Views:
    """Cameras by a published protocol (docs/cameras.md). Same arguments, same cameras, on every machine.

    Parameters
    ----------
    name : see :func:`presets`.
    count, width, height : 0 is the protocol's own.
    seed : 0 to 2**64 - 1, for protocols that draw random cameras.
    radius, elevation_degrees, fov_degrees : a number or (low, high) instead of the protocol's own; metres of the fitted
        scene, degrees, degrees of the picture's longer side.
    """
    return _from_extension(_calotype.preset_views(
        str(name), _whole("count", count), _whole("width", width), _whole("height", height),
        _whole("seed", seed, 2**64 - 1), _flag("only_northern_hemisphere", only_northern_hemisphere),
        _pair("radius", radius), _pair("elevation_degrees", elevation_degrees), _pair("fov_degrees", fov_degrees)))


def objaverse_xl(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Random cameras of the Objaverse-XL scripts; options as :func:`preset`."""
    return preset("objaverse-xl", count, width, height, seed, **options)


def orbit(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Once around at 20 degrees above the horizon, the whole object in the picture; options as :func:`preset`."""
    return preset("orbit", count, width, height, seed, **options)


def fibonacci(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Evenly over the sphere along a golden-angle spiral; options as :func:`preset`."""
    return preset("fibonacci", count, width, height, seed, **options)


def hammersley(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Evenly over the sphere, of low discrepancy; options as :func:`preset`."""
    return preset("hammersley", count, width, height, seed, **options)


def gobjaverse(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """G-Objaverse's 40 views; options as :func:`preset`."""
    return preset("gobjaverse", count, width, height, seed, **options)


def zero123(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Zero-1-to-3's random cameras; options as :func:`preset`."""
    return preset("zero123", count, width, height, seed, **options)


def openlrm(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """OpenLRM's random cameras; options as :func:`preset`."""
    return preset("openlrm", count, width, height, seed, **options)


def lrm(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """The same as :func:`openlrm`."""
    return preset("lrm", count, width, height, seed, **options)


def gs_lrm(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """GS-LRM's random cameras; options as :func:`preset`."""
    return preset("gs-lrm", count, width, height, seed, **options)


def instantmesh(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """InstantMesh's random cameras; options as :func:`preset`."""
    return preset("instantmesh", count, width, height, seed, **options)


def trellis(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """TRELLIS' 150 feature views; options as :func:`preset`."""
    return preset("trellis", count, width, height, seed, **options)


def trellis_cond(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """TRELLIS' condition views; options as :func:`preset`."""
    return preset("trellis-cond", count, width, height, seed, **options)


def shap_e(count: int = 0, width: int = 0, height: int = 0, seed: int = 0, **options: Any) -> Views:
    """Shap-E's and Point-E's random cameras; options as :func:`preset`."""
    return preset("shap-e", count, width, height, seed, **options)


def load(path: Union[str, os.PathLike[str]], width: int = 0, height: int = 0) -> Views:
    """Cameras from calotype's metadata.json, NeRF's transforms.json or OpenCV JSON (docs/cameras.md).

    width, height: pixels, to which intrinsics are scaled; 0 is the file's own.
    """
    return _from_extension(_calotype.load_views(_path(path), _whole("width", width), _whole("height", height)))


# ---- by hand ----


def _matrices(value: npt.ArrayLike) -> Floats:
    """(4, 4) or (N, 4, 4) as float64 (N, 4, 4), finite."""
    given = _array("a matrix", value, np.float64)
    out = given[None] if given.ndim == 2 else given
    if out.ndim != 3 or out.shape[1:] != (4, 4):
        raise ArgumentError(f"a matrix has the shape (4, 4) or (N, 4, 4), not {given.shape}")
    if not np.isfinite(out).all():
        raise ArgumentError("a matrix has a value that is not finite")
    return out


def _one_matrix(value: npt.ArrayLike) -> Floats:
    """(4, 4), and the caller's own no more."""
    matrices = _matrices(value)
    if len(matrices) != 1:
        raise ArgumentError(f"one matrix of shape (4, 4) is needed here, not {len(matrices)}")
    matrix: Floats = matrices[0].copy()
    return matrix


def _per_view(what: str, value: npt.ArrayLike, count: int) -> Floats:
    """One finite number for all views, or one a view."""
    given = _array(what, value, np.float64)
    if given.shape not in ((), (1,), (count,)) or not np.isfinite(given).all():
        raise ArgumentError(f"{what} is one finite number or one for each of the {count} views, not {value!r}")
    return np.broadcast_to(given, (count,))


def _make(camera_to_world: npt.ArrayLike, width: int, height: int, near_metres: float, far_metres: float) -> Floats:
    """Rows without a lens."""
    matrices = _matrices(camera_to_world)
    rows = np.zeros((len(matrices), _COLUMNS))
    rows[:, _MATRIX] = matrices.reshape(-1, 16)
    rows[:, _WIDTH], rows[:, _HEIGHT] = width, height
    rows[:, _CENTER] = width / 2, height / 2
    rows[:, _NEAR] = _per_view("near_metres", near_metres, len(rows))
    rows[:, _FAR] = _per_view("far_metres", far_metres, len(rows))
    rows[:, _AZIMUTH:] = np.nan
    return rows


def perspective(camera_to_world: npt.ArrayLike, width: int = 512, height: int = 512, *,
                fov_y_radians: Union[float, npt.ArrayLike] = math.pi / 4, near_metres: float = 0.0,
                far_metres: float = 0.0) -> Views:
    """Pinhole cameras with square pixels.

    Parameters
    ----------
    camera_to_world : (4, 4) or (N, 4, 4), OpenGL axes.
    fov_y_radians : vertical field of view, one for all or (N,).
    near_metres, far_metres : surfaces outside are cut; 0 is 1e-3, and infinity.
    """
    width, height = _whole("width", width), _whole("height", height)
    rows = _make(camera_to_world, width, height, near_metres, far_metres)
    fov = _per_view("fov_y_radians", fov_y_radians, len(rows))
    if not np.all((fov > 0) & (fov < math.pi)):
        raise ArgumentError(f"a field of view must be above 0 and below pi radians, not {fov_y_radians!r}")
    rows[:, _FOCAL] = (height / 2 / np.tan(fov / 2))[:, None]
    rows[:, _FOV] = np.degrees(2 * np.arctan(max(width, height) / 2 / rows[:, 17]))
    return Views(rows)


def intrinsics(camera_to_world: npt.ArrayLike, fx: npt.ArrayLike, fy: npt.ArrayLike, cx: npt.ArrayLike,
               cy: npt.ArrayLike, width: int, height: int, *, distortion: Optional[npt.ArrayLike] = None,
               lens: str = "opencv", near_metres: float = 0.0, far_metres: float = 0.0) -> Views:
    """Cameras from pixels: focal lengths and the principal point, (0, 0) being the top left corner of the top left pixel.

    Parameters
    ----------
    camera_to_world : (4, 4) or (N, 4, 4), OpenGL axes.
    fx, fy, cx, cy : one number for all or (N,), pixels.
    distortion : OpenCV's coefficients in its order: (k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4]]]), or the
        fisheye's (k1, k2, k3, k4). None is a pinhole.
    lens : "opencv" or "fisheye": what ``distortion`` means.
    """
    width, height = _whole("width", width), _whole("height", height)
    rows = _make(camera_to_world, width, height, near_metres, far_metres)
    numbers = [_per_view(name, value, len(rows)) for name, value in (("fx", fx), ("fy", fy), ("cx", cx), ("cy", cy))]
    rows[:, _FOCAL], rows[:, _CENTER] = np.stack(numbers[:2], axis=1), np.stack(numbers[2:], axis=1)
    if distortion is not None:
        rows[:, _LENS], rows[:, _COEFFICIENTS] = _lens(distortion, lens)
    return Views(rows)


def _lens(distortion: npt.ArrayLike, lens: str) -> Tuple[int, Floats]:
    kind = 1 + _choice("lens", LENSES[1:], lens)
    given = _array("distortion", distortion, np.float64).ravel()
    lengths = COEFFICIENT_COUNTS[lens]
    if len(given) not in lengths or not np.isfinite(given).all():
        raise ArgumentError(f"an {lens} lens has {' or '.join(map(str, lengths))} finite coefficients, not {distortion!r}")
    return kind, np.pad(given, (0, 12 - len(given)))


def orthographic(camera_to_world: npt.ArrayLike, width: int = 512, height: int = 512, *, y_magnitude: float = 1.0,
                 x_magnitude: Optional[float] = None, near_metres: float = 0.0, far_metres: float = 0.0) -> Views:
    """Parallel projection. The picture shows 2 * y_magnitude metres from bottom to top, and 2 * x_magnitude metres (None:
    square pixels) from side to side."""
    width, height = _whole("width", width), _whole("height", height)
    rows = _make(camera_to_world, width, height, near_metres, far_metres)
    rows[:, _ORTHOGRAPHIC] = 1
    up = _finite("y_magnitude", y_magnitude)
    across = up * width / max(height, 1) if x_magnitude is None else _finite("x_magnitude", x_magnitude)
    if not (up > 0 and across > 0):
        raise ArgumentError(f"magnitudes must be positive, not {across} and {up}")
    rows[:, _FOCAL] = width / 2 / across, height / 2 / up
    return Views(rows)


def _inverse(matrices: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        raise ArgumentError("a pose has no inverse") from None


def from_opencv(world_to_camera: npt.ArrayLike, camera_matrix: npt.ArrayLike, width: int, height: int, *,
                distortion: Optional[npt.ArrayLike] = None, lens: str = "opencv") -> Views:
    """Cameras as OpenCV gives them: world_to_camera (N, 4, 4) or (N, 3, 4), x right, y down, z forward; the camera
    matrix K, one (3, 3) for all or (N, 3, 3), whose principal point counts from the middle of the top left pixel: 0.5 is
    added."""
    poses = _array("world_to_camera", world_to_camera, np.float64)
    if poses.shape[-2:] == (3, 4):
        poses = np.concatenate([poses, np.broadcast_to([0.0, 0, 0, 1], poses.shape[:-2] + (1, 4))], axis=-2)
    k = _array("camera_matrix", camera_matrix, np.float64)
    fixed = [1, 0, 2, 2, 2], [0, 1, 0, 1, 2]  # elements that are 0, 0, 0, 0, 1
    if k.ndim not in (2, 3) or k.shape[-2:] != (3, 3) or (k[(..., *fixed)] != (0, 0, 0, 0, 1)).any():
        raise ArgumentError("a camera matrix is [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], (3, 3) or (N, 3, 3); there is "
                            f"another number or shape in what was given, of shape {k.shape}")
    camera_to_world = _inverse(_matrices(poses)) @ np.diag([1.0, -1.0, -1.0, 1.0])
    return intrinsics(camera_to_world, k[..., 0, 0], k[..., 1, 1], k[..., 0, 2] + 0.5, k[..., 1, 2] + 0.5, width, height,
                      distortion=distortion, lens=lens)


def look_at(position: Sequence[float], target: Sequence[float] = (0.0, 0.0, 0.0)) -> Floats:
    """camera_to_world (4, 4) of a camera at ``position`` that looks at ``target``, its picture upright (+z is up; looking
    straight up or down, +y is)."""
    numbers = [_array("a position", point, np.float64) for point in (position, target)]
    if any(point.shape != (3,) or not np.isfinite(point).all() for point in numbers):
        raise ArgumentError("a position and a target have three finite coordinates")
    if np.array_equal(numbers[0], numbers[1]):
        raise ArgumentError(f"a camera at {position!r} cannot look at the point where it stands")
    return np.frombuffer(_calotype.look_at(tuple(numbers[0]), tuple(numbers[1])), dtype=np.float64).reshape(4, 4).copy()
