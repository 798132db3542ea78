"""When each picture is on: from a file's time stamps, or without them. Pure."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Stamp:
    """A picture's time since the film's first picture, in ticks of the film's time base."""

    ticks: int
    time_s: float


class Timeline:
    """Gives every picture a time after the one before it, the first picture the time 0.

    Time stamps are kept exactly where the film has usable ones. A picture without one comes one
    usual frame after its predecessor, and so does one that would go back in time (joined broadcast
    recordings do that): `time_base` is the film's own, `fps` its usual rate.
    """

    def __init__(self, time_base: Fraction, fps: float) -> None:
        self.time_base = time_base
        self._usual = max(1, round(1 / (fps * time_base)))
        self._offset: int | None = None
        self._last: int | None = None

    def stamp(self, pts: int | None) -> Stamp:
        """Place the next picture; `pts` is its time stamp in the film, None if it has none."""
        if self._last is None:
            ticks = 0
        elif pts is None or self._offset is None:
            ticks = self._last + self._usual
        else:
            ticks = pts - self._offset
            if ticks <= self._last:
                ticks = self._last + self._usual
                self._offset = None
        if pts is not None and self._offset is None:
            self._offset = pts - ticks
        self._last = ticks
        return Stamp(ticks, float(ticks * self.time_base))

    def end_s(self, duration: int | None) -> float:
        """Return when the last picture goes off; `duration` is its own in ticks, if known."""
        last = -self._usual if self._last is None else self._last
        return float((last + (duration or self._usual)) * self.time_base)
