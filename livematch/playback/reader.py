"""Reading a film from any moment on."""

from collections.abc import Iterator
from pathlib import Path

import av

from livematch.media import OpenFilm, to_picture
from livematch.values import Picture

INTRA_CODECS = frozenset({"mjpeg", "hap", "dxv", "prores", "dnxhd", "cfhd", "rawvideo", "ffv1"})
"""Codecs in which every frame stands alone, so that any moment is one decode away."""


class FilmReader:
    """An open film: `seek` anywhere, then `read` picture after picture.

    One thread at a time. Opening raises FilmError; `read` raises it for a film damaged beyond use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._film = OpenFilm(path, threads)
        self._frames: Iterator[av.VideoFrame] = self._film.frames()
        self._skip_before_s = 0.0

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
        info = self._film.info
        self._film.seek(info.start_s + time_s)
        self._frames = self._film.frames()
        self._skip_before_s = (
            time_s - 0.5 * self.frame_s
        )  # the half frame covers rounded time stamps

    def read(self) -> Picture | None:
        """Return the next picture; None at the end of the film."""
        info = self._film.info
        for frame in self._frames:
            time_s = (frame.time or 0.0) - info.start_s
            if time_s >= self._skip_before_s:
                return to_picture(frame, info, time_s)
        return None

    def close(self) -> None:
        """Free the decoder and the file."""
        self._film.close()
