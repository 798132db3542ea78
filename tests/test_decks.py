"""The pair of decks on a manual clock, with decks that are ready when the test says so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.playback.decks import HURRY_S, Decks, Program
from livematch.playback.fade import Fade
from livematch.values import Clip, Cue, Match, Moment, Picture, PixelFormat, Source

BLANK = (np.zeros((2, 2, 3), np.uint8),)


class HandDeck:
    """A deck whose clip is ready, or broken, when the test says so."""

    def __init__(self) -> None:
        self.clip: Clip | None = None
        self.is_ready = False
        self.fault: str | None = None

    def load(self, clip: Clip) -> None:
        self.clip, self.is_ready, self.fault = clip, False, None

    def unload(self) -> None:
        self.clip, self.is_ready = None, False

    def picture_at(self, play_s: float) -> Picture | None:
        if not self.is_ready or self.clip is None:
            return None
        return Picture(BLANK, PixelFormat.BGR, 1.0, self.clip.entry_s + play_s)

    def close(self) -> None:
        self.unload()


def clip_of(moment: Moment) -> Clip:
    return Clip(Path(f"{moment.film_id}.mov"), moment.time_s, 0.0, 1000.0, str(moment.film_id))


def cue(shot: int, fade_s: float = 1.0, now: float = 0.0) -> Cue:
    match = Match(Moment(shot, shot, shot, shot * 100.0), 0.5)
    return Cue(Source.ARCHIVE, match, fade_s, "test", now, 0)


class Rig:
    """Two hand decks and their pair."""

    def __init__(self) -> None:
        self.a, self.b = HandDeck(), HandDeck()
        self.decks = Decks((self.a, self.b), clip_of)

    def at(self, now: float) -> Program:
        return self.decks.program_at(now)

    def open_with(self, shot: int) -> None:
        self.decks.cue(cue(shot, 0.0))
        self.at(0.0)
        self.a.is_ready = True
        self.at(0.0)


def seen(program: Program) -> list[tuple[int, float]]:
    """The layers as (shot, opacity)."""
    return [
        (round(layer.picture.time_s // 100) if layer.picture else -1, round(layer.opacity, 3))
        for layer in program.layers
    ]


def test_a_shot_is_entered_where_its_match_says() -> None:
    rig = Rig()
    elsewhere = Match(Moment(3, 3, 3, 300.0), 0.5, entry=Moment(31, 3, 3, 312.5))
    rig.decks.cue(replace(cue(3), match=elsewhere))
    assert rig.a.clip is not None
    assert rig.a.clip.entry_s == 312.5
    assert [clip.entry_s for clip in rig.decks.clip_of([elsewhere])] == [312.5]


def test_each_layer_says_of_what_film_it_is() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, 1.0))
    rig.b.is_ready = True
    rig.at(0.0)
    assert [layer.title for layer in rig.at(0.5).layers] == ["1", "2"]
    assert [layer.title for layer in rig.at(2.0).layers] == ["2"]


def test_nothing_is_on_before_the_first_cue_is_ready() -> None:
    rig = Rig()
    rig.decks.cue(cue(1))
    assert rig.at(0.0).layers == ()
    rig.a.is_ready = True
    program = rig.at(0.1)
    assert seen(program) == [(1, 1.0)]
    assert program.begun == cue(1)
    assert rig.at(0.2).begun is None


def test_a_fade_starts_when_the_first_picture_is_there_and_not_before() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, fade_s=1.0, now=1.0))
    for now in (1.0, 1.5, 2.0):  # a slow disk: the old picture goes on
        assert seen(rig.at(now)) == [(1, 1.0)]
    rig.b.is_ready = True
    assert seen(rig.at(2.1)) == [(1, 1.0), (2, 0.0)]
    assert seen(rig.at(2.6)) == [(1, 1.0), (2, 0.5)]
    assert seen(rig.at(3.1)) == [(2, 1.0)]
    assert rig.a.clip is None  # the deck is free again


def test_a_cut_is_whole_in_its_first_picture() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, fade_s=0.0))
    rig.b.is_ready = True
    assert seen(rig.at(1.0)) == [(2, 1.0)]


def test_clips_play_on_from_their_entry() -> None:
    rig = Rig()
    rig.open_with(1)
    [layer] = rig.at(3.0).layers
    assert layer.picture is not None
    assert layer.picture.time_s == pytest.approx(103.0)


def test_a_newer_cue_replaces_one_that_is_still_loading() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2))
    rig.decks.cue(cue(3))
    rig.b.is_ready = True
    assert [shot for shot, _ in seen(rig.at(1.0))] == [1, 3]


def test_a_cue_in_the_middle_of_a_fade_hurries_it_and_follows() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, fade_s=10.0))
    rig.b.is_ready = True
    rig.at(0.0)
    before = seen(rig.at(5.0))
    rig.decks.cue(cue(3, fade_s=1.0))
    assert seen(rig.at(5.0)) == before  # no jump
    assert seen(rig.at(5.0 + HURRY_S + 1e-6)) == [(2, 1.0)]
    rig.a.is_ready = True
    assert [shot for shot, _ in seen(rig.at(5.2))] == [2, 3]


def test_a_cue_that_says_when_begins_then_and_no_sooner() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(replace(cue(2, fade_s=0.0), begins_s=2.0))
    rig.b.is_ready = True
    assert rig.at(1.9).begun is None
    begun = rig.at(2.0).begun
    assert begun is not None
    assert begun.begins_s == 2.0
    rig.decks.cue(replace(cue(3, fade_s=0.0), begins_s=2.5))  # its picture comes late
    rig.a.is_ready = False
    assert seen(rig.at(2.6)) == [(2, 1.0)]
    rig.a.is_ready = True
    assert seen(rig.at(2.7)) == [(3, 1.0)]


def test_a_fade_is_over_where_the_next_says_that_it_begins() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, fade_s=10.0))
    rig.b.is_ready = True
    rig.at(0.0)
    rig.decks.cue(replace(cue(3, fade_s=1.0), begins_s=1.05))
    assert [shot for shot, _ in seen(rig.at(1.0))] == [1, 2]  # hurried, but not at its end yet
    program = rig.at(1.05)
    assert program.begun is None  # it is only loading here: offline it would be there
    rig.a.is_ready = True
    assert seen(rig.at(1.06)) == [(2, 1.0), (3, 0.0)]


def test_a_clip_that_cannot_be_read_leaves_the_picture_alone() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2))
    rig.b.fault = "2.mov: is not there"
    program = rig.at(1.0)
    assert seen(program) == [(1, 1.0)]
    assert program.failed == cue(2)
    assert program.fault == "2.mov: is not there"
    assert rig.at(1.1).failed is None
    rig.decks.cue(cue(3, fade_s=0.0))
    rig.b.is_ready = True
    assert seen(rig.at(1.2)) == [(3, 1.0)]


def test_camera_and_black_need_no_deck() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(Cue(Source.CAMERA, None, 1.0, "out of radius", 0.0, 0))
    rig.at(1.0)
    layers = rig.at(1.5).layers
    assert [layer.source for layer in layers] == [Source.ARCHIVE, Source.CAMERA]
    assert layers[1].opacity == pytest.approx(0.5)
    assert [layer.source for layer in rig.at(2.0).layers] == [Source.CAMERA]
    rig.decks.cue(cue(2, fade_s=0.0))
    rig.a.is_ready = True
    assert seen(rig.at(3.0)) == [(2, 1.0)]


def test_frozen_neither_films_nor_fades_go_on() -> None:
    rig = Rig()
    rig.open_with(1)
    rig.decks.cue(cue(2, fade_s=1.0))
    rig.b.is_ready = True
    rig.at(1.0)
    half = seen(rig.at(1.5))
    for now in (2.0, 3.0, 9.0):
        assert seen(rig.decks.program_at(now, frozen=True)) == half
    assert seen(rig.at(9.5)) == [(2, 1.0)]


@given(st.floats(0.01, 20), st.floats(0, 1), st.floats(0.01, 1))
def test_a_hurried_fade_goes_on_from_where_it_is(
    length_s: float, part: float, within_s: float
) -> None:
    fade = Fade(5.0, length_s)
    now = 5.0 + part * length_s
    hurried = fade.hurried(now, within_s)
    assert hurried.opacity_at(now) == pytest.approx(fade.opacity_at(now), abs=1e-3)
    assert hurried.opacity_at(now + within_s + 1e-6) == 1.0


events = st.lists(
    st.tuples(st.sampled_from(["cue", "cut", "ready", "fault", "camera"]), st.floats(0, 0.7)),
    max_size=60,
)


@given(events)
def test_once_something_is_on_the_program_is_never_empty(script: list[tuple[str, float]]) -> None:
    rig = Rig()
    rig.open_with(1)
    now, shot = 0.0, 1
    for what, wait_s in script:
        now += wait_s
        shot += 1
        if what in {"cue", "cut"}:
            rig.decks.cue(cue(shot, 0.0 if what == "cut" else 0.5))
        elif what == "camera":
            rig.decks.cue(Cue(Source.CAMERA, None, 0.3, "out of radius", now, 0))
        else:
            for deck in (rig.a, rig.b):
                if deck.clip is not None and not deck.is_ready:
                    deck.is_ready = what == "ready"
                    deck.fault = "broken" if what == "fault" else None
        layers = rig.at(now).layers
        assert 1 <= len(layers) <= 2
        assert layers[0].opacity == 1.0
        for layer in layers:
            assert layer.picture is not None or layer.source is Source.CAMERA
