"""The parameter table, the keys, and the one place where commands become parameters."""

import dataclasses
import logging
import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import (
    TRIGGER_HELP,
    Command,
    Fire,
    Jump,
    Nudge,
    Pick,
    Recall,
    Save,
    Set,
    Tap,
    Trigger,
    UseLens,
)
from livematch.control.cuelist import CueList, Step
from livematch.control.keys import KEYS, describe
from livematch.control.params import TABLE, WEIGHTS, Params, Spec, changed, spec, weights
from livematch.control.presets import QUICK, Preset, PresetsInMemory
from livematch.control.state import PENDING, Control
from livematch.embed.parts import RULES
from livematch.errors import UsageError

ROWS = list(TABLE.values())
NUMBERS = [row for row in ROWS if row.kind == "number"]
SWITCHES = [row for row in ROWS if row.kind == "switch"]
CHOICES = [row for row in ROWS if row.kind == "choice"]
TEXTS = [row for row in ROWS if row.kind == "text"]

number_rows = st.sampled_from(NUMBERS)
steps = st.integers(-1000, 1000)


HUGE = 10**400  # an integer that no float can hold


def shortly(value: object) -> str:
    return repr(value)[:40]


def name_of(row: Spec) -> str:
    return row.name


# The table


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_every_row_is_whole(row: Spec) -> None:
    assert row.parse(row.default) == row.default
    assert row.help
    assert row.group
    assert row.allowed
    assert row.address == f"/livematch/{row.group}/{row.name}"


@pytest.mark.parametrize("row", NUMBERS, ids=name_of)
def test_a_number_has_a_range_and_a_step(row: Spec) -> None:
    assert row.low < row.high
    assert 0 < row.step <= row.high - row.low


def test_there_is_a_row_of_every_kind_and_a_field_for_each() -> None:
    assert NUMBERS
    assert SWITCHES
    assert CHOICES
    assert TEXTS
    assert len(NUMBERS + SWITCHES + CHOICES + TEXTS) == len(ROWS)
    assert list(TABLE) == [field.name for field in dataclasses.fields(Params)]


def test_addresses_are_all_different() -> None:
    assert len({row.address for row in ROWS}) == len(ROWS)


@given(number_rows, st.floats(0, 1))
def test_a_number_in_its_range_is_taken_as_it_is(row: Spec, share: float) -> None:
    value = min(row.high, row.low + share * (row.high - row.low))
    assert row.parse(value) == value
    assert row.parse(repr(value)) == value


@pytest.mark.parametrize("row", NUMBERS, ids=name_of)
def test_both_ends_of_a_range_belong_to_it(row: Spec) -> None:
    assert row.parse(row.low) == row.low
    assert row.parse(row.high) == row.high
    for outside in (math.nextafter(row.low, -math.inf), math.nextafter(row.high, math.inf)):
        with pytest.raises(UsageError):
            row.parse(outside)


@given(number_rows, st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_taken_or_refused_with_its_range(row: Spec, number: float) -> None:
    if row.low <= number <= row.high:
        assert row.parse(number) == number
    else:
        with pytest.raises(UsageError) as refusal:
            row.parse(number)
        assert row.allowed in str(refusal.value)
        assert row.name in str(refusal.value)


@pytest.mark.parametrize("row", [*NUMBERS, *SWITCHES, *CHOICES], ids=name_of)
@pytest.mark.parametrize(
    "raw",
    [math.nan, math.inf, -math.inf, "nan", "inf", "", "loud", None, [], {}, b"1", HUGE, 1j],
    ids=shortly,
)
def test_nonsense_is_refused_with_the_range(row: Spec, raw: object) -> None:
    with pytest.raises(UsageError) as refusal:
        row.parse(raw)
    assert row.allowed in str(refusal.value)


@pytest.mark.parametrize("raw", [True, False])
def test_a_switch_value_is_no_number(raw: bool) -> None:
    with pytest.raises(UsageError):
        spec("fade").parse(raw)


@pytest.mark.parametrize("row", TEXTS, ids=name_of)
@pytest.mark.parametrize(
    "raw",
    [math.nan, 1, True, None, [], b"sea", "a\nb", "\x1b[31m", "\u202esea", "\udce9", "x" * 81],
    ids=shortly,
)
def test_what_is_no_short_line_of_text_is_refused_with_the_range(row: Spec, raw: object) -> None:
    with pytest.raises(UsageError, match=r"text of up to 80 characters, in one line"):
        row.parse(raw)


@given(st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["C", "Z"]), max_size=80))
def test_a_short_line_of_text_is_taken_as_it_is(row: Spec, text: str) -> None:
    assert row.parse(text) == text
    assert row.nudge(text, 3) == text
    assert getattr(changed(Params(), row.name, text), row.name) == text


