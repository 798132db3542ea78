"""What a hand can ask for: frozen commands, whichever hand it was."""

from dataclasses import dataclass
from enum import StrEnum


class Trigger(StrEnum):
    """Things that happen once when asked for."""

    NEXT = "next"
    FULLSCREEN = "fullscreen"
    PANIC = "panic"
    QUIT = "quit"


TRIGGER_HELP = {
    Trigger.NEXT: "bring in the best other shot now",
    Trigger.FULLSCREEN: "window or whole screen",
    Trigger.PANIC: "every parameter back to where the show started",
    Trigger.QUIT: "end the show",
}


@dataclass(frozen=True, slots=True)
class Set:
    """Set a parameter to a value."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Nudge:
    """Move a parameter by some of its steps: a switch flips, a choice goes round."""

    name: str
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Fire:
    """Pull a trigger."""

    trigger: Trigger


Command = Set | Nudge | Fire
