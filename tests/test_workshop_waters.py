"""The rendered seas that a lens learns from, and the demo's own seas beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from itertools import combinations
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from livematch.demo import films_folder
from livematch.demo.workshop import scenes, water, waters
from livematch.demo.workshop.canvas import Bytes, Picture, Plane, to_bytes
from livematch.demo.workshop.moods import MOODS
from livematch.demo.workshop.swell import Camera, band, look, shape

FEW = range(1, 4)


@cache
def sea(seed: int, number: int) -> Bytes:
    return waters.picture(seed, number)


def thumbnail(picture: Bytes) -> np.ndarray:
    return cv2.resize(picture, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)


@pytest.mark.parametrize("number", FEW)
def test_a_sea_is_a_picture_of_the_canvas_with_light_and_dark_in_it(number: int) -> None:
    picture = sea(1, number)
    assert picture.shape == (360, 640, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 10


def test_a_picture_depends_on_its_seed_and_number_alone(tmp_path: Path) -> None:
    first = waters.write(tmp_path, 1, 2)
    assert first.name == "sea-0002.jpg"
    once = first.read_bytes()
    assert waters.write(tmp_path, 1, 2).read_bytes() == once
    assert np.array_equal(waters.picture(1, 1), sea(1, 1))


def test_seas_differ_by_number_and_by_seed() -> None:
    small = [thumbnail(sea(1, number)) for number in FEW] + [thumbnail(sea(2, 1))]
    for one, other in combinations(small, 2):
        assert np.abs(one - other).mean() > 8


def test_dice_reach_every_mood_beaches_and_water_alone() -> None:
    thrown = [scenes.throw(np.random.default_rng([1, number])) for number in range(200)]
    assert {scene.mood.name for scene in thrown} == {mood.name for mood in MOODS}
    assert 0.08 < np.mean([scene.surf is not None for scene in thrown]) < 0.35
    horizons = np.array([scene.camera.horizon for scene in thrown])
    assert 0.15 < (horizons > 1).mean() < 0.5, "water alone"
    assert horizons.min() < -0.5, "mostly sky"
    assert len({scene.longest for scene in thrown}) == len(thrown)


def flat(x: Plane, z: Plane) -> Plane:
    return np.zeros_like(x) + 0 * z


def test_flat_water_ends_at_the_horizon_and_lies_where_geometry_says() -> None:
    camera = Camera(height=2.0, horizon=0.2, focal=1.5, across=64, down=36)
    seen = look(camera, flat, tallest=0.0, far=2000.0)
    _, y = camera.grid
    assert np.array_equal(seen.water > 0, y < 0.2)
    below = y < 0.1
    wanted = 1.5 * 2.0 / (0.2 - y[below])
    assert np.allclose(seen.z[below], wanted, rtol=0.02)


def test_a_wave_tile_is_as_steep_as_asked_and_repeats_seamlessly() -> None:
    waves = band(np.random.default_rng(3), 20.0, 5.0, 0.1, 0.4, 0.5, 0.0)
    slope = np.sqrt(sum((plane**2).mean() for plane in waves.slopes))
    assert slope == pytest.approx(0.1, rel=0.05)
    inner = np.abs(np.diff(waves.height, axis=1)).max()
    assert np.abs(waves.height[:, 0] - waves.height[:, -1]).max() <= inner


def test_waves_too_far_to_see_become_roughness() -> None:
    camera = Camera(height=2.0, horizon=0.2, focal=1.5, across=64, down=36)
    waves = band(np.random.default_rng(3), 1.0, 0.2, 0.1, 0.4, 0.5, 0.6)
    seen = look(camera, flat, tallest=0.0, far=2000.0)
    _, _, hidden = shape(seen, camera, [waves])
    water_rows = np.flatnonzero(seen.water[:, 0])
    assert hidden[water_rows[0], 32] > hidden[water_rows[-1], 32]
    assert hidden[water_rows[0], 32] == pytest.approx(0.1**2 / 2 + 4e-4, rel=0.01)


def shown(film: str, number: int) -> np.ndarray:
    with av.open(str(films_folder() / film)) as container:
        for place, frame in enumerate(container.decode(video=0)):
            if place == number:
                return frame.to_ndarray(format="rgb24").astype(np.float32)
    raise AssertionError(f"{film} has no frame {number}")


def painted(look_of: water.SeaLook, seed: int, t_s: float) -> Picture:
    return to_bytes(water.sea(look_of, seed)(t_s, 0.0)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "look_of", "seed"),
    [
        ("dusk-swell", water.DUSK, 3),
        ("golden-hour", water.GOLDEN, 13),
        ("grey-storm", water.STORM, 23),
    ],
)
def test_the_demo_film_still_comes_out_as_it_is(
    name: str, look_of: water.SeaLook, seed: int
) -> None:
    shots = json.loads((films_folder() / "shots.json").read_text("utf-8"))["sea.mp4"]["shots"]
    shot = next(shot for shot in shots if shot["name"] == name)
    step = 30
    difference = np.abs(shown("sea.mp4", shot["first"] + step) - painted(look_of, seed, step / 24))
    assert difference.mean() < 6, "what the film shows is what is painted, but for the codec"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "livematch.demo.workshop.waters", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_what_it_is_asked_for(tmp_path: Path) -> None:
    done = run(str(tmp_path / "seas"), "--count", "2", "--first", "2", "--workers", "2")
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "seas").iterdir())
    assert [file.name for file in files] == ["sea-0002.jpg", "sea-0003.jpg"]
    assert files[0].read_bytes() == waters.write(tmp_path, 1, 2).read_bytes()


@pytest.mark.parametrize("wrong", [("--count", "0"), ("--seed", "-1"), ("--workers", "many")])
def test_a_wrong_number_is_refused_in_words(tmp_path: Path, wrong: tuple[str, str]) -> None:
    done = run(str(tmp_path), *wrong)
    assert done.returncode == 2
    assert "is no whole number from" in done.stderr or "expected one argument" in done.stderr


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", "utf-8")
    done = run(str(blocked), "--count", "1", "--workers", "1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(blocked) in done.stderr
