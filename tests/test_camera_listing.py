"""Which cameras there are, by which names, and how a wrong one is answered."""

import sys
from pathlib import Path

import pytest

from livematch.camera import device, listing, open_camera
from livematch.camera.listing import CameraDevice, connected_cameras, find_camera
from livematch.clock import ManualClock, SystemClock
from livematch.errors import CameraError

C920 = CameraDevice(0, "HD Pro Webcam C920", "usb-046d_HD_Pro_Webcam_C920_8A5B", "/dev/video0")
CARD = CameraDevice(2, "Cam Link 4K", "usb-Elgato_Cam_Link_4K_0004", "/dev/video2")
TWIN = CameraDevice(4, "Cam Link 4K", "usb-Elgato_Cam_Link_4K_0007", "/dev/video4")
THREE = (C920, CARD, TWIN)


def plug(root: Path, number: int, name: str, *, index: int = 0, **links: str) -> None:
    """Put a camera into a made-up /dev and /sys; `links` are folder=name under /dev/v4l."""
    node = root / "dev" / f"video{number}"
    entry = root / "sys" / "class" / "video4linux" / node.name
    entry.mkdir(parents=True)
    (entry / "name").write_text(f"{name}\n")
    (entry / "index").write_text(f"{index}\n")
    node.parent.mkdir(exist_ok=True)
    node.touch()
    for folder, link in links.items():
        place = root / "dev" / "v4l" / folder.replace("_", "-")
        place.mkdir(parents=True, exist_ok=True)
        (place / link).symlink_to(Path("../..") / node.name)


@pytest.mark.skipif(sys.platform != "linux", reason="the layout of Linux")
def test_linux_cameras_have_the_steadiest_name_there_is(tmp_path: Path) -> None:
    plug(tmp_path, 10, "Plain")
    plug(tmp_path, 11, "Plain")
    plug(tmp_path, 2, "By path", by_path="pci-0000:00:14.0-usb-0:1:1.0-video-index0")
    plug(
        tmp_path,
        0,
        "By id",
        by_path="pci-0000:00:14.0-usb-0:2:1.0-video-index0",
        by_id="usb-Maker_Model_123-video-index0",
    )
    plug(tmp_path, 1, "By id", index=1, by_id="usb-Maker_Model_123-video-index1")  # metadata
    found = connected_cameras(tmp_path)
    assert [(camera.index, camera.name, camera.stable) for camera in found] == [
        (0, "By id", "usb-Maker_Model_123"),
        (2, "By path", "pci-0000:00:14.0-usb-0:1:1.0"),
        (10, "Plain", "Plain"),
        (11, "Plain", "Plain #2"),
    ]
    assert found[0].path == str(tmp_path / "dev" / "video0")


@pytest.mark.skipif(sys.platform != "linux", reason="the layout of Linux")
def test_a_replugged_camera_keeps_its_stable_name(tmp_path: Path) -> None:
    link = "usb-Maker_Model_123-video-index0"
    plug(tmp_path / "before", 0, "Model", by_id=link)
    plug(tmp_path / "after", 3, "Model", by_id=link)
    before, after = (connected_cameras(tmp_path / when)[0] for when in ("before", "after"))
    assert before.stable == after.stable
    assert find_camera(before.stable, [after]).path.endswith("video3")


def test_no_cameras_at_all(tmp_path: Path) -> None:
    assert connected_cameras(tmp_path) == ()


def test_other_systems_ask_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_SYSTEM", "darwin")
    assert connected_cameras() == ()  # this FFmpeg has no avfoundation; that is not an error


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("0", C920),
        ("2", CARD),
        ("/dev/video4", TWIN),
        ("c920", C920),
        ("HD Pro Webcam C920", C920),
        ("usb-elgato_cam_link_4k_0004", CARD),
        ("_0007", TWIN),
    ],
)
def test_a_camera_is_found_by_number_path_or_part_of_a_name(
    wanted: str, found: CameraDevice
) -> None:
    assert find_camera(wanted, THREE) is found


def test_an_exact_stable_name_is_never_ambiguous() -> None:
    same = (CameraDevice(0, "HD", "HD", "/dev/video0"), CameraDevice(1, "HD", "HD #2", ""))
    assert find_camera("HD", same) is same[0]
    assert find_camera("HD #2", same) is same[1]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("7", "no camera '7'; connected: 0 = usb-046d.*; 2 = .*; 4 = "),
        ("/dev/video9", "no camera '/dev/video9'"),
        ("Cam Lnk 4K", "no camera 'Cam Lnk 4K'; did you mean 'Cam Link 4K'"),
        ("Cam Link 4K", "fits 2 cameras: 2 = .*0004; 4 = .*0007"),
        ("elgato", "fits 2 cameras"),
        ("", "no camera ''"),
    ],
)
def test_a_wrong_name_is_answered_with_what_there_is(wanted: str, words: str) -> None:
    with pytest.raises(CameraError, match=words):
        find_camera(wanted, THREE)


def test_with_nothing_connected_it_says_what_to_do() -> None:
    with pytest.raises(CameraError, match=r"no camera is connected.*--camera pattern"):
        find_camera("0", ())


def test_a_device_is_opened_under_its_stable_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "connected_cameras", lambda: THREE)
    camera = open_camera("2", SystemClock())
    assert camera.name == CARD.stable
    camera.stop()
    with pytest.raises(CameraError, match="only live"):
        open_camera("2", ManualClock())
