"""The archive: a folder of films, shots, moments and their vectors."""

import json
import logging
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from livematch.archive import marks, schema, thumbs, vectors
from livematch.archive.contents import (
    Clips,
    Films,
    Moments,
    Shots,
    StoredFilm,
    StoredShot,
    read_films,
    read_moments,
    read_shots,
)
from livematch.archive.intake import fault_of, insert
from livematch.archive.records import IndexedFilm, Mark
from livematch.archive.vectors import Half
from livematch.embed.parts import DescriptorLayout
from livematch.errors import ArchiveError, FilmError
from livematch.values import Clip, Image, Moment

__all__ = ["Archive", "ModelIdentity", "Moments", "Shots", "StoredFilm", "StoredShot"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made the descriptors: its name and the SHA-256 of its file, in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the database says about the archive as a whole."""

    id: str
    model: ModelIdentity
    layout: DescriptorLayout
    rows: int


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Everything a show asks for, read at once."""

    rows: int
    films: Films
    shots: Shots
    marks: tuple[Mark, ...]
    moments: Moments
    vectors: Half
    clips: Clips


class Archive:
    """An open archive folder; a context manager, made by `create` or `open`.

    Opened for reading it is a snapshot: it holds no lock and no database, any thread may use it,
    and it neither waits for a writer nor makes one wait. Opened for writing it belongs to one
    thread at a time and keeps every other writer out.
    """

    def __init__(
        self,
        folder: Path,
        facts: _Facts,
        database: sqlite3.Connection | None,
        lock: schema.WriterLock | None,
    ) -> None:
        self.folder = folder
        self.id = facts.id
        self.model = facts.model
        self.layout = facts.layout
        self._rows = facts.rows
        self._database = database
        self._lock = lock
        self._films: Films | None = None
        self._read: _Snapshot | None = None

    @classmethod
    def create(cls, folder: Path, model: ModelIdentity, layout: DescriptorLayout) -> Self:
        """Make an empty archive and open it for writing.

        `folder` may exist if it is empty. ArchiveError if it is in use or cannot be written.
        """
        database = folder / schema.DATABASE
        if database.exists():
            raise ArchiveError(f"{folder} is an archive already")
        with schema.explained(database):
            _refuse_foreign(folder)
            folder.mkdir(parents=True, exist_ok=True)
            lock = schema.WriterLock(folder)
            try:
                (folder / schema.PROXIES).mkdir(exist_ok=True)
                (folder / schema.THUMBS).mkdir(exist_ok=True)
                vectors.cut(folder / schema.VECTORS, 0, layout.dimension)
                facts: dict[str, str | int] = {
                    "archive_id": uuid.uuid4().hex,
                    "model_name": model.name,
                    "model_sha256": model.sha256,
                    "layout": json.dumps(layout.as_json()),
                    "rows": 0,
                }
                schema.create_database(database, facts)
            finally:
                lock.release()
        return cls.open(folder, writable=True)

    @classmethod
    def open(cls, folder: Path, *, writable: bool = False) -> Self:
        """Open an archive; ArchiveError says why it cannot be.

        To write is refused where another process writes, where the disk is read-only, and where
        vectors are missing. To read always works on an archive of this or an older format: vectors
        that are missing are logged, and their moments left out.
        """
        database = folder / schema.DATABASE
        if not database.is_file():
            raise ArchiveError(_not_an_archive(folder))
        if not writable:
            with schema.open_for_reading(database) as connection:
                archive = cls(folder, _read_facts(connection, folder), None, None)
                archive._read = archive._snapshot(connection)
                return archive
        return cls._open_for_writing(folder, database)

    @classmethod
    def open_to_mend(cls, folder: Path) -> Self:
        """Open an archive for writing although vectors may be missing: fill them before adding."""
        database = folder / schema.DATABASE
        if not database.is_file():
            raise ArchiveError(_not_an_archive(folder))
        return cls._open_for_writing(folder, database, mending=True)

    @classmethod
    def _open_for_writing(cls, folder: Path, path: Path, *, mending: bool = False) -> Self:
        lock = schema.WriterLock(folder)
        try:
            database = schema.open_for_writing(path)
            try:
                with schema.explained(path):
                    facts = _read_facts(database, folder)
                    if not mending:
                        _refuse_missing_vectors(folder, facts)
                    vectors.cut(folder / schema.VECTORS, facts.rows, facts.layout.dimension)
                return cls(folder, facts, database, lock)
            except BaseException:
                database.close()
                raise
        except BaseException:
            lock.release()
            raise

    def require(self, model: ModelIdentity, layout: DescriptorLayout | None = None) -> None:
        """Raise ArchiveError unless the archive was made with this model and layout."""
        if model.sha256 != self.model.sha256:
            raise ArchiveError(
                f"{self.folder} was indexed with the model {self.model.name}"
                f" (SHA-256 {self.model.sha256[:12]}…), not with {model.name}"
                f" ({model.sha256[:12]}…): use --model {self.model.name}, or index the films again"
                " into another folder"
            )
        if layout is not None and layout != self.layout:
            raise ArchiveError(
                f"{self.folder} holds descriptors of {_layout_in_words(self.layout)}; this"
                f" livematch makes {_layout_in_words(layout)}: index the films again into another"
                " folder"
            )

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing and is still open."""
        return self._database is not None

    # -- what indexing asks and tells ---------------------------------------------------------

    def known(self, path: Path) -> StoredFilm | None:
        """Return the film last seen at this path, spelt exactly so."""
        return self._all_films.by_path.get(path)

    def by_fingerprint(self, fingerprint: str) -> StoredFilm | None:
        """Return the film with this content, wherever it lies."""
        return self._all_films.by_fingerprint.get(fingerprint)

    def add_film(self, indexed: IndexedFilm, replacing: Iterable[int] = ()) -> int:
        """Add a film, whole or not at all, even if the process is killed; returns its number.

        The films `replacing` names go in the same instant, as by `remove_film`; one may have the
        same content. FilmError if it may not be added; ArchiveError if the archive cannot be
        written.
        """
        half = vectors.to_half(indexed.vectors)
        gone = [self._refuse_unknown(film_id) for film_id in replacing]
        self._refuse(indexed, half, gone)
        rows = self._rows + len(half)
        with self._writing() as database:
            # The order is what makes it safe: vectors and thumbs lie on the disk, unnoticed,
            # before the transaction that makes them count.
            vectors.append(self.folder / schema.VECTORS, self._rows, half)
            thumbs.write(self.folder, indexed.film.fingerprint, indexed.thumbs)
            for film in gone:
                database.execute("DELETE FROM films WHERE id = ?", (film.id,))
            film_id = insert(database, indexed, self._rows)
            database.execute("UPDATE meta SET value = ? WHERE key = 'rows'", (rows,))
        self._rows = rows
        self._clear_away(gone)
        return film_id

    def update_path(self, film_id: int, path: Path, size: int, mtime_ns: int) -> None:
        """Note where a film lies now, and that it is present."""
        with self._writing() as database:
            self._refuse_unknown(film_id)
            database.execute(
                "UPDATE films SET path = ?, size = ?, mtime_ns = ?, present = 1 WHERE id = ?",
                (schema.path_to_value(path), size, mtime_ns, film_id),
            )

    def set_present(self, film_id: int, present: bool) -> None:
        """Offer the film's moments, or keep them back."""
        with self._writing() as database:
            self._refuse_unknown(film_id)
            database.execute("UPDATE films SET present = ? WHERE id = ?", (present, film_id))

    def set_repeats(self, pairs: Mapping[int, int | None]) -> None:
        """Note for shots, all at once, which shot each repeats, by number; None for none."""
        with self._writing() as database:
            wrong = [shot for shot, repeated in pairs.items() if shot == repeated]
            if wrong:
                raise ArchiveError(f"{self.folder}: the shot {wrong[0]} cannot repeat itself")
            for shot, repeated in pairs.items():
                try:
                    changed = database.execute(
                        "UPDATE shots SET repeats = ? WHERE id = ?", (repeated, shot)
                    ).rowcount
                except sqlite3.IntegrityError:
                    raise ArchiveError(f"{self.folder} has no shot number {repeated}") from None
                if not changed:
                    raise ArchiveError(f"{self.folder} has no shot number {shot}")

    def mark(self, wanted: Iterable[Mark]) -> None:
        """Add tags and bans, all at once; ArchiveError for one that cannot be."""
        wanted = tuple(wanted)
        wrong = [mark for mark in wanted if not marks.valid_mark(mark)]
        if wrong:
            raise ArchiveError(f"{self.folder}: {wrong[0]} cannot be kept")
        with self._writing() as database:
            marks.add(database, wanted)

    def unmark(self, unwanted: Iterable[Mark]) -> None:
        """Remove tags and bans, all at once; one that is not there is no fault."""
        with self._writing() as database:
            marks.remove(database, unwanted)

    def set_damaged(self, film_ids: Iterable[int]) -> None:
        """Note that films lack vectors: the next `livematch index` makes them again."""
        with self._writing() as database:
            for film_id in film_ids:
                self._refuse_unknown(film_id)
                database.execute("UPDATE films SET damaged = 1 WHERE id = ?", (film_id,))

    def fill_missing_vectors(self) -> int:
        """Put rows of no numbers where the file of vectors ends early; returns how many.

        No film can be found by them, and no other film's vectors ever take a row that was used:
        an index that was built from the rows before would not notice.
        """
        with schema.explained(self.folder / schema.DATABASE):
            return vectors.fill(self.folder / schema.VECTORS, self._rows, self.layout.dimension)

    def remove_film(self, film_id: int) -> None:
        """Forget a film with its shots, moments, thumbs and proxy; its vectors become dead rows.

        Its tags and bans are kept, for when it comes back.
        """
        with self._writing() as database:
            gone = self._refuse_unknown(film_id)
            database.execute("DELETE FROM films WHERE id = ?", (film_id,))
        self._clear_away([gone])

    def _clear_away(self, gone: Iterable[StoredFilm]) -> None:
        """Delete the files of films that are no longer in the archive.

        After the transaction: a process killed here leaves files that nothing names, which `check`
        reports.
        """
        left = [stored.film for stored in self._all_films.by_id.values()]
        proxies = {film.proxy for film in left}
        fingerprints = {film.fingerprint for film in left}
        for film in (stored.film for stored in gone):
            if film.fingerprint not in fingerprints:
                thumbs.remove(self.folder, film.fingerprint)
            if film.proxy is not None and film.proxy not in proxies:
                (self.folder / film.proxy).unlink(missing_ok=True)

    @property
    def proxies(self) -> Path:
        """The folder for proxies; `FilmRecord.proxy` is relative to `folder`: `proxies/x.mov`."""
        return self.folder / schema.PROXIES

    # -- what everyone else reads -------------------------------------------------------------

    def films(self) -> Sequence[StoredFilm]:
        """All films, present or not, in the order they were added."""
        return tuple(self._all_films.by_id.values())

    def film(self, film_id: int) -> StoredFilm:
        """Return the film of this number; KeyError if there is none."""
        return self._all_films.by_id[film_id]

    def shots(self) -> Shots:
        """All shots, in the order of films and of time."""
        return self._contents.shots

    def shot(self, shot_id: int) -> StoredShot:
        """Return the shot of this number; KeyError if there is none."""
        return self._contents.shots.of(shot_id)

    @property
    def marks(self) -> Sequence[Mark]:
        """Every tag and ban, of films that are not in the archive too; see `Offer`."""
        return self._contents.marks

    @property
    def moments(self) -> Moments:
        """All moments that have their vectors, of present films or not."""
        return self._contents.moments

    def offered(self) -> Moments:
        """Return the moments of present films only."""
        present = [film.id for film in self.films() if film.present]
        return self.moments.where(np.isin(self.moments.films, present))

    def contents_of(self, film_id: int | None) -> tuple[Sequence[StoredShot], Moments]:
        """Read one film's shots and moments and no others, or all; only while open for writing."""
        with schema.explained(self.folder / schema.DATABASE):
            shots = read_shots(self._connection, film_id)
            return shots, read_moments(self._connection, shots, film_id)

    def some_vectors(self, rows: slice) -> Half:
        """Read some vectors as they lie on the disk now, (n, dimension), without reading others."""
        file, dimension = self.folder / schema.VECTORS, self.layout.dimension
        return np.array(vectors.map_rows(file, self._rows, dimension)[rows])

    @property
    def rows(self) -> int:
        """How many vector rows the database counts, dead ones too."""
        return self._rows

    @property
    def vectors(self) -> Half:
        """The vectors by row, (rows, dimension), mapped from disk, read-only."""
        return self._contents.vectors

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment. Any thread, no disk; KeyError if it is not ours."""
        return self._contents.clips.clip(moment)

    def thumb(self, shot_id: int) -> Image | None:
        """Read a shot's small picture; None if there is none. Any thread."""
        try:
            shot = self._contents.shots.of(shot_id)
        except KeyError:
            return None
        return thumbs.read(self.folder, self.film(shot.film_id).film.fingerprint, shot.number)

    # -- within -------------------------------------------------------------------------------

    @property
    def _all_films(self) -> Films:
        if self._read is not None:
            return self._read.films
        if self._films is None:
            self._films = read_films(self._connection)
        return self._films

    @property
    def _contents(self) -> _Snapshot:
        if self._read is None:
            with schema.explained(self.folder / schema.DATABASE):
                self._read = self._snapshot(self._connection)
        return self._read

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise ArchiveError(f"{self.folder} was not opened for writing, or is closed")
        return self._database

    def _snapshot(self, database: sqlite3.Connection) -> _Snapshot:
        """Read the tables in one transaction, so that they agree, then map the vectors."""
        database.execute("BEGIN")
        try:
            rows = _read_facts(database, self.folder).rows
            films, shots = read_films(database), read_shots(database)
            kept, moments = marks.read_marks(database), read_moments(database, shots)
        finally:
            database.execute("ROLLBACK")
        file, dimension = self.folder / schema.VECTORS, self.layout.dimension
        there = min(rows, vectors.rows_on_disk(file, dimension))
        if there < rows:
            log.warning("%s", _missing_vectors(self.folder, rows - there, rows))
            moments = moments.where(moments.rows < there)
        mapped = vectors.map_rows(file, there, dimension)
        self._rows = rows
        clips = Clips(self.folder, films, shots)
        return _Snapshot(rows, films, shots, kept, moments, mapped, clips)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open one transaction; whatever goes wrong inside, it has not happened."""
        database = self._connection
        with schema.explained(self.folder / schema.DATABASE):
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            finally:
                self._films = self._read = None

    def _refuse(self, indexed: IndexedFilm, half: Half, gone: Sequence[StoredFilm]) -> None:
        fault = fault_of(indexed, half, self.layout.dimension)
        same = self.by_fingerprint(indexed.film.fingerprint)
        if fault is None and same is not None and same not in gone:
            fault = "the archive has a film with this content already"
        if fault is not None:
            raise FilmError(f"{indexed.film.path}: {fault}; it was not added")

    def _refuse_unknown(self, film_id: int) -> StoredFilm:
        film = self._all_films.by_id.get(film_id)
        if film is None:
            raise ArchiveError(f"{self.folder} has no film number {film_id}")
        return film

    # -- end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of database and lock; safe to call twice. A snapshot stays readable."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _read_facts(database: sqlite3.Connection, folder: Path) -> _Facts:
    meta = dict(database.execute("SELECT key, value FROM meta"))
    try:
        model = ModelIdentity(meta["model_name"], meta["model_sha256"])
        layout = DescriptorLayout.from_json(json.loads(meta["layout"]))
        return _Facts(meta["archive_id"], model, layout, int(meta["rows"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"{folder}: its database lacks a fact ({error!r})") from error


def _refuse_foreign(folder: Path) -> None:
    # what a process leaves that was killed while making the archive, SQLite's journals included
    ours = (schema.VECTORS, schema.LOCK, schema.PROXIES, schema.THUMBS, f"{schema.DATABASE}.part")
    if folder.exists() and not folder.is_dir():
        raise ArchiveError(f"{folder} is a file; an archive is a folder")
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    others = [name for name in names if not name.startswith(ours)]
    if others:
        raise ArchiveError(
            f"{folder} holds other things ({', '.join(sorted(others)[:3])}…): an archive needs a"
            " folder of its own"
        )


def _refuse_missing_vectors(folder: Path, facts: _Facts) -> None:
    there = vectors.rows_on_disk(folder / schema.VECTORS, facts.layout.dimension)
    if there < facts.rows:
        raise ArchiveError(_missing_vectors(folder, facts.rows - there, facts.rows))


def _missing_vectors(folder: Path, missing: int, rows: int) -> str:
    return (
        f"{folder}: {missing} of {rows} rows of {schema.VECTORS} are missing; put a copy of that"
        f" file back, or run `livematch archive check --repair {folder}`"
    )


def _not_an_archive(folder: Path) -> str:
    if not folder.exists():
        return f"there is no folder {folder}"
    if not folder.is_dir():
        return f"{folder} is a file; an archive is a folder, made by `livematch index`"
    return f"{folder} is not an archive: it has no {schema.DATABASE}; `livematch index` makes one"


def _layout_in_words(layout: DescriptorLayout) -> str:
    return " + ".join(f"{part.name} {part.size}" for part in layout.parts)
