"""A controller in a show: heard at once, told what happens, and found again when unplugged."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from livematch.clock import Clock
from livematch.control.commands import Command
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.midi.feedback import Feedback, Shown
from livematch.midi.listener import Listener
from livematch.midi.mapping import MidiMap
from livematch.midi.maps import WatchedMap
from livematch.midi.ports import VIRTUAL, Port, Ports, find_again, find_answering, find_port
from livematch.slots import Newest
from livematch.worker import Worker

log = logging.getLogger(__name__)

LOOK_S = 0.25  # how often is looked whether it is still there: sooner than a cable is back in
READ_S = 1.0  # how often is looked whether the map has changed
BACKOFF_S, MAX_BACKOFF_S = 0.5, 8.0  # how long a port that cannot be opened is left alone
REST_S = 0.25  # the longest wait for something to tell


class Surface(Protocol):
    """What a show plays with: a controller, or a recording of one."""

    @property
    def name(self) -> str:
        """The port's whole name, or the file's."""
        ...

    def tick(self, shown: Shown) -> None:
        """Take note of what there is to show; never blocks. The engine's thread."""
        ...

    @property
    def warning(self) -> str | None:
        """What the performer should know; None when all is well. Any thread."""
        ...

    @property
    def counters(self) -> dict[str, int]:
        """What was heard in vain or went wrong, by name. Any thread."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class Controller:
    """A MIDI controller. Heard on the system's thread, told and looked after on its own.

    `open` is loud, as before a show: UsageError when it is not there. After that it comes and goes,
    and the show goes on. A `watched` map is followed when its file changes.
    """

    def __init__(
        self,
        wanted: str,
        ports: Ports,
        midi_map: MidiMap,
        submit: Callable[[Command], None],
        clock: Clock,
        params: Params,
        watched: WatchedMap | None = None,
    ) -> None:
        self._wanted = wanted
        self._ports = ports
        self._clock = clock
        self._watched = watched
        self._listener = Listener(midi_map, submit, params)
        self._feedback = Feedback(midi_map, self._listener.touches)
        self._slot: Newest[Shown] = Newest()
        self._worker = Worker("midi", self._step, wake=self._slot.close)
        self._input: Port | None = None
        self._output: Port | None = None
        self._name = VIRTUAL
        self._look_s = clock.now() + LOOK_S
        self._read_s = clock.now() + READ_S
        self._failures = 0  # to open it, in a row
        self._reopened = 0
        self._unsent = 0

    @property
    def name(self) -> str:
        """The port's whole name."""
        return self._name

    def open(self) -> None:
        """Open the port, and the one that answers it; UsageError when it is not there."""
        try:
            if self._wanted != VIRTUAL:
                names = self._ports.inputs()
                name = find_port(self._wanted, names)
                if name is None:
                    there = f"there are: {', '.join(names)}" if names else "there is none"
                    raise UsageError(f"there is no MIDI port {self._wanted!r}; {there}")
                self._name = name
            self._connect(self._name)
        except OSError as error:
            raise UsageError(f"MIDI port {self._wanted!r} cannot be opened: {error}") from None

    def start(self) -> None:
        """Begin to look after it."""
        self._worker.start()

    def tick(self, shown: Shown) -> None:
        """Take note of what there is to show; never blocks. The engine's thread."""
        self._listener.params = shown.params
        self._slot.put(shown)

    def work(self, now: float, shown: Shown | None) -> None:
        """Tell what is due, and look whether it is still there; on its own thread."""
        self._listener.check(now)
        if now >= self._read_s and self._watched is not None:
            self._read_s = now + READ_S
            self._follow(self._watched)
        if now >= self._look_s and self._name != VIRTUAL:
            self._look(now)
        if self._output is None or shown is None:
            return
        try:
            for data in self._feedback.due(shown):
                self._output.send(data)
        except OSError as error:
            self._unsent += 1
            self._lose(now, str(error))

    @property
    def warning(self) -> str | None:
        """What the performer should know; None when all is well. Any thread."""
        if self._input is None:
            return f"MIDI {self._name} is gone; looking for it"
        return self._watched.fault if self._watched else None

    @property
    def counters(self) -> dict[str, int]:
        """What was heard in vain or went wrong, by name. Any thread."""
        return {
            "MIDI messages that nothing is mapped to": self._listener.unmapped,
            "MIDI messages not understood": self._listener.unreadable,
            "MIDI messages not sent": self._unsent,
            "MIDI ports reopened": self._reopened,
        }

    def close(self) -> None:
        """Let it go, and the machine's MIDI."""
        self._worker.stop()
        self._disconnect()
        self._ports.close()

    def _step(self) -> bool:
        shown = self._slot.take(REST_S)
        if self._slot.closed:
            return False
        self.work(self._clock.now(), shown)
        return True

    def _follow(self, watched: WatchedMap) -> None:
        midi_map = watched.newest()
        if midi_map is not None:
            self._listener.follow(midi_map)
            self._feedback = Feedback(midi_map, self._listener.touches)
            log.info("the MIDI map was read again")

    def _look(self, now: float) -> None:
        self._look_s = now + LOOK_S
        names: tuple[str, ...] = ()
        with suppress(OSError):
            names = self._ports.inputs()
        if self._input is not None:
            if self._name not in names:
                self._lose(now, "unplugged")
            return
        name = find_again(self._name, names)
        if name is None:
            return
        try:
            self._connect(name)
        except OSError as error:
            self._look_s = now + min(MAX_BACKOFF_S, BACKOFF_S * 2 ** min(self._failures, 10))
            self._failures += 1
            log.info("MIDI %s cannot be opened: %s", name, error)
        else:
            self._reopened += 1
            log.warning("MIDI %s is back", name)

    def _lose(self, now: float, why: str) -> None:
        log.warning("MIDI %s is gone: %s", self._name, why)
        self._disconnect()
        self._listener.let_go()
        self._look_s = now + BACKOFF_S

    def _connect(self, name: str) -> None:
        """Open both directions; OSError when it cannot be heard. One that hears nothing is fine."""
        now = self._clock.now
        self._input = self._ports.open_input(name, lambda data: self._listener.hear(data, now()))
        self._name = name
        self._failures = 0
        self._feedback.sync()
        with suppress(OSError):
            answering = VIRTUAL if name == VIRTUAL else find_answering(name, self._ports.outputs())
            self._output = self._ports.open_output(answering) if answering else None

    def _disconnect(self) -> None:
        for port in (self._input, self._output):
            if port is not None:
                port.close()
        self._input = self._output = None
