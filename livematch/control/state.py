"""The one place where commands become parameters, once a tick."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from livematch.control.commands import (
    Beat,
    Command,
    Fire,
    Jump,
    Nudge,
    Pick,
    Position,
    Recall,
    Save,
    Set,
    Tap,
    Trigger,
    UseLens,
)
from livematch.control.conductor import Conductor
from livematch.control.cuelist import CueList, Cues
from livematch.control.lensnames import lens_after, lens_named
from livematch.control.modulation import Modulation
from livematch.control.morph import Morph
from livematch.control.params import Params, changed, spec
from livematch.control.presets import FADE, Presets, PresetsInMemory, preset_of
from livematch.control.runs import newest
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
    `preset` was recalled last and `step` is the cue list's present one; empty before the first.
    """

    params: Params
    fired: frozenset[Trigger] = frozenset()
    pick: int | None = None
    as_set: Params | None = None
    sound: Sound = SILENCE
    pulse: Pulse | None = None
    preset: str = ""
    step: str = ""


class Steering(Protocol):
    """What engine and stage ask of whoever holds the parameters: `Control`, or a script."""

    @property
    def params(self) -> Params:
        """The parameters as they are now."""
        ...

    def update(self, now: float, sound: Sound = SILENCE) -> Hands:
        """Return what is wanted in this tick."""
        ...

    def submit(self, command: Command) -> None:
        """Ask for a change, from the next tick on."""
        ...


class Control:
    """Collects commands from any thread and applies them in order when the engine asks.

    `preset` names the one that `start` was made with, `lenses` are the names of those there are.
    """

    def __init__(
        self,
        start: Params | None = None,
        presets: Presets | None = None,
        cues: CueList | None = None,
        preset: str = "",
        lenses: Sequence[str] = (),
    ) -> None:
        self._start, self._start_preset = start or Params(), preset
        self._params, self._preset = self._start, preset  # as the hands have set them
        self._moved = self._start
        self._conductor = Conductor()
        self._modulation = Modulation()
        self._presets = presets or PresetsInMemory()
        self._morph = Morph()
        self._cues = Cues(cues)
        self._lenses = tuple(lenses)
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

    @property
    def preset(self) -> str:
        """The preset that was recalled last; empty before the first. Any thread."""
        return self._preset

    @property
    def step(self) -> str:
        """The step of the cue list that is on; empty before the first. Any thread."""
        return self._cues.step.name if self._cues.step else ""

    def update(self, now: float, sound: Sound = SILENCE) -> Hands:
        """Apply what has come in since the last tick. The engine's thread."""
        self._fired, self._pick = set(), None
        self._params = self._morph.at(now, self._params)
        for command in newest([self._pending.popleft() for _ in range(len(self._pending))]):
            self._obey(command, now)
        pulse = self._conductor.update(now, sound, self._params)
        for command in self._cues.due(now, pulse):
            self._obey(command, now)
        self._moved = self._modulation.moved(now, self._params, sound, pulse)
        fired = frozenset(self._fired)
        return Hands(
            self._moved, fired, self._pick, self._params, sound, pulse, self.preset, self.step
        )

    def _obey(self, command: Command, now: float) -> None:
        try:
            self._apply(command, now)
        except UsageError as error:  # a wrong fader must not end a show
            self.refused += 1
            log.warning("ignored: %s", error)

    def _apply(self, command: Command, now: float) -> None:
        match command:
            case Set() | Position() | Nudge():
                self._set(command)
            case Fire(trigger):
                self._fire(trigger, now)
            case Pick(number):
                self._pick = number
            case Tap(at_s):
                self._conductor.tap(at_s)
            case Beat():
                self._conductor.hear(command)
            case Recall(wanted, fade_s):
                self._recall(wanted, fade_s, now)
            case Save(name):
                self._presets.save(preset_of(name, self._params, self._presets.snapshot))
            case UseLens(wanted):
                self._set(Set("lens", lens_named(wanted, self._lenses)))
            case Jump(step):
                self._perform(self._cues.jump(step, now), now)
            case _:
                raise UsageError(f"nothing here performs {command}")

    def _set(self, command: Set | Position | Nudge) -> None:
        """Set a parameter by hand, and so take it out of any morph."""
        name = command.name
        match command:
            case Set(_, value):
                self._params = changed(self._params, name, value)
            case Position(_, position):
                self._params = changed(self._params, name, spec(name).at(position))
            case Nudge(_, steps):
                value = spec(name).nudge(getattr(self._params, name), steps)
                self._params = changed(self._params, name, value)
        self._morph.release(name)

    def _fire(self, trigger: Trigger, now: float) -> None:
        match trigger:
            case Trigger.PANIC:
                self._params, self._preset = self._start, self._start_preset
                self._morph.end()
                self._cues.wait()
            case Trigger.GO:
                self._perform(self._cues.go(now), now)
            case Trigger.BACK:
                self._perform(self._cues.back(now), now)
            case Trigger.NEXT_LENS:
                following = lens_after(self._params.lens, self._lenses)
                self._set(Set("lens", following))
            case _:
                self._fired.add(trigger)

    def _recall(self, wanted: str | int, fade_s: float | None, now: float) -> None:
        preset = self._presets.snapshot.find(wanted)
        length_s = preset.fade_s if fade_s is None else float(FADE.parse(fade_s))
        self._params = self._morph.begin(preset, length_s, now, self._params)
        self._preset = preset.name

    def _perform(self, commands: tuple[Command, ...], now: float) -> None:
        for command in commands:
            self._obey(command, now)
