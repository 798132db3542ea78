"""What is searched: the archive's rows as its fit makes them, and codes of them once they are many.

All of it is made from the vectors and may be deleted at any time; `saved` keeps it beside them.
Rows of an archive are never rewritten, so a film that is added only adds rows here, too.
"""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livematch.archive.lists import Codebook
from livematch.embed.fit import Fit, Fixed, fixed, unfixed
from livematch.embed.parts import DescriptorLayout
from livematch.values import Vector

log = logging.getLogger(__name__)

GROWTH = 1.5  # times as many rows as it was learned from, and a codebook is learned anew
_SAMPLE = 200_000  # rows a codebook is learned from, at most
_FITTED_AT_A_TIME = 4096
_CODED_AT_A_TIME = 65_536
NUMBER_BYTES = 2  # of a row's cluster, before its code


@dataclass(frozen=True, slots=True)
class Span:
    """Columns of a fitted row that are coded together: of all parts, or of a `part` alone.

    Clusters of all parts together say little about one of them, if that has a life of its own; a
    query that weighs hardly anything else is therefore answered from lists of that part.
    """

    part: str | None
    place: slice


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Rows 0 … n − 1 of an archive, fitted (n, d); `unsound` ones hold no numbers and are zeros.

    `books` has one codebook for each of `spans`, or is empty, as long as comparing everything is
    fast; `codes` (n, width) then holds a row's cluster and code for each, side by side. `learned`
    is how many rows there were when the codebooks were learned.
    """

    fit: Fit
    fitted: Fixed
    unsound: NDArray[np.int64]
    books: tuple[Codebook, ...] = ()
    codes: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    learned: int = 0

    def __len__(self) -> int:
        return len(self.fitted)

    def first(self, rows: int) -> "Index":
        """Return only the first `rows` rows."""
        return replace(self, fitted=self.fitted[:rows], codes=self.codes[:rows])

    def outgrown(self, rows: int) -> bool:
        """Whether the codebooks were learned from far fewer rows than these."""
        return rows > GROWTH * self.learned


def spans(layout: DescriptorLayout) -> tuple[Span, ...]:
    """What is coded of rows of a fitted layout."""
    whole = Span(None, slice(0, layout.dimension))
    alone = tuple(Span(name, place) for name, place in layout.slices.items())
    return (whole, *alone) if len(alone) > 1 else (whole,)


def width(books: tuple[Codebook, ...]) -> int:
    """How many bytes a row's clusters and codes take."""
    return sum(NUMBER_BYTES + book.code_bytes for book in books)


def split(
    books: tuple[Codebook, ...], codes: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Take the columns of `Index.codes` apart: clusters (n,) and codes (n, bytes) for each book."""
    start = 0
    for book in books:
        end = start + NUMBER_BYTES
        numbers = np.ascontiguousarray(codes[:, start:end]).view("<u2")
        start = end + book.code_bytes
        yield numbers[:, 0].astype(np.int64), codes[:, end:start]


def build(fit: Fit, vectors: NDArray[Any], *, listed: bool) -> Index:
    """Fit all rows, and code them if they are to be `listed`; a minute for a million."""
    fitted, unsound = fit_rows(fit, vectors)
    index = Index(fit, fitted, unsound)
    if not listed or not len(fitted):
        return index
    places = np.linspace(0, len(fitted) - 1, min(_SAMPLE, len(fitted))).astype(np.int64)
    sample = unfixed(fitted[places])
    books = tuple(
        Codebook.learn(np.ascontiguousarray(sample[:, span.place]), len(fitted))
        for span in spans(fit.layout)
    )
    return replace(index, books=books, codes=code_rows(fit, books, fitted), learned=len(fitted))


def fit_rows(fit: Fit, vectors: NDArray[Any]) -> tuple[Fixed, NDArray[np.int64]]:
    """Fit rows (n, raw), on all cores; also tell which of them hold values that are no numbers."""
    fitted = np.empty((len(vectors), fit.layout.dimension), np.int16)

    def fit_some(start: int) -> NDArray[np.int64]:
        some = np.asarray(vectors[start : start + _FITTED_AT_A_TIME])
        sound = np.isfinite(some).all(axis=1)
        if not sound.all():
            some = np.where(sound[:, None], some, np.float16(0))
        fitted[start : start + _FITTED_AT_A_TIME] = fixed(fit.apply(some))
        return start + np.flatnonzero(~sound)

    with ThreadPoolExecutor(os.cpu_count() or 1, "fit") as threads:
        unsound = list(threads.map(fit_some, range(0, len(vectors), _FITTED_AT_A_TIME)))
    return fitted, np.concatenate(unsound) if unsound else np.empty(0, np.int64)


def code_rows(fit: Fit, books: tuple[Codebook, ...], fitted: Fixed) -> NDArray[np.uint8]:
    """Code fitted rows: (n, width); without books there is nothing to code them by, (n, 0)."""
    codes = np.empty((len(fitted), width(books)), np.uint8)
    if not books:
        return codes
    for first in range(0, len(fitted), _CODED_AT_A_TIME):
        some = unfixed(fitted[first : first + _CODED_AT_A_TIME])
        codes[first : first + _CODED_AT_A_TIME] = np.hstack(
            [
                column
                for span, book in zip(spans(fit.layout), books, strict=True)
                for column in _coded(book, np.ascontiguousarray(some[:, span.place]))
            ]
        )
    return codes


def _coded(book: Codebook, rows: Vector) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    clusters, codes = book.encode(rows)
    return clusters.astype("<u2")[:, None].view(np.uint8), codes
