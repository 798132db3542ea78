"""How much of the painting lies over the program, and how it gives way."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.params import Params
from livematch.direction.veil import ScriptedVeil, Veil, closeness
from livematch.values import Match, Moment, Observation

HALF = Params(lens_mix=0.5)
YIELDING = Params(lens_mix=0.8, lens_yields=1.0, radius=0.5)
shares = st.floats(0, 1)


def seen(*scores: float) -> Observation:
    matches = tuple(Match(Moment(n, 0, n, 0.0), score) for n, score in enumerate(scores))
    return Observation(0, 0.0, 0.0, matches)


@pytest.mark.parametrize(
    ("scores", "radius", "close"),
    [
        ((), 0.0, 0.0),
        ((1.0, 0.2), 0.0, 1.0),
        ((0.75, 0.2), 0.5, 0.5),
        ((0.4,), 0.5, 0.0),
        ((-0.3,), 0.0, 0.0),
        ((1.0,), 1.0, 0.0),
    ],
)
def test_closeness_is_measured_from_the_radius(
    scores: tuple[float, ...], radius: float, close: float
) -> None:
    assert closeness(seen(*scores), radius) == pytest.approx(close)
    assert closeness(None, radius) == 0.0


def test_unless_it_yields_it_lies_as_thick_as_it_was_laid() -> None:
    veil = Veil()
    assert [veil.share_at(t / 10, seen(t / 10), HALF) for t in range(10)] == [0.5] * 10


def test_it_begins_with_what_is_seen_at_first() -> None:
    assert Veil().share_at(7.0, seen(0.75), YIELDING) == pytest.approx(0.4)
    assert Veil().share_at(7.0, None, YIELDING) == pytest.approx(0.8)


def test_it_gives_way_within_about_half_a_second_at_any_rate() -> None:
    for rate in (10, 30, 144):
        veil = Veil()
        veil.share_at(0.0, None, YIELDING)
        told = [veil.share_at(t / rate, seen(1.0), YIELDING) for t in range(1, 2 * rate + 1)]
        assert told[rate // 2 - 1] == pytest.approx(0.8 * 0.368, abs=0.01)
        assert told[-1] < 0.02
        assert told == sorted(told, reverse=True)


def test_trembling_scores_leave_it_nearly_still() -> None:
    veil = Veil()
    told = [veil.share_at(t / 30, seen(0.7 + 0.1 * (t % 2)), YIELDING) for t in range(120)]
    steps = [abs(a - b) for a, b in itertools.pairwise(told[60:])]
    assert max(steps) < 0.01


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(-1, 1)), max_size=20), shares, shares, shares)
def test_it_is_always_a_share_of_what_was_laid(
    ticks: list[tuple[float, float]], mix: float, yields: float, radius: float
) -> None:
    veil, now = Veil(), 0.0
    params = Params(lens_mix=mix, lens_yields=yields, radius=radius)
    for wait_s, score in ticks:
        now += wait_s
        assert -1e-9 <= veil.share_at(now, seen(score), params) <= mix + 1e-9


def test_what_was_written_down_is_followed_from_one_to_the_next() -> None:
    veil = ScriptedVeil([(1.0, 0.0), (1.2, 1.0), (3.0, 0.5)])
    told = [veil.share_at(t, None, Params()) for t in (0.0, 1.0, 1.1, 1.2, 2.5, 3.0, 9.0)]
    assert told == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0, 0.5, 0.5])  # the last by a jump
    assert ScriptedVeil().share_at(5.0, None, HALF) == 0.0
