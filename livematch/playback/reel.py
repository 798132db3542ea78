"""A clip as an endless band of pictures: from the entry to the shot's end, then round and round."""

from dataclasses import dataclass

from livematch.errors import FilmError
from livematch.playback.reader import FilmReader
from livematch.values import Clip, Picture

SHORTEST_LAP_S = 0.04  # a shot of one frame is shown as a still


@dataclass(frozen=True, slots=True)
class Due:
    """A picture and when it is to be seen, in seconds of play since the entry."""

    at_s: float
    picture: Picture


class Reel:
    """Reads one clip for ever: pictures with rising play times, looping within the shot.

    One thread at a time; `read` raises FilmError when the film gives nothing more at all.
    """

    def __init__(self, reader: FilmReader, clip: Clip) -> None:
        self.reader = reader
        self.clip = clip
        self._lap_began_s = 0.0
        self._lap_from_s = clip.entry_s
        self._last_s = clip.entry_s
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
        picture = self.reader.read()
        if picture is None:  # the film is shorter than its shot was said to be
            picture = self._turn(self._last_s + self.reader.frame_s)
        elif picture.time_s >= self.clip.end_s:
            picture = self._turn(self.clip.end_s)
        self._last_s = picture.time_s
        since_lap_s = max(0.0, picture.time_s - self._lap_from_s)
        return Due(self._lap_began_s + since_lap_s, picture)

    def _turn(self, lap_ends_s: float) -> Picture:
        """Go back to the shot's start for another lap and return its first picture."""
        lap_s = lap_ends_s - self._lap_from_s
        self._lap_began_s += max(SHORTEST_LAP_S, lap_s)
        self._lap_from_s = self.clip.start_s
        self.reader.seek(self.clip.start_s)
        picture = self.reader.read()
        if picture is None:
            raise FilmError(f"{self.clip.path}: has no picture at {self.clip.start_s:.2f} s")
        return picture
