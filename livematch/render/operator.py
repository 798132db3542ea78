"""The operator's own window: the preview and the figures, away from the audience."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Self

from livematch.clock import Clock
from livematch.control.params import Params
from livematch.errors import DisplayError
from livematch.render.compositor import Compositor
from livematch.render.gl import Surface
from livematch.render.hud import HudStatus
from livematch.render.layouts import inset
from livematch.render.panel import Hud
from livematch.render.preview import Preview
from livematch.render.window import open_window
from livematch.values import Pane

log = logging.getLogger(__name__)

TITLE = "livematch: operator"
SIZE_PX = (1280, 720)
REFRESH_HZ = 25.0  # small pictures for one person: those of the audience go before them
OPENING_TRIES = 3


class Operator:
    """Shows the preview and the HUD on a surface of its own.

    Closing it ends nothing: `was_closed` tells it once, and it is opened again when the preview is
    switched on. It shares nothing with the program but the values it is given. All methods: the
    thread that made it.
    """

    def __init__(self, opened: Callable[[], Surface]) -> None:
        self._open = opened
        self._failures = 0
        self._surface: Surface | None = None
        self._was_closed = False
        self._due_s = float("-inf")
        self._panes: tuple[Pane, ...] = ()
        self._status: HudStatus | None = None
        self._params = Params()
        self._begin()

    @classmethod
    def on_display(cls, display_index: int, clock: Clock) -> Self:
        """Open the window on a display; DisplayError says what is missing."""
        # without vsync: waiting for two displays would halve the frame rate of both
        return cls(
            partial(
                open_window, SIZE_PX, TITLE, display_index=display_index, vsync=False, clock=clock
            )
        )

    def take(self, panes: tuple[Pane, ...], status: HudStatus | None, params: Params) -> None:
        """Hand over what is to be shown."""
        self._panes, self._status, self._params = panes, status, params

    def draw(self, now: float) -> None:
        """Draw what was taken, when it is time to."""
        if self._surface is None and self._params.preview:
            self._begin_again()
        if self._surface is None or now < self._due_s:
            return
        self._due_s = now + 1.0 / REFRESH_HZ
        surface, size_px = self._surface, self._surface.size_px
        surface.begin()
        panes = self._panes if self._params.preview else ()
        with_hud = self._params.hud and self._status is not None
        rect = inset(size_px) if with_hud else None  # the figures cover no numbers
        self._preview.draw_alone(panes, self._compositor, self._params, size_px, now, rect)
        if with_hud and self._status is not None:
            self._hud.draw(self._status, size_px, now)
        surface.present()

    def events(self) -> list[str]:
        """Return the keys pressed there since the last call."""
        if self._surface is None:
            return []
        keys = self._surface.events()
        if self._surface.closed:
            self._was_closed = True
            self.close()
        return keys

    def was_closed(self) -> bool:
        """Whether somebody has closed it since the last call."""
        was_closed, self._was_closed = self._was_closed, False
        return was_closed

    def close(self) -> None:
        """Free everything that was drawn with, then the surface."""
        if self._surface is None:
            return
        self._surface.begin()
        self._compositor.close()
        self._surface.close()
        self._surface = None

    def _begin(self) -> None:
        self._surface = self._open()
        self._compositor = Compositor()
        self._preview = Preview()
        self._hud = Hud()

    def _begin_again(self) -> None:
        if self._failures >= OPENING_TRIES:
            return
        try:
            self._begin()
        except DisplayError as error:
            self._failures += 1
            log.warning("the operator's window: %s", error)
