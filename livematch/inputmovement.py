"""How much moves before the camera: whether somebody is there and does something."""

import cv2
import numpy as np

from livematch.embed.motion import levelled
from livematch.values import Glimpse

WITHIN_S = 0.1  # the time in which a change counts as it is; measured over another, in proportion
COARSE = (5, 5)  # pixels of 128 × 72 over which changes are averaged: noise has no size
# Of levelled brightness, of 255. A still under strong noise (12 of 255, on a picture a quarter as
# bright too) has then a movement of 0.002 at most, somebody who juggles in half the picture 0.026
# to 0.12, a hand that passes 0.01 to 0.04; at 16 the juggler's falls to 0.01.
CHANGED = 8.0


def movement(glimpse: Glimpse) -> float:
    """Return which share of the picture changed within a tenth of a second, 0 to 1.

    Brightness and contrast are brought to one level all over the picture, and small changes are
    averaged out: neither light that flickers nor the sensor's noise moves. 0 for a still. Pure.
    """
    if glimpse.before is None or glimpse.apart_s == 0:
        return 0.0
    before, after = levelled(glimpse.before), levelled(glimpse.image)
    change = cv2.blur(cv2.subtract(after, before, dtype=cv2.CV_32F), COARSE)
    share = float((np.abs(change) > CHANGED).mean())
    return min(1.0, share * WITHIN_S / abs(glimpse.apart_s))
