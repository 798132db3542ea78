"""A reinterpreted trailer as a CMX 3600 edit decision list: what every editing program reads. Pure.

It is written here and not by OpenTimelineIO's adapter, which (at 1.0) gives slowed clips a source
twice as long instead of half, dissolves from the clip before a black and not from the black, and
gives two films whose names begin alike one reel. Tests read it back with that adapter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.records import FilmRecord
from livematch.archive.store import Archive
from livematch.files import write_whole
from livematch.indexing.scan import shown
from livematch.reinterpret.cutlist import CutList
from livematch.reinterpret.stretches import Frames, Stretch, frames_of, stretches
from livematch.values import Cue

SUFFIX = ".edl"
RATES = (24, 25, 30, 48, 50, 60)  # that editing programs count in
BLACK = "BL"
_RESERVED = frozenset({BLACK, "BLACK", "BARS", "AX"})
_DROPPED = 0.002  # 23.976 counts as 24: every picture has its number, none is dropped
_LAST_EVENT = 999


@dataclass(frozen=True, slots=True)
class Counting:
    """How an EDL counts: frames a second in its time codes, and on the track; whether it is even.

    An uneven one does not have the trailer's pictures but rounds their times.
    """

    rate: int
    frames: Frames
    is_even: bool


@dataclass(frozen=True, slots=True)
class Edl:
    """The text of an EDL, and what of the track it cannot say."""

    text: str
    notes: tuple[str, ...]


def write_edl(
    path: Path, cutlist: CutList, cues: Sequence[Cue], archive: Archive
) -> tuple[str, ...]:
    """Write the answers of a list that is resolved in this archive; return what it cannot say.

    `cues` are those that it is performed by. The file appears whole or not at all. UsageError.
    """
    made = edl_of(cutlist, cues, archive)
    write_whole(path, made.text)
    return made.notes


def edl_of(cutlist: CutList, cues: Sequence[Cue], archive: Archive) -> Edl:
    """Return the EDL of a list's answers, one video track."""
    counting = counting_of(cutlist)
    track = stretches(cutlist, cues, archive, counting.frames)
    reels = _reels(track)
    title = shown(Path(cutlist.trailer.stem))[:70]
    events = [f"TITLE: {title}", "FCM: NON-DROP FRAME"]
    before: Stretch | None = None
    for number, stretch in enumerate(track, 1):
        events.append(_event(number, stretch, before, reels, counting))
        before = stretch
    return Edl("\n\n".join(events) + "\n", tuple(_notes(track, reels, cutlist, counting)))


def counting_of(cutlist: CutList) -> Counting:
    """Choose a rate that an EDL has and that the trailer's pictures fall on, else the nearest."""
    for rate in RATES:
        per_picture = max(1, round(rate / cutlist.fps))
        if abs(per_picture * cutlist.fps / rate - 1) < _DROPPED:
            return Counting(rate, frames_of(cutlist, per_picture), is_even=True)
    rate = min(RATES, key=lambda rate: abs(rate - cutlist.fps))
    frames = Frames(float(rate), max(1, round(cutlist.duration_s * rate)))
    return Counting(rate, frames, is_even=False)


def _event(
    number: int,
    stretch: Stretch,
    before: Stretch | None,
    reels: dict[str, str],
    counting: Counting,
) -> str:
    reel, start = _reel(stretch, reels), _source(stretch, counting)
    times = _codes(counting.rate, start, _left(stretch, counting), stretch.first, stretch.end)
    if before is not None and stretch.fade:
        at = _left(before, counting)
        former = _codes(counting.rate, at, at, stretch.first, stretch.first)
        lines = [
            f"{number:03}  {_reel(before, reels):<8} V     C        {former}",
            f"{number:03}  {reel:<8} V     D    {min(stretch.fade, 999):03} {times}",
        ]
    else:
        lines = [f"{number:03}  {reel:<8} V     C        {times}"]
    if stretch.shown is not None and stretch.pace != 1:
        speed = stretch.pace * counting.rate
        lines.append(f"M2   {reel:<8} {speed:05.1f}                {_code(start, counting.rate)}")
        if stretch.pace == 0:
            lines.append("* * FREEZE FRAME")
    if before is not None and stretch.fade:
        lines += [*_names(before, "FROM"), *_names(stretch, "TO")]
    else:
        lines += _names(stretch, "FROM")
    return "\n".join(lines)


def _names(stretch: Stretch, way: str) -> list[str]:
    """Return the comments that say which film is meant."""
    if stretch.shown is None:
        return []
    path = stretch.shown.film.path
    return [
        f"* {way} CLIP NAME:  {shown(Path(path.name))}",
        f"* {way} FILE: {shown(path.absolute())}",
    ]


def _left(stretch: Stretch, counting: Counting) -> int:
    """Return the frame of its film after a stretch: a dissolve from it goes on from there."""
    return _source(stretch, counting) + max(1, round(stretch.length * stretch.pace))


def _source(stretch: Stretch, counting: Counting) -> int:
    """Return the frame that a stretch begins with, as its own film counts if that is alike."""
    if stretch.shown is None:
        return 0
    fps = stretch.shown.film.fps
    return round(stretch.entry_s * (fps if _is_alike(fps, counting) else counting.frames.rate))


def _is_alike(fps: float, counting: Counting) -> bool:
    return abs(fps / counting.rate - 1) < _DROPPED


def _reel(stretch: Stretch, reels: dict[str, str]) -> str:
    return BLACK if stretch.shown is None else reels[stretch.shown.film.fingerprint]


def _reels(track: Sequence[Stretch]) -> dict[str, str]:
    """Name every film's reel: at most eight letters and digits, no two the same."""
    reels: dict[str, str] = {}
    taken = set(_RESERVED)
    for stretch in track:
        if stretch.shown is None or stretch.shown.film.fingerprint in reels:
            continue
        name = reel = _reel_of(stretch.shown.film)
        number = 1
        while reel in taken:
            number += 1
            reel = f"{name[: 8 - len(str(number))]}{number}"
        taken.add(reel)
        reels[stretch.shown.film.fingerprint] = reel
    return reels


def _reel_of(film: FilmRecord) -> str:
    return re.sub(r"[^A-Z0-9]", "", film.path.stem.upper())[:8] or "FILM"


def _notes(
    track: Sequence[Stretch], reels: dict[str, str], cutlist: CutList, counting: Counting
) -> list[str]:
    notes = ["it has the answers only: one track, neither the trailer's picture nor its sound"]
    if not counting.is_even:
        notes.append(
            f"the trailer has {cutlist.fps:.5g} pictures a second, which no EDL counts in: times"
            f" are rounded to 1/{counting.rate} s"
        )
    films = {s.shown.film.fingerprint: s.shown.film for s in track if s.shown is not None}
    other = sorted(reels[key] for key, film in films.items() if not _is_alike(film.fps, counting))
    if other:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        notes.append(
            f"films of another frame rate ({', '.join(other[:5])}{more}) have their time codes in"
            f" {counting.rate} frames a second"
        )
    if len(track) > _LAST_EVENT:
        notes.append(f"it has {len(track)} events; some programs read no more than {_LAST_EVENT}")
    if any(stretch.fade > 999 for stretch in track):
        notes.append("a dissolve is longer than 999 frames, and is cut to that")
    return notes


def _codes(rate: int, *frames: int) -> str:
    return " ".join(_code(frame, rate) for frame in frames)


def _code(frame: int, rate: int) -> str:
    seconds, rest = divmod(frame, rate)
    hours = seconds // 3600 % 24  # as on tape, a day begins anew
    return f"{hours:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"
