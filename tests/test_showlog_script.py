"""From what a log tells to the script of a replay: which cue in which picture."""

import pytest
from showlog_kit import given, head

from livematch.control.params import Params
from livematch.showlog.script import (
    Grid,
    beginning_for,
    cues_on,
    from_picture,
    looks_on,
    pictures_of,
)
from livematch.showlog.told import ToldCue, ToldShow
from livematch.values import Cue


def on(n: int, given_s: float, begun_s: float | None, fade_s: float = 0.0) -> ToldCue:
    return ToldCue(given(n, given_s, fade_s=fade_s), begun_s)


def planned(cues: list[ToldCue], fps: float = 25) -> list[tuple[int, int, int]]:
    """Number of the cue, picture in which it is given, picture in which it begins."""
    grid = Grid(fps)
    return [
        (number(cue), grid.picture(cue.decided_s), grid.picture(cue.begins_s or 0.0))
        for cue in cues_on(grid, cues)
    ]


def number(cue: Cue) -> int:
    assert cue.match is not None
    return cue.match.moment.shot_id


def test_a_cue_begins_in_the_picture_in_which_it_began() -> None:
    assert planned([on(1, 0.0, 0.0), on(2, 1.0, 1.2), on(3, 2.0, 2.04)]) == [
        (1, 0, 0),
        (2, 25, 30),
        (3, 50, 51),
    ]


def test_a_time_between_two_pictures_goes_to_the_nearest() -> None:
    assert planned([on(1, 0.019, 0.019), on(2, 0.98, 1.021)]) == [(1, 0, 0), (2, 25, 26)]
    assert Grid(30).picture(0.99999) == 30


def test_what_was_asked_for_in_between_hurries_the_fade_before() -> None:
    cues = [on(1, 0.0, 0.0, 2.0), on(2, 0.4, None), on(3, 0.8, 1.2)]
    assert planned(cues) == [(1, 0, 0), (3, 10, 30)]


def test_a_cue_is_never_given_before_the_one_before_has_begun() -> None:
    assert planned([on(1, 0.0, 0.12), on(2, 0.14, 0.3)], fps=10) == [(1, 0, 1), (2, 2, 3)]


def test_of_two_in_one_picture_of_a_slow_replay_the_later_is_seen() -> None:
    assert planned([on(1, 0.0, 0.0), on(2, 1.0, 1.01), on(3, 1.02, 1.04)], fps=5) == [
        (1, 0, 0),
        (3, 5, 5),
    ]


def test_cues_that_never_came_on_are_left_out() -> None:
    assert planned([on(1, 0.0, None), on(2, 0.5, 0.6), on(3, 0.9, None)]) == [(2, 0, 15)]


def test_an_excerpt_begins_with_the_cue_that_may_still_fade_out() -> None:
    grid = Grid(25)
    cues = cues_on(grid, [on(1, 0.0, 0.0), on(2, 1.0, 1.0), on(3, 2.0, 2.0), on(4, 3.0, 3.0)])
    assert beginning_for(grid, cues, 60) == 25
    assert beginning_for(grid, cues, 10) == 0
    kept = from_picture(cues, 1.0)
    assert [number(cue) for cue in kept] == [2, 3, 4]


@pytest.mark.parametrize(("is_ended", "count"), [(True, 75), (False, 76)])
def test_a_show_is_as_long_as_it_was(is_ended: bool, count: int) -> None:
    show = ToldShow(head(), Params(), end_s=3.0, is_ended=is_ended)
    assert pictures_of(Grid(25), show) == count


def test_a_show_of_nothing_has_a_picture() -> None:
    assert pictures_of(Grid(25), ToldShow(head(), Params(), is_ended=True)) == 1


def test_parameters_change_in_the_picture_in_which_they_did() -> None:
    changes = [(0.5, Params(freeze=True)), (0.99, Params())]
    assert [at_s for at_s, _ in looks_on(Grid(25), changes)] == [0.52, 1.0]
