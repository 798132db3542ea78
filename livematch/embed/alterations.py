"""What happens to a picture between a film and a camera before a screen, each as a pure function.

The descriptor learns from them what to look away from (`livematch.embed.fit`), and the bench asks
whether it does (`livematch.robustness`): with other strengths, and on other frames. Pictures are
uint8 BGR, and never written to.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.values import Image

CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)  # clockwise from the top left


def cropped(image: Image, share: float, across: float = 0.5, down: float = 0.5) -> Image:
    """Keep `share` of each side, at a place from 0 (left, top) to 1 (right, bottom)."""
    height, width = image.shape[:2]
    lost_x, lost_y = width - round(width * share), height - round(height * share)
    left, top = round(lost_x * across), round(lost_y * down)
    inside = image[top : top + height - lost_y, left : left + width - lost_x]
    return np.ascontiguousarray(inside)


def mirrored(image: Image) -> Image:
    """Exchange left and right."""
    return np.ascontiguousarray(image[:, ::-1])


def faded(image: Image, share: float = 1.0) -> Image:
    """Take a share of the colour away: 1 leaves shades of grey."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(grey, share, image, 1 - share, 0), np.uint8)


def blurred(image: Image, share: float) -> Image:
    """Put the picture out of focus: the standard deviation as a share of its width."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), share * image.shape[1]), np.uint8)


def exposed(image: Image, gain: float, gamma: float) -> Image:
    """Expose the picture otherwise: times `gain`, shadows lifted by a gamma below 1, clipped."""
    levels = np.arange(256) / 255
    table = np.clip(np.round(255 * gain * levels**gamma), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def recompressed(image: Image, quality: int) -> Image:
    """Compress the picture as JPEG, of a quality from 1 to 100."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def tilted(
    image: Image, corners: Sequence[Sequence[float]] | NDArray[np.float32], room: int
) -> Image:
    """See the picture on a screen at an angle, in a room of one shade of grey.

    `corners` are where its own lie then, clockwise from the top left, as shares of the sides.
    """
    height, width = image.shape[:2]
    size = np.array([width - 1, height - 1], np.float32)
    seen = np.asarray(corners, np.float32) * size
    warped = cv2.warpPerspective(
        image,
        cv2.getPerspectiveTransform(CORNERS * size, seen),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderValue=(room,) * 3,
    )
    return np.asarray(warped, np.uint8)


def noisy(image: Image, deviation: float, chance: np.random.Generator) -> Image:
    """Add a sensor's noise, of a standard deviation in levels of 255."""
    noise = chance.normal(0, deviation, image.shape)
    return np.clip(np.round(image + noise), 0, 255).astype(np.uint8)


def altered(image: Image, chance: np.random.Generator) -> Image:
    """Do some of all this, as chance has it and as it befalls cameras; never mirrored.

    To some pictures nearly all of it happens, as to a screen filmed in a dim room, to others less
    than half; each with any strength up to what is still recognised by eye.
    """
    share = chance.uniform(0.4, 1.0)

    def happens() -> bool:
        return bool(chance.random() < share)

    if happens():
        image = cropped(image, chance.uniform(0.7, 0.98), chance.random(), chance.random())
    if happens():
        image = faded(image, min(1.0, chance.uniform(0.3, 1.7)))
    if happens():
        image = blurred(image, chance.uniform(0.002, 0.012))
    if happens():
        image = exposed(image, chance.uniform(0.6, 1.5), chance.uniform(0.6, 1.6))
    if happens():
        image = recompressed(image, int(chance.integers(8, 60)))
    if happens():
        inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)], np.float32)
        corners = CORNERS + inwards * chance.uniform(-0.01, 0.12, (4, 2)).astype(np.float32)
        image = tilted(image, corners, int(chance.integers(0, 90)))
    if happens():
        image = noisy(image, chance.uniform(2, 14), chance)
    return image
