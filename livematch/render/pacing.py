"""Keeping to the display's rhythm where it does not keep us to it."""

from livematch.clock import Clock

EARLY = 0.75  # a picture shown in less than this part of a period was not held by the display


class Pacer:
    """Waits after each picture that was shown too early: no working vsync, a virtual display.

    With vsync at work it never waits. One thread.
    """

    def __init__(self, clock: Clock, refresh_hz: float) -> None:
        self._clock = clock
        self._period_s = 1.0 / refresh_hz
        self._due_s: float | None = None

    def pace(self) -> bool:
        """Call once a picture, after it was presented; there is always a next one."""
        now = self._clock.now()
        due_s = self._due_s if self._due_s is not None else now
        if due_s - now > (1.0 - EARLY) * self._period_s:
            self._clock.wait_until(due_s)
        else:
            due_s = now  # the display kept the time, or we are late: count from here
        self._due_s = due_s + self._period_s
        return True
