"""Cue lists: the steps of an evening in their order, read from a file and performed one by one.

The file is TOML, with one `[[step]]` after another: `name`, `preset`, `fade`, `trigger`, and
`after` or `after_beats` where a step is to come by itself.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from livematch.control.commands import Command, Fire, Recall, Trigger
from livematch.control.handwritten import Handwritten, read_handwritten
from livematch.control.presets import ABOUT, LONGEST_FADE_S, Library
from livematch.control.spec import Spec, Value
from livematch.errors import UsageError
from livematch.values import Pulse

TRIGGERS = (Trigger.NEXT, Trigger.CUT, Trigger.VETO, Trigger.NEXT_LENS)  # they change the picture
LONGEST_WAIT_S = 86_400.0
SLACK = 1e-6  # beats: what adding up a tick's beats at a time may lose
A_JUMP = 0.5  # beats: more than a tempo is ever corrected by in one tick

STEP = {
    row.name: row
    for row in (
        Spec("name", "step", "", "how it is called"),
        Spec("preset", "step", "", "the preset that it goes to"),
        Spec("fade", "step", 0.0, "instead of the preset's own", 0, LONGEST_FADE_S, 0.1, "s"),
        Spec("trigger", "step", Trigger.NEXT, "what it fires", choices=TRIGGERS),
        Spec("after", "step", 0.0, "from the step before to this", 0, LONGEST_WAIT_S, 1, "s"),
        Spec("after_beats", "step", 0.0, "from the step before to this", 1, 4096, 1, "beats"),
    )
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. With `after_s` or `after_beats` it comes by itself, so long after the one before.

    `fade_s` None takes the preset's own.
    """

    name: str
    preset: str | None = None
    fade_s: float | None = None
    trigger: Trigger | None = None
    after_s: float | None = None
    after_beats: float | None = None

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is done when it comes."""
        recall = () if self.preset is None else (Recall(self.preset, self.fade_s),)
        return recall if self.trigger is None else (*recall, Fire(self.trigger))


@dataclass(frozen=True, slots=True)
class CueList:
    """All the steps, in order."""

    steps: tuple[Step, ...] = ()
    about: str = ""

    def number_of(self, wanted: str | int) -> int:
        """Return the index of a step, by its name or its number from 1; UsageError."""
        names = [step.name for step in self.steps]
        if isinstance(wanted, str) and wanted in names:
            return names.index(wanted)
        number = int(wanted) if isinstance(wanted, int) or wanted.isdecimal() else None
        if number is not None and 1 <= number <= len(names):
            return number - 1
        near = difflib.get_close_matches(str(wanted), names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {len(names)}"
        raise UsageError(f"there is no step {wanted!r}{hint}")


def read_cues(path: Path, library: Library) -> CueList:
    """Read a cue list; FaultyFileError tells all that is wrong in it, unknown presets too."""
    return parse_cues(path, read_handwritten(path), library)


def parse_cues(path: Path, text: str, library: Library) -> CueList:
    """Read the text of a cue list; FaultyFileError."""
    file = Handwritten(path, text)
    head = {name: raw for name, raw in file.content.items() if name != "step"}
    about = file.check((), head, {"about": ABOUT}).get("about", "")
    tables = file.content.get("step")
    if not isinstance(tables, list) or not tables:
        file.refuse(("step",), "there is no step: each begins with a line [[step]]")
        tables = []
    steps: list[Step] = []
    for number, table in enumerate(tables):
        if isinstance(table, dict):
            steps.append(_step(file, number, table, library))
        else:
            file.refuse(("step", number), "a step is a table: begin it with a line [[step]]")
    _refuse_namesakes(file, steps)
    file.conclude()
    return CueList(tuple(steps), str(about))


def _step(file: Handwritten, number: int, table: Mapping[str, Any], library: Library) -> Step:
    place = ("step", number)
    values = file.check(place, table, STEP)
    if "name" not in table:
        file.refuse(place, "this step has no name")
    elif not (name := str(values.get("name", "?"))).strip() or name.isdecimal():
        file.refuse((*place, "name"), "a step's name cannot be empty nor a number")
    if not table.keys() & {"preset", "trigger"}:
        file.refuse(place, "this step does nothing: give it a preset, a trigger or both")
    if table.keys() >= {"after", "after_beats"}:
        file.refuse((*place, "after_beats"), "a step has after or after_beats, not both")
    if "preset" in values:
        try:
            library.find(str(values["preset"]))
        except UsageError as fault:
            file.refuse((*place, "preset"), str(fault))
    trigger = values.get("trigger")
    return Step(
        str(values.get("name", "")),
        cast("str | None", values.get("preset")),
        _number(values, "fade"),
        None if trigger is None else Trigger(str(trigger)),
        _number(values, "after"),
        _number(values, "after_beats"),
    )


def _number(values: Mapping[str, Value], name: str) -> float | None:
    return cast("float | None", values.get(name))


def _refuse_namesakes(file: Handwritten, steps: list[Step]) -> None:
    first: dict[str, int] = {}
    for number, step in enumerate(steps):
        if step.name and first.setdefault(step.name, number) != number:
            message = f"step {first[step.name] + 1} is called {step.name!r} too"
            file.refuse(("step", number, "name"), message)


class Cues:
    """Where in the cue list the show is. Pure but for that; one thread.

    A step with `after_beats` counts beats from the nearest beat to the step before, and counts
    only while somebody gives a beat: without one it waits for GO, as any step does.
    """

    def __init__(self, cues: CueList | None = None) -> None:
        self._cues = cues or CueList()
        self._at = -1  # before the first
        self._began_s: float | None = None  # None: nothing comes by itself
        self._is_begun = False
        self._beats: float | None = None  # since the last step; None until a beat is heard
        self._heard: tuple[str, float, float] | None = None  # the beat's source, beat, and when

    @property
    def step(self) -> Step | None:
        """The step that was performed last; None before the first."""
        return self._cues.steps[self._at] if self._at >= 0 else None

    def go(self, now: float) -> tuple[Command, ...]:
        """Perform the next step; UsageError after the last."""
        self._demand_list()
        if self._at + 1 >= len(self._cues.steps):
            raise UsageError("the last step of the cue list has been performed")
        return self._perform(self._at + 1, now)

    def back(self, now: float) -> tuple[Command, ...]:
        """Perform the step before the present one again; UsageError when there is none."""
        self._demand_list()
        if self._at < 1:
            raise UsageError("there is no step before this one in the cue list")
        return self._perform(self._at - 1, now)

    def jump(self, wanted: str | int, now: float) -> tuple[Command, ...]:
        """Perform a step by its name, or its number from 1; UsageError."""
        self._demand_list()
        return self._perform(self._cues.number_of(wanted), now)

    def due(self, now: float, pulse: Pulse | None) -> tuple[Command, ...]:
        """Perform the next step if its time has come; one step a call. Call it once a tick."""
        if not self._is_begun:
            self._is_begun, self._began_s = True, now
        self._count(now, pulse)
        upcoming = self._cues.steps[self._at + 1 : self._at + 2]
        if self._began_s is None or not upcoming:
            return ()
        (step,) = upcoming
        if step.after_s is not None and now >= self._began_s + step.after_s:
            # from when it was due, not from when the tick came: what follows is not put off
            return self._perform(self._at + 1, self._began_s + step.after_s)
        beats = self._beats
        if step.after_beats is not None and beats is not None and beats > step.after_beats - SLACK:
            return self._perform(self._at + 1, now)
        return ()

    def wait(self) -> None:
        """Let nothing come by itself until the next step is asked for."""
        self._is_begun, self._began_s = True, None

    def _perform(self, number: int, began_s: float) -> tuple[Command, ...]:
        self._is_begun = True
        self._at, self._began_s, self._beats = number, began_s, None
        return self._cues.steps[number].commands

    def _count(self, now: float, pulse: Pulse | None) -> None:
        """Add the beats since the last tick; a beat that is counted anew goes on at its tempo."""
        if pulse is None:
            self._heard = None
            return
        beat = pulse.beat_at(now)
        if self._beats is None:
            self._beats = beat - round(beat)  # who asks a little early means the beat that comes
        elif self._heard is not None:
            source, before, then = self._heard
            by_tempo = (now - then) * pulse.bpm / 60.0
            is_same = source == pulse.source and abs(beat - before - by_tempo) < A_JUMP
            self._beats += beat - before if is_same else by_tempo
        self._heard = (pulse.source, beat, now)

    def _demand_list(self) -> None:
        if not self._cues.steps:
            raise UsageError("there is no cue list: start the show with --cues FILE")
