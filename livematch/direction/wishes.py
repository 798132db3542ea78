"""What was asked for and has not been answered yet. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from livematch.control.commands import Trigger
from livematch.control.state import Hands
from livematch.values import Match


@dataclass(frozen=True, slots=True)
class Picked:
    """A candidate that was picked: its number on offer, and as it was seen then."""

    number: int
    match: Match


@dataclass(frozen=True, slots=True)
class Wishes:
    """What hands and music ask for: kept until a change may happen.

    `onset` is the strength of the strongest attack, 0 for none.
    """

    is_next: bool = False
    picked: Picked | None = None
    onset: float = 0.0

    def heard(self, hands: Hands, offered: Sequence[Match]) -> "Wishes":
        """Return these wishes with those of one more tick; the newest pick counts."""
        number, picked = hands.pick, self.picked
        if number is not None and 1 <= number <= len(offered):
            picked = Picked(number, offered[number - 1])
        strongest = max((onset.strength for onset in hands.sound.onsets), default=0.0)
        return Wishes(
            self.is_next or Trigger.NEXT in hands.fired, picked, max(self.onset, strongest)
        )


NOTHING = Wishes()
