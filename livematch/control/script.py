"""The parameters of a show that is known beforehand."""

from collections import deque
from collections.abc import Iterable

from livematch.control.commands import Command
from livematch.control.params import Params
from livematch.control.state import Hands
from livematch.values import SAME_S, SILENCE, Sound


class ScriptedControl:
    """`Control`'s twin without hands: parameters that change at times written down. One thread.

    `changes` are (seconds, the parameters from then on), in the order of their times.
    """

    def __init__(self, start: Params, changes: Iterable[tuple[float, Params]] = ()) -> None:
        self._params = start
        self._coming = deque(changes)

    @property
    def params(self) -> Params:
        """The parameters as they are now."""
        return self._params

    def submit(self, command: Command) -> None:
        """Nothing: no hand moves what is written down."""

    def update(self, now: float, sound: Sound = SILENCE) -> Hands:
        """Return the parameters that count at `now`."""
        while self._coming and self._coming[0][0] <= now + SAME_S:
            self._params = self._coming.popleft()[1]
        return Hands(self._params, sound=sound)
