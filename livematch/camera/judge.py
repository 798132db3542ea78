"""Whether a device is well: pure decisions about what was last seen of it, and when.

A device is *hung* when no picture comes, *frozen* when the same one comes again and again, *lost*
when its reading process ends or says so. All three are noticed within a second.

Not everything that stands still is frozen: a capture card may show a slide, a lens may be capped.
Only trying tells them apart. So the first time a picture stands still the device is reopened, and
if that brings back the very same picture the reopening was *in vain*: the picture is accepted as a
still and goes on being shown. A device that truly hangs on must get another chance all the same,
so the patience with stills grows eightfold with each reopening in vain, up to five minutes, and is
back at its shortest after `WELL_S` seconds of a moving picture.
"""

from dataclasses import dataclass
from enum import StrEnum

STALE_AFTER_S = 0.8  # of a second in which a fault must be noticed; the rest is for the thread
SLOW_FRAMES = 3.0  # a camera of few pictures a second may be late by this many of its own intervals
OPEN_LIMIT_S = 10.0  # drivers that look through every mode of a camera are slow
FIRST_LIMIT_S = 3.0  # from open to the first picture: exposure and USB have to settle
BACKOFF_S = 0.25
MAX_BACKOFF_S = 8.0
WELL_S = 10.0
MAX_PATIENCE_S = 300.0


class Verdict(StrEnum):
    """What is to be thought of a device now."""

    OPENING = "opening"
    GOOD = "good"
    STILL = "still"
    HUNG = "hung"
    FROZEN = "frozen"
    LOST = "lost"

    @property
    def fault(self) -> bool:
        """Whether the reading process must be ended and begun anew."""
        return self in {Verdict.HUNG, Verdict.FROZEN, Verdict.LOST}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of one reading process and its device. All times on one clock.

    `frame_s` is the newest picture's time, `changed_s` that of the first one that looked like it;
    `in_vain` counts reopenings that brought the same still back.
    """

    spawned_s: float
    ready_s: float | None = None
    frame_s: float | None = None
    changed_s: float | None = None
    alive: bool = True
    fps: float = 0.0
    in_vain: int = 0


def judge(now_s: float, sight: Sight) -> Verdict:
    """Say how the device is."""
    if not sight.alive:
        return Verdict.LOST
    if now_s >= deadline_s(sight):
        return Verdict.HUNG
    if sight.frame_s is None or sight.changed_s is None:
        return Verdict.OPENING
    # a picture that no longer comes is late, not still: only pictures that came can be compared
    unchanged_s = sight.frame_s - sight.changed_s
    if unchanged_s < STALE_AFTER_S:
        return Verdict.GOOD
    return Verdict.FROZEN if unchanged_s >= patience_s(sight.in_vain) else Verdict.STILL


def deadline_s(sight: Sight) -> float:
    """When the device counts as hung if nothing more comes from it."""
    if sight.frame_s is not None:
        slow_s = SLOW_FRAMES / sight.fps if sight.fps > 0 else 0.0
        return sight.frame_s + max(STALE_AFTER_S, slow_s)
    if sight.ready_s is not None:
        return sight.ready_s + FIRST_LIMIT_S
    return sight.spawned_s + OPEN_LIMIT_S


def patience_s(in_vain: int) -> float:
    """How long a picture may stand still before the device is reopened."""
    return float(min(MAX_PATIENCE_S, STALE_AFTER_S * 8 ** min(in_vain, 10)))


def backoff_s(failures: int) -> float:
    """How long to wait before reopening, after so many faults in a row before this one."""
    return float(min(MAX_BACKOFF_S, BACKOFF_S * 2 ** min(failures, 10)))
