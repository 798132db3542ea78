"""The one place where commands become parameters, once a tick."""

import logging
from collections import deque
from dataclasses import dataclass

from livematch.control.commands import (
    Beat,
    Command,
    Fire,
    Nudge,
    Pick,
    Position,
    Set,
    Tap,
    Trigger,
)
from livematch.control.conductor import Conductor
from livematch.control.modulation import Modulation
from livematch.control.params import Params, changed, spec
from livematch.errors import UsageError
from livematch.values import SILENCE, Pulse, Sound

log = logging.getLogger(__name__)

PENDING = 4096  # commands kept between two ticks; a flood loses its oldest


@dataclass(frozen=True, slots=True)
class Hands:
    """What the performer and the music want in this tick.

    `params` are what counts now, moved by the sound; `as_set` are the same as the hands left them:
    what is shown on faders and kept in presets. `fired` are the triggers just pulled, `pick` the
    number of the candidate just picked. `pulse` is the beat, None while nobody gives one.
    """

    params: Params
    fired: frozenset[Trigger] = frozenset()
    pick: int | None = None
    as_set: Params | None = None
    sound: Sound = SILENCE
    pulse: Pulse | None = None


class Control:
    """Collects commands from any thread and applies them in order when the engine asks."""

    def __init__(self, start: Params | None = None) -> None:
        self._start = start or Params()
        self._params = self._start  # as the hands have set them
        self._moved = self._start
        self._conductor = Conductor()
        self._modulation = Modulation()
        self._pending: deque[Command] = deque(maxlen=PENDING)
        self._fired: set[Trigger] = set()
        self._pick: int | None = None
        self.refused = 0

    def submit(self, command: Command) -> None:
        """Queue a command. Any thread; never blocks, never raises."""
        self._pending.append(command)

    @property
    def params(self) -> Params:
        """The newest snapshot, moved by the sound. Any thread."""
        return self._moved

    def update(self, now: float, sound: Sound = SILENCE) -> Hands:
        """Apply what has come in since the last tick. The engine's thread."""
        self._fired, self._pick = set(), None
        for _ in range(len(self._pending)):
            command = self._pending.popleft()
            try:
                self._apply(command)
            except UsageError as error:  # a wrong fader must not end a show
                self.refused += 1
                log.warning("ignored: %s", error)
        pulse = self._conductor.update(now, sound, self._params)
        self._moved = self._modulation.moved(now, self._params, sound, pulse)
        return Hands(self._moved, frozenset(self._fired), self._pick, self._params, sound, pulse)

    def _apply(self, command: Command) -> None:
        match command:
            case Set(name, value):
                self._params = changed(self._params, name, value)
            case Position(name, position):
                self._params = changed(self._params, name, spec(name).at(position))
            case Nudge(name, steps):
                value = spec(name).nudge(getattr(self._params, name), steps)
                self._params = changed(self._params, name, value)
            case Fire(Trigger.PANIC):
                self._params = self._start
            case Fire(trigger):
                self._fired.add(trigger)
            case Pick(number):
                self._pick = number
            case Tap(at_s):
                self._conductor.tap(at_s)
            case Beat():
                self._conductor.hear(command)
            case _:
                raise UsageError(f"nothing here performs {command}")
