"""The cut list: every shot of a trailer, and what of the archive may answer it. Values only."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

VERSION = 1
BLACK = 0  # what is chosen where nothing of the archive is shown


class Short(StrEnum):
    """What is done when an archive shot is shorter than the trailer's."""

    SLOW = "slow"
    LOOP = "loop"
    HOLD = "hold"
    CONTINUE = "continue"


class Arrival(StrEnum):
    """How a trailer's shot comes in; BLACK is out of black, by a fade."""

    CUT = "cut"
    DISSOLVE = "dissolve"
    BLACK = "black"


@dataclass(frozen=True, slots=True)
class Answer:
    """One candidate of the archive: a film by path and content, a shot, and where it is entered.

    `film` is its path as readable text, `fingerprint` its content; `shot` is the archive's number,
    from `start_s` to `end_s` into the film. `score` is as the search gave it, whole and by part.
    """

    film: str
    fingerprint: str
    shot: int
    start_s: float
    end_s: float
    entry_s: float
    score: float
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One shot of the trailer, and what may answer it, best first.

    `number` counts from 1; `first` and `end` are picture numbers from 0, `end` the next shot's
    first; `start_s` and `end_s` count from the trailer's first picture. `arrival_s` is how long the
    fade or dissolve lasts, centred on `start_s` for a dissolve, 0 for a cut. A trailer that
    `is_black` here is answered by black. `chosen` counts `answers` from 1; 0 is black. `short` is
    the order of preference where an answer does not last.
    """

    number: int
    first: int
    end: int
    start_s: float
    end_s: float
    arrival: Arrival
    arrival_s: float
    is_black: bool
    answers: tuple[Answer, ...]
    chosen: int
    short: tuple[Short, ...]


@dataclass(frozen=True, slots=True)
class CutList:
    """A whole trailer's questions, and what they were asked of."""

    version: int
    trailer: Path
    fingerprint: str
    width: int
    height: int
    fps: float
    pictures: int
    duration_s: float
    archive: Path
    archive_id: str
    model: str
    weights: dict[str, float]
    questions: tuple[Question, ...]


def chosen_of(question: Question) -> Answer | None:
    """Return what answers a question; None for black."""
    if question.is_black or not 0 < question.chosen <= len(question.answers):
        return None
    return question.answers[question.chosen - 1]


def with_choice(
    cutlist: CutList, number: int, chosen: int, entry_s: float | None = None
) -> CutList:
    """Return a copy in which another answer is chosen for a question, perhaps entered elsewhere.

    ValueError where there is no such question or answer, or the entry lies outside the answer.
    """
    question = next((one for one in cutlist.questions if one.number == number), None)
    if question is None:
        raise ValueError(f"there is no question {number}")
    if not 0 <= chosen <= len(question.answers):
        raise ValueError(f"question {number} has no answer {chosen}")
    answers = list(question.answers)
    if entry_s is not None:
        if chosen == BLACK:
            raise ValueError("black is entered nowhere")
        answer = answers[chosen - 1]
        if not answer.start_s <= entry_s <= answer.end_s:
            raise ValueError(f"{entry_s} s is outside of answer {chosen} of question {number}")
        answers[chosen - 1] = replace(answer, entry_s=entry_s)
    changed = replace(question, chosen=chosen, answers=tuple(answers))
    return replace(
        cutlist, questions=tuple(changed if one is question else one for one in cutlist.questions)
    )


def with_short_scores(cutlist: CutList, digits: int = 4) -> CutList:
    """Return a copy whose scores have few digits, as a person reads them; times stay exact."""

    def shortened(answer: Answer) -> Answer:
        parts = {name: round(float(value), digits) for name, value in answer.parts.items()}
        return replace(answer, score=round(float(answer.score), digits), parts=parts)

    return replace(
        cutlist,
        questions=tuple(
            replace(question, answers=tuple(map(shortened, question.answers)))
            for question in cutlist.questions
        ),
    )
