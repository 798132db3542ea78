"""A show from the first picture to the last: what it tells while it runs, and afterwards."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livematch.camera.source import CameraState, CameraStatus
from livematch.clock import process_age_s, wall_time
from livematch.config import ShowConfig
from livematch.control.commands import Trigger
from livematch.control.presets import Library
from livematch.engine import Tick
from livematch.happening import Happening
from livematch.lens.easel import is_wanted
from livematch.midi.feedback import Shown
from livematch.osc.feedback import News
from livematch.render.hud import HudStatus
from livematch.session import Show, open_show
from livematch.showlog.log import ShowLog
from livematch.showlog.opening import open_log
from livematch.telemetry import StageSummary
from livematch.values import Cue, Sound

log = logging.getLogger(__name__)

CUES_KEPT = 10_000
TROUBLED = frozenset({CameraState.STALE, CameraState.LOST, CameraState.REOPENING})
REFUSED_SHOWN_S = 10.0  # how long a refused message stays in the HUD
FAULTS_TOLD = 3  # of preset files, in the HUD
NO_LENS = "lens: there is none; start the show with --lens FILE"
STATUS_S = 0.25  # how often the HUD's figures are gathered: faster they cannot be read


@dataclass(frozen=True, slots=True)
class ShowReport:
    """How a show went. `first_picture_s` is from the start of the process; None without one.

    `cues` are the newest `CUES_KEPT`: an installation runs for weeks.
    """

    pictures: int
    seconds: float
    cues: tuple[Cue, ...]
    stages: tuple[StageSummary, ...]
    counters: dict[str, int]
    first_picture_s: float | None
    renderer: str
    provider: str
    log: Path | None = None


class Watch:
    """Looks over the engine's shoulder: feeds the HUD, passes window triggers on, keeps account."""

    def __init__(
        self,
        show: Show,
        on_progress: Callable[[float], None] | None = None,
        show_log: ShowLog | None = None,
    ) -> None:
        self._show = show
        self._log = show_log
        self._on_progress = on_progress
        self._began_s = show.clock.now()
        self._status_due_s = self._began_s
        self._cues: deque[Cue] = deque(maxlen=CUES_KEPT)
        self._pictures = 0
        self._onsets = 0
        self._first_picture_s: float | None = None
        self._happening = Happening(show, lambda: "; ".join(self._warnings()))

    def __call__(self, tick: Tick) -> None:
        """Take note of one tick; called by the engine between drawing and presenting."""
        self._pictures += 1
        self._onsets += len(tick.hands.sound.onsets)
        if tick.cue is not None:
            self._cues.append(tick.cue)
            log.info("%s", _told(tick.cue))
        if self._log is not None:
            self._log.take(tick)
        if tick.program.begun is not None and self._first_picture_s is None:
            self._first_picture_s = process_age_s()
        self._show.remotes.show(lambda: self.shown(tick))
        if Trigger.FULLSCREEN in tick.hands.fired:
            self._show.stage.toggle_fullscreen()
        self._show.remotes.tell(lambda: self._news(tick))
        if tick.now >= self._status_due_s:
            self._status_due_s = tick.now + STATUS_S
            if tick.hands.params.hud:
                heard = sound_line(tick.hands.sound, self._onsets)
                self._show.stage.tell(hud_status(self._show, heard, self._warnings()))
            if self._on_progress is not None:
                self._on_progress(tick.now - self._began_s)

    def _warnings(self) -> tuple[str, ...]:
        told = self._log.warning if self._log is not None else None
        return (*warnings(self._show), *((told,) if told else ()))

    def shown(self, tick: Tick) -> Shown:
        """Gather what controllers are to show."""
        return Shown(
            now=tick.now,
            params=tick.hands.as_set or tick.hands.params,
            picks=len(self._show.director.offered),
            preset=tick.hands.preset or None,
            pulse=tick.hands.pulse,
        )

    def _news(self, tick: Tick) -> News:
        """Gather what is told by OSC."""
        return News(tick.hands.as_set or tick.hands.params, self._happening.update(tick))

    def report(self) -> ShowReport:
        """Return how the show went so far."""
        show = self._show
        counters = all_counters(show)
        if self._log is not None and self._log.lost:
            counters["not logged"] = self._log.lost
        return ShowReport(
            pictures=self._pictures,
            seconds=show.clock.now() - self._began_s,
            cues=tuple(self._cues),
            stages=show.telemetry.summary(),
            counters=counters,
            first_picture_s=self._first_picture_s,
            renderer=show.stage.renderer,
            provider=str(show.embedder.report),
            log=self._log.path if self._log is not None else None,
        )


