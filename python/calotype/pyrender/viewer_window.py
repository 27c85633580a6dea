"""A viewer's window: GLFW makes it and hears mouse and keys, a few OpenGL calls put pictures into it."""
from __future__ import annotations

import ctypes
import importlib
import sys
import threading
import warnings
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import numpy.typing as npt

from ..errors import BackendError

LEFT, MIDDLE, RIGHT = 1, 2, 4
"""Mouse buttons; several together are their sum."""
SHIFT, CONTROL = 1, 2
"""Modifier keys; several together are their sum."""

# Events of GLFW are heard by whoever asks for them first, so that two threads with windows would mix them up.
_one_window = threading.Lock()

_NO_DISPLAY = ("a Viewer needs a display, and there is none{why}: run it on a desktop, by 'ssh -X' or under "
               "'xvfb-run', or draw with OffscreenRenderer, which needs none")
_GL_DITHER, _GL_RGB, _GL_UNSIGNED_BYTE, _GL_UNPACK_ALIGNMENT = 0x0BD0, 0x1907, 0x1401, 0x0CF5

Event = Tuple[str, Tuple[Any, ...]]


class Window:
    """A window with an OpenGL context. It belongs to the thread that makes it, which alone may use it.

    Parameters
    ----------
    size : (int, int)
        Width and height, in the units of the desktop (pixels, unless it enlarges windows).
    title : str
        Its title.

    Raises
    ------
    calotype.BackendError
        There is no display, no `glfw` package or library, no OpenGL of the kind needed, or another viewer is open.
    """

    def __init__(self, size: Tuple[int, int], title: str) -> None:
        self._events: List[Event] = []
        self._buttons = 0
        self._cursor = 0.0, 0.0
        self._shown: Optional[npt.NDArray[np.uint8]] = None
        self._place_before: Optional[Tuple[int, int, int, int]] = None
        self._glfw: Any = load_glfw()
        if not _one_window.acquire(blocking=False):
            raise BackendError("another Viewer is open in this process: close it first, there can be one at a time")
        self._handle: Any = None
        try:
            self._handle = self._create(size, title)
            self._glfw.make_context_current(self._handle)
            self._glfw.swap_interval(0)  # the viewer keeps its own pace; hidden windows would wait for ever
            self._gl = self._find_functions()
            self._listen()
        except BaseException:
            self.close()
            raise

    def _create(self, size: Tuple[int, int], title: str) -> Any:
        glfw = self._glfw
        glfw.default_window_hints()
        glfw.window_hint(glfw.DEPTH_BITS, 0)
        handle, why = _quietly(glfw, lambda: glfw.create_window(size[0], size[1], title, None, None))
        if not handle:
            raise BackendError(f"a Viewer needs a window of {size[0]}x{size[1]} with OpenGL, which this display "
                               f"does not give{why}: install an OpenGL driver (Mesa's software driver is enough), "
                               "or draw with OffscreenRenderer")
        return handle

    def _find_functions(self) -> Dict[str, Callable[..., Any]]:
        real, integer, number = ctypes.c_float, ctypes.c_int, ctypes.c_uint
        return {
            "viewport": self.gl_function("glViewport", integer, integer, integer, integer),
            "disable": self.gl_function("glDisable", number),
            "pixel_store": self.gl_function("glPixelStorei", number, integer),
            "raster_position": self.gl_function("glRasterPos2i", integer, integer),
            "pixel_zoom": self.gl_function("glPixelZoom", real, real),
            "draw_pixels": self.gl_function("glDrawPixels", integer, integer, number, number, ctypes.c_void_p),
        }

    def gl_function(self, name: str, *types: Any) -> Callable[..., Any]:
        """A function of OpenGL without a result, by its name and the types of its arguments."""
        address = self._glfw.get_proc_address(name)
        if not address:
            raise BackendError(f"a Viewer needs desktop OpenGL, and this display's driver has no {name}: draw with "
                               "OffscreenRenderer, or install Mesa's driver")
        address = ctypes.cast(address, ctypes.c_void_p).value
        assert address is not None
        function: Callable[..., Any] = ctypes.CFUNCTYPE(None, *types)(address)
        return function

    # ---- pictures ----

    @property
    def size(self) -> Tuple[int, int]:
        """(int, int) : Width and height, in the units of the desktop, as of the mouse's places."""
        width, height = self._glfw.get_window_size(self._handle)
        return int(width), int(height)

    @property
    def pixel_size(self) -> Tuple[int, int]:
        """(int, int) : Width and height in pixels; 0 while the window is an icon."""
        width, height = self._glfw.get_framebuffer_size(self._handle)
        return int(width), int(height)

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Puts a picture, (h, w, 3), into the window unless it is there already; one of another size is stretched."""
        if picture is self._shown:
            return
        width, height = self.pixel_size
        rows = np.ascontiguousarray(picture[::-1])  # OpenGL begins at the bottom
        gl = self._gl
        self._glfw.make_context_current(self._handle)
        gl["viewport"](0, 0, width, height)
        gl["disable"](_GL_DITHER)
        gl["pixel_store"](_GL_UNPACK_ALIGNMENT, 1)
        gl["raster_position"](-1, -1)
        gl["pixel_zoom"](width / rows.shape[1], height / rows.shape[0])
        gl["draw_pixels"](rows.shape[1], rows.shape[0], _GL_RGB, _GL_UNSIGNED_BYTE, rows.ctypes.data)
        self._glfw.swap_buffers(self._handle)
        self._shown = picture

    # ---- the window itself ----

    def set_title(self, title: str) -> None:
        """Says what its title bar shows."""
        self._glfw.set_window_title(self._handle, title)

    def set_fullscreen(self, fullscreen: bool) -> None:
        """Makes it cover the first screen, or gives it back its place before."""
        glfw, handle = self._glfw, self._handle
        if fullscreen and self._place_before is None:
            monitor = glfw.get_primary_monitor()
            if not monitor:
                return
            (left, top), (width, height) = glfw.get_window_pos(handle), glfw.get_window_size(handle)
            self._place_before = left, top, width, height
            mode = glfw.get_video_mode(monitor)
            glfw.set_window_monitor(handle, monitor, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        elif not fullscreen and self._place_before is not None:
            glfw.set_window_monitor(handle, None, *self._place_before, glfw.DONT_CARE)
            self._place_before = None

    def wait(self, seconds: float) -> List[Event]:
        """What happened, after at most this long: names of a viewer's methods and their arguments.

        0 does not wait. With something to tell it returns at once.
        """
        if seconds > 0.0:
            self._glfw.wait_events_timeout(seconds)
        else:
            self._glfw.poll_events()
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Destroys it; twice is fine."""
        if self._glfw is None:
            return
        if self._handle:
            self._glfw.make_context_current(None)
            self._glfw.destroy_window(self._handle)
            self._glfw.poll_events()  # or some desktops show it until the next window asks for events
        self._handle = self._glfw = None
        _one_window.release()

    # ---- events: only noted when GLFW calls, since exceptions and new windows are not allowed there ----

    def _listen(self) -> None:
        glfw, handle = self._glfw, self._handle
        glfw.set_key_callback(handle, self._on_key)
        glfw.set_mouse_button_callback(handle, self._on_button)
        glfw.set_cursor_pos_callback(handle, self._on_cursor)
        glfw.set_scroll_callback(handle, self._on_scroll)
        glfw.set_window_size_callback(handle, lambda _, width, height: self._note("on_resize", width, height))
        glfw.set_window_refresh_callback(handle, lambda _: self._forget_picture())
        glfw.set_framebuffer_size_callback(handle, lambda _, width, height: self._forget_picture())
        glfw.set_window_close_callback(handle, lambda _: self._note("on_close"))

    def _note(self, name: str, *arguments: Any) -> None:
        self._events.append((name, arguments))

    def _forget_picture(self) -> None:
        self._shown = None

    def _on_key(self, _: Any, key: int, scancode: int, action: int, modifiers: int) -> None:
        if action != self._glfw.PRESS or key == self._glfw.KEY_UNKNOWN:
            return
        name = self._glfw.get_key_name(key, scancode)
        if not (name and len(name) == 1 and name.isascii()):  # other scripts' keys count as those of the Latin layout
            name = chr(key) if key < 128 else None
        self._note("on_key_press", ord(name.lower()) if name else key, modifiers)

    def _on_button(self, _: Any, button: int, action: int, modifiers: int) -> None:
        glfw = self._glfw
        numbers = {glfw.MOUSE_BUTTON_LEFT: LEFT, glfw.MOUSE_BUTTON_MIDDLE: MIDDLE, glfw.MOUSE_BUTTON_RIGHT: RIGHT}
        bit = numbers.get(button)
        if bit is None:
            return
        if action == glfw.PRESS:
            self._buttons |= bit
            self._note("on_mouse_press", *self._place(), bit, modifiers)
        else:
            self._buttons &= ~bit
            self._note("on_mouse_release", *self._place(), bit, modifiers)

    def _place(self) -> Tuple[float, float]:
        """Where the mouse is: to the right of the left edge and above the lower one."""
        x, y = self._glfw.get_cursor_pos(self._handle)
        self._cursor = x, self.size[1] - y
        return self._cursor

    def _on_cursor(self, _: Any, x: float, y: float) -> None:
        before = self._cursor
        self._cursor = now = x, self.size[1] - y
        if self._buttons:
            held = self._held_modifiers()
            self._note("on_mouse_drag", *now, now[0] - before[0], now[1] - before[1], self._buttons, held)

    def _held_modifiers(self) -> int:
        glfw = self._glfw
        keys = ((glfw.KEY_LEFT_SHIFT, SHIFT), (glfw.KEY_RIGHT_SHIFT, SHIFT), (glfw.KEY_LEFT_CONTROL, CONTROL),
                (glfw.KEY_RIGHT_CONTROL, CONTROL))
        held = 0
        for key, bit in keys:
            if glfw.get_key(self._handle, key) == glfw.PRESS:
                held |= bit
        return held

    def _on_scroll(self, _: Any, dx: float, dy: float) -> None:
        self._note("on_mouse_scroll", *self._place(), dx, dy)


