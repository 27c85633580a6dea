"""The C extension of the client of render servers (python/extension/remote.c), as ``calotype.orrb`` calls it."""
from typing import Any, Callable, Dict, List, Optional, Tuple, final

_Poll = Optional[Callable[[int, int], Any]]  # what it raises ends the call; its arguments are 0

@final
class Array:
    @property
    def __array_interface__(self) -> Dict[str, Any]: ...

@final
class Reply: ...

@final
class Client:
    def render(self, request: Tuple[Any, ...], deadline_ms: int, poll: _Poll, /) -> List[Tuple[str, Array]]: ...
    def update(self, message: bytes, deadline_ms: int, poll: _Poll, /) -> None: ...
    def health(self, deadline_ms: int, poll: _Poll, /) -> bool: ...

def connect(options: Tuple[str, Optional[str], bool, Optional[str], Optional[str], int], deadline_ms: int, poll: _Poll,
            /) -> Client: ...
