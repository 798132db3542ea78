"""`livematch lens apply`: which painting is on when, the sound, and what cannot be done."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from films import ODD, X264, Recipe, read_frames, texture, variable, write, write_pictures
from lenses import CONVOLVE, lens_of, tiny_lens
from numbered_films import SIZE, column, frames, number_in, numbered, trailer
from onnx_kit import model, node, tensor, value_info
from sounding_films import packets
from typer.testing import CliRunner

from livematch.cli import lensapply
from livematch.cli.app import app
from livematch.control.params import Params
from livematch.errors import LivematchError, ModelError
from livematch.lens.card import LensCard
from livematch.lens.film import FilmEasel, open_paintbox
from livematch.lens.paint import Lens
from livematch.repainting import Look, repaint
from livematch.values import Frame, Image, Picture, PixelFormat

GREEN = slice(1, 2)  # the tiny lens makes it as light as what it is shown


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> LensCard:
    return tiny_lens(tmp_path_factory.mktemp("lens"))


def run(*words: str | Path) -> Any:
    """Run the command; LivematchError is left to the test."""
    result = CliRunner().invoke(app, ["lens", "apply", *map(str, words)])
    if isinstance(result.exception, LivematchError):
        raise result.exception
    return result


def off_by(a: Image, b: Image) -> float:
    return float(np.abs(a.astype(np.int16) - b).mean())


@pytest.mark.parametrize("ticks", [None, variable], ids=["constant", "variable"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_every_picture_is_painted_at_its_time_and_the_sound_is_kept(
    card: LensCard, tmp_path: Path, ticks: Callable[[int], int] | None, suffix: str
) -> None:
    made, out = trailer(tmp_path, ticks), tmp_path / f"out{suffix}"
    done = run(made, "-o", out, "--lens", card.path, "--provider", "cpu", "--json",
               "--set", "lens_blend=0")  # fmt: skip
    shown, asked_s = frames(made)
    painted, painted_s = frames(out)
    said = json.loads(done.stdout)
    assert (said["pictures"], said["lens"], said["provider"]) == (len(shown), "tiny", "cpu")
    assert [number_in(picture[:, :, GREEN]) for picture in painted] == list(range(len(shown)))
    lens = Lens(card, "cpu")
    for picture, painting in list(zip(shown, painted, strict=True))[::20]:
        expected = lens.paint(picture)[::4, ::4]
        assert painting.shape == picture.shape
        assert off_by(shrunk(painting, expected.shape), expected) < 6
    finest_s = 1e-6 if suffix == ".mp4" else 1.1e-3  # Matroska has milliseconds
    assert painted_s == pytest.approx(asked_s, abs=finest_s)
    heard, copied = packets(made), packets(out)
    before = heard.index(copied[0])  # Matroska has no place for what primes the decoder
    assert before == (0 if suffix == ".mp4" else 1)
    assert copied == heard[before : before + len(copied)]
    ends_s = asked_s[-1] + 0.04
    assert 0 <= (before + len(copied)) * 1024 / 48_000 - ends_s < 3 * 1024 / 48_000


def shrunk(picture: Image, shape: tuple[int, ...]) -> Image:
    rows = np.arange(shape[0]) * picture.shape[0] // shape[0]
    columns = np.arange(shape[1]) * picture.shape[1] // shape[1]
    return picture[rows][:, columns]


def test_side_by_side_has_the_film_on_the_left(card: LensCard, tmp_path: Path) -> None:
    made = write_pictures(tmp_path / "film.mp4", numbered())
    out = tmp_path / "out.mkv"
    done = run(made, "-o", out, "--lens", card.path, "--layout", "side-by-side",
               "--size", "386x108", "--set", "lens_blend=0")  # fmt: skip
    assert done.exit_code == 0, done.output
    pictures = read_frames(out)
    sides = [(column(p, 0, 2), column(p, 1, 2)[:, :, GREEN]) for p in pictures]
    assert [(number_in(left), number_in(right)) for left, right in sides] == [
        (number, number) for number in range(len(numbered()))
    ]
    assert off_by(column(pictures[0], 0, 2), read_frames(made)[0]) < 8
    with av.open(str(out)) as film:
        assert not film.streams.audio


def test_paintings_are_blended_but_not_across_a_cut(card: LensCard, tmp_path: Path) -> None:
    one, other = (texture(scene, SIZE) for scene in (1, 2))
    drift = [np.roll(other, px, axis=1) for px in range(1, 13)]
    made = write_pictures(tmp_path / "film.mp4", [one] * 8 + [other] * 4 + drift)
    blended, alone = tmp_path / "blended.mp4", tmp_path / "alone.mp4"
    run(made, "-o", blended, "--lens", card.path, "--set", "lens_blend=0.9")
    run(made, "-o", alone, "--lens", card.path, "--set", "lens_blend=0")
    off = [off_by(*both) for both in zip(read_frames(blended), read_frames(alone), strict=True)]
    assert max(off[:12]) < 2  # the cut is in picture 8
    assert off[-1] > 4, off


class Noted:
    """An easel that paints nothing and notes what it is asked for."""

    lens = "noted"
    warnings: tuple[str, ...] = ()
    frames_skipped = 0

    def __init__(self, fails_at: int | None = None) -> None:
        self.asked: list[Params] = []
        self.closed = False
        self._fails_at = fails_at

    def painting_at(self, now: float, frame: Frame | None, params: Params) -> Picture | None:
        self.asked.append(params)
        if len(self.asked) == self._fails_at:
            raise ModelError("the lens broke")
        image = np.zeros((64, 64, 3), np.uint8)
        return None if frame is None else Picture((image,), PixelFormat.BGR, 1.0, now)

    def close(self) -> None:
        self.closed = True


def test_a_films_easel_blends_within_a_shot_and_knows_its_lens() -> None:
    inner = Noted()
    easel = FilmEasel(inner, "sea")
    shots = [np.full((36, 64, 3), grey, np.uint8) for grey in (40, 40, 40, 40, 200, 200)]
    easel.painting_at(0.0, None, Params())
    for number, image in enumerate(shots):
        frame = Frame(number, number / 25, image)
        for _ in range(2):  # the same frame again is no picture
            easel.painting_at(number / 25, frame, Params(lens="fire"))
    easel.close()
    assert {params.lens for params in inner.asked} == {"sea"}
    usual = Params().lens_blend
    assert [params.lens_blend for params in inner.asked[1::2]] == [*[usual] * 4, 0.0, usual]
    assert inner.closed


def test_a_film_keeps_its_shape_and_another_size_has_bars(card: LensCard, tmp_path: Path) -> None:
    made, out = write(tmp_path / "turned.mp4", ODD["turned.mp4"]), tmp_path / "out.mp4"
    said = json.loads(run(made, "-o", out, "--lens", card.path, "--json").stdout)
    assert (said["width"], said["height"]) == (108, 192)
    assert read_frames(out)[0].min(axis=(0, 2)).max() > 0
    run(made, "-o", out, "--lens", card.path, "--size", "192x192")
    wide = read_frames(out)[0]
    assert wide.shape == (192, 192, 3)
    assert wide[:, :40].max() < 12
    assert wide[:, 46:146].max() > 100


@pytest.mark.parametrize("fps", [10, 50])
def test_another_rate_ends_with_the_film(card: LensCard, tmp_path: Path, fps: int) -> None:
    made, out = trailer(tmp_path, variable), tmp_path / "out.mp4"
    assert run(made, "-o", out, "--lens", card.path, "--fps", str(fps)).exit_code == 0
    _, asked_s = frames(made)
    _, shown_s = frames(out)
    assert shown_s == pytest.approx([n / fps for n in range(len(shown_s))])
    assert abs(len(shown_s) / fps - asked_s[-1]) < 0.15


def test_a_label_is_written_when_it_is_asked_for(card: LensCard, tmp_path: Path) -> None:
    made = write(tmp_path / "film.mp4", Recipe(options=X264, scenes=((1, 3),)))
    plain, labelled = tmp_path / "plain.mp4", tmp_path / "labelled.mp4"
    words = ("--lens", card.path, "--size", "384x216")
    run(made, "-o", plain, *words)
    run(made, "-o", labelled, *words, "--label")
    changed = np.abs(read_frames(plain)[0].astype(int) - read_frames(labelled)[0]) > 60
    assert changed[-40:, :120].any()
    assert not changed[:100].any()


def test_how_it_is_shown_to_the_lens_is_set_as_in_a_show(card: LensCard, tmp_path: Path) -> None:
    made = write(tmp_path / "film.mp4", Recipe(options=X264, scenes=((1, 3),)))
    spread = []
    for contrast in ("0.25", "1"):
        out = tmp_path / f"{contrast}.mp4"
        run(made, "-o", out, "--lens", card.path, "--set", f"lens_contrast={contrast}")
        spread.append(float(read_frames(out)[0][..., 1].std()))
    assert spread[0] < spread[1] / 2


def test_ctrl_c_leaves_nothing_under_the_outputs_name(
    card: LensCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trailer(tmp_path)
    before = sorted(tmp_path.iterdir())

    def stopped(*words: Any) -> object:
        def at_picture(done_s: float, whole_s: float) -> None:
            assert whole_s == pytest.approx(4.0)
            if done_s > 1.0:
                raise KeyboardInterrupt

        return repaint(*words[:-1], at_picture)

    monkeypatch.setattr(lensapply, "repaint", stopped)
    done = run(made, "-o", tmp_path / "out.mp4", "--lens", card.path)
    assert done.exit_code == lensapply.STOPPED
    assert "is not written" in done.output
    assert sorted(tmp_path.iterdir()) == before


def test_a_lens_that_breaks_half_way_leaves_nothing(tmp_path: Path) -> None:
    made = trailer(tmp_path)
    before = sorted(tmp_path.iterdir())
    easel = Noted(fails_at=30)
    with pytest.raises(ModelError, match="the lens broke"):
        repaint(made, easel, Look(Params()), tmp_path / "out.mp4")
    assert easel.closed
    assert sorted(tmp_path.iterdir()) == before


def test_a_lens_whose_paintings_are_no_numbers_is_one_error(tmp_path: Path) -> None:
    made = write(tmp_path / "film.mp4", Recipe(options=X264, scenes=((1, 3),)))
    network = model(
        (CONVOLVE, node("Log", ["mixed"], "painting")),
        (tensor("gains", 1.0, 1.0, 1.0, shape=(3, 1, 1, 1)),),
        (value_info("seen", 1, 1, 64, 64),),
        (value_info("painting", 1, 3, 64, 64),),
    )
    bad = lens_of(tmp_path / "bad", network)
    with pytest.raises(ModelError, match="not numbers"):
        run(made, "-o", tmp_path / "out.mp4", "--lens", bad.path)
    assert not list(tmp_path.glob("out*"))


def test_what_could_not_be_read_is_told(card: LensCard, tmp_path: Path) -> None:
    whole = write_pictures(
        tmp_path / "whole.mkv", numbered(), Recipe(options=X264 | {"g": "10"})
    ).read_bytes()
    broken, out = tmp_path / "broken.mkv", tmp_path / "out.mp4"
    broken.write_bytes(whole[: len(whole) * 2 // 3])
    done = run(broken, "-o", out, "--lens", card.path)
    assert done.exit_code == 0
    assert "cut off" in done.output
    assert 20 < len(read_frames(out)) < len(numbered())


def test_a_lens_of_ones_own_is_taken_by_its_file_or_its_card(card: LensCard) -> None:
    for path in (card.path, card.path.with_suffix(".json")):
        box = open_paintbox(str(path), "cpu")
        assert (box.card.name, box.report.got) == ("tiny", "cpu")
        box.easel.close()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.mp4", "-o", "out.mp4", "--lens", "LENS"), "nowhere.mp4"),
        (("LENS", "-o", "out.mp4", "--lens", "LENS"), "is not a film"),
        (("FILM", "-o", "out.avi", "--lens", "LENS"), "ends in .mp4"),
        (("FILM", "-o", "no/such/out.mp4", "--lens", "LENS"), "there is no folder"),
        (("FILM", "-o", "FILM", "--lens", "LENS"), "name another file"),
        (("FILM", "-o", "out.mp4", "--lens", "nowhere.onnx"), "there is no nowhere.onnx"),
        (("FILM", "-o", "out.mp4", "--lens", "FILM"), "given by the path of its .onnx"),
        (("FILM", "-o", "out.mp4", "--lens", "LENS", "--set", "lens_blur=9"), "0.1"),
        (("FILM", "-o", "out.mp4", "--lens", "LENS", "--set", "lens_blurr=1"), "'lens_blur'"),
        (("FILM", "-o", "out.mp4", "--lens", "LENS", "--size", "big"), "is no size"),
        (("FILM", "-o", "out.mp4", "--lens", "LENS", "--preset", "no-such"), "no-such"),
        (("FILM", "-o", "out.mp4", "--lens", "LENS", "--provider", "gpu"), "gpu"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    card: LensCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("livematch.lens.collection.lenses_folder", lambda: card.path.parent)
    film = write(tmp_path / "film.mp4", Recipe(options=X264, scenes=((1, 3),)))
    names = {"FILM": str(film), "LENS": str(card.path)}
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LivematchError) as fault:
        run(*(names.get(word, word) for word in words))
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_without_any_lens_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livematch.lens.collection.lenses_folder", lambda: tmp_path / "none")
    film = write(tmp_path / "film.mp4", Recipe(options=X264, scenes=((1, 3),)))
    with pytest.raises(LivematchError, match="lens train"):
        run(film, "-o", tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == [film]


def test_a_real_film(card: LensCard, footage: Path, tmp_path: Path) -> None:
    made, out = footage / "archive" / "fire_vfr_2s.mp4", tmp_path / "out.mp4"
    run(made, "-o", out, "--lens", card.path, "--size", "320x180")
    assert frames(out)[1] == pytest.approx(frames(made)[1], abs=1e-6)