@given(st.sampled_from(ROWS), st.text())
def test_any_text_is_a_value_or_a_usage_error(row: Spec, text: str) -> None:
    try:
        value = row.parse(text)
    except UsageError:
        return
    assert row.parse(value) == value


@given(number_rows, st.floats(0, 1), steps)
def test_nudging_stays_in_the_range(row: Spec, share: float, count: int) -> None:
    value = row.parse(min(row.high, row.low + share * (row.high - row.low)))
    nudged = row.nudge(value, count)
    assert row.parse(nudged) == nudged
    if count > 0:
        assert nudged >= min(float(value), row.high) - 1e-6
    if abs(count) * row.step >= row.high - row.low:
        assert nudged == (row.high if count > 0 else row.low)


@pytest.mark.parametrize("row", NUMBERS, ids=name_of)
def test_a_step_up_and_a_step_down_meet(row: Spec) -> None:
    there = row.nudge(row.low, 3)
    assert row.nudge(there, -3) == pytest.approx(row.low)
    assert float(there) == pytest.approx(min(row.high, row.low + 3 * row.step))


def test_many_small_steps_do_not_drift() -> None:
    row = spec("fade")
    value = row.parse(0)
    for _ in range(100):
        value = row.nudge(value, 1)
    assert value == 10.0


@pytest.mark.parametrize("row", CHOICES, ids=name_of)
def test_choices_go_round(row: Spec) -> None:
    seen = [row.default]
    for _ in row.choices:
        seen.append(row.nudge(seen[-1], 1))
    assert seen[0] == seen[-1]
    assert set(seen) == set(row.choices)
    assert row.nudge(row.nudge(row.default, 1), -1) == row.default


@given(st.sampled_from(SWITCHES), st.booleans(), steps)
def test_switches_flip(row: Spec, value: bool, count: int) -> None:
    assert row.nudge(value, 1) is (not value)
    assert row.nudge(value, count) is (value if count % 2 == 0 else not value)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        *(("on", True), ("ON", True), ("true", True), ("1", True), (1, True), (1.0, True)),
        *(("off", False), ("False", False), ("0", False), (0, False), (0.0, False)),
    ],
)
def test_a_switch_takes_what_hands_send(raw: object, value: bool) -> None:
    for row in SWITCHES:
        assert row.parse(raw) is value


