"""The archive's database: its tables, how it is opened, and who may write to it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from livematch import __version__
from livematch.errors import ArchiveError

VERSION = 2
APPLICATION_ID = 0x6C6D6172  # "lmar", in the file's header: this SQLite file is an archive

DATABASE = "archive.db"
VECTORS = "vectors.f16"
LOCK = "writer.lock"
PROXIES = "proxies"
THUMBS = "thumbs"

# Numbers of films and shots are never used again (AUTOINCREMENT): a show that opened the archive
# before a film was replaced must not find another film's shots under the old numbers.
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE films (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL UNIQUE,
    path NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    duration_s REAL NOT NULL,
    fps REAL NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    codec TEXT NOT NULL,
    proxy TEXT,
    present INTEGER NOT NULL DEFAULT 1,
    dropped INTEGER NOT NULL DEFAULT 0,
    damaged INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX films_by_path ON films (path);
CREATE TABLE shots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    film_id INTEGER NOT NULL REFERENCES films (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    kind TEXT NOT NULL DEFAULT 'film',
    look INTEGER,
    repeats INTEGER REFERENCES shots (id) ON DELETE SET NULL,
    UNIQUE (film_id, number)
);
CREATE TABLE moments (
    row INTEGER PRIMARY KEY,
    shot_id INTEGER NOT NULL REFERENCES shots (id) ON DELETE CASCADE,
    time_s REAL NOT NULL
);
CREATE INDEX moments_by_shot ON moments (shot_id);
CREATE INDEX shots_by_repeats ON shots (repeats);
CREATE TABLE tags (fingerprint TEXT NOT NULL, at_s REAL, tag TEXT NOT NULL);
CREATE UNIQUE INDEX tags_once ON tags (fingerprint, ifnull(at_s, -1), tag);
CREATE TABLE bans (fingerprint TEXT NOT NULL, at_s REAL);
CREATE UNIQUE INDEX bans_once ON bans (fingerprint, ifnull(at_s, -1));
"""

# What makes a version-1 database one of version 2. Each is one statement.
_FROM_1_TO_2 = (
    "ALTER TABLE films ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE films ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE shots ADD COLUMN kind TEXT NOT NULL DEFAULT 'film'",
    "ALTER TABLE shots ADD COLUMN look INTEGER",
    "ALTER TABLE shots ADD COLUMN repeats INTEGER REFERENCES shots (id) ON DELETE SET NULL",
    "CREATE INDEX shots_by_repeats ON shots (repeats)",
    "CREATE TABLE tags (fingerprint TEXT NOT NULL, at_s REAL, tag TEXT NOT NULL)",
    "CREATE UNIQUE INDEX tags_once ON tags (fingerprint, ifnull(at_s, -1), tag)",
    "CREATE TABLE bans (fingerprint TEXT NOT NULL, at_s REAL)",
    "CREATE UNIQUE INDEX bans_once ON bans (fingerprint, ifnull(at_s, -1))",
    "PRAGMA user_version = 2",
)
# What shows a version-1 database to its reader as one of version 2, without writing to it.
_1_SEEN_AS_2 = (
    "PRAGMA temp_store = MEMORY",
    "CREATE TEMP VIEW films AS SELECT *, 0 AS dropped, 0 AS damaged FROM main.films",
    "CREATE TEMP VIEW shots AS SELECT *, 'film' AS kind, NULL look, NULL repeats FROM main.shots",
    "CREATE TEMP TABLE tags (fingerprint, at_s, tag)",
    "CREATE TEMP TABLE bans (fingerprint, at_s)",
)


def create_database(path: Path, meta: dict[str, str | int]) -> None:
    """Write an empty database with these facts in `meta`; it appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    for leftover in path.parent.glob(f"{part.name}*"):  # of a process killed here, its journal too
        leftover.unlink()
    with closing(sqlite3.connect(part, isolation_level=None)) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.executescript(_TABLES)
        facts = {"written_by": __version__, **meta}
        database.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
        database.execute("PRAGMA journal_mode = WAL")
    part.replace(path)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open an archive's database for its one writer; ArchiveError if it is none."""
    with explained(path):
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=10.0,
            check_same_thread=False,
        )
        try:
            _check_version(database, path)
            database.execute("PRAGMA foreign_keys = ON")
            # every film is on the disk before the next one begins, even if the power goes
            database.execute("PRAGMA synchronous = FULL")
            _upgrade(database)
        except BaseException:
            database.close()
            raise
    return database


