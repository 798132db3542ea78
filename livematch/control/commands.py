"""What a hand can ask for: frozen commands, whichever hand it was."""

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """Things that happen once when asked for."""

    NEXT = "next"
    CUT = "cut"
    VETO = "veto"
    GO = "go"
    BACK = "back"
    NEXT_LENS = "next_lens"
    FULLSCREEN = "fullscreen"
    PANIC = "panic"
    QUIT = "quit"


TRIGGER_HELP = {
    Trigger.NEXT: "bring in the best other shot now",
    Trigger.CUT: "bring in the best other shot without a fade",
    Trigger.VETO: "leave the present shot, and do not offer it again tonight",
    Trigger.GO: "perform the next step of the cue list",
    Trigger.BACK: "go back to the step before in the cue list",
    Trigger.NEXT_LENS: "paint with the next lens; after the last comes the first",
    Trigger.FULLSCREEN: "window or whole screen",
    Trigger.PANIC: "every parameter back to where the show started, and nothing goes on by itself",
    Trigger.QUIT: "end the show",
}

PICKS = 9  # candidates that can be picked by number


@dataclass(frozen=True, slots=True)
class Set:
    """Set a parameter to a value."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Position:
    """Set a parameter to a place in its range, 0 to 1: faders and MIDI controllers."""

    name: str
    position: float


@dataclass(frozen=True, slots=True)
class Nudge:
    """Move a parameter by some of its steps: a switch flips, a choice goes round."""

    name: str
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Fire:
    """Pull a trigger."""

    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Pick:
    """Bring in one of the candidates on offer, the best that are not on: 1 to `PICKS`."""

    number: int


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap of the tempo, at a time of the show's clock."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Recall:
    """Go to a preset, by its name or its number from 1, within `fade_s` seconds.

    None takes the preset's own time.
    """

    preset: str | int
    fade_s: float | None = None


@dataclass(frozen=True, slots=True)
class Save:
    """Keep every parameter as it stands as a preset of the performer's own."""

    preset: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Perform a step of the cue list: by its name, or its number from 1."""

    step: str | int


@dataclass(frozen=True, slots=True)
class UseLens:
    """Paint with a lens: by its name, or its number from 1."""

    lens: str | int


@dataclass(frozen=True, slots=True)
class Beat:
    """What another instrument says of the beat: see `values.Pulse`, whose fields these are.

    `is_playing` is False when the other has stopped: its beat no longer counts.
    """

    source: str
    bpm: float
    beat: float
    at_s: float
    is_playing: bool = True


Command = Set | Position | Nudge | Fire | Pick | Tap | Recall | Save | Jump | UseLens | Beat
