"""What does not add up in a cut list, although each value by itself may stand there. Pure.

It looks at the values as they were read, whatever they are, so that it is told together with those
that are of a wrong kind; what is of a wrong kind it passes over.
"""

import math
from collections.abc import Iterator
from typing import Any

from livematch.reinterpret.cutrows import given
from livematch.reinterpret.jsonplaces import Place

Sense = Iterator[tuple[Place, str]]


def sense_faults(content: dict[str, Any]) -> Sense:
    """Yield what is wrong between the values of a file: the place, and what to say of it."""
    ended, numbered = 0.0, 0.0
    for place, question in enumerate(_rows(content, "questions")):
        at: Place = ("questions", place)
        yield from _question(question, at)
        first, end, number = (_number(question, name) for name in ("first", "end", "number"))
        if first is not None and first != ended and not math.isnan(ended):
            yield (*at, "first"), f"is {first:.15g}, and the shot before it ends with {ended:.15g}"
        if number is not None and number <= numbered:
            yield (*at, "number"), f"is {number:.15g}, and comes after {numbered:.15g}"
        ended = math.nan if end is None else end  # then nothing can be said of the next
        numbered = numbered if number is None else max(number, numbered)
    pictures = _number(content, "pictures")
    if pictures is not None and ended > 0 and pictures != ended:
        told = f"is {pictures:.15g}, and the last question ends with {ended:.15g}"
        yield ("pictures",), f"{told}; one that is not wanted stays in the list, with 0 chosen"


def _question(question: dict[str, Any], at: Place) -> Sense:
    answers = _rows(question, "answers")
    chosen = question.get("chosen", 0)
    is_one = isinstance(chosen, int) and not isinstance(chosen, bool)
    if isinstance(question.get("answers"), list) and not (is_one and 0 <= chosen <= len(answers)):
        allowed = f"0 (black) to {len(answers)}" if answers else "0 (black): it has no answers"
        yield (*at, "chosen"), f"is {given(chosen)}; allowed: {allowed}"
    yield from _ordered(question, at, "first", "end", strictly=True)
    yield from _ordered(question, at, "start_s", "end_s")
    short = question.get("short")
    if isinstance(short, list):
        ways = [way for way in short if isinstance(way, str)]
        if twice := sorted({way for way in ways if ways.count(way) > 1} if len(ways) < 50 else ()):
            yield (*at, "short"), f"names {', '.join(map(ascii, twice))} twice"
    for place, answer in enumerate(answers):
        yield from _answer(answer, place, (*at, "answers", place))


def _answer(answer: dict[str, Any], place: int, at: Place) -> Sense:
    yield from _ordered(answer, at, "start_s", "end_s")
    start_s, end_s, entry_s = (_number(answer, name) for name in ("start_s", "end_s", "entry_s"))
    if start_s is not None and end_s is not None and "entry_s" in answer:
        is_inside = entry_s is not None and start_s <= entry_s <= end_s
        if start_s <= end_s and not is_inside:
            told = f"is {given(answer['entry_s'])}; allowed: {start_s!r} to {end_s!r}, its shot"
            yield (*at, "entry_s"), told
    number = _number(answer, "number")
    if number is not None and number != place + 1:
        yield (
            (*at, "number"),
            f"is {number:.15g}, and stands in place {place + 1}; leave the answers in their order",
        )


def _ordered(
    row: dict[str, Any], at: Place, low: str, high: str, *, strictly: bool = False
) -> Sense:
    lower, higher = _number(row, low), _number(row, high)
    if lower is None or higher is None:
        return
    if higher < lower or (strictly and higher == lower):
        yield (*at, high), f"is {higher!r}, and {low} is {lower!r}: it must be after that"


def _rows(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = row.get(name)
    return [one if isinstance(one, dict) else {} for one in rows] if isinstance(rows, list) else []


def _number(row: dict[str, Any], name: str) -> float | None:
    """Return a number that can be reckoned with; None for anything else."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= 2**53 else None
    return value if math.isfinite(value) else None
