"""The file of a cut list, `OUT.cuts.json`, that a person edits: written, and read back strictly."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from livematch import __version__
from livematch.control.handwritten import Fault, FaultyFileError, read_handwritten
from livematch.files import write_whole
from livematch.reinterpret.cutlist import VERSION, Answer, Arrival, CutList, Question, Short
from livematch.reinterpret.cutrows import FileRow, QuestionRow, given, shape_faults
from livematch.reinterpret.cutsense import sense_faults
from livematch.reinterpret.jsonplaces import Place, lines_of, repeated

SUFFIX = ".cuts.json"
LARGEST_BYTES = 64 << 20  # a thousand shots with twenty answers each take seven
TOLD = 40  # faults; a file with more is another kind of file
ABOUT = (
    "Each question is a shot of the trailer; its answers are shots of the archive, best first.",
    "`chosen` may be changed to the number of another answer, or to 0 for black.",
    "`entry_s` of an answer may be changed: where its film is entered, from start_s to end_s.",
    "`short` may be changed: what is done first where an answer does not last as long as the shot.",
    "It is any of slow, loop, hold, and continue, which goes on with the next best answer.",
    "All else is left as it is. Then: livematch reinterpret --from THIS_FILE -o OUT.mp4",
)

# -- written --------------------------------------------------------------------------------


def write_cuts(path: Path, cutlist: CutList) -> None:
    """Write a cut list; the file appears whole or not at all. UsageError."""
    write_whole(path, cuts_text(cutlist))


def cuts_text(cutlist: CutList) -> str:
    """Return the text of a cut list's file: JSON, an answer a line, always in the same order."""
    head = {
        "version": cutlist.version,
        "trailer": _path_text(cutlist.trailer),
        "fingerprint": cutlist.fingerprint,
        "width": cutlist.width,
        "height": cutlist.height,
        "fps": cutlist.fps,
        "pictures": cutlist.pictures,
        "duration_s": cutlist.duration_s,
        "archive": _path_text(cutlist.archive),
        "archive_id": cutlist.archive_id,
        "model": cutlist.model,
        "weights": cutlist.weights,
    }
    lines = [f"  {_json(key)}: {_json(value)}," for key, value in head.items()]
    about = ",\n".join(f"    {_json(line)}" for line in ABOUT)
    questions = ",\n".join(_question_text(question) for question in cutlist.questions)
    return "\n".join(
        ["{", f'  "about": [\n{about}\n  ],', *lines, f'  "questions": [\n{questions}\n  ]', "}\n"]
    )


def _question_text(question: Question) -> str:
    place: dict[str, object] = {
        "number": question.number,
        "first": question.first,
        "end": question.end,
        "start_s": question.start_s,
        "end_s": question.end_s,
    }
    manner: dict[str, object] = {
        "arrival": str(question.arrival),
        "arrival_s": question.arrival_s,
        "is_black": question.is_black,
    }
    answers = ",\n".join(
        f"        {_json(_answer_row(number, answer))}"
        for number, answer in enumerate(question.answers, 1)
    )
    lines = [
        f"      {_members(place)},",
        f"      {_members(manner)},",
        f'      "chosen": {_json(question.chosen)},',
        f'      "short": {_json([str(way) for way in question.short])},',
        f'      "answers": [\n{answers}\n      ]' if answers else '      "answers": []',
    ]
    return "\n".join(["    {", *lines, "    }"])


def _answer_row(number: int, answer: Answer) -> dict[str, object]:
    return {
        "number": number,
        "film": answer.film,
        "entry_s": answer.entry_s,
        "start_s": answer.start_s,
        "end_s": answer.end_s,
        "score": answer.score,
        "parts": answer.parts,
        "shot": answer.shot,
        "fingerprint": answer.fingerprint,
    }


def _members(row: Mapping[str, object]) -> str:
    return ", ".join(f"{_json(key)}: {_json(value)}" for key, value in row.items())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


_ESCAPED = "file:"


def _path_text(path: Path) -> str:
    """Return a path as JSON can hold it; one that is no Unicode has its bytes escaped, as in URLs.

    So has one that would be taken for such a text, which makes the way back exact.
    """
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _ESCAPED + quote_from_bytes(_bytes(text))
    return _ESCAPED + quote_from_bytes(_bytes(text)) if text.startswith(_ESCAPED) else text


