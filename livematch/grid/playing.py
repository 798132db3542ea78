"""Shots that play in a loop, all at once, in a film that is itself a loop without a seam."""

import math
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np

from livematch.control.params import Fit
from livematch.errors import FilmError
from livematch.grid.wall import Label, blank, hang, reading_width
from livematch.media import OpenFilm
from livematch.render.layouts import Rect
from livematch.stills import upright
from livematch.values import Clip, Image

OVERLAP_S = 0.6  # of a lap's end with what comes before its beginning
SHORTEST_LAP_S = 0.25  # what is shorter would flicker, and stands still instead
FAR_S = 2.0  # further ahead is sought instead of read


@dataclass(frozen=True, slots=True)
class Glance:
    """A time of the film, and how much of what is seen it is, 0 to 1."""

    time_s: float
    share: float


@dataclass(frozen=True, slots=True)
class Loop:
    """A part of a shot that goes round: `lap_s` from `start_s`, then from there again.

    In the last `overlap_s` of a lap the picture dissolves into what lies before `start_s`, so that
    the shot goes on where it begins. The first lap begins at `entry_s`.
    """

    start_s: float
    lap_s: float
    overlap_s: float
    entry_s: float

    def at(self, play_s: float) -> tuple[Glance, ...]:
        """Say what is seen after so much play: one time of the film, or two that dissolve."""
        if self.lap_s <= 0:
            return (Glance(self.start_s, 1.0),)
        gone_s = (self.entry_s - self.start_s + play_s) % self.lap_s
        left_s = self.lap_s - gone_s
        here = Glance(self.start_s + gone_s, 1.0)
        if left_s >= self.overlap_s:
            return (here,)
        share = 1.0 - left_s / self.overlap_s
        return (Glance(here.time_s, 1.0 - share), Glance(self.start_s - left_s, share))


def loop_of(clip: Clip, length_s: float) -> Loop:
    """Choose the part of a shot that goes round a whole number of times in `length_s`.

    At its own pace, as long as can be, and with the clip's entry in it: where the shot is as long
    as the film it begins there.
    """
    shot_s = clip.end_s - clip.start_s
    overlap_s = min(OVERLAP_S, shot_s / 4, length_s / 4)
    whole_s = shot_s - overlap_s
    laps = max(1, math.ceil(length_s / whole_s - 1e-9)) if whole_s > 0 else 1
    lap_s = length_s / laps
    if lap_s < SHORTEST_LAP_S or whole_s <= 0:
        return Loop(clip.entry_s, 0.0, 0.0, clip.entry_s)
    first_s, last_s = clip.start_s + overlap_s, max(clip.start_s + overlap_s, clip.end_s - lap_s)
    start_s = min(max(clip.entry_s, first_s), last_s)
    # an entry in the dissolve would begin with two pictures: it is entered just after
    inside = start_s <= clip.entry_s < start_s + lap_s - overlap_s
    return Loop(start_s, lap_s, overlap_s, clip.entry_s if inside else start_s)


class Roll:
    """A film read in step: which picture is on at a time. One thread at a time."""

    def __init__(self, film: OpenFilm, width_px: int) -> None:
        self._film, self._width_px = film, width_px
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._on: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None
        self._image: Image | None = None

    def at(self, time_s: float) -> Image:
        """Return the picture that the film shows at this time, BGR; FilmError if there is none."""
        due_s = self._film.info.start_s + time_s + 1e-4
        if self._on is None or not self._time(self._on) <= due_s <= self._time(self._on) + FAR_S:
            self._film.seek(due_s)
            self._frames = self._film.frames()
            self._on, self._image, self._next = None, None, next(self._frames, None)
        while self._next is not None and (self._on is None or self._time(self._next) <= due_s):
            self._on, self._image, self._next = self._next, None, next(self._frames, None)
        if self._on is None:
            raise FilmError(f"{self._film.path}: has no picture at {time_s:.3f} s")
        if self._image is None:
            self._image = upright(self._on, self._film.info, self._width_px)
        return self._image

    def is_before(self, time_s: float) -> bool:
        """Whether it can go on to a time without going back or far ahead."""
        if self._on is None:
            return False
        ahead_s = self._film.info.start_s + time_s - self._time(self._on)
        return -1e-3 <= ahead_s < FAR_S

    def close(self) -> None:
        """Let the film go."""
        self._film.close()

    def _time(self, frame: av.VideoFrame) -> float:
        return self._film.info.start_s if frame.time is None else frame.time


class Cell:
    """One place of a wall. It shows `still` where it has no clip, or from where that fails."""

    def __init__(
        self, place: Rect, clip: Clip | None, still: Image | None, label: Label | None = None
    ) -> None:
        self.place, self.clip, self.label = place, clip, label
        self.fault: str | None = None
        self._last = still
        self._rolls: list[Roll] = []
        self._loop: Loop | None = None

    def begin(self, length_s: float) -> None:
        """Choose the loop for a film of this length."""
        if self.clip is not None:
            self._loop = loop_of(self.clip, length_s)

    def picture(self, play_s: float) -> Image | None:
        """Return what is on after so much play; where the film fails, what was on last."""
        if self.clip is None or self._loop is None or self.fault is not None:
            return self._last
        try:
            self._last = self._seen(self.clip, self._loop.at(play_s))
        except FilmError as error:
            self.fault = str(error)
        return self._last

    def close(self) -> None:
        """Let the films go."""
        for roll in self._rolls:
            roll.close()
        self._rolls.clear()

    def _seen(self, clip: Clip, glances: tuple[Glance, ...]) -> Image:
        seen: Image | None = None
        # the one that fades out is read by the roll that has read it so far, the other by the
        # other one: at the seam they change places and neither has to go back
        if len(glances) == 1 and len(self._rolls) == 2:
            self._rolls = [self._nearer(glances[0])]
        for number, glance in enumerate(glances):
            if number == len(self._rolls):
                self._rolls.append(Roll(OpenFilm(clip.path), reading_width(self.place)))
            image = self._rolls[number].at(glance.time_s)
            if seen is None:
                seen = image
            else:
                blend = cv2.addWeighted(seen, 1.0 - glance.share, image, glance.share, 0.0)
                seen = np.asarray(blend, np.uint8)
        assert seen is not None  # noqa: S101 - there is always one glance
        return seen

    def _nearer(self, glance: Glance) -> Roll:
        first, second = self._rolls
        kept, other = (second, first) if second.is_before(glance.time_s) else (first, second)
        other.close()
        return kept


def pictures_in(length_s: float, fps: Fraction) -> int:
    """Return how many pictures a film of this length has."""
    return max(1, round(length_s * fps))


def film_of(
    cells: list[Cell], size_px: tuple[int, int], fit: Fit, length_s: float, fps: Fraction
) -> Generator[Image, None, None]:
    """Draw a film of all cells picture by picture, BGR; the same array each time."""
    canvas = blank(size_px)
    try:
        for cell in cells:  # what is really played: a whole number of pictures
            cell.begin(float(pictures_in(length_s, fps) / fps))
        with ThreadPoolExecutor(thread_name_prefix="livematch-grid") as pool:
            for number in range(pictures_in(length_s, fps)):
                play_s = float(number / fps)
                pictures = pool.map(lambda cell, at=play_s: cell.picture(at), cells)
                for cell, picture in zip(cells, pictures, strict=True):
                    hang(canvas, cell.place, picture, fit)
                    if cell.label is not None:
                        cell.label.draw(canvas)
                yield canvas
    finally:
        for cell in cells:
            cell.close()
