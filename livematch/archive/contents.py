"""What the database says, read at once into values that any thread may use."""

import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from livematch.archive.records import FilmRecord, ShotSpan
from livematch.archive.schema import path_from_value
from livematch.errors import ArchiveError
from livematch.values import Clip, Moment, ShotKind

log = logging.getLogger(__name__)

_KINDS = {kind.value: kind for kind in ShotKind}
_FINGERPRINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{3,127}")


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film in the archive; one that is not `present` is kept and not offered.

    Of `dropped` moments it had near-duplicates were not kept. One that is `damaged` lacks vectors
    and is to be indexed again.
    """

    id: int
    film: FilmRecord
    present: bool
    dropped: int = 0
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class StoredShot:
    """A shot in the archive, the `number`-th of its film from 0.

    `look` is a 64-bit hash of its picture, signed; `repeats` is the number of a shot that shows the
    same. Either may be None.
    """

    id: int
    film_id: int
    number: int
    span: ShotSpan
    kind: ShotKind = ShotKind.FILM
    look: int | None = None
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class Moments:
    """Every moment as columns of one length, by rising `rows`; never written to."""

    rows: NDArray[np.int64]
    films: NDArray[np.int64]
    shots: NDArray[np.int64]
    times_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, position: int) -> Moment:
        """Return the moment at a position in the columns."""
        return Moment(
            row=int(self.rows[position]),
            film_id=int(self.films[position]),
            shot_id=int(self.shots[position]),
            time_s=float(self.times_s[position]),
        )

    def several(self, positions: NDArray[np.intp]) -> tuple[Moment, ...]:
        """Return the moments at some positions: a column at a time, which takes a third as long."""
        columns = (self.rows, self.films, self.shots, self.times_s)
        return tuple(map(Moment, *(column[positions].tolist() for column in columns)))

    def at_all(self, positions: NDArray[np.intp]) -> "Moments":
        """Return only the moments at some positions, in rising order."""
        return Moments(
            self.rows[positions],
            self.films[positions],
            self.shots[positions],
            self.times_s[positions],
        )

    def where(self, wanted: NDArray[np.bool_]) -> "Moments":
        """Return only the moments for which `wanted` (n,) is true."""
        return Moments(
            self.rows[wanted], self.films[wanted], self.shots[wanted], self.times_s[wanted]
        )


class Shots(Sequence[StoredShot]):
    """Every shot, in the order of films and of time, as columns: each is made when asked for.

    A `looks` counts where `looked`; `repeats` is 0 for none. Never written to; any thread.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        films: NDArray[np.int64],
        numbers: NDArray[np.int64],
        starts_s: NDArray[np.float64],
        ends_s: NDArray[np.float64],
        kinds: NDArray[np.str_],
        looked: NDArray[np.bool_],
        looks: NDArray[np.int64],
        repeats: NDArray[np.int64],
    ) -> None:
        self.ids, self.films, self.numbers = ids, films, numbers
        self.starts_s, self.ends_s = starts_s, ends_s
        self.kinds, self.looked, self.looks, self.repeats = kinds, looked, looks, repeats
        self._by_id = np.argsort(ids)
        self._sorted = ids[self._by_id]

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> StoredShot: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[StoredShot, ...]: ...
    def __getitem__(self, place: int | slice) -> StoredShot | tuple[StoredShot, ...]:
        if isinstance(place, slice):
            return tuple(self._at(n) for n in range(*place.indices(len(self))))
        return self._at(range(len(self))[place])

    def of(self, shot_id: int) -> StoredShot:
        """Return the shot of this number; KeyError if there is none."""
        found = int(np.searchsorted(self._sorted, shot_id))
        if found == len(self) or self._sorted[found] != shot_id:
            raise KeyError(shot_id)
        return self._at(int(self._by_id[found]))

    def places(self, shot_ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return where the shots of these numbers, all of which must be there, lie: (n,)."""
        return self._by_id[np.searchsorted(self._sorted, shot_ids)]

    def _at(self, place: int) -> StoredShot:
        return StoredShot(
            int(self.ids[place]),
            int(self.films[place]),
            int(self.numbers[place]),
            ShotSpan(float(self.starts_s[place]), float(self.ends_s[place])),
            _KINDS.get(str(self.kinds[place]), ShotKind.FILM),
            int(self.looks[place]) if self.looked[place] else None,
            int(self.repeats[place]) or None,
        )


class Films:
    """The films, found by number, by content and by the path they were last seen at."""

    def __init__(self, films: Sequence[StoredFilm]) -> None:
        self.by_id: Mapping[int, StoredFilm] = {film.id: film for film in films}
        self.by_fingerprint: Mapping[str, StoredFilm] = {f.film.fingerprint: f for f in films}
        # of two films last seen at one path, the present one lies there, then the newer
        order = sorted(films, key=lambda film: (film.present, film.id))
        self.by_path: Mapping[Path, StoredFilm] = {film.film.path: film for film in order}


def valid_fingerprint(fingerprint: str) -> bool:
    """Whether it can name a folder: letters, digits, `_` and `-`, 4 to 128 of them."""
    return _FINGERPRINT.fullmatch(fingerprint) is not None


def valid_proxy(proxy: str) -> bool:
    """Whether it is a path that stays inside the archive, as `proxies/x.mov` does."""
    path = PurePosixPath(proxy)
    inside = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return inside and "\\" not in proxy and ":" not in proxy and "\0" not in proxy


def read_films(database: sqlite3.Connection) -> Films:
    """Read all films; ArchiveError if the database holds what livematch never writes."""
    films = []
    rows = database.execute(
        "SELECT id, present, dropped, damaged, fingerprint, path, size, mtime_ns, duration_s, fps,"
        " width, height, codec, proxy FROM films ORDER BY id"
    )
    for film_id, present, dropped, damaged, *values in rows:
        film = _film(*values)
        # archives are copied from machine to machine: nothing in one may point out of its folder
        if not valid_fingerprint(film.fingerprint) or not (
            film.proxy is None or valid_proxy(film.proxy)
        ):
            raise ArchiveError(
                f"the archive's film {film_id} has the fingerprint {film.fingerprint!r} and the"
                f" proxy {film.proxy!r}: livematch did not write that; do not trust this archive"
            )
        films.append(StoredFilm(film_id, film, bool(present), dropped, bool(damaged)))
    return Films(films)


def _film(
    fingerprint: str,
    path: str | bytes,
    size: int,
    mtime_ns: int,
    duration_s: float,
    fps: float,
    width: int,
    height: int,
    codec: str,
    proxy: str | None,
) -> FilmRecord:
    return FilmRecord(
        fingerprint=fingerprint,
        path=path_from_value(path),
        size=size,
        mtime_ns=mtime_ns,
        duration_s=duration_s,
        fps=fps,
        width=width,
        height=height,
        codec=codec,
        proxy=proxy,
    )


def read_shots(database: sqlite3.Connection, film_id: int | None = None) -> Shots:
    """Read all shots, or one film's."""
    columns = _columns(
        database,
        "SELECT id, film_id, number, start_s, end_s, kind, look IS NOT NULL, coalesce(look, 0),"
        " coalesce(repeats, 0) FROM shots {} ORDER BY film_id, number",
        "film_id = ?",
        "i8 i8 i8 f8 f8 U16 ? i8 i8",
        film_id,
    )
    return Shots(*columns)


def read_moments(database: sqlite3.Connection, shots: Shots, film_id: int | None = None) -> Moments:
    """Read all moments, or one film's; not those of other shots than `shots`."""
    rows, of, times_s = _columns(
        database,
        "SELECT row, shot_id, time_s FROM moments {} ORDER BY row",
        "shot_id IN (SELECT id FROM shots WHERE film_id = ?)",
        "i8 i8 f8",
        film_id,
    )
    known = np.isin(of, shots.ids)
    rows, of, times_s = rows[known], of[known], times_s[known]
    return Moments(rows, shots.films[shots.places(of)], of, times_s)


def _columns(
    database: sqlite3.Connection, query: str, of_film: str, types: str, film_id: int | None
) -> list[NDArray[Any]]:
    """Read columns of these types: a million rows take a second and leave no objects behind.

    Of one film, or all; `of_film` is what chooses a film's rows, in the query's place for it.
    """
    whose = (
        (query.format(""), ())
        if film_id is None
        else (query.format(f"WHERE {of_film}"), (film_id,))
    )
    try:
        table = np.fromiter(database.execute(*whose), np.dtype(types.replace(" ", ",")))
    except (TypeError, ValueError, OverflowError) as error:
        raise ArchiveError(
            f"the archive's tables hold what livematch never writes ({error}); do not trust it"
        ) from error
    return [np.ascontiguousarray(table[name]) for name in table.dtype.names or ()]


class Clips:
    """What to play for each shot, looked up without touching disk or database. Any thread."""

    def __init__(self, folder: Path, films: Films, shots: Shots) -> None:
        self._shots = shots
        self._files = {
            film.id: (playable_file(folder, film), film.film.path.stem)
            for film in films.by_id.values()
        }

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment; KeyError if its shot is not in the archive."""
        shot = self._shots.of(moment.shot_id)
        file, title = self._files[shot.film_id]
        return Clip(file, moment.time_s, shot.span.start_s, shot.span.end_s, title)


def files_of(folder: Path, films: Iterable[StoredFilm]) -> Iterator[Path]:
    """Yield every film, and what it is played from: what nothing may be written over."""
    for film in films:
        yield film.film.path
        yield playable_file(folder, film)


def playable_file(folder: Path, film: StoredFilm) -> Path:
    """Where a film is played from: its proxy if that is there, else the original."""
    if film.film.proxy is not None:
        proxy = folder / film.film.proxy
        if proxy.is_file():
            return proxy
        log.warning("%s: its proxy %s is missing; the original is played", film.film.path, proxy)
    return film.film.path
