"""Stage timings and counters, the same figures for the HUD, the bench and the log."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

import numpy as np

WINDOW = 8192  # samples kept per stage: over two minutes of every frame at 60 Hz


@dataclass(frozen=True, slots=True)
class StageSummary:
    """What one stage took. Milliseconds; `count` is of the whole show, the rest of the window."""

    stage: str
    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(slots=True)
class _Stage:
    count: int = 0
    samples_ms: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))


class Telemetry:
    """Collects milliseconds per stage and counts per event.

    Everything here may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a count is read, raised and put back: three steps
        self._stages: dict[str, _Stage] = {}
        self._counters: dict[str, int] = {}

    def record(self, stage: str, took_ms: float) -> None:
        """Add one sample to a stage."""
        with self._lock:
            entry = self._stages.setdefault(stage, _Stage())
            entry.count += 1
            entry.samples_ms.append(took_ms)

    def count(self, event: str, by: int = 1) -> None:
        """Count an event: a dropped frame, a failed reopening."""
        with self._lock:
            self._counters[event] = self._counters.get(event, 0) + by

    def recent_ms(self, stage: str, samples: int = 15) -> float:
        """Return the median of a stage's newest samples; 0 before there is one."""
        with self._lock:
            entry = self._stages.get(stage)
            newest = tuple(islice(reversed(entry.samples_ms), samples)) if entry else ()
        return median(newest) if newest else 0.0

    def reset(self) -> None:
        """Forget everything: the bench calls this after the warm-up."""
        with self._lock:
            self._stages.clear()
            self._counters.clear()

    @property
    def counters(self) -> dict[str, int]:
        """Event counts so far."""
        with self._lock:
            return dict(self._counters)

    def summary(self) -> tuple[StageSummary, ...]:
        """Return percentiles of every stage, in the order the stages first reported."""
        with self._lock:  # for the copy only: percentiles take longer than a frame's stage may wait
            taken = [(name, tuple(e.samples_ms), e.count) for name, e in self._stages.items()]
        return tuple(summarise(*stage) for stage in taken)


def summarise(stage: str, samples_ms: Iterable[float], count: int | None = None) -> StageSummary:
    """Percentiles of some millisecond samples (at least one)."""
    values = np.fromiter(samples_ms, dtype=np.float64)
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return StageSummary(
        stage=stage,
        count=len(values) if count is None else count,
        mean_ms=float(values.mean()),
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        max_ms=float(values.max()),
    )
