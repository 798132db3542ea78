"""What in an archive is like what: one vector a shot, the typical ones, the nearest of one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.control.params import Params, weights
from livematch.embed.parts import DescriptorLayout, unit, weigh
from livematch.values import Match, Moment, Vector

MOST_SHOTS = 50_000  # of a larger archive every second, third, … shot is looked at
ALIKE = 0.9  # from here on two shots are nearly the same, and one of them is enough
MORE = 4  # times as many are asked for, where those nearly the same are left out
TYPICAL_OF = 8  # how many others a typical moment has like it: those of a grid of nine
ASKED = 4096  # shots that are compared with each other, at most, to find a typical one
_MOMENTS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class ShotVectors:
    """One vector of unit length for each shot (n, d), and where its typical moment is (n,).

    An inner product is the weighted mean of the parts' cosines. `moments` are positions among the
    searcher's; `of` is how many shots there are, where not all of them are here.
    """

    moments: NDArray[np.intp]
    vectors: Vector
    of: int

    def __len__(self) -> int:
        return len(self.moments)


def shot_vectors(
    searcher: Searcher, allowed: NDArray[np.bool_], shares: Mapping[str, float]
) -> ShotVectors:
    """Make of each shot's allowed moments their mean, and find the moment nearest to it."""
    places = np.flatnonzero(allowed)
    order = places[np.argsort(searcher.moments.shots[places], kind="stable")]
    _, firsts = np.unique(searcher.moments.shots[order], return_index=True)
    shots = np.split(order, firsts[1:]) if len(order) else []
    some = shots[:: max(1, -(-len(shots) // MOST_SHOTS))]
    typical, vectors = [], []
    for block in _blocks(some):
        rows = _evenly_weighed(searcher, np.concatenate(block), shares)
        start = 0
        for positions in block:
            of_shot = rows[start : start + len(positions)]
            start += len(positions)
            mean = of_shot.mean(axis=0)
            typical.append(positions[int(np.argmax(of_shot @ mean))])
            vectors.append(mean)
    dimension = searcher.fit.layout.dimension
    means = np.array(vectors, np.float32).reshape(-1, dimension)
    return ShotVectors(np.array(typical, np.intp), unit(means), len(shots))


def most_typical(shots: ShotVectors, count: int) -> list[int]:
    """Return the shots that have the most like them, best first: whose eighth nearest is nearest.

    What is in the middle of everything is like nothing much; these are in the middle of many. The
    eighth, and not the mean of eight: copies of itself make no shot typical.
    """
    if not len(shots):
        return []
    asked = np.arange(0, len(shots), max(1, -(-len(shots) // ASKED)))
    near = min(TYPICAL_OF, len(shots) - 1)
    likeness = np.zeros(len(asked), np.float32)
    for start in range(0, len(asked), 256):
        askers = asked[start : start + 256]
        alike = shots.vectors[askers] @ shots.vectors.T
        alike[np.arange(len(askers)), askers] = -np.inf
        if near:
            likeness[start : start + 256] = -np.partition(-alike, near - 1, axis=1)[:, near - 1]
    best = np.argsort(-likeness, kind="stable")[:count]
    return [int(number) for number in asked[best]]


def apart(vectors: Vector, alike: float, most: int) -> tuple[list[int], int]:
    """Choose of some vectors (n, d), the first ones first, those that are not nearly the same.

    At most `most`; where there are more, they are spread over all: each is the one least like
    those before. Returns them in the order of the vectors, and how many were nearly the same.
    """
    kept: list[int] = []
    for number in range(len(vectors)):
        if not kept or float((vectors[kept] @ vectors[number]).max()) < alike:
            kept.append(number)
    repeated = len(vectors) - len(kept)
    if len(kept) <= most:
        return kept, repeated
    rows = vectors[kept]
    chosen = [0]
    nearest = rows @ rows[0]
    while len(chosen) < most:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    return [kept[number] for number in sorted(chosen)], repeated


class Likeness:
    """Asks for the moments that are like one, as a show with these parameters would. One thread."""

    def __init__(self, searcher: Searcher, offer: Offer, params: Params) -> None:
        self._searcher = searcher
        self._shares, self._radius = weights(params), params.radius
        self.allowed = offer.mask(searcher.moments, params.tag, params.blank)

    def nearest(self, fitted: Vector, count: int, asker: Moment | None = None) -> tuple[Match, ...]:
        """Return up to `count` matches, best first, one a shot and none of the asker's own shot.

        fitted is what `Searcher.compared` made of a descriptor. What is less alike than the radius
        is left out.
        """
        found = self._searcher.search_fitted(fitted, self._shares, count + 1, self.allowed)
        others = (m for m in found if asker is None or m.moment.shot_id != asker.shot_id)
        return tuple(match for match in others if match.score >= self._radius)[:count]

    def distinct(
        self, fitted: Vector, count: int, asker: Moment | None = None
    ) -> tuple[Match, ...]:
        """Return what `nearest` does, but of what is nearly the same only the best.

        Where there is not enough else, the others after all.
        """
        found = self.nearest(fitted, MORE * count, asker)
        rows = np.array([match.moment.row for match in found], np.int64)
        positions = np.searchsorted(self._searcher.moments.rows, rows)
        vectors = _evenly_weighed(self._searcher, positions, self._shares)
        kept = set(apart(vectors, ALIKE, len(found))[0][:count])
        kept |= set([n for n in range(len(found)) if n not in kept][: count - len(kept)])
        return tuple(found[number] for number in sorted(kept))

    def moment(self, position: int) -> Moment:
        """Return the moment at a position among the searcher's."""
        return self._searcher.moments.at(position)

    def shots(self) -> ShotVectors:
        """Return one vector for each shot that may be offered."""
        return shot_vectors(self._searcher, self.allowed, self._shares)


def _evenly_weighed(
    searcher: Searcher, positions: NDArray[np.intp], shares: Mapping[str, float]
) -> Vector:
    """Weigh both sides of a comparison: by roots, where a query alone is weighed by the whole."""
    layout: DescriptorLayout = searcher.fit.layout
    roots = {name: share**0.5 for name, share in shares.items()}
    return unit(weigh(searcher.fitted(positions), roots, layout))


def _blocks(shots: list[NDArray[np.intp]]) -> list[list[NDArray[np.intp]]]:
    """Take shots together until they have enough moments for one go."""
    blocks: list[list[NDArray[np.intp]]] = []
    room = 0
    for positions in shots:
        if room < len(positions) or not blocks:
            blocks.append([])
            room = _MOMENTS_AT_ONCE
        blocks[-1].append(positions)
        room -= len(positions)
    return blocks
