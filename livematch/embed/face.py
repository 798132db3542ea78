"""The part *face*: how many faces there are, how large, and where in the picture.

Faces are found by OpenCV's cascade of Haar features (Viola and Jones, 2001), with the frontal faces
of its own package (`haarcascade_frontalface_alt2`, by Rainer Lienhart), at one small size for every
picture, so that the archive and the camera are seen alike. Measured on 840 moments of films,
cartoons and a dark trailer: nine faces from a seventh of the picture's width up, all of them faces.
Larger pictures give a few more, and an emblem, and take several times as long; the cascade
`default` also took a planet and two dancers for faces.

Where OpenCV comes without the cascade (`opencv-python` from 5.0 on) the part is zeros, which weigh
nothing.
"""

import logging
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.embed.preprocess import shrink
from livematch.values import Glimpse, Image, Vector

log = logging.getLogger(__name__)

CASCADE = "haarcascade_frontalface_alt2.xml"
WIDTH_PX, HEIGHT_PX = 144, 81  # of the room for the picture, which keeps its proportions
SMALLEST_PX = 20  # the cascade's own window
STEP = 1.2  # from one size to the next
NEIGHBOURS = 5  # findings that must agree on a face, so that few are false

GRID = 4  # cells a side
NEAR = 0.7  # cells: as far as a face is felt
SIZES = (0.12, 0.25, 0.5)  # of the picture's width: a figure, a bust, a face alone
MOST = 3  # more are a crowd
SIZE_SHARE = NUMBER_SHARE = 0.7  # beside the place
SIZE = GRID**2 + len(SIZES) + MOST

Faces = NDArray[np.float64]  # (n, 3): centre right and down as fractions of the picture, width


def face(glimpses: Sequence[Glimpse]) -> Vector:
    """Describe faces: (n, 22), their place on a 4×4 grid, then their size, then their number.

    Not of unit length. Zeros where there is none, or no detector. Any thread.
    """
    return np.stack([described(found(glimpse.image)) for glimpse in glimpses])


def found(image: Image) -> Faces:
    """Find the faces in a BGR picture of any size, in an order that is always the same."""
    detector = _detector()
    if detector is None:
        return np.empty((0, 3))
    height, width = image.shape[:2]
    scale = min(WIDTH_PX / width, HEIGHT_PX / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.equalizeHist(cv2.cvtColor(shrink(image, *size), cv2.COLOR_BGR2GRAY))
    boxes = detector.detectMultiScale(grey, STEP, NEIGHBOURS, minSize=(SMALLEST_PX, SMALLEST_PX))
    # threads of OpenCV hand them over in any order
    left, top, across, down = np.array(sorted(map(tuple, boxes)), np.float64).reshape(-1, 4).T
    return np.stack(
        [(left + across / 2) / size[0], (top + down / 2) / size[1], across / size[0]], axis=1
    )


def described(faces: Faces) -> Vector:
    """Turn faces into the part's numbers: (22,)."""
    if not len(faces):
        return np.zeros(SIZE, np.float32)
    centres = (np.arange(GRID) + 0.5) / GRID
    across, down = (
        np.exp(-(((faces[:, axis, None] - centres) * GRID / NEAR) ** 2) / 2) for axis in (0, 1)
    )
    place = np.einsum("nd,na->da", down, across).ravel()
    sizes = np.sum([_between(np.log(size), np.log(SIZES)) for size in faces[:, 2]], axis=0)
    number = _between(float(len(faces)), np.arange(1, MOST + 1))
    shares = ((place, 1.0), (sizes, SIZE_SHARE), (number, NUMBER_SHARE))
    return np.concatenate([share * row / np.linalg.norm(row) for row, share in shares]).astype(
        np.float32
    )


def _between(value: float, marks: NDArray[Any]) -> NDArray[np.float64]:
    """Share 1 between the two marks that a value lies between; beyond the last it is theirs."""
    return np.array([np.interp(value, marks, one) for one in np.eye(len(marks))])


def available() -> bool:
    """Say whether faces can be found here; logs it once if they cannot."""
    return _cascade() is not None


_of_thread = threading.local()  # a detector keeps buffers, and must not be shared


def _detector() -> Any:
    """Give this thread's own detector, or None."""
    if not hasattr(_of_thread, "detector"):
        path = _cascade()
        _of_thread.detector = None if path is None else _make(path)
    return _of_thread.detector


def _make(path: Path) -> Any:
    """Make a detector, or None if this OpenCV cannot, or cannot read the file."""
    make = getattr(cv2, "CascadeClassifier", None)  # not in every OpenCV, nor in its annotations
    detector = None if make is None else make(str(path))
    return None if detector is None or detector.empty() else detector


@cache
def _cascade() -> Path | None:
    """Find OpenCV's cascade, if this OpenCV has it and can read it."""
    folder = getattr(getattr(cv2, "data", None), "haarcascades", None)
    path = None if folder is None else Path(folder) / CASCADE
    if path is None or not path.is_file() or _make(path) is None:
        log.warning(
            "OpenCV %s comes without a face detector: faces count for nothing."
            " one below 5 has one: pip install 'opencv-python<5'",
            cv2.__version__,
        )
        return None
    return path
