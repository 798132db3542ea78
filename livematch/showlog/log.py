"""From the engine's ticks to the records of a show's log: what happened, and nothing else."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from livematch.archive.store import Archive
from livematch.control.params import Layout, Params
from livematch.control.state import Hands
from livematch.engine import Tick
from livematch.playback.decks import Program
from livematch.showlog.noted import Cast, Settings
from livematch.showlog.records import (
    BEST,
    Alive,
    BeatHeard,
    CameraCut,
    CameraPlaced,
    Candidate,
    CueAlone,
    CueBegun,
    CueFailed,
    End,
    Event,
    HandsMoved,
    Offered,
    OnsetHeard,
    ParamsChanged,
    Recalled,
    Seen,
    VeilMoved,
    Warned,
    told,
)
from livematch.values import Cue, Match, Observation, Onset, Pulse

log = logging.getLogger(__name__)

SEEN_S = 0.5  # at most so often are the best candidates noted, and only when they are others
NOW_AND_THEN_S = 1.0  # beat, warnings and the camera's place
ALIVE_S = 10.0
SLIP_S = 0.001
VEIL_S, VEIL = 0.1, 0.002  # so often is the veil told, and only when it is another by so much
BPM = 0.1  # a smaller change of the tempo is none
PENDING = 4  # cues whose first picture may still come: one on its way, one waiting


class Sink(Protocol):
    """What takes the records; see `LogWriter`."""

    failure: str | None
    """Why nothing is taken any more; None while it is."""
    dropped: int
    """How many records there was no room for."""

    @property
    def path(self) -> Path:
        """Where they go."""
        ...

    def put(self, record: Event) -> bool:
        """Take a record; False when there was no room for it."""
        ...


class ShowLog:
    """Notes what a show's ticks bring. All methods: the engine's thread; none waits when live.

    A tick in which nothing happens costs a few comparisons of identity. `warnings` gives
    what the performer should know, `camera_start` when the film before the camera began, on the
    show's clock, None for a device, `offered` the candidates that have a number.
    """

    def __init__(
        self,
        sink: Sink,
        archive: Archive,
        start: Params,
        warnings: Callable[[], tuple[str, ...]] = tuple,
        camera_start: Callable[[], float | None] = lambda: None,
        offered: Callable[[], tuple[Match, ...]] = tuple,
    ) -> None:
        self._sink = sink
        self._warnings = warnings
        self._camera_start = camera_start
        self._offered = offered
        self._cells: tuple[int, ...] = ()
        self._cast = Cast(archive)
        self._settings = Settings(start)
        self._origin_s: float | None = None
        self._hands = Hands(start)
        self._observation: Observation | None = None
        self._shots: tuple[int, ...] = ()
        self._cuts = 0
        self._seen_due_s = self._due_s = 0.0
        self._alive_due_s = ALIVE_S
        self._told_pulse: Pulse | None = None
        self._told_warnings: tuple[str, ...] = ()
        self._camera_s: float | None = None
        self._veil = self._veil_due_s = 0.0
        self._cues: list[tuple[Cue, int]] = []
        self._count = 0
        self._fading: int | None = None
        self._pictures = 0
        self._now = 0.0
        self.faults = 0

    def take(self, tick: Tick) -> None:
        """Note what happened in one tick."""
        if self._origin_s is None:
            self._origin_s = tick.now
        self._pictures += 1
        self._now = t = self._time(tick.now)
        self._note_params(t, tick.hands)
        if tick.sight.observation is not self._observation:
            self._note_sight(t, tick.sight.observation)
        self._note_hands(t, tick.hands)
        if tick.cue is not None:
            self._note_cue(tick.cue)
        self._note_program(t, tick.program)
        if tick.veil != self._veil:
            self._note_veil(t, min(1.0, max(0.0, tick.veil)))
        if self._cells or tick.hands.params.screen is Layout.GRID:
            self._note_cells(t, is_grid=tick.hands.params.screen is Layout.GRID)
        if t >= self._due_s:
            self._note_now_and_then(t, tick)

    def end(self, now: float, counters: dict[str, int]) -> None:
        """Note that the show has ended at `now`."""
        counted = {told(name): count for name, count in counters.items()}
        self._note(
            lambda: End(
                t=max(self._now, self._time(now)),
                pictures=self._pictures,
                cues=self._count,
                counters=counted,
            )
        )

    @property
    def path(self) -> Path:
        """Where the log begins."""
        return self._sink.path

    @property
    def lost(self) -> int:
        """How many records are not in the log."""
        return self._sink.dropped + self.faults

    @property
    def warning(self) -> str | None:
        """What the performer should know of the log."""
        return self._sink.failure

    @property
    def origin_s(self) -> float | None:
        """When the show's first picture was, on its clock; None before it."""
        return self._origin_s

    def _time(self, at_s: float) -> float:
        return _rounded(at_s - (self._origin_s or 0.0))

    def _note(self, make: Callable[[], Event]) -> bool:
        """Hand a record over; one that cannot be written is counted, and the show goes on."""
        try:
            record = make()
        except ValidationError as error:
            self.faults += 1
            if self.faults == 1:
                log.warning("something cannot be logged: %s", error.errors()[:1])
            return True
        return self._sink.put(record)

    def _note_params(self, t: float, hands: Hands) -> None:
        values = self._settings.changes(t, hands.as_set or hands.params)
        if values and not self._note(lambda: ParamsChanged(t=t, values=values)):
            self._settings.forget()

    def _note_hands(self, t: float, hands: Hands) -> None:
        if hands.fired or hands.pick is not None:
            fired = tuple(sorted(trigger.value for trigger in hands.fired))
            self._note(lambda: HandsMoved(t=t, fired=fired, pick=hands.pick))
        if hands.preset != self._hands.preset or hands.step != self._hands.step:
            self._note(lambda: Recalled(t=t, preset=told(hands.preset), step=told(hands.step)))
        self._hands = hands
        for onset in hands.sound.onsets:
            self._note_onset(onset)

    def _note_onset(self, onset: Onset) -> None:
        self._note(lambda: OnsetHeard(t=self._time(onset.at_s), strength=round(onset.strength, 4)))

    def _note_sight(self, t: float, observation: Observation | None) -> None:
        self._observation = observation
        if observation is None:
            return
        if observation.cuts != self._cuts:
            self._cuts = observation.cuts
            self._note(lambda: CameraCut(t=t, cuts=observation.cuts))
        if t < self._seen_due_s:
            return
        best = observation.candidates[:BEST]
        shots = tuple(match.moment.shot_id for match in best)
        if shots == self._shots:
            return
        self._shots, self._seen_due_s = shots, t + SEEN_S
        self._note(lambda: Seen(t=t, best=tuple(map(_candidate, best))))

    def _note_cells(self, t: float, *, is_grid: bool) -> None:
        """Note which shots play in the grid, while that is seen."""
        offered = self._offered() if is_grid else ()
        cells = tuple(match.moment.shot_id for match in offered)
        if cells == self._cells:
            return
        fresh = [match for match in offered if match.moment.shot_id not in self._cells]
        self._cells = cells
        new = tuple(map(self._cast.shot, fresh))
        if not self._note(lambda: Offered(t=t, shots=cells, new=new)):
            self._cells = (-1,)  # all of it is told again

    def _note_cue(self, cue: Cue) -> int:
        self._count += 1
        number = self._count
        self._cues = [*self._cues[-PENDING + 1 :], (cue, number)]
        self._note(lambda: self._cast.given(cue, number, self._time(cue.decided_s)))
        return number

    def _note_program(self, t: float, program: Program) -> None:
        if program.failed is not None:
            failed, fault = self._number(program.failed), told(program.fault or "")
            self._note(lambda: CueFailed(t=t, n=failed, fault=fault))
        alone = len(program.layers) < 2
        if program.begun is not None:
            begun = self._number(program.begun)
            self._note(lambda: CueBegun(t=t, n=begun, alone=alone))
            self._fading = None if alone else begun
        elif self._fading is not None and alone:
            over, self._fading = self._fading, None
            self._note(lambda: CueAlone(t=t, n=over))

    def _number(self, cue: Cue) -> int:
        """Return what a cue is called; one from a tick that failed is noted only now."""
        known = (number for given, number in self._cues if given is cue)
        return next(known, 0) or self._note_cue(cue)

    def _note_veil(self, t: float, share: float) -> None:
        is_moved = abs(share - self._veil) > VEIL or share == 0
        if not is_moved or t < self._veil_due_s:
            return
        if self._note(lambda: VeilMoved(t=t, share=round(share, 4))):
            self._veil, self._veil_due_s = share, t + VEIL_S

    def _note_now_and_then(self, t: float, tick: Tick) -> None:
        self._due_s = t + NOW_AND_THEN_S
        self._note_beat(t, tick)
        warnings = self._warnings()
        if warnings != self._told_warnings:
            self._told_warnings = warnings
            self._note(lambda: Warned(t=t, warnings=tuple(told(text) for text in warnings[:50])))
        start_s = self._camera_start()
        if start_s is not None and (
            self._camera_s is None or abs(start_s - self._camera_s) > SLIP_S
        ):
            self._camera_s = start_s
            self._note(lambda: CameraPlaced(t=t, start_s=self._time(start_s)))
        if t >= self._alive_due_s:
            self._alive_due_s = t + ALIVE_S
            self._note(lambda: Alive(t=t, pictures=self._pictures))

    def _note_beat(self, t: float, tick: Tick) -> None:
        pulse, before = tick.hands.pulse, self._told_pulse
        if pulse is None:
            if before is not None:
                self._told_pulse = None
                self._note(lambda: BeatHeard(t=t))
            return
        is_same = before is not None and before.source == pulse.source
        if is_same and before is not None and abs(before.bpm - pulse.bpm) < BPM:
            return
        self._told_pulse = pulse
        beat = round(pulse.beat_at(tick.now), 3)
        self._note(
            lambda: BeatHeard(t=t, bpm=round(pulse.bpm, 2), beat=beat, source=told(pulse.source))
        )


def _candidate(match: Match) -> Candidate:
    return Candidate(
        shot=match.moment.shot_id,
        at_s=round(match.moment.time_s, 3),
        score=round(match.score, 4),
    )


def _rounded(seconds: float) -> float:
    return round(seconds, 6)
