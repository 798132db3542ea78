"""From the chosen answers to the cues of a show: what comes in with which picture, and how. Pure.

An archive shot has to last as long as the trailer's, and a little longer where one dissolves into
the next. Where it is too short for that it is entered earlier, and if it is too short altogether,
slowed, looped, held or continued.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from livematch.reinterpret.cutlist import Answer, Arrival, Question, Short, chosen_of
from livematch.values import AtEnd, Cue, Manner, Match, Moment, Source

SLOWEST = 0.5  # seconds of film a second: slower, pictures are seen to stand
SHORTEST_S = 0.08  # what is left of an archive shot must be longer to be cut to
BY = "reinterpret"  # what is said to be the cause of the cues
_ROUNDING_S = 1e-6

MomentOf = Callable[[Answer, float], Moment]
"""Says which moment of the archive an answer is, entered at a time of its film."""


@dataclass(frozen=True, slots=True)
class _Event:
    """Something comes in with a picture, faded in over so many seconds; None is black."""

    picture: int
    answer: Answer | None
    entry_s: float
    manner: Manner
    fade_s: float
    number: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an archive shot, played from `entry_s` on, after `after_s` of its question."""

    answer: Answer
    after_s: float
    entry_s: float
    manner: Manner


def cues_of(
    questions: Sequence[Question],
    times_s: Sequence[float] | NDArray[np.float64],
    moment_of: MomentOf,
    slowest: float = SLOWEST,
) -> tuple[Cue, ...]:
    """Return the cues of a trailer answered as chosen, in order, no two with one picture.

    `times_s` are the trailer's pictures', rising. Every fade is over before the next cue is due:
    one that comes in the middle of it would have to wait. `slowest` is the least pace.
    """
    times = np.asarray(times_s, np.float64)
    events: list[_Event] = []
    for place, question in enumerate(questions):
        after = questions[place + 1] if place + 1 < len(questions) else None
        before = questions[place - 1] if place else None
        events += _events(before, question, after, times, slowest)
    return tuple(_cues(_apart(events), times, moment_of))


def _events(
    before: Question | None,
    question: Question,
    after: Question | None,
    times: NDArray[np.float64],
    slowest: float,
) -> Iterator[_Event]:
    answer = chosen_of(question)
    was_black = before is None or chosen_of(before) is None
    if answer is None and was_black and before is not None:
        return  # it is black, and stays so
    first, fade_s = _arrival(question, before, times)
    if question.arrival is Arrival.BLACK and answer is not None and first == question.first:
        if before is None:
            # nothing can be faded in over nothing: the first picture is black
            yield _Event(first, None, 0.0, Manner(), 0.0, question.number)
            first = min(first + 1, len(times) - 1)
        elif not was_black:
            down = _picture_at(times, question.start_s - question.arrival_s / 2)
            down = min(max(down, before.first + 1), first)
            yield _Event(down, None, 0.0, Manner(), question.arrival_s / 2, question.number)
    if answer is None:
        yield _Event(first, None, 0.0, Manner(), fade_s, question.number)
        return
    needed_s = _end_s(question, after, times) - float(times[first])
    for piece in pieces(question, answer, needed_s, slowest):
        picture = first
        if piece.after_s > 0:
            picture = _picture_at(times, float(times[first]) + piece.after_s)
            if picture >= question.end:
                return
        shown_s = 0.0 if piece.after_s > 0 else fade_s
        yield _Event(picture, piece.answer, piece.entry_s, piece.manner, shown_s, question.number)


def _arrival(
    question: Question, before: Question | None, times: NDArray[np.float64]
) -> tuple[int, float]:
    """With which picture a shot begins to come in, and for how long it does."""
    if question.arrival is not Arrival.DISSOLVE or before is None:
        return question.first, question.arrival_s if question.arrival is Arrival.BLACK else 0.0
    picture = _picture_at(times, question.start_s - question.arrival_s / 2)
    # the shot before is seen alone for a picture at least
    picture = min(max(picture, before.first + 1), question.first)
    return picture, question.arrival_s


