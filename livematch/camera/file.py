"""A film as a camera: played by its own time stamps, round and round without a seam."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from livematch.camera.source import MAX_SIZE, fitted
from livematch.errors import CameraError, FilmError
from livematch.media import OpenFilm, colours_of
from livematch.values import SAME_S, Image

log = logging.getLogger(__name__)

STILLS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_SWSCALE = {
    "bt709": Colorspace.ITU709,
    "bt601": Colorspace.ITU601,
    "bt2020": Colorspace.BT2020,
}


@dataclass(frozen=True, slots=True)
class _Due:
    """A decoded frame and when it is due, in seconds from the tape's beginning."""

    number: int
    due_s: float
    frame: av.VideoFrame


class FilmTape:
    """A film that loops for ever; frame numbers and times go on over the seam.

    Decodes one frame ahead, and turns only the frames that are asked for into images.
    """

    def __init__(self, path: Path, max_size: tuple[int, int] = MAX_SIZE) -> None:
        self._path = path
        self._max_size = max_size
        self._film: OpenFilm | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._reformatter = VideoReformatter()
        self._begin_s = 0.0  # when this pass through the film began
        self._due_s = 0.0  # when the frame read last is due, and when it is over
        self._end_s = 0.0
        self._first_s: float | None = None  # the film's own time of its first frame
        self._read_count = 0
        self._shown: tuple[int, float, Image] | None = None
        try:
            self._open()
            self._present = self._read()
            self._next = self._read()
        except BaseException:
            self.close()
            raise

    @property
    def title(self) -> str:
        """What is on it, for the status line."""
        width, height = self._size
        return f"{self._path.name}, {width}×{height}"

    @property
    def next_s(self) -> float:
        """When the frame after the present one is due."""
        return 0.0 if self._shown is None else self._next.due_s

    def picture_at(self, time_s: float) -> tuple[int, float, Image]:
        """Decode up to `time_s`; CameraError when the film cannot be read any more."""
        while self._next.due_s <= time_s + SAME_S:
            following = self._read()
            self._present, self._next = self._next, following
        if self._shown is None or self._shown[0] != self._present.number:
            image = self._to_image(self._present.frame)
            self._shown = (self._present.number, self._present.due_s, image)
        return self._shown

    def close(self) -> None:
        """Free the decoder; safe to call twice."""
        if self._film is not None:
            self._film.close()
        self._film, self._frames = None, iter(())

    def _open(self) -> None:
        try:
            film = OpenFilm(self._path)
        except FilmError as error:
            raise CameraError(str(error)) from None
        self._film, self._frames = film, film.frames()
        self._turns = film.info.quarter_turns
        self._size = fitted(film.info.upright_size, self._max_size)
        self._usual_s = 1 / film.info.fps

    def _read(self) -> _Due:
        """Return the next frame, from the beginning again after the last."""
        frame = self._decode() or self._again() or self._anew()
        if frame is None:
            self.close()  # the next try opens the file once more
            raise CameraError(f"{self._path}: not one picture can be read any more")
        self._due_s = max(self._time_s(frame), self._due_s)  # time never goes back
        self._end_s = max(self._due_s + self._lasts_s(frame), self._end_s)
        self._read_count += 1
        return _Due(self._read_count - 1, self._due_s, frame)

    def _decode(self) -> av.VideoFrame | None:
        """Return the next frame, None at the film's end or where it is damaged for good."""
        if self._film is None:
            self._open()
            self._begin_s = self._end_s
        try:
            return next(self._frames, None)
        except FilmError as error:
            log.warning("camera: %s; begun again", error)
            return None

    def _again(self) -> av.VideoFrame | None:
        """Go back to the beginning: the first frame, None where the film cannot go back."""
        if self._film is None:
            return None
        try:
            self._film.seek(self._film.info.start_s)
        except FilmError:
            return None
        self._begin_s, self._frames = self._end_s, self._film.frames()
        return self._decode()

    def _anew(self) -> av.VideoFrame | None:
        """Open the file once more, and return its first frame."""
        self.close()
        return self._decode()

    def _time_s(self, frame: av.VideoFrame) -> float:
        if frame.pts is None:
            return self._end_s  # no time stamp: right after the one before
        if self._first_s is None:
            self._first_s = frame.time
        return self._begin_s + frame.time - self._first_s

    def _lasts_s(self, frame: av.VideoFrame) -> float:
        if frame.duration and frame.time_base:
            return float(frame.duration * frame.time_base)
        return self._usual_s

    def _to_image(self, frame: av.VideoFrame) -> Image:
        """Shrink, convert and turn in one pass of swscale; read-only."""
        width, height = self._size if self._turns % 2 == 0 else self._size[::-1]
        small = self._reformatter.reformat(
            frame,
            width,
            height,
            "bgr24",
            src_colorspace=_SWSCALE[colours_of(frame).matrix],
            interpolation="AREA" if width < frame.width else "BICUBIC",
        )
        turned = np.rot90(small.to_ndarray(), -self._turns)
        image: Image = np.ascontiguousarray(turned, dtype=np.uint8)
        image.flags.writeable = False
        return image


class StillTape:
    """A photograph as a camera: the same picture, a few times a second."""

    FPS = 5

    def __init__(self, path: Path, max_size: tuple[int, int] = MAX_SIZE) -> None:
        try:
            data = np.fromfile(path, np.uint8)  # not imread: it cannot read every file name
            image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        except OSError as error:
            raise CameraError(f"{path}: {error.strerror}") from None
        if image is None:
            raise CameraError(f"{path}: is not a picture, or is damaged beyond reading")
        size = fitted((image.shape[1], image.shape[0]), max_size)
        self._image: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        self._image.flags.writeable = False
        self._number = -1
        self.title = f"{path.name}, {size[0]}×{size[1]}, a still"

    @property
    def next_s(self) -> float:
        """When the picture is due again."""
        return (self._number + 1) / self.FPS

    def picture_at(self, time_s: float) -> tuple[int, float, Image]:
        """Return the picture, counted."""
        self._number = max(self._number, math.floor(time_s * self.FPS + SAME_S))
        return self._number, self._number / self.FPS, self._image

    def close(self) -> None:
        """Nothing is held."""
