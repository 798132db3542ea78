"""Shots with nothing of a film to see: black, white, or a title on a plain ground. Pure.

Judged on a few small BGR pictures of a shot, all of which must agree. A title that is missed does
no harm; a picture taken for a title is lost to the show, so what is in doubt is film.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.values import Image, ShotKind

CELLS = (64, 36)  # noise averages out in cells as large
GREY_PX = 180  # the height at which strokes are looked at

# Black and white, in levels of 0 to 255: the mean, the brightest or darkest cells, and how far the
# cells may lie apart (a vignette does that, and a scene in the dark does it more)
MOST_BLACK, BRIGHTEST, BLACK_SPREAD = 14.0, 24.0, 10.0
LEAST_WHITE, DARKEST, WHITE_SPREAD = 236.0, 200.0, 40.0
TAIL = 0.5  # per cent of the cells that are passed over at either end

# Titles
NEAR_GROUND = 12  # levels from the ground's
FLAT = 10  # levels from one pixel to the next
LEAST_GROUND = 0.82  # share of the picture that is ground, and flat
LEAST_INK, MOST_INK = 0.004, 0.16  # share of the picture that is strokes
LEAST_CONTRAST = 70.0  # levels between the ground and the strokes' hearts
THICKEST = 1 / 12  # of the height; what is thicker is no stroke
LEAST_THIN = 0.85  # share of the ink that is thinner
EDGE = 0.06  # of width and height: titles keep away from the frame
MOST_OFF_CENTRE = 0.12  # of the width, from the middle of the ink to the middle of the picture
LEAST_CLEAR = 0.5  # share of a title's pictures in which it is not faint
ALL_BUT_NOISE = 0.995
LEAST_SAME = 0.6  # of two pictures' ink, what both have (intersection over union)

Mask = NDArray[np.bool_]


def kind_of(pictures: Sequence[Image]) -> ShotKind:
    """Judge a shot by some of its pictures, in order of time; at least one."""
    greys = _Greys(pictures)
    for is_kind, kind in ((is_black, ShotKind.BLACK), (is_white, ShotKind.WHITE)):
        if all(is_kind(grey) for grey in greys):
            return kind
    return ShotKind.TITLE if is_title(greys) else ShotKind.FILM


class _Greys:
    """Pictures in grey, each made when it is first asked for: a few tell most shots for film."""

    def __init__(self, pictures: Sequence[Image]) -> None:
        self._pictures = pictures
        self._made: list[Image] = []

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[Image]:
        for number, picture in enumerate(self._pictures):
            if number == len(self._made):
                self._made.append(_grey(picture))
            yield self._made[number]


def _grey(picture: Image) -> Image:
    height, width = picture.shape[:2]
    size = (max(1, round(width * GREY_PX / height)), GREY_PX)
    shrunk = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY), np.uint8)


def _cells(grey: Image) -> tuple[float, float, float]:
    """Return the cells' mean, and their darkest and brightest but for a few."""
    cells = cv2.resize(grey, CELLS, interpolation=cv2.INTER_AREA)
    darkest, brightest = np.percentile(cells, (TAIL, 100 - TAIL))
    return float(cells.mean()), float(darkest), float(brightest)


def is_black(grey: Image) -> bool:
    """Whether there is practically no light in a picture; noise and a vignette may be."""
    mean, darkest, brightest = _cells(grey)
    return mean < MOST_BLACK and brightest < BRIGHTEST and brightest - darkest < BLACK_SPREAD


def is_white(grey: Image) -> bool:
    """Whether a picture is nothing but light; noise and a vignette may be."""
    mean, darkest, brightest = _cells(grey)
    return mean > LEAST_WHITE and darkest > DARKEST and brightest - darkest < WHITE_SPREAD


def is_title(greys: _Greys) -> bool:
    """Whether pictures show the same strokes on a plain ground and nothing else.

    Where a title fades in or out it may be faint, and there the ground must be plain around it.
    """
    inks: list[Mask | None] = []
    missing = 0
    for grey in greys:
        inks.append(_ink(grey))
        missing += inks[-1] is None
        if len(greys) - missing < LEAST_CLEAR * len(greys):
            return False
    found = [ink for ink in inks if ink is not None]
    if not all(_is_same(a, b) for a, b in pairwise(found)):
        return False
    around = cv2.dilate(np.any(found, axis=0).astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    faint = [grey for grey, ink in zip(greys, inks, strict=True) if ink is None]
    return all(_is_plain(grey[around]) for grey in faint)


def _is_plain(levels: Image) -> bool:
    away = np.abs(levels.astype(np.int16) - round(float(np.median(levels))))
    return float((away < NEAR_GROUND).mean()) > ALL_BUT_NOISE


def _ink(grey: Image) -> Mask | None:
    """Find the strokes of a title in a picture; None if it is no title."""
    ground = _median(grey)
    away = cv2.absdiff(grey, np.full_like(grey, round(ground)))
    kernel = np.ones((3, 3), np.uint8)
    slope = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, kernel)
    if float(((away < NEAR_GROUND) & (slope < FLAT)).mean()) < LEAST_GROUND:
        return None
    ink = np.asarray(away >= LEAST_CONTRAST / 2)
    share = float(ink.mean())
    if not LEAST_INK <= share <= MOST_INK:
        return None
    if float(np.percentile(away[ink], 75)) < LEAST_CONTRAST:
        return None
    return ink if _is_thin(ink) and _is_placed(ink) else None


def _median(grey: Image) -> float:
    """Return what `np.median` does, by counting, which is several times faster."""
    up_to = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]))
    middle = (grey.size - 1) // 2, grey.size // 2
    return float(np.searchsorted(up_to, middle, side="right").mean())


def _is_thin(ink: Mask) -> bool:
    thickest = max(3, round(ink.shape[0] * THICKEST))
    block = np.ones((thickest, thickest), np.uint8)
    thick = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, block)
    return float(thick.sum()) <= (1 - LEAST_THIN) * float(ink.sum())


def _is_placed(ink: Mask) -> bool:
    """Whether the strokes keep away from the frame and lie to both sides of the middle."""
    height, width = ink.shape
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    inside = (
        rows[0] >= EDGE * height
        and rows[-1] < (1 - EDGE) * height
        and columns[0] >= EDGE * width
        and columns[-1] < (1 - EDGE) * width
    )
    middle = (columns[0] + columns[-1]) / 2
    return bool(inside and abs(middle - width / 2) <= MOST_OFF_CENTRE * width)


def _is_same(a: Mask, b: Mask) -> bool:
    either = float((a | b).sum())
    return either > 0 and float((a & b).sum()) / either >= LEAST_SAME
