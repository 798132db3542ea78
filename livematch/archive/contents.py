"""What the database says, read at once into values that any thread may use."""

import logging
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from livematch.archive.records import FilmRecord, ShotSpan
from livematch.archive.schema import path_from_value
from livematch.errors import ArchiveError
from livematch.values import Clip, Moment, ShotKind

log = logging.getLogger(__name__)

_OF_FILM = {True: "", False: " WHERE film_id = ?"}
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

    def where(self, wanted: NDArray[np.bool_]) -> "Moments":
        """Return only the moments for which `wanted` (n,) is true."""
        return Moments(
            self.rows[wanted], self.films[wanted], self.shots[wanted], self.times_s[wanted]
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


def read_shots(database: sqlite3.Connection, film_id: int | None = None) -> dict[int, StoredShot]:
    """Read all shots, or one film's, by number, in the order of films and of time."""
    rows = database.execute(
        "SELECT id, film_id, number, start_s, end_s, kind, look, repeats FROM shots"  # noqa: S608
        f"{_OF_FILM[film_id is None]} ORDER BY film_id, number",
        () if film_id is None else (film_id,),
    )
    kinds = {kind.value: kind for kind in ShotKind}
    return {
        shot_id: StoredShot(
            shot_id,
            film_id,
            number,
            ShotSpan(start_s, end_s),
            kinds.get(kind, ShotKind.FILM),
            look,
            repeats,
        )
        for shot_id, film_id, number, start_s, end_s, kind, look, repeats in rows
    }


def read_moments(database: sqlite3.Connection, film_id: int | None = None) -> Moments:
    """Read all moments, or one film's."""
    rows = database.execute(
        "SELECT moments.row, shots.film_id, shots.id, moments.time_s"  # noqa: S608 - our own words
        " FROM moments JOIN shots ON shots.id = moments.shot_id"
        f"{_OF_FILM[film_id is None]} ORDER BY moments.row",
        () if film_id is None else (film_id,),
    ).fetchall()
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Moments(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.int64),
        np.array(columns[3], np.float64),
    )


@dataclass(frozen=True, slots=True)
class _Playable:
    path: Path
    start_s: float
    end_s: float
    title: str

    def clip(self, entry_s: float) -> Clip:
        return Clip(self.path, entry_s, self.start_s, self.end_s, self.title)


class Clips:
    """What to play for each shot, looked up without touching disk or database. Any thread."""

    def __init__(self, folder: Path, films: Films, shots: Mapping[int, StoredShot]) -> None:
        files = {film.id: playable_file(folder, film) for film in films.by_id.values()}
        self._of_shot = {
            shot.id: _Playable(
                files[shot.film_id],
                shot.span.start_s,
                shot.span.end_s,
                films.by_id[shot.film_id].film.path.stem,
            )
            for shot in shots.values()
        }

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment; KeyError if its shot is not in the archive."""
        return self._of_shot[moment.shot_id].clip(moment.time_s)


def playable_file(folder: Path, film: StoredFilm) -> Path:
    """Where a film is played from: its proxy if that is there, else the original."""
    if film.film.proxy is not None:
        proxy = folder / film.film.proxy
        if proxy.is_file():
            return proxy
        log.warning("%s: its proxy %s is missing; the original is played", film.film.path, proxy)
    return film.film.path
