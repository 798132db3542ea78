"""A device camera as the rest of the instrument sees it: always there, whatever the device does.

One thread waits for news of the reading process, hands new frames on, and judges. A process that
is at fault is killed and, after a while, begun anew.
"""

import atexit
import contextlib
import logging
import multiprocessing
from collections import deque
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from livematch.camera.device import STOP, DeviceSpec, Failed, Opened, read_device
from livematch.camera.judge import WELL_S, Sight, Verdict, backoff_s, deadline_s, judge
from livematch.camera.shared_slot import SharedFrame, SharedSlot
from livematch.camera.source import MAX_SIZE, CameraState, CameraStatus, Pace
from livematch.clock import Clock
from livematch.errors import CameraError
from livematch.slots import Newest
from livematch.telemetry import Telemetry
from livematch.values import Frame
from livematch.worker import Worker

log = logging.getLogger(__name__)

GRACE_S = 0.5  # for a device to be let go of in good order, before its process is killed
_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy threads' locks and the window
_AFTER_FAULT = {
    Verdict.HUNG: CameraState.STALE,
    Verdict.FROZEN: CameraState.STALE,
    Verdict.LOST: CameraState.LOST,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a camera's diary: when it became what, and why."""

    at_s: float
    state: CameraState
    message: str


@dataclass(slots=True)
class _Reading:
    """A reading process, the pipe to it, and what was seen of it."""

    process: SpawnProcess
    connection: Connection
    sight: Sight
    title: str = ""
    failure: str = ""


class DeviceCamera:
    """A device read by a process of its own. `clock` must be the machine's."""

    def __init__(
        self,
        name: str,
        spec: DeviceSpec,
        clock: Clock,
        max_size: tuple[int, int] = MAX_SIZE,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._name = name
        self._spec = spec
        self._clock = clock
        self._max_size = max_size
        self._telemetry = telemetry or Telemetry()
        self._slot: Newest[Frame] = Newest()
        self._shared: SharedSlot | None = None
        self._reading: _Reading | None = None
        self._worker: Worker | None = None
        self._stop_reader, self._stop_writer = multiprocessing.Pipe(duplex=False)
        self._newest: SharedFrame | None = None
        self._pace = Pace()
        self._openings = 0
        self._failures = 0  # in a row
        self._in_vain = 0
        self._well_since_s: float | None = None
        self._reopen_s = clock.now()
        self._diary: deque[Change] = deque(
            [Change(clock.now(), CameraState.STOPPED, "not started")], maxlen=256
        )
        self._closed = False

    @property
    def name(self) -> str:
        """The stable name."""
        return self._name

    @property
    def diary(self) -> tuple[Change, ...]:
        """What it has been through, oldest first. Any thread."""
        return tuple(self._diary)

    @property
    def process_id(self) -> int | None:
        """The reading process, None between two of them. Any thread."""
        reading = self._reading
        return reading.process.pid if reading else None

    def start(self, slot: Newest[Frame]) -> None:
        """Begin to read into `slot`; CameraError when it was started or stopped before."""
        if self._worker is not None or self._closed:
            raise CameraError(f"camera {self._name!r} can be started once")
        self._slot = slot
        self._shared = SharedSlot.create(self._max_size)
        atexit.register(self.stop)  # a show that breaks off must not leave shared memory behind
        self._worker = Worker("camera", self._step, wake=self._wake).start()

    def frame_at(self, now_s: float) -> Frame | None:  # noqa: ARG002 - what every camera is asked
        """Refuse: a device shows only what is now."""
        raise CameraError(
            f"camera {self._name!r} is a device and plays only live; offline, use pattern or a film"
        )

    def status(self) -> CameraStatus:
        """Say how it is. Any thread."""
        now_s, last, newest = self._clock.now(), self._diary[-1], self._newest
        return CameraStatus(
            name=self._name,
            state=last.state,
            message=last.message,
            since_s=last.at_s,
            fps=self._pace.fps(now_s),
            age_s=None if newest is None else max(0.0, now_s - newest.captured_s),
            reopened=max(0, self._openings - 1),
        )

    def stop(self) -> None:
        """End thread and process and give the shared memory back; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._worker is not None:
            self._worker.stop()
        self._end(GRACE_S)
        if self._shared is not None:
            self._shared.close()
            self._shared.unlink()
        self._stop_reader.close()
        self._stop_writer.close()
        atexit.unregister(self.stop)
        self._become(CameraState.STOPPED, "stopped")

    def _wake(self) -> None:
        self._stop_writer.send_bytes(STOP)

    def _step(self) -> bool:
        """Wait for the next thing to happen, and answer it."""
        now_s = self._clock.now()
        reading = self._reading
        if reading is None:
            if now_s < self._reopen_s:
                return not wait([self._stop_reader], self._reopen_s - now_s)
            self._open(now_s)
            return True
        heard = wait(
            [reading.connection, reading.process.sentinel, self._stop_reader],
            max(0.0, deadline_s(reading.sight) - now_s),
        )
        if self._stop_reader in heard:
            return False
        self._hear(reading)
        self._look(reading)
        self._decide(reading)
        return True

    def _open(self, now_s: float) -> None:
        """Begin a reading process."""
        assert self._shared is not None  # noqa: S101 - made before the thread is
        again = self._openings > 0
        self._become(
            CameraState.REOPENING if again else CameraState.OPENING,
            f"reopening; {self._diary[-1].message}" if again else "opening",
        )
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=read_device,
            args=(self._spec, self._shared.name, self._max_size, theirs),
            name="livematch-camera",
            daemon=True,
        )
        try:
            process.start()
        except OSError as error:  # no memory, too many processes
            ours.close()
            self._become(CameraState.LOST, f"no process can be begun to read it: {error}")
            self._put_off()
            return
        finally:
            theirs.close()  # the pipe must end when the process does
        self._openings += 1
        self._reading = _Reading(process, ours, Sight(now_s, in_vain=self._in_vain))

    def _hear(self, reading: _Reading) -> None:
        """Take what the process has said; frames are only announced here."""
        try:
            while reading.connection.poll():
                match reading.connection.recv():
                    case Opened(title, fps):
                        reading.title = title
                        ready_s = self._clock.now()
                        reading.sight = replace(reading.sight, ready_s=ready_s, fps=fps)
                    case Failed(reason):
                        reading.failure = reason
                        reading.sight = replace(reading.sight, alive=False)
        except (EOFError, OSError):
            reading.sight = replace(reading.sight, alive=False)

    def _look(self, reading: _Reading) -> None:
        """Take the newest frame out of the slot, and hand it on unless it is a repeated one."""
        assert self._shared is not None  # noqa: S101 - made before the thread is
        last = self._newest
        frame = self._shared.newest(after=last.number if last else 0)
        if frame is None:
            return
        self._newest = frame
        first = reading.sight.frame_s is None
        same = last is not None and last.checksum == frame.checksum
        if first and same:
            self._in_vain += 1
        reading.sight = replace(
            reading.sight,
            frame_s=frame.captured_s,
            changed_s=reading.sight.changed_s if same and not first else frame.captured_s,
            in_vain=self._in_vain,
        )
        if not judge(frame.captured_s, reading.sight).fault:
            self._pace.tick(frame.captured_s)
            title = f"camera {self._name}"
            self._slot.put(Frame(frame.number, frame.captured_s, frame.image, title))
            self._telemetry.record("camera", (self._clock.now() - frame.captured_s) * 1000)
            self._telemetry.count("camera frames missed", frame.number - _number(last) - 1)

    def _decide(self, reading: _Reading) -> None:
        """Judge, say so, and begin anew where that is called for."""
        now_s = self._clock.now()
        verdict = judge(now_s, reading.sight)
        if verdict.fault:
            self._telemetry.count(f"camera {verdict}")
            self._become(_AFTER_FAULT[verdict], self._reason(verdict, reading))
            self._end(GRACE_S if reading.failure else 0.0)
            self._put_off()
        elif verdict is Verdict.GOOD:
            self._become(CameraState.LIVE, reading.title)
            self._well_since_s = now_s if self._well_since_s is None else self._well_since_s
            if now_s - self._well_since_s >= WELL_S:
                self._failures = self._in_vain = 0
        elif verdict is Verdict.STILL:
            self._become(CameraState.LIVE, f"{reading.title}, a still picture")
            self._well_since_s = None

    def _put_off(self) -> None:
        """Set when to try again: later after every fault in a row."""
        self._reopen_s = self._clock.now() + backoff_s(self._failures)
        self._failures += 1
        self._well_since_s = None

    def _reason(self, verdict: Verdict, reading: _Reading) -> str:
        sight = reading.sight
        if verdict is Verdict.LOST:
            reading.process.join(GRACE_S)  # it has closed its pipe: the exit code is about to come
            return reading.failure or (
                f"its reading process ended unasked (exit code {reading.process.exitcode})"
            )
        if verdict is Verdict.FROZEN:
            return f"repeats one picture for {(sight.frame_s or 0) - (sight.changed_s or 0):.1f} s"
        since_s = sight.frame_s or sight.ready_s or sight.spawned_s
        what = "gives no picture" if sight.ready_s is not None else "cannot be opened"
        return f"{what} for {self._clock.now() - since_s:.1f} s"

    def _end(self, grace_s: float) -> None:
        """End the reading process, by force after `grace_s`."""
        reading, self._reading = self._reading, None
        if reading is None:
            return
        if grace_s > 0:
            with contextlib.suppress(OSError):  # it has ended already
                reading.connection.send_bytes(STOP)
            reading.process.join(grace_s)
        reading.process.kill()
        reading.process.join(GRACE_S)
        reading.connection.close()
        if reading.process.exitcode is None:
            # stuck inside the kernel, where even SIGKILL waits; it will never write again
            log.warning("camera %s: its reading process does not end yet", self._name)
        else:
            reading.process.close()

    def _become(self, state: CameraState, message: str) -> None:
        last = self._diary[-1]
        if (state, message) == (last.state, last.message):
            return
        self._diary.append(Change(self._clock.now(), state, message))
        fault = state in {CameraState.STALE, CameraState.LOST}
        log.log(logging.WARNING if fault else logging.INFO, "camera %s: %s", self._name, message)


def _number(frame: SharedFrame | None) -> int:
    return frame.number if frame else 0
