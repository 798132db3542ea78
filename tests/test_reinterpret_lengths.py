"""From answers to cues: how long, how slow, with which picture, and what fades."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from films import variable
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.reinterpret.cutlist import Answer, Arrival, Question, Short
from livematch.reinterpret.lengths import cues_of, pieces
from livematch.values import AtEnd, Moment, Source

FPS = 25
EVEN = np.arange(500) / FPS
ORDER = (Short.SLOW, Short.LOOP, Short.HOLD, Short.CONTINUE)


def moment(answer: Answer, at_s: float) -> Moment:
    return Moment(-1, 1, answer.shot, at_s)


def answer(shot: int, start_s: float, end_s: float, entry_s: float) -> Answer:
    return Answer("a.mp4", "a", shot, start_s, end_s, entry_s, 0.5, {"colour": 0.5})


def question(
    first: int,
    end: int,
    *answers: Answer,
    arrival: Arrival = Arrival.CUT,
    arrival_s: float = 0.0,
    is_black: bool = False,
    short: tuple[Short, ...] = ORDER,
    times_s: np.ndarray = EVEN,
) -> Question:
    return Question(
        first + 1,
        first,
        end,
        float(times_s[first]),
        float(times_s[end]),
        arrival,
        arrival_s,
        is_black,
        answers,
        1 if answers else 0,
        short,
    )


LONG = answer(1, 0.0, 60.0, 3.0)


def test_a_cut_comes_with_the_picture_of_the_trailer() -> None:
    cues = cues_of([question(0, 30, LONG), question(30, 77, LONG)], EVEN, moment)
    assert [(cue.decided_s, cue.fade_s, cue.frame_number) for cue in cues] == [
        (0.0, 0.0, 0),
        (30 / FPS, 0.0, 30),
    ]
    assert all(cue.match is not None and cue.match.start.time_s == 3.0 for cue in cues)
    assert all(cue.manner.pace == 1.0 for cue in cues)


def test_it_is_entered_earlier_where_too_little_is_left() -> None:
    asked = question(0, 50, answer(1, 1.0, 4.0, 3.5))
    [piece] = pieces(asked, asked.answers[0], 2.0)
    assert piece.entry_s == 2.0
    assert piece.manner.pace == 1.0


def test_too_short_is_slowed() -> None:
    asked = question(0, 50, answer(1, 1.0, 2.5, 2.0))
    [piece] = pieces(asked, asked.answers[0], 2.0)
    assert (piece.entry_s, piece.manner.pace) == (1.0, 0.75)


@pytest.mark.parametrize(
    ("short", "at_end"), [((Short.SLOW, Short.LOOP), AtEnd.LOOP), ((Short.HOLD,), AtEnd.HOLD)]
)
def test_far_too_short_is_looped_or_held(short: tuple[Short, ...], at_end: AtEnd) -> None:
    asked = question(0, 50, answer(1, 1.0, 1.5, 1.4), short=short)
    [piece] = pieces(asked, asked.answers[0], 2.0)
    assert piece.manner.at_end is at_end
    assert piece.manner.pace == 1.0
    assert 1.0 <= piece.entry_s <= 1.25


def test_the_slowest_pace_is_an_argument() -> None:
    asked = question(0, 50, answer(1, 1.0, 1.5, 1.4))
    assert pieces(asked, asked.answers[0], 2.0, slowest=0.25)[0].manner.pace == 0.25


def test_it_continues_into_the_next_best() -> None:
    asked = question(
        0,
        50,
        answer(1, 0.0, 0.6, 0.5),
        answer(2, 5.0, 5.4, 5.0),
        answer(3, 0.0, 9.0, 8.8),
        short=(Short.CONTINUE,),
    )
    cues = cues_of([asked], EVEN, moment)
    assert [cue.frame_number for cue in cues] == [0, 15, 25]
    entries = [cue.match.start.time_s for cue in cues if cue.match]
    assert entries == pytest.approx([0.0, 5.0, 8.0])
    assert cues[-1].fade_s == 0.0


def test_a_dissolve_lies_around_its_cut_and_the_old_shot_lasts_through_it() -> None:
    old = answer(1, 0.0, 2.4, 0.4)
    asked = [
        question(0, 50, old),
        question(50, 100, LONG, arrival=Arrival.DISSOLVE, arrival_s=0.8),
    ]
    first, second = cues_of(asked, EVEN, moment)
    assert second.frame_number == 40
    assert second.fade_s == 0.8
    assert first.match is not None
    assert first.match.start.time_s == pytest.approx(0.0)  # 2.4 s are seen, not 2.0


def test_black_is_faded_to_and_out_of() -> None:
    asked = [
        question(0, 50, LONG),
        question(50, 75, arrival=Arrival.DISSOLVE, arrival_s=0.8, is_black=True),
        question(75, 125, LONG, arrival=Arrival.BLACK, arrival_s=0.6),
    ]
    cues = cues_of(asked, EVEN, moment)
    assert [(cue.source, cue.frame_number, cue.fade_s) for cue in cues] == [
        (Source.ARCHIVE, 0, 0.0),
        (Source.BLACK, 40, 0.8),
        (Source.ARCHIVE, 75, 0.6),
    ]


def test_out_of_black_there_is_black_before_even_where_the_trailer_has_no_shot_of_it() -> None:
    asked = [
        question(0, 50, LONG, arrival=Arrival.BLACK, arrival_s=0.6),
        question(50, 100, LONG, arrival=Arrival.BLACK, arrival_s=0.8),
    ]
    cues = cues_of(asked, EVEN, moment)
    assert [(cue.source, cue.frame_number) for cue in cues] == [
        (Source.BLACK, 0),
        (Source.ARCHIVE, 1),
        (Source.BLACK, 40),
        (Source.ARCHIVE, 50),
    ]
    assert cues[2].fade_s < 0.4  # it is over with picture 49


def test_what_stays_black_is_cued_once() -> None:
    asked = [question(0, 20, is_black=True), replace(question(20, 40, LONG), chosen=0)]
    assert [cue.frame_number for cue in cues_of(asked, EVEN, moment)] == [0]


def test_shots_of_one_picture() -> None:
    cues = cues_of([question(n, n + 1, LONG) for n in range(5)], EVEN, moment)
    assert [cue.frame_number for cue in cues] == [0, 1, 2, 3, 4]
    assert not any(cue.fade_s for cue in cues)


@st.composite
def trailers(draw: st.DrawFn) -> tuple[list[Question], np.ndarray]:
    uneven = draw(st.booleans())
    times_s = np.array([variable(n) / 1000 for n in range(500)]) if uneven else EVEN
    asked, first = [], 0
    for _ in range(draw(st.integers(1, 8))):
        end = first + draw(st.integers(1, 40))
        start_s = draw(st.integers(0, 20)) / 10
        end_s = start_s + draw(st.integers(1, 40)) / 10
        entry_s = draw(st.floats(start_s, end_s))
        answers = [answer(n, start_s, end_s, entry_s) for n in range(draw(st.integers(0, 3)))]
        asked.append(
            question(
                first,
                end,
                *answers,
                arrival=draw(st.sampled_from(Arrival)),
                arrival_s=draw(st.integers(0, 30)) / 10,
                is_black=draw(st.integers(0, 3)) == 0,
                short=tuple(draw(st.permutations(ORDER))),
                times_s=times_s,
            )
        )
        first = end
    return asked, times_s


@given(trailers())
@settings(max_examples=300, deadline=None)
def test_no_two_cues_collide(made: tuple[list[Question], np.ndarray]) -> None:
    asked, times_s = made
    cues = cues_of(asked, times_s, moment)
    assert cues[0].decided_s == 0.0
    for cue, after in pairwise(cues):
        assert cue.decided_s < after.decided_s
        assert cue.decided_s + cue.fade_s <= times_s[after.frame_number - 1] + 1e-9
    for cue in cues:
        assert cue.decided_s == times_s[cue.frame_number]
        assert cue.fade_s >= 0
        if cue.match is not None:
            one = next(a for q in asked for a in q.answers if a.shot == cue.match.moment.shot_id)
            assert cue.match.start.time_s >= 0
            assert cue.manner.pace >= 0.5
            assert one
