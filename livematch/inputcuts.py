"""Cuts in what the camera sees: a trailer, a capture card, somebody else's mix."""

from livematch.indexing.shots import CutDetector, small
from livematch.values import Image

AFTER = 2  # pictures of the new shot that are waited for: the first one and one more
REPEATS = 0  # a picture that repeats is a picture: waiting for the next would take longer
LEAST = 12.0  # and so a cut must be a little larger than in a film that is read at leisure
SETTLING = 6  # pictures in which a camera that has just been opened may jump as it likes


class InputCuts:
    """Counts the hard cuts of a camera, each known with its second picture. One thread.

    Frames that were skipped are not missed: a cut is as far across them. `may_be_cut` says of the
    newest picture that it looks like the first of a new shot, as those of a flash do, too.
    """

    def __init__(self) -> None:
        self._detector = CutDetector(AFTER, REPEATS, LEAST)
        self._hasty = CutDetector(1, REPEATS, LEAST)
        self._pictures = 0
        self.count = 0
        self.may_be_cut = False

    def push(self, image: Image) -> int:
        """Take the next BGR frame of any size; returns how many cuts there were so far."""
        self._pictures += 1
        shrunk = small(image)
        is_cut = self._detector.push(shrunk) is not None
        self.may_be_cut = self._hasty.push(shrunk) is not None
        self.count += is_cut and self._pictures > SETTLING
        return self.count
