"""Devices that hang, freeze, vanish, crash and come back, read by real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from camera_films import number_in, write_film

from livematch.camera import device, open_camera
from livematch.camera.device import (
    CaptureReader,
    CaptureSpec,
    Mode,
    as_bgr,
    captured_at,
    parse_mode,
    shrunk,
)
from livematch.camera.fake import Act, FakeSpec, parse_script
from livematch.camera.listing import CameraDevice
from livematch.camera.source import CameraState
from livematch.camera.supervisor import Change, DeviceCamera
from livematch.clock import ManualClock, SystemClock
from livematch.errors import CameraError, UsageError
from livematch.slots import Newest
from livematch.telemetry import Telemetry
from livematch.values import Frame

GIVE_UP_S = 60.0
RUN_S = 1.5  # longer than a reading process usually takes to begin


@dataclass
class Watched:
    """A running device camera and every frame it put out."""

    camera: DeviceCamera
    slot: Newest[Frame]
    frames: list[Frame]
    telemetry: Telemetry

    def until(self, condition: Callable[[], bool]) -> None:
        """Take frames until something is so."""
        give_up_s = time.monotonic() + GIVE_UP_S
        while not condition():
            assert time.monotonic() < give_up_s, f"never so; {self.camera.diary}"
            frame = self.slot.take(0.05)
            if frame is not None:
                self.frames.append(frame)

    def until_live(self, times: int) -> None:
        """Take frames until it has gone live so many times."""
        self.until(lambda: len(self.changes(CameraState.LIVE)) >= times)

    def changes(self, *states: CameraState) -> list[Change]:
        return [change for change in self.camera.diary if change.state in states]


@pytest.fixture
def watch() -> Iterator[Callable[[FakeSpec], Watched]]:
    opened: list[Watched] = []

    def begin(spec: FakeSpec) -> Watched:
        telemetry = Telemetry()
        camera = DeviceCamera("fake", spec, SystemClock(), telemetry=telemetry)
        watched = Watched(camera, Newest(), [], telemetry)
        camera.start(watched.slot)
        opened.append(watched)
        return watched

    yield begin
    for watched in opened:
        watched.camera.stop()


@pytest.mark.parametrize(
    ("act", "seconds", "state", "words"),
    [
        (Act.HANG, 0.3, CameraState.STALE, "gives no picture"),
        (Act.FREEZE, 1.2, CameraState.STALE, "repeats one picture"),
        (Act.VANISH, 0.9, CameraState.LOST, "gives no more pictures"),
        (Act.CRASH, 0.3, CameraState.LOST, "exit code 3"),
    ],
)
def test_a_fault_is_noticed_within_a_second_shown_and_mended(
    watch: Callable[[FakeSpec], Watched], act: Act, seconds: float, state: CameraState, words: str
) -> None:
    # the script goes round, so that a machine too slow for its first fault meets the next
    spec = FakeSpec(parse_script(f"run {RUN_S},{act} {seconds}"), time.monotonic())
    watched = watch(spec)
    watched.until_live(2)
    fault = watched.changes(CameraState.STALE, CameraState.LOST)[0]
    assert fault.state is state
    assert words in fault.message
    assert fault.at_s - latest_start_s(spec, fault.at_s) <= 1.0
    reopening = next(c for c in watched.changes(CameraState.REOPENING) if c.at_s > fault.at_s)
    assert not [f for f in watched.frames if fault.at_s <= f.captured_s <= reopening.at_s]
    # only until then: a device that is reopened quickly may find the same still again
    shown = [frame for frame in watched.frames if frame.captured_s <= fault.at_s]
    assert longest_still_s(shown) <= 1.0, "a repeated picture does not go on being shown"
    numbers = [frame.number for frame in watched.frames]
    assert numbers == sorted(set(numbers)), "numbers go on over the reopening"
    assert watched.camera.name == "fake"
    assert watched.camera.status().reopened >= 1
    assert watched.telemetry.counters[COUNTED[act]] >= 1


COUNTED = {
    Act.HANG: "camera hung",
    Act.FREEZE: "camera frozen",
    Act.VANISH: "camera lost",
    Act.CRASH: "camera lost",
}


def latest_start_s(spec: FakeSpec, before_s: float) -> float:
    """When the script's second step last began."""
    fault = spec.script[1]
    rounds = (before_s - spec.started_s - fault.start_s) // fault.end_s
    return spec.started_s + fault.start_s + rounds * fault.end_s


