"""A trailer read from end to end: its pictures' times, its shots, and what they look like.

Read twice for this, once small for where the shots are, once for the pictures that describe them:
which ones those are is known only when their shot is over. A third reading is for the render. What
is held is a few numbers for each picture and a few descriptors for each shot, never pictures.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.archive.entry import STEP_S, STEPS
from livematch.embed.motion import small
from livematch.embed.trail import APART_S, MOST_APART_S
from livematch.indexing.film import DescribesImages
from livematch.indexing.shots import ShotDetector
from livematch.indexing.shrinking import Shrinker, thumbnail
from livematch.media import FilmInfo, open_film
from livematch.reinterpret.cutlist import Arrival
from livematch.reinterpret.spans import Light, Span, spans
from livematch.screening import THREADS, Reading, damage
from livematch.values import SAME_S, Glimpse, Image, Vector

LATER = 4  # glimpses of a shot after its opening, spread over the rest of it
BATCH = 8  # pictures described at once

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
        reading = Reading(film)
        shrinker, detector, light = Shrinker(info), ShotDetector(info.fps), Light()
        boundaries, times_s = [], []
        for time_s, frame in reading:
            tiny = shrinker.tiny(frame)
            light.push(np.ascontiguousarray(tiny[:, :, 0]))
            boundaries += detector.push(time_s, tiny)
            times_s.append(time_s)
            if len(times_s) % 64 == 0:
                progress(time_s, max(info.duration_s, time_s))
        boundaries += detector.finish()
        end_s = reading.end_s
        warning = reading.fault or damage(film, end_s)
    times = np.array(times_s, np.float64)
    return Cutting(info, times, end_s, spans(times_s, light, boundaries), warning)


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
        for number, (_, frame) in enumerate(Reading(film)):
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
