"""Where painting is done: the lenses that are open, and the painting before, under each new one."""

import logging
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np

from livematch.clock import Clock
from livematch.control.params import Params
from livematch.embed.providers import ProviderReport
from livematch.errors import LivematchError, UsageError
from livematch.lens.card import LensCard
from livematch.lens.collection import Lenses
from livematch.lens.preparing import Look
from livematch.telemetry import Telemetry
from livematch.values import Frame, Image, Picture, PixelFormat, Vector

log = logging.getLogger(__name__)


class Painter(Protocol):
    """What repaints a picture: a `lens.paint.Lens`, or a twin."""

    @property
    def card(self) -> LensCard:
        """What it is."""
        ...

    @property
    def report(self) -> ProviderReport:
        """What it runs on."""
        ...

    def warm_up(self) -> None:
        """Paint once, for nobody."""
        ...

    def paint(self, image: Image, look: Look) -> Image:
        """Repaint a BGR picture: BGR, square, a new array."""
        ...


def look_of(params: Params) -> Look:
    """Return how the performer wants the camera shown to a lens."""
    return Look(params.lens_blur, params.lens_levels, params.lens_contrast)


class Studio:
    """Paints one frame after another with the lens that is wanted. One thread, but for `warnings`.

    A lens is opened when it is first wanted, and stays open. Each painting is mixed with the one
    before; that one may be of another lens, so that one dissolves into the other. A `forgiving`
    studio goes on with the present lens where another cannot be had, and with the last painting
    where none comes about; both are told in `warnings`, logged once and counted. Else
    LivematchError.
    """

    def __init__(
        self,
        lenses: Lenses,
        open_lens: Callable[[LensCard], Painter],
        clock: Clock,
        telemetry: Telemetry,
        *,
        forgiving: bool,
    ) -> None:
        self._lenses = lenses
        self._open_lens = open_lens
        self._clock = clock
        self._telemetry = telemetry
        self._forgiving = forgiving
        self._opened: dict[str, Painter] = {}
        self._lens: Painter | None = None
        self._wanted: str | None = None
        self._laid: Vector | None = None  # kept as fractions: rounded, a slow blend would get stuck
        self._choice_fault = self._fault = ""
        self._logged: set[tuple[str, str]] = set()  # what went wrong with which lens

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the performer should know. Any thread."""
        lens = self._lens
        slow = (lens.report.remedy and f"lens: {lens.report}") if lens else None
        return tuple(text for text in (self._choice_fault, self._fault, slow) if text)

    @property
    def lens(self) -> str:
        """What the lens is called that paints, and what it runs on; empty without. Any thread."""
        lens = self._lens
        return f"{lens.card.name} on {lens.report.got}" if lens else ""

    def forget(self) -> None:
        """Begin anew: the next painting is mixed with none before."""
        self._laid = None

    def paint(self, frame: Frame, params: Params) -> Picture | None:
        """Repaint a frame: a new picture of the frame's shape; None when nothing came about."""
        try:
            lens = self._choose(params.lens)
            if lens is None:
                return None
            began_s = self._clock.now()  # opening one is not painting
            image = self._mix(lens.paint(frame.image, look_of(params)), params.lens_blend)
        except LivematchError as error:
            if not self._forgiving:
                raise
            self._fault = self._note("paintings failed", params.lens, error)
            return None
        self._fault = ""
        painted_s = self._clock.now()
        self._telemetry.record("painting", (painted_s - began_s) * 1e3)
        self._telemetry.record("captured → painted", (painted_s - frame.captured_s) * 1e3)
        height, width = frame.image.shape[:2]
        return Picture(
            (image,),
            PixelFormat.BGR,
            width / height,
            frame.captured_s,
            title=f"lens {lens.card.name}",
        )

    def _choose(self, name: str) -> Painter | None:
        """Return the lens of that name, else the present one, else any; None for none."""
        if name == self._wanted:
            return self._lens
        self._wanted, self._choice_fault = name, ""
        for wish in (name,) if self._lens is not None else (name, *self._lenses.names):
            try:
                self._lens = self._open(self._lenses.card(wish))
                break
            except LivematchError as error:
                if not self._forgiving:
                    raise
                event = "lenses unknown" if isinstance(error, UsageError) else "lenses not opened"
                self._choice_fault = self._choice_fault or self._note(event, wish, error)
        return self._lens

    def _open(self, card: LensCard) -> Painter:
        if card.name not in self._opened:
            lens = self._open_lens(card)
            lens.warm_up()
            self._opened[card.name] = lens
        return self._opened[card.name]

    def _mix(self, new: Image, blend: float) -> Image:
        """Lay a painting over the one before, which shows through by `blend`."""
        laid = self._laid
        if laid is None:
            self._laid = np.asarray(new, np.float32)
            return new
        if laid.shape != new.shape:
            height, width = new.shape[:2]
            resized = cv2.resize(laid, (width, height), interpolation=cv2.INTER_LINEAR)
            laid = np.asarray(resized, np.float32)
        cv2.accumulateWeighted(new, laid, 1.0 - blend)
        self._laid = laid
        return np.asarray(cv2.convertScaleAbs(laid), np.uint8)

    def _note(self, event: str, name: str, error: LivematchError) -> str:
        self._telemetry.count(event)
        told = f"lens: {error}"
        if (event, name) not in self._logged:  # what is said may be another with each frame
            self._logged.add((event, name))
            log.warning("%s", told)
        return told
