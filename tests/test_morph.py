"""Morphs on a manual clock: alone, and in the hands of Control."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Fire, Nudge, Position, Recall, Save, Set, Trigger
from livematch.control.morph import Morph
from livematch.control.params import TABLE, Params
from livematch.control.presets import Preset, PresetsInMemory
from livematch.control.state import Control

START = replace(Params(), semantic=1.0, colour=0.0, max_hold=10.0)
DARK = Preset(
    "dark",
    (("semantic", 0.0), ("max_hold", 20.0), ("screen", "side-by-side"), ("follow", False)),
    4.0,
)
RED = Preset("red", (("colour", 1.0),), 10.0)
BACK = Preset("back", (("semantic", 1.0),), 2.0)


@pytest.fixture
def control() -> Control:
    return Control(START, PresetsInMemory(DARK, RED, BACK))


def ask(control: Control, now: float, *commands: object) -> Params:
    for command in commands:
        control.submit(command)  # type: ignore[arg-type]
    return control.update(now).params


def test_numbers_travel_in_a_straight_line_and_the_rest_changes_at_once(control: Control) -> None:
    params = ask(control, 100.0, Recall("dark"))
    assert (params.semantic, params.max_hold) == (1.0, 10.0)
    assert (params.screen, params.follow) == ("side-by-side", False)
    for elapsed_s, semantic, max_hold in ((1, 0.75, 12.5), (2, 0.5, 15.0), (3, 0.25, 17.5)):
        params = ask(control, 100.0 + elapsed_s)
        assert (params.semantic, params.max_hold) == (semantic, max_hold)
    arrived = ask(control, 104.0)
    assert arrived == DARK.applied(START)
    assert control.update(200.0).params is arrived


@pytest.mark.parametrize("fade_s", [0.0, 1.0])
def test_a_recall_can_bring_a_time_of_its_own(control: Control, fade_s: float) -> None:
    ask(control, 0.0, Recall("dark", fade_s))
    assert ask(control, fade_s) == DARK.applied(START)


def test_without_a_time_it_is_there_in_the_same_tick(control: Control) -> None:
    assert ask(control, 5.0, Recall("dark", 0.0)) == DARK.applied(START)


def test_a_late_tick_finds_it_arrived(control: Control) -> None:
    ask(control, 0.0, Recall("dark"))
    assert ask(control, 1000.0) == DARK.applied(START)


@pytest.mark.parametrize(
    ("hand", "max_hold"),
    [(Set("max_hold", 30), 30.0), (Position("max_hold", 1.0), 600.0), (Nudge("max_hold"), 15.5)],
)
def test_a_hand_takes_its_parameter_out_of_the_morph(
    control: Control, hand: object, max_hold: float
) -> None:
    ask(control, 0.0, Recall("dark"))
    assert ask(control, 2.0, hand).max_hold == max_hold  # a nudge goes on from where it stands
    params = ask(control, 3.0)
    assert (params.max_hold, params.semantic) == (max_hold, 0.25)
    assert ask(control, 9.0).max_hold == max_hold


def test_a_hand_that_is_refused_takes_nothing(control: Control) -> None:
    ask(control, 0.0, Recall("dark"))
    ask(control, 1.0, Set("semantic", 7))
    assert ask(control, 4.0).semantic == 0.0


def test_panic_ends_a_morph(control: Control) -> None:
    ask(control, 0.0, Recall("dark"))
    assert ask(control, 2.0, Fire(Trigger.PANIC)) == START
    assert ask(control, 3.0) == START


def test_a_recall_during_a_morph_starts_from_where_things_stand(control: Control) -> None:
    ask(control, 0.0, Recall("dark"))
    assert ask(control, 2.0, Recall("back")).semantic == 0.5
    assert ask(control, 3.0).semantic == 0.75
    params = ask(control, 4.0)
    assert params.semantic == 1.0
    assert params.max_hold == 20.0  # what the second does not name has travelled on


def test_morphs_of_other_parameters_travel_side_by_side(control: Control) -> None:
    ask(control, 0.0, Recall("dark"), Recall("red"))
    params = ask(control, 2.0)
    assert (params.semantic, params.colour) == (0.5, 0.2)


def test_a_preset_goes_by_number_too(control: Control) -> None:
    assert ask(control, 0.0, Recall(2, 0.0)).colour == 1.0
    assert control.preset == "red"


def test_what_was_recalled_is_known_until_panic() -> None:
    control = Control(START, PresetsInMemory(RED), preset="dawn")
    assert control.update(0.0).preset == "dawn"
    control.submit(Recall("red"))
    assert control.update(1.0).preset == "red"
    control.submit(Fire(Trigger.PANIC))
    assert control.update(2.0).preset == "dawn"


def test_what_cannot_be_recalled_or_saved_is_refused_and_nothing_moves(control: Control) -> None:
    endless = Recall("dark", math.inf)
    assert ask(control, 0.0, Recall("drak"), Recall(9), endless, Save("no name")) == START
    assert control.refused == 4
    assert control.preset == ""


def test_a_state_in_the_middle_of_a_morph_is_saved_as_it_stands(control: Control) -> None:
    ask(control, 0.0, Recall("dark"))
    ask(control, 2.0, Save("half"), Fire(Trigger.PANIC))
    params = ask(control, 3.0, Recall("half"))
    assert (params.semantic, params.max_hold, params.screen) == (0.5, 15.0, "side-by-side")


numbers = st.sampled_from([row for row in TABLE.values() if row.kind == "number"])


@given(numbers, st.data())
def test_a_number_never_leaves_its_range_on_the_way(row: object, data: st.DataObject) -> None:
    assert hasattr(row, "low")
    assert hasattr(row, "high")
    values = st.floats(row.low, row.high)
    name = row.name  # type: ignore[attr-defined]
    params = replace(Params(), **{name: data.draw(values)})
    end = data.draw(values)
    length_s = data.draw(st.floats(1e-6, 600))
    morph = Morph()
    params = morph.begin(Preset("x", ((name, end),)), length_s, 0.0, params)
    for now in sorted(data.draw(st.lists(st.floats(0, length_s, exclude_max=True), max_size=5))):
        params = morph.at(now, params)
        assert row.low <= getattr(params, name) <= row.high
        assert morph.is_moving
    assert getattr(morph.at(length_s, params), name) == end
    assert not morph.is_moving
