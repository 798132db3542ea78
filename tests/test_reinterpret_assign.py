"""Which answer each shot of a trailer gets: judged as a whole, and the same every time."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.errors import UsageError
from livematch.reinterpret.assign import (
    Asked,
    Candidate,
    Neighbours,
    Terms,
    assign,
    choose,
    greedy,
    value,
)
from livematch.reinterpret.cutlist import Answer, Arrival, Question

FREE = Terms(neighbours=Neighbours.FREE)


@st.composite
def trailers(draw: st.DrawFn, fixed: bool = True) -> tuple[Asked, ...]:
    shots = draw(st.integers(1, 9))
    films = draw(st.lists(st.sampled_from("abc"), min_size=shots, max_size=shots))
    asked = []
    for _ in range(draw(st.integers(1, 9))):
        on_offer = draw(st.lists(st.integers(0, shots - 1), unique=True, max_size=shots))
        candidates = tuple(
            Candidate(shot, films[shot], draw(st.integers(-20, 100)) / 100) for shot in on_offer
        )
        by_hand = None
        if fixed and candidates and draw(st.integers(0, 5)) == 0:
            by_hand = draw(st.integers(0, len(candidates) - 1))
        asked.append(Asked(draw(st.integers(0, 80)) / 10, candidates, by_hand))
    return tuple(asked)


terms = st.builds(
    Terms,
    repeat=st.sampled_from((0.0, 0.05, 0.3)),
    neighbours=st.sampled_from(Neighbours),
    neighbour=st.sampled_from((0.0, 0.03, 0.2)),
    radius=st.just(-1.0),
)


@given(trailers(), terms)
@settings(max_examples=150, deadline=None)
def test_it_is_never_worse_than_shot_by_shot(asked: tuple[Asked, ...], judged: Terms) -> None:
    chosen = assign(asked, judged)
    assert value(asked, chosen, judged) >= value(asked, greedy(asked, judged), judged) - 1e-9


@given(trailers(fixed=False), terms)
@settings(max_examples=150, deadline=None)
def test_no_single_change_would_be_better(asked: tuple[Asked, ...], judged: Terms) -> None:
    chosen = list(assign(asked, judged))
    best = value(asked, chosen, judged)
    for shot, question in enumerate(asked):
        for other in range(len(question.candidates)):
            changed = [*chosen[:shot], other, *chosen[shot + 1 :]]
            assert value(asked, changed, judged) <= best + 1e-6


@given(trailers(fixed=False))
@settings(max_examples=200, deadline=None)
def test_nothing_is_repeated_while_another_is_nearly_as_good(asked: tuple[Asked, ...]) -> None:
    judged = Terms(repeat=0.1, neighbours=Neighbours.FREE, radius=-1.0)
    chosen = assign(asked, judged)
    shown = [
        question.candidates[place].shot
        for question, place in zip(asked, chosen, strict=True)
        if place is not None
    ]
    for question, place in zip(asked, chosen, strict=True):
        if place is None or shown.count(question.candidates[place].shot) < 2:
            continue
        score = question.candidates[place].score
        free = [one for one in question.candidates if one.shot not in shown]
        assert all(one.score < score - judged.repeat for one in free)


@given(trailers(), terms, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_candidates_does_not_matter(
    asked: tuple[Asked, ...], judged: Terms, random: object
) -> None:
    shuffled = []
    for question in asked:
        order = list(range(len(question.candidates)))
        random.shuffle(order)  # type: ignore[attr-defined]
        by_hand = None if question.fixed is None else order.index(question.fixed)
        candidates = tuple(question.candidates[n] for n in order)
        shuffled.append(Asked(question.length_s, candidates, by_hand))

    def shots(of: tuple[Asked, ...]) -> list[int | None]:
        return [
            None if place is None else question.candidates[place].shot
            for question, place in zip(of, assign(of, judged), strict=True)
        ]

    assert shots(asked) == shots(tuple(shuffled))
    assert shots(asked) == shots(asked)


@given(trailers(), terms)
@settings(max_examples=100, deadline=None)
def test_what_a_person_chose_stays(asked: tuple[Asked, ...], judged: Terms) -> None:
    for question, place in zip(asked, assign(asked, judged), strict=True):
        if question.fixed is not None:
            assert place == question.fixed
        assert (place is None) is (not question.candidates)


def one(shot: int, score: float, film: str = "a", lasts_s: float = math.inf) -> Candidate:
    return Candidate(shot, film, score, lasts_s)


def test_the_whole_trailer_counts_and_not_the_first_shot() -> None:
    """Shot by shot the first would take what only the second can use."""
    asked = (
        Asked(1.0, (one(1, 0.80), one(2, 0.79))),
        Asked(1.0, (one(1, 0.80), one(3, 0.20))),
    )
    assert assign(asked, FREE) == (1, 0)


def test_what_is_repeated_is_far_apart() -> None:
    asked = tuple(Asked(1.0, (one(1, 0.5), one(2, 0.5))) for _ in range(4))
    chosen = assign(asked, FREE)
    assert all(a != b for a, b in pairwise(chosen))


def test_a_repeat_is_allowed_where_all_else_is_much_worse() -> None:
    asked = (
        Asked(1.0, (one(1, 0.9), one(2, 0.1))),
        *(Asked(1.0, (one(n, 0.9),)) for n in range(10, 20)),
        Asked(1.0, (one(1, 0.9), one(3, 0.1))),
    )
    assert assign(asked, FREE)[0] == assign(asked, FREE)[-1] == 0


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(Neighbours.APART, ("a", "b")), (Neighbours.TOGETHER, ("a", "a")), (Neighbours.FREE, None)],
)
def test_neighbours_are_kept_apart_or_together(
    wanted: Neighbours, expected: tuple[str, str] | None
) -> None:
    asked = (
        Asked(1.0, (one(1, 0.60, "a"), one(2, 0.40, "b"))),
        Asked(1.0, (one(3, 0.59, "a"), one(4, 0.60, "b"))),
        Asked(1.0, (one(5, 0.30, "c"),)),
    )
    if wanted is Neighbours.APART:
        asked = (asked[0], Asked(1.0, (one(3, 0.60, "a"), one(4, 0.59, "b"))), asked[2])
    chosen = assign(asked, Terms(neighbours=wanted))
    films = tuple(asked[n].candidates[chosen[n] or 0].film for n in range(2))
    assert expected is None or films == expected


def test_what_does_not_last_counts_for_less() -> None:
    asked = (Asked(8.0, (one(1, 0.50, lasts_s=0.5), one(2, 0.45, lasts_s=9.0))),)
    assert assign(asked, FREE) == (1,)


def test_below_the_radius_nothing_answers() -> None:
    asked = (Asked(1.0, (one(1, 0.5),)), Asked(1.0, (one(2, 0.3),)))
    assert assign(asked, Terms(radius=0.4)) == (0, None)
    assert assign((Asked(1.0, (one(2, 0.3),), 0),), Terms(radius=0.4)) == (0,)


def test_no_shots_and_no_candidates() -> None:
    assert assign((), FREE) == ()
    assert assign((Asked(1.0, ()),), FREE) == (None,)


def test_a_long_trailer_and_an_archive_of_one_shot() -> None:
    asked = tuple(Asked(1.0, (one(7, 0.5),)) for _ in range(200))
    assert assign(asked, Terms()) == (0,) * 200


def answer(shot: int, score: float) -> Answer:
    return Answer(f"{shot}.mp4", f"film-{shot}", shot, 0.0, 5.0, 0.0, score, {})


def question(number: int, *answers: Answer, is_black: bool = False) -> Question:
    start_s = float(number)
    return Question(number, 0, 1, start_s, start_s + 1, Arrival.CUT, 0.0, is_black, answers, 0, ())


def test_questions_are_chosen_for() -> None:
    questions = (
        question(1, is_black=True),
        question(2, answer(1, 0.8), answer(2, 0.79)),
        question(3, answer(1, 0.8), answer(3, 0.1)),
        question(4, answer(4, 0.8), answer(5, 0.7)),
        question(5, answer(6, 0.8)),
    )
    chosen = choose(questions, FREE, {4: 2, 5: 0})
    assert [one.chosen for one in chosen] == [0, 2, 1, 2, 0]


def test_a_number_that_is_no_answer_is_told() -> None:
    with pytest.raises(UsageError, match=r"shot 1 of the trailer has 1 answers"):
        choose((question(1, answer(1, 0.8)),), FREE, {1: 2})
