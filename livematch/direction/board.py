"""The board: which candidate has which number, so that a hand that reaches for 3 gets what was 3.

The ranking changes with every frame of the camera; the board follows it without jumping about.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from livematch.control.commands import PICKS
from livematch.values import Match

STAY_S = 2.0  # a shot keeps its number at least this long: to be seen, and to be reached for
AWAY_S = 1.0  # and until it has not been among the best for this long: ranks tremble


@dataclass(frozen=True, slots=True)
class _Place:
    match: Match
    since_s: float
    best_s: float  # when it was last among the best

    @property
    def shot(self) -> int:
        return self.match.moment.shot_id

    def may_go(self, now: float) -> bool:
        return now - self.since_s >= STAY_S and now - self.best_s >= AWAY_S


class Board:
    """The best candidates, numbered from 1 to at most `PICKS`. One thread.

    A shot keeps its number for as long as it is among the best, and then for a while, until a
    better one wants in. Numbers have no gaps: where nothing takes a number that has become
    free, the last shot moves there.
    """

    def __init__(self) -> None:
        self._places: list[_Place] = []

    @property
    def matches(self) -> tuple[Match, ...]:
        """What has number 1, number 2, and so on."""
        return tuple(place.match for place in self._places)

    def update(
        self, now: float, candidates: Sequence[Match], may_stay: Callable[[Match], bool]
    ) -> tuple[Match, ...]:
        """Take up new `candidates`, best first, one a shot; return what has which number.

        A shot that may not stay leaves at once.
        """
        newest = {match.moment.shot_id: match for match in candidates}
        best = {match.moment.shot_id: match for match in candidates[:PICKS]}
        places = [
            _kept(place, now, newest, is_best=place.shot in best) if may_stay(place.match) else None
            for place in self._places
        ]
        seated = {place.shot for place in places if place}
        coming = deque(match for shot, match in best.items() if shot not in seated)
        for number in range(PICKS):
            here = places[number] if number < len(places) else None
            if coming and (here is None or here.may_go(now)):
                places[number : number + 1] = [_Place(coming.popleft(), now, now)]
        self._places = _without_gaps(places)
        return self.matches


def _kept(place: _Place, now: float, newest: dict[int, Match], *, is_best: bool) -> _Place | None:
    """Return a place with the newest that is known of its shot; None when that is forgotten."""
    known = newest.get(place.shot)
    if known is None and place.may_go(now):
        return None
    return _Place(known or place.match, place.since_s, now if is_best else place.best_s)


def _without_gaps(places: list[_Place | None]) -> list[_Place]:
    filled = list(places)
    while None in filled:
        last = filled.pop()
        if last is not None:
            filled[filled.index(None)] = last
    return [place for place in filled if place is not None]
