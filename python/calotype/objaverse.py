"""Objaverse-XL's ``render_objects``, with its parameters and defaults, on calotype.

Programs written for the rendering scripts of Objaverse-XL keep their call:

    from calotype.objaverse import render_objects

    render_objects(objects, render_dir="renders", num_renders=20, render_depth=True)

Zips, CSV files and metadata have the scripts' layout: ``{render_dir}/renders/{uid}.zip`` and
``{render_dir}/logs/render-{name}-success.csv``. A second call goes on where the first one was stopped.
"""
from __future__ import annotations

import os
import warnings
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Union

from . import dataset, errors

__all__ = ["render_objects"]

Handler = Callable[..., object]
_REPOSITORY_FORMATS = ("zip", "tar", "tar.gz", "files")
_MAX_FETCHERS = 256  # of `calotype dataset`
_HANDLED = ("found", "modified", "missing", "new")


def render_objects(objects: Union[str, "os.PathLike[str]", Iterable[dataset.Object]], render_dir: str = "~/.objaverse",
                   download_dir: Optional[str] = None, num_renders: int = 32, processes: Optional[int] = None,
                   save_repo_format: Optional[str] = None, only_northern_hemisphere: bool = False, render_timeout: int = 300,
                   gpu_devices: Optional[Union[int, Sequence[int]]] = None, render_depth: bool = False,
                   render_normals: bool = False, render_mask: bool = False, *, name: str = "objaverse",
                   handle_found_object: Optional[Handler] = None, handle_modified_object: Optional[Handler] = None,
                   handle_missing_object: Optional[Handler] = None, handle_new_object: Optional[Handler] = None,
                   **options: object) -> dataset.Summary:
    """Renders objects by the protocol of Objaverse-XL's fork: 256x256 pixels, white environment, random cameras.

    ``objects``: a file of them (uids, paths or URLs in .txt; .csv or .jsonl with ``fileIdentifier`` and ``sha256``), or an
    iterable of identifiers or of mappings with these keys (rows of a data frame: ``frame.to_dict("records")``).

    ``render_dir``: a folder, or ``s3://bucket/prefix`` (other prefixes of fsspec are not supported). ``download_dir``: None
    deletes objects after rendering. ``processes``: downloads at once (256 at most); None: three a core. ``save_repo_format``: "zip", "tar",
    "tar.gz" or "files" keep git repositories in ``download_dir``. ``render_timeout``: seconds. ``gpu_devices``: pictures are
    the same wherever they are drawn, and this version draws them on the cores: a number or list other than 0 is only a
    warning. ``name`` stands in the CSV files' names. ``options``: further ones of :func:`calotype.dataset.run`.

    ``handle_..._object`` are called in this thread, after an object was rendered or has failed, with keyword arguments:
    ``file_identifier``, ``sha256`` (of the file as it is now; of a missing one "") and ``metadata``, the journal's event.
    """
    if gpu_devices not in (None, 0) and gpu_devices != []:
        warnings.warn("calotype.objaverse draws on the cores: gpu_devices changes nothing", stacklevel=2)
    if save_repo_format is not None and save_repo_format not in _REPOSITORY_FORMATS:
        raise errors.ArgumentError(f"save_repo_format={save_repo_format!r}: choose one of {', '.join(_REPOSITORY_FORMATS)}")
    handlers = dict(zip(_HANDLED, (handle_found_object, handle_modified_object, handle_missing_object, handle_new_object)))
    place, logs = _places(render_dir)
    lists: List[Any] = []
    if isinstance(objects, (str, os.PathLike)):
        lists, objects = [os.path.expanduser(objects)], ()
    return dataset.run(
        objects, place, lists=lists, run_folder=logs, resume=os.path.exists(os.path.join(logs, "run.json")),
        on_event=lambda event: _handle(event, handlers), run_name=name, package="zip", views=num_renders,
        download_dir=None if download_dir is None else os.path.expanduser(download_dir),
        fetchers=min(processes or 3 * (os.cpu_count() or 1), _MAX_FETCHERS), save_repo_format=save_repo_format,
        only_northern_hemisphere=only_northern_hemisphere, render_timeout=render_timeout, depth=render_depth,
        normals=render_normals, mask=render_mask, **options)


def _places(render_dir: str) -> Sequence[str]:
    """Where zips go, and the folder of the run: its logs stay on this machine."""
    if render_dir.startswith("s3://"):
        return render_dir.rstrip("/") + "/renders", os.path.expanduser("~/.objaverse/logs")
    if "://" in render_dir:
        raise errors.UnsupportedError(f"render_dir={render_dir!r}: give a folder or s3://bucket/prefix")
    folder = os.path.expanduser(render_dir)
    return os.path.join(folder, "renders"), os.path.join(folder, "logs")


def _handle(event: Dict[str, Any], handlers: Dict[str, Optional[Handler]]) -> None:
    handler = handlers.get(event.get("verdict", ""))
    if handler is not None:
        handler(file_identifier=event["file_identifier"], sha256=event.get("sha256", ""), metadata=event)
