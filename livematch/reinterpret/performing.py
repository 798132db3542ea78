"""A cut list performed: the trailer beside its answers, drawn to a film with its sound."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.archive.store import Archive
from livematch.control.params import Layout, Params
from livematch.reinterpret.cutlist import CutList
from livematch.render.encoding import Timing, even
from livematch.render.recorder import Policy, Recorder
from livematch.render.soundtrack import Soundtrack
from livematch.rendering import Rendered, Script, render
from livematch.screening import Screening
from livematch.values import Cue

log = logging.getLogger(__name__)

UNSEEN_PX = (64, 64)


class Arrangement(StrEnum):
    """How trailer and answers share the picture."""

    SIDE_BY_SIDE = "side-by-side"
    ARCHIVE = "archive"
    STACKED = "stacked"
    INSET = "picture-in-picture"


_LAYOUTS = {
    Arrangement.SIDE_BY_SIDE: Layout.SIDE_BY_SIDE,
    Arrangement.ARCHIVE: Layout.PROGRAM,
    Arrangement.STACKED: Layout.STACKED,
    Arrangement.INSET: Layout.INSET,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the film is to look; None is as the trailer is. `params` give fit and the rest."""

    params: Params
    arrangement: Arrangement = Arrangement.SIDE_BY_SIDE
    label: bool = True
    size_px: tuple[int, int] | None = None
    fps: float | None = None


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
    size_px = even(look.size_px or (cutlist.width, cutlist.height))
    screening = Screening(cutlist.trailer, _seen(size_px, look.arrangement), most=cutlist.pictures)
    try:
        recorder = Recorder(
            out,
            size_px,
            _timing(cutlist, times_s, screening.tick_s, look.fps),
            Policy.BLOCK,
            Soundtrack(cutlist.trailer, screening.begins_s),
        )
    except BaseException:
        screening.close()
        raise
    params = replace(
        look.params,
        screen=_LAYOUTS[look.arrangement],
        label=look.label,
        mirror=False,
        hud=False,
        preview=False,
        freeze=False,
        blackout=False,
    )
    if look.fps is None:
        times = screening.times()
    else:
        times = screening.steady_times(look.fps, cutlist.duration_s)
    script = Script(times, cues, params, eyes=screening)
    done = render(script, archive, size_px, recorder, lambda tick: on_picture(tick.now))
    if screening.fault is not None:
        log.warning("%s", screening.fault)
    return done


def _timing(
    cutlist: CutList, times_s: NDArray[np.float64], tick_s: Fraction, fps: float | None
) -> Timing:
    """The trailer's own time stamps, to the tick; another rate has them as even as it is."""
    if fps is not None:
        return Timing.steady(fps)
    average = Fraction(cutlist.fps).limit_denominator(1001)
    last_s = cutlist.duration_s - float(times_s[-1]) if len(times_s) else 0.0
    return Timing(average, tick_s, max(1, round(Fraction(last_s) / tick_s)))


def _seen(size_px: tuple[int, int], arrangement: Arrangement) -> tuple[int, int]:
    """How large the trailer is needed at most: no larger than the place it is shown in."""
    width, height = size_px
    match arrangement:
        case Arrangement.ARCHIVE:  # nobody sees it: only its times count
            return UNSEEN_PX
        case Arrangement.SIDE_BY_SIDE:
            return (width + 1) // 2, height
        case _:
            return width, (height + 1) // 2
