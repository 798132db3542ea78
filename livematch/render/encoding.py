"""Pictures into a film file: H.264 through FFmpeg, whole under its name or not there at all."""

import errno
import heapq
import logging
import math
import os
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import av.container
import av.error
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from livematch.errors import RecordError
from livematch.render.soundtrack import Sound, SoundError, SoundPacket, Soundtrack, opened
from livematch.values import Image

log = logging.getLogger(__name__)

CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
# while it is written, a film is a row of fragments: what is on the disk plays whatever happens
FRAGMENTED = {"movflags": "frag_keyframe+delay_moov+default_base_moof"}
AT_ONCE = {  # when done, the index goes to the front
    "mp4": {"movflags": "faststart"},
    "mov": {"movflags": "faststart"},
    "matroska": {"cues_to_front": "1"},
}
FINEST = 100_000_000  # parts of a second that a film's beginnings are told in
KEY_FRAMES_EVERY_S = 2
REORDERED = 16  # H.264 keeps no more pictures back than these
AnyPacket: TypeAlias = "Packet[VideoStream] | SoundPacket"
UNSOUND = (SoundError, ValueError, ArithmeticError, OSError, av.error.FFmpegError)
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Timing:
    """How the pictures of a film follow each other.

    Their time stamps are whole numbers of ticks of `tick_s` seconds. `fps` is how many come in a
    second on average, by which the encoder reckons. `last` is for how many ticks the last is shown.
    """

    fps: Fraction
    tick_s: Fraction
    last: int = 1

    @classmethod
    def steady(cls, fps: float | Fraction) -> "Timing":
        """Return that of a film with as many pictures in each second."""
        rate = Fraction(fps).limit_denominator(1001)
        return cls(rate, 1 / rate)

    @classmethod
    def as_of(
        cls, fps: float, tick_s: Fraction, last_s: float | Fraction, asked: float | None
    ) -> "Timing":
        """Return that of another film, to the tick; at a rate that is asked for, as even as it is.

        `fps` is the other's on average, `last_s` for how long it shows its last picture.
        """
        if asked is not None:
            return cls.steady(asked)
        average = Fraction(fps).limit_denominator(1001)
        return cls(average, tick_s, max(1, round(Fraction(last_s) / tick_s)))


class _Sounding(StrEnum):
    """How sound comes into the film; each is tried when the one before cannot be."""

    COPIED = "copied"
    ENCODED = "encoded"
    NONE = "none"


