"""One thread for one server: it starts the server, sends it batches, and starts it anew when it dies."""
from __future__ import annotations

import logging
import os
import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

import numpy as np

from .. import errors
from .server import LOOPBACK, RendererError, ServerProcess

if TYPE_CHECKING:
    from .. import _remote
    from .remote_renderer import RemoteRendererConfig

Workload = Dict[str, Any]
Address = Tuple[int, Union[int, str]]  # device, port or "host:port"
_UNAVAILABLE, _DEADLINE_EXCEEDED = 14, 4  # gRPC's status codes
_HEALTH_SECONDS = 5.0
_MEMORY = {None: 0, True: 1, False: 2}


class Stopped(Exception):
    """Raised within a call that nobody waits for any more."""


def renderer_error(error: Exception) -> RendererError:
    if isinstance(error, RendererError):
        return error
    if isinstance(error, Stopped):
        return RendererError("the renderer was shut down meanwhile", "cancelled")
    told = RendererError(str(error) or type(error).__name__, getattr(error, "code", "error"))
    told.__cause__ = error
    return told


class Job:
    """A batch on its way, with the renderer config that it is to be rendered with."""

    def __init__(self, workload: Workload, destination: Any, stamp: int, update: Optional[bytes]) -> None:
        self.workload, self.destination = workload, destination
        self.stamp, self.update = stamp, update
        self.abandoned = False

    def finish(self, result: object) -> None:
        if not self.abandoned:
            self.destination.put(result)

    def fail(self, error: Exception) -> None:
        failure = renderer_error(error)
        failure.workload = self.workload
        self.finish(failure)


class Shared:
    """What the threads of one renderer have in common."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[Optional[Job]] = queue.Queue()
        self.stopping = False  # no more batches are taken
        self.cancelled = False  # those under way end, too
        self.process_id = os.getpid()
        self._lock = threading.Lock()

    def send(self, job: Job) -> None:
        with self._lock:
            if self.stopping:
                raise RendererError("this renderer is shut down", "argument")
            self.jobs.put(job)

    def stop(self, cancel: bool) -> None:
        with self._lock:
            self.stopping = True
            self.cancelled = self.cancelled or cancel


def request_of(workload: Workload, config: RemoteRendererConfig) -> Tuple[Any, ...]:
    """The tuple that the extension takes; see python/extension/remote.c."""
    if "qpos" not in workload or not ("seed" in workload or "seeds" in workload):
        raise RendererError("a batch needs 'qpos' and 'seed' or 'seeds'", "argument")
    qpos = np.ascontiguousarray(workload["qpos"], dtype=np.float32)
    if qpos.ndim != 2 or len(qpos) == 0:
        raise RendererError(f"'qpos' needs the shape (states, numbers) with one state or more, not {qpos.shape}", "argument")
    seeds = None
    if "seeds" in workload:
        given = np.asarray(workload["seeds"])
        seeds = np.ascontiguousarray(given, dtype=np.int32)
        if seeds.shape != qpos.shape[:1] or not np.array_equal(seeds, given):
            raise RendererError(f"'seeds' needs {len(qpos)} integers of 32 bits, one a state", "argument")
    seed = int(workload.get("seed", 0)) % (1 << 31)
    flags = (config.render_alpha, config.render_depth, config.render_normals, config.render_segmentation,
             config.rows_top_down, config.drawn_values, config.png)
    return (qpos, seeds, seed, config.image_width, config.image_height, tuple(config.camera_names),
            tuple(config.channels), *flags, _MEMORY[config.shared_memory])


def results_of(reply: List[Tuple[str, Any]]) -> Workload:
    """ORRB's names, shapes and dtypes. Pictures are the received memory itself."""
    wide = {"f": np.float64, "i": np.int64, "b": np.bool_}
    results: Workload = {}
    for name, held in reply:
        array = np.asarray(held)
        if array.ndim == 1:
            logging.warning('Stream "%s" is left out: %d values do not belong to states evenly.', name, len(array))
        elif array.ndim == 2:
            results[name] = array.astype(wide[array.dtype.kind])
        else:
            results[name] = array
    return results


def addresses_of(config: RemoteRendererConfig, port: Union[int, str]) -> str:
    """gRPC's target. Servers that others started may listen at the loopback address, or, as ORRB's, at the host's own."""
    if isinstance(port, str):
        return port
    if config.host is not None or config.spawn_servers:
        host = config.host or LOOPBACK
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    found = [LOOPBACK]
    try:
        named = socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        named = []
    found += [str(entry[4][0]) for entry in named if entry[4][0] not in found]
    return "ipv4:" + ",".join(f"{address}:{port}" for address in found)


def import_remote() -> Any:
    """The extension; only when it is needed, for it loads gRPC."""
    try:
        from .. import _remote
    except ImportError as error:
        raise RendererError(f"this calotype was built without the client of render servers ({error}): build it where "
                            "gRPC's C core and protobuf-c are installed", "unsupported") from None
    return _remote


