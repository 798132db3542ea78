"""From a picture to what a lens is shown of it; the same code for the camera and in training.

A lens sees light and dark in coarse patches, and invents the rest. So the picture is made grey,
shrunk until only patches are left, enlarged again, and its light spread over the whole range.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from livematch.embed.preprocess import halved
from livematch.values import Image, Vector

FEWEST_PATCHES = 2  # each way: fewer have no form
DARK, LIGHT = 2.0, 98.0  # percentiles that become black and white
LEAST_SPAN = 0.2  # of the range: a picture with less is not torn further apart, noise would show


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is shown to a lens.

    `blur` is how coarse it is, as a multiple of what the lens was trained with; `levels`, 0 to 1,
    how much its light is spread over the whole range; `contrast` is about the middle grey.
    """

    blur: float = 1.0
    levels: float = 1.0
    contrast: float = 1.0


USUAL_LOOK = Look()


def prepare(image: Image, side_px: int, shrink: float, look: Look = USUAL_LOOK) -> Vector:
    """Return what a lens is shown of a picture: float32 (side_px, side_px), −1 to 1.

    `image` is BGR of any size, squashed whole into the square; `shrink` how many times smaller it
    becomes on the way. Pure; any thread.
    """
    coarse = patches(image, side_px, shrink * look.blur)
    return enlarged(contrasted(levelled(coarse, look.levels), look.contrast), side_px)


def patches(image: Image, side_px: int, shrink: float) -> Vector:
    """Average a BGR picture over a square of `side_px / shrink` patches: float32 grey, 0 to 1."""
    count = max(FEWEST_PATCHES, round(side_px / max(1.0, shrink)))
    grey = cv2.cvtColor(halved(image, 2 * count, 2 * count), cv2.COLOR_BGR2GRAY)
    coarse = cv2.resize(grey, (count, count), interpolation=cv2.INTER_AREA)
    return np.asarray(coarse, np.float32) / np.float32(255.0)


def levelled(grey: Vector, strength: float = 1.0) -> Vector:
    """Spread the light of a picture over 0 to 1, as far as `strength` says (auto-levels)."""
    if strength <= 0.0:
        return grey
    dark, light = np.percentile(grey, (DARK, LIGHT))
    lack = max(0.0, LEAST_SPAN - (light - dark)) / 2
    dark, light = dark - lack, light + lack
    spread = (grey - dark) / (light - dark)
    return np.asarray(np.clip(grey + strength * (spread - grey), 0.0, 1.0), np.float32)


def contrasted(grey: Vector, contrast: float = 1.0, brightness: float = 0.0) -> Vector:
    """Stretch light and dark about the middle, then make all of it lighter or darker."""
    return np.asarray((grey - 0.5) * contrast + (0.5 + brightness), np.float32)


def enlarged(grey: Vector, side_px: int) -> Vector:
    """Bring patches of 0 to 1 to the lens's size, smoothly: float32 (side_px, side_px), −1 to 1."""
    smooth = cv2.resize(grey, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth * 2.0 - 1.0, -1.0, 1.0), np.float32)
