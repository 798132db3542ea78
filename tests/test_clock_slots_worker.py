"""Time, newest-value slots and workers: what every thread of a show leans on."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from livematch.clock import Clock, ManualClock, SystemClock
from livematch.slots import Newest
from livematch.worker import Worker

SOON_S = 10.0  # a limit for what should happen at once, never a thing to wait for


@contextmanager
def thread(target: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run `target` beside the block, and see it end."""
    beside = threading.Thread(target=target)
    beside.start()
    try:
        yield beside
    finally:
        beside.join(SOON_S)
        assert not beside.is_alive()


def until(condition: Callable[[], bool]) -> None:
    """Yield to other threads until something holds; fails after `SOON_S`."""
    clock = SystemClock()
    limit_s = clock.now() + SOON_S
    while not condition():
        assert clock.now() < limit_s, "it never came to hold"
        clock.wait_until(clock.now() + 0.001)


# Clocks


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(5.0)], ids=["system", "manual"])
def test_a_clock_never_goes_back_and_the_past_is_not_waited_for(clock: Clock) -> None:
    readings = [clock.now() for _ in range(1000)]
    assert readings == sorted(readings)
    clock.wait_until(readings[0] - 100)
    clock.wait_until(readings[0])


def test_the_system_clock_waits_as_long_as_it_says() -> None:
    clock = SystemClock()
    when_s = clock.now() + 0.02
    clock.wait_until(when_s)
    assert clock.now() >= when_s


def test_two_system_clocks_tell_the_same_time() -> None:
    before_s, between_s, after_s = (SystemClock().now() for _ in range(3))
    assert before_s <= between_s <= after_s


@given(st.lists(st.floats(0, 1e6), max_size=20), st.floats(-1e6, 1e6))
def test_a_manual_clock_moves_as_it_is_told(moves: list[float], start_s: float) -> None:
    clock = ManualClock(start_s)
    expected_s = start_s
    for by_s in moves:
        clock.advance(by_s)
        expected_s += by_s
        assert clock.now() == expected_s


def test_a_manual_clock_refuses_to_go_back() -> None:
    clock = ManualClock(1.0)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-0.001)
    assert clock.now() == 1.0


def test_advancing_wakes_those_whose_time_has_come() -> None:
    clock = ManualClock()
    woken: dict[float, threading.Event] = {when_s: threading.Event() for when_s in (1.0, 2.0)}

    def wait(when_s: float) -> None:
        clock.wait_until(when_s)
        woken[when_s].set()

    with thread(lambda: wait(1.0)), thread(lambda: wait(2.0)):
        clock.advance(1.0)
        assert woken[1.0].wait(SOON_S)
        assert not woken[2.0].is_set()
        clock.advance(5.0)
        assert woken[2.0].wait(SOON_S)


# Slots


