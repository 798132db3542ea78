"""A trailer read from end to end: its pictures' times, its shots, and what they look like.

Read twice for this, once small for where the shots are, once for the pictures that describe them:
which ones those are is known only when their shot is over. A third reading is for the render. What
is held is a few numbers for each picture and a few descriptors for each shot, never pictures.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from livematch.archive.entry import STEP_S, STEPS
from livematch.camera.source import fitted
from livematch.embed.motion import small
from livematch.embed.trail import APART_S, MOST_APART_S
from livematch.errors import FilmError
from livematch.eyes import Sight
from livematch.indexing.film import DescribesImages
from livematch.indexing.proxies import MATRICES
from livematch.indexing.shots import ShotDetector
from livematch.indexing.shrinking import Shrinker, thumbnail
from livematch.indexing.timeline import Timeline
from livematch.media import FilmInfo, OpenFilm, colours_of, open_film
from livematch.reinterpret.cutlist import Arrival
from livematch.reinterpret.spans import Light, Span, spans
from livematch.values import SAME_S, Frame, Glimpse, Image, Vector

LATER = 4  # glimpses of a shot after its opening, spread over the rest of it
BATCH = 8  # pictures described at once
THREADS = 2
MISSING_S, MISSING_SHARE = 1.0, 0.02  # a film this much shorter than announced is cut off

Progress = Callable[[float, float], None]  # seconds done, seconds in all


@dataclass(frozen=True, slots=True)
class Look:
    """What one instant of a trailer looks like: a descriptor (dimension,), not weighed."""

    time_s: float
    descriptor: Vector


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot of a trailer: a question to the archive.

    `first`, `end`, `arrival` and `is_black` as in `cutlist.Question`. The first of `looks` is of
    `clear_s`, from where on its pictures are its own; the black ones have none. `thumb` is of its
    middle.
    """

    first: int
    end: int
    start_s: float
    end_s: float
    arrival: Arrival
    arrival_s: float
    is_black: bool
    clear_s: float
    looks: tuple[Look, ...]
    thumb: Image


@dataclass(frozen=True, slots=True, eq=False)
class Trailer:
    """A trailer, read: when each picture is on, (pictures,) rising from 0, and its shots.

    `duration_s` is when the last picture goes off. `warning` says what could not be read.
    """

    path: Path
    info: FilmInfo
    times_s: NDArray[np.float64]
    duration_s: float
    shots: tuple[Shot, ...]
    warning: str | None

    @property
    def pictures(self) -> int:
        """How many there are."""
        return len(self.times_s)


@dataclass(frozen=True, slots=True, eq=False)
class Cutting:
    """Where a trailer's shots are, before anybody knows what they look like."""

    info: FilmInfo
    times_s: NDArray[np.float64]
    duration_s: float
    spans: tuple[Span, ...]
    warning: str | None


def read_trailer(
    path: Path, describer: DescribesImages, progress: Progress = lambda _done, _all: None
) -> Trailer:
    """Read a trailer, and describe its shots as the archive's are.

    FilmError when not one picture can be read; what is broken further on ends the trailer there.
    """
    cutting = read_cutting(path, lambda done, whole: progress(done / 2, whole))

    def half(done: float, whole: float) -> None:
        progress((whole + done) / 2, whole)

    return Trailer(
        path,
        cutting.info,
        cutting.times_s,
        cutting.duration_s,
        tuple(_describe(path, cutting, describer, half)),
        cutting.warning,
    )


