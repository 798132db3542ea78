"""The shelf: films kept open, and wound to where the next cue will probably want them."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from livematch.errors import FilmError
from livematch.heap import trim
from livematch.playback.reader import FilmReader
from livematch.playback.reel import Reel
from livematch.slots import Newest
from livematch.values import Clip
from livematch.worker import Worker

log = logging.getLogger(__name__)

OPEN_FILMS = 8  # idle readers kept: a decoder and a file handle each
TRIM_EVERY = 300  # expectations, ten seconds': then what decoders left in pieces is given back
NEAR_S = 0.3  # a reel wound this near to the wanted entry is used as it is


class Shelf:
    """Hands out reels, warm ones where it guessed right.

    `expect` is called with the likely next clips, best first, and returns at once; a thread opens
    their films and, where the codec makes a seek slow, decodes the first picture too. `take` and
    `give_back` are called by the decks. All methods: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: OrderedDict[Path, FilmReader] = OrderedDict()
        self._wound: OrderedDict[tuple[Path, float], Reel] = OrderedDict()
        self._expected: Newest[tuple[Clip, ...]] = Newest()
        self._expectations = 0  # since memory was given back
        self._worker = Worker("shelf", self._warm_next, wake=self._expected.close)

    def start(self) -> None:
        """Begin to warm what is expected; without it the shelf only keeps films open."""
        self._worker.start()

    def expect(self, clips: Sequence[Clip]) -> None:
        """Say which clips may be wanted next, best first. Returns at once."""
        self._expected.put(tuple(clips))

    def take(self, clip: Clip) -> Reel:
        """Return a reel at the clip's entry; FilmError when the film cannot be read."""
        with self._lock:
            wound = self._wound.pop((clip.path, clip.start_s), None)
            if wound is not None and _serves(wound.clip, clip):
                return wound
            reader = wound.reader if wound else self._idle.pop(clip.path, None)
        return Reel(reader or FilmReader(clip.path), clip)

    def give_back(self, reel: Reel) -> None:
        """Return a reel that is no longer played; its film stays open for a while."""
        self._keep(reel.reader)

    def __len__(self) -> int:
        """How many films lie open on the shelf."""
        with self._lock:
            return len(self._idle) + len(self._wound)

    def close(self) -> None:
        """Stop warming and close every film on the shelf."""
        self._worker.stop()
        with self._lock:
            readers = [*self._idle.values(), *(reel.reader for reel in self._wound.values())]
            self._idle.clear()
            self._wound.clear()
        for reader in readers:
            reader.close()

    def _warm_next(self) -> bool:
        clips = self._expected.take()
        if clips is None:
            return False
        for clip in clips:
            try:
                self._warm(clip)
            except FilmError as error:  # the deck will meet it too, and say so if it matters
                log.debug("cannot be warmed: %s", error)
        self._expectations += 1
        if self._expectations >= TRIM_EVERY:
            self._expectations = 0
            trim()
        return True

    def _warm(self, clip: Clip) -> None:
        key = (clip.path, clip.start_s)
        with self._lock:
            if clip.path in self._idle:
                self._idle.move_to_end(clip.path)
                if self._idle[clip.path].is_intra:
                    return
            if key in self._wound:
                self._wound.move_to_end(key)
                if _serves(self._wound[key].clip, clip):
                    return
            stale = self._wound.pop(key, None)
            reader = stale.reader if stale else self._idle.pop(clip.path, None)
        reader = reader or FilmReader(clip.path)
        if reader.is_intra:
            self._keep(reader)
            return
        reel = Reel(reader, clip)
        reel.prime()
        self._wind(key, reel)

    def _wind(self, key: tuple[Path, float], reel: Reel) -> None:
        with self._lock:
            same = self._wound.pop(key, None)
            self._wound[key] = reel
            surplus = self._wound.popitem(last=False)[1] if len(self._wound) > OPEN_FILMS else None
        for old in (same, surplus):
            if old is not None:
                self._keep(old.reader)

    def _keep(self, reader: FilmReader) -> None:
        """Put an open film among the idle ones; close what there is too much of."""
        with self._lock:
            same = self._idle.pop(reader.path, None)
            self._idle[reader.path] = reader
            surplus = self._idle.popitem(last=False)[1] if len(self._idle) > OPEN_FILMS else None
        for old in (same, surplus):
            if old is not None:
                old.close()


def _serves(wound: Clip, wanted: Clip) -> bool:
    """Whether a reel that was wound to one clip does for another of the same shot."""
    return abs(wound.entry_s - wanted.entry_s) <= NEAR_S and wound.manner == wanted.manner
