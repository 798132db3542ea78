"""What the archive has like the camera, now: found among what may be offered, entered in step."""

from livematch.archive.entry import Entrances, Glance, Recent
from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.control.params import Params, weights
from livematch.values import Match, Vector


class Finder:
    """Ranks the archive's shots for one glance of the camera after the other. One thread.

    Making one loads the search index, and makes it where there is none.
    """

    def __init__(self, archive: Archive, start: Params) -> None:
        self._searcher = Searcher(archive)
        self._offer = Offer(archive)
        # what may be offered takes a moment to work out the first time
        self._offer.mask(self._searcher.moments, start.tag, start.blank)
        self._entrances = Entrances.of(archive, self._searcher)
        self._recent = Recent()

    def find(
        self, captured_s: float, descriptor: Vector, cuts: int, params: Params, count: int
    ) -> tuple[Match, ...]:
        """Return up to `count` matches, best first, one a shot, with where to enter the best.

        descriptor (dimension,) is of the frame captured then, after so many cuts of the camera's
        own picture; calls come in the order of time.
        """
        fitted = self._searcher.compared(descriptor)
        glances = self._recent.push(Glance(captured_s, descriptor, fitted), cuts)
        shares = weights(params)
        allowed = self._offer.mask(self._searcher.moments, params.tag, params.blank)
        found = self._searcher.search_fitted(fitted, shares, count, allowed)
        return self._entrances.choose(found, glances, shares, params.momentum)
