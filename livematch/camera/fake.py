"""A device that misbehaves to order: the twin of every camera, for rehearsals and tests.

`fake:run 2,hang 1,run 1,freeze 2,vanish 1,run` gives pictures for two seconds, then a read that
never returns, and so on. A last step without seconds goes on for ever; with seconds, the script
begins again after it. The steps go by the machine's clock from the moment the camera is made, so
the script goes on while its reading process is dead.
"""

import difflib
import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from livematch.camera.device import DeviceReader, Opened
from livematch.camera.pattern import FPS, pattern
from livematch.clock import Clock, SystemClock
from livematch.errors import CameraError
from livematch.values import Image

SIZE = (640, 480)


class Act(StrEnum):
    """What a fake device can do."""

    RUN = "run"  # give pictures
    HANG = "hang"  # a read that begins now never returns
    FREEZE = "freeze"  # give the same picture again and again
    VANISH = "vanish"  # be unplugged: reads bring nothing, opening fails
    CRASH = "crash"  # take the reading process down


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a script: what is done, from when to when."""

    act: Act
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class FakeSpec:
    """A fake device: what it does, counted from `started_s` on the machine's clock."""

    script: tuple[Step, ...]
    started_s: float

    def reader(self) -> DeviceReader:
        """Make the reader, in the reading process."""
        return FakeReader(self)

    def step_at(self, now_s: float) -> tuple[Step, float]:
        """Return what is being done, and the seconds since the script's (latest) beginning."""
        since_s = max(0.0, now_s - self.started_s)
        length_s = self.script[-1].end_s
        if math.isfinite(length_s):
            since_s %= length_s
        return next(step for step in self.script if since_s < step.end_s), since_s


def parse_script(text: str) -> tuple[Step, ...]:
    """Read a script; CameraError shows how one is written."""
    steps: list[Step] = []
    now_s = 0.0
    entries = [entry.split() for entry in text.split(",")]
    for number, entry in enumerate(entries):
        last = number == len(entries) - 1
        if not entry or len(entry) > 2 or (len(entry) == 1 and not last):
            raise CameraError(_usage(text, f"{' '.join(entry)!r} needs an act and its seconds"))
        act = _act(text, entry[0])
        seconds = _seconds(text, entry[1]) if len(entry) == 2 else math.inf
        steps.append(Step(act, now_s, now_s + seconds))
        now_s += seconds
    return tuple(steps)


def _act(text: str, word: str) -> Act:
    try:
        return Act(word)
    except ValueError:
        near = difflib.get_close_matches(word, [act.value for act in Act], n=1)
        hint = f", did you mean {near[0]!r}?" if near else ""
        raise CameraError(_usage(text, f"there is no act {word!r}{hint}")) from None


def _seconds(text: str, word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise CameraError(_usage(text, f"{word!r} is not a number of seconds above 0"))
    return seconds


def _usage(text: str, fault: str) -> str:
    return (
        f"camera 'fake:{text}': {fault}; write it like fake:run 2,hang 1,run with {', '.join(Act)}"
    )


class FakeReader:
    """Gives the test pattern in the machine's time, and the faults of its script."""

    def __init__(self, spec: FakeSpec, clock: Clock | None = None) -> None:
        self._spec = spec
        self._clock = clock or SystemClock()
        self._due_s = self._clock.now()

    def open(self) -> Opened:
        """Open it; CameraError while it is unplugged."""
        step, _ = self._spec.step_at(self._clock.now())
        if step.act is Act.VANISH:
            raise CameraError("the fake camera is unplugged")
        return Opened(f"fake camera, {SIZE[0]}×{SIZE[1]}@{FPS}", FPS)

    def read(self) -> tuple[float, Image] | None:
        """Wait for the next picture, or do what the script says instead."""
        self._due_s = max(self._due_s + 1 / FPS, self._clock.now())
        self._clock.wait_until(self._due_s)
        now_s = self._clock.now()
        step, since_s = self._spec.step_at(now_s)
        faults: dict[Act, Callable[[], object]] = {
            Act.HANG: threading.Event().wait,
            Act.CRASH: lambda: os._exit(3),
        }
        if step.act in faults:
            faults[step.act]()
        if step.act is Act.VANISH:
            return None
        shown_s = step.start_s if step.act is Act.FREEZE else since_s
        return now_s, pattern(round(shown_s * FPS), SIZE)

    def close(self) -> None:
        """Nothing is held."""


def fake_spec(script: str, clock: Clock) -> FakeSpec:
    """Make a fake device whose script begins now; CameraError for a wrong script."""
    return FakeSpec(parse_script(script), clock.now())
