"""THE table: everything a performer can set, once.

`Params` is both the table and the snapshot: each field is declared with its range, unit, step and
help, and an instance is the immutable state of one tick. Keys, presets, OSC, help texts and
layouts are all derived from the fields; nothing lists parameters a second time.
"""

import dataclasses
import difflib
import operator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from livematch.control.spec import LONGEST_TEXT, Spec, Value, choice, number, one_of, switch, text
from livematch.errors import UsageError

__all__ = ["LONGEST_TEXT", "TABLE", "Params", "Spec", "Value", "changed", "spec", "weights"]


class Layout(StrEnum):
    """How program, camera and painting share the screen."""

    PROGRAM = "program"
    SIDE_BY_SIDE = "side-by-side"
    CAMERA = "camera"
    GRID = "grid"
    STACKED = "stacked"
    INSET = "picture-in-picture"
    LENS = "lens"
    TRIPTYCH = "triptych"


class Fit(StrEnum):
    """How a picture of another shape fills its place: whole with bars, or cropped without.

    MATCH crops the program to the camera's shape, so that the two are alike side by side.
    """

    FIT = "fit"
    FILL = "fill"
    MATCH = "match"


class Fallback(StrEnum):
    """What is shown while nothing in the archive is like the camera."""

    HOLD = "hold"
    CAMERA = "camera"
    BLACK = "black"
    LENS = "lens"


class Grid(StrEnum):
    """The times at which something may happen: any, or where the beat has its lines."""

    NOW = "now"
    BEAT = "beat"
    BAR = "bar"
    TWO_BARS = "2-bars"
    FOUR_BARS = "4-bars"


class Every(StrEnum):
    """How often the beat itself changes the picture."""

    NEVER = "never"
    BEAT = "beat"
    BAR = "bar"
    TWO_BARS = "2-bars"
    FOUR_BARS = "4-bars"


class BeatFrom(StrEnum):
    """Whose beat counts; `auto` takes the surest that is there, in the order of this list."""

    AUTO = "auto"
    LINK = "link"
    ABLETON = "ableton"
    CLOCK = "midi-clock"
    TAP = "tap"
    ONSETS = "onsets"


class ModSource(StrEnum):
    """What in the sound can move a parameter; `beat` falls from 1 to 0 within each beat."""

    OFF = "off"
    LEVEL = "level"
    BASS = "bass"
    MID = "mid"
    TREBLE = "treble"
    BEAT = "beat"


@dataclass(frozen=True, slots=True)
class Played:
    """The parameters that are played directly; the others move these."""

    semantic: float = number("match", 1.0, 0, 1, 0.05, "weight of what is in the picture")
    layout: float = number("match", 0.3, 0, 1, 0.05, "weight of where things are in the picture")
    colour: float = number("match", 0.25, 0, 1, 0.05, "weight of tone and palette")
    motion: float = number("match", 0.15, 0, 1, 0.05, "weight of how things and camera move")
    # nothing unasked: looking for faces takes 4 ms of each frame, and most archives have few
    face: float = number("match", 0.0, 0, 1, 0.05, "weight of how many faces, how large, where")
    momentum: float = number(
        "match", 1.0, 0, 1, 0.05, "how much movement counts where a shot is entered"
    )
    stickiness: float = number(
        "match", 0.03, 0, 0.5, 0.01, "how much better another shot must be to follow it"
    )
    radius: float = number(
        "match", 0.0, 0, 1, 0.02, "likeness below which the fallback is shown instead"
    )
    fallback: Fallback = choice("match", Fallback.HOLD, "what is shown when nothing is alike")
    tag: str = text(
        "match", "", "offer only shots with one of these tags; sea,-night: sea and not night"
    )
    blank: bool = switch("match", False, "offer black, white and title-only shots too")
    min_hold: float = number("time", 1.0, 0, 30, 0.25, "shortest stay in a shot", "s")
    max_hold: float = number("time", 12.0, 0.5, 600, 0.5, "longest stay in a shot", "s")
    follow: bool = switch("time", True, "change when another shot is more alike")
    reveal: bool = switch("time", False, "match while the camera moves, play on while it rests")
    stillness: float = number(
        "time", 0.02, 0, 0.5, 0.005, "movement of the camera's picture below which it rests"
    )
    follow_onsets: bool = switch("time", False, "change on the attacks in the sound")
    follow_beat: Every = choice("time", Every.NEVER, "change on the beat")
    quantise: Grid = choice("time", Grid.NOW, "when a change that was decided may happen")
    follow_cuts: bool = switch("time", False, "change whenever the camera's own picture cuts")
    shot_cooldown: float = number(
        "time", 20.0, 0, 600, 1, "how long a shot that was shown is not shown again", "s"
    )
    film_cooldown: float = number(
        "time", 0.0, 0, 600, 1, "how long a film that was shown is not shown again", "s"
    )
    fade: float = number("look", 0.5, 0, 20, 0.1, "length of a crossfade; 0 cuts", "s")
    screen: Layout = choice(
        "look", Layout.PROGRAM, "how program, camera and painting share the screen"
    )
    fit: Fit = choice("look", Fit.FIT, "whole with bars, cropped to fill, or as the camera is")
    mirror: bool = switch("look", True, "show camera and painting mirrored")
    label: bool = switch("look", False, "write title and time code at each picture")
    hud: bool = switch("look", False, "show the figures over the picture")
    preview: bool = switch("look", False, "show the nine best candidates on the operator's side")
    lens: str = text("lens", "", "the lens that paints; none named: the first there is")
    lens_mix: float = number(
        "lens", 0.0, 0, 1, 0.05, "how much of the painting lies over the program"
    )
    lens_yields: float = number(
        "lens", 0.0, 0, 1, 0.05, "how far the painting gives way to a match that is alike"
    )
    lens_blur: float = number(
        "lens", 1.0, 0.1, 3, 0.1, "how coarsely it sees the camera: times what it was trained with"
    )
    lens_levels: float = number(
        "lens", 1.0, 0, 1, 0.05, "how far the camera's light is spread from black to white for it"
    )
    lens_contrast: float = number(
        "lens", 1.0, 0.25, 3, 0.05, "contrast of what it is shown of the camera"
    )
    lens_blend: float = number(
        "lens", 0.6, 0, 0.95, 0.05, "share of the painting before in each new one, against flicker"
    )
    lens_freeze: bool = switch("lens", False, "paint no more: the last painting stays")
    gain: float = number("sound", 0.0, -40, 40, 1, "gain of what the ears hear", "dB")
    onset_threshold: float = number(
        "sound", 1.0, 0.1, 4, 0.1, "how much an attack must stand out; higher hears fewer"
    )
    onset_gap: float = number("sound", 0.08, 0.03, 2, 0.01, "least time between two attacks", "s")
    beat_from: BeatFrom = choice("sound", BeatFrom.AUTO, "whose beat counts")
    beats_per_bar: float = number("sound", 4.0, 1, 16, 1, "beats in a bar")
    beat_shift: float = number(
        "sound", 0.0, -200, 200, 1, "how much sooner the picture lands on the beat", "ms"
    )
    hold: bool = switch("play", False, "stay in the present shot")
    freeze: bool = switch("play", False, "stop the picture")
    blackout: bool = switch("play", False, "show black")


