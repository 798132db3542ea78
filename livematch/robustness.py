"""Whether a picture of the archive finds its own shot again after what cameras do to pictures.

`VARIANTS` are the things that happen to a picture between a film and a camera before a screen; each
is pure and always the same. `recognised` asks the archive about frames that lie between its
indexed moments, so that no vector is ever compared with itself.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.archive.search import Searcher
from livematch.archive.store import Archive, Moments
from livematch.errors import FilmError
from livematch.stills import film_still
from livematch.values import Image, Vector

log = logging.getLogger(__name__)

WIDTH_PX = 640  # as a camera gives it
CROP = 0.8  # the share of each side that is left
BLUR = 0.008  # standard deviation as a share of the width: clearly out of focus
GAIN, GAMMA = 1.3, 0.8  # about two thirds of a stop over, shadows lifted
JPEG_QUALITY = 20
CORNERS = ((0.06, 0.09), (0.95, 0.02), (0.98, 0.93), (0.02, 0.98))  # of a screen seen at an angle
SURROUND = 28  # the grey of the room around that screen
NOISE = 9.0  # standard deviation of a small sensor in a dim room, of 255

Variant = Callable[[Image], Image]


@dataclass(frozen=True, slots=True)
class Probe:
    """A frame of the archive between two of its moments, and the shot it is in."""

    shot_id: int
    time_s: float
    image: Image


@dataclass(frozen=True, slots=True)
class Recognition:
    """How often probes found their own shot first, and their own film first: 0 to 1."""

    shot: float
    film: float


def cropped(image: Image) -> Image:
    """Keep the middle 80 % of each side."""
    height, width = image.shape[:2]
    top, left = round(height * (1 - CROP) / 2), round(width * (1 - CROP) / 2)
    return np.ascontiguousarray(image[top : height - top, left : width - left])


def mirrored(image: Image) -> Image:
    """Exchange left and right."""
    return np.ascontiguousarray(image[:, ::-1])


def grey(image: Image) -> Image:
    """Take the colour away."""
    return np.asarray(
        cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8
    )


def blurred(image: Image) -> Image:
    """Put the picture out of focus."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), BLUR * image.shape[1]), np.uint8)


def exposed(image: Image) -> Image:
    """Expose the picture more: brighter, shadows lifted, highlights clipped."""
    levels = np.arange(256) / 255
    table = np.clip(np.round(255 * GAIN * levels**GAMMA), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def recompressed(image: Image) -> Image:
    """Compress the picture as JPEG, hard enough to see."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def filmed(image: Image) -> Image:
    """Film the picture from a screen at an angle, with a small camera's noise."""
    height, width = image.shape[:2]
    size = np.array([width - 1, height - 1], np.float32)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * size
    seen = np.array(CORNERS, np.float32) * size
    warped = cv2.warpPerspective(
        image,
        cv2.getPerspectiveTransform(corners, seen),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderValue=(SURROUND,) * 3,
    )
    noise = np.random.default_rng(height * width).normal(0, NOISE, image.shape)
    return np.clip(np.round(warped + noise), 0, 255).astype(np.uint8)


SINGLE: Mapping[str, Variant] = {
    "cropped to 80 %": cropped,
    "mirrored": mirrored,
    "grey": grey,
    "blurred": blurred,
    "re-exposed": exposed,
    "recompressed": recompressed,
    "filmed at an angle": filmed,
}


def all_together(image: Image) -> Image:
    """Do everything in `SINGLE`, one after the other."""
    for variant in SINGLE.values():
        image = variant(image)
    return image


VARIANTS: Mapping[str, Variant] = {
    "as it is": lambda image: image,
    **SINGLE,
    "all together": all_together,
}


def between(moments: Moments, count: int) -> list[tuple[int, float]]:
    """Choose up to `count` (moment, time) halfway to the next moment of the same shot.

    The positions are spread evenly over the archive, one a shot before a second of any.
    """
    same = np.flatnonzero(np.diff(moments.shots) == 0)
    _, firsts, sizes = np.unique(moments.shots[same], return_index=True, return_counts=True)
    middles = same[np.sort(firsts + sizes // 2)]
    others = np.setdiff1d(same, middles)
    wanted = _spread(middles, count)
    wanted = np.sort(np.concatenate([wanted, _spread(others, count - len(wanted))]))
    times_s = (moments.times_s[wanted] + moments.times_s[wanted + 1]) / 2
    return [(int(n), float(t)) for n, t in zip(wanted, times_s, strict=True)]


def _spread(positions: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    if count <= 0 or not len(positions):
        return positions[:0]
    if len(positions) <= count:
        return positions
    return positions[np.linspace(0, len(positions) - 1, count).round().astype(np.intp)]


def probes(archive: Archive, count: int) -> Iterator[Probe]:
    """Read up to `count` frames of the archive's films between moments, as a camera gives them.

    A film that cannot be read is left out and logged.
    """
    moments = archive.offered()
    for position, time_s in between(moments, count):
        moment = moments.at(position)
        try:
            image = film_still(archive.clip(moment).path, time_s, WIDTH_PX)
        except FilmError as error:
            log.warning("left out of the measurement: %s", error)
            continue
        yield Probe(moment.shot_id, time_s, image)


def recognised(
    asked: Iterable[tuple[int, Vector]],
    searcher: Searcher,
    weights: Mapping[str, float],
    film_of: Callable[[int], int],
) -> Recognition:
    """Ask the archive about (shot, descriptor) pairs; `film_of` gives a shot's film."""
    shots, films = [], []
    for shot_id, descriptor in asked:
        best = searcher.search(descriptor, weights, 1)
        shots.append(bool(best) and best[0].moment.shot_id == shot_id)
        films.append(bool(best) and best[0].moment.film_id == film_of(shot_id))
    if not shots:
        return Recognition(0.0, 0.0)
    return Recognition(float(np.mean(shots)), float(np.mean(films)))
