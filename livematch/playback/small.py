"""A film read for a small place: fewer pixels, and only the pictures that are asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.error
from av.packet import Packet
from av.video.stream import VideoStream

from livematch.errors import FilmError, PictureError
from livematch.media import FilmInfo, OpenFilm, to_picture
from livematch.playback.reader import INTRA_CODECS, blocks, packed_picture, time_of, way_of
from livematch.values import Picture

ENOUGH_PX = 180  # lines: a cell of nine has 229 on a screen of 720
SHRUNK_PX = 240  # lines of what FFmpeg cannot decode smaller, before it is uploaded
FAR_S = 2.0  # further ahead is sought instead of read
MOST_DAMAGED = 25  # pictures in a row before a film is given up

Find = Callable[[], Picture | None]
"""Makes the picture of a packet or frame that was read; None for a damaged one."""


class SmallFilm:
    """An open film that is asked again and again which picture is on.

    Films in which every frame stands alone are unpacked only where a picture is asked for;
    `skipped` counts the pictures in between. Others are decoded one by one, at most `most` for one
    asking: who asks too rarely sees them late. None: as many as it takes. One thread at a time.
    """

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path = path
        self.skipped = 0
        self._film = OpenFilm(path, enough_px=ENOUGH_PX)
        self._is_packed = way_of(self._film) is blocks
        self._is_intra = self._film.info.codec in INTRA_CODECS
        self._most = None if self._is_intra else most  # to skip a packet costs nothing
        self._coming: Iterator[tuple[float, Find]] = iter(())
        self._next: tuple[float, Find] | None = None
        self._on_s: float | None = None  # the time of the picture that was found last
        self._damaged = 0

    @property
    def frame_s(self) -> float:
        """How long one frame is on, on average."""
        return 1.0 / self._film.info.fps

    def at(self, time_s: float) -> Picture | None:
        """Return the picture that is on at `time_s`; None when it is the one found last.

        FilmError when the film gives nothing more at all.
        """
        found, passed = self._wind(time_s)
        if found is None:
            return None
        self.skipped += passed
        picture = found[1]()
        self._damaged = self._damaged + 1 if picture is None else 0
        if self._damaged > MOST_DAMAGED:
            raise FilmError(f"{self.path}: cannot be decoded at {time_s:.2f} s")
        return picture

    def behind_s(self, time_s: float) -> float:
        """Return how far the picture that is to come next lies before `time_s`; 0 if it does not.

        More than a frame says that the film could not be decoded as fast as it was asked for.
        """
        return max(0.0, time_s - self._next[0]) if self._next else 0.0

    def close(self) -> None:
        """Free the decoder and the file."""
        self._coming, self._next = iter(()), None  # they hold this film, and it holds them
        self._film.close()

    def _wind(self, time_s: float) -> tuple[tuple[float, Find] | None, int]:
        """Read on until what comes next is later than `time_s`: what is on, how many were skipped.

        Those before the place that was sought do not count.
        """
        due_s = time_s + 0.25 * self.frame_s  # time stamps are rounded
        found, passed = None, 0
        most = self._most
        is_sought = self._on_s is None or due_s < self._on_s or due_s > self._on_s + FAR_S
        if is_sought:
            self._seek(time_s)
            most = None  # whatever lies before is of another shot
        while self._next is not None and (found is None or most is None or passed < most):
            if self._next[0] > due_s and (found is not None or self._on_s is not None):
                break
            found, passed = self._next, passed + 1
            self._on_s = found[0]
            self._next = next(self._coming, None)
        return found, 0 if is_sought else max(0, passed - 1)

    def _seek(self, time_s: float) -> None:
        self._film.seek(self._film.info.start_s + time_s)
        self._coming = self._packets() if self._is_intra else self._frames()
        self._next = next(self._coming, None)
        self._on_s = None
        if self._next is None:
            raise FilmError(f"{self.path}: has no picture at {time_s:.2f} s")

    def _packets(self) -> Iterator[tuple[float, Find]]:
        info = self._film.info

        def unpack(packet: "Packet[VideoStream]") -> Iterator[tuple[float, Find]]:
            time_s = time_of(packet, info)
            if time_s is not None:
                yield time_s, lambda: self._unpacked(packet, time_s)

        return self._film.unpacked(unpack)

    def _unpacked(self, packet: "Packet[VideoStream]", time_s: float) -> Picture | None:
        info = self._film.info
        try:
            if self._is_packed:
                return packed_picture(packet, info, time_s)
            return next((small_picture(frame, info, time_s) for frame in packet.decode()), None)
        except (av.error.FFmpegError, PictureError):
            return None  # the picture before stays on

    def _frames(self) -> Iterator[tuple[float, Find]]:
        info = self._film.info
        for frame in self._film.frames():
            time_s = (frame.time or 0.0) - info.start_s
            yield time_s, lambda f=frame, t=time_s: small_picture(f, info, t)  # type: ignore[misc]


def small_picture(frame: av.VideoFrame, info: FilmInfo, time_s: float) -> Picture:
    """Unpack a frame for upload, shrunk where it is much larger than a cell."""
    if frame.height >= 2 * SHRUNK_PX:
        width = max(2, round(frame.width * SHRUNK_PX / frame.height / 2) * 2)
        frame = frame.reformat(width, SHRUNK_PX, interpolation="AREA")
    return to_picture(frame, info, time_s)
