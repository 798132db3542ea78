"""Hearing a sound input, in a process of its own that may be killed at any instant.

The process opens the input, makes onsets and levels of it and tells them through a pipe, in times
of the machine's clock. When the pipe ends the parent is dead, and this process ends too.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from livematch.audio.file import RATE, Channels, SoundFile
from livematch.audio.graph import PyoGraph, manual_server, pyo_library
from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.inputs import SoundInput, connected_inputs, find_input
from livematch.audio.levels import Loudness, strength
from livematch.audio.spectrum import HOP_S, Samples
from livematch.clock import Clock, SystemClock
from livematch.errors import SoundError
from livematch.values import Onset

SETTLE_S = 0.2  # after an input was opened: that it begins is no attack
WAIT_S = 0.5  # for the next block, before the word to stop is looked for
JUMP_S = 0.1  # a block that is later than this begins a new run of sound
DRIFT = 1e-3  # sound cards' clocks are far better than this
MOST_CHANNELS = 2  # mixed when none are chosen


@dataclass(frozen=True, slots=True)
class Begun:
    """The input is open, and this is what it is."""

    title: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The input cannot be opened or has gone; the process ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a block told: attacks and loudness, and whether there was anything but zeros in it."""

    onsets: tuple[Onset, ...]
    loudness: Loudness | None
    sounded: bool


Word = Begun | Failed | Told


@dataclass(frozen=True, slots=True)
class Block:
    """Sound as it comes: mono, when its last sample was captured, which samples begin attacks.

    `broken` says that sound before it was lost.
    """

    samples: Samples
    ended_s: float
    attacks: tuple[int, ...] = ()
    broken: bool = False


class SoundReader(Protocol):
    """An input as the listening process sees it; every call may block for ever."""

    rate: float
    tells_attacks: bool

    def open(self) -> Begun:
        """Open it; SoundError when that fails."""
        ...

    def tune(self, tuning: Tuning) -> None:
        """Take what the performer has set, if it listens for attacks itself."""
        ...

    def read(self) -> Block | None:
        """Wait for the next sound, for `WAIT_S` at most; None when none came."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SoundSpec(Protocol):
    """Which input to hear, as a value that can be sent to another process."""

    def reader(self) -> SoundReader:
        """Make the reader, in the listening process."""
        ...


class _Hand:
    """The parent's hand in the listening process: tuning, the word to stop, its death."""

    def __init__(self, connection: Connection, tuning: Tuning) -> None:
        self._connection = connection
        self.tuning = tuning
        self.stopping = threading.Event()
        threading.Thread(target=self._obey, daemon=True).start()

    def _obey(self) -> None:
        while True:
            try:
                word = self._connection.recv()
            except (EOFError, OSError):
                os._exit(1)
            if word is None:
                self.stopping.set()
                return
            self.tuning = word


def hear_device(spec: SoundSpec, tuning: Tuning, connection: Connection) -> None:
    """Hear an input until told to stop: the main function of the listening process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _silence()
    hand = _Hand(connection, tuning)
    reader = spec.reader()
    try:
        connection.send(reader.open())
        _listen(reader, hand, connection)
    except SoundError as error:
        connection.send(Failed(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a driver throws is told to the parent
        connection.send(Failed(f"{type(error).__name__}: {error}"))
    finally:
        with contextlib.suppress(Exception):
            reader.close()
        connection.close()
        os._exit(0)  # PortAudio has been seen to hang where Python ends in good order


def _listen(reader: SoundReader, hand: _Hand, connection: Connection) -> None:
    listener = Listener(reader.rate, attacks=not reader.tells_attacks)
    tuned: Tuning | None = None
    while not hand.stopping.is_set():
        if hand.tuning != tuned:
            tuned = hand.tuning
            reader.tune(tuned)
        block = reader.read()
        if block is not None:
            # a parent that does not read holds this up, and the ring loses its oldest meanwhile
            connection.send(listener.hear(block, hand.tuning))


class Listener:
    """Makes what is told out of blocks, on the machine's clock. Pure."""

    def __init__(self, rate: float, *, attacks: bool) -> None:
        self._rate = rate
        self._attacks = attacks
        self._begin()

    def hear(self, block: Block, tuning: Tuning) -> Told:
        """Take a block and say what is in it."""
        if block.broken:
            self._begin()
        pushed_s = self._pushed / self._rate
        self._pushed += len(block.samples)
        began_s = self._place(block.ended_s)
        heard = self._hearing.push(block.samples, tuning)
        strong = strength(block.samples * tuning.gain) if block.attacks else 0.0
        own = (Onset(pushed_s + n / self._rate, strong) for n in block.attacks)
        onsets = tuple(
            replace(onset, at_s=began_s + onset.at_s)
            for onset in (*heard.onsets, *own)
            if onset.at_s >= SETTLE_S
        )
        return Told(onsets, heard.loudness, bool(np.any(block.samples)))

    def _begin(self) -> None:
        """Begin a new run of sound."""
        self._hearing = Hearing(self._rate, attacks=self._attacks)
        self._pushed = 0
        self._began_s: float | None = None
        self._placed_s = 0.0

    def _place(self, ended_s: float) -> float:
        """Return when the run began, judged by its blocks: the soonest are the least delayed."""
        began_s = ended_s - self._pushed / self._rate
        if self._began_s is None or began_s - self._began_s > JUMP_S:
            self._began_s = began_s
        slack_s = DRIFT * max(0.0, ended_s - self._placed_s)
        self._began_s = min(began_s, self._began_s + slack_s)
        self._placed_s = ended_s
        return self._began_s


