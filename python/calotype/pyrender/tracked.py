"""How renderers know what changed: checked attributes, arrays whose edits are noticed, and numbers for contents.

Everything a renderer keeps prepared between calls derives from `Tracked` and has a number, its identity. It is taken
from one counter of the process and taken anew with each change, so that equal numbers mean equal contents.
"""
from __future__ import annotations

import itertools
import math
import sys
from typing import Any, Callable, Dict, Generic, Optional, Tuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Array = npt.NDArray[Any]

_identities = itertools.count(1)


def new_identity() -> int:
    """A number that no content of this process has had."""
    return next(_identities)


def _bytes_of(array: Array) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


class Content:
    """An array that belongs to us, and the copy of it that users may hold and edit.

    Renderers borrow `snapshot`, which nobody ever writes to, so that an edit in place can neither be missed nor
    disturb a picture that is being made.
    """

    __slots__ = ("snapshot", "handed_out")

    def __init__(self, snapshot: Array) -> None:
        snapshot.flags.writeable = False
        self.snapshot = snapshot
        self.handed_out: Optional[Array] = None

    def hand_out(self) -> Array:
        """The users' copy; from now on `refresh` looks for edits."""
        handed_out = self.handed_out
        if handed_out is None:
            handed_out = self.handed_out = self.snapshot.copy()
        return handed_out

    def refresh(self) -> bool:
        """Takes over what users edited. True if there was anything."""
        handed_out = self.handed_out
        if handed_out is None:
            return False
        changed = not np.array_equal(_bytes_of(handed_out), _bytes_of(self.snapshot))
        if changed:
            snapshot = np.empty_like(self.snapshot)
            np.copyto(snapshot, handed_out)
            snapshot.flags.writeable = False
            self.snapshot = snapshot
        del handed_out
        if sys.getrefcount(self.handed_out) <= 2:  # the attribute and the argument: no user holds it any more
            self.handed_out = None
        return changed

    def clone(self) -> Content:
        """Of equal content; edits of one are not the other's."""
        self.refresh()
        return Content(self.snapshot)


class Tracked:
    """Base of what renderers keep prepared: it has an identity, which changes when its content does."""

    _version: int = 0

    def _touch(self, counter: str = "_version") -> None:
        self.__dict__[counter] = new_identity()

    def _edited(self) -> Dict[str, Tuple[Content, str]]:
        """The arrays that users may be editing, and the numbers that edits change."""
        handed_out: Optional[Dict[str, Tuple[Content, str]]] = self.__dict__.get("_handed_out")
        if handed_out is None:
            handed_out = self.__dict__["_handed_out"] = {}
        return handed_out

    @property
    def identity(self) -> int:
        """A number that no other content in this process has had."""
        if self.__dict__.get("_handed_out"):
            self._look_for_edits()
        return self._version

    def _look_for_edits(self) -> None:
        edited = self._edited()
        for name, (content, counter) in list(edited.items()):
            if content.refresh():
                self._touch(counter)
            if content.handed_out is None:
                edited.pop(name, None)

    def __getstate__(self) -> Dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not name.startswith("_cached_")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        for name, value in state.items():
            self.__dict__[name] = value.clone() if isinstance(value, Content) else value
            if name.endswith("_version"):  # it may come from another process, where numbers mean other contents
                self._touch(name)
        self.__dict__["_handed_out"] = {}


class Attribute(Generic[T]):
    """An attribute that is checked when it is set; ``convert(owner, value)`` gives what is stored or raises.

    `counter` is the number of the owner's that changes with it.
    """

    def __init__(self, convert: Callable[[Any, Any], T], doc: str, counter: str = "_version") -> None:
        self._convert = convert
        self._counter = counter
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._slot = "_" + name

    @overload
    def __get__(self, owner: None, kind: type) -> Attribute[T]: ...

    @overload
    def __get__(self, owner: Tracked, kind: type) -> T: ...

    def __get__(self, owner: Any, kind: type) -> Any:
        return self if owner is None else owner.__dict__[self._slot]

    def __set__(self, owner: Tracked, value: Any) -> None:
        owner.__dict__[self._slot] = self._convert(owner, value)
        owner._touch(self._counter)


class ArrayAttribute:
    """An array that may be set, or edited in place. ``convert(owner, value)`` gives a new array, or None."""

    def __init__(self, convert: Callable[[Any, Any], Optional[Array]], doc: str, counter: str = "_version") -> None:
        self._convert = convert
        self._counter = counter
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._slot = "_" + name

    def __get__(self, owner: Any, kind: type) -> Any:
        if owner is None:
            return self
        content = owner.__dict__[self._slot]
        if content is None:
            return None
        owner._edited()[self._slot] = content, self._counter
        return content.hand_out()

    def __set__(self, owner: Tracked, value: Any) -> None:
        array = self._convert(owner, value)
        owner.__dict__[self._slot] = None if array is None else Content(array)
        owner._edited().pop(self._slot, None)
        owner._touch(self._counter)


def snapshot(owner: Tracked, name: str) -> Any:
    """The array of an attribute (or None) without handing it out, edits included; nobody may write to it."""
    owner.identity
    content = owner.__dict__["_" + name]
    return None if content is None else content.snapshot


def name_of(owner: Any, value: Any) -> Optional[str]:
    """A name: anything becomes a string; None stays."""
    return None if value is None else str(value)


def number(message: str, accept: Callable[[float], bool] = lambda value: True,
           default: Optional[float] = None) -> Callable[[Any, Any], float]:
    """A checked float; `message` says what it must be. None becomes `default` where there is one."""
    def convert(owner: Any, value: Any) -> float:
        try:
            converted = float(default if value is None and default is not None else value)
        except OverflowError:
            raise ValueError(f"{message}, not so large a number") from None
        if not math.isfinite(converted) or not accept(converted):
            raise ValueError(f"{message}, not {converted:g}")
        return converted
    return convert


def boolean(what: str) -> Callable[[Any, Any], bool]:
    """A bool and nothing that is merely true or false."""
    def convert(owner: Any, value: Any) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{what} must be True or False, not {value!r}")
        return bool(value)
    return convert
