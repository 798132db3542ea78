"""Where to enter a shot: at the moment whose past is most like the camera's.

One picture does not say which way things move: a pendulum passes its middle both ways. So each
moment of a shot is compared together with the moments before it, each of them with what the camera
saw as long ago, and the best run decides; then movement carries across the cut. After Schödl,
Szeliski, Salesin and Essa, Video Textures (SIGGRAPH 2000), section 3.1, with the past half of
their window: what a camera will see next nobody knows.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from livematch.archive.records import ShotSpan
from livematch.archive.search import Searcher
from livematch.archive.store import Archive, Moments
from livematch.embed.parts import DescriptorLayout, weigh
from livematch.values import Match, Vector

STEP_S = 0.5  # moments lie about so far apart
# Of now and of each step back: the nearer past tells a little more. Measured with films before
# their own camera, halfway between two moments: one picture alone enters one of the two in 77 % of
# cases, weights 8, 4, 2, 1 in 86 %, with these in 90 %; filmed at an angle 67, 74, 81 %.
STEP_WEIGHTS = (5, 4, 4, 3, 3)
LAG_S = 0.125  # as finely is it asked how long ago a glance was, or a moment before another
NEAR_S = STEP_S / 2  # a moment this far from a step back still stands for it
PATIENCE_S = 0.2  # a glance this far from the wanted time still stands for it: slow cameras
STEPS = len(STEP_WEIGHTS)
MEMORY_S = STEP_S * (STEPS - 1) + NEAR_S + PATIENCE_S
# Less alike are two glances across most cuts (median cosine 0.3) and hardly any others (1 in 300,
# 0.1 s apart). A cut is counted with its second picture only, and shots change with the first.
JUMP = 0.5
MOST_GLANCES = 320  # a camera of 120 pictures a second for `MEMORY_S`
# What is looked at, so that a camera of 30 pictures a second can be asked at each of them: measured
# on two cores, 8 shots of 7 moments take 1 ms, 32 shots 4 ms, most of it float16 becoming float32.
MOST_SHOTS = 8  # best matches; the rest are entered where they were found
MOST_MOMENTS = 32  # of one shot: a quarter of a minute around the one that was found
RUN_S = 1.0  # a shot that is entered should go on for so long, or for half of its length

_SHOTS_APART_S = 1e7  # what is added to the times of one shot after another: no film is as long
_ROUNDING_S = 1e-6
_AS_GOOD = 1e-6  # the moment that was found is kept unless another is better by more


@dataclass(frozen=True, slots=True)
class Glance:
    """What the camera saw at one instant: a descriptor (dimension,), not weighed, and `fitted`."""

    captured_s: float
    descriptor: Vector
    fitted: Vector


class Recent:
    """The glances of the last `MEMORY_S`, newest last; one thread.

    They are forgotten when the camera's picture cuts, or changes so much that it may have.
    """

    def __init__(self) -> None:
        self._glances: deque[Glance] = deque(maxlen=MOST_GLANCES)
        self._cuts = 0

    def push(self, glance: Glance, cuts: int) -> tuple[Glance, ...]:
        """Take the newest glance, made after so many cuts; returns all that belong together."""
        if cuts != self._cuts or (self._glances and _has_jumped(self._glances[-1], glance)):
            self._glances.clear()
            self._cuts = cuts
        self._glances.append(glance)
        while glance.captured_s - self._glances[0].captured_s > MEMORY_S:
            self._glances.popleft()
        return tuple(self._glances)


def _has_jumped(before: Glance, after: Glance) -> bool:
    one, other = before.descriptor, after.descriptor
    return bool(one @ other < JUMP * np.linalg.norm(one) * np.linalg.norm(other))


class Entrances:
    """Chooses where shots are entered. Knows the moments of every shot; any thread.

    `fitted_of` returns what is compared of some of `moments`, (n, fitted) of the given layout, and
    glances must be fitted alike. `span_of` says where a shot begins and ends. A shot is not entered
    where it goes on for less than `run_s`.
    """

    def __init__(
        self,
        moments: Moments,
        fitted_of: Callable[[NDArray[np.intp]], Vector],
        layout: DescriptorLayout,
        span_of: Callable[[int], ShotSpan],
        run_s: float = RUN_S,
    ) -> None:
        self._run_s = run_s
        self._moments = moments
        self._fitted_of = fitted_of
        self._layout = layout
        self._span_of = span_of
        self._by_shot = np.argsort(moments.shots, kind="stable")
        self._shots = moments.shots[self._by_shot]

    @classmethod
    def of(cls, archive: Archive, searcher: Searcher, run_s: float = RUN_S) -> Self:
        """Know the shots of an archive as its searcher knows them."""

        def span_of(shot_id: int) -> ShotSpan:
            return archive.shot(shot_id).span

        return cls(searcher.moments, searcher.fitted, searcher.fit.layout, span_of, run_s)

    def choose(
        self,
        matches: Sequence[Match],
        glances: Sequence[Glance],
        weights: Mapping[str, float],
        momentum: float,
    ) -> tuple[Match, ...]:
        """Return the matches, the first ones with the moment to enter at where it is a better one.

        `glances` are the camera's, newest last; `weights` are by part name. With `momentum` 0 the
        newest glance decides alone, as the search did; with 1 the whole window does. Without a
        past, or in a shot of one moment, nothing changes.
        """
        if momentum <= 0 or len(glances) < 2 or not matches:
            return tuple(matches)
        best, rest = matches[:MOST_SHOTS], matches[MOST_SHOTS:]
        places = [self._places(match) for match in best]
        starts = np.cumsum([0, *map(len, places)])
        positions = np.concatenate(places)
        alike = self._alike(positions, starts, glances, weights)
        scores = run_scores(alike, starts[:-1], momentum)
        if scores is None:
            return tuple(matches)
        of_shots = np.split(scores, starts[1:-1])
        return (*map(self._entered, best, places, of_shots), *rest)

    def _places(self, match: Match) -> NDArray[np.intp]:
        """Positions of the shot's moments by rising time, at most `MOST_MOMENTS` around ours."""
        shot_id, time_s = match.moment.shot_id, match.moment.time_s
        first, end = np.searchsorted(self._shots, [shot_id, shot_id + 1])
        places = self._by_shot[first:end]
        places = places[np.argsort(self._moments.times_s[places], kind="stable")]
        if len(places) > MOST_MOMENTS:
            middle = int(np.searchsorted(self._moments.times_s[places], time_s))
            start = min(max(0, middle - MOST_MOMENTS // 2), len(places) - MOST_MOMENTS)
            places = places[start : start + MOST_MOMENTS]
        return places

    def _alike(
        self,
        positions: NDArray[np.intp],
        starts: NDArray[np.intp],
        glances: Sequence[Glance],
        weights: Mapping[str, float],
    ) -> Vector:
        """How like the camera then each step back of each moment is, (n, steps); NaN: not known."""
        before, lags = steps_back(self._moments.times_s[positions], starts[:-1])
        lags, which = np.unique(lags, return_inverse=True)
        ago_s = glances[-1].captured_s - np.array([glance.captured_s for glance in glances])
        off_s = np.abs(ago_s[:, None] - lags * LAG_S)
        queries = weigh(
            np.stack([glances[n].fitted for n in off_s.argmin(axis=0)]), weights, self._layout
        )
        rows = self._fitted_of(positions)
        # one at a time and with vecdot: BLAS would spread a product of matrices over threads
        table = np.stack([np.vecdot(rows, query) for query in queries], axis=1)
        table[:, off_s.min(axis=0) > PATIENCE_S] = np.nan
        return np.where(before >= 0, table[before, which.reshape(before.shape)], np.nan)

    def _entered(self, match: Match, positions: NDArray[np.intp], scores: Vector) -> Match:
        span = self._span_of(match.moment.shot_id)
        times_s = self._moments.times_s[positions]
        runs_on = span.end_s - times_s >= min(self._run_s, (span.end_s - span.start_s) / 2)
        if runs_on.any():
            scores = np.where(runs_on, scores, -np.inf)
        best = int(scores.argmax())
        found = np.flatnonzero(self._moments.rows[positions] == match.moment.row)
        if not np.isfinite(scores[best]) or (scores[found] >= scores[best] - _AS_GOOD).any():
            return match
        return replace(match, entry=self._moments.at(int(positions[best])))


def steps_back(
    times_s: NDArray[np.float64], starts: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each moment and step back, which moment stands there, and how long before, in `LAG_S`.

    times_s (n,): when the moments are, rising within each shot; starts (shots,): where each shot's
    first one lies. Returns (n, steps) twice; −1 and 0 where the shot has nothing there.
    """
    shots = np.zeros(len(times_s))
    shots[starts[1:]] = 1
    along = times_s + np.cumsum(shots) * _SHOTS_APART_S
    wanted = along[:, None] - STEP_S * np.arange(STEPS)
    after = np.searchsorted(along, wanted).clip(max=len(along) - 1)
    earlier = np.maximum(after - 1, 0)
    before = np.where(wanted - along[earlier] <= along[after] - wanted, earlier, after)
    itself = np.arange(len(along))
    before[:, 0] = itself
    is_there = np.abs(along[before] - wanted) <= NEAR_S + _ROUNDING_S
    is_there[:, 1:] &= before[:, 1:] < itself[:, None]
    lags = np.round((along[:, None] - along[before]) / LAG_S).astype(np.intp)
    return np.where(is_there, before, -1), np.where(is_there, lags, 0)


def run_scores(alike: Vector, starts: NDArray[np.intp], momentum: float) -> Vector | None:
    """Weigh how like each step is into one score a moment, (n,); None without any step back.

    alike (n, steps): NaN where a step has no counterpart. Such a step counts as much as it does on
    average in this shot, and no more than the moment's own picture: near a shot's beginning nothing
    is won by what is not known. A moment whose own picture cannot be compared gets −∞.
    """
    known = np.isfinite(alike)
    if not known[:, 1:].any():
        return None
    filled = np.where(known, alike, 0)
    sums = np.add.reduceat(filled, starts, axis=0)
    counts = np.add.reduceat(known, starts, axis=0, dtype=np.intp)
    usual = sums / np.maximum(counts, 1)
    sizes = np.diff(starts, append=len(alike))
    likely = np.minimum(np.repeat(usual, sizes, axis=0), filled[:, :1])
    filled = np.where(known, filled, likely)
    shares = np.array(STEP_WEIGHTS, np.float64)
    shares[1:] *= momentum
    scores = (filled * (shares / shares.sum())).sum(axis=1)
    return np.where(known[:, 0], scores, -np.inf)
