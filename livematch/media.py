"""Films as FFmpeg sees them: opened, described and unpacked the same way for index and stage."""

import ctypes
import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import av
import av._core
import av.container
import av.error
import av.logging
import numpy as np
from av.packet import Packet
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from livematch.errors import FilmError, PictureError
from livematch.values import Colours, Image, Picture, PixelFormat

T = TypeVar("T")

log = logging.getLogger(__name__)
# A broken film is reported by us, once, with its name. And PyAV's callback takes the interpreter's
# lock: a decoder with threads that is closed half-way would wait for them, and they for the lock.
av.logging.restore_default_callback()
av.logging.set_libav_level(av.logging.PANIC)

PLANAR = frozenset({"yuv420p", "yuvj420p"})
# ITU-T H.273, table 4: the matrix coefficients that films really carry
_MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020"}

_SLOW_GATHER = 0x2000000  # FFmpeg's AV_CPU_FLAG_SLOW_GATHER, of x86 processors


@dataclass(frozen=True, slots=True)
class FilmInfo:
    """What a film's header says. `width` × `height` as stored, `aspect` as it should be seen.

    `start_s` is the time stamp of the first picture: times into the film count from there.
    """

    width: int
    height: int
    aspect: float
    quarter_turns: int
    duration_s: float
    fps: float
    codec: str
    start_s: float

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height with square pixels, turned upright; the stored height is kept."""
        height = self.width if self.quarter_turns % 2 else self.height
        return max(2, round(height * self.aspect)), height


class OpenFilm:
    """An open container with its picture stream; close it, or use `open_film`.

    One thread at a time. `threads` is FFmpeg's slice threading: more threads, no added delay.
    `straight` threads by frames as well, which is faster for a reading from end to end and slower
    after every seek. `coarse` is for pictures that are only looked at small: of those that no other
    is made from, the edges of blocks are not smoothed. `faults` counts the damaged packets passed
    over. `enough_px` is how many
    lines will do: MJPEG that has four times as many is decoded at a quarter of its size, which
    takes less than half the time (at half its size it would take longer than whole).
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        *,
        straight: bool = False,
        coarse: bool = False,
        enough_px: int | None = None,
    ) -> None:
        self.path = path
        self.faults = 0
        self._begun: Iterator[av.VideoFrame] | None = None
        try:
            # A file name from a person is never a URL or a device: `file:` shuts FFmpeg's other
            # protocols out (concat:, http:, …), whatever the name begins with.
            self.container = av.open(f"file:{path}")
        except av.error.FFmpegError as error:
            raise FilmError(f"{path}: {_reason(error)}") from None
        except OSError as error:
            raise FilmError(f"{path}: {error.strerror or error}") from None
        try:
            self.stream = self._picture_stream()
            self.stream.thread_type = "AUTO" if straight else "SLICE"
            self.stream.codec_context.thread_count = threads
            if coarse:
                self.stream.codec_context.options = {"skip_loop_filter": "noref"}
            if enough_px is not None and _has_quarter(self.stream, enough_px):
                self.stream.codec_context.options = {"lowres": "2"}
            self.info = self._describe()
        except BaseException:
            self.container.close()
            raise

    def _picture_stream(self) -> VideoStream:
        streams = [s for s in self.container.streams.video if not _is_cover(s)]
        if not streams:
            raise FilmError(f"{self.path}: has no moving picture")
        if streams[0].codec_context is None:  # whatever PyAV's annotations say
            raise FilmError(f"{self.path}: is in a codec that this FFmpeg does not know")
        if streams[0].codec_context.width <= 0 or streams[0].codec_context.height <= 0:
            raise FilmError(f"{self.path}: its picture size cannot be read")
        return streams[0]

    def _describe(self) -> FilmInfo:
        stream, context = self.stream, self.stream.codec_context
        width, height = context.width, context.height
        pixel = float(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1) or 1.0
        first = self._first()
        turns = round(-first.rotation / 90) % 4
        aspect = width * pixel / height
        header_s = float((stream.start_time or 0) * (stream.time_base or 0))
        return FilmInfo(
            width=width,
            height=height,
            aspect=1 / aspect if turns % 2 else aspect,
            quarter_turns=turns,
            duration_s=self._duration_s(),
            fps=float(stream.average_rate or stream.guessed_rate or 25),
            codec=context.name,
            start_s=header_s if first.time is None else float(first.time),
        )

    def _duration_s(self) -> float:
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return (self.container.duration or 0) / av.time_base

    def _first(self) -> av.VideoFrame:
        """Return the first picture: how it is turned and timed is known once it is decoded."""
        frames = self._decoded()
        first = next(frames, None)
        if first is None:
            raise FilmError(f"{self.path}: not one picture can be decoded")
        # kept for `frames`, rather than sought again: not every container can go back
        self._begun = chain([first], frames)
        return first

    def seek(self, time_s: float) -> None:
        """Go to the key frame at or before `time_s`, in the stream's own time."""
        self._begun = None
        time_base = self.stream.time_base
        assert time_base is not None  # noqa: S101 - every opened video stream has one
        try:
            self.container.seek(round(time_s / time_base), stream=self.stream, backward=True)
        except av.error.FFmpegError:
            self._begin_again()

    def _begin_again(self) -> None:
        """Containers without an index (raw streams, some MPEG) can only be begun again."""
        try:
            self.container.seek(0)
        except av.error.FFmpegError as error:
            raise FilmError(f"{self.path}: {_reason(error)}") from None

    def frames(self) -> Iterator[av.VideoFrame]:
        """Yield frames in order of presentation from here on; damaged packets are passed over."""
        begun, self._begun = self._begun, None
        return self._decoded() if begun is None else begun

    def _decoded(self) -> Iterator[av.VideoFrame]:
        return self.unpacked(lambda packet: packet.decode())

    def unpacked(self, unpack: Callable[["Packet[VideoStream]"], Iterable[T]]) -> Iterator[T]:
        """Yield what `unpack` makes of each packet from here on; damaged ones are passed over.

        `unpack` says that one is damaged with PictureError. `seek` first: opening has read on.
        """
        faults = 0
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
                if packet.has_sidedata("encryption_info"):
                    raise FilmError(f"{self.path}: is encrypted, and livematch has no key for it")
                yield from unpack(packet)
            except StopIteration:
                return
            except av.error.EOFError:
                return
            except (av.error.FFmpegError, PictureError) as error:
                faults += 1
                self.faults += 1
                if faults == 1:
                    log.info("%s: damaged picture data passed over (%s)", self.path, error)
                if faults > MOST_FAULTS:
                    raise FilmError(f"{self.path}: {_reason(error)}") from None

    def close(self) -> None:
        """Free the decoder and the file."""
        self._begun = None  # it holds this film: both would wait, pictures and all, to be collected
        self.container.close()


