"""The only place that reads a clock; everything else is told the time.

A live show runs on a `SystemClock`, an offline render and every test on a `ManualClock`.
"""

import threading
import time
from datetime import datetime
from typing import Protocol

import psutil

NTP_EPOCH_S = 2_208_988_800  # from 1900, where NTP begins, to 1970, where the machine does


class Clock(Protocol):
    """Seconds that never go backwards, from an arbitrary start."""

    def now(self) -> float:
        """Seconds now. Any thread."""
        ...

    def wait_until(self, when_s: float) -> None:
        """Return once `now()` has reached `when_s`; at once if it already has."""
        ...


class SystemClock:
    """The machine's monotonic clock, the same in all processes of this machine."""

    def now(self) -> float:
        """Seconds since the machine's own arbitrary start. Any thread."""
        return time.monotonic()

    def ntp_s(self) -> float:
        """Seconds since 1900 by the wall clock, as OSC's timetags count them. Any thread."""
        return time.time() + NTP_EPOCH_S

    def wait_until(self, when_s: float) -> None:
        """Sleep until `when_s`. Any thread."""
        remaining_s = when_s - time.monotonic()
        if remaining_s > 0:
            time.sleep(remaining_s)


class ManualClock:
    """A clock that moves only when it is told to: offline renders and tests."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds, as last set. Any thread."""
        return self._now_s

    def advance(self, by_s: float) -> None:
        """Move forward by `by_s` ≥ 0 seconds and wake whoever waits."""
        if by_s < 0:
            raise ValueError(f"a clock cannot go back by {-by_s} s")
        with self._moved:
            self._now_s += by_s
            self._moved.notify_all()

    def wait_until(self, when_s: float) -> None:
        """Block until another thread has advanced the clock to `when_s`."""
        with self._moved:
            self._moved.wait_for(lambda: self._now_s >= when_s)


def wall_time() -> datetime:
    """Return the date and time of day here, with the zone it is told in."""
    return datetime.now().astimezone()


def process_age_s() -> float:
    """Return how long ago this process was started: interpreter, imports and all."""
    return time.time() - psutil.Process().create_time()


def cpu_s() -> float:
    """Return how many seconds processors have worked for this process, all threads together."""
    return time.process_time()
