"""Messages that are meant for later, kept until then; nothing sleeps."""

import heapq
import itertools
from dataclasses import dataclass
from typing import Generic, TypeVar

FARTHEST_S = 300.0  # further ahead is a clock that runs wrong, not an intention
MOST_WAITING = 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Due:
    """When a timetag falls on the show's clock, or why it cannot be honoured."""

    at_s: float
    fault: str = ""


def due(ntp_s: float | None, now: float, ntp_now_s: float) -> Due:
    """Place a timetag on the show's clock: what is late, or without a time, is due now."""
    ahead_s = 0.0 if ntp_s is None else ntp_s - ntp_now_s
    if ahead_s > FARTHEST_S:
        return Due(
            now, f"meant for {ahead_s:.0f} s from now; at most {FARTHEST_S:.0f} s: set clocks"
        )
    return Due(now + max(0.0, ahead_s))


class Schedule(Generic[T]):
    """A bounded heap of things by when they are due; equals in their order. One thread."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, T]] = []
        self._order = itertools.count()

    def put(self, at_s: float, thing: T) -> bool:
        """Keep a thing until `at_s`; False when there is no room."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        heapq.heappush(self._waiting, (at_s, next(self._order), thing))
        return True

    def take(self, now: float) -> list[T]:
        """Return what is due by now, in order, and forget it."""
        taken = []
        while self._waiting and self._waiting[0][0] <= now:
            taken.append(heapq.heappop(self._waiting)[2])
        return taken

    @property
    def next_s(self) -> float | None:
        """When the next thing is due; None when nothing waits."""
        return self._waiting[0][0] if self._waiting else None
