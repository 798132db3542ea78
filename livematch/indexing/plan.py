"""What is to be done: the films on the disk against the films in the archive. Pure."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from livematch.archive.contents import StoredFilm
from livematch.errors import FilmError
from livematch.indexing.scan import FoundFile


@dataclass(frozen=True, slots=True)
class NewFilm:
    """A film to index. `replaces` are entries of the archive that go when this one comes in."""

    file: FoundFile
    fingerprint: str
    replaces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """A film of the archive that now lies somewhere else, or has a new date only."""

    film: StoredFilm
    file: FoundFile


@dataclass(frozen=True, slots=True)
class Copy:
    """A second file with the content of a film that is, or will be, in the archive."""

    file: FoundFile
    of: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that could not be read for its fingerprint."""

    path: Path
    reason: str


@dataclass(slots=True)
class Plan:
    """Everything an indexing run is to do."""

    new: list[NewFilm] = field(default_factory=list)
    unchanged: list[StoredFilm] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    back: list[StoredFilm] = field(default_factory=list)
    gone: list[StoredFilm] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    stale: list[StoredFilm] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def make_plan(
    files: Sequence[FoundFile],
    roots: Sequence[Path],
    stored: Iterable[StoredFilm],
    fingerprint: Callable[[Path], str],
    exists: Callable[[Path], bool],
    usable: Callable[[StoredFilm], bool],
    unreadable: Collection[Path] = (),
) -> Plan:
    """Compare what lies under the roots with what the archive knows.

    `fingerprint` is asked only for files whose path, size or date is new; `exists` only for films
    outside of what was scanned. A film that is damaged or not `usable` (its proxy is missing) is
    made again. Of what lies under `unreadable` files and folders nobody knows whether it has gone:
    it stays.
    """
    planner = _Planner(files, stored, usable)
    planner.recognise_by_path()
    planner.recognise_by_content(fingerprint, exists)
    planner.find_gone(roots, unreadable)
    return planner.plan


class _Planner:
    def __init__(
        self,
        files: Sequence[FoundFile],
        stored: Iterable[StoredFilm],
        usable: Callable[[StoredFilm], bool],
    ) -> None:
        self.plan = Plan()
        self._files = files
        self._on_disk = {file.path: file for file in files}
        self._usable = usable
        films = list(stored)
        self._by_fingerprint: Mapping[str, StoredFilm] = {f.film.fingerprint: f for f in films}
        self._by_path: dict[Path, list[StoredFilm]] = {}
        for film in films:
            self._by_path.setdefault(film.film.path, []).append(film)
        self._settled: set[int] = set()  # films whose file is known
        self._unknown: list[FoundFile] = []

    def recognise_by_path(self) -> None:
        """Settle the films that lie where they lay, with the size and date they had."""
        for file in self._files:
            here = self._by_path.get(file.path, [])
            same = next((film for film in here if _is_unchanged(film, file)), None)
            if same is None:
                self._unknown.append(file)
            else:
                self._settle(same, file)

    def _settle(self, film: StoredFilm, file: FoundFile) -> None:
        self._settled.add(film.id)
        if film.damaged or not self._usable(film):
            self.plan.new.append(NewFilm(file, film.film.fingerprint, (film.id,)))
        elif film.film.path != file.path or not _is_unchanged(film, file):
            self.plan.moved.append(Moved(film, file))
        elif not film.present:
            self.plan.back.append(film)
        else:
            self.plan.unchanged.append(film)

    def recognise_by_content(
        self, fingerprint: Callable[[Path], str], exists: Callable[[Path], bool]
    ) -> None:
        """Read the other files' fingerprints: moved, copied, or new to the archive."""
        first_with: dict[str, Path] = {}
        for file in self._unknown:
            try:
                key = fingerprint(file.path)
            except FilmError as error:
                self.plan.refused.append(Refused(file.path, str(error)))
                self._settled |= {film.id for film in self._by_path.get(file.path, [])}
                continue
            film = self._by_fingerprint.get(key)
            if film is not None and film.id not in self._settled:
                if film.film.path != file.path and self._still_there(film, exists):
                    self.plan.copies.append(Copy(file, film.film.path))
                else:
                    self._settle(film, file)
                    first_with[key] = file.path
            elif film is not None or key in first_with:
                of = first_with.get(key) or (film.film.path if film else file.path)
                self.plan.copies.append(Copy(file, of))
            else:
                first_with[key] = file.path
                self.plan.new.append(NewFilm(file, key))

    def _still_there(self, film: StoredFilm, exists: Callable[[Path], bool]) -> bool:
        """Whether a film's file still lies where it lay; one that was scanned has changed."""
        return film.film.path not in self._on_disk and exists(film.film.path)

    def find_gone(self, roots: Sequence[Path], unreadable: Collection[Path]) -> None:
        """Settle the films of which nothing was found: overwritten by another film, or gone."""
        arriving = {new.file.path: place for place, new in enumerate(self.plan.new)}
        kept_paths = {f.film.path for f in (*self.plan.unchanged, *self.plan.back)}
        kept_paths |= {moved.file.path for moved in self.plan.moved}
        for film in (f for here in self._by_path.values() for f in here):
            path = film.film.path
            if film.id in self._settled or any(_is_under(path, place) for place in unreadable):
                continue
            if path in arriving:
                place = arriving[path]
                new = self.plan.new[place]
                self.plan.new[place] = NewFilm(new.file, new.fingerprint, (*new.replaces, film.id))
            elif path in kept_paths or path in self._on_disk:
                self.plan.stale.append(film)
            elif film.present and any(_is_under(path, root) for root in roots):
                self.plan.gone.append(film)


def _is_unchanged(film: StoredFilm, file: FoundFile) -> bool:
    record = film.film
    return (record.path, record.size, record.mtime_ns) == (file.path, file.size, file.mtime_ns)


def _is_under(path: Path, root: Path) -> bool:
    return os.fspath(path) == os.fspath(root) or path.is_relative_to(root)
