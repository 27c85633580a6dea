"""Data sets: ``calotype dataset`` from Python, with its events as they come.

The work is done by the command, a process of its own: it goes on rendering while Python does something else, keeps its state
on the disk, and can be resumed by either of the two. What its options mean stands in docs/dataset.md.
"""
from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union

from . import errors
from .__main__ import find_command

__all__ = ["Failure", "Summary", "run"]

Event = Dict[str, Any]
Path = Union[str, "os.PathLike[str]"]
Object = Union[Path, Mapping[str, object]]

_CODES = {2: "argument", 3: "not-found", 4: "format", 5: "unsupported", 6: "limit", 7: "io", 8: "backend"}
_OK, _SOME_FAILED, _INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Failure:
    """An object that is not in the data set, and why: ``reason`` is a word of docs/dataset-workers.md's list."""

    file_identifier: str
    sha256: str
    reason: str
    unix_seconds: float


@dataclass(frozen=True)
class Summary:
    """How a run ended. ``report`` is RUN/report.json."""

    run_folder: str
    interrupted: bool
    report: Dict[str, Any] = field(repr=False)

    @property
    def done(self) -> int:
        """Samples that are in the destination."""
        return int(self.report["done"])

    @property
    def failed(self) -> int:
        """Samples that are not, for good."""
        return int(self.report["failed"])

    def failures(self) -> Iterator[Failure]:
        """The failed objects, from the run's CSV file."""
        for name in sorted(os.listdir(self.run_folder)):
            if name.startswith("render-") and name.endswith("-failed.csv"):
                with open(os.path.join(self.run_folder, name), newline="", encoding="utf-8") as file:
                    for time, identifier, sha256, reason in csv.reader(file):
                        yield Failure(identifier, sha256, reason, float(time))


def run(objects: Iterable[Object] = (), output: Optional[Path] = None, *, lists: Sequence[Path] = (),
        run_folder: Optional[Path] = None, resume: bool = False, on_event: Optional[Callable[[Event], None]] = None,
        **options: object) -> Summary:
    """Renders objects into a data set, and returns when all are done or failed.

    ``objects``: paths, globs, URLs or uids, or mappings with ``file_identifier`` (or ``fileIdentifier``) and, if known,
    ``sha256``; ``lists``: files of objects. ``output``: a folder or ``s3://bucket/prefix``. ``run_folder``: see ``--run``.
    ``resume``: go on with an earlier run (then only ``run_folder`` is needed).

    ``options`` are those of the command line, with underscores: ``views=32``, ``depth=True``, ``package="zip"``,
    ``render_timeout=60``, ``reject=("blank", "clipped")``.

    ``on_event`` gets each new line of the journal as a dict (docs/dataset-runs.md): ``event["event"]`` is ``"staged"``,
    ``"failed"``, ``"part"`` ... It is called by this thread; an exception of it stops the run, which can be resumed.

    Failed objects are no exception. An exception is raised where the run cannot go on: :class:`calotype.ArgumentError` for
    wrong options, :class:`calotype.ReadWriteError` for a full disk, and so on. Ctrl-C stops the run in an orderly way and
    raises KeyboardInterrupt.
    """
    with tempfile.TemporaryDirectory(prefix="calotype-") as folder:
        words, inputs = _words(options), _inputs(objects, folder)
        for path in lists:
            words += ["--list", os.fspath(path)]
        if output is not None:
            words += ["--output", os.fspath(output)]
        if run_folder is not None:
            words += ["--run", os.fspath(run_folder)]
        if resume:
            words.append("--resume")
        return _call(words + inputs, on_event)


def _words(options: Mapping[str, object]) -> List[str]:
    words: List[str] = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(option)
        elif isinstance(value, (list, tuple)):
            words.append(f"{option}={','.join(str(part) for part in value)}")
        else:
            words.append(f"{option}={value}")
    return words


def _inputs(objects: Iterable[Object], folder: str) -> List[str]:
    """The words of the command line for objects: a list in a file, where they have more than a name."""
    if isinstance(objects, (str, os.PathLike)):
        return ["--", os.fspath(objects)]
    given = list(objects)
    if not any(isinstance(item, Mapping) for item in given):
        return ["--"] + [os.fspath(item) for item in given if not isinstance(item, Mapping)]
    path = os.path.join(folder, "objects.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for item in given:
            file.write(json.dumps(_object_line(item)) + "\n")
    return ["--list", path]


def _object_line(item: Object) -> Dict[str, str]:
    if not isinstance(item, Mapping):
        return {"file_identifier": os.fspath(item)}
    identifier = item.get("file_identifier", item.get("fileIdentifier"))
    if not isinstance(identifier, str):
        raise errors.ArgumentError(f"an object needs a text \"file_identifier\", but has {sorted(map(str, item))}")
    line = {"file_identifier": identifier}
    sha256 = item.get("sha256")
    if isinstance(sha256, str) and sha256:
        line["sha256"] = sha256
    return line


def _program() -> str:
    program = os.environ.get("CALOTYPE") or find_command() or shutil.which("calotype")
    if program is None:
        raise errors.NotFoundError("the program calotype is not beside this package nor in PATH: name it by CALOTYPE")
    return program


def _call(words: Sequence[str], on_event: Optional[Callable[[Event], None]]) -> Summary:
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as said:
        command = [_program(), "dataset", "--events", str(writer), *words]
        try:
            # A group of its own: Ctrl-C reaches Python, which stops the run in an orderly way.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                                       pass_fds=[writer], start_new_session=True)
        except OSError as error:
            os.close(reader)
            raise errors.NotFoundError(f"{command[0]} cannot be started: {error}") from None
        finally:
            os.close(writer)
        try:
            run_folder = _follow(reader, on_event)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise
        code = process.wait()
        said.seek(0)
        return _end(code, run_folder, said.read().decode(errors="replace"))


def _follow(reader: int, on_event: Optional[Callable[[Event], None]]) -> Optional[str]:
    """Hands events out until the command ends; the run's folder, which the first one tells."""
    run_folder: Optional[str] = None
    with os.fdopen(reader, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["event"] == "run":
                run_folder = str(event["folder"])
            elif on_event is not None:
                on_event(event)
    return run_folder


def _end(code: int, run_folder: Optional[str], said: str) -> Summary:
    if code in (_OK, _SOME_FAILED, _INTERRUPTED) and run_folder is not None:
        with open(os.path.join(run_folder, "report.json"), encoding="utf-8") as file:
            return Summary(run_folder, code == _INTERRUPTED, json.load(file))
    sentences = [line[len("calotype: "):] for line in said.splitlines() if line.startswith("calotype: ")]
    sentence = sentences[-1] if sentences else said.strip()[-1000:] or f"calotype dataset ended with exit code {code}"
    raise errors.make_error(_CODES.get(code, "error"), sentence)
