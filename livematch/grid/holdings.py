"""An archive as it is browsed: its groups, what is like a moment, tags and bans. No HTTP, no HTML.

All methods may be called from any thread; one is served at a time.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from livematch.archive.curation import Curation, marks_to_add, marks_to_remove
from livematch.archive.offer import Offer
from livematch.archive.schema import DATABASE
from livematch.archive.search import Searcher
from livematch.archive.selecting import Selection
from livematch.archive.store import Archive
from livematch.control.params import Params
from livematch.errors import ArchiveError, FilmError
from livematch.grid.groups import Grouping, grouped
from livematch.grid.likeness import Likeness
from livematch.indexing.scan import shown
from livematch.stills import film_still
from livematch.values import Image, Moment

STILL_PX = 480  # width
QUALITY = 84
MOST_STILLS = 800  # kept in memory, of 30 kB


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment as a page shows it, by its row; tags of its whole film are apart from its own."""

    row: int
    shot: int
    film: str
    time_s: float
    start_s: float
    end_s: float
    tags: tuple[str, ...]
    film_tags: tuple[str, ...]
    is_banned: bool
    is_film_banned: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """A moment that is like another, and how: whole, and by part."""

    seen: Seen
    score: float
    parts: tuple[tuple[str, float], ...]


class Library:
    """An open archive, opened again whenever somebody has written to it. ArchiveError."""

    def __init__(self, folder: Path, params: Params, groups: int | None = None) -> None:
        self.folder, self.params = folder, params
        self._wanted = groups
        self._lock = threading.Lock()
        self._stills: dict[int, bytes | None] = {}
        self._decoding = threading.Semaphore(2)
        self._open()

    @property
    def name(self) -> str:
        """The archive's name: its folder's."""
        return shown(Path(self.folder.absolute().name))

    @property
    def parts(self) -> tuple[str, ...]:
        """What its descriptors are made of."""
        return self._archive.layout.names

    def groups(self) -> tuple[tuple[tuple[Seen, ...], ...], tuple[Seen, ...]]:
        """Return the groups, largest first, each with its most typical first; and what is alone."""
        with self._lock:
            self._refresh()
            groups = tuple(self._several(group.members) for group in self._grouping.groups)
            return groups, self._several(self._grouping.alone)

    def moment(self, row: int) -> Seen:
        """Return a moment; KeyError if there is none in this row."""
        with self._lock:
            self._refresh()
            return self._seen(self._moment(row))

    def like(self, row: int, params: Params, count: int) -> tuple[Alike, ...]:
        """Return the moments of other shots most like one, best first. KeyError."""
        with self._lock:
            self._refresh()
            moment = self._moment(row)
            vector = self._archive.vectors[moment.row].astype(np.float32)
            if not np.isfinite(vector).all():
                return ()
            likeness = Likeness(self._searcher, self._offer, params)
            found = likeness.nearest(self._searcher.compared(vector), count, moment)
            return tuple(Alike(self._seen(m.moment), m.score, m.parts) for m in found)

    def marked(self, tag: str) -> tuple[Seen, ...]:
        """Return a moment of each shot with this tag, or of each banned one (``)."""
        with self._lock:
            self._refresh()
            shots = self._archive.shots().ids[self._curation.having(tag)]
            moments = self._archive.moments
            places = np.flatnonzero(np.isin(moments.shots, shots))
            _, first = np.unique(moments.shots[places], return_index=True)
            return tuple(self._seen(moments.at(int(place))) for place in places[first])

    def tags(self) -> tuple[tuple[str, int], ...]:
        """Return every tag with how many shots have it, bans as the tag ``."""
        with self._lock:
            self._refresh()
            names = sorted({"", *self._curation.tags})
            return tuple((name, int(self._curation.having(name).sum())) for name in names)

    def mark(self, row: int, tag: str) -> None:
        """Give a moment's shot a tag, or a ban (``). KeyError; ArchiveError while others write."""
        with self._lock:
            self._write(row, tag, is_wanted=True)

    def unmark(self, row: int, tag: str) -> None:
        """Take a tag or a ban (``) from a moment's shot; what its film has stays."""
        with self._lock:
            self._write(row, tag, is_wanted=False)

    def still(self, row: int) -> bytes | None:
        """Return a moment's picture as JPEG: out of its proxy, else its shot's small picture.

        Nothing outside of the archive's folder is read. KeyError.
        """
        with self._lock:
            if row in self._stills:
                return self._stills[row]
            archive, moment = self._archive, self._moment(row)
        with self._decoding:
            image = _picture(archive, moment)
        data = None if image is None else _jpeg(image)
        with self._lock:
            while len(self._stills) >= MOST_STILLS:
                del self._stills[next(iter(self._stills))]
            self._stills[row] = data
        return data

    # -- within -------------------------------------------------------------------------------

    def _open(self) -> None:
        self._stamp = self._stamped()
        self._archive = Archive.open(self.folder)
        self._searcher = Searcher(self._archive)
        self._read_marks()
        # groups are of what is offered now; a ban given while browsing leaves them as they are
        likeness = Likeness(self._searcher, self._offer, self.params)
        shots = likeness.shots()
        self._typical = [likeness.moment(int(position)) for position in shots.moments]
        self._grouping: Grouping = grouped(shots.vectors, self._wanted)
        self._stills.clear()

    def _read_marks(self) -> None:
        self._offer, self._curation = Offer(self._archive), Curation(self._archive)

    def _refresh(self) -> None:
        """Read again what others have written: marks quickly, anything else from the start."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        archive = Archive.open(self.folder)
        if _contents(archive) != _contents(self._archive):
            self._open()
            return
        self._stamp, self._archive = stamp, archive
        self._read_marks()

    def _stamped(self) -> tuple[tuple[int, int], ...]:
        return tuple(_stamp(self.folder / f"{DATABASE}{suffix}") for suffix in ("", "-wal"))

    def _moment(self, row: int) -> Moment:
        moments = self._archive.moments
        place = int(np.searchsorted(moments.rows, row))
        if place == len(moments) or moments.rows[place] != row:
            raise KeyError(row)
        return moments.at(place)

    def _several(self, members: Sequence[int]) -> tuple[Seen, ...]:
        return tuple(self._seen(self._typical[number]) for number in members)

    def _seen(self, moment: Moment) -> Seen:
        shot = self._archive.shot(moment.shot_id)
        (place,) = self._archive.shots().places(np.array([shot.id]))
        marks = self._curation.of(int(place))
        own = {mark.tag for mark in marks if mark.at_s is not None}
        films = {mark.tag for mark in marks if mark.at_s is None}
        return Seen(
            row=moment.row,
            shot=shot.id,
            film=shown(Path(self._archive.film(shot.film_id).film.path.name)),
            time_s=moment.time_s,
            start_s=shot.span.start_s,
            end_s=shot.span.end_s,
            tags=tuple(sorted(own - {""})),
            film_tags=tuple(sorted(films - {""})),
            is_banned="" in own,
            is_film_banned="" in films,
        )

    def _write(self, row: int, tag: str, *, is_wanted: bool) -> None:
        moment = self._moment(row)
        fingerprint = self._archive.film(moment.film_id).film.fingerprint
        with Archive.open(self.folder, writable=True) as archive:
            shot = archive.shot(moment.shot_id)
            # by now it may have been indexed again: nothing else is marked in its place
            if archive.film(shot.film_id).film.fingerprint != fingerprint:
                raise KeyError(row)
            selection = Selection((), (shot,))
            if is_wanted:
                archive.mark(marks_to_add(archive, selection, tag))
            else:
                archive.unmark(marks_to_remove(archive, selection, tag))
        self._refresh()


def _contents(archive: Archive) -> tuple[object, ...]:
    films = tuple((film.id, film.film.fingerprint, film.present) for film in archive.films())
    return archive.id, archive.rows, films


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _picture(archive: Archive, moment: Moment) -> Image | None:
    proxy = archive.film(moment.film_id).film.proxy
    if proxy is not None:
        path = archive.folder / proxy
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(archive.folder))
        try:
            if inside and path.is_file():
                return film_still(path, moment.time_s, STILL_PX)
        except FilmError:
            pass
    return archive.thumb(moment.shot_id)


def _jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ArchiveError(f"a picture of shape {image.shape} cannot be sent")
    return data.tobytes()
