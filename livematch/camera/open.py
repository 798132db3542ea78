"""From what a person writes after `--camera` to a camera."""

import difflib
from pathlib import Path

from livematch.camera.device import Mode, capture_spec
from livematch.camera.fake import fake_spec
from livematch.camera.file import STILLS, FilmTape, StillTape
from livematch.camera.pattern import PatternTape
from livematch.camera.source import MAX_SIZE, Camera, PlayedCamera
from livematch.camera.supervisor import DeviceCamera
from livematch.clock import Clock, SystemClock
from livematch.errors import CameraError
from livematch.telemetry import Telemetry

FAKE = "fake:"
PATTERN = "pattern"


def open_camera(
    wanted: str,
    clock: Clock,
    *,
    max_size: tuple[int, int] = MAX_SIZE,
    mode: Mode | None = None,
    telemetry: Telemetry | None = None,
) -> Camera:
    """Open `pattern`, a film or picture file, `fake:SCRIPT`, or a device by number or name.

    Nothing plays before `start` or `frame_at`. `mode` is asked of devices only. CameraError says
    what there is instead.
    """
    if wanted == PATTERN:
        return PlayedCamera(wanted, PatternTape(max_size), clock)
    path = Path(wanted).expanduser()
    if not _names_device(wanted) and (path.exists() or _looks_like_path(wanted)):
        return _open_file(path, clock, max_size)
    if not isinstance(clock, SystemClock):
        raise CameraError(
            f"camera {wanted!r} is a device and plays only live; offline, use pattern or a film"
        )
    if wanted.startswith(FAKE):
        spec = fake_spec(wanted.removeprefix(FAKE), clock)
        return DeviceCamera("fake", spec, clock, max_size, telemetry)
    name, device = capture_spec(wanted, mode or Mode())
    return DeviceCamera(name, device, clock, max_size, telemetry)


def _names_device(wanted: str) -> bool:
    return wanted.isdigit() or wanted.startswith((FAKE, "/dev/"))


def _looks_like_path(wanted: str) -> bool:
    suffix = Path(wanted).suffix
    return any(mark in wanted for mark in "/\\") or (2 <= len(suffix) <= 6 and suffix[1:].isalnum())


def _open_file(path: Path, clock: Clock, max_size: tuple[int, int]) -> Camera:
    if path.is_dir():
        raise CameraError(f"camera {path} is a folder; name one film in it")
    if not path.exists():
        raise CameraError(f"there is no film {path}{_nearest(path)}")
    still = path.suffix.lower() in STILLS
    tape = StillTape(path, max_size) if still else FilmTape(path, max_size)
    return PlayedCamera(path.name, tape, clock)


def _nearest(path: Path) -> str:
    """Name the most similar file beside the one that is not there."""
    folder = path.parent
    if not folder.is_dir():
        return f"; there is no folder {folder} either"
    names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"; did you mean {str(folder / near[0])!r}?" if near else ""
