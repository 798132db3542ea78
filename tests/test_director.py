"""The director, on a scripted show: no hardware, no clock, no sleeping."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Trigger
from livematch.control.params import Fallback, Params
from livematch.control.state import Hands
from livematch.direction.director import Director
from livematch.values import Cue, Match, Moment, Observation, Source

CALM = Params(stickiness=0.1, min_hold=1, max_hold=10, shot_cooldown=0, film_cooldown=0, radius=0)


def seen(number: int, *shots_and_scores: tuple[int, float]) -> Observation:
    """An observation of frame `number`: candidates as (shot, score); film is shot // 10."""
    ranked = sorted(shots_and_scores, key=lambda pair: -pair[1])
    candidates = tuple(
        Match(Moment(row=shot, film_id=shot // 10, shot_id=shot, time_s=shot * 1.0), score)
        for shot, score in ranked
    )
    return Observation(number, number / 10, number / 10, candidates)


def perform(
    director: Director,
    observations: Iterable[Observation | None],
    params: Params = CALM,
    fired: dict[int, Trigger] | None = None,
) -> list[Cue]:
    """One observation every tenth of a second; returns the cues that were given."""
    cues = []
    for tick, observation in enumerate(observations):
        pulled = frozenset([fired[tick]]) if fired and tick in fired else frozenset[Trigger]()
        cue = director.update(tick / 10, observation, Hands(params, pulled))
        if cue:
            cues.append(cue)
    return cues


def told(cues: Sequence[Cue]) -> list[tuple[float, int | str, str]]:
    return [
        (cue.decided_s, cue.match.moment.shot_id if cue.match else cue.source.value, cue.cause)
        for cue in cues
    ]


def test_opens_with_the_best_and_stays_without_a_better_one() -> None:
    cues = perform(Director(), [seen(n, (1, 0.8), (2, 0.85)) for n in range(50)])
    assert told(cues) == [(0.0, 2, "opening")]
    assert cues[0].fade_s == 0


def test_nothing_is_cued_before_something_is_seen() -> None:
    assert perform(Director(), [None] * 20) == []


def test_follows_only_what_is_better_by_more_than_the_stickiness() -> None:
    show = [seen(n, (1, 0.8), (2, 0.5)) for n in range(20)]
    show += [seen(n, (1, 0.5), (2, 0.59)) for n in range(20, 40)]
    show += [seen(n, (1, 0.5), (2, 0.61)) for n in range(40, 60)]
    assert told(perform(Director(), show)) == [(0.0, 1, "opening"), (4.0, 2, "follow")]


def test_follow_waits_for_the_minimum_hold() -> None:
    show = [seen(0, (1, 0.8))] + [seen(n, (1, 0.1), (2, 0.9)) for n in range(1, 30)]
    assert told(perform(Director(), show)) == [(0.0, 1, "opening"), (1.0, 2, "follow")]


def test_one_observation_is_followed_once() -> None:
    same = seen(7, (1, 0.1), (2, 0.9))
    show = [seen(0, (1, 0.8)), *[same] * 60]
    assert told(perform(Director(), show)) == [(0.0, 1, "opening")]  # judged before the hold ended


def test_a_shot_is_left_after_the_maximum_hold() -> None:
    show = [seen(n, (1, 0.9), (2, 0.3)) for n in range(150)]
    cues = perform(Director(), show)
    assert told(cues)[:2] == [(0.0, 1, "opening"), (10.0, 2, "max hold")]


def test_shots_just_shown_are_not_shown_again_until_they_have_rested() -> None:
    params = replace(CALM, shot_cooldown=5.0)
    show = [seen(n, (1, 0.9), (2, 0.3), (3, 0.2)) for n in range(20)]
    show += [seen(n, (1, 0.1), (2, 0.9), (3, 0.2)) for n in range(20, 40)]
    show += [seen(n, (1, 0.9), (2, 0.1), (3, 0.5)) for n in range(40, 120)]
    assert told(perform(Director(), show, params)) == [
        (0.0, 1, "opening"),
        (2.0, 2, "follow"),
        (4.0, 3, "follow"),  # shot 1 is far better, and still resting
        (7.0, 1, "follow"),  # it was last on at 2.0
    ]


def test_films_rest_too() -> None:
    params = replace(CALM, film_cooldown=60.0)
    show = [seen(0, (10, 0.9), (11, 0.8), (20, 0.5))]
    show += [seen(n, (10, 0.1), (11, 0.9), (20, 0.6)) for n in range(1, 30)]
    assert told(perform(Director(), show, params))[1:] == [(1.0, 20, "follow")]


def test_an_archive_smaller_than_its_cooldowns_still_plays() -> None:
    params = replace(CALM, shot_cooldown=600.0, max_hold=2.0)
    cues = perform(Director(), [seen(n, (1, 0.9), (2, 0.3)) for n in range(100)], params)
    assert [shot for _, shot, _ in told(cues)] == [1, 2, 1, 2, 1]


def test_next_brings_in_the_best_other_shot_even_on_hold() -> None:
    params = replace(CALM, hold=True)
    show = [seen(n, (1, 0.9), (2, 0.3), (3, 0.2)) for n in range(20)]
    director = Director()
    opening = perform(director, show[:1])
    cues = perform(director, show, params, fired={5: Trigger.NEXT})
    assert told(opening + cues) == [(0.0, 1, "opening"), (0.5, 2, "next")]


def test_hold_keeps_the_shot_past_every_other_reason() -> None:
    director = Director()
    perform(director, [seen(0, (1, 0.9))])
    show = [seen(n, (1, 0.0), (2, 0.99)) for n in range(1, 200)]
    assert perform(director, show, replace(CALM, hold=True)) == []


@pytest.mark.parametrize("fallback", [Fallback.CAMERA, Fallback.BLACK, Fallback.LENS])
def test_out_of_radius_the_fallback_is_shown_and_left_again(fallback: Fallback) -> None:
    params = replace(CALM, radius=0.5, fallback=fallback)
    show = [seen(n, (1, 0.9), (2, 0.2)) for n in range(20)]
    show += [seen(n, (1, 0.3), (2, 0.2)) for n in range(20, 40)]
    show += [seen(n, (1, 0.3), (2, 0.8)) for n in range(40, 60)]
    cues = perform(Director(), show, params)
    assert told(cues) == [
        (0.0, 1, "opening"),
        (2.0, fallback.value, "out of radius"),
        (4.0, 2, "arrival"),
    ]
    assert cues[1].source is Source(fallback.value)
    assert [cue.fade_s for cue in cues] == [0.0, CALM.fade, CALM.fade]


def test_at_the_edge_of_the_radius_it_never_flaps_faster_than_the_minimum_hold() -> None:
    params = replace(CALM, radius=0.5, fallback=Fallback.LENS, min_hold=3.0)
    cues = perform(Director(), [seen(n, (1, 0.49 + 0.02 * (n % 2))) for n in range(300)], params)
    assert len(cues) == 10
    assert all(b.decided_s - a.decided_s >= 3.0 for a, b in pairwise(cues))


def test_the_bridge_begins_with_the_lens_when_nothing_is_alike() -> None:
    params = replace(CALM, radius=0.5, fallback=Fallback.LENS)
    show = [seen(n, (1, 0.3)) for n in range(20)] + [seen(n, (1, 0.7)) for n in range(20, 40)]
    cues = perform(Director(), show, params)
    assert told(cues) == [(0.0, "lens", "out of radius"), (2.0, 1, "arrival")]
    assert cues[0].fade_s == 0


def test_out_of_radius_with_hold_as_fallback_the_picture_stays() -> None:
    params = replace(CALM, radius=0.5, fallback=Fallback.HOLD)
    show = [seen(n, (1, 0.4), (2, 0.2)) for n in range(200)]
    assert told(perform(Director(), show, params)) == [(0.0, 1, "opening")]


def test_a_cue_that_failed_is_withdrawn_and_never_asked_for_again() -> None:
    director = Director()
    [opening] = perform(director, [seen(0, (1, 0.9), (2, 0.8))])
    director.withdraw(opening)
    cues = perform(director, [seen(n, (1, 0.9), (2, 0.8)) for n in range(1, 150)])
    assert {shot for _, shot, _ in told(cues)} == {2}


def test_input_cuts_are_answered_when_asked_for_whatever_the_hold() -> None:
    show = [seen(n, (1, 0.9), (2, 0.5), (3, 0.4)) for n in range(30)]
    cut = [
        replace(observation, cuts=int(n >= 3) + int(n >= 5)) for n, observation in enumerate(show)
    ]
    assert told(perform(Director(), cut)) == [(0.0, 1, "opening")]
    wanted = replace(CALM, follow_cuts=True, shot_cooldown=60)
    assert told(perform(Director(), cut, wanted)) == [
        (0.0, 1, "opening"),
        (0.3, 2, "input cut"),
        (0.5, 3, "input cut"),
    ]


def test_a_cut_whose_first_picture_was_followed_is_answered_once() -> None:
    show = [seen(n, (1, 0.9), (2, 0.5), (3, 0.4)) for n in range(20)]
    show += [seen(n, (1, 0.3), (2, 0.9), (3, 0.8)) for n in range(20, 40)]
    cut = [
        replace(observation, cuts=int(n >= 21), cut_frame=20 if n >= 21 else None)
        for n, observation in enumerate(show)
    ]
    wanted = replace(CALM, follow_cuts=True, max_hold=60)
    cues = perform(Director(), cut, wanted)
    assert told(cues) == [(0.0, 1, "opening"), (2.0, 2, "follow")]
    not_ripe = replace(wanted, min_hold=30)
    cues = perform(Director(), cut, not_ripe)
    assert told(cues) == [(0.0, 1, "opening"), (2.1, 2, "input cut")]


def test_what_was_followed_before_the_cut_is_no_answer_to_it() -> None:
    show = [seen(n, (1, 0.9), (2, 0.5)) for n in range(19)]
    show += [seen(n, (1, 0.3), (2, 0.9), (3, 0.8)) for n in range(19, 40)]
    cut = [
        replace(observation, cuts=int(n >= 21), cut_frame=20 if n >= 21 else None)
        for n, observation in enumerate(show)
    ]
    cues = perform(Director(), cut, replace(CALM, follow_cuts=True, max_hold=60, shot_cooldown=60))
    assert told(cues) == [(0.0, 1, "opening"), (1.9, 2, "follow"), (2.1, 3, "input cut")]


def test_frozen_nothing_changes() -> None:
    director = Director()
    perform(director, [seen(0, (1, 0.9))])
    show = [seen(n, (2, 0.99)) for n in range(1, 300)]
    assert perform(director, show, replace(CALM, freeze=True)) == []


scores = st.lists(
    st.tuples(st.integers(0, 30), st.floats(-1, 1)),
    min_size=0,
    max_size=8,
    unique_by=lambda p: p[0],
)


@given(
    st.lists(scores, max_size=120),
    st.floats(0, 3),
    st.floats(0.5, 5),
    st.floats(0, 0.5),
    st.sampled_from([Fallback.CAMERA, Fallback.LENS]),
)
def test_any_show_keeps_the_minimum_hold_and_never_repeats_the_shot_that_is_on(
    show: list[list[tuple[int, float]]],
    min_hold: float,
    max_hold: float,
    radius: float,
    fallback: Fallback,
) -> None:
    params = replace(CALM, min_hold=min_hold, max_hold=max_hold, radius=radius, fallback=fallback)
    cues = perform(Director(), [seen(n, *candidates) for n, candidates in enumerate(show)], params)
    for before, after in pairwise(cues):
        assert after.decided_s - before.decided_s >= min_hold
        assert (before.source, before.match and before.match.moment.shot_id) != (
            after.source,
            after.match and after.match.moment.shot_id,
        )
