"""Judging a device: every verdict at its limits, on a clock that is only a number."""

import pytest

from livematch.camera.judge import (
    MAX_BACKOFF_S,
    MAX_PATIENCE_S,
    Sight,
    Verdict,
    backoff_s,
    deadline_s,
    judge,
    patience_s,
)

OPENING = Sight(spawned_s=100.0)
READY = Sight(spawned_s=100.0, ready_s=101.0)
MOVING = Sight(spawned_s=100.0, ready_s=101.0, frame_s=110.0, changed_s=110.0)
REPEATED = Sight(spawned_s=100.0, ready_s=101.0, frame_s=110.85, changed_s=110.0)
NEARLY = Sight(spawned_s=100.0, ready_s=101.0, frame_s=110.7, changed_s=110.0)
SLIDE = Sight(spawned_s=100.0, ready_s=101.0, frame_s=113.0, changed_s=110.0, in_vain=1)
OLD_SLIDE = Sight(spawned_s=100.0, ready_s=101.0, frame_s=117.0, changed_s=110.0, in_vain=1)
SLOW = Sight(spawned_s=100.0, ready_s=101.0, frame_s=110.0, changed_s=110.0, fps=1.0)
DEAD = Sight(spawned_s=100.0, ready_s=101.0, frame_s=110.0, changed_s=110.0, alive=False)


@pytest.mark.parametrize(
    ("now_s", "sight", "verdict"),
    [
        (100.0, OPENING, Verdict.OPENING),
        (109.9, OPENING, Verdict.OPENING),
        (110.0, OPENING, Verdict.HUNG),
        (103.9, READY, Verdict.OPENING),
        (104.0, READY, Verdict.HUNG),
        (110.0, MOVING, Verdict.GOOD),
        (110.79, MOVING, Verdict.GOOD),
        (110.81, MOVING, Verdict.HUNG),
        (110.7, NEARLY, Verdict.GOOD),
        (110.9, REPEATED, Verdict.FROZEN),
        (113.0, SLIDE, Verdict.STILL),
        (113.9, SLIDE, Verdict.HUNG),
        (117.0, OLD_SLIDE, Verdict.FROZEN),
        (112.9, SLOW, Verdict.GOOD),
        (113.1, SLOW, Verdict.HUNG),
        (110.0, DEAD, Verdict.LOST),
    ],
)
def test_verdicts_at_their_limits(now_s: float, sight: Sight, verdict: Verdict) -> None:
    assert judge(now_s, sight) is verdict


def test_a_fault_of_a_running_device_is_judged_within_a_second() -> None:
    assert deadline_s(MOVING) - 110.0 < 1.0
    assert patience_s(0) < 1.0


def test_only_three_verdicts_end_a_process() -> None:
    assert {v for v in Verdict if v.fault} == {Verdict.HUNG, Verdict.FROZEN, Verdict.LOST}


def test_patience_with_stills_grows_and_has_an_end() -> None:
    grown = [patience_s(times) for times in range(1000)]
    assert grown[:3] == pytest.approx([0.8, 6.4, 51.2])
    assert grown == sorted(grown)
    assert grown[-1] == MAX_PATIENCE_S


def test_backoff_doubles_up_to_its_limit() -> None:
    assert [backoff_s(n) for n in range(7)] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff_s(10_000) == MAX_BACKOFF_S
