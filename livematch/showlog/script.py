"""From a show as it was to the script of its replay: every cue in the picture in which it began.

Pure. The replay has pictures of its own, at its own rate; what happened in a tick of the show
happens in the picture that lies nearest to it. At the show's own rate that is the same picture.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from livematch.control.params import Params
from livematch.showlog.records import Shot
from livematch.showlog.told import ToldCue, ToldShow
from livematch.values import Cue, Manner, Match, Moment

ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Grid:
    """The pictures of a replay: `fps` a second, from picture 0 at the show's second 0."""

    fps: float

    def picture(self, at_s: float) -> int:
        """Return the number of the picture that lies nearest to a time of the show."""
        return max(0, math.floor(at_s * self.fps + 0.5))

    def time_s(self, picture: int) -> float:
        """Return when a picture is."""
        return picture / self.fps

    def times_s(self, first: int, end: int) -> Iterator[float]:
        """Yield the times of some pictures."""
        return (self.time_s(picture) for picture in range(first, end))


def moment_of(cue: ToldCue) -> Moment:
    """Return the moment a cue enters at; its shot is the cue's own number, not the archive's."""
    shot = cue.given.shot
    assert shot is not None  # noqa: S101 - asked of cues of the archive only
    return Moment(-1, -1, cue.given.n, shot.entry_s)


def cues_on(grid: Grid, cues: Sequence[ToldCue]) -> list[Cue]:
    """Return the cues of a replay, in the order in which they are to be given.

    Each says in which picture it begins. It is given in the picture in which the show gave it, or
    the first other that was given meanwhile, as that hurries the fade before; but after the one
    before it has begun. Of two that begin in one picture of a slow replay only the later is seen.
    """
    scripted: list[tuple[int, int, ToldCue]] = []
    asked: int | None = None  # the picture in which something was first asked for since
    for cue in sorted(cues, key=_in_order):
        given = grid.picture(cue.given.t)
        asked = given if asked is None else min(asked, given)
        if cue.begun_s is None:
            continue
        begins = grid.picture(cue.begun_s)
        while scripted and scripted[-1][1] >= begins:
            scripted.pop()
        earliest = scripted[-1][1] + 1 if scripted else 0
        scripted.append((min(begins, max(asked, earliest)), begins, cue))
        asked = None
    return [_cue(grid, given, begins, cue) for given, begins, cue in scripted]


def looks_on(grid: Grid, changes: Iterable[tuple[float, Params]]) -> list[tuple[float, Params]]:
    """Return the changes of the parameters, each at the picture in which it was seen."""
    return [(grid.time_s(grid.picture(at_s)), params) for at_s, params in changes]


def offers_on(grid: Grid, show: ToldShow) -> list[tuple[float, tuple[Match, ...]]]:
    """Return what is in the grid, from which picture on."""

    def match(cell: int) -> Match:
        shot = show.cells[cell]
        moment = Moment(-1, -1, cell, shot.entry_s)
        return Match(moment, shot.score, tuple(shot.parts.items()))

    return [
        (grid.time_s(grid.picture(at_s)), tuple(map(match, cells))) for at_s, cells in show.offers
    ]


def pictures_of(grid: Grid, show: ToldShow) -> int:
    """Return how many pictures the replay of a whole show has."""
    last = grid.picture(show.end_s)
    return max(1, last if show.is_ended else last + 1)


def beginning_for(grid: Grid, cues: Sequence[Cue], first: int) -> int:
    """Return from which picture on a replay must be played, so that picture `first` is right.

    What is on there can be of the cue before the last, fading out.
    """
    begun = [cue.begins_s or 0.0 for cue in cues if (cue.begins_s or 0.0) <= grid.time_s(first)]
    return min(first, grid.picture(begun[-2] if len(begun) > 1 else 0.0))


def from_picture(cues: Sequence[Cue], at_s: float) -> list[Cue]:
    """Return the cues that begin at `at_s` or later, none given before."""
    return [
        replace(cue, decided_s=max(cue.decided_s, at_s))
        for cue in cues
        if cue.begins_s is not None and cue.begins_s >= at_s - ROUNDING_S
    ]


def without(cues: Iterable[ToldCue], gone: Callable[[Shot], bool]) -> list[ToldCue]:
    """Leave out the cues of films that are gone: what was on before stays."""
    return [cue for cue in cues if cue.given.shot is None or not gone(cue.given.shot)]


def _in_order(cue: ToldCue) -> tuple[float, int]:
    return cue.given.t, cue.given.n


def _cue(grid: Grid, given: int, begins: int, cue: ToldCue) -> Cue:
    shot, record = cue.given.shot, cue.given
    match = None
    if shot is not None:
        match = Match(moment_of(cue), shot.score, tuple(shot.parts.items()))
    return Cue(
        record.source,
        match,
        record.fade_s,
        record.cause,
        grid.time_s(given),
        record.frame,
        Manner(record.pace, record.at_end),
        grid.time_s(begins),
    )