def _path(text: str) -> Path:
    if not text.startswith(_ESCAPED):
        return Path(text)
    return Path(unquote_to_bytes(text.removeprefix(_ESCAPED)).decode("utf-8", "surrogateescape"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# -- read -----------------------------------------------------------------------------------


def read_cuts(path: Path) -> CutList:
    """Read a cut list; FaultyFileError tells all that is wrong in it, each with its line."""
    return parse_cuts(path, read_handwritten(path, LARGEST_BYTES))


def parse_cuts(path: Path, text: str) -> CutList:
    """Read the text of a cut list's file, as `read_cuts` does."""
    content = _content(path, text)
    # told at the same time; what does not add up says best what is allowed
    faults = {**dict(shape_faults(content)), **dict(sense_faults(content))}
    if faults:
        lines = lines_of(text, faults.keys())
        raise _faulty(
            path, [(lines[at], f"{_where(at, content)}: {say}") for at, say in faults.items()]
        )
    return _cutlist(FileRow.model_validate(content))


def _content(path: Path, text: str) -> dict[str, Any]:
    """Return what stands in a file that is a cut list of this version, be it right or wrong."""
    repeats = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeats
        row = dict(pairs)
        repeats = repeats or len(row) < len(pairs)
        return row

    try:
        content = json.loads(text, object_pairs_hook=members)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} (column {error.colno})"
        raise FaultyFileError(Fault(path, error.lineno, message)) from None
    except (RecursionError, ValueError, OverflowError):
        message = "holds a number that is too long, or is nested too deeply"
        raise FaultyFileError(Fault(path, None, message)) from None
    if not isinstance(content, dict) or not {"version", "questions"} & content.keys():
        message = f"is no cut list; livematch reinterpret --candidates writes one, OUT{SUFFIX}"
        raise FaultyFileError(Fault(path, None, message))
    version = content.get("version")
    if isinstance(version, int) and version > VERSION:
        message = (
            f"is of version {given(version)}, and livematch {__version__} reads {VERSION}:"
            " install the newer livematch that wrote it, or write the list anew"
        )
        raise FaultyFileError(Fault(path, None, message))
    if repeats:
        again = repeated(text)
        raise _faulty(
            path, [(at, f"{_where(p, content)}: stands twice") for p, at in again.items()]
        )
    return content


def _faulty(path: Path, faults: list[tuple[int, str]]) -> FaultyFileError:
    told = sorted(faults)[:TOLD]
    found = [Fault(path, line, message) for line, message in told]
    if len(faults) > TOLD:
        found.append(Fault(path, told[-1][0], f"and {len(faults) - TOLD} more faults"))
    return FaultyFileError(*found)


def _where(place: Place, content: dict[str, Any]) -> str:
    """Write a place as a person would find it: questions by their number, answers from 1."""
    said, rest = "", place
    if place[:1] == ("questions",) and len(place) > 1:
        said, rest = f"question {_number_of(content, int(place[1]))}", place[2:]
    path = ""
    for step in rest:
        if isinstance(step, int):
            path += f"[{step + 1}]"
        else:
            name = step if step.isidentifier() and step.isascii() else ascii(step)
            path += f".{name[:60]}" if path else name[:60]
    return ", ".join(filter(None, (said, path))) or "the whole"


def _number_of(content: dict[str, Any], place: int) -> int:
    try:
        number = content["questions"][place]["number"]
    except (KeyError, TypeError, IndexError):
        return place + 1
    return number if type(number) is int and 0 < number < 10**9 else place + 1


def _cutlist(row: FileRow) -> CutList:
    return CutList(
        version=row.version,
        trailer=_path(row.trailer),
        fingerprint=row.fingerprint,
        width=row.width,
        height=row.height,
        fps=row.fps,
        pictures=row.pictures,
        duration_s=row.duration_s,
        archive=_path(row.archive),
        archive_id=row.archive_id,
        model=row.model,
        weights=row.weights,
        questions=tuple(_question(question) for question in row.questions),
    )


def _question(row: QuestionRow) -> Question:
    return Question(
        number=row.number,
        first=row.first,
        end=row.end,
        start_s=row.start_s,
        end_s=row.end_s,
        arrival=Arrival(row.arrival),
        arrival_s=row.arrival_s,
        is_black=row.is_black,
        answers=tuple(
            Answer(**{name: getattr(answer, name) for name in _ANSWER}) for answer in row.answers
        ),
        chosen=row.chosen,
        short=tuple(Short(way) for way in row.short),
    )


_ANSWER = tuple(field.name for field in fields(Answer))
