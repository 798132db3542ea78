"""One film, decoded once: its shots, moments, descriptors, thumbnails and proxy."""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from livematch.archive.records import FilmRecord, IndexedFilm
from livematch.clock import Clock, SystemClock
from livematch.errors import FilmError
from livematch.indexing.kinds import MJPEG, PLAYED_AS_THEY_ARE, ProxyKind
from livematch.indexing.likeness import look_of
from livematch.indexing.moments import Chosen, MomentChooser
from livematch.indexing.proxies import ProxyWriter, shape_for
from livematch.indexing.shots import ShotDetector
from livematch.indexing.shrinking import Shrinker, thumbnail
from livematch.indexing.spent import NO_TIME, Spent
from livematch.indexing.stage import Stage
from livematch.indexing.timeline import Stamp, Timeline
from livematch.media import OpenFilm, open_film
from livematch.values import Glimpse, Image, Vector

BATCH = 8  # pictures described at once
FRAMES_WAITING = 4  # decoded frames on their way to the proxy: 12 MB each in a 4K film
BATCHES_WAITING = 3
MOST_PIXELS_WAITING = 1920 * 1088  # of a frame that waits to be chosen or not: some twenty do
REPORT_EVERY_S = 1.0  # of film
MISSING_S, MISSING_SHARE = 1.0, 0.02  # a film this much shorter than announced is cut off


class DescribesImages(Protocol):
    """Turns pictures into descriptors: `livematch.embed.describer.Describer`, or a test's twin."""

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        """Return float32 (n, dimension) for n glimpses."""


@dataclass(frozen=True, slots=True)
class FilmTask:
    """A film to index, as it lay on the disk when its fingerprint was taken.

    `proxies` is the folder to write a proxy of a `kind` to, None to play the original; `height_px`
    is the proxy's; `threads` is how many cores this one film may keep busy decoding.
    """

    path: Path
    fingerprint: str
    size: int
    mtime_ns: int
    proxies: Path | None
    height_px: int = 720
    threads: int = 1
    kind: ProxyKind = MJPEG

    @property
    def part(self) -> Path | None:
        """Where its proxy is written, until it is whole."""
        return (
            None if self.proxies is None else self.proxies / self.kind.part_name(self.fingerprint)
        )


@dataclass(frozen=True, slots=True)
class FilmResult:
    """An indexed film, its unfinished proxy if it has one, and what was wrong with it, if anything.

    `part` is to become `indexed.film.proxy` when the film enters the archive. `spent` says where
    the time went.
    """

    indexed: IndexedFilm
    part: Path | None
    warning: str | None
    spent: Spent = NO_TIME


Progress = Callable[[float, float], None]  # seconds of film done, seconds of film in all


def index_film(
    task: FilmTask,
    describer: DescribesImages,
    progress: Progress,
    clock: Clock = SystemClock(),  # noqa: B008 - it has no state; it only says where time goes
) -> FilmResult:
    """Index one film; raises FilmError with the reason if that cannot be done.

    Decoding and cutting run on the calling thread, the network and the proxy on one each.
    """
    coarse = task.proxies is None
    with (
        open_film(task.path, task.threads, straight=True, coarse=coarse) as film,
        ExitStack() as stages,
    ):
        reading = _Reading(task, film, describer, progress, stages, clock)
        fault = reading.run()
        stages.close()  # waits for the network and the proxy, and raises what went wrong there
        return reading.result(fault)


