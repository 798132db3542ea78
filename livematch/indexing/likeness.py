"""When two pictures show the same: side by side in one shot, and by a hash among many. Pure."""

import cv2
import numpy as np

from livematch.values import Image, Vector

# Near-duplicates, in levels of 0 to 255. Film grain averages out in a cell and a blur: what is left
# of it is a level. A thing that moves changes its own cells by far more, however small it is.
CELLS = (32, 18)
MOST_MEAN, MOST_CELL = 1.0, 2.8

LOOK_CELLS = (9, 8)  # each of 8 rows has 8 steps from one cell to the next: 64 bits


def glance(image: Image) -> Vector:
    """Return what near-duplicates are known by, of a BGR picture of any size: (18, 32, 3)."""
    cells = cv2.resize(image, CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(cells.astype(np.float32), (3, 3), 0))


def is_near_duplicate(a: Vector, b: Vector) -> bool:
    """Whether two pictures of one shot, at a glance, differ by no more than noise."""
    apart = np.abs(a - b).mean(axis=2)
    return bool(apart.mean() < MOST_MEAN and apart.max() < MOST_CELL)


def look_of(image: Image) -> int:
    """Hash how a BGR picture looks, 64 bits as a signed number: alike, if few bits differ.

    The difference hash: each bit says whether the picture becomes brighter from a cell to the next
    one on its right. Another size, brightness or compression leaves most bits as they are.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    cells = cv2.resize(grey, LOOK_CELLS, interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(cells[:, 1:] > cells[:, :-1])
    return int.from_bytes(bits.tobytes(), "big", signed=True)
