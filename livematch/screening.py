"""A film shown once, picture by picture, to an engine that answers or repaints it."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from livematch.camera.source import fitted
from livematch.errors import FilmError
from livematch.eyes import Sight
from livematch.indexing.proxies import MATRICES
from livematch.indexing.timeline import Timeline
from livematch.media import FilmInfo, OpenFilm, colours_of, open_film
from livematch.values import SAME_S, Frame, Image

THREADS = 2
MISSING_S, MISSING_SHARE = 1.0, 0.02  # a film this much shorter than announced is cut off


@dataclass(frozen=True, slots=True)
class Extent:
    """What a film is, how long it is shown, and for how long of that its last picture stays on."""

    info: FilmInfo
    duration_s: float
    last_s: Fraction


def extent_of(path: Path) -> Extent:
    """Find out how long a film is without decoding it. FilmError.

    Headers do not say so exactly, and are wrong where a film was cut off; its packets are right.
    """
    with open_film(path) as film:
        info, index = film.info, film.stream.index
    usual_s = 1 / Fraction(info.fps).limit_denominator(1001)
    packets, last_s, stays_s = 0, None, usual_s
    # not every container can go back to where the film begins: it is opened anew
    with suppress(av.error.FFmpegError), av.open(f"file:{path}") as container:
        for packet in container.demux(container.streams[index]):
            if not packet.size or packet.is_discard:
                continue
            packets += 1
            if packet.pts is None:
                continue
            at_s = packet.pts * packet.time_base
            if last_s is None or at_s > last_s:
                last_s = at_s
                stays_s = (packet.duration or 0) * packet.time_base or usual_s
    if last_s is None:
        return Extent(info, float(packets * usual_s), usual_s)
    return Extent(info, max(0.0, float(last_s + stays_s) - info.start_s), stays_s)


class Reading:
    """The frames of a film with their times; its end is where it cannot be read on."""

    def __init__(self, film: OpenFilm) -> None:
        self._film = film
        unit = film.stream.time_base or Fraction(1, 90_000)
        self.tick_s = Fraction(unit.numerator, unit.denominator)
        self._timeline = Timeline(self.tick_s, film.info.fps)
        self._lasts: int | None = None
        self.fault: str | None = None

    @property
    def end_s(self) -> float:
        """When the last of the frames read so far goes off."""
        return self._timeline.end_s(self._lasts)

    def __iter__(self) -> Iterator[tuple[float, av.VideoFrame]]:
        frames = self._film.frames()
        while True:
            try:
                frame = next(frames, None)
            except FilmError as error:
                self.fault = str(error)
                return
            if frame is None:
                return
            self._lasts = frame.duration or None
            yield self._timeline.stamp(frame.pts).time_s, frame


def damage(film: OpenFilm, end_s: float) -> str | None:
    """Say how a film is shorter or poorer than announced; some headers count from time 0."""
    announced_s, start_s = film.info.duration_s, film.info.start_s
    if 0 < start_s < announced_s:
        announced_s -= start_s
    if announced_s - end_s > max(MISSING_S, MISSING_SHARE * announced_s):
        return f"{film.path}: cut off, only {end_s:.1f} of {announced_s:.1f} s can be read"
    if film.faults:
        return f"{film.path}: damaged packets passed over: {film.faults}"
    return None


class Screening:
    """A film shown once: an iterator of its pictures' times, and eyes that see this picture.

    One decoding serves both, so picture k is looked at in the tick of time k, whatever the frame
    rate does. `look` gives the newest picture that the iterator has reached at `now`. Pictures are
    upright BGR, `max_size` at most, square pixels. One thread. FilmError when nothing can be read;
    a broken end is the end, and `fault` says so.
    """

    frames_skipped = 0

    def __init__(self, path: Path, max_size: tuple[int, int], most: int | None = None) -> None:
        self._film = OpenFilm(path, THREADS, straight=True)
        self._reading = Reading(self._film)
        self._upright = _Upright(self._film.info, max_size)
        self._title = path.stem
        self._most = most  # pictures, where no more are wanted
        self._waiting: deque[Frame] = deque()
        self._seen: Frame | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._upright.size_px

    @property
    def tick_s(self) -> Fraction:
        """The unit of the film's time stamps, in seconds."""
        return self._reading.tick_s

    @property
    def begins_s(self) -> float:
        """The first picture's own time stamp, which its sound is counted from."""
        return self._film.info.start_s

    @property
    def fault(self) -> str | None:
        """What kept the film from being read to its end, if anything."""
        return self._reading.fault

    @property
    def warning(self) -> str | None:
        """What could not be read of a film that was shown to its end, if anything."""
        return self._reading.fault or damage(self._film, self._reading.end_s)

    def pictures(self) -> Iterator[tuple[float, Frame]]:
        """Yield every picture with its time."""
        for number, (time_s, frame) in enumerate(self._reading):
            if self._most is not None and number >= self._most:
                return
            yield time_s, Frame(number, time_s, self._upright.image(frame), self._title, time_s)

    def times(self) -> Iterator[float]:
        """Yield every picture's time, ready to be looked at."""
        for time_s, frame in self.pictures():
            self._waiting.append(frame)
            yield time_s

    def steady_times(self, fps: float, until_s: float) -> Iterator[float]:
        """Yield times of another rate, until the film is over; what is on then can be seen."""
        pictures = self.pictures()
        coming = next(pictures, None)
        for number in count():
            now = number / fps
            if now >= until_s - SAME_S:
                return
            while coming is not None and coming[0] <= now + SAME_S:
                self._waiting.append(coming[1])
                coming = next(pictures, None)
            yield now

    def times_at(self, fps: float | None, until_s: float) -> Iterator[float]:
        """Yield the pictures' own times, or those of another rate where one is asked for."""
        return self.times() if fps is None else self.steady_times(fps, until_s)

    def look(self, now: float) -> Sight:
        """Return the picture of `now`."""
        while self._waiting and self._waiting[0].captured_s <= now + SAME_S:
            self._seen = self._waiting.popleft()
        return Sight(self._seen, None)

    def close(self) -> None:
        """Free the decoder and the file; safe to call twice."""
        self._film.close()
        self._waiting.clear()


class _Upright:
    """Makes upright BGR images of frames, in one pass of swscale; read-only."""

    def __init__(self, info: FilmInfo, max_size: tuple[int, int]) -> None:
        self.size_px = fitted(info.upright_size, max_size)
        self._turns = info.quarter_turns
        self._reformatter = VideoReformatter()

    def image(self, frame: av.VideoFrame) -> Image:
        width, height = self.size_px if self._turns % 2 == 0 else self.size_px[::-1]
        colours = colours_of(frame)
        bgr = self._reformatter.reformat(
            frame,
            width,
            height,
            "bgr24",
            src_colorspace=MATRICES[colours.matrix],
            dst_colorspace=Colorspace.DEFAULT,
            src_color_range=ColorRange.JPEG if colours.full_range else ColorRange.MPEG,
            interpolation=Interpolation.AREA if width < frame.width else Interpolation.BICUBIC,
            threads=1,
        ).to_ndarray()
        image: Image = np.ascontiguousarray(np.rot90(bgr, -self._turns), np.uint8)
        image.flags.writeable = False
        return image
