"""The test pattern: a picture anybody recognises, moving enough to see that all is well."""

import math
from functools import cache

import cv2
import numpy as np

from livematch.values import Image

FPS = 30
SCENE_S = 6  # every so often the pattern cuts, so that input cuts can be tried without a film
# 75 % bars after SMPTE ECR 1-1978, as BGR
BARS = (
    (191, 191, 191),
    (0, 191, 191),
    (191, 191, 0),
    (0, 191, 0),
    (191, 0, 191),
    (0, 0, 191),
    (191, 0, 0),
)


class PatternTape:
    """The pattern at `FPS` pictures a second, for ever."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._number = -1
        self._image: Image | None = None

    @property
    def title(self) -> str:
        """What is on it, for the status line."""
        return f"test pattern, {self._size[0]}×{self._size[1]}"

    @property
    def next_s(self) -> float:
        """When the next picture is due."""
        return (self._number + 1) / FPS

    def picture_at(self, time_s: float) -> tuple[int, float, Image]:
        """Draw the picture of this time."""
        number = max(0, math.floor(time_s * FPS + 1e-4))
        if self._image is None or number > self._number:
            self._number, self._image = number, pattern(number, self._size)
        return self._number, self._number / FPS, self._image

    def close(self) -> None:
        """Nothing is held."""


def pattern(number: int, size: tuple[int, int]) -> Image:
    """Draw picture `number` of the pattern, (height, width, 3) BGR, read-only; the same always."""
    width, height = size
    seconds = number / FPS
    scene = int(seconds // SCENE_S) % 3
    shift = round(seconds * width / 7)  # one bar a second
    plate = _plate(scene, width, height)
    axis = 0 if scene == 1 else 1
    image = np.roll(plate, shift * plate.shape[axis] // width, axis=axis)
    _draw_ring(image, seconds)
    _draw_text(image, number, seconds)
    image.flags.writeable = False
    return image


@cache
def _plate(scene: int, width: int, height: int) -> Image:
    """Return what lies behind the ring: upright bars, lying bars, or a grey ramp with a grid."""
    if scene == 2:
        ramp = np.abs(np.linspace(-255, 255, width)).astype(np.uint8)
        plate = np.repeat(np.repeat(ramp[None, :, None], height, 0), 3, 2)
        plate[:: max(2, height // 9), :] = 255
        return np.ascontiguousarray(plate)
    colours = np.array(BARS, np.uint8)
    length, across = (height, width) if scene == 1 else (width, height)
    line = colours[np.arange(length) * len(BARS) // length]
    bars = np.repeat(line[None], across, 0)
    return np.ascontiguousarray(bars.swapaxes(0, 1) if scene == 1 else bars)


def _draw_ring(image: Image, seconds: float) -> None:
    height, width = image.shape[:2]
    centre = (
        round(width * (0.5 + 0.35 * math.sin(seconds * 0.9))),
        round(height * (0.5 + 0.3 * math.sin(seconds * 1.7))),
    )
    radius = round(height * (0.16 + 0.05 * math.sin(seconds * 2.3)))
    thick = max(2, height // 24)
    cv2.circle(image, centre, radius, (0, 0, 0), thick + max(2, thick // 2), cv2.LINE_AA)
    cv2.circle(image, centre, radius, (255, 255, 255), thick, cv2.LINE_AA)


def _draw_text(image: Image, number: int, seconds: float) -> None:
    height, width = image.shape[:2]
    top = height - height // 8
    image[top:] = 0
    minutes, rest = divmod(seconds, 60)
    words = f"livematch  {number:07d}  {int(minutes):02d}:{rest:05.2f}"
    scale = height / 480
    where = (width // 40, height - height // 24)
    cv2.putText(
        image, words, where, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 2, cv2.LINE_AA
    )
