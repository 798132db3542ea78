"""Tags and bans, brought from the content they are kept by to the shots that are there now."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import StoredShot
from livematch.archive.records import Mark
from livematch.archive.selecting import Selection
from livematch.archive.store import Archive


class Curation:
    """Which shot has which tag or ban, in an archive as it was when opened. Any thread."""

    def __init__(self, archive: Archive) -> None:
        shots = archive.shots()
        self._shots, self._count = shots, len(shots)
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

    def chosen(self, tags: str) -> NDArray[np.bool_]:
        """Which shots `tags` chooses: `sea,city` those with one of them, `-night` those without."""
        wanted, unwanted = words_of(tags)
        chosen = np.full(self._count, not wanted, np.bool_)
        for word in wanted:
            chosen |= self.having(word)
        for word in unwanted:
            chosen &= ~self.having(word)
        return chosen

    def of(self, place: int) -> Sequence[Mark]:
        """Return the tags and bans of the shot at this place in `Archive.shots`."""
        return self._of_shot.get(place, ())

    def own(self, tag: str) -> dict[int, list[Mark]]:
        """Return the marks of a tag, or bans (``), that shots have themselves, by their numbers."""
        owned: dict[int, list[Mark]] = {}
        for place, marks in self._of_shot.items():
            for mark in marks:
                if mark.tag == tag and mark.at_s is not None:
                    owned.setdefault(self._shots[place].id, []).append(mark)
        return owned

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


def marks_to_add(archive: Archive, selection: Selection, tag: str) -> tuple[Mark, ...]:
    """Return the marks that give a selection a tag, or a ban (``): those it does not have yet."""
    wanted = [Mark(film.film.fingerprint, None, tag) for film in selection.films]
    tagged = Curation(archive).own(tag)
    for shot in selection.shots:
        middle_s = (shot.span.start_s + shot.span.end_s) / 2
        if shot.id not in tagged:
            wanted.append(Mark(archive.film(shot.film_id).film.fingerprint, middle_s, tag))
    there = set(archive.marks)
    return tuple(mark for mark in wanted if mark not in there)


def marks_to_remove(archive: Archive, selection: Selection, tag: str) -> tuple[Mark, ...]:
    """Return the marks that give a selection a tag or a ban (``); of films, their shots' too.

    What a single shot has from its film is the film's, and stays.
    """
    films = {film.film.fingerprint for film in selection.films}
    of_films = [mark for mark in archive.marks if mark.tag == tag and mark.fingerprint in films]
    own = Curation(archive).own(tag)
    of_shots = [mark for shot in selection.shots for mark in own.get(shot.id, ())]
    return tuple(dict.fromkeys([*of_films, *of_shots]))


def words_of(tags: str) -> tuple[list[str], list[str]]:
    """Read `sea,city,-night` as the tags that are wanted and those that are not."""
    words = [word.strip().lower() for word in tags.split(",")]
    wanted = [word for word in words if word and not word.startswith("-")]
    return wanted, [word[1:] for word in words if word.startswith("-") and word != "-"]


def _first_of_films(shots: Sequence[StoredShot]) -> dict[int, tuple[int, int]]:
    """Where the shots of each film begin and end among all: they lie together, by time."""
    bounds: dict[int, tuple[int, int]] = {}
    for place, shot in enumerate(shots):
        first, _ = bounds.get(shot.film_id, (place, place))
        bounds[shot.film_id] = (first, place + 1)
    return bounds
