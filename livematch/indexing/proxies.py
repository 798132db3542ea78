"""Proxies: copies of films from which any moment is one small step away; here those in MJPEG.

A proxy has the film's own time stamps from 0 on, square pixels, stands upright, and is never larger
than the film (but for the rounding to whole blocks). JPEG knows one colour matrix, BT.601 over the
full range, so films in another are converted: whatever plays a proxy shows the right colours.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import av.error
import cv2
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from livematch.archive.proxynames import ANY
from livematch.errors import FilmError
from livematch.media import FilmInfo, colours_of
from livematch.values import Image

QUALITY = 4  # FFmpeg's quantiser scale: 2 is best; 4 is where 720p film still looks like film
MATRICES = {"bt709": Colorspace.ITU709, "bt601": Colorspace.ITU601, "bt2020": Colorspace.BT2020}
LUMA_SHARES = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
GREY = 128.0  # chroma planes hold differences from this
LAMBDA = 118  # FFmpeg's FF_QP2LAMBDA: its encoders take the quantiser times this


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a picture becomes, before it is turned upright by `quarter_turns` clockwise."""

    width: int
    height: int
    quarter_turns: int

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height once it is turned."""
        sides = (self.width, self.height)
        return (sides[1], sides[0]) if self.quarter_turns % 2 else sides


def shape_for(info: FilmInfo, height_px: int, multiple: int = 2) -> Shape:
    """Choose the size for a picture `height_px` high at most, upright, with square pixels.

    Never larger than the film; sides are multiples of `multiple` (4:2:0 needs even ones).
    """
    width, height = info.upright_size
    scale = min(1.0, height_px / height)

    def even(side: float) -> int:
        return max(multiple, round(side / multiple) * multiple)

    upright = even(width * scale), even(height * scale)
    stored = upright[::-1] if info.quarter_turns % 2 else upright
    return Shape(*stored, info.quarter_turns)


def sweep(folder: Path, wanted: frozenset[str]) -> int:
    """Delete what an earlier run left behind: unfinished proxies, and whole ones of no film.

    Only files named as proxies are named are touched. Returns how many went.
    """
    leftovers = [path for path in folder.glob(ANY) if path.name not in wanted]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


class ProxyWriter(Protocol):
    """Writes one proxy, frame after frame; one thread. Says with FilmError what cannot be done."""

    def write(self, frame: av.VideoFrame, ticks: int) -> None:
        """Add a decoded frame of the film at `ticks` of the time base; `frame` is left as it is."""
        ...

    def finish(self) -> None:
        """Write what is left; afterwards the file is whole, and on the disk."""
        ...

    def abandon(self) -> None:
        """Let go of the file, whole or not; safe to call after `finish`."""
        ...


class MjpegWriter:
    """Writes a proxy in MJPEG."""

    def __init__(self, path: Path, shape: Shape, time_base: Fraction, threads: int = 1) -> None:
        self._path, self._shape = path, shape
        self._reformatter = VideoReformatter()
        self._threads = threads
        self._time_base = time_base
        self._container = av.open(f"file:{path}", "w", format="mov")
        self._stream = self._add_stream()

    def _add_stream(self) -> VideoStream:
        options = {"qmin": str(QUALITY), "qmax": str(QUALITY), "huffman": "default"}
        stream = self._container.add_stream("mjpeg", options=options)
        context = stream.codec_context
        context.width, context.height = self._shape.upright
        context.pix_fmt = "yuvj420p"
        context.color_range = ColorRange.JPEG
        context.colorspace = Colorspace.ITU601
        context.time_base = self._time_base
        stream.time_base = self._time_base
        context.thread_count = self._threads
        context.thread_type = "FRAME"
        context.qscale = True
        context.global_quality = QUALITY * LAMBDA
        return stream

    def write(self, frame: av.VideoFrame, ticks: int) -> None:
        """Add a decoded frame of the film at `ticks` of the time base; `frame` is left as it is."""
        picture = self._converted(frame)
        picture.pts = ticks
        picture.time_base = self._time_base
        picture.pict_type = PictureType.NONE
        with self._explained():
            self._container.mux(self._stream.encode(picture))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, av.error.FFmpegError) as error:
            why = error.strerror or error
            raise FilmError(f"its proxy {self._path} cannot be written: {why}") from None

    def _converted(self, frame: av.VideoFrame) -> av.VideoFrame:
        colours = colours_of(frame)
        # named alike, so that it leaves the matrix alone: to_bt601 is quicker at that, and exacter
        picture = self._reformatter.reformat(
            frame,
            self._shape.width,
            self._shape.height,
            "yuvj420p",
            src_colorspace=Colorspace.ITU601,
            dst_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.JPEG if colours.full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=self._threads,
        )
        if picture is frame:  # it was all it should be; the decoder may still refer to it
            picture = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuvj420p")
        to_bt601(picture, colours.matrix)
        if self._shape.quarter_turns:
            return turned(picture, self._shape.quarter_turns)
        return picture

    def finish(self) -> None:
        """Write what is left; afterwards the file is whole."""
        with self._explained():
            self._container.mux(self._stream.encode(None))
            self._container.close()
            settle(self._path)

    def abandon(self) -> None:
        """Let go of the file, whole or not; safe to call after `finish`."""
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError):
            return  # a full disk, which whoever wrote has already heard of


def settle(path: Path) -> None:
    """Wait until a file is on the disk: the archive will name it, even if the power goes then."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def to_bt601(picture: av.VideoFrame, matrix: str) -> None:
    """Change a full-range 4:2:0 picture in place from another matrix to BT.601."""
    if matrix == "bt601":
        return
    change = np.linalg.inv(_to_rgb(*LUMA_SHARES["bt601"])) @ _to_rgb(*LUMA_SHARES[matrix])
    luma, blue, red = (_writable(picture, index) for index in range(3))
    change_of_luma = _mix(blue, red, change[0, 1], change[0, 2])
    size = (luma.shape[1], luma.shape[0])
    cv2.addWeighted(luma, 1, cv2.resize(change_of_luma, size), 1, -GREY, dst=luma)
    new_blue = _mix(blue, red, change[1, 1], change[1, 2])
    red[:] = _mix(blue, red, change[2, 1], change[2, 2])
    blue[:] = new_blue


