"""Taking a film in: what may not enter the archive, and the rows of what may."""

import sqlite3

import numpy as np

from livematch.archive.contents import valid_fingerprint, valid_proxy
from livematch.archive.records import IndexedFilm
from livematch.archive.schema import path_to_value
from livematch.archive.vectors import Half
from livematch.values import ShotKind


def insert(database: sqlite3.Connection, indexed: IndexedFilm, first_row: int) -> int:
    """Insert a film whose vectors lie from `first_row` on, with shots and moments; its number."""
    film = indexed.film
    film_id = database.execute(
        "INSERT INTO films (fingerprint, path, size, mtime_ns, duration_s, fps, width, height,"
        " codec, proxy, dropped) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            film.fingerprint,
            path_to_value(film.path),
            film.size,
            film.mtime_ns,
            film.duration_s,
            film.fps,
            film.width,
            film.height,
            film.codec,
            film.proxy,
            indexed.dropped,
        ),
    ).lastrowid
    kinds = indexed.kinds or (ShotKind.FILM,) * len(indexed.shots)
    looks = indexed.looks or (None,) * len(indexed.shots)
    shot_ids = [
        database.execute(
            "INSERT INTO shots (film_id, number, start_s, end_s, kind, look)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (film_id, number, float(span.start_s), float(span.end_s), kind.value, look),
        ).lastrowid
        for number, (span, kind, look) in enumerate(zip(indexed.shots, kinds, looks, strict=True))
    ]
    database.executemany(
        "INSERT INTO moments (row, shot_id, time_s) VALUES (?, ?, ?)",
        (
            (first_row + n, shot_ids[int(shot)], float(time_s))
            for n, (shot, time_s) in enumerate(zip(indexed.shots_of, indexed.times_s, strict=True))
        ),
    )
    return int(film_id or 0)


def fault_of(indexed: IndexedFilm, half: Half, dimension: int) -> str | None:
    """Say what keeps a film out of the archive, in words; None if nothing does."""
    if half.ndim != 2 or half.shape[1] != dimension:
        return f"its vectors have the shape {half.shape}, the archive's dimension is {dimension}"
    film, count, shots = indexed.film, len(half), len(indexed.shots)
    finite = np.isfinite(half).all(axis=1)
    spans = np.array([(span.start_s, span.end_s) for span in indexed.shots], float).reshape(-1, 2)
    faults = {
        f"{count - int(finite.sum())} of its {count} vectors are not finite numbers": (
            not finite.all()
        ),
        f"it has {count} vectors for {len(indexed.times_s)} times and {len(indexed.shots_of)} shots"
        " they lie in": not (count == len(indexed.times_s) == len(indexed.shots_of)),
        f"it has {len(indexed.thumbs)} thumbs for {shots} shots": len(indexed.thumbs) != shots,
        f"it has {len(indexed.kinds)} kinds and {len(indexed.looks)} looks for {shots} shots": (
            len(indexed.kinds) not in {0, shots} or len(indexed.looks) not in {0, shots}
        ),
        "the look of a shot is no signed 64-bit number": any(
            look is not None and not -(2**63) <= look < 2**63 for look in indexed.looks
        ),
        "a moment lies in a shot that it does not have": bool(
            ((indexed.shots_of < 0) | (indexed.shots_of >= shots)).any()
        ),
        "the time of a moment is not a finite number": not np.isfinite(indexed.times_s).all(),
        "a shot does not end after it starts": not (spans[:, 0] < spans[:, 1]).all(),
        f"its fingerprint {film.fingerprint!r} cannot name a folder": (
            not valid_fingerprint(film.fingerprint)
        ),
        f"its proxy {film.proxy!r} would lie outside of the archive": (
            film.proxy is not None and not valid_proxy(film.proxy)
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)
