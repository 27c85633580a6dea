"""One family of exceptions: every failure of the library is a :class:`Error`."""
from __future__ import annotations

import builtins

__all__ = [
    "ArgumentError", "BackendError", "CancelledError", "EmptyError", "Error", "FormatError", "LimitError",
    "MemoryError", "NotFoundError", "ReadWriteError", "UnsupportedError",
]


class Error(Exception):
    """A failure, told in one sentence: what, where, why, what to do.

    ``code`` is a stable word: ``"argument"``, ``"not-found"``, ``"io"``, ``"format"``, ``"unsupported"``, ``"limit"``,
    ``"memory"``, ``"empty"``, ``"backend"`` or ``"cancelled"``.
    """

    code = "error"


class ArgumentError(Error, ValueError, TypeError):
    """The caller's value is out of range, of the wrong type, shape or dtype, or missing."""

    code = "argument"


class NotFoundError(Error, LookupError):
    """A file or a named thing does not exist."""

    code = "not-found"


class ReadWriteError(Error):
    """Reading or writing failed: permissions, a full disk."""

    code = "io"


class FormatError(Error, ValueError):
    """The bytes are not a valid file of their format."""

    code = "format"


class UnsupportedError(Error):
    """Valid, but calotype cannot read or draw it."""

    code = "unsupported"


class LimitError(Error):
    """A limit (memory, triangles, pixels) would be passed."""

    code = "limit"


class MemoryError(Error, builtins.MemoryError):
    """The system gave no memory."""

    code = "memory"


class EmptyError(Error):
    """The file holds nothing that can be drawn."""

    code = "empty"


class BackendError(Error):
    """The renderer asked for is not available here."""

    code = "backend"


class CancelledError(Error):
    """A callback asked to stop."""

    code = "cancelled"


_FAMILY = {
    kind.code: kind
    for kind in (ArgumentError, NotFoundError, ReadWriteError, FormatError, UnsupportedError, LimitError, MemoryError,
                 EmptyError, BackendError, CancelledError)
}


def make_error(code: str, message: str) -> Error:
    """The exception that stands for a status of the C library (called by the extension)."""
    return _FAMILY.get(code, Error)(message)
