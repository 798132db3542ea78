"""What a compilation may be made of: the shots most like what was asked for, each once."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.control.params import Params, weights
from livematch.embed.parts import weigh
from livematch.values import Vector

STEP_S = 0.5  # moments lie so far apart, but where nearly the same picture was left out
EDGE_S = 0.25  # and the last so far before the end: nearer, a dissolve may have begun
FIRST_ASKED = 64  # best shots that are looked at first, twice as many each time they are too few
MOST_SCENES = 600  # of which the order is sought
SAME = 0.98  # shots whose moments are on the average as alike as this show the same
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the shots of a compilation are, and how long all of it."""

    shortest_s: float
    longest_s: float
    total_s: float

    def planned_s(self, there_s: float) -> float:
        """Say how long to stay in a shot of which so much can be used.

        Not all of it: where it is entered and left is chosen by how it joins the others.
        """
        return min(max(self.shortest_s, USED * there_s), self.longest_s, there_s)


USED = 0.7  # share of a shot that is played, if it is not too long


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A shot that may come in, as the instants at which it can be entered and left.

    `times_s` (n,) rise; `fitted` (n, d) is what is compared of each and `likeness` (n,) how like
    what was asked for it is.
    """

    shot_id: int
    film_id: int
    times_s: NDArray[np.float64]
    fitted: Vector
    likeness: Vector

    @property
    def there_s(self) -> float:
        """How much of it can be used."""
        return float(self.times_s[-1] - self.times_s[0])

    @property
    def best(self) -> float:
        """How like what was asked for it is at its best."""
        return float(self.likeness.max())

    def without(self, unwanted: Collection[int]) -> "Scene | None":
        """Return what is left around its best instant without some others; None for nothing."""
        best = int(self.likeness.argmax())
        if best in unwanted:
            usable = [place for place in range(len(self.times_s)) if place not in unwanted]
            if not usable:
                return None
            best = max(usable, key=lambda place: float(self.likeness[place]))
        wanted = np.array([place not in unwanted for place in range(len(self.times_s))])
        run = _run_around(wanted, best)
        return replace(
            self,
            times_s=self.times_s[run],
            fitted=self.fitted[run],
            likeness=self.likeness[run],
        )


@dataclass(frozen=True, slots=True)
class Picked:
    """The scenes, the most alike first; `left` says how many shots were left out, and why."""

    scenes: tuple[Scene, ...]
    left: dict[str, int]
    is_all: bool


TOO_SHORT, SAME_AGAIN, GONE = "too short", "shown already by another", "of films that are gone"


class Picker:
    """Chooses scenes of an archive. One thread."""

    def __init__(self, archive: Archive, searcher: Searcher, params: Params) -> None:
        self._archive, self._searcher = archive, searcher
        self._radius, self._weights = params.radius, weights(params)
        self._layout = searcher.fit.layout
        self._allowed = Offer(archive).mask(searcher.moments, params.tag, params.blank)
        self._by_shot = np.argsort(searcher.moments.shots, kind="stable")
        self._shots = searcher.moments.shots[self._by_shot]

    @property
    def offered(self) -> int:
        """How many moments may be chosen among."""
        return int(self._allowed.sum())

    def pick(self, queries: Vector, lengths: Lengths, wanted_s: float) -> Picked:
        """Choose the best shots, until so many seconds of them are planned.

        queries (q, fitted): a shot is as like them as it is to the one it is most like.
        """
        asked = FIRST_ASKED
        while True:
            ranked = self._ranked(queries, asked)
            picked = self._chosen(ranked, queries, lengths, wanted_s)
            if not picked.is_all or len(ranked) < asked:
                return picked
            asked *= 2

    def joins(self, scene: Scene, others: Vector) -> Vector:
        """Say how good each cut is from an instant of a scene to each of others: (n, others)."""
        return weigh(scene.fitted, self._weights, self._layout) @ others.T

    def _ranked(self, queries: Vector, count: int) -> list[tuple[int, int]]:
        """Return shots and the positions of their best moments, the best shot first."""
        best: dict[int, tuple[float, int]] = {}
        for query in queries:
            found = self._searcher.search_fitted(query, self._weights, count, self._allowed)
            for match in found:
                shot_id, row = match.moment.shot_id, match.moment.row
                best[shot_id] = max(best.get(shot_id, (-np.inf, row)), (match.score, row))
        ranked = sorted(best, key=lambda shot_id: (-best[shot_id][0], shot_id))[:count]
        return [(shot_id, best[shot_id][1]) for shot_id in ranked]

    def _chosen(
        self, ranked: list[tuple[int, int]], queries: Vector, lengths: Lengths, wanted_s: float
    ) -> Picked:
        kept: list[Scene] = []
        left = dict.fromkeys((TOO_SHORT, SAME_AGAIN, GONE), 0)
        planned_s = 0.0
        for scene, fault in self._scenes(ranked, queries, lengths):
            reason = fault or (SAME_AGAIN if _is_shown(scene, kept, self) else "")
            if reason:
                left[reason] += 1
                continue
            kept.append(scene)
            planned_s += lengths.planned_s(scene.there_s)
            if planned_s >= wanted_s or len(kept) == MOST_SCENES:
                return Picked(tuple(kept), left, is_all=False)
        return Picked(tuple(kept), left, is_all=True)

    def _scenes(
        self, ranked: list[tuple[int, int]], queries: Vector, lengths: Lengths
    ) -> Iterator[tuple[Scene, str]]:
        """Yield what is inside the radius, with why it cannot be used, if so."""
        weighed = weigh(queries, self._weights, self._layout)
        for shot_id, row in ranked:
            scene = self._scene(shot_id, row, weighed, lengths.longest_s)
            if scene.best < self._radius and self._radius > 0:
                return
            clip = self._archive.clip(self._searcher.moments.at(int(self._first(shot_id))))
            if not clip.path.is_file():
                yield scene, GONE
            else:
                is_short = scene.there_s < lengths.shortest_s - _SLACK_S
                yield scene, TOO_SHORT if is_short else ""

    def _first(self, shot_id: int) -> int:
        return int(self._by_shot[np.searchsorted(self._shots, shot_id)])

    def _scene(self, shot_id: int, row: int, weighed: Vector, around_s: float) -> Scene:
        """Take of a shot what lies around its best moment and is alike enough."""
        moments = self._searcher.moments
        first, end = np.searchsorted(self._shots, [shot_id, shot_id + 1])
        places = self._by_shot[first:end]
        places = places[np.argsort(moments.times_s[places], kind="stable")]
        own_s = moments.times_s[places]
        times_s, of = instants(own_s, self._archive.shot(shot_id).span.end_s)
        fitted = self._searcher.fitted(places)
        likeness = (fitted @ weighed.T).max(axis=1)[of]
        best_s = float(own_s[np.flatnonzero(moments.rows[places] == row)[0]])
        near = np.abs(times_s - best_s) <= around_s + _SLACK_S
        if self._radius > 0:
            near &= likeness >= self._radius
        run = _run_around(near, int(np.argmin(np.abs(times_s - best_s))))
        return Scene(
            shot_id=shot_id,
            film_id=int(moments.films[places[0]]),
            times_s=times_s[run],
            fitted=fitted[of[run]],
            likeness=likeness[run],
        )


def instants(
    own_s: NDArray[np.float64], end_s: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Fill the gaps between a shot's moments, and the one before its end: times, whose moments.

    own_s (n,) rise. A moment is left out of the index where it looks like the one before it.
    """
    times_s: list[float] = []
    of: list[int] = []
    until_s = [*own_s[1:].tolist(), end_s - EDGE_S + STEP_S / 2]
    for number, (from_s, to_s) in enumerate(zip(own_s.tolist(), until_s, strict=True)):
        steps = max(1, round((to_s - from_s) / STEP_S))
        times_s += [from_s + step * STEP_S for step in range(steps)]
        of += [number] * steps
    return np.array(times_s), np.array(of, np.intp)


def _run_around(wanted: NDArray[np.bool_], place: int) -> slice:
    """Return the places around one without a gap that are wanted, at least itself."""
    unwanted = np.flatnonzero(~wanted)
    before, after = unwanted[unwanted < place], unwanted[unwanted > place]
    first = int(before[-1]) + 1 if len(before) else 0
    return slice(first, int(after[0]) if len(after) else len(wanted))


def _is_shown(scene: Scene, kept: list[Scene], picker: Picker) -> bool:
    """Whether a scene shows what one that was kept shows: each is as if it lay in the other."""
    if not kept:
        return False
    alike = picker.joins(scene, np.concatenate([other.fitted for other in kept]))
    starts = np.cumsum([0, *(len(other.times_s) for other in kept[:-1])])
    of_ours = np.maximum.reduceat(alike, starts, axis=1).mean(axis=0)
    if of_ours.max() < SAME:
        return False
    ends = np.append(starts[1:], alike.shape[1])
    of_theirs = [
        alike[:, start:end].max(axis=0).mean() for start, end in zip(starts, ends, strict=True)
    ]
    return bool((np.minimum(of_ours, of_theirs) >= SAME).any())
