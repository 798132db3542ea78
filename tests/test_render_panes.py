"""Nine cells on the screen, with flat colours; the preview over a program and alone."""

from collections.abc import Iterator

import numpy as np
import pytest
from render_kit import flat, opened, shown

from livematch.control.params import Layout, Params
from livematch.render.compositor import Compositor
from livematch.render.layouts import Rect, grid, inset, regions
from livematch.render.offscreen import OffscreenSurface
from livematch.render.operator import REFRESH_HZ, Operator
from livematch.render.preview import Preview
from livematch.values import Image, Pane

SIZE = (640, 360)
RED = (0, 0, 255)
GRID = Params(screen=Layout.GRID)
COLOURS = [(20 * n, 255 - 25 * n, 10 + 12 * n) for n in range(1, 10)]
PLACES = tuple(region.rect for region in regions(GRID, SIZE))


@pytest.fixture(scope="module")
def surface() -> Iterator[OffscreenSurface]:
    surface = opened(SIZE)
    yield surface
    surface.close()


def panes(count: int = 9, *, without: int = 0) -> tuple[Pane, ...]:
    return tuple(
        Pane(n, None if n == without else flat(COLOURS[n - 1]), f"film {n}", 0.5)
        for n in range(1, count + 1)
    )


def composed(
    surface: OffscreenSurface, compositor: Compositor, seen: tuple[Pane, ...], params: Params = GRID
) -> Image:
    surface.begin()
    compositor.draw([shown(flat(RED, SIZE))], None, params, SIZE, seen)
    return surface.read()


def middle(rect: Rect) -> tuple[int, int]:
    return rect.y + rect.height // 2, rect.x + rect.width // 2


@pytest.mark.parametrize("count", range(1, 10))
def test_each_candidate_is_in_the_cell_of_its_number(surface: OffscreenSurface, count: int) -> None:
    seen = composed(surface, Compositor(), panes(count))
    for number, place in enumerate(PLACES, 1):
        want = COLOURS[number - 1] if number <= count else (0, 0, 0)
        assert tuple(seen[middle(place)]) == want
    assert not seen[:, PLACES[0].right + 1].any()  # gaps are black
    assert not seen[PLACES[0].bottom + 1].any()


def test_a_cell_without_a_picture_is_black_and_the_others_are_not(
    surface: OffscreenSurface,
) -> None:
    seen = composed(surface, Compositor(), panes(without=5))
    black = [not seen[middle(place)].any() for place in PLACES]
    assert black == [number == 5 for number in range(1, 10)]


def test_until_there_are_panes_the_grid_shows_the_program(surface: OffscreenSurface) -> None:
    assert (composed(surface, Compositor(), ()) == RED).all()


def test_a_blackout_takes_the_grid_too(surface: OffscreenSurface) -> None:
    assert not composed(
        surface, Compositor(), panes(), Params(screen=Layout.GRID, blackout=True)
    ).any()


def test_panes_are_brought_to_the_card_when_they_change(surface: OffscreenSurface) -> None:
    compositor, seen = Compositor(), panes()
    composed(surface, compositor, seen)
    before = compositor.uploads
    composed(surface, compositor, seen)
    assert compositor.uploads == before
    composed(surface, compositor, (*seen[:4], *panes()[4:5], *seen[5:]))
    assert compositor.uploads == before + 1


def previewed(
    surface: OffscreenSurface, params: Params, preview: Preview, now: float = 0.0, count: int = 9
) -> tuple[Image, Image]:
    """Draw the program, then the preview over it."""
    compositor = Compositor()
    without = composed(surface, compositor, panes(count), params)
    preview.draw_over(panes(count), compositor, params, surface, now)
    return without, surface.read()


def test_the_preview_lies_over_its_corner_of_the_program_and_nowhere_else(
    surface: OffscreenSurface,
) -> None:
    without, seen = previewed(surface, Params(preview=True), Preview())
    rect = inset(SIZE)
    there = np.zeros(seen.shape[:2], bool)
    there[rect.y : rect.bottom, rect.x : rect.right] = True
    assert (seen[~there] == without[~there]).all()
    for colour, place in zip(COLOURS, grid(rect, 2), strict=True):
        assert tuple(seen[middle(place)]) == colour


def test_in_the_grid_only_numbers_and_titles_are_added(surface: OffscreenSurface) -> None:
    _, seen = previewed(surface, Params(screen=Layout.GRID, preview=True), Preview())
    for colour, place in zip(COLOURS, PLACES, strict=True):
        assert tuple(seen[middle(place)]) == colour
        corner = seen[place.y : place.y + 8, place.x : place.x + 8].reshape(-1, 3)
        foot = seen[place.bottom - 8 : place.bottom, place.x : place.right].reshape(-1, 3)
        assert (corner != colour).any()
        assert (foot.min(axis=1) > 200).any()  # letters


def test_the_operator_sees_the_preview_in_a_blackout(surface: OffscreenSurface) -> None:
    params = Params(screen=Layout.GRID, preview=True, blackout=True)
    without, seen = previewed(surface, params, Preview())
    assert not without.any()
    assert tuple(seen[middle(grid(inset(SIZE), 2)[4])]) == COLOURS[4]


def test_without_candidates_nothing_lies_over_the_program(surface: OffscreenSurface) -> None:
    without, seen = previewed(surface, Params(preview=True), Preview(), count=0)
    assert (without == seen).all()


def test_captions_are_painted_when_they_change_and_can_be_read(
    surface: OffscreenSurface,
) -> None:
    preview = Preview()
    for tick in range(10):
        previewed(surface, Params(preview=True), preview, tick * 1.0)
    assert preview.paintings == 9


class Desk:
    """A surface that its operator can close, again and again."""

    def __init__(self) -> None:
        self.opened = 0
        self.surface: OffscreenSurface | None = None

    def __call__(self) -> OffscreenSurface:
        self.opened += 1
        self.surface = opened(SIZE)
        return self.surface

    def seen(self) -> Image:
        assert self.surface is not None
        self.surface.begin()
        return self.surface.read()


def test_the_operators_window_shows_the_nine_and_closing_it_ends_nothing() -> None:
    desk = Desk()
    operator = Operator(desk)
    on, off = Params(preview=True), Params(preview=False)
    operator.take(panes(), None, on)
    operator.draw(0.0)
    assert tuple(desk.seen()[middle(grid(Rect(0, 0, *SIZE), 4)[4])]) == COLOURS[4]
    operator.take(panes(), None, off)
    operator.draw(0.5 / REFRESH_HZ)  # too soon: the audience's pictures go before these
    assert desk.seen().any()
    operator.draw(1.5 / REFRESH_HZ)
    assert not desk.seen().any()
    assert desk.surface is not None
    desk.surface.close()
    assert operator.events() == []
    assert operator.was_closed()
    assert not operator.was_closed()
    operator.draw(1.0)
    assert desk.opened == 1  # it stays away until it is asked for
    operator.take(panes(), None, on)
    operator.draw(2.0)
    assert desk.opened == 2
    operator.close()
    operator.close()
