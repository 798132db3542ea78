"""THE table: everything a performer can set, once.

`Params` is both the table and the snapshot: each field is declared with its range, unit, step and
help, and an instance is the immutable state of one tick. Keys, presets, OSC, help texts and
layouts are all derived from the fields; nothing lists parameters a second time.
"""

import dataclasses
import difflib
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from livematch.errors import UsageError

Value = float | bool | str

LONGEST_TEXT = 80  # characters: what fits a line of the screen, and any hand's message


class Layout(StrEnum):
    """How program and camera share the screen."""

    PROGRAM = "program"
    SIDE_BY_SIDE = "side-by-side"
    CAMERA = "camera"


class Fit(StrEnum):
    """How a picture of another shape fills its place: whole with bars, or cropped without."""

    FIT = "fit"
    FILL = "fill"


class Fallback(StrEnum):
    """What is shown while nothing in the archive is like the camera."""

    HOLD = "hold"
    CAMERA = "camera"
    BLACK = "black"


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


def _number(  # one row of the table reads on one or two lines
    group: str,
    default: float,
    low: float,
    high: float,
    step: float,
    help: str,
    unit: str = "",
) -> Any:
    row = {"group": group, "low": low, "high": high, "step": step, "help": help, "unit": unit}
    return field(default=default, metadata=row)


def _switch(group: str, default: bool, help: str) -> Any:
    return field(default=default, metadata={"group": group, "help": help})


def _text(group: str, default: str, help: str) -> Any:
    return field(default=default, metadata={"group": group, "help": help})


def _choice(group: str, default: StrEnum, help: str) -> Any:
    choices = tuple(member.value for member in type(default))
    return field(default=default, metadata={"group": group, "help": help, "choices": choices})


@dataclass(frozen=True, slots=True)
class Params:
    """The state of every parameter in one tick; replaced whole, never changed."""

    semantic: float = _number("match", 1.0, 0, 1, 0.05, "weight of what is in the picture")
    layout: float = _number("match", 0.3, 0, 1, 0.05, "weight of where things are in the picture")
    colour: float = _number("match", 0.25, 0, 1, 0.05, "weight of tone and palette")
    motion: float = _number("match", 0.15, 0, 1, 0.05, "weight of how things and camera move")
    face: float = _number("match", 0.2, 0, 1, 0.05, "weight of how many faces, how large, where")
    momentum: float = _number(
        "match", 1.0, 0, 1, 0.05, "how much movement counts where a shot is entered"
    )
    stickiness: float = _number(
        "match", 0.03, 0, 0.5, 0.01, "how much better another shot must be to follow it"
    )
    radius: float = _number(
        "match", 0.0, 0, 1, 0.02, "likeness below which the fallback is shown instead"
    )
    fallback: Fallback = _choice("match", Fallback.HOLD, "what is shown when nothing is alike")
    tag: str = _text(
        "match", "", "offer only shots with one of these tags; sea,-night: sea and not night"
    )
    blank: bool = _switch("match", False, "offer black, white and title-only shots too")
    min_hold: float = _number("time", 1.0, 0, 30, 0.25, "shortest stay in a shot", "s")
    max_hold: float = _number("time", 12.0, 0.5, 600, 0.5, "longest stay in a shot", "s")
    follow_cuts: bool = _switch("time", False, "change whenever the camera's own picture cuts")
    shot_cooldown: float = _number(
        "time", 20.0, 0, 600, 1, "how long a shot that was shown is not shown again", "s"
    )
    film_cooldown: float = _number(
        "time", 0.0, 0, 600, 1, "how long a film that was shown is not shown again", "s"
    )
    fade: float = _number("look", 0.5, 0, 20, 0.1, "length of a crossfade; 0 cuts", "s")
    screen: Layout = _choice("look", Layout.PROGRAM, "how program and camera share the screen")
    fit: Fit = _choice("look", Fit.FIT, "whole picture with bars, or cropped to fill")
    mirror: bool = _switch("look", True, "show the camera mirrored, as a mirror would")
    hud: bool = _switch("look", False, "show the figures over the picture")
    hold: bool = _switch("play", False, "stay in the present shot")
    freeze: bool = _switch("play", False, "stop the picture")
    blackout: bool = _switch("play", False, "show black")


def _specs() -> dict[str, Spec]:
    return {
        row.name: Spec(name=row.name, default=cast("Value", row.default), **row.metadata)
        for row in dataclasses.fields(Params)
    }


TABLE: dict[str, Spec] = _specs()
WEIGHTS: tuple[str, ...] = ("semantic", "layout", "colour", "motion", "face")
"""The parameters that weigh descriptor parts, named as the parts are."""


def spec(name: str) -> Spec:
    """Return one row of the table; UsageError names the nearest right name."""
    try:
        return TABLE[name]
    except KeyError:
        near = difflib.get_close_matches(name, TABLE, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(TABLE)}"
        raise UsageError(f"there is no parameter {name!r}{hint}") from None


def changed(params: Params, name: str, raw: object) -> Params:
    """Return a copy with one parameter set; UsageError for a wrong name or value."""
    row = spec(name)
    value: Any = row.parse(raw)
    if row.choices:
        value = type(row.default)(value)
    return dataclasses.replace(params, **{name: value})


def weights(params: Params) -> dict[str, float]:
    """Return how much each descriptor part counts, by part name."""
    return {name: float(getattr(params, name)) for name in WEIGHTS}