class SlotModel(RuleBasedStateMachine):
    """A slot against the plainest account of it: what came last, and whether it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.slot: Newest[int] = Newest()
        self.last: int | None = None
        self.fresh = False
        self.put_count = 0
        self.taken_count = 0

    @rule()
    def put(self) -> None:
        self.put_count += 1
        self.slot.put(self.put_count)
        self.last, self.fresh = self.put_count, True

    @rule()
    def take(self) -> None:
        taken = self.slot.take(timeout_s=0)
        assert taken == (self.last if self.fresh else None)
        self.taken_count += self.fresh
        self.fresh = False

    @rule()
    def close(self) -> None:
        self.slot.close()
        assert self.slot.closed

    @invariant()
    def nothing_is_unaccounted_for(self) -> None:
        assert self.slot.peek() == self.last
        assert self.slot.dropped == self.put_count - self.taken_count - self.fresh


TestSlotModel = SlotModel.TestCase


def test_the_newest_wins_and_the_rest_are_counted() -> None:
    slot: Newest[str] = Newest()
    assert slot.peek() is None
    for value in "abc":
        slot.put(value)
    assert slot.take(0) == "c"
    assert slot.dropped == 2
    assert slot.peek() == "c"
    assert slot.take(0) is None


def test_a_taker_waits_for_the_next_value() -> None:
    slot: Newest[str] = Newest()
    taken: list[str | None] = []
    with thread(lambda: taken.append(slot.take(SOON_S))):
        slot.put("frame")
    assert taken == ["frame"]
    assert slot.dropped == 0


def test_closing_wakes_who_waits() -> None:
    slot: Newest[str] = Newest()
    taken: list[str | None] = []
    with thread(lambda: taken.append(slot.take())):  # without a limit: only close can end it
        slot.close()
    assert taken == [None]
    assert slot.take() is None


def test_what_lay_there_at_closing_can_still_be_taken() -> None:
    slot: Newest[str] = Newest()
    slot.put("last")
    slot.close()
    assert slot.take() == "last"
    assert slot.take() is None


def test_nothing_is_taken_twice_or_lost_uncounted_between_threads() -> None:
    slot: Newest[int] = Newest()
    taken: list[int] = []

    def take_all() -> None:
        while (value := slot.take(SOON_S)) is not None:
            taken.append(value)

    with thread(take_all):
        for number in range(20_000):
            slot.put(number)
        slot.close()
    assert taken == sorted(set(taken))
    assert taken[-1] == 19_999
    assert len(taken) + slot.dropped == 20_000


# Workers


def test_a_worker_repeats_its_step_until_there_is_no_more() -> None:
    left = [3, 2, 1]
    seen: list[int] = []
    done = threading.Event()

    def step() -> bool:
        seen.append(left.pop(0))
        if not left:
            done.set()
        return bool(left)

    with Worker("counting", step) as worker:
        assert done.wait(SOON_S)
        until(lambda: not worker.running)
    assert seen == [3, 2, 1]
    assert worker.failures == 0


def test_stopping_wakes_the_step_and_joins() -> None:
    slot: Newest[str] = Newest()
    worker = Worker("waiting", lambda: slot.take() is not None, wake=slot.close).start()
    assert worker.running
    worker.stop()
    assert not worker.running
    worker.stop()  # a second time does no harm


def test_a_worker_that_never_started_can_be_stopped() -> None:
    woken = threading.Event()
    worker = Worker("unborn", lambda: True, wake=woken.set)
    worker.stop()
    assert not worker.running
    assert woken.is_set()


def test_its_thread_is_named_and_ends_with_the_program() -> None:
    names: list[tuple[str, bool]] = []

    def step() -> bool:
        names.append((threading.current_thread().name, threading.current_thread().daemon))
        return False

    with Worker("camera", step) as worker:
        until(lambda: not worker.running)
    assert names == [("livematch-camera", True)]


def test_leaving_the_block_by_an_error_stops_the_worker_and_keeps_the_error() -> None:
    slot: Newest[str] = Newest()
    worker = Worker("waiting", lambda: slot.take() is not None, wake=slot.close)
    with pytest.raises(KeyError, match="ours"), worker:
        raise KeyError("ours")
    assert not worker.running


@pytest.mark.expects_errors
def test_a_failing_step_is_told_once_a_kind_counted_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults: list[Exception | None] = [
        OSError("disk"),
        OSError("disk"),
        ValueError("disk"),
        OSError("disk"),
        OSError("cable"),
        None,
    ]
    worked = threading.Event()

    def step() -> bool:
        fault = faults.pop(0)
        if fault is not None:
            raise fault
        worked.set()
        return False

    with caplog.at_level(logging.ERROR), Worker("reading", step) as worker:
        assert worked.wait(SOON_S)
    assert worker.failures == 5
    assert [record.getMessage() for record in caplog.records] == [
        "livematch-reading: OSError: disk",
        "livematch-reading: ValueError: disk",
        "livematch-reading: OSError: cable",
    ]
    assert all(record.exc_info for record in caplog.records)  # the traceback is in the log


@pytest.mark.expects_errors
def test_a_step_that_always_fails_can_be_stopped() -> None:
    failed = threading.Event()

    def step() -> bool:
        failed.set()
        raise OSError("for ever")

    worker = Worker("failing", step).start()
    assert failed.wait(SOON_S)
    worker.stop()
    assert not worker.running
    assert worker.failures >= 1


@pytest.mark.expects_errors
def test_a_step_that_does_not_return_is_told(caplog: pytest.LogCaptureFixture) -> None:
    entered, release = threading.Event(), threading.Event()

    def step() -> bool:
        entered.set()
        return not release.wait(SOON_S)

    worker = Worker("stuck", step).start()
    assert entered.wait(SOON_S)
    with caplog.at_level(logging.ERROR):
        worker.stop(timeout_s=0.01)
    assert ["livematch-stuck did not stop" in r.getMessage() for r in caplog.records] == [True]
    release.set()
    worker.stop()
    assert not worker.running
