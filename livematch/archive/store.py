"""The archive: a folder of films, shots, moments and their vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from livematch.archive.records import FilmRecord, IndexedFilm, ShotSpan
from livematch.embed.parts import DescriptorLayout
from livematch.values import Clip, Image, Moment


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made the descriptors: its name and the SHA-256 of its file, in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film in the archive; one that is not `present` is kept and not offered."""

    id: int
    film: FilmRecord
    present: bool


@dataclass(frozen=True, slots=True)
class StoredShot:
    """A shot in the archive, the `number`-th of its film from 0."""

    id: int
    film_id: int
    number: int
    span: ShotSpan


@dataclass(frozen=True, slots=True)
class Moments:
    """Every moment as columns of one length, by rising `rows`; never written to."""

    rows: NDArray[np.int64]
    films: NDArray[np.int64]
    shots: NDArray[np.int64]
    times_s: NDArray[np.float64]


class Archive:
    """An open archive folder; a context manager. SKELETON, being filled.

    Opened for writing it belongs to one thread and to one process. Opened for reading it is a
    snapshot that holds no lock, and any thread may use it.
    """

    folder: Path
    model: ModelIdentity
    layout: DescriptorLayout
    writable: bool

    @classmethod
    def create(cls, folder: Path, model: ModelIdentity, layout: DescriptorLayout) -> Self:
        """Make an empty archive and open it for writing; ArchiveError if there is one already."""
        raise NotImplementedError

    @classmethod
    def open(cls, folder: Path, *, writable: bool = False) -> Self:
        """Open the archive; ArchiveError says why it cannot be."""
        raise NotImplementedError

    def require(self, model: ModelIdentity, layout: DescriptorLayout | None = None) -> None:
        """Raise ArchiveError unless the archive was made with this model and layout."""
        raise NotImplementedError

    # -- what indexing asks and tells ---------------------------------------------------------

    def known(self, path: Path) -> StoredFilm | None:
        """Return the film last seen at this path, exactly as it was given."""
        raise NotImplementedError

    def by_fingerprint(self, fingerprint: str) -> StoredFilm | None:
        """Return the film with this content, wherever it lies."""
        raise NotImplementedError

    def add_film(self, indexed: IndexedFilm) -> int:
        """Add a film whole or not at all; returns its id. FilmError if it may not be added."""
        raise NotImplementedError

    def update_path(self, film_id: int, path: Path, size: int, mtime_ns: int) -> None:
        """Note where a film lies now, and that it is present."""
        raise NotImplementedError

    def set_present(self, film_id: int, present: bool) -> None:  # noqa: FBT001
        """Offer the film's moments, or keep them back."""
        raise NotImplementedError

    def remove_film(self, film_id: int) -> None:
        """Forget a film with its shots and moments, thumbs and proxy."""
        raise NotImplementedError

    @property
    def proxies(self) -> Path:
        """The folder for proxies; `FilmRecord.proxy` is relative to `folder`: "proxies/x.mov"."""
        return self.folder / "proxies"

    # -- what everyone else reads -------------------------------------------------------------

    def films(self) -> Sequence[StoredFilm]:
        """Return all films, present or not."""
        raise NotImplementedError

    def shots(self) -> Sequence[StoredShot]:
        """Return all shots."""
        raise NotImplementedError

    @property
    def moments(self) -> Moments:
        """All moments, of present films or not."""
        raise NotImplementedError

    @property
    def vectors(self) -> NDArray[np.float16]:
        """The vectors by row, (rows, dimension), mapped from disk."""
        raise NotImplementedError

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment. Any thread, no disk."""
        raise NotImplementedError

    def thumb(self, shot_id: int) -> Image | None:
        """Read a shot's small picture; None if there is none."""
        raise NotImplementedError

    # -- end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
