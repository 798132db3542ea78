"""A show performed with scripted hands, and performed again from its log: cue for cue."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from show_kit import FPS, SIZE, STRICT, offline_show
from showlog_kit import decoded, given, head, performed, write_log
from sound_kit import silence, with_hits, write_wav

from livematch.config import ShowConfig
from livematch.control.commands import Command, Fire, Pick, Set, Trigger
from livematch.control.params import Layout
from livematch.engine import Tick
from livematch.errors import CameraError, LivematchError, RecordError, UsageError
from livematch.session import Show
from livematch.show import perform
from livematch.showlog.reader import open_show_log
from livematch.showlog.records import (
    CameraCut,
    CueBegun,
    CueGiven,
    End,
    HandsMoved,
    Offered,
    OnsetHeard,
    ParamsChanged,
    Record,
    Seen,
    table_version,
)
from livematch.showlog.replay import Replayed, Wish, replay
from livematch.showlog.told import tell
from livematch.values import Cue

SAME = 1.0  # mean difference of grey that two encodings of one picture may have

HANDS: tuple[tuple[float, Command], ...] = (
    (0.6, Set("screen", "side-by-side")),
    (1.0, Fire(Trigger.NEXT)),
    (1.12, Fire(Trigger.NEXT)),  # in the middle of the fade: hurries it, and waits
    (1.48, Set("freeze", value=True)),
    (1.8, Set("freeze", value=False)),
    (2.2, Set("fade", 0.8)),
    (2.6, Pick(2)),
    (2.8, Set("freeze", value=True)),  # a fade that stands still
    (3.2, Set("freeze", value=False)),
    (4.0, Set("blackout", value=True)),
    (4.32, Set("blackout", value=False)),
    (4.6, Set("mirror", value=False)),
    (4.8, Set("screen", "camera")),
    (5.2, Set("screen", "program")),
    (5.4, Fire(Trigger.CUT)),
)


@pytest.fixture(scope="module")
def config(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ShowConfig:
    """A set-up whose show is recorded and logged, both in a folder of its own."""
    own = tmp_path_factory.mktemp("logged")
    return replace(
        offline_show(folder, seconds=7.0), record=own / "show.mp4", log=own / "show.jsonl"
    )


@pytest.fixture(scope="module")
def show(config: ShowConfig) -> ShowConfig:
    """The same, performed."""
    begun: list[tuple[float, Cue]] = []

    def note(_show: Show, tick: Tick) -> None:
        if tick.program.begun is not None:
            begun.append((tick.now, tick.program.begun))

    performed(config, HANDS, 7.0, note)
    assert len(begun) >= 6
    return config


def logged(config: ShowConfig) -> Path:
    assert config.log is not None
    return config.log


def records(config: ShowConfig) -> list[Record]:
    return list(open_show_log(logged(config)).events())


def replayed(config: ShowConfig, out: Path, **wish: object) -> Replayed:
    return replay(open_show_log(logged(config)), Wish(out, **wish))  # type: ignore[arg-type]


def told(cue: Cue) -> tuple[float, object, float, float, str]:
    entry_s = cue.match.start.time_s if cue.match else 0.0
    return round(cue.begins_s or 0.0, 6), cue.source, entry_s, cue.fade_s, cue.cause


def expected(config: ShowConfig) -> list[tuple[float, object, float, float, str]]:
    """The cues that came on, by the log itself."""
    show = tell(open_show_log(logged(config)))
    return [
        (
            cue.begun_s,
            cue.given.source,
            cue.given.shot.entry_s if cue.given.shot else 0.0,
            cue.given.fade_s,
            cue.given.cause,
        )
        for cue in show.cues
        if cue.begun_s is not None
    ]


def test_the_log_tells_what_happened(show: ShowConfig) -> None:
    found = records(show)
    end = found[-1]
    assert isinstance(end, End)
    assert end.pictures == 7 * FPS
    moved = [(r.t, r.fired, r.pick) for r in found if isinstance(r, HandsMoved)]
    assert moved == [
        (1.0, ("next",), None),
        (1.12, ("next",), None),
        (2.6, (), 2),
        (5.4, ("cut",), None),
    ]
    changes = [(r.t, dict(r.values)) for r in found if isinstance(r, ParamsChanged)]
    assert changes[:4] == [
        (0.6, {"screen": "side-by-side"}),
        (1.48, {"freeze": True}),
        (1.8, {"freeze": False}),
        (2.2, {"fade": 0.8}),
    ]
    cuts = [r.t for r in found if isinstance(r, CameraCut)]
    assert len(cuts) == 3
    assert all(abs(at_s - n) < 0.1 for at_s, n in zip(cuts, (2, 4, 6), strict=True))
    assert any(isinstance(r, Seen) for r in found)


def test_the_cues_in_the_log_are_those_of_the_show(config: ShowConfig, tmp_path: Path) -> None:
    own = replace(config, record=None, log=tmp_path / "own.jsonl", seconds=8.0)
    report = perform(own)
    assert report.log == own.log
    given = [r for r in records(own) if isinstance(r, CueGiven)]
    assert [(r.t, r.cause, r.fade_s) for r in given] == [
        (round(cue.decided_s, 6), cue.cause, cue.fade_s) for cue in report.cues
    ]
    assert [r.shot.entry_s for r in given if r.shot] == [
        cue.match.start.time_s for cue in report.cues if cue.match
    ]


def test_a_replay_is_the_same_show_picture_for_picture(show: ShowConfig, tmp_path: Path) -> None:
    done = replayed(show, tmp_path / "again.mp4")
    assert not done.failed
    assert [told(cue) for cue in done.cues] == expected(show)
    assert show.record is not None
    before, after = decoded(show.record), decoded(tmp_path / "again.mp4")
    assert len(before) == len(after) == 7 * FPS
    apart = [float(np.abs(a - b).mean()) for a, b in zip(before, after, strict=True)]
    assert max(apart) < SAME


@pytest.mark.parametrize(("fps", "size"), [(50.0, (320, 180)), (10.0, (96, 54)), (23.976, SIZE)])
def test_at_another_size_and_rate_it_is_the_same_show(
    show: ShowConfig, tmp_path: Path, fps: float, size: tuple[int, int]
) -> None:
    done = replayed(show, tmp_path / "again.mp4", fps=fps, size_px=size)
    cues = [told(cue) for cue in done.cues]
    wanted = expected(show)
    assert [cue[1:] for cue in cues] == [cue[1:] for cue in wanted]
    assert all(abs(a[0] - b[0]) <= 0.5 / fps + 1e-6 for a, b in zip(cues, wanted, strict=True))
    pictures = decoded(tmp_path / "again.mp4")
    assert len(pictures) == round(7 * fps)
    assert pictures[0].shape == (size[1], size[0])


def test_an_excerpt_is_a_part_of_the_whole(show: ShowConfig, tmp_path: Path) -> None:
    done = replayed(show, tmp_path / "part.mp4", from_s=1.24, to_s=5.0)
    assert done.pictures == round(3.76 * FPS)
    assert show.record is not None
    whole, part = decoded(show.record), decoded(tmp_path / "part.mp4")
    wanted = whole[31:125]
    assert len(part) == len(wanted)
    apart = [float(np.abs(a - b).mean()) for a, b in zip(wanted, part, strict=True)]
    assert max(apart) < 2 * SAME  # the encoder begins elsewhere


def test_onsets_and_the_cuts_they_made_are_replayed(config: ShowConfig, tmp_path: Path) -> None:
    loop = write_wav(tmp_path / "loop.wav", with_hits(silence(0.5), (0.25,), "click"))
    start = replace(STRICT, follow=False, follow_onsets=True, min_hold=0.3, fade=0.0)
    own = replace(
        config,
        sound=str(loop),
        start=start,
        record=tmp_path / "show.mp4",
        log=tmp_path / "show.jsonl",
    )
    performed(own, (), 4.0)
    found = records(own)
    onsets = [r.t for r in found if isinstance(r, OnsetHeard)]
    assert onsets == pytest.approx([0.25 + n / 2 for n in range(8)], abs=0.012)
    assert sum(r.cause == "onset" for r in found if isinstance(r, CueGiven)) >= 5
    replayed(own, tmp_path / "again.mp4")
    before, after = decoded(tmp_path / "show.mp4"), decoded(tmp_path / "again.mp4")
    moved = [
        [n for n in range(1, 100) if np.abs(film[n] - film[n - 1]).mean() > 20]
        for film in (before, after)
    ]
    assert moved[0] == moved[1]
    assert len(moved[0]) >= 5


def test_the_grid_is_replayed_with_what_played_in_it(config: ShowConfig, tmp_path: Path) -> None:
    own = replace(
        config,
        start=replace(STRICT, shot_cooldown=0.5),
        record=tmp_path / "show.mp4",
        log=tmp_path / "show.jsonl",
    )
    hands: list[tuple[float, Command]] = [
        (0.8, Set("screen", "grid")),
        (1.6, Set("freeze", value=True)),
        (1.8, Set("freeze", value=False)),
        (3.0, Pick(2)),
        (4.0, Set("screen", "grid")),
        (4.6, Set("screen", "program")),
    ]
    performed(own, hands, 5.0)
    offered = [r for r in records(own) if isinstance(r, Offered)]
    assert [bool(r.shots) for r in offered][-1] is False
    assert len(offered[0].new) == len(offered[0].shots) >= 3
    replayed(own, tmp_path / "again.mp4")
    before, after = decoded(tmp_path / "show.mp4"), decoded(tmp_path / "again.mp4")
    apart = [float(np.abs(a - b).mean()) for a, b in zip(before, after, strict=True)]
    assert max(apart) < SAME


def test_a_live_show_is_replayed_from_its_log(folder: Path, tmp_path: Path) -> None:
    """On the system's clock, with decks on threads: what began when is what counts."""
    live = ShowConfig(
        archive=folder / "archive",
        camera=str(folder / "camera.mp4"),
        size_px=SIZE,
        offscreen=True,
        fps=FPS,
        provider="cpu",
        start=replace(STRICT, screen=Layout.SIDE_BY_SIDE),
        log=tmp_path / "live.jsonl",
    )
    performed(live, [(0.5, Fire(Trigger.NEXT)), (1.1, Fire(Trigger.CUT))], 1.6)
    wanted = expected(live)
    assert len(wanted) >= 2
    done = replayed(live, tmp_path / "again.mp4")
    cues = [told(cue) for cue in done.cues]
    assert [cue[1:] for cue in cues] == [cue[1:] for cue in wanted]
    assert all(abs(a[0] - b[0]) <= 0.5 / FPS + 1e-6 for a, b in zip(cues, wanted, strict=True))
    pictures = decoded(tmp_path / "again.mp4")
    assert pictures[-1][:, : SIZE[0] // 2 - 4].mean() > 30  # the camera is seen on its side


def test_a_film_that_is_gone_is_told_and_can_be_skipped(
    show: ShowConfig, folder: Path, tmp_path: Path
) -> None:
    lost = [folder / "films" / f"scene-{n}.mp4" for n in (1, 3)]
    hidden = {path: tmp_path / path.name for path in (*lost, folder / "archive" / "proxies")}
    for path, elsewhere in hidden.items():
        path.rename(elsewhere)
    try:
        with pytest.raises(UsageError, match=r"2 films.*\n.*scene.*\n.*scene(.|\n)*--skip-missing"):
            replayed(show, tmp_path / "again.mp4")
        assert not (tmp_path / "again.mp4").exists()
        said: list[str] = []
        wish = Wish(tmp_path / "again.mp4", skip_missing=True)
        done = replay(open_show_log(logged(show)), wish, say=said.append)
    finally:
        for path, elsewhere in hidden.items():
            elsewhere.rename(path)
    assert sum("skipped" in line for line in said) == 2
    assert 0 < len(done.cues) < len(expected(show))
    assert len(decoded(tmp_path / "again.mp4")) == 7 * FPS


def test_a_camera_that_is_gone_leaves_its_side_black(
    show: ShowConfig, folder: Path, tmp_path: Path
) -> None:
    camera = folder / "camera.mp4"
    camera.rename(tmp_path / "moved.mp4")
    said: list[str] = []
    try:
        wish = Wish(tmp_path / "again.mp4", from_s=4.8, to_s=5.2)
        replay(open_show_log(logged(show)), wish, say=said.append)
        named = replace(wish, out=tmp_path / "named.mp4", camera=tmp_path / "moved.mp4")
        replay(open_show_log(logged(show)), named, say=said.append)
    finally:
        (tmp_path / "moved.mp4").rename(camera)
    assert len(said) == 1
    assert "black" in said[0]
    assert max(picture.mean() for picture in decoded(tmp_path / "again.mp4")) < 18
    assert min(picture.mean() for picture in decoded(tmp_path / "named.mp4")) > 30


def test_an_interrupted_replay_leaves_nothing(show: ShowConfig, tmp_path: Path) -> None:
    def interrupt(done: int, _count: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    (tmp_path / "again.mp4").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        replay(open_show_log(logged(show)), Wish(tmp_path / "again.mp4"), on_progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["again.mp4"]
    assert (tmp_path / "again.mp4").read_bytes() == b"before"


@pytest.mark.parametrize(
    ("wish", "error", "message"),
    [
        ({"out": Path("again.gif")}, RecordError, ".mp4, .mov"),
        ({"out": Path("nowhere/again.mp4")}, RecordError, "no folder nowhere"),
        ({"from_s": 7.5}, UsageError, "7.00 s"),
        ({"from_s": 3.0, "to_s": 2.0}, UsageError, "not after"),
        ({"camera": Path("nowhere.mp4")}, CameraError, "nowhere.mp4"),
        ({"archive": Path("nowhere")}, LivematchError, "nowhere"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_a_line(
    show: ShowConfig,
    tmp_path: Path,
    wish: dict[str, object],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message) as raised:
        replayed(show, **{"out": tmp_path / "again.mp4", **wish})  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_replay_never_overwrites_what_it_plays(show: ShowConfig, folder: Path) -> None:
    film = folder / "films" / "scene-1.mp4"
    size = film.stat().st_size
    with pytest.raises(UsageError, match="is what this show is made from"):
        replayed(show, film)
    assert film.stat().st_size == size


def test_a_log_that_was_cut_off_is_replayed_as_far_as_it_goes(
    show: ShowConfig, tmp_path: Path
) -> None:
    lines = logged(show).read_bytes().splitlines(keepends=True)
    upto = next(n for n, line in enumerate(lines) if b'"freeze":true' in line)
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(b"".join(lines[: upto + 1]) + lines[upto + 1][:9])
    said: list[str] = []
    done = replay(open_show_log(torn), Wish(tmp_path / "again.mp4"), say=said.append)
    assert done.pictures == round(1.48 * FPS) + 1
    assert any("ends in the middle" in line for line in said)


def test_a_log_of_other_parameters_is_replayed_and_says_so(
    show: ShowConfig, tmp_path: Path
) -> None:
    lines = logged(show).read_bytes().replace(b'"livematch":"', b'"livematch":"0.0.', 1)
    other = tmp_path / "other.jsonl"
    other.write_bytes(lines.replace(table_version().encode(), b"another", 1))
    said: list[str] = []
    replay(open_show_log(other), Wish(tmp_path / "again.mp4", to_s=0.2), say=said.append)
    assert len(said) == 1
    assert "other parameters" in said[0]


def test_the_show_of_an_archive_that_is_gone_says_where_to_look(tmp_path: Path) -> None:
    log = write_log(tmp_path / "x.jsonl", [head(), given(1, 0.0), CueBegun(t=0.0, n=1, alone=True)])
    with pytest.raises(LivematchError, match="nowhere/archive"):
        replay(open_show_log(log), Wish(tmp_path / "out.mp4"))
