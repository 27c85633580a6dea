"""Models and states of MuJoCo as flat arrays, read from whatever has attributes (or keys) of MuJoCo's names: the package
mujoco of any version is not needed, and not imported."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Dict, Optional, Tuple

import numpy as np
import numpy.typing as npt

from .. import _calotype
from ..errors import ArgumentError

__all__: list[str] = []

Array = npt.NDArray[Any]
Arrays = Tuple[Optional[Array], ...]

_SIZES, _FIELDS, _NUMBERS = _calotype.mujoco_fields()
# What older versions call it.
_OLD_NAMES = {"tex_data": "tex_rgb", "light_type": "light_directional", "cam_projection": "cam_orthographic",
              "nmeshtexcoord": "nmeshtexvert", "ntexdata": "ntexdata"}
# (name, dtype, numbers a row): of one state, in the extension's order.
_STATE = (("xpos", "<f8"), ("xquat", "<f8"), ("cam_xpos", "<f8"), ("cam_xmat", "<f8"), ("light_xpos", "<f8"),
          ("light_xdir", "<f8"), ("ten_wrapadr", "<i4"), ("ten_wrapnum", "<i4"), ("wrap_obj", "<i4"),
          ("wrap_xpos", "<f8"))
_TENDONS = slice(6, 10)


def get(source: Any, name: str) -> Any:
    """An attribute, or an item of a dictionary; None where it is missing."""
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


def _given(model: Any, name: str) -> Any:
    value = get(model, name)
    return value if value is not None or name not in _OLD_NAMES else get(model, _OLD_NAMES[name])


def flat(what: str, value: Any, dtype: str) -> Array:
    """Numbers in one dimension, of exactly this dtype; not copied where they are."""
    if isinstance(value, bytes):
        value = np.frombuffer(value, dtype=np.uint8)
    try:
        array = np.asarray(value).reshape(-1)
        if array.dtype.kind not in "fiub":
            raise ArgumentError(f"{what} must be numbers, not {array.dtype}")
        if array.dtype.str == dtype and array.flags.carray:
            return array
        return np.require(array, dtype, ("C", "A"))
    except ArgumentError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(f"{what} must be an array of numbers: {error}") from None


def _size(model: Any, name: str) -> int:
    if name == "nnames":
        return len(_given(model, "names") or b"")
    if name == "ntexdata":
        texels = _given(model, "tex_data")
        return 0 if texels is None else int(np.size(texels))
    if name == "ntexrole":
        shape = np.shape(_given(model, "mat_texid"))
        return int(shape[1]) if len(shape) == 2 else 1
    value = _given(model, name)
    try:
        return 0 if value is None else int(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"a MuJoCo model's {name} is a number, not {value!r}") from None


def read_model(model: Any) -> Dict[str, Any]:
    """Sizes and arrays by name, as the extension takes them."""
    sizes = {name: _size(model, name) for name in _SIZES}
    if not sizes["nbody"]:
        raise ArgumentError(f"a mujoco.MjModel is needed, or what has its attributes, not {type(model).__name__}")
    out: Dict[str, Any] = dict(sizes)
    for name, dtype, rows, columns, needed in _FIELDS:
        value = _given(model, name)
        if value is None:
            if needed and sizes[rows]:
                raise ArgumentError(f"this MuJoCo model has {sizes[rows]} of {rows}, but no {name}")
            continue
        array = flat(name, value, dtype)
        count = sizes[rows] * (columns or sizes["ntexrole"])
        if array.size != count:
            raise ArgumentError(f"a MuJoCo model's {name} has {array.size} numbers: {count} are needed with {rows} = "
                                f"{sizes[rows]}")
        out[name] = array
    return out


def read_numbers(model: Any) -> Array:
    """The numbers of ``vis`` and ``stat`` one after the other."""
    numbers: list[float] = []
    owners = {"stat": get(model, "stat")}
    for name, count in _NUMBERS:
        part, field = name.split("_", 1)
        if part not in owners:
            owners[part] = get(get(model, "vis"), "global_" if part == "global" else part)
        value = get(owners[part], field)
        if value is None and name == "global_orthographic":
            value = 0
        if value is None:
            raise ArgumentError(f"this MuJoCo model does not tell {'' if part == 'stat' else 'vis.'}{part}.{field}")
        row = [float(value)] if isinstance(value, (int, float)) else flat(name, value, "<f8").tolist()
        if len(row) != count:
            raise ArgumentError(f"a MuJoCo model's {name} has {len(row)} numbers: {count} are needed")
        numbers.extend(row)
    return np.array(numbers)


def name_of(model: Any) -> str:
    """What the model is called in messages."""
    names = get(model, "names")
    word = names.split(b"\0", 1)[0].decode("utf-8", "replace") if isinstance(names, bytes) else ""
    return word or "MuJoCo model"


def read_states(data: Any) -> Tuple[int, Arrays]:
    """How many states there are, and their arrays one after the other, copied. ``data``: an MjData, several of them, or a
    dictionary of arrays that have a row a state."""
    if isinstance(data, Mapping):
        return _states_of_arrays(data)
    states = list(data) if isinstance(data, (Sequence, Iterator)) else [data]
    if not states:
        raise ArgumentError("there is no state: give one mujoco.MjData at least")
    columns: list[Optional[Array]] = []
    for name, dtype in _STATE:
        rows = [get(state, name) for state in states]
        if any(row is None for row in rows):
            if name in ("xpos", "xquat"):
                raise ArgumentError(f"a mujoco.MjData is needed: {type(states[0]).__name__} has no {name}")
            columns.append(None)
            continue
        parts = [flat(name, row, dtype) for row in rows]
        if any(part.size != parts[0].size for part in parts):
            raise ArgumentError(f"these states are of different models: their {name} have different lengths")
        columns.append(np.concatenate(parts))
    return len(states), _tendons(columns)


def _states_of_arrays(data: Mapping[str, Any]) -> Tuple[int, Arrays]:
    unknown = set(data) - {name for name, _ in _STATE}
    if unknown or "xpos" not in data or "xquat" not in data:
        raise ArgumentError(f"states have xpos and xquat, and perhaps {', '.join(name for name, _ in _STATE[2:])}, not "
                            f"{', '.join(sorted(map(str, data)))}")
    count = len(np.asarray(data["xpos"]))
    columns: list[Optional[Array]] = []
    for name, dtype in _STATE:
        value = data.get(name)
        if value is not None and len(np.asarray(value)) != count:
            raise ArgumentError(f"{name} has {len(np.asarray(value))} states, xpos has {count}")
        columns.append(None if value is None else flat(name, value, dtype).copy())
    return count, _tendons(columns)


def _tendons(columns: list[Optional[Array]]) -> Arrays:
    """All that is known of the tendons, or nothing."""
    if any(column is None or not column.size for column in columns[_TENDONS]):
        columns[_TENDONS] = [None] * 4
    return tuple(columns)
