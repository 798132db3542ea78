"""Whole shows with a lens: laid over the program, as a fallback, side by side, and replayed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from lenses import tiny_lens
from numpy.typing import NDArray
from show_kit import FPS, offline_show
from showlog_kit import decoded, performed
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.config import ShowConfig
from livematch.control.commands import Command, Fire, Recall, Set, Trigger, UseLens
from livematch.control.params import Fallback, Layout, Params
from livematch.engine import Tick
from livematch.errors import LivematchError, ModelError, UsageError
from livematch.happening import Happening
from livematch.lens.easel import LiveEasel, NoEasel
from livematch.render.hud import hud_lines
from livematch.session import open_show
from livematch.show import hud_status, perform, warnings
from livematch.showlog.reader import open_show_log
from livematch.showlog.records import ParamsChanged, VeilMoved
from livematch.showlog.replay import Wish, replay
from livematch.showlog.told import tell
from livematch.values import Source

STRICT = Params(
    stickiness=0.05, min_hold=1.0, max_hold=60.0, shot_cooldown=0.0, fade=0.2, mirror=False
)
RED, BLUE = (8.0, -8.0, -8.0), (-8.0, -8.0, 8.0)  # red where it is light, blue where it is dark
SAME = 1.0  # mean difference of grey that two encodings of one picture may have


@pytest.fixture(scope="module")
def lenses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lenses")
    tiny_lens(folder, "ember", gains=RED)
    tiny_lens(folder, "frost", gains=BLUE)
    return folder


@pytest.fixture(autouse=True)
def no_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Lenses that come with livematch, or will, are not of these tests."""
    monkeypatch.setattr("livematch.lens.collection.lenses_folder", lambda: tmp_path / "none")


@pytest.fixture
def config(folder: Path, lenses: Path) -> ShowConfig:
    return replace(offline_show(folder, seconds=8.0, start=STRICT), lenses=(lenses,))


def pictures(film: Path) -> list[NDArray[np.int16]]:
    with av.open(str(film)) as container:
        return [f.to_ndarray(format="bgr24").astype(np.int16) for f in container.decode(video=0)]


def colour_of(picture: NDArray[np.int16]) -> str:
    """Whether a picture is a painting of the lens ember, which makes green and blue the same."""
    blue, green, _ = picture.reshape(-1, 3).T
    return "painting" if np.mean(np.abs(green - blue)) < 10 else "film"


def test_without_a_wish_nothing_is_painted(config: ShowConfig) -> None:
    report = perform(replace(config, seconds=1.0))
    assert "painting" not in {stage.stage for stage in report.stages}


def test_without_lenses_there_is_no_easel(config: ShowConfig) -> None:
    with open_show(replace(config, lenses=())) as show:
        assert isinstance(show.easel, NoEasel)
        assert warnings(show) == ()
        show.control.submit(Set("fallback", Fallback.LENS))
        show.control.update(0.0)
        assert warnings(show) == ("lens: there is none; start the show with --lens FILE",)


