"""Run in a process of its own, on a display: what a window does, told as JSON on its last line."""

import json
import sys

import numpy as np
from render_kit import bgr, drawn, shown

from livematch.clock import ManualClock
from livematch.render.compositor import Compositor
from livematch.render.window import SETTLING_S, WindowSurface, open_window

RED = (0, 0, 255)


def state(surface: WindowSurface, compositor: Compositor) -> dict[str, object]:
    """Draw a red picture on the window and say what is seen where."""
    surface.events()
    picture = bgr(np.full((48, 64, 3), RED, np.uint8))
    seen = drawn(surface, compositor, shown(picture))
    height, width = seen.shape[:2]
    return {
        "size": surface.size_px,
        "fullscreen": surface.fullscreen,
        "middle": seen[height // 2, width // 2].tolist(),
        "at": surface._window.get_location(),
        "hz": surface.refresh_hz,
    }


def main() -> None:
    """Open, draw, press keys, fill the screen and back, be misplaced, close."""
    from pyglet.display.xlib import XlibScreen  # noqa: PLC0415 - only once a display is there

    clock, compositor, told = ManualClock(), Compositor(), {}
    surface = open_window((320, 240), "livematch test", clock=clock)
    from pyglet.window import key  # noqa: PLC0415

    told["open"] = state(surface, compositor)
    for symbol in (key.SPACE, key.F11, key.UP, key.ESCAPE, key.B):
        surface._window.dispatch_event("on_key_press", symbol, 0)
    surface._window.dispatch_event("on_key_press", key.Q, key.MOD_CTRL)
    told["keys"] = surface.events()
    told["closed after escape"] = surface.closed
    surface.toggle_fullscreen()
    told["full"] = state(surface, compositor)
    uploads = compositor.uploads
    surface.toggle_fullscreen()
    told["back"] = state(surface, compositor)
    told["textures kept"] = compositor.uploads - uploads
    # a second monitor on which the full screen does not land
    surface._screen = XlibScreen(surface._screen.display, 320, 0, 320, 240)
    surface.toggle_fullscreen()
    surface._window._fullscreen = False
    surface._window.set_location(0, 0)
    surface._window._fullscreen = True
    told["misplaced"] = state(surface, compositor)
    clock.advance(SETTLING_S)
    told["borderless"] = state(surface, compositor)
    surface.toggle_fullscreen()
    told["from borderless"] = state(surface, compositor)
    surface._window.dispatch_event("on_close")
    surface.events()
    told["closed by hand"] = surface.closed
    drawn(surface, compositor)  # a last frame after that is no reason to fail
    surface.close()
    surface.close()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
