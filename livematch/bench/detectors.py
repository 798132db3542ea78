"""The detectors of shots that are compared: ours, and the library's where it is installed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import av
import numpy as np

from livematch.indexing.shots import Boundary, Kind, ShotDetector
from livematch.indexing.shrinking import Shrinker
from livematch.media import FilmInfo
from livematch.values import Image

THEIR_WIDTH_PX = 256  # what the library shrinks a film to of its own accord

try:
    from scenedetect import FrameTimecode
    from scenedetect.detectors import AdaptiveDetector, ContentDetector

    THEIRS: dict[str, Callable[[], Any]] = {
        "ContentDetector": ContentDetector,
        "AdaptiveDetector": AdaptiveDetector,
    }
except ImportError:
    THEIRS = {}

OURS = "livematch"


class Finds(Protocol):
    """A detector at work on one film."""

    def push(self, frame: av.VideoFrame) -> None:
        """Take the next decoded frame."""

    def finish(self) -> "Findings":
        """Say what was found."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The numbers of first pictures: of hard cuts alone, and of everything found."""

    cuts: tuple[int, ...]
    boundaries: tuple[int, ...]


class Ours:
    """The detector of the index, fed as the index feeds it."""

    def __init__(self, info: FilmInfo) -> None:
        self._shrinker = Shrinker(info)
        self._detector = ShotDetector(info.fps)
        self._fps, self._number = info.fps, 0
        self._found: list[Boundary] = []

    def push(self, frame: av.VideoFrame) -> None:
        """Take the next decoded frame; it is numbered, never timed."""
        small = self._shrinker.tiny(frame)
        self._found += self._detector.push(self._number / self._fps, small)
        self._number += 1

    def finish(self) -> Findings:
        """Say what was found."""
        self._found += self._detector.finish()
        return Findings(
            tuple(b.number for b in self._found if b.kind is Kind.CUT),
            tuple(b.number for b in self._found),
        )


class Theirs:
    """One of scenedetect's detectors with its defaults; it knows no other boundaries than cuts."""

    def __init__(self, info: FilmInfo, name: str) -> None:
        self._detector = THEIRS[name]()
        self._fps, self._number = info.fps, 0
        self._size = (THEIR_WIDTH_PX, max(2, round(THEIR_WIDTH_PX * info.height / info.width)))
        self._found: list[Any] = []

    def push(self, frame: av.VideoFrame) -> None:
        """Take the next decoded frame."""
        image: Image = np.asarray(frame.reformat(*self._size, format="bgr24").to_ndarray())
        time = FrameTimecode(self._number, self._fps)
        self._found += self._detector.process_frame(time, image)
        self._number += 1

    def finish(self) -> Findings:
        """Say what was found."""
        last = FrameTimecode(max(0, self._number - 1), self._fps)
        self._found += self._detector.post_process(last)
        cuts = tuple(cut.frame_num for cut in self._found)
        return Findings(cuts, cuts)


def detectors() -> dict[str, Callable[[FilmInfo], Finds]]:
    """Return how to make every detector there is, by name, ours first."""

    def of(name: str) -> Callable[[FilmInfo], Finds]:
        return lambda info: Theirs(info, name)

    return {OURS: Ours} | {name: of(name) for name in THEIRS}
