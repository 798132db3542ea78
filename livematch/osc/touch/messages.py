"""What the tablet's controls say and hear, and the few lines of Lua where messages do not suffice.

TouchOSC's messages name what sets them off, an address, and arguments; an argument that is a
control's own value is scaled on its way out, and back on its way in. See
https://hexler.net/touchosc/manual/editor-messages-osc and `script-functions-global` there.
"""

from py2tosc import Conversion, LocalMessage, OscMessage, Partial, PartialType, Trigger
from py2tosc import TriggerCondition as When

from livematch.control.spec import Spec
from livematch.osc.space import ROOT

CONNECTIONS = "11111"  # all five of a layout of version 3
HELLO = f"{ROOT}/hello"
SYNC = f"{ROOT}/sync"

Argument = int | str


def says(path: str, *args: Argument, on: str = "x", when: When = When.RISE) -> OscMessage:
    """Send constants, when a value of the control changes so: when it is pressed."""
    return OscMessage(
        receive=False,
        connections=CONNECTIONS,
        triggers=[Trigger(on, when)],
        path=_path(path),
        arguments=[
            Partial(
                PartialType.CONSTANT,
                Conversion.STRING if isinstance(arg, str) else Conversion.INTEGER,
                str(arg),
            )
            for arg in args
        ],
    )


def both_ways(path: str, low: float = 0, high: float = 1, *, whole: bool = False) -> OscMessage:
    """Send the control's value within a range whenever it changes, and take it from there."""
    conversion = Conversion.INTEGER if whole else Conversion.FLOAT
    return OscMessage(
        connections=CONNECTIONS,
        triggers=[Trigger("x", When.ANY)],
        path=_path(path),
        arguments=[Partial(PartialType.VALUE, conversion, "x", low, high)],
    )


def hears(path: str, value: str = "text", low: float = 0, high: float = 1) -> OscMessage:
    """Take what is told at a path as the control's `text`, or as its `x` within a range."""
    conversion = Conversion.STRING if value == "text" else Conversion.FLOAT
    return OscMessage(
        send=False,
        connections=CONNECTIONS,
        triggers=[],
        path=_path(path),
        arguments=[Partial(PartialType.VALUE, conversion, value, low, high)],
    )


def shows(node_id: str) -> LocalMessage:
    """Show another control while this one is on, and hide it while it is off."""
    return LocalMessage(
        triggers=[Trigger("x", When.ANY)],
        conversion=Conversion.BOOLEAN,
        dst_type=PartialType.PROPERTY,
        dst_var="visible",
        dst_id=node_id,
    )


def switches_off(node_id: str) -> LocalMessage:
    """Switch another control off when this one is let go."""
    return LocalMessage(
        triggers=[Trigger("x", When.FALL)],
        type=PartialType.CONSTANT,
        value="0",
        dst_type=PartialType.VALUE,
        dst_var="x",
        dst_id=node_id,
    )


def _path(path: str) -> list[Partial]:
    return [Partial(PartialType.CONSTANT, Conversion.STRING, path)]


def decimals(spec: Spec) -> int:
    """Return how many decimals show one step of a number."""
    return len(f"{spec.step:.6f}".rstrip("0").partition(".")[2])


def number_text(spec: Spec, value: float) -> str:
    """Write a number as the tablet does."""
    return f"{value:.{decimals(spec)}f} {spec.unit}".rstrip()


def number_script(spec: Spec) -> str:
    """Lua of a fader: write its number beside it, whoever moved it."""
    form = f"%.{decimals(spec)}f {spec.unit}".rstrip()
    return _on_change(
        "x",
        "self.parent.children.value.values.text = "
        f"string.format('{form}', {spec.low:g} + self.values.x * {spec.high - spec.low:g})",
    )


def choice_script(spec: Spec) -> str:
    """Lua of a fader over words: write the one it stands at beside it."""
    words = ", ".join(f"'{word}'" for word in spec.choices)
    count = len(spec.choices)
    return f"local words = {{{words}}}\n" + _on_change(
        "x",
        f"local at = math.min({count}, math.floor(self.values.x * {count}) + 1)",
        "self.parent.children.value.values.text = words[at]",
    )


def lit_script() -> str:
    """Lua of one button of a row: light it, and no other, when it is touched."""
    return (
        "function onValueChanged(key)\n"
        "  if key == 'touch' and self.values.touch then\n"
        "    local row = self.parent.children\n"
        "    for i = 1, #row do\n"
        "      row[i].values.x = (row[i].name == self.name) and 1 or 0\n"
        "    end\n"
        "  end\n"
        "end\n"
    )


def root_script(reply_port: int) -> str:
    """Lua of the whole layout: say hello when it opens; light what livematch says is chosen.

    A row of buttons bears the address that tells which of them is on, and each button the word.
    """
    return (
        "local rows = {}\n"
        "\n"
        "function init()\n"
        f"  sendOSC('{HELLO}', {reply_port})\n"
        f"  sendOSC('{SYNC}', 1)\n"
        "end\n"
        "\n"
        "function onReceiveOSC(message, connections)\n"
        "  local path, arguments = message[1], message[2]\n"
        "  if rows[path] == nil then\n"
        "    rows[path] = self:findAllByName(path, true)\n"
        "  end\n"
        "  for i = 1, (#arguments > 0) and #rows[path] or 0 do\n"
        "    local row = rows[path][i].children\n"
        "    for k = 1, #row do\n"
        "      row[k].values.x = (row[k].name == arguments[1].value) and 1 or 0\n"
        "    end\n"
        "  end\n"
        "  return false\n"
        "end\n"
    )


def _on_change(key: str, *lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"function onValueChanged(key)\n  if key == '{key}' then\n{body}  end\nend\n"