def longest_still_s(frames: list[Frame]) -> float:
    longest_s, since = 0.0, frames[0]
    for frame in frames:
        if not np.array_equal(frame.image, since.image):
            since = frame
        longest_s = max(longest_s, frame.captured_s - since.captured_s)
    return longest_s


def test_a_still_that_reopening_brings_back_is_accepted(
    watch: Callable[[FakeSpec], Watched],
) -> None:
    watched = watch(FakeSpec(parse_script("freeze"), time.monotonic()))
    watched.until(lambda: bool(watched.changes(CameraState.STALE)))
    watched.until(lambda: "a still picture" in watched.camera.status().message)
    count = len(watched.frames)
    watched.until(lambda: len(watched.frames) > count + 30)  # a second of it, unmolested
    assert watched.camera.status().state is CameraState.LIVE
    assert watched.camera.status().reopened == 1
    assert len(watched.changes(CameraState.STALE)) == 1


def test_a_killed_reading_process_is_replaced(watch: Callable[[FakeSpec], Watched]) -> None:
    watched = watch(FakeSpec(parse_script("run"), time.monotonic()))
    watched.until_live(1)
    victim = watched.camera.process_id
    assert victim is not None
    killed_s = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    watched.until_live(2)
    lost = watched.changes(CameraState.LOST)[0]
    assert lost.at_s - killed_s <= 1.0
    assert "exit code -9" in lost.message
    assert watched.camera.process_id not in {None, victim}


def test_an_unplugged_device_is_tried_again_with_growing_pauses(
    watch: Callable[[FakeSpec], Watched],
) -> None:
    watched = watch(FakeSpec(parse_script("vanish"), time.monotonic()))
    watched.until(lambda: len(watched.changes(CameraState.REOPENING)) >= 3)
    lost = watched.changes(CameraState.LOST)[:3]
    tries = watched.changes(CameraState.OPENING, CameraState.REOPENING)
    pauses_s = [
        next(t.at_s for t in tries if t.at_s > change.at_s) - change.at_s for change in lost
    ]
    for pause_s, backoff_s in zip(pauses_s, (0.25, 0.5, 1.0), strict=True):
        assert pause_s >= backoff_s
    assert "unplugged" in lost[0].message


ORPHAN = """
import sys, time
from livematch.camera import open_camera
from livematch.clock import SystemClock
from livematch.slots import Newest

if __name__ == "__main__":
    camera, slot = open_camera(sys.argv[1], SystemClock()), Newest()
    camera.start(slot)
    while camera.process_id is None or not camera.diary or camera._reading.sight.ready_s is None:
        slot.take(0.02)
    print(camera.process_id, camera._shared.name, flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.read()
"""


def run_orphan(tmp_path: Path, script: str, then: str) -> "subprocess.Popen[str]":
    (tmp_path / "orphan.py").write_text(ORPHAN)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "orphan.py"), script, then],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")
@pytest.mark.parametrize("script", ["fake:run", "fake:hang"])
def test_a_killed_parent_leaves_no_process_and_no_memory(tmp_path: Path, script: str) -> None:
    with run_orphan(tmp_path, script, "wait") as parent:
        assert parent.stdout is not None
        child, memory = parent.stdout.readline().split()
        assert runs(child)
        assert shared(memory).exists()
        parent.kill()
        parent.wait()
        give_up_s = time.monotonic() + GIVE_UP_S
        while runs(child) or shared(memory).exists():
            assert time.monotonic() < give_up_s, "left behind"
            os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")
def test_a_show_that_breaks_off_is_tidied_up_without_a_word(tmp_path: Path) -> None:
    with run_orphan(tmp_path, "fake:run", "go") as parent:
        said, complaints = parent.communicate(timeout=GIVE_UP_S)
    child, memory = said.split()
    assert parent.returncode == 0
    assert not complaints
    assert not runs(child)
    assert not shared(memory).exists()


def runs(process_id: str) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # dead, and merely not yet counted by whoever adopted it


def shared(name: str) -> Path:
    return Path("/dev/shm") / name  # noqa: S108 - where Linux keeps shared memory