def read_cutting(path: Path, progress: Progress = lambda _done, _all: None) -> Cutting:
    """Read a trailer small: its pictures' times and where its shots are. FilmError as above."""
    with open_film(path, THREADS, straight=True, coarse=True) as film:
        info = film.info
        reading = _Timed(film)
        shrinker, detector, light = Shrinker(info), ShotDetector(info.fps), Light()
        boundaries, times_s = [], []
        duration: int | None = None
        for time_s, frame in reading:
            tiny = shrinker.tiny(frame)
            light.push(np.ascontiguousarray(tiny[:, :, 0]))
            boundaries += detector.push(time_s, tiny)
            times_s.append(time_s)
            duration = frame.duration or None
            if len(times_s) % 64 == 0:
                progress(time_s, max(info.duration_s, time_s))
        boundaries += detector.finish()
        end_s = reading.timeline.end_s(duration)
        warning = reading.fault or _damage(film, end_s)
    times = np.array(times_s, np.float64)
    return Cutting(info, times, end_s, spans(times_s, light, boundaries), warning)


class _Timed:
    """The frames of a film with their times; its end is where it cannot be read on."""

    def __init__(self, film: OpenFilm) -> None:
        self._film = film
        unit = film.stream.time_base or Fraction(1, 90_000)
        self.tick_s = Fraction(unit.numerator, unit.denominator)
        self.timeline = Timeline(self.tick_s, film.info.fps)
        self.fault: str | None = None

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
            yield self.timeline.stamp(frame.pts).time_s, frame


def _damage(film: OpenFilm, end_s: float) -> str | None:
    """Say how a film is shorter or poorer than announced; some headers count from time 0."""
    announced_s, start_s = film.info.duration_s, film.info.start_s
    if 0 < start_s < announced_s:
        announced_s -= start_s
    if announced_s - end_s > max(MISSING_S, MISSING_SHARE * announced_s):
        return f"{film.path}: cut off, only {end_s:.1f} of {announced_s:.1f} s can be read"
    if film.faults:
        return f"{film.path}: damaged packets passed over: {film.faults}"
    return None


# -- what the shots look like -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture to be described, and the one that its movement is seen by, itself if by none."""

    picture: int
    other: int
    shot: int


def pictures_of(span: Span, times_s: NDArray[np.float64]) -> tuple[int, ...]:
    """Choose the pictures that describe a shot, by number.

    The opening in steps as moments lie in the archive, so that runs can be compared; the rest
    spread evenly.
    """
    begins_s, last = times_s[span.clear], span.leaves - 1
    opening = [begins_s + STEP_S * step for step in range(STEPS)]
    later_s = times_s[last] - opening[-1]
    wanted = opening
    if later_s > STEP_S:
        count = min(LATER, int(later_s / STEP_S))
        wanted = [*opening, *(opening[-1] + later_s * (n + 1) / count for n in range(count))]
    own = times_s[span.clear : last + 1]
    chosen = {span.clear + _nearest(own, time_s) for time_s in wanted if time_s <= own[-1] + SAME_S}
    return tuple(sorted(chosen))


def _nearest(times_s: NDArray[np.float64], time_s: float) -> int:
    return int(np.abs(times_s - time_s).argmin())


def _wanted(spans_: Sequence[Span], times_s: NDArray[np.float64]) -> Iterator[_Wanted]:
    for number, span in enumerate(spans_):
        if span.is_black:
            continue
        own = times_s[span.clear : span.leaves]
        for picture in pictures_of(span, times_s):
            # a tenth of a second before; at a shot's very beginning the one after
            other = span.clear + _nearest(own, times_s[picture] - APART_S)
            if other == picture:
                other = span.clear + _nearest(own, times_s[picture] + APART_S)
            if abs(times_s[other] - times_s[picture]) > MOST_APART_S:
                other = picture
            yield _Wanted(picture, other, number)


