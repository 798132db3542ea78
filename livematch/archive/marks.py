"""Tags and bans as the database keeps them: by content and time, not by shot."""

import math
import re
import sqlite3
from collections.abc import Iterable

from livematch.archive.contents import valid_fingerprint
from livematch.archive.records import Mark
from livematch.errors import ArchiveError

_TAG = re.compile(r"(?!-)[\w-]{1,40}")


def valid_tag(tag: str) -> bool:
    """Whether it can be a tag: 1 to 40 lower-case letters, digits, `-` and `_`, no `-` first."""
    return _TAG.fullmatch(tag) is not None and tag == tag.lower()


def valid_mark(mark: Mark) -> bool:
    """Whether it can be kept: of a film that can be, at a finite time, with a tag or as a ban."""
    at_s: object = mark.at_s  # out of a database, it may be anything
    timed = at_s is None or (isinstance(at_s, float) and math.isfinite(at_s) and at_s >= 0)
    named = isinstance(mark.fingerprint, str) and valid_fingerprint(mark.fingerprint)
    return timed and named and isinstance(mark.tag, str) and (not mark.tag or valid_tag(mark.tag))


def read_marks(database: sqlite3.Connection) -> tuple[Mark, ...]:
    """Read all tags and bans; ArchiveError if one is what livematch never writes."""
    rows = database.execute(
        "SELECT fingerprint, at_s, tag FROM tags UNION ALL SELECT fingerprint, at_s, '' FROM bans"
        " ORDER BY fingerprint, at_s, tag"
    )
    marks = []
    for fingerprint, at_s, tag in rows:
        mark = Mark(fingerprint, at_s, tag)
        if not valid_mark(mark):
            raise ArchiveError(
                f"the archive's tag {tag!r} at {at_s!r} of {fingerprint!r} is none that livematch"
                " wrote; do not trust this archive"
            )
        marks.append(mark)
    return tuple(marks)


def add(database: sqlite3.Connection, marks: Iterable[Mark]) -> None:
    """Insert tags and bans, each once."""
    for mark in marks:
        if mark.tag:
            database.execute(
                "INSERT OR IGNORE INTO tags VALUES (?, ?, ?)",
                (mark.fingerprint, mark.at_s, mark.tag),
            )
        else:
            database.execute(
                "INSERT OR IGNORE INTO bans VALUES (?, ?)", (mark.fingerprint, mark.at_s)
            )


def remove(database: sqlite3.Connection, marks: Iterable[Mark]) -> None:
    """Delete tags and bans; one that is not there is no fault."""
    for mark in marks:
        if mark.tag:
            database.execute(
                "DELETE FROM tags WHERE fingerprint = ? AND at_s IS ? AND tag = ?",
                (mark.fingerprint, mark.at_s, mark.tag),
            )
        else:
            database.execute(
                "DELETE FROM bans WHERE fingerprint = ? AND at_s IS ?",
                (mark.fingerprint, mark.at_s),
            )