def _end_s(question: Question, after: Question | None, times: NDArray[np.float64]) -> float:
    """When the last of a shot is seen: after its end, while it dissolves into the next one."""
    if after is None or after.arrival is not Arrival.DISSOLVE:
        return question.end_s
    first, length_s = _arrival(after, question, times)
    return max(question.end_s, float(times[first]) + length_s)


def _picture_at(times: NDArray[np.float64], time_s: float) -> int:
    """The first picture at a time or after it."""
    found = int(np.searchsorted(times, time_s - _ROUNDING_S))
    return min(found, len(times) - 1)


# -- too short ------------------------------------------------------------------------------


def pieces(
    question: Question, answer: Answer, needed_s: float, slowest: float = SLOWEST
) -> tuple[Piece, ...]:
    """Say how an answer is made to last for `needed_s`: one piece, or several cut together."""
    has_s = answer.end_s - answer.start_s
    entry_s = min(max(answer.entry_s, answer.start_s), answer.end_s)
    holding = Manner(at_end=AtEnd.HOLD)  # for the last picture, where times do not come out even
    if has_s + _ROUNDING_S >= needed_s:
        entry_s = max(answer.start_s, min(entry_s, answer.end_s - needed_s))
        return (Piece(answer, 0.0, entry_s, holding),)
    for way in question.short:
        if way is Short.SLOW and has_s > 0 and has_s / needed_s >= slowest:
            return (Piece(answer, 0.0, answer.start_s, replace(holding, pace=has_s / needed_s)),)
        if way is Short.HOLD:
            return (Piece(answer, 0.0, answer.start_s, holding),)
        if way is Short.CONTINUE:
            continued = _continued(question, answer, needed_s)
            if len(continued) > 1:
                return continued
        if way is Short.LOOP:
            break
    return (Piece(answer, 0.0, _looping_from(answer, entry_s), Manner()),)


def _looping_from(answer: Answer, entry_s: float) -> float:
    """An entry at the very end would show a picture or two before the loop's seam."""
    half_s = answer.start_s + (answer.end_s - answer.start_s) / 2
    return min(entry_s, half_s)


def _continued(question: Question, answer: Answer, needed_s: float) -> tuple[Piece, ...]:
    """Cut on into the next best answers until it lasts; the last one loops if all are too short."""
    others = [other for other in question.answers if other.shot != answer.shot]
    found: list[Piece] = []
    after_s = 0.0
    for one in [answer, *others]:
        has_s = one.end_s - one.start_s
        left_s = needed_s - after_s
        if has_s < SHORTEST_S and one is not answer:
            continue
        if has_s >= left_s:
            entry_s = max(one.start_s, min(one.entry_s, one.end_s - left_s))
            return (*found, Piece(one, after_s, entry_s, Manner(at_end=AtEnd.HOLD)))
        found.append(Piece(one, after_s, one.start_s, Manner()))
        after_s += has_s
    return tuple(found)


# -- one after the other --------------------------------------------------------------------


def _apart(events: Sequence[_Event]) -> Iterator[_Event]:
    """Give every picture one event at most, the newest, and let each come after those before it."""
    kept: list[_Event] = []
    for event in events:
        while kept and kept[-1].picture >= event.picture:
            kept.pop()
        kept.append(event)
    yield from kept


def _cues(
    events: Iterator[_Event], times: NDArray[np.float64], moment_of: MomentOf
) -> Iterator[Cue]:
    listed = list(events)
    for event, after in zip(listed, [*listed[1:], None], strict=True):
        at_s = float(times[event.picture])
        fade_s = event.fade_s
        if after is not None:
            # a fade is over when a picture has been drawn that shows the end of it
            last_s = float(times[after.picture - 1])
            fade_s = max(0.0, min(fade_s, last_s - at_s - _ROUNDING_S))
        match = None
        if event.answer is not None:
            parts = tuple(event.answer.parts.items())
            match = Match(moment_of(event.answer, event.entry_s), event.answer.score, parts)
        source = Source.BLACK if match is None else Source.ARCHIVE
        cause = f"{BY} {event.number}"
        yield Cue(source, match, fade_s, cause, at_s, event.picture, event.manner)
