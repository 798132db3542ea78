"""How an archive's shots lie to each other: who is never found, who always is, who is twice there.

Every moment asks for the moments of other shots that are most like it, all parts weighing the same.
In spaces of many dimensions some points are near to everything ("hubs": Radovanović, Nanopoulos,
Ivanović, JMLR 2010) and others near to nothing: those are shown far too often, and these never.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import StoredShot
from livematch.archive.offer import Offer
from livematch.archive.search import EXACT_UP_TO, Searcher
from livematch.archive.store import Archive

NEIGHBOURS = 10
ALIKE = 0.95
ASKED = 20_000  # moments that ask and thumbs that are looked at, at most: minutes, not hours
LENGTHS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, float("inf"))
TONES = 10
_CHUNK = 256  # moments that ask at a time


@dataclass(frozen=True, slots=True)
class Popularity:
    """How many moments of other shots have a shot among their nearest, and would by chance."""

    shot: StoredShot
    found: int
    expected: float

    @property
    def ratio(self) -> float:
        """How many times as often as by chance."""
        return self.found / self.expected


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shots and how alike their two most alike moments are, −1 to 1."""

    first: StoredShot
    second: StoredShot
    likeness: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One column of a histogram: from `low` up to, not including, `high`."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found out about the shots that are offered, worst first in each list.

    `asked` of the `moments` asked for their `neighbours` nearest, `exact` or through lists.
    Lengths are in seconds; a tone is the mean brightness of a shot's small picture, 0 to 1, of the
    `toned` shots that were looked at. `skewness` is that of how often the shots are found: 0 where
    all are alike popular, above 1.4 hubs are strong.
    """

    shots: int
    moments: int
    asked: int
    neighbours: int
    alike: float
    exact: bool
    skewness: float
    orphans: tuple[Popularity, ...]
    hubs: tuple[Popularity, ...]
    duplicates: tuple[Pair, ...]
    lengths: tuple[Bin, ...]
    tones: tuple[Bin, ...]
    toned: int


@dataclass(frozen=True, slots=True)
class _Answers:
    """The nearest of each moment that asked, as positions among the moments; −1 where none."""

    askers: NDArray[np.intp]
    nearest: NDArray[np.intp]
    likeness: NDArray[np.float32]


def survey(
    archive: Archive,
    neighbours: int = NEIGHBOURS,
    alike: float = ALIKE,
    *,
    exact_up_to: int = EXACT_UP_TO,
) -> Survey:
    """Look at what a show is offered with no tag chosen. Minutes, for a large archive."""
    searcher = Searcher(archive, exact_up_to=exact_up_to)
    places = np.flatnonzero(Offer(archive).mask(searcher.moments))
    moments = searcher.moments.at_all(places)
    shots = {shot.id: shot for shot in archive.shots()}
    ids, of_shot, sizes = np.unique(moments.shots, return_inverse=True, return_counts=True)
    exact = len(moments) <= exact_up_to
    askers = _askers(len(moments))
    ask = _ask_all if exact else _ask_lists
    answers = ask(searcher, places, of_shot, askers, neighbours)
    found, expected = _popularity(answers, of_shot, sizes)
    popular = [
        Popularity(shots[int(shot)], int(times), float(chance))
        for shot, times, chance in zip(ids, found, expected, strict=True)
    ]
    tones = _tones(archive, [shots[int(shot)] for shot in ids[_askers(len(ids))]])
    ratios = found / expected if len(ids) > 1 else np.ones(len(ids))
    orphans = [one for one in popular if one.found == 0 and len(ids) > 1]
    return Survey(
        shots=len(ids),
        moments=len(moments),
        asked=len(askers),
        neighbours=neighbours,
        alike=alike,
        exact=exact,
        skewness=_skewness(ratios),
        orphans=tuple(sorted(orphans, key=lambda one: -one.expected)),
        hubs=_hubs(popular, ratios),
        duplicates=_duplicates(answers, of_shot, alike, [shots[int(shot)] for shot in ids]),
        lengths=_lengths([shots[int(shot)] for shot in ids]),
        tones=_histogram(tones, np.linspace(0, 1, TONES + 1)),
        toned=len(tones),
    )


def _askers(count: int) -> NDArray[np.intp]:
    """All places, or in a large archive as many as can be asked, evenly spread."""
    return np.unique(np.linspace(0, max(0, count - 1), min(count, ASKED)).astype(np.intp))


def _ask_all(
    searcher: Searcher,
    places: NDArray[np.intp],
    of_shot: NDArray[np.intp],
    askers: NDArray[np.intp],
    count: int,
) -> _Answers:
    """Compare every moment with every other."""
    rows = searcher.fitted(places)
    count = min(count, len(places))
    nearest = np.full((len(askers), count), -1, np.intp)
    likeness = np.zeros((len(askers), count), np.float32)
    for start in range(0, len(askers), _CHUNK):
        chunk = askers[start : start + _CHUNK]
        scores = rows[chunk] @ rows.T / len(searcher.layout.parts)
        scores[of_shot[chunk, None] == of_shot[None, :]] = -np.inf
        best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(scores, best, axis=1)
        nearest[start : start + _CHUNK] = np.where(np.isfinite(found), best, -1)
        likeness[start : start + _CHUNK] = found
    return _Answers(askers, nearest, likeness)


def _ask_lists(
    searcher: Searcher,
    places: NDArray[np.intp],
    of_shot: NDArray[np.intp],
    askers: NDArray[np.intp],
    count: int,
) -> _Answers:
    """Ask as a show does, which finds what is not offered as well."""
    place_of = np.full(len(searcher), -1, np.intp)
    place_of[places] = np.arange(len(places))
    nearest = np.full((len(askers), count), -1, np.intp)
    likeness = np.zeros((len(askers), count), np.float32)
    for n, asker in enumerate(askers):
        found, scores = searcher.neighbours(int(places[asker]))
        offered = place_of[found]
        wanted = (offered >= 0) & (of_shot[offered] != of_shot[asker])
        found, scores = offered[wanted][:count], scores[wanted][:count]
        nearest[n, : len(found)] = found
        likeness[n, : len(found)] = scores
    return _Answers(askers, nearest, likeness)


def _popularity(
    answers: _Answers, of_shot: NDArray[np.intp], sizes: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """How many moments have each shot among their nearest, and how many would by chance."""
    asked, columns = np.nonzero(answers.nearest >= 0)
    shots = of_shot[answers.nearest[asked, columns]]
    once = np.unique(np.stack([asked, shots]), axis=1)[1]  # a moment finds a shot only once
    found = np.bincount(once, minlength=len(sizes))
    # by chance a shot is found as its moments are many, by all that lie in other shots
    asking = len(answers.askers) - np.bincount(of_shot[answers.askers], minlength=len(sizes))
    chances = sizes * asking
    return found, found.sum() * chances / max(1, chances.sum())


def _hubs(popular: Sequence[Popularity], ratios: NDArray[np.float64]) -> tuple[Popularity, ...]:
    """Those found twice as often as by chance, and by two standard deviations more than usual."""
    if len(popular) < 2:
        return ()
    bound = max(2.0, float(ratios.mean() + 2 * ratios.std()))
    hubs = [p for p, ratio in zip(popular, ratios, strict=True) if ratio > bound]
    return tuple(sorted(hubs, key=lambda hub: -hub.ratio))


def _duplicates(
    answers: _Answers, of_shot: NDArray[np.intp], alike: float, shots: Sequence[StoredShot]
) -> tuple[Pair, ...]:
    best: dict[tuple[int, int], float] = {}
    rows, columns = np.nonzero((answers.nearest >= 0) & (answers.likeness >= alike))
    for row, column in zip(rows, columns, strict=True):
        one = int(of_shot[answers.askers[row]])
        other = int(of_shot[answers.nearest[row, column]])
        pair = (min(one, other), max(one, other))
        best[pair] = max(best.get(pair, -1.0), float(answers.likeness[row, column]))
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Pair(shots[a], shots[b], likeness) for (a, b), likeness in ranked)


def _skewness(values: NDArray[np.float64]) -> float:
    spread = values.std() if len(values) else 0.0
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def _lengths(shots: Sequence[StoredShot]) -> tuple[Bin, ...]:
    lengths = np.array([shot.span.end_s - shot.span.start_s for shot in shots])
    return _histogram(lengths, np.array(LENGTHS_S))


def _tones(archive: Archive, shots: Sequence[StoredShot]) -> NDArray[np.float64]:
    thumbs = (archive.thumb(shot.id) for shot in shots)
    # the weights of Rec. 709's luma, for BGR
    weights = np.array([0.0722, 0.7152, 0.2126]) / 255
    return np.array([float(t.mean(axis=(0, 1)) @ weights) for t in thumbs if t is not None])


def _histogram(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[Bin, ...]:
    places = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
    counts = np.bincount(places, minlength=len(edges) - 1)
    return tuple(
        Bin(float(low), float(high), int(count))
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
