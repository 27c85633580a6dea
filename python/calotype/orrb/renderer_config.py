"""Renderer configs: protocol buffers' messages of ORRB as plain Python objects, with the attributes that Google's classes
give them, their JSON form, and their bytes.

A message has the attributes that src/server/orrb.proto lists. Numbers and texts are set; messages, lists and maps are
changed in place: ``component.config.float_properties["x"] = 0.5``, ``config.vector3_properties["x"].y = 1``,
``config.components.add()``. Maps make what they are asked for, as Google's do. ``copy.deepcopy`` copies.
"""
from __future__ import annotations

import json
import math
import re
import struct
from typing import Any, Callable, Dict, Generic, Iterator, List, Mapping, NoReturn, Optional, Tuple, Type, TypeVar, Union

from .. import errors

__all__ = ["Color", "Quaternion", "RendererComponent", "RendererComponentConfig", "RendererConfig", "Vector2", "Vector3",
           "parse_renderer_config"]

_MessageType = TypeVar("_MessageType", bound="Message")
_INT32 = range(-2**31, 2**31)
_VARINT, _FIXED32, _BYTES = 0, 5, 2


def _refuse(place: str, value: object, wanted: str) -> NoReturn:
    raise errors.ArgumentError(f"{place}: {value!r} is not {wanted}")


