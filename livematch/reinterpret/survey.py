"""What in the archive is like each shot of a trailer: its candidates, and where to enter them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.archive.entry import MEMORY_S, MOST_SHOTS, Entrances, Glance
from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.control.params import Params, weights
from livematch.embed.parts import part_scores, weigh
from livematch.errors import ArchiveError
from livematch.reinterpret.cutlist import Answer, Question, Short
from livematch.reinterpret.trailer import Look, Shot, Trailer
from livematch.sheet import readable
from livematch.values import Match, Vector

CANDIDATES = 48  # answers a question: enough that a whole trailer finds room without repeats
WIDER = 2  # times as many are found for each glimpse, as they are ranked by all of them together
IN_ORDER = (Short.SLOW, Short.LOOP, Short.HOLD, Short.CONTINUE)


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Candidates of one shot, best first: matches, and how like each glimpse each shot is."""

    matches: tuple[Match, ...]
    scores: tuple[float, ...]
    parts: tuple[dict[str, float], ...]


class Survey:
    """Asks an archive about the shots of a trailer. One thread.

    Tags, blank shots, weights and momentum count as in a show. ArchiveError when there is nothing
    that may be offered.
    """

    def __init__(self, archive: Archive, params: Params) -> None:
        self._archive = archive
        self._params = params
        self._weights: Mapping[str, float] = weights(params)
        self._searcher = Searcher(archive)
        moments = self._searcher.moments
        self._allowed = Offer(archive).mask(moments, params.tag, params.blank)
        _refuse_nothing(archive, params, len(moments), int(self._allowed.sum()))
        # what is compared lies after the entry, so it may be at the very end of a shot
        self._entrances = Entrances.of(archive, self._searcher, run_s=0.0)
        self._by_shot = np.flatnonzero(self._allowed)[
            np.argsort(moments.shots[self._allowed], kind="stable")
        ]
        self._shots = moments.shots[self._by_shot]

    def questions(
        self,
        trailer: Trailer,
        count: int = CANDIDATES,
        short: Sequence[Short] = IN_ORDER,
    ) -> Iterator[Question]:
        """Give each shot of a trailer with up to `count` answers, the best one chosen."""
        for number, shot in enumerate(trailer.shots, 1):
            answers = () if shot.is_black else self.answers(shot, count)
            yield Question(
                number,
                shot.first,
                shot.end,
                shot.start_s,
                shot.end_s,
                shot.arrival,
                shot.arrival_s,
                shot.is_black,
                answers,
                1 if answers else 0,
                tuple(short),
            )

    def answers(self, shot: Shot, count: int = CANDIDATES) -> tuple[Answer, ...]:
        """Return up to `count` answers to a shot, best first, at most one a shot of the archive.

        An archive shot is as good as its moments are like the glimpses of the trailer's shot: for
        each glimpse the one most like it counts, and of these the mean, each glimpse for the time
        it stands for. So one accident does not win over a likeness that lasts.
        """
        if not shot.looks:
            return ()
        fitted = np.stack([self._searcher.compared(look.descriptor) for look in shot.looks])
        ranked = self._rank(fitted, _shares(shot), count)
        entered = self._enter(shot, fitted, ranked.matches)
        return tuple(map(self._answer, ranked.matches, entered, ranked.scores, ranked.parts))

    def _rank(self, fitted: Vector, shares: Vector, count: int) -> _Ranked:
        queries = weigh(fitted, self._weights, self._searcher.fit.layout)
        pool = self._pool(fitted, count)
        places = [self._places(shot) for shot in pool]
        positions = np.concatenate(places)
        starts = np.cumsum([0, *map(len, places[:-1])])
        rows = self._searcher.fitted(positions)
        alike = np.stack([np.vecdot(rows, query) for query in queries], axis=1)
        scores = np.maximum.reduceat(alike, starts, axis=0) @ shares
        best = np.lexsort((pool, -scores))[:count]
        ends = [*starts[1:].tolist(), len(positions)]
        matches, parts = [], []
        for n in best.tolist():
            part = slice(int(starts[n]), ends[n])
            chosen = alike[part].argmax(axis=0)  # (glimpses,): the moment most like each
            parts.append(self._parts(fitted, rows[part][chosen], shares))
            moment = self._searcher.moments.at(int(positions[part][chosen[0]]))
            matches.append(Match(moment, float(scores[n])))
        return _Ranked(tuple(matches), tuple(float(scores[n]) for n in best), tuple(parts))

    def _pool(self, fitted: Vector, count: int) -> NDArray[np.int64]:
        """Numbers of the shots that any glimpse finds."""
        found = {
            match.moment.shot_id
            for query in fitted
            for match in self._searcher.search_fitted(
                query, self._weights, WIDER * count, self._allowed
            )
        }
        return np.array(sorted(found), np.int64)

    def _places(self, shot_id: np.int64) -> NDArray[np.intp]:
        first, end = np.searchsorted(self._shots, [shot_id, shot_id + 1])
        return self._by_shot[first:end]

    def _parts(self, fitted: Vector, rows: Vector, shares: Vector) -> dict[str, float]:
        layout = self._searcher.fit.layout
        each = np.concatenate(
            [part_scores(query, row[None], layout) for query, row in zip(fitted, rows, strict=True)]
        )
        values = (each * shares[:, None]).sum(axis=0).tolist()
        return dict(zip(self._searcher.layout.names, values, strict=True))

    def _enter(self, shot: Shot, fitted: Vector, matches: Sequence[Match]) -> tuple[float, ...]:
        """Say where to enter each, so that it goes on as the trailer's shot does.

        Live, the camera's past is compared with a shot's, for what comes is not known. Here it is:
        what has been seen at the end of the opening is compared, and the entry lies as long before.
        """
        opening = _opening(shot.looks)
        glances = [
            Glance(look.time_s, look.descriptor, fitted[n]) for n, look in enumerate(opening)
        ]
        momentum = self._params.momentum
        if len(glances) < 2 or momentum <= 0:
            return tuple(self._within(m, m.moment.time_s, opening[0].time_s, shot) for m in matches)
        chosen: list[Match] = []
        for begin in range(0, len(matches), MOST_SHOTS):
            group = [
                self._at_last(match, fitted[len(opening) - 1])
                for match in matches[begin : begin + MOST_SHOTS]
            ]
            chosen += self._entrances.choose(group, glances, self._weights, momentum)
        return tuple(
            self._within(match, match.start.time_s, opening[-1].time_s, shot) for match in chosen
        )

    def _at_last(self, match: Match, fitted: Vector) -> Match:
        """Take the moment of a match's shot that is most like the last glance of the opening."""
        places = self._places(np.int64(match.moment.shot_id))
        query = weigh(fitted, self._weights, self._searcher.fit.layout)
        best = int(np.vecdot(self._searcher.fitted(places), query).argmax())
        return Match(self._searcher.moments.at(int(places[best])), match.score)

    def _within(self, match: Match, like_s: float, seen_s: float, shot: Shot) -> float:
        """Go back from a moment alike to the trailer's first picture, as far as the shot goes."""
        span = self._archive.shot(match.moment.shot_id).span
        return min(max(span.start_s, like_s - (seen_s - shot.start_s)), span.end_s)

    def _answer(
        self, match: Match, entry_s: float, score: float, parts: dict[str, float]
    ) -> Answer:
        film = self._archive.film(match.moment.film_id).film
        span = self._archive.shot(match.moment.shot_id).span
        return Answer(
            readable(film.path),
            film.fingerprint,
            match.moment.shot_id,
            span.start_s,
            span.end_s,
            entry_s,
            score,
            parts,
        )


