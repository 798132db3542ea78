"""Showing a film to the engine: which picture is seen when, and how long the film is."""

from pathlib import Path

import numpy as np
import pytest
from films import ODD, X264, Recipe, read_frames, times_of, variable, write

from livematch.errors import FilmError
from livematch.screening import Screening, extent_of
from livematch.values import Image


def close(a: Image, b: Image) -> bool:
    return float(np.abs(a.astype(np.int16) - b).mean()) < 3


@pytest.mark.parametrize("name", ["h264.mp4", "variable.mkv", "no-time-stamps.h264"])
def test_a_screening_shows_this_picture_at_its_time(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ODD[name])
    drawn = read_frames(path)
    screening = Screening(path, (1920, 1080))
    seen = 0
    for number, time_s in enumerate(screening.times()):
        frame = screening.look(time_s).frame
        assert frame is not None
        assert (frame.number, frame.captured_s) == (number, time_s)
        assert close(frame.image, drawn[number])
        seen += 1
    screening.close()
    screening.close()
    assert seen == len(drawn)


@pytest.mark.parametrize(
    ("name", "size", "upright"),
    [
        ("portrait.mp4", (400, 400), (225, 400)),
        ("turned.mp4", (400, 400), (108, 192)),
        ("h264.mp4", (96, 96), (96, 54)),
    ],
)
def test_a_screening_is_upright_and_small_enough(
    tmp_path: Path, name: str, size: tuple[int, int], upright: tuple[int, int]
) -> None:
    screening = Screening(write(tmp_path / name, ODD[name]), size)
    _, frame = next(screening.pictures())
    assert screening.size_px == upright
    assert frame.image.shape == (upright[1], upright[0], 3)
    screening.close()


@pytest.mark.parametrize(
    "name", ["h264.mp4", "vp9.webm", "variable.mp4", "variable.mkv", "late.mkv", "late.ts",
             "ntsc.mp4", "xvid.avi", "one-frame.mp4", "loop.gif"]
)  # fmt: skip
def test_a_films_length_is_told_by_its_packets(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ODD[name])
    extent = extent_of(path)
    last_s = times_of(path)[-1]
    usual_s = 1 / extent.info.fps
    assert extent.duration_s == pytest.approx(last_s + float(extent.last_s), abs=1.1e-3)
    assert usual_s / 4 < extent.last_s < usual_s * 4


def test_without_time_stamps_pictures_are_counted(tmp_path: Path) -> None:
    recipe = ODD["no-time-stamps.h264"]
    extent = extent_of(write(tmp_path / "raw.h264", recipe))
    assert extent.duration_s == pytest.approx(recipe.frames / extent.info.fps, rel=0.05)


def test_the_end_of_a_film_that_was_cut_off_is_where_it_ends(tmp_path: Path) -> None:
    recipe = Recipe(".mkv", options=X264 | {"g": "10"}, scenes=((1, 100), (2, 100)))
    path = write(tmp_path / "whole.mkv", recipe)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert 1.0 < extent_of(path).duration_s < 7.0


def test_another_rate_sees_the_picture_that_is_on(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mkv", Recipe(".mkv", options=X264, ticks=variable))
    own_s = times_of(path)
    extent = extent_of(path)
    screening = Screening(path, (64, 64))
    times_s = []
    for now in screening.steady_times(50, extent.duration_s):
        times_s.append(now)
        frame = screening.look(now).frame
        assert frame is not None
        assert frame.captured_s == pytest.approx(max(t for t in own_s if t <= now + 1e-6))
    screening.close()
    assert times_s == [n / 50 for n in range(len(times_s))]
    assert 0 <= extent.duration_s - times_s[-1] <= 0.021


def test_what_is_no_film_has_no_length(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="is not there"):
        extent_of(tmp_path / "nowhere.mp4")
