"""A film repainted by a lens, picture by picture, drawn to a film with its sound."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from livematch.control.params import Layout, Params
from livematch.errors import ArchiveError
from livematch.lens.easel import Easel
from livematch.render.encoding import Timing, even
from livematch.render.recorder import Policy, Recorder
from livematch.render.soundtrack import Soundtrack
from livematch.rendering import Script, as_film, render
from livematch.screening import Screening, extent_of
from livematch.values import Clip, Cue, Moment, Source


class Arrangement(StrEnum):
    """How film and painting share the picture."""

    LENS = "lens"
    SIDE_BY_SIDE = "side-by-side"


_LAYOUTS = {
    Arrangement.LENS: Layout.PROGRAM,
    Arrangement.SIDE_BY_SIDE: Layout.SIDE_BY_SIDE,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the film is to look; None is as the film it is made from. `params` say how it paints."""

    params: Params
    arrangement: Arrangement = Arrangement.LENS
    label: bool = False
    size_px: tuple[int, int] | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class Repainted:
    """What came of it; `warning` says what of the film could not be read."""

    pictures: int
    size_px: tuple[int, int]
    warning: str | None


def repaint(
    film: Path,
    easel: Easel,
    look: Look,
    out: Path,
    on_picture: Callable[[float, float], None] = lambda _done_s, _whole_s: None,
) -> Repainted:
    """Repaint a film; picture k is the painting of its picture k, unless `look` has a rate.

    The program is nothing but the painting. Closes the easel. FilmError when the film cannot be
    read, ModelError when the lens fails, RecordError when the film cannot be written; nothing is
    left of it then.
    """
    extent = extent_of(film)
    size_px = even(look.size_px or extent.info.upright_size)
    screening = Screening(film, _seen(size_px, look.arrangement))
    try:
        recorder = Recorder(
            out,
            size_px,
            Timing.as_of(extent.info.fps, screening.tick_s, extent.last_s, look.fps),
            Policy.BLOCK,
            Soundtrack(film, screening.begins_s),
        )
    except BaseException:
        screening.close()
        raise
    times = screening.times_at(look.fps, extent.duration_s)
    # the program is the painting already: none is laid over it
    params = replace(look.params, lens_mix=0.0)
    params = as_film(params, _LAYOUTS[look.arrangement], label=look.label)
    painted = Cue(Source.LENS, None, 0.0, "script", 0.0, 0)
    script = Script(times, [painted], params, eyes=screening, easel=easel)
    done = render(
        script, _NoFilms(), size_px, recorder, lambda tick: on_picture(tick.now, extent.duration_s)
    )
    return Repainted(done.pictures, size_px, screening.warning)


class _NoFilms:
    """The archive of a render that shows no moment of one."""

    def clip(self, moment: Moment) -> Clip:
        """Refuse: nobody asks."""
        raise ArchiveError(f"there is no archive, and no moment {moment.row} to be shown")


def _seen(size_px: tuple[int, int], arrangement: Arrangement) -> tuple[int, int]:
    """How large the film is needed at most: no larger than the place it is shown in."""
    width, height = size_px
    return ((width + 1) // 2, height) if arrangement is Arrangement.SIDE_BY_SIDE else size_px
