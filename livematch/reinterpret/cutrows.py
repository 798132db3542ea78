"""What may stand in the file of a cut list: its rows, and how a wrong value is told."""

import difflib
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from livematch.reinterpret.cutlist import VERSION
from livematch.reinterpret.jsonplaces import Place

_MOST = 1e7  # seconds: a hundred days
Text = Annotated[str, Field(max_length=4096)]
File = Annotated[str, Field(min_length=1, max_length=16_384, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=_MOST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Pixels = Annotated[int, Field(ge=1, le=65_536)]
Shares = Annotated[dict[Name, Finite], Field(max_length=64)]


class _Row(BaseModel):
    """Strict: no text is taken for a number, and nothing that is not known is passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class AnswerRow(_Row):
    """An answer, with its place in the list from 1."""

    number: Count
    film: Text
    fingerprint: Name
    shot: Count
    start_s: Seconds
    end_s: Seconds
    entry_s: Seconds
    score: Finite
    parts: Shares


class QuestionRow(_Row):
    """A question, its numbers as in `Question`."""

    number: Annotated[int, Field(ge=1, le=2**53)]
    first: Count
    end: Count
    start_s: Seconds
    end_s: Seconds
    arrival: Literal["cut", "dissolve", "black"]
    arrival_s: Seconds
    is_black: bool
    chosen: Count
    short: list[Literal["slow", "loop", "hold", "continue"]]
    answers: Annotated[list[AnswerRow], Field(max_length=1000)]


class FileRow(_Row):
    """The whole file; `about` is for people."""

    about: object = None
    version: Annotated[int, Field(ge=VERSION, le=VERSION)]
    trailer: File
    fingerprint: Name
    width: Pixels
    height: Pixels
    fps: Annotated[float, Field(ge=0.001, le=1000, allow_inf_nan=False)]
    pictures: Annotated[int, Field(ge=1, le=2**53)]
    duration_s: Seconds
    archive: File
    archive_id: Name
    model: Text
    weights: Shares
    questions: Annotated[list[QuestionRow], Field(min_length=1, max_length=50_000)]


def shape_faults(content: object) -> Iterator[tuple[Place, str]]:
    """Yield what is of a wrong kind, out of range, missing or unknown: the place, and the words."""
    try:
        FileRow.model_validate(content)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            place = tuple(step for step in fault["loc"] if step != "[key]")
            yield place, _say(fault, place)


def _say(fault: ErrorDetails, place: Place) -> str:
    if fault["type"] == "missing":
        return "is missing"
    row = _row(place)
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), row.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(row.model_fields)}"
        return f"there is nothing of this name here; {hint}"
    allowed = _allowed(fault, row, place)
    return f"is {given(fault['input'])}; allowed: {allowed}"


def _row(place: Place) -> type[_Row]:
    """Return which kind of row a place is a member of."""
    if place[:1] != ("questions",) or len(place) < 3:
        return FileRow
    return AnswerRow if place[2] == "answers" and len(place) > 4 else QuestionRow


def _allowed(fault: ErrorDetails, row: type[_Row], place: Place) -> str:
    name = next((step for step in reversed(place) if step in row.model_fields), "")
    if fault["type"] == "literal_error":
        return str(fault.get("ctx", {}).get("expected", "")).replace("'", "")
    low, high = _limits(row, str(name))
    whole = name in row.model_fields and row.model_fields[str(name)].annotation is int
    kind = "a whole number" if whole else "a number"
    if low is not None and high is not None and place[-1] == name:
        return f"{kind} from {low:g} to {high:.16g}"
    message = fault["msg"]
    return _KINDS.get(fault["type"], message[:1].lower() + message[1:])


_KINDS = {
    "string_type": "text, in quotation marks",
    "string_too_short": "text that is not empty",
    "string_pattern_mismatch": "a path without the character 0",
    "string_unicode": "text that is Unicode",
    "bool_type": "true or false",
    "float_type": "a number",
    "finite_number": "a number that is finite",
    "int_type": "a whole number",
    "list_type": "a list, in [ ]",
    "dict_type": "names with their values, in { }",
    "model_type": "names with their values, in { }",
}


def _limits(row: type[_Row], name: str) -> tuple[float | None, float | None]:
    marks = row.model_fields[name].metadata if name in row.model_fields else []
    low = next((mark.ge for mark in marks if hasattr(mark, "ge")), None)
    high = next((mark.le for mark in marks if hasattr(mark, "le")), None)
    return low, high


def given(value: object) -> str:
    """Write what was given, short: it may be anything, and of any length."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "names with their values"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a number of very many digits"
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
