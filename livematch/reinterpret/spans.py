"""A trailer's shots by picture numbers: cuts, dissolves, and fades to black and out of it. Pure.

The shot detector knows that two pictures are mixed, not that one of them is black, and a fade down
and up again is one long change to it. Here the light of every picture tells the rest: where there
is none, and how it went and came back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livematch.indexing.blank import is_black
from livematch.indexing.shots import GAP_S, HALF_S, SHORTEST_SHOT_S, SPANS, Boundary, Kind
from livematch.reinterpret.cutlist import Arrival
from livematch.values import Image

BRIGHTEST_CELL = 48  # a title of few words leaves a picture black on the whole, and is not black
PEAK_SHARE = 0.25  # of the brightest cell in what counts as light: so titles fade, too
LIT = 24.0  # light that is no longer darkness, whatever the scene
DIP = 0.3  # a change darker than this share of both its sides goes through black
# A fade is followed away from black as long as the light grows.
GROWTH = 1.02
STALL_S = 0.2  # so long may it rest
LONGEST_S = 4.0
FULL = 0.95  # of the light a fade leads to: the rest is the scene's own
SHORTEST_S = 0.12  # what goes faster is a cut
EDGE_S = SPANS[1][0] / 2  # a dissolve is known a little after it has begun, till before its end


@dataclass(frozen=True, slots=True)
class Span:
    """A shot: pictures `first` to `end` − 1, and how it comes in.

    `arrival_s` is the length of the dissolve, centred on its first picture, or of the fade out of
    black, which begins there. From `clear` on its pictures are its own, before `leaves` they are.
    """

    first: int
    end: int
    arrival: Arrival
    arrival_s: float
    is_black: bool
    clear: int
    leaves: int


@dataclass(slots=True)
class Light:
    """How bright the pictures of a film are, one number and one truth value each."""

    levels: list[float] = field(default_factory=list)
    dark: list[bool] = field(default_factory=list)

    def push(self, luma: Image) -> None:
        """Take the next picture's luma, (36, 64), over the full range."""
        peak = int(luma.max())
        self.levels.append(float(luma.mean()) + PEAK_SHARE * peak)
        self.dark.append(peak <= BRIGHTEST_CELL and is_black(luma))


@dataclass(frozen=True, slots=True)
class _Dark:
    """A stretch of black, pictures `first` to `end` − 1, with the fades around it in pictures."""

    first: int
    end: int
    falls: int
    rises: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a shot begins, and the pictures around that are not its own alone."""

    first: int
    arrival: Arrival
    arrival_s: float
    is_black: bool
    leaves: int  # the shot before is itself before this picture
    clear: int


def spans(
    times_s: Sequence[float], light: Light, boundaries: Sequence[Boundary]
) -> tuple[Span, ...]:
    """Divide a film's pictures, at least one, into shots; every picture lies in exactly one."""
    times = np.asarray(times_s, np.float64)
    levels = np.asarray(light.levels, np.float64)
    cuts = sorted(boundary.number for boundary in boundaries if boundary.kind is Kind.CUT)
    runs = [*_runs(times, levels, light.dark), *_dips(times, levels, light.dark, boundaries)]
    darks = [_faded(run, times, levels, cuts) for run in sorted(runs)]
    entries = [_begun(darks)]
    for dark in darks:
        entries += _around(dark, times)
    entries += [
        _changed(boundary, times)
        for boundary in boundaries
        if not any(_belongs(boundary, dark, times) for dark in darks)
    ]
    return tuple(_joined(entries, len(times)))


