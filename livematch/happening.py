"""What is happening in a show, by the paths under which it is told: `/livematch/status/…`."""

from collections.abc import Callable

from livematch.control.commands import PICKS
from livematch.engine import Tick
from livematch.render.hud import time_code
from livematch.session import Show
from livematch.values import Cue, Match, Onset

FLASH_S = 0.1  # how long an attack is told before it is told to be over
FPS_OVER_S = 0.5
CANDIDATES_S = 0.25  # how often the candidates are named: faster they cannot be read
ROOT = "/livematch/status/"

Told = float | int | str


class Happening:
    """Gathers what is told of each tick. The engine's thread.

    `warnings` gives what the performer should know.
    """

    def __init__(self, show: Show, warnings: Callable[[], str]) -> None:
        self._show = show
        self._warnings = warnings
        self._told: dict[str, Told] = {}
        self._onset_s = 0.0
        self._fps_since_s: float | None = None
        self._pictures = 0
        self._candidates_due_s = 0.0

    def update(self, tick: Tick) -> dict[str, Told]:
        """Return everything that is told now, by path: a new dictionary."""
        told = self._told
        if tick.cue is not None:
            told["cause"] = tick.cue.cause
        told.update(preset=tick.hands.preset, step=tick.hands.step, lens=self._show.easel.lens)
        self._film(told, tick.program.begun)
        self._sound(told, tick)
        self._beat(told, tick)
        self._rate(told, tick.now)
        if tick.sight.observation is not None:
            told["cut"] = tick.sight.observation.cuts
        if tick.now >= self._candidates_due_s:
            self._candidates_due_s = tick.now + CANDIDATES_S
            self._candidates(told)
        return {ROOT + path: value for path, value in told.items()}

    def _film(self, told: dict[str, Told], begun: Cue | None) -> None:
        playing = self._show.decks.playing()
        if begun is not None:
            self._match(told, begun.match)
        if playing is not None and playing[0].match is not None:
            time_s = playing[0].match.start.time_s + playing[1]
            told["time"] = round(time_s, 2)
            told["time_code"] = time_code(time_s)

    def _match(self, told: dict[str, Told], match: Match | None) -> None:
        """Take note of the film that has just come on; nothing of it stays when none has."""
        archive = self._show.archive
        told["film"] = archive.film(match.moment.film_id).film.path.name if match else ""
        told["title"] = archive.clip(match.start).title if match else ""
        told["score"] = round(match.score, 3) if match else 0.0
        for name, likeness in match.parts if match else ():
            told[f"part/{name}"] = round(likeness, 3)
        if match is None:
            told.update(time=0.0, time_code="")

    def _sound(self, told: dict[str, Told], tick: Tick) -> None:
        sound = tick.hands.sound
        strongest: Onset | None = max(sound.onsets, key=lambda o: o.strength, default=None)
        if strongest is not None:
            told["onset"], self._onset_s = strongest.strength, tick.now
        elif tick.now - self._onset_s >= FLASH_S:
            told["onset"] = 0.0
        told.update(
            level=round(sound.level, 3),
            bass=round(sound.bass, 3),
            mid=round(sound.mid, 3),
            treble=round(sound.treble, 3),
        )

    @staticmethod
    def _beat(told: dict[str, Told], tick: Tick) -> None:
        pulse = tick.hands.pulse
        if pulse is None:
            told.update(bpm=0.0, beat=0)
            return
        beats = int(pulse.beat_at(tick.now) // 1)
        bar, beat = divmod(beats, int(tick.hands.params.beats_per_bar))
        told.update(bpm=round(pulse.bpm, 1), beat=beat + 1, bar=bar + 1)

    def _rate(self, told: dict[str, Told], now: float) -> None:
        """Count pictures, and look for warnings as often as that gives a figure."""
        self._pictures += 1
        if self._fps_since_s is None:
            self._fps_since_s, self._pictures = now, 0
        elif now - self._fps_since_s >= FPS_OVER_S:
            told["fps"] = round(self._pictures / (now - self._fps_since_s), 1)
            told["warning"] = self._warnings()
            self._fps_since_s, self._pictures = now, 0

    def _candidates(self, told: dict[str, Told]) -> None:
        """Name what can be picked, each by its number."""
        offered = [match.start for match in self._show.director.offered]
        for number in range(1, PICKS + 1):
            moment = offered[number - 1] if number <= len(offered) else None
            told[f"candidate/{number}"] = (
                f"{self._show.archive.clip(moment).title} {time_code(moment.time_s)}"
                if moment
                else ""
            )
