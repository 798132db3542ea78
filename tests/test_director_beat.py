"""The director with the music: onsets, beats, lines of the grid, picking, veto and reveal."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_director import CALM, seen, told

from livematch.control.commands import PICKS, Trigger
from livematch.control.params import Every, Grid, Params
from livematch.control.state import Hands
from livematch.direction.director import Director
from livematch.values import Cue, Match, Observation, Onset, Pulse, Sound

SHOTS = tuple((shot, 0.9 - shot / 100) for shot in range(1, 13))
BEAT = Pulse(120.0, 0.0, 0.0, "link")  # a beat every half second, a bar every two
PATIENT = replace(CALM, min_hold=0.5, max_hold=600.0, follow=False)
FPS = 60


class Stand:
    """A show on a manual clock: what is done at which time, and the cues that come of it."""

    def __init__(self, params: Params, fps: int = FPS, lead_s: float = 0.0) -> None:
        self.director = Director()
        self.params = params
        self.pulse: Pulse | None = BEAT
        self.cues: list[Cue] = []
        self._fps = fps
        self._lead_s = lead_s
        self._tick = 0

    @property
    def now(self) -> float:
        return self._tick / self._fps

    def run(
        self,
        until_s: float,
        observation: Observation | None = None,
        fired: Trigger | None = None,
        pick: int | None = None,
        onsets: Sequence[float] = (),
    ) -> None:
        """Go on up to a time; the hands act in the first tick, the onsets sound when they do."""
        heard = [Onset(at_s, 0.5) for at_s in onsets]
        acts = True
        while self.now < until_s - 1e-9:
            sounding = tuple(onset for onset in heard if onset.at_s <= self.now + 1e-9)
            heard = heard[len(sounding) :]
            hands = Hands(
                self.params,
                frozenset([fired]) if fired and acts else frozenset(),
                pick if acts else None,
                sound=Sound(sounding),
                pulse=self.pulse,
            )
            seen_now = observation or seen(self._tick, *SHOTS)
            cue = self.director.update(self.now, seen_now, hands, self._lead_s)
            self.cues += [cue] if cue else []
            acts = False
            self._tick += 1

    def told(self) -> list[tuple[float, int | str, str]]:
        """What was cued after the opening: when, which shot, why."""
        return [(round(at_s, 3), shot, cause) for at_s, shot, cause in told(self.cues)[1:]]


def test_follow_can_be_switched_off() -> None:
    stand = Stand(replace(PATIENT, min_hold=0.0, follow=False))
    stand.run(1.0)
    stand.run(5.0, seen(999, (2, 0.99), (1, 0.1)))
    assert stand.told() == []


# Onsets


def test_an_attack_brings_a_change_when_asked_for() -> None:
    stand = Stand(PATIENT)
    stand.run(2.0, onsets=[1.0])
    assert stand.told() == []
    stand.params = replace(PATIENT, follow_onsets=True)
    stand.run(4.0, onsets=[3.0])
    assert stand.told() == [(3.0, 2, "onset")]


def test_attacks_within_the_minimum_hold_pass_by() -> None:
    stand = Stand(replace(PATIENT, follow_onsets=True, min_hold=1.0))
    stand.run(4.0, onsets=[0.5, 1.2, 1.5, 2.1, 2.4])
    assert [at_s for at_s, _, _ in stand.told()] == [1.2, 2.4]


def test_several_attacks_at_once_are_one_cue() -> None:
    stand = Stand(replace(PATIENT, follow_onsets=True, min_hold=0.0))
    stand.run(2.0, onsets=[0.985, 0.99, 1.0])
    assert len(stand.told()) == 1


def test_every_attack_cuts_even_when_no_shot_has_rested_enough() -> None:
    stand = Stand(replace(PATIENT, follow_onsets=True, min_hold=0.0, shot_cooldown=600.0))
    stand.run(1.0, seen(1, (1, 0.9), (2, 0.8), (3, 0.7)))
    stand.run(9.0, seen(1, (1, 0.9), (2, 0.8), (3, 0.7)), onsets=[2, 3, 4, 5, 6, 7, 8])
    assert [shot for _, shot, _ in stand.told()] == [2, 3, 1, 2, 3, 1, 2]


# The beat


@pytest.mark.parametrize(("every", "apart_s"), [("beat", 0.5), ("bar", 2), ("2-bars", 4)])
def test_the_beat_itself_changes_the_picture(every: str, apart_s: float) -> None:
    stand = Stand(replace(PATIENT, follow_beat=Every(every)))
    stand.run(12.1)
    times_s = [at_s for at_s, _, cause in stand.told() if cause == "beat"]
    assert times_s == pytest.approx([apart_s * n for n in range(1, int(12 / apart_s) + 1)])


def test_without_a_beat_the_beat_changes_nothing_and_nothing_waits() -> None:
    stand = Stand(replace(PATIENT, follow_beat=Every.BEAT, quantise=Grid.FOUR_BARS))
    stand.pulse = None
    stand.run(5.25)
    stand.run(6.0, fired=Trigger.NEXT)
    assert stand.told() == [(5.25, 2, "next")]


def test_a_beat_within_the_minimum_hold_passes_by() -> None:
    stand = Stand(replace(PATIENT, follow_beat=Every.BEAT, min_hold=1.0))
    stand.run(4.1)
    assert [at_s for at_s, _, _ in stand.told()] == [1.0, 2.0, 3.0, 4.0]


# Quantise

LINES = [("beat", 2.5), ("bar", 4.0), ("2-bars", 4.0), ("4-bars", 8.0)]


@pytest.mark.parametrize(("grid", "line_s"), LINES)
@pytest.mark.parametrize("asked", ["next", "pick", "onset"])
def test_what_was_decided_happens_at_the_next_line(grid: str, line_s: float, asked: str) -> None:
    stand = Stand(replace(PATIENT, quantise=Grid(grid), follow_onsets=True))
    stand.run(2.1)
    match asked:
        case "next":
            stand.run(20.0, fired=Trigger.NEXT)
        case "pick":
            stand.run(20.0, pick=3)
        case _:
            stand.run(20.0, onsets=[2.15])
    wanted = {"next": (2, "next"), "pick": (4, "pick 3"), "onset": (2, "onset")}[asked]
    assert stand.told() == [(line_s, *wanted)]


def test_following_and_the_maximum_hold_wait_too() -> None:
    stand = Stand(replace(PATIENT, follow=True, quantise=Grid.BAR))
    stand.run(2.7)
    better = [(2, 0.99), *SHOTS[2:], (1, 0.1)]
    stand.run(5.0, seen(1000, *better))
    stand.params = replace(stand.params, follow=False, max_hold=2.5)
    stand.run(9.0, seen(1000, *better))
    assert stand.told() == [(4.0, 2, "follow"), (8.0, 3, "max hold")]


def test_a_change_is_decided_anew_with_what_is_seen_at_the_line() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BAR))
    stand.run(2.1)
    stand.run(2.2, fired=Trigger.NEXT)
    stand.run(6.0, seen(1000, (7, 0.99), *SHOTS[:4]))
    assert stand.told() == [(4.0, 7, "next")]


def test_what_is_no_longer_better_at_the_line_is_not_followed() -> None:
    stand = Stand(replace(PATIENT, follow=True, quantise=Grid.BAR))
    stand.run(2.5)
    stand.run(3.5, seen(1000, (2, 0.99), (1, 0.1)))
    stand.run(9.0)
    assert stand.told() == []


def test_a_pick_stays_what_was_picked() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BAR))
    stand.run(2.1)
    stand.run(2.2, pick=5)
    stand.run(6.0, seen(1000, (30, 0.99), (31, 0.98), *SHOTS))
    assert stand.told() == [(4.0, 6, "pick 5")]


def test_cut_and_veto_wait_for_nothing() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.FOUR_BARS))
    stand.run(2.1)
    stand.run(3.1, fired=Trigger.CUT)
    stand.run(5.0, fired=Trigger.VETO)
    assert stand.told() == [(2.1, 2, "cut"), (3.1, 1, "veto")]
    assert [cue.fade_s for cue in stand.cues] == [0.0, 0.0, PATIENT.fade]


def test_a_cut_answers_the_wish_that_was_waiting() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BAR))
    stand.run(2.1)
    stand.run(2.5, fired=Trigger.NEXT)
    stand.run(9.0, fired=Trigger.CUT)
    assert [cause for _, _, cause in stand.told()] == ["cut"]


def test_a_bar_of_hold_is_over_at_the_next_bar() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BAR, follow_onsets=True, min_hold=2.0), fps=50)
    stand.pulse = Pulse(119.7, 0.0, 0.0, "link")  # whose bars fall between frames
    stand.run(20.0, onsets=[n / 10 for n in range(200)])
    bars_s = [BEAT_BAR_S * n for n in range(1, 10)]
    assert [at_s for at_s, _, _ in stand.told()] == pytest.approx(bars_s, abs=0.011)


BEAT_BAR_S = 4 * 60 / 119.7


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("frames_late", [0, 1, 3])
@pytest.mark.parametrize("shift_ms", [0.0, 40.0, -25.0])
@pytest.mark.parametrize("bpm", [97.0, 120.0, 133.3])
def test_the_picture_lands_on_the_frame_nearest_to_the_beat(
    fps: int, frames_late: int, shift_ms: float, bpm: float
) -> None:
    lead_s = frames_late / fps
    params = replace(PATIENT, follow_beat=Every.BEAT, min_hold=0.0, beat_shift=shift_ms)
    stand = Stand(params, fps, lead_s)
    stand.pulse = Pulse(bpm, 0.0, -0.137, "link")
    stand.run(20.0)
    landed = [round((cue.decided_s + lead_s) * fps) for cue in stand.cues[1:]]
    lines_s = [stand.pulse.time_of(float(beat)) - shift_ms / 1e3 for beat in range(60)]
    nearest = [round(line_s * fps) for line_s in lines_s]
    first = nearest.index(landed[0])
    assert first <= 1
    assert len(landed) > 30
    assert landed == nearest[first : first + len(landed)]


def test_a_wish_just_before_the_line_that_cannot_land_in_time_takes_the_next() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BEAT), lead_s=0.1)
    stand.run(2.45)
    stand.run(5.0, fired=Trigger.NEXT)
    assert [at_s for at_s, _, _ in stand.told()] == [2.9]  # and is seen at 3.0


def test_another_source_of_the_beat_is_no_line() -> None:
    stand = Stand(replace(PATIENT, follow_beat=Every.FOUR_BARS))
    stand.run(1.0)
    stand.pulse = Pulse(120.0, 64.5, 1.0, "tap")
    stand.run(2.0)
    assert stand.told() == []


def test_a_beat_that_is_corrected_brings_no_line_twice() -> None:
    stand = Stand(replace(PATIENT, follow_beat=Every.BEAT, min_hold=0.0))
    stand.run(1.01)
    stand.pulse = replace(BEAT, beat=-0.05)
    stand.run(1.4)
    assert [at_s for at_s, _, _ in stand.told()] == [0.5, 1.0]


@given(
    st.lists(st.floats(0.001, 0.1), min_size=5, max_size=200),
    st.sampled_from(list(Grid)),
    st.floats(60, 180),
    st.floats(0, 0.3),
)
def test_whatever_the_frame_rate_a_line_brings_one_change_at_most(
    gaps_s: list[float], grid: Grid, bpm: float, lead_s: float
) -> None:
    director, now, lines = Director(), 0.0, []
    params = replace(PATIENT, quantise=grid, follow_onsets=True, min_hold=0.0, beats_per_bar=2.0)
    pulse = Pulse(bpm, 0.0, 0.0, "link")
    apart = {"now": 0, "beat": 1, "bar": 2, "2-bars": 4, "4-bars": 8}[grid.value]
    for number, gap_s in enumerate(gaps_s):
        now += gap_s
        hands = Hands(params, sound=Sound((Onset(now, 0.5),)), pulse=pulse)
        cue = director.update(now, seen(number, *SHOTS), hands, lead_s)
        if cue and cue.cause == "onset" and apart:
            lines.append(round(pulse.beat_at(now + lead_s) / apart))
            off_s = abs(pulse.time_of(lines[-1] * apart) - now - lead_s)
            assert off_s <= 0.1 + 1e-6  # a frame's length here
    assert len(set(lines)) == len(lines)


# Picking and the veto


def shots(offered: Sequence[Match]) -> list[int]:
    return [match.moment.shot_id for match in offered]


def test_the_best_that_are_not_on_are_offered() -> None:
    stand = Stand(PATIENT)
    assert stand.director.offered == ()
    stand.run(0.1)
    assert shots(stand.director.offered) == list(range(2, 2 + PICKS))


def test_a_pick_brings_in_what_was_offered_even_on_hold_and_the_rest_keep_their_places() -> None:
    stand = Stand(replace(PATIENT, hold=False))
    stand.run(0.1)
    stand.params = replace(PATIENT, hold=True)
    stand.run(0.2, pick=4)
    assert [(shot, cause) for _, shot, cause in stand.told()] == [(5, "pick 4")]
    assert shots(stand.director.offered) == [2, 3, 4, 1, 6, 7, 8, 9, 10]


@pytest.mark.parametrize("number", [0, -1, 4, 10**9])
def test_a_number_that_is_not_offered_is_no_pick(number: int) -> None:
    stand = Stand(PATIENT)
    few = seen(1, (1, 0.9), (2, 0.8), (3, 0.7))
    stand.run(0.1, few)
    stand.run(0.2, few, pick=number)
    assert stand.told() == []


def test_a_pick_that_has_come_in_by_itself_is_not_brought_in_again() -> None:
    stand = Stand(replace(PATIENT, quantise=Grid.BAR))
    stand.run(2.1)
    stand.run(2.2, pick=1)
    stand.run(9.0, fired=Trigger.CUT)
    assert [cause for _, _, cause in stand.told()] == ["cut"]


def test_a_veto_bans_the_shot_for_the_night() -> None:
    stand = Stand(replace(PATIENT, max_hold=1.0))
    three = seen(1, (1, 0.9), (2, 0.8), (3, 0.7))
    stand.run(0.5, three)
    stand.run(0.6, three, fired=Trigger.VETO)
    assert shots(stand.director.offered) == [3]
    stand.run(20.0, three)
    assert stand.told()[0] == (0.5, 2, "veto")
    assert 1 not in [shot for _, shot, _ in stand.told()]


def test_a_veto_with_nothing_else_to_show_waits_until_there_is() -> None:
    stand = Stand(PATIENT)
    stand.run(0.5, seen(1, (1, 0.9)))
    stand.run(1.0, seen(1, (1, 0.9)), fired=Trigger.VETO)
    stand.run(2.0, seen(2, (1, 0.9), (2, 0.1)))
    assert stand.told() == [(1.0, 2, "veto")]


def test_a_veto_on_a_frozen_picture_counts_when_it_moves_again() -> None:
    stand = Stand(PATIENT)
    stand.run(0.5)
    stand.params = replace(PATIENT, freeze=True)
    stand.run(1.0, fired=Trigger.VETO)
    assert stand.told() == []
    stand.params = PATIENT
    stand.run(1.5)
    assert stand.told() == [(1.0, 2, "veto")]


def test_a_veto_with_nothing_on_does_nothing() -> None:
    director = Director()
    hands = Hands(replace(PATIENT, hold=True), frozenset([Trigger.VETO]))
    assert director.update(0.0, seen(0, *SHOTS), hands) is None
    assert shots(director.offered)[0] == 1


# Reveal

REVEAL = replace(PATIENT, follow=True, reveal=True, min_hold=5.0, max_hold=6.0)


def moving(number: int, movement: float, *candidates: tuple[int, float]) -> Observation:
    return replace(seen(number, *candidates), movement=movement)


def test_while_they_move_they_are_followed_without_a_hold() -> None:
    stand = Stand(REVEAL)
    stand.run(0.5, moving(1, 0.2, (1, 0.9), (2, 0.5)))
    stand.run(0.7, moving(2, 0.2, (2, 0.9), (1, 0.5)))
    stand.run(0.9, moving(3, 0.2, (3, 0.9), (2, 0.5)))
    assert stand.told() == [(0.5, 2, "reveal"), (0.7, 3, "reveal")]


def test_while_they_rest_the_shot_plays_on() -> None:
    stand = Stand(REVEAL)
    stand.run(0.5, moving(1, 0.0, (1, 0.9), (2, 0.5)))
    stand.run(60.0, moving(2, 0.001, (2, 0.9), (1, 0.1)))
    assert stand.told() == []
    stand.run(61.0, moving(3, REVEAL.stillness, (2, 0.9), (1, 0.1)))
    assert stand.told() == [(60.0, 2, "reveal")]


def test_while_they_move_the_maximum_hold_counts() -> None:
    stand = Stand(REVEAL)
    stand.run(8.0, moving(1, 0.2, (1, 0.9), (2, 0.5)))
    assert stand.told() == [(6.0, 2, "max hold")]


def test_without_follow_nothing_is_revealed() -> None:
    stand = Stand(replace(REVEAL, follow=False))
    stand.run(0.5, moving(1, 0.2, (1, 0.9), (2, 0.5)))
    stand.run(3.0, moving(2, 0.2, (2, 0.9), (1, 0.5)))
    assert stand.told() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_untouched_and_unheard_the_new_reasons_never_speak(movements: list[float]) -> None:
    director = Director()
    for tick, movement in enumerate(movements):
        hands = Hands(Params(), sound=Sound((Onset(tick / 10, 1.0),)), pulse=BEAT)
        cue = director.update(tick / 10, moving(tick, movement, *SHOTS), hands)
        assert cue is None or cue.cause in {"opening", "follow", "max hold"}
