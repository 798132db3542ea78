"""Where logs lie: the folder of one's own shows, the parts of a show, and which old ones go."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path

import platformdirs

from livematch.errors import UsageError

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "LIVEMATCH_SHOWS"  # names another folder than the system's
SUFFIX = ".jsonl"
PART_BYTES = 16 << 20
KEEP_BYTES = 1 << 30  # of all shows in the folder together
ACTIVE_S = 600.0  # a log that was written to so lately may still be another show's
SAME_SECOND = 99
OURS = b'{"livematch_show":'
MOST_PARTS = 9_999

_NAME = re.compile(r"(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(?:-\d+)?)(?:\.(\d+))?\.jsonl")


def own_folder() -> Path:
    """Return where the logs of a person's shows lie; it need not be there."""
    named = os.environ.get(FOLDER_VARIABLE)
    return (
        Path(named)
        if named
        else platformdirs.user_data_path("livematch", appauthor=False) / "shows"
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where one show is written: its first part; `keep_bytes` bounds all shows of the folder.

    None keeps everything: the folder is not livematch's own.
    """

    first: Path
    keep_bytes: int | None = None

    def part(self, number: int) -> Path:
        """Return the file of a part, counted from 1: `x.jsonl`, `x.2.jsonl`, `x.3.jsonl`."""
        return part_of(self.first, number)


def part_of(first: Path, number: int) -> Path:
    """Return the file of a show's part, by that of its first."""
    return first if number == 1 else first.with_name(f"{first.stem}.{number}{first.suffix}")


def first_of(path: Path) -> Path:
    """Return the first part of the show that a file is a part of, by its name."""
    stem, dot, number = path.stem.rpartition(".")
    is_later = bool(dot and stem) and number.isascii() and number.isdecimal() and int(number) > 1
    return path.with_name(stem + path.suffix) if is_later else path


def parts_beside(path: Path) -> tuple[Path, ...]:
    """Return the parts of a show that are there, in order, by any one of them."""
    first = first_of(path)
    folder = first.parent
    pattern = re.compile(
        re.escape(first.stem) + r"\.([2-9]|[1-9]\d{1,6})" + re.escape(first.suffix)
    )
    later: list[tuple[int, Path]] = []
    for file in folder.iterdir() if folder.is_dir() else ():
        found = pattern.fullmatch(file.name)
        if found:
            later.append((int(found[1]), file))
    beside = [file for _, file in sorted(later)]
    return (first, *beside) if first.is_file() else tuple(beside)


def create(file: Path) -> FileIO:
    """Make a new file to be written without a buffer; never one that is there already. OSError."""
    return FileIO(file, "xb")


def named_by(folder: Path, began: datetime, keep_bytes: int = KEEP_BYTES) -> tuple[Place, FileIO]:
    """Begin a log in a folder, named by date and time; UsageError when it cannot be made."""
    stamp = began.strftime("%Y-%m-%d_%H-%M-%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, SAME_SECOND + 1):
            again = "" if attempt == 1 else f"-{attempt}"
            place = Place(folder / f"{stamp}{again}{SUFFIX}", keep_bytes)
            try:
                return place, create(place.first)
            except FileExistsError:
                continue  # another show began in the same second
    except OSError as error:
        raise UsageError(f"no log can be written in {folder}: {error.strerror or error}") from None
    raise UsageError(f"no log can be written in {folder}: too many shows began at {stamp}")


def refuse_taken(file: Path | None) -> None:
    """Raise UsageError if a log cannot have that name: it is taken, or that of a later part."""
    if file is not None and first_of(file) != file:
        raise UsageError(f"--log {file}: a name that ends in a number is a later part's")
    if file is not None and os.path.lexists(file):
        raise UsageError(f"--log {file} is there already: name another, or move it away")


def named(file: Path) -> tuple[Place, FileIO]:
    """Begin a log in a file of that name; UsageError when it is there or cannot be made."""
    refuse_taken(file)
    try:
        return Place(file), create(file)
    except OSError as error:
        raise UsageError(f"--log {file} cannot be written: {error.strerror or error}") from None


def tidy(folder: Path, keep_bytes: int, writing: Path) -> list[Path]:
    """Delete the oldest logs until all together are no more than `keep_bytes`; returns them.

    Only files with the name and the beginning of a log of ours go; never `writing`, and none that
    was written to in the ten minutes before it: another show may be at it. OSError is logged.
    """
    found = sorted(_logs(folder), key=lambda one: one[0])
    total = sum(size for _, _, size, _ in found)
    newest_s = max((changed_s for _, file, _, changed_s in found if file == writing), default=0.0)
    gone = []
    for _, file, size, changed_s in found:
        if total <= keep_bytes:
            break
        if file == writing or changed_s > newest_s - ACTIVE_S or not _is_ours(file):
            continue
        try:
            file.unlink()
        except OSError as error:
            log.warning("%s cannot be deleted: %s", file, error.strerror or error)
            continue
        total -= size
        gone.append(file)
    return gone


def _logs(folder: Path) -> Iterator[tuple[tuple[str, int], Path, int, float]]:
    """Yield what lies in a folder under names of logs: order, file, bytes, last change."""
    for entry in os.scandir(folder):
        name = _NAME.fullmatch(entry.name)
        if name is None or not entry.is_file(follow_symlinks=False):
            continue
        stat = entry.stat(follow_symlinks=False)
        key = name[1], int(name[2] or 1)
        yield key, Path(entry.path), stat.st_size, stat.st_mtime


def _is_ours(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(OURS)) == OURS
    except OSError:
        return False
