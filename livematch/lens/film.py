"""Painting a film instead of a camera: every picture of it, and nothing across its cuts."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from livematch.clock import SystemClock
from livematch.control.params import Params
from livematch.embed.providers import ProviderReport
from livematch.indexing.shots import CutDetector, small
from livematch.lens.card import LensCard, load_lens_card
from livematch.lens.collection import Lenses
from livematch.lens.easel import Easel, OfflineEasel
from livematch.lens.paint import Lens
from livematch.telemetry import Telemetry
from livematch.values import Frame, Picture

FILES = frozenset({".onnx", ".json"})


@dataclass(frozen=True, slots=True)
class Paintbox:
    """An easel for one film, and what paints on it."""

    easel: Easel
    card: LensCard
    report: ProviderReport


def open_paintbox(wish: str, provider: str = "auto", threads: int | None = None) -> Paintbox:
    """Open the lens of a name or a file, the first there is for ""; `threads` None: all cores.

    UsageError when there is none such, ModelError when it is no lens. Used by the thread that
    opened it.
    """
    lenses, card = chosen(wish)
    lens = Lens(card, provider, threads or os.cpu_count() or 1)
    easel = OfflineEasel(lenses, lambda _card: lens, SystemClock(), Telemetry())
    return Paintbox(FilmEasel(easel, card.name), card, lens.report)


def chosen(wish: str) -> tuple[Lenses, LensCard]:
    """Return the lens of a name or a file, and the lenses that it is one of."""
    path = Path(wish).expanduser()
    if path.suffix not in FILES:
        lenses = Lenses()
        return lenses, lenses.card(wish)
    lenses = Lenses(given=[path])
    return lenses, lenses.card(load_lens_card(path).name)


class FilmEasel:
    """An easel where one lens paints a film, and begins anew where the film cuts.

    Else each shot would show through the beginning of the next. The flash of one picture counts as
    a cut, and so does its end. One thread.
    """

    frames_skipped = 0

    def __init__(self, easel: Easel, lens: str) -> None:
        self._easel = easel
        self._lens = lens
        self._cuts = CutDetector(after=1, repeats=0)
        self._last: Frame | None = None

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        """Return the painting of the frame."""
        blend = params.lens_blend
        if frame is not None and frame is not self._last:
            self._last = frame
            if self._cuts.push(small(frame.image)) is not None:
                blend = 0.0
        asked = replace(params, lens=self._lens, lens_blend=blend)
        return self._easel.painting_at(now, frame, asked)

    @property
    def lens(self) -> str:
        """What the lens is called that paints, and what it runs on; empty before the first."""
        return self._easel.lens

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the performer should know."""
        return self._easel.warnings

    def close(self) -> None:
        """Paint no more."""
        self._easel.close()
