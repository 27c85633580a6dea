"""A window to look at a scene. docs/python/viewer.md tells how to use it."""
from __future__ import annotations

import math
import os
import threading
import time
import warnings
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ..errors import Error, UnsupportedError
from .constants import RenderFlags, TextAlign
from .renderer import Renderer
from .scene import Scene
from .trackball import Trackball
from .viewer_files import save_animation, save_picture
from .viewer_keys import ACTIONS
from .viewer_stage import Stage, scene_size
from .viewer_text import with_captions, with_text
from .viewer_window import CONTROL, LEFT, MIDDLE, RIGHT, SHIFT, Window, load_glfw, refuse_threads_of_macos

Picture = npt.NDArray[np.uint8]

_RENDER_FLAGS: Mapping[str, Any] = {
    "flip_wireframe": False, "all_wireframe": False, "all_solid": False, "shadows": False, "vertex_normals": False,
    "face_normals": False, "cull_faces": True, "point_size": 1.0,
}
_VIEWER_FLAGS: Mapping[str, Any] = {
    "mouse_pressed": False, "rotate": False, "rotate_rate": math.pi / 3.0, "rotate_axis": (0.0, 0.0, 1.0),
    "view_center": None, "record": False, "use_raymond_lighting": False, "use_direct_lighting": False,
    "lighting_intensity": 3.0, "use_perspective_cam": True, "save_directory": None, "window_title": "Scene Viewer",
    "refresh_rate": 30.0, "fullscreen": False, "show_world_axis": False, "show_mesh_axes": False, "caption": None,
}
_PATIENCE_SECONDS = 0.1  # the longest wait for events or the lock: then it is seen that it shall close
_DRAG_SECONDS = 0.25  # after this long without a movement a drag is still, and drawn with all samples
_MESSAGE_SECONDS, _MESSAGE_FADE, _MESSAGE_END = 2.0 / 3.0, 0.9 ** 30.0, 0.05  # fading is by second
_MESSAGE_COLOR = (0.1, 0.7, 0.2)
_MESSAGE_HEIGHT = 20.0
_ORTHOGRAPHIC_STEP = 0.95  # of what is seen that is left after a step of the wheel


