"""A clip as an endless band of pictures: from the entry to the shot's end, and what comes then."""

from dataclasses import dataclass

from livematch.errors import FilmError
from livematch.playback.reader import FilmReader
from livematch.values import AtEnd, Clip, Picture

HELD_S = 0.5  # how often a held picture is told to be still the one
SHORTEST_LAP_S = 0.04  # a shot of one frame is shown as a still


@dataclass(frozen=True, slots=True)
class Due:
    """A picture and when it is to be seen, in seconds of play since the entry."""

    at_s: float
    picture: Picture


class Reel:
    """Reads one clip for ever: pictures with rising play times, in the clip's own manner.

    One thread at a time; `read` raises FilmError when the film gives nothing more at all.
    """

    def __init__(self, reader: FilmReader, clip: Clip) -> None:
        self.reader = reader
        self.clip = clip
        self._lap_began_s = 0.0
        self._lap_from_s = clip.entry_s
        self._last_s = clip.entry_s
        self._last: Picture | None = None
        self._held: Due | None = None
        self._head: Due | None = None
        reader.seek(clip.entry_s)

    def prime(self) -> None:
        """Decode the first picture now, so that the first `read` costs nothing."""
        if self._head is None:
            self._head = self._read()

    def read(self) -> Due:
        """Return the next picture of the band."""
        head, self._head = self._head, None
        return head or self._read()

    def _read(self) -> Due:
        if self._held is not None:
            self._held = Due(self._held.at_s + HELD_S, self._held.picture)
            return self._held
        picture = self.reader.read()
        if picture is None:  # the film is shorter than its shot was said to be
            return self._end(self._last_s + self.reader.frame_s)
        if picture.time_s >= self.clip.end_s:
            return self._end(self.clip.end_s)
        return self._due(picture)

    def _due(self, picture: Picture) -> Due:
        self._last_s, self._last = picture.time_s, picture
        since_lap_s = max(0.0, picture.time_s - self._lap_from_s)
        return Due(self._lap_began_s + since_lap_s / self.clip.manner.pace, picture)

    def _end(self, lap_ends_s: float) -> Due:
        """Go on after the shot's end: with another lap, or with its last picture for ever."""
        lap_s = max(SHORTEST_LAP_S, lap_ends_s - self._lap_from_s) / self.clip.manner.pace
        if self.clip.manner.at_end is AtEnd.HOLD and self._last is not None:
            self._held = Due(self._lap_began_s + lap_s, self._last)
            return self._held
        self._lap_began_s += lap_s
        self._lap_from_s = self.clip.start_s
        self.reader.seek(self.clip.start_s)
        picture = self.reader.read()
        if picture is None:
            raise FilmError(f"{self.clip.path}: has no picture at {self.clip.start_s:.2f} s")
        return self._due(picture)
