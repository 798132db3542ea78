"""Learning: what is recognised from what a control sends, and how the map is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_kit import cc, note

from livematch.errors import UsageError
from livematch.midi.learn import Recogniser, with_learned
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import Keys, Relative, parse_target
from livematch.midi.maps import STARTER
from livematch.midi.wire import Kind, Message, read

PATH = Path("midi.toml")


def learned(target: str, *messages: Message) -> Keys | None:
    recogniser = Recogniser(parse_target(target))
    return next((moves for m in messages if (moves := recogniser.hear(m))), None)


def turned(relative: Relative, *steps: int) -> list[Message]:
    """What an encoder sends for steps to the right (positive) and left."""
    values = {relative.steps(value): value for value in range(128)}
    return [cc(9, values[step]) for step in steps]


def test_a_pad_is_recognised_at_its_first_press() -> None:
    assert learned("next", note(40, 1, channel=10)) == {"note": 40, "channel": 10}


def test_a_pad_that_is_let_go_is_no_press() -> None:
    assert learned("next", note(40, 0)) is None


def test_a_button_that_sends_controllers_is_recognised_when_it_is_pressed() -> None:
    assert learned("hold", cc(5, 0), cc(5, 127)) == {"cc": 5, "channel": 1}


def test_a_program_change_is_recognised() -> None:
    assert learned("preset storm", Message(Kind.PROGRAM, 2, 7, 127)) == {"program": 7, "channel": 2}


def test_a_fader_is_recognised_and_the_touch_of_its_cap_is_not() -> None:
    messages = [note(104, 127), *(cc(7, value) for value in range(30, 50))]
    assert learned("fade", *messages) == {"cc": 7, "channel": 1}


def test_a_fader_at_its_lower_end_is_no_encoder() -> None:
    assert learned("fade", *(cc(7, value) for value in range(9))) == {"cc": 7, "channel": 1}


def test_a_fader_around_its_middle_is_no_encoder() -> None:
    path = [60, 61, 62, 63, 64, 65, 66, 65, 64, 63, 62]
    assert learned("fade", *(cc(7, value) for value in path)) == {"cc": 7, "channel": 1}


@pytest.mark.parametrize("relative", list(Relative))
def test_an_encoder_is_recognised_when_it_is_turned_right_and_back(relative: Relative) -> None:
    steps = (1, 1, 1, 1, 1, 1, -1, -1, -1)
    assert learned("fade", *turned(relative, *steps)) == {
        "cc": 9,
        "channel": 1,
        "relative": relative.value,
    }


@pytest.mark.parametrize("relative", list(Relative))
def test_a_fast_encoder_is_recognised_too(relative: Relative) -> None:
    steps = (1, 3, 2, 5, 4, 2, 1, -2, -3, -1)
    moves = learned("fade", *turned(relative, *steps))
    if relative is Relative.OFFSET_BINARY:  # as a fader around its middle would: slowly, then
        assert moves == {"cc": 9, "channel": 1}
    else:
        assert moves == {"cc": 9, "channel": 1, "relative": relative.value}


def test_an_encoder_turned_one_way_only_is_decided_in_the_end() -> None:
    assert learned("fade", *turned(Relative.OFFSET_BINARY, *[1] * 9)) is None
    moves = learned("fade", *turned(Relative.OFFSET_BINARY, *[1] * 30))
    assert moves == {"cc": 9, "channel": 1, "relative": "offset-binary"}


def test_both_halves_of_a_fine_fader_are_recognised() -> None:
    pairs = [m for n in range(12) for m in (cc(3, 20 + n // 4), cc(35, n * 37 % 128))]
    assert learned("fade", *pairs) == {"cc": 3, "channel": 1, "bits": 14}


def test_a_fader_that_bends_is_recognised() -> None:
    bends = [Message(Kind.BEND, 3, 0, 8192 + 50 * n) for n in range(10)]
    assert learned("fade", *bends) == {"bend": True, "channel": 3}
    assert learned("next", *bends) is None


def test_another_control_that_trembles_is_not_taken_for_the_one_that_moves() -> None:
    noisy = [m for n in range(9) for m in (cc(1, 64 + n % 2), cc(7, 10 + n), cc(7, 20 + n))]
    assert learned("fade", *noisy) == {"cc": 7, "channel": 1}


@given(
    st.lists(st.lists(st.integers(0, 255), min_size=2, max_size=3), max_size=60),
    st.sampled_from(["fade", "screen", "hold", "next", "screen camera"]),
)
def test_whatever_is_recognised_makes_a_right_map(data: list[list[int]], target: str) -> None:
    moves = learned(target, *(message for d in data if (message := read(d))))
    if moves is not None:
        text = with_learned(PATH, "", moves, parse_target(target))
        assert len(parse_map(PATH, text).rows) == 1


# Writing it down

OWN = """# my pads
[[map]]  # the big one
note = 40
channel = 1  # of the left one
fire = "next"
lit = 5  # green

[[map]]
cc = 7
set = "fade"
high = 5
"""


def test_a_new_movement_is_added_and_every_comment_stays() -> None:
    text = with_learned(PATH, OWN, {"note": 41, "channel": 1}, {"pick": 1})
    assert text.startswith(OWN.rstrip())
    assert len(parse_map(PATH, text).rows) == 3


def test_a_movement_that_did_something_else_does_the_new_and_keeps_its_light() -> None:
    text = with_learned(PATH, OWN, {"note": 40, "channel": 1}, {"tap": True})
    assert "# my pads" in text
    assert "# the big one" in text
    assert "lit = 5  # green" in text
    assert "fire" not in text
    assert "high = 5" in text


def test_a_movement_on_any_channel_gives_way_to_the_one_that_was_moved() -> None:
    text = with_learned(PATH, OWN, {"cc": 7, "channel": 3}, {"set": "colour"})
    rows = parse_map(PATH, text).rows
    assert [(row.number, row.channel) for row in rows] == [(40, 1), (7, 3)]
    assert "high" not in text


def test_what_would_be_no_map_is_not_written() -> None:
    with pytest.raises(UsageError, match="taken already"):
        with_learned(PATH, OWN.replace("cc = 7", "cc = 35"), {"cc": 3, "bits": 14}, {"set": "fade"})


def test_the_starter_map_can_be_learned_into() -> None:
    text = STARTER.read_text("utf-8")
    learned_text = with_learned(PATH, text, {"cc": 1, "channel": 1}, {"set": "fade"})
    assert len(parse_map(PATH, learned_text).rows) == len(parse_map(PATH, text).rows)
    assert "# eight faders" in learned_text
