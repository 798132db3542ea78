"""What stands in a show's log: one record a line, each a JSON object that names its `event`.

The same models write and read. Times `t` are seconds of the show, from its first picture; times
in films are seconds into them. A field is never given another meaning: that takes a new `VERSION`.
"""

import hashlib
import json
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter

from livematch.control.commands import PICKS
from livematch.control.params import TABLE, Params
from livematch.sheet import readable
from livematch.values import AtEnd, Source

VERSION = 1
LONGEST_LINE = 65_536  # bytes; what is written stays far below
BEST = 3  # candidates that are noted of an observation
MOST_TEXT = 500
MOST_LENSES = 100

Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Number = Annotated[int, Field(ge=1, le=10**12)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Path = Annotated[str, Field(max_length=8192)]
Name = Annotated[str, Field(max_length=64)]
Fingerprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{3,127}$")]
Setting = StrictBool | Finite | Text
Settings = Annotated[dict[Name, Setting], Field(max_length=500)]
Side = Annotated[int, Field(ge=1, le=65_536)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class ArchiveFacts(_Strict):
    """Which archive was played, and which model it was made with."""

    path: Path
    id: Text
    model: Text
    model_sha256: Text
    rows: Count


class CameraFilm(_Strict):
    """The film that was the camera: where it lay, and its content."""

    path: Path
    fingerprint: Fingerprint


class LensFacts(_Strict):
    """A lens that there was: its name, its content, and what its card says of its rights.

    Logs of before these were noted have them empty.
    """

    name: Name
    sha256: Text
    licence: Text = ""
    attribution: Text = ""
    trained_on: Text = ""


class Setup(_Strict):
    """What cannot change while a show runs; `camera` is as it was asked for.

    Of the `lenses` the first painted where none was named.
    """

    size: tuple[Side, Side]
    fps: Annotated[float, Field(ge=1, le=1000, allow_inf_nan=False)]
    camera: Path
    film: CameraFilm | None = None
    sound: Path = "none"
    offline: bool = False
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    preset: Text = ""
    lenses: Annotated[tuple[LensFacts, ...], Field(max_length=MOST_LENSES)] = ()


class Head(_Strict):
    """The first line of every part. `start` are the parameters in force that are no defaults.

    `began` is by the wall clock, `table` says which table of parameters the defaults are from.
    """

    livematch_show: Literal[1] = 1
    event: Literal["head"] = "head"
    livematch: Text
    show: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    part: Number = 1
    t: Finite = 0.0
    began: Text
    archive: ArchiveFacts
    setup: Setup
    start: Settings
    table: Text


class _Event(_Strict):
    t: Finite


class Film(_Strict):
    """A film of the archive: its content, where it lay, its tags that credit it."""

    fingerprint: Fingerprint
    path: Path
    tags: Annotated[tuple[Text, ...], Field(max_length=100)] = ()


class Shot(_Strict):
    """What is played: a shot's span, the moment that was found, where it is entered, how alike."""

    film: Film
    shot: Count
    start_s: Finite
    end_s: Finite
    moment_s: Finite
    entry_s: Finite
    score: Finite
    parts: Annotated[dict[Name, Finite], Field(max_length=50)]


class CueGiven(_Event):
    """A cue as it was decided at `t`; number `n` is what later lines call it."""

    event: Literal["cue"] = "cue"
    n: Number
    source: Source
    cause: Text
    fade_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
    pace: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    at_end: AtEnd = AtEnd.LOOP
    frame: Annotated[int, Field(ge=-1, le=10**15)] = 0
    shot: Shot | None = None


class CueBegun(_Event):
    """A cue's first picture is on; `alone` when nothing else is: a cut."""

    event: Literal["begun"] = "begun"
    n: Number
    alone: bool


class CueAlone(_Event):
    """A cue's fade is over: nothing else is on any more."""

    event: Literal["alone"] = "alone"
    n: Number


class CueFailed(_Event):
    """A cue could not be performed."""

    event: Literal["failed"] = "failed"
    n: Number
    fault: Text


class ParamsChanged(_Event):
    """Parameters as hands, presets and programmes have set them: only those that changed."""

    event: Literal["params"] = "params"
    values: Settings


class HandsMoved(_Event):
    """What hands asked for at once: triggers, the number of a pick."""

    event: Literal["hands"] = "hands"
    fired: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    pick: Annotated[int, Field(ge=-1000, le=1000)] | None = None


class Recalled(_Event):
    """Which preset and which step of the cue list are on from here."""

    event: Literal["recalled"] = "recalled"
    preset: Text = ""
    step: Text = ""


class OnsetHeard(_Event):
    """An attack in the sound, at the time it sounded."""

    event: Literal["onset"] = "onset"
    strength: Finite


class BeatHeard(_Event):
    """The beat, told when its tempo or its source changes; no source: nobody gives one."""

    event: Literal["beat"] = "beat"
    bpm: Finite = 0.0
    beat: Finite = 0.0
    source: Text = ""


class Candidate(_Strict):
    """A moment that was found: the archive's number of its shot, its time, how alike it was."""

    shot: Count
    at_s: Finite
    score: Finite


class Seen(_Event):
    """The best candidates, told when other shots are the best, at most twice a second."""

    event: Literal["seen"] = "seen"
    best: Annotated[tuple[Candidate, ...], Field(max_length=BEST)]


class Offered(_Event):
    """What plays in the cells of the grid while that is on; empty when it is so no more.

    `shots` are the archive's numbers of them, in the order of the cells, and `new` those that had
    no cell before.
    """

    event: Literal["offered"] = "offered"
    shots: Annotated[tuple[Count, ...], Field(max_length=PICKS)]
    new: Annotated[tuple[Shot, ...], Field(max_length=PICKS)] = ()


class CameraCut(_Event):
    """The camera's own picture has cut; `cuts` of them so far."""

    event: Literal["camera-cut"] = "camera-cut"
    cuts: Count


class CameraPlaced(_Event):
    """The film before the camera began at `start_s` of the show: later when it has slipped."""

    event: Literal["camera"] = "camera"
    start_s: Finite


class VeilMoved(_Event):
    """So much of the painting lies over the program; told a few times a second while it moves."""

    event: Literal["veil"] = "veil"
    share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Warned(_Event):
    """What the performer was warned of, told when it changes; empty: of nothing any more."""

    event: Literal["warnings"] = "warnings"
    warnings: Annotated[tuple[Text, ...], Field(max_length=50)]


class Alive(_Event):
    """The show still went on; told now and then, so that a log that is cut short has an end."""

    event: Literal["alive"] = "alive"
    pictures: Count


class Gap(_Event):
    """So many records were lost here: the disk was too slow for them."""

    event: Literal["gap"] = "gap"
    lost: Count


class End(_Event):
    """The last line of a show that came to its end, with what was counted."""

    event: Literal["end"] = "end"
    pictures: Count
    cues: Count
    counters: Annotated[dict[Text, Count], Field(max_length=500)]


Event = (
    CueGiven
    | CueBegun
    | CueAlone
    | CueFailed
    | ParamsChanged
    | HandsMoved
    | Recalled
    | OnsetHeard
    | BeatHeard
    | Seen
    | Offered
    | CameraCut
    | CameraPlaced
    | VeilMoved
    | Warned
    | Alive
    | Gap
    | End
)
Record = Head | Event

RECORDS: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="event")])


def line_of(record: Record) -> bytes:
    """Return a record as its line; what is as usual is left out."""
    whole = isinstance(record, Head)
    dumped = record.model_dump(mode="json", exclude_defaults=not whole)
    if not whole:
        dumped = {"t": record.t, "event": record.event, **dumped}
    return json.dumps(dumped, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def told(text: str) -> str:
    """Return a text as a record can hold it: of bounded length, and proper Unicode."""
    return readable(text)[:MOST_TEXT]


def differing(params: Params, other: Params) -> dict[str, Setting]:
    """Return the parameters that are not as in `other`, by name."""
    return {
        name: setting_of(params, name)
        for name in TABLE
        if getattr(params, name) != getattr(other, name)
    }


def setting_of(params: Params, name: str) -> Setting:
    """Return the value of a parameter as a record can hold it."""
    value: Any = getattr(params, name)
    plain: Setting = value.value if isinstance(value, Enum) else value
    return plain


def table_version() -> str:
    """Return what tells this table of parameters, with its defaults, from others."""
    rows = {name: [row.kind, row.default] for name, row in TABLE.items()}
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]
