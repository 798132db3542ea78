"""Cuts, fades and dissolves: on drawn pictures, and on real film checked by eye."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import cv2
import films
import numpy as np
import pytest

from livematch.bench.cuts import Labels, demo_labels, read_labels, score
from livematch.bench.detectors import OURS
from livematch.bench.films import Tally, find_all
from livematch.clock import ManualClock
from livematch.demo import films_folder
from livematch.indexing.shots import Boundary, Kind, ShotDetector, small
from livematch.values import Image

FPS = 25


def detect(pictures: Iterable[Image], fps: float = FPS) -> list[Boundary]:
    detector = ShotDetector(fps)
    found, settled_s = [], 0.0
    for number, picture in enumerate(pictures):
        new = detector.push(number / fps, small(picture))
        assert all(boundary.time_s >= settled_s for boundary in new), "it was settled otherwise"
        assert detector.settled_s >= settled_s, "what is settled stays settled"
        settled_s = detector.settled_s
        found += new
    found += detector.finish()
    assert found == sorted(found, key=lambda boundary: boundary.number)
    return found


def cuts(pictures: Iterable[Image], fps: float = FPS) -> list[int]:
    return [b.number for b in detect(pictures, fps) if b.kind is Kind.CUT]


def mix(a: Image, b: Image, share: float) -> Image:
    return np.asarray(cv2.addWeighted(a, 1 - share, b, share, 0), np.uint8)


def test_a_cut_is_found_at_its_first_picture() -> None:
    found = detect(films.pictures([(1, 30), (2, 40), (3, 25)], films.SIZE))
    assert [(b.number, b.kind) for b in found] == [(30, Kind.CUT), (70, Kind.CUT)]
    assert found[0].time_s == 30 / FPS


def test_stills_may_follow_each_other_quickly() -> None:
    scenes = [(scene, 8) for scene in range(1, 7)]
    stills = [films.texture(scene, films.SIZE) for scene, frames in scenes for _ in range(frames)]
    assert cuts(stills) == [8, 16, 24, 32, 40]


def test_near_the_ends_of_a_film_cuts_are_found_too() -> None:
    assert cuts(films.pictures([(1, 6), (2, 30), (3, 6)], films.SIZE)) == [6, 36]


@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_not_a_cut(length: int) -> None:
    pictures = films.pictures([(1, 60)], films.SIZE)
    for number in range(30, 30 + length):
        pictures[number] = np.full_like(pictures[number], 250)
    assert cuts(pictures) == []


def test_flicker_is_not_a_cut() -> None:
    rng = np.random.default_rng(5)
    pictures = films.pictures([(1, 100)], films.SIZE)
    flickering = [mix(p, np.zeros_like(p), rng.uniform(0, 0.35)) for p in pictures]
    assert cuts(flickering) == []


def panning(steps: int, step_px: int, hold: int = 1) -> list[Image]:
    wide = np.tile(films.texture(7, (960, 108)), (1, 3, 1))
    return [
        wide[:, n * step_px : n * step_px + 192].copy() for n in range(steps) for _ in range(hold)
    ]


@pytest.mark.parametrize("step_px", [4, 12, 30])
def test_a_fast_pan_is_not_a_cut(step_px: int) -> None:
    assert cuts(panning(60, step_px)) == []


@pytest.mark.parametrize("hold", [2, 3])
def test_movement_drawn_on_twos_and_threes_is_not_a_cut(hold: int) -> None:
    assert cuts(panning(30, 12, hold)) == []


def test_a_shaken_camera_is_not_a_cut() -> None:
    rng = np.random.default_rng(3)
    wide = films.texture(9, (260, 160))
    corners = rng.integers(0, (50, 68), (80, 2))
    assert cuts([wide[y : y + 108, x : x + 192].copy() for y, x in corners]) == []


@pytest.mark.parametrize("length", [10, 24, 50])
def test_a_dissolve_is_one_gradual_boundary_inside_it(length: int) -> None:
    pictures = films.pictures([(1, 40 + length)], films.SIZE)
    after = films.pictures([(2, 40 + length)], films.SIZE)
    mixed = [mix(pictures[40 + n], after[n], n / length) for n in range(length)]
    found = detect(pictures[:40] + mixed + after[length:])
    assert [b.kind for b in found] == [Kind.GRADUAL]
    assert 40 <= found[0].number <= 40 + length
    assert 40 - 1 <= found[0].from_s * FPS <= found[0].to_s * FPS <= 40 + length + 1


def test_fades_out_and_in_each_have_their_boundary() -> None:
    before = films.pictures([(1, 60)], films.SIZE)
    after = films.pictures([(2, 60)], films.SIZE)
    black = np.zeros_like(before[0])
    out = [mix(before[40 + n], black, n / 20) for n in range(20)]
    in_ = [mix(black, after[n], n / 20) for n in range(20)]
    found = detect(before[:40] + out + [black] * 30 + in_ + after[20:])
    assert [b.kind for b in found] == [Kind.GRADUAL] * 2
    assert 40 <= found[0].number <= 60
    assert 90 <= found[1].number <= 110


def test_an_endless_slow_change_does_not_hold_everything_up() -> None:
    """What waits for the detector is bounded, so its delay must be."""
    bright = films.texture(4, films.SIZE)
    detector = ShotDetector(FPS)
    for number in range(20 * FPS):
        wave = 0.5 + 0.5 * np.sin(number / 40)
        detector.push(number / FPS, small(mix(bright, np.zeros_like(bright), wave)))
        assert number / FPS - detector.settled_s < 4.5


def test_shots_are_never_very_short() -> None:
    found = detect(films.pictures([(scene, 3) for scene in range(1, 30)], films.SIZE))
    times = [0.0, *(boundary.time_s for boundary in found)]
    assert all(b - a >= 0.2 - 1e-9 for a, b in pairwise(times))


def test_no_pictures_no_boundaries() -> None:
    detector = ShotDetector(FPS)
    assert detector.finish() == []
    assert detector.settled_s == 0.0


def tallies_of(footage: Path) -> tuple[dict[str, Labels], dict[str, Tally]]:
    labels = read_labels(footage)
    return labels, find_all(footage, labels, ManualClock())


def test_real_film_and_the_library_everyone_uses(footage: Path) -> None:
    """Ours is as good as asked; and better than theirs, or there is no reason for one of our own.

    A gradual change counts as found when the boundary falls inside it.
    """
    labels, tallies = tallies_of(footage)
    scores = {name: score(labels, t.cuts, t.boundaries) for name, t in tallies.items()}
    ours = scores.pop(OURS)
    assert ours.f1 >= 0.95
    assert ours.gradual_share >= 0.85
    assert set(scores) == {"AdaptiveDetector", "ContentDetector"}
    assert all(ours.f1 > theirs.f1 for theirs in scores.values())


def test_the_cuts_of_the_demo_are_found() -> None:
    labels = demo_labels(films_folder())
    tally = find_all(films_folder(), labels, ManualClock())[OURS]
    assert score(labels, tally.cuts, tally.boundaries).f1 >= 0.95
