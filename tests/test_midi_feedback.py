"""What motor faders and pads are told: changes only, seldom, and never against the hand."""

from dataclasses import replace
from itertools import pairwise

from midi_kit import cc, mapped, note

from livematch.control.params import Layout, Params
from livematch.midi.feedback import AGAIN_S, BURST, QUIET_S, Feedback, Shown
from livematch.midi.hand import Hand
from livematch.midi.mapping import MidiMap
from livematch.midi.wire import Message, read
from livematch.values import Pulse

START = Params()
FADER = "cc = 1; set = 'colour'"


class Panel:
    """A hand and its feedback; `tell` gives what is sent at a time, read back."""

    def __init__(self, midi_map: MidiMap) -> None:
        self.hand = Hand(midi_map)
        self.feedback = Feedback(midi_map, self.hand.touches)

    def tell(self, now: float, params: Params = START, **more: object) -> list[Message]:
        shown = replace(Shown(now, params), **more)
        return [message for data in self.feedback.due(shown) if (message := read(data))]


def test_everything_is_told_at_first_and_after_that_only_what_changes() -> None:
    panel = Panel(mapped(FADER, "note = 2; set = 'hold'", "bend = true; set = 'layout'"))
    assert len(panel.tell(0.0)) == 3
    assert panel.tell(1.0) == []
    assert panel.tell(2.0, Params(hold=True)) == [note(2, 127)]
    panel.feedback.sync()
    assert len(panel.tell(3.0, Params(hold=True))) == 3


def test_a_fader_is_told_its_place_between_its_own_ends() -> None:
    panel = Panel(mapped("cc = 1; set = 'fade'; low = 5; high = 0"))
    assert panel.tell(0.0, Params(fade=5.0)) == [cc(1, 0)]
    assert panel.tell(1.0, Params(fade=0.0)) == [cc(1, 127)]
    assert panel.tell(2.0, Params(fade=20.0)) == [cc(1, 0)]


def test_the_pad_of_a_lens_is_lit_while_that_is_wanted() -> None:
    panel = Panel(mapped("note = 3; lens = 'sea'", "note = 4; lens = 'clouds'"))
    assert panel.tell(0.0, Params(lens="sea")) == [note(3, 127), note(4, 0)]
    assert panel.tell(1.0, Params(lens="clouds")) == [note(3, 0), note(4, 127)]


def test_a_fine_fader_is_told_both_halves() -> None:
    panel = Panel(mapped("cc = 1; set = 'colour'; bits = 14"))
    assert panel.tell(0.0, Params(colour=1.0)) == [cc(1, 127), cc(33, 127)]
    assert panel.tell(1.0, Params(colour=0.001)) == [cc(1, 0), cc(33, 16)]


def test_a_parameter_that_moves_is_told_thirty_times_a_second_and_ends_right() -> None:
    panel = Panel(mapped(FADER))
    ticks = 240
    sent = [
        (n / ticks, message)
        for n in range(ticks + 20)
        for message in panel.tell(n / ticks, Params(colour=min(1.0, n / ticks)))
    ]
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(sent)]
    assert min(gaps) >= AGAIN_S - 1e-9
    assert 25 <= len(sent) <= 32
    assert sent[-1][1] == cc(1, 127)


def test_a_fader_in_the_hand_is_told_nothing() -> None:
    panel = Panel(mapped(FADER + "; pickup = false"))
    panel.tell(0.0)
    panel.hand.hear(cc(1, 100), 1.0, START)
    assert panel.tell(1.1, Params(colour=0.2)) == []
    assert panel.tell(1.0 + QUIET_S + 0.1, Params(colour=100 / 127)) == []  # there it stands


def test_a_motor_fader_goes_to_a_recalled_value_once_the_hand_has_left_it() -> None:
    panel = Panel(mapped(FADER + "; pickup = false"))
    before = panel.tell(0.0, Params(colour=0.2))
    panel.hand.hear(cc(1, 100), 1.0, START)
    assert panel.tell(1.0 + QUIET_S, Params(colour=0.2)) == before  # told again: it was moved


