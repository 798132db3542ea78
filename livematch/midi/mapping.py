"""The map: which movement of a controller does what, as values and as the text of its file.

A map is a TOML file of tables `[[map]]`, one for each thing that moves: which it is (`note`, `cc`,
`program` or `bend`, with its `channel`), and what it does (`set`, `fire`, `pick`, `preset`, `step`,
`lens` or `tap`). `ROWS` is the table of all that can stand there.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from livematch.control.commands import PICKS, Command, Trigger
from livematch.control.params import TABLE
from livematch.control.spec import Spec
from livematch.errors import UsageError
from livematch.midi.wire import HIGHEST, Kind

MOST = 512  # movements in a map: four channels full of faders
MAP = "map"
Keys = dict[str, Any]
"""What stands below a `[[map]]`."""
TRIGGERS = tuple(trigger.value for trigger in Trigger)


class Relative(StrEnum):
    """How an endless encoder writes a step to the left in seven bits."""

    TWOS_COMPLEMENT = "twos-complement"  # 127 is one to the left
    OFFSET_BINARY = "offset-binary"  # 63 is one to the left, 65 one to the right
    SIGN_BIT = "sign-bit"  # 65 is one to the left

    def steps(self, value: int) -> int:
        """Return how many steps to the right `value`, 0 to 127, stands for."""
        match self:
            case Relative.TWOS_COMPLEMENT:
                return value - 128 if value >= 64 else value
            case Relative.OFFSET_BINARY:
                return value - 64
            case Relative.SIGN_BIT:
                return 64 - value if value >= 64 else value


class Button(StrEnum):
    """What a button does to a switch: each press flips it, or it is on while it is pressed."""

    TOGGLE = "toggle"
    MOMENTARY = "momentary"


@dataclass(frozen=True, slots=True)
class Fader:
    """Sets a parameter between two places of its range; `pickup` waits until it is passed."""

    name: str
    low: float = 0.0
    high: float = 1.0
    pickup: bool = True
    fine: bool = False


@dataclass(frozen=True, slots=True)
class Encoder:
    """Moves a parameter by its steps."""

    name: str
    relative: Relative
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Switch:
    """Flips a switch, or holds it on."""

    name: str
    button: Button


@dataclass(frozen=True, slots=True)
class Press:
    """Does something once a press; a tap is given its time then."""

    command: Command


Does = Fader | Encoder | Switch | Press


@dataclass(frozen=True, slots=True)
class Row:
    """One movement and what it does. `channel` None: on any. `lit` and `dim` are lights' values."""

    kind: Kind
    number: int
    channel: int | None
    does: Does
    feedback: bool = True
    lit: int = HIGHEST
    dim: int = 0

    def __str__(self) -> str:
        number = "" if self.kind is Kind.BEND else f" {self.number}"
        return f"{self.kind}{number}" + (
            "" if self.channel is None else f", channel {self.channel}"
        )


@dataclass(frozen=True, slots=True)
class MidiMap:
    """All that a controller does."""

    rows: tuple[Row, ...] = ()


def _number(name: str, low: float, high: float, default: float, help: str) -> Spec:  # noqa: A002
    return Spec(name, MAP, default, help, low, high, 1.0)


_PICKUP = Spec("pickup", MAP, True, "a fader counts once it has passed the parameter's value")
_FEEDBACK = Spec("feedback", MAP, True, "values are sent back, to motor faders and lit pads")
_LIT = _number("lit", 0, HIGHEST, HIGHEST, "velocity, or value, of a light that is on")
_DIM = _number("dim", 0, HIGHEST, 0, "velocity, or value, of a light that is off")
HEAD = {row.name: row for row in (_PICKUP, _FEEDBACK, _LIT, _DIM)}
"""What stands above the first `[[map]]` and holds for all that do not say otherwise."""

_MOVES = (
    _number("note", 0, HIGHEST, 0, "a key or pad"),
    _number("cc", 0, HIGHEST, 0, "a fader, knob, encoder or button"),
    _number("program", 0, HIGHEST, 0, "a program change"),
    Spec("bend", MAP, False, "the pitch bend, or a fader that sends it"),
)
_DOES = (
    Spec("set", MAP, "", "the parameter that is moved"),
    Spec("fire", MAP, "", "the trigger that is pulled"),
    _number("pick", 1, PICKS, 1, "the number of a candidate"),
    Spec("preset", MAP, "", "the preset that is recalled"),
    Spec("step", MAP, "", "the step of the cue list, by number or name"),
    Spec("lens", MAP, "", "the lens that paints, by number or name"),
    Spec("tap", MAP, False, "taps the tempo"),
)
_HOW = (
    _number("channel", 1, 16, 1, "its channel; without one, any"),
    Spec("to", MAP, "", "a button sets the parameter to this value"),
    _number("steps", -HIGHEST, HIGHEST, 1, "by how many steps a button or encoder moves it"),
    Spec("relative", MAP, "", "an endless encoder", choices=tuple(r.value for r in Relative)),
    _number("bits", 7, 14, 7, "14: fine, the lower bits come on the controller 32 further"),
    Spec("low", MAP, "", "the parameter's value at the fader's lower end"),
    Spec("high", MAP, "", "the parameter's value at its upper end"),
    Spec(
        "button", MAP, "toggle", "what it does to a switch", choices=tuple(b.value for b in Button)
    ),
)
ROWS = {row.name: row for row in (*_MOVES, *_DOES, *_HOW, *HEAD.values())}
"""What can stand below a `[[map]]`."""

MOVES = tuple(row.name for row in _MOVES)
DOES = tuple(row.name for row in _DOES)
_COUNTED = {
    "pick": "3",
    "preset": "storm",
    "step": "3",
    "lens": "2",
}  # what needs a number or a name, and one


def parse_target(words: str) -> Keys:
    """Return what a map has for something to do: `fade`, `screen camera`, `next`, `pick 3`, `tap`.

    UsageError gives the nearest name.
    """
    word, _, rest = words.strip().partition(" ")
    rest = rest.strip()
    if word in TABLE and word not in _COUNTED:
        if TABLE[word].kind == "text" and not rest:
            raise UsageError(f"{word} is a text: say which, such as '{word} sea'")
        return {"set": word} | ({"to": TABLE[word].parse(rest)} if rest else {})
    if word in _COUNTED:
        if not rest:
            raise UsageError(f"say which {word}, such as '{word} {_COUNTED[word]}'")
        return {word: int(rest) if rest.isdecimal() and word != "preset" else rest}
    known(words.strip(), [*TABLE, *TRIGGERS, *_COUNTED, "tap"], "way to map")
    return {"tap": True} if word == "tap" else {"fire": word}


def known(name: object, names: Iterable[str], what: str) -> str:
    """Return `name`, if it is one of `names`; UsageError gives the nearest."""
    names = tuple(names)
    if isinstance(name, str) and name in names:
        return name
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
    raise UsageError(f"there is no {what} {name!r}; {hint}")
