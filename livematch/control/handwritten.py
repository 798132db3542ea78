"""TOML files that people write: checked against rows of a table, every fault with its line."""

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livematch.control.spec import Spec, Value
from livematch.errors import UsageError

LARGEST_BYTES = 65_536  # what people write by hand is far smaller
LONGEST_STATEMENT = 200  # lines: past it, lines are no longer looked for

AT_LINE = re.compile(r"(?s)(.*) \(at (?:line (\d+), column \d+|end of document)\)")
"""How tomllib tells a fault."""

Place = tuple[str | int, ...]
"""Where in a file something stands, such as `("step", 2, "fade")`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file, and on which of its lines; None where the whole file is meant."""

    path: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        return self._told(str(self.path))

    @property
    def brief(self) -> str:
        """The same without the folder, for where there is little room."""
        return self._told(self.path.name)

    def _told(self, path: str) -> str:
        return (
            f"{path}: {self.message}"
            if self.line is None
            else f"{path}:{self.line}: {self.message}"
        )


class FaultyFileError(UsageError):
    """A file that cannot be used as it is: all its faults, in the order of its lines."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Handwritten:
    """One file as it was read: what stands in it, and the faults that were found so far."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._faults: list[tuple[Place, str]] = []
        self.content = _parse(path, text)

    def refuse(self, place: Place, message: str) -> None:
        """Note a fault."""
        self._faults.append((place, message))

    def check(
        self, place: Place, table: Mapping[str, Any], rows: Mapping[str, Spec]
    ) -> dict[str, Value]:
        """Return the values that the rows accept; unknown names and wrong values are noted."""
        values = {}
        for name, raw in table.items():
            try:
                values[name] = row_of(name, rows).parse(raw)
            except UsageError as fault:
                self.refuse((*place, name), str(fault))
        return values

    def conclude(self) -> None:
        """Raise FaultyFileError if there was any fault."""
        if self._faults:
            lines = lines_of(self._text)
            raise FaultyFileError(
                *(Fault(self._path, _line(lines, place), told) for place, told in self._faults)
            )


def read_handwritten(path: Path, largest_bytes: int = LARGEST_BYTES) -> str:
    """Read a file; FaultyFileError when it is not there, too large, or no text."""
    try:
        with path.open("rb") as file:
            content = file.read(largest_bytes + 1)
    except OSError as error:
        raise FaultyFileError(
            Fault(path, None, f"cannot be read: {error.strerror or error}")
        ) from None
    if len(content) > largest_bytes:
        raise FaultyFileError(Fault(path, None, f"is larger than {largest_bytes // 1024} KiB"))
    try:
        return content.decode("utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FaultyFileError(Fault(path, line, "is not UTF-8: save it as UTF-8")) from None


def row_of(name: str, rows: Mapping[str, Spec]) -> Spec:
    """Return the row of that name; UsageError gives the nearest."""
    if name in rows:
        return rows[name]
    near = difflib.get_close_matches(name, rows, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(rows)}"
    raise UsageError(f"there is no {name!r} here; {hint}")


def lines_of(text: str) -> dict[Place, int]:
    """Return on which line, from 1, each table and each key of a valid TOML text begins.

    tomllib does not tell. But TOML is a row of statements, each of whole lines, and the shortest
    run of lines that is valid by itself is one statement.
    """
    lines: dict[Place, int] = {}
    arrays: Counter[Place] = Counter()
    table: Place = ()
    statement, begun = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += line + "\n"
        try:
            found = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            if number - begun > LONGEST_STATEMENT:
                break
            continue
        if statement.lstrip().startswith("["):
            table = _header(found, arrays)
            lines.setdefault(table, begun)
        else:
            for place in _places(found, table):
                lines.setdefault(place, begun)
        statement, begun = "", number + 1
    return lines


def _header(found: dict[str, Any], arrays: Counter[Place]) -> Place:
    """Return the place that a header opens: `[[step]]` opens the next of an array."""
    place: Place = ()
    inner: Any = found
    while isinstance(inner, dict) and inner:
        ((key, inner),) = inner.items()
        place = (*place, key)
        if isinstance(inner, list):
            arrays[place] += 1
        if place in arrays:
            place = (*place, arrays[place] - 1)
    return place


def _places(found: Mapping[str, Any], within: Place) -> Iterator[Place]:
    for key, value in found.items():
        yield (*within, key)
        if isinstance(value, dict):
            yield from _places(value, (*within, key))


def _line(lines: Mapping[Place, int], place: Place) -> int | None:
    """Return the line of a place, or of the nearest that it lies in."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place)


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = AT_LINE.fullmatch(str(error))
        message, line = (told[1], told[2]) if told else (str(error), None)
        number = int(line) if line else text.count("\n") + 1
        raise FaultyFileError(Fault(path, number, f"is not TOML: {message}")) from None
    except (RecursionError, ValueError, OverflowError):
        message = "holds a number that is too long, or is nested too deeply"
        raise FaultyFileError(Fault(path, None, message)) from None
