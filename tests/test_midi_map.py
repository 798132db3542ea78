"""The map's file: what can stand in it, and how its faults are told."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Fire, Jump, Nudge, Pick, Recall, Set, Tap, Trigger, UseLens
from livematch.control.params import TABLE
from livematch.errors import UsageError
from livematch.midi import mapping
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import (
    ROWS,
    Button,
    Does,
    Encoder,
    Fader,
    Press,
    Relative,
    Row,
    Switch,
    parse_target,
)
from livematch.midi.wire import Kind

PATH = Path("midi.toml")
STARTER = Path(mapping.__file__).with_name("starter.toml")


def only(text: str) -> Row:
    (row,) = parse_map(PATH, "[[map]]\n" + text).rows
    return row


def fault(text: str) -> str:
    with pytest.raises(UsageError) as told:
        parse_map(PATH, text)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("cc = 7\nset = 'colour'", Fader("colour")),
        ("cc = 7\nset = 'fade'\nlow = 10\nhigh = 0", Fader("fade", 0.5, 0.0)),
        ("cc = 7\nset = 'fade'\nbits = 14\npickup = false", Fader("fade", 0, 1, False, True)),
        ("bend = true\nset = 'fade'", Fader("fade", fine=True)),
        ("cc = 7\nset = 'fade'\nrelative = 'sign-bit'", Encoder("fade", Relative.SIGN_BIT)),
        (
            "cc = 7\nset = 'fade'\nrelative = 'offset-binary'\nsteps = -3",
            Encoder("fade", Relative.OFFSET_BINARY, -3),
        ),
        ("cc = 7\nset = 'hold'", Switch("hold", Button.TOGGLE)),
        ("note = 7\nset = 'hold'\nbutton = 'momentary'", Switch("hold", Button.MOMENTARY)),
        ("note = 7\nset = 'screen'", Press(Nudge("screen", 1))),
        ("note = 7\nset = 'fade'\nsteps = -2", Press(Nudge("fade", -2))),
        ("cc = 7\nset = 'screen'\nsteps = 1", Press(Nudge("screen", 1))),
        ("note = 7\nset = 'fade'\nto = 2.5", Press(Set("fade", 2.5))),
        ("note = 7\nset = 'tag'\nto = 'sea'", Press(Set("tag", "sea"))),
        ("note = 7\nset = 'hold'\nto = true", Press(Set("hold", True))),
        ("cc = 7\nfire = 'next'", Press(Fire(Trigger.NEXT))),
        ("program = 7\npick = 9", Press(Pick(9))),
        ("program = 7\npreset = 'storm'", Press(Recall("storm"))),
        ("program = 7\nstep = 12", Press(Jump(12))),
        ("note = 7\nlens = 2", Press(UseLens(2))),
        ("note = 7\nlens = 'sea'", Press(UseLens("sea"))),
        ("note = 7\nfire = 'next_lens'", Press(Fire(Trigger.NEXT_LENS))),
        ("program = 7\nstep = 'finale'", Press(Jump("finale"))),
        ("note = 7\ntap = true", Press(Tap(0.0))),
    ],
)
def test_each_kind_of_movement_does_what_it_says(text: str, does: Does) -> None:
    assert only(text).does == does


def test_what_stands_above_holds_for_all_that_do_not_say_otherwise() -> None:
    first, second = parse_map(
        PATH,
        "pickup = false\nlit = 3\nfeedback = false\n"
        "[[map]]\ncc = 1\nset = 'fade'\n"
        "[[map]]\ncc = 2\nchannel = 16\nset = 'colour'\npickup = true\nlit = 9\nfeedback = true",
    ).rows
    assert (first.does, first.lit, first.feedback) == (Fader("fade", pickup=False), 3, False)
    assert second == Row(Kind.CC, 2, 16, Fader("colour"), True, 9, 0)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("note = 128\npick = 1", 2, "note cannot be 128; allowed: 0 to 127"),
        ("note = 3\nchannel = 0\npick = 1", 3, "channel cannot be 0; allowed: 1 to 16"),
        ("note = 3.5\npick = 1", 2, "whole number"),
        ("note = '3'\npick = 1", 2, "whole number"),
        ("note = 3\npick = 10", 3, "pick cannot be 10; allowed: 1 to 9"),
        ("note = 3\nfire = 'nextt'", 3, "did you mean 'next'?"),
        ("cc = 3\nset = 'fadee'", 3, "did you mean 'fade'?"),
        ("cc = 3\nsett = 'fade'", 3, "did you mean 'set'?"),
        ("cc = 3\nset = 'fade'\nrelative = 'twos'", 4, "twos-complement | offset-binary"),
        ("cc = 3\nset = 'fade'\nhigh = 99", 4, "fade cannot be 99; allowed: 0 to 20 s"),
        ("cc = 3\nset = 'fade'\nhigh = 0", 4, "low and high are the same"),
        ("cc = 40\nset = 'fade'\nbits = 14", 4, "0 to 31"),
        ("cc = 3\nset = 'fade'\nbits = 8", 4, "7 or 14"),
        ("note = 3\nset = 'fade'", 3, "to = …, or steps = …"),
        ("note = 3\nset = 'tag'", 3, "to = …"),
        ("note = 3\nset = 'screen'\nto = 'cinema'", 4, "program | side-by-side"),
        ("note = 3\nfire = 'next'\nsteps = 2", 4, "steps has no meaning with fire"),
        ("bend = true\nfire = 'next'", 2, "a bend moves a parameter"),
        ("bend = false\nset = 'fade'", 2, "true, or is left out"),
        ("program = 1\nset = 'hold'\nbutton = 'momentary'", 4, "never let go"),
        ("note = 1\ncc = 2\npick = 1", 1, "not note and cc at once"),
        ("note = 1", 1, "what it does is missing"),
        ("pick = 1", 1, "what moves is missing"),
        ("note = 1\nstep = 0", 3, "its number from 1"),
        ("note = 1\nlens = true", 3, "a lens is its name, or its number from 1"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_is_right(
    text: str, line: int, message: str
) -> None:
    told = fault("[[map]]\n" + text)
    assert f"midi.toml:{line}: " in told
    assert message in told


def test_all_faults_are_told_at_once() -> None:
    told = fault(
        "pick_up = true\n\n[[map]]\ncc = 200\nset = 'fad'\n\n# later\n[[map]]\nnote = 1\npick = 0\n"
    )
    assert [line.split(":")[1] for line in told.splitlines()] == ["1", "4", "5", "10"]
    assert "did you mean 'pickup'?" in told


def test_what_moves_twice_is_refused() -> None:
    again = "[[map]]\ncc = 1\nset = 'fade'\n[[map]]\ncc = 1\nset = 'colour'\n"
    assert "midi.toml:4: cc 1 is taken already" in fault(again)
    fine = "[[map]]\ncc = 1\nset = 'fade'\nbits = 14\n[[map]]\ncc = 33\nset = 'colour'\n"
    assert "cc 33 is taken already" in fault(fine)


def test_the_same_note_on_another_channel_is_another() -> None:
    text = "[[map]]\nnote = 1\nchannel = 1\npick = 1\n[[map]]\nnote = 1\nchannel = 2\npick = 2\n"
    assert len(parse_map(PATH, text).rows) == 2


def test_the_starter_map_is_right_and_reaches_what_a_hand_needs() -> None:
    rows = parse_map(STARTER, STARTER.read_text("utf-8")).rows
    assert {Press(Pick(n)) for n in range(1, 10)} <= {row.does for row in rows}
    assert Press(Fire(Trigger.QUIT)) not in {row.does for row in rows}


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("fade", {"set": "fade"}),
        ("fade 2.5", {"set": "fade", "to": 2.5}),
        ("screen camera", {"set": "screen", "to": "camera"}),
        ("next", {"fire": "next"}),
        ("pick 3", {"pick": 3}),
        ("preset 2001", {"preset": "2001"}),
        ("step 4", {"step": 4}),
        ("lens 2", {"lens": 2}),
        ("lens sea", {"lens": "sea"}),
        ("next_lens", {"fire": "next_lens"}),
        ("step the end", {"step": "the end"}),
        (" tap ", {"tap": True}),
    ],
)
def test_what_is_to_be_learned_is_said_in_words(words: str, keys: dict[str, object]) -> None:
    assert parse_target(words) == keys
    moves = "note = 1" if "set" not in keys or "to" in keys else "cc = 1"
    table = "\n".join(f"{k} = {json.dumps(v)}" for k, v in keys.items())
    assert len(parse_map(PATH, f"[[map]]\n{moves}\n{table}").rows) == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [("fadee", "'fade'"), ("pick", "pick 3"), ("tag", "tag sea"), ("fade 99", "0 to 20 s")],
)
def test_a_wrong_word_for_it_gives_the_nearest(words: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse_target(words)


@pytest.mark.parametrize("relative", list(Relative))
def test_encoders_count_from_their_middle(relative: Relative) -> None:
    left = {Relative.TWOS_COMPLEMENT: 127, Relative.OFFSET_BINARY: 63, Relative.SIGN_BIT: 65}
    right = {Relative.TWOS_COMPLEMENT: 2, Relative.OFFSET_BINARY: 66, Relative.SIGN_BIT: 2}
    assert relative.steps(left[relative]) == -1
    assert relative.steps(right[relative]) == 2


ANYTHING = st.one_of(
    st.booleans(), st.integers(-200, 200), st.floats(-9, 300), st.sampled_from([*TABLE, "", "next"])
)


@given(st.dictionaries(st.sampled_from([*ROWS, "other"]), ANYTHING))
def test_any_table_is_a_row_or_faults(table: dict[str, object]) -> None:
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in table.items()
    ]
    try:
        assert len(parse_map(PATH, "\n".join(["[[map]]", *lines])).rows) == 1
    except UsageError as faults:
        assert "midi.toml:" in str(faults)  # noqa: PT017


@pytest.mark.parametrize("text", ["map = 3", "map = [1]", "[map]\nnote = 1", "[[map", "\x00"])
def test_other_shapes_are_told(text: str) -> None:
    assert "midi.toml:1: " in fault(text)