def load_glfw() -> Any:
    """The package glfw, ready on this thread, or BackendError."""
    try:
        glfw: Any = importlib.import_module("glfw")
    except ModuleNotFoundError:
        raise BackendError("a Viewer needs the package glfw, which is not installed: pip install glfw (or draw with "
                           "OffscreenRenderer, which needs none)") from None
    except (ImportError, OSError) as problem:
        raise BackendError(f"a Viewer needs GLFW's library, which the package glfw does not find ({problem}): install "
                           "libglfw3, or pip install --force-reinstall glfw") from None
    ready, why = _quietly(glfw, glfw.init)
    if not ready:
        raise BackendError(_NO_DISPLAY.format(why=why))
    return glfw


def refuse_threads_of_macos() -> None:
    """BackendError on macOS, where windows belong to the main thread."""
    if sys.platform == "darwin":
        raise BackendError("on macOS a window belongs to the main thread: make the Viewer there without run_in_thread, "
                           "and do your own work in another thread")


def _quietly(glfw: Any, call: Callable[[], Any]) -> Tuple[Any, str]:
    """What a call of GLFW gives, and in brackets what went wrong; the package itself would only warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", glfw.GLFWError)
        try:
            result = call()
        except glfw.GLFWError as problem:  # where the program asked the package to raise
            return None, f" ({problem})"
        if result:
            return result, ""
        description = glfw.get_error()[1]
    if isinstance(description, bytes):
        description = description.decode("utf-8", "replace")
    return result, f" ({description})" if description else ""
