"""The engine among twins: what happens when a part of it fails in the middle of a show."""

import pytest

from livematch.audio.ears import Deaf, Ears
from livematch.clock import ManualClock
from livematch.control.commands import Fire, Set, Trigger
from livematch.control.params import Params
from livematch.control.state import Control, Hands
from livematch.direction.director import Director
from livematch.direction.veil import Veil
from livematch.engine import FIRST_PICTURE, Engine, Tick
from livematch.eyes import Sight
from livematch.lens.easel import Easel, NoEasel
from livematch.playback.deck import OfflineDeck
from livematch.playback.decks import Decks
from livematch.playback.mosaic import OfflineMosaic
from livematch.playback.shelf import Shelf
from livematch.telemetry import Telemetry
from livematch.values import (
    Clip,
    Cue,
    Frame,
    Layer,
    Moment,
    Observation,
    Onset,
    Pane,
    Picture,
    Sound,
    Source,
)


class BlindEyes:
    """Eyes that see nothing."""

    frames_skipped = 0

    def look(self, now: float) -> Sight:
        return Sight(None, None)

    def close(self) -> None:
        """Nothing is open."""


class WatchedEasel(NoEasel):
    """An easel that remembers when it was asked."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        self.asked_s.append(now)
        return super().painting_at(now, frame, params)


class Elsewhere(Director):
    """A director who brings the painting in at once, whatever is seen."""

    def update(
        self, now: float, observation: Observation | None, hands: Hands, lead_s: float = 0.0
    ) -> Cue | None:
        return Cue(Source.LENS, None, 0.0, "test", now, 0) if now == 0 else None


class ClumsyStage:
    """A stage that drops some pictures, by number from 1."""

    def __init__(self, clock: ManualClock, drops: range) -> None:
        self._clock = clock
        self._drops = drops
        self.asked = 0
        self.presented = 0

    def draw(
        self,
        layers: tuple[Layer, ...],
        camera: Frame | None,
        params: Params,
        panes: tuple[Pane, ...] = (),
        painting: Picture | None = None,
    ) -> None:
        self.asked += 1
        if self.asked in self._drops:
            raise RuntimeError("the card has had enough")

    def present(self) -> None:
        self.presented += 1

    def rest(self) -> bool:
        self._clock.advance(0.1)
        return True


def no_clip(moment: Moment) -> Clip:
    raise AssertionError("nothing is cued in these tests")


def rig(
    drops: range,
    *,
    forgiving: bool,
    director: Director | None = None,
    ears: Ears | None = None,
    easel: Easel | None = None,
    clock: ManualClock | None = None,
) -> tuple[Engine, ClumsyStage, Telemetry, Control]:
    clock = clock or ManualClock()
    telemetry, control, shelf = Telemetry(), Control(), Shelf()
    stage = ClumsyStage(clock, drops)
    engine = Engine(
        clock=clock,
        control=control,
        eyes=BlindEyes(),
        ears=ears or Deaf(),
        director=director or Director(),
        veil=Veil(),
        easel=easel or NoEasel(),
        decks=Decks((OfflineDeck(shelf), OfflineDeck(shelf)), no_clip),
        shelf=shelf,
        mosaic=OfflineMosaic(no_clip),
        stage=stage,
        telemetry=telemetry,
        forgiving=forgiving,
    )
    return engine, stage, telemetry, control


@pytest.mark.expects_errors
def test_a_live_show_goes_on_after_failed_ticks(caplog: pytest.LogCaptureFixture) -> None:
    engine, stage, telemetry, _ = rig(range(3, 6), forgiving=True)
    ticks: list[Tick] = []
    engine.run(ticks.append, until_s=0.95)
    assert stage.asked == 10
    assert stage.presented == len(ticks) == 7
    assert telemetry.counters["ticks failed"] == 3
    assert len([r for r in caplog.records if "the show goes on" in r.message]) == 1


def test_a_show_that_cannot_begin_says_so() -> None:
    engine, _, _, _ = rig(range(1, 2), forgiving=True)
    with pytest.raises(RuntimeError, match="the card"):
        engine.run(lambda tick: None, until_s=1.0)


def test_an_offline_render_forgives_nothing() -> None:
    engine, _, _, _ = rig(range(4, 5), forgiving=False)
    with pytest.raises(RuntimeError, match="the card"):
        engine.run(lambda tick: None, until_s=1.0)


class Told(Director):
    """A director who remembers how far ahead it was told to look."""

    def __init__(self) -> None:
        super().__init__()
        self.leads_s: list[float] = []

    def update(
        self, now: float, observation: Observation | None, hands: Hands, lead_s: float = 0.0
    ) -> Cue | None:
        self.leads_s.append(lead_s)
        return super().update(now, observation, hands, lead_s)


def test_the_director_is_told_how_long_a_first_picture_takes() -> None:
    director = Told()
    engine, _, telemetry, _ = rig(range(0), forgiving=False, director=director)
    engine.tick(0.0)
    for took_ms in (40.0, 41.0, 900.0):
        telemetry.record(FIRST_PICTURE, took_ms)
    engine.tick(0.1)
    assert director.leads_s == [0.0, 0.041]


def test_nothing_is_painted_while_nobody_wants_it() -> None:
    easel = WatchedEasel()
    engine, _, _, control = rig(range(0), forgiving=False, easel=easel)
    engine.tick(0.0)
    assert easel.asked_s == []
    control.submit(Set("lens_mix", 0.2))
    engine.tick(0.1)
    control.submit(Set("lens_mix", 0.0))
    engine.tick(0.2)
    assert easel.asked_s == [0.1]


def test_a_painting_that_is_on_is_painted_on_though_no_parameter_asks_for_it() -> None:
    easel = WatchedEasel()
    engine, *_ = rig(range(0), forgiving=False, director=Elsewhere(), easel=easel)
    engine.tick(0.0)
    engine.tick(0.1)
    assert easel.asked_s == [0.0, 0.1]


@pytest.mark.expects_errors
def test_a_failing_show_can_still_be_ended() -> None:
    engine, stage, _, control = rig(range(2, 10_000), forgiving=True)
    engine.run(lambda tick: None, until_s=0.5)
    control.submit(Fire(Trigger.QUIT))
    asked = stage.asked
    engine.run(lambda tick: None, until_s=1000.0)
    assert stage.asked == asked + 1


class OneOnset:
    """Ears that hear one attack, a while ago."""

    warning: str | None = None

    def listen(self, now: float, params: Params) -> Sound:
        heard = (Onset(now - 0.02, 0.5),) if abs(now - 0.5) < 0.01 else ()
        return Sound(heard, is_heard=True)

    def close(self) -> None:
        """Nothing is open."""


def test_attacks_are_followed_to_the_tick_that_hears_them() -> None:
    clock = ManualClock()
    engine, _, telemetry, _ = rig(range(0), forgiving=False, ears=OneOnset(), clock=clock)
    ticks: list[Tick] = []
    engine.run(ticks.append, until_s=0.55)
    (heard,) = [s for s in telemetry.summary() if s.stage == "attack → heard"]
    assert heard.count == 1
    assert heard.max_ms == pytest.approx(20)
    assert ticks[-1].hands.sound.is_heard
