"""The composition root of a render: a show whose every cue is known beforehand, drawn to a film.

The same engine, decks and stage as live, on a manual clock that steps from picture to picture; the
director and the parameters follow a script.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from livematch.audio.ears import Deaf
from livematch.clock import ManualClock
from livematch.control.params import Layout, Params
from livematch.control.script import ScriptedControl
from livematch.direction.script import ScriptedDirector
from livematch.direction.veil import Veil, Veiling
from livematch.engine import Engine, Tick
from livematch.errors import RecordError
from livematch.eyes import Blind, Eyes
from livematch.lens.easel import Easel, NoEasel
from livematch.playback.deck import OfflineDeck
from livematch.playback.decks import Decks
from livematch.playback.mosaic import OfflineMosaic
from livematch.playback.shelf import Shelf
from livematch.render.offscreen import open_offscreen
from livematch.render.recorder import Recorder
from livematch.stage import Stage
from livematch.telemetry import Telemetry
from livematch.values import Clip, Cue, Match, Moment


class Clips(Protocol):
    """What a render needs of an archive."""

    def clip(self, moment: Moment) -> Clip:
        """Say what to play for a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be rendered: cues and changes of the parameters, both in the order of their times.

    `times_s` are the pictures' own, rising from 0, as even or uneven as they come; each is asked
    for only when the picture before has been drawn. `eyes` see what the camera would. `offers` are
    what plays in the grid, and from when on. The `easel` is closed with the render.
    """

    times_s: Iterable[float]
    cues: Iterable[Cue]
    start: Params
    changes: Iterable[tuple[float, Params]] = ()
    eyes: Eyes = field(default_factory=Blind)
    offers: Iterable[tuple[float, tuple[Match, ...]]] = ()
    easel: Easel = field(default_factory=NoEasel)
    veil: Veiling = field(default_factory=Veil)


@dataclass(frozen=True, slots=True)
class Rendered:
    """How a render went: its pictures, and the cues that could not be performed."""

    pictures: int
    failed: tuple[Cue, ...]


def as_film(params: Params, screen: Layout, *, label: bool) -> Params:
    """Give parameters the form of a film: nothing mirrored, frozen, or for an operator only."""
    return replace(
        params,
        screen=screen,
        label=label,
        mirror=False,
        hud=False,
        preview=False,
        freeze=False,
        blackout=False,
        lens_freeze=False,
    )


def render(
    script: Script,
    archive: Clips,
    size_px: tuple[int, int],
    recorder: Recorder,
    on_tick: Callable[[Tick], None] = lambda _tick: None,
) -> Rendered:
    """Draw a script picture by picture and record it; closes the recorder.

    RecordError when the film cannot be written. Whatever ends the render before its time, nothing
    is left of the film.
    """
    times_s = iter(script.times_s)
    first_s = next(times_s, None)
    with ExitStack() as stack:
        stack.callback(recorder.close)
        stack.callback(script.eyes.close)
        stack.callback(script.easel.close)
        if first_s is None:
            return Rendered(0, ())
        clock = ManualClock(first_s)
        director = ScriptedDirector(script.cues, script.offers)
        control = ScriptedControl(script.start, script.changes)
        shelf = Shelf()
        stack.callback(shelf.close)
        decks = Decks((OfflineDeck(shelf), OfflineDeck(shelf)), archive.clip)
        stack.callback(decks.close)
        mosaic = OfflineMosaic(archive.clip)
        stack.callback(mosaic.close)
        surface = open_offscreen(size_px)
        stage = Stage(surface, clock, control, recorder, pacing=_Timetable(clock, times_s))
        stack.callback(stage.close)
        engine = Engine(
            clock=clock,
            control=control,
            eyes=script.eyes,
            ears=Deaf(),
            director=director,
            veil=script.veil,
            easel=script.easel,
            decks=decks,
            shelf=shelf,
            mosaic=mosaic,
            stage=stage,
            telemetry=Telemetry(),
        )
        pictures = 0

        def count(tick: Tick) -> None:
            nonlocal pictures
            pictures = tick.number
            if recorder.failure is not None:
                raise RecordError(f"{recorder.path}: {recorder.failure}")
            on_tick(tick)

        try:
            engine.run(count)
        except BaseException:
            recorder.discard()
            raise
    if recorder.failure is not None:
        recorder.discard()
        raise RecordError(f"{recorder.path}: {recorder.failure}")
    return Rendered(pictures, tuple(director.failed))


class _Timetable:
    """A pacing that moves the clock on from one written time to the next, and ends with them."""

    def __init__(self, clock: ManualClock, times_s: Iterator[float]) -> None:
        self._clock = clock
        self._times_s = times_s

    def pace(self) -> bool:
        """Move the clock on to the next picture's time; False after the last."""
        next_s = next(self._times_s, None)
        if next_s is None:
            return False
        self._clock.advance(max(0.0, next_s - self._clock.now()))
        return True
