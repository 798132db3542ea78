"""One row of the parameter table: what a parameter accepts, and how rows are declared."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from livematch.errors import UsageError

Value = float | bool | str

LONGEST_TEXT = 80  # characters: what fits a line of the screen, and any hand's message


@dataclass(frozen=True, slots=True)
class Spec:
    """One row of the table: what a parameter accepts and what it is for."""

    name: str
    group: str
    default: Value
    help: str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.0
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`number`, `switch`, `choice` or `text`."""
        if self.choices:
            return "choice"
        if isinstance(self.default, str):
            return "text"
        return "switch" if isinstance(self.default, bool) else "number"

    @property
    def address(self) -> str:
        """The path under which the parameter is addressed: `/livematch/<group>/<name>`."""
        return f"/livematch/{self.group}/{self.name}"

    @property
    def allowed(self) -> str:
        """The range in words, for messages and help."""
        if self.choices:
            return " | ".join(self.choices)
        if self.kind == "text":
            return f"text of up to {LONGEST_TEXT} characters, in one line"
        if isinstance(self.default, bool):
            return "on | off"
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.low:g} to {self.high:g}{unit}"

    def parse(self, raw: object) -> Value:
        """Return `raw` as this parameter's value; UsageError names the allowed range."""
        try:
            value = self._parse(raw)
        except (TypeError, ValueError, OverflowError):  # the last: an integer no float can hold
            value = None
        if value is None:
            raise UsageError(f"{self.name} cannot be {raw!r}; allowed: {self.allowed}")
        return value

    def _parse(self, raw: object) -> Value | None:
        if self.choices:
            return raw if isinstance(raw, str) and raw in self.choices else None
        if self.kind == "text":
            if not isinstance(raw, str) or len(raw) > LONGEST_TEXT:
                return None
            return raw if raw.isprintable() else None  # no control characters
        if isinstance(self.default, bool):
            return _as_switch(raw)
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            return None
        number = float(raw)
        return number if math.isfinite(number) and self.low <= number <= self.high else None

    def at(self, position: float) -> Value:
        """Return the value at a place in the range, 0 to 1; a text has none and UsageError says so.

        Choices share the range evenly, a switch is on from the middle upward.
        """
        if self.kind == "text" or not 0.0 <= position <= 1.0:
            raise UsageError(f"{self.name} has no place {position!r}; places are 0 to 1")
        if self.choices:
            return self.choices[min(len(self.choices) - 1, int(position * len(self.choices)))]
        if isinstance(self.default, bool):
            return position >= 0.5
        return self.low + position * (self.high - self.low)

    def position_of(self, value: Value) -> float:
        """Return where in the range a value lies, 0 to 1; a text lies at 0."""
        if self.kind == "text":
            return 0.0
        if self.choices:
            return self.choices.index(str(value)) / max(1, len(self.choices) - 1)
        if isinstance(self.default, bool):
            return float(value)
        return (float(value) - self.low) / (self.high - self.low)

    def nudge(self, value: Value, steps: int) -> Value:
        """Return the value `steps` steps further: clamped, and round the circle for choices.

        A text has no steps and stays as it is.
        """
        if self.choices:
            return self.choices[(self.choices.index(str(value)) + steps) % len(self.choices)]
        if self.kind == "text":
            return value
        if isinstance(self.default, bool):
            return bool(value) ^ bool(steps % 2)
        return min(self.high, max(self.low, round(float(value) + steps * self.step, 6)))


def _as_switch(raw: object) -> bool | None:
    if isinstance(raw, str):
        return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}.get(
            raw.lower()
        )
    return bool(raw) if isinstance(raw, bool | int | float) and raw in (0, 1) else None


def number(  # one row of the table reads on one or two lines
    group: str,
    default: float,
    low: float,
    high: float,
    step: float,
    help: str,
    unit: str = "",
) -> Any:
    """Declare a parameter that is a number, `low` to `high`; `step` is one nudge."""
    row = {"group": group, "low": low, "high": high, "step": step, "help": help, "unit": unit}
    return field(default=default, metadata=row)


def switch(group: str, default: bool, help: str) -> Any:
    """Declare a parameter that is on or off."""
    return field(default=default, metadata={"group": group, "help": help})


def text(group: str, default: str, help: str) -> Any:
    """Declare a parameter that is a line of text."""
    return field(default=default, metadata={"group": group, "help": help})


def choice(group: str, default: StrEnum, help: str) -> Any:
    """Declare a parameter that takes one of the words of an enumeration."""
    choices = tuple(member.value for member in type(default))
    return field(default=default, metadata={"group": group, "help": help, "choices": choices})


def one_of(group: str, default: str, choices: tuple[str, ...], help: str) -> Any:
    """Declare a parameter that takes one of some texts."""
    return field(default=default, metadata={"group": group, "help": help, "choices": choices})
