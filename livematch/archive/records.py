"""What indexing hands to the archive and the archive hands to everyone else."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.values import Image, Vector


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
    """

    film: FilmRecord
    shots: tuple[ShotSpan, ...]
    times_s: NDArray[np.float64]
    shots_of: NDArray[np.int64]
    vectors: Vector
    thumbs: tuple[Image, ...]
