"""Candidates by number, as the director offers them and as a hand picks them."""

from dataclasses import replace

from test_director import CALM, perform, seen

from livematch.control.params import Layout
from livematch.control.state import Hands
from livematch.direction.director import Director
from livematch.values import Cue, Observation, Source

MANY = tuple((shot, 1.0 - shot / 100) for shot in range(1, 15))


def offered(director: Director) -> list[int]:
    return [match.moment.shot_id for match in director.offered]


def picking(director: Director, observation: Observation, number: int, now: float) -> Cue | None:
    return director.update(now, observation, Hands(CALM, pick=number))


def test_the_nine_best_that_are_not_on_are_offered() -> None:
    director = Director()
    assert offered(director) == []
    perform(director, [seen(0, *MANY)])
    assert director.on is not None
    assert director.on.match is not None
    assert director.on.match.moment.shot_id == 1
    assert offered(director) == list(range(2, 11))


def test_a_picked_number_comes_on_and_its_number_goes_to_the_next_best() -> None:
    director = Director()
    perform(director, [seen(n, *MANY) for n in range(5)])
    cue = picking(director, seen(5, *MANY), 4, 0.5)
    assert cue is not None
    assert cue.match is not None
    assert (cue.match.moment.shot_id, cue.cause) == (5, "pick 4")
    assert offered(director) == [2, 3, 4, 1, 6, 7, 8, 9, 10]  # what was on is the best of the rest


def test_a_number_that_nothing_has_is_no_pick() -> None:
    director = Director()
    perform(director, [seen(0, (1, 0.9), (2, 0.8), (3, 0.7))])
    for number in (0, 3, 9, -1, 10):
        assert picking(director, seen(1, (1, 0.9), (2, 0.8), (3, 0.7)), number, 0.1) is None


def test_what_cannot_be_shown_is_offered_no_more() -> None:
    director = Director()
    perform(director, [seen(0, *MANY)])
    director.drop(director.offered[0])
    director.update(0.1, seen(1, *MANY), Hands(CALM))
    assert 2 not in offered(director)
    assert len(offered(director)) == 9


def test_behind_the_grid_nothing_changes_unless_a_hand_asks() -> None:
    grid = replace(CALM, screen=Layout.GRID, fade=2.0)
    director = Director()
    assert perform(director, [seen(n, *MANY) for n in range(300)], grid) == []
    assert offered(director) == list(range(1, 10))
    cue = director.update(30.0, seen(300, *MANY), Hands(grid, pick=7))
    assert cue is not None
    assert cue.source is Source.ARCHIVE
    assert cue.match is not None
    assert cue.match.moment.shot_id == 7
    assert cue.fade_s == 0.0  # from the grid there is nothing to fade from
