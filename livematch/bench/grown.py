"""Large archives grown from a small one: its own moments, mixed and moved.

A grown moment is one of a real shot, or between two of its moments, and then every part is moved
until its cosine with what it was lies between 0.85 and 0.97: partly in any direction, partly the
way moments of the archive differ from each other. The archive is written as indexing writes one.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import Moments
from livematch.archive.records import FilmRecord, IndexedFilm, ShotSpan
from livematch.archive.store import Archive
from livematch.embed.parts import DescriptorLayout, unit
from livematch.values import Vector

COSINES = (0.85, 0.97)
MOMENTS_A_SHOT = 16
MOMENTS_A_FILM = 8192  # an hour, about
SECONDS_A_MOMENT = 0.5
_DIFFERING = 64  # moments whose differences are ways to move
_TAUGHT = 20_000  # moments that are grown from, at most


class Soil:
    """What archives are grown from: moments of a real one and which shot each is of."""

    def __init__(self, archive: Archive) -> None:
        moments = _some(archive.offered())
        order = np.argsort(moments.shots, kind="stable")
        self.layout: DescriptorLayout = archive.layout
        self.vectors: Vector = archive.vectors[moments.rows[order]].astype(np.float32)
        _, self._firsts, self._sizes = np.unique(
            moments.shots[order], return_index=True, return_counts=True
        )

    def moments(self, count: int, chance: np.random.Generator) -> Vector:
        """Grow moments, `MOMENTS_A_SHOT` in a row from one real shot: (count, dimension)."""
        shots = chance.integers(len(self._firsts), size=-(-count // MOMENTS_A_SHOT))
        shots = np.repeat(shots, MOMENTS_A_SHOT)[:count]
        one, other = (self._any_of(shots, chance) for _ in range(2))
        share = chance.random((count, 1), np.float32) * (chance.random((count, 1)) < 0.5)
        grown = np.empty((count, self.layout.dimension), np.float32)
        for place in self.layout.slices.values():
            part = self.vectors[:, place]
            between = unit((1 - share) * part[one] + share * part[other])
            grown[:, place] = _moved(between, part, chance)
        return grown

    def _any_of(self, shots: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
        """Choose one moment of each shot."""
        within = (chance.random(len(shots)) * self._sizes[shots]).astype(np.int64)
        return self._firsts[shots] + within


def grow(archive: Archive, soil: Soil, moments: int, seed: int) -> Iterator[int]:
    """Add films until the archive, open for writing, has so many moments; tells how many it has."""
    there = archive.rows
    while there < moments:
        chance = np.random.default_rng((seed, there))  # never the same film twice
        count = min(MOMENTS_A_FILM, moments - there)
        archive.add_film(film(f"grown-{seed}-{there}", soil.moments(count, chance)))
        there += count
        yield there


def film(fingerprint: str, vectors: Vector) -> IndexedFilm:
    """Make a film of moments that there are no pictures of."""
    count = len(vectors)
    shots = -(-count // MOMENTS_A_SHOT)
    length_s = MOMENTS_A_SHOT * SECONDS_A_MOMENT
    record = FilmRecord(
        fingerprint=fingerprint,
        path=Path(f"/grown/{fingerprint}.mp4"),
        size=count,
        mtime_ns=0,
        duration_s=shots * length_s,
        fps=25.0,
        width=1280,
        height=720,
        codec="none",
        proxy=None,
    )
    thumb = np.full((2, 2, 3), 128, np.uint8)
    return IndexedFilm(
        film=record,
        shots=tuple(ShotSpan(n * length_s, (n + 1) * length_s) for n in range(shots)),
        times_s=np.arange(count, dtype=np.float64) * SECONDS_A_MOMENT,
        shots_of=np.arange(count) // MOMENTS_A_SHOT,
        vectors=vectors,
        thumbs=(thumb,) * shots,
    )


def _some(moments: Moments) -> Moments:
    places = np.linspace(0, len(moments) - 1, min(_TAUGHT, len(moments)))
    return moments.at_all(places.astype(np.intp))


def _moved(rows: Vector, real: Vector, chance: np.random.Generator) -> Vector:
    """Move rows (n, d) of one part; what has nothing of that part goes nowhere."""
    anywhere = unit(_normal(rows.shape, chance))
    ways = chance.choice(real, _DIFFERING) - chance.choice(real, _DIFFERING)
    as_they_differ = unit(_normal((len(rows), _DIFFERING), chance) @ ways)
    share = chance.random((len(rows), 1), np.float32)
    aside = np.asarray(share * anywhere + (1 - share) * as_they_differ, np.float32)
    aside -= np.vecdot(aside, rows)[:, None] * rows
    aside = unit(aside)
    cosine = chance.uniform(*COSINES, (len(rows), 1)).astype(np.float32)
    sine = np.sqrt(1 - cosine**2, dtype=np.float32)
    moved = unit(np.asarray(cosine * rows + sine * aside, np.float32))
    moved[~rows.any(axis=1)] = 0
    return moved


def _normal(shape: tuple[int, ...], chance: np.random.Generator) -> Vector:
    return np.asarray(chance.standard_normal(shape, np.float32), np.float32)