@pytest.mark.parametrize("raw", [2, -1, 0.5, "yes please"])
def test_a_switch_takes_nothing_between(raw: object) -> None:
    with pytest.raises(UsageError, match=r"on \| off"):
        spec("hold").parse(raw)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("stickyness", "stickiness"), ("minhold", "min_hold"), ("color", "colour"), ("Fade", "fade")],
)
def test_a_wrong_name_gets_the_nearest_right_one(wrong: str, right: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{right}'"):
        spec(wrong)


def test_a_name_like_none_gets_the_whole_list() -> None:
    with pytest.raises(UsageError) as refusal:
        changed(Params(), "xyzzy", 1)
    assert all(name in str(refusal.value) for name in TABLE)


# The snapshot


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_snapshot_is_never_written(row: Spec) -> None:
    params = Params()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(params, row.name, row.default)
    assert not hasattr(params, "__dict__")  # slots: no stray attribute either


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_change_is_a_new_snapshot_that_differs_in_one_field(row: Spec) -> None:
    before = Params()
    other = row.nudge(row.default, 1 if row.default != row.high else -1)
    after = changed(before, row.name, f"{other}x" if row.kind == "text" else other)
    assert before == Params()
    differing = [name for name in TABLE if getattr(before, name) != getattr(after, name)]
    assert differing == [row.name]


@pytest.mark.parametrize("row", CHOICES, ids=name_of)
def test_a_choice_set_by_text_is_the_choice_itself(row: Spec) -> None:
    for text in row.choices:
        value = getattr(changed(Params(), row.name, text), row.name)
        assert value == text
        assert type(value) is type(row.default)


def test_weights_are_the_descriptors_parts() -> None:
    params = changed(Params(), "colour", 0.9)
    assert weights(params) == {
        "semantic": params.semantic,
        "layout": params.layout,
        "colour": 0.9,
        "motion": params.motion,
        "face": params.face,
    }
    assert tuple(RULES) == WEIGHTS
    assert set(WEIGHTS) <= set(TABLE)


# Control: commands in, once a tick


def test_commands_apply_in_order_and_only_when_asked() -> None:
    control = Control()
    for command in (Set("fade", 3), Nudge("fade", +1), Set("min_hold", 2), Nudge("fade", +1)):
        control.submit(command)
    assert control.params == Params()
    hands = control.update(0.0)
    assert hands.params.fade == pytest.approx(3.2)
    assert hands.params.min_hold == 2
    assert control.params is hands.params


def test_the_order_matters() -> None:
    control = Control()
    for command in (Nudge("fade", +1), Set("fade", 3)):
        control.submit(command)
    assert control.update(0.0).params.fade == 3


def test_a_trigger_fires_in_one_tick_only() -> None:
    control = Control()
    for _ in range(2):
        control.submit(Fire(Trigger.NEXT))
    control.submit(Fire(Trigger.QUIT))
    assert control.update(0.0).fired == {Trigger.NEXT, Trigger.QUIT}
    assert control.update(0.0).fired == frozenset()


def test_a_tick_without_commands_keeps_the_snapshot() -> None:
    control = Control()
    assert control.update(0.0).params is control.update(0.0).params


def lens_after(*commands: Command, lenses: tuple[str, ...] = ("sea", "clouds", "fire")) -> str:
    control = Control(lenses=lenses)
    for command in commands:
        control.submit(command)
    return control.update(0.0).params.lens


def test_a_lens_is_taken_by_name_or_by_number() -> None:
    assert lens_after(UseLens("fire")) == "fire"
    assert lens_after(UseLens(2)) == "clouds"


def test_lenses_follow_each_other_in_a_circle() -> None:
    following = Fire(Trigger.NEXT_LENS)
    assert lens_after(following) == "clouds"  # none named is the first
    assert lens_after(UseLens("fire"), following) == "sea"
    assert lens_after(Set("lens", "nowhere"), following) == "sea"
    assert lens_after(UseLens("sea"), following, lenses=("sea",)) == "sea"


def test_a_flood_keeps_the_newest() -> None:
    control = Control()
    for _ in range(PENDING):
        control.submit(Fire(Trigger.QUIT))
    for number in range(PENDING):
        control.submit(Set("max_hold", 1 + number / PENDING))
    hands = control.update(0.0)
    assert hands.fired == frozenset()  # the oldest are lost
    assert hands.params.max_hold == 1 + (PENDING - 1) / PENDING
    assert control.update(0.0).params is hands.params  # nothing of the flood is left over


def test_a_flood_keeps_as_many_as_it_says() -> None:
    control = Control()
    control.submit(Fire(Trigger.QUIT))
    for _ in range(PENDING - 1):
        control.submit(Nudge("hold"))
    hands = control.update(0.0)
    assert hands.fired == {Trigger.QUIT}
    assert hands.params.hold is True  # 4095 flips


def test_panic_restores_where_the_show_started() -> None:
    start = changed(changed(Params(), "fade", 4), "screen", "side-by-side")
    control = Control(start)
    for command in (Set("fade", 0), Set("blackout", True), Nudge("screen")):
        control.submit(command)
    assert control.update(0.0).params != start
    control.submit(Fire(Trigger.PANIC))
    control.submit(Set("hud", True))
    hands = control.update(0.0)
    assert hands.params == changed(start, "hud", True)
    assert Trigger.PANIC not in hands.fired  # it is done, not passed on


@pytest.mark.parametrize(
    "command",
    [
        Set("fade", math.nan),
        Set("fade", "much"),
        Set("fade", HUGE),
        Set("screen", "wide"),
        Set("hold", 0.5),
        Set("tag", 1),
        Set("tag", "two\nlines"),
        Set("stickyness", 0.1),
        Nudge("stickyness"),
        UseLens("sea"),
        Fire(Trigger.NEXT_LENS),
    ],
    ids=shortly,
)
def test_a_wrong_command_is_refused_counted_and_told(
    command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    control = Control()
    control.submit(command)
    control.submit(Set("min_hold", 3))
    with caplog.at_level(logging.WARNING):
        hands = control.update(0.0)
    assert control.refused == 1
    assert hands.params == changed(Params(), "min_hold", 3)
    assert len(caplog.records) == 1


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        Set,
        st.one_of(st.sampled_from(list(TABLE)), st.text()),
        st.one_of(
            st.floats(),
            st.integers(),
            st.booleans(),
            st.none(),
            st.text(),
            st.binary(),
            st.just([]),
        ),
    ),
    st.builds(Nudge, st.one_of(st.sampled_from(list(TABLE)), st.text()), st.integers()),
    st.builds(Fire, st.sampled_from(list(Trigger))),
    st.builds(Recall, st.one_of(st.integers(), st.text()), st.one_of(st.none(), st.floats())),
    st.builds(Save, st.text()),
    st.builds(Jump, st.one_of(st.integers(), st.text())),
)


