"""The director: observation, hands and time in; a cue, or none, out."""

from collections.abc import Sequence

from livematch.control.commands import Trigger
from livematch.control.params import Fallback, Layout, Params
from livematch.control.state import Hands
from livematch.direction.board import Board
from livematch.direction.lines import Foresight, Lines
from livematch.direction.memory import Memory
from livematch.direction.reasons import ASKED, AT_ONCE, REASONS, Change, Reason, Situation
from livematch.direction.wishes import NOTHING
from livematch.values import Cue, Match, Observation, Source

_FALLBACK_SOURCE = {
    Fallback.CAMERA: Source.CAMERA,
    Fallback.BLACK: Source.BLACK,
    Fallback.LENS: Source.LENS,
}


class Director:
    """Decides which moment is on, when it may change, and how.

    Pure and deterministic: no clock, no randomness, no I/O; the same calls give the same cues.
    One change a call. The engine's thread.
    """

    def __init__(self) -> None:
        self._memory = Memory()
        self._board = Board()
        self._on: Cue | None = None
        self._before: Cue | None = None
        self._judged_frame = -1
        self._judged_cuts = 0
        self._foresight = Foresight()
        self._wishes = NOTHING

    @property
    def on(self) -> Cue | None:
        """The last cue given: what is on the program, or on its way there."""
        return self._on

    @property
    def offered(self) -> tuple[Match, ...]:
        """The candidates that can be picked by number: the best that are not on and not banned."""
        return self._board.matches

    def update(
        self, now: float, observation: Observation | None, hands: Hands, lead_s: float = 0.0
    ) -> Cue | None:
        """Return the cue to perform at `now`, or None to leave the picture as it is.

        `lead_s` is how long it takes from a cue to its first picture. Changes that were decided
        wait for a line of the beat where they are to, and are decided anew with what is seen then.
        """
        params = hands.params
        if self._on is not None and self._on.match is not None:
            self._memory.note(self._on.match, now)
        if Trigger.VETO in hands.fired and self._on is not None and self._on.match is not None:
            self._memory.ban(self._on.match)
        lines = self._foresight.lines(now, hands, lead_s)
        if observation is None or params.freeze:
            self._wishes = NOTHING
            return None
        self._wishes = self._wishes.heard(hands, self.offered)
        cue = self._decide(now, observation, hands, lines)
        if lines.may_change or cue is not None:
            self._wishes = NOTHING
            self._judged_frame, self._judged_cuts = observation.frame_number, observation.cuts
        others = [match for match in observation.candidates if self._may_come(match)]
        self._board.update(now, others, self._may_come)
        return cue

    def drop(self, match: Match) -> None:
        """Learn that a candidate cannot be shown: its shot is not offered again."""
        self._memory.ban(match)

    def _decide(
        self, now: float, observation: Observation, hands: Hands, lines: Lines
    ) -> Cue | None:
        situation = self._situation(now, observation, hands, lines)
        may_change = lines.may_change or self._on is None
        # in the grid the decks are not seen: nothing changes there unless a hand asks for it
        on_hold = hands.params.hold or hands.params.screen is Layout.GRID
        for reason in _asked(may_change=may_change, on_hold=on_hold):
            if change := reason(situation):
                return self._give(self._cue(change, now, observation, hands.params))
        if on_hold or not may_change:
            return None
        return self._fall_back(situation, now, observation, hands.params)

    def _cue(self, change: Change, now: float, observation: Observation, params: Params) -> Cue:
        is_unseen = self._on is None or params.screen is Layout.GRID
        fade_s = 0.0 if is_unseen or change.is_cut else params.fade
        number = observation.frame_number
        return Cue(Source.ARCHIVE, change.match, fade_s, change.cause, now, number)

    def withdraw(self, cue: Cue) -> None:
        """Learn that a cue could not be performed: its shot is not asked for again."""
        if cue.match is not None:
            self._memory.ban(cue.match)
        if self._on is cue:
            self._on = self._before

    def _situation(
        self, now: float, observation: Observation, hands: Hands, lines: Lines
    ) -> Situation:
        params, picked = hands.params, self._wishes.picked
        others = [match for match in observation.candidates if self._may_come(match)]
        best = next((m for m in others if self._memory.has_rested(m, now, params)), None)
        alike = [match for match in others if _inside(match, params.radius)]
        return Situation(
            held_s=now - self._on.decided_s if self._on else 0.0,
            showing=self._on.source if self._on else None,
            current=self._current_score(observation.candidates),
            best=best,
            answer=best if best in alike else None,
            spare=min(alike, key=self._memory.last_on_s, default=None),
            is_new_observation=observation.frame_number != self._judged_frame,
            has_cut=observation.cuts > self._judged_cuts,
            is_answered=self._is_answered(observation),
            is_moving=observation.movement >= params.stillness,
            is_cut=Trigger.CUT in hands.fired,
            is_vetoed=self._is_vetoed(),
            is_line=lines.is_line,
            is_on_beat=lines.is_on_beat,
            picked=picked if picked is not None and self._may_come(picked.match) else None,
            is_next=self._wishes.is_next,
            onset=self._wishes.onset,
            params=params,
        )

    def _may_come(self, match: Match) -> bool:
        return not self._is_on(match) and not self._memory.is_banned(match)

    def _is_vetoed(self) -> bool:
        on = self._on.match if self._on else None
        return on is not None and self._memory.is_banned(on)

    def _is_answered(self, observation: Observation) -> bool:
        """Whether what is on was chosen by a picture of the camera's present shot."""
        if self._on is None or observation.cut_frame is None:
            return False
        return self._on.frame_number >= observation.cut_frame

    def _is_on(self, match: Match) -> bool:
        on = self._on.match if self._on else None
        return on is not None and on.moment.shot_id == match.moment.shot_id

    def _current_score(self, candidates: Sequence[Match]) -> float | None:
        """How like the shot that is on is now: at most as the last candidate, if not among them."""
        if self._on is None or self._on.match is None:
            return None
        scores = (match.score for match in candidates if self._is_on(match))
        return next(scores, candidates[-1].score if candidates else 0.0)

    def _fall_back(
        self, at: Situation, now: float, observation: Observation, params: Params
    ) -> Cue | None:
        """Leave the archive when nothing there is alike, as the performer chose."""
        source = _FALLBACK_SOURCE.get(params.fallback)
        alike = any(_inside(match, params.radius) for match in observation.candidates[:1])
        if source is None or alike or at.showing is source:
            return None
        if at.showing is not None and not at.is_ripe:
            return None
        fade_s = 0.0 if at.showing is None else params.fade
        return self._give(Cue(source, None, fade_s, "out of radius", now, observation.frame_number))

    def _give(self, cue: Cue) -> Cue:
        self._before, self._on = self._on, cue
        return cue


def _asked(*, may_change: bool, on_hold: bool) -> tuple[Reason, ...]:
    """Return the reasons that count: between two lines of the beat, and on hold, only hands'."""
    if not may_change:
        return AT_ONCE
    return ASKED if on_hold else REASONS


def _inside(match: Match, radius: float) -> bool:
    return radius <= 0 or match.score >= radius
