"""The cut list: every shot of a trailer, and what of the archive may answer it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Short(StrEnum):
    """What is done when an archive shot is shorter than the trailer's."""

    SLOW = "slow"
    LOOP = "loop"
    HOLD = "hold"
    CONTINUE = "continue"


class Arrival(StrEnum):
    """How a trailer's shot comes in; BLACK is out of black, by a fade."""

    CUT = "cut"
    DISSOLVE = "dissolve"
    BLACK = "black"


@dataclass(frozen=True, slots=True)
class Answer:
    """One candidate of the archive: a film by path and content, a shot, and where it is entered."""

    film: str
    fingerprint: str
    shot: int
    start_s: float
    end_s: float
    entry_s: float
    score: float
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One shot of the trailer, and what may answer it, best first.

    `number` counts from 1; `first` and `end` are picture numbers from 0, `end` the next shot's
    first. `arrival_s` is how long the fade or dissolve lasts, centred on `start_s` for a dissolve.
    `chosen` counts `answers` from 1; 0 is black.
    """

    number: int
    first: int
    end: int
    start_s: float
    end_s: float
    arrival: Arrival
    arrival_s: float
    is_black: bool
    answers: tuple[Answer, ...]
    chosen: int
    short: tuple[Short, ...]


@dataclass(frozen=True, slots=True)
class CutList:
    """A whole trailer's questions, and what they were asked of."""

    version: int
    trailer: Path
    fingerprint: str
    width: int
    height: int
    fps: float
    pictures: int
    duration_s: float
    archive: Path
    archive_id: str
    model: str
    weights: dict[str, float]
    questions: tuple[Question, ...]
