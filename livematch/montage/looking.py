"""Whether there is something to see where a shot is entered or left.

Black is like black, whatever is filmed: a cut from one fade to the next would be the best of all.
"""

import cv2

from livematch.archive.store import Archive
from livematch.stills import moment_still
from livematch.values import Image, Moment

FADED = 0.4  # of the brightness of its shot's usual picture
LEAST_LIGHT = 18.0  # of 255, on the average
DIM, FLAT = 64.0, 8.0  # and what is brighter, but so dark and with so little spread, is a fade too
WIDTH_PX = 64


class Looker:
    """Looks at single pictures of an archive, each once. One thread."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._seen: dict[tuple[int, float], bool] = {}

    def shows(self, film_id: int, shot_id: int, time_s: float) -> bool:
        """Whether a picture is neither black nor a fade of its own shot."""
        key = (shot_id, time_s)
        if key not in self._seen:
            moment = Moment(-1, film_id, shot_id, time_s)
            still = moment_still(self._archive, moment, WIDTH_PX)
            self._seen[key] = still is None or not self._is_faded(still, shot_id)
        return self._seen[key]

    def _is_faded(self, still: Image, shot_id: int) -> bool:
        usual = self._archive.thumb(shot_id)
        light, spread = _light(still)
        if light < LEAST_LIGHT or (light < DIM and spread < FLAT):
            return True
        return usual is not None and light < FADED * _light(usual)[0]


def _light(image: Image) -> tuple[float, float]:
    """Return the mean and the standard deviation of a picture's brightness."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return float(grey.mean()), float(grey.std())
