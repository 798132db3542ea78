"""Where one shot ends and the next begins: hard cuts, dissolves and fades, frame by frame.

Two tests on small pictures, chosen by measuring them on real film against detectors that compare
neighbouring frames in HSV (whose hue and saturation are noise where the picture is dark or grey,
which is where trailers fade and old films live):

- A *cut* is where all pictures just before differ from all pictures just after by much more than
  the pictures of either side differ among themselves. A flash fails it (the sides are alike), and
  so do a fast pan and a shaken camera (each side differs from itself as much).
- A *gradual* change, a fade or a dissolve, is where the picture half-way is the mean of the
  pictures at both ends, and the quarter-way ones accordingly: mixing is linear, movement is not.

Pure: no clock, no file. Times are seconds into the film.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from livematch.values import Image, Vector

WIDTH_PX, HEIGHT_PX = 64, 36  # what cuts are looked for in; also what makes it fast
SHORTEST_SHOT_S = 0.2

# Cuts. Distances are mean absolute differences of Y, Cr and Cb, added up: 0 to 765.
BEFORE, AFTER = 3, 3  # pictures compared on either side
LEAST_CUT = 10.0
STILL = 0.5  # added to how much a side differs from itself, which in a still is nothing
# A cut must stand out the more, the smaller it is: (distance, how many times the sides' own)
STANDS_OUT = ((25.0, 2.8), (45.0, 2.1))

# Gradual changes, on pictures blurred and half as large in each direction
HALF_S = 0.4  # the change is measured over twice this
LEAST_CHANGE = 24.0  # between the two ends of the measure
MOST_BEND = 0.12  # mean departure from the straight mix, as a share of the change
GAP_S = 0.3  # interruptions of one gradual change that do not end it
LONGEST_S = 2.5  # a gradual change is cut here even if it still goes on
LEAST_FPS = 8.0  # below, too few pictures lie in a dissolve to know one


class Kind(StrEnum):
    """How one shot turns into the next."""

    CUT = "cut"
    GRADUAL = "gradual"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The first picture of a new shot: its number from 0, its time, and how it comes in.

    From `from_s` to `to_s` the pictures belong to neither shot alone (equal for a cut).
    """

    number: int
    time_s: float
    kind: Kind
    from_s: float
    to_s: float


class CutDetector:
    """Finds hard cuts; knows about a picture once `AFTER` − 1 more have been seen."""

    def __init__(self) -> None:
        self._recent: deque[Image] = deque(maxlen=BEFORE + AFTER - 1)
        self._distances: deque[list[float]] = deque(maxlen=BEFORE + AFTER)

    def push(self, small: Image) -> bool:
        """Take the next picture; True when the one `AFTER` − 1 before it begins a shot."""
        # distances[-1][k] is from the newest picture to the one k + 1 before it
        self._distances.append([distance(small, other) for other in reversed(self._recent)])
        self._recent.append(small)
        if len(self._distances) < BEFORE + AFTER:
            return False
        return is_cut(*self._sides())

    def _sides(self) -> tuple[float, float]:
        """Return the least distance across the place in question, the mean one beside it."""
        d = self._distances
        last = len(d) - 1
        first = last - AFTER + 1  # the first picture that would be after the cut
        across = min(
            d[after][after - before - 1]
            for after in range(first, last + 1)
            for before in range(first - BEFORE, first)
        )
        beside = [
            d[newer][newer - older - 1]
            for newer, older in (
                (first - 1, first - 2),
                (first - 2, first - 3),
                (first - 1, first - 3),
                (first + 1, first),
                (first + 2, first + 1),
                (first + 2, first),
            )
        ]
        return across, sum(beside) / len(beside)


def is_cut(across: float, beside: float) -> bool:
    """Judge a place by the distance across it and the distance usual on both its sides."""
    distances, ratios = zip(*STANDS_OUT, strict=True)
    needed = float(np.interp(across, distances, ratios))
    return across >= LEAST_CUT and across >= needed * (beside + STILL)


def distance(a: Image, b: Image) -> float:
    """Mean absolute difference of two pictures of one size, added over their channels."""
    pixels: int = a.shape[0] * a.shape[1]
    return float(cv2.norm(a, b, cv2.NORM_L1)) / pixels