class FilmEncoder:
    """Writes RGBA pictures to `path`; the file appears under that name in `finish`. One thread.

    Until then it is `path` with `.part` added, without its `sound`. RecordError when it cannot be
    begun; `write` and `finish` raise OSError or FFmpeg's errors.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        timing: Timing,
        *,
        preset: str,
        sound: Soundtrack | None = None,
    ) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.ready = path.with_name(path.name + ".ready")
        self._format = container_of(path)
        self._timing = timing
        self._sound = sound
        self._count = 0
        self._last = 0
        whole = self._format if sound is None and self._format != "matroska" else "mp4"
        self._container = av.open(f"file:{self.part}", "w", format=whole, options=FRAGMENTED)
        try:
            self._stream = self._container.add_stream("libx264", rate=timing.fps)
            self._stream.codec_context.time_base = timing.tick_s
            _describe(self._stream.codec_context, size)
            key_frames = str(max(1, round(timing.fps * KEY_FRAMES_EVERY_S)))
            self._stream.options = {"preset": preset, "crf": "18", "g": key_frames}
            self._container.start_encoding()  # opens the file and the encoder, which may fail
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self.abandon()
            if self.part.is_file():
                self.part.unlink()
            raise RecordError(f"{path}: cannot be written: {_reason(error)}") from None

    def write(self, upwards: Image, number: int) -> None:
        """Append the picture of tick `number` (h, w, 4), RGBA, bottom row first.

        Numbers grow; a picture is shown until the next.
        """
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(upwards[::-1]), format="rgba")
        frame = frame.reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = number, self._timing.tick_s
        self._container.mux(self._stream.encode(frame))
        self._count += 1
        self._last = number

    def finish(self) -> None:
        """End the film and give it its name; nothing is left when it has no picture."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        if not self._count:
            self.part.unlink(missing_ok=True)
            return
        try:
            self._complete()
        except (OSError, av.error.FFmpegError) as error:
            self.ready.unlink(missing_ok=True)
            if self._sound is not None or self._format == "matroska":
                raise
            log.warning("%s: stays in fragments: %s", self.path, _reason(error))
            self.part.replace(self.path)
            return
        self.ready.replace(self.path)
        self.part.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Let go of a film that cannot be gone on with; what was written stays in `part`."""
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError) as error:
            log.info("%s: not closed properly: %s", self.part, _reason(error))

    def discard(self) -> None:
        """Let go of a film that is not wanted; nothing of it stays."""
        self.abandon()
        self.part.unlink(missing_ok=True)
        self.ready.unlink(missing_ok=True)

    def _complete(self) -> None:
        """Make of the pieces a film with its sound that begins with its index."""
        if self._sound is None:
            self._index_first(_Sounding.NONE)
            return
        for sounding in _Sounding:
            try:
                self._index_first(sounding)
            except UNSOUND as error:
                if sounding is _Sounding.NONE or getattr(error, "errno", None) in DISK_FULL:
                    raise
                then = "is encoded as AAC" if sounding is _Sounding.COPIED else "is left out"
                log.warning("%s: its sound %s (%s)", self._sound.path, then, _reason(error))
            else:
                return

    def _index_first(self, sounding: _Sounding) -> None:
        """Copy the packets, and those of the sound between them, into `ready`."""
        with ExitStack() as stack:
            source = stack.enter_context(av.open(f"file:{self.part}"))
            sound = None
            if self._sound is not None and sounding is not _Sounding.NONE:
                sound = stack.enter_context(opened(self._sound))
            options = self._options(sound)
            target = stack.enter_context(
                av.open(f"file:{self.ready}", "w", format=self._format, options=options)
            )
            pictures = source.streams.video[0]
            stream = target.add_stream_from_template(pictures)
            heard = iter(()) if sound is None else self._heard(sound, target, sounding)
            seen = _lasting(source.demux(pictures), self._timing)
            placed = (_sent_to(stream, packet) for packet in seen)
            for packet in _in_order(placed, heard):
                target.mux(packet)

    def _options(self, sound: Sound | None) -> dict[str, str]:
        options = dict(AT_ONCE[self._format])
        if sound is not None and self._format != "matroska":
            # else the beginning of the sound is rounded to a thousandth of a second
            both = math.lcm(sound.rate, self._timing.tick_s.denominator)
            options["movie_timescale"] = str(both if both <= FINEST else sound.rate)
        return options

    def _heard(
        self, sound: Sound, target: av.container.OutputContainer, sounding: _Sounding
    ) -> Iterator[SoundPacket]:
        ends_s = float((self._last + self._timing.last) * self._timing.tick_s)
        if sounding is _Sounding.COPIED:
            return sound.copied(target, self._format, ends_s)
        return sound.encoded(target, ends_s)


def _lasting(
    packets: Iterator["Packet[VideoStream]"], timing: Timing
) -> Iterator["Packet[VideoStream]"]:
    """Tell each picture how long it is shown: until the next, which need not be the next packet.

    Encoders know of one length only, and the last picture's is written nowhere.
    """
    near: list[int] = []  # the times of the pictures around, in their order
    ahead: deque[tuple[int, Packet[VideoStream]]] = deque()

    def lasting(at: int, packet: "Packet[VideoStream]") -> "Packet[VideoStream]":
        after = bisect_right(near, at)
        last = round(timing.last * timing.tick_s / packet.time_base)
        packet.duration = near[after] - at if after < len(near) else last
        del near[: max(0, after - REORDERED)]
        return packet

    for packet in packets:
        if packet.dts is not None and packet.pts is not None:
            insort(near, packet.pts)
            ahead.append((packet.pts, packet))
        if len(ahead) > REORDERED:
            yield lasting(*ahead.popleft())
    while ahead:
        yield lasting(*ahead.popleft())


def _sent_to(stream: VideoStream, packet: "Packet[VideoStream]") -> "Packet[VideoStream]":
    packet.stream = stream
    return packet


def _in_order(*rows: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
    """Merge rows of packets by time: what is seen and heard together stands together."""
    return heapq.merge(*rows, key=lambda packet: float((packet.dts or 0) * packet.time_base))


def container_of(path: Path) -> str:
    """Return FFmpeg's name of a film's container; RecordError when it cannot be written there."""
    kind = CONTAINERS.get(path.suffix.lower())
    if kind is None:
        raise RecordError(f"{path}: a film's name ends in {', '.join(CONTAINERS)}")
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
