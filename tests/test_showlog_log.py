"""What is noted of a show's ticks, and how little that is."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from livematch.archive.store import Archive
from livematch.config import ShowConfig
from livematch.control.commands import Trigger
from livematch.control.params import Layout, Params
from livematch.control.state import Hands
from livematch.engine import Tick
from livematch.eyes import Sight
from livematch.playback.decks import Program
from livematch.render.hud import HudStatus
from livematch.session import open_show
from livematch.show import Watch
from livematch.showlog.log import ShowLog
from livematch.showlog.records import (
    Alive,
    BeatHeard,
    CameraCut,
    CameraPlaced,
    CueAlone,
    CueBegun,
    CueFailed,
    CueGiven,
    End,
    Event,
    HandsMoved,
    Offered,
    OnsetHeard,
    ParamsChanged,
    Recalled,
    Seen,
    Warned,
    line_of,
)
from livematch.values import Cue, Layer, Match, Observation, Onset, Pulse, Sound, Source

START = Params()


class Kept:
    """A sink that keeps what it is given, as long as there is room."""

    path = Path("show.jsonl")

    def __init__(self) -> None:
        self.failure: str | None = None
        self.dropped = 0
        self.has_room = True
        self.records: list[Event] = []

    def put(self, record: Event) -> bool:
        if self.has_room:
            self.records.append(record)
        else:
            self.dropped += 1
        return self.has_room


@pytest.fixture(scope="module")
def archive(folder: Path) -> Iterator[Archive]:
    with Archive.open(folder / "archive") as opened:
        yield opened


@pytest.fixture
def sink() -> Kept:
    return Kept()


@pytest.fixture
def log(archive: Archive, sink: Kept) -> ShowLog:
    return ShowLog(sink, archive, START)


NOTHING = Program(())
ALONE = (Layer(Source.BLACK, -1, None, 1.0),)
FADING = (*ALONE, *ALONE)


def tick(now: float, **changes: object) -> Tick:
    values: dict[str, object] = {
        "hands": Hands(START),
        "sight": Sight(None, None),
        "cue": None,
        "program": NOTHING,
        **changes,
    }
    return Tick(1, now, **values)  # type: ignore[arg-type]


def seen(number: int, *matches: Match, cuts: int = 0) -> Sight:
    return Sight(None, Observation(number, 0.0, 0.0, matches, cuts))


def matches(archive: Archive, *order: int) -> list[Match]:
    return [Match(archive.moments.at(position), 0.5, (("semantic", 0.5),)) for position in order]


def black(now: float) -> Cue:
    return Cue(Source.BLACK, None, 0.5, "test", now, 0)


def test_when_nothing_happens_nothing_is_noted(log: ShowLog, sink: Kept) -> None:
    for n in range(300):
        log.take(tick(100.0 + n / 60))
    assert sink.records == []


def test_times_count_from_the_first_picture(log: ShowLog, sink: Kept) -> None:
    log.take(tick(5000.0))
    log.take(tick(5001.5, hands=Hands(START, frozenset({Trigger.CUT, Trigger.NEXT}), 3)))
    assert sink.records == [HandsMoved(t=1.5, fired=("cut", "next"), pick=3)]


def test_switches_are_told_at_once_and_faders_in_steps_with_their_end(
    log: ShowLog, sink: Kept
) -> None:
    log.take(tick(0.0))
    for n in range(1, 61):
        params = replace(START, fade=n / 10, freeze=n == 7)
        log.take(tick(n / 60, hands=Hands(params, as_set=params)))
    for n in range(61, 90):
        log.take(tick(n / 60, hands=Hands(params, as_set=params)))
    changes = [(r.t, dict(r.values)) for r in sink.records if isinstance(r, ParamsChanged)]
    assert [(t, v["freeze"]) for t, v in changes if "freeze" in v] == [
        (round(7 / 60, 6), True),
        (round(8 / 60, 6), False),
    ]
    fades = [v["fade"] for _, v in changes if "fade" in v]
    assert len(fades) <= 12
    assert fades[-1] == 6.0
    assert fades == sorted(fades)


def test_what_sound_moves_is_not_what_hands_have_set(log: ShowLog, sink: Kept) -> None:
    for n in range(60):
        moved = replace(START, semantic=n / 60)
        log.take(tick(n / 60, hands=Hands(moved, as_set=START)))
    assert sink.records == []


def test_after_records_were_lost_all_parameters_are_told_again(log: ShowLog, sink: Kept) -> None:
    log.take(tick(0.0))
    sink.has_room = False
    params = replace(START, blackout=True)
    log.take(tick(1.0, hands=Hands(params)))
    assert log.lost == 1
    sink.has_room = True
    log.take(tick(2.0, hands=Hands(params)))
    [again] = sink.records
    assert isinstance(again, ParamsChanged)
    assert again.values["blackout"] is True
    assert len(again.values) > 50


def test_a_cue_is_followed_from_its_decision_to_when_it_is_alone(
    log: ShowLog, sink: Kept, archive: Archive
) -> None:
    [match] = matches(archive, 5)
    cue = Cue(Source.ARCHIVE, match, 0.5, "follow", 0.1, 7)
    log.take(tick(0.0))
    log.take(tick(0.1, cue=cue))
    log.take(tick(0.2, program=Program(FADING, begun=cue)))
    log.take(tick(0.3, program=Program(FADING)))
    log.take(tick(0.7, program=Program(ALONE)))
    given, *rest = sink.records
    assert isinstance(given, CueGiven)
    assert given.shot is not None
    assert given.shot.entry_s == match.moment.time_s
    assert given.shot.parts == {"semantic": 0.5}
    assert (given.t, given.fade_s, given.cause, given.frame) == (0.1, 0.5, "follow", 7)
    stored = archive.film(match.moment.film_id).film
    assert given.shot.film.fingerprint == stored.fingerprint
    assert rest == [CueBegun(t=0.2, n=1, alone=False), CueAlone(t=0.7, n=1)]


def test_a_cue_that_fails_and_one_of_a_tick_that_failed(log: ShowLog, sink: Kept) -> None:
    first, second = black(0.0), black(0.5)
    log.take(tick(0.0, cue=first, program=Program((), failed=first, fault="gone")))
    log.take(tick(1.0, program=Program(ALONE, begun=second)))
    assert [type(record) for record in sink.records] == [
        CueGiven,
        CueFailed,
        CueGiven,
        CueBegun,
    ]
    assert [getattr(record, "n", 0) for record in sink.records] == [1, 1, 2, 2]


def test_the_best_are_noted_when_they_are_others_and_seldom(
    log: ShowLog, sink: Kept, archive: Archive
) -> None:
    shots = {archive.moments.at(n).shot_id: n for n in range(len(archive.moments))}
    one, two = list(shots.values())[:2]
    for n in range(250):
        order = (one, two) if n % 2 or n < 100 else (two, one)
        log.take(tick(n / 25, sight=seen(n, *matches(archive, *order))))
    noted = [record for record in sink.records if isinstance(record, Seen)]
    assert noted[0].t == 0.0
    assert noted[1].t == 4.0  # the same until then
    assert 10 <= len(noted) <= 13  # in the six seconds after it


def test_cuts_onsets_beat_presets_warnings_and_the_camera_are_noted(
    archive: Archive, sink: Kept
) -> None:
    warned: list[str] = []
    start_s = [None, 1.5, 1.5, 1.5, 2.25]
    log = ShowLog(sink, archive, START, lambda: tuple(warned), lambda: start_s.pop(0))
    log.take(tick(10.0))
    log.take(tick(10.5, sight=seen(1, cuts=1)))
    warned.append("the camera is gone")
    sound = Sound((Onset(10.9, 0.75),), is_heard=True)
    pulse = Pulse(120.0, 8.0, 11.0, "tap")
    hands = Hands(START, sound=sound, pulse=pulse, preset="storm", step="one")
    log.take(tick(11.0, hands=hands))
    log.take(tick(12.0, hands=replace(hands, sound=Sound(), pulse=replace(pulse, bpm=120.01))))
    warned.clear()
    log.take(tick(13.0, hands=Hands(START, preset="storm", step="one")))
    log.take(tick(14.0, hands=Hands(START, preset="storm", step="one")))
    assert sink.records == [
        CameraCut(t=0.5, cuts=1),
        Recalled(t=1.0, preset="storm", step="one"),
        OnsetHeard(t=0.9, strength=0.75),
        BeatHeard(t=1.0, bpm=120.0, beat=8.0, source="tap"),
        Warned(t=1.0, warnings=("the camera is gone",)),
        CameraPlaced(t=1.0, start_s=-8.5),
        BeatHeard(t=3.0),
        Warned(t=3.0, warnings=()),
        CameraPlaced(t=4.0, start_s=-7.75),
    ]


def test_what_plays_in_the_grid_is_noted_while_it_is_seen(archive: Archive, sink: Kept) -> None:
    board = matches(archive, 0, 6)
    log = ShowLog(sink, archive, START, offered=lambda: tuple(board))
    grid = Hands(replace(START, screen=Layout.GRID), as_set=START)
    log.take(tick(0.0))
    for n in range(1, 4):
        log.take(tick(float(n), hands=grid))
    board[0] = matches(archive, 12)[0]
    log.take(tick(4.0, hands=grid))
    log.take(tick(5.0))
    log.take(tick(6.0))
    noted = [record for record in sink.records if isinstance(record, Offered)]
    assert [(r.t, len(r.shots), len(r.new)) for r in noted] == [
        (1.0, 2, 2),
        (4.0, 2, 1),
        (5.0, 0, 0),
    ]
    assert noted[1].shots[1] == noted[0].shots[1]


def test_what_cannot_be_written_costs_a_record_and_not_the_show(
    log: ShowLog, sink: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(3):
        log.take(tick(float(n), cue=replace(black(float(n)), fade_s=math.nan)))
    assert sink.records == []
    assert log.lost == 3
    assert len(caplog.messages) == 1


def test_a_log_that_has_stopped_is_on_the_hud_and_in_the_report(
    folder: Path, sink: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ShowConfig(
        archive=folder / "archive",
        camera="pattern",
        size_px=(96, 64),
        offscreen=True,
        offline=True,
        provider="cpu",
        start=replace(START, hud=True),
    )
    sink.failure, sink.has_room = "the show is logged no more: disk full", False
    told: list[HudStatus] = []
    with open_show(config) as show:
        monkeypatch.setattr(show.stage, "tell", told.append)
        watch = Watch(show, show_log=ShowLog(sink, show.archive, START))
        show.engine.run(watch, until_s=0.5)
        report = watch.report()
    assert sink.failure in told[-1].warnings
    assert report.counters["not logged"] > 0
    assert report.log == sink.path


def test_the_end_counts(log: ShowLog, sink: Kept) -> None:
    for n in range(3):
        log.take(tick(7.0 + n, cue=black(7.0 + n)))
    log.end(10.0, {"cues failed": 2})
    assert sink.records[-1] == End(t=3.0, pictures=3, cues=3, counters={"cues failed": 2})


def test_an_hour_of_a_lively_show_is_a_few_megabytes(archive: Archive, sink: Kept) -> None:
    """Other candidates in each frame, four attacks and a moved fader a second, a cue in two."""
    log = ShowLog(sink, archive, START)
    pairs = [matches(archive, *((n + k) % 4 * 6 for k in range(3))) for n in range(3)]
    minutes, rate = 2, 30
    cue = None
    for n in range(minutes * 60 * rate):
        now = n / rate
        params = replace(START, fade=n // rate % 10 / 10)
        onsets = (Onset(now, 0.5),) if n % 8 == 0 else ()
        fresh = n % (2 * rate) == 0
        if fresh:
            cue = Cue(Source.ARCHIVE, pairs[n % 3][0], 0.5, "follow", now, n)
        log.take(
            tick(
                now,
                hands=Hands(params, sound=Sound(onsets)),
                sight=seen(n, *pairs[n % 3]),
                cue=cue if fresh else None,
                program=Program(ALONE, begun=cue if fresh else None),
            )
        )
    an_hour = sum(len(line_of(record)) for record in sink.records) * 60 / minutes
    assert 1e6 < an_hour < 4e6
    assert sum(isinstance(record, Alive) for record in sink.records) == 11
