"""Why a change may happen: one small pure function a reason, asked in order.

A new way to change the picture is a new function in `REASONS`, never a branch in the director.
"""

from collections.abc import Callable
from dataclasses import dataclass

from livematch.control.commands import Trigger
from livematch.control.params import Fallback
from livematch.control.state import Hands
from livematch.values import Match, Source


@dataclass(frozen=True, slots=True)
class Situation:
    """All a reason may look at. `held_s` is how long the present picture has been on.

    `current` is how like the present shot still is to the newest observation; None while no film
    is on. `best` is the best other shot that has rested, `answer` the same if it lies inside the
    radius; `spare` is the other shot that has rested longest, for when none has rested enough.
    `has_cut` says that the camera's own picture has cut since the observation before; `picked` is
    the candidate whose number was just picked.
    """

    held_s: float
    showing: Source | None
    current: float | None
    best: Match | None
    answer: Match | None
    spare: Match | None
    is_new_observation: bool
    has_cut: bool
    picked: Match | None
    hands: Hands

    @property
    def is_ripe(self) -> bool:
        """Whether the minimum hold is over."""
        return self.held_s >= self.hands.params.min_hold


@dataclass(frozen=True, slots=True)
class Change:
    """What a reason asks for: this match, because of that."""

    match: Match
    cause: str


ANOTHER = frozenset({Trigger.NEXT, Trigger.CUT, Trigger.VETO})


def pick(at: Situation) -> Change | None:
    """Somebody picked one of the candidates by its number."""
    return Change(at.picked, f"pick {at.hands.pick}") if at.picked else None


def manual(at: Situation) -> Change | None:
    """Somebody asked for another shot: the best there is, alike or not, now."""
    match = at.best or at.spare
    return Change(match, "next") if at.hands.fired & ANOTHER and match else None


def opening(at: Situation) -> Change | None:
    """Nothing is on yet; with nothing to hold, the best there is will do."""
    match = at.best if at.hands.params.fallback is Fallback.HOLD else at.answer
    return Change(match, "opening") if at.showing is None and match else None


def arrival(at: Situation) -> Change | None:
    """A fallback is on and something in the archive is alike again."""
    is_waiting = at.showing in {Source.CAMERA, Source.BLACK}
    return Change(at.answer, "arrival") if is_waiting and at.is_ripe and at.answer else None


def input_cut(at: Situation) -> Change | None:
    """The camera's own picture has cut, and cuts are to be answered: no hold stands against it."""
    is_wanted = at.hands.params.follow_cuts and at.has_cut
    match = at.answer or at.spare
    return Change(match, "input cut") if is_wanted and match else None


def follow(at: Situation) -> Change | None:
    """Another shot is better by more than the stickiness."""
    if not (at.is_new_observation and at.is_ripe and at.answer) or at.current is None:
        return None
    is_better = at.answer.score > at.current + at.hands.params.stickiness
    return Change(at.answer, "follow") if is_better else None


def long_stay(at: Situation) -> Change | None:
    """The shot has been on for as long as it may; an archive smaller than its rests still plays."""
    is_overdue = at.is_ripe and at.held_s >= at.hands.params.max_hold
    on_film = at.showing is Source.ARCHIVE
    match = at.answer or at.spare
    return Change(match, "max hold") if is_overdue and on_film and match else None


Reason = Callable[[Situation], Change | None]

ASKED: tuple[Reason, ...] = (pick, manual)
"""Those of the hands: they obey no hold."""
REASONS: tuple[Reason, ...] = (opening, input_cut, arrival, follow, long_stay)
"""In order of precedence; those of the hands are asked before them."""
