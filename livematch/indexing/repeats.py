"""Shots that show what another shot of the archive shows: copies, recaps, loops.

A copy of a film in another encoding has other bytes, and so another fingerprint; its shots are
found by how they look and how long they are, and confirmed by all of their moments. Pure, but for
`fold`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import Moments, StoredShot
from livematch.archive.store import Archive
from livematch.values import ShotKind

MOST_BITS = 10  # of 64, in which the looks of a shot and of its copy may differ
MOST_LONGER = 0.04  # share by which a copy may be longer or shorter: other frame rates, lost frames
OWN_LENGTH_S = 0.09  # and what two frames at either end are of a short one
# How like all moments must be, by the bits in which the looks differ. Measured on re-encoded films,
# small and coarse ones too: copies 0.92 to 0.998 with 3 bits at most, others up to 0.53
FEW_BITS = 3
LEAST_COSINE, LEAST_COSINE_OF_FEW = 0.97, 0.9
APPEARANCE = ("semantic", "layout", "colour")  # the parts compared: what moves, noise moves too
MOST_CANDIDATES = 32  # looked at closely, the most alike first

Half = NDArray[np.float16]
VectorsOf = Callable[[slice], Half]
"""Reads the vectors of some rows, as far as they are compared: (n, dimension)."""


@dataclass(frozen=True, slots=True)
class Take:
    """A shot as it is compared: `times_s` (n,) of its moments since its start, their `rows`.

    `stands_for` is the shot that it is known to repeat, or its own number.
    """

    shot_id: int
    film_id: int
    look: int
    length_s: float
    times_s: NDArray[np.float64]
    rows: slice
    stands_for: int


class Library:
    """All shots that may be repeated, in the order of their coming. One thread."""

    def __init__(self) -> None:
        self._takes: list[Take] = []
        self._looks = np.empty(0, np.uint64)
        self._lengths_s = np.empty(0, np.float64)

    def __len__(self) -> int:
        return len(self._takes)

    def add(self, takes: Sequence[Take]) -> None:
        """Take in more shots."""
        self._takes += takes
        looks = np.array([take.look for take in takes], np.int64).view(np.uint64)
        self._looks = np.concatenate([self._looks, looks])
        lengths_s = np.array([take.length_s for take in takes], np.float64)
        self._lengths_s = np.concatenate([self._lengths_s, lengths_s])

    def forget(self, film_id: int) -> None:
        """Leave out the shots of a film that is no longer in the archive."""
        kept = np.array([take.film_id != film_id for take in self._takes], np.bool_)
        self._takes = [take for take in self._takes if take.film_id != film_id]
        self._looks, self._lengths_s = self._looks[kept], self._lengths_s[kept]

    def repeated_by(self, take: Take, vectors: VectorsOf) -> Take | None:
        """Find the shot that `take` repeats; None if there is none."""
        likely = (self._takes[place] for place in self._candidates(take))
        return next((other for other in likely if shows_the_same(take, other, vectors)), None)

    def _candidates(self, take: Take) -> NDArray[np.intp]:
        """Find shots that look alike and are as long, the most alike first."""
        slack_s = np.maximum(MOST_LONGER * take.length_s, OWN_LENGTH_S)
        look = np.array([take.look], np.int64).view(np.uint64)
        bits = np.bitwise_count(self._looks ^ look)
        near = (bits <= MOST_BITS) & (np.abs(self._lengths_s - take.length_s) <= slack_s)
        places = np.flatnonzero(near)
        return places[np.argsort(bits[places], kind="stable")][:MOST_CANDIDATES]


def shows_the_same(take: Take, other: Take, vectors: VectorsOf) -> bool:
    """Whether every moment of a shot is like one of another at the same time in it.

    Of a shot in which little happens few moments are kept, not the same ones in every encoding:
    those before and after a time both stand for it.
    """
    ours, theirs = (unit_rows(vectors(each.rows)) for each in (take, other))
    if not len(ours) or not len(theirs):
        return False
    after = np.searchsorted(other.times_s, take.times_s).clip(max=len(theirs) - 1)
    before = (after - 1).clip(min=0)
    likest = np.maximum(*((ours * theirs[at]).sum(axis=1) for at in (before, after)))
    apart = ((take.look ^ other.look) & (2**64 - 1)).bit_count()
    needed = LEAST_COSINE_OF_FEW if apart <= FEW_BITS else LEAST_COSINE
    return bool((likest >= needed).all())


def unit_rows(rows: Half) -> NDArray[np.float32]:
    """Bring descriptors to unit length as a whole."""
    full = rows.astype(np.float32)
    lengths = np.linalg.norm(full, axis=1, keepdims=True)
    return np.asarray(full / np.maximum(lengths, 1e-9), np.float32)


def takes_of(shots: Sequence[StoredShot], moments: Moments) -> list[Take]:
    """Make what is compared of shots; blank ones, and those whose look is unknown, are left out."""
    order = np.lexsort((moments.rows, moments.shots))
    of, rows, times_s = moments.shots[order], moments.rows[order], moments.times_s[order]
    takes = []
    for shot in shots:
        first, end = np.searchsorted(of, (shot.id, shot.id + 1))
        if shot.kind is not ShotKind.FILM or shot.look is None or first == end:
            continue
        takes.append(
            Take(
                shot.id,
                shot.film_id,
                shot.look,
                shot.span.end_s - shot.span.start_s,
                times_s[first:end] - shot.span.start_s,
                slice(int(rows[first]), int(rows[end - 1]) + 1),  # a shot's rows lie together
                shot.repeats or shot.id,
            )
        )
    return takes


def fold(archive: Archive, library: Library, film_id: int) -> int:
    """Note which shots of a film just added repeat others, of this film too; returns how many.

    The film's shots are taken into the library.
    """
    names = [part.name for part in archive.layout.parts]
    sizes = [part.size for part in archive.layout.parts]
    columns = np.repeat([name in APPEARANCE for name in names], sizes)

    def vectors(rows: slice) -> Half:
        return archive.some_vectors(rows)[:, columns]

    repeats: dict[int, int | None] = {}
    for take in takes_of(*archive.contents_of(film_id)):
        other = library.repeated_by(take, vectors)
        if other is not None:
            repeats[take.shot_id] = other.stands_for
        library.add([take if other is None else replace(take, stands_for=other.stands_for)])
    if repeats:
        archive.set_repeats(repeats)
    return len(repeats)
