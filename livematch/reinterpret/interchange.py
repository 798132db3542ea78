"""A reinterpreted trailer for editors, as OpenTimelineIO has it (opentimelineio.io).

Video track V1 is the trailer, V2 the answers over it, A1 the trailer's sound. The package
opentimelineio is the extra `edit`.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from livematch.archive.store import Archive
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.indexing.scan import shown
from livematch.reinterpret.cutlist import CutList, Question
from livematch.reinterpret.stretches import Shown, Stretch, frames_of, stretches
from livematch.values import Cue

SUFFIX = ".otio"


def opentimelineio() -> Any:
    """Return the package; UsageError says how to install it. Ask before anything is rendered."""
    try:
        return importlib.import_module("opentimelineio")
    except ImportError:
        raise UsageError(
            "OTIO needs the package opentimelineio: pip install 'livematch[edit]'; an EDL needs"
            " nothing more"
        ) from None


def write_otio(
    path: Path, cutlist: CutList, cues: Sequence[Cue], archive: Archive, *, sound: bool = True
) -> None:
    """Write the timeline of a list that is resolved in this archive. UsageError.

    `cues` are those that it is performed by; `sound` says whether the trailer has any. The file
    appears whole or not at all.
    """
    timeline = timeline_of(cutlist, cues, archive, sound=sound)
    write_whole(path, opentimelineio().adapters.write_to_string(timeline, "otio_json"))


def timeline_of(
    cutlist: CutList, cues: Sequence[Cue], archive: Archive, *, sound: bool = True
) -> Any:
    """Return the timeline, an opentimelineio.schema.Timeline."""
    return _Timeline(cutlist).made(cues, archive, sound=sound)


class _Timeline:
    """Makes OpenTimelineIO's objects; every duration in the trailer's frames."""

    def __init__(self, cutlist: CutList) -> None:
        self._otio = opentimelineio()
        self._schema, self._time = self._otio.schema, self._otio.opentime
        self._cutlist = cutlist
        self._frames = frames_of(cutlist)

    def made(self, cues: Sequence[Cue], archive: Archive, *, sound: bool) -> Any:
        name = shown(Path(self._cutlist.trailer.stem))
        timeline = self._schema.Timeline(name=name)
        timeline.global_start_time = self._at(0)
        timeline.metadata["livematch"] = {"archive": shown(self._cutlist.archive.absolute())}
        kinds = self._schema.TrackKind
        trailer, answers = self._track("V1", kinds.Video), self._track("V2", kinds.Video)
        trailer.append(self._trailer(name))
        trailer[0].markers.extend(self._shot(question) for question in self._cutlist.questions)
        for stretch in stretches(self._cutlist, cues, archive, self._frames):
            if stretch.fade:
                answers.append(self._dissolve(stretch))
            answers.append(self._answer(stretch))
        timeline.tracks.extend([trailer, answers])
        if sound:
            timeline.tracks.append(self._track("A1", kinds.Audio))
            timeline.tracks[-1].append(self._trailer(name))
        return timeline

    def _track(self, name: str, kind: str) -> Any:
        return self._schema.Track(name=name, kind=kind)

    def _trailer(self, name: str) -> Any:
        whole = self._span(0, self._frames.count)
        media = self._schema.ExternalReference(_target(self._cutlist.trailer), whole)
        return self._schema.Clip(name, media, whole)

    def _shot(self, question: Question) -> Any:
        first, end = self._frames.at(question.start_s), self._frames.at(question.end_s)
        return self._schema.Marker(
            name=f"{question.number}",
            marked_range=self._span(first, max(0, end - first)),
            color=self._schema.MarkerColor.WHITE,
            metadata={"livematch": {"arrival": str(question.arrival)}},
        )

    def _answer(self, stretch: Stretch) -> Any:
        if stretch.shown is None:
            black = self._schema.GeneratorReference("black", "black")
            return self._schema.Clip("black", black, self._span(0, stretch.length))
        film = stretch.shown.film
        start = self._time.RationalTime(float(round(stretch.entry_s * film.fps)), film.fps)
        clip = self._schema.Clip(
            shown(Path(film.path.stem)),
            self._media(stretch.shown),
            self._time.TimeRange(start, self._at(stretch.length)),
        )
        if stretch.pace == 0:
            clip.effects.append(self._schema.FreezeFrame())
        elif stretch.pace != 1:
            clip.effects.append(self._schema.LinearTimeWarp(time_scalar=stretch.pace))
        clip.markers.append(self._score(stretch.shown, start))
        return clip

    def _media(self, source: Shown) -> Any:
        film = source.film
        length = self._time.RationalTime(float(round(film.duration_s * film.fps)), film.fps)
        there = self._time.TimeRange(self._time.RationalTime(0, film.fps), length)
        return self._schema.ExternalReference(_target(film.path), there)

    def _score(self, source: Shown, start: Any) -> Any:
        answer = source.answer
        facts = {"shot": answer.shot, "score": answer.score, "parts": dict(answer.parts)}
        return self._schema.Marker(
            name=f"{answer.score:.3f}",
            marked_range=self._time.TimeRange(start, self._at(0)),
            color=self._schema.MarkerColor.ORANGE,
            metadata={"livematch": facts},
        )

    def _dissolve(self, stretch: Stretch) -> Any:
        return self._schema.Transition(
            transition_type=self._schema.TransitionTypes.SMPTE_Dissolve,
            in_offset=self._at(0),
            out_offset=self._at(stretch.fade),
        )

    def _at(self, frame: int) -> Any:
        return self._time.RationalTime(float(frame), self._frames.rate)

    def _span(self, first: int, length: int) -> Any:
        return self._time.TimeRange(self._at(first), self._at(length))


def _target(path: Path) -> str:
    """Return where media lie: the path, or where it is no Unicode the URL, which escapes it."""
    whole = path.absolute()
    try:
        str(whole).encode()
    except UnicodeEncodeError:
        return whole.as_uri()
    return str(whole)
