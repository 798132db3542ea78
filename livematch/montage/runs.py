"""Where the shots of a compilation are entered and left, given their order. Pure.

The best of all ways, by dynamic programming over the instants of one shot after the other: how good
a cut is depends on where the shot before is left and where the next one is entered, and both on how
long one stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]

LIKENESS = 1.0  # how much it counts that a shot is like what was asked for, against one cut
PACE = 0.15  # what it costs to stay twice as long as planned, or not at all
STRICTER = (1.0, 6.0, 40.0, 4000.0)  # the same, until the film is long enough
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Stay:
    """What can be made of a shot: its instants, how alike each is, and how long to stay in it."""

    times_s: Table
    likeness: Table
    planned_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """What is played of a shot: from the `entry`-th of its instants to the `leave`-th.

    `first` and `end` count the compilation's pictures, `end` is the next run's first; `join` is how
    good the cut to it is, None for the first. `place` counts the shots in their order, and `room`
    the pictures that the shot could go on for.
    """

    place: int
    entry: int
    leave: int
    first: int
    end: int
    join: float | None
    room: int = 0


def best_runs(
    stays: Sequence[Stay],
    joins: Sequence[Table],
    span_s: tuple[float, float],
    fps: float,
    pictures: int,
) -> tuple[Run, ...]:
    """Choose where each shot is entered and left, so that there are so many pictures in all.

    `joins` (n, m) say how good the cut is from each instant of a shot to each of the next;
    `span_s` is the shortest and longest stay. Fewer pictures where there is not enough, and fewer
    shots where there is too much; the last run is cut short.
    """
    least = round(span_s[0] * fps)
    tries = []
    for strictness in STRICTER:
        cuts = _chosen(stays, joins, span_s, PACE * strictness)
        runs = _timed(stays, joins, cuts, span_s[1], fps)
        tries.append(trimmed(runs, pictures, least))
        last = tries[-1][-1]
        if last.end == pictures and last.end - last.first >= least:
            return tries[-1]
    return max(tries, key=lambda runs: runs[-1].end)  # the first of those that are as long


def trimmed(runs: Sequence[Run], pictures: int, least: int) -> tuple[Run, ...]:
    """End a row of runs after so many pictures.

    A last run of fewer than `least` would only flash: the run before goes on instead if it can.
    """
    kept = [run for run in runs if run.first < pictures]
    last = kept[-1]
    if last.end < pictures:
        return tuple(kept)
    missing = pictures - last.first
    if len(kept) > 1 and missing < least and missing <= kept[-2].room:
        return (*kept[:-2], replace(kept[-2], end=pictures))
    return (*kept[:-1], replace(last, end=pictures))


def _chosen(
    stays: Sequence[Stay], joins: Sequence[Table], span_s: tuple[float, float], price: float
) -> list[tuple[int, int]]:
    """Return entry and leave of each shot."""
    entered = LIKENESS * stays[0].likeness  # it begins where it is most like what was asked for
    ways: list[NDArray[np.intp]] = []
    roads: list[NDArray[np.intp]] = []
    left = np.empty(0)
    for number, stay in enumerate(stays):
        if number:
            onward = left[:, None] + joins[number - 1]
            roads.append(onward.argmax(axis=0))
            entered = onward.max(axis=0)
        value = entered[:, None] + _staying(stay, span_s, price)
        ways.append(value.argmax(axis=0))
        left = value.max(axis=0)
    cuts = []
    leave = int(left.argmax())
    for number in range(len(stays) - 1, -1, -1):
        entry = int(ways[number][leave])
        cuts.append((entry, leave))
        if number:
            leave = int(roads[number - 1][entry])
    return cuts[::-1]


def _staying(stay: Stay, span_s: tuple[float, float], price: float) -> Table:
    """Say how good it is to stay from each instant to each: (n, n), −∞ where it cannot be."""
    apart_s = stay.times_s[None, :] - stay.times_s[:, None]
    sums = np.append(0.0, np.cumsum(stay.likeness))
    places = np.arange(len(stay.times_s))
    counts = np.maximum(1, places[None, :] - places[:, None] + 1)
    alike = (sums[1:][None, :] - sums[:-1][:, None]) / counts
    off = (apart_s - stay.planned_s) / max(stay.planned_s, _SLACK_S)
    value = LIKENESS * alike - price * off**2
    # a shot that has less than the shortest stay is played as a whole
    shortest_s = min(span_s[0], stay.times_s[-1] - stay.times_s[0])
    may = apart_s >= shortest_s - _SLACK_S
    # instants lie half a second apart: the first that is far enough may be too far, and is left
    # for a little sooner
    nearest = may.argmax(axis=1)[:, None] == places[None, :]
    may &= (apart_s <= span_s[1] + _SLACK_S) | nearest
    return np.where(may, value, -np.inf)


def _timed(
    stays: Sequence[Stay],
    joins: Sequence[Table],
    cuts: Sequence[tuple[int, int]],
    longest_s: float,
    fps: float,
) -> tuple[Run, ...]:
    runs: list[Run] = []
    for place, (entry, leave) in enumerate(cuts):
        times_s = stays[place].times_s
        stay_s = min(times_s[leave] - times_s[entry], longest_s)
        first = runs[-1].end if runs else 0
        join = float(joins[place - 1][cuts[place - 1][1], entry]) if place else None
        # the last picture is that of the instant it is left at
        end = first + max(1, round(stay_s * fps) + 1)
        room = int((times_s[-1] - times_s[leave]) * fps)
        runs.append(Run(place, entry, leave, first, end, join, room))
    return tuple(runs)
