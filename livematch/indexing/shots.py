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
from itertools import combinations

import cv2
import numpy as np

from livematch.values import Image, Vector

WIDTH_PX, HEIGHT_PX = 64, 36  # what cuts are looked for in; also what makes it fast
SHORTEST_SHOT_S = 0.2

# Cuts. Distances are mean absolute differences of Y, Cr and Cb, added up: 0 to 765.
BEFORE, AFTER = 3, 3  # pictures compared on either side
SAME = 1.0  # nearer than this, a picture repeats the one before it
MOST_REPEATS = 2  # passed over: animation is drawn on twos and threes
LEAST_CUT = 10.0
STILL = 0.5  # added to how much a side differs from itself, which in a still is nothing
# A cut must stand out the more, the smaller it is: (distance, how many times the sides' own)
STANDS_OUT = ((25.0, 2.8), (45.0, 2.1))

# Gradual changes, on pictures blurred and half as large in each direction
# Each is measured over twice a span: (half of it in seconds, least change between its two ends)
SPANS = ((0.4, 24.0), (0.2, 30.0))
HALF_S = SPANS[0][0]  # the longest, and so how late a change is known
MOST_BEND = 0.12  # mean departure from the straight mix, as a share of the change
MOST_UNMOVED = 0.6  # share of a change that is left when a movement is undone
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
    """Finds hard cuts; knows about a picture once `after` − 1 more have been seen (at least 1).

    Pictures that repeat the one before are passed over, a few at most in a row: where movement
    comes in steps, each step would look like a cut between two stills. Before its
    first picture and after its last one a film is taken to stand still. `repeats` is how many may
    be passed over, `least` the smallest distance that can be a cut.
    """

    def __init__(
        self, after: int = AFTER, repeats: int = MOST_REPEATS, least: float = LEAST_CUT
    ) -> None:
        self._after = after
        self._repeats = repeats
        self._least = least
        self._recent: deque[Image] = deque(maxlen=BEFORE + after)
        self._steps: deque[float] = deque(maxlen=after)  # from the picture before to each of these
        self._numbers: deque[int] = deque(maxlen=after)
        self._number = -1

    def push(self, small: Image) -> int | None:
        """Take the next picture; returns the number of the one that is now known to begin a shot.

        Numbers count from 0; None if there is no such picture.
        """
        self._number += 1
        if self._number == 0:
            for _ in range(BEFORE):
                self._keep(small, 0.0)
            return None
        step = distance(small, self._recent[-1])
        if step < SAME and self._number - self._numbers[-1] <= self._repeats:
            return None
        return self._keep(small, step)

    def finish(self) -> list[int]:
        """Say which of the last pictures begin a shot, once the film is over."""
        if not self._recent:
            return []
        ends = [self._keep(self._recent[-1], 0.0) for _ in range(self._after - 1)]
        return [number for number in ends if number is not None]

    def _keep(self, small: Image, step: float) -> int | None:
        self._recent.append(small)
        self._steps.append(step)
        self._numbers.append(max(0, self._number))
        if len(self._recent) < BEFORE + self._after or not self._is_cut():
            return None
        return self._numbers[0]

    @property
    def open_from(self) -> int:
        """The first picture of which it is not known yet whether it begins a shot."""
        return self._numbers[-self._after + 1] if self._numbers else 0

    def _is_cut(self) -> bool:
        # the step is one of the distances across: hardly a picture needs the others measured
        if self._steps[0] < self._least:
            return False
        pictures = list(self._recent)
        before, after = pictures[:BEFORE], pictures[BEFORE:]
        across = min(distance(new, old) for new in after for old in before)
        if across < self._least:
            return False
        beside = [
            distance(new, old) for side in (before, after) for old, new in combinations(side, 2)
        ]
        return is_cut(across, sum(beside) / len(beside))


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
        halves = [max(2, 2 * round(half_s * fps / 2)) for half_s, _ in SPANS]
        self.half = halves[0]
        self._spans = [(half, least) for half, (_, least) in zip(halves, SPANS, strict=True)]
        self._recent: deque[Vector] = deque(maxlen=2 * self.half + 1)

    def push(self, small: Image) -> bool:
        """Take the next picture; True when the one `half` before it lies inside a change."""
        self._recent.append(_blurred(small))
        if len(self._recent) < 2 * self.half + 1:
            return False
        return any(self._is_mix(half, least) for half, least in self._spans)

    def _is_mix(self, half: int, least_change: float) -> bool:
        first, last = self._recent[self.half - half], self._recent[self.half + half]
        change = _mean_distance(first, last)
        if change < least_change:
            return False
        return is_mix([self._recent[self.half + step * half // 2] for step in range(-2, 3)], change)


def is_mix(pictures: list[Vector], change: float) -> bool:
    """Judge five pictures at equal steps: whether the inner three are mixes of the outer two.

    `change` is the distance between those two.
    """
    first, last = pictures[0], pictures[-1]
    bend = sum(
        _mean_distance(pictures[step], first + (last - first) * (step / 4)) for step in (1, 2, 3)
    )
    return bend / 3 < MOST_BEND * change and not is_drift(first, last, change)


def is_drift(first: Vector, last: Vector, change: float) -> bool:
    """Whether movement explains a change: a soft picture that drifts a little looks mixed.

    Optical flow after Lucas and Kanade (1981), one vector for each quarter of the picture, so that
    a zoom or a turn is seen through, too.
    """
    middle, moved = (first + last) / 2, last - first
    down, right = (np.asarray(np.gradient(middle, axis=axis)) for axis in (0, 1))
    left = 0.0
    for part in _quarters(first.shape[0], first.shape[1]):
        slopes = np.stack([right[part].ravel(), down[part].ravel()])
        difference = moved[part].ravel()
        # the least squares by their two normal equations; where all is flat, nothing has moved
        gram = slopes @ slopes.T + _FLAT
        vector = np.linalg.solve(gram, slopes @ difference)
        left += float(np.abs(difference - vector @ slopes).sum())
    pixels: int = first.shape[0] * first.shape[1]
    return left / pixels < MOST_UNMOVED * change


_FLAT = np.float32(1e-3) * np.eye(2, dtype=np.float32)  # squared slopes, added up over a quarter


def _quarters(height: int, width: int) -> list[tuple[slice, slice]]:
    rows = slice(0, height // 2), slice(height // 2, height)
    columns = slice(0, width // 2), slice(width // 2, width)
    return [(row, column) for row in rows for column in columns]


def _blurred(small: Image) -> Vector:
    return np.asarray(cv2.blur(small, (5, 5))[::2, ::2], np.float32)


def _mean_distance(a: Vector, b: Vector) -> float:
    return float(cv2.norm(a, b, cv2.NORM_L1)) / float(a.shape[0] * a.shape[1])


class ShotDetector:
    """Turns a film's pictures into the boundaries between its shots, in order, a little late.

    `push` gets every picture once, in order, as `small` makes it. One thread.
    """

    def __init__(self, fps: float) -> None:
        self._cuts = CutDetector()
        self._gradual = GradualDetector(fps) if fps >= LEAST_FPS else None
        self._times: dict[int, float] = {}
        self._number = -1
        self._change: tuple[int, int] | None = None  # first and last picture of the open change
        self._found: list[Boundary] = []
        self._last_s = 0.0  # of the last boundary handed out, or the film's first picture

    def push(self, time_s: float, small: Image) -> list[Boundary]:
        """Take the next small picture; returns boundaries that are now certain."""
        self._number += 1
        self._times[self._number] = time_s
        if self._number == 0:
            self._last_s = time_s
        cut = self._cuts.push(small)
        if cut is not None:
            self._note(cut)
        if self._gradual is not None:
            self._follow(self._gradual.push(small), self._number - self._gradual.half)
        return self._certain()

    def finish(self) -> list[Boundary]:
        """Say what is left once the film is over."""
        for number in self._cuts.finish():
            self._note(number)
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
        oldest = self._cuts.open_from
        if self._gradual is not None:
            oldest = min(oldest, self._number - self._gradual.half + 1)
        if self._change is not None:
            oldest = min(oldest, self._change[0])
        # a boundary is held back until its shot is long enough, and so is what lies after it
        for boundary in self._found:
            oldest = min(oldest, boundary.number)
        return max(oldest, self._first_timed)

    @property
    def _first_timed(self) -> int:
        """The first picture whose time is still known: they are put in and taken out in order."""
        return next(iter(self._times))

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
        ready = self._take_ready() if self._found else []
        settled = self._settled()
        while self._first_timed < settled - 1:
            del self._times[self._first_timed]
        return ready

    def _take_ready(self) -> list[Boundary]:
        now_s = self._times[self._number]
        limit = self._cuts.open_from - 1
        if self._gradual is not None:
            limit = min(limit, self._number - self._gradual.half)
        if self._change is not None:
            limit = min(limit, self._change[0] - 1)
        ready = [
            b for b in self._found if b.number <= limit and b.time_s + SHORTEST_SHOT_S <= now_s
        ]
        self._found = [b for b in self._found if b not in ready]
        return self._settle(ready)

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


def small(image: Image) -> Image:
    """Shrink a BGR picture of any size to what cuts are looked for in: (36, 64, 3), Y, Cr, Cb."""
    shrunk = cv2.resize(image, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2YCrCb), np.uint8)
