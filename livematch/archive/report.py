"""What an archive holds and what is wrong with it, in values to print."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livematch.archive import saved, schema, thumbs, vectors
from livematch.archive.proxynames import kind_of
from livematch.archive.search import EXACT_UP_TO
from livematch.archive.store import Archive, ModelIdentity, StoredFilm
from livematch.embed.parts import DescriptorLayout
from livematch.values import ShotKind

_OURS = {
    schema.DATABASE,
    f"{schema.DATABASE}-wal",
    f"{schema.DATABASE}-shm",
    schema.VECTORS,
    schema.LOCK,
    schema.PROXIES,
    schema.THUMBS,
    *saved.FILES,
}
_CHUNK = 8192
_MEND = "mend the archive: `livematch archive check --repair`"
_AGAIN = "run `livematch index` on the folder where the film lies: it is marked to be made again"


@dataclass(frozen=True, slots=True)
class ArchiveInfo:
    """An archive in figures. `plays` counts the films by the kind of file they are played from.

    `dropped` moments were near-duplicates; `blank` shots are black, white or titles; `repeats` show
    what other shots show.
    """

    films: int
    films_present: int
    shots: int
    moments: int
    dropped: int
    blank: int
    repeats: int
    duration_s: float
    bytes_on_disk: int
    model: ModelIdentity
    layout: DescriptorLayout
    plays: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what kind, which file or film, in words, and what to do.

    `film_id` is 0 where it is not a film's.
    """

    kind: str
    subject: str
    message: str
    remedy: str
    film_id: int = 0


def info(archive: Archive) -> ArchiveInfo:
    """Count what the archive holds."""
    films = archive.films()
    plays = Counter(_played_from(film) for film in films)
    return ArchiveInfo(
        films=len(films),
        films_present=sum(film.present for film in films),
        shots=len(archive.shots()),
        moments=len(archive.moments),
        dropped=sum(film.dropped for film in archive.films()),
        blank=sum(shot.kind is not ShotKind.FILM for shot in archive.shots()),
        repeats=sum(shot.repeats is not None for shot in archive.shots()),
        duration_s=sum(film.film.duration_s for film in films),
        bytes_on_disk=sum(f.stat().st_size for f in archive.folder.rglob("*") if f.is_file()),
        model=archive.model,
        layout=archive.layout,
        plays=tuple(plays.most_common()),
    )


def check(archive: Archive) -> list[Finding]:
    """Look for damage; an empty list means that all is well. Reads every vector once."""
    return [
        *missing_vectors(archive),
        *_damaged_vectors(archive),
        *_missing_films(archive),
        *_missing_thumbs(archive),
        *stale_index(archive),
        *_orphans(archive),
    ]


def _played_from(film: StoredFilm) -> str:
    if film.film.proxy is None:
        return "original"
    return f"proxy {kind_of(film.film.proxy)}".strip()


def missing_vectors(archive: Archive) -> Iterator[Finding]:
    """Find out whether the file of vectors ends early."""
    file = archive.folder / schema.VECTORS
    missing = archive.rows - vectors.rows_on_disk(file, archive.layout.dimension)
    if missing > 0:
        yield Finding(
            "missing vectors",
            schema.VECTORS,
            f"{missing} of {archive.rows} rows are not in the file; their moments are not found",
            f"put a copy of the file back, or {_MEND}",
        )


def _damaged_vectors(archive: Archive) -> Iterator[Finding]:
    moments = archive.moments
    damaged: Counter[int] = Counter()
    for start in range(0, len(moments), _CHUNK):
        rows = moments.rows[start : start + _CHUNK]
        bad = ~np.isfinite(archive.vectors[rows]).all(axis=1)
        damaged.update(moments.films[start : start + _CHUNK][bad].tolist())
    for film_id, count in damaged.items():
        yield Finding(
            "damaged vectors",
            str(archive.film(film_id).film.path),
            f"{count} of its vectors hold values that are no numbers; those moments are not found",
            _AGAIN if archive.film(film_id).damaged else f"put a copy of it back, or {_MEND}",
            film_id,
        )
    for stored in archive.films():
        if stored.damaged and stored.id not in damaged:
            yield Finding(
                "to be indexed again",
                str(stored.film.path),
                "its vectors were damaged when the archive was mended",
                _AGAIN,
                stored.id,
            )


def _missing_films(archive: Archive) -> Iterator[Finding]:
    for stored in archive.films():
        if not stored.present:
            continue
        film = stored.film
        original = film.path.is_file()
        if not original:
            yield Finding(
                "missing original",
                str(film.path),
                "the film is not where it was indexed",
                "bring it back, or run `livematch index` on the folder where it lies now",
                stored.id,
            )
        if film.proxy is not None and not (archive.folder / film.proxy).is_file():
            yield Finding(
                "missing proxy",
                film.proxy,
                f"{film.path} is played from the original, which is slow to seek in"
                if original
                else f"{film.path} cannot be played at all",
                "put a copy of the proxy back, or run `livematch index`, which makes it again",
                stored.id,
            )


def _missing_thumbs(archive: Archive) -> Iterator[Finding]:
    numbers_of: dict[int, list[int]] = {}
    for shot in archive.shots():
        numbers_of.setdefault(shot.film_id, []).append(shot.number)
    for stored in archive.films():
        numbers = numbers_of.get(stored.id, [])
        missing = thumbs.missing(archive.folder, stored.film.fingerprint, numbers)
        if missing:
            yield Finding(
                "missing thumbs",
                str(stored.film.path),
                f"{len(missing)} of its {len(numbers)} small pictures are not there",
                f"nothing, if contact sheets may lack them; else {_MEND}",
                stored.id,
            )


def listed(archive: Archive) -> bool:
    """Whether it has so many moments that a search goes through lists."""
    return len(archive.offered()) > EXACT_UP_TO


def stale_index(archive: Archive) -> Iterator[Finding]:
    """Find out whether the search index, where one is used, fits: every row of it."""
    fault = None
    if listed(archive):  # else it is made in no time, when it is wanted
        fault = saved.fault_of_saved(archive, listed=True)
    fault = fault or saved.fault_in_full(archive)
    if fault is not None:
        yield Finding(
            "stale index",
            saved.MANIFEST,
            f"the search index does not fit the archive: {fault}",
            "nothing: the next search builds it anew, which delays the start of a show once",
        )


def _orphans(archive: Archive) -> Iterator[Finding]:
    films = archive.films()
    proxies = {film.film.proxy for film in films}
    fingerprints = {film.film.fingerprint for film in films}
    places: tuple[tuple[Path, Callable[[str], bool]], ...] = (
        (archive.folder, _OURS.__contains__),
        (archive.proxies, lambda name: f"{schema.PROXIES}/{name}" in proxies),
        (archive.folder / schema.THUMBS, fingerprints.__contains__),
    )
    for folder, belongs in places:
        for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not belongs(entry.name):
                yield Finding(
                    "orphan",
                    entry.relative_to(archive.folder).as_posix(),
                    "nothing in the archive names it; perhaps left by a run that was cut short",
                    "delete it, unless an index run is at work now",
                )
