"""From a picture to the network's input; the same code for the camera and for the archive.

The whole picture is squashed into the network's square. A centre crop would throw away 44 % of a
16:9 frame, and what stands at the edge is part of how a film frame looks; bars would be seen as
content, and would make all pictures of one aspect ratio alike. Squashing changes proportions, a
little between 16:9 and scope: ImageNet networks are trained on crops stretched by up to 4:3 and
hardly mind, and positions become fractions of the frame, which is how the program shows both.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from livematch.embed.card import ModelCard
from livematch.values import Image, Vector


def to_tensor(image: Image, card: ModelCard) -> Vector:
    """Prepare one BGR picture, uint8 (h, w, 3): float32 (3, card.height, card.width).

    Raises ValueError for anything that is not such a picture. Pure; any thread.
    """
    tensor: Vector = to_batch([image], card)[0]
    return tensor


def to_batch(images: Sequence[Image], card: ModelCard) -> Vector:
    """Prepare pictures of any sizes: float32 (n, 3, card.height, card.width)."""
    tables = _tables(card)
    order = (2, 1, 0) if card.channels == "RGB" else (0, 1, 2)
    batch = np.empty((len(images), 3, card.height, card.width), np.float32)
    for tensor, image in zip(batch, images, strict=True):
        planes = cv2.split(shrink(image, card.width, card.height))
        for channel, source in enumerate(order):
            cv2.LUT(planes[source], tables[channel], dst=tensor[channel])
    return batch


def shrink(image: Image, width_px: int, height_px: int) -> Image:
    """Resize a picture to exactly that size, whatever its aspect ratio, without aliasing.

    Where both sides can be halved they are, which is several times faster than the general area
    filter and gives the same averages.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"not a BGR picture: {image.dtype} {image.shape}")
    image = halved(image, width_px, height_px)
    height, width = image.shape[:2]
    # one axis may shrink while the other grows: each with the filter made for it
    image = _resize(image, min(width, width_px), min(height, height_px), cv2.INTER_AREA)
    return _resize(image, width_px, height_px, cv2.INTER_LINEAR)


def halved(image: Image, width_px: int, height_px: int) -> Image:
    """Halve a picture as often as it stays at least that large: the same averages, once for all."""
    height, width = image.shape[:2]
    while width >= 2 * width_px and height >= 2 * height_px:
        width, height = width // 2, height // 2
        image = _resize(image, width, height, cv2.INTER_AREA)
    return image


def _resize(image: Image, width_px: int, height_px: int, interpolation: int) -> Image:
    if image.shape[:2] == (height_px, width_px):
        return image
    resized = cv2.resize(image, (width_px, height_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


@lru_cache(maxsize=8)
def _tables(card: ModelCard) -> tuple[Vector, ...]:
    """Tabulate (value - mean) / std for the 256 values, per channel of the network's order."""
    values = np.arange(256, dtype=np.float64)
    return tuple(
        ((values - mean) / std).astype(np.float32)
        for mean, std in zip(card.mean, card.std, strict=True)
    )
