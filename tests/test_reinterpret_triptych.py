"""`livematch reinterpret` with a lens: trailer, painting and answer beside each other."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import X264, Recipe, read_frames, texture, write
from lenses import tiny_lens
from numbered_films import SHOTS, SIZE, column, number_in, numbered, scene_in, trailer
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.control.params import Params
from livematch.errors import LivematchError
from livematch.lens.card import LensCard
from livematch.reinterpret.performing import WIDEST_PX, Arrangement, usual_size
from livematch.reinterpret.veiling import AnswersVeil
from livematch.render.layouts import SNAP_PX
from livematch.values import Cue, Match, Moment, Source

GREEN = slice(1, 2)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> LensCard:
    return tiny_lens(tmp_path_factory.mktemp("lens"))


def run(*words: str | Path) -> Any:
    """Run the command; LivematchError is left to the test."""
    result = CliRunner().invoke(app, ["reinterpret", *map(str, words)])
    if isinstance(result.exception, LivematchError):
        raise result.exception
    return result


def test_a_triptych_shows_trailer_painting_and_answer(
    folder: Path, card: LensCard, tmp_path: Path
) -> None:
    made, out = trailer(tmp_path), tmp_path / "out.mp4"
    done = run(made, "-a", folder / "archive", "-o", out, "--layout", "triptych", "--no-label",
               "--lens", card.path, "--set", "lens_blend=0", "--provider", "cpu")  # fmt: skip
    assert done.exit_code == 0, done.output
    pictures = read_frames(out)
    assert column(pictures[0], 0, 3).shape[:2] == SIZE[::-1]
    numbers = list(range(len(numbered())))
    assert [number_in(column(picture, 0, 3)) for picture in pictures] == numbers
    assert [number_in(column(picture, 1, 3)[:, :, GREEN]) for picture in pictures] == numbers
    scenes = [scene_in(column(picture, 2, 3)) for picture in pictures]
    assert scenes == [scene for scene, count in SHOTS for _ in range(count)]
    with av.open(str(out)) as film:
        assert film.streams.audio


def test_paintings_lie_over_the_answers_where_that_is_asked_for(
    folder: Path, card: LensCard, tmp_path: Path
) -> None:
    made = write(tmp_path / "trailer.mp4", Recipe(options=X264, scenes=((2, 30),)))
    out = tmp_path / "out.mp4"
    run(made, "-a", folder / "archive", "-o", out, "--layout", "archive", "--no-label",
        "--lens", card.path, "--set", "lens_mix=1")  # fmt: skip
    grey = texture(2, SIZE).mean(axis=2)
    green = read_frames(out)[15][..., 1]
    assert np.corrcoef(grey.ravel(), green.ravel())[0, 1] > 0.8
    assert off_grey(read_frames(out)[15]) > 40


def off_grey(picture: np.ndarray) -> float:
    """How far blue and green are apart, which are each other's negative in the tiny lens."""
    return float(np.abs(picture[..., 0].astype(int) - picture[..., 1]).mean())


def answer(at_s: float, score: float | None, fade_s: float = 0.0) -> Cue:
    match = None if score is None else Match(Moment(-1, 1, 1, 0.0), score)
    source = Source.BLACK if match is None else Source.ARCHIVE
    return Cue(source, match, fade_s, "reinterpret", at_s, 0)


def test_paintings_give_way_to_answers_that_are_alike_and_leave_black_alone() -> None:
    params = Params(lens_mix=0.8, lens_yields=0.5, radius=0.2)
    cues = [answer(0, None), answer(1, 0.2), answer(2, 1.0, fade_s=1.0), answer(4, 0.6)]
    veil = AnswersVeil(cues)
    shares = [veil.share_at(now, None, params) for now in (0.0, 0.9, 1.0, 1.9, 2.0, 2.5, 3.0, 4.0)]
    assert shares == pytest.approx([0.0, 0.0, 0.8, 0.8, 0.8, 0.6, 0.4, 0.6])
    assert AnswersVeil(cues).share_at(5.0, None, Params()) == 0.0


@pytest.mark.parametrize(
    "trailer_px", [(192, 108), (480, 204), (853, 480), (1280, 720), (1920, 1080), (1080, 1920)]
)
def test_a_triptych_has_no_bars_and_is_not_too_wide(trailer_px: tuple[int, int]) -> None:
    across, down = trailer_px
    width, height = usual_size(trailer_px, Arrangement.TRIPTYCH)
    third = (width - 2 * max(2, width // 160)) // 3
    assert width <= WIDEST_PX
    assert (width % 2, height % 2) == (0, 0)
    assert third <= across + 2
    assert third >= across or width == WIDEST_PX
    assert 0 <= height - third * down / across < 2
    assert third - height * across / down < SNAP_PX
    assert usual_size(trailer_px, Arrangement.STACKED) == trailer_px


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--layout", "triptych"), "there are no lenses"),
        (("--layout", "triptych", "--lens", "sea"), "there are no lenses"),
        (("--layout", "triptych", "--lens", "sea.onnx"), "there is no sea.onnx"),
        (("--lens", "sea.onnx"), "nothing is painted in layout side-by-side"),
    ],
)
def test_without_its_lens_nothing_is_begun(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setattr("livematch.lens.collection.lenses_folder", lambda: tmp_path / "none")
    with pytest.raises(LivematchError, match=message):
        run("trailer.mp4", "-a", folder / "archive", "-o", tmp_path / "out.mp4", *words)
    assert list(tmp_path.iterdir()) == []
