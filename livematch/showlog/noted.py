"""What is to be told of parameters and of shots, as records of a log have it."""

from livematch.archive.records import FilmRecord
from livematch.archive.store import Archive
from livematch.control.params import TABLE, Params
from livematch.sheet import readable
from livematch.showlog.licences import crediting
from livematch.showlog.records import CueGiven, Film, Setting, Shot, setting_of, told
from livematch.values import Cue, Match

MOVED_S = 0.1  # so often a parameter that is on its way is told
NUMBERS = frozenset(name for name, row in TABLE.items() if row.kind == "number")


class Settings:
    """Which parameters are to be told: switches and choices at once, numbers a few times a second.

    So a fader that is drawn, or a preset that glides, is told as a row of steps and its end.
    """

    def __init__(self, start: Params) -> None:
        self._seen: Params | None = start
        self._told: dict[str, Setting] = {name: setting_of(start, name) for name in TABLE}
        self._moved: set[str] = set()
        self._due_s = 0.0

    def changes(self, t: float, params: Params) -> dict[str, Setting]:
        """Return what is to be told at `t`, by name; mostly nothing."""
        if params is self._seen and not (self._moved and t >= self._due_s):
            return {}
        values: dict[str, Setting] = {}
        if params is not self._seen:
            for name, before in self._told.items():
                value = setting_of(params, name)
                if value == before:
                    self._moved.discard(name)
                elif name in NUMBERS:
                    self._moved.add(name)
                else:
                    values[name] = value
        if self._moved and t >= self._due_s:
            self._due_s = t + MOVED_S
            values |= {name: setting_of(params, name) for name in self._moved}
            self._moved.clear()
        self._seen = params
        self._told |= values
        return values

    def forget(self) -> None:
        """Tell everything anew: what was told last has been lost."""
        self._seen, self._told = None, dict.fromkeys(TABLE, "\0")


class Cast:
    """Films and shots of the archive as records."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._tags: dict[str, list[str]] = {}
        for mark in archive.marks:
            if mark.tag and mark.tag in crediting([mark.tag]):
                tags = self._tags.setdefault(mark.fingerprint, [])
                if mark.tag not in tags:
                    tags.append(mark.tag)

    def given(self, cue: Cue, number: int, t: float) -> CueGiven:
        """Return the record of a cue."""
        return CueGiven(
            t=t,
            n=number,
            source=cue.source,
            cause=told(cue.cause),
            fade_s=cue.fade_s,
            pace=cue.manner.pace,
            at_end=cue.manner.at_end,
            frame=cue.frame_number,
            shot=None if cue.match is None else self.shot(cue.match),
        )

    def shot(self, match: Match) -> Shot:
        """Return the record of a shot that is played."""
        film = self._archive.film(match.moment.film_id).film
        span = self._archive.shot(match.start.shot_id).span
        return Shot(
            film=self._film(film),
            shot=match.start.shot_id,
            start_s=span.start_s,
            end_s=span.end_s,
            moment_s=match.moment.time_s,
            entry_s=match.start.time_s,
            score=round(match.score, 4),
            parts={name: round(score, 4) for name, score in match.parts},
        )

    def _film(self, film: FilmRecord) -> Film:
        tags = tuple(self._tags.get(film.fingerprint, ()))
        return Film(fingerprint=film.fingerprint, path=readable(film.path), tags=tags)
