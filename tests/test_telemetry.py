"""The figures of a show: right, bounded, and safe to read while they are written."""

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.telemetry import WINDOW, Telemetry, summarise


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Let threads interrupt each other as often as Python can, so that a race shows."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


milliseconds = st.floats(0, 1e6)


@given(st.lists(milliseconds, min_size=1, max_size=200))
def test_percentiles_are_numpys(samples: list[float]) -> None:
    telemetry = Telemetry()
    for took_ms in samples:
        telemetry.record("embed", took_ms)
    (summary,) = telemetry.summary()
    assert summary.stage == "embed"
    assert summary.count == len(samples)
    assert summary.p50_ms == np.percentile(samples, 50)
    assert summary.p95_ms == np.percentile(samples, 95)
    assert summary.p99_ms == np.percentile(samples, 99)
    assert summary.max_ms == max(samples)
    assert summarise("embed", samples) == summary


@given(st.lists(milliseconds, min_size=1, max_size=200))
def test_percentiles_are_in_order(samples: list[float]) -> None:
    summary = summarise("search", samples)
    ordered = (min(samples), summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.max_ms)
    assert list(ordered) == pytest.approx(sorted(ordered))


def test_one_known_answer() -> None:
    summary = summarise("decode", range(101))
    assert (summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.max_ms) == (50, 95, 99, 100)


def test_a_long_show_keeps_the_newest_samples_and_counts_them_all() -> None:
    telemetry = Telemetry()
    for took_ms in range(WINDOW + 1000):
        telemetry.record("present", float(took_ms))
    (summary,) = telemetry.summary()
    assert summary.count == WINDOW + 1000
    assert summary.p50_ms == np.percentile(np.arange(1000, WINDOW + 1000), 50)
    assert summary.max_ms == WINDOW + 999


def test_an_old_outlier_leaves_the_window() -> None:
    telemetry = Telemetry()
    telemetry.record("present", 1e6)
    for _ in range(WINDOW):
        telemetry.record("present", 1.0)
    (summary,) = telemetry.summary()
    assert summary.max_ms == 1.0


def test_stages_come_in_the_order_they_first_reported() -> None:
    telemetry = Telemetry()
    for stage in ("capture", "embed", "search", "embed", "capture"):
        telemetry.record(stage, 1.0)
    assert [s.stage for s in telemetry.summary()] == ["capture", "embed", "search"]
    assert [s.count for s in telemetry.summary()] == [2, 2, 1]


def test_events_are_counted() -> None:
    telemetry = Telemetry()
    telemetry.count("dropped")
    telemetry.count("dropped", 3)
    telemetry.count("reopened")
    assert telemetry.counters == {"dropped": 4, "reopened": 1}


def test_the_counters_handed_out_are_a_copy() -> None:
    telemetry = Telemetry()
    telemetry.count("dropped")
    telemetry.counters["dropped"] = 99
    assert telemetry.counters == {"dropped": 1}


def test_before_anything_happened_there_is_nothing_to_tell() -> None:
    assert Telemetry().summary() == ()
    assert Telemetry().counters == {}


def test_reset_forgets_everything() -> None:
    telemetry = Telemetry()
    telemetry.record("embed", 900.0)
    telemetry.count("dropped")
    telemetry.reset()
    assert telemetry.summary() == ()
    assert telemetry.counters == {}
    telemetry.record("embed", 8.0)
    assert telemetry.summary()[0].count == 1
    assert telemetry.summary()[0].max_ms == 8.0


@pytest.mark.usefixtures("impatient_threads")
def test_figures_can_be_read_while_every_stage_writes() -> None:
    """Each stage has its own writer; a reader beside them sees whole summaries, and no error."""
    telemetry = Telemetry()
    stages = [f"stage-{number}" for number in range(4)]
    rounds = 2 * WINDOW
    faults: list[BaseException] = []

    def write(stage: str) -> None:
        try:
            for _ in range(rounds):
                telemetry.record(stage, 1.0)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            faults.append(error)

    writers = [threading.Thread(target=write, args=(stage,)) for stage in stages]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        for summary in telemetry.summary():
            assert summary.max_ms == 1.0
            assert 0 < summary.count <= rounds
    for writer in writers:
        writer.join()
    assert not faults
    assert {s.stage: s.count for s in telemetry.summary()} == dict.fromkeys(stages, rounds)


class Interruptible(str):
    """A name whose look-up runs Python code, where a thread may be interrupted."""

    __slots__ = ()

    def __hash__(self) -> int:
        return sum(range(20)) + str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)


@pytest.mark.usefixtures("impatient_threads")
def test_events_of_many_threads_are_all_counted() -> None:
    telemetry = Telemetry()
    dropped = Interruptible("dropped")
    together = threading.Barrier(4)

    def write() -> None:
        together.wait()
        for _ in range(5000):
            telemetry.count(dropped)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list(telemetry.counters.values()) == [20_000]


def test_the_newest_samples_have_a_median_of_their_own() -> None:
    telemetry = Telemetry()
    assert telemetry.recent_ms("found") == 0.0
    for took_ms in (900.0, 1.0, 2.0, 500.0, 3.0):
        telemetry.record("found", took_ms)
    assert telemetry.recent_ms("found", 3) == 3.0
    assert telemetry.recent_ms("found") == 3.0
    assert telemetry.recent_ms("decided") == 0.0
