"""The easel: where the engine finds the newest painting, live or offline."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from livematch.clock import Clock
from livematch.control.params import Fallback, Layout, Params
from livematch.lens.card import LensCard
from livematch.lens.collection import Lenses
from livematch.lens.preparing import Look
from livematch.lens.studio import Painter, Studio, look_of
from livematch.slots import Newest
from livematch.telemetry import Telemetry
from livematch.values import Frame, Picture
from livematch.worker import Worker

PAUSE_S = 1.0  # a painting that nobody asked for so long is of another time, and not shown again
WAIT_S = 0.5
OpenLens = Callable[[LensCard], Painter]

PAINTED = frozenset({Layout.LENS, Layout.TRIPTYCH})
"""The layouts that show the painting itself."""


def is_wanted(params: Params) -> bool:
    """Whether anything asks for paintings: the program, the layout, or what may be shown next."""
    return params.lens_mix > 0 or params.fallback is Fallback.LENS or params.screen in PAINTED


class Easel(Protocol):
    """Where the engine gets its paintings from."""

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        """Return the newest painting, once a tick while one is wanted; never blocks when live.

        `frame` is the newest of the camera. Each painting is a picture of its own, and the same
        one as long as there is no newer.
        """
        ...

    @property
    def lens(self) -> str:
        """What the lens is called that paints, and what it runs on; empty before the first."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the performer should know."""
        ...

    @property
    def frames_skipped(self) -> int:
        """Frames that there was no time to paint."""
        ...

    def close(self) -> None:
        """Paint no more."""
        ...


class NoEasel:
    """Nothing is painted: a show without lenses."""

    lens = ""
    warnings: tuple[str, ...] = ()
    frames_skipped = 0

    def painting_at(
        self,
        now: float,  # noqa: ARG002 - there is nothing to paint with
        frame: Frame | None,  # noqa: ARG002
        params: Params,  # noqa: ARG002
    ) -> Picture | None:
        """Return nothing."""
        return None

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A frame to be painted, and how, in which run: a pause ends one."""

    frame: Frame
    params: Params
    run: int


class _Orders:
    """Decides in each tick whether something is to be painted. Pure; one thread."""

    def __init__(self) -> None:
        self.run = 0
        self._asked_s = -math.inf
        self._last: tuple[Frame, str, Look] | None = None

    def at(self, now: float, frame: Frame | None, params: Params) -> _Order | None:
        """Return what is to be painted; None when nothing is new, or the painting is to stay."""
        if now - self._asked_s > PAUSE_S:
            self.run += 1
            self._last = None
        self._asked_s = now
        stays = self._last is not None and (params.lens_freeze or params.freeze)
        if frame is None or stays:
            return None
        wish = (frame, params.lens, look_of(params))
        if self._last is not None and frame is self._last[0] and wish[1:] == self._last[1:]:
            return None
        self._last = wish
        return _Order(frame, params, self.run)


class _Runs:
    """Paints orders, and keeps the last painting of a run. One thread."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._run = 0

    def paint(self, order: _Order) -> tuple[int, Picture] | None:
        """Return the run and its newest painting; None when nothing came about."""
        if order.run != self._run:
            self._run = order.run
            self._studio.forget()
        picture = self._studio.paint(order.frame, order.params)
        return None if picture is None else (order.run, picture)


class LiveEasel:
    """Paints the newest frame on a thread of its own, as fast as it can, and delays nobody.

    Lenses are opened and used by that thread alone. All methods: the engine's thread.
    """

    def __init__(
        self, lenses: Lenses, open_lens: OpenLens, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._studio = Studio(lenses, open_lens, clock, telemetry, forgiving=True)
        self._runs = _Runs(self._studio)
        self._choosing = _Orders()
        self._orders: Newest[_Order] = Newest()
        self._paintings: Newest[tuple[int, Picture]] = Newest()
        self._worker = Worker("easel", self._step, wake=self._orders.close)

    def start(self) -> Self:
        """Begin to wait for frames; returns self."""
        self._worker.start()
        return self

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        """Hand the frame over, and return the painting that is done."""
        order = self._choosing.at(now, frame, params)
        if order is not None:
            self._orders.put(order)
        run, picture = self._paintings.peek() or (0, None)
        return picture if run == self._choosing.run else None

    @property
    def lens(self) -> str:
        """What the lens is called that paints, and what it runs on."""
        return self._studio.lens

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong and has not been put right."""
        return self._studio.warnings

    @property
    def frames_skipped(self) -> int:
        """Frames that newer ones overtook."""
        return self._orders.dropped

    def close(self) -> None:
        """End the thread, when it has painted what it is at."""
        self._worker.stop()

    def _step(self) -> bool:
        order = self._orders.take(WAIT_S)
        painted = self._runs.paint(order) if order is not None else None
        if painted is not None:
            self._paintings.put(painted)
        return not self._orders.closed


class OfflineEasel:
    """Paints in step with the show, each new frame of the camera: the same every time.

    LivematchError when a lens fails, or there is none of the name that is asked for; unless it is
    `forgiving`, as live.
    """

    frames_skipped = 0

    def __init__(
        self,
        lenses: Lenses,
        open_lens: OpenLens,
        clock: Clock,
        telemetry: Telemetry,
        *,
        forgiving: bool = False,
    ) -> None:
        self._studio = Studio(lenses, open_lens, clock, telemetry, forgiving=forgiving)
        self._runs = _Runs(self._studio)
        self._choosing = _Orders()
        self._painted: tuple[int, Picture] | None = None

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        """Paint the frame, if it is new."""
        order = self._choosing.at(now, frame, params)
        if order is not None:
            self._painted = self._runs.paint(order) or self._painted
        run, picture = self._painted or (0, None)
        return picture if run == self._choosing.run else None

    @property
    def lens(self) -> str:
        """What the lens is called that paints, and what it runs on."""
        return self._studio.lens

    @property
    def warnings(self) -> tuple[str, ...]:
        """That it does not run on what was asked for."""
        return self._studio.warnings

    def close(self) -> None:
        """Nothing waits."""
