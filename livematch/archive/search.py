"""Finding the moments most like a descriptor, with the performer's weights.

Stored rows are never weighed, the query is (see `livematch.embed.parts`), so one inner product
serves every position of the faders. Descriptors are compared as the archive's fit makes them (see
`livematch.embed.fit`), the live one and the stored ones by the same code.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livematch.archive.index import Index, spans, split
from livematch.archive.lists import Lists
from livematch.archive.saved import prepare
from livematch.archive.store import Archive, Moments
from livematch.embed.fit import FIXED_ONE, unfixed
from livematch.embed.parts import part_scores, weigh
from livematch.values import Match, Vector

log = logging.getLogger(__name__)

# Up to here every moment is compared: 0.7 ms for 20,000 of 240 numbers, and 19 MB.
EXACT_UP_TO = 20_000
EXACT_POOLS = (256, 1024)  # moments looked at, until there are enough shots among them
# At a million moments of five parts, at the worst of 41 positions of the faders, 768 find 98.2 % of
# the ten best, 1024 find 99.6 and 2048 all; a thousand more are ranked in a third of a millisecond.
LISTED_POOLS = (1280, 8192)
# From this share of the weights on, a part's own lists are asked. In an archive whose shots have
# each part from elsewhere they answer it alone 99 % right, and the lists of all parts 53 to 70. But
# where a part has 0.71, its own lists find 96 % and those of all 99.5.
DOMINANT = 0.9
_PAGE_BYTES = 4096
_FILTERED_FROM = 0.5  # with fewer moments allowed, lists of those alone are better


class Nearest(Protocol):
    """Finds the positions with the largest inner products."""

    pools: tuple[int, int]

    def nearest(self, query: Vector, count: int) -> tuple[NDArray[np.intp], Vector]:
        """Return about `count` positions, best first, and their scores, exact.

        query (dimension,) is fitted, weighed and finite.
        """
        ...


class Exact:
    """Compares the query with every row: right to the last place, fast enough for thousands."""

    pools = EXACT_POOLS

    def __init__(self, index: Index, rows: NDArray[np.int64]) -> None:
        self._rows = unfixed(index.fitted[rows])

    def nearest(self, query: Vector, count: int) -> tuple[NDArray[np.intp], Vector]:
        """Return the `count` best positions, best first, and their scores."""
        # vecdot and not @: BLAS would spread the product over threads, which on a machine that
        # is also decoding and drawing makes every hundredth query wait 10 ms for one of them
        scores = np.vecdot(self._rows, query)
        best = _largest(scores, count)
        return best, scores[best]


class Listed:
    """Takes a short list from coded rows and ranks it exactly."""

    pools = LISTED_POOLS

    def __init__(self, index: Index, rows: NDArray[np.int64]) -> None:
        self._fitted, self._rows = index.fitted, rows
        self._taken, self._floats = np.empty((0, 0), np.int16), np.empty((0, 0), np.float32)
        # a number of every page is read now, else a query in the show waits for a thousand pages
        self._fitted[:: max(1, _PAGE_BYTES // self._fitted[:1].nbytes), 0].max(initial=0)
        every = len(rows) == len(index) and np.array_equal(rows, np.arange(len(index)))
        codes = index.codes if every else index.codes[rows]
        self._spans = spans(index.fit.layout)
        self._lists = [
            Lists(book, clusters, coded)
            for book, (clusters, coded) in zip(index.books, split(index.books, codes), strict=True)
        ]

    def nearest(self, query: Vector, count: int) -> tuple[NDArray[np.intp], Vector]:
        """Return about the `count` best positions, best first, and their scores."""
        lists, place = self._asked(query)
        found = lists.nearest(np.ascontiguousarray(query[place]), count)
        # by rising row: neighbours on the disk are neighbours in memory
        found.sort()
        scores = np.vecdot(self._gathered(found), query * np.float32(1 / FIXED_ONE))
        best = np.argsort(-scores, kind="stable")
        return found[best], scores[best]

    def _gathered(self, found: NDArray[np.int64]) -> Vector:
        """Return some rows as floats, in memory that the next call writes to again.

        New memory for them would be a thousand pages a query, each of which the system clears.
        """
        count = len(found)
        if count > len(self._floats):
            shape = (count, self._fitted.shape[1])
            self._taken, self._floats = np.empty(shape, np.int16), np.empty(shape, np.float32)
        # `clip` writes to where it is to be; by default numpy makes a copy first
        self._fitted.take(self._rows[found], axis=0, out=self._taken[:count], mode="clip")
        self._floats[:count] = self._taken[:count]
        return self._floats[:count]

    def _asked(self, query: Vector) -> tuple[Lists, slice]:
        # a fitted part is of unit length, so what is left of it is its weight
        weights = [
            0.0 if span.part is None else float(np.linalg.norm(query[span.place]))
            for span in self._spans
        ]
        strongest = int(np.argmax(weights))
        chosen = strongest if weights[strongest] > DOMINANT * sum(weights) else 0
        return self._lists[chosen], self._spans[chosen].place


class Filtered:
    """Asks another for more than is wanted, and keeps what is allowed."""

    def __init__(self, whole: Nearest, allowed: NDArray[np.bool_]) -> None:
        self._whole, self._allowed = whole, allowed
        self._more = len(allowed) / max(1, int(allowed.sum()))
        self.pools = whole.pools

    def nearest(self, query: Vector, count: int) -> tuple[NDArray[np.intp], Vector]:
        """Return about the `count` best positions that are allowed, and their scores."""
        found, scores = self._whole.nearest(query, int(count * self._more))
        kept = self._allowed[found]
        return found[kept], scores[kept]


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The moments that a search may find: at `positions`, of so many shots."""

    positions: NDArray[np.intp]
    shots: int
    nearest: Nearest