def test_the_painting_alone_fills_the_screen(config: ShowConfig, tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    start = replace(STRICT, screen=Layout.LENS)
    perform(replace(config, record=film, seconds=1.0, start=start))
    assert {colour_of(picture) for picture in pictures(film)} == {"painting"}


def test_camera_painting_and_program_stand_side_by_side(config: ShowConfig, tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    size = (3 * 192 + 6, 108)
    start = replace(STRICT, screen=Layout.TRIPTYCH)
    perform(replace(config, record=film, seconds=1.0, size_px=size, start=start))
    picture = pictures(film)[20]
    parts = [picture[:, :190], picture[:, 196:384], picture[:, -190:]]
    assert [colour_of(part) for part in parts] == ["film", "painting", "film"]


def test_laid_over_the_program_it_colours_it_and_at_the_full_it_hides_it(
    config: ShowConfig, tmp_path: Path
) -> None:
    def shown(mix: float) -> NDArray[np.int16]:
        film = tmp_path / f"{mix}.mp4"
        start = replace(STRICT, lens_mix=mix)
        perform(replace(config, record=film, seconds=0.6, start=start))
        return pictures(film)[10]

    plain, half, whole = shown(0.0), shown(0.5), shown(1.0)
    alone = tmp_path / "alone.mp4"
    start = replace(STRICT, screen=Layout.LENS)
    perform(replace(config, record=alone, seconds=0.6, start=start))
    assert np.abs(whole - pictures(alone)[10]).mean() < SAME
    between = (plain / 255.0) ** 2.2 * 0.5 + (whole / 255.0) ** 2.2 * 0.5
    assert np.abs(half - between ** (1 / 2.2) * 255).mean() < 4


def test_on_the_bridge_the_lens_paints_until_a_match_arrives_and_again_after_it(
    config: ShowConfig,
) -> None:
    start = replace(STRICT, radius=0.8, fallback=Fallback.LENS, fade=0.4)
    report = perform(replace(config, seconds=1.0, start=replace(start, radius=1.0)))
    assert [(cue.source, cue.cause) for cue in report.cues] == [(Source.LENS, "out of radius")]
    told = []
    with open_show(replace(config, start=start)) as show:
        show.engine.run(lambda tick: told.append(tick.program.layers), until_s=2.0)
        show.control.submit(Set("radius", 1.0))
        show.engine.run(lambda tick: told.append(tick.program.layers), until_s=4.0)
        show.control.submit(Set("radius", 0.5))
        show.engine.run(lambda tick: told.append(tick.program.layers), until_s=6.0)
    seen = list(dict.fromkeys(tuple(layer.source for layer in layers) for layers in told))
    film, lens = Source.ARCHIVE, Source.LENS
    assert seen == [(film,), (film, lens), (lens,), (lens, film)]
    fades = [layers[1].opacity for layers in told if len(layers) == 2]
    assert 0.0 <= min(fades) < 0.2
    assert 0.8 < max(fades) <= 1.0


def test_no_picture_of_the_bridge_is_black(config: ShowConfig, tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    start = replace(STRICT, radius=1.0, fallback=Fallback.LENS, fade=0.4)
    hands: tuple[tuple[float, Command], ...] = (
        (1.2, Set("radius", 0.2)),
        (2.6, Fire(Trigger.NEXT_LENS)),
        (2.8, Set("radius", 1.0)),
        (4.4, UseLens("ember")),
        (4.6, UseLens(2)),
    )
    performed(replace(config, record=film, start=start, log=tmp_path / "show.jsonl"), hands, 5.0)
    assert min(picture.max() for picture in pictures(film)) > 100


def test_the_next_lens_is_on_at_the_next_frame(config: ShowConfig) -> None:
    start = replace(STRICT, screen=Layout.LENS, lens_blend=0.0)
    ticks: list[Tick] = []
    with open_show(replace(config, start=start)) as show:
        show.engine.run(lambda tick: None, until_s=0.2)
        assert show.easel.lens == "ember on cpu"
        show.control.submit(Fire(Trigger.NEXT_LENS))
        show.engine.run(ticks.append, until_s=0.4)
        assert show.control.params.lens == "frost"
        assert show.easel.lens == "frost on cpu"
        assert Happening(show, str).update(ticks[-1])["/livematch/status/lens"] == "frost on cpu"
        assert any("frost on cpu" in line for line in hud_lines(hud_status(show)))


def test_a_preset_can_name_the_lens(config: ShowConfig, tmp_path: Path) -> None:
    (tmp_path / "cold.toml").write_text('[set]\nlens = "frost"\nlens_mix = 1.0\n')
    with open_show(replace(config, presets=tmp_path)) as show:
        show.engine.run(lambda tick: None, until_s=0.2)
        assert show.easel.lens == ""
        show.control.submit(Recall("cold"))
        show.engine.run(lambda tick: None, until_s=0.4)
        assert show.easel.lens == "frost on cpu"


def test_a_closer_match_thins_the_veil(config: ShowConfig) -> None:
    start = replace(STRICT, lens_mix=0.8, lens_yields=1.0)
    ticks: list[Tick] = []
    with open_show(replace(config, start=start)) as show:
        show.engine.run(ticks.append, until_s=2.0)
    observation = ticks[-1].sight.observation
    assert observation is not None
    score = observation.candidates[0].score
    assert score > 0.5
    assert ticks[-1].veil == pytest.approx(0.8 * (1 - score), abs=0.02)


def test_live_the_easel_paints_beside_the_show(config: ShowConfig) -> None:
    start = replace(STRICT, lens_mix=0.5, lens="nowhere")
    with pytest.raises(UsageError, match="there is no lens 'nowhere'"):
        perform(replace(config, offline=False, seconds=1.0, start=start))
    start = replace(STRICT, lens_mix=0.5)
    with open_show(replace(config, offline=False, start=start)) as show:
        assert isinstance(show.easel, LiveEasel)

        def until_painted(tick: Tick) -> None:
            show.control.submit(Set("lens", "frots"))
            if any("did you mean frost" in text for text in warnings(show)):
                show.control.submit(Fire(Trigger.QUIT))

        show.engine.run(until_painted, until_s=show.clock.now() + 20.0)
        assert any("did you mean frost" in text for text in warnings(show))


@pytest.mark.parametrize(
    "changes", [{"lens": "sea"}, {"lens_mix": 0.1}, {"fallback": Fallback.LENS}]
)
def test_a_show_does_not_begin_without_the_lens_it_asks_for(
    config: ShowConfig, changes: dict[str, object]
) -> None:
    start = replace(STRICT, **changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there are no lenses"):
        perform(replace(config, lenses=(), start=start))


def test_a_card_that_is_wrong_is_told_before_anything_is_opened(
    config: ShowConfig, tmp_path: Path
) -> None:
    tiny_lens(tmp_path, "torn")
    (tmp_path / "torn.json").write_text('{"name": "torn"}')
    with pytest.raises(ModelError, match=r"torn\.json"):
        perform(replace(config, archive=tmp_path / "nowhere", lenses=(tmp_path,)))


def test_a_lens_that_is_not_whole_is_told_before_the_show(
    config: ShowConfig, tmp_path: Path
) -> None:
    tiny_lens(tmp_path, "torn")
    (tmp_path / "torn.onnx").write_bytes(b"half")
    start = replace(STRICT, lens="torn")
    with pytest.raises(ModelError, match=r"torn\.onnx"):
        perform(replace(config, lenses=(tmp_path,), start=start))
    perform(replace(config, lenses=(tmp_path,), seconds=0.2))  # as long as nobody wants it


# The command line


def livematch(*words: str | Path) -> str:
    """Run the command line; return what it tells, the line of an error last."""
    done = CliRunner().invoke(app, [*map(str, words)])
    if done.exception is not None and not isinstance(done.exception, LivematchError):
        raise done.exception
    return str(done.exception or done.output)


def test_a_lens_is_given_and_named_as_a_person_types_it(
    config: ShowConfig, lenses: Path, tmp_path: Path
) -> None:
    film, log, again = (tmp_path / name for name in ("show.mp4", "show.jsonl", "again.mp4"))
    size = ("--size", "96x64", "--fps", "25", "--seconds", "0.4", "--no-osc")
    shown = ("--camera", config.camera, "--offscreen", "--record", film, "--log", log, *size)
    play = ("play", "--archive", config.archive, *shown, "--set", "screen=lens")
    assert "did you mean frost" in livematch(*play, "--lens", lenses, "--set", "lens=frots")
    assert not film.exists()
    livematch(*play, "--lens", lenses / "ember.onnx")
    assert {colour_of(picture) for picture in pictures(film)} == {"painting"}
    assert "--lens FILE" in livematch("replay", log, "-o", again)
    livematch("replay", log, "-o", again, "--lens", lenses)
    assert {colour_of(picture) for picture in pictures(again)} == {"painting"}


# The log


HANDS: tuple[tuple[float, Command], ...] = (
    (0.8, Set("lens_mix", 0.7)),
    (1.6, UseLens("frost")),
    (2.0, Set("lens_yields", 1.0)),
    (3.0, Set("screen", "triptych")),
    (3.6, Set("lens_freeze", value=True)),
    (4.2, Set("lens_freeze", value=False)),
    (4.4, Set("screen", "program")),
    (4.8, Set("lens_mix", 0.0)),
    (5.0, Set("fallback", "lens")),
    (5.1, Set("radius", 1.0)),
)


@pytest.fixture
def logged(config: ShowConfig, tmp_path: Path) -> ShowConfig:
    config = replace(config, record=tmp_path / "show.mp4", log=tmp_path / "show.jsonl")
    performed(config, HANDS, 6.5)
    return config


def replayed(config: ShowConfig, out: Path, lenses: tuple[Path, ...], **wish: object) -> list[str]:
    assert config.log is not None
    said: list[str] = []
    replay(
        open_show_log(config.log),
        Wish(out, lenses=lenses, **wish),  # type: ignore[arg-type]
        say=said.append,
    )
    return said


def alike(one: Sequence[NDArray[np.int16]], other: Sequence[NDArray[np.int16]]) -> float:
    assert len(one) == len(other)
    return max(float(np.abs(a - b).mean()) for a, b in zip(one, other, strict=True))


def test_a_replay_paints_as_the_show_did(logged: ShowConfig, lenses: Path, tmp_path: Path) -> None:
    assert logged.log is not None
    assert logged.record is not None
    show = tell(open_show_log(logged.log))
    assert [facts.name for facts in show.head.setup.lenses] == ["ember", "frost"]
    events = list(open_show_log(logged.log).events())
    shares = [event.share for event in events if isinstance(event, VeilMoved)]
    assert shares[0] == 0.7
    assert shares[-1] == 0.0
    assert 3 < len(shares) < 40
    assert any(isinstance(e, ParamsChanged) and e.values.get("lens") == "frost" for e in events)
    out = tmp_path / "again.mp4"
    assert replayed(logged, out, (lenses,)) == []
    before, after = decoded(logged.record), decoded(out)
    moving = range(round(2.0 * FPS), round(2.6 * FPS))  # the veil is told ten times a second
    assert len(before) == len(after)
    for number, (a, b) in enumerate(zip(before, after, strict=True)):
        limit = 4 * SAME if number in moving else 2 * SAME
        assert np.abs(a - b).mean() < limit, number / FPS


def test_a_lens_that_is_gone_is_one_line(logged: ShowConfig, lenses: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.mp4"
    with pytest.raises(UsageError, match="the lens frost of this show") as caught:
        replayed(logged, out, (lenses / "ember.onnx",))
    assert "\n" not in str(caught.value)
    assert not out.exists()
    (said,) = replayed(logged, out, (lenses / "ember.onnx",), skip_missing=True, to_s=2.0)
    assert said == "skipped: the lens frost is not here"
    assert out.exists()


def test_a_lens_that_has_changed_is_told(logged: ShowConfig, lenses: Path, tmp_path: Path) -> None:
    tiny_lens(tmp_path, "frost", gains=RED)
    given = (lenses / "ember.onnx", tmp_path / "frost.onnx")
    said = replayed(logged, tmp_path / "again.mp4", given, to_s=1.0)
    assert said == ["the lens frost is not the same as in the show"]


def test_a_show_without_paintings_needs_no_lens(config: ShowConfig, tmp_path: Path) -> None:
    config = replace(config, log=tmp_path / "show.jsonl")
    performed(config, (), 1.0)
    assert replayed(config, tmp_path / "again.mp4", ()) == []
