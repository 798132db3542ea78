"""A window on a display, and the whole of a display: pyglet without its event loop."""

import logging
import sys
from typing import Any

from livematch.clock import Clock, SystemClock
from livematch.errors import DisplayError
from livematch.render.framebuffers import read_pixels
from livematch.render.gl import GL, REMEDY, current_context, new_context, start_pyglet
from livematch.values import Image

log = logging.getLogger(__name__)

SETTLING_S = 1.0  # window managers take their time to move a window
USUAL_HZ = 60.0


def open_window(
    size: tuple[int, int],
    title: str,
    *,
    fullscreen: bool = False,
    display_index: int = 0,
    vsync: bool = True,
    clock: Clock | None = None,
) -> "WindowSurface":
    """Open a window of `size` on the screen number `display_index`, or fill that screen.

    DisplayError names what is missing and what can be done.
    """
    start_pyglet(headless=False)
    screen = _screen(display_index)
    try:
        surface = WindowSurface(screen, size, title, vsync=vsync, clock=clock or SystemClock())
    except Exception as error:  # noqa: BLE001 - each platform of pyglet has its own kinds
        raise DisplayError(f"no window can be opened: {error!r}. {REMEDY}") from None
    if fullscreen:
        surface.toggle_fullscreen()
    return surface


def _screen(display_index: int) -> Any:
    import pyglet  # noqa: PLC0415 - see gl.py

    try:
        screens = pyglet.display.get_display().get_screens()
    except Exception as error:  # noqa: BLE001 - each platform of pyglet has its own kinds
        raise DisplayError(f"no display answers ({type(error).__name__}). {REMEDY}") from None
    screens = [screen for screen in screens if screen.width > 0 and screen.height > 0]
    if not 0 <= display_index < len(screens):
        there = ", ".join(
            f"{number} ({screen.width} × {screen.height})" for number, screen in enumerate(screens)
        )
        raise DisplayError(f"there is no display {display_index}; there are: {there}")
    return screens[display_index]


class WindowSurface:
    """One window, resizable, its own event loop. All methods: the thread that opened it.

    Escape is a key like the others; the window's close button sets `closed`.
    """

    def __init__(
        self,
        screen: Any,
        size: tuple[int, int],
        title: str,
        *,
        vsync: bool,
        clock: Clock,
    ) -> None:
        self._screen = screen
        self._windowed_size = (min(size[0], screen.width), min(size[1], screen.height))
        self._title = title
        self._vsync = vsync
        self._clock = clock
        self._closed = False
        self._keys: list[str] = []
        self._borderless = False
        self._verify_until_s: float | None = None
        self._window = self._open(self._windowed_size)
        self._centre()

    @property
    def size_px(self) -> tuple[int, int]:
        """Size of the framebuffer: on dense displays more than the window's own units."""
        if self._closed:
            return (0, 0)
        width, height = self._window.get_framebuffer_size()
        return max(0, int(width)), max(0, int(height))

    @property
    def framebuffer(self) -> int:
        """The window's own."""
        return 0

    @property
    def refresh_hz(self) -> float:
        """What the screen says of itself; 60 where it does not."""
        try:
            mode = self._screen.get_mode()
        except Exception:  # noqa: BLE001 - virtual displays lack the extension that knows
            return USUAL_HZ
        rate = float(getattr(mode, "rate", None) or 0)
        return rate if rate > 1.0 else USUAL_HZ

    @property
    def closed(self) -> bool:
        """Whether the window was closed, by hand or by `close`."""
        return self._closed

    @property
    def fullscreen(self) -> bool:
        """Whether it fills its screen."""
        return self._borderless or bool(self._window.fullscreen)

    def begin(self) -> None:
        """Make it the one that is drawn to."""
        if self._closed:
            return
        if current_context() is not self._window.context:
            self._window.switch_to()
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, 0)

    def present(self) -> None:
        """Show what was drawn; with vsync, wait for the display."""
        if not self._closed:
            self._window.flip()

    def read(self) -> Image:
        """Return what was drawn since `begin`: BGR, top row first."""
        return read_pixels(0, self.size_px)

    def events(self) -> list[str]:
        """Hear the window system and return the keys pressed since the last call."""
        if not self._closed:
            self._window.dispatch_events()
            self._verify_place()
        keys, self._keys = self._keys, []
        return keys

    def toggle_fullscreen(self) -> None:
        """Fill the chosen screen, or go back to a window.

        Some window managers put a full screen on the first monitor whatever is asked: where it
        lands is looked at in `events`, and a wrong place leads to a borderless window instead.
        """
        if self._closed:
            return
        if self._borderless:
            self._replace(self._windowed_size, borderless=False)
            self._centre()
        elif self._window.fullscreen:
            self._window.set_fullscreen(False)
            self._verify_until_s = None
        else:
            self._windowed_size = self._window.get_size()
            self._window.set_fullscreen(True, screen=self._screen)
            self._verify_until_s = self._clock.now() + SETTLING_S
        self._window.set_mouse_visible(not self.fullscreen)

    def close(self) -> None:
        """Close the window; safe to call twice."""
        self._closed = True
        if self._window.context is not None:
            self._window.close()

    def _open(self, size: tuple[int, int], *, borderless: bool = False) -> Any:
        from pyglet.window import Window  # noqa: PLC0415 - see gl.py

        window = Window(
            *size,
            caption=self._title,
            resizable=not borderless,
            style=Window.WINDOW_STYLE_BORDERLESS if borderless else Window.WINDOW_STYLE_DEFAULT,
            vsync=self._vsync,
            screen=self._screen,
            context=new_context(self._screen),
        )
        window.push_handlers(on_key_press=self._on_key_press, on_close=self._on_close)
        return window

    def _centre(self) -> None:
        width, height = self._window.get_size()
        x = self._screen.x + max(0, (self._screen.width - width) // 2)
        y = self._screen.y + max(0, (self._screen.height - height) // 2)
        self._window.set_location(x, y)

    def _replace(self, size: tuple[int, int], *, borderless: bool) -> None:
        """Go on in another window; whoever draws sees a new context and begins anew there."""
        former, self._window = self._window, self._open(size, borderless=borderless)
        former.close()
        self._window.switch_to()
        self._borderless = borderless
        self._verify_until_s = None

    def _verify_place(self) -> None:
        """See whether the full screen is where it should be; after a while, insist."""
        if self._verify_until_s is None:
            return
        if self._fills_its_screen():
            self._verify_until_s = None
        elif self._clock.now() >= self._verify_until_s:
            log.warning(
                "the full screen landed elsewhere: going on with a borderless window at %d, %d",
                self._screen.x,
                self._screen.y,
            )
            self._window.set_fullscreen(False)
            self._replace((self._screen.width, self._screen.height), borderless=True)
            self._window.set_location(self._screen.x, self._screen.y)
            self._window.set_mouse_visible(False)

    def _fills_its_screen(self) -> bool:
        if sys.platform == "darwin":
            return True  # a full screen is a space of its own there, and its place is not told
        x, y = self._window.get_location()
        screen = self._screen
        return (x, y) == (screen.x, screen.y) and tuple(self._window.get_size()) == (
            screen.width,
            screen.height,
        )

    def _on_key_press(self, symbol: int, modifiers: int) -> bool:
        from pyglet.window import key  # noqa: PLC0415 - see gl.py

        if not modifiers & (key.MOD_CTRL | key.MOD_ALT | key.MOD_COMMAND):
            self._keys.append(key.symbol_string(symbol).removeprefix("_"))  # digits
        return True  # pyglet's own handler would close the window on Escape

    def _on_close(self) -> bool:
        self._closed = True
        return True
