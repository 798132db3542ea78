"""Which network describes the films: chosen in the parent, opened in each worker."""

from dataclasses import dataclass

from livematch.archive.store import ModelIdentity
from livematch.embed.card import ModelCard, load_card
from livematch.embed.describer import Describer
from livematch.embed.parts import DescriptorLayout, descriptor_layout


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

    def __call__(self) -> Describer:
        """Open the network, on the process and thread that will use it."""
        # ONNX Runtime takes a moment to load: only in workers, and once they have work
        from livematch.embed.onnx import Embedder  # noqa: PLC0415

        return Describer(Embedder(self.card(), self.provider, self.threads))


def identity_of(card: ModelCard) -> tuple[ModelIdentity, DescriptorLayout]:
    """Say what an archive made with this model is to be marked with."""
    return ModelIdentity(card.name, card.sha256), descriptor_layout(card)
