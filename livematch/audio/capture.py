"""A sound input as the show hears it: always there, whatever the device does.

A thread takes what the listening process tells, and judges. A process that is at fault is killed
and, after a while, begun anew.
"""

import atexit
import contextlib
import logging
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Protocol

from livematch.audio.device import Begun, Failed, SoundSpec, Told, hear_device
from livematch.audio.hearing import Tuning
from livematch.audio.judge import (
    WELL_S,
    Health,
    Verdict,
    backoff_s,
    deadline_s,
    judge,
)
from livematch.audio.levels import Loudness
from livematch.clock import Clock
from livematch.control.params import Params
from livematch.errors import SoundError
from livematch.telemetry import Telemetry
from livematch.values import Onset, Sound
from livematch.worker import Worker

log = logging.getLogger(__name__)

ONSETS_KEPT = 64  # between two calls; more than a gap of 30 ms allows in a second
GRACE_S = 0.5  # for a device to be let go of in good order, before its process is killed
READY_S = 30.0  # for the first opening, before a show begins without
_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy threads' locks and the window


class Process(Protocol):
    """What is asked of a listening process; a real one, or a test's."""

    @property
    def sentinel(self) -> int:
        """What becomes ready when it ends."""
        ...

    @property
    def exitcode(self) -> int | None:
        """None while it runs."""
        ...

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        ...

    def kill(self) -> None:
        """End it by force."""
        ...


Spawn = Callable[[SoundSpec, Tuning], tuple[Process, Connection]]


