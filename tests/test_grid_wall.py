"""The grid as a picture and as a loop: where cells are, and which times of the films they show."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import X264, Recipe, pictures, write
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.control.params import Fit
from livematch.errors import FilmError, UsageError
from livematch.grid.playing import Cell, Roll, film_of, loop_of, pictures_in
from livematch.grid.wall import Shape, blank, cells, hang, label, parse_cells, usual_size
from livematch.media import open_film
from livematch.render.layouts import Rect
from livematch.values import Clip, Image


def plain(value: int, width: int = 32, height: int = 18) -> Image:
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize(
    ("text", "columns", "rows"), [("3x3", 3, 3), ("5X2", 5, 2), (" 1×12 ", 1, 12)]
)
def test_a_grid_is_read(text: str, columns: int, rows: int) -> None:
    assert parse_cells(text) == Shape(columns, rows)


@pytest.mark.parametrize("text", ["", "3", "0x3", "3x13", "3x3x3", "-1x2", "threexthree"])
def test_what_is_no_grid_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"COLUMNSxROWS, such as 3x3"):
        parse_cells(text)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(300, 2000), st.integers(300, 2000))
@settings(deadline=None)
def test_cells_are_equal_apart_and_inside(columns: int, rows: int, width: int, height: int) -> None:
    shape = Shape(columns, rows)
    try:
        places = cells(shape, (width, height))
    except UsageError:
        assert width / columns < 200 or height / rows < 200
        return
    assert len(places) == shape.count
    assert len({(place.width, place.height) for place in places}) == 1
    canvas = np.zeros((height, width), int)
    for place in places:
        canvas[place.y : place.bottom, place.x : place.right] += 1
        assert place.right <= width
        assert place.bottom <= height
    assert canvas.max() == 1
    assert canvas.sum() == shape.count * places[0].width * places[0].height


def test_cells_have_the_screens_shape() -> None:
    for shape in (Shape(3, 3), Shape(4, 2), Shape(2, 5)):
        place = cells(shape, usual_size(shape))[0]
        assert place.width / place.height == pytest.approx(16 / 9, abs=0.02)


def test_the_middle() -> None:
    assert [Shape(*shape).middle for shape in ((3, 3), (5, 1), (4, 2), (1, 1))] == [4, 2, 1, 0]


def test_a_picture_fills_its_cell_or_is_whole() -> None:
    cell = Rect(10, 10, 64, 36)
    for fit, covered in ((Fit.FILL, 64 * 36), (Fit.FIT, 36 * 36)):
        canvas = blank((100, 60))
        hang(canvas, cell, plain(200, 50, 50), fit)
        assert int((canvas == 200).all(axis=2).sum()) == covered
        assert (canvas[:10] == blank((100, 10))).all()
    hang(canvas, cell, None, Fit.FIT)
    assert len(np.unique(canvas[10:46, 10:74].reshape(-1, 3), axis=0)) == 1


def test_a_label_stays_in_its_cell_and_is_read() -> None:
    cell = Rect(20, 20, 200, 120)
    canvas = blank((240, 160))
    hang(canvas, cell, plain(120), Fit.FILL)
    before = canvas.copy()
    label(cell, ["a film with a name that is much too long for it", "0:00:01"], marked=True).draw(
        canvas
    )
    changed = np.argwhere((canvas != before).any(axis=2))
    assert changed.min() >= 20
    assert changed[:, 0].max() < 140
    assert changed[:, 1].max() < 220
    assert canvas.max() > 220


def clip(start_s: float, end_s: float, entry_s: float, path: Path = Path("x")) -> Clip:
    return Clip(path, entry_s, start_s, end_s, "x")


@given(
    st.floats(0, 100),
    st.floats(0.05, 60),
    st.floats(0, 1),
    st.floats(1, 30),
    st.integers(0, 400),
)
@settings(deadline=None)
def test_a_loop_stays_in_its_shot_and_comes_round(
    start_s: float, length_s: float, entry: float, film_s: float, tick: int
) -> None:
    shot = clip(start_s, start_s + length_s, start_s + entry * length_s * 0.99)
    loop = loop_of(shot, film_s)
    play_s = tick * film_s / 400
    glances = loop.at(play_s)
    assert sum(glance.share for glance in glances) == pytest.approx(1.0)
    for glance in glances:
        assert start_s - 1e-6 <= glance.time_s <= start_s + length_s + 1e-6

    def seen(at_s: float) -> float:
        return sum(glance.time_s * glance.share for glance in loop.at(at_s))

    assert seen(film_s - 1e-7) == pytest.approx(seen(0.0), abs=1e-3)
    if loop.lap_s > 0:
        assert film_s / loop.lap_s == pytest.approx(round(film_s / loop.lap_s))
    # no jump anywhere: between neighbouring pictures what is seen changes by their distance
    step_s = 1 / 240
    here, there = seen(play_s), seen(play_s + step_s)
    steepest = 1 + length_s / max(0.02, loop.overlap_s)
    assert abs(there - here) <= steepest * step_s + 1e-3


def test_a_long_shot_begins_at_its_moment() -> None:
    loop = loop_of(clip(10.0, 40.0, 20.0), 12.0)
    assert loop.at(0.0)[0].time_s == pytest.approx(20.0)
    assert loop.at(11.0)[0].time_s == pytest.approx(31.0)
    assert loop.lap_s == 12.0


def test_a_moment_at_the_end_goes_round_within_its_shot() -> None:
    loop = loop_of(clip(0.0, 10.0, 9.0), 4.0)
    assert loop.start_s == 6.0
    assert loop.at(0.0)[0].time_s == pytest.approx(9.0, abs=0.01) or loop.entry_s == loop.start_s


def test_what_is_too_short_stands_still() -> None:
    assert loop_of(clip(5.0, 5.1, 5.05), 12.0).at(3.0)[0].time_s == 5.05


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Image]]:
    recipe = Recipe(options=X264, scenes=((1, 50), (2, 50)))
    path = tmp_path_factory.mktemp("grid") / "film.mp4"
    write(path, recipe)
    return path, pictures(recipe.scenes, recipe.size)


@pytest.mark.parametrize("times_s", [(0.0, 0.04, 0.5, 3.9), (3.0, 0.2), (1.02, 1.03, 1.05)])
def test_a_roll_shows_what_is_on(
    film: tuple[Path, list[Image]], times_s: tuple[float, ...]
) -> None:
    path, drawn = film
    with open_film(path) as opened:
        roll = Roll(opened, 192)
        for time_s in times_s:
            wanted = drawn[int(time_s * 25 + 1e-6)]
            assert np.abs(roll.at(time_s).astype(int) - wanted).mean() < 6


def test_a_film_of_cells_is_a_loop(film: tuple[Path, list[Image]]) -> None:
    path, _ = film
    first = Cell(Rect(0, 0, 96, 54), clip(0.0, 2.0, 0.5, path), None)
    second = Cell(Rect(96, 0, 96, 54), clip(2.0, 4.0, 3.5, path), None)
    still = Cell(Rect(0, 54, 96, 54), None, plain(77))
    lost = Cell(Rect(96, 54, 96, 54), clip(0, 1, 0, path.with_name("gone.mp4")), plain(55))
    drawn = [
        picture.copy()
        for picture in film_of(
            [first, second, still, lost], (192, 108), Fit.FILL, 3.0, Fraction(20)
        )
    ]
    assert len(drawn) == pictures_in(3.0, Fraction(20)) == 60
    steps = [
        np.abs(a.astype(int) - b).mean() for a, b in zip(drawn, [*drawn[1:], drawn[0]], strict=True)
    ]
    assert max(steps[:-1]) > 0.1
    assert steps[-1] <= 1.5 * max(steps[:-1])
    assert all((picture[54:, :96] == 77).all() and (picture[54:, 96:] == 55).all()
               for picture in drawn)  # fmt: skip
    assert first.fault is None
    assert lost.fault is not None


def test_a_roll_says_when_there_is_nothing(tmp_path: Path) -> None:
    cell = Cell(Rect(0, 0, 10, 10), clip(0, 1, 0, tmp_path / "none.mp4"), None)
    cell.begin(2.0)
    assert cell.picture(0.0) is None
    assert isinstance(FilmError(cell.fault), FilmError)
