"""Pictures to descriptors: one network and all parts, the same for the archive and the camera."""

from collections.abc import Sequence

from livematch.embed.features import AnyEmbedder
from livematch.embed.parts import DescriptorLayout, describe, descriptor_layout
from livematch.values import Image, Vector


class Describer:
    """Describes pictures with one network. One thread at a time."""

    def __init__(self, embedder: AnyEmbedder) -> None:
        self.embedder = embedder
        self.layout: DescriptorLayout = descriptor_layout(embedder.card)

    def describe(self, images: Sequence[Image]) -> Vector:
        """Return the descriptors of BGR pictures: float32 (n, dimension), unit part beside part.

        Raises ModelError when the network fails.
        """
        return describe(images, self.embedder.embed(images))
