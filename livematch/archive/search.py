"""Finding the moments most like a descriptor, with the performer's weights.

Stored vectors are never weighed, the query is (see `livematch.embed.parts`), so one inner product
serves every position of the faders, exactly or through a graph.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livematch.archive.index import load_or_build
from livematch.archive.store import Archive, Moments
from livematch.embed.parts import part_scores, weigh
from livematch.values import Match, Vector

log = logging.getLogger(__name__)

# Up to here every moment is compared. Measured with two cores and 1,632 numbers a vector: 0.3 ms
# for 1,000 moments and 3 ms for 10,000. A graph of 10,000 is searched in 1 to 2 ms, finds 97 to
# 99.9 % of the ten best, and has to be built and kept.
EXACT_UP_TO = 10_000
# How widely the graph is searched. At 50,000 moments, 512 takes 2 to 4 ms (comparing all: 25 ms)
# and finds 99.9 % of the ten best with the usual weights, 95 % when layout alone counts: the graph
# was linked for equal weights. At 128 that would be 80 %.
GRAPH_EF = 512
POOLS = (256, 1024)  # moments asked for, until there are enough shots among them
_CHUNK = 8192  # rows looked at in one go


class Nearest(Protocol):
    """Finds the rows with the largest inner products."""

    def nearest(self, query: Vector, count: int) -> NDArray[np.int64]:
        """Return up to `count` rows, best first. query (dimension,) is weighed and finite."""
        ...


class Exact:
    """Compares the query with every row: right to the last place, fast enough for thousands."""

    def __init__(self, archive: Archive, rows: NDArray[np.int64]) -> None:
        self._rows = rows
        self._vectors = archive.vectors[rows].astype(np.float32)

    def nearest(self, query: Vector, count: int) -> NDArray[np.int64]:
        """Return the `count` best rows, best first."""
        # vecdot and not @: BLAS would spread the product over threads, which on a machine that
        # is also decoding and drawing makes every hundredth query wait 10 ms for one of them
        return self._rows[_largest(np.vecdot(self._vectors, query), count)]


class Graph:
    """Follows an hnswlib graph: nearly right, and hardly slower for a hundred times the rows."""

    def __init__(self, archive: Archive, rows: NDArray[np.int64]) -> None:
        self._rows = rows
        self._vectors = archive.vectors
        self._index = load_or_build(archive, rows) if len(rows) else None
        self._islands = False

    def nearest(self, query: Vector, count: int) -> NDArray[np.int64]:
        """Return the `count` best rows, best first, as far as the graph leads to them."""
        count = min(count, len(self._rows))
        if self._index is None:
            return self._compare_all(query, count)
        # ef is not saved with an index, and must not be less than what is asked for
        self._index.set_ef(max(GRAPH_EF, count))
        try:
            labels, _ = self._index.knn_query(query, k=count, num_threads=1)
        except RuntimeError:
            # Many rows that are nearly the same link to each other only, and hnswlib raises when
            # it cannot leave their island. Indexing drops such rows; an archive that has them all
            # the same is searched slowly rather than wrongly.
            if not self._islands:
                log.warning("many moments are all but the same: some searches are slow")
            self._islands = True
            return self._compare_all(query, count)
        return np.asarray(labels[0], np.int64)

    def _compare_all(self, query: Vector, count: int) -> NDArray[np.int64]:
        scores = np.empty(len(self._rows), np.float32)
        for start in range(0, len(self._rows), _CHUNK):
            chunk = self._rows[start : start + _CHUNK]
            scores[start : start + _CHUNK] = np.vecdot(
                self._vectors[chunk].astype(np.float32), query
            )
        return self._rows[_largest(scores, count)]


def _largest(scores: Vector, count: int) -> NDArray[np.intp]:
    """Positions of the `count` largest scores, largest first."""
    if count >= len(scores):
        return np.argsort(-scores, kind="stable")
    best = np.argpartition(-scores, count)[:count]
    return best[np.argsort(-scores[best], kind="stable")]


class Searcher:
    """Finds matches among the moments of an archive's present films, as it was when opened.

    Making one loads the vectors or the index: seconds, for a large archive. One thread queries.
    """

    def __init__(self, archive: Archive, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._layout = archive.layout
        self._vectors = archive.vectors
        self._moments = sound_moments(archive)
        self._shots = len(np.unique(self._moments.shots))
        kind: type[Exact | Graph] = Exact if len(self._moments) <= exact_up_to else Graph
        self._nearest: Nearest = kind(archive, self._moments.rows)

    def __len__(self) -> int:
        return len(self._moments)

    def search(
        self, descriptor: Vector, weights: Mapping[str, float], k: int = 32
    ) -> tuple[Match, ...]:
        """Return up to `k` matches, best first, one a shot: its best moment.

        descriptor (dimension,), not weighed; `weights` by part name. A score is the weighted mean
        of the parts' cosines, which ride along unweighed. Raises ValueError for a descriptor of
        another dimension or with a value that is no number, and for impossible weights.
        """
        self._refuse(descriptor)
        wanted = min(k, self._shots)
        if wanted < 1:
            return ()
        weighed = weigh(descriptor, weights, self._layout)
        positions = self._best_of_shots(weighed, wanted)
        vectors = self._vectors[self._moments.rows[positions]].astype(np.float32)
        scores = np.vecdot(vectors, weighed)
        parts = part_scores(descriptor, vectors, self._layout)
        return tuple(
            Match(
                self._moments.at(int(positions[n])),
                float(scores[n]),
                tuple(zip(self._layout.names, map(float, parts[n]), strict=True)),
            )
            for n in np.argsort(-scores, kind="stable")
        )

    def _best_of_shots(self, weighed: Vector, wanted: int) -> NDArray[np.intp]:
        """Positions of the best moment of each of the `wanted` best shots, best first."""
        best = np.empty(0, np.intp)
        for pool in POOLS:
            rows = self._nearest.nearest(weighed, max(pool, 4 * wanted))
            positions = np.searchsorted(self._moments.rows, rows)
            _, first = np.unique(self._moments.shots[positions], return_index=True)
            best = positions[np.sort(first)]
            if len(best) >= wanted or len(rows) == len(self._moments):
                break
        return best[:wanted]

    def _refuse(self, descriptor: Vector) -> None:
        if descriptor.shape != (self._layout.dimension,):
            raise ValueError(
                f"a descriptor here has the shape ({self._layout.dimension},),"
                f" this one has {descriptor.shape}"
            )
        if not np.isfinite(descriptor).all():
            raise ValueError("the descriptor holds values that are not numbers")


def sound_moments(archive: Archive) -> Moments:
    """The moments that can be found: of present films, with finite numbers throughout."""
    moments = archive.offered()
    sound = np.ones(len(moments), np.bool_)
    for start in range(0, len(moments), _CHUNK):
        rows = moments.rows[start : start + _CHUNK]
        sound[start : start + _CHUNK] = np.isfinite(archive.vectors[rows]).all(axis=1)
    if not sound.all():
        log.warning(
            "%s: %d moments are left out, their vectors are damaged; see `livematch archive check`",
            archive.folder,
            len(sound) - int(sound.sum()),
        )
    return moments.where(sound)