class Worker:
    """Takes batches from the queue for its server, one after the other."""

    def __init__(self, shared: Shared, address: Address, config: RemoteRendererConfig) -> None:
        self._shared, self._config = shared, config
        self._target = addresses_of(config, address[1])
        self._server = ServerProcess(config, address[0], int(address[1])) if config.spawn_servers else None
        self._client: Optional[_remote.Client] = None
        self._stamp = 0
        self._suspect = False
        self.opened = threading.Event()
        self.start_error: Optional[RendererError] = None
        self.thread = threading.Thread(target=self.run, name=f"orrb {self._target}", daemon=True)

    def leave_to_user(self) -> str:
        """The server is not started here; the command that starts it."""
        command = " ".join(self._server.command) if self._server else ""
        self._server = None
        return command

    def run(self) -> None:
        try:
            self._open(None)
        except Exception as error:  # told by the thread that starts this one
            self.start_error = renderer_error(error)
            self._close()
            return
        finally:
            self.opened.set()
        for job in iter(self._shared.jobs.get, None):
            try:
                self._serve(job)
            except Exception:  # of `destination`: no reason to lose the thread
                logging.exception("A result cannot be handed over.")
            del job  # a batch's memory is not kept until the next one comes
            self._shared.jobs.task_done()
        self._shared.jobs.task_done()
        self._close()

    def _serve(self, job: Job) -> None:
        try:
            if self._shared.stopping:
                raise RendererError("the renderer was shut down before this batch was rendered", "cancelled")
            results = self._render(job)
        except Exception as error:  # whatever it is, it belongs to whoever sent the batch
            job.fail(error)
        else:
            job.workload.update(results)
            job.finish(job.workload)

    # ---- the server ----

    def _go_on(self, job: Optional[Job]) -> None:
        """Raises where there is nothing left to wait for."""
        if self._shared.cancelled or (job is not None and job.abandoned):
            raise Stopped

    def _open(self, job: Optional[Job]) -> None:
        _remote = import_remote()
        if self._server is not None:
            self._server.start()
        config = self._config
        deadline = time.monotonic() + config.start_deadline_seconds

        def poll(*unused: int) -> None:
            self._go_on(job)
            failure = self._server.failure() if self._server else None
            if failure is not None:
                raise RendererError(failure, "io")
        options = (self._target, config.token, config.tls, config.tls_roots, None, 0)
        client = _remote.connect(options, _milliseconds(config.start_deadline_seconds), poll)
        while not client.health(_milliseconds(_HEALTH_SECONDS), poll):
            poll()
            if time.monotonic() > deadline:
                raise RendererError(f"the render server at {self._target} is not ready after "
                                    f"{config.start_deadline_seconds} seconds: allow more by start_deadline_seconds", "io")
            time.sleep(0.02)
        self._client, self._stamp = client, 0

    def _close(self) -> None:
        self._client = None
        if self._server is not None:
            self._server.stop()

    def _is_lost(self, error: Exception) -> bool:
        """Whether the server is not there any more, so that it is worth starting it anew and sending the batch again."""
        if isinstance(error, RendererError):
            return False  # it was not even possible to start it
        if getattr(error, "grpc_status", 0) == _UNAVAILABLE:
            return True
        return self._server is not None and self._server.failure() is not None

    def _look_after(self, job: Job) -> _remote.Client:
        """A connection to a server that works."""
        if self._suspect and self._client is not None:
            try:
                self._client.health(_milliseconds(_HEALTH_SECONDS), lambda *unused: self._go_on(job))
            except errors.Error:
                self._close()
        self._suspect = False
        if self._client is None:
            try:
                self._open(job)
            except Exception:
                self._close()
                raise
        assert self._client is not None
        return self._client

    # ---- a batch ----

    def _render(self, job: Job) -> Workload:
        request = request_of(job.workload, self._config)
        try:
            return self._send(job, request)
        except errors.Error as error:
            if not self._is_lost(error):
                self._suspect = getattr(error, "grpc_status", 0) == _DEADLINE_EXCEEDED
                raise
            logging.warning("%s; the batch is sent once more.", error)
        self._close()
        return self._send(job, request)

    def _send(self, job: Job, request: Tuple[Any, ...]) -> Workload:
        client = self._look_after(job)
        deadline = _milliseconds(self._config.deadline_seconds)

        def poll(*unused: int) -> None:
            self._go_on(job)
        if job.stamp != self._stamp and job.update is not None:
            client.update(job.update, deadline, poll)
            self._stamp = job.stamp
        return results_of(client.render(request, deadline, poll))


def _milliseconds(seconds: float) -> int:
    return max(1, min(int(seconds * 1000), 2**31 - 1))
