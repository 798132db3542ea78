"""Reading a device, in a process of its own that may be killed at any instant.

The parent hears of each frame through a pipe and finds it in a shared slot. When the pipe ends the
parent is dead, and the reading process takes the shared memory with it.
"""

import logging
import os
import re
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

import cv2
import numpy as np

from livematch.camera.listing import CameraDevice, connected_cameras, find_camera
from livematch.camera.shared_slot import SharedSlot
from livematch.camera.source import fitted
from livematch.clock import Clock, SystemClock
from livematch.errors import CameraError, UsageError
from livematch.values import Image

log = logging.getLogger(__name__)

MISSES = 10  # reads in a row that bring nothing, until the device counts as gone
MISS_S = 0.03
STOP = b"stop"
_SYSTEM = str(sys.platform)  # a plain string: what runs elsewhere is type-checked here too


@dataclass(frozen=True, slots=True)
class Mode:
    """What is asked of a camera; it answers with the nearest it has.

    MJPG is the default because USB 2 has no room for uncompressed 720p at 30 pictures a second.
    """

    width: int = 1280
    height: int = 720
    fps: float = 30.0
    fourcc: str = "MJPG"


def parse_mode(text: str) -> Mode:
    """Read `1280x720`, `1280x720@30` or `1280x720@30:YUYV`; UsageError says how it is written."""
    found = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})(?:@(\d+(?:\.\d+)?))?(?::(\w{4}))?", text.strip())
    usual = Mode()
    if found is None or not float(found[3] or usual.fps) > 0:
        raise UsageError(
            f"camera mode {text!r} is not WIDTHxHEIGHT@FPS:FOURCC, as in 1280x720@30:MJPG; "
            "rate and format may be left out"
        )
    return Mode(
        width=int(found[1]),
        height=int(found[2]),
        fps=float(found[3] or usual.fps),
        fourcc=(found[4] or usual.fourcc).upper(),
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """The device is open, and this is what it says of itself; fps is 0 when it does not say."""

    title: str
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The device cannot be opened or has gone; the reading process ends."""

    reason: str


@dataclass(frozen=True, slots=True)
class Put:
    """A frame lies in the slot."""


Word = Opened | Failed | Put


class DeviceReader(Protocol):
    """A device as the reading process sees it; every call may block for ever."""

    def open(self) -> Opened:
        """Open it; CameraError when that fails."""
        ...

    def read(self) -> tuple[float, Image] | None:
        """Wait for the next picture: when it was captured (machine's clock) and its BGR image."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class DeviceSpec(Protocol):
    """Which device to read, as a value that can be sent to another process."""

    def reader(self) -> DeviceReader:
        """Make the reader, in the reading process."""
        ...


def read_device(
    spec: DeviceSpec, slot_name: str, max_size: tuple[int, int], connection: Connection
) -> None:
    """Read a device into a slot until told to stop: the main function of the reading process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _silence_stderr()
    slot = SharedSlot.attach(slot_name)
    stopping = threading.Event()
    threading.Thread(target=_obey, args=(connection, slot, stopping), daemon=True).start()
    reader = spec.reader()
    try:
        connection.send(reader.open())
        _pump(reader, slot, max_size, connection, stopping)
        connection.send(Failed("gives no more pictures"))
    except CameraError as error:
        connection.send(Failed(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a driver throws is told to the parent
        connection.send(Failed(f"{type(error).__name__}: {error}"))
    finally:
        reader.close()
        slot.close()


def _pump(
    reader: DeviceReader,
    slot: SharedSlot,
    max_size: tuple[int, int],
    connection: Connection,
    stopping: threading.Event,
) -> None:
    """Move pictures from the device to the slot until it gives no more."""
    missed, latest_s = 0, 0.0
    while missed < MISSES and not stopping.is_set():
        got = reader.read()
        if got is None:
            missed += 1
            stopping.wait(MISS_S)  # some drivers say so at once, and may still recover
            continue
        missed, latest_s = 0, max(latest_s, got[0])  # a driver's own stamps may step back
        captured_s, image = latest_s, got[1]
        slot.write(shrunk(as_bgr(image), max_size), captured_s)
        connection.send(Put())


def _obey(connection: Connection, slot: SharedSlot, stopping: threading.Event) -> None:
    """Wait for the parent's word to stop, or for its death."""
    try:
        connection.recv_bytes()
    except (EOFError, OSError):
        slot.unlink()
        os._exit(1)
    stopping.set()


def _silence_stderr() -> None:
    """Drivers and codecs write to file descriptor 2 whatever they are told; faults go by pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def as_bgr(image: Image) -> Image:
    """Return any picture a driver gives (grey, with alpha, 16 bits) as 8-bit BGR."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
    return image if channels == 3 else image[:, :, :3]


def shrunk(image: Image, max_size: tuple[int, int]) -> Image:
    """Return the image, made to fit into `max_size`."""
    present = (image.shape[1], image.shape[0])
    size = fitted(present, max_size)
    if size == present:
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """A real camera, by stable name; looked up at every opening, for its number may change.

    `index` is used where the system cannot list its cameras.
    """

    stable: str
    index: int | None
    mode: Mode

    def reader(self) -> DeviceReader:
        """Make the reader, in the reading process."""
        return CaptureReader(self)


class CaptureReader:
    """OpenCV's capture, on the platform's own backend."""

    def __init__(self, spec: CaptureSpec, clock: Clock | None = None) -> None:
        self._spec = spec
        self._clock = clock or SystemClock()
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> Opened:
        """Find the camera by its stable name, open it and ask for the mode."""
        address, name = self._address()
        capture = cv2.VideoCapture(address, backend())
        self._capture = capture
        if not capture.isOpened():
            raise CameraError(
                f"{name} ({address}) cannot be opened: in use by another program, "
                "or not permitted to this user"
            )
        mode = self._spec.mode
        if _SYSTEM != "darwin":  # AVFoundation chooses the format itself
            capture.set(cv2.CAP_PROP_FOURCC, _fourcc(mode.fourcc))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
        capture.set(cv2.CAP_PROP_FPS, mode.fps)
        width = round(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = max(0.0, capture.get(cv2.CAP_PROP_FPS))
        return Opened(f"{name}, {width}×{height}@{fps:g}", fps)

    def read(self) -> tuple[float, Image] | None:
        """Wait for the next picture."""
        capture = self._capture
        if capture is None or not capture.grab():
            return None
        now_s = self._clock.now()
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        ok, image = capture.retrieve()
        if not ok or image is None or not image.size:
            return None
        return captured_at(stamp_s, now_s), image.astype(np.uint8, copy=False)

    def close(self) -> None:
        """Let go of the camera."""
        if self._capture is not None:
            self._capture.release()

    def _address(self) -> tuple[str | int, str]:
        cameras = connected_cameras()
        if not cameras and self._spec.index is not None and _SYSTEM != "linux":
            return self._spec.index, self._spec.stable
        camera = find_camera(self._spec.stable, cameras)
        return camera.path or camera.index, camera.name


def captured_at(stamp_s: float, now_s: float) -> float:
    """Return when a picture was captured: the driver's stamp if it is of the machine's clock.

    V4L2 drivers stamp the instant the picture was complete, before USB and decoding; others give
    0 or a time of their own.
    """
    return stamp_s if 0 <= now_s - stamp_s < 0.5 else now_s


def backend() -> int:
    """Return OpenCV's capture backend of this platform."""
    # DirectShow rather than Media Foundation: the latter takes many seconds to open a camera
    backends = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}
    return int(backends.get(_SYSTEM, cv2.CAP_ANY))


def _fourcc(name: str) -> int:
    return int.from_bytes(name.encode("ascii"), "little")


def capture_spec(wanted: str, mode: Mode) -> tuple[str, CaptureSpec]:
    """Find a camera by number, path or name: its stable name and spec; CameraError else."""
    cameras = connected_cameras()
    if not cameras and wanted.isdigit() and _SYSTEM != "linux":
        camera = CameraDevice(int(wanted), f"camera {wanted}", f"camera {wanted}", "")
    else:
        camera = find_camera(wanted, cameras)
    return camera.stable, CaptureSpec(camera.stable, camera.index, mode)
