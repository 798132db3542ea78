"""Cuts in the camera's picture: counted once, with their second frame."""

from pathlib import Path

import numpy as np
import pytest
from films import pictures

from livematch.bench.cuts import read_labels
from livematch.camera.open import open_camera
from livematch.clock import ManualClock
from livematch.inputcuts import AFTER, InputCuts
from livematch.values import Image


def counts(images: list[Image]) -> list[int]:
    cuts = InputCuts()
    return [cuts.push(image) for image in images]


def test_a_cut_is_known_with_its_second_picture_and_counted_once() -> None:
    scenes = pictures(((1, 20), (2, 15), (3, 15)), (192, 108))
    assert counts(scenes) == [0] * 21 + [1] * 15 + [2] * 14


def test_a_still_and_a_flash_are_no_cuts() -> None:
    scene = pictures(((1, 30),), (192, 108))
    white = np.full_like(scene[0], 250)
    assert counts([*scene[:15], white, *scene[16:]])[-1] == 0


def test_the_first_picture_of_a_cut_and_a_flash_look_new() -> None:
    cuts, scene = InputCuts(), pictures(((1, 20), (2, 20)), (192, 108))
    scene[30] = np.full_like(scene[30], 250)
    looked_new = []
    for number, image in enumerate(scene):
        cuts.push(image)
        looked_new += [number] if cuts.may_be_cut else []
    assert looked_new[0] == 20
    assert set(looked_new) <= {20, 30, 31}
    assert cuts.count == 1


def test_a_camera_may_settle_first() -> None:
    assert counts(pictures(((1, 4), (2, 20)), (192, 108)))[-1] == 0


def test_skipped_frames_hide_no_cut() -> None:
    scenes = pictures(((1, 30), (2, 30)), (192, 108))
    assert counts(scenes[::3])[-1] == 1


@pytest.mark.parametrize("film", ["archive/bikes_10s.mp4", "trailer/sintel_trailer.mp4"])
def test_real_cuts_are_known_within_two_frames(footage: Path, film: str) -> None:
    cuts, found, last = InputCuts(), [], 0
    camera = open_camera(str(footage / film), ManualClock())
    frames, fps, number = (1252, 24.0, -1) if "sintel" in film else (250, 25.0, -1)
    for tick in range(frames):
        frame = camera.frame_at((tick + 0.5) / fps)
        number += frame is not None
        if frame is not None and cuts.push(frame.image) > last:
            last = cuts.count
            found.append(number)
    camera.stop()
    for cut in read_labels(footage)[film].cuts:
        assert any(cut <= known <= cut + AFTER - 1 for known in found), (cut, found)