def test_scripts_are_read_as_written() -> None:
    steps = parse_script("run 2, hang 1.5,run")
    assert [(s.act, s.start_s, s.end_s) for s in steps] == [
        (Act.RUN, 0, 2),
        (Act.HANG, 2, 3.5),
        (Act.RUN, 3.5, float("inf")),
    ]
    spec = FakeSpec(steps, started_s=100.0)
    assert spec.step_at(103.0)[0].act is Act.HANG
    assert spec.step_at(1e6)[0].act is Act.RUN
    rounds = FakeSpec(parse_script("run 2,vanish 1"), started_s=100.0)
    acts = [rounds.step_at(100 + second + 0.5)[0].act for second in range(6)]
    assert acts == [Act.RUN, Act.RUN, Act.VANISH] * 2


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("rum 2,run", "did you mean 'run'"),
        ("run,hang", "'run' needs an act and its seconds"),
        ("run -1,run", "'-1' is not a number of seconds above 0"),
        ("run x,run", "'x' is not a number of seconds above 0"),
        ("", "write it like"),
        ("run 1 2", "needs an act"),
    ],
)
def test_wrong_scripts_are_explained(script: str, words: str) -> None:
    with pytest.raises(CameraError, match=words):
        open_camera(f"fake:{script}", SystemClock())


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("1280x720", Mode(1280, 720, 30.0, "MJPG")),
        ("640x480@60", Mode(640, 480, 60.0, "MJPG")),
        ("1920×1080@29.97:yuyv", Mode(1920, 1080, 29.97, "YUYV")),
    ],
)
def test_modes_are_read(text: str, mode: Mode) -> None:
    assert parse_mode(text) == mode


@pytest.mark.parametrize("text", ["720p", "1280", "1280x720@", "1280x720@0", "x", "1x1", ""])
def test_wrong_modes_are_explained(text: str) -> None:
    with pytest.raises(UsageError, match="WIDTHxHEIGHT@FPS:FOURCC, as in 1280x720@30:MJPG"):
        parse_mode(text)


def test_any_picture_a_driver_gives_becomes_bgr() -> None:
    grey = np.full((4, 6), 77, np.uint8)
    assert as_bgr(grey).shape == (4, 6, 3)
    assert np.all(as_bgr(grey) == 77)
    assert np.all(as_bgr(np.full((4, 6, 1), 0x4D00, np.uint16)) == 0x4D)
    with_alpha = np.dstack([np.full((4, 6, 3), 5, np.uint8), np.full((4, 6), 255, np.uint8)])
    assert np.all(as_bgr(with_alpha) == 5)
    assert shrunk(np.zeros((1080, 1920, 3), np.uint8), (1280, 720)).shape == (720, 1280, 3)
    assert shrunk(with_alpha, (1280, 720)) is with_alpha


@pytest.mark.parametrize(
    ("stamp_s", "captured_s"), [(99.96, 99.96), (0.0, 100.0), (100.5, 100.0), (12.0, 100.0)]
)
def test_a_drivers_stamp_counts_only_on_our_clock(stamp_s: float, captured_s: float) -> None:
    assert captured_at(stamp_s, now_s=100.0) == captured_s


def test_opencv_capture_reads_until_there_is_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV opens a film as it opens a camera, so a machine without one can try its reader."""
    path = write_film(tmp_path / "film.avi", range(0, 200, 40), 200)
    there = (CameraDevice(0, "Film", "usb-film", str(path)),)
    monkeypatch.setattr(device, "connected_cameras", lambda: there)
    monkeypatch.setattr(device, "backend", lambda: cv2.CAP_FFMPEG)
    reader = CaptureReader(CaptureSpec("usb-film", 0, Mode()), ManualClock(50.0))
    assert reader.open().title.startswith("Film, 64×48@")
    numbers = []
    while (got := reader.read()) is not None:
        captured_s, image = got
        assert captured_s == 50.0
        numbers.append(number_in(image))
    assert numbers == [0, 1, 2, 3, 4]
    reader.close()


def test_a_camera_that_will_not_open_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (CameraDevice(0, "Webcam", "usb-webcam", str(tmp_path / "video0")),)
    monkeypatch.setattr(device, "connected_cameras", lambda: there)
    spec = CaptureSpec("usb-webcam", 0, Mode())
    with pytest.raises(CameraError, match="in use by another program"):
        CaptureReader(spec).open()
    monkeypatch.setattr(device, "connected_cameras", tuple)
    with pytest.raises(CameraError, match="no camera is connected"):
        CaptureReader(spec).open()
