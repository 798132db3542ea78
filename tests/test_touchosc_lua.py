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

STAND_IN = """
sent = {}

local function values_of(control, held)
  return setmetatable({}, {
    __index = function(_, key) return held[key] end,
    __newindex = function(_, key, value)
      assert(held[key] ~= nil, control.name .. ' has no value ' .. key)
      local changed = held[key] ~= value
      held[key] = value
      if changed and control.globals.onValueChanged then control.globals.onValueChanged(key) end
    end,
  })
end

local function find(control, name, found)
  if control.name == name then found[#found + 1] = control end
  for i = 1, #control.children do find(control.children[i], name, found) end
  return found
end

function make(parent, name, held, script)
  local control = { name = name, parent = parent, children = {} }
  control.values = values_of(control, held)
  control.findAllByName = function(self, wanted, recursive)
    assert(recursive)
    return find(self, wanted, {})
  end
  control.globals = {
    self = control, math = math, string = string,
    sendOSC = function(...) sent[#sent + 1] = { ... } end,
  }
  setfenv(assert(loadstring(script)), control.globals)()
  if parent then
    parent.children[#parent.children + 1] = control
    parent.children[name] = control
  end
  return control
end
"""


class Tablet:
    """The layout in a Lua: each script has globals of its own."""

    def __init__(self, root: Control) -> None:
        self.lua = lua51.LuaRuntime(register_eval=False)
        self.lua.execute(STAND_IN)
        self.controls: list[Any] = []
        self.root = self.make(None, root)

    def make(self, parent: Any, control: Control) -> Any:
        held = self.lua.table(**{value.key: value.default for value in control.values})
        script = control.get("script") or ""
        made = self.lua.globals().make(parent, str(control.get("name")), held, script)
        self.controls.append(made)
        for child in control.children:
            self.make(made, child)
        return made

    def named(self, name: str) -> list[Any]:
        return [control for control in self.controls if control.name == name]

    def holder(self, name: str) -> Any:
        """The group of a parameter that is set with a fader."""
        (found,) = [one for one in self.named(name) if one.children["fader"] is not None]
        return found

    def hear(self, path: str, *args: str) -> Any:
        told = self.lua.table(*(self.lua.table(tag="s", value=value) for value in args))
        return self.root.globals.onReceiveOSC(self.lua.table(path, told), None)

    @property
    def sent(self) -> list[tuple[Any, ...]]:
        return [tuple(message.values()) for message in self.lua.globals().sent.values()]


def lit(row: Any) -> list[str]:
    count = sum(isinstance(key, int) for key in row.children)
    buttons = [row.children[n] for n in range(1, count + 1)]
    return [button.name for button in buttons if button["values"]["x"]]


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(layout(("vj", "storm")).root)


def test_it_says_hello_when_it_opens(tablet: Tablet) -> None:
    tablet.root.globals.init()
    assert tablet.sent == [("/livematch/hello", 7001), ("/livematch/sync", 1)]


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
def test_a_fader_writes_its_number(tablet: Tablet, name: str, position: float, text: str) -> None:
    group = tablet.holder(name)
    group.children["fader"]["values"]["x"] = position
    assert group.children["value"]["values"]["text"] == text


def test_every_fader_writes_its_ends(tablet: Tablet) -> None:
    for spec in TABLE.values():
        if spec.kind == "number":
            group = tablet.holder(spec.name)
            for x, value in ((0.5, None), (0.0, spec.low), (1.0, spec.high)):
                group.children["fader"]["values"]["x"] = x
                if value is not None:
                    written = str(group.children["value"]["values"]["text"])
                    assert float(written.split(maxsplit=1)[0]) == pytest.approx(value)
                    assert written.removeprefix(written.split(maxsplit=1)[0]).strip() == spec.unit


def test_a_fader_over_words_writes_the_word_that_livematch_takes(tablet: Tablet) -> None:
    spec = TABLE["mod1_target"]
    group = tablet.holder(spec.name)
    for x in (0.999, 0.0, 0.13, 0.5, 0.77, 1.0):
        group.children["fader"]["values"]["x"] = x
        assert group.children["value"]["values"]["text"] == spec.at(x)


def test_a_touch_lights_one_button_of_its_row(tablet: Tablet) -> None:
    (row,) = tablet.named("/livematch/look/screen")
    assert lit(row) == ["program"]
    row.children["grid"]["values"]["touch"] = True
    assert lit(row) == ["grid"]
    row.children["grid"]["values"]["touch"] = False
    assert lit(row) == ["grid"]


def test_what_is_told_lights_one_button_of_its_row(tablet: Tablet) -> None:
    (row,) = tablet.named("/livematch/time/quantise")
    assert tablet.hear("/livematch/time/quantise", "2-bars") is False  # others hear it, too
    assert lit(row) == ["2-bars"]


def test_the_preset_recalled_last_is_lit(tablet: Tablet) -> None:
    rows = tablet.named("/livematch/status/preset")
    tablet.hear("/livematch/status/preset", "vj")
    tablet.hear("/livematch/status/preset", "storm")
    assert [name for row in rows for name in lit(row)] == ["storm"]


def test_what_concerns_no_row_is_left_alone(tablet: Tablet) -> None:
    assert tablet.hear("/livematch/status/film", "sea.mp4") is False
    assert tablet.hear("/livematch/time/quantise") is False  # without an argument
    (row,) = tablet.named("/livematch/time/quantise")
    assert lit(row) == ["now"]
