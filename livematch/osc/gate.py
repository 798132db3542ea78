"""The least time between two pulls of the same trigger: a button that bounces is pressed once."""

from collections.abc import Hashable

from livematch.control.commands import (
    Command,
    Fire,
    Jump,
    Pick,
    Recall,
    Save,
    Tap,
    Trigger,
    UseLens,
)

GAP_S = 0.2
TAP_GAP_S = 0.1  # 600 taps a minute
TWICE_WITHIN_S = 2.0
MOST_REMEMBERED = 256


class Gate:
    """Lets each trigger through once within a moment; everything else always. One thread.

    What ends the show must be asked twice, as on the keyboard.
    """

    def __init__(self) -> None:
        self._last_s: dict[Hashable, float] = {}

    def passes(self, command: Command, now: float) -> str:
        """Return an empty text when the command may pass, else why not."""
        match command:
            case Tap():
                key: Hashable = Tap
                gap_s = TAP_GAP_S
            case Fire() | Pick() | Recall() | Jump() | Save() | UseLens():
                key, gap_s = command, GAP_S
            case _:
                return ""
        before_s = self._last_s.get(key)
        if before_s is not None and now - before_s < gap_s:
            return f"again within {gap_s:g} s"
        if len(self._last_s) >= MOST_REMEMBERED:
            self._last_s.clear()
        self._last_s[key] = now
        if command == Fire(Trigger.QUIT) and (before_s is None or now - before_s > TWICE_WITHIN_S):
            return f"ends the show when sent again within {TWICE_WITHIN_S:g} s"
        return ""
