"""ORRB's Python client: programs written for it run with nothing but the import changed.

>>> from calotype import orrb
>>> config = orrb.RemoteRendererConfig()
>>> config.image_width, config.workers_count
(100, 4)

Servers are ``calotype serve`` of this installation, or ORRB's own. numpy is all that is needed.
"""
from __future__ import annotations

from .._calotype import version as __version__
from . import utils
from .remote_renderer import RemoteRenderer, RemoteRendererConfig, get_renderer_executable, get_renderer_version
from .server import RendererError

__all__ = ["RemoteRenderer", "RemoteRendererConfig", "RendererError", "__version__", "get_renderer_executable",
           "get_renderer_version", "utils"]
