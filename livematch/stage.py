"""The stage: a surface with all that is drawn on it, and the keys that are pressed before it."""

from typing import Protocol, Self

from livematch.clock import Clock, ManualClock
from livematch.config import ShowConfig
from livematch.control.commands import Set
from livematch.control.keys import Keyboard
from livematch.control.params import Layout, Params
from livematch.control.state import Steering
from livematch.render.compositor import Compositor
from livematch.render.gl import Surface, renderer
from livematch.render.hud import HudStatus
from livematch.render.labels import Labels
from livematch.render.offscreen import open_offscreen
from livematch.render.operator import Operator
from livematch.render.pacing import Pacer
from livematch.render.panel import Hud
from livematch.render.preview import Preview
from livematch.render.recorder import Recorder
from livematch.render.window import open_window
from livematch.values import Frame, Image, Layer, Pane, Picture

TITLE = "livematch"


class Pacing(Protocol):
    """The rhythm that pictures follow each other in."""

    def pace(self) -> bool:
        """Wait for the next picture's turn; False when there is none."""
        ...


class Stage:
    """Draws the program, its HUD and its recording, and presents it in the display's rhythm.

    With an `operator` surface, HUD and preview are shown there; else they lie over the program.
    Closing that one ends nothing: it comes back when the preview is switched on again. All
    methods: the thread that made it.
    """

    def __init__(
        self,
        surface: Surface,
        clock: Clock,
        control: Steering,
        recorder: Recorder | None = None,
        operator: Operator | None = None,
        pacing: Pacing | None = None,
    ) -> None:
        self.renderer = renderer()
        self._surface = surface
        self._clock = clock
        self._control = control
        self._recorder = recorder
        self._compositor = Compositor()
        self._labels = Labels()
        self._operator = operator
        self._hud = Hud()
        self._preview = Preview()
        self._keyboard = Keyboard()
        self._status: HudStatus | None = None
        self._pacing = pacing or _pacing(clock, surface.refresh_hz)

    @classmethod
    def open(
        cls, config: ShowConfig, clock: Clock, control: Steering, recorder: Recorder | None
    ) -> Self:
        """Open the window, or the picture in memory, that the set-up asks for; DisplayError."""
        if config.offscreen:
            return cls(open_offscreen(config.size_px, config.fps), clock, control, recorder)
        window = open_window(
            config.size_px,
            TITLE,
            fullscreen=config.fullscreen,
            display_index=config.display,
            clock=clock,
        )
        operator = None
        if config.operator_display is not None:
            try:
                operator = Operator.on_display(config.operator_display, clock)
            except BaseException:
                window.close()
                raise
        return cls(window, clock, control, recorder, operator)

    def draw(
        self,
        layers: tuple[Layer, ...],
        camera: Frame | None,
        params: Params,
        panes: tuple[Pane, ...] = (),
        painting: Picture | None = None,
    ) -> None:
        """Compose one picture: the program as laid out, and what the operator wants over it."""
        size_px = self._surface.size_px
        self._surface.begin()
        self._compositor.draw(layers, camera, params, size_px, panes, painting)
        is_written = params.preview and params.screen is Layout.GRID  # by the preview
        if params.label and not is_written:
            self._labels.draw(self._compositor.shown, size_px)
        if self._recorder is not None:
            self._recorder.capture(self._surface, self._clock.now())
        if self._operator is not None:
            self._operator.take(panes, self._status, params)
            return
        if params.preview:
            self._preview.draw_over(
                panes, self._compositor, params, self._surface, self._clock.now()
            )
        if params.hud and self._status is not None:
            self._hud.draw(self._status, size_px, self._clock.now())

    def present(self) -> None:
        """Show the picture; with vsync, when the display takes it."""
        self._surface.present()

    def rest(self) -> bool:
        """Wait for the next picture's turn and hear the keys; False when the stage was closed."""
        keys = [] if self._operator is None else self._attend(self._operator)
        goes_on = self._pacing.pace()
        for key in (*keys, *self._surface.events()):
            command = self._keyboard.press(key, self._clock.now())
            if command is not None:
                self._control.submit(command)
        return goes_on and not self._surface.closed

    def _attend(self, operator: Operator) -> list[str]:
        """Draw for the operator and hear the keys pressed there."""
        operator.draw(self._clock.now())
        keys = operator.events()
        if operator.was_closed():
            self._control.submit(Set("preview", value=False))
        return keys

    def tell(self, status: HudStatus) -> None:
        """Hand over new figures for the HUD."""
        self._status = status

    def read(self) -> Image:
        """Return the picture drawn last, before `present`: BGR, top row first."""
        return self._surface.read()

    def toggle_fullscreen(self) -> None:
        """Change between window and whole screen."""
        self._surface.toggle_fullscreen()

    @property
    def refresh_hz(self) -> float:
        """How many pictures a second can be shown."""
        return self._surface.refresh_hz

    @property
    def recorder(self) -> Recorder | None:
        """What writes the recording; None when nothing is recorded."""
        return self._recorder

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the performer should know about the stage."""
        failure = self._recorder.failure if self._recorder else None
        return (failure,) if failure else ()

    def close(self) -> None:
        """End the recording, free everything that was drawn with, then the surface."""
        self._surface.begin()
        if self._recorder is not None:
            self._recorder.close()
        self._compositor.close()
        self._surface.close()
        if self._operator is not None:
            self._operator.close()


class _Stepper:
    """The pacer's twin for offline renders: each picture moves the manual clock one frame on."""

    def __init__(self, clock: ManualClock, refresh_hz: float) -> None:
        self._clock = clock
        self._refresh_hz = refresh_hz
        self._began_s = clock.now()
        self._pictures = 0

    def pace(self) -> bool:
        """Move the clock on; counted from the beginning, so that no rounding adds up."""
        self._pictures += 1
        due_s = self._began_s + self._pictures / self._refresh_hz
        self._clock.advance(max(0.0, due_s - self._clock.now()))
        return True


def _pacing(clock: Clock, refresh_hz: float) -> Pacing:
    if isinstance(clock, ManualClock):
        return _Stepper(clock, refresh_hz)
    return Pacer(clock, refresh_hz)
