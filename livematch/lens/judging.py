"""What a lens is worth, in figures: on pictures it has never seen, and on a camera's noise.

Everything here is told how to paint, so that a network in training and a finished lens are judged
by the same measure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from livematch.embed.features import AnyEmbedder
from livematch.lens.pairs import Batch, as_image
from livematch.lens.preparing import prepare
from livematch.values import Image, Vector

Painting = Callable[[Vector], Vector]  # (1, 1, side, side) → (1, 3, side, side), −1 to 1

NOISE = 4.0  # of 255: a webcam's sensor in a lit room, per pixel and frame
STILL_FRAMES = 16
LEAST = 1e-6  # plain grey pictures are as they were, shrunk or not


@dataclass(frozen=True, slots=True)
class Quality:
    """How near paintings come to the true pictures, and how near what was shown was already.

    `l1` of 255, `features` 0 (the same) to 2. `flicker` is how much a painting of a camera that
    stands still changes from one to the next, of 255, unblended.
    """

    l1: float
    l1_blurred: float
    features: float
    features_blurred: float
    flicker: float

    @property
    def score(self) -> float:
        """One figure, lower is better; 1 is what was shown, left as it was.

        How it looks decides. By L1 the mean of all that might be there is best, which is a blur:
        it only must not be further from the truth than what was shown.
        """
        light = self.l1 / max(self.l1_blurred, LEAST)
        return max(1.0, light) * self.features / max(self.features_blurred, LEAST)


def judge(paint: Painting, whole: Batch, embedder: AnyEmbedder, shrink: float) -> Quality:
    """Paint every pair of a batch and compare. The embedder's thread."""
    painted = [paint(seen[None])[0] for seen in whole.seen]
    blurred = [np.repeat(seen, 3, axis=0) for seen in whole.seen]
    wanted = _features(embedder, [as_image(planes) for planes in whole.wanted])

    def apart(pictures: Sequence[Vector]) -> float:
        found = _features(embedder, [as_image(planes) for planes in pictures])
        return float(np.mean(1.0 - (found * wanted).sum(axis=1)))

    def light(pictures: Sequence[Vector]) -> float:
        pairs = zip(pictures, whole.wanted, strict=True)
        return float(np.mean([np.abs(one - other).mean() for one, other in pairs])) * 127.5

    still = as_image(whole.wanted[0])
    return Quality(
        light(painted),
        light(blurred),
        apart(painted),
        apart(blurred),
        flicker(paint, still, shrink),
    )


def flicker(paint: Painting, still: Image, shrink: float, blend: float = 0.0) -> float:
    """Return how much paintings of a still camera with sensor noise differ, one from the next.

    Mean absolute difference of 255. `blend` is the share of the painting before in each.
    """
    side_px = still.shape[0]
    chance = np.random.default_rng(1)
    shown: Vector | None = None
    changes: list[float] = []
    for _ in range(STILL_FRAMES):
        noise = chance.normal(0.0, NOISE, still.shape)
        frame = np.clip(still + noise, 0, 255).astype(np.uint8)
        new = paint(prepare(frame, side_px, shrink)[None, None])[0]
        mixed = new if shown is None else blend * shown + (1 - blend) * new
        if shown is not None:
            changes.append(float(np.abs(mixed - shown).mean()) * 127.5)
        shown = mixed
    return float(np.mean(changes))


def _features(embedder: AnyEmbedder, images: Sequence[Image]) -> Vector:
    pooled = embedder.embed(images).pooled
    return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), np.float32)
