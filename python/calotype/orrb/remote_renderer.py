"""Renderers on servers: ORRB's classes and functions."""
from __future__ import annotations

import copy
import logging
import os
import platform
import queue
import weakref
from typing import Any, List, Optional, Sequence, Tuple

from .renderer_config import RendererConfig, parse_renderer_config
from .server import RendererError
from .utils import check_result
from .worker import Job, Shared, Worker, Workload

__all__ = ["RemoteRenderer", "RemoteRendererConfig", "RendererError", "get_renderer_executable", "get_renderer_version"]


class RemoteRendererConfig:
    """What a :class:`RemoteRenderer` renders and with which servers. Paths that are not absolute are below
    ``asset_basedir``. A renderer copies it: later changes do not reach it."""

    def __init__(self) -> None:
        self.camera_names: List[str] = []
        self.render_alpha = False
        self.render_depth = False
        self.render_normals = False
        self.render_segmentation = False
        self.image_width = 100
        self.image_height = 100
        self.spawn_servers = True
        self.renderer_local_binary: Optional[str] = None
        self.renderer_version: Optional[str] = None
        self.renderer_config_path: Optional[str] = None
        self.model_xml_path: Optional[str] = None
        self.model_mapping_path: Optional[str] = None
        self.asset_basedir = "."

        # How a server divides its work.
        self.workers_count = 4
        self.queues_count = 4
        self.streams_count = 4

        # What ORRB does not have.
        self.deadline_seconds = 300.0  # for one batch or update
        self.start_deadline_seconds = 60.0
        self.channels: List[str] = []  # calotype's channels, as "<camera>_<channel>"
        self.rows_top_down = False
        self.drawn_values = False  # all that was drawn, as auxiliary streams
        self.png = False  # 8-bit pictures are packed for the way
        self.shared_memory: Optional[bool] = None  # None: where the server is on this machine
        # For servers that others started (spawn_servers = False); spawned ones are at 127.0.0.1 unless `host` is set.
        self.host: Optional[str] = None
        self.token: Optional[str] = None
        self.tls = False
        self.tls_roots: Optional[str] = None  # certificates in PEM; None: the system's


def get_renderer_version() -> str:
    """The version of the protocol and of the renderer packages in ORRB_BINARIES_DIR."""
    return "20190514"


def get_renderer_executable(version: Optional[str]) -> str:
    """The program of a renderer package in ORRB_BINARIES_DIR; ORRB_VERSION_OVERRIDE wins over `version`. Raises ValueError
    where there is none."""
    override = os.environ.get("ORRB_VERSION_OVERRIDE")
    if override is not None:
        logging.warning("ORRB_VERSION_OVERRIDE asks for renderer version %s.", override)
        version = override
    if version is None:
        raise ValueError("which renderer is not known: set renderer_version, or ORRB_VERSION_OVERRIDE")
    folder = os.environ.get("ORRB_BINARIES_DIR")
    if folder is None:
        raise ValueError("where renderers are is not known: set ORRB_BINARIES_DIR to the folder with their packages")
    package = f"StandaloneRenderer-{platform.system()}-{platform.machine()}-{version}"
    program = os.path.join(folder, package, "run.sh")
    if not os.path.exists(program):
        raise ValueError(f"{folder} has no {package}/run.sh: install that version, or calotype's own by "
                         "calotype serve --install-orrb")
    return program


def _settle_program(config: RemoteRendererConfig) -> None:
    """Which server is started: the one that is named, one of ORRB_BINARIES_DIR, or else calotype's own (None)."""
    version = config.renderer_version or os.environ.get("ORRB_VERSION_OVERRIDE")
    if config.spawn_servers and config.renderer_local_binary is None and version and "ORRB_BINARIES_DIR" in os.environ:
        config.renderer_local_binary = get_renderer_executable(config.renderer_version)


def _load_renderer_config(config: RemoteRendererConfig) -> RendererConfig:
    if config.renderer_config_path is None:
        return RendererConfig()
    path = os.path.normpath(os.path.join(os.path.abspath(config.asset_basedir), config.renderer_config_path))
    with open(path, encoding="utf-8") as file:
        return parse_renderer_config(file.read(), path)


def _check_servers(server_configs: Sequence[Tuple[int, Any]], config: RemoteRendererConfig) -> List[Tuple[int, Any]]:
    if os.environ.get("ORRB_MINIMAL"):
        server_configs = server_configs[:int(os.environ["ORRB_MINIMAL"])]
    if not server_configs:
        raise RendererError("a renderer needs a server: server_configs is empty", "argument")
    ports = [port for _, port in server_configs]
    twice = next((port for port in ports if ports.count(port) > 1), None)
    if twice is not None and config.spawn_servers:
        raise RendererError(f"two servers cannot have one port: {twice}", "argument")
    if config.spawn_servers and (config.token is not None or config.tls or any(isinstance(port, str) for port in ports)):
        raise RendererError("token, tls and addresses are for servers that others start: set spawn_servers = False",
                            "argument")
    return [(device, port) for device, port in server_configs]