def _opening(looks: Sequence[Look]) -> Sequence[Look]:
    """The looks that a run of an archive shot's moments is compared with: what memory holds."""
    return [look for look in looks if look.time_s - looks[0].time_s <= MEMORY_S]


def _shares(shot: Shot) -> Vector:
    """How much of a shot each of its glimpses stands for, (looks,): all of them 1."""
    times_s = np.array([look.time_s for look in shot.looks])
    between = (times_s[1:] + times_s[:-1]) / 2
    edges = np.concatenate([[shot.clear_s], between, [max(shot.end_s, times_s[-1])]])
    spans_s = np.maximum(np.diff(edges), 1e-3)
    return np.asarray(spans_s / spans_s.sum(), np.float32)


def _refuse_nothing(archive: Archive, params: Params, moments: int, allowed: int) -> None:
    if allowed:
        return
    if not moments:
        raise ArchiveError(
            f"{archive.folder} has no moments to answer with:"
            f" run `livematch index FOLDER --archive {archive.folder}`"
        )
    tag = f" with the tag {params.tag!r}" if params.tag else ""
    blank = "" if params.blank else ", and blank ones are left out"
    raise ArchiveError(
        f"{archive.folder} has no shot{tag} that may be offered: the others are banned{blank};"
        f" see `livematch archive report {archive.folder}`"
    )
