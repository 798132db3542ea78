"""Mending an archive: what can be made again is, what cannot is marked or told, nothing is dropped.

Every step may be cut short at any point and done again.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from livematch.archive import thumbs
from livematch.archive.contents import StoredFilm
from livematch.archive.index import INDEX, MANIFEST, load_or_build
from livematch.archive.report import Finding, check, missing_vectors, stale_index
from livematch.archive.search import sound_moments
from livematch.archive.store import Archive
from livematch.errors import FilmError
from livematch.values import Image

# What livematch writes under before it gives a file its name; the writer's lock is ours, so no
# indexing run is at work on one.
_OUR_PARTS = re.compile(
    r"index\.[\w.]*part|archive\.db\.part[\w-]*"
    r"|proxies/[A-Za-z0-9_-]+\.part\.[\w.-]+|thumbs/[A-Za-z0-9_-]+\.part"
)


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of a finding: what was done, and what remains to be done; either may be empty."""

    finding: Finding
    done: str
    remains: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What mending needs of the rooms above: a film's small picture at a time, its fingerprint.

    Both raise FilmError.
    """

    picture: Callable[[Path, float], Image]
    fingerprint: Callable[[Path], str]


def repair(folder: Path, tools: Tools) -> Iterator[Repair]:
    """Mend what can be mended, telling of each finding once it is dealt with.

    ArchiveError if the archive cannot be opened for writing.
    """
    with Archive.open_to_mend(folder) as archive:
        # before anything else: only then can the damage be laid at the door of the films
        for finding in missing_vectors(archive):
            filled = archive.fill_missing_vectors()
            yield Repair(finding, f"{filled} rows of no numbers stand in for them")
        mender = _Mender(archive, tools)
        for finding in check(archive):
            yield mender.mend(finding)


class _Mender:
    def __init__(self, archive: Archive, tools: Tools) -> None:
        self._archive, self._tools = archive, tools

    def mend(self, finding: Finding) -> Repair:
        match finding.kind:
            case "damaged vectors" | "to be indexed again":
                return self._mark(finding)
            case "missing proxy":  # as good as marked: a plan counts the film as not indexed
                return self._wait(finding)
            case "missing thumbs":
                return self._picture_again(finding)
            case "stale index":
                return self._index_again(finding)
            case "orphan":
                return self._clear_away(finding)
            case _:
                return Repair(finding, "", finding.remedy)

    def _mark(self, finding: Finding) -> Repair:
        if not self._archive.film(finding.film_id).damaged:
            self._archive.set_damaged([finding.film_id])
        return self._wait(finding)

    def _wait(self, finding: Finding) -> Repair:
        film = self._archive.film(finding.film_id)
        done = "the next `livematch index` makes the film again; its tags and bans are kept for it"
        if film.film.path.is_file() or not film.present:
            return Repair(finding, done)
        return Repair(finding, done, "bring the film back, or index the folder where it lies now")

    def _picture_again(self, finding: Finding) -> Repair:
        """Make the small pictures that are missing out of the proxy, else out of the original."""
        archive, film = self._archive, self._archive.film(finding.film_id)
        fingerprint = film.film.fingerprint
        shots = [shot for shot in archive.shots() if shot.film_id == film.id]
        missing = thumbs.missing(archive.folder, fingerprint, [shot.number for shot in shots])
        made, fault = 0, ""
        try:
            source = self._source(film)
            for shot in (shot for shot in shots if shot.number in missing):
                middle_s = (shot.span.start_s + shot.span.end_s) / 2
                picture = self._tools.picture(source, middle_s)
                thumbs.put(archive.folder, fingerprint, shot.number, picture)
                made += 1
        except (FilmError, OSError) as error:
            fault = f"{error}: bring the film or its proxy back, and run this again"
        return Repair(finding, f"{made} made again" if made else "", fault)

    def _source(self, film: StoredFilm) -> Path:
        """Where a film's pictures may be taken from; FilmError if nowhere."""
        folder, original = self._archive.folder, film.film.path
        if film.film.proxy is not None:
            proxy = folder / film.film.proxy
            # a link could lead anywhere, and archives are copied from machine to machine
            if proxy.is_file() and proxy.resolve().is_relative_to(folder.resolve()):
                return proxy
        if not original.is_file():
            raise FilmError(f"{original} is not there")
        if self._tools.fingerprint(original) != film.film.fingerprint:
            raise FilmError(f"{original} is another film now")
        return original

    def _index_again(self, finding: Finding) -> Repair:
        for name in (MANIFEST, INDEX):
            (self._archive.folder / name).unlink(missing_ok=True)
        load_or_build(self._archive, sound_moments(self._archive).rows)
        left = next(stale_index(self._archive), None)
        if left is not None:
            return Repair(finding, "", f"it could not be kept ({left.message}): free some space")
        return Repair(finding, "it was deleted and built again from the vectors")

    def _clear_away(self, finding: Finding) -> Repair:
        if not _OUR_PARTS.fullmatch(finding.subject):
            return Repair(finding, "", "it was left alone: delete it if nobody needs it")
        path = self._archive.folder / finding.subject
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            return Repair(finding, "", f"it could not be deleted ({error.strerror or error})")
        return Repair(finding, "it was an unfinished file of livematch's own, and is deleted")
