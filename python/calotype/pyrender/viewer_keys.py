"""What keys do in a viewer."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from .viewer import Viewer

Action = Callable[["Viewer"], Optional[str]]
"""Does something and tells in a few words what."""

# Each row is followed by the next one, the last by the first: values of flags, and the message.
_WIREFRAMES = (
    ((False, False, False), "wireframe as the materials say"), ((True, False, False), "wireframe flipped"),
    ((False, True, False), "all wireframe"), ((False, False, True), "all solid"),
)
_LIGHTS = (((False, False), "the scene's lights"), ((True, False), "three lights at the camera"),
           ((False, True), "one light at the camera"))
_AXES = (((False, False), "no axes"), ((True, False), "the world's axes"), ((False, True), "the meshes' axes"),
         ((True, True), "all axes"))


def _switch(of_renderer: bool, flag: str, on: str, off: str) -> Action:
    def act(viewer: Viewer) -> str:
        flags = viewer.render_flags if of_renderer else viewer.viewer_flags
        flags[flag] = not flags[flag]
        return on if flags[flag] else off
    return act


def _next(of_renderer: bool, names: Tuple[str, ...], rows: Tuple[Tuple[Tuple[bool, ...], str], ...]) -> Action:
    def act(viewer: Viewer) -> str:
        flags: Dict[str, Any] = viewer.render_flags if of_renderer else viewer.viewer_flags
        # The first flag that is set counts where several are that exclude one another.
        now = tuple(bool(flags[name]) for name in names)
        known = [values for values, _ in rows]
        if now not in known:
            first = now.index(True)
            now = tuple(place == first for place in range(len(names)))
        values, message = rows[(known.index(now) + 1) % len(rows)]
        flags.update(zip(names, values))
        return message
    return act


def _quit(viewer: Viewer) -> None:
    viewer.on_close()


def _reset(viewer: Viewer) -> None:
    viewer.reset_view()


def _save(viewer: Viewer) -> None:
    viewer.save_image()


def _record(viewer: Viewer) -> None:
    viewer.toggle_recording()


ACTIONS: Mapping[int, Action] = {ord(key): action for key, action in {
    "a": _switch(False, "rotate", "rotation on", "rotation off"),
    "c": _switch(True, "cull_faces", "back faces hidden", "back faces shown"),
    "f": _switch(False, "fullscreen", "full screen", "window"),
    "h": _switch(True, "shadows", "shadows on", "shadows off"),
    "i": _next(False, ("show_world_axis", "show_mesh_axes"), _AXES),
    "l": _next(False, ("use_raymond_lighting", "use_direct_lighting"), _LIGHTS),
    "m": _switch(True, "face_normals", "normals of faces on", "normals of faces off"),
    "n": _switch(True, "vertex_normals", "normals of vertices on", "normals of vertices off"),
    "o": _switch(False, "use_perspective_cam", "perspective camera", "orthographic camera"),
    "q": _quit,
    "r": _record,
    "s": _save,
    "w": _next(True, ("flip_wireframe", "all_wireframe", "all_solid"), _WIREFRAMES),
    "z": _reset,
}.items()}
"""By the character's code."""
