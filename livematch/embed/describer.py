"""Pictures to descriptors: one network and all parts, the same for the archive and the camera."""

from collections.abc import Sequence

import numpy as np

from livematch.embed.features import AnyEmbedder
from livematch.embed.parts import RULES, DescriptorLayout, describe, descriptor_layout
from livematch.values import Glimpse, Vector


class Describer:
    """Describes pictures with one network. One thread at a time.

    `names` are the parts to describe: an archive made before there were others knows only its own.
    Raises KeyError for a name not in `livematch.embed.parts.RULES`.
    """

    def __init__(self, embedder: AnyEmbedder, names: Sequence[str] = tuple(RULES)) -> None:
        self.embedder = embedder
        self.layout: DescriptorLayout = descriptor_layout(embedder.card, names)

    def warm_up(self) -> None:
        """Describe a dark picture, so that the first one that counts is not slow."""
        dark = np.zeros((self.embedder.card.height, self.embedder.card.width, 3), np.uint8)
        self.describe([Glimpse(dark, dark, 1.0)])

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        """Return the descriptors of glimpses: float32 (n, dimension), unit part beside part.

        Raises ModelError when the network fails.
        """
        features = self.embedder.embed([glimpse.image for glimpse in glimpses])
        return describe(glimpses, features, self.layout.names)