class _Reading:
    """The state of reading one film from its first frame to its last."""

    def __init__(
        self,
        task: FilmTask,
        film: OpenFilm,
        describer: DescribesImages,
        progress: Progress,
        stages: ExitStack,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._task, self._film, self._progress = task, film, progress
        info = film.info
        self._info = info
        unit = film.stream.time_base or Fraction(1, 90_000)
        time_base = Fraction(unit.numerator, unit.denominator)  # PyAV 19 has a rational of its own
        self._timeline = Timeline(time_base, info.fps)
        self._shots = ShotDetector(info.fps)
        self._chooser = MomentChooser()
        self._shrinker = Shrinker(info)
        self._moments = _Moments(describer)
        self._describing = stages.enter_context(
            Stage("describing", self._moments.describe, BATCHES_WAITING, clock)
        )
        self._batch: list[Chosen] = []
        self._part: Path | None = None
        self._writing: Stage[tuple[av.VideoFrame, int]] | None = None
        if task.part is not None and info.codec not in PLAYED_AS_THEY_ARE:
            self._part = task.part
            shape = shape_for(info, task.height_px, task.kind.multiple)
            writing = _Writing(task.kind.writer(self._part, shape, time_base, task.threads))
            stages.callback(writing.writer.abandon)
            stages.push(writing.finish_unless_failed)
            self._writing = stages.enter_context(
                Stage("proxy", writing.write, FRAMES_WAITING, clock)
            )
        self._last: tuple[av.VideoFrame, Stamp] | None = None
        self._duration: int | None = None
        self._reported_s = 0.0
        self._decoding_s = self._looking_s = 0.0

    def run(self) -> str | None:
        """Read the film to its end; returns what kept it from being read whole, if anything."""
        fault = None
        frames = self._film.frames()
        now_s = self._clock.now()
        while True:
            asked_s = now_s
            try:
                frame = next(frames, None)
            except FilmError as error:
                if self._last is None:
                    raise
                fault, frame = str(error), None
            decoded_s = self._clock.now()
            self._decoding_s += decoded_s - asked_s
            if frame is None:
                break
            self._take(frame)
            now_s = self._clock.now()
            self._looking_s += now_s - decoded_s
        self._end()
        return fault

    def _take(self, frame: av.VideoFrame) -> None:
        stamp = self._timeline.stamp(frame.pts)
        self._duration = frame.duration or None
        tiny = self._shrinker.tiny(frame)
        self._let_go(stamp.time_s)
        self._last = frame, stamp
        boundaries = self._shots.push(stamp.time_s, tiny)
        self._collect(self._chooser.advance(boundaries, self._shots.settled_s))
        self._report(stamp)

    def _let_go(self, next_s: float) -> None:
        """Pass on the last frame, now that it is known when the next one comes."""
        if self._last is None:
            return
        frame, stamp = self._last
        if self._chooser.wants(stamp.time_s, next_s):
            self._chooser.push(stamp.time_s, self._look_at(frame))
        # handed over only now: PyAV marks a frame with its colours while it converts it, so two
        # threads must not convert the same one
        if self._writing is not None:
            self._writing.put((frame, stamp.ticks))

    def _look_at(self, frame: av.VideoFrame) -> Callable[[], Image]:
        """Say how a frame is made small: later, if at all, where it may wait as it is."""
        if self._writing is None and frame.width * frame.height <= MOST_PIXELS_WAITING:
            return partial(self._shrinker.shrink, frame)
        image = self._shrinker.shrink(frame)
        return lambda: image

    def _report(self, stamp: Stamp) -> None:
        if stamp.time_s >= self._reported_s + REPORT_EVERY_S:
            self._reported_s = stamp.time_s
            self._progress(stamp.time_s, max(self._announced_s(), stamp.time_s))

    def _collect(self, chosen: list[Chosen]) -> None:
        for moment in chosen:
            self._batch.append(moment)
            if len(self._batch) == BATCH:
                self._describing.put(self._batch)
                self._batch = []

    def _end(self) -> None:
        self._let_go(math.inf)
        self._end_s = self._timeline.end_s(self._duration)
        self._collect(self._chooser.finish(self._shots.finish(), self._end_s))
        if self._batch:
            self._describing.put(self._batch)
        self._progress(self._end_s, self._end_s)

    def result(self, fault: str | None) -> FilmResult:
        """Put together what the stages made, once they are finished."""
        task, info = self._task, self._info
        width, height = info.upright_size
        record = FilmRecord(
            fingerprint=task.fingerprint,
            path=task.path,
            size=task.size,
            mtime_ns=task.mtime_ns,
            duration_s=self._end_s,
            fps=info.fps,
            width=width,
            height=height,
            codec=info.codec,
            proxy=None if self._part is None else _proxy_path(task),
        )
        closed = self._chooser.closed
        indexed = IndexedFilm(
            film=record,
            shots=tuple(shot.span for shot in closed),
            times_s=np.array(self._moments.times_s, np.float64),
            shots_of=np.array(self._moments.shots_of, np.int64),
            vectors=np.concatenate(self._moments.vectors),
            thumbs=tuple(thumbnail(shot.thumb) for shot in closed),
            kinds=tuple(shot.kind for shot in closed),
            looks=tuple(look_of(shot.thumb) for shot in closed),
            dropped=self._chooser.dropped,
        )
        return FilmResult(indexed, self._part, fault or self._damage(), self._spent())

    def _spent(self) -> Spent:
        network, proxy = self._describing, self._writing
        blocked_s = network.blocked_s + (proxy.blocked_s if proxy else 0.0)
        return Spent(
            decoding_s=self._decoding_s,
            looking_s=max(0.0, self._looking_s - blocked_s),
            network_wait_s=network.blocked_s,
            proxy_wait_s=proxy.blocked_s if proxy else 0.0,
            network_s=network.busy_s,
            proxy_s=proxy.busy_s if proxy else 0.0,
        )

    def _announced_s(self) -> float:
        """How long the header says the film is; some count from the time stamp 0."""
        duration_s, start_s = self._info.duration_s, self._info.start_s
        return duration_s - start_s if 0 < start_s < duration_s else duration_s

    def _damage(self) -> str | None:
        """Say how the film is shorter or poorer than it should be; None if it is not."""
        announced_s = self._announced_s()
        missing_s = announced_s - self._end_s
        if missing_s > max(MISSING_S, MISSING_SHARE * announced_s):
            return f"cut off: only {self._end_s:.1f} of {announced_s:.1f} s can be read"
        if self._film.faults:
            packets = "packet" if self._film.faults == 1 else "packets"
            return f"{self._film.faults} damaged {packets} passed over"
        return None


class _Moments:
    """What the describing stage has made so far: one entry a moment, in order of time."""

    def __init__(self, describer: DescribesImages) -> None:
        self._describer = describer
        self.times_s: list[float] = []
        self.shots_of: list[int] = []
        self.vectors: list[Vector] = []

    def describe(self, batch: list[Chosen]) -> None:
        """Describe one batch; on the stage's thread."""
        self.vectors.append(self._describer.describe([c.candidate.glimpse for c in batch]))
        self.times_s += [c.candidate.time_s for c in batch]
        self.shots_of += [c.shot for c in batch]


class _Writing:
    """The proxy's side of its stage."""

    def __init__(self, writer: ProxyWriter) -> None:
        self.writer = writer

    def write(self, item: tuple[av.VideoFrame, int]) -> None:
        """Write one frame; on the stage's thread."""
        self.writer.write(*item)

    def finish_unless_failed(self, kind: type[BaseException] | None, *_: object) -> None:
        """Make the proxy whole after the stage has ended, unless the film failed."""
        if kind is None:
            self.writer.finish()


def _proxy_path(task: FilmTask) -> str:
    return f"{task.proxies.name if task.proxies else ''}/{task.kind.final_name(task.fingerprint)}"
