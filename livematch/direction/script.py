"""A director's twin that follows a script: what comes in, and when, was decided before."""

import logging
from collections import deque
from collections.abc import Iterable

from livematch.control.state import Hands
from livematch.values import SAME_S, Cue, Match, Observation

log = logging.getLogger(__name__)


class ScriptedDirector:
    """Gives each cue of a script in the first tick at or after its `decided_s`. One thread.

    `cues` are in the order of their times. One change a call: where several are due, the newest is
    given, as the decks would show no other. `failed` are those that could not be performed.
    `offers` are (seconds, the candidates on offer from then on), in the order of their times.
    """

    def __init__(
        self, cues: Iterable[Cue], offers: Iterable[tuple[float, tuple[Match, ...]]] = ()
    ) -> None:
        self._coming = deque(cues)
        self._offers = deque(offers)
        self._offered: tuple[Match, ...] = ()
        self.failed: list[Cue] = []

    @property
    def offered(self) -> tuple[Match, ...]:
        """What is written down for now: there is nobody to pick."""
        return self._offered

    def update(
        self,
        now: float,
        observation: Observation | None,  # noqa: ARG002 - whatever is seen, the script counts
        hands: Hands,  # noqa: ARG002
        lead_s: float = 0.0,  # noqa: ARG002
    ) -> Cue | None:
        """Return the cue that has become due, if any."""
        while self._offers and self._offers[0][0] <= now + SAME_S:
            self._offered = self._offers.popleft()[1]
        due = None
        while self._coming and self._coming[0].decided_s <= now + SAME_S:
            due = self._coming.popleft()
        return due

    def withdraw(self, cue: Cue) -> None:
        """Learn that a cue could not be performed."""
        self.failed.append(cue)

    def drop(self, match: Match) -> None:
        """Nothing: what is offered is written down."""
