"""The values that travel from stage to stage: frozen, and their arrays never written again.

Images are uint8 arrays of shape (height, width, 3), BGR as OpenCV gives them, unless named
otherwise. Times are seconds on the show's clock (`_s` fields named after an event) or seconds into
a film (`time_s`, `start_s`, `end_s`).
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Vector = NDArray[np.float32]

SAME_S = 1e-6  # sums of times differ by less, and no two pictures do


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the camera, with its number and the moment it was captured.

    `title` says what it is of, and `time_s` how far into it where it is a film.
    """

    number: int
    captured_s: float
    image: Image
    title: str = ""
    time_s: float | None = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What is described: a picture, and one from a little before it, by which movement is seen.

    `apart_s` is the time from `before` to `image`; it is negative where a shot has just begun and
    `before` is in truth the picture after. A still has none.
    """

    image: Image
    before: Image | None = None
    apart_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """An indexed instant of the archive: `row` in the vectors, where it lies in which shot."""

    row: int
    film_id: int
    shot_id: int
    time_s: float


class ShotKind(StrEnum):
    """What a shot shows; only film is offered unless the others are asked for."""

    FILM = "film"
    BLACK = "black"
    WHITE = "white"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Match:
    """A moment and how like the observation it is: −1 to 1, whole and by descriptor part.

    `entry` is where its shot is entered instead, so that movement carries on; None: at `moment`.
    """

    moment: Moment
    score: float
    parts: tuple[tuple[str, float], ...] = ()
    entry: Moment | None = None

    @property
    def start(self) -> Moment:
        """The moment that the shot is played from."""
        return self.entry or self.moment


@dataclass(frozen=True, slots=True)
class Observation:
    """What vision saw in one frame: the candidates, best first, at most one a shot.

    `cuts` counts the hard cuts of the camera's own picture up to here, and `cut_frame` is the frame
    that the last of them brought, None before the first. `movement` is how much of the picture has
    changed within a tenth of a second, noise left out: 0 to 1.
    """

    frame_number: int
    captured_s: float
    found_s: float
    candidates: tuple[Match, ...]
    cuts: int = 0
    movement: float = 0.0
    cut_frame: int | None = None


@dataclass(frozen=True, slots=True)
class Onset:
    """An attack in the sound: when it sounded, and how strong, 0 to 1."""

    at_s: float
    strength: float


@dataclass(frozen=True, slots=True)
class Sound:
    """What the ears have heard since they were asked before: the onsets, and how loud it is now.

    Level and bands (below 250 Hz, up to 2 kHz, above) are 0 for silence and 1 for full scale, in
    equal steps of decibels. `is_heard` is False without ears, or while their device gives nothing.
    """

    onsets: tuple[Onset, ...] = ()
    level: float = 0.0
    bass: float = 0.0
    mid: float = 0.0
    treble: float = 0.0
    is_heard: bool = False


SILENCE = Sound()


@dataclass(frozen=True, slots=True)
class Pulse:
    """The beat: `beat` beats had gone by at `at_s`, and they go on at `bpm` a minute.

    Beat 0 begins a bar. `source` names whoever gives the beat.
    """

    bpm: float
    beat: float
    at_s: float
    source: str

    def beat_at(self, now: float) -> float:
        """Return how many beats have gone by at `now`, with the part of the present one."""
        return self.beat + (now - self.at_s) * self.bpm / 60.0

    def time_of(self, beat: float) -> float:
        """Return when `beat` falls, or fell."""
        return self.at_s + (beat - self.beat) * 60.0 / self.bpm


class PixelFormat(StrEnum):
    """How a picture's planes are to be read."""

    BGR = "bgr"  # one plane, (h, w, 3)
    YUV420 = "yuv420"  # three planes, chroma at half size both ways
    # blocks of 4 × 4 pixels as graphics cards keep them: one plane, flat, in rows of blocks
    DXT1 = "dxt1"
    DXT5 = "dxt5"  # with transparency, shown over black
    YCOCG_DXT5 = "ycocg-dxt5"  # Co, Cg, their scale and luma in place of R, G, B and alpha


BLOCK_BYTES = {PixelFormat.DXT1: 8, PixelFormat.DXT5: 16, PixelFormat.YCOCG_DXT5: 16}
"""The compressed formats, and how many bytes 4 × 4 of their pixels take."""


def coded_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of a compressed picture with its padding: whole blocks."""
    return -(-width // 4) * 4, -(-height // 4) * 4


@dataclass(frozen=True, slots=True)
class Colours:
    """How YUV planes become RGB: the matrix, and whether luma uses all of 0–255."""

    matrix: str = "bt709"  # or "bt601", "bt2020"
    full_range: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A film frame or a painting, ready to be uploaded; compared by identity, never by value.

    `aspect` is width over height as it should be seen, after `quarter_turns` × 90° clockwise.
    `size_px` is the stored width and height of a compressed picture, without its padding; the
    planes of the others have their size. `title` is a painting's: a film's is told by its clip.
    """

    planes: tuple[Image, ...]
    format: PixelFormat
    aspect: float
    time_s: float
    quarter_turns: int = 0
    colours: Colours = Colours()
    size_px: tuple[int, int] = (0, 0)
    title: str = ""


class AtEnd(StrEnum):
    """What a clip does at the end of its shot."""

    LOOP = "loop"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a clip is played: `pace` seconds of film a second of play, and what comes at its end."""

    pace: float = 1.0
    at_end: AtEnd = AtEnd.LOOP


USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Clip:
    """What a deck needs to play a moment: the file to read, where to enter, where to loop."""

    path: Path
    entry_s: float
    start_s: float
    end_s: float
    title: str
    manner: Manner = USUAL


class Source(StrEnum):
    """What the program can show."""

    ARCHIVE = "archive"
    CAMERA = "camera"
    BLACK = "black"
    LENS = "lens"


@dataclass(frozen=True, slots=True)
class Cue:
    """The decision to bring something in: a moment of the archive, or a fallback source.

    `match` is set exactly when `source` is ARCHIVE. `frame_number` is the observation it answers;
    `manner` is how the clip is played. Its first picture is on at `begins_s`, and no sooner, where
    that is known beforehand; None: as soon as it can be.
    """

    source: Source
    match: Match | None
    fade_s: float
    cause: str
    decided_s: float
    frame_number: int
    manner: Manner = USUAL
    begins_s: float | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One picture of the program and how opaque it lies over the layers before it, 0 to 1.

    `title` is the film's; the time into it is the picture's own.
    """

    source: Source
    deck: int
    picture: Picture | None
    opacity: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Pane:
    """One of the candidates on offer: the number that picks it, its picture, what is said of it.

    `picture` is None where its film cannot be shown.
    """

    number: int
    picture: Picture | None
    title: str
    score: float
