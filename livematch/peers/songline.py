"""Where in the song another instrument is, from positions that arrive late by varying times."""

import math
from collections import deque

from livematch.control.commands import Beat

KEPT_S = 3.0  # positions older than this no longer count
LATEST_S = 0.25  # later than the line by more than this is no delay: they have jumped back
SLOWEST_BPM, FASTEST_BPM = 20.0, 999.0  # as Ableton Live has it
LONGEST_BEATS = 1e7


class SongLine:
    """Fits a straight line to reported song positions. Pure; one thread.

    A report is never early and late by a delay that varies: Live looks at its network ten times a
    second. So the earliest of the last seconds says where the line lies, and a mean would not.
    """

    def __init__(self) -> None:
        self._bpm: float | None = None
        self._is_playing = False
        self._starts_s: deque[tuple[float, float]] = deque()  # (heard, when beat 0 would have been)
        self._beat = 0.0

    @property
    def is_playing(self) -> bool:
        """Whether the song runs, as far as is known."""
        return self._is_playing

    def set_tempo(self, bpm: float) -> bool:
        """Take a tempo; True when it is another one than before and can be."""
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM or bpm == self._bpm:
            return False
        self._bpm = bpm
        self._starts_s.clear()
        return True

    def set_playing(self, is_playing: bool) -> bool:
        """Take whether the song runs; True when that has changed."""
        if is_playing == self._is_playing:
            return False
        self._is_playing = is_playing
        self._starts_s.clear()
        return True

    def heard(self, beat: float, now: float) -> bool:
        """Take a position, in beats; True when the song has jumped there."""
        if self._bpm is None or not abs(beat) <= LONGEST_BEATS:
            return False
        start_s = now - beat * 60.0 / self._bpm
        while self._starts_s and now - self._starts_s[0][0] > KEPT_S:
            self._starts_s.popleft()
        before_s = self._earliest()
        has_jumped = before_s is None or abs(start_s - before_s) > LATEST_S
        if has_jumped:
            self._starts_s.clear()
        self._starts_s.append((now, start_s))
        self._beat = beat
        return has_jumped

    def beat_at(self, now: float, source: str) -> Beat | None:
        """Return the beat as it is known now; None before there is one to tell."""
        if self._bpm is None:
            return None
        if not self._is_playing:
            return Beat(source, self._bpm, self._beat, now, is_playing=False)
        start_s = self._earliest()
        if start_s is None:
            return None
        return Beat(source, self._bpm, (now - start_s) * self._bpm / 60.0, now)

    def _earliest(self) -> float | None:
        start_s = min((start for _, start in self._starts_s), default=math.inf)
        return start_s if math.isfinite(start_s) else None
