"""Reading trailers: where their shots are, how they come in, and which picture is when."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from films import (
    ODD,
    X264,
    Recipe,
    pictures,
    texture,
    times_of,
    variable,
    write,
    write_pictures,
)
from trailer_films import EVENTFUL, SIZE, black, dissolved, eventful, rising, shot

from livematch.errors import FilmError
from livematch.reinterpret.cutlist import Arrival
from livematch.reinterpret.spans import Light, Span, spans
from livematch.reinterpret.trailer import pictures_of, read_cutting, read_trailer
from livematch.screening import Screening
from livematch.values import Glimpse, Vector


class Levels:
    """Describes a picture by its mean colour, and keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Glimpse] = []

    def describe(self, glimpses: Sequence[Glimpse]) -> Vector:
        self.seen += glimpses
        return np.array([glimpse.image.mean(axis=(0, 1)) for glimpse in glimpses], np.float32)


def arrivals(found: Sequence[Span]) -> list[tuple[int, str, bool]]:
    return [(span.first, span.arrival.value, span.is_black) for span in found]


@pytest.mark.parametrize("ticks", [None, variable])
def test_cuts_dissolves_and_fades_are_told_apart(tmp_path: Path, ticks: object) -> None:
    path = eventful(tmp_path / "trailer.mkv", ticks)  # type: ignore[arg-type]
    found = read_cutting(path).spans
    assert [(span.arrival, span.is_black) for span in found] == [
        (Arrival.CUT, False),
        (Arrival.CUT, False),
        (Arrival.DISSOLVE, False),
        (Arrival.DISSOLVE, True),
        (Arrival.BLACK, False),
        (Arrival.CUT, True),
        (Arrival.CUT, False),
    ]
    first = [span.first for span in found]
    assert first[0] == 0
    assert first[1] == 25
    assert abs(first[2] - 58) <= 3  # the middle of the dissolve
    assert abs(first[3] - 93) <= 3  # the middle of the fade
    assert abs(first[4] - 110) <= 1
    assert first[5:] == [150, 160]
    assert 0.3 <= found[3].arrival_s <= 0.8
    assert 0.3 <= found[4].arrival_s <= 0.9


def test_every_picture_lies_in_one_shot(tmp_path: Path) -> None:
    cutting = read_cutting(eventful(tmp_path / "trailer.mp4"))
    found = cutting.spans
    assert found[0].first == 0
    assert found[-1].end == len(cutting.times_s) == len(EVENTFUL)
    assert all(one.end == other.first for one, other in itertools.pairwise(found))
    assert all(s.first <= s.clear < s.leaves <= s.end for s in found)


@pytest.mark.parametrize("name", ["variable.mkv", "variable.mp4", "late.mkv", "ntsc.mp4"])
def test_times_are_the_pictures_own(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ODD[name])
    cutting = read_cutting(path)
    np.testing.assert_allclose(cutting.times_s, times_of(path), atol=1e-6)
    assert cutting.duration_s > cutting.times_s[-1]


def test_times_rise_where_there_are_none(tmp_path: Path) -> None:
    path = write(tmp_path / "trailer.h264", ODD["no-time-stamps.h264"])
    times_s = read_cutting(path).times_s
    assert times_s[0] == 0
    assert (np.diff(times_s) > 0).all()
    assert len(times_s) == ODD["no-time-stamps.h264"].frames


def test_a_film_without_a_cut_is_one_shot(tmp_path: Path) -> None:
    path = write(tmp_path / "one.mp4", Recipe(options=X264, scenes=((1, 40),)))
    assert arrivals(read_cutting(path).spans) == [(0, "cut", False)]


def test_one_picture_is_a_shot(tmp_path: Path) -> None:
    describer = Levels()
    trailer = read_trailer(write(tmp_path / "one.mp4", ODD["one-frame.mp4"]), describer)
    [only] = trailer.shots
    assert (only.first, only.end, only.start_s, len(only.looks)) == (0, 1, 0.0, 1)
    assert only.end_s > 0
    assert describer.seen[0].before is None


def test_a_flash_of_black_of_one_picture_is_black(tmp_path: Path) -> None:
    drawn = [*shot(1, 25), *black(1), *shot(2, 25)]
    path = write_pictures(tmp_path / "flash.mkv", drawn, Recipe(codec="ffv1", pixels="bgr0"))
    found = arrivals(read_cutting(path).spans)
    assert found == [(0, "cut", False), (25, "cut", True), (26, "cut", False)]


def test_a_fade_down_and_up_again_goes_through_black(tmp_path: Path) -> None:
    drawn = [*rising(shot(1, 40)[::-1], 15)[::-1], *black(1), *rising(shot(2, 40), 15)]
    found = read_cutting(write_pictures(tmp_path / "dip.mp4", drawn)).spans
    assert [(span.arrival, span.is_black) for span in found] == [
        (Arrival.CUT, False),
        (Arrival.DISSOLVE, True),
        (Arrival.BLACK, False),
    ]
    assert abs(found[2].first - 41) <= 1