def _silence() -> None:
    """Sound libraries write to the terminal whatever they are told; faults go by pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """A real input, by number or name; looked up at every opening, for its number may change.

    `rate` None asks for the device's own. `attacks` has pyo listen for attacks.
    """

    wanted: str
    channels: Channels = None
    rate: float | None = None
    attacks: bool = False

    def reader(self) -> SoundReader:
        """Make the reader, in the listening process."""
        return InputReader(self)


class InputReader:
    """A sound input through pyo's server."""

    rate: float = RATE

    def __init__(self, spec: InputSpec, clock: Clock | None = None) -> None:
        self._spec = spec
        self._clock = clock or SystemClock()
        self.tells_attacks = spec.attacks
        self._server: Any = None
        self._graph: PyoGraph | None = None
        self._arrived = threading.Event()
        self._stamp: tuple[int, float] = (0, 0.0)
        self._latency_s = 0.0

    def open(self) -> Begun:
        """Find the input, open it and begin to hear."""
        found = find_input(self._spec.wanted, connected_inputs())
        channels = self._spec.channels or tuple(range(1, min(MOST_CHANNELS, found.channels) + 1))
        if max(channels) > found.channels:
            raise SoundError(
                f"sound input {found.name!r} has no channel {max(channels)}:"
                f" it has {found.channels}, counted from 1"
            )
        self.rate = self._spec.rate or found.rate_hz or RATE
        self._latency_s = found.latency_ms / 1000
        pyo = pyo_library()
        self._server = self._booted(pyo, found, max(channels))
        mixed = pyo.Input(chnl=[number - 1 for number in channels], mul=1 / len(channels)).mix(1)
        self._graph = PyoGraph(self._server, mixed, attacks=self._spec.attacks)
        self._server.setCallback(self._note)
        self._server.start()
        heard = ", ".join(map(str, channels))
        return Begun(f"{found.name}, channel {heard}, {self.rate:g} Hz")

    def tune(self, tuning: Tuning) -> None:
        """Hand the settings to pyo's detector."""
        if self._graph is not None:
            self._graph.tune(tuning)

    def read(self) -> Block | None:
        """Wait until pyo has filled a block."""
        if self._graph is None or not self._arrived.wait(WAIT_S):
            return None
        self._arrived.clear()
        blocks, stamp_s = self._stamp
        taken = self._graph.take(blocks)
        if not len(taken.samples):
            return None
        return Block(taken.samples, stamp_s - self._latency_s, taken.attacks, taken.broken)

    def close(self) -> None:
        """Stop pyo."""
        if self._server is not None:
            self._server.stop()
            self._server.shutdown()

    def _note(self) -> None:
        """Note that a block was captured; runs inside the audio block, so nothing else."""
        self._stamp = (self._stamp[0] + 1, self._clock.now())
        self._arrived.set()

    def _booted(self, pyo: Any, found: SoundInput, channels: int) -> Any:
        server = pyo.Server(
            sr=self.rate,
            nchnls=1,
            ichnls=channels,
            buffersize=round(self.rate * HOP_S),
            duplex=1,
            verbosity=0,
        )
        server.deactivateMidi()
        server.setInputDevice(found.index)
        # pyo hears only while it may also speak: through the same device where that can
        if pyo.pa_get_output_max_channels(found.index) > 0:
            server.setOutputDevice(found.index)
        server.boot()
        if not server.getIsBooted():
            raise SoundError(
                f"sound input {found.name!r} cannot be opened at {self.rate:g} Hz: in use by"
                " another program, not permitted to this user, no such rate (--sound-rate),"
                " or no sound output beside it"
            )
        return server


@dataclass(frozen=True, slots=True)
class PlayedSpec:
    """A file that plays into pyo in real time, as if it were an input: its twin."""

    path: Path
    channels: Channels = None
    attacks: bool = False

    def reader(self) -> SoundReader:
        """Make the reader, in the listening process."""
        return PlayedReader(self, SystemClock())


class PlayedReader:
    """A file through pyo's server without a sound card, at the pace of a clock."""

    rate: float = RATE

    def __init__(self, spec: PlayedSpec, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self.tells_attacks = spec.attacks
        self._block = round(RATE * HOP_S)
        self._blocks = 0
        self._due_s = 0.0
        self._close: Callable[[], None] | None = None

    def open(self) -> Begun:
        """Open the file and build pyo's graph."""
        self._file = SoundFile(self._spec.path, self._spec.channels)
        server, source, self._feed = manual_server(RATE, self._block)
        self._graph = PyoGraph(server, source, attacks=self._spec.attacks)
        server.start()
        self._due_s = self._clock.now()
        self._close = server.shutdown
        return Begun(f"{self._spec.path.name}, played into pyo")

    def tune(self, tuning: Tuning) -> None:
        """Hand the settings to pyo's detector."""
        self._graph.tune(tuning)

    def read(self) -> Block | None:
        """Wait until the next block would have been captured, and play it."""
        self._due_s += self._block / RATE
        self._clock.wait_until(self._due_s)
        self._feed(self._file.read(self._block))
        self._blocks += 1
        taken = self._graph.take(self._blocks)
        return Block(taken.samples, self._due_s, taken.attacks, taken.broken)

    def close(self) -> None:
        """Stop pyo and free the file."""
        if self._close is not None:
            self._close()
            self._file.close()