def perform(
    config: ShowConfig,
    *,
    tell: Callable[[Show], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> ShowReport:
    """Perform a show until it ends; `tell` is called once when everything is ready.

    LivematchError when it cannot start.
    """
    with (
        open_show(config) as show,
        open_log(show, wall_time(), lambda: warnings(show)) as show_log,
    ):
        if tell is not None:
            tell(show)
        watch = Watch(show, on_progress, show_log)
        until_s = None if config.seconds is None else show.clock.now() + config.seconds
        try:
            show.engine.run(watch, until_s)
        except KeyboardInterrupt:
            log.info("ended by Ctrl-C")
        report = watch.report()
        if show_log is not None:
            show_log.end(show.clock.now(), report.counters)
        return report


def hud_status(
    show: Show, sound: str | None = None, warned: tuple[str, ...] | None = None
) -> HudStatus:
    """Gather what the HUD shows; `sound` says what is heard. The engine's thread."""
    camera = show.camera.status()
    stages = {stage.stage: stage for stage in show.telemetry.summary()}
    frames = stages.get("frame to frame")
    playing = show.decks.playing()
    match = playing[0].match if playing else None
    clip = show.archive.clip(match.moment) if match else None
    provider = show.embedder.report
    return HudStatus(
        camera=camera_line(camera),
        fps=1e3 / frames.p50_ms if frames else 0.0,
        film=clip.title if clip else None,
        time_s=match.start.time_s + playing[1] if match and playing else None,
        score=match.score if match else None,
        parts=match.parts if match else (),
        stages=tuple(stages.values()),
        drops=tuple(all_counters(show).items()),
        provider=f"{show.embedder.card.name} on {provider.got}",
        provider_warning=str(provider) if provider.remedy else None,
        recording=show.config.record.name if show.config.record else None,
        lens=show.easel.lens,
        preset=show.control.preset,
        step=show.control.step,
        warnings=warnings(show) if warned is None else warned,
        sound=sound,
        osc=_osc_lines(show),
    )


def warnings(show: Show) -> tuple[str, ...]:
    """Return what the performer should know, wherever it is told."""
    camera = show.camera.status()
    lost = camera_line(camera) if camera.state in TROUBLED else None
    devices = tuple(text for text in (lost, show.ears.warning) if text)
    files = preset_warnings(show.presets.snapshot)
    unpainted = (NO_LENS,) if not show.lenses.names and is_wanted(show.control.params) else ()
    painting = (*unpainted, *show.easel.warnings)
    return (*show.stage.warnings, *painting, *devices, *show.remotes.warnings, *files)


def preset_warnings(library: Library) -> tuple[str, ...]:
    """Return the first faults of the preset files in short, and how many more there are."""
    told = tuple(fault.brief for fault in library.faults[:FAULTS_TOLD])
    more = len(library.faults) - len(told)
    return (*told, f"{more} more: `livematch preset check`") if more else told


def _osc_lines(show: Show) -> tuple[str, ...]:
    """Return the messages that were refused just now."""
    if show.remotes.osc is None:
        return ()
    refused = show.remotes.osc.monitor.refused(show.clock.now() - REFUSED_SHOWN_S)
    return tuple(str(heard) for heard in refused)


def sound_line(sound: Sound, onsets: int) -> str | None:
    """Say in a line how loud it is and how many attacks there were; None where nothing is heard."""
    if not sound.is_heard:
        return None
    bands = f"bass {sound.bass:.2f}  mid {sound.mid:.2f}  treble {sound.treble:.2f}"
    return f"level {sound.level:.2f}  {bands}  {onsets} onsets"


def camera_line(camera: CameraStatus) -> str:
    """Say in a line what the camera is and how it does."""
    named = camera.message if camera.name in camera.message else f"{camera.name}, {camera.message}"
    return f"{camera.state}: {named}, {camera.fps:.0f} fps"


def all_counters(show: Show) -> dict[str, int]:
    """Return everything that was dropped or went wrong so far, by name."""
    counted = {
        "frames vision skipped": show.eyes.frames_skipped,
        "frames not painted": show.easel.frames_skipped,
        "pictures not recorded": show.stage.recorder.dropped if show.stage.recorder else 0,
        "pictures skipped in the grid": show.mosaic.skipped,
        "commands refused": show.control.refused,
        "camera reopened": show.camera.status().reopened,
        **show.remotes.counters,
    }
    return {**show.telemetry.counters, **{name: n for name, n in counted.items() if n}}


def _told(cue: Cue) -> str:
    if cue.match is None:
        return f"{cue.decided_s:.2f} s: {cue.source} ({cue.cause})"
    moment = cue.match.start
    return (
        f"{cue.decided_s:.2f} s: film {moment.film_id} at {moment.time_s:.2f} s"
        f" ({cue.cause}, {cue.match.score:.3f})"
    )
