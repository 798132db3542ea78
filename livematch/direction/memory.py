"""What was shown lately: the director's memory of shots and films."""

from livematch.control.params import Params
from livematch.values import Match


class Memory:
    """When each shot and film was last on, for the cooldowns. The engine's thread."""

    def __init__(self) -> None:
        self._shot_last_on_s: dict[int, float] = {}
        self._film_last_on_s: dict[int, float] = {}
        self._banned_shots: set[int] = set()

    def note(self, match: Match, now: float) -> None:
        """Remember that this match's shot and film are on at `now`."""
        self._shot_last_on_s[match.moment.shot_id] = now
        self._film_last_on_s[match.moment.film_id] = now

    def has_rested(self, match: Match, now: float, params: Params) -> bool:
        """Whether the cooldowns of both the shot and the film of this match are over."""
        shot_s = self._shot_last_on_s.get(match.moment.shot_id)
        film_s = self._film_last_on_s.get(match.moment.film_id)
        return (shot_s is None or now - shot_s >= params.shot_cooldown) and (
            film_s is None or now - film_s >= params.film_cooldown
        )

    def last_on_s(self, match: Match) -> float:
        """When this match's shot was last on; −∞ for never."""
        return self._shot_last_on_s.get(match.moment.shot_id, float("-inf"))

    def ban(self, match: Match) -> None:
        """Never offer this match's shot again in this show."""
        self._banned_shots.add(match.moment.shot_id)

    def is_banned(self, match: Match) -> bool:
        """Whether this match's shot was banned."""
        return match.moment.shot_id in self._banned_shots
