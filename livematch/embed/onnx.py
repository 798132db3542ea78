"""The network that describes pictures: a checked ONNX file in an ONNX Runtime session."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from livematch.embed.card import ModelCard
from livematch.embed.declared import Described, described, differences
from livematch.embed.features import Features
from livematch.embed.preprocess import to_batch
from livematch.embed.providers import CPU, FIXED_SHAPES, ProviderReport, Surroundings
from livematch.embed.runtime import REFUSALS, open_session, start
from livematch.errors import ModelError
from livematch.values import Image, Vector

BATCH = "batch"  # the name of the free dimension
CPU_AT_ONCE = 2  # pictures; the feature maps of more do not fit a core's cache


class Embedder:
    """A network that embeds pictures; made, used and dropped by one thread.

    `report` says what it runs on; whoever starts it shows that. `threads` is how many cores it may
    take on the CPU, of which the render loop wants one. Raises ModelError when the file is not
    what the card says, and, with `require_gpu`, when it runs on the CPU.
    """

    def __init__(
        self,
        card: ModelCard,
        provider: str = "auto",
        threads: int = 2,
        *,
        require_gpu: bool = False,
    ) -> None:
        self._card = card
        self._data = card.read_network()
        self._threads = threads
        started = start(self._data, card.path, provider, threads)
        session = started.session
        faults = compare(card, described(session.get_inputs()), described(session.get_outputs()))
        if faults:
            raise ModelError(
                f"{card.path} and its card disagree: {'; '.join(faults)}."
                " Correct the card, or export the network again"
            )
        self._report = started.report
        self._providers = started.providers
        got = self._providers[0]
        if require_gpu and got == CPU:
            raise ModelError(_no_gpu(self._report, started.around))
        # one session for every batch size, or one each where the provider compiles for shapes
        self._sessions: dict[int, Any] = {}
        self._any_size = None if got in FIXED_SHAPES else session
        self._few = got == CPU and self._any_size is not None

    @property
    def card(self) -> ModelCard:
        """The network's sidecar."""
        return self._card

    @property
    def report(self) -> ProviderReport:
        """What was asked for and what runs."""
        return self._report

    def warm_up(self, batch_sizes: Sequence[int] = (1,)) -> None:
        """Run each batch size once: the first run of a shape plans memory and picks kernels."""
        black = np.zeros((self._card.height, self._card.width, 3), np.uint8)
        for size in batch_sizes:
            self.embed([black] * size)

    def embed(self, images: Sequence[Image]) -> Features:
        """Embed uint8 BGR pictures (h, w, 3) of any sizes; at least one.

        Raises ModelError when an output has another shape than the card says, or holds something
        that is not a number.
        """
        if not images:
            raise ValueError("nothing to embed")
        at_once = CPU_AT_ONCE if self._few else len(images)
        parts = [
            self._embed(images[first : first + at_once]) for first in range(0, len(images), at_once)
        ]
        if len(parts) == 1:
            return parts[0]
        return Features(
            np.concatenate([part.pooled for part in parts]),
            np.concatenate([part.map for part in parts]),
        )

    def _embed(self, images: Sequence[Image]) -> Features:
        card = self._card
        batch = to_batch(images, card)
        try:
            pooled, feature_map = self._session(len(batch)).run(
                [card.pooled, card.map], {card.input: batch}
            )
        except REFUSALS as error:
            raise ModelError(f"{card.name} failed on {self._report.got}: {error}") from error
        self._check(card.pooled, pooled, (len(batch), card.dimension))
        self._check(card.map, feature_map, (len(batch), *card.map_shape))
        return Features(pooled, feature_map)

    def _session(self, batch_size: int) -> Any:
        if self._any_size is not None:
            return self._any_size
        if batch_size not in self._sessions:
            self._sessions[batch_size] = open_session(
                self._data,
                self._card.path,
                self._providers,
                self._threads,
                sizes={BATCH: batch_size},
            )
        return self._sessions[batch_size]

    def _check(self, name: str, values: Vector, shape: tuple[int, ...]) -> None:
        if values.shape != shape:
            raise ModelError(
                f"{self._card.path}: output {name} has shape {values.shape}, its card says"
                f" {shape}: correct the card, or export the network again"
            )
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self._card.name} gave {name} values that are not numbers on"
                f" {self._report.got}: ask for another provider (cpu), or another model"
            )


def compare(
    card: ModelCard, inputs: Sequence[Described], outputs: Sequence[Described]
) -> list[str]:
    """List how a network's declared inputs and outputs differ from its card; empty when they agree.

    A dimension that the file leaves open is no fault: `Embedder.embed` sees the real one.
    """
    return differences(
        inputs,
        outputs,
        (card.input, (BATCH, 3, card.height, card.width)),
        {card.pooled: (BATCH, card.dimension), card.map: (BATCH, *card.map_shape)},
    )


def _no_gpu(report: ProviderReport, around: Surroundings) -> str:
    if report.remedy is not None:
        return str(report)
    if report.asked == "cpu":
        return "a GPU is required and the provider cpu was asked for: drop one of the two"
    found = "an NVIDIA driver, or a Mac" if not around.driver else "a working CUDA"
    return f"ASKED FOR A GPU, GOT {report.got.upper()}: livematch needs {found} for that"
