"""Finding the moments most like a descriptor, with the performer's weights."""

from collections.abc import Mapping

from livematch.archive.store import Archive
from livematch.values import Match, Vector


class Searcher:
    """Finds matches in the present films of an archive. One thread. SKELETON, being filled."""

    def __init__(self, archive: Archive) -> None:
        raise NotImplementedError

    def search(
        self, descriptor: Vector, weights: Mapping[str, float], k: int = 32
    ) -> tuple[Match, ...]:
        """Return the k best matches, best first, at most one a shot."""
        raise NotImplementedError
