"""The network itself: a checked ONNX file in an ONNX Runtime session."""

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from livematch.embed.card import ModelCard
from livematch.embed.features import Features
from livematch.embed.preprocess import to_batch
from livematch.embed.providers import (
    CPU,
    CUDA,
    FIXED_SHAPES,
    ProviderReport,
    Surroundings,
    choose,
    options,
    report,
    survey,
)
from livematch.errors import ModelError
from livematch.values import Image, Vector

ERRORS, FATAL = 3, 4  # ONNX Runtime's log levels
BATCH = "batch"  # the name of the free dimension
CPU_AT_ONCE = 2  # pictures; the feature maps of more do not fit a core's cache

# ONNX Runtime's exceptions share no base of their own
REFUSALS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        kind
        for kind in vars(ort_errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)


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
        around = survey(ort.get_available_providers())
        self._providers = choose(provider, around)
        if CUDA in self._providers:
            # before the first session, or the libraries in site-packages are not found
            around = replace(around, missing=_preload())
        session = _open(self._data, card, self._providers, threads)
        faults = compare(card, _described(session.get_inputs()), _described(session.get_outputs()))
        if faults:
            raise ModelError(
                f"{card.path} and its card disagree: {'; '.join(faults)}."
                " Correct the card, or export the network again"
            )
        got = session.get_providers()[0]
        self._report = report(provider, got, around)
        if require_gpu and got == CPU:
            raise ModelError(_no_gpu(self._report, around))
        self._providers = session.get_providers()
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
            self._sessions[batch_size] = _open(
                self._data, self._card, self._providers, self._threads, batch_size
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


Described = tuple[str, str, tuple[int | str | None, ...]]  # name, type, shape


def compare(
    card: ModelCard, inputs: Sequence[Described], outputs: Sequence[Described]
) -> list[str]:
    """List how a network's declared inputs and outputs differ from its card; empty when they agree.

    A dimension that the file leaves open is no fault: `Embedder.embed` sees the real one.
    """
    faults = []
    expected = {card.pooled: (card.dimension,), card.map: card.map_shape}
    if [name for name, _, _ in inputs] != [card.input]:
        names = ", ".join(name for name, _, _ in inputs)
        faults.append(f"the card's input is {card.input}, the file takes {names}")
    else:
        faults += _mismatch("input", inputs[0], (3, card.height, card.width))
    by_name = {output[0]: output for output in outputs}
    for name, shape in expected.items():
        if name not in by_name:
            faults.append(f"there is no output {name}, the file gives {', '.join(by_name)}")
        else:
            faults += _mismatch("output", by_name[name], shape)
    return faults


def _mismatch(role: str, described: Described, expected: tuple[int, ...]) -> list[str]:
    name, kind, shape = described
    if kind != "tensor(float)":
        return [f"{role} {name} is {kind}, livematch takes float32"]
    if shape and isinstance(shape[0], int):
        return [f"{role} {name} has a fixed batch of {shape[0]}, export it with a free one"]
    wrong_sizes = any(
        isinstance(size, int) and size != wanted
        for size, wanted in zip(shape[1:], expected, strict=False)
    )
    if len(shape) != len(expected) + 1 or wrong_sizes:
        sizes = ", ".join(str(size) for size in shape)
        wanted = ", ".join(str(size) for size in (BATCH, *expected))
        return [f"{role} {name} has shape ({sizes}), the card says ({wanted})"]
    return []


def _described(values: Sequence[Any]) -> list[Described]:
    return [(value.name, value.type, tuple(value.shape)) for value in values]


def _no_gpu(report: ProviderReport, around: Surroundings) -> str:
    if report.remedy is not None:
        return str(report)
    if report.asked == "cpu":
        return "a GPU is required and the provider cpu was asked for: drop one of the two"
    found = "an NVIDIA driver, or a Mac" if not around.driver else "a working CUDA"
    return f"ASKED FOR A GPU, GOT {report.got.upper()}: livematch needs {found} for that"


def _open(
    data: bytes, card: ModelCard, providers: Sequence[str], threads: int, batch: int | None = None
) -> Any:
    """Create a session with the first providers that do not refuse; the CPU is the last."""
    session_options = ort.SessionOptions()
    session_options.log_severity_level = ERRORS
    session_options.intra_op_num_threads = threads
    session_options.inter_op_num_threads = 1
    # waiting threads would spin through the time in which the render loop wants the core
    session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session_options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # what was checked was ONNX; bytes that also pass for ONNX Runtime's own format stay ONNX
    session_options.add_session_config_entry("session.load_model_format", "ONNX")
    if batch is not None:
        session_options.add_free_dimension_override_by_name(BATCH, batch)
    for first in range(len(providers)):
        asked = [(name, options(name)) for name in providers[first:]]
        try:
            with _quiet():
                # enable_fallback would retry on its own and print a banner
                return ort.InferenceSession(
                    data, session_options, providers=asked, enable_fallback=0
                )
        except REFUSALS as error:
            if first == len(providers) - 1:
                raise ModelError(
                    f"{card.path} cannot be loaded: {error}. Export it again, with opset 17 say"
                ) from error
    raise AssertionError("the CPU is always among the providers")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep ONNX Runtime from printing that a provider cannot be loaded: the report says it better.

    Errors of the model itself come as exceptions all the same.
    """
    ort.set_default_logger_severity(FATAL)
    try:
        yield
    finally:
        ort.set_default_logger_severity(ERRORS)


def _preload() -> tuple[str, ...]:
    """Load CUDA's libraries from site-packages; give the names of those that are missing."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):  # it reports by printing
            ort.preload_dlls()
    except REFUSALS:
        return ()
    return tuple(dict.fromkeys(re.findall(r"Failed to load ([^\s:]+)", printed.getvalue())))
