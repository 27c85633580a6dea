"""A render server as a child process: which program, its arguments, its end."""
from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Dict, List, Optional

from .. import errors
from ..__main__ import find_command

if TYPE_CHECKING:
    from .remote_renderer import RemoteRendererConfig

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10.0
_LOG_BYTES = 2000


class RendererError(errors.Error):
    """What went wrong in a renderer or on its server, in one sentence.

    ``code`` is a word of :class:`calotype.Error`; ``workload`` is the batch that it befell, or None.
    """

    def __init__(self, message: str, code: str = "error", workload: Optional[Dict[str, object]] = None) -> None:
        super().__init__(message)
        self.code = code
        self.workload = workload


def own_program() -> List[str]:
    """``calotype serve``: what the environment names by CALOTYPE, else of this installation, else in PATH."""
    program = os.environ.get("CALOTYPE") or find_command() or shutil.which("calotype")
    if program is None:
        raise RendererError("the program calotype is not beside this package nor in PATH: name it by CALOTYPE, or set "
                            "renderer_local_binary", "not-found")
    return [program, "serve"]


def server_arguments(config: RemoteRendererConfig, port: int) -> List[str]:
    """What ORRB's client gives its servers."""
    arguments = [
        f"--render_server.host={config.host or LOOPBACK}",
        f"--render_server.port={port}",
        f"--render_server.workers_count={config.workers_count}",
        f"--render_server.queues_count={config.queues_count}",
        f"--render_server.streams_count={config.streams_count}",
        "--main.mode=Server",
    ]
    for name in ("model_xml_path", "model_mapping_path", "renderer_config_path"):
        value = getattr(config, name)
        if value is not None:
            arguments.append(f"--main.{name}={os.fspath(value)}")
    return arguments + [f"--main.asset_basedir={os.path.abspath(config.asset_basedir)}",
                        f"--main.parent_pid={os.getpid()}"]


def check_port_is_free(host: str, port: int) -> None:
    """A server of somebody else's there would answer in place of ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise RendererError(f"port {port} of {host} cannot be had: {error}; end the program that uses it, or take "
                                "another base port", "io") from None


class ServerProcess:
    """One server. Threads: one at a time, but ``failure`` may be asked by any."""

    def __init__(self, config: RemoteRendererConfig, device: int, port: int) -> None:
        self.device, self.port = device, port
        self._host = config.host or LOOPBACK
        own = config.renderer_local_binary is None
        self._foreign_folder = None if own else os.path.dirname(os.path.abspath(str(config.renderer_local_binary)))
        program = own_program() if own else [os.path.abspath(str(config.renderer_local_binary))]
        log = [] if own else ["-logFile", os.path.join(tempfile.gettempdir(), f"StandaloneRenderer.{port}.log")]
        self.command = program + log + server_arguments(config, port)
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._said: Optional[IO[bytes]] = None
        self._lock = threading.Lock()

    def start(self) -> None:
        check_port_is_free(self._host, self.port)
        environment = dict(os.environ)
        if self._foreign_folder is not None:
            environment["DISPLAY"] = f":{os.environ.get('ORRB_DISPLAY', '0')}.{self.device}"
        logging.info("Starting render server: %s", " ".join(self.command))
        self._said = tempfile.TemporaryFile()
        try:
            # A session of its own: Ctrl-C is for the program, which ends its servers when it ends.
            self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
                                             cwd=self._foreign_folder, env=environment, start_new_session=True)
        except OSError as error:
            self._close_log()
            raise RendererError(f"the render server cannot be started: {error}", "not-found") from None

    def failure(self) -> Optional[str]:
        """Why the server is not running; None while it is."""
        with self._lock:
            code = self._process.poll() if self._process else None
        if self._process is None:
            return "the render server was not started"
        if code is None:
            return None
        how = f"signal {-code} ended it" if code < 0 else f"it ended with exit code {code}"
        return f"the render server at port {self.port} is gone: {how}; it last said: {self._last_words() or '(nothing)'}"

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        size = os.fstat(self._said.fileno()).st_size
        text = os.pread(self._said.fileno(), _LOG_BYTES, max(0, size - _LOG_BYTES)).decode(errors="replace")
        return " / ".join(line.strip() for line in text.splitlines()[-3:] if line.strip())

    def _close_log(self) -> None:
        if self._said is not None:
            self._said.close()
        self._said = None

    def stop(self) -> None:
        """Ends the server, and returns when it is gone."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.terminate()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._close_log()
