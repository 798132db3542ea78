"""What lies where on an editor's track: the cues of a trailer's answers, cut into clips. Pure.

An editor knows no loops and no films that stand still at their end: each lap is a clip, and so is
the last picture, held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from livematch.archive.records import FilmRecord
from livematch.archive.store import Archive
from livematch.reinterpret.cutlist import Answer, CutList
from livematch.values import AtEnd, Cue


@dataclass(frozen=True, slots=True)
class Frames:
    """How a track counts: frames a second, and how many the trailer has."""

    rate: float
    count: int

    def at(self, time_s: float) -> int:
        """Return the frame that begins nearest to a time of the trailer."""
        return min(max(0, round(time_s * self.rate)), self.count)


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer and its film as it is in the archive."""

    answer: Answer
    film: FilmRecord


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames `first` to `end` − 1 of the track: what is seen there, from `entry_s` of its film on.

    `shown` is None for black. It goes on at `pace` seconds of film a second, 0 for a still. Over
    its first `fade` frames it comes in over what was there before, which goes on so long.
    """

    first: int
    end: int
    shown: Shown | None
    entry_s: float
    pace: float
    fade: int

    @property
    def length(self) -> int:
        """How many frames of the track it takes."""
        return self.end - self.first


def frames_of(cutlist: CutList, per_picture: int = 1) -> Frames:
    """Return how a track counts that has a frame, or several, for each of the trailer's pictures.

    Where pictures come unevenly, it is so on the average, and each is at its time.
    """
    rate = cutlist.fps * per_picture
    pictures = cutlist.duration_s * cutlist.fps
    is_even = abs(pictures - cutlist.pictures) <= 1
    count = cutlist.pictures * per_picture if is_even else round(cutlist.duration_s * rate)
    return Frames(rate, max(1, count))


def stretches(
    cutlist: CutList, cues: Sequence[Cue], archive: Archive, frames: Frames
) -> tuple[Stretch, ...]:
    """Return the whole track, every frame in one stretch, as the cues have it.

    The list must be resolved in this archive. KeyError for a cue that is of none of its answers.
    """
    answers = {a.shot: a for question in cutlist.questions for a in question.answers}
    found: list[Stretch] = []
    ends = [*(frames.at(cue.decided_s) for cue in cues[1:]), frames.count]
    for cue, end in zip(cues, ends, strict=True):
        first = frames.at(cue.decided_s)
        if not found and first > 0:
            found.append(Stretch(0, first, None, 0.0, 1.0, 0))
        shown = None
        if cue.match is not None:
            answer = answers[cue.match.start.shot_id]
            shown = Shown(answer, _film(archive, answer))
        # nothing comes in over nothing, nor black over black
        is_seen = bool(found) and not (shown is None and found[-1].shown is None)
        fade = round(cue.fade_s * frames.rate) if is_seen else 0
        found += _cut(cue, shown, first, end, fade, frames.rate)
    return tuple(found)


def _film(archive: Archive, answer: Answer) -> FilmRecord:
    stored = archive.by_fingerprint(answer.fingerprint)
    if stored is None:
        raise KeyError(answer.fingerprint)
    return stored.film


def _cut(
    cue: Cue, shown: Shown | None, first: int, end: int, fade: int, rate: float
) -> Iterator[Stretch]:
    """Divide what a cue brings in where it comes to the end of its shot."""
    if end <= first:
        return
    if shown is None or cue.match is None:
        yield Stretch(first, end, None, 0.0, 1.0, min(fade, end - first))
        return
    entry_s, pace = cue.match.start.time_s, cue.manner.pace
    is_loop = cue.manner.at_end is AtEnd.LOOP
    runs = list(_runs(entry_s, shown, pace, end - first, rate, is_loop=is_loop))
    begins = [first + round(after_s * rate) for after_s, _, _ in runs]
    for (_, from_s, speed), (begin, until) in zip(runs, pairwise([*begins, end]), strict=True):
        if until > begin:
            yield Stretch(begin, until, shown, from_s, speed, min(fade, until - begin))
            fade = 0


def _runs(
    entry_s: float, shown: Shown, pace: float, needed: int, rate: float, *, is_loop: bool
) -> Iterator[tuple[float, float, float]]:
    """Yield the runs through a shot that fill `needed` frames: (seconds after, entry, pace)."""
    start_s, end_s = shown.answer.start_s, shown.answer.end_s
    yield 0.0, entry_s, pace
    after_s, lap_s = (end_s - entry_s) / pace, (end_s - start_s) / pace
    while round(after_s * rate) < needed:
        if not is_loop or lap_s * rate < 1:
            yield after_s, max(start_s, end_s - 1 / shown.film.fps), 0.0  # its last picture
            return
        yield after_s, start_s, pace
        after_s += lap_s