def _largest(scores: Vector, count: int) -> NDArray[np.intp]:
    """Positions of the `count` largest scores, largest first."""
    if count >= len(scores):
        return np.argsort(-scores, kind="stable")
    best = np.argpartition(-scores, count)[:count]
    return best[np.argsort(-scores[best], kind="stable")]


class Searcher:
    """Finds matches among the moments of an archive's present films, as it was when opened.

    Making one loads the index, seconds for a million moments, or makes it, a minute. One thread
    queries.
    """

    def __init__(self, archive: Archive, *, exact_up_to: int = EXACT_UP_TO) -> None:
        offered = archive.offered()
        self._index = prepare(archive, listed=len(offered) > exact_up_to)
        self._fitted_layout = self._index.fit.layout
        self._exact_up_to = exact_up_to
        self.layout = archive.layout
        self.fit = self._index.fit
        self.moments = sound(offered, self._index, archive)
        self._whole = self._view(np.arange(len(self.moments)))
        self._allowed: NDArray[np.bool_] | None = None
        self._allowed_view = self._whole

    def __len__(self) -> int:
        return len(self.moments)

    def search(
        self,
        descriptor: Vector,
        weights: Mapping[str, float],
        k: int = 32,
        allowed: NDArray[np.bool_] | None = None,
    ) -> tuple[Match, ...]:
        """Return up to `k` matches, best first, one a shot: its best moment.

        descriptor (dimension,) is one as it is described, not weighed; `weights` by part name;
        `allowed` (n,) says which of `moments` may be found, all if None. Hand the same array over
        as long as that does not change: a new one costs up to a second in a large archive. A score
        is the weighted mean of the parts' cosines, which ride along unweighed. Raises ValueError
        for what has another shape or holds values that are no numbers, and for impossible weights.
        """
        return self.search_fitted(self.compared(descriptor), weights, k, allowed)

    def compared(self, descriptor: Vector) -> Vector:
        """Make of a descriptor what is compared, (fitted,); ValueError as `search`."""
        if descriptor.shape != (self.layout.dimension,):
            raise ValueError(
                f"a descriptor here has the shape ({self.layout.dimension},),"
                f" this one has {descriptor.shape}"
            )
        if not np.isfinite(descriptor).all():
            raise ValueError("the descriptor holds values that are not numbers")
        return np.asarray(self.fit.apply(descriptor[None])[0], np.float32)

    def search_fitted(
        self,
        fitted: Vector,
        weights: Mapping[str, float],
        k: int = 32,
        allowed: NDArray[np.bool_] | None = None,
    ) -> tuple[Match, ...]:
        """Search as `search` does, for what `compared` made of a descriptor."""
        view = self._viewed(allowed)
        wanted = min(k, view.shots)
        if wanted < 1:
            return ()
        weighed = weigh(fitted, weights, self._fitted_layout)
        positions, scores = self._best_of_shots(view, weighed, wanted)
        names = self.layout.names
        parts = part_scores(fitted, self.fitted(positions), self._fitted_layout).tolist()
        moments = self.moments.several(positions)
        return tuple(
            Match(moment, score, tuple(zip(names, likenesses, strict=True)))
            for moment, score, likenesses in zip(moments, scores.tolist(), parts, strict=True)
        )

    def fitted(self, positions: NDArray[np.intp]) -> Vector:
        """Return what is compared of some of `moments`: (n, fitted), every part at unit length."""
        return unfixed(self._index.fitted[self.moments.rows[positions]])

    @property
    def shots(self) -> int:
        """How many shots have a moment that can be found."""
        return self._whole.shots

    def neighbours(self, position: int) -> tuple[NDArray[np.intp], Vector]:
        """Return hundreds of the positions most like one of `moments`, itself among them.

        Best first, with their likeness: the mean of the parts' cosines.
        """
        weighed = weigh(self.fitted(np.array([position]))[0], {}, self._fitted_layout)
        return self._whole.nearest.nearest(weighed, LISTED_POOLS[0])

    def _best_of_shots(
        self, view: _View, weighed: Vector, wanted: int
    ) -> tuple[NDArray[np.intp], Vector]:
        """Find the best moment of each of the `wanted` best shots: positions, scores."""
        positions, scores = np.empty(0, np.intp), np.empty(0, np.float32)
        for pool in view.nearest.pools:
            found, found_scores = view.nearest.nearest(weighed, max(pool, 4 * wanted))
            found = view.positions[found]
            _, first = np.unique(self.moments.shots[found], return_index=True)
            first.sort()
            positions, scores = found[first], found_scores[first]
            if len(first) >= wanted or len(found) == len(view.positions):
                break
        return positions[:wanted], scores[:wanted]

    def _viewed(self, allowed: NDArray[np.bool_] | None) -> _View:
        if allowed is None:
            return self._whole
        if allowed is not self._allowed:
            self._refuse(allowed)
            positions = np.flatnonzero(allowed)
            share = len(positions) / max(1, len(allowed))
            if len(positions) == len(allowed):
                self._allowed_view = self._whole
            elif len(positions) > self._exact_up_to and share >= _FILTERED_FROM:
                whole = self._whole
                shots = len(np.unique(self.moments.shots[positions]))
                filtered = Filtered(whole.nearest, allowed)
                self._allowed_view = _View(whole.positions, shots, filtered)
            else:
                self._allowed_view = self._view(positions)
            self._allowed = allowed
        return self._allowed_view

    def _refuse(self, allowed: NDArray[np.bool_]) -> None:
        if allowed.shape != (len(self),) or allowed.dtype != bool:
            raise ValueError(
                f"what is allowed must be ({len(self)},) truth values, this is {allowed.shape}"
                f" {allowed.dtype}"
            )

    def _view(self, positions: NDArray[np.intp]) -> _View:
        listed = bool(self._index.books) and len(positions) > self._exact_up_to
        rows = self.moments.rows[positions]
        nearest = Listed(self._index, rows) if listed else Exact(self._index, rows)
        shots = len(np.unique(self.moments.shots[positions]))
        return _View(positions, shots, nearest)


def sound(offered: Moments, index: Index, archive: Archive) -> Moments:
    """The moments that can be found: of present films, with finite numbers throughout."""
    found = offered.where(~np.isin(offered.rows, index.unsound))
    if len(found) < len(offered):
        log.warning(
            "%s: %d moments are left out, their vectors are damaged; see `livematch archive check`",
            archive.folder,
            len(offered) - len(found),
        )
    return found