def _end(shared: Shared, workers: List[Worker], cancel: bool) -> None:
    """Ends threads and servers. A forked child leaves alone what is its parent's."""
    if shared.process_id != os.getpid():
        return
    shared.stop(cancel)
    started = [worker for worker in workers if worker.thread.ident is not None]
    for _ in started:
        shared.jobs.put(None)
    for worker in started:
        worker.thread.join()
    while True:  # what nobody has taken, or was sent meanwhile
        try:
            job = shared.jobs.get_nowait()
        except queue.Empty:
            return
        if job is not None:
            job.fail(RendererError("the renderer was shut down before this batch was rendered", "cancelled"))
        shared.jobs.task_done()


class RemoteRenderer:
    """Renders batches of states on one server or several, a thread each.

    ``server_configs`` has a pair (device, port) a server; where ``spawn_servers`` is False, "host:port" in place of the
    port names one anywhere. Servers that die are started anew, and their batch is sent once more. Any number of threads
    may use one renderer. It ends its servers in :meth:`shutdown`, when it is forgotten, and when the program ends, however
    that happens. Raises :class:`RendererError`.
    """

    def __init__(self, name: str, server_configs: Sequence[Tuple[int, Any]], base_config: RemoteRendererConfig) -> None:
        self.name = name
        self.local_config = copy.deepcopy(base_config)
        _settle_program(self.local_config)
        self.renderer_config = _load_renderer_config(self.local_config)
        self._stamp = 0  # of the renderer config; 0: what the servers have read
        self._update: Optional[bytes] = None
        self._shared = Shared()
        self.workers = [Worker(self._shared, address, self.local_config)
                        for address in _check_servers(server_configs, self.local_config)]
        self._finalizer = weakref.finalize(self, _end, self._shared, self.workers, True)

    def start(self) -> None:
        """Starts the servers; returns when all of them answer."""
        if any(worker.thread.ident is not None for worker in self.workers):
            raise RendererError(f"{self.name} was started already", "argument")
        logging.info("Starting %s with %d servers.", self.name, len(self.workers))
        if os.environ.get("ORRB_DETACHED") and self.local_config.spawn_servers:
            self._ask_for_servers()
        try:
            for worker in self.workers:
                worker.thread.start()
            for worker in self.workers:
                worker.opened.wait()
        except BaseException:
            self._finalizer()
            raise
        failed = next((worker.start_error for worker in self.workers if worker.start_error), None)
        if failed is not None:
            self._finalizer()
            raise failed

    def _ask_for_servers(self) -> None:
        """Servers in a debugger, say: the user starts them."""
        for worker in self.workers:
            print("Start this by hand:", worker.leave_to_user(), sep="\n")
        input("Press Enter when it runs. ")

    def render_batch_async(self, workload: Workload, destination: Any) -> None:
        """Queues a batch; ``destination.put`` is called with the result: the same dict, with the pictures in it, or a
        :class:`RendererError` (``utils.check_result`` raises it)."""
        self._send(workload, destination)

    def _send(self, workload: Workload, destination: Any) -> Job:
        job = Job(workload, destination, self._stamp, self._update)
        self._shared.send(job)
        return job

    def render_batch(self, workload: Workload) -> Workload:
        """Renders a batch: a dict of ``qpos`` (states, numbers), and of ``seed`` (the first state's; each next one has one
        more) or ``seeds`` (one a state), which wins. Returns the same dict with arrays added, the states first:
        ``<camera>`` uint8 (states, height, width, 3; 4 with render_alpha), ``<camera>_depth`` float32 (states, height,
        width), ``<camera>_normals`` float32 (..., 3), ``<camera>_segmentation`` uint8, ``<camera>_<channel>``, and
        streams (states, values)."""
        if self.workers[0].thread.ident is None:
            raise RendererError(f"{self.name} is not running: call start() first", "argument")
        answers: queue.Queue[Any] = queue.Queue()
        job = self._send(workload, answers)
        try:
            return check_result(answers.get())
        except RendererError:
            raise
        except BaseException:
            job.abandoned = True
            raise

    def mutable_renderer_config(self) -> RendererConfig:
        """The renderer config, to be changed and given to :meth:`update`."""
        return self.renderer_config

    def update(self, renderer_config: RendererConfig) -> None:
        """Batches sent from now on are rendered with the components of this config. Each server is told before its next
        batch; what it does not like fails that batch."""
        self.renderer_config = copy.deepcopy(renderer_config)
        self._stamp, self._update = self._stamp + 1, self.renderer_config.update_request()

    def shutdown(self) -> None:
        """Lets the batches under way finish, fails those that wait, ends the servers, and returns when they are gone."""
        _end(self._shared, self.workers, False)
        self._finalizer.detach()  # only now: Ctrl-C may come first