def test_a_dissolve_in_the_light_is_not_black(tmp_path: Path) -> None:
    drawn = dissolved(shot(1, 50), shot(2, 50), 16)
    found = read_cutting(write_pictures(tmp_path / "mix.mp4", drawn)).spans
    assert [(span.arrival, span.is_black) for span in found] == [
        (Arrival.CUT, False),
        (Arrival.DISSOLVE, False),
    ]
    assert 0.3 <= found[1].arrival_s <= 1.0
    assert found[1].clear > found[1].first
    assert found[0].leaves < found[0].end


def test_a_title_on_black_is_not_black(tmp_path: Path) -> None:
    title = black(1)[0].copy()
    cv2.putText(title, "SOON", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (220, 220, 220), 2)
    found = read_cutting(
        write_pictures(tmp_path / "title.mp4", [*shot(1, 25), *black(10), *[title] * 25])
    ).spans
    assert arrivals(found) == [(0, "cut", False), (25, "cut", True), (35, "cut", False)]


def test_a_night_about_the_limit_of_black_is_not_cut_to_pieces() -> None:
    rng = np.random.default_rng(1)
    light = Light()
    for level in rng.uniform(11, 17, 100):
        light.push(np.full((36, 64), round(level), np.uint8))
    assert 0 < sum(light.dark) < 100
    assert len(spans([n / 25 for n in range(100)], light, [])) <= 3


def test_shots_are_described_by_their_own_pictures_only(tmp_path: Path) -> None:
    path = eventful(tmp_path / "trailer.mp4")
    describer = Levels()
    trailer = read_trailer(path, describer)
    for one in trailer.shots:
        assert bool(one.looks) is not one.is_black
        assert all(one.clear_s <= look.time_s < one.end_s for look in one.looks)
        assert one.thumb.shape[2] == 3
    plain = texture(2, SIZE).mean(axis=(0, 1))
    for look in trailer.shots[1].looks:
        assert np.abs(look.descriptor - plain).max() < 4
    # half a fade is the least that is looked at
    last = trailer.shots[-1].looks[-1].descriptor
    assert np.abs(last - texture(5, SIZE).mean(axis=(0, 1))).max() < 4


def test_looks_come_with_the_picture_before_or_the_one_after(tmp_path: Path) -> None:
    describer = Levels()
    path = write(tmp_path / "trailer.mp4", Recipe(options=X264, scenes=((1, 60), (2, 60))))
    trailer = read_trailer(path, describer)
    assert len(trailer.shots) == 2
    apart = [glimpse.apart_s for glimpse in describer.seen]
    assert min(apart) < 0  # the shots' first pictures
    assert all(0.05 < abs(apart_s) < 0.15 for apart_s in apart)


def test_the_opening_is_looked_at_as_moments_lie() -> None:
    span = Span(0, 500, Arrival.CUT, 0.0, is_black=False, clear=0, leaves=500)
    times_s = np.arange(500) / 25
    chosen = times_s[list(pictures_of(span, times_s))]
    np.testing.assert_allclose(chosen[:5], [0, 0.5, 1, 1.5, 2], atol=0.021)
    assert len(chosen) == 9
    assert chosen[-1] == times_s[-1]


def test_a_broken_end_leaves_what_can_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "whole.ts", Recipe(".ts", muxer="mpegts", options=X264 | {"g": "10"}))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\0" * 5000)
    cutting = read_cutting(path)
    assert 0 < len(cutting.times_s) < 45
    trailer = read_trailer(path, Levels())
    assert trailer.pictures == len(cutting.times_s)


def test_what_was_cut_off_is_told(tmp_path: Path) -> None:
    recipe = Recipe(".mkv", options=X264 | {"g": "10"}, scenes=((1, 100), (2, 100)))
    path = write(tmp_path / "whole.mkv", recipe)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    cutting = read_cutting(path)
    assert cutting.warning is not None
    assert "whole.mkv" in cutting.warning
    assert "cut off" in cutting.warning


def test_no_picture_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    path.write_bytes(b"nothing of a film")
    with pytest.raises(FilmError, match=r"none\.mp4"):
        read_cutting(path)
    with pytest.raises(FilmError, match=r"none\.mp4"):
        Screening(path, (64, 64))


def test_the_real_trailer(footage: Path) -> None:
    """Its hard cuts by hand, its fades by looking at it."""
    cutting = read_cutting(footage / "trailer" / "sintel_trailer.mp4")
    found = {span.first: span for span in cutting.spans}
    for cut in (336, 398, 406, 422, 573, 623, 660, 674, 1165, 1222):
        assert found[cut].arrival is Arrival.CUT
    assert found[0].is_black
    assert found[422].is_black
    assert found[674].is_black
    for out_of_black in (22, 289, 438, 528, 682, 775):
        [span] = [s for first, s in found.items() if abs(first - out_of_black) <= 3]
        assert span.arrival is Arrival.BLACK
    to_black = [s for s in cutting.spans if s.is_black and s.arrival is Arrival.DISSOLVE]
    assert len(to_black) == 6
    assert all(0.7 < span.arrival_s < 2.2 for span in to_black)


def test_drawn_scenes_are_what_the_tests_say() -> None:
    assert len(EVENTFUL) == 180
    assert len(pictures(((1, 4),), SIZE)) == 4
