"""The few lines of Lua in the layout, run in a Lua of the version that TouchOSC has.

The stand-in knows what TouchOSC's manual documents of a control: `name`, `parent`, `children` by
number and name, `values` whose change calls `onValueChanged`, `findAllByName`, and `sendOSC`.
"""

from typing import Any

import pytest
from py2tosc import Control

from livematch.control.params import TABLE
from livematch.osc.touch.layout import layout

lua51 = pytest.importorskip("lupa.lua51", reason="no Lua to run the layout's scripts with")


CALLBACKS = ("init", "onReceiveOSC", "onValueChanged")


class Values:
    """A control's values; a change calls its script."""

    def __init__(self, stand: "Stand", values: dict[str, Any]) -> None:
        self.stand, self.held = stand, values

    def __getitem__(self, key: str) -> Any:
        return self.held[key]

    def __setitem__(self, key: str, value: Any) -> None:
        assert key in self.held, f"{self.stand.name} has no value {key}"
        changed = self.held[key] != value
        self.held[key] = value
        if changed:
            self.stand.call("onValueChanged", key)


class Stand:
    """What a script knows of a control. All scripts share a Lua; each has globals of its own."""

    def __init__(self, control: Control, parent: "Stand | None", sent: list[Any], lua: Any) -> None:
        self.name = str(control.get("name"))
        self.parent = parent
        self.lua = lua
        self.values = Values(self, {value.key: value.default for value in control.values})
        self.stands = [Stand(child, self, sent, lua) for child in control.children]
        self.children = lua.table(*self.stands)  # by number, from 1, and by name
        for stand in self.stands:
            self.children[stand.name] = stand
        own = lua.table(
            self=self,
            sendOSC=lambda *args: sent.append(args),
            math=lua.globals().math,
            string=lua.globals().string,
        )
        script = control.get("script") or ""
        lua.execute(
            "local script, env = ...; setfenv(assert(loadstring(script)), env)()", script, own
        )
        self.callbacks = {name: own[name] for name in CALLBACKS}

    def __getitem__(self, key: str) -> Any:
        return {"findAllByName": self.find_all_by_name}.get(key) or getattr(self, key)

    def find_all_by_name(self, name: str, recursive: bool) -> Any:
        assert recursive
        return self.lua.table(*(stand for stand in self.walk() if stand.name == name))

    def walk(self) -> "list[Stand]":
        return [self, *(found for stand in self.stands for found in stand.walk())]

    def call(self, name: str, *args: Any) -> Any:
        function = self.callbacks[name]
        return function(*args) if function is not None else None

    def hear(self, path: str, *args: Any) -> Any:
        told = self.lua.table(*(self.lua.table(tag="s", value=value) for value in args))
        return self.call("onReceiveOSC", self.lua.table(path, told), None)


@pytest.fixture
def sent() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def tablet(sent: list[tuple[Any, ...]]) -> Stand:
    return Stand(layout(("vj", "storm")).root, None, sent, lua51.LuaRuntime(register_eval=False))


def holder(tablet: Stand, name: str, part: str) -> Stand:
    """The group of a parameter, that has a part of this name."""
    (found,) = [
        stand
        for stand in tablet.walk()
        if stand.name == name and part in [child.name for child in stand.stands]
    ]
    return found


def lit(row: Stand) -> list[str]:
    return [button.name for button in row.stands if button.values["x"]]


def test_it_says_hello_when_it_opens(tablet: Stand, sent: list[tuple[Any, ...]]) -> None:
    tablet.call("init")
    assert sent == [("/livematch/hello", 7001), ("/livematch/sync", 1)]


@pytest.mark.parametrize(
    ("name", "position", "text"),
    [
        ("fade", 0.5, "10.0 s"),
        ("semantic", 0.25, "0.25"),
        ("beat_shift", 0.5, "0 ms"),
        ("gain", 0.0, "-40 dB"),
        ("stillness", 1.0, "0.500"),
    ],
)
def test_a_fader_writes_its_number(tablet: Stand, name: str, position: float, text: str) -> None:
    group = holder(tablet, name, "fader")
    group.children["fader"].values["x"] = position
    assert group.children["value"].values["text"] == text


def test_every_fader_writes_its_ends(tablet: Stand) -> None:
    for spec in TABLE.values():
        if spec.kind == "number":
            group = holder(tablet, spec.name, "fader")
            for x, value in ((0.5, None), (0.0, spec.low), (1.0, spec.high)):
                group.children["fader"].values["x"] = x
                if value is not None:
                    written = str(group.children["value"].values["text"])
                    assert float(written.split(maxsplit=1)[0]) == pytest.approx(value)
                    assert written.removeprefix(written.split(maxsplit=1)[0]).strip() == spec.unit


def test_a_fader_over_words_writes_the_word_that_livematch_takes(tablet: Stand) -> None:
    spec = TABLE["mod1_target"]
    group = holder(tablet, spec.name, "fader")
    for x in (0.999, 0.0, 0.13, 0.5, 0.77, 1.0):
        group.children["fader"].values["x"] = x
        assert group.children["value"].values["text"] == spec.at(x)


def test_a_touch_lights_one_button_of_its_row(tablet: Stand) -> None:
    (row,) = [stand for stand in tablet.walk() if stand.name == "/livematch/look/screen"]
    assert lit(row) == ["program"]
    row.children["grid"].values["touch"] = True
    assert lit(row) == ["grid"]
    row.children["grid"].values["touch"] = False
    assert lit(row) == ["grid"]


def test_what_is_told_lights_one_button_of_its_row(tablet: Stand) -> None:
    (row,) = [stand for stand in tablet.walk() if stand.name == "/livematch/time/quantise"]
    assert tablet.hear("/livematch/time/quantise", "2-bars") is False  # others hear it, too
    assert lit(row) == ["2-bars"]


def test_the_preset_recalled_last_is_lit(tablet: Stand) -> None:
    rows = [stand for stand in tablet.walk() if stand.name == "/livematch/status/preset"]
    tablet.hear("/livematch/status/preset", "vj")
    tablet.hear("/livematch/status/preset", "storm")
    assert [name for row in rows for name in lit(row)] == ["storm"]


def test_what_concerns_no_row_is_left_alone(tablet: Stand) -> None:
    assert tablet.hear("/livematch/status/film", "sea.mp4") is False
    assert tablet.hear("/livematch/time/quantise") is False  # without an argument
    (row,) = [stand for stand in tablet.walk() if stand.name == "/livematch/time/quantise"]
    assert lit(row) == ["now"]
