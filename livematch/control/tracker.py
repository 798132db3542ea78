"""Tempo and phase of the beat from the onsets heard so far, as long as they come: causal.

The intervals between all onsets of the last seconds make an autocorrelation; a comb of four beats
over it finds the tempo (Davies and Plumbley, "Context-dependent beat tracking of musical audio",
2007, on an onset function; here on the onsets themselves); the phase is where most of their
strength falls, and a line through the onsets on the beat makes both exact.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.values import Onset

Seconds = NDArray[np.float64]

WINDOW_S = 8.0
MOST_ONSETS = 128  # in the window: 16 a second
LEAST_ONSETS, LEAST_S = 5, 1.6  # before which nothing is looked for
SLOWEST_BPM, FASTEST_BPM = 60.0, 180.0
USUAL_BPM, OCTAVES = 115.0, 0.8  # where tempi lie, and how far they stray
BIN_S = 0.01
BLUR_S = 0.02  # how exactly a drummer and the detector keep time
TEETH = np.array([1.0, 0.9, 0.6, 0.8])  # of the comb: how much 1, 2, 3 and 4 beats count
TRIED = 8  # of the tempi: those whose comb is highest are laid over the onsets
ON_BEAT_S = 0.04  # how far from the beat an onset may be and still be on it
STAY = 1.4  # how much better another tempo must be to be believed instead
STAY_ON = 1.3  # and another phase
TRACKED_EVERY_S = 0.2  # which takes a millisecond of the engine's thread
JUDGED = 6  # beats over which it is judged how many were foretold
SURE, UNSURE = 0.45, 0.15  # confidence that begins, and that ends, trust in the beat
HELD_S = 30.0  # the beat goes on without onsets: a break, not the end


@dataclass(frozen=True, slots=True)
class Tracked:
    """A beat that was found: one of its beats falls at `beat_s`, the next `period_s` later."""

    period_s: float
    beat_s: float


class Tracker:
    """Follows the beat of onsets. Pure: times come with the onsets.

    `confidence` is how many of the last beats were foretold, beyond what chance would give: a beat
    found in what has none fits what was, and not what comes.
    """

    def __init__(self) -> None:
        self._onsets: deque[Onset] = deque(maxlen=MOST_ONSETS)
        self._found: Tracked | None = None
        self._is_sure = False
        self._tracked_s = float("-inf")
        self._judged_s = float("-inf")  # the last beat of which it is known
        self.confidence = 0.0

    def hear(self, onsets: tuple[Onset, ...]) -> None:
        """Take new onsets; what is older than those before is left out."""
        last_s = self._onsets[-1].at_s if self._onsets else float("-inf")
        onsets = tuple(onset for onset in onsets if onset.at_s > last_s)
        if not onsets:
            return
        onsets = tuple(sorted(onsets, key=lambda onset: onset.at_s))
        if self._found is not None:
            self._judge(self._found, onsets)
        self._onsets.extend(onsets)
        newest_s = self._onsets[-1].at_s
        while newest_s - self._onsets[0].at_s > WINDOW_S:
            self._onsets.popleft()
        is_enough = len(self._onsets) >= LEAST_ONSETS and newest_s - self._onsets[0].at_s >= LEAST_S
        if is_enough and newest_s - self._tracked_s >= TRACKED_EVERY_S:
            self._tracked_s = newest_s
            self._found = track(self._onsets, self._found)

    def at(self, now: float) -> Tracked | None:
        """Return the beat; None while there is none to be sure of."""
        if not self._onsets or now - self._onsets[-1].at_s > HELD_S:
            self._found, self._is_sure, self.confidence = None, False, 0.0
        return self._found if self._is_sure else None

    def _judge(self, found: Tracked, onsets: tuple[Onset, ...]) -> None:
        """Note which of the beats up to the newest onset have one, as foretold.

        A break is no failure: of the beats without any onset, only the last two count.
        """
        heard_s = [onset.at_s for onset in self._onsets]
        rate = len(heard_s) / max(heard_s[-1] - heard_s[0], found.period_s)
        chance = 1.0 - math.exp(-rate * 2 * ON_BEAT_S)
        times_s = np.array([heard_s[-1], *(onset.at_s for onset in onsets)])
        known_s = max(self._judged_s, times_s[-1] - 2.5 * found.period_s)
        gone = math.floor((known_s - found.beat_s) / found.period_s + 0.5)
        beat_s = found.beat_s + (gone + 1) * found.period_s
        while beat_s < times_s[-1] + ON_BEAT_S:
            is_hit = bool(np.abs(times_s - beat_s).min() < ON_BEAT_S)
            if not is_hit and beat_s > times_s[-1] - ON_BEAT_S:
                break  # its onset may still come
            foretold = max(-1.0, (is_hit - chance) / (1.0 - chance))
            self.confidence += (foretold - self.confidence) / JUDGED
            self._judged_s = beat_s
            beat_s += found.period_s
        self._is_sure = self.confidence >= (UNSURE if self._is_sure else SURE)


def track(onsets: Sequence[Onset], before: Tracked | None) -> Tracked:
    """Find the beat of some onsets, near the one found before unless another is clearly better."""
    times_s = np.array([onset.at_s for onset in onsets])
    strengths = np.array([max(onset.strength, 0.01) for onset in onsets])
    weights = np.sqrt(strengths) * np.exp((times_s - times_s[-1]) / WINDOW_S)
    tried = []
    for period_s, score in _periods(times_s, weights, before):
        beat_s, height = _phase(times_s, weights, period_s, before)
        tried.append((score * height * period_s, period_s, beat_s))  # what one beat has of strength
    _, period_s, beat_s = max(tried)
    for _ in range(2):  # the second time with the onsets that the first has found
        period_s, beat_s = _fitted(times_s, weights, period_s, beat_s)
    return Tracked(period_s, beat_s)


def _periods(
    times_s: Seconds, weights: Seconds, before: Tracked | None
) -> list[tuple[float, float]]:
    """Return the lengths of a beat that may be, each with how much speaks for it."""
    longest_s = (len(TEETH) + 0.5) * 60.0 / SLOWEST_BPM
    later, earlier = np.tril_indices(len(times_s), -1)
    apart_s = times_s[later] - times_s[earlier]
    near = apart_s < longest_s
    bins = (apart_s[near] / BIN_S).astype(np.intp)
    pairs = np.bincount(bins, (weights[later] * weights[earlier])[near], int(longest_s / BIN_S) + 1)
    reach = np.arange(-5, 6) * BIN_S
    alike = np.convolve(pairs, np.exp(-0.5 * (reach / BLUR_S) ** 2), mode="same")
    comb = _PERIODS_S[:, None] * np.arange(1, len(TEETH) + 1)
    scores = np.interp(comb, (np.arange(len(alike)) + 0.5) * BIN_S, alike) @ TEETH * _PRIOR
    if before is not None:
        scores[np.abs(np.log2(_PERIODS_S / before.period_s)) < 0.06] *= STAY
    around = np.pad(scores, 1)
    peaks = np.flatnonzero((scores >= around[:-2]) & (scores >= around[2:]))
    best = peaks[np.argsort(scores[peaks])[-TRIED:]]
    return [(float(_PERIODS_S[n]), float(scores[n])) for n in best]


def _phase(
    times_s: Seconds, weights: Seconds, period_s: float, before: Tracked | None
) -> tuple[float, float]:
    """Return when a beat falls, near the last onset, and how much strength falls on such beats."""
    last_s = float(times_s[-1])
    beats_s = last_s + np.arange(64) / 64 * period_s
    scores = np.exp(-0.5 * (_off(times_s, beats_s[:, None], period_s) / BLUR_S) ** 2) @ weights
    if before is not None:
        # a clock a little off runs away over the window, and so the old phase is the newest beat's
        scores[np.abs(_off(before.beat_s, beats_s, period_s)) < ON_BEAT_S] *= STAY_ON
    best = scores.argmax()
    return float(beats_s[best]), float(scores[best])


def _fitted(
    times_s: Seconds, weights: Seconds, period_s: float, beat_s: float
) -> tuple[float, float]:
    """Lay a line through the onsets that are on the beat: both its length and its phase."""
    numbers = np.round((times_s - beat_s) / period_s)
    is_on = np.abs(times_s - beat_s - numbers * period_s) < ON_BEAT_S
    if np.ptp(numbers[is_on]) < 3 if is_on.any() else True:
        return period_s, beat_s
    n, t, w = numbers[is_on], times_s[is_on], weights[is_on]
    mean_n, mean_s = np.average(n, weights=w), np.average(t, weights=w)
    spread = np.average((n - mean_n) ** 2, weights=w)
    slope_s = float(np.average((n - mean_n) * (t - mean_s), weights=w) / spread)
    newest = numbers[-1]
    return slope_s, float(mean_s + (newest - mean_n) * slope_s)


def _off(times_s: Seconds | float, beat_s: Seconds, period_s: float) -> Seconds:
    """Say how far times lie from the nearest beat."""
    return np.asarray((times_s - beat_s + period_s / 2) % period_s - period_s / 2)


_PERIODS_S: Seconds = 60.0 / np.geomspace(SLOWEST_BPM, FASTEST_BPM, 200)
_PRIOR: Seconds = np.exp(-0.5 * (np.log2(60.0 / _PERIODS_S / USUAL_BPM) / OCTAVES) ** 2)
