"""The director: observation, hands and time in; a cue, or none, out."""

from collections.abc import Sequence

from livematch.control.params import Fallback, Layout, Params
from livematch.control.state import Hands
from livematch.direction.board import Board
from livematch.direction.memory import Memory
from livematch.direction.reasons import ASKED, REASONS, Situation
from livematch.values import Cue, Match, Observation, Source

_FALLBACK_SOURCE = {Fallback.CAMERA: Source.CAMERA, Fallback.BLACK: Source.BLACK}


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

    @property
    def on(self) -> Cue | None:
        """The last cue given: what is on the program, or on its way there."""
        return self._on

    @property
    def offered(self) -> tuple[Match, ...]:
        """The candidates that can be picked by number: the best that are not on and not banned."""
        return self._board.matches

    def update(self, now: float, observation: Observation | None, hands: Hands) -> Cue | None:
        """Return the cue to perform at `now`, or None to leave the picture as it is."""
        params = hands.params
        if self._on is not None and self._on.match is not None:
            self._memory.note(self._on.match, now)
        if observation is None or params.freeze:
            return None
        cue = self._decide(now, observation, hands)
        others = [match for match in observation.candidates if self._may_come(match)]
        self._board.update(now, others, self._may_come)
        return cue

    def drop(self, match: Match) -> None:
        """Learn that a candidate cannot be shown: its shot is not offered again."""
        self._memory.ban(match)

    def _decide(self, now: float, observation: Observation, hands: Hands) -> Cue | None:
        params = hands.params
        situation = self._situation(now, observation, hands)
        self._judged_frame, self._judged_cuts = observation.frame_number, observation.cuts
        is_grid = params.screen is Layout.GRID
        # in the grid the decks are not seen: nothing changes there unless a hand asks for it
        reasons = ASKED if params.hold or is_grid else (*ASKED, *REASONS)
        changes = (reason(situation) for reason in reasons)
        if change := next((c for c in changes if c is not None), None):
            fade_s = 0.0 if self._on is None or is_grid else params.fade
            return self._give(
                Cue(
                    Source.ARCHIVE,
                    change.match,
                    fade_s,
                    change.cause,
                    now,
                    observation.frame_number,
                )
            )
        if params.hold or is_grid:
            return None
        return self._fall_back(situation, now, observation, params)

    def withdraw(self, cue: Cue) -> None:
        """Learn that a cue could not be performed: its shot is not asked for again."""
        if cue.match is not None:
            self._memory.ban(cue.match)
        if self._on is cue:
            self._on = self._before

    def _situation(self, now: float, observation: Observation, hands: Hands) -> Situation:
        params = hands.params
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
            picked=self._picked(hands.pick),
            hands=hands,
        )

    def _picked(self, number: int | None) -> Match | None:
        offered = self.offered
        return offered[number - 1] if number and 1 <= number <= len(offered) else None

    def _may_come(self, match: Match) -> bool:
        return not self._is_on(match) and not self._memory.is_banned(match)

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


def _inside(match: Match, radius: float) -> bool:
    return radius <= 0 or match.score >= radius