def _describe(
    path: Path, cutting: Cutting, describer: DescribesImages, progress: Progress
) -> Iterator[Shot]:
    times_s = cutting.times_s
    wanted = list(_wanted(cutting.spans, times_s))
    looks: list[list[Look]] = [[] for _ in cutting.spans]
    thumbs: dict[int, Image] = {}
    middles = {(span.first + span.end) // 2: n for n, span in enumerate(cutting.spans)}
    batch: list[tuple[_Wanted, Glimpse]] = []

    def describe() -> None:
        described = describer.describe([glimpse for _, glimpse in batch])
        for (want, _), descriptor in zip(batch, described, strict=True):
            looks[want.shot].append(Look(float(times_s[want.picture]), descriptor))
        batch.clear()

    for want, glimpse in _glimpses(path, wanted, middles, thumbs, times_s):
        batch.append((want, glimpse))
        if len(batch) == BATCH:
            describe()
            progress(float(times_s[want.picture]), cutting.duration_s)
    if batch:
        describe()
    progress(cutting.duration_s, cutting.duration_s)
    ends_s = [*times_s, cutting.duration_s]
    for number, span in enumerate(cutting.spans):
        yield Shot(
            span.first,
            span.end,
            float(ends_s[span.first]),
            float(ends_s[span.end]),
            span.arrival,
            span.arrival_s,
            span.is_black,
            float(ends_s[span.clear]),
            tuple(looks[number]),
            thumbs.get(number, _NOTHING),
        )


_NOTHING: Image = np.zeros((2, 2, 3), np.uint8)


def _glimpses(
    path: Path,
    wanted: Sequence[_Wanted],
    middles: dict[int, int],
    thumbs: dict[int, Image],
    times_s: NDArray[np.float64],
) -> Iterator[tuple[_Wanted, Glimpse]]:
    """Read the film once more for the wanted pictures, in order; fills in the shots' `thumbs`."""
    needed = {n for want in wanted for n in (want.picture, want.other)} | set(middles)
    coming = deque(wanted)
    held: dict[int, Image] = {}
    with open_film(path, THREADS, straight=True) as film:
        shrinker = Shrinker(film.info)
        for number, (_, frame) in enumerate(_Timed(film)):
            if number not in needed:
                continue
            image = held[number] = shrinker.shrink(frame)
            if number in middles:
                thumbs[middles[number]] = thumbnail(image)
            while coming and max(coming[0].picture, coming[0].other) <= number:
                want = coming.popleft()
                if want.picture in held and want.other in held:
                    yield want, _glimpse(want, held, times_s)
            keep_from = min(coming[0].picture, coming[0].other) if coming else number
            held = {n: image for n, image in held.items() if n >= keep_from}


def _glimpse(want: _Wanted, held: dict[int, Image], times_s: NDArray[np.float64]) -> Glimpse:
    image = held[want.picture]
    if want.other == want.picture:
        return Glimpse(image)
    apart_s = float(times_s[want.picture] - times_s[want.other])
    return Glimpse(image, small(held[want.other]), apart_s)


# -- seen once more, while it is answered -----------------------------------------------------


class Screening:
    """A trailer shown once: an iterator of its pictures' times, and eyes that see this picture.

    One decoding serves both, so picture k is looked at in the tick of time k, whatever the frame
    rate does. `look` gives the newest picture that the iterator has reached at `now`. Pictures are
    upright BGR, `max_size` at most, square pixels. One thread. FilmError when nothing can be read;
    a broken end is the end, and `fault` says so.
    """

    frames_skipped = 0

    def __init__(self, path: Path, max_size: tuple[int, int], most: int | None = None) -> None:
        self._film = OpenFilm(path, THREADS, straight=True)
        self._reading = _Timed(self._film)
        self._upright = _Upright(self._film.info, max_size)
        self._title = path.stem
        self._most = most  # pictures, where the cut list knows of fewer
        self._waiting: deque[Frame] = deque()
        self._seen: Frame | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return self._upright.size_px

    @property
    def tick_s(self) -> Fraction:
        """The unit of the trailer's time stamps, in seconds."""
        return self._reading.tick_s

    @property
    def begins_s(self) -> float:
        """The first picture's own time stamp, which its sound is counted from."""
        return self._film.info.start_s

    @property
    def fault(self) -> str | None:
        """What kept the film from being read to its end, if anything."""
        return self._reading.fault

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
        """Yield times of another rate, until the trailer is over; what is on then can be seen."""
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
