"""MIDI clock: 24 ticks a beat, and where in the song it starts, stops and goes on."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from livematch.control.commands import Beat
from livematch.midi.wire import CLOCK, CONTINUE, SONG_POSITION, START, STOP

SOURCE = "midi-clock"
TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6  # the unit of song positions
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
WINDOW = 4 * TICKS_PER_BEAT  # ticks that the tempo is drawn through
CHANGED = 0.015  # the last beat's tempo differs by so much: what came before no longer counts
SILENT_S = 1.0  # without a tick for so long, the clock has stopped without saying so
STALLED_S = 0.3  # a gap that no tempo explains: two ticks at 20 bpm are 0.125 s apart
STRAY = 3.0  # ticks further off the line than so many of its typical errors are left out


class MidiClock:
    """Turns clock messages with their times of arrival into beats. One thread.

    Arrivals are late by up to some milliseconds, each by another: tempo and phase are those of the
    line drawn through the last four beats' ticks by least squares, stragglers left out.
    """

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=WINDOW)
        self._position = 0  # of the next tick, in ticks from the song's beginning
        self._bpm: float | None = None
        self._plays = True  # many send ticks only, and never say start
        self._last_s: float | None = None
        self._told = False  # whether a beat was given that a stop must take back

    def hear(self, data: Sequence[int], now: float) -> Beat | None:
        """Take one message; returns a beat at every sixteenth and at a stop. Any bytes are fine."""
        status = data[0] if data else 0
        if status == CLOCK:
            return self._tick(now)
        if status == START:
            self._position, self._plays = 0, True
            self._arrivals.clear()
        elif status == CONTINUE:
            self._plays = True
            self._arrivals.clear()
        elif status == STOP:
            self._plays = False
            return self._stopped(now)
        elif status == SONG_POSITION and len(data) == 3:
            self._position = ((data[2] & 0x7F) << 7 | data[1] & 0x7F) * TICKS_PER_SIXTEENTH
        return None

    def check(self, now: float) -> Beat | None:
        """Return that the clock has stopped, once, when it has fallen silent."""
        if self._last_s is None or now - self._last_s <= SILENT_S:
            return None
        self._last_s = None
        self._arrivals.clear()
        return self._stopped(now)

    def _stopped(self, now: float) -> Beat | None:
        if not self._told or self._bpm is None:
            return None
        self._told = False
        return Beat(SOURCE, self._bpm, self._position / TICKS_PER_BEAT, now, is_playing=False)

    def _tick(self, now: float) -> Beat | None:
        if self._last_s is not None and now - self._last_s > STALLED_S:
            self._arrivals.clear()
        self._last_s = now
        self._arrivals.append(now)
        tick = self._position
        if self._plays:
            self._position += 1
        if not self._plays or tick % TICKS_PER_SIXTEENTH:
            return None
        at_s = self._fit(now)
        if self._bpm is None:
            return None
        self._told = True
        return Beat(SOURCE, self._bpm, tick / TICKS_PER_BEAT, at_s)

    def _fit(self, now: float) -> float:
        """Set the tempo from the last ticks; return when the newest ought to have come."""
        arrivals = np.array(self._arrivals)
        if len(arrivals) <= TICKS_PER_BEAT or not _is_plausible(arrivals):
            return now
        whole, part = _line(arrivals), _line(arrivals[-TICKS_PER_BEAT - 1 :])
        if abs(part[0] - whole[0]) > CHANGED * whole[0]:
            for _ in range(len(arrivals) - TICKS_PER_BEAT - 1):
                self._arrivals.popleft()
            whole = part
        bpm = 60.0 / (whole[0] * TICKS_PER_BEAT)
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            return now
        self._bpm = bpm
        return whole[1]


def _is_plausible(arrivals: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    tick_s = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
    return bool(60.0 / FASTEST_BPM <= tick_s * TICKS_PER_BEAT <= 60.0 / SLOWEST_BPM)


def _line(arrivals: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    """Return the seconds a tick and the time of the last one: least squares without stragglers."""
    numbers = np.arange(1 - len(arrivals), 1, dtype=np.float64)
    slope, end = np.polyfit(numbers, arrivals, 1)
    errors = np.abs(arrivals - (end + slope * numbers))
    kept = errors <= STRAY * float(np.median(errors)) + 1e-9
    if kept.all() or kept.sum() < len(arrivals) // 2:
        return float(slope), float(end)
    slope, end = np.polyfit(numbers[kept], arrivals[kept], 1)
    return float(slope), float(end)
