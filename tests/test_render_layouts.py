import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.params import Fit, Layout, Params
from livematch.render.layouts import (
    Rect,
    What,
    Window,
    cells,
    grid,
    inset,
    placed,
    regions,
    sampled,
)

sizes = st.tuples(st.integers(1, 4000), st.integers(1, 3000))
aspects = st.floats(0.2, 5.0)
params = st.builds(Params, screen=st.sampled_from(Layout), fit=st.sampled_from(Fit))
rects = st.builds(
    Rect, st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 40)
)


@given(params, sizes)
def test_regions_lie_on_the_screen_and_apart(chosen: Params, size: tuple[int, int]) -> None:
    found = regions(chosen, size)
    screen = Rect(0, 0, *size)
    assert found
    assert all(screen.holds(region.rect) for region in found)
    for one, other in itertools.combinations(found, 2):
        if other.over:
            assert one.rect.holds(other.rect)
            continue
        beside = one.rect.right < other.rect.x  # a gap stays between them
        assert beside or one.rect.bottom < other.rect.y


def test_side_by_side_puts_the_camera_left_in_equal_cells() -> None:
    left, right = regions(Params(screen=Layout.SIDE_BY_SIDE), (1280, 720))
    assert (left.what, right.what) == (What.CAMERA, What.PROGRAM)
    assert left.rect.width == right.rect.width
    assert left.rect.x == 0
    assert right.rect.right == 1280
    assert 0 < right.rect.x - left.rect.right <= 12


def test_the_triptych_has_camera_painting_and_program_in_equal_cells() -> None:
    found = regions(Params(screen=Layout.TRIPTYCH), (1920, 1080))
    assert [region.what for region in found] == [What.CAMERA, What.PAINTING, What.PROGRAM]
    assert {region.rect.width for region in found} == {632}
    assert [region.rect.x for region in found] == [0, 644, 1288]
    assert all(region.rect.height == 1080 for region in found)


def test_a_screen_too_narrow_for_three_shows_the_program() -> None:
    (found,) = regions(Params(screen=Layout.TRIPTYCH), (5, 5))
    assert found.what is What.PROGRAM


def test_the_painting_can_have_the_screen_for_itself() -> None:
    (found,) = regions(Params(screen=Layout.LENS), (64, 48))
    assert (found.what, found.rect) == (What.PAINTING, Rect(0, 0, 64, 48))


def test_stacked_puts_the_camera_above_in_equal_cells() -> None:
    above, below = regions(Params(screen=Layout.STACKED), (720, 1280))
    assert (above.what, below.what) == (What.CAMERA, What.PROGRAM)
    assert above.rect.height == below.rect.height
    assert (above.rect.y, below.rect.bottom) == (0, 1280)
    assert 0 < below.rect.y - above.rect.bottom <= 12


def test_picture_in_picture_lays_the_camera_over_the_whole_program() -> None:
    program, camera = regions(Params(screen=Layout.INSET), (1280, 720))
    assert (program.what, camera.what) == (What.PROGRAM, What.CAMERA)
    assert program.rect == Rect(0, 0, 1280, 720)
    assert 1280 - camera.rect.right == 720 - camera.rect.bottom == 24
    assert camera.rect.width / camera.rect.height == pytest.approx(16 / 9, rel=0.01)


def test_the_grid_is_three_by_three_cells_of_the_screens_shape() -> None:
    found = regions(Params(screen=Layout.GRID), (1280, 720))
    assert [(region.what, region.number) for region in found] == [
        (What.PANE, number) for number in range(1, 10)
    ]
    assert {(region.rect.width, region.rect.height) for region in found} == {(407, 229)}
    one, two, four = found[0].rect, found[1].rect, found[3].rect
    assert two.x - one.right == four.y - one.bottom == 8
    assert (one.y, 720 - found[8].rect.bottom) == (8, 9)


def test_a_screen_too_small_for_a_grid_shows_the_program() -> None:
    [region] = regions(Params(screen=Layout.GRID), (8, 8))
    assert region.what is What.PROGRAM