class GradualDetector:
    """Finds fades and dissolves; knows about a picture `half` pictures later."""

    def __init__(self, fps: float) -> None:
        self.half = max(2, 2 * round(HALF_S * fps / 2))
        self._recent: deque[Vector] = deque(maxlen=2 * self.half + 1)

    def push(self, small: Image) -> bool:
        """Take the next picture; True when the one `half` before it lies inside a change."""
        self._recent.append(_blurred(small))
        if len(self._recent) < 2 * self.half + 1:
            return False
        return is_mix([self._recent[index * self.half // 2] for index in range(5)])


def is_mix(pictures: list[Vector]) -> bool:
    """Judge five pictures at equal steps: whether the inner three are mixes of the outer two."""
    first, last = pictures[0], pictures[-1]
    change = _mean_distance(first, last)
    if change < LEAST_CHANGE:
        return False
    bend = sum(
        _mean_distance(pictures[step], first + (last - first) * (step / 4)) for step in (1, 2, 3)
    )
    return bend / 3 < MOST_BEND * change


def _blurred(small: Image) -> Vector:
    return np.asarray(cv2.blur(small, (5, 5))[::2, ::2], np.float32)


def _mean_distance(a: Vector, b: Vector) -> float:
    return float(np.abs(a - b).sum() / (a.shape[0] * a.shape[1]))


class ShotDetector:
    """Turns a film's pictures into the boundaries between its shots, in order, a little late.

    `push` gets every picture once, in order. One thread.
    """

    def __init__(self, fps: float) -> None:
        self._cuts = CutDetector()
        self._gradual = GradualDetector(fps) if fps >= LEAST_FPS else None
        self._times: dict[int, float] = {}
        self._number = -1
        self._change: tuple[int, int] | None = None  # first and last picture of the open change
        self._found: list[Boundary] = []
        self._last_s = 0.0  # of the last boundary handed out, or the film's first picture

    def push(self, time_s: float, image: Image) -> list[Boundary]:
        """Take the next picture, BGR of any size; returns boundaries that are now certain."""
        self._number += 1
        self._times[self._number] = time_s
        if self._number == 0:
            self._last_s = time_s
        small = _small(image)
        if self._cuts.push(small):
            self._note(self._number - AFTER + 1)
        if self._gradual is not None:
            self._follow(self._gradual.push(small), self._number - self._gradual.half)
        return self._certain()

    def finish(self) -> list[Boundary]:
        """Say what is left once the film is over."""
        self._close_change()
        end_s = self._times[self._number] if self._times else 0.0
        left = [b for b in self._settle(self._found) if b.time_s + SHORTEST_SHOT_S <= end_s]
        self._found = []
        return left

    @property
    def settled_s(self) -> float:
        """Before this time no boundary will be found any more."""
        return self._times[self._settled()] if self._times else 0.0

    def _settled(self) -> int:
        oldest = self._number - AFTER + 2
        if self._gradual is not None:
            oldest = min(oldest, self._number - self._gradual.half + 1)
        if self._change is not None:
            oldest = min(oldest, self._change[0])
        # a boundary is held back until its shot is long enough, and so is what lies after it
        oldest = min([oldest, *(boundary.number for boundary in self._found)])
        return max(oldest, min(self._times))

    def _note(self, number: int) -> None:
        time_s = self._times[number]
        self._found.append(Boundary(number, time_s, Kind.CUT, time_s, time_s))

    def _follow(self, inside: bool, number: int) -> None:
        """Let the open change grow by one picture, or end."""
        if number < 0:
            return
        if inside:
            self._change = (self._change[0] if self._change else number, number)
        if self._change is None:
            return
        first, last = self._change
        over = self._times[number] - self._times[last] > GAP_S
        if over or self._times[last] - self._times[first] > LONGEST_S:
            self._close_change()

    def _close_change(self) -> None:
        if self._change is None:
            return
        first, last = self._change
        self._change = None
        middle = (first + last) // 2
        spans = (self._times[middle], Kind.GRADUAL, self._times[first], self._times[last])
        self._found.append(Boundary(middle, *spans))

    def _certain(self) -> list[Boundary]:
        """Hand out the found boundaries that nothing still to come can precede or undo."""
        now_s = self._times[self._number]
        limit = self._number - (self._gradual.half if self._gradual else AFTER)
        if self._change is not None:
            limit = min(limit, self._change[0] - 1)
        ready = [
            b for b in self._found if b.number <= limit and b.time_s + SHORTEST_SHOT_S <= now_s
        ]
        if ready:
            self._found = [b for b in self._found if b not in ready]
            ready = self._settle(ready)
        settled = self._settled()
        for number in [n for n in self._times if n < settled - 1]:
            del self._times[number]
        return ready

    def _settle(self, found: list[Boundary]) -> list[Boundary]:
        """Put boundaries in order and drop those that would leave too short a shot.

        Of a cut and a gradual change in one place the cut stays: it is the exact one.
        """
        cuts = [b for b in found if b.kind is Kind.CUT]
        alone = [
            b
            for b in found
            if b.kind is Kind.CUT or not any(abs(b.time_s - c.time_s) < HALF_S for c in cuts)
        ]
        kept = []
        for boundary in sorted(alone, key=lambda b: b.number):
            if boundary.time_s - self._last_s >= SHORTEST_SHOT_S:
                kept.append(boundary)
                self._last_s = boundary.time_s
        return kept


def _small(image: Image) -> Image:
    shrunk = cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2YCrCb), np.uint8)
