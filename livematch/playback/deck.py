"""A deck: one clip loaded, decoded ahead of its time, asked for pictures as play goes on.

`LiveDeck` decodes on a thread and never makes the picture wait; `OfflineDeck` is its twin for
renders on a manual clock and decodes when it is asked.
"""

import threading
from collections import deque
from typing import Protocol

from livematch.errors import FilmError
from livematch.playback.reel import Due, Reel
from livematch.playback.shelf import Shelf
from livematch.values import Clip, Picture
from livematch.worker import Worker

AHEAD = 6  # pictures decoded before their time: a quarter second hides a slow seek at the loop


class Deck(Protocol):
    """What the pair of decks needs of one."""

    def load(self, clip: Clip) -> None:
        """Drop what was loaded and get this clip ready; returns at once when live."""
        ...

    def unload(self) -> None:
        """Stop reading; the deck is free."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether the first picture of the loaded clip is decoded."""
        ...

    @property
    def fault(self) -> str | None:
        """Why the loaded clip cannot be played; None while it can."""
        ...

    def picture_at(self, play_s: float) -> Picture | None:
        """Return the newest picture due at `play_s` seconds of play; None before the first."""
        ...

    def close(self) -> None:
        """End the deck's thread, if it has one."""
        ...


class _Band:
    """The pictures of one loading: those decoded and waiting, and the one last shown."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.reel: Reel | None = None
        self.waiting: deque[Due] = deque()
        self.shown: Picture | None = None
        self.fault: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.shown is not None or bool(self.waiting)

    def advance(self, play_s: float) -> Picture | None:
        while self.waiting and (self.shown is None or self.waiting[0].at_s <= play_s):
            self.shown = self.waiting.popleft().picture
        return self.shown


class LiveDeck:
    """A deck with a thread of its own; all its methods return at once. The engine's thread."""

    def __init__(self, name: str, shelf: Shelf) -> None:
        self._shelf = shelf
        self._band: _Band | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._worker = Worker(f"deck-{name}", self._work, wake=self._wake).start()

    def load(self, clip: Clip) -> None:
        """Drop what was loaded and get this clip ready."""
        with self._changed:
            self._band = _Band(clip)
            self._changed.notify()

    def unload(self) -> None:
        """Stop reading; the deck is free."""
        with self._changed:
            self._band = None
            self._changed.notify()

    @property
    def is_ready(self) -> bool:
        """Whether the first picture of the loaded clip is decoded."""
        band = self._band
        return band is not None and band.is_ready

    @property
    def fault(self) -> str | None:
        """Why the loaded clip cannot be played; None while it can."""
        band = self._band
        return band.fault if band else None

    def picture_at(self, play_s: float) -> Picture | None:
        """Return the newest picture due at `play_s`; a late decoder repeats the last one."""
        with self._changed:
            if self._band is None:
                return None
            picture = self._band.advance(play_s)
            self._changed.notify()
            return picture

    def close(self) -> None:
        """End the deck's thread."""
        self._worker.stop()

    def _wake(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> bool:
        """Fill the band that is loaded until another is; runs on the deck's thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._wants_more())
            band = self._band
        if self._closed or band is None:
            return False
        try:
            band.reel = self._shelf.take(band.clip)
            self._fill(band, band.reel)
        except FilmError as error:
            band.fault = str(error)
        finally:
            if band.reel is not None:
                self._shelf.give_back(band.reel)
        return not self._closed

    def _fill(self, band: _Band, reel: Reel) -> None:
        while True:
            due = reel.read()
            with self._changed:
                band.waiting.append(due)
                self._changed.wait_for(
                    lambda: self._closed or self._band is not band or len(band.waiting) < AHEAD
                )
                if self._closed or self._band is not band:
                    return

    def _wants_more(self) -> bool:
        return self._band is not None and self._band.reel is None and self._band.fault is None


class OfflineDeck:
    """The twin without a thread: decodes when asked, on whatever clock the caller has."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._band: _Band | None = None

    def load(self, clip: Clip) -> None:
        """Open the clip at its entry and decode its first picture."""
        self.unload()
        band = self._band = _Band(clip)
        try:
            band.reel = self._shelf.take(clip)
            band.waiting.append(band.reel.read())
        except FilmError as error:
            band.fault = str(error)

    def unload(self) -> None:
        """Stop reading; the deck is free."""
        if self._band is not None and self._band.reel is not None:
            self._shelf.give_back(self._band.reel)
        self._band = None

    @property
    def is_ready(self) -> bool:
        """Whether the first picture of the loaded clip is decoded."""
        return self._band is not None and self._band.is_ready

    @property
    def fault(self) -> str | None:
        """Why the loaded clip cannot be played; None while it can."""
        return self._band.fault if self._band else None

    def picture_at(self, play_s: float) -> Picture | None:
        """Decode as far as `play_s` and return the picture that is due there."""
        band = self._band
        if band is None:
            return None
        try:
            while band.reel is not None and band.waiting and band.waiting[-1].at_s <= play_s:
                band.waiting.append(band.reel.read())
                band.advance(play_s)
        except FilmError as error:
            band.fault = str(error)
        return band.advance(play_s)

    def close(self) -> None:
        """Give the film back."""
        self.unload()