@given(sizes)
def test_cells_of_a_grid_are_alike_and_in_the_middle(size: tuple[int, int]) -> None:
    rect = Rect(0, 0, *size)
    gap = max(2, size[0] // 160)
    places = grid(rect, gap)
    if not places:
        assert min(size) < 3 * (1 + max(size) / min(size)) + 4 * gap
        return
    assert len(places) == 9
    first, last = places[0], places[8]
    assert {(place.width, place.height) for place in places} == {(first.width, first.height)}
    assert abs(first.width - first.height * size[0] / size[1]) <= max(1, size[0] / size[1])
    assert abs(first.x - (size[0] - last.right)) <= 1
    assert abs(first.y - (size[1] - last.bottom)) <= 1
    assert first.x >= gap
    assert first.y >= gap


@given(st.tuples(st.integers(64, 4000), st.integers(64, 3000)))
def test_the_preview_lies_on_the_screen(size: tuple[int, int]) -> None:
    assert Rect(0, 0, *size).holds(inset(size))
    assert len(grid(inset(size), 2)) == 9


@pytest.mark.parametrize("size", [(0, 0), (0, 500), (500, 0), (-1, 4)])
def test_a_screen_without_area_has_no_regions(size: tuple[int, int]) -> None:
    assert regions(Params(), size) == ()


@given(aspects, rects, st.sampled_from(Fit))
def test_pictures_stay_in_their_place(aspect: float, rect: Rect, fit: Fit) -> None:
    place, window = placed(aspect, rect, fit)
    assert rect.holds(place)
    assert 0 <= window.left < window.right <= 1
    assert 0 <= window.top < window.bottom <= 1


@given(aspects, sizes)
def test_fit_keeps_the_aspect_and_all_of_the_picture(aspect: float, size: tuple[int, int]) -> None:
    rect = Rect(0, 0, *size)
    place, window = placed(aspect, rect, Fit.FIT)
    assert window == Window()
    touches = place.width == rect.width or place.height == rect.height
    assert touches
    # to the pixel, plus the bar of a pixel and a half that is not worth drawing
    assert abs(place.width - place.height * aspect) <= 2.5 * max(1.0, aspect)


@given(aspects, sizes)
def test_fill_covers_the_place_and_keeps_the_aspect(aspect: float, size: tuple[int, int]) -> None:
    rect = Rect(0, 0, *size)
    place, window = placed(aspect, rect, Fit.FILL)
    assert place == rect
    across, down = window.right - window.left, window.bottom - window.top
    assert max(across, down) == pytest.approx(1.0)
    assert across * aspect / down == pytest.approx(size[0] / size[1])
    assert window.left + window.right == pytest.approx(1.0)
    assert window.top + window.bottom == pytest.approx(1.0)


@given(st.lists(rects, min_size=1, max_size=2))
def test_cells_tile_the_union_and_know_who_is_there(places: list[Rect]) -> None:
    want = np.zeros((80, 80), int)
    for number, place in enumerate(places):
        want[place.y : place.bottom, place.x : place.right] += 1 << number
    have = np.zeros((80, 80), int)
    for cell in cells(tuple(places)):
        part = have[cell.rect.y : cell.rect.bottom, cell.rect.x : cell.rect.right]
        assert not part.any(), "two cells overlap"
        part += sum(1 << number for number in cell.layers)
    np.testing.assert_array_equal(have, want)


@given(rects, st.integers(0, 3), st.booleans())
def test_turned_textures_are_read_inside_and_wholly(
    place: Rect, turns: int, mirrored: bool
) -> None:
    s, t, across_s, across_t, down_s, down_t = sampled(
        place, place, Window(), turns, mirrored=mirrored
    )
    corners = {
        (
            round(s + x * across_s + y * down_s, 9) + 0.0,
            round(t + x * across_t + y * down_t, 9) + 0.0,
        )
        for x in (0, 1)
        for y in (0, 1)
    }
    assert corners == {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}
