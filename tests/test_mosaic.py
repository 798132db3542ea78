"""The mosaic: many small films at once, live and offline, whole and broken."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import ODD, X264, Recipe, times_of, write
from hypothesis import given
from hypothesis import strategies as st

from livematch.clock import ManualClock, SystemClock
from livematch.errors import FilmError
from livematch.playback.mosaic import LiveMosaic, Mosaic, OfflineMosaic, on_at
from livematch.playback.reader import FilmReader
from livematch.playback.small import ENOUGH_PX, SHRUNK_PX, SmallFilm
from livematch.values import Clip, Match, Moment, Pane

TALL = (1280, 4 * ENOUGH_PX)
MJPEG = Recipe(".mov", "mjpeg", pixels="yuvj420p", options={"qmin": "3", "qmax": "3"})


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine films of 1.8 s with a cut after 0.8 s; odd ones MJPEG, even ones H.264."""
    folder = tmp_path_factory.mktemp("mosaic")
    for number in range(1, 10):
        recipe = MJPEG if number % 2 else Recipe(options=X264)
        scenes = ((number, 20), (number + 20, 25))
        write(folder / f"{number}{recipe.suffix}", replace(recipe, scenes=scenes))
    (folder / "10.mov").write_bytes(b"this is no film" * 100)
    return folder


def clips(folder: Path, moment: Moment) -> Clip:
    """Film and shot have the same number: it is the first of its two shots."""
    there = [path for path in folder.iterdir() if path.stem == str(moment.film_id)]
    path = there[0] if there else folder / f"{moment.film_id}.mov"
    return Clip(path, moment.time_s, 0.0, 0.8, path.stem)


def offered(*numbers: int, entry_s: float = 0.2) -> tuple[Match, ...]:
    return tuple(Match(Moment(n, n, n, entry_s), 1.0 - n / 100) for n in numbers)


def offline(folder: Path) -> OfflineMosaic:
    return OfflineMosaic(lambda moment: clips(folder, moment))


def played(mosaic: OfflineMosaic, seconds: float, *numbers: int) -> list[tuple[Pane, ...]]:
    # a little later than on time, so that no rounding decides which picture is on
    nows = [k * 0.0401 for k in range(round(seconds * 25))]
    shown = [mosaic.panes_at(now, offered(*numbers)) for now in nows]
    mosaic.close()
    return shown


def times(panes: tuple[Pane, ...]) -> list[float | None]:
    return [round(pane.picture.time_s, 3) if pane.picture else None for pane in panes]


@given(st.floats(0, 100), st.floats(0, 3), st.floats(0.01, 3), st.floats(0, 1))
def test_play_goes_on_from_the_entry_and_round_the_shot(
    play_s: float, start_s: float, length_s: float, entered: float
) -> None:
    frame_s = 0.04
    end_s = start_s + length_s
    clip = Clip(Path("a.mov"), start_s + entered * length_s, start_s, end_s, "a")
    time_s = on_at(clip, play_s, frame_s)
    assert start_s <= time_s
    assert time_s <= max(start_s, end_s - 0.5 * frame_s)
    assert on_at(clip, 0.0, frame_s) == pytest.approx(
        max(start_s, min(clip.entry_s, end_s - 0.5 * frame_s))
    )


@pytest.mark.parametrize("count", range(1, 10))
def test_one_to_nine_candidates_play_in_their_places(films: Path, count: int) -> None:
    numbers = list(range(1, count + 1))
    shown = played(offline(films), 0.2, *numbers)
    assert [pane.number for pane in shown[0]] == numbers
    assert [pane.title for pane in shown[0]] == [str(number) for number in numbers]
    assert [set(times(panes)) for panes in shown] == [{0.2}, {0.24}, {0.28}, {0.32}, {0.36}]


def test_without_candidates_there_are_no_panes(films: Path) -> None:
    assert played(offline(films), 0.08) == [(), ()]


