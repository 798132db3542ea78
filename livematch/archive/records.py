"""What indexing hands to the archive and the archive hands to everyone else."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.values import Image, ShotKind, Vector


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """A source file as it was indexed.

    `fingerprint` identifies the content wherever the file lies; `proxy` is a path relative to the
    archive folder, None when the original is played. Width and height are as seen: upright, with
    square pixels.
    """

    fingerprint: str
    path: Path
    size: int
    mtime_ns: int
    duration_s: float
    fps: float
    width: int
    height: int
    codec: str
    proxy: str | None


@dataclass(frozen=True, slots=True)
class ShotSpan:
    """A run between two cuts, in seconds into the film: the start is in it, the end is not."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class IndexedFilm:
    """One film, completely indexed and not yet in the archive.

    `times_s` (n,) and `shots_of` (n,) say when each moment is and in which entry of `shots`;
    `vectors` (n, dimension) are its descriptors; `thumbs` has one small BGR picture a shot.
    `kinds` and `looks` say what each shot shows and how its picture hashes (64 bits, signed), or
    are empty: all film, no hashes. `dropped` counts the moments not kept, being near-duplicates.
    """

    film: FilmRecord
    shots: tuple[ShotSpan, ...]
    times_s: NDArray[np.float64]
    shots_of: NDArray[np.int64]
    vectors: Vector
    thumbs: tuple[Image, ...]
    kinds: tuple[ShotKind, ...] = ()
    looks: tuple[int | None, ...] = ()
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """What a curator says of content: a tag, or a ban where `tag` is empty.

    It holds for the shot that contains `at_s` in the film with this fingerprint, or for the whole
    film where that is None. So it outlives the film's entry, and finds it again when re-indexed.
    """

    fingerprint: str
    at_s: float | None
    tag: str = ""
