"""What a network gives for a batch of pictures, and what every such network can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from livematch.embed.card import ModelCard
from livematch.embed.providers import ProviderReport
from livematch.values import Image, Vector


@dataclass(frozen=True, slots=True)
class Features:
    """One batch's outputs, row by row in the order of the pictures; never written again.

    `pooled` is float32 (n, D): what is seen. `map` is float32 (n, C, h, w): what is seen where.
    """

    pooled: Vector
    map: Vector


class AnyEmbedder(Protocol):
    """What `Embedder` and its twin without a network share; used by one thread at a time."""

    @property
    def card(self) -> ModelCard:
        """The network's sidecar: its identity, input and outputs."""

    @property
    def report(self) -> ProviderReport:
        """Which provider was asked for, and which one runs."""

    def warm_up(self, batch_sizes: Sequence[int] = (1,)) -> None:
        """Run each batch size once, so that the first real one is not slow."""

    def embed(self, images: Sequence[Image]) -> Features:
        """Embed uint8 BGR pictures (h, w, 3) of any sizes; at least one.

        Raises ModelError when the network gives something that is not a number.
        """