def test_a_shot_loops_and_never_shows_the_next_one(films: Path) -> None:
    shown = played(offline(films), 2.4, 1, 2)
    for pane in (0, 1):
        seen = [times(panes)[pane] for panes in shown]
        assert seen[:16] == [round(0.2 + n / 25, 3) for n in range(15)] + [0.0]
        assert seen[15:35] == [round(n / 25, 3) for n in range(20)]
        assert max(time for time in seen if time is not None) == 0.76


def test_the_same_show_gives_the_same_pictures(films: Path) -> None:
    def shows() -> list[tuple[Pane, ...]]:
        return played(offline(films), 1.0, *range(1, 10))

    for one, other in zip(shows(), shows(), strict=True):
        assert times(one) == times(other)
        for a, b in zip(one, other, strict=True):
            assert a.picture is not None
            assert b.picture is not None
            for first, second in zip(a.picture.planes, b.picture.planes, strict=True):
                np.testing.assert_array_equal(first, second)


def test_frozen_pictures_stand_still_and_go_on_from_there(films: Path) -> None:
    mosaic = offline(films)
    first = mosaic.panes_at(0.0, offered(1))
    for now in (1.0, 2.0):
        assert mosaic.panes_at(now, offered(1), frozen=True) == first
    assert times(mosaic.panes_at(2.04, offered(1))) == [0.24]
    mosaic.close()


def test_a_shot_that_stays_plays_on_whatever_happens_beside_it(films: Path) -> None:
    mosaic = offline(films)
    mosaic.panes_at(0.0, offered(1, 2, 3))
    mosaic.panes_at(0.04, offered(1, 2, 3))
    assert times(mosaic.panes_at(0.08, offered(1, 5, 3))) == [0.28, 0.2, 0.28]
    assert times(mosaic.panes_at(0.12, offered(3, 5))) == [0.32, 0.24]  # moved, and plays on
    mosaic.close()


def test_a_new_entry_of_the_same_shot_changes_nothing(films: Path) -> None:
    mosaic = offline(films)
    mosaic.panes_at(0.0, offered(1))
    [pane] = mosaic.panes_at(0.04, offered(1, entry_s=0.6))
    assert times((pane,)) == [0.24]
    mosaic.close()


def test_after_a_rest_everything_begins_anew(films: Path) -> None:
    mosaic = offline(films)
    mosaic.panes_at(0.0, offered(1))
    mosaic.rest()
    assert times(mosaic.panes_at(5.0, offered(1))) == [0.2]
    mosaic.close()


@pytest.mark.parametrize("lost", [10, 99])
def test_a_broken_or_missing_film_leaves_its_cell_empty_and_is_told_once(
    films: Path, lost: int
) -> None:
    mosaic = offline(films)
    assert times(mosaic.panes_at(0.0, offered(1, lost, 3))) == [0.2, None, 0.2]
    [(match, fault)] = mosaic.failed()
    assert match.moment.film_id == lost
    assert f"{lost}.mov" in fault
    assert times(mosaic.panes_at(0.04, offered(1, lost, 3))) == [0.24, None, 0.24]
    assert mosaic.failed() == ()
    mosaic.close()


@pytest.fixture
def live(films: Path) -> Iterator[LiveMosaic]:
    mosaic = LiveMosaic(lambda moment: clips(films, moment), ManualClock())
    yield mosaic
    mosaic.close()


def until(mosaic: Mosaic, now: float, numbers: tuple[int, ...], want: list[float | None]) -> None:
    """Ask again and again, at one and the same moment of the show, until it is as it must be."""
    clock = SystemClock()
    while times(mosaic.panes_at(now, offered(*numbers))) != want:
        clock.wait_until(clock.now() + 0.001)


def test_live_the_same_pictures_come_when_they_come(live: LiveMosaic) -> None:
    nine = tuple(range(1, 10))
    assert live.panes_at(0.0, offered(*nine)) == ()  # nothing before all are there
    until(live, 0.0, nine, [0.2] * 9)
    until(live, 0.085, nine, [0.28] * 9)


