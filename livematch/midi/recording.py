"""A recorded controller: a standard MIDI file, played as if somebody moved it; the ports' twin."""

import importlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from livematch.clock import Clock
from livematch.control.commands import Command
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.midi.feedback import Shown
from livematch.midi.listener import Listener
from livematch.midi.mapping import MidiMap

SUFFIXES = (".mid", ".midi")
LARGEST_BYTES = 4 << 20  # hours of playing

Timed = tuple[float, bytes]
"""A message and the seconds from the beginning at which it comes."""


def read_recording(path: Path) -> tuple[Timed, ...]:
    """Return the messages of a MIDI file, oldest first; UsageError says what is wrong with it."""
    try:
        mido = importlib.import_module("mido")
    except ImportError:
        raise UsageError(
            "MIDI files need the package mido: pip install 'livematch[midi]'"
        ) from None
    try:
        size = path.stat().st_size
        messages = [] if size > LARGEST_BYTES else list(_timed(mido.MidiFile(path)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001 - mido raises whatever the bytes lead it to
        raise UsageError(f"{path} is no whole MIDI file: {error!r}") from None
    if size > LARGEST_BYTES:
        raise UsageError(f"{path} is larger than {LARGEST_BYTES >> 20} MiB")
    return tuple(messages)


def _timed(file: Any) -> Iterator[Timed]:
    at_s = 0.0
    for message in file:
        at_s += message.time
        if not message.is_meta:
            yield at_s, bytes(message.bytes())


class Recording:
    """Plays a MIDI file on the show's clock, from the first tick on. The engine's thread."""

    warning: str | None = None

    def __init__(
        self,
        path: Path,
        midi_map: MidiMap,
        submit: Callable[[Command], None],
        clock: Clock,
        params: Params,
    ) -> None:
        self.name = path.name
        self._messages = deque(read_recording(path))
        self._listener = Listener(midi_map, submit, params)
        self._began_s = clock.now()

    def tick(self, shown: Shown) -> None:
        """Play what is due; it counts from the next tick on."""
        self._listener.params = shown.params
        while self._messages and self._began_s + self._messages[0][0] <= shown.now:
            at_s, data = self._messages.popleft()
            self._listener.hear(data, self._began_s + at_s)
        self._listener.check(shown.now)

    @property
    def counters(self) -> dict[str, int]:
        """What was heard in vain, by name."""
        return {
            "MIDI messages that nothing is mapped to": self._listener.unmapped,
            "MIDI messages not understood": self._listener.unreadable,
        }

    def close(self) -> None:
        """Nothing to let go."""
