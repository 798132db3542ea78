"""The engine: walks every frame from the camera to the screen, and computes nothing itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from livematch.audio.ears import Ears
from livematch.clock import Clock
from livematch.control.commands import Set, Trigger
from livematch.control.params import Layout, Params
from livematch.control.state import Hands, Steering
from livematch.direction.veil import Veiling
from livematch.eyes import Eyes, Sight
from livematch.lens.easel import Easel, is_wanted
from livematch.playback.decks import NO_DECK, Decks, Program
from livematch.playback.mosaic import FASTEST_HZ, Mosaic
from livematch.playback.shelf import Shelf
from livematch.telemetry import Telemetry
from livematch.values import Cue, Frame, Layer, Match, Observation, Pane, Picture, Source

log = logging.getLogger(__name__)

FIRST_PICTURE = "cue → first picture"  # the stage whose length the director looks ahead by
PREVIEW_HZ = 13.0  # pictures a second of the candidates while only the operator sees them
ONSET = "onset"  # the cause of a cue that answers an attack
WARMED = 3  # candidates whose films are kept ready


class Directing(Protocol):
    """Who decides: `direction.director.Director`, or a script."""

    @property
    def offered(self) -> tuple[Match, ...]:
        """The candidates that can be picked by number."""
        ...

    def update(
        self, now: float, observation: Observation | None, hands: Hands, lead_s: float = 0.0
    ) -> Cue | None:
        """Return the cue to perform at `now`, or None; once a tick."""
        ...

    def withdraw(self, cue: Cue) -> None:
        """Learn that a cue could not be performed."""
        ...

    def drop(self, match: Match) -> None:
        """Learn that a candidate cannot be shown."""
        ...


class Stage(Protocol):
    """Where the program is shown: a window, an offscreen picture, a recording."""

    def draw(
        self,
        layers: tuple[Layer, ...],
        camera: Frame | None,
        params: Params,
        panes: tuple[Pane, ...] = (),
        painting: Picture | None = None,
    ) -> None:
        """Compose one picture."""
        ...

    def present(self) -> None:
        """Show it."""
        ...

    def rest(self) -> bool:
        """Wait for the next picture's turn; False when the stage has been closed."""
        ...


@dataclass(frozen=True, slots=True)
class Tick:
    """All that happened in one walk of the engine; for the HUD, the log and the bench.

    `veil` is the share of the painting that lies over the program.
    """

    number: int
    now: float
    hands: Hands
    sight: Sight
    cue: Cue | None
    program: Program
    veil: float = 0.0


