"""The address space, and what a message at each of its paths asks for."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import (
    PICKS,
    Fire,
    Jump,
    Nudge,
    Pick,
    Position,
    Recall,
    Save,
    Set,
    Tap,
    Trigger,
    UseLens,
)
from livematch.control.params import TABLE, WEIGHTS, Params, changed
from livematch.errors import UsageError
from livematch.osc.space import (
    SPACE,
    Access,
    Address,
    Arg,
    Ask,
    Hello,
    Kind,
    Request,
    Sync,
    addresses,
    command_for,
    find,
    told,
)

PRESETS = ("drift", "onsets", "storm")
LENSES = ("sea", "clouds.2")
HEARD = [row for row in addresses(PRESETS, LENSES) if row.access is not Access.OUT]

args = st.lists(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        st.integers(-(2**31), 2**31 - 1),
        st.booleans(),
        st.none(),
        st.text(max_size=100),
        st.sampled_from(["+", "-", "?", "on", "off", "storm"]),
    ),
    max_size=3,
).map(tuple)


def asked(path: str, *given: Arg) -> Request | None:
    return command_for(find(f"/livematch/{path}", PRESETS, LENSES), given, 12.5, PRESETS)


def test_no_path_stands_for_two_things() -> None:
    paths = [row.path for row in addresses(PRESETS, LENSES)]
    assert len(paths) == len(set(paths))


def test_every_parameter_and_trigger_has_its_path() -> None:
    paths = {row.path for row in SPACE}
    assert {spec.address for spec in TABLE.values()} <= paths
    assert {f"/livematch/{trigger}" for trigger in Trigger} <= paths
    assert {f"/livematch/status/part/{name}" for name in WEIGHTS} <= paths


@pytest.mark.parametrize("row", SPACE, ids=lambda row: row.path)
def test_every_row_is_whole(row: Address) -> None:
    assert row.help
    assert row.types in {"", "f", "i", "s"}
    assert (row.low is None) or (row.high is None) or row.low < row.high
    assert (row.access is Access.OUT) == (row.kind is Kind.STATUS)


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("look/fade", (2.5,), Set("fade", 2.5)),
        ("look/fade", (2,), Set("fade", 2.0)),
        ("look/fade", ("2.5",), Set("fade", 2.5)),
        ("look/fade", ("+",), Nudge("fade", 1)),
        ("look/fade", ("-",), Nudge("fade", -1)),
        ("look/fade", ("-", 3), Nudge("fade", -3)),
        ("look/fade", ("?",), Ask("/livematch/look/fade")),
        ("look/fade", (), Ask("/livematch/look/fade")),
        ("look/fade/position", (0.25,), Position("fade", 0.25)),
        ("look/fade/position", ("+",), Nudge("fade", 1)),
        ("look/fade/position", ("?",), Ask("/livematch/look/fade/position")),
        ("look/mirror", (0,), Set("mirror", False)),
        ("look/mirror", (1.0,), Set("mirror", True)),
        ("look/mirror", (True,), Set("mirror", True)),
        ("look/mirror", ("off",), Set("mirror", False)),
        ("look/screen", ("side-by-side",), Set("screen", "side-by-side")),
        ("look/screen", (1,), Set("screen", "side-by-side")),
        ("look/screen", (0.0,), Set("screen", "program")),
        ("match/tag", ("sea,-night",), Set("tag", "sea,-night")),
        ("match/tag", (0,), Set("tag", "")),
        ("hold", (1,), Set("hold", True)),
        ("hold", (0,), Set("hold", False)),
        ("hold", (), Nudge("hold")),
        ("hold", ("?",), Ask("/livematch/play/hold")),
        ("next", (), Fire(Trigger.NEXT)),
        ("next", (1.0,), Fire(Trigger.NEXT)),
        ("next", (127,), Fire(Trigger.NEXT)),
        ("next", (True,), Fire(Trigger.NEXT)),
        ("next", (0,), None),
        ("next", (0.0,), None),
        ("next", (False,), None),
        ("tap", (), Tap(12.5)),
        ("tap", (0,), None),
        ("pick", (3,), Pick(3)),
        ("pick", (3.0,), Pick(3)),
        ("pick", (0,), None),
        ("pick/4", (), Pick(4)),
        ("pick/4", (1,), Pick(4)),
        ("pick/4", (0,), None),
        ("preset", (1,), Recall("drift")),
        ("preset", (3.0,), Recall("storm")),
        ("preset", (0,), None),
        ("preset", ("storm",), Recall("storm")),
        ("preset", ("storm", 4.0), Recall("storm", 4.0)),
        ("preset/storm", (1,), Recall("storm")),
        ("preset/storm", (0.0,), None),
        ("save", ("mine_2",), Save("mine_2")),
        ("save", (2,), Save("slot-2")),
        ("save", (0,), None),
        ("step", (2,), Jump(2)),
        ("step", ("storm breaks",), Jump("storm breaks")),
        ("next_lens", (1,), Fire(Trigger.NEXT_LENS)),
        ("next_lens", (0,), None),
        ("lens/use", (2,), UseLens(2)),
        ("lens/use", (2.0,), UseLens(2)),
        ("lens/use", ("sea",), UseLens("sea")),
        ("lens/use", (0,), None),
        ("lens/use/sea", (1,), UseLens("sea")),
        ("lens/use/clouds.2", (), UseLens("clouds.2")),
        ("lens/use/sea", (0.0,), None),
        ("lens/lens", ("sea",), Set("lens", "sea")),
        ("hello", (9000,), Hello(9000)),
        ("hello", (), Hello()),
        ("sync", (), Sync()),
        ("sync", (1,), Sync()),
        ("sync", (0,), None),
    ],
)
def test_a_message_asks_for(path: str, given: tuple[Arg, ...], expected: Request | None) -> None:
    assert asked(path, *given) == expected


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("look/fade", (21.0,), "0 to 20 s"),
        ("look/fade", ("fast",), "0 to 20 s"),
        ("look/fade", (1.0, 2.0), "one argument"),
        ("look/fade", ("+", 0.5), "whole number"),
        ("look/fade/position", (1.5,), "0 to 1"),
        ("look/fade/position", ("x",), "0 to 1"),
        ("look/screen", ("sideways",), "side-by-side"),
        ("look/screen", (9,), "side-by-side"),
        ("look/mirror", (2,), "on | off"),
        ("match/tag", ("a" * 200,), "80"),
        ("pick", (10,), "1 to 9"),
        ("lens/use", (2.5,), "whole number"),
        ("lens/use", ("",), "a name or a number"),
        ("pick", (2.5,), "1 to 9"),
        ("pick", (), "1 to 9"),
        ("preset", (4,), "1 to 3"),
        ("preset", ("strom",), "storm"),
        ("preset", ("storm", -1.0), "0 to 600"),
        ("save", ("../evil",), "letters"),
        ("save", (), "left out"),
        ("step", (-1,), "1 to 999"),
        ("hello", (70000,), "1 to 65535"),
        ("status/film", ("x",), "told, not set"),
    ],
)
def test_a_wrong_message_is_told_what_is_right(
    path: str, given: tuple[Arg, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said.replace("|", r"\|")):
        asked(path, *given)


def test_an_unknown_path_is_told_the_nearest() -> None:
    with pytest.raises(UsageError, match="/livematch/look/fade"):
        find("/livematch/look/fad")


def test_without_presets_a_preset_is_refused() -> None:
    with pytest.raises(UsageError, match="no presets"):
        command_for(find("/livematch/preset"), (1,), 0.0)


@given(st.sampled_from(HEARD), args)
def test_whatever_is_sent_is_a_request_or_a_usage_error(
    row: Address, given: tuple[Arg, ...]
) -> None:
    try:
        request = command_for(row, given, 1.0, PRESETS)
    except UsageError:
        return
    if isinstance(request, Set):
        changed(Params(), request.name, request.value)  # what gets through can be done


@pytest.mark.parametrize("row", HEARD, ids=lambda row: row.path)
def test_every_path_that_is_heard_has_a_form_with_one_number(row: Address) -> None:
    is_text = row.spec is not None and row.spec.kind == "text"
    number = row.high if row.spec and row.high is not None else 0 if is_text else 1
    assert command_for(row, (number,), 0.0, PRESETS) is not None


@pytest.mark.parametrize("row", HEARD, ids=lambda row: row.path)
def test_what_is_no_parameter_ignores_a_button_let_go(row: Address) -> None:
    if row.spec is None:
        assert command_for(row, (0,), 0.0, PRESETS) is None
        assert command_for(row, (0.0,), 0.0, PRESETS) is None


def test_what_is_told_of_the_parameters_can_be_sent_back() -> None:
    params = changed(changed(Params(), "fade", 3.3), "screen", "grid")
    for path, value in told(params).items():
        request = command_for(find(path), (value,), 0.0)
        match request:
            case Set(name, new):
                assert getattr(changed(params, name, new), name) == getattr(params, name)
            case Position(name, position):
                there = TABLE[name].at(position)
                was = getattr(params, name)
                assert there == was or math.isclose(float(there), float(was), abs_tol=1e-9)
            case _:
                pytest.fail(f"{path} {value!r} asks for {request}")
    outs = {row.path for row in SPACE if row.access is Access.BOTH}
    assert set(told(params)) == outs


@pytest.mark.parametrize("row", [row for row in SPACE if row.types == "f" and row.spec])
def test_a_fader_at_the_end_of_its_way_is_not_refused(row: Address) -> None:
    """0.03 in 32 bits is less than 0.03, and 0.3 is more than 0.3."""
    assert row.spec is not None
    for end in (row.low, row.high):
        assert end is not None
        [single] = struct.unpack(">f", struct.pack(">f", end))
        request = command_for(row, (single,), 0.0)
        assert isinstance(request, Set | Position)
        if isinstance(request, Set):
            assert row.spec.parse(request.value) == end


def test_there_are_nine_pads() -> None:
    assert [row.path for row in SPACE if "/pick/" in row.path][-1] == f"/livematch/pick/{PICKS}"