@given(st.lists(COMMANDS, max_size=30))
def test_no_command_raises_and_every_value_stays_allowed(commands: list[Command]) -> None:
    control = Control()
    for command in commands:
        control.submit(command)
    params = control.update(0.0).params
    for row in ROWS:
        assert row.parse(getattr(params, row.name)) == getattr(params, row.name)


def test_commands_come_from_any_thread() -> None:
    control = Control()
    both = threading.Barrier(2)

    def press(name: str) -> None:
        both.wait()
        for _ in range(501):
            control.submit(Nudge(name))

    hands = [threading.Thread(target=press, args=(name,)) for name in ("hold", "freeze")]
    for hand in hands:
        hand.start()
    while any(hand.is_alive() for hand in hands):
        control.update(0.0)
    for hand in hands:
        hand.join()
    params = control.update(0.0).params
    assert (params.hold, params.freeze) == (True, True)  # an odd number of flips, none lost
    assert control.refused == 0


# The keyboard


@pytest.mark.parametrize(("key", "command"), KEYS.items(), ids=list(KEYS))
def test_every_key_does_something_that_exists(key: str, command: Command) -> None:
    assert key == key.upper()
    names = (*"1234567", QUICK)
    presets = PresetsInMemory(*(Preset(name, (("fade", 1.0),)) for name in names))
    cues = CueList((Step("one", "1"), Step("two", "2"), Step("three", "3")))
    start = dataclasses.replace(Params(), fade=5.0, stickiness=0.2)
    control = Control(start, presets, cues, lenses=("sea", "clouds"))
    control.submit(Jump(2))  # so that there is a step before, and one after
    start = control.update(0.0).params
    control.submit(command)
    hands = control.update(0.0)
    assert control.refused == 0
    if isinstance(command, Fire):
        assert describe(command) == TRIGGER_HELP[command.trigger]
    elif isinstance(command, Recall | Save):
        assert str(command.preset) in describe(command)
        assert presets.snapshot.find(command.preset)
    elif isinstance(command, Pick):
        assert hands.pick == command.number
        assert str(command.number) in describe(command)
    elif isinstance(command, Tap):
        assert "tap" in describe(command)
    else:
        assert hands.params != start
        assert spec(command.name).help in describe(command)
        assert spec(command.name).allowed in describe(command)


def test_no_two_keys_do_the_same() -> None:
    assert len(set(KEYS.values())) == len(KEYS)


def test_every_trigger_is_described_and_has_a_key() -> None:
    assert set(TRIGGER_HELP) == set(Trigger)
    fired = {command.trigger for command in KEYS.values() if isinstance(command, Fire)}
    assert fired == set(Trigger)


def test_directions_are_told_apart() -> None:
    assert "up" in describe(Nudge("fade", +1))
    assert "down" in describe(Nudge("fade", -1))
    assert describe(Set("fade", 2)) == "set fade to 2"