NUMBERS: tuple[str, ...] = tuple(
    row.name for row in dataclasses.fields(Played) if "step" in row.metadata
)
"""The parameters that are numbers: what sound can move."""

MODULATIONS = 4  # how many parameters the sound can move at once


def _mod_source(which: str) -> Any:
    return choice("mod", ModSource.OFF, f"what in the sound moves the {which} target")


def _mod_target(which: str) -> Any:
    return one_of("mod", "fade", NUMBERS, f"the parameter that is moved by the {which} source")


def _mod_depth(which: str) -> Any:
    return number("mod", 0.5, -1, 1, 0.05, f"how far, of its range, the {which} target is moved")


def _mod_attack(which: str) -> Any:
    return number("mod", 0.02, 0, 5, 0.02, f"how slowly the {which} target rises", "s")


def _mod_release(which: str) -> Any:
    return number("mod", 0.3, 0, 10, 0.1, f"how slowly the {which} target falls back", "s")


@dataclass(frozen=True, slots=True)
class Params(Played):
    """The state of every parameter in one tick; replaced whole, never changed."""

    mod1_source: ModSource = _mod_source("first")
    mod1_target: str = _mod_target("first")
    mod1_depth: float = _mod_depth("first")
    mod1_attack: float = _mod_attack("first")
    mod1_release: float = _mod_release("first")
    mod2_source: ModSource = _mod_source("second")
    mod2_target: str = _mod_target("second")
    mod2_depth: float = _mod_depth("second")
    mod2_attack: float = _mod_attack("second")
    mod2_release: float = _mod_release("second")
    mod3_source: ModSource = _mod_source("third")
    mod3_target: str = _mod_target("third")
    mod3_depth: float = _mod_depth("third")
    mod3_attack: float = _mod_attack("third")
    mod3_release: float = _mod_release("third")
    mod4_source: ModSource = _mod_source("fourth")
    mod4_target: str = _mod_target("fourth")
    mod4_depth: float = _mod_depth("fourth")
    mod4_attack: float = _mod_attack("fourth")
    mod4_release: float = _mod_release("fourth")


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
    values = list(_VALUES(params))  # a third of what dataclasses.replace takes, for 60 fields
    values[_PLACES[name]] = value
    return Params(*values)


_VALUES = operator.attrgetter(*TABLE)
_PLACES = {name: place for place, name in enumerate(TABLE)}


def weights(params: Params) -> dict[str, float]:
    """Return how much each descriptor part counts, by part name."""
    return {name: float(getattr(params, name)) for name in WEIGHTS}
