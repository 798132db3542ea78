"""Pictures to descriptors: one network and all parts, the same for the archive and the camera."""

from collections.abc import Sequence

from livematch.embed.features import AnyEmbedder
from livematch.embed.parts import DescriptorLayout, describe, descriptor_layout
from livematch.values import Glimpse, Vector


class Describer:
    """Describes pictures with one network. One thread at a time."""

    def __init__(self, embedder: AnyEmbedder) -> None:
        self.embedder = embedder
        self.layout: DescriptorLayout = descriptor_layout(embedder.card)

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        """Return the descriptors of glimpses: float32 (n, dimension), unit part beside part.

        Raises ModelError when the network fails.
        """
        return describe(glimpses, self.embedder.embed([glimpse.image for glimpse in glimpses]))