@contextmanager
def open_for_reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an archive's database for one reading, as it stands; never waits for a writer.

    Works where nothing can be written. SQLite needs a place for its shared memory to read a
    database in WAL mode; where there is none, nobody can be writing either, and the database is
    read as an unchanging file, or from a copy if a writer died before its log was folded in.
    """
    with explained(path), tempfile.TemporaryDirectory(prefix="livematch-") as spare:
        try:
            database = _connect_for_reading(path, "mode=ro")
        except sqlite3.OperationalError:
            if not path.is_file():
                raise
            database = _connect_where_nothing_can_be_written(path, Path(spare))
        with closing(database):
            if _check_version(database, path) == 1:
                _execute_all(database, _1_SEEN_AS_2)
            yield database


def _connect_where_nothing_can_be_written(path: Path, spare: Path) -> sqlite3.Connection:
    log = path.with_name(path.name + "-wal")
    if not log.is_file() or log.stat().st_size == 0:
        return _connect_for_reading(path, "mode=ro&immutable=1")
    copy = spare / path.name
    shutil.copyfile(path, copy)
    shutil.copyfile(log, copy.with_name(log.name))
    return _connect_for_reading(copy, "mode=rw")


def _connect_for_reading(path: Path, mode: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        isolation_level=None,
        timeout=10.0,
        check_same_thread=False,
    )
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def _upgrade(database: sqlite3.Connection) -> None:
    """Bring an older database to this version in one transaction: it is the old or the new one."""
    database.execute("BEGIN IMMEDIATE")
    try:
        if database.execute("PRAGMA user_version").fetchone()[0] == 1:
            _execute_all(database, _FROM_1_TO_2)
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _execute_all(database: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:  # executescript would commit a transaction that is open
        database.execute(statement)


def _check_version(database: sqlite3.Connection, path: Path) -> int:
    """Return the version of the format; ArchiveError unless it can be read."""
    if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ArchiveError(f"{path.parent} is not an archive: {path.name} is another kind of file")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        by = database.execute("SELECT value FROM meta WHERE key = 'written_by'").fetchone()
        raise ArchiveError(
            f"{path.parent}: this archive was written by livematch {by[0] if by else '?'} in"
            f" format {version}; this is livematch {__version__}, which reads format {VERSION}."
            " Install the newer livematch, or index into another folder."
        )
    return int(version)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about an archive into one clear ArchiveError."""
    folder = path.parent
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise ArchiveError(_say(error, folder, path)) from error
    except OSError as error:
        raise ArchiveError(f"{folder}: {error.strerror or error}") from error


def _say(error: sqlite3.DatabaseError, folder: Path, path: Path) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_NOTADB"):
        return f"{folder} is not an archive: {path.name} is another kind of file"
    if name.startswith("SQLITE_CORRUPT"):
        return f"{folder}: {path.name} is damaged ({error}); put a copy of it back, or index again"
    if name.startswith("SQLITE_READONLY"):
        return _read_only(folder)
    if name.startswith("SQLITE_FULL"):
        return f"{folder}: the disk is full"
    if name.startswith("SQLITE_CANTOPEN"):
        return f"{folder}: {path.name} may not be opened (permissions, or a read-only disk)"
    return f"{folder}: {error}"


class WriterLock:
    """The right to write to an archive: one process at a time, given up when the process dies.

    It is SQLite's own file lock on an empty file, so it is as portable as the database is, and
    never has to be cleaned up after a crash.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        # SQLite opens what it may not write to without a word, read-only
        places = (folder, path, folder / DATABASE, folder / VECTORS)
        if not all(os.access(place, os.W_OK) for place in places if place.exists()):
            raise ArchiveError(_read_only(folder))
        try:
            self._database = sqlite3.connect(
                path, isolation_level=None, timeout=0.0, check_same_thread=False
            )
        except sqlite3.OperationalError:
            raise ArchiveError(_read_only(folder)) from None
        try:
            self._database.execute("PRAGMA journal_mode = OFF")  # or a second file lies about
            self._database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._database.close()
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise ArchiveError(
                    f"{folder} is being written to by another livematch: wait until it has"
                    " finished, or stop it"
                ) from None
            raise ArchiveError(_read_only(folder)) from None

    def release(self) -> None:
        """Let others write; safe to call twice."""
        self._database.close()


def _read_only(folder: Path) -> str:
    return f"{folder} cannot be written to: the disk or the folder is read-only"


def path_to_value(path: Path) -> str | bytes:
    """Return a path as SQLite can keep it: text, or its bytes where it is no proper Unicode."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text


def path_from_value(value: str | bytes) -> Path:
    """Return the path that `path_to_value` kept."""
    return Path(os.fsdecode(value))