def test_live_a_film_of_single_pictures_skips_to_what_is_on(live: LiveMosaic) -> None:
    until(live, 0.0, (1, 3), [0.2, 0.2])
    until(live, 0.41, (1, 3), [0.6, 0.6])
    until(live, 0.7, (1, 3), [0.08, 0.08])


def test_live_the_shot_before_stays_until_the_next_one_has_its_picture(live: LiveMosaic) -> None:
    until(live, 0.0, (1, 5), [0.2, 0.2])
    now = times(live.panes_at(0.41, offered(1, 3)))
    assert None not in now  # whatever the thread has done by now, nothing is ever empty
    until(live, 0.41, (1, 3), [0.6, 0.2])


def test_live_a_broken_film_stops_nobody(live: LiveMosaic) -> None:
    until(live, 0.0, (10, 1, 99, 2), [None, 0.2, None, 0.2])
    assert sorted(match.moment.film_id for match, _ in live.failed()) == [10, 99]
    until(live, 0.05, (10, 1, 99, 2), [None, 0.24, None, 0.24])


def test_live_nothing_is_decoded_while_nobody_looks(live: LiveMosaic) -> None:
    until(live, 0.0, (1, 2), [0.2, 0.2])
    live.rest()
    brought = live.pictures
    live.rest()
    assert live.pictures == brought
    assert live.panes_at(9.0, offered(1, 2)) == ()
    until(live, 9.0, (1, 2), [0.2, 0.2])


def test_mjpeg_is_decoded_at_a_quarter_of_its_size_where_that_is_enough(tmp_path: Path) -> None:
    path = write(tmp_path / "tall.mov", replace(MJPEG, size=TALL, scenes=((1, 5),)))
    film = SmallFilm(path)
    picture = film.at(0.0)
    assert picture is not None
    assert picture.planes[0].shape == (ENOUGH_PX, TALL[0] // 4)
    assert picture.aspect == pytest.approx(16 / 9)
    film.close()


def test_what_cannot_be_decoded_smaller_is_shrunk(tmp_path: Path) -> None:
    path = write(tmp_path / "tall.mp4", Recipe(options=X264, size=TALL, scenes=((1, 5),)))
    film = SmallFilm(path)
    picture = film.at(0.0)
    assert picture is not None
    assert picture.planes[0].shape == (SHRUNK_PX, round(SHRUNK_PX * 16 / 9 / 2) * 2)
    film.close()


# that one has no times to be found at
@pytest.mark.parametrize("name", sorted(set(ODD) - {"no-time-stamps.h264"}))
def test_films_of_every_kind_are_found_where_the_decks_find_them(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, ODD[name])
    film, reader = SmallFilm(path), FilmReader(path)
    last = None
    for time_s in times_of(path)[:8]:
        last = film.at(time_s) or last
        assert last is not None
        reader.seek(time_s)
        want = reader.read()
        if want is not None:  # the end of some streams cannot be sought
            assert last.time_s == pytest.approx(want.time_s, abs=0.02)
    film.close()
    reader.close()


def test_pictures_in_between_are_passed_over_and_counted(films: Path) -> None:
    film = SmallFilm(films / "1.mov")
    assert film.at(0.0) is not None
    found = film.at(0.4)
    assert found is not None
    assert found.time_s == pytest.approx(0.4)
    assert film.skipped == 9
    film.close()


def test_a_film_that_is_decoded_too_slowly_is_told_to_be_behind(films: Path) -> None:
    film = SmallFilm(films / "2.mp4", most=4)
    assert film.at(0.0) is not None
    found = film.at(0.4)
    assert found is not None
    assert found.time_s == pytest.approx(0.16)
    assert film.behind_s(0.4) == pytest.approx(0.2)
    film.close()


def test_a_film_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="not there"):
        SmallFilm(tmp_path / "gone.mov")