def _check_float(value: object, place: str) -> float:
    """Rounded to 32 bits, as it is sent."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        _refuse(place, value, "a number")
    number = float(value)
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _check_int(value: object, place: str) -> int:
    if isinstance(value, (bool, str)) or not hasattr(value, "__index__") or value.__index__() not in _INT32:
        _refuse(place, value, "an integer of 32 bits")
    return int(value.__index__())


def _check_bool(value: object, place: str) -> bool:
    if isinstance(value, (bool, int)) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    _refuse(place, value, "a bool")


def _check_str(value: object, place: str) -> str:
    if not isinstance(value, str):
        _refuse(place, value, "a str")
    return value


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= 2**64 - 1
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, kind: int, content: bytes) -> bytes:
    return _varint(number << 3 | kind) + (_varint(len(content)) if kind == _BYTES else b"") + content


def _float_from_json(value: object, place: str) -> float:
    if isinstance(value, str):
        if value in ("NaN", "Infinity", "-Infinity"):
            return float(value.replace("Infinity", "inf"))
        if not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", value):
            _refuse(place, value, "a number")
        value = float(value)
    number = _check_float(value, place)
    if math.isinf(number):
        _refuse(place, value, "a number of 32 bits")
    return number


def _int_from_json(value: object, place: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _check_int(value, place)


def _bool_from_json(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        _refuse(place, value, "true or false")
    return value


class _Scalar:
    """What a number or text is: its default, and how it is checked, read from JSON, and sent."""

    def __init__(self, default: Any, check: Callable[[object, str], Any], from_json: Callable[[object, str], Any],
                 wire: int, encode: Callable[[Any], bytes]) -> None:
        self.default, self.check, self.from_json, self.wire = default, check, from_json, wire
        self.encode: Callable[[Any], bytes] = encode

    def make(self) -> Any:
        return self.default


_FLOAT = _Scalar(0.0, _check_float, _float_from_json, _FIXED32, lambda value: struct.pack("<f", value))
_INT = _Scalar(0, _check_int, _int_from_json, _VARINT, _varint)
_BOOL = _Scalar(False, _check_bool, _bool_from_json, _VARINT, _varint)
_STR = _Scalar("", _check_str, _check_str, _BYTES, lambda value: str(value).encode())


class _Submessage:
    """The same for a message."""

    wire = _BYTES

    def __init__(self, kind: Type["Message"]) -> None:
        self.make = kind

    def from_json(self, value: object, place: str) -> "Message":
        return self.make()._read_json(value, place)

    def encode(self, value: "Message") -> bytes:
        return value.SerializeToString()


_Item = Union[_Scalar, _Submessage]


class Map(Dict[str, Any]):
    """A map of one kind of value. What is not there yet is made when it is asked for by ``[]``."""

    def __init__(self, item: _Item, place: str) -> None:
        super().__init__()
        self._item, self._place = item, place

    def __missing__(self, key: str) -> Any:
        made = self._item.make()
        super().__setitem__(_check_str(key, f"a key of {self._place}"), made)
        return made

    def __setitem__(self, key: str, value: object) -> None:
        if not isinstance(self._item, _Scalar):
            raise errors.ArgumentError(f"{self._place}[{key!r}] is a message: set its parts, or use CopyFrom")
        super().__setitem__(_check_str(key, f"a key of {self._place}"), self._item.check(value, f"{self._place}[{key!r}]"))

    def update(self, *others: Any, **values: Any) -> None:
        for key, value in dict(*others, **values).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Map":
        copied = Map(self._item, self._place)
        copied._copy_from(self)
        return copied

    def _copy_from(self, other: "Map") -> None:
        for key, value in other.items():
            if isinstance(value, Message):
                self[key].CopyFrom(value)
            else:
                self[key] = value

    def _read_json(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            _refuse(place, value, "an object")
        for key, item in value.items():
            super().__setitem__(key, self._item.from_json(item, f"{place}.{key}"))

    def _encode(self, number: int) -> bytes:
        return b"".join(_field(number, _BYTES, _field(1, _BYTES, key.encode()) +
                               _field(2, self._item.wire, self._item.encode(value)))
                        for key, value in self.items())


class Repeated(Generic[_MessageType]):
    """A list of messages of one kind: ``add`` makes one at the end."""

    def __init__(self, kind: Type[_MessageType]) -> None:
        self._kind = kind
        self._items: List[_MessageType] = []

    def add(self, **fields: Any) -> _MessageType:
        made = self._kind(**fields)
        self._items.append(made)
        return made

    def append(self, message: _MessageType) -> None:
        self.add().CopyFrom(message)

    def extend(self, messages: Any) -> None:
        for message in list(messages):
            self.append(message)

    def remove(self, message: _MessageType) -> None:
        self._items.remove(message)

    def pop(self, index: int = -1) -> _MessageType:
        return self._items.pop(index)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[_MessageType]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Repeated, list)) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(self._items)

    def _copy_from(self, other: "Repeated[_MessageType]") -> None:
        self.extend(other)

    def _read_json(self, value: object, place: str) -> None:
        if not isinstance(value, list):
            _refuse(place, value, "an array")
        for index, item in enumerate(value):
            self.add()._read_json(item, f"{place}[{index}]")

    def _encode(self, number: int) -> bytes:
        return b"".join(_field(number, _BYTES, item.SerializeToString()) for item in self._items)


def _json_name(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


class Message:
    """Fields by name: a number, a text, a message, a list or a map of such."""

    _fields: Mapping[str, Tuple[int, Any]] = {}

    def __init__(self, **fields: Any) -> None:
        for name, (_, kind) in self._fields.items():
            object.__setattr__(self, name, kind.make() if isinstance(kind, (_Scalar, _Submessage)) else kind(name))
        for name, value in fields.items():
            self._assign(name, value)

    def _assign(self, name: str, value: Any) -> None:
        held = getattr(self, name)
        if isinstance(held, Message):
            held.CopyFrom(value)
        elif isinstance(held, Repeated):
            held.extend(value)
        elif isinstance(held, Map):
            held.update(value)
        else:
            setattr(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        kind = self._fields[name][1] if name in self._fields else None
        if not isinstance(kind, _Scalar):
            what = "is changed in place, not set" if kind else f"is none of {type(self).__name__}'s fields"
            raise AttributeError(f"{name} {what}")
        object.__setattr__(self, name, kind.check(value, name))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields if getattr(self, name))
        return f"{type(self).__name__}({given})"

    def __deepcopy__(self: _MessageType, memo: Dict[int, Any]) -> _MessageType:
        copied = type(self)()
        copied.CopyFrom(self)
        return copied

    def Clear(self) -> None:
        """Makes every field what it was at first."""
        self.__init__()  # type: ignore[misc]

    def CopyFrom(self: _MessageType, other: _MessageType) -> None:
        """Makes this message equal to another one of its kind."""
        if type(self) is not type(other):
            raise errors.ArgumentError(f"CopyFrom: a {type(self).__name__} is needed, not a {type(other).__name__}")
        if self is other:
            return
        self.Clear()
        for name, (_, kind) in self._fields.items():
            held, value = getattr(self, name), getattr(other, name)
            if isinstance(kind, _Scalar):
                setattr(self, name, value)
            elif isinstance(kind, _Submessage):
                held.CopyFrom(value)
            else:
                held._copy_from(value)

    def SerializeToString(self) -> bytes:
        """The message's bytes on the wire."""
        parts = []
        for name, (number, kind) in self._fields.items():
            value = getattr(self, name)
            if isinstance(kind, (_Scalar, _Submessage)):
                content = kind.encode(value)
                if value != kind.make():
                    parts.append(_field(number, kind.wire, content))
            else:
                parts.append(value._encode(number))
        return b"".join(parts)

    def _read_json(self: _MessageType, value: object, place: str) -> _MessageType:
        if not isinstance(value, dict):
            _refuse(place, value, "an object")
        names = {alias: name for name in self._fields for alias in (name, _json_name(name))}
        seen = set()
        for key, item in value.items():
            name = names.get(key)
            if name is None or name in seen:
                raise errors.FormatError(f"{place}: '{key}' is " + ("there twice" if name else
                                         f"no field: there are {', '.join(map(_json_name, self._fields))}"))
            seen.add(name)
            if item is not None:
                self._read_field(name, item, f"{place}.{key}")
        return self

    def _read_field(self, name: str, value: object, place: str) -> None:
        kind, held = self._fields[name][1], getattr(self, name)
        if isinstance(kind, _Scalar):
            object.__setattr__(self, name, kind.from_json(value, place))
        else:
            held._read_json(value, place)


