"""The whole instrument, offline: films indexed, a scripted camera before it, the cues known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import texture
from show_kit import CAMERA, FPS, SCENES, STRICT, offline_show
from sound_kit import silence, with_hits, write_wav

from livematch.config import ShowConfig
from livematch.control.commands import Beat, Fire, Pick, Save, Set, Trigger
from livematch.control.params import Fallback, Grid, Layout
from livematch.control.presetfolder import read_preset
from livematch.engine import Tick
from livematch.errors import (
    ArchiveError,
    CameraError,
    ModelError,
    RecordError,
    SoundError,
    UsageError,
)
from livematch.happening import Happening
from livematch.render.hud import hud_lines
from livematch.session import open_show
from livematch.show import ShowReport, Watch, hud_status, perform, sound_line
from livematch.values import Sound, Source


@pytest.fixture
def config(folder: Path) -> ShowConfig:
    return offline_show(folder, seconds=8.0)


def told(report: ShowReport, config: ShowConfig) -> list[tuple[float, str, str]]:
    """The cues as (seconds, film, cause)."""
    with open_show(config) as show:
        return [
            (
                round(cue.decided_s, 2),
                show.archive.clip(cue.match.moment).title if cue.match else cue.source.value,
                cue.cause,
            )
            for cue in report.cues
        ]


GOLDEN = [
    (0.0, "scene-3", "opening"),
    (2.0, "scene-1", "follow"),
    (4.0, "scene-4", "follow"),
    (6.0, "scene-2", "follow"),
]


def test_each_scene_is_answered_in_the_tick_in_which_it_comes(config: ShowConfig) -> None:
    assert told(perform(config), config) == GOLDEN


def test_the_same_show_gives_the_same_cues_every_time(config: ShowConfig) -> None:
    first, second = perform(config), perform(config)
    assert first.cues == second.cues
    assert first.pictures == second.pictures == 8 * FPS


def test_the_recording_shows_what_was_cued(config: ShowConfig, tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    report = perform(replace(config, record=film))
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(frames) == report.pictures
    for (begun_s, title, _), (scene, _) in zip(GOLDEN, CAMERA, strict=True):
        assert title == f"scene-{scene}"
        settled = frames[round((begun_s + 1.0) * FPS)].astype(int)
        likeness = {other: np.abs(settled - texture(other, (192, 108))).mean() for other in SCENES}
        assert min(likeness, key=lambda other: likeness[other]) == scene


def test_side_by_side_shows_the_camera_on_the_left(config: ShowConfig, tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    start = replace(STRICT, screen=Layout.SIDE_BY_SIDE, mirror=False)
    perform(replace(config, record=film, seconds=1.0, size_px=(386, 108), start=start))
    with av.open(str(film)) as container:
        frame = list(container.decode(video=0))[20].to_ndarray(format="bgr24").astype(int)
    scene = np.roll(texture(CAMERA[0][0], (192, 108)), 5, axis=1).astype(int)
    assert np.abs(frame[:, :192] - scene).mean() < 8
    assert np.abs(frame[:, -192:] - scene).mean() < 12  # answered by the same scene


def test_out_of_radius_the_camera_is_shown(config: ShowConfig) -> None:
    start = replace(STRICT, radius=1.0, fallback=Fallback.CAMERA)
    report = perform(replace(config, seconds=1.0, start=start))
    assert [cue.source for cue in report.cues] == [Source.CAMERA]


def test_hands_are_heard_in_the_next_tick(config: ShowConfig) -> None:
    with open_show(config) as show:
        watch = Watch(show)
        show.control.submit(Set("hold", value=True))
        show.engine.run(watch, until_s=3.0)
        assert watch.report().cues == ()  # held from the first tick on: nothing may come in
        show.control.submit(Fire(Trigger.NEXT))
        show.engine.run(watch, until_s=3.1)
        assert [cue.cause for cue in watch.report().cues] == ["next"]
        show.control.submit(Fire(Trigger.QUIT))
        show.engine.run(watch, until_s=99.0)
        assert show.clock.now() < 4.0


@pytest.mark.parametrize("fps", [30, 60])
def test_on_the_beat_the_picture_changes_in_the_frame_nearest_to_it(
    config: ShowConfig, fps: int
) -> None:
    start = replace(STRICT, follow=False, quantise=Grid.BEAT, min_hold=0.0)
    with open_show(replace(config, fps=fps, start=start)) as show:
        begun: list[tuple[float, str]] = []

        def note(tick: Tick) -> None:
            if tick.program.begun is not None:
                begun.append((tick.now, tick.program.begun.cause))

        for until_s in (0.53, 1.41, 2.06, 3.0):
            show.control.submit(Beat("link", 97.0, 100.0, 0.0))  # one every 0.6186 s
            show.engine.run(note, until_s)
            show.control.submit(Fire(Trigger.NEXT))
    beats_s = [60 / 97.0 * beat for beat in (1, 3, 4)]
    assert [cause for _, cause in begun] == ["opening", "next", "next", "next"]
    assert [round(at_s * fps) for at_s, _ in begun[1:]] == [round(at_s * fps) for at_s in beats_s]


def test_the_hud_tells_what_is_on(config: ShowConfig) -> None:
    with open_show(replace(config, start=replace(STRICT, hud=True))) as show:
        show.engine.run(Watch(show), until_s=1.0)
        lines = "\n".join(hud_lines(hud_status(show)))
    assert "scene-3" in lines
    assert "camera.mp4" in lines
    assert "efficientnet-lite0 on cpu" in lines
    assert "captured" in lines


def test_a_cue_list_and_presets_are_performed_and_saved(config: ShowConfig, tmp_path: Path) -> None:
    own, cues = tmp_path / "presets", tmp_path / "evening.toml"
    own.mkdir()
    (own / "still.toml").write_text("[set]\nhold = true\nradius = 0.5\n")
    (own / "broken.toml").write_text(
        "[set]\nradius = 5\n" + "".join(f"x{n} = 1\n" for n in range(4))
    )
    cues.write_text(
        '[[step]]\nname = "rest"\npreset = "still"\nfade = 2\nafter = 1\n'
        '[[step]]\nname = "jolt"\ntrigger = "cut"\nafter = 2\n'
    )
    start = replace(STRICT, radius=0.1, hud=True)
    with open_show(replace(config, presets=own, cues=cues, start=start)) as show:
        watch = Watch(show)
        show.engine.run(watch, until_s=2.02)
        assert show.control.params.radius == pytest.approx(0.3, abs=0.01)
        show.engine.run(watch, until_s=4.0)
        lines = "\n".join(hud_lines(hud_status(show)))
        show.control.submit(Save("kept"))
        show.engine.run(watch, until_s=4.1)
        told = Happening(show, str).update(show.engine.tick(4.2))
        report = watch.report()
    assert (told["/livematch/status/preset"], told["/livematch/status/step"]) == ("still", "jolt")
    assert [(round(cue.decided_s, 2), cue.cause) for cue in report.cues] == [
        (0.0, "opening"),
        (3.0, "cut"),
    ]  # held from the first step on, but for the second's trigger
    assert "still" in lines
    assert "jolt" in lines
    assert "broken.toml:2: radius cannot be 5" in lines
    assert "2 more: `livematch preset check`" in lines
    assert dict(read_preset(own / "kept.toml").settings)["radius"] == 0.5


def test_from_the_grid_a_pick_goes_to_the_full_frame(config: ShowConfig) -> None:
    grid = replace(STRICT, screen=Layout.GRID, fade=2.0)
    with open_show(replace(config, start=grid)) as show:
        watch = Watch(show)
        show.engine.run(watch, until_s=1.0)
        assert watch.report().cues == ()  # behind the grid nothing is cued
        offered = show.director.offered
        assert len(offered) == len(SCENES)
        show.control.submit(Pick(2))
        show.engine.run(watch, until_s=1.2)
        [cue] = watch.report().cues
        assert cue.match is not None
        assert cue.match.moment.shot_id == offered[1].moment.shot_id
        assert show.control.params.screen is Layout.PROGRAM
        seen = show.stage.read().astype(int)
        title = show.archive.clip(cue.match.moment).title
    likeness = {f"scene-{n}": np.abs(seen - texture(n, (192, 108))).mean() for n in SCENES}
    assert min(likeness, key=lambda name: likeness[name]) == title


def test_what_plays_in_the_cells_is_decoded_only_while_it_is_seen(config: ShowConfig) -> None:
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, until_s=1.0)
        assert show.mosaic.pictures == 0
        show.control.submit(Set("preview", value=True))
        show.engine.run(watch, until_s=2.0)
        brought = show.mosaic.pictures
        assert brought >= 20 * len(show.director.offered)
        show.control.submit(Set("preview", value=False))
        show.engine.run(watch, until_s=3.0)
        assert show.mosaic.pictures == brought


@pytest.mark.expects_errors
def test_a_proxy_that_vanishes_mid_show_costs_one_cue_and_no_picture(
    config: ShowConfig, tmp_path: Path
) -> None:
    with open_show(config) as show:
        watch = Watch(show)
        show.engine.run(watch, until_s=1.0)
        every = [show.archive.moments.at(n) for n in range(len(show.archive.moments))]
        lost = next(m for m in every if show.archive.clip(m).title == "scene-1")
        path = show.archive.clip(lost).path
        path.rename(tmp_path / "hidden")
        try:
            show.engine.run(watch, until_s=8.0)
        finally:
            (tmp_path / "hidden").rename(path)
        report = watch.report()
    assert report.counters["cues failed"] == 1
    asked_for = [c for c in report.cues if c.match and c.match.moment.film_id == lost.film_id]
    assert len(asked_for) == 1  # withdrawn, and never asked for again
    assert len({cue.match.moment.film_id for cue in report.cues[2:] if cue.match}) >= 2
    assert report.pictures == 8 * FPS


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"archive": Path("nowhere")}, ArchiveError, "nowhere"),
        ({"camera": "camrea.mp4"}, CameraError, "camrea"),
        ({"camera": "0"}, CameraError, "only live"),
        ({"model": "efficientnet-lite2"}, ArchiveError, "efficientnet-lite0"),
        ({"model": "efficientnet"}, ModelError, "efficientnet-lite"),
        ({"cues": Path("nowhere.toml")}, UsageError, "nowhere.toml: cannot be read"),
        ({"record": Path("nowhere/show.mp4")}, RecordError, "no folder"),
        ({"record": Path("show.gif")}, RecordError, ".mp4"),
    ],
)
def test_what_is_wrong_is_said_before_the_show(
    config: ShowConfig, change: dict[str, object], error: type[Exception], message: str
) -> None:
    with (
        pytest.raises(error, match=message),
        open_show(replace(config, **change)),  # type: ignore[arg-type]
    ):
        pass


def test_sound_is_heard_offline_exactly_and_always_the_same(
    config: ShowConfig, tmp_path: Path
) -> None:
    """A click every half second; each is heard in the first tick after it was complete."""
    loop = write_wav(tmp_path / "loop.wav", with_hits(silence(0.5), (0.25,), "click"))
    sounding = replace(config, sound=str(loop), seconds=3.0, start=replace(STRICT, hud=True))
    shows = []
    for _ in range(2):
        heard: list[tuple[float, Sound]] = []
        with open_show(sounding) as show:
            watch = Watch(show)

            def note(tick: Tick, watch: Watch = watch, into: list[Any] = heard) -> None:
                into.append((tick.now, tick.hands.sound))
                watch(tick)

            show.engine.run(note, 3.0)
            stages = {stage.stage: stage for stage in show.telemetry.summary()}
        shows.append(heard)
    assert shows[0] == shows[1]
    attacks = [onset.at_s for _, sound in heard for onset in sound.onsets]
    assert attacks == pytest.approx([0.25 + n / 2 for n in range(6)], abs=0.012)
    assert stages["attack → heard"].count == 6
    assert stages["attack → heard"].max_ms <= 1e3 / FPS + 20
    line = sound_line(heard[-1][1], len(attacks))
    assert line is not None
    assert "6 onsets" in line
    assert sound_line(Sound(), 6) is None


def test_what_is_wrong_with_the_ears_is_on_the_hud(config: ShowConfig, tmp_path: Path) -> None:
    empty = write_wav(tmp_path / "empty.wav", silence(0))
    with open_show(replace(config, sound=str(empty), seconds=0.2)) as show:
        show.engine.run(lambda tick: None, 0.2)
        assert any("not one sample" in line for line in hud_lines(hud_status(show)))


def test_a_show_with_a_sound_that_is_not_there_does_not_begin(config: ShowConfig) -> None:
    with (
        pytest.raises(SoundError, match="there is no sound file"),
        open_show(replace(config, sound="not/there.wav")),
    ):
        pass
