"""Tags and bans, brought from the content they are kept by to the shots that are there now."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import StoredShot
from livematch.archive.records import Mark
from livematch.archive.store import Archive


class Curation:
    """Which shot has which tag or ban, in an archive as it was when opened. Any thread."""

    def __init__(self, archive: Archive) -> None:
        shots = archive.shots()
        self._count = len(shots)
        self._first = _first_of_films(shots)
        self._starts = np.array([shot.span.start_s for shot in shots])
        self._ends = np.array([shot.span.end_s for shot in shots])
        self._film_of = {film.film.fingerprint: film.id for film in archive.films()}
        self._masks: dict[str, NDArray[np.bool_]] = {}
        self._of_shot: dict[int, list[Mark]] = {}
        self.lost: list[Mark] = []
        """Marks of films or times that the archive does not have now; they are kept."""
        for mark in archive.marks:
            self._place(mark)

    @property
    def tags(self) -> frozenset[str]:
        """Every tag that a shot has."""
        return frozenset(tag for tag in self._masks if tag)

    def having(self, tag: str) -> NDArray[np.bool_]:
        """Which shots have the tag, by their place in `Archive.shots`; `` asks for banned ones."""
        return self._masks.get(tag, np.zeros(self._count, np.bool_))

    def of(self, place: int) -> Sequence[Mark]:
        """Return the tags and bans of the shot at this place in `Archive.shots`."""
        return self._of_shot.get(place, ())

    def _place(self, mark: Mark) -> None:
        places = self._places_of(mark)
        if not len(places):
            self.lost.append(mark)
            return
        self._masks.setdefault(mark.tag, np.zeros(self._count, np.bool_))[places] = True
        for place in places:
            self._of_shot.setdefault(place, []).append(mark)

    def _places_of(self, mark: Mark) -> range:
        """The places that a mark is for: all of a film's shots, the one at a time, or none."""
        first, end = self._first.get(self._film_of.get(mark.fingerprint, 0), (0, 0))
        if mark.at_s is None:
            return range(first, end)
        place = first + int(np.searchsorted(self._starts[first:end], mark.at_s, "right")) - 1
        inside = first <= place and mark.at_s < self._ends[place]
        return range(place, place + 1) if inside else range(0)


def _first_of_films(shots: Sequence[StoredShot]) -> dict[int, tuple[int, int]]:
    """Where the shots of each film begin and end among all: they lie together, by time."""
    bounds: dict[int, tuple[int, int]] = {}
    for place, shot in enumerate(shots):
        first, _ = bounds.get(shot.film_id, (place, place))
        bounds[shot.film_id] = (first, place + 1)
    return bounds