def _floats(names: str) -> Dict[str, Tuple[int, Any]]:
    return {name: (number, _FLOAT) for number, name in enumerate(names, 1)}


def _map_of(item: _Item) -> Callable[[str], Map]:
    return lambda name: Map(item, name)


class Color(Message):
    """r, g, b, a"""

    _fields = _floats("rgba")


class Quaternion(Message):
    """x, y, z, w"""

    _fields = _floats("xyzw")


class Vector3(Message):
    """x, y, z"""

    _fields = _floats("xyz")


class Vector2(Message):
    """x, y"""

    _fields = _floats("xy")


class RendererComponentConfig(Message):
    """A component's properties, a map each type of value."""

    _fields = {
        "int_properties": (1, _map_of(_INT)),
        "float_properties": (2, _map_of(_FLOAT)),
        "string_properties": (3, _map_of(_STR)),
        "bool_properties": (4, _map_of(_BOOL)),
        "quaternion_properties": (5, _map_of(_Submessage(Quaternion))),
        "vector3_properties": (6, _map_of(_Submessage(Vector3))),
        "vector2_properties": (7, _map_of(_Submessage(Vector2))),
        "enum_properties": (8, _map_of(_STR)),
        "color_properties": (9, _map_of(_Submessage(Color))),
    }
    int_properties: Dict[str, int]
    float_properties: Dict[str, float]
    string_properties: Dict[str, str]
    bool_properties: Dict[str, bool]
    quaternion_properties: Dict[str, Quaternion]
    vector3_properties: Dict[str, Vector3]
    vector2_properties: Dict[str, Vector2]
    enum_properties: Dict[str, str]
    color_properties: Dict[str, Color]


class RendererComponent(Message):
    """type, name, path, config"""

    _fields = {"type": (1, _STR), "name": (2, _STR), "path": (3, _STR), "config": (4, _Submessage(RendererComponentConfig))}
    type: str
    name: str
    path: str
    config: RendererComponentConfig


class RendererConfig(Message):
    """model_xml_path, model_mapping_path, components"""

    _fields = {"model_xml_path": (1, _STR), "model_mapping_path": (2, _STR),
               "components": (3, lambda name: Repeated(RendererComponent))}
    model_xml_path: str
    model_mapping_path: str
    components: Repeated[RendererComponent]

    def update_request(self) -> bytes:
        """The components as the bytes of an orrb.UpdateRequest."""
        return self.components._encode(1)


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"'{key}' is there twice in one object")
        found[key] = value
    return found


def parse_renderer_config(text: str, name: Optional[str] = None) -> RendererConfig:
    """Reads the JSON form, by protocol buffers' rules: names in camelCase or as in the .proto file; null is the default;
    numbers may be texts. ``name`` is used in messages. Raises :class:`calotype.FormatError`."""
    where = name or "the renderer config"
    try:
        value = json.loads(text, object_pairs_hook=_unique)
        return RendererConfig()._read_json(value, where)
    except errors.FormatError:
        raise
    except (ValueError, RecursionError) as error:
        told = str(error)
        raise errors.FormatError(told if told.startswith(where) else f"{where} is not the JSON of a renderer config: "
                                 f"{told}") from None
