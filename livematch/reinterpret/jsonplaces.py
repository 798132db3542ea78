"""On which line of a JSON text something stands: for faults in files that people edit. Pure."""

import json
import re
from collections.abc import Collection, Iterator

Place = tuple[str | int, ...]
"""Where in a JSON text something stands: names, and numbers from 0, from the outside in."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def lines_of(text: str, wanted: Collection[Place]) -> dict[Place, int]:
    """Return on which line, from 1, each wanted place of a valid text begins.

    What is not there has the line of the nearest place that it would lie in.
    """
    sought = {place[:depth] for place in wanted for depth in range(len(place) + 1)}
    found: dict[Place, int] = {}
    for place, line in _begun(text):
        if place in sought:
            found.setdefault(place, line)
    return {place: _nearest(found, place) for place in wanted}


def repeated(text: str) -> dict[Place, int]:
    """Return the names that stand in their object already, each with its last line."""
    seen: set[Place] = set()
    again: dict[Place, int] = {}
    for place, line in _begun(text):
        if place in seen:
            again[place] = line
        seen.add(place)
    return again


def _nearest(found: dict[Place, int], place: Place) -> int:
    while place and place not in found:
        place = place[:-1]
    return found.get(place, 1)


def _begun(text: str) -> Iterator[tuple[Place, int]]:
    """Yield every value's place and line: of a member its name's."""
    path: list[str | int] = []  # of what is being read, its own name last
    line, read_to = 1, 0
    is_name = False
    for token in _TOKEN.finditer(text):
        line += text.count("\n", read_to, token.start())
        read_to = token.start()
        sign = token[0]
        if sign in "}]":
            path.pop()
            is_name = False
        elif sign == ",":
            is_name = isinstance(path[-1], str)
            if not is_name:
                path[-1] = int(path[-1]) + 1
        elif sign == ":":
            is_name = False
        elif is_name:
            path[-1] = str(json.loads(sign, strict=False))
            yield tuple(path), line
        else:
            if not path or isinstance(path[-1], int):
                yield tuple(path), line
            if sign in "{[":
                is_name = sign == "{"
                path.append("" if is_name else 0)
