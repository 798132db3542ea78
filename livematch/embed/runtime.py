"""ONNX Runtime, started as every network here wants it: quiet, checked, and on known hardware."""

import contextlib
import functools
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from livematch.embed.providers import (
    CUDA,
    EMBEDDING,
    GpuShare,
    ProviderReport,
    Surroundings,
    choose,
    options,
    report,
    survey,
)
from livematch.errors import ModelError

ERRORS, FATAL = 3, 4  # ONNX Runtime's log levels

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


@dataclass(frozen=True, slots=True)
class Started:
    """A network that runs: its session, and on what; of the thread that started it."""

    session: Any
    report: ProviderReport
    around: Surroundings

    @property
    def providers(self) -> list[str]:
        """ONNX Runtime's names of what the session runs on, best first."""
        names: list[str] = self.session.get_providers()
        return names


def start(
    data: bytes, path: Path, asked: str, threads: int, share: GpuShare = EMBEDDING
) -> Started:
    """Start a checked network on the provider asked for, or on the next best one that takes it.

    `path` is for messages; `threads` is how many cores it may take on the CPU. Raises ModelError
    for an unknown provider and for a network that no provider takes.
    """
    around = survey(ort.get_available_providers())
    providers = choose(asked, around)
    if CUDA in providers:
        # before the first session, or the libraries in site-packages are not found
        around = replace(around, missing=_preload())
    session = open_session(data, path, providers, threads, share=share)
    return Started(session, report(asked, session.get_providers()[0], around), around)


def open_session(
    data: bytes,
    path: Path,
    providers: Sequence[str],
    threads: int,
    *,
    sizes: Mapping[str, int] | None = None,
    share: GpuShare = EMBEDDING,
) -> Any:
    """Create a session with the first providers that do not refuse; the CPU is the last.

    `sizes` fixes free dimensions, by their names.
    """
    session_options = ort.SessionOptions()
    session_options.log_severity_level = ERRORS
    session_options.intra_op_num_threads = threads
    session_options.inter_op_num_threads = 1
    # waiting threads would spin through the time in which the render loop wants the core
    session_options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session_options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # what was checked was ONNX; bytes that also pass for ONNX Runtime's own format stay ONNX
    session_options.add_session_config_entry("session.load_model_format", "ONNX")
    for name, size in (sizes or {}).items():
        session_options.add_free_dimension_override_by_name(name, size)
    for first in range(len(providers)):
        asked = [(name, options(name, share)) for name in providers[first:]]
        try:
            with _quiet():
                # enable_fallback would retry on its own and print a banner
                return ort.InferenceSession(
                    data, session_options, providers=asked, enable_fallback=0
                )
        except REFUSALS as error:
            if first == len(providers) - 1:
                raise ModelError(
                    f"{path} cannot be loaded: {error}. Export it again, with opset 17 say"
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


@functools.cache  # a lens is started in the middle of a show, when others print
def _preload() -> tuple[str, ...]:
    """Load CUDA's libraries from site-packages; give the names of those that are missing."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):  # it reports by printing
            ort.preload_dlls()
    except REFUSALS:
        return ()
    return tuple(dict.fromkeys(re.findall(r"Failed to load ([^\s:]+)", printed.getvalue())))
