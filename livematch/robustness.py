"""Whether a picture of the archive finds its own shot again after what cameras do to pictures.

`VARIANTS` are the things that happen to a picture between a film and a camera before a screen; each
is pure and always the same. `recognised` asks the archive about frames that lie between its
indexed moments, so that no vector is ever compared with itself.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.archive.search import Searcher
from livematch.archive.store import Archive, Moments
from livematch.embed.alterations import (
    blurred,
    cropped,
    exposed,
    faded,
    mirrored,
    noisy,
    recompressed,
    tilted,
)
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


def filmed(image: Image) -> Image:
    """Film the picture from a screen at an angle, with a small camera's noise."""
    chance = np.random.default_rng(image.shape[0] * image.shape[1])
    return noisy(tilted(image, CORNERS, SURROUND), NOISE, chance)


SINGLE: Mapping[str, Variant] = {
    "cropped to 80 %": lambda image: cropped(image, CROP),
    "mirrored": mirrored,
    "grey": faded,
    "blurred": lambda image: blurred(image, BLUR),
    "re-exposed": lambda image: exposed(image, GAIN, GAMMA),
    "recompressed": lambda image: recompressed(image, JPEG_QUALITY),
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
