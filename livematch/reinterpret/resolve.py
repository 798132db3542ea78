"""A cut list against an archive and a trailer as they are now: what it names is found again."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from livematch.archive.contents import StoredFilm, StoredShot
from livematch.archive.store import Archive
from livematch.errors import FilmError, UsageError
from livematch.indexing.scan import fingerprint, shown
from livematch.reinterpret.cutlist import BLACK, Answer, CutList, Question, chosen_of
from livematch.sheet import readable, time_code

log = logging.getLogger(__name__)

TOLD = 20  # things that are missing; more are counted
SAME_S = 1e-3  # spans that differ by less are the same shot's


def resolve(cutlist: CutList, archive: Archive) -> CutList:
    """Return the list with the paths, shot numbers and spans that are right in this archive.

    Films are found by their content, so they may have been moved or renamed, and shots of a film
    that was indexed anew by their place in it. Answers that are not chosen and cannot be found are
    left out. UsageError lists all that is missing, the trailer too, and says what to do.
    """
    missing = _trailer_faults(cutlist)
    finder = _Finder(archive)
    questions = tuple(_resolved(question, finder, missing) for question in cutlist.questions)
    if missing:
        raise UsageError(_message(cutlist, archive, missing))
    if finder.left_out:
        log.warning("%d answers that are not chosen are no longer there", finder.left_out)
    return replace(cutlist, archive=archive.folder, archive_id=archive.id, questions=questions)


def _trailer_faults(cutlist: CutList) -> list[str]:
    path = shown(cutlist.trailer)
    try:
        found = fingerprint(cutlist.trailer)
    except FilmError as error:
        return [f"the trailer, {error}: put it back, or correct `trailer` in the list"]
    if found != cutlist.fingerprint:
        what = "is another film now, whose cuts may lie elsewhere"
        return [f"the trailer, {path}: {what}; put the former one back, or make a new list"]
    return []


def _resolved(question: Question, finder: "_Finder", missing: list[str]) -> Question:
    chosen = chosen_of(question)
    answers: list[Answer] = []
    place = BLACK
    for answer in question.answers:
        is_chosen = answer is chosen
        try:
            found = finder.find(answer)
        except LookupError as fault:
            if is_chosen:
                missing.append(f"question {question.number}: {fault.args[0]}")
            finder.left_out += not is_chosen
            continue
        answers.append(found)
        if is_chosen:
            place = len(answers)
    return replace(question, answers=tuple(answers), chosen=place)


class _Finder:
    """Finds answers again in an archive; looks at each film's file once."""

    def __init__(self, archive: Archive) -> None:
        self.left_out = 0
        self._archive = archive
        self._shots: dict[int, list[StoredShot]] = {}
        self._playable: dict[int, bool] = {}
        for shot in archive.shots():
            self._shots.setdefault(shot.film_id, []).append(shot)

    def find(self, answer: Answer) -> Answer:
        """Return the answer as this archive has it; LookupError says what is not there."""
        stored = self._archive.by_fingerprint(answer.fingerprint)
        if stored is None:
            raise LookupError(f"{shown(Path(answer.film))} is not in this archive")
        if not self._can_be_played(stored):
            raise LookupError(f"{shown(stored.film.path)} is gone, and has no proxy")
        shot = _same_shot(answer, self._shots.get(stored.id, ()))
        if shot is None:
            at = f"{time_code(answer.start_s)} to {time_code(answer.end_s)}"
            raise LookupError(f"{shown(stored.film.path)} has no shot from {at} any more")
        return replace(
            answer,
            film=readable(stored.film.path),
            shot=shot.id,
            start_s=shot.span.start_s,
            end_s=shot.span.end_s,
            entry_s=min(max(answer.entry_s, shot.span.start_s), shot.span.end_s),
        )

    def _can_be_played(self, stored: StoredFilm) -> bool:
        if stored.id not in self._playable:
            proxy = stored.film.proxy
            files = [stored.film.path, *([self._archive.folder / proxy] if proxy else [])]
            self._playable[stored.id] = any(map(_is_file, files))
        return self._playable[stored.id]


def _same_shot(answer: Answer, shots: Sequence[StoredShot]) -> StoredShot | None:
    """Return the shot of these spans, or what became of it.

    That is the one which the answer's entry lies in, else the one that overlaps it the most.
    """
    overlapping = [shot for shot in shots if _overlap_s(answer, shot) > 0 or _is_same(answer, shot)]
    exact = [shot for shot in overlapping if _is_same(answer, shot)]
    entered = [s for s in overlapping if s.span.start_s <= answer.entry_s < s.span.end_s]
    for some in (exact, entered, overlapping):
        if some:
            return max(some, key=lambda shot: _overlap_s(answer, shot))
    return None


def _is_same(answer: Answer, shot: StoredShot) -> bool:
    return (
        abs(answer.start_s - shot.span.start_s) < SAME_S
        and abs(answer.end_s - shot.span.end_s) < SAME_S
    )


def _overlap_s(answer: Answer, shot: StoredShot) -> float:
    return min(answer.end_s, shot.span.end_s) - max(answer.start_s, shot.span.start_s)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _message(cutlist: CutList, archive: Archive, missing: Sequence[str]) -> str:
    told = [f"  {line}" for line in missing[:TOLD]]
    if len(missing) > TOLD:
        told.append(f"  and {len(missing) - TOLD} more")
    advice = (
        "index the films that are missing where they lie now, or choose other answers in the list"
    )
    if archive.id != cutlist.archive_id:
        advice = (
            f"the list was made with another archive, {shown(cutlist.archive)}: give that one, or"
            f" {advice}"
        )
    return "\n".join(["the cut list cannot be rendered:", *told, advice])