def test_an_encoders_ring_follows_at_once() -> None:
    panel = Panel(mapped("cc = 1; set = 'colour'; relative = 'twos-complement'"))
    panel.tell(0.0)
    panel.hand.hear(cc(1, 1), 1.0, START)
    assert panel.tell(1.01, Params(colour=1.0)) == [cc(1, 127)]


def test_a_pad_that_was_pressed_is_lit_again() -> None:
    """Many pads switch their own light off when they are let go."""
    panel = Panel(mapped("note = 2; set = 'hold'"))
    held = Params(hold=True)
    panel.tell(0.0, held)
    panel.hand.hear(note(2, 0), 1.0, held)
    assert panel.tell(1.1, held) == [note(2, 127)]
    assert panel.tell(1.2, held) == []


def test_lights_have_the_values_of_the_map() -> None:
    panel = Panel(mapped("cc = 2; set = 'hold'; lit = 5; dim = 1"))
    assert panel.tell(0.0) == [cc(2, 1)]
    assert panel.tell(1.0, Params(hold=True)) == [cc(2, 5)]


def test_pads_of_candidates_are_lit_while_there_is_one() -> None:
    panel = Panel(mapped("note = 1; pick = 1", "note = 3; pick = 3"))
    assert panel.tell(0.0, picks=2) == [note(1, 127), note(3, 0)]
    assert panel.tell(1.0, picks=3) == [note(3, 127)]


def test_pads_of_choices_and_presets_show_which_is_on() -> None:
    panel = Panel(
        mapped(
            "note = 1; set = 'screen'; to = 'camera'",
            "note = 2; preset = 'storm'",
            "note = 3; preset = 'calm'",
        )
    )
    told = panel.tell(0.0, Params(screen=Layout.CAMERA), preset="calm")
    assert told == [note(1, 127), note(2, 0), note(3, 127)]


def test_the_pad_that_taps_flashes_with_the_beat() -> None:
    panel = Panel(mapped("note = 1; tap = true"))
    pulse = Pulse(120, 0.0, 0.0, "tap")
    assert panel.tell(0.0, pulse=pulse) == [note(1, 127)]
    assert panel.tell(0.25, pulse=pulse) == [note(1, 0)]
    assert panel.tell(0.5, pulse=pulse) == [note(1, 127)]
    assert panel.tell(0.6) == [note(1, 0)]


def test_what_has_nothing_to_show_and_what_wants_none_is_told_nothing() -> None:
    panel = Panel(
        mapped(
            "note = 1; fire = 'next'",
            "program = 1; set = 'hold'",
            "cc = 1; set = 'fade'; feedback = false",
        )
    )
    assert panel.tell(0.0) == []


def test_a_large_panel_is_told_in_turns_and_nobody_is_left_out() -> None:
    panel = Panel(
        mapped(*(f"note = {n}; channel = {c}; set = 'hold'" for n in range(100) for c in (1, 2)))
    )
    turns = [panel.tell(n * 1e-3) for n in range(5)]
    assert [len(turn) for turn in turns] == [BURST, BURST, BURST, 200 - 3 * BURST, 0]
    assert len({message for turn in turns for message in turn}) == 200


def test_what_always_moves_does_not_keep_the_rest_waiting() -> None:
    """Every control moves all the time: each is told as often as the others."""
    panel = Panel(
        mapped(*(f"cc = {n}; channel = {c}; set = 'colour'" for n in range(100) for c in (1, 2)))
    )
    counts: dict[tuple[int, int], int] = {}
    for n in range(120):
        for message in panel.tell(n * AGAIN_S, Params(colour=n % 2)):
            key = message.number, message.channel
            counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 200
    assert max(counts.values()) - min(counts.values()) <= 3
