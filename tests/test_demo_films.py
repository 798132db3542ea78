"""The bundled demo footage is small, sound, credited and worth looking at."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from livematch.demo import camera_file, films_folder

MANIFEST: dict[str, Any] = json.loads((films_folder() / "shots.json").read_text(encoding="utf-8"))
FILMS = sorted(MANIFEST)


@cache
def small_frames(path: Path) -> np.ndarray:
    """All frames as 80 x 45 RGB, float32 from 0 to 255."""
    with av.open(str(path)) as container:
        frames = [
            cv2.resize(frame.to_ndarray(format="rgb24"), (80, 45), interpolation=cv2.INTER_AREA)
            for frame in container.decode(video=0)
        ]
    return np.stack(frames).astype(np.float32)


def stream_facts(path: Path) -> tuple[str, str, int, int, int]:
    with av.open(str(path)) as container:
        assert not container.streams.audio
        stream = container.streams.video[0]
        codec = stream.codec_context
        assert stream.average_rate is not None
        fps = round(float(stream.average_rate))
        return codec.name, str(codec.pix_fmt), codec.width, codec.height, fps


def test_footage_is_small_enough_to_ship() -> None:
    folder = camera_file().parent
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert total < 15e6


def test_manifest_lists_exactly_the_films_that_are_there() -> None:
    assert sorted(path.name for path in films_folder().glob("*.mp4")) == FILMS


def test_archive_is_rich_enough() -> None:
    names = [shot["name"] for film in MANIFEST.values() for shot in film["shots"]]
    assert len(names) >= 24
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", FILMS)
def test_film_is_what_it_promises(name: str) -> None:
    path = films_folder() / name
    assert stream_facts(path) == ("h264", "yuv420p", 640, 360, 24)
    assert len(small_frames(path)) == MANIFEST[name]["frames"]


@pytest.mark.parametrize("name", FILMS)
def test_key_frames_are_close_together_and_sit_on_the_cuts(name: str) -> None:
    with av.open(str(films_folder() / name)) as container:
        keys = [n for n, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    ends = [*keys, MANIFEST[name]["frames"]]
    assert max(later - earlier for earlier, later in pairwise(ends)) <= 12
    if MANIFEST[name]["join"] == "cut":
        assert set(MANIFEST[name]["cuts"]) <= set(keys)


@pytest.mark.parametrize("name", FILMS)
def test_shots_fill_the_film_and_meet_at_the_cuts(name: str) -> None:
    film = MANIFEST[name]
    firsts = [shot["first"] for shot in film["shots"]]
    ends = [shot["first"] + shot["frames"] for shot in film["shots"]]
    assert firsts == [0, *film["cuts"]]
    assert ends == [*film["cuts"], film["frames"]]


@pytest.mark.parametrize("name", FILMS)
def test_no_shot_is_black_flat_or_frozen(name: str) -> None:
    frames = small_frames(films_folder() / name)
    for shot in MANIFEST[name]["shots"]:
        first, count = shot["first"], shot["frames"]
        middle = frames[first + count // 4 : first + count - count // 4]
        assert middle.mean() > 12, f"{shot['name']} is black"
        assert middle.std(axis=(1, 2, 3)).min() > 12, f"{shot['name']} is flat"
        change = np.abs(middle[-1] - middle[0]).mean()
        assert change > 1.5, f"{shot['name']} is frozen"


@pytest.mark.parametrize("name", [name for name in FILMS if MANIFEST[name]["join"] == "cut"])
def test_hard_cuts_are_where_the_manifest_says(name: str) -> None:
    frames = small_frames(films_folder() / name)
    jumps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    for cut in MANIFEST[name]["cuts"]:
        near = np.r_[jumps[cut - 8 : cut - 1], jumps[cut : cut + 7]]
        assert jumps[cut - 1] > 2 * near.max()


def test_camera_is_a_lively_webcam() -> None:
    assert stream_facts(camera_file()) == ("h264", "yuv420p", 640, 360, 30)
    frames = small_frames(camera_file())
    assert 15 <= len(frames) / 30 <= 22
    assert frames.mean(axis=(1, 2, 3)).min() > 12
    seconds = frames[15::30]
    change = np.abs(np.diff(seconds, axis=0)).mean(axis=(1, 2, 3))
    assert change.min() > 2
    assert (change > 25).sum() >= 5


def test_every_film_is_credited() -> None:
    text = (camera_file().parent / "CREDITS.md").read_text(encoding="utf-8")
    for name in [*FILMS, camera_file().name]:
        assert f"`{name}`" in text
    for film in MANIFEST.values():
        for shot in film["shots"]:
            assert shot["name"] in text
