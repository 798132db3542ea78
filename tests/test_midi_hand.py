"""Movements of a controller: what commands they become, and when a fader takes hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_kit import cc, mapped, note

from livematch.control.commands import Command, Fire, Nudge, Pick, Position, Set, Tap, Trigger
from livematch.control.params import Layout, Params
from livematch.control.state import Control
from livematch.midi.hand import HELD_S, Hand
from livematch.midi.wire import Kind, Message, read, write

START = Params()
FREE = "pickup = false"


def moved(hand: Hand, *messages: Message, params: Params = START) -> list[Command | None]:
    """What movements a second apart become."""
    return [hand.hear(message, float(n), params) for n, message in enumerate(messages)]


def test_what_is_not_mapped_does_nothing() -> None:
    hand = Hand(mapped("cc = 1; set = 'fade'; channel = 2"))
    assert moved(hand, cc(1, 3, channel=1), cc(2, 3, channel=2), note(1, channel=2)) == [None] * 3


def test_the_row_of_a_channel_comes_before_that_of_any() -> None:
    hand = Hand(mapped("note = 1; pick = 1", "note = 1; channel = 3; pick = 3"))
    assert moved(hand, note(1, channel=3), note(1, channel=4)) == [Pick(3), Pick(1)]


def test_a_fader_covers_its_part_of_the_range_from_end_to_end() -> None:
    hand = Hand(mapped("cc = 1; set = 'fade'; low = 10; high = 0", head=FREE))
    assert moved(hand, cc(1, 0), cc(1, 127)) == [Position("fade", 0.5), Position("fade", 0.0)]


def test_a_bend_is_fine() -> None:
    hand = Hand(mapped("bend = true; set = 'colour'", head=FREE))
    half, whole = moved(hand, Message(Kind.BEND, 1, 0, 8192), Message(Kind.BEND, 1, 0, 16383))
    assert half == Position("colour", 8192 / 16383)
    assert whole == Position("colour", 1.0)


def test_both_halves_of_a_fine_controller_count_together() -> None:
    hand = Hand(mapped("cc = 1; set = 'colour'; bits = 14", head=FREE))
    coarse, exact, awaited, next_exact = moved(hand, cc(1, 64), cc(33, 5), cc(1, 63), cc(33, 127))
    assert coarse == Position("colour", round(64 * 16383 / 127) / 16383)
    assert exact == Position("colour", (64 * 128 + 5) / 16383)
    assert awaited is None  # or it would jump back before it moves on
    assert next_exact == Position("colour", (63 * 128 + 127) / 16383)


def test_a_fine_controller_without_its_lower_half_still_reaches_both_ends() -> None:
    hand = Hand(mapped("cc = 1; set = 'colour'; bits = 14", head=FREE))
    moved(hand, cc(1, 64), cc(33, 5))
    assert moved(hand, cc(1, 0), cc(1, 127), cc(1, 0)) == [
        None,
        Position("colour", 1.0),
        Position("colour", 0.0),
    ]


@pytest.mark.parametrize(
    ("relative", "values"),
    [
        ("twos-complement", (1, 127, 3)),
        ("offset-binary", (65, 63, 67)),
        ("sign-bit", (1, 65, 3)),
    ],
)
def test_an_encoder_nudges(relative: str, values: tuple[int, ...]) -> None:
    hand = Hand(mapped(f"cc = 1; set = 'fade'; relative = '{relative}'; steps = 2"))
    turned = moved(hand, *(cc(1, value) for value in values))
    assert turned == [Nudge("fade", 2), Nudge("fade", -2), Nudge("fade", 6)]


def test_an_encoder_that_stands_still_does_nothing() -> None:
    hand = Hand(mapped("cc = 1; set = 'fade'; relative = 'offset-binary'"))
    assert moved(hand, cc(1, 64)) == [None]


def test_a_pad_toggles_or_holds() -> None:
    hand = Hand(mapped("note = 1; set = 'hold'", "note = 2; set = 'hold'; button = 'momentary'"))
    assert moved(hand, note(1), note(1, 0), note(2, 1), note(2, 0)) == [
        Nudge("hold"),
        None,
        Set("hold", True),
        Set("hold", False),
    ]


def test_a_button_that_sends_controllers_counts_its_presses() -> None:
    hand = Hand(mapped("cc = 1; fire = 'next'"))
    press = Fire(Trigger.NEXT)
    assert moved(hand, cc(1, 127), cc(1, 0), cc(1, 127), cc(1, 127)) == [press, None, press, press]


def test_a_fader_on_a_trigger_pulls_it_once_on_its_way_up() -> None:
    hand = Hand(mapped("cc = 1; fire = 'next'"))
    commands = moved(hand, *(cc(1, value) for value in range(128)))
    assert commands.count(Fire(Trigger.NEXT)) == 1


def test_a_program_change_is_a_press_every_time() -> None:
    hand = Hand(mapped("program = 5; pick = 2"))
    message = read(write(Message(Kind.PROGRAM, 1, 5, 127)))
    assert message is not None
    assert moved(hand, message, message) == [Pick(2), Pick(2)]


def test_a_tap_has_the_time_of_its_arrival() -> None:
    hand = Hand(mapped("note = 1; tap = true"))
    assert hand.hear(note(1), 12.5, START) == Tap(12.5)


def test_what_was_held_down_is_let_go_when_the_controller_goes() -> None:
    hand = Hand(
        mapped(
            "note = 1; set = 'blackout'; button = 'momentary'",
            "note = 2; set = 'freeze'; button = 'momentary'",
        )
    )
    moved(hand, note(1), note(2), note(2, 0))
    assert hand.let_go() == (Set("blackout", False),)
    assert hand.let_go() == ()


# Pickup


class Desk:
    """A fader, the control it moves, and half a second between any two movements."""

    def __init__(self, *tables: str, start: Params = START) -> None:
        self.hand = Hand(mapped(*tables))
        self.control = Control(start)
        self.now = 0.0

    def move(self, *values: int, every_s: float = 0.5) -> Params:
        for value in values:
            self.now += every_s
            command = self.hand.hear(cc(1, value), self.now, self.control.params)
            if command is not None:
                self.control.submit(command)
            self.control.update(self.now)
        return self.control.params


def test_a_fader_far_from_the_value_moves_nothing_until_it_passes_it() -> None:
    desk = Desk("cc = 1; set = 'colour'", start=Params(colour=0.5))
    assert desk.move(0, 20, 40).colour == 0.5
    assert desk.move(70).colour == 70 / 127  # past 0.5, which is 63.5
    assert desk.move(90, 10).colour == 10 / 127


def test_after_a_recall_the_fader_waits_again() -> None:
    desk = Desk("cc = 1; set = 'colour'", start=Params(colour=0.0))
    assert desk.move(0, 30).colour == 30 / 127
    desk.control.submit(Set("colour", 0.9))
    desk.control.update(desk.now)
    assert desk.move(35, 60).colour == 0.9
    assert desk.move(120).colour == 120 / 127


def test_a_quick_fader_in_the_hand_is_never_lost() -> None:
    """Several movements lie between two ticks, so that the parameter is behind the fader."""
    desk = Desk("cc = 1; set = 'colour'", start=Params(colour=0.0))
    desk.move(0)
    for value in (30, 90, 20, 127):
        desk.now += HELD_S / 10
        command = desk.hand.hear(cc(1, value), desk.now, desk.control.params)  # no tick between
        assert command == Position("colour", value / 127)


def test_a_value_beyond_the_faders_end_is_picked_up_at_that_end() -> None:
    desk = Desk("cc = 1; set = 'fade'; high = 5", start=Params(fade=15.0))
    assert desk.move(10, 100).fade == 15.0
    assert desk.move(127).fade == 5.0
    assert desk.move(0).fade == 0.0


def test_a_choice_is_picked_up_anywhere_in_its_share() -> None:
    desk = Desk("cc = 1; set = 'screen'", start=Params(screen=Layout.CAMERA))
    assert desk.move(0).screen is Layout.CAMERA
    assert desk.move(45).screen is Layout.CAMERA  # its share is from 43 to 63
    assert desk.move(0).screen is Layout.PROGRAM


def test_without_pickup_the_first_movement_counts() -> None:
    desk = Desk("cc = 1; set = 'colour'; pickup = false", start=Params(colour=1.0))
    assert desk.move(3).colour == 3 / 127


# Hostile


@given(st.lists(st.lists(st.integers(0, 255), max_size=5)))
def test_any_bytes_are_a_message_or_nothing(data: list[list[int]]) -> None:
    hand = Hand(
        mapped(
            "cc = 1; set = 'fade'; bits = 14",
            "cc = 2; set = 'fade'; relative = 'sign-bit'",
            "note = 0; set = 'hold'; button = 'momentary'",
            "program = 0; pick = 1",
            "bend = true; set = 'colour'",
        )
    )
    for n, message in enumerate(map(read, data)):
        if message is not None:
            assert read(write(message)) == message
            hand.hear(message, float(n), START)


@given(st.lists(st.tuples(st.integers(0, 127), st.sampled_from([0.01, 1.0])), max_size=40))
def test_no_movement_leaves_the_range(movements: list[tuple[int, float]]) -> None:
    desk = Desk("cc = 1; set = 'fade'; low = 4; high = 2.5", start=Params(fade=3.0))
    for value, every_s in movements:
        assert 2.5 <= desk.move(value, every_s=every_s).fade <= 4
    assert desk.control.refused == 0
