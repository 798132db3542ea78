"""Cuts in what the camera sees: a trailer, a capture card, somebody else's mix."""

import cv2
import numpy as np

from livematch.indexing.shots import HEIGHT_PX, WIDTH_PX, CutDetector
from livematch.values import Image

AFTER = 2  # pictures of the new shot that are waited for: the first one and one more
REPEATS = 0  # a picture that repeats is a picture: waiting for the next would take longer
LEAST = 12.0  # and so a cut must be a little larger than in a film that is read at leisure
SETTLING = 6  # pictures in which a camera that has just been opened may jump as it likes


class InputCuts:
    """Counts the hard cuts of a camera, each known with its second picture. One thread.

    Frames that were skipped are not missed: a cut is as far across them.
    """

    def __init__(self) -> None:
        self._detector = CutDetector(AFTER, REPEATS, LEAST)
        self._pictures = 0
        self.count = 0

    def push(self, image: Image) -> int:
        """Take the next BGR frame of any size; returns how many cuts there were so far."""
        self._pictures += 1
        is_cut = self._detector.push(small(image)) is not None
        self.count += is_cut and self._pictures > SETTLING
        return self.count


def small(image: Image) -> Image:
    """Shrink a BGR frame to what cuts are looked for in: (36, 64, 3), Y, Cr, Cb."""
    shrunk = cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2YCrCb), np.uint8)