class Viewer:
    """A window that shows a scene, in which the mouse moves the camera.

    It opens at once, and unless `run_in_thread` is set the call returns when it is closed. The camera is the viewer's
    own: it begins where the scene's main camera is, and is taken out again at the end. Pictures are drawn by the same
    renderer as those of `OffscreenRenderer`, and only when something changed.

    The left button circles around the scene, with Ctrl rolls, with Shift (or the middle button) shifts, the wheel and
    the right button go nearer and farther. Keys: a turns the camera around the scene; c hides back faces; f is full
    screen; h draws shadows; i shows axes; l changes lights; m and n show normals of faces and of vertices; o is the
    orthographic camera; q quits; r records a GIF until it is pressed again; s saves a picture; w changes wireframes;
    z goes back to where the camera was first.

    Parameters
    ----------
    scene : Scene
        The scene to show. Hold `render_lock` while another thread changes it.
    viewport_size : (2,) int, optional
        Width and height of the window. None: 640 and 480.
    render_flags : dict, optional
        Values of `render_flags`.
    viewer_flags : dict, optional
        Values of `viewer_flags`.
    registered_keys : dict, optional
        Functions by the character of a key. See `registered_keys`.
    run_in_thread : bool
        The window lives in a thread of its own, and the call returns as soon as it is open. Not on macOS.
    auto_start : bool
        Without it nothing opens before `start` is called.
    **kwargs
        Any of `render_flags` and `viewer_flags`.

    Raises
    ------
    calotype.BackendError
        There is no display, or no package `glfw` (pip install glfw); `OffscreenRenderer` needs neither.
    ValueError
        A size or the refresh rate is none.
    """

    def __init__(self, scene: Scene, viewport_size: Any = None, render_flags: Optional[Dict[str, Any]] = None,
                 viewer_flags: Optional[Dict[str, Any]] = None, registered_keys: Optional[Mapping[Any, Any]] = None,
                 run_in_thread: bool = False, auto_start: bool = True, **kwargs: Any) -> None:
        self._scene = scene
        self._viewport_size = _window_size(viewport_size)
        self._render_flags: Dict[str, Any] = {**_RENDER_FLAGS, **(render_flags or {})}
        self._viewer_flags: Dict[str, Any] = {**_VIEWER_FLAGS, "rotate_axis": np.array(_VIEWER_FLAGS["rotate_axis"]),
                                              **(viewer_flags or {})}
        self._take_flags(kwargs)
        self._registered_keys = _by_code({} if registered_keys is None else registered_keys)
        self._title = str(self._viewer_flags["window_title"])
        self._render_lock = threading.RLock()
        self._run_in_thread = bool(run_in_thread)
        self._should_close = False
        self._window: Optional[Window] = None
        self._thread_identity: Optional[int] = None
        self._picture: Optional[Picture] = None
        self._picture_state: Any = None
        self._saved_frames: List[Picture] = []
        self._message: Optional[str] = None
        self._message_time = self._drag_time = self._tick_time = -math.inf
        self._period()
        if self._run_in_thread:
            refuse_threads_of_macos()
        else:
            load_glfw()
        width, height = self._viewport_size
        self._renderer: Optional[Renderer] = Renderer(width, height, self._render_flags["point_size"])
        self._still_samples = self._renderer.samples
        self._stage = Stage(scene, self._viewer_flags["view_center"])
        self._is_active = True
        try:
            self.reset_view()
            if self._run_in_thread:
                self._start_thread()
            elif auto_start:
                self.start()
        except BaseException:
            self._finish()
            raise

    def _take_flags(self, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            if name in self._render_flags:
                self._render_flags[name] = value
            elif name in self._viewer_flags:
                self._viewer_flags[name] = value
            else:
                warnings.warn(f"a Viewer has no flag {name!r}; it has no effect", stacklevel=3)

    # ---- what users see ----

    @property
    def scene(self) -> Scene:
        """Scene : What is shown."""
        return self._scene

    @property
    def viewport_size(self) -> Tuple[int, int]:
        """(int, int) : Width and height of the window, as the desktop counts them; it may enlarge pixels."""
        return self._viewport_size

    @property
    def render_lock(self) -> Any:
        """threading.RLock : While someone holds it, the scene is neither drawn nor touched by the viewer."""
        return self._render_lock

    @property
    def is_active(self) -> bool:
        """bool : Whether it has not been closed."""
        return self._is_active

    @property
    def run_in_thread(self) -> bool:
        """bool : Whether the window has a thread of its own."""
        return self._run_in_thread

    @property
    def render_flags(self) -> Dict[str, Any]:
        """dict : How the scene is drawn; changes show in the next picture.

        - ``flip_wireframe``, ``all_wireframe``, ``all_solid`` : bool, False. The first that is set counts: wireframes
          and surfaces exchanged; all wireframes; all surfaces.
        - ``shadows`` : bool, False. Directional and spot lights cast shadows.
        - ``vertex_normals``, ``face_normals`` : bool, False. Normals are drawn as lines.
        - ``cull_faces`` : bool, True. Back faces are hidden.
        - ``point_size`` : float, 1. Width of points, pixels.
        """
        return self._render_flags

    @render_flags.setter
    def render_flags(self, value: Dict[str, Any]) -> None:
        self._render_flags = value

    @property
    def viewer_flags(self) -> Dict[str, Any]:
        """dict : What the viewer does; changes show in the next picture.

        - ``rotate`` : bool, False. The camera circles around the scene.
        - ``rotate_rate`` : float, pi / 3. Radians a second.
        - ``rotate_axis`` : (3,) float, z. The axis in the world that it circles around.
        - ``view_center`` : (3,) float, None. The point to circle around; None is the scene's middle. Used when the
          viewer is made, and by z.
        - ``record`` : bool, False. Pictures are kept for `save_gif`.
        - ``use_raymond_lighting``, ``use_direct_lighting`` : bool, False. Three lights around the camera; one in it.
        - ``lighting_intensity`` : float, 3. Of these lights, lux.
        - ``use_perspective_cam`` : bool, True. Otherwise the camera is orthographic.
        - ``save_directory`` : str, None. Folder of what is saved; None is the current one.
        - ``window_title`` : str, "Scene Viewer".
        - ``refresh_rate`` : float, 30. How often a second the viewer looks whether something changed.
        - ``fullscreen`` : bool, False.
        - ``show_world_axis``, ``show_mesh_axes`` : bool, False. Axes in the world's origin and in those of meshes.
        - ``caption`` : list of dict, None. Texts on the picture: ``text``, and, if they shall differ from those named,
          ``location`` (a `TextAlign`, BOTTOM_LEFT), ``font_name`` (a font's file or name, DejaVu Sans), ``font_pt``
          (pixels, 40), ``color`` (RGBA, black) and ``scale`` (1).
        - ``mouse_pressed`` : bool. Set while the mouse is.
        """
        return self._viewer_flags

    @viewer_flags.setter
    def viewer_flags(self, value: Dict[str, Any]) -> None:
        self._viewer_flags = value

    @property
    def registered_keys(self) -> Dict[int, Any]:
        """dict : Functions by the code of a key's character (it may be set with the characters themselves).

        Each is a function, or a tuple of it, a list of arguments and a dict of keyword arguments, of which the last may
        be missing. It is called with the viewer and these, instead of what the key does otherwise.
        """
        return self._registered_keys

    @registered_keys.setter
    def registered_keys(self, value: Mapping[Any, Any]) -> None:
        self._registered_keys = _by_code(value)

    def start(self) -> None:
        """Opens the window of a viewer that was made without `auto_start`, and returns when it is closed."""
        if not self._is_active:
            raise ValueError("this viewer was closed: make a new one")
        try:
            self._open()
            self._loop()
        finally:
            self._finish()

    def close_external(self) -> None:
        """Closes the viewer from another thread, and returns when it is closed.

        Not while holding `render_lock`: the viewer needs it to take its nodes out of the scene.
        """
        self._should_close = True
        if self._thread_identity is None:
            self._finish()
        if self._thread_identity == threading.get_ident():
            return
        while self._is_active:
            time.sleep(0.005)

    def save_gif(self, filename: Optional[str] = None) -> None:
        """Saves the pictures that were recorded while the flag 'record' was set, and forgets them.

        Parameters
        ----------
        filename : str, optional
            Where to. None: a number that is free in 'save_directory', or in the current folder.

        Raises
        ------
        calotype.Error
            Nothing was recorded, or Pillow is missing.
        OSError
            The file cannot be written.
        """
        self._save_gif(filename)

    def _save_gif(self, filename: Optional[str]) -> str:
        frames = tuple(self._saved_frames)  # more may come meanwhile
        path = save_animation(frames, 1.0 / self._period(), self._viewer_flags["save_directory"], filename)
        del self._saved_frames[:len(frames)]
        self._viewer_flags["save_directory"] = os.path.dirname(path)
        return path

    def save_image(self) -> None:
        """Saves the picture as it is shown, captions included; the window's title tells where, or why not."""
        if self._picture is None:
            return
        try:
            self.set_caption(f"saved {save_picture(self._picture, self._viewer_flags['save_directory'])}")
        except (Error, OSError) as problem:
            self.set_caption(str(problem))

    def toggle_recording(self) -> None:
        """Begins to record pictures, or ends it and saves a GIF; the window's title tells where, or why not."""
        flags = self._viewer_flags
        flags["record"] = not flags["record"]
        if flags["record"]:
            self.set_caption(f"{flags['window_title']} (RECORDING)")
            return
        try:
            self.set_caption(f"saved {self._save_gif(None)}")
        except (Error, OSError) as problem:
            self.set_caption(str(problem))

    def set_caption(self, caption: str) -> None:
        """Says what the window's title bar shows."""
        self._title = str(caption)

    def reset_view(self) -> None:
        """Puts the camera where it was first."""
        center = self._viewer_flags["view_center"]
        with self._render_lock:
            if center is None:
                center = self._scene.centroid
            self._stage.reset_magnification()
            self._trackball = Trackball(self._stage.initial_pose, self._viewport_size, scene_size(self._scene), center)

    # ---- what happens in the window; to be overridden, too ----

    def on_close(self) -> None:
        """Ends the viewer: its nodes leave the scene now, the window goes as soon as what runs has returned."""
        self._should_close = True
        with self._render_lock:
            self._stage.leave()
        if self._thread_identity is None:
            self._finish()

    def on_draw(self) -> None:
        """Draws the scene if anything changed, and puts the picture into the window."""
        window = self._window
        # Waiting no longer than a moment keeps the window alive while someone changes the scene for long.
        if window is None or not self._render_lock.acquire(timeout=min(self._period(), _PATIENCE_SECONDS)):
            return
        try:
            if not self._should_close:
                self._update_picture(window)
        finally:
            self._render_lock.release()
        if self._picture is not None:
            window.show(self._with_message(self._picture, window))

    def on_resize(self, width: int, height: int) -> None:
        """The window has a new size."""
        if width > 0 and height > 0:
            self._viewport_size = width, height
            self._trackball.resize(self._viewport_size)

    def on_mouse_press(self, x: float, y: float, buttons: int, modifiers: int) -> None:
        """A button is pressed: left 1, middle 2, right 4; with Shift 1, Ctrl 2. y is counted from the lower edge."""
        state = Trackball.STATE_ROTATE
        if buttons == LEFT:
            held = modifiers & (SHIFT | CONTROL)
            state = {SHIFT | CONTROL: Trackball.STATE_ZOOM, CONTROL: Trackball.STATE_ROLL,
                     SHIFT: Trackball.STATE_PAN}.get(held, state)
        elif buttons == MIDDLE:
            state = Trackball.STATE_PAN
        elif buttons == RIGHT:
            state = Trackball.STATE_ZOOM
        self._trackball.set_state(state)
        self._trackball.down((x, y))
        self._viewer_flags["mouse_pressed"] = True

    def on_mouse_drag(self, x: float, y: float, dx: float, dy: float, buttons: int, modifiers: int) -> None:
        """The mouse moved while a button was pressed."""
        self._trackball.drag((x, y))
        self._drag_time = time.monotonic()

    def on_mouse_release(self, x: float, y: float, button: int, modifiers: int) -> None:
        """A button is released."""
        self._viewer_flags["mouse_pressed"] = False

    def on_mouse_scroll(self, x: float, y: float, dx: float, dy: float) -> None:
        """The wheel is turned: `dy` is positive forwards."""
        if self._viewer_flags["use_perspective_cam"]:
            self._trackball.scroll(dy)
        else:
            with self._render_lock:
                self._stage.magnify(_ORTHOGRAPHIC_STEP ** dy)

    def on_key_press(self, symbol: int, modifiers: int) -> None:
        """A key is pressed: the code of its character in lower case, or GLFW's number of a key without one."""
        handler = self._registered_keys.get(symbol)
        if handler is not None:
            parts = handler if isinstance(handler, (list, tuple)) else (handler,)
            parts[0](self, *(parts[1] if len(parts) > 1 else ()), **(parts[2] if len(parts) > 2 else {}))
        elif symbol in ACTIONS:
            self._message = ACTIONS[symbol](self)
            self._message_time = time.monotonic()

    # ---- life ----

    def _period(self) -> float:
        """Seconds between two looks."""
        rate = float(self._viewer_flags["refresh_rate"])
        if not 0.0 < rate < math.inf:
            raise ValueError(f"refresh_rate is above 0 a second, not {rate:g}")
        return 1.0 / rate

    def _start_thread(self) -> None:
        opened = threading.Event()
        problems: List[BaseException] = []

        def live() -> None:
            try:
                try:
                    self._open()
                except BaseException as problem:  # the constructor raises it
                    problems.append(problem)
                    return
                finally:
                    opened.set()
                self._loop()
            finally:
                self._finish()
        self._thread = threading.Thread(target=live, name="calotype viewer")
        self._thread.start()
        opened.wait()
        if problems:
            self._thread.join()
            raise problems[0]

    def _open(self) -> None:
        self._thread_identity = threading.get_ident()
        self._window = Window(self._viewport_size, self._title)

    def _loop(self) -> None:
        """Looks for changes and draws, `refresh_rate` times a second, until the viewer shall close."""
        window = self._window
        assert window is not None
        title = self._title
        while not self._should_close:
            begin = time.monotonic()
            if title != self._title:
                title = self._title
                window.set_title(title)
            window.set_fullscreen(bool(self._viewer_flags["fullscreen"]))
            self._rotate(begin)
            self.on_draw()
            if self._viewer_flags["record"] and self._picture is not None:
                self._saved_frames.append(self._picture)
            self._hear(window, begin + self._period())

    def _hear(self, window: Window, end: float) -> None:
        """Waits for events, and handles them."""
        while not self._should_close:
            remaining = end - time.monotonic()
            for name, arguments in window.wait(min(remaining, _PATIENCE_SECONDS)):
                if not self._should_close:
                    getattr(self, name)(*arguments)
            if remaining <= 0.0:
                return

    def _finish(self) -> None:
        """Gives everything back. Only here the viewer becomes inactive."""
        self._should_close = True
        with self._render_lock:
            self._stage.leave()
            renderer, self._renderer = self._renderer, None
            if renderer is not None:
                renderer.delete()
        window, self._window = self._window, None
        if window is not None:
            window.close()
        self._is_active = False

    def _rotate(self, now: float) -> None:
        elapsed, self._tick_time = now - self._tick_time, now
        flags = self._viewer_flags
        if not flags["rotate"] or flags["mouse_pressed"] or not math.isfinite(elapsed):
            return
        # Each picture of a GIF is shown for one period, however long it took to draw.
        seconds = self._period() if flags["record"] else elapsed
        self._trackball.rotate(flags["rotate_rate"] * seconds, flags["rotate_axis"])

    # ---- drawing ----

    def _update_picture(self, window: Window) -> None:
        """Draws the scene, unless it would give the picture that we have."""
        renderer, flags = self._renderer, self._viewer_flags
        width, height = window.pixel_size
        if renderer is None or width == 0 or height == 0:
            return
        self._stage.follow(flags, self._trackball.pose)
        moving = flags["mouse_pressed"] and time.monotonic() - self._drag_time < _DRAG_SECONDS
        renderer.viewport_width, renderer.viewport_height = width, height
        renderer.point_size = self._render_flags["point_size"]
        renderer.samples = 1 if moving else self._still_samples
        wanted = self._renderer_flags()
        state = renderer.state(self._scene, wanted), repr(flags["caption"])
        if self._picture is not None and state == self._picture_state:
            return
        color = renderer.render_batch(self._scene, flags=wanted, channels=("color",))["color"][0]
        self._picture = self._with_captions(color, width / self._viewport_size[0])
        self._picture_state = state

    def _renderer_flags(self) -> int:
        given = self._render_flags
        flags = RenderFlags.NONE
        for name, bit in (("flip_wireframe", RenderFlags.FLIP_WIREFRAME), ("all_wireframe", RenderFlags.ALL_WIREFRAME),
                          ("all_solid", RenderFlags.ALL_SOLID)):
            if given[name]:
                flags |= bit
                break
        if given["shadows"]:
            flags |= RenderFlags.SHADOWS_DIRECTIONAL | RenderFlags.SHADOWS_SPOT
        if given["vertex_normals"]:
            flags |= RenderFlags.VERTEX_NORMALS
        if given["face_normals"]:
            flags |= RenderFlags.FACE_NORMALS
        if not given["cull_faces"]:
            flags |= RenderFlags.SKIP_CULL_FACES
        return flags

    def _with_captions(self, picture: Picture, pixel_ratio: float) -> Picture:
        captions = self._viewer_flags["caption"]
        if not captions:
            return picture
        try:
            return with_captions(picture, captions, pixel_ratio)
        except UnsupportedError as problem:  # no Pillow; it is said once
            warnings.warn(f"captions are not shown: {problem}", stacklevel=2)
            self._viewer_flags["caption"] = None
            return picture

    def _with_message(self, picture: Picture, window: Window) -> Picture:
        """With what the last key did, for a moment; without Pillow the title tells it."""
        if self._message is None:
            return picture
        age = time.monotonic() - self._message_time
        opacity = min(_MESSAGE_FADE ** (age - _MESSAGE_SECONDS), 1.0)
        if opacity < _MESSAGE_END:
            self._message = None
            return picture
        ratio = window.pixel_size[0] / max(self._viewport_size[0], 1)
        try:
            return with_text(picture, self._message, TextAlign.BOTTOM_RIGHT, ratio, None, _MESSAGE_HEIGHT,
                             (*_MESSAGE_COLOR, opacity))
        except UnsupportedError:
            self.set_caption(f"{self._viewer_flags['window_title']} ({self._message})")
            self._message = None
            return picture


def _by_code(keys: Mapping[Any, Any]) -> Dict[int, Any]:
    """Handlers by the codes of lower-case characters."""
    return {ord(key.lower()) if isinstance(key, str) else int(key): handler for key, handler in keys.items()}


def _window_size(given: Any) -> Tuple[int, int]:
    width, height = (640, 480) if given is None else given
    if not (0 < int(width) < 1 << 15 and 0 < int(height) < 1 << 15):
        raise ValueError(f"a viewport_size is a width and a height from 1 to 32767, not {given!r}")
    return int(width), int(height)


__all__ = ["Viewer"]