def _runs(
    times: NDArray[np.float64], levels: NDArray[np.float64], dark: Sequence[bool]
) -> list[tuple[int, int]]:
    """Find the stretches of black; flickers about the limit, in a scene of the night, are none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(dark, np.int8), [0]])))
    closed: list[tuple[int, int]] = []
    for first, end in edges.reshape(-1, 2).tolist():
        gap = slice(closed[-1][1], first) if closed else slice(0, 0)
        if closed and times[first] - times[gap.start] < GAP_S and max(levels[gap]) < LIT:
            closed[-1] = closed[-1][0], end
        else:
            closed.append((first, end))
    return [run for run in closed if _stands_out(run, times, levels)]


def _stands_out(
    run: tuple[int, int], times: NDArray[np.float64], levels: NDArray[np.float64]
) -> bool:
    first, end = run
    last_s = times[end - 1]
    if last_s - times[first] >= SHORTEST_SHOT_S:
        return True
    near = (times >= times[first] - HALF_S) & (times <= last_s + HALF_S)
    return bool(levels[near].max() >= LIT)


def _dips(
    times: NDArray[np.float64],
    levels: NDArray[np.float64],
    dark: Sequence[bool],
    boundaries: Sequence[Boundary],
) -> Iterator[tuple[int, int]]:
    """Find the gradual changes through a darkness that is not quite black."""
    for boundary in boundaries:
        if boundary.kind is not Kind.GRADUAL:
            continue
        first = int(np.searchsorted(times, boundary.from_s - HALF_S))
        last = min(int(np.searchsorted(times, boundary.to_s + HALF_S)), len(times) - 1)
        darkest = first + int(levels[first : last + 1].argmin())
        sides = min(levels[first : darkest + 1].max(), levels[darkest : last + 1].max())
        if levels[darkest] < DIP * sides and not any(dark[first : last + 1]):
            yield darkest, darkest + 1


def _faded(
    run: tuple[int, int],
    times: NDArray[np.float64],
    levels: NDArray[np.float64],
    cuts: Sequence[int],
) -> _Dark:
    first, end = run
    before = max([cut for cut in cuts if cut < first], default=0)
    after = min([cut for cut in cuts if cut > end], default=len(times))
    down = np.arange(first, before - 1, -1)  # from the black outwards
    up = np.arange(end - 1, after)
    return _Dark(first, end, _length(down, times, levels), _length(up, times, levels))


def _length(
    outwards: NDArray[np.intp], times: NDArray[np.float64], levels: NDArray[np.float64]
) -> int:
    """Count the pictures from black, the first one, to where the light no longer grows."""
    if len(outwards) < 2:
        return 0
    floor = best = float(levels[outwards[0]])
    full = 0
    for step in range(1, len(outwards)):
        away_s = abs(times[outwards[step]] - times[outwards[0]])
        stalled_s = abs(times[outwards[step]] - times[outwards[full]])
        if away_s > LONGEST_S or stalled_s > STALL_S:
            break
        level = float(levels[outwards[step]])
        if level > GROWTH * best:
            best, full = level, step
    grown = levels[outwards[: full + 1]] - floor
    full = int(np.argmax(grown >= FULL * grown.max()))
    steps = np.diff(grown[: full + 1], prepend=0.0)
    is_cut = full < 3 or steps.max() > 0.5 * grown.max()
    length_s = abs(times[outwards[full]] - times[outwards[0]])
    return 0 if is_cut or length_s < SHORTEST_S else full


def _begun(darks: Sequence[_Dark]) -> _Entry:
    begins_dark = bool(darks) and darks[0].first == 0
    return _Entry(0, Arrival.CUT, 0.0, begins_dark, 0, 0)


def _around(dark: _Dark, times: NDArray[np.float64]) -> Iterator[_Entry]:
    """Begin the black half-way through the fade to it, and the shot after with its own fade."""
    if dark.first > 0:
        middle = max(1, dark.first - dark.falls // 2)
        arrival = Arrival.DISSOLVE if dark.falls else Arrival.CUT
        falls_from = dark.first - dark.falls
        length_s = 2 * float(
            min(times[dark.first] - times[middle], times[middle] - times[falls_from])
        )
        yield _Entry(middle, arrival, length_s, True, falls_from, dark.first)
    if dark.end < len(times):
        if dark.rises:
            risen = min(dark.end - 1 + dark.rises, len(times) - 1)
            length_s = float(times[risen] - times[dark.end])
            # from half-way up on a picture is seen as what it is
            clear = dark.end + dark.rises // 2
            yield _Entry(dark.end, Arrival.BLACK, length_s, False, dark.end, clear)
        else:
            yield _Entry(dark.end, Arrival.CUT, 0.0, False, dark.end, dark.end)


def _changed(boundary: Boundary, times: NDArray[np.float64]) -> _Entry:
    number = boundary.number
    if boundary.kind is Kind.CUT:
        return _Entry(number, Arrival.CUT, 0.0, False, number, number)
    half_s = (boundary.to_s - boundary.from_s) / 2 + EDGE_S
    middle_s = times[number]
    leaves = int(np.searchsorted(times, middle_s - half_s))
    clear = min(int(np.searchsorted(times, middle_s + half_s)), len(times) - 1)
    return _Entry(number, Arrival.DISSOLVE, 2 * half_s, False, leaves, clear)


def _belongs(boundary: Boundary, dark: _Dark, times: NDArray[np.float64]) -> bool:
    """Whether a boundary is nothing but the way into a black or out of it."""
    if boundary.kind is Kind.CUT:
        return dark.first - 1 <= boundary.number <= dark.end + 1
    from_s = times[max(0, dark.first - dark.falls)] - HALF_S / 2
    to_s = times[min(dark.end + dark.rises, len(times) - 1)] + HALF_S / 2
    return bool(from_s <= boundary.time_s <= to_s)


def _joined(entries: Sequence[_Entry], count: int) -> Iterator[Span]:
    """Put the entries in order; of two in one place the black one counts."""
    placed = sorted(entries, key=lambda entry: (entry.first, not entry.is_black))
    kept: list[_Entry] = []
    for entry in placed:
        if kept and (entry.first <= kept[-1].first or (entry.is_black and kept[-1].is_black)):
            continue
        kept.append(entry)
    for entry, after in zip(kept, [*kept[1:], None], strict=True):
        end = after.first if after else count
        clear = min(max(entry.clear, entry.first), end - 1)
        leaves = max(min(after.leaves if after else count, end), clear + 1)
        yield Span(entry.first, end, entry.arrival, entry.arrival_s, entry.is_black, clear, leaves)
