"""The address space: every path that OSC knows, as one table; and what a message there asks for.

Nothing here is listed twice: parameters come from `control.params`, triggers from
`control.commands`. The table feeds the receiver, the feedback, `livematch osc`, the TouchOSC
layout and OSCQuery.
"""

import difflib
import functools
import math
import re
from dataclasses import dataclass
from enum import StrEnum

from livematch.control.commands import (
    PICKS,
    TRIGGER_HELP,
    Command,
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
from livematch.control.params import LONGEST_TEXT, TABLE, WEIGHTS, Params, Spec, Value
from livematch.errors import UsageError

ROOT = "/livematch"
SHORT = ("hold", "freeze", "blackout")  # switches that have a short path, too
PRESET_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

SINGLE = 1e-6  # what 32 bits leave of a number

Arg = float | int | bool | str | None
"""What a message carries; a bare impulse is no argument at all."""


class Kind(StrEnum):
    """What a path is for."""

    PARAMETER = "parameter"
    TRIGGER = "trigger"
    COMMAND = "command"
    STATUS = "status"


class Access(StrEnum):
    """Whether a path is heard (`in`), told (`out`), or both."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the address space.

    `types` are the OSC type tags of its arguments as they are told, and best sent: `f`, `i`, `s`,
    or nothing. `spec` is the parameter that it sets; `is_position` says that it does so by the
    place in the parameter's range, 0 to 1. `low` and `high` are None where there is no range.
    """

    path: str
    kind: Kind
    types: str
    help: str
    access: Access
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    spec: Spec | None = None
    is_position: bool = False

    @property
    def allowed(self) -> str:
        """What it takes, in words."""
        if self.spec is not None and not self.is_position:
            return self.spec.allowed
        if self.choices:
            return " | ".join(self.choices)
        if self.low is None or self.high is None:
            return {"": "", "i": "a whole number", "f": "a number", "s": "text"}[self.types]
        return f"{self.low:g} to {self.high:g}" + (f" {self.unit}" if self.unit else "")


# What is asked of the receiver itself, not of the instrument


@dataclass(frozen=True, slots=True)
class Hello:
    """Tell the sender from now on what changes; at `port`, or at the port agreed beforehand."""

    port: int | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """Tell everything there is to tell, once."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Tell the value of one path, now."""

    path: str


Request = Command | Hello | Sync | Ask


def addresses(presets: tuple[str, ...] = (), lenses: tuple[str, ...] = ()) -> tuple[Address, ...]:
    """Return the whole address space in reading order; with a path for each preset and lens."""
    return (
        *(row for spec in TABLE.values() for row in _parameter(spec)),
        *(_trigger(trigger) for trigger in Trigger),
        *(_short(TABLE[name]) for name in SHORT),
        *_commands(presets, lenses),
        *_statuses(),
    )


def _parameter(spec: Spec) -> list[Address]:
    types = {"number": "f", "switch": "i", "choice": "s", "text": "s"}[spec.kind]
    low, high = {"number": (spec.low, spec.high), "switch": (0.0, 1.0)}.get(spec.kind, (None, None))
    rows = [
        Address(
            spec.address,
            Kind.PARAMETER,
            types,
            spec.help,
            Access.BOTH,
            low,
            high,
            spec.choices,
            spec.unit,
            spec,
        )
    ]
    if spec.kind != "text":
        rows.append(
            Address(
                f"{spec.address}/position",
                Kind.PARAMETER,
                "f",
                f"{spec.help}: the place in its range",
                Access.BOTH,
                0.0,
                1.0,
                spec=spec,
                is_position=True,
            )
        )
    return rows


def _trigger(trigger: Trigger) -> Address:
    return Address(f"{ROOT}/{trigger}", Kind.TRIGGER, "i", TRIGGER_HELP[trigger], Access.IN)


def _short(spec: Spec) -> Address:
    said = f"{spec.help}; without an argument the other way round"
    return Address(f"{ROOT}/{spec.name}", Kind.COMMAND, "i", said, Access.IN, 0, 1, spec=spec)


def _commands(presets: tuple[str, ...], lenses: tuple[str, ...]) -> list[Address]:
    def row(
        path: str, types: str, said: str, low: float | None = None, high: float | None = None
    ) -> Address:
        return Address(f"{ROOT}/{path}", Kind.COMMAND, types, said, Access.IN, low, high)

    last, most = len(presets) or None, len(lenses) or None
    return [
        row("tap", "i", "one tap of the tempo"),
        row("pick", "i", "bring in one of the nine best candidates, by its number", 1, PICKS),
        *(row(f"pick/{n}", "i", f"bring in candidate {n}") for n in range(1, PICKS + 1)),
        row("preset", "i", "go to a preset: its number in the list, or its name", 1, last),
        *(row(f"preset/{name}", "i", f"go to the preset {name}") for name in presets),
        row("lens/use", "i", "paint with a lens: its number from 1, or its name", 1, most),
        *(row(f"lens/use/{name}", "i", f"paint with the lens {name}") for name in lenses),
        row("save", "s", "keep every parameter as it stands as a preset; 3 names it slot-3"),
        row("step", "i", "perform a step of the cue list: its number from 1, or its name", 1),
        row("hello", "i", "tell me what happens from now on, at this port", 1, 65535),
        row("sync", "i", "tell me everything, once"),
    ]


def _statuses() -> list[Address]:
    def row(path: str, types: str, said: str, unit: str = "") -> Address:
        full = f"{ROOT}/status/{path}"
        return Address(full, Kind.STATUS, types, said, Access.OUT, unit=unit)

    def share(path: str, said: str) -> Address:
        return Address(f"{ROOT}/status/{path}", Kind.STATUS, "f", said, Access.OUT, 0.0, 1.0)

    return [
        row("film", "s", "the film that is on"),
        row("title", "s", "the title of the film that is on"),
        row("time", "f", "where in the film the picture is", "s"),
        row("time_code", "s", "the same as hours:minutes:seconds.tenths"),
        row("score", "f", "how like the camera the shot on is"),
        *(row(f"part/{name}", "f", f"the same by {name} alone") for name in WEIGHTS),
        row("cause", "s", "why the picture changed last"),
        row("cut", "i", "how many cuts the camera's own picture has had"),
        share("onset", "an attack was heard: how strong"),
        row("bpm", "f", "tempo", "beats a minute"),
        row("beat", "i", "which beat of the bar it is, from 1"),
        row("bar", "i", "how many bars have begun"),
        *(share(name, f"{said} of the sound") for name, said in _LEVELS.items()),
        row("fps", "f", "pictures shown", "a second"),
        row("warning", "s", "what the performer should know; empty when all is well"),
        row("preset", "s", "the preset that was recalled last"),
        row("step", "s", "the step of the cue list that is on"),
        *(row(f"candidate/{n}", "s", f"candidate {n}") for n in range(1, PICKS + 1)),
    ]


_LEVELS = {
    "level": "the level",
    "bass": "the bass",
    "mid": "the middle",
    "treble": "the treble",
}

SPACE: tuple[Address, ...] = addresses()
"""The address space without anybody's presets."""


@functools.lru_cache(maxsize=8)
def by_path(presets: tuple[str, ...] = (), lenses: tuple[str, ...] = ()) -> dict[str, Address]:
    """Return the address space as a dictionary by path; not to be written to."""
    return {row.path: row for row in addresses(presets, lenses)}


def find(path: str, presets: tuple[str, ...] = (), lenses: tuple[str, ...] = ()) -> Address:
    """Return the row of a literal path; UsageError names the nearest right one."""
    known = by_path(presets, lenses)
    try:
        return known[path]
    except KeyError:
        near = difflib.get_close_matches(path[:120], known, n=1)
        hint = f"did you mean {near[0]}?" if near else "`livematch osc` lists what there is"
        raise UsageError(f"there is no {path[:120]}; {hint}") from None


def told(params: Params) -> dict[str, float | int | str]:
    """Return what is told of the parameters: for each path the one argument of its message."""
    values: dict[str, float | int | str] = {}
    for spec in TABLE.values():
        value = getattr(params, spec.name)
        values[spec.address] = argument(spec, value)
        if spec.kind != "text":
            values[f"{spec.address}/position"] = spec.position_of(value)
    return values


def argument(spec: Spec, value: Value) -> float | int | str:
    """Return a parameter's value as OSC carries it: a switch is 0 or 1."""
    match spec.kind:
        case "number":
            return float(value)
        case "switch":
            return int(bool(value))
        case _:
            return str(value)


def command_for(
    address: Address, args: tuple[Arg, ...], now: float, presets: tuple[str, ...] = ()
) -> Request | None:
    """Return what a message asks for; None for a button's release, which asks for nothing.

    `now` is when it came in, on the show's clock. UsageError says what is allowed instead.
    """
    if address.access is Access.OUT:
        raise UsageError(f"{address.path} is told, not set")
    if args == ("?",):
        return Ask(address.spec.address if _is_short(address) and address.spec else address.path)
    if address.spec is not None:
        return _parameter_command(address, address.spec, args)
    if _is_released(args):
        return None
    name = address.path.removeprefix(f"{ROOT}/")
    if address.kind is Kind.TRIGGER:
        return Fire(Trigger(name))
    head, _, rest = name.removeprefix("lens/").partition("/")
    if rest:  # the argument is in the path: pick/3, preset/storm, lens/use/sea
        return _in_path(head, rest)
    return _command(name, address, args, now, presets)


def _in_path(head: str, named: str) -> Command:
    match head:
        case "pick":
            return Pick(int(named))
        case "use":
            return UseLens(named)
        case _:
            return Recall(named)


def _parameter_command(address: Address, spec: Spec, args: tuple[Arg, ...]) -> Request:
    match args:
        case ():
            return Nudge(spec.name) if _is_short(address) else Ask(address.path)
        case ("+" | "-" as sign,) if spec.kind != "text":
            return Nudge(spec.name, 1 if sign == "+" else -1)
        case ("+" | "-" as sign, int() | float() as steps) if spec.kind != "text":
            count = _whole(steps, address, 1, 1000, "steps")
            return Nudge(spec.name, count if sign == "+" else -count)
        case (value,) if address.is_position:
            return Position(spec.name, _number(value, address, 0.0, 1.0))
        case (value,):
            return Set(spec.name, spec.parse(_numbered(spec, value)))
        case _:
            raise UsageError(f"{address.path} takes one argument, not {len(args)}")


def _numbered(spec: Spec, value: Arg) -> Arg:
    """Let numbers name a choice, counted from 0, and let 0 empty a text: some can send no more.

    A fader at the end of its way is at the end of the range, though 32 bits may say a little more.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if spec.kind == "number":
        ends = (spec.low, spec.high)
        near = (end for end in ends if math.isclose(value, end, rel_tol=SINGLE, abs_tol=SINGLE))
        return next(near, value)
    if spec.kind == "choice" and value in range(len(spec.choices)):
        return spec.choices[int(value)]
    return "" if spec.kind == "text" and value == 0 else value


def _command(
    name: str, address: Address, args: tuple[Arg, ...], now: float, presets: tuple[str, ...]
) -> Request:
    first = args[0] if args else None
    request: Request
    match name:
        case "tap":
            request = Tap(now)
        case "sync":
            request = Sync()
        case "hello":
            request = Hello(None if first is None else _whole(first, address, 1, 65535))
        case "pick":
            request = Pick(_whole(first, address, 1, PICKS))
        case "preset":
            fade_s = _number(args[1], address, 0, 600, "fade") if len(args) > 1 else None
            request = Recall(_preset(first, address, presets), fade_s)
        case "step":
            request = Jump(_named(first, address))
        case "lens/use":
            request = UseLens(_named(first, address))
        case "save":
            request = Save(_name(first, address))
        case _:  # pragma: no cover - the table and this function are tested against each other
            raise UsageError(f"{address.path} does nothing")
    return request


def _preset(value: Arg, address: Address, presets: tuple[str, ...]) -> str:
    if isinstance(value, str):
        if value in presets:
            return value
        near = difflib.get_close_matches(value[:40], presets, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(presets) or 'none'}"
        raise UsageError(f"{address.path}: there is no preset {value[:40]!r}; {hint}")
    if not presets:
        raise UsageError(f"{address.path}: there are no presets")
    return presets[_whole(value, address, 1, len(presets)) - 1]


def _name(value: Arg, address: Address) -> str:
    name = value if isinstance(value, str) else f"slot-{_whole(value, address)}"
    if not PRESET_NAME.fullmatch(name):
        raise UsageError(
            f"{address.path} cannot take {name[:40]!r}: a name is 1 to 40 letters, digits, - and _"
        )
    return name


def _named(value: Arg, address: Address) -> str | int:
    if not isinstance(value, str):
        return _whole(value, address)
    if not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise UsageError(f"{address.path} cannot take {value[:40]!r}; allowed: a name or a number")
    return value


def _number(value: Arg, address: Address, low: float, high: float, what: str = "") -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and low <= float(value or 0) <= high:
        return float(value or 0)
    named = f"{address.path}{' ' + what if what else ''}"
    raise UsageError(f"{named} cannot be {_shown(value)}; allowed: {low:g} to {high:g}")


def _whole(value: Arg, address: Address, low: int = 1, high: int = 999, what: str = "") -> int:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if low <= number <= high and number == int(number):
        return int(number)
    said = f"{address.path}{' ' + what if what else ''} cannot be {_shown(value)}"
    raise UsageError(f"{said}; allowed: a whole number, {low} to {high}")


def _shown(value: Arg) -> str:
    return "left out" if value is None else repr(value)[:60]


def _is_released(args: tuple[Arg, ...]) -> bool:
    """Whether this is a button let go: a single 0, or False."""
    return len(args) == 1 and not isinstance(args[0], str) and args[0] is not None and not args[0]


def _is_short(address: Address) -> bool:
    return address.kind is Kind.COMMAND and address.spec is not None
