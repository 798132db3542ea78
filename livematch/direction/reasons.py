"""Why a change may happen: one small pure function a reason, asked in order.

A new way to change the picture is a new function in `REASONS`, never a branch in the director.
"""

from collections.abc import Callable
from dataclasses import dataclass

from livematch.control.params import Fallback, Params
from livematch.direction.wishes import Picked
from livematch.values import Match, Source

SLACK_S = 0.05  # a hold as long as a bar is over at the next bar, on whichever frames they fell


@dataclass(frozen=True, slots=True)
class Situation:
    """All a reason may look at. `held_s` is how long the present picture has been on.

    `current` is how like the present shot still is to the newest observation; None while no film
    is on. `best` is the best other shot that has rested, `answer` the same if it lies inside the
    radius; `spare` is the other shot that has rested longest, for when none has rested enough.
    `has_cut` says that the camera's own picture has cut since the observation before, `is_answered`
    that what is on was chosen by a picture of the shot that the camera has now, `is_moving` that
    what it sees does not rest. `is_cut` says that a hand cuts now, `is_vetoed` that the shot
    that is on may not stay, `is_next` that another is wanted; `onset` is how strong the sound's
    attack was, 0 without one; `is_line` and `is_on_beat` that a change now lands on a line of the
    beat, and that the beat itself asks for one.
    """

    held_s: float
    showing: Source | None
    current: float | None
    best: Match | None
    answer: Match | None
    spare: Match | None
    is_new_observation: bool
    has_cut: bool
    is_answered: bool
    is_moving: bool
    is_cut: bool
    is_vetoed: bool
    is_line: bool
    is_on_beat: bool
    picked: Picked | None
    is_next: bool
    onset: float
    params: Params

    @property
    def is_ripe(self) -> bool:
        """Whether the minimum hold is over."""
        slack_s = SLACK_S if self.is_line else 0.0
        return self.held_s + slack_s >= self.params.min_hold


@dataclass(frozen=True, slots=True)
class Change:
    """What a reason asks for: this match, because of that, and without a fade for a cut."""

    match: Match
    cause: str
    is_cut: bool = False


# What hands ask for: no hold stands against it


def veto(at: Situation) -> Change | None:
    """The shot that is on was banned, and goes as soon as there is another."""
    match = at.best or at.spare
    return Change(match, "veto") if at.is_vetoed and match else None


def cut(at: Situation) -> Change | None:
    """Somebody cuts: to the best there is, alike or not."""
    match = at.best or at.spare
    return Change(match, "cut", is_cut=True) if at.is_cut and match else None


def pick(at: Situation) -> Change | None:
    """Somebody picked one of the candidates by its number."""
    picked = at.picked
    return Change(picked.match, f"pick {picked.number}") if picked is not None else None


def another(at: Situation) -> Change | None:
    """Somebody asked for another shot: the best there is, alike or not."""
    match = at.best or at.spare
    return Change(match, "next") if at.is_next and match else None


# What the instrument chooses for itself


def opening(at: Situation) -> Change | None:
    """Nothing is on yet; with nothing to hold, the best there is will do."""
    match = at.best if at.params.fallback is Fallback.HOLD else at.answer
    return Change(match, "opening") if at.showing is None and match else None


def arrival(at: Situation) -> Change | None:
    """A fallback is on and something in the archive is alike again."""
    is_waiting = at.showing in {Source.CAMERA, Source.BLACK, Source.LENS}
    return Change(at.answer, "arrival") if is_waiting and at.is_ripe and at.answer else None


def input_cut(at: Situation) -> Change | None:
    """The camera's own picture has cut, and cuts are to be answered: no hold stands against it.

    A cut is known with its second picture; what followed the first has answered it, and a second
    answer would let it flash.
    """
    is_wanted = at.params.follow_cuts and at.has_cut and not at.is_answered
    match = at.answer or at.spare
    return Change(match, "input cut") if is_wanted and match else None


def onset(at: Situation) -> Change | None:
    """The sound has an attack."""
    is_wanted = at.params.follow_onsets and at.onset > 0 and at.is_ripe
    match = at.answer or at.spare
    return Change(match, "onset") if is_wanted and match else None


def beat(at: Situation) -> Change | None:
    """The beat is there, or the bar, as often as it is wanted."""
    match = at.answer or at.spare
    return Change(match, "beat") if at.is_on_beat and at.is_ripe and match else None


def follow(at: Situation) -> Change | None:
    """Another shot is better by more than the stickiness."""
    is_wanted = at.params.follow and not at.params.reveal and at.is_ripe
    return Change(at.answer, "follow") if is_wanted and at.answer and _is_better(at) else None


def reveal(at: Situation) -> Change | None:
    """They move, and are followed without a hold; while they rest, the shot plays on."""
    is_wanted = at.params.follow and at.params.reveal and at.is_moving
    return Change(at.answer, "reveal") if is_wanted and at.answer and _is_better(at) else None


def long_stay(at: Situation) -> Change | None:
    """The shot has been on for as long as it may; an archive smaller than its rests still plays."""
    is_overdue = at.is_ripe and at.held_s >= at.params.max_hold
    may_go = at.showing is Source.ARCHIVE and (at.is_moving or not at.params.reveal)
    match = at.answer or at.spare
    return Change(match, "max hold") if is_overdue and may_go and match else None


def _is_better(at: Situation) -> bool:
    """Whether the answer is new, and better than the shot that is on by more than stickiness."""
    if not (at.is_new_observation and at.answer) or at.current is None:
        return False
    return at.answer.score > at.current + at.params.stickiness


Reason = Callable[[Situation], Change | None]

AT_ONCE: tuple[Reason, ...] = (veto, cut)
"""Those that wait for nothing."""
ASKED: tuple[Reason, ...] = (*AT_ONCE, pick, another)
"""Those of the hands: asked on hold too."""
REASONS: tuple[Reason, ...] = (
    *ASKED,
    opening,
    input_cut,
    onset,
    beat,
    arrival,
    reveal,
    follow,
    long_stay,
)
"""All, in order of precedence."""
