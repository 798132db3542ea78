"""A picture in memory to draw on: rehearsals without a display, offline renders, tests."""

import sys
from typing import Any

from livematch.errors import DisplayError
from livematch.render.framebuffers import delete_framebuffer, new_framebuffer, read_pixels
from livematch.render.gl import GL, REMEDY, current_context, new_context, start_pyglet
from livematch.values import Image


def open_offscreen(size: tuple[int, int], refresh_hz: float = 60.0) -> "OffscreenSurface":
    """Open a surface of `size` pixels without a window on a screen.

    Linux draws headless through EGL; elsewhere, and in a process that has windows already, it is
    an invisible window. `refresh_hz` is what the surface will say of itself. DisplayError says
    what is missing.
    """
    if min(size) <= 0:
        raise DisplayError(f"a picture cannot be {size[0]} × {size[1]} pixels")
    if _windows_in_use() or not sys.platform.startswith("linux"):
        start_pyglet(headless=False)
    else:
        start_pyglet(headless=True)
    return OffscreenSurface(_open_hidden(), size, refresh_hz)


def _windows_in_use() -> bool:
    if "pyglet.window" not in sys.modules:
        return False
    import pyglet  # noqa: PLC0415 - see gl.py

    return not pyglet.options.headless


def _open_hidden() -> Any:
    """Open the smallest window there is, for its context alone."""
    from pyglet.display import get_display  # noqa: PLC0415 - see gl.py
    from pyglet.window import Window  # noqa: PLC0415

    try:
        context = new_context(get_display().get_default_screen())
        return Window(16, 16, visible=False, vsync=False, context=context)
    except Exception as error:  # noqa: BLE001 - each platform of pyglet has its own kinds
        raise DisplayError(f"OpenGL 3.3 cannot be had here: {error!r}. {REMEDY}") from None


class OffscreenSurface:
    """A framebuffer of a fixed size in a context of its own. The thread that opened it."""

    def __init__(self, window: Any, size: tuple[int, int], refresh_hz: float) -> None:
        self._window = window
        self._size = size
        self._refresh_hz = refresh_hz
        self._closed = False
        self._buffer, self._colour = new_framebuffer(size)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self._size

    @property
    def framebuffer(self) -> int:
        """The GL name of the framebuffer."""
        return int(self._buffer.value)

    @property
    def refresh_hz(self) -> float:
        """As given when it was opened."""
        return self._refresh_hz

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def begin(self) -> None:
        """Make it the one that is drawn to."""
        if current_context() is not self._window.context:
            self._window.switch_to()
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._buffer)

    def present(self) -> None:
        """Wait until everything is drawn: nothing else would hold the processor back."""
        GL.glFinish()

    def read(self) -> Image:
        """Return the picture: BGR, top row first."""
        return read_pixels(self.framebuffer, self._size)

    def events(self) -> list[str]:
        """Return nothing: nobody can press a key here."""
        return []

    def toggle_fullscreen(self) -> None:
        """Do nothing: there is no screen."""

    def close(self) -> None:
        """Give the framebuffer and the context back."""
        if not self._closed:
            self._closed = True
            self.begin()
            delete_framebuffer(self._buffer, self._colour)
            self._window.close()
