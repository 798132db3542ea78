import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.render.pacing import Pacer


class JumpingClock:
    """Goes where it is told to wait for, at once, and remembers."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.now_s

    def wait_until(self, when_s: float) -> None:
        self.waits.append(when_s)
        self.now_s = max(self.now_s, when_s)


def test_without_vsync_the_loop_runs_at_the_displays_rate() -> None:
    clock = JumpingClock()
    pacer = Pacer(clock, 50.0)
    times = []
    for _ in range(100):
        clock.now_s += 0.003  # draws in 3 ms, and the flip returns at once
        pacer.pace()
        times.append(clock.now_s)
    assert times[-1] - times[0] == pytest.approx(99 / 50)


@given(st.lists(st.floats(0.0195, 0.0205), min_size=1, max_size=50))
def test_with_vsync_it_never_waits(periods: list[float]) -> None:
    clock = JumpingClock()
    pacer = Pacer(clock, 50.0)
    for period in periods:
        clock.now_s += period
        pacer.pace()
    assert clock.waits == []


def test_after_a_late_picture_nothing_is_made_up_for() -> None:
    clock = JumpingClock()
    pacer = Pacer(clock, 50.0)
    pacer.pace()
    clock.now_s += 1.0
    pacer.pace()
    late_s = clock.now_s
    clock.now_s += 0.001
    pacer.pace()
    assert clock.now_s == pytest.approx(late_s + 0.02)
