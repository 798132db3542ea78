"""OTIO and EDL of a reinterpreted trailer, read back by OpenTimelineIO itself."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from archive_kit import LAYOUT, MODEL, film
from cutlist_kit import FPS, answer, cutlist, question
from hypothesis import given
from hypothesis import strategies as st

from livematch.archive.contents import StoredFilm
from livematch.archive.store import Archive
from livematch.errors import UsageError
from livematch.reinterpret.cutlist import Answer, CutList
from livematch.reinterpret.edl import counting_of, edl_of, write_edl
from livematch.reinterpret.interchange import opentimelineio, timeline_of, write_otio
from livematch.reinterpret.stretches import frames_of, stretches
from livematch.values import USUAL, AtEnd, Cue, Manner, Match, Moment, Source

otio: Any = pytest.importorskip("opentimelineio")
pytest.importorskip("otio_cmx3600_adapter")


def cue(at_s: float, shown: Answer | None, fade_s: float = 0.0, manner: Manner = USUAL) -> Cue:
    """An answer, entered where it says, or black."""
    if shown is None:
        return Cue(Source.BLACK, None, fade_s, "reinterpret", at_s, 0, manner)
    moment = Moment(0, 0, shown.shot, shown.entry_s)
    return Cue(Source.ARCHIVE, Match(moment, shown.score), fade_s, "reinterpret", at_s, 0, manner)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Films 1 and 2 with 25 pictures a second, 3 and 4 with other rates, names alike."""
    with Archive.create(tmp_path / "archive", MODEL, LAYOUT) as made:
        for number, name, fps in (
            (1, "films/a long name 1.mp4", 25.0),
            (2, "films/a long name 2.mp4", 25.0),
            (3, "films/ñandú <b>\n.mov", 24.0),
            (4, "films/a long name 4.mp4", 24000 / 1001),
        ):
            indexed = film(number)
            record = replace(indexed.film, path=Path("/") / name, fps=fps)
            made.add_film(replace(indexed, film=record))
    return Archive.open(tmp_path / "archive")


A, B, C, D = answer(1, 1), answer(2, 3), answer(3, 0, entry_s=0.0), answer(4, 2)
HOLD = Manner(at_end=AtEnd.HOLD)


def listed(count: int = 96, fps: float = FPS) -> CutList:
    half = count // 2
    return cutlist(
        question(1, 0, half, A, B, fps=fps), question(2, half, count, C, D, fps=fps), fps=fps
    )


def spans(track: Any) -> list[tuple[int, int]]:
    """(first, end) of every clip of a track, in its frames."""
    found = []
    for child in track:
        if isinstance(child, otio.schema.Transition):
            continue
        place = child.range_in_parent()
        found.append((place.start_time.value, place.end_time_exclusive().value))
    return found


def written(tmp_path: Path, made: CutList, cues: Sequence[Cue], archive: Archive) -> Any:
    path = tmp_path / "out.otio"
    write_otio(path, made, cues, archive)
    return otio.adapters.read_from_file(str(path))


def test_the_tracks_are_the_trailer_its_answers_and_its_sound(
    tmp_path: Path, archive: Archive
) -> None:
    timeline = written(tmp_path, listed(), [cue(0, A), cue(2, C)], archive)
    assert [(track.name, track.kind) for track in timeline.tracks] == [
        ("V1", "Video"),
        ("V2", "Video"),
        ("A1", "Audio"),
    ]
    assert timeline.duration() == otio.opentime.RationalTime(96, 24)
    assert all(track.duration() == timeline.duration() for track in timeline.tracks)
    trailer, sound = timeline.tracks[0][0], timeline.tracks[2][0]
    for clip in (trailer, sound):
        assert clip.media_reference.target_url == "/trailers/a trailer.mp4"
        assert clip.name == "a trailer"
    shots = [(m.name, m.marked_range.start_time.value, m.color) for m in trailer.markers]
    assert shots == [("1", 0, "WHITE"), ("2", 48, "WHITE")]


