"""Reading logs: line by line, every one checked, as they may come from anybody."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from livematch.errors import LivematchError
from livematch.showlog.places import MOST_PARTS, parts_beside
from livematch.showlog.records import LONGEST_LINE, RECORDS, VERSION, Event, Head

log = logging.getLogger(__name__)

MOST_EVENTS = 250_000  # of those that a reader keeps: a week of lively cues


class ShowLogError(LivematchError):
    """A log that cannot be read as it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a show's log, with its first line."""

    path: Path
    head: Head


@dataclass(frozen=True, slots=True)
class LoggedShow:
    """A show's log: its parts in order. `head` is of the first that is there."""

    parts: tuple[Part, ...]

    @property
    def head(self) -> Head:
        """What the show was."""
        return self.parts[0].head

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the parts that are not there, up to the last that is."""
        there = {part.head.part for part in self.parts}
        return tuple(n for n in range(1, self.parts[-1].head.part) if n not in there)

    def events(self) -> Iterator[Head | Event]:
        """Yield every record, those that begin a later part too; ShowLogError names the line.

        A last line without its end is passed over: the show was cut off there.
        """
        for part in self.parts:
            yield from _records(part.path)


class _Version(BaseModel):
    model_config = ConfigDict(strict=True)

    livematch_show: int


def open_shows(paths: Iterable[Path]) -> tuple[LoggedShow, ...]:
    """Find the shows that some files are parts of, in the order of the files.

    The other parts that lie beside a file count without being named. ShowLogError for each file
    that is no log, all at once.
    """
    shows: dict[str, dict[int, Part]] = {}
    faults: list[str] = []
    seen: set[Path] = set()
    for path in paths:
        for beside in dict.fromkeys((path, *parts_beside(path))):
            if beside in seen:
                continue
            seen.add(beside)
            try:
                head = read_head(beside)
            except ShowLogError as fault:
                if beside == path:
                    faults.append(str(fault))
                else:
                    log.warning("passed over: %s", fault)
                continue
            shows.setdefault(head.show, {}).setdefault(head.part, Part(beside, head))
    if faults:
        raise ShowLogError("\n".join(faults))
    return tuple(
        LoggedShow(tuple(parts[number] for number in sorted(parts))) for parts in shows.values()
    )


def open_show_log(path: Path) -> LoggedShow:
    """Find the one show that a file is a part of; ShowLogError."""
    [head] = [read_head(path)]
    shows = open_shows([path])
    return next(show for show in shows if show.head.show == head.show)


def read_head(path: Path) -> Head:
    """Read a log's first line; ShowLogError says what is wrong with it."""
    line = next(_lines(path), None)
    if line is None:
        raise ShowLogError(f"{path}: is no log of a show: it has not one whole line")
    try:
        version = _Version.model_validate_json(line).livematch_show
    except ValidationError:
        raise ShowLogError(f"{path}: is no log of a show that livematch wrote") from None
    if version != VERSION:
        newer = "a newer" if version > VERSION else "no"
        raise ShowLogError(
            f"{path}: is in version {version}, of {newer} livematch; this one reads {VERSION}"
        )
    record = _parsed(path, 1, line)
    if not isinstance(record, Head):
        raise ShowLogError(f"{path}: is no log of a show that livematch wrote")
    if record.part > MOST_PARTS:
        raise ShowLogError(f"{path}: part {record.part} is one too many")
    return record


def _records(path: Path) -> Iterator[Head | Event]:
    for number, line in enumerate(_lines(path), 1):
        yield _parsed(path, number, line)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a file, without ever holding more than one."""
    if not path.is_file():
        what = "is a folder: name a log in it" if path.is_dir() else "there is no such log"
        raise ShowLogError(f"{path}: {what}")
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise ShowLogError(
                        f"{path}:{number}: is longer than {LONGEST_LINE // 1024} KiB: no log of a"
                        " show"
                    )
                if not line.endswith(b"\n"):
                    return
                yield line
    except OSError as error:
        raise ShowLogError(f"{path}: cannot be read: {error.strerror or error}") from None


def _parsed(path: Path, number: int, line: bytes) -> Head | Event:
    try:
        return RECORDS.validate_json(line)
    except ValidationError as error:
        raise ShowLogError(f"{path}:{number}: {_fault(error.errors(include_url=False))}") from None


def _fault(faults: Sequence[Any]) -> str:
    """Put what pydantic says of one line into a few words: the first fault, and how many more."""
    first = faults[0]
    where = ".".join(str(step) for step in first["loc"])
    given = repr(first.get("input"))[:60] if first["type"] != "json_invalid" else ""
    more = f", and {len(faults) - 1} more faults" if len(faults) > 1 else ""
    return (
        f"{where + ': ' if where else ''}{first['msg']}{f' (given {given})' if given else ''}{more}"
    )


def refuse_flood(kept: int, show: LoggedShow) -> None:
    """Raise ShowLogError when a log holds more than any show does."""
    if kept > MOST_EVENTS:
        raise ShowLogError(f"{show.parts[0].path}: holds more than {MOST_EVENTS} cues and changes")
