"""The archive's shots one by one, with all that is known of each, and what they add up to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livematch.archive.contents import StoredFilm, StoredShot
from livematch.archive.curation import Curation
from livematch.archive.offer import Offer
from livematch.archive.records import Mark
from livematch.archive.store import Archive
from livematch.values import ShotKind


@dataclass(frozen=True, slots=True)
class Entry:
    """One shot: of which film, how many moments, its tags, whether it is banned and offered."""

    film: StoredFilm
    shot: StoredShot
    moments: int
    tags: tuple[str, ...]
    banned: bool
    offered: bool


@dataclass(frozen=True, slots=True)
class Stats:
    """An archive's shots in figures; `offered` is what a show starts with, no tag chosen.

    `dropped` counts near-duplicate moments that were not kept; `tags` says of each how many shots
    have it and how long they are together; `lost` are marks that have no shot now.
    """

    films: int
    shots: int
    shot_s: float
    moments: int
    dropped: int
    kinds: tuple[tuple[ShotKind, int], ...]
    banned: int
    repeats: int
    offered_shots: int
    offered_s: float
    offered_moments: int
    tags: tuple[tuple[str, int, float], ...]
    lost: tuple[Mark, ...]


def entries(archive: Archive) -> tuple[Entry, ...]:
    """All shots, in the order of films and of time."""
    curation, offered = Curation(archive), Offer(archive).shots()
    counted = Counter(archive.moments.shots.tolist())
    films = {film.id: film for film in archive.films()}
    found = []
    for place, shot in enumerate(archive.shots()):
        tags = {mark.tag for mark in curation.of(place)}
        found.append(
            Entry(
                films[shot.film_id],
                shot,
                counted[shot.id],
                tuple(sorted(tags - {""})),
                "" in tags,
                bool(offered[place]),
            )
        )
    return tuple(found)


def stats(archive: Archive) -> Stats:
    """Count what the archive holds and what of it is offered."""
    all_shots = entries(archive)
    offered = [entry for entry in all_shots if entry.offered]
    kinds = Counter(entry.shot.kind for entry in all_shots)
    tags = sorted({tag for entry in all_shots for tag in entry.tags})
    return Stats(
        films=len(archive.films()),
        shots=len(all_shots),
        shot_s=_seconds(all_shots),
        moments=len(archive.moments),
        dropped=sum(film.dropped for film in archive.films()),
        kinds=tuple((kind, kinds[kind]) for kind in ShotKind if kinds[kind]),
        banned=sum(entry.banned for entry in all_shots),
        repeats=sum(entry.shot.repeats is not None for entry in all_shots),
        offered_shots=len(offered),
        offered_s=_seconds(offered),
        offered_moments=sum(entry.moments for entry in offered),
        tags=tuple(_tag_line(tag, all_shots) for tag in tags),
        lost=tuple(Curation(archive).lost),
    )


def _tag_line(tag: str, all_shots: Sequence[Entry]) -> tuple[str, int, float]:
    tagged = [entry for entry in all_shots if tag in entry.tags]
    return tag, len(tagged), _seconds(tagged)


def _seconds(some: Sequence[Entry]) -> float:
    return float(np.sum([entry.shot.span.end_s - entry.shot.span.start_s for entry in some]))
