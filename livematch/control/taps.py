"""Tempo and phase from taps of a hand: pure arithmetic on their times."""

from collections.abc import Sequence
from itertools import pairwise

from livematch.values import Pulse

PAUSE_S = 2.0  # after which a tap begins a new series, and with it a bar
BOUNCE_S = 0.1  # a second tap so soon is the finger's, not the hand's
KEPT = 8  # taps that count: two bars


class Taps:
    """Listens to taps. The first of a series is beat 0; one missed or one too many does no harm.

    A single tap keeps the tempo there was and begins a bar where it falls.
    """

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._first = 0  # the beat of the first of them: earlier taps are forgotten
        self._last_s = float("-inf")
        self.pulse: Pulse | None = None

    def tap(self, at_s: float) -> None:
        """Take one tap; one that is older than the last says nothing."""
        if at_s - self._last_s < BOUNCE_S:
            return
        if at_s - self._last_s > PAUSE_S:
            self._times_s, self._first = [], 0
        self._last_s = at_s
        self._times_s.append(at_s)
        self.pulse = self._counted()

    def _counted(self) -> Pulse | None:
        if len(self._times_s) == 1:
            return Pulse(self.pulse.bpm, 0.0, self._last_s, "tap") if self.pulse else None
        beats = numbered(self._times_s)
        period_s, last_s = fitted(beats)
        pulse = Pulse(60.0 / period_s, float(self._first + beats[-1][0]), last_s, "tap")
        if len(beats) > KEPT:
            beats = beats[-KEPT:]
            self._first += beats[0][0]
            self._times_s = [at_s for _, at_s in beats]
        return pulse


def numbered(times_s: Sequence[float]) -> list[tuple[int, float]]:
    """Number some taps by the beats they fall on, from 0: (beat, time); extra ones are left out.

    A beat is as long as the interval that agrees with most of the others, of several the newest.
    """
    intervals = [after - before for before, after in pairwise(times_s)]
    period_s = min(
        reversed(intervals),
        key=lambda period: sum(min(0.25, abs(other / period - 1)) for other in intervals),
    )
    beats = [(0, times_s[0])]
    for at_s in times_s[1:]:
        number, before_s = beats[-1]
        if gone := round((at_s - before_s) / period_s):
            beats.append((number + gone, at_s))
        elif len(beats) > 1:  # one of two is too many: the one that is farther from the beat
            known, known_s = beats[-2]
            due_s = known_s + (number - known) * period_s
            beats[-1] = number, min(before_s, at_s, key=lambda tap_s: abs(tap_s - due_s))
    return beats


def fitted(beats: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return the length of a beat, and when the last one fell, that fit all of them best.

    Least squares over at least two beats, which `numbered` always finds in two taps.
    """
    count = len(beats)
    mean_beat = sum(beat for beat, _ in beats) / count
    mean_s = sum(at_s for _, at_s in beats) / count
    spread = sum((beat - mean_beat) ** 2 for beat, _ in beats)
    period_s = sum((beat - mean_beat) * (at_s - mean_s) for beat, at_s in beats) / spread
    return period_s, mean_s + (beats[-1][0] - mean_beat) * period_s