def spawn(spec: SoundSpec, tuning: Tuning) -> tuple[Process, Connection]:
    """Begin a listening process; OSError when there can be no more."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(
        target=hear_device, args=(spec, tuning, theirs), name="livematch-ears", daemon=True
    )
    try:
        process.start()
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()  # the pipe must end when the process does
    return process, ours


@dataclass(slots=True)
class _Listening:
    """A listening process, the pipe to it, and what is known of it."""

    process: Process
    connection: Connection
    health: Health
    tuning: Tuning
    title: str = ""
    failure: str = ""


class DeviceEars:
    """Ears in a process of its own. `clock` must be the machine's, unless a test plays both parts.

    `listen`, `warning` and `close` belong to the engine's thread; the rest is its own thread's.
    """

    def __init__(
        self,
        name: str,
        spec: SoundSpec,
        clock: Clock,
        params: Params,
        telemetry: Telemetry | None = None,
        begin: Spawn = spawn,
    ) -> None:
        self._name = name
        self._spec = spec
        self._clock = clock
        self._telemetry = telemetry or Telemetry()
        self._begin = begin
        self._tuning = Tuning.of(params)
        self._listening: _Listening | None = None
        self._onsets: deque[Onset] = deque(maxlen=ONSETS_KEPT)
        self._loudness = Loudness()
        self._verdict = Verdict.OPENING
        self._trouble: str | None = None
        self._begin_s = clock.now()
        self._failures = 0  # in a row
        self._in_vain = 0
        self._well_since_s: float | None = None
        self._settled = threading.Event()
        self._stop_reader, self._stop_writer = multiprocessing.Pipe(duplex=False)
        self._worker = Worker("ears", self._step, wake=self._wake)
        self._closed = False

    def start(self) -> "DeviceEars":
        """Begin to hear, without waiting for it; returns self."""
        atexit.register(self.close)
        self._worker.start()
        return self

    def wait_until_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until the input is open; SoundError says why it cannot be opened."""
        if not self._settled.wait(timeout_s):
            raise SoundError(f"sound input {self._name!r} does not open within {timeout_s:g} s")
        if self._trouble is not None:
            raise SoundError(self._trouble)

    def listen(self, now: float, params: Params) -> Sound:  # noqa: ARG002 - it has its own clock
        """Return what was heard since the last call; never blocks."""
        self._tuning = Tuning.of(params)
        onsets = tuple(self._onsets.popleft() for _ in range(len(self._onsets)))
        if self._verdict not in {Verdict.GOOD, Verdict.SILENT}:
            return Sound(onsets)
        loud = self._loudness
        return Sound(onsets, loud.level, loud.bass, loud.mid, loud.treble, is_heard=True)

    @property
    def warning(self) -> str | None:
        """What is wrong with the input, None when all is well."""
        return self._trouble

    @property
    def process_id(self) -> int | None:
        """The listening process, None between two of them. Any thread."""
        listening = self._listening
        return getattr(listening.process, "pid", None) if listening else None

    def close(self) -> None:
        """End thread and process; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._worker.stop()
        self._end(GRACE_S)
        self._stop_reader.close()
        self._stop_writer.close()
        atexit.unregister(self.close)

    def tend(self) -> None:
        """Hear what was told, judge, and begin anew where that is due; never waits for sound."""
        now_s = self._clock.now()
        if self._listening is None:
            if now_s >= self._begin_s:
                self._begin_listening(now_s)
            return
        self._hear(self._listening)
        self._retune(self._listening)
        self._decide(self._listening)

    def _wake(self) -> None:
        self._stop_writer.send_bytes(b"stop")

    def _step(self) -> bool:
        """Wait for the next thing to happen, and answer it."""
        now_s, listening = self._clock.now(), self._listening
        if listening is None:
            if wait([self._stop_reader], max(0.0, self._begin_s - now_s)):
                return False
        else:
            heard = wait(
                [listening.connection, listening.process.sentinel, self._stop_reader],
                max(0.0, deadline_s(listening.health) - now_s),
            )
            if self._stop_reader in heard:
                return False
        self.tend()
        return True

    def _begin_listening(self, now_s: float) -> None:
        try:
            process, connection = self._begin(self._spec, self._tuning)
        except OSError as error:  # no memory, too many processes
            self._complain(f"no process can be begun to hear {self._name}: {error}")
            self._put_off()
            return
        health = Health(now_s, in_vain=self._in_vain)
        self._listening = _Listening(process, connection, health, self._tuning)

    def _hear(self, listening: _Listening) -> None:
        """Take what the process has told."""
        try:
            while listening.connection.poll():
                word = listening.connection.recv()
                now_s = self._clock.now()
                match word:
                    case Begun(title):
                        listening.title = title
                        listening.health = replace(listening.health, ready_s=now_s)
                        log.info("ears: %s", title)
                    case Failed(reason):
                        listening.failure = reason
                        listening.health = replace(listening.health, alive=False)
                    case Told(onsets, loudness, sounded):
                        self._onsets.extend(onsets)
                        self._loudness = loudness or self._loudness
                        self._note(listening, now_s, sounded=sounded)
        except (EOFError, OSError):
            listening.health = replace(listening.health, alive=False)

    def _note(self, listening: _Listening, now_s: float, *, sounded: bool) -> None:
        if sounded:
            self._in_vain = 0
        listening.health = replace(
            listening.health,
            heard_s=now_s,
            sounded_s=now_s if sounded else listening.health.sounded_s,
            in_vain=self._in_vain,
        )

    def _retune(self, listening: _Listening) -> None:
        if listening.tuning != self._tuning:
            listening.tuning = self._tuning
            with contextlib.suppress(OSError):  # its end is noticed by the pipe's
                listening.connection.send(listening.tuning)

    def _decide(self, listening: _Listening) -> None:
        now_s = self._clock.now()
        verdict = self._verdict = judge(now_s, listening.health)
        if verdict.fault:
            self._complain(self._reason(verdict, listening, now_s))
            if verdict is Verdict.DEAF:
                self._in_vain += 1
            self._telemetry.count(f"sound {verdict}")
            self._end(GRACE_S if verdict is Verdict.DEAF else 0.0)
            self._put_off()
        elif verdict is Verdict.SILENT:
            self._complain(f"{self._name} gives nothing but digital silence")
            self._settled.set()
        elif verdict is Verdict.GOOD:
            self._recover(now_s, listening.health)

    def _recover(self, now_s: float, health: Health) -> None:
        """Take the warning back once there is sound; be patient again once it has lasted."""
        if health.sounded_s is not None or self._in_vain == 0:
            if self._trouble is not None:
                log.info("ears: %s is heard again", self._name)
            self._trouble = None
        self._settled.set()
        self._well_since_s = now_s if self._well_since_s is None else self._well_since_s
        if now_s - self._well_since_s >= WELL_S:
            self._failures = 0

    def _reason(self, verdict: Verdict, listening: _Listening, now_s: float) -> str:
        if verdict is Verdict.LOST:
            listening.process.join(GRACE_S)  # it has closed its pipe: its end is about to come
            return listening.failure or (
                f"the process that hears {self._name} ended unasked"
                f" (exit code {listening.process.exitcode})"
            )
        if verdict is Verdict.DEAF:
            return f"{self._name} gives nothing but digital silence; it is opened anew"
        health = listening.health
        since_s = health.heard_s or health.ready_s or health.spawned_s
        what = "gives no sound" if health.ready_s is not None else "cannot be opened"
        return f"{self._name} {what} for {now_s - since_s:.1f} s"

    def _put_off(self) -> None:
        """Set when to try again: later after every fault in a row."""
        self._settled.set()
        self._loudness = Loudness()
        self._begin_s = self._clock.now() + backoff_s(self._failures)
        self._failures += 1
        self._well_since_s = None

    def _end(self, grace_s: float) -> None:
        """End the listening process, by force after `grace_s`."""
        listening, self._listening = self._listening, None
        if listening is None:
            return
        if grace_s > 0:
            with contextlib.suppress(OSError):  # it has ended already
                listening.connection.send(None)
            listening.process.join(grace_s)
        listening.process.kill()
        listening.process.join(GRACE_S)
        listening.connection.close()

    def _complain(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            log.warning("ears: %s", text)
