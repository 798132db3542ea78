"""Which network describes the films: chosen in the parent, opened in each worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from livematch.archive.store import ModelIdentity
from livematch.embed.card import ModelCard, load_card
from livematch.embed.features import AnyEmbedder
from livematch.embed.parts import DescriptorLayout, describe, descriptor_layout
from livematch.values import Image, Vector


@dataclass(frozen=True, slots=True)
class Network:
    """A model by name or file, the provider asked for, and the cores it may take on the CPU.

    Calling it opens the network, which takes a moment; ModelError says why it cannot be.
    """

    model: str
    provider: str = "auto"
    threads: int = 1

    def card(self) -> ModelCard:
        """Read the model's sidecar; ModelError if there is none."""
        return load_card(self.model)

    def __call__(self) -> "Descriptions":
        """Open the network, on the process and thread that will use it."""
        # ONNX Runtime takes a moment to load: only in workers, and once they have work
        from livematch.embed.onnx import Embedder  # noqa: PLC0415

        return Descriptions(Embedder(self.card(), self.provider, self.threads))


class Descriptions:
    """Describes the pictures of films; one thread at a time."""

    def __init__(self, embedder: AnyEmbedder) -> None:
        self._embedder = embedder

    def describe(self, images: Sequence[Image]) -> Vector:
        """Return float32 (n, dimension) for n BGR pictures; ModelError when the network fails."""
        return describe(images, self._embedder.embed(images))


def identity_of(card: ModelCard) -> tuple[ModelIdentity, DescriptorLayout]:
    """Say what an archive made with this model is to be marked with."""
    return ModelIdentity(card.name, card.sha256), descriptor_layout(card)
