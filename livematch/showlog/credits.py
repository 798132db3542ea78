"""What was shown: the films of one show or several, how often and how long, and whose they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from livematch.archive.store import Archive
from livematch.control.params import Layout
from livematch.lens.easel import PAINTED
from livematch.showlog.lenscredits import LensCredit, Painted, PaintedTimes, lens_credits
from livematch.showlog.licences import author_of, crediting, licence_of
from livematch.showlog.reader import LoggedShow, refuse_flood
from livematch.showlog.records import (
    CueAlone,
    CueBegun,
    CueGiven,
    Event,
    Head,
    Offered,
    ParamsChanged,
    Setting,
    Shot,
    VeilMoved,
)
from livematch.values import AtEnd, Source

OF_THE_PROGRAM = frozenset(set(Layout) - {Layout.CAMERA, Layout.GRID, Layout.LENS})


@dataclass(frozen=True, slots=True)
class Showing:
    """One stay of a shot on the program.

    It began at `at_s` of the show, whose number among those asked for is `show`, from 0; for
    `seen_s` it could be seen, and what was seen lies from `from_s` to `to_s` in its film. `in_grid`
    it was one of several.
    """

    show: int
    at_s: float
    seen_s: float
    from_s: float
    to_s: float
    in_grid: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """A film that was shown. `licences` and `authors` are as its tags have them, or empty."""

    path: str
    fingerprint: str
    licences: tuple[str, ...]
    authors: tuple[str, ...]
    showings: tuple[Showing, ...]

    @property
    def total_s(self) -> float:
        """How long it could be seen, in all."""
        return sum(showing.seen_s for showing in self.showings)


@dataclass(slots=True)
class _Stay:
    """A shot that is on: since when, for how long it has been seen, and has moved."""

    at_s: float
    shot: Shot
    pace: float = 1.0
    goes_round: bool = True
    in_grid: bool = False
    seen_s: float = 0.0
    played_s: float = 0.0

    def showing(self, show: int) -> Showing:
        shot, moved_s = self.shot, self.played_s * self.pace
        to_s = min(shot.entry_s + moved_s, shot.end_s)
        is_round = self.goes_round and shot.entry_s + moved_s > shot.end_s
        from_s = min(shot.start_s, shot.entry_s) if is_round else shot.entry_s
        return Showing(show, self.at_s, self.seen_s, from_s, to_s, self.in_grid)


@dataclass(frozen=True, slots=True)
class _On:
    """A cue that is on, by its number; `stay` is of its shot, if it has one."""

    number: int
    source: Source
    stay: _Stay | None


@dataclass(slots=True)
class _Film:
    path: str
    tags: set[str] = field(default_factory=set)
    showings: list[Showing] = field(default_factory=list)


class Ledger:
    """Adds up what shows have shown.

    A shot counts from its first picture to when the next is fully on, while the program can be
    seen at all: not behind black, the camera or the grid. What plays in the grid counts by itself.
    A lens counts while its painting can be seen: beside the program or in its place, or in it, as
    a cue of its own or as a veil over it.
    """

    def __init__(self) -> None:
        self._films: dict[str, _Film] = {}
        self._painted: list[Painted] = []
        self._count = 0
        self.seconds: list[float] = []
        """How long each show lasted."""

    def add(self, logged: LoggedShow) -> None:
        """Read a show; ShowLogError when its log cannot be read."""
        number = len(self.seconds)
        going = _Going(logged.head)
        for record in logged.events():
            for stay in going.take(record):
                self._book(number, stay)
                refuse_flood(self._count, logged)
        for stay in going.end():
            self._book(number, stay)
        self._painted += going.paintings.painted()
        self.seconds.append(going.now)

    def credits(self, tags: Mapping[str, Iterable[str]] | None = None) -> tuple[Credit, ...]:
        """Return the films, longest first; `tags` are known of them besides, by content."""
        tags = tags or {}
        return tuple(
            sorted(
                (
                    _credit(content, film, {*film.tags, *tags.get(content, ())})
                    for content, film in self._films.items()
                ),
                key=lambda credit: (-credit.total_s, credit.path),
            )
        )

    def lenses(self) -> tuple[LensCredit, ...]:
        """Return the lenses whose paintings were shown, longest first."""
        return lens_credits(self._painted)

    def _book(self, number: int, stay: _Stay) -> None:
        if stay.seen_s <= 0:
            return
        self._count += 1
        known = self._films.setdefault(stay.shot.film.fingerprint, _Film(stay.shot.film.path))
        known.path = stay.shot.film.path
        known.tags |= set(stay.shot.film.tags)
        known.showings.append(stay.showing(number))


class _Going:
    """A show as it goes on, record by record."""

    def __init__(self, head: Head) -> None:
        self.now = head.t
        self._settings: dict[str, Setting] = dict(head.start)
        self._given: dict[int, CueGiven] = {}
        self._newest = 0
        self._on: list[_On] = []
        self._cells: dict[int, _Stay] = {}
        self._veil = 0.0
        self.paintings = PaintedTimes(head.setup.lenses)

    def take(self, record: Head | Event) -> list[_Stay]:
        """Go on to a record; returns the shots that are off with it."""
        self._pass(record.t)
        match record:
            case Head():
                self._settings = dict(record.start)
            case ParamsChanged():
                self._settings.update(record.values)
            case CueGiven() if record.n > self._newest:
                self._given[record.n] = record
                for old in sorted(self._given)[:-4]:  # one coming, one waiting: those never came
                    del self._given[old]
            case CueBegun() if record.n in self._given:
                return self._begin(record)
            case CueAlone():
                return self._leave(record.n)
            case Offered():
                return self._offer(record)
            case VeilMoved():
                self._veil = record.share
            case _:
                pass
        return []

    def end(self) -> list[_Stay]:
        """End the show; returns what was still on."""
        return [*self._cells.values(), *_stays(self._on)]

    def _offer(self, offered: Offered) -> list[_Stay]:
        """Take what is in the grid from here; returns what is there no more."""
        new = {shot.shot: _Stay(offered.t, shot, in_grid=True) for shot in offered.new}
        known = {**new, **self._cells}
        before = self._cells
        self._cells = {number: known[number] for number in offered.shots if number in known}
        return [stay for number, stay in before.items() if number not in self._cells]

    def _begin(self, begun: CueBegun) -> list[_Stay]:
        given = self._given.pop(begun.n)
        self._newest = max(self._newest, begun.n)
        stay = None
        if given.shot is not None:
            goes_round = given.at_end is AtEnd.LOOP
            stay = _Stay(begun.t, given.shot, given.pace, goes_round)
        on = _On(begun.n, given.source, stay)
        gone, self._on = self._on[:-1], [*self._on[-1:], on]
        return _stays(gone) + (self._leave(begun.n) if begun.alone else [])

    def _leave(self, alone: int) -> list[_Stay]:
        """Leave only one cue on."""
        gone = [on for on in self._on if on.number != alone]
        self._on = [on for on in self._on if on.number == alone]
        return _stays(gone)

    def _pass(self, t: float) -> None:
        passed_s = t - self.now
        if passed_s <= 0:
            return
        self.now = t
        screen = self._settings.get("screen", Layout.PROGRAM.value)
        is_black = self._settings.get("blackout") is True
        is_frozen = self._settings.get("freeze") is True
        is_grid = screen == Layout.GRID.value
        is_seen = screen in OF_THE_PROGRAM and not is_black
        stands = is_frozen or is_grid
        for stay in self._cells.values() if is_grid else ():
            stay.seen_s += 0.0 if is_black else passed_s
            stay.played_s += 0.0 if is_frozen else passed_s
        for stay in _stays(self._on):
            stay.seen_s += passed_s if is_seen else 0.0
            stay.played_s += 0.0 if stands else passed_s
        is_beside = screen in PAINTED and not is_black
        if is_beside or (is_seen and self._is_painted()):
            self.paintings.add(self._settings.get("lens", ""), passed_s)

    def _is_painted(self) -> bool:
        """Whether there is a painting in the program, or over it."""
        return self._veil > 0 or any(on.source is Source.LENS for on in self._on)


def _stays(cues: Iterable[_On]) -> list[_Stay]:
    return [on.stay for on in cues if on.stay is not None]


def tags_of(archive: Archive) -> dict[str, tuple[str, ...]]:
    """Return the tags of an archive's films and shots that credit them, by content."""
    found: dict[str, set[str]] = {}
    for mark in archive.marks:
        if crediting([mark.tag]):
            found.setdefault(mark.fingerprint, set()).add(mark.tag)
    return {content: tuple(sorted(tags)) for content, tags in found.items()}


def _credit(content: str, film: _Film, tags: set[str]) -> Credit:
    return Credit(
        film.path,
        content,
        _distinct(map(licence_of, crediting(tags))),
        _distinct(map(author_of, crediting(tags))),
        tuple(film.showings),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def total_s(films: Sequence[Credit]) -> float:
    """Return how long all films were seen, each by itself: in a fade two are."""
    return sum(film.total_s for film in films)
