"""Whether a sound input is well: pure decisions about what was last heard of it, and when.

PortAudio does not say that a device has gone: its blocks end, or hold nothing but zeros. The hiss
of the worst converter is more than zeros; a loopback at rest is not. Only trying tells them apart:
the input is opened anew, and if that was in vain its patience grows, until sound comes again.
"""

from dataclasses import dataclass
from enum import StrEnum

OPEN_LIMIT_S = 15.0  # PortAudio tries every sound system in turn
FIRST_LIMIT_S = 3.0
HUNG_AFTER_S = 0.8
SILENT_AFTER_S = 2.0
MAX_PATIENCE_S = 300.0
BACKOFF_S = 0.25
MAX_BACKOFF_S = 8.0
WELL_S = 10.0


class Verdict(StrEnum):
    """What is to be thought of an input now."""

    OPENING = "opening"
    GOOD = "good"
    SILENT = "silent"
    DEAF = "deaf"
    HUNG = "hung"
    LOST = "lost"

    @property
    def fault(self) -> bool:
        """Whether its process must be ended and begun anew."""
        return self in {Verdict.DEAF, Verdict.HUNG, Verdict.LOST}


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one listening process. All times on one clock.

    `heard_s` is when it last told anything, `sounded_s` when that was more than zeros last;
    `in_vain` counts reopenings since then.
    """

    spawned_s: float
    ready_s: float | None = None
    heard_s: float | None = None
    sounded_s: float | None = None
    alive: bool = True
    in_vain: int = 0


def judge(now_s: float, health: Health) -> Verdict:
    """Say how the input is."""
    if not health.alive:
        return Verdict.LOST
    if now_s >= deadline_s(health):
        return Verdict.HUNG
    if health.ready_s is None or health.heard_s is None:
        return Verdict.OPENING
    since_s = health.ready_s if health.sounded_s is None else health.sounded_s
    silent_s = health.heard_s - since_s
    if silent_s < SILENT_AFTER_S:
        return Verdict.GOOD
    return Verdict.DEAF if silent_s >= patience_s(health.in_vain) else Verdict.SILENT


def deadline_s(health: Health) -> float:
    """When the input counts as hung if nothing more comes from it."""
    if health.heard_s is not None:
        return health.heard_s + HUNG_AFTER_S
    if health.ready_s is not None:
        return health.ready_s + FIRST_LIMIT_S
    return health.spawned_s + OPEN_LIMIT_S


def patience_s(in_vain: int) -> float:
    """How long zeros may come before the input is opened anew."""
    return float(min(MAX_PATIENCE_S, 2 * SILENT_AFTER_S * 8 ** min(in_vain, 10)))


def backoff_s(failures: int) -> float:
    """How long to wait before reopening, after so many faults in a row before this one."""
    return float(min(MAX_BACKOFF_S, BACKOFF_S * 2 ** min(failures, 10)))
