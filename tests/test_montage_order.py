"""The order of a compilation and where its shots are cut: on numbers, without a picture."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.montage.order import (
    CHANGES,
    LEAST_GAIN,
    Ground,
    best_path,
    nearest_neighbours,
)
from livematch.montage.picking import EDGE_S, Lengths, instants
from livematch.montage.runs import Run, Stay, best_runs, trimmed

FPS = 25


@st.composite
def grounds(draw: st.DrawFn, least: int = 1, most: int = 14) -> Ground:
    shots = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # coarse values, so that many changes gain nothing at all
    join = rng.integers(-4, 9, (shots, shots)) / 10
    return Ground(join, rng.integers(-2, 9, shots) / 10, rng.uniform(0.5, 4.0, shots))


totals = st.floats(0.1, 40.0)


@settings(max_examples=40, deadline=None)
@given(grounds(), totals)
def test_a_path_repeats_nothing_begins_where_told_and_is_long_enough(
    ground: Ground, total: float
) -> None:
    start = len(ground.worth) // 2
    path = best_path(ground, start, total)
    assert path[0] == start
    assert len(set(path.tolist())) == len(path)
    length = ground.lengths[path].sum()
    assert length >= total - LEAST_GAIN or len(path) == len(ground.worth)
    if len(path) > 1:  # and not one shot longer than that
        assert ground.lengths[path[:-1]].sum() < total
    np.testing.assert_array_equal(path, best_path(ground, start, total))


@settings(max_examples=40, deadline=None)
@given(grounds(least=2), totals)
def test_a_path_is_as_good_as_the_nearest_neighbours_at_least(ground: Ground, total: float) -> None:
    simple = nearest_neighbours(ground, 0, total)
    assert ground.goodness(best_path(ground, 0, total)) >= ground.goodness(simple) - LEAST_GAIN


@settings(max_examples=40, deadline=None)
@given(grounds(least=3), totals)
def test_no_change_makes_a_path_worse(ground: Ground, total: float) -> None:
    path = nearest_neighbours(ground, 0, total)
    level = ground.levelled(path)
    for change in CHANGES:
        changed = change(level, path, total)
        assert changed[0] == 0
        assert len(set(changed.tolist())) == len(changed)
        assert _value(level, changed, total) >= _value(level, path, total) - 1e-6
        path = changed


def _value(ground: Ground, path: np.ndarray, total: float) -> float:
    missing = max(0.0, total - ground.lengths[path].sum()) / ground.lengths.mean()
    return float(ground.join[path[:-1], path[1:]].sum() + ground.worth[path].sum() - 0.3 * missing)


def test_of_few_shots_that_are_all_used_the_order_is_mostly_the_best() -> None:
    short = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        ground = Ground(rng.uniform(-0.4, 0.8, (7, 7)), np.zeros(7), np.ones(7))
        path = best_path(ground, 0, 7.0)
        orders = np.array([(0, *order) for order in permutations(range(1, 7))])
        best = ground.join[orders[:, :-1], orders[:, 1:]].mean(axis=1).max()
        short.append(best - ground.join[path[:-1], path[1:]].mean())
    assert min(short) > -1e-9
    assert np.mean(np.array(short) < 1e-9) >= 0.85
    assert np.mean(short) < 0.01


def test_a_ring_is_walked_round() -> None:
    """Each shot joins the next of a ring best: greed alone finds it from any start."""
    shots = 9
    join = np.zeros((shots, shots))
    join[np.arange(shots), (np.arange(shots) + 2) % shots] = 1.0
    ground = Ground(join, np.zeros(shots), np.ones(shots))
    path = best_path(ground, 4, shots)
    assert (np.diff(path) % shots == 2).all()


def test_what_greed_leaves_for_the_end_is_mended() -> None:
    """From 0 greed takes 1 (0.6), and is left with 2 → 3 at 0; the other way round all are 0.5."""
    join = np.full((4, 4), -1.0)
    join[0, 1], join[1, 2], join[2, 3] = 0.6, 0.0, 0.0
    join[0, 3], join[3, 2], join[2, 1] = 0.5, 0.5, 0.5
    path = best_path(Ground(join, np.zeros(4), np.ones(4)), 0, 4.0)
    assert path.tolist() == [0, 3, 2, 1]


def test_a_long_shot_that_is_unlike_gives_way_to_short_ones() -> None:
    join = np.full((5, 5), 0.3)
    ground = Ground(join, np.array([1.0, 0.1, 0.9, 0.9, 0.9]), np.array([1.0, 4.0, 1.5, 1.5, 1.5]))
    assert set(best_path(ground, 0, 5.0).tolist()) == {0, 2, 3, 4}


# Entries and exits


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[Stay], list[np.ndarray], tuple[float, float]]:
    shots = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shortest = draw(st.sampled_from([0.5, 1.0, 2.0]))
    longest = shortest + draw(st.sampled_from([0.0, 1.0, 4.0]))
    stays = []
    for _ in range(shots):
        count = draw(st.integers(1, 12))
        times_s = 3.0 + np.cumsum(rng.uniform(0.2, 0.6, count))
        there_s = times_s[-1] - times_s[0]
        planned_s = Lengths(shortest, longest, 9.0).planned_s(there_s)
        stays.append(Stay(times_s, rng.uniform(-1, 1, count), planned_s))
    joins = [rng.uniform(-1, 1, (len(a.times_s), len(b.times_s))) for a, b in pairwise(stays)]
    return stays, joins, (shortest, longest)


@settings(deadline=None)
@given(rows(), st.integers(1, 400))
def test_runs_follow_each_other_without_a_gap_and_end_where_they_should(
    row: tuple[list[Stay], list[np.ndarray], tuple[float, float]], pictures: int
) -> None:
    stays, joins, span_s = row
    runs = best_runs(stays, joins, span_s, FPS, pictures)
    assert [run.place for run in runs] == list(range(len(runs)))
    assert runs[0].first == 0
    assert all(one.end == other.first for one, other in pairwise(runs))
    assert all(run.end > run.first for run in runs)
    assert runs[-1].end <= pictures
    for run in runs[:-1]:  # each stays as long as it may, or is all there is of its shot
        there_s = np.ptp(stays[run.place].times_s)
        least_s = min(span_s[0], there_s)
        assert least_s * FPS - 1 <= run.end - run.first <= span_s[1] * FPS + 2 + span_s[0] * FPS
    for run in runs:
        times_s = stays[run.place].times_s
        # nothing is played that the shot does not have
        assert times_s[run.entry] + (run.end - run.first - 1) / FPS <= times_s[-1] + 1 / FPS
        assert run.end - run.first <= (span_s[1] + span_s[0]) * FPS + 2
    for run in runs[1:]:
        before = runs[run.place - 1]
        assert run.join == joins[run.place - 1][before.leave, run.entry]


def test_each_shot_is_left_and_entered_where_they_join_best() -> None:
    times_s = np.arange(9) * 0.5
    stays = [Stay(times_s, np.zeros(9), 2.0) for _ in range(2)]
    joins = np.zeros((9, 9))
    joins[5, 3] = 1.0
    runs = best_runs(stays, [joins], (1.0, 4.0), FPS, 1000)
    assert (runs[0].leave, runs[1].entry, runs[1].join) == (5, 3, 1.0)
    assert 1.0 <= times_s[5] - times_s[runs[0].entry] <= 4.0


def test_a_film_that_would_be_too_short_uses_more_of_its_shots() -> None:
    times_s = np.arange(9) * 0.5
    stays = [Stay(times_s, np.zeros(9), 4.0) for _ in range(3)]
    joins = [np.zeros((9, 9)), np.zeros((9, 9))]
    joins[0][2, 6] = joins[1][8, 6] = 0.9  # the good cuts leave 1 s of each
    free = best_runs(stays, joins, (1.0, 4.0), FPS, 100)
    full = best_runs(stays, joins, (1.0, 4.0), FPS, 3 * 101)
    assert free[-1].end == 100
    assert full[-1].end == 3 * 101


def test_a_last_run_that_would_flash_is_taken_over_by_the_one_before() -> None:
    runs = [Run(0, 0, 4, 0, 50, None, 20), Run(1, 0, 4, 50, 100, 0.5, 20)]
    assert trimmed(runs, 55, 25) == (Run(0, 0, 4, 0, 55, None, 20),)
    assert trimmed(runs, 75, 25)[-1] == Run(1, 0, 4, 50, 75, 0.5, 20)
    no_room = [Run(0, 0, 4, 0, 50, None, 0), runs[1]]
    assert trimmed(no_room, 55, 25)[-1].end == 55
    assert trimmed(runs, 400, 25) == tuple(runs)


@pytest.mark.parametrize(
    ("own_s", "end_s", "expected", "of"),
    [
        ([0.25, 0.75], 1.0, [0.25, 0.75], [0, 1]),
        ([0.25, 2.25], 3.0, [0.25, 0.75, 1.25, 1.75, 2.25, 2.75], [0, 0, 0, 0, 1, 1]),
        ([1.0], 1.2, [1.0], [0]),
    ],
)
def test_gaps_between_moments_are_filled(
    own_s: list[float], end_s: float, expected: list[float], of: list[int]
) -> None:
    times_s, whose = instants(np.array(own_s), end_s)
    assert times_s.tolist() == expected
    assert whose.tolist() == of


@settings(deadline=None)
@given(st.lists(st.floats(0.05, 3.0), min_size=1, max_size=9), st.floats(0.01, 3.0))
def test_instants_rise_and_keep_away_from_the_end(gaps: list[float], tail: float) -> None:
    own_s = np.cumsum(gaps)
    times_s, whose = instants(own_s, float(own_s[-1]) + tail)
    assert (np.diff(times_s) > 0).all()
    assert np.isin(own_s, times_s).all()
    assert times_s[-1] <= max(own_s[-1], own_s[-1] + tail - EDGE_S + 1e-6)
    assert (own_s[whose] <= times_s + 1e-9).all()
