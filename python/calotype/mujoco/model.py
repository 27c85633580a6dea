"""A MuJoCo model as a scene."""
from __future__ import annotations

import copy
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from .. import _calotype
from ..cameras import Views, _array, _path
from ..errors import ArgumentError, NotFoundError
from ..lighting import Lighting, _empty_picture
from ..pose import Pose
from ..rendering import Progress, Settings
from ..scene import Scene, _limits
from ..states import Randomize, States
from .arrays import get, name_of, read_model, read_numbers, read_states
from .state import ModelPose

__all__ = ["Joint", "Model"]

Array = npt.NDArray[Any]

# calo_mujoco_kind, and mjtObj of MuJoCo 3.
KINDS = {"body": 1, "geom": 5, "site": 6, "camera": 7, "light": 8, "skin": 11, "tendon": 18}
_JOINT_TYPES = (("free", 7), ("ball", 4), ("slide", 1), ("hinge", 1))
_NO_GROUPS = 0x80000000
DEFAULT_GROUPS = (0, 1, 2)
SHADOW_MAP_SIZE = 1024  # enough for pictures up to that size, and a quarter of the time of 2048


class Joint(NamedTuple):
    """A joint. ``type`` is "free" (7 numbers of qpos: position, quaternion wxyz), "ball" (4: quaternion), "slide" (metres)
    or "hinge" (radians); ``range`` counts where it is limited."""

    name: str
    type: str
    qpos_address: int
    qpos_count: int
    limited: bool
    range: Tuple[float, float]


def group_bits(what: str, groups: Sequence[int]) -> int:
    """A bit a group."""
    bits = 0
    for group in groups:
        if not isinstance(group, (int, np.integer)) or not 0 <= group < 6:
            raise ArgumentError(f"{what} are numbers from 0 to 5, not {group!r}")
        bits |= 1 << int(group)
    return bits or _NO_GROUPS


