"""Where a port's bytes arrive: a hand and a clock make commands of them, whatever they are."""

import logging
import threading
from collections.abc import Callable, Sequence

from livematch.control.commands import Command
from livematch.control.params import Params
from livematch.midi.clock import MidiClock
from livematch.midi.hand import Hand, Touch
from livematch.midi.mapping import MidiMap
from livematch.midi.wire import read

log = logging.getLogger(__name__)

SYSTEM = 0xF0  # statuses from here upward belong to no channel
SYSEX = (0xF0, 0xF7)


class Listener:
    """Turns bytes into commands and submits them. Any thread; never raises.

    `params` are the newest parameters as the hands have set them. What was heard and led to nothing
    is counted in `unmapped` and `unreadable`.
    """

    def __init__(
        self, midi_map: MidiMap, submit: Callable[[Command], None], params: Params
    ) -> None:
        self.params = params
        self.heard = 0
        self.unmapped = 0
        self.unreadable = 0
        self._submit = submit
        self._hand = Hand(midi_map)
        self._clock = MidiClock()
        self._lock = threading.Lock()

    @property
    def touches(self) -> dict[int, Touch]:
        """What was moved last, by row."""
        return self._hand.touches

    def hear(self, data: Sequence[int], now: float) -> None:
        """Take one message that arrived at `now`."""
        try:
            with self._lock:
                self._take(data, now)
        except Exception:  # on a thread of the system's: nobody above could go on after it
            if not self.unreadable:
                log.exception("a MIDI message could not be understood")
            self.unreadable += 1

    def check(self, now: float) -> None:
        """Notice a clock that has fallen silent; now and then."""
        with self._lock:
            beat = self._clock.check(now)
        if beat is not None:
            self._submit(beat)

    def let_go(self) -> None:
        """Let go of everything that is held down: the controller has gone."""
        with self._lock:
            commands = self._hand.let_go()
        for command in commands:
            self._submit(command)

    def follow(self, midi_map: MidiMap) -> None:
        """Go by another map from now on."""
        self.let_go()
        with self._lock:
            self._hand = Hand(midi_map)

    def _take(self, data: Sequence[int], now: float) -> None:
        self.heard += 1
        command: Command | None
        if data and data[0] >= SYSTEM and data[0] not in SYSEX:
            command = self._clock.hear(data, now)
        else:
            message = read(data)
            if message is None:
                self.unreadable += 1
                return
            if self._hand.find(message) is None:
                self.unmapped += 1
                return
            command = self._hand.hear(message, now, self.params)
        if command is not None:
            self._submit(command)
