"""What a curator points at: shots by number, films by name, a shot by film and time. Pure.

A selector is a shot's number (`12`), a range of them (`12-19`), a film by its path, name or stem or
by a pattern (`harbour*`), or the shot that a film shows at a time (`harbour@1:23.4`).
"""

import difflib
import fnmatch
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.contents import StoredFilm, StoredShot
from livematch.errors import UsageError

_NUMBERS = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?)")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was pointed at: whole films, and single shots; each once, in the archive's order."""

    films: tuple[StoredFilm, ...]
    shots: tuple[StoredShot, ...]


class Selector:
    """Reads selectors against what an archive holds."""

    def __init__(self, films: Sequence[StoredFilm], shots: Sequence[StoredShot]) -> None:
        self._films = films
        self._shots = {shot.id: shot for shot in shots}
        self._order = {shot.id: place for place, shot in enumerate(shots)}

    def select(self, texts: Iterable[str]) -> Selection:
        """Read all of them; UsageError says of every one that is not understood why."""
        films: dict[int, StoredFilm] = {}
        shots: dict[int, StoredShot] = {}
        faults = []
        for text in texts:
            try:
                chosen = self._one(text)
            except UsageError as fault:
                faults.append(str(fault))
                continue
            films |= {film.id: film for film in chosen.films}
            shots |= {shot.id: shot for shot in chosen.shots}
        if faults:
            raise UsageError("; ".join(faults))
        return Selection(
            tuple(films[film_id] for film_id in sorted(films)),
            tuple(sorted(shots.values(), key=lambda shot: self._order[shot.id])),
        )

    def films(self, text: str) -> tuple[StoredFilm, ...]:
        """Return the films that a path, name, stem or pattern names; UsageError if none."""
        exact = [film for film in self._films if text in _names(film)]
        if len(exact) > 1:
            paths = ", ".join(_shown(film.film.path) for film in exact)
            raise UsageError(f"{text!r} names {len(exact)} films ({paths}): give one's path")
        found = exact or self._like(text)
        if not found:
            raise UsageError(f"there is no film {text!r} in the archive{self._hint(text)}")
        return tuple(found)

    def _one(self, text: str) -> Selection:
        numbers = _NUMBERS.fullmatch(text)
        if numbers is None:
            film, at, time = text.rpartition("@")
            if (
                at
                and not self._is_film(text)
                and (self._is_film(film) or seconds(time) is not None)
            ):
                return Selection((), (self._shot_at(film, time),))
            return Selection(self.films(text), ())
        if self._is_film(text):
            raise UsageError(
                f"{text!r} names both a film and shots: give the film's path, or the shots by other"
                " numbers (12-12 is shot 12)"
            )
        return Selection((), self._numbered(int(numbers[1]), int(numbers[2] or numbers[1])))

    def _numbered(self, first: int, last: int) -> tuple[StoredShot, ...]:
        if last < first:
            raise UsageError(f"{first}-{last} is no range: the smaller number comes first")
        found = tuple(shot for number, shot in self._shots.items() if first <= number <= last)
        if not found:
            what = f"no shot {first}" if first == last else f"no shots {first} to {last}"
            if not self._shots:
                raise UsageError(f"there is {what}: the archive has none")
            near = min(self._shots, key=lambda number: abs(number - first))
            raise UsageError(f"there is {what}; the nearest is {near}")
        return found

    def _shot_at(self, film: str, time: str) -> StoredShot:
        time_s = seconds(time)
        if time_s is None:
            raise UsageError(f"{time!r} in {film}@{time} is no time: write 83.4, 1:23.4 or 0:01:23")
        found = self.films(film)
        if len(found) > 1:
            raise UsageError(f"{film!r} names {len(found)} films, {film}@{time} is in one")
        shots = [shot for shot in self._shots.values() if shot.film_id == found[0].id]
        for shot in shots:
            if shot.span.start_s <= time_s < shot.span.end_s:
                return shot
        if not shots:
            raise UsageError(f"{film} has no shots")
        near = min(shots, key=lambda s: max(s.span.start_s - time_s, time_s - s.span.end_s))
        raise UsageError(
            f"{film} has no shot at {time}; the nearest is {near.id}, from"
            f" {near.span.start_s:.3f} to {near.span.end_s:.3f} s"
        )

    def _is_film(self, text: str) -> bool:
        return any(text in _names(film) for film in self._films)

    def _like(self, text: str) -> list[StoredFilm]:
        if not any(sign in text for sign in "*?["):
            here = Path(os.path.abspath(text))  # noqa: PTH100 - resolve() would follow links
            return [film for film in self._films if film.film.path == here]
        return [
            film
            for film in self._films
            if any(fnmatch.fnmatchcase(name, text) for name in _names(film))
        ]

    def _hint(self, text: str) -> str:
        stems = {film.film.path.stem.lower(): _shown(film.film.path.stem) for film in self._films}
        near = difflib.get_close_matches(Path(text).stem.lower(), stems, n=1, cutoff=0.5)
        return f"; did you mean {stems[near[0]]!r}?" if near else ""


def seconds(text: str) -> float | None:
    """Read `83.4`, `1:23.4` or `0:01:23.4` as seconds; None if it is no time."""
    time = _TIME.fullmatch(text.strip())
    if time is None:
        return None
    hours, minutes, rest = (float(part or 0) for part in time.groups())
    in_range = time[2] is None or (rest < 60 and (time[1] is None or minutes < 60))
    return 3600 * hours + 60 * minutes + rest if in_range else None


def _names(film: StoredFilm) -> tuple[str, ...]:
    path = film.film.path
    return str(path), path.name, path.stem, film.film.fingerprint


def _shown(path: Path | str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