def _mix(blue: Image, red: Image, of_blue: float, of_red: float) -> Image:
    """Mix two planes around their grey."""
    grey = GREY - GREY * (of_blue + of_red)
    return np.asarray(cv2.addWeighted(blue, of_blue, red, of_red, grey), np.uint8)


def _to_rgb(red: float, blue: float) -> NDArray[np.float64]:
    """Make the matrix from Y, Cb, Cr to R, G, B for the shares of red and blue in luma."""
    green = 1 - red - blue
    from_blue, from_red = -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green
    return np.array([[1, 0, 2 * (1 - red)], [1, from_blue, from_red], [1, 2 * (1 - blue), 0]])


def _writable(picture: av.VideoFrame, index: int) -> Image:
    plane = picture.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def turned(picture: av.VideoFrame, quarter_turns: int) -> av.VideoFrame:
    """Turn a planar 4:2:0 picture clockwise by quarter turns."""
    height, width = picture.height, picture.width
    stacked = np.asarray(picture.to_ndarray(), np.uint8)
    sizes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    flat, start = stacked.reshape(-1), 0
    planes: list[Image] = []
    for rows, columns in sizes:
        plane = flat[start : start + rows * columns].reshape(rows, columns)
        planes.append(np.rot90(plane, -quarter_turns))
        start += rows * columns
    upright_width = planes[0].shape[1]
    whole = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(-1, upright_width)
    return av.VideoFrame.from_ndarray(whole, format="yuvj420p")
