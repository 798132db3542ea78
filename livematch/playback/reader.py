"""Reading a film from any moment on."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from av.packet import Packet
from av.video.stream import VideoStream

from livematch.media import FilmInfo, OpenFilm, to_picture
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

    def unpack(packet: "Packet[VideoStream]") -> Iterable[Picture]:
        time_s = time_of(packet, film.info)
        if time_s is None or time_s < from_s:
            return ()
        return (packed_picture(packet, film.info, time_s),)

    return film.unpacked(unpack)


def time_of(packet: "Packet[VideoStream]", info: FilmInfo) -> float | None:
    """Return when a packet of an intra codec is on, in seconds from the first picture.

    None for the end, and for what an edit list hides.
    """
    ticks = packet.dts if packet.pts is None else packet.pts
    if not packet.size or packet.is_discard or ticks is None:
        return None
    return float(ticks * packet.time_base) - info.start_s


def packed_picture(packet: "Packet[VideoStream]", info: FilmInfo, time_s: float) -> Picture:
    """Unpack one HAP packet; PictureError for a damaged one."""
    size_px = (info.width, info.height)
    kind, payload = hap.unpack(memoryview(packet), *size_px)
    return Picture((payload,), kind, info.aspect, time_s, info.quarter_turns, size_px=size_px)


WAYS: dict[tuple[str, str], Way] = {
    ("hap", "Hap1"): blocks,  # HAP
    ("hap", "Hap5"): blocks,  # HAP Alpha
    ("hap", "HapY"): blocks,  # HAP Q
}
"""By codec and its tag; HAP Q Alpha and all other codecs are `decoded`.

HAP R (BC7) is not played: FFmpeg cannot decode it, so it cannot be indexed either.
"""


def way_of(film: OpenFilm) -> Way:
    """Return how a film is read."""
    return WAYS.get((film.info.codec, film.stream.codec_context.codec_tag), decoded)


class FilmReader:
    """An open film: `seek` anywhere, then `read` picture after picture.

    One thread at a time. Opening raises FilmError; `read` raises it for a film damaged beyond use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._film = OpenFilm(path, threads)
        self._way = way_of(self._film)
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