MOST_FAULTS = 500  # damaged packets in one reading before the rest of a film is given up


@contextmanager
def open_film(
    path: Path, threads: int = 1, *, straight: bool = False, coarse: bool = False
) -> Iterator[OpenFilm]:
    """Open a film for the length of a `with`; FilmError says why it cannot be read."""
    film = OpenFilm(path, threads, straight=straight, coarse=coarse)
    try:
        yield film
    finally:
        film.close()


def scale_without_gathers() -> bool:
    """Have FFmpeg shrink pictures in this process without the gather instructions of x86.

    Returns whether that could be done. The pictures are the same to the bit. FFmpeg passes gathers
    over on the processors it knows to be slow at them; on one it does not know (Zen 5) shrinking
    with them takes up to three times as long, for a wide filter loads each byte once without them.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        # the functions of the FFmpeg that PyAV is linked with, wherever that lies
        ffmpeg = ctypes.CDLL(av._core.__file__)
        ffmpeg.av_force_cpu_flags(ffmpeg.av_get_cpu_flags() | _SLOW_GATHER)
    except (OSError, AttributeError):  # Windows finds only what a library has itself
        return False
    return True


def to_picture(frame: av.VideoFrame, info: FilmInfo, time_s: float) -> Picture:
    """Unpack a decoded frame for upload: YUV planes where the codec gives them, else BGR."""
    if frame.format.name in PLANAR and frame.width % 2 == 0 and frame.height % 2 == 0:
        planes = tuple(plane_array(frame, index) for index in range(3))
        colours = colours_of(frame, info.height)
        return Picture(planes, PixelFormat.YUV420, info.aspect, time_s, info.quarter_turns, colours)
    image = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    return Picture((image,), PixelFormat.BGR, info.aspect, time_s, info.quarter_turns)


def plane_array(frame: av.VideoFrame, index: int) -> Image:
    """Copy one 8-bit plane out of a frame, without its row padding.

    Always a copy: FFmpeg keeps as many buffers for a film as were ever in use at once, and an idle
    film whose pictures had lain in a deck would keep them all.
    """
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width].copy()


def colours_of(frame: av.VideoFrame, height_px: int | None = None) -> Colours:
    """How this frame's YUV is meant; where the file is silent, by its size as players do.

    `height_px` is the film's, where the frame was made smaller.
    """
    usual = "bt709" if (height_px or frame.height) >= 720 else "bt601"
    matrix = _MATRICES.get(int(frame.colorspace), usual)
    full = frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
    return Colours(matrix, full)


def _has_quarter(stream: VideoStream, enough_px: int) -> bool:
    context = stream.codec_context
    return context.name == "mjpeg" and context.height >= 4 * enough_px


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _reason(error: Exception) -> str:
    """Say FFmpeg's error as a person would."""
    words = {
        av.error.InvalidDataError: "is not a film, or is damaged beyond reading",
        av.error.FileNotFoundError: "is not there",
        av.error.PermissionError: "may not be read (permissions)",
        av.error.IsADirectoryError: "is a folder",
        av.error.DecoderNotFoundError: "needs a decoder that this FFmpeg does not have",
        av.error.EOFError: "ends before its first picture",
    }
    for kind, text in words.items():
        if isinstance(error, kind):
            return text
    return str(getattr(error, "strerror", None) or error)
