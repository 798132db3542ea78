"""Whose paintings were shown: which lens painted what could be seen, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from livematch.showlog.records import LensFacts, Setting

Painted = tuple[LensFacts, float]
"""A lens, and for how many seconds of a show what it painted could be seen."""


@dataclass(frozen=True, slots=True)
class LensCredit:
    """A lens whose paintings were shown; what it was trained on is why somebody is to be named.

    `licence`, `attribution` and `trained_on` are as its card had them; empty where a log says
    nothing of it.
    """

    name: str
    sha256: str
    licence: str
    attribution: str
    trained_on: str
    total_s: float


class PaintedTimes:
    """Adds up for how long each lens of one show was seen to paint; without lenses nothing."""

    def __init__(self, lenses: Sequence[LensFacts]) -> None:
        self._known: dict[Setting, LensFacts] = {facts.name: facts for facts in lenses}
        self._present = lenses[0] if lenses else None
        if self._present is not None:
            self._known[""] = self._present
        self._seen_s: dict[LensFacts, float] = {}

    def add(self, wanted: Setting, seconds: float) -> None:
        """Count time in which a painting was seen, while the lens `wanted` was asked for."""
        # as in the show: where that lens is not there, the one before goes on
        self._present = self._known.get(wanted, self._present)
        if self._present is not None:
            self._seen_s[self._present] = self._seen_s.get(self._present, 0.0) + seconds

    def painted(self) -> tuple[Painted, ...]:
        """Return the lenses that were seen to paint."""
        return tuple(self._seen_s.items())


def lens_credits(painted: Iterable[Painted]) -> tuple[LensCredit, ...]:
    """Sum up shows, longest first; of one lens, the newest facts that say whose it is."""
    facts: dict[tuple[str, str], LensFacts] = {}
    seconds: dict[tuple[str, str], float] = {}
    for lens, seen_s in painted:
        key = lens.name, lens.sha256
        if key not in facts or lens.licence or lens.attribution:
            facts[key] = lens
        seconds[key] = seconds.get(key, 0.0) + seen_s
    found = (_credit(lens, seconds[key]) for key, lens in facts.items())
    return tuple(sorted(found, key=lambda credit: (-credit.total_s, credit.name)))


def _credit(lens: LensFacts, total_s: float) -> LensCredit:
    return LensCredit(
        lens.name, lens.sha256, lens.licence, lens.attribution, lens.trained_on, total_s
    )
