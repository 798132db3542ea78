"""Reading a film from any moment on."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from av.packet import Packet
from av.video.stream import VideoStream

from livematch.media import OpenFilm, to_picture
from livematch.playback import hap
from livematch.values import Picture

INTRA_CODECS = frozenset({"mjpeg", "hap", "dxv", "prores", "dnxhd", "cfhd", "rawvideo", "ffv1"})
"""Codecs in which every frame stands alone, so that any moment is one decode away."""

Way = Callable[[OpenFilm, float], Iterator[Picture]]
"""How a film's packets become pictures: those from a time into the film on, in their order."""


def decoded(film: OpenFilm, from_s: float) -> Iterator[Picture]:
    """Decode on the processor, through FFmpeg: whatever it can read."""
    info = film.info
    for frame in film.frames():
        time_s = (frame.time or 0.0) - info.start_s
        if time_s >= from_s:
            yield to_picture(frame, info, time_s)


def blocks(film: OpenFilm, from_s: float) -> Iterator[Picture]:
    """Unpack HAP packets to the blocks that the card keeps, without decoding a pixel."""
    info = film.info
    size_px = (info.width, info.height)

    def unpack(packet: "Packet[VideoStream]") -> Iterable[Picture]:
        ticks = packet.dts if packet.pts is None else packet.pts
        if not packet.size or packet.is_discard or ticks is None:
            return ()  # the end, or what an edit list hides
        time_s = float(ticks * packet.time_base) - info.start_s
        if time_s < from_s:
            return ()
        kind, payload = hap.unpack(memoryview(packet), *size_px)
        turns = info.quarter_turns
        return (Picture((payload,), kind, info.aspect, time_s, turns, size_px=size_px),)

    return film.unpacked(unpack)


WAYS: dict[tuple[str, str], Way] = {
    ("hap", "Hap1"): blocks,  # HAP
    ("hap", "Hap5"): blocks,  # HAP Alpha
    ("hap", "HapY"): blocks,  # HAP Q
}
"""By codec and its tag; HAP Q Alpha and all other codecs are `decoded`.

HAP R (BC7) is not played: FFmpeg cannot decode it, so it cannot be indexed either.
"""


class FilmReader:
    """An open film: `seek` anywhere, then `read` picture after picture.

    One thread at a time. Opening raises FilmError; `read` raises it for a film damaged beyond use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._film = OpenFilm(path, threads)
        tag = self._film.stream.codec_context.codec_tag
        self._way = WAYS.get((self._film.info.codec, tag), decoded)
        self._pictures: Iterator[Picture] | None = None

    @property
    def is_intra(self) -> bool:
        """Whether every frame can be decoded alone."""
        return self._film.info.codec in INTRA_CODECS

    @property
    def frame_s(self) -> float:
        """How long one frame is on, on average."""
        return 1.0 / self._film.info.fps

    def seek(self, time_s: float) -> None:
        """Make the picture that is on at `time_s` (seconds from the first picture) the next one."""
        self._film.seek(self._film.info.start_s + time_s)
        # the half frame covers rounded time stamps
        self._pictures = self._way(self._film, time_s - 0.5 * self.frame_s)

    def read(self) -> Picture | None:
        """Return the next picture; None at the end of the film."""
        if self._pictures is None:
            self.seek(0.0)
        assert self._pictures is not None  # noqa: S101 - sought above
        return next(self._pictures, None)

    def close(self) -> None:
        """Free the decoder and the file."""
        self._film.close()