class Model:
    """A MuJoCo model: the scene, its joints, and poses of its states. Immutable; any number of threads may share it.

    ``Model(path)`` reads an MJCF file through the libmujoco that calotype was built with; what MuJoCo would refuse but does
    not matter for pictures is mended, with a warning each in ``scene.warnings``. :meth:`from_mujoco` takes a live model.

    Parameters
    ----------
    path : of an MJCF file.
    geom_groups, site_groups, tendon_groups, skin_groups : of what is seen.
    max_... : bounds on what a file may make calotype do; 0 is the default (docs/limits.md).

    Raises
    ------
    calotype.Error : NotFoundError, FormatError, LimitError; UnsupportedError in a build without libmujoco.
    """

    def __init__(self, path: Union[str, os.PathLike[str]], *, geom_groups: Sequence[int] = DEFAULT_GROUPS,
                 site_groups: Sequence[int] = DEFAULT_GROUPS, tendon_groups: Sequence[int] = DEFAULT_GROUPS,
                 skin_groups: Sequence[int] = DEFAULT_GROUPS, max_file_bytes: int = 0, max_memory_bytes: int = 0,
                 max_triangles: int = 0, max_texture_pixels: int = 0, allow_outside_paths: bool = False) -> None:
        groups = (group_bits("geom_groups", geom_groups), group_bits("site_groups", site_groups),
                  group_bits("tendon_groups", tendon_groups), group_bits("skin_groups", skin_groups))
        limits = _limits(max_file_bytes, max_memory_bytes, max_triangles, max_texture_pixels, allow_outside_paths)
        self._finish(_calotype.mujoco_load(_path(path), groups, limits))

    @classmethod
    def from_mujoco(cls, model: Any, *, geom_groups: Sequence[int] = DEFAULT_GROUPS,
                    site_groups: Sequence[int] = DEFAULT_GROUPS, tendon_groups: Sequence[int] = DEFAULT_GROUPS,
                    skin_groups: Sequence[int] = DEFAULT_GROUPS, max_memory_bytes: int = 0, max_triangles: int = 0,
                    max_texture_pixels: int = 0) -> Model:
        """A model that the package mujoco holds, of any version from 2.2 on: a ``mujoco.MjModel``, or anything with its
        attributes. It is copied: what is changed in it later is not seen."""
        groups = (group_bits("geom_groups", geom_groups), group_bits("site_groups", site_groups),
                  group_bits("tendon_groups", tendon_groups), group_bits("skin_groups", skin_groups))
        limits = _limits(0, max_memory_bytes, max_triangles, max_texture_pixels, False)
        out = cls._of_arrays(model, read_model(model), groups, limits)
        out._live = copy.copy(model) if module_of(model) is not None else None
        return out

    @classmethod
    def _of_arrays(cls, model: Any, arrays: Mapping[str, Any], groups: Tuple[int, ...],
                   limits: Tuple[int, ...] = (0, 0, 0, 0, 0, False)) -> Model:
        """Of the arrays of a live model, which may have been changed; without kinematics."""
        out = cls.__new__(cls)
        out._finish(_calotype.mujoco_create(name_of(model), dict(arrays), read_numbers(model), version_of(model), groups,
                                            limits))
        return out

    def _finish(self, handle: Any) -> None:
        self._handle = handle
        self._live: Any = None  # a mujoco.MjModel that has the kinematics; None: the library has them
        names, joints, rest, objects, numbers = handle.describe()
        self._names: Mapping[int, list[str]] = names
        self._joints, self._rest, self._objects, self._numbers = joints, rest, objects, numbers
        self._scene = Scene(handle.scene())
        self._states: dict[Any, States] = {}

    # ---- what it is ----

    @property
    def scene(self) -> Scene:
        """A node a body, and under it a node a geom, site, camera and light, with MuJoCo's names; metres, z up."""
        return self._scene

    @property
    def nq(self) -> int:
        """Numbers a row of ``qpos``."""
        return len(self._rest)

    @property
    def qpos0(self) -> npt.NDArray[np.float64]:
        """(nq,), the rest pose."""
        return np.array(self._rest, dtype=np.float64)

    @cached_property
    def joints(self) -> list[Joint]:
        """By id."""
        return [Joint(name, _JOINT_TYPES[kind][0], address, _JOINT_TYPES[kind][1], limited, bounds)
                for name, kind, address, limited, bounds in self._joints]

    def names(self, kind: str) -> list[str]:
        """Of all "body", "geom", "site", "camera", "light", "skin" or "tendon", by id; "" for those without one."""
        return list(self._names[self._kind(kind)])

    @property
    def cameras(self) -> list[str]:
        """Names, by id."""
        return self.names("camera")

    def node(self, kind: str, which: Union[int, str]) -> int:
        """The node of ``scene`` that stands for a body, geom, ..., by id or name (of a tendon the first; the others
        follow)."""
        number, names = self._kind(kind), self.names(kind)
        if isinstance(which, str):
            if not which or which not in names:
                raise NotFoundError(f"{self.scene.path} has no {kind} {which!r} among its {len(names)}")
            which = names.index(which)
        if not isinstance(which, (int, np.integer)) or not 0 <= which < len(names):
            raise NotFoundError(f"{self.scene.path} has {len(names)} of the kind {kind}: there is no {which!r}")
        return int(self._objects.index((number, int(which))))

    def object(self, node: int) -> Tuple[str, int]:
        """What a node of ``scene`` stands for: its kind and id; ("", -1) for the headlight's."""
        if not isinstance(node, (int, np.integer)) or not 0 <= node < len(self._objects):
            raise NotFoundError(f"{self.scene.path} has {len(self._objects)} nodes: there is no node {node!r}")
        kind, identity = self._objects[node]
        return next((word for word, number in KINDS.items() if number == kind), ""), int(identity)

    def _kind(self, kind: str) -> int:
        if kind not in KINDS:
            raise ArgumentError(f"there is no kind {kind!r}: choose one of {', '.join(KINDS)}")
        return KINDS[kind]

    # ---- how MuJoCo shows it ----

    @cached_property
    def sky(self) -> Optional[npt.NDArray[np.float32]]:
        """The skybox as an environment (``Lighting.environment``), or None."""
        picture: Optional[npt.NDArray[np.float32]] = self._handle.sky(_empty_picture)
        return picture

    @property
    def lighting(self) -> Lighting:
        """The model's lamps and its headlight; those cast shadows that do so in MuJoCo."""
        return Lighting(environment=self, scene_lights=True, shadows="all", shadow_map_size=SHADOW_MAP_SIZE)

    @property
    def settings(self) -> Settings:
        """MuJoCo's shading."""
        return Settings(shading="mujoco")

    @property
    def background(self) -> Union[str, Tuple[float, float, float]]:
        """The sky, or black."""
        return "environment" if self.sky is not None else (0.0, 0.0, 0.0)

    # ---- states ----

    def pose(self, qpos: npt.ArrayLike) -> Pose:
        """Where joint positions (nq,) put everything, for ``Renderer.render`` and the scene's methods. Quaternions need not
        have unit length."""
        row = _array("qpos", qpos, np.float64)
        if row.shape != (self.nq,) or not np.isfinite(row).all():
            raise ArgumentError(f"qpos has {self.nq} finite numbers, shape ({self.nq},), not {np.shape(qpos)}")
        rows, arrays, _ = self._placed(row[None], 1)
        return ModelPose(source=(self._handle, None if rows is None else rows[0].copy(), arrays))

    def pose_of(self, data: Any) -> Pose:
        """Where a ``mujoco.MjData`` of this model has everything, or a dictionary of its arrays; copied."""
        count, arrays = read_states({name: np.asarray(value)[None] for name, value in data.items()}
                                    if isinstance(data, Mapping) else data)
        if count != 1:
            raise ArgumentError(f"one state makes a pose, not {count}")
        return ModelPose(source=(self._handle, None, arrays))

    def _placed(self, rows: Array, count: int) -> Tuple[Optional[Array], Optional[Tuple[Optional[Array], ...]], int]:
        """Rows of qpos as calotype's own kinematics takes them; or, for a live model, what its own MuJoCo makes of them."""
        if self._live is None:
            return rows, None, count
        if rows.shape[1] != self.nq or not np.isfinite(rows).all():
            raise ArgumentError(f"qpos has the shape (states, {self.nq}) and finite numbers, not {rows.shape}")
        return None, self._moved(rows), count

    def _moved(self, rows: Array) -> Tuple[Optional[Array], ...]:
        mujoco = module_of(self._live)
        data = mujoco.MjData(self._live)
        parts = []
        for row in rows:
            data.qpos[:] = row
            for step in (mujoco.mj_kinematics, mujoco.mj_comPos, mujoco.mj_camlight, mujoco.mj_tendon):
                step(self._live, data)
            parts.append(read_states(data)[1])
        return tuple([None if column[0] is None else np.concatenate(column) for column in zip(*parts)])

    # ---- pictures ----

    def render(self, qpos: Optional[npt.ArrayLike] = None, cameras: Union[str, Sequence[str], Views] = (),
               seeds: Optional[npt.ArrayLike] = None, randomize: Randomize = None, *, lenient: bool = False,
               states: Any = None, count: Optional[int] = None, first_seed: int = 0, width: int = 200,
               height: int = 200, channels: Sequence[str] = ("color", "depth"), convention: str = "calotype",
               out: Optional[Mapping[str, Array]] = None, progress: Optional[Progress] = None, samples: int = 4,
               backend: str = "auto", threads: int = 0) -> dict[str, Any]:
        """Renders every camera of every state in one call: :meth:`calotype.States.render`, whose engine is kept from one
        call to the next. ``randomize``, ``lenient``, ``samples``, ``backend`` and ``threads`` are as of
        :class:`calotype.States`."""
        key = (repr(randomize), _stamp(randomize), lenient, samples, backend, threads)
        engine = self._states.get(key)
        if engine is None:
            engine = States(self, randomize, lenient=lenient, samples=samples, backend=backend, threads=threads)
            self._states.clear()  # one is kept
            self._states[key] = engine
        return engine.render(qpos, cameras, seeds, states=states, count=count, first_seed=first_seed, width=width,
                             height=height, channels=channels, convention=convention, out=out, progress=progress)

    def __repr__(self) -> str:
        return (f"<calotype.mujoco.Model {self.scene.path}: {len(self.names('body'))} bodies, {len(self.joints)} joints, "
                f"{len(self.cameras)} cameras>")


def _stamp(randomize: Randomize) -> Any:
    """Changes when a file does."""
    try:
        return os.stat(randomize).st_mtime_ns if isinstance(randomize, (str, os.PathLike)) else None
    except (OSError, ValueError):
        return None  # no file: text, or what States will complain of


def module_of(live: Any) -> Any:
    """The package mujoco that a live model is of; None for something else."""
    name = type(live).__module__.split(".")[0]
    module = sys.modules.get(name)
    return module if module is not None and hasattr(module, "mj_kinematics") else None


def version_of(live: Any) -> int:
    """mj_version(), 0 where it is not known."""
    module = module_of(live)
    given = get(live, "version") if module is None else module.mj_version()
    return int(given or 0)
