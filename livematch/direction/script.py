"""A director's twin that follows a script: what comes in, and when, was decided before."""

import logging
from collections import deque
from collections.abc import Iterable

from livematch.control.state import Hands
from livematch.values import Cue, Match, Observation

log = logging.getLogger(__name__)


class ScriptedDirector:
    """Gives each cue of a script in the first tick at or after its `decided_s`. One thread.

    `cues` are in the order of their times. One change a call: where several are due, the newest is
    given, as the decks would show no other. `failed` are those that could not be performed.
    """

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._coming = deque(cues)
        self.failed: list[Cue] = []

    @property
    def offered(self) -> tuple[Match, ...]:
        """Nothing: there is nobody to pick."""
        return ()

    def update(
        self,
        now: float,
        observation: Observation | None,  # noqa: ARG002 - whatever is seen, the script counts
        hands: Hands,  # noqa: ARG002
        lead_s: float = 0.0,  # noqa: ARG002
    ) -> Cue | None:
        """Return the cue that has become due, if any."""
        due = None
        while self._coming and self._coming[0].decided_s <= now + SAME_S:
            due = self._coming.popleft()
        return due

    def withdraw(self, cue: Cue) -> None:
        """Learn that a cue could not be performed."""
        self.failed.append(cue)

    def drop(self, match: Match) -> None:
        """Nothing is offered, so nothing can be dropped."""


SAME_S = 1e-6  # sums of times differ by less, and no two pictures do
