"""A cut list performed: the trailer beside its answers, drawn to a film with its sound."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.archive.store import Archive
from livematch.control.params import Layout, Params
from livematch.lens.easel import Easel, NoEasel
from livematch.reinterpret.cutlist import CutList
from livematch.reinterpret.veiling import AnswersVeil
from livematch.render.encoding import Timing, even
from livematch.render.layouts import regions
from livematch.render.recorder import Policy, Recorder
from livematch.render.soundtrack import Soundtrack
from livematch.rendering import Rendered, Script, as_film, render
from livematch.screening import Screening
from livematch.values import Cue

log = logging.getLogger(__name__)

UNSEEN_PX = (64, 64)
WIDEST_PX = 3840  # of a triptych that nobody gave a size: players take no wider H.264


class Arrangement(StrEnum):
    """How trailer and answers share the picture."""

    SIDE_BY_SIDE = "side-by-side"
    ARCHIVE = "archive"
    STACKED = "stacked"
    INSET = "picture-in-picture"
    TRIPTYCH = "triptych"


_LAYOUTS = {
    Arrangement.SIDE_BY_SIDE: Layout.SIDE_BY_SIDE,
    Arrangement.ARCHIVE: Layout.PROGRAM,
    Arrangement.STACKED: Layout.STACKED,
    Arrangement.INSET: Layout.INSET,
    Arrangement.TRIPTYCH: Layout.TRIPTYCH,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the film is to look; None is as the trailer is. `params` give fit and the rest.

    `easel` is where paintings come from, of the trailer's pictures; it is closed with the render.
    """

    params: Params
    arrangement: Arrangement = Arrangement.SIDE_BY_SIDE
    label: bool = True
    size_px: tuple[int, int] | None = None
    fps: float | None = None
    easel: Easel = field(default_factory=NoEasel)

    @property
    def is_painted(self) -> bool:
        """Whether paintings are seen anywhere."""
        return self.arrangement is Arrangement.TRIPTYCH or self.params.lens_mix > 0


def perform(
    cutlist: CutList,
    archive: Archive,
    cues: Sequence[Cue],
    times_s: NDArray[np.float64],
    look: Look,
    out: Path,
    on_picture: Callable[[float], None] = lambda _done_s: None,
) -> Rendered:
    """Render a resolved list; picture k shows the trailer's picture k, unless `look` has a rate.

    FilmError when the trailer cannot be read, RecordError when the film cannot be written; nothing
    is left of the film then.
    """
    size_px = even(look.size_px or usual_size((cutlist.width, cutlist.height), look.arrangement))
    screening = Screening(cutlist.trailer, _seen(size_px, look), most=cutlist.pictures)
    last_s = cutlist.duration_s - float(times_s[-1]) if len(times_s) else 0.0
    try:
        recorder = Recorder(
            out,
            size_px,
            Timing.as_of(cutlist.fps, screening.tick_s, last_s, look.fps),
            Policy.BLOCK,
            Soundtrack(cutlist.trailer, screening.begins_s),
        )
    except BaseException:
        screening.close()
        raise
    params = as_film(look.params, _LAYOUTS[look.arrangement], label=look.label)
    times = screening.times_at(look.fps, cutlist.duration_s)
    script = Script(times, cues, params, eyes=screening, easel=look.easel, veil=AnswersVeil(cues))
    done = render(script, archive, size_px, recorder, lambda tick: on_picture(tick.now))
    if screening.fault is not None:
        log.warning("%s", screening.fault)
    return done


def usual_size(trailer_px: tuple[int, int], arrangement: Arrangement) -> tuple[int, int]:
    """As large as the trailer; a triptych as three of them beside each other, if not too wide."""
    if arrangement is not Arrangement.TRIPTYCH:
        return trailer_px
    across, down = trailer_px
    widths = range(3 * across // 2 * 2, WIDEST_PX, 2)
    width = next((width for width in widths if _third_px(width) >= across), WIDEST_PX)
    return width, 2 * math.ceil(_third_px(width) * down / across / 2)


def _third_px(width: int) -> int:
    """How wide a picture is in a triptych of that width."""
    return regions(Params(screen=Layout.TRIPTYCH), (width, 2))[0].rect.width


def _seen(size_px: tuple[int, int], look: Look) -> tuple[int, int]:
    """How large the trailer is needed at most: no larger than the place it is shown in."""
    width, height = size_px
    match look.arrangement:
        case Arrangement.ARCHIVE:  # but for a lens nobody sees it: only its times count
            return size_px if look.is_painted else UNSEEN_PX
        case Arrangement.SIDE_BY_SIDE:
            return (width + 1) // 2, height
        case Arrangement.TRIPTYCH:
            return _third_px(width), height
        case _:
            return width, (height + 1) // 2
