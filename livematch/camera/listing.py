"""Which cameras are connected, and by what name each is found again.

The number of a camera changes with the socket and the order of plugging; its stable name does not.
On Linux that is udev's name by serial number (`/dev/v4l/by-id`), else by socket (`by-path`), else
what the driver calls it.
"""

import difflib
import logging
import os
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from livematch.errors import CameraError

log = logging.getLogger(__name__)

_SYSTEM = str(sys.platform)  # a plain string: what runs elsewhere is type-checked here too

_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP: _IOR('V', 0, struct v4l2_capability), linux/videodev2.h
_CAPABILITY = struct.Struct("16s32s32sIII12x")
_CAN_CAPTURE = 0x1 | 0x1000  # V4L2_CAP_VIDEO_CAPTURE and its multi-plane twin


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A connected camera; `path` is empty where the system opens cameras by their number."""

    index: int
    name: str
    stable: str
    path: str


def connected_cameras(root: Path = Path("/")) -> tuple[CameraDevice, ...]:
    """List the cameras by number; `root` is where Linux's `dev` and `sys` lie."""
    if _SYSTEM == "linux":
        return _distinct(_linux_cameras(root))
    return _distinct(_other_cameras("dshow" if _SYSTEM == "win32" else "avfoundation"))


def _linux_cameras(root: Path) -> list[CameraDevice]:
    names = {**_links(root / "dev/v4l/by-path"), **_links(root / "dev/v4l/by-id")}
    found = []
    for entry in (root / "sys/class/video4linux").glob("video*"):
        node = root / "dev" / entry.name
        number = entry.name.removeprefix("video")
        if not number.isdigit() or not _captures(node, entry):
            continue
        card = _text(entry / "name") or entry.name
        found.append(CameraDevice(int(number), card, names.get(entry.name, card), str(node)))
    return sorted(found, key=lambda camera: camera.index)


def _links(folder: Path) -> dict[str, str]:
    """Device node name → udev's name for it, without the part that every camera has."""
    if not folder.is_dir():
        return {}
    return {
        link.resolve().name: link.name.removesuffix("-video-index0")
        for link in sorted(folder.iterdir(), reverse=True)
    }


def _captures(node: Path, entry: Path) -> bool:
    """Whether a node gives pictures: many cameras have a second one, for metadata only."""
    capabilities = _capabilities(node)
    if capabilities is None:
        return _text(entry / "index") in {"", "0"}
    return bool(capabilities & _CAN_CAPTURE)


def _capabilities(node: Path) -> int | None:
    """Ask the driver; None when it is in use, not permitted, or no camera at all."""
    import fcntl  # noqa: PLC0415 - is not there on Windows

    try:
        handle = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(handle, _QUERYCAP, bytes(_CAPABILITY.size))
    except OSError:
        return None
    finally:
        os.close(handle)
    return int(_CAPABILITY.unpack(answer)[5])


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _other_cameras(system: str) -> list[CameraDevice]:
    """Ask FFmpeg, whose order is the capture library's; with several on a Mac it may differ."""
    import av.device  # noqa: PLC0415 - not needed on Linux, where reading processes start faster
    import av.error  # noqa: PLC0415

    try:
        found = av.device.enumerate_input_devices(system)
    except (ValueError, av.error.FFmpegError) as error:
        log.info("cameras cannot be listed: %s", error)
        return []
    names = [
        device.description or device.name
        for device in found
        if "video" in device.media_types and not device.description.startswith("Capture screen")
    ]
    return [CameraDevice(index, name, name, "") for index, name in enumerate(names)]


def _distinct(cameras: Sequence[CameraDevice]) -> tuple[CameraDevice, ...]:
    """Number the second and further cameras of one name."""
    seen: dict[str, int] = {}
    named = []
    for camera in cameras:
        count = seen[camera.stable] = seen.get(camera.stable, 0) + 1
        named.append(camera if count == 1 else replace(camera, stable=f"{camera.stable} #{count}"))
    return tuple(named)


def find_camera(wanted: str, cameras: Sequence[CameraDevice]) -> CameraDevice:
    """Return the camera of this number, path or (part of a) name; CameraError says what there is.

    Number and path go before stable names, those before makers' names, and whole names before
    parts; whatever is given must fit one camera only.
    """
    if not cameras:
        raise CameraError(
            f"camera {wanted!r}: no camera is connected, or none may be read by this user; plug "
            "one in, or use --camera pattern or --camera FILM"
        )
    folded = wanted.casefold()
    path = os.path.realpath(wanted) if wanted.startswith("/dev/") else None
    ways: tuple[Callable[[CameraDevice], bool], ...] = (
        lambda camera: str(camera.index) == wanted or (bool(path) and camera.path == path),
        lambda camera: camera.stable.casefold() == folded,
        lambda camera: camera.name.casefold() == folded,
        lambda camera: bool(folded) and folded in f"{camera.stable}\n{camera.name}".casefold(),
    )
    for fits in ways[:1] if wanted.isdigit() else ways:  # 7 is a number, not a part of 0007
        fitting = [camera for camera in cameras if fits(camera)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            break
    raise CameraError(_refusal(wanted, fitting, cameras))


def _refusal(wanted: str, fitting: Sequence[CameraDevice], cameras: Sequence[CameraDevice]) -> str:
    there = "; ".join(f"{camera.index} = {camera.stable}" for camera in fitting or cameras)
    if fitting:
        return f"camera {wanted!r} fits {len(fitting)} cameras: {there}"
    names = {name.casefold(): name for c in cameras for name in (c.stable, c.name)}
    close = difflib.get_close_matches(wanted.casefold(), names, n=1, cutoff=0.5)
    hint = f"did you mean {names[close[0]]!r}? " if close else ""
    return f"there is no camera {wanted!r}; {hint}connected: {there}"
