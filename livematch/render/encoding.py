"""Pictures into a film file: H.264 through FFmpeg, whole under its name or not there at all."""

import logging
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from livematch.errors import RecordError
from livematch.values import Image

log = logging.getLogger(__name__)

CONTAINERS = {".mp4": "mp4", ".mov": "mov"}
# while it is written, a film is a row of fragments: what is on the disk plays whatever happens
FRAGMENTED = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
AT_ONCE = {"movflags": "faststart"}  # when done, the index goes to the front
KEY_FRAMES_EVERY_S = 2


class FilmEncoder:
    """Writes RGBA pictures to `path`; the file appears under that name in `finish`. One thread.

    Until then it is `path` with `.part` added. RecordError when it cannot be begun; `write` and
    `finish` raise OSError or FFmpeg's errors.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: Fraction, *, preset: str) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self._format = _container_of(path)
        self._fps = fps
        self._count = 0
        self._container = av.open(f"file:{self.part}", "w", format=self._format, options=FRAGMENTED)
        try:
            self._stream = self._container.add_stream("libx264", rate=fps)
            self._stream.codec_context.time_base = 1 / fps
            _describe(self._stream.codec_context, size)
            key_frames = str(max(1, round(fps * KEY_FRAMES_EVERY_S)))
            self._stream.options = {"preset": preset, "crf": "18", "g": key_frames}
            self._container.start_encoding()  # opens the file and the encoder, which may fail
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self.abandon()
            if self.part.is_file():
                self.part.unlink()
            raise RecordError(f"{path}: cannot be written: {_reason(error)}") from None

    def write(self, upwards: Image, number: int) -> None:
        """Append picture `number` (h, w, 4), RGBA, bottom row first; numbers grow, gaps hold."""
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(upwards[::-1]), format="rgba")
        frame = frame.reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = number, 1 / self._fps
        self._container.mux(self._stream.encode(frame))
        self._count += 1

    def finish(self) -> None:
        """End the film and give it its name; nothing is left when it has no picture."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        if not self._count:
            self.part.unlink(missing_ok=True)
            return
        ready = self.path.with_name(self.path.name + ".ready")
        try:
            self._index_first(ready)
        except (OSError, av.error.FFmpegError) as error:
            log.warning("%s: stays in fragments: %s", self.path, _reason(error))
            ready.unlink(missing_ok=True)
            self.part.replace(self.path)
            return
        ready.replace(self.path)
        self.part.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Let go of a film that cannot be gone on with; what was written stays in `part`."""
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError) as error:
            log.info("%s: not closed properly: %s", self.part, _reason(error))

    def _index_first(self, ready: Path) -> None:
        """Copy the packets into a film that begins with its index."""
        with (
            av.open(f"file:{self.part}") as source,
            av.open(f"file:{ready}", "w", format=self._format, options=AT_ONCE) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)


def _container_of(path: Path) -> str:
    kind = CONTAINERS.get(path.suffix.lower())
    if kind is None:
        raise RecordError(f"{path}: a recording's name ends in {' or '.join(CONTAINERS)}")
    if not path.parent.is_dir():
        raise RecordError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise RecordError(f"{path}: is a folder")
    if not os.access(path.parent, os.W_OK):
        raise RecordError(f"{path}: the folder {path.parent} cannot be written to")
    return kind


def _describe(codec: VideoCodecContext, size: tuple[int, int]) -> None:
    """Set size and format, and say which colours are meant: players guess otherwise."""
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.colorspace = Colorspace.ITU709
    codec.color_range = ColorRange.MPEG
    codec.color_primaries = ColorPrimaries.BT709
    codec.color_trc = ColorTrc.BT709


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)


def even(size: Sequence[int]) -> tuple[int, int]:
    """Return the largest size that H.264 with halved chroma can have."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
