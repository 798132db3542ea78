"""What a camera is, and how anything that can be played serves as one.

A camera is used in one of two ways. Live, `start(slot)` feeds a newest-frame slot from a thread of
its own. Offline, `frame_at(now_s)` gives the frame of that instant, the same one in every run; a
device cannot do that, a film and the test pattern can.
"""

import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from livematch.clock import Clock
from livematch.errors import CameraError
from livematch.slots import Newest
from livematch.values import Frame, Image
from livematch.worker import Worker

log = logging.getLogger(__name__)

MAX_SIZE = (1280, 720)  # vision shrinks further, and a camera fills at most half of most screens
NAP_S = 0.1  # the longest a feed sleeps, so that it stops promptly inside a long still
MAX_LAG_S = 0.5  # what a feed may be late before it gives up catching up
RETRY_S = 1.0  # how often a film that cannot be read any more is tried again


class CameraState(StrEnum):
    """What a camera is doing; only LIVE brings new pictures."""

    STOPPED = "stopped"
    OPENING = "opening"
    LIVE = "live"
    STALE = "stale"  # there, but its picture is old: it hangs or repeats itself
    LOST = "lost"  # gone, or cannot be opened
    REOPENING = "reopening"


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """A camera's state now, in words for the performer; `age_s` is None before the first frame."""

    name: str
    state: CameraState
    message: str
    since_s: float
    fps: float
    age_s: float | None
    reopened: int


class Camera(Protocol):
    """A source of frames whose numbers and capture times only grow.

    Images are at most the size asked for, upright, with square pixels, and read-only.
    """

    @property
    def name(self) -> str:
        """What it is called, the same at every opening."""
        ...

    def start(self, slot: Newest[Frame]) -> None:
        """Begin to put frames into `slot`, from a thread of its own."""
        ...

    def frame_at(self, now_s: float) -> Frame | None:
        """Return the newest frame at `now_s`, None when it was returned before.

        The first call starts it; times may only grow. CameraError from a device.
        """
        ...

    def status(self) -> CameraStatus:
        """Say how it is. Any thread."""
        ...

    def stop(self) -> None:
        """End it and free everything; safe to call twice."""
        ...


class Pace:
    """How many frames a second come in, over the last second or so."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=60)

    def tick(self, at_s: float) -> None:
        """Count a frame."""
        self._times_s.append(at_s)

    def fps(self, now_s: float) -> float:
        """Frames a second in the second before `now_s`; 0 when fewer than two came."""
        recent = [time_s for time_s in tuple(self._times_s) if now_s - time_s <= 1.0]
        if len(recent) < 2 or recent[-1] <= recent[0]:
            return 0.0
        return (len(recent) - 1) / (recent[-1] - recent[0])


class Tape(Protocol):
    """Pictures in order of time, without end; times in seconds from the tape's beginning.

    One thread at a time.
    """

    @property
    def title(self) -> str:
        """What is on it, for the status line."""
        ...

    @property
    def next_s(self) -> float:
        """When the picture after the present one is due."""
        ...

    def picture_at(self, time_s: float) -> tuple[int, float, Image]:
        """Wind on to `time_s`: the number, due time and image of the picture shown then."""
        ...

    def close(self) -> None:
        """Free what it holds; safe to call twice."""
        ...


class PlayedCamera:
    """A tape played in the time of a clock: live from its own thread, or asked offline."""

    def __init__(self, name: str, tape: Tape, clock: Clock) -> None:
        self._name = name
        self._title = Path(name).stem
        self._tape = tape
        self._clock = clock
        self._worker: Worker | None = None
        self._slot: Newest[Frame] = Newest()
        self._start_s: float | None = None
        self._number = -1
        self._newest_s: float | None = None
        self._pace = Pace()
        self._state, self._message, self._since_s = CameraState.STOPPED, "not started", clock.now()
        self._closed = False
        self._reopened = 0
        self.slipped = 0

    @property
    def name(self) -> str:
        """What it was opened as."""
        return self._name

    @property
    def began_s(self) -> float | None:
        """When its first picture was due, on its clock, later by what it has slipped since."""
        return self._start_s

    def start(self, slot: Newest[Frame]) -> None:
        """Begin to play into `slot`; CameraError when it was started or stopped before."""
        if self._worker is not None or self._closed:
            raise CameraError(f"camera {self._name!r} can be started once")
        self._slot = slot
        self._become(CameraState.OPENING, self._tape.title)
        self._worker = Worker("camera", self._step).start()

    def frame_at(self, now_s: float) -> Frame | None:
        """Return the frame of this instant, None when it is not a new one."""
        if self._closed:
            raise CameraError(f"camera {self._name!r} is stopped")
        if self._start_s is None:
            self._start_s = now_s
        number, due_s, image = self._tape.picture_at(now_s - self._start_s)
        if number <= self._number:
            return None
        self._number, self._newest_s = number, self._start_s + due_s
        self._pace.tick(self._newest_s)
        self._become(CameraState.LIVE, self._tape.title)
        return Frame(number, self._newest_s, image, self._title, due_s)

    def status(self) -> CameraStatus:
        """Say how it is. Any thread."""
        now_s, newest_s = self._clock.now(), self._newest_s
        return CameraStatus(
            name=self._name,
            state=self._state,
            message=self._message,
            since_s=self._since_s,
            fps=self._pace.fps(now_s),
            age_s=None if newest_s is None else max(0.0, now_s - newest_s),
            reopened=self._reopened,
        )

    def stop(self) -> None:
        """End the thread and close the tape; safe to call twice."""
        if self._worker is not None:
            self._worker.stop()
        if not self._closed:
            self._closed = True
            self._tape.close()
            self._become(CameraState.STOPPED, "stopped")

    def _step(self) -> bool:
        """Sleep until the next picture is due, and put it out."""
        now_s = self._clock.now()
        due_s = now_s if self._start_s is None else self._start_s + self._tape.next_s
        if due_s - now_s > NAP_S:
            self._clock.wait_until(now_s + NAP_S)
            return True
        self._clock.wait_until(due_s)
        now_s = self._clock.now()
        self._slip(now_s - due_s)
        try:
            frame = self.frame_at(now_s)
        except CameraError as error:
            self._lose(str(error))
            return True
        if frame is not None:
            self._slot.put(frame)
        return True

    def _slip(self, late_s: float) -> None:
        """Play on from here after a long delay: a slept machine must not wind through hours.

        Catching up takes time in which a film too heavy for the machine falls further behind, so
        it is shown slower than real time rather than in ever longer jumps.
        """
        if late_s > MAX_LAG_S and self._start_s is not None:
            self._start_s += late_s
            self.slipped += 1

    def _lose(self, reason: str) -> None:
        if self._start_s is not None:
            self._start_s += RETRY_S  # nothing is due before then
        if self._state is not CameraState.LOST:
            log.warning("camera %s: %s", self._name, reason)
        self._become(CameraState.LOST, reason)

    def _become(self, state: CameraState, message: str) -> None:
        if state is self._state:
            return
        if self._state is CameraState.LOST and state is CameraState.LIVE:
            self._reopened += 1
        self._state, self._message, self._since_s = state, message, self._clock.now()


def fitted(size: tuple[int, int], max_size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest width and height of the same shape within `max_size`; never enlarged."""
    width, height = size
    scale = min(1.0, max_size[0] / width, max_size[1] / height)
    return max(2, round(width * scale)), max(2, round(height * scale))
