"""What every camera promises, asked of every camera there is."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from camera_films import write_film

from livematch.camera import open_camera
from livematch.camera.pattern import pattern
from livematch.camera.source import Camera, CameraState
from livematch.clock import Clock, ManualClock, SystemClock
from livematch.errors import CameraError
from livematch.slots import Newest
from livematch.values import Frame

GIVE_UP_S = 30.0
SHARED = Path("/dev/shm")  # noqa: S108 - where Linux keeps shared memory
MAX_SIZE = (320, 240)

Opener = Callable[[Clock], Camera]


@pytest.fixture(params=["pattern", "film", "still", "device"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    wanted = {
        "pattern": "pattern",
        "film": str(write_film(tmp_path / "film.mp4", range(0, 600, 40), 600, size=(640, 360))),
        "still": str(tmp_path / "still.png"),
        "device": "fake:run",
    }[request.param]
    cv2.imwrite(str(tmp_path / "still.png"), pattern(3, (640, 480)))
    return lambda clock: open_camera(wanted, clock, max_size=MAX_SIZE)


@pytest.fixture
def camera(opener: Opener) -> Iterator[Camera]:
    made = opener(SystemClock())
    yield made
    made.stop()


def take(slot: Newest[Frame], count: int) -> list[Frame]:
    frames = [slot.take(GIVE_UP_S) for _ in range(count)]
    assert None not in frames, "no frame came"
    return [frame for frame in frames if frame is not None]


def test_numbers_and_times_only_grow(camera: Camera) -> None:
    slot: Newest[Frame] = Newest()
    before_s = SystemClock().now()
    camera.start(slot)
    frames = take(slot, 6)
    numbers = [frame.number for frame in frames]
    times_s = [frame.captured_s for frame in frames]
    assert numbers == sorted(set(numbers))
    assert times_s == sorted(times_s)
    assert before_s <= times_s[0]
    assert times_s[-1] <= SystemClock().now()


def test_images_are_bgr_small_enough_and_cannot_be_written(camera: Camera) -> None:
    slot: Newest[Frame] = Newest()
    camera.start(slot)
    for frame in take(slot, 2):
        assert frame.image.dtype == np.uint8
        height, width, channels = frame.image.shape
        assert channels == 3
        assert width <= MAX_SIZE[0]
        assert height <= MAX_SIZE[1]
        assert frame.image.flags.c_contiguous
        assert not frame.image.flags.writeable


def test_status_says_live_and_then_stopped(camera: Camera) -> None:
    slot: Newest[Frame] = Newest()
    assert camera.status().state is CameraState.STOPPED
    assert camera.status().age_s is None
    camera.start(slot)
    take(slot, 4)
    status = camera.status()
    assert status.state is CameraState.LIVE
    assert status.name == camera.name
    assert status.age_s is not None
    assert status.age_s >= 0
    assert status.fps > 0
    assert status.reopened == 0
    camera.stop()
    assert camera.status().state is CameraState.STOPPED


def test_stop_is_final_and_leaves_nothing(opener: Opener) -> None:
    threads, shared = set(threading.enumerate()), shared_memory()
    for frames in (0, 2):
        camera, slot = opener(SystemClock()), Newest[Frame]()
        camera.start(slot)
        take(slot, frames)
        camera.stop()
        camera.stop()
        assert set(threading.enumerate()) <= threads
        assert not multiprocessing.active_children()
        assert shared_memory() == shared
        with pytest.raises(CameraError):
            camera.start(slot)


def test_stopping_a_camera_that_never_started_leaves_nothing(opener: Opener) -> None:
    shared = shared_memory()
    opener(SystemClock()).stop()
    assert shared_memory() == shared


def test_offline_gives_the_same_frames_every_time_or_refuses(
    opener: Opener, request: pytest.FixtureRequest
) -> None:
    if "device" in request.node.callspec.id:
        with pytest.raises(CameraError, match="only live"):
            opener(ManualClock())
        camera = opener(SystemClock())
        with pytest.raises(CameraError, match="only live"):
            camera.frame_at(0.0)
        camera.stop()
        return
    first, second = offline(opener), offline(opener)
    assert len(first) > 5
    for one, other in zip(first, second, strict=True):
        assert (one.number, one.captured_s) == (other.number, other.captured_s)
        np.testing.assert_array_equal(one.image, other.image)


def offline(opener: Opener) -> list[Frame]:
    """Ask 60 times a second from second 5 on, as an offline render does."""
    camera = opener(ManualClock(5.0))
    asked = [camera.frame_at(5.0 + tick / 60) for tick in range(90)]
    camera.stop()
    frames = [frame for frame in asked if frame is not None]
    assert frames[0].captured_s == 5.0
    numbers = [frame.number for frame in frames]
    assert numbers == list(range(len(frames))), "asked often enough, no frame is left out"
    return frames


def shared_memory() -> set[str]:
    return {entry.name for entry in SHARED.glob("livematch_*")} if SHARED.is_dir() else set()