def test_answers_are_clips_with_ranges_of_their_films(tmp_path: Path, archive: Archive) -> None:
    timeline = written(tmp_path, listed(), [cue(0, replace(A, entry_s=2.0)), cue(2, C)], archive)
    first, second = timeline.tracks[1]
    assert spans(timeline.tracks[1]) == [(0, 48), (48, 96)]
    assert (first.name, second.name) == ("a long name 1", "ñandú <b>\\n")
    assert first.media_reference.target_url == "/films/a long name 1.mp4"
    assert second.media_reference.target_url == "/films/ñandú <b>\n.mov"
    time, span = otio.opentime.RationalTime, otio.opentime.TimeRange
    assert first.source_range == span(time(50, 25), time(48, 24))
    assert first.media_reference.available_range == span(time(0, 25), time(200, 25))
    (marker,) = first.markers
    assert marker.name == f"{A.score:.3f}"
    assert marker.marked_range.start_time == time(50, 25)
    assert marker.metadata["livematch"]["parts"]["semantic"] == 0.5
    assert not first.effects


def test_no_sound_no_track(archive: Archive) -> None:
    timeline = timeline_of(listed(), [cue(0, A)], archive, sound=False)
    assert [track.name for track in timeline.tracks] == ["V1", "V2"]


def test_a_dissolve_is_a_transition_that_begins_with_the_cue(
    tmp_path: Path, archive: Archive
) -> None:
    cues = [cue(0, replace(A, entry_s=2.0)), cue(2, C, fade_s=0.5)]
    track = written(tmp_path, listed(), cues, archive).tracks[1]
    kinds = [type(child).__name__ for child in track]
    assert kinds == ["Clip", "Transition", "Clip"]
    assert (track[1].in_offset.value, track[1].out_offset.value) == (0, 12)
    assert spans(track) == [(0, 48), (48, 96)]


def test_slowed_held_and_looped(tmp_path: Path, archive: Archive) -> None:
    made = listed(240)
    cues = [
        cue(0, replace(A, entry_s=2.0), manner=Manner(pace=0.5)),
        cue(4, replace(C, entry_s=1.0), manner=HOLD),
        cue(7, replace(C, entry_s=1.5)),
    ]
    track = written(tmp_path, made, cues, archive).tracks[1]
    assert spans(track) == [(0, 96), (96, 120), (120, 168), (168, 180), (180, 228), (228, 240)]
    slow, moving, held, *laps = track
    (warp,) = slow.effects
    assert (type(warp).__name__, warp.time_scalar) == ("LinearTimeWarp", 0.5)
    assert not moving.effects
    assert type(held.effects[0]).__name__ == "FreezeFrame"
    assert held.source_range.start_time.value == 47  # its last picture
    assert [lap.source_range.start_time.value for lap in laps] == [36, 0, 0]


def test_black_is_a_generator_and_is_there_from_the_first_picture(
    tmp_path: Path, archive: Archive
) -> None:
    cues = [cue(0.5, A), cue(2, None, fade_s=0.25), cue(3, C, fade_s=0.5)]
    track = written(tmp_path, listed(), cues, archive).tracks[1]
    assert spans(track) == [(0, 12), (12, 48), (48, 72), (72, 96)]
    clips = [child for child in track if isinstance(child, otio.schema.Clip)]
    black = [isinstance(c.media_reference, otio.schema.GeneratorReference) for c in clips]
    assert black == [True, False, True, False]
    assert sum(isinstance(child, otio.schema.Transition) for child in track) == 2


@pytest.mark.parametrize("fps", [24.0, 24000 / 1001, 25.0, 30000 / 1001, 59.94, 12.5, 23.3, 120.0])
def test_the_whole_is_as_long_as_the_trailer_at_any_rate(
    tmp_path: Path, archive: Archive, fps: float
) -> None:
    made = listed(200, fps)
    cues = [cue(0, A, manner=HOLD), cue(100 / fps, C), cue(101 / fps, B), cue(199 / fps, D)]
    timeline = written(tmp_path, made, cues, archive)
    assert timeline.duration() == otio.opentime.RationalTime(200, fps)
    places = spans(timeline.tracks[1])
    assert places[0][0] == 0
    assert places[-1] == (199, 200)
    assert (100, 101) in places
    counting = counting_of(made)
    read = otio.adapters.read_from_string(
        edl_of(made, cues, archive).text, "cmx_3600", rate=counting.rate
    )
    (track,) = read.tracks
    assert track.duration().value == counting.frames.count
    assert counting.frames.count / counting.frames.rate == pytest.approx(200 / fps, abs=0.02)
    assert counting.is_even == (fps not in {23.3, 120.0})


