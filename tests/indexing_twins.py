"""Describers for workers in tests: they are pickled by name, so they live in a module."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livematch.archive.store import Archive
from livematch.embed.describer import Describer
from livematch.embed.thumbnail import ThumbnailEmbedder
from livematch.errors import ModelError
from livematch.indexing.describing import identity_of
from livematch.values import Glimpse, Vector

MARKS = identity_of(ThumbnailEmbedder().card)


def thumbnails() -> Describer:
    """Describe by thumbnails: no network."""
    return Describer(ThumbnailEmbedder())


def no_model() -> Describer:
    """Fail as a missing model does."""
    raise ModelError("there is no such model")


class CrashesOnWhite(Describer):
    """Kills its process, as a broken decoder would, when it sees a white film."""

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        if min(glimpse.image.mean() for glimpse in glimpses) > 250:
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().describe(glimpses)


def crashing() -> Describer:
    return CrashesOnWhite(ThumbnailEmbedder())


class DyingDescriber(Describer):
    """Describes by thumbnails, but kills its process if none has died before it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ThumbnailEmbedder())
        self._folder = folder

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        try:
            (self._folder / "died").touch(exist_ok=False)
        except FileExistsError:
            return super().describe(glimpses)
        (self._folder / "died").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives that")


@dataclass(frozen=True)
class DiesOnce:
    """Describes by thumbnails; of all processes the first one dies in the middle of its film."""

    folder: Path

    def __call__(self) -> Describer:
        return DyingDescriber(self.folder)


@dataclass(frozen=True)
class TellsItsProcess:
    """Describes by thumbnails, and leaves its process number in a folder; then waits for a word."""

    folder: Path

    def __call__(self) -> Describer:
        (self.folder / f"{os.getpid()}.pid").touch()
        return thumbnails()


@dataclass(frozen=True)
class ChangesItsFilm:
    """Describes by thumbnails, while something is still written to, or taken away with, a film."""

    film: Path
    is_taken_away: bool = False

    def __call__(self) -> Describer:
        if self.is_taken_away:
            self.film.unlink(missing_ok=True)
        else:
            with self.film.open("ab") as file:
                file.write(b"more of it")
        return thumbnails()


Contents = dict[str, tuple[object, ...]]


def contents(folder: Path) -> Contents:
    """Read all an archive holds, by fingerprint, leaving out numbers that depend on the order."""
    found: Contents = {}
    with Archive.open(folder) as archive:
        moments = archive.moments
        for film in archive.films():
            spans = tuple(s.span for s in archive.shots() if s.film_id == film.id)
            ours = moments.films == film.id
            vectors = np.asarray(archive.vectors)[moments.rows[ours]]
            proxy = film.film.proxy
            proxied = (folder / proxy).read_bytes() if proxy is not None else None
            found[film.film.fingerprint] = (
                film.film,
                film.present,
                spans,
                tuple(moments.times_s[ours]),
                vectors.tobytes(),
                proxied,
            )
    return found
