"""The one place where commands become parameters, once a tick."""

import logging
from collections import deque
from dataclasses import dataclass

from livematch.control.commands import Command, Fire, Nudge, Set, Trigger
from livematch.control.params import Params, changed, spec
from livematch.errors import UsageError

log = logging.getLogger(__name__)

PENDING = 4096  # commands kept between two ticks; a flood loses its oldest


@dataclass(frozen=True, slots=True)
class Hands:
    """What the performer wants in this tick: the parameters, and the triggers just pulled."""

    params: Params
    fired: frozenset[Trigger] = frozenset()


class Control:
    """Collects commands from any thread and applies them in order when the engine asks."""

    def __init__(self, start: Params | None = None) -> None:
        self._start = start or Params()
        self._params = self._start
        self._pending: deque[Command] = deque(maxlen=PENDING)
        self.refused = 0

    def submit(self, command: Command) -> None:
        """Queue a command. Any thread; never blocks, never raises."""
        self._pending.append(command)

    @property
    def params(self) -> Params:
        """The newest snapshot. Any thread."""
        return self._params

    def update(self) -> Hands:
        """Apply what has come in since the last tick. The engine's thread."""
        fired: set[Trigger] = set()
        for _ in range(len(self._pending)):
            command = self._pending.popleft()
            try:
                self._apply(command, fired)
            except UsageError as error:  # a wrong fader must not end a show
                self.refused += 1
                log.warning("ignored: %s", error)
        return Hands(self._params, frozenset(fired))

    def _apply(self, command: Command, fired: set[Trigger]) -> None:
        match command:
            case Set(name, value):
                self._params = changed(self._params, name, value)
            case Nudge(name, steps):
                value = spec(name).nudge(getattr(self._params, name), steps)
                self._params = changed(self._params, name, value)
            case Fire(Trigger.PANIC):
                self._params = self._start
            case Fire(trigger):
                fired.add(trigger)
