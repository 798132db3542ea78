"""What the bench is asked and what it answers, in values to print."""

import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

import livematch
from livematch.telemetry import StageSummary


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were measured on."""

    system: str
    processor: str
    cores: int
    memory_gib: float
    python: str
    livematch: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `goal` says what it should be, `met` whether it is."""

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of the bench found: figures, the stages behind them, and what was noticed."""

    name: str
    about: str
    figures: tuple[Figure, ...]
    stages: tuple[StageSummary, ...] = ()
    counters: tuple[tuple[str, int], ...] = ()


def _silent(text: str) -> None:
    """Say nothing."""
    del text


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure with. `films` is what is indexed; `seconds` is per section.

    `labels` is a folder of films with a `cuts.json` and of `audio` with labels, None for our own.
    `moments` are those of the large archive; `say` is told what a long section is at.
    """

    archive: Path
    camera: str
    films: Path
    offscreen: bool
    provider: str
    seconds: float
    memory_minutes: float
    labels: Path | None = None
    moments: int = 1_000_000
    say: Callable[[str], None] = _silent


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should not be above `limit`."""
    return Figure(name, value, unit, f"≤ {limit:g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure that should not be below `limit`."""
    return Figure(name, value, unit, f"≥ {limit:g}", value >= limit)


def machine() -> Machine:
    """Describe this machine."""
    return Machine(
        system=platform.platform(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _cores(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        python=platform.python_version(),
        livematch=livematch.__version__,
    )


def _cores() -> int:
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def as_document(machine: Machine, sections: list[Section]) -> dict[str, object]:
    """Return a run of the bench as plain values."""
    return {"machine": asdict(machine), "sections": [asdict(section) for section in sections]}
