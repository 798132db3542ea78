"""The board of numbered candidates: nobody's number changes under a reaching hand."""

from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import PICKS
from livematch.direction.board import AWAY_S, STAY_S, Board
from livematch.values import Match, Moment


def match(shot: int, score: float = 0.5) -> Match:
    return Match(Moment(shot, shot, shot, 0.0), score)


def ranked(*shots: int) -> tuple[Match, ...]:
    return tuple(match(shot) for shot in shots)


def numbered(board: Board, now: float, *shots: int, leaves: int | None = None) -> list[int]:
    matches = board.update(now, ranked(*shots), lambda m: m.moment.shot_id != leaves)
    return [m.moment.shot_id for m in matches]


def test_at_first_the_best_has_number_one() -> None:
    assert numbered(Board(), 0.0, *range(20, 8, -1)) == list(range(20, 20 - PICKS, -1))


def test_a_new_ranking_of_the_same_shots_moves_nothing() -> None:
    board = Board()
    numbered(board, 0.0, 1, 2, 3, 4)
    assert numbered(board, 99.0, 4, 2, 1, 3) == [1, 2, 3, 4]


def test_what_is_known_of_a_shot_is_always_the_newest() -> None:
    board = Board()
    board.update(0.0, [match(1, 0.5)], lambda m: True)
    [newest] = board.update(0.1, [match(1, 0.7)], lambda m: True)
    assert newest.score == 0.7


def test_a_better_shot_takes_the_number_of_one_whose_stay_is_over() -> None:
    board = Board()
    numbered(board, 0.0, *range(1, 10))
    after = (1, 2, 3, 4, 10, 6, 7, 8, 9, 5)  # 10 pushes 5 out of the nine
    assert numbered(board, 0.9 * STAY_S, *after) == list(range(1, 10))
    assert numbered(board, STAY_S, *after) == [1, 2, 3, 4, 10, 6, 7, 8, 9]


def test_a_shot_that_is_away_for_a_moment_keeps_its_number() -> None:
    board = Board()
    for tick in range(100):  # 5 and 10 are nearly the same, and change places all the time
        now = tick * 0.1
        last = (5, 10) if tick % 5 < 3 else (10, 5)
        assert numbered(board, now, 1, 2, 3, 4, 6, 7, 8, 9, *last) == [1, 2, 3, 4, 6, 7, 8, 9, 5]
    after = (1, 2, 3, 4, 6, 7, 8, 9, 10, 5)
    # the last tick but two was the last in which 5 was among the best
    assert numbered(board, 9.7 + 0.9 * AWAY_S, *after)[8] == 5
    assert numbered(board, 9.7 + 1.1 * AWAY_S, *after)[8] == 10


def test_a_shot_that_is_no_candidate_any_more_has_its_stay_too() -> None:
    board = Board()
    numbered(board, 0.0, 1, 2, 3)
    assert numbered(board, 0.5 * STAY_S, 1, 3) == [1, 2, 3]
    assert numbered(board, STAY_S, 1, 3) == [1, 3]


def test_a_shot_that_comes_on_leaves_at_once_and_the_next_takes_its_number() -> None:
    board = Board()
    numbered(board, 0.0, *range(1, 12))
    after = (1, 2, *range(4, 12))
    assert numbered(board, 0.1, *after, leaves=3) == [1, 2, 10, 4, 5, 6, 7, 8, 9]


def test_a_gap_that_nothing_fills_is_closed_by_the_last() -> None:
    board = Board()
    numbered(board, 0.0, 1, 2, 3, 4)
    assert numbered(board, 0.1, 1, 3, 4, leaves=2) == [1, 4, 3]


rankings = st.lists(
    st.tuples(
        st.floats(0.0, 1.5),
        st.lists(st.integers(1, 16), unique=True, max_size=16),
        st.integers(1, 16),
    ),
    max_size=30,
)


@given(rankings)
def test_numbers_are_unique_have_no_gaps_and_stay(
    script: list[tuple[float, list[int], int]],
) -> None:
    board, now, before = Board(), 0.0, list[int]()
    came_s: dict[int, float] = {}
    for wait_s, shots, on in script:
        now += wait_s
        offered = [shot for shot in shots if shot != on]
        after = numbered(board, now, *offered, leaves=on)
        assert len(set(after)) == len(after) <= PICKS
        assert on not in after
        assert len(after) >= min(PICKS, len(offered))
        for number, shot in enumerate(before):
            stayed = number < len(after) and after[number] == shot
            is_young = now - came_s[shot] < STAY_S
            if shot != on and (is_young or shot in offered[:PICKS]):
                assert shot in after
                # it may only have moved to close a gap: then it was the last, and there are fewer
                assert stayed or len(after) < len(before)
        came_s = {shot: came_s.get(shot, now) if shot in before else now for shot in after}
        before = after


@given(rankings)
def test_the_best_that_wait_are_in_as_soon_as_stays_are_over(
    script: list[tuple[float, list[int], int]],
) -> None:
    board, now = Board(), 0.0
    for wait_s, shots, _ in script:
        now += wait_s
        numbered(board, now, *shots)
    if script:
        shots = script[-1][1]
        after = numbered(board, now + STAY_S + 0.01, *shots)
        assert sorted(after) == sorted(shots[:PICKS])
