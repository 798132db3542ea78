"""Trailers made for tests: shots with cuts, dissolves and fades at known pictures."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from films import X264, Recipe, texture, write_pictures

from livematch.values import Image

SIZE = (192, 108)


def shot(scene: int, count: int) -> list[Image]:
    """So many pictures of a scene that drifts."""
    still = texture(scene, SIZE)
    return [np.roll(still, number // 4, axis=1) for number in range(count)]


def black(count: int) -> list[Image]:
    return [np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * count


def dissolved(one: Sequence[Image], other: Sequence[Image], count: int) -> list[Image]:
    """Two shots, the last pictures of the first mixed with the first ones of the second."""
    shares = [(n + 1) / (count + 1) for n in range(count)]
    mixed = [
        np.asarray(a * (1 - share) + b * share, np.uint8)
        for a, b, share in zip(one[-count:], other[:count], shares, strict=True)
    ]
    return [*one[:-count], *mixed, *other[count:]]


def rising(pictures: Sequence[Image], count: int) -> list[Image]:
    """A shot whose first pictures come out of black."""
    faded = [np.asarray(pictures[n] * ((n + 1) / (count + 1)), np.uint8) for n in range(count)]
    return [*faded, *pictures[count:]]


def falling(pictures: Sequence[Image], count: int) -> list[Image]:
    return rising(pictures[::-1], count)[::-1]


# cut with picture 25, dissolve over pictures 50 to 65, fade out over 85 to 99, black from 100,
# fade up over 110 to 124, black with picture 150, cut out of it with 160
EVENTFUL = [
    *shot(1, 25),
    *falling(dissolved(shot(2, 41), shot(3, 50), 16), 15),
    *black(10),
    *rising(shot(4, 40), 15),
    *black(10),
    *shot(5, 20),
]


def eventful(path: Path, ticks: Callable[[int], int] | None = None) -> Path:
    return write_pictures(path, EVENTFUL, Recipe(options=X264, ticks=ticks))
