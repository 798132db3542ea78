"""A short list of the rows nearest to a query, among many: clusters, and short codes in them.

Rows are clustered in two steps, as many clusters in each group as there are groups, and what a row
is away from its cluster's centre is coded with 4 bits a number, which faiss scans 32 rows at a time
(inverted file and product quantisation: Jégou, Douze and Schmid, PAMI 2011; in registers: André,
Kermarrec and Le Scouarnec, PAMI 2021). The query is weighed, so the clusters that are visited and
the codes' tables are too, and a part that weighs nothing costs no accuracy.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from livematch.values import Vector

# With 256, twice as many lists are visited for as many rows, for 0.2 ms more and nothing else.
ROWS_A_CLUSTER = 512
MOST_GROUPS = 255  # clusters are numbered with 16 bits
# Numbers that 4 bits stand for. With 2, a short list of 2048 has fewer of the best in it than one
# of 512 with 1, and ranking it takes longer than scanning twice the codes.
NUMBERS_A_CODE = 1
# Share of the rows that is scanned. At a million moments of five parts, at the worst of 41
# positions of the faders, 0.02 finds 97 % of the ten best, 0.03 98.5, 0.04 99.5 and 0.05 99.7.
VISITED = 0.04
VISITED_AT_LEAST = 40_000  # half a millisecond
_ROWS_A_CENTRE = 128  # that a centre is learned from
_CHUNK = 65_536
_SEED = 1234


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """What rows (n, d) are coded with: centres of `groups` (g, d) and `clusters` (g, g, d).

    `words` (codes, 16, d / codes) are what the 4-bit codes stand for.
    """

    groups: Vector
    clusters: Vector
    words: Vector

    def __post_init__(self) -> None:
        if (self.groups.ndim, self.words.ndim) != (2, 3):
            raise ValueError("the shapes of a codebook are other ones")
        count, dimension = self.groups.shape
        codes, sixteen, numbers = self.words.shape
        if self.clusters.shape != (count, count, dimension) or (sixteen, codes * numbers) != (
            16,
            dimension,
        ):
            raise ValueError("the shapes of a codebook do not fit each other")
        for array in (self.groups, self.clusters, self.words):
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError("a codebook must be made of finite float32")

    @property
    def dimension(self) -> int:
        """How many numbers a row has."""
        return int(self.groups.shape[1])

    @property
    def centres(self) -> Vector:
        """All clusters' centres by number: (clusters, d)."""
        return self.clusters.reshape(-1, self.dimension)

    @property
    def code_bytes(self) -> int:
        """How many bytes the code of a row takes."""
        return -(-len(self.words) // 2)

    def as_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Give plain arrays, their names beginning with `name`."""
        return {
            f"{name}groups": self.groups,
            f"{name}clusters": self.clusters,
            f"{name}words": self.words,
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what `as_arrays` gave; KeyError or ValueError for anything else."""
        return cls(*(arrays[name + part] for part in ("groups", "clusters", "words")))

    @classmethod
    def learn(cls, rows: Vector, count: int) -> Self:
        """Learn to code `count` rows like these (n, d).

        Seconds, for a million; the same rows teach the same.
        """
        _alone()
        width = min(MOST_GROUPS, max(1, round(math.sqrt(count / ROWS_A_CLUSTER))))
        groups = _centres(rows, width)
        of = _nearest(rows, groups)
        clusters = np.stack([_centres(rows[of == n], width, spare=groups[n]) for n in range(width)])
        dimension = rows.shape[1]
        shape = (dimension // NUMBERS_A_CODE, 16, NUMBERS_A_CODE)
        unworded = np.zeros(shape, np.float32)
        book = cls(groups, clusters, unworded)
        quantizer = _quantizer(unworded)
        away = rows - book.centres[book.clusters_of(rows)]
        quantizer.train(np.resize(away, (max(16, len(rows)), dimension)))
        words = faiss.vector_to_array(quantizer.centroids).reshape(unworded.shape)
        return cls(groups, clusters, words)

    def clusters_of(self, rows: Vector) -> NDArray[np.int64]:
        """Number each row's cluster: (n, d) -> (n,)."""
        groups = _nearest(rows, self.groups)
        found = np.empty(len(rows), np.int64)
        for number, ours in _runs(groups):
            found[ours] = number * len(self.groups) + _nearest(rows[ours], self.clusters[number])
        return found

    def encode(self, rows: Vector) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return each row's cluster (n,) and code (n, code_bytes)."""
        _alone()
        clusters = self.clusters_of(rows)
        codes = _quantizer(self.words).compute_codes(rows - self.centres[clusters])
        return clusters, np.asarray(codes, np.uint8)


class Lists:
    """Coded rows, cluster by cluster, ready to be scanned. One thread at a time."""

    def __init__(
        self, book: Codebook, clusters: NDArray[np.int64], codes: NDArray[np.uint8]
    ) -> None:
        self._centres = np.ascontiguousarray(book.centres)
        self._sizes = np.bincount(clusters, minlength=len(self._centres))
        self._visited = max(VISITED_AT_LEAST, int(VISITED * len(clusters)))
        # faiss keeps bare pointers: what it points to must live as long
        self._flat = faiss.IndexFlatIP(book.dimension)
        self._flat.add(self._centres)
        self._index = _packed(self._flat, book, clusters, codes)

    def nearest(self, query: Vector, count: int) -> NDArray[np.int64]:
        """Return about the `count` rows with the largest inner products, best first.

        query (d,) is weighed. Fewer come back where the clusters that are visited hold fewer.
        """
        _alone()
        likeness = np.vecdot(self._centres, query)
        order = np.argsort(-likeness)
        lists = 1 + int(np.searchsorted(np.cumsum(self._sizes[order]), self._visited))
        order = order[:lists]
        self._index.nprobe = len(order)
        _, found = self._index.search_preassigned(
            query[None], count, order[None], likeness[order][None]
        )
        found = found[0][found[0] >= 0]
        if not len(found):  # faiss passes the lowest level of its scale over: here all rows tie
            found = np.arange(min(count, self._index.ntotal))
        return np.asarray(found, np.int64)


def _alone() -> None:
    """Keep faiss to the thread it is called on. This is a setting of the calling thread only."""
    faiss.omp_set_num_threads(1)


def _packed(
    flat: Any, book: Codebook, clusters: NDArray[np.int64], codes: NDArray[np.uint8]
) -> Any:
    loose: Any = faiss.IndexIVFPQ(
        flat, book.dimension, flat.ntotal, len(book.words), 4, faiss.METRIC_INNER_PRODUCT
    )
    loose.pq = _quantizer(book.words)
    loose.is_trained = True
    for number, ours in _runs(clusters):
        there = np.ascontiguousarray(codes[ours])
        loose.invlists.add_entries(number, len(ours), faiss.swig_ptr(ours), faiss.swig_ptr(there))
    loose.ntotal = len(clusters)
    packed = faiss.IndexIVFPQFastScan(loose)
    packed.implem = 11  # one query, all its best kept in a reservoir: the fastest for one thread
    return packed


def _runs(numbers: NDArray[np.int64]) -> Iterable[tuple[int, NDArray[np.int64]]]:
    """Each number that occurs, with the places where it does, in order."""
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    return zip(found.tolist(), np.split(order, starts[1:]), strict=True) if len(found) else ()


def _quantizer(words: Vector) -> Any:
    codes, _, numbers = words.shape
    quantizer = faiss.ProductQuantizer(codes * numbers, codes, 4)
    quantizer.cp.seed = _SEED
    quantizer.cp.min_points_per_centroid = 1
    faiss.copy_array_to_vector(np.ascontiguousarray(words).ravel(), quantizer.centroids)
    return quantizer


def _centres(rows: Vector, count: int, spare: Vector | None = None) -> Vector:
    """Find `count` centres; where there are no more rows than that, they are rows, some twice."""
    if len(rows) <= count:
        few = rows if spare is None or len(rows) else spare[None]
        return np.asarray(np.resize(few, (count, few.shape[1])), np.float32)
    means = faiss.Kmeans(
        rows.shape[1],
        count,
        niter=8,
        seed=_SEED,
        min_points_per_centroid=1,
        max_points_per_centroid=_ROWS_A_CENTRE,
    )
    means.train(np.ascontiguousarray(rows))
    return np.asarray(means.centroids, np.float32)


def _nearest(rows: Vector, centres: Vector) -> NDArray[np.int64]:
    """Number the nearest centre of each row."""
    halves = np.vecdot(centres, centres) / 2
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        found[start : start + _CHUNK] = np.argmax(chunk @ centres.T - halves, axis=1)
    return found
