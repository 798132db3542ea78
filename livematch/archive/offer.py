"""What may be offered, moment by moment: bans, repeats, blank shots and tags as one mask.

None of it is part of what the search index is built from, so a ban costs no rebuilding, and a tag
can be chosen live.
"""

import logging

import numpy as np
from numpy.typing import NDArray

from livematch.archive.contents import Moments
from livematch.archive.curation import Curation, words_of
from livematch.archive.store import Archive
from livematch.values import ShotKind

log = logging.getLogger(__name__)

Mask = NDArray[np.bool_]


class Offer:
    """Says which moments of an archive, as it was when opened, may be offered. One thread."""

    def __init__(self, archive: Archive) -> None:
        shots = archive.shots()
        present = {film.id for film in archive.films() if film.present}
        self._ids = np.array([shot.id for shot in shots], np.int64)
        self._order = np.argsort(self._ids)
        self._curation = Curation(archive)
        there = np.array([shot.film_id in present for shot in shots], np.bool_)
        self._offered = there & ~self._curation.having("")
        self._film = np.array([shot.kind is ShotKind.FILM for shot in shots], np.bool_)
        self._alike = _Alike(self._ids, {shot.id: shot.repeats for shot in shots})
        self._unknown: set[str] = set()
        self._moments: Moments | None = None
        self._places = np.empty(0, np.intp)  # of the shot of each moment, among the shots
        self._asked: tuple[str, bool] | None = None
        self._mask = np.empty(0, np.bool_)

    def mask(self, moments: Moments, tag: str = "", blank: bool = False) -> Mask:
        """Say which of the moments may be offered, (n,); never written to.

        Left out are shots of films that are not present, banned ones, all but one of those that
        repeat each other, blank ones (black, white, titles only) unless `blank`, and what `tag`
        does not choose: `sea,city` shots with one of these tags, `-night` shots without it, ``
        all. The mask is kept for the next call with the same arguments.
        """
        if moments is not self._moments:
            self._places = self._places_of(moments)
            self._moments, self._asked = moments, None
        if self._asked != (tag, blank):
            self._mask = self.shots(tag, blank)[self._places]
            self._mask.flags.writeable = False
            self._asked = (tag, blank)
        return self._mask

    def shots(self, tag: str = "", blank: bool = False) -> Mask:
        """Say the same of the archive's shots, in the order of `Archive.shots`."""
        allowed = self._offered & self._chosen(tag)
        if not blank:
            allowed &= self._film
        return self._alike.first_of(allowed)

    def _chosen(self, tag: str) -> Mask:
        wanted, unwanted = words_of(tag)
        unknown = {*wanted, *unwanted} - self._curation.tags - self._unknown
        self._unknown |= unknown
        for word in sorted(unknown):  # a running show goes on: with nothing, or with everything
            log.warning(
                "no shot has the tag %r; there are: %s",
                word,
                ", ".join(sorted(self._curation.tags)) or "none",
            )
        return self._curation.chosen(tag)

    def _places_of(self, moments: Moments) -> NDArray[np.intp]:
        if not len(moments):
            return np.empty(0, np.intp)
        return self._order[np.searchsorted(self._ids, moments.shots, sorter=self._order)]


class _Alike:
    """Which shots show the same, however they name each other: in chains, rounds or stars."""

    def __init__(self, ids: NDArray[np.int64], repeats: dict[int, int | None]) -> None:
        known = [(shot, other) for shot, other in repeats.items() if other in repeats]
        pairs = np.array(known, np.int64).reshape(-1, 2)
        members = np.unique(pairs)
        group = _groups(np.searchsorted(members, pairs), len(members))
        # the one that repeats nothing stands for the others as long as it is allowed
        later = np.isin(members, pairs[:, 0])
        order = np.lexsort((members, later, group))
        by_id = np.argsort(ids)
        positions = by_id[np.searchsorted(ids, members, sorter=by_id)]
        self._positions, self._groups = positions[order], group[order]

    def first_of(self, allowed: Mask) -> Mask:
        """Keep of each group only the first shot that is allowed."""
        kept = allowed.copy()
        kept[self._positions] = False
        candidates = allowed[self._positions]
        _, first = np.unique(self._groups[candidates], return_index=True)
        kept[self._positions[candidates][first]] = True
        return kept


def _groups(pairs: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Number each of `count` members by the smallest it hangs together with. pairs (n, 2)."""
    group = np.arange(count)
    while True:  # the smallest spreads along the pairs, and along what it has reached already
        spread = group.copy()
        for side in pairs.T:
            np.minimum.at(spread, side, group[pairs].min(axis=1))
        if np.array_equal(spread, group):
            return group
        group = spread[spread]
