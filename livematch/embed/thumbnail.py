"""The twin of the network: embeds pictures by their thumbnails, for tests and for trying out."""

from collections.abc import Sequence

import numpy as np

from livematch.embed.card import ModelCard
from livematch.embed.features import Features
from livematch.embed.parts import fixed_projection
from livematch.embed.preprocess import to_batch
from livematch.embed.providers import ProviderReport
from livematch.values import Image

SIDE_PX = 16
DIMENSION, CHANNELS = 64, 8


def thumbnail_card(dimension: int = DIMENSION) -> ModelCard:
    """Make the card of the twin; there is no file behind it."""
    return ModelCard(
        name="thumbnail",
        file="thumbnail.onnx",
        sha256=f"{dimension:064x}",
        width=SIDE_PX,
        height=SIDE_PX,
        channels="RGB",
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
        input="images",
        pooled="pooled",
        map="map",
        dimension=dimension,
        map_shape=(CHANNELS, SIDE_PX // 2, SIDE_PX // 2),
        licence="Apache-2.0",
        source="livematch/embed/thumbnail.py",
        attribution="livematch",
    )


class ThumbnailEmbedder:
    """An embedder without a network: like pictures have like thumbnails. Milliseconds to make.

    Pooled features are a fixed projection of an 8×8 thumbnail, the map is the thumbnail's colours
    in other directions; both are the same on every machine.
    """

    def __init__(self, dimension: int = DIMENSION) -> None:
        self._card = thumbnail_card(dimension)

    @property
    def card(self) -> ModelCard:
        """The twin's card."""
        return self._card

    @property
    def report(self) -> ProviderReport:
        """It runs on the CPU, as asked."""
        return ProviderReport("cpu", "cpu")

    def warm_up(self, batch_sizes: Sequence[int] = (1,)) -> None:
        """Do what the network does when it warms up, in no time."""
        for size in batch_sizes:
            self.embed([np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)] * size)

    def embed(self, images: Sequence[Image]) -> Features:
        """Embed uint8 BGR pictures (h, w, 3) of any sizes; at least one."""
        if not images:
            raise ValueError("nothing to embed")
        batch = to_batch(images, self._card)
        half = SIDE_PX // 2
        small = batch.reshape(len(batch), 3, half, 2, half, 2).mean(axis=(3, 5))
        flat = small.reshape(len(batch), -1)
        projection = fixed_projection(flat.shape[1], self._card.dimension, "thumbnail")
        # one picture at a time: in a batch BLAS would add up in another order
        pooled = (flat[:, None] @ projection)[:, 0]
        colours = small.transpose(0, 2, 3, 1) @ fixed_projection(CHANNELS, 3, "colours").T
        return Features(pooled, np.ascontiguousarray(colours.transpose(0, 3, 1, 2)))