def test_a_trailer_whose_pictures_come_unevenly_is_placed_by_time(archive: Archive) -> None:
    made = replace(listed(96), fps=20.0, duration_s=4.0)  # many pictures at once, then few
    frames = frames_of(made)
    assert (frames.rate, frames.count) == (20.0, 80)
    track = stretches(made, [cue(0, A, manner=HOLD), cue(2.0, C)], archive, frames)
    assert [(s.first, s.end) for s in track] == [(0, 30), (30, 40), (40, 80)]


def test_two_cues_in_one_frame_are_one_clip(archive: Archive) -> None:
    cues = [cue(0, A), cue(2.0, B), cue(2.001, C)]
    track = stretches(listed(), cues, archive, frames_of(listed()))
    assert [(s.first, s.end) for s in track if s.shown] == [(0, 36), (36, 48), (48, 96)]


CUES = st.lists(
    st.tuples(
        st.floats(0, 5),
        st.sampled_from([None, A, B, C, D]),
        st.floats(0, 2),
        st.floats(0.1, 2),
        st.sampled_from(AtEnd),
    ),
    min_size=1,
    max_size=12,
)


@given(CUES)
def test_every_frame_of_the_track_is_in_one_stretch(given_: list[Any]) -> None:
    """And what is taken of a film lies in its shot, and a fade in the stretch that it brings in."""
    given_.sort(key=lambda one: one[0])
    cues = [cue(at_s, shown, fade, Manner(pace, end)) for at_s, shown, fade, pace, end in given_]
    archive = cast("Archive", Films())
    frames = frames_of(listed())
    track = stretches(listed(), cues, archive, frames)
    assert (track[0].first, track[-1].end) == (0, frames.count)
    for one, after in pairwise(track):
        assert one.end == after.first
    for one in track:
        assert 0 <= one.fade <= one.length
        assert one.length > 0
        if one.shown is not None:
            answer = one.shown.answer
            taken_s = (one.length - 1) / frames.rate * one.pace
            assert answer.start_s <= one.entry_s
            assert one.entry_s + taken_s <= answer.end_s + 0.5 / frames.rate * one.pace + 1e-9
    text = edl_of(listed(), cues, archive).text
    assert read_edl(text).duration().value == frames.count


class Films:
    """The twin of an archive that knows its films by their fingerprint, and nothing else."""

    def by_fingerprint(self, fingerprint: str) -> StoredFilm:
        number = int(fingerprint.removeprefix("film-"))
        return StoredFilm(number, film(number).film, present=True)


# -- EDL ------------------------------------------------------------------------------------


def read_edl(text: str, rate: int = 24) -> Any:
    """Read an EDL back; return its one track."""
    (track,) = otio.adapters.read_from_string(text, "cmx_3600", rate=rate).tracks
    return track


def test_an_edl_is_read_back(tmp_path: Path, archive: Archive) -> None:
    cues = [cue(0, A), cue(1.5, C, fade_s=0.5), cue(3, D), cue(3.5, None)]
    path = tmp_path / "out.edl"
    notes = write_edl(path, listed(), cues, archive)
    track = read_edl(path.read_text("utf-8"))
    clips = [child for child in track if isinstance(child, otio.schema.Clip)]
    assert [clip.source_range.duration.value for clip in clips] == [36, 36, 12, 12]
    assert sum(clip.source_range.duration.value for clip in clips) == 96
    assert [clip.source_range.start_time.value for clip in clips] == [60, 0, 108, 0]
    assert clips[0].media_reference.target_url == "/films/a long name 1.mp4"
    assert clips[1].name == "ñandú <b>\\n.mov"
    assert clips[3].media_reference.generator_kind == "black"
    transitions = [child for child in track if isinstance(child, otio.schema.Transition)]
    assert [one.out_offset.value for one in transitions] == [12]
    assert len(notes) == 2
    assert "ALONGNAM) have their time codes in 24 frames a second" in notes[1]