class Engine:
    """Sequences one show. All methods: the thread that owns the stage's OpenGL context.

    A `forgiving` engine survives a tick that fails, once the first has succeeded: the last picture
    stays, the failure is logged once per kind and counted, and the next tick is tried.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        control: Steering,
        eyes: Eyes,
        ears: Ears,
        director: Directing,
        veil: Veiling,
        easel: Easel,
        decks: Decks,
        shelf: Shelf,
        mosaic: Mosaic,
        stage: Stage,
        telemetry: Telemetry,
        forgiving: bool = False,
    ) -> None:
        self._clock = clock
        self._control = control
        self._eyes = eyes
        self._ears = ears
        self._director = director
        self._veil = veil
        self._easel = easel
        self._decks = decks
        self._shelf = shelf
        self._mosaic = mosaic
        self._stage = stage
        self._telemetry = telemetry
        self._forgiving = forgiving
        self._seen_failures: set[str] = set()
        self._hands = Hands(control.params)
        self._number = 0
        self._from_grid: Cue | None = None
        self._presented_frame = -1
        self._last_presented_s: float | None = None
        self._answer: tuple[Cue, float] | None = None  # to the sound: the cue, and its attack

    def run(self, on_tick: Callable[[Tick], None], until_s: float | None = None) -> None:
        """Tick until somebody quits, the stage is closed or the clock reaches `until_s`."""
        while until_s is None or self._clock.now() < until_s:
            try:
                tick = self.tick(self._clock.now())
                on_tick(tick)
                self._stage.present()
                self._measure(tick, self._clock.now())
            except Exception as error:
                if not self._forgiving or self._number == 0:
                    raise
                self._forgive(error)
            if not self._stage.rest() or Trigger.QUIT in self._hands.fired:
                return

    def tick(self, now: float) -> Tick:
        """Walk one frame: sound, hands, sight, decision, decks, picture."""
        sound = self._ears.listen(now, self._control.params)
        hands = self._hands = self._control.update(now, sound)
        sight = self._eyes.look(now)
        lead_s = self._telemetry.recent_ms(FIRST_PICTURE) / 1e3
        cue = self._director.update(now, sight.observation, hands, lead_s)
        if cue is not None:
            self._decks.cue(cue)
        is_grid = hands.params.screen is Layout.GRID
        # behind the grid nobody sees the decks: they stand still, once a fade is over
        is_hidden = is_grid and not self._decks.is_fading
        program = self._decks.program_at(now, frozen=hands.params.freeze or is_hidden)
        if program.failed is not None:
            self._withdraw(program)
        self._leave_grid(cue, program, is_grid=is_grid)
        panes = self._panes(now, hands.params)
        veil = self._veil.share_at(now, sight.observation, hands.params)
        layers = _veiled(program.layers, veil)
        painting = self._painting(now, sight.frame, hands.params, layers)
        self._stage.draw(layers, sight.frame, hands.params, panes, painting)
        self._expect(sight)
        self._number += 1
        return Tick(self._number, now, hands, sight, cue, program, veil)

    def _forgive(self, error: Exception) -> None:
        self._telemetry.count("ticks failed")
        kind = f"{type(error).__name__}: {error}"
        if kind not in self._seen_failures:
            self._seen_failures.add(kind)
            log.error("the show goes on after %s", kind, exc_info=error)

    def _leave_grid(self, cue: Cue | None, program: Program, *, is_grid: bool) -> None:
        """Go from the grid to the full frame when what was brought in there has its picture."""
        if not is_grid:
            self._from_grid = None
        elif cue is not None:
            self._from_grid = cue
        if self._from_grid is not None and program.begun is self._from_grid:
            self._control.submit(Set("screen", Layout.PROGRAM.value))

    def _panes(self, now: float, params: Params) -> tuple[Pane, ...]:
        """Return the candidates on offer, playing; while nobody looks, nothing is decoded."""
        if not params.preview and params.screen is not Layout.GRID:
            self._mosaic.rest()
            return ()
        panes = self._mosaic.panes_at(
            now,
            self._director.offered,
            frozen=params.freeze,
            pictures_hz=FASTEST_HZ if params.screen is Layout.GRID else PREVIEW_HZ,
        )
        for match, fault in self._mosaic.failed():
            self._director.drop(match)
            self._telemetry.count("candidates failed")
            log.warning("cannot be offered: %s", fault)
        return panes

    def _painting(
        self, now: float, frame: Frame | None, params: Params, layers: tuple[Layer, ...]
    ) -> Picture | None:
        """Return the newest painting; while nobody looks, nothing is painted."""
        is_on = any(layer.source is Source.LENS for layer in layers)
        if not is_on and not is_wanted(params):
            return None
        return self._easel.painting_at(now, frame, params)

    def _withdraw(self, program: Program) -> None:
        """Go on with what is on when a cue cannot be performed."""
        assert program.failed is not None  # noqa: S101 - asked by the caller
        self._director.withdraw(program.failed)
        self._telemetry.count("cues failed")
        log.error("cannot be shown: %s", program.fault)

    def _expect(self, sight: Sight) -> None:
        """Have the likely next films opened, once per observation."""
        observation = sight.observation
        if observation is not None and observation.frame_number != self._presented_frame:
            self._shelf.expect(self._decks.clip_of(observation.candidates[:WARMED]))

    def _measure(self, tick: Tick, presented_s: float) -> None:
        record = self._telemetry.record
        if self._last_presented_s is not None:
            record("frame to frame", (presented_s - self._last_presented_s) * 1e3)
        self._last_presented_s = presented_s
        observation = tick.sight.observation
        if observation is not None and observation.frame_number != self._presented_frame:
            self._presented_frame = observation.frame_number
            record("found → decided", (tick.now - observation.found_s) * 1e3)
            record("decided → presented", (presented_s - tick.now) * 1e3)
            record("captured → presented", (presented_s - observation.captured_s) * 1e3)
        self._measure_sound(tick, presented_s)
        if tick.program.begun is not None:
            record(FIRST_PICTURE, (presented_s - tick.program.begun.decided_s) * 1e3)

    def _measure_sound(self, tick: Tick, presented_s: float) -> None:
        """Follow an attack from the sound to the first picture that answers it."""
        onsets = tick.hands.sound.onsets
        for onset in onsets:
            self._telemetry.record("attack → heard", (tick.now - onset.at_s) * 1e3)
        if tick.cue is not None and tick.cue.cause == ONSET and onsets:
            self._answer = tick.cue, onsets[-1].at_s
        if self._answer is not None and tick.program.begun is self._answer[0]:
            took_s = presented_s - self._answer[1]
            self._telemetry.record("attack → presented", took_s * 1e3)
            self._answer = None


def _veiled(layers: tuple[Layer, ...], share: float) -> tuple[Layer, ...]:
    """Lay the painting over the program, once there is one."""
    if share <= 0 or not layers:
        return layers
    return (*layers, Layer(Source.LENS, NO_DECK, None, share))