def test_slowed_and_held_in_an_edl(archive: Archive) -> None:
    made = listed(240)
    cues = [
        cue(0, replace(C, entry_s=0.0), manner=Manner(pace=0.5)),
        cue(4, replace(C, entry_s=1.0), manner=HOLD),
    ]
    text = edl_of(made, cues, archive).text
    assert "00:00:00:00 00:00:02:00 00:00:00:00 00:00:04:00" in text  # half as much film
    assert "M2   ANDB     012.0                00:00:00:00" in text
    slow, moving, held = read_edl(text)
    assert slow.effects[0].time_scalar == 0.5
    assert slow.source_range.duration.value == 96
    assert not moving.effects
    assert type(held.effects[0]).__name__ == "FreezeFrame"
    assert (held.source_range.start_time.value, held.source_range.duration.value) == (47, 120)


def test_reels_are_of_their_own_and_no_longer_than_eight(archive: Archive) -> None:
    cues = [cue(0, A), cue(1, B), cue(2, C), cue(3, D)]
    text = edl_of(cutlist(question(1, 0, 96, A, B, C, D)), cues, archive).text
    reels = [line.split()[1] for line in text.splitlines() if line[:3].isdigit()]
    assert reels == ["ALONGNAM", "ALONGNA2", "ANDB", "ALONGNA3"]
    assert all(len(reel) <= 8 and reel.isascii() and reel.isalnum() for reel in reels)


def test_a_dissolve_out_of_black_is_one(archive: Archive) -> None:
    cues = [cue(0, C), cue(1, None), cue(2, D, fade_s=0.5)]
    lines = edl_of(listed(), cues, archive).text.splitlines()
    (dissolve,) = [n for n, line in enumerate(lines) if " D    012 " in line]
    assert lines[dissolve - 1].startswith("003  BL       V     C")
    assert lines[dissolve - 1].endswith("00:00:02:00 00:00:02:00")


def test_a_dissolve_names_both_films(archive: Archive) -> None:
    text = edl_of(listed(), [cue(0, D, manner=HOLD), cue(2, C, fade_s=0.5)], archive).text
    assert text.splitlines()[-6:] == [
        "003  ALONGNAM V     C        00:00:06:00 00:00:06:00 00:00:02:00 00:00:02:00",
        "003  ANDB     V     D    012 00:00:00:00 00:00:02:00 00:00:02:00 00:00:04:00",
        "* FROM CLIP NAME:  a long name 4.mp4",
        "* FROM FILE: /films/a long name 4.mp4",
        "* TO CLIP NAME:  ñandú <b>\\n.mov",
        "* TO FILE: /films/ñandú <b>\\n.mov",
    ]


def test_what_an_edl_cannot_say_is_told(archive: Archive) -> None:
    odd = cutlist(question(1, 0, 233, A, fps=23.3), fps=23.3)
    notes = edl_of(odd, [cue(0, A)], archive).notes
    assert any("23.3 pictures a second, which no EDL counts in" in note for note in notes)
    long = cutlist(question(1, 0, 1200, A, C))
    cues = [cue(n / 24, A if n % 2 else C) for n in range(1200)]
    assert any("1200 events" in note for note in edl_of(long, cues, archive).notes)


def test_files_stay_when_the_new_one_cannot_be_written(tmp_path: Path, archive: Archive) -> None:
    folder = tmp_path / "out.otio"
    folder.mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        write_otio(folder, listed(), [cue(0, A)], archive)


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(UsageError, match=r"pip install 'livematch\[edit\]'"):
        opentimelineio()


def test_paths_that_are_no_unicode_are_urls(tmp_path: Path, archive: Archive) -> None:
    made = replace(listed(), trailer=Path("/films/caf\udce9.mp4"))
    path = tmp_path / "out.otio"
    write_otio(path, made, [cue(0, A)], archive)
    assert "file:///films/caf%E9.mp4" in path.read_text("utf-8")
    assert json.loads(path.read_text("utf-8"))["name"] == "caf\\xe9"
    assert "TITLE: caf\\xe9" in edl_of(made, [cue(0, A)], archive).text
