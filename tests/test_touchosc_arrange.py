"""Cells on sheets: whatever they need, all are there once, in order, and none lies on another."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.osc.touch.arrange import Box, Cell, Column, Panel, sheets, split


def never(_: Box) -> None:
    raise AssertionError("arranging builds nothing")


cells = st.builds(
    lambda w, h, grows, breaks: Cell("", (w, h), never, grows, breaks),  # type: ignore[arg-type]
    st.integers(20, 400),
    st.integers(20, 160),
    st.booleans(),
    st.booleans(),
)
panels = st.builds(
    Panel,
    st.just("heading"),
    st.lists(cells, min_size=1, max_size=9).map(tuple),
    st.integers(44, 200),
)
columns = st.lists(
    st.builds(
        Column, st.lists(panels, min_size=1, max_size=3).map(tuple), st.sampled_from([1.0, 1.5])
    ),
    min_size=1,
    max_size=3,
).map(tuple)


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.w <= other.x
        or other.x + other.w <= one.x
        or one.y + one.h <= other.y
        or other.y + other.h <= one.y
    )


@settings(deadline=None, max_examples=150)
@given(columns, st.integers(320, 1400), st.integers(260, 1000))
def test_every_cell_is_somewhere_once(asked: tuple[Column, ...], width: int, height: int) -> None:
    made = sheets(asked, width, height)
    wanted = [id(cell) for column in asked for panel in column.panels for cell in panel.cells]
    placed = [id(cell) for sheet in made for panel in sheet for cell, _ in panel.cells]
    assert sorted(placed) == sorted(wanted)
    assert all(sheet and all(panel.cells for panel in sheet) for sheet in made)


@settings(deadline=None, max_examples=150)
@given(columns, st.integers(320, 1400), st.integers(260, 1000))
def test_panels_and_cells_lie_inside_and_apart(
    asked: tuple[Column, ...], width: int, height: int
) -> None:
    for sheet in sheets(asked, width, height):
        for panel in sheet:
            box = panel.box
            assert box.x >= 0
            assert box.y >= 0
            assert box.x + box.w <= width
            assert box.y + box.h <= height
            for cell, place in panel.cells:
                assert place.x >= 0
                assert place.x + place.w <= box.w
                assert place.y + place.h <= box.h
                assert place.h >= cell.least_px[1]
            for (_, one), (_, other) in itertools.combinations(panel.cells, 2):
                assert apart(one, other)
        for one_panel, other_panel in itertools.combinations(sheet, 2):
            assert apart(one_panel.box, other_panel.box)


@given(st.integers(100, 2000), st.integers(1, 12))
def test_equal_places_lose_no_point(width: int, count: int) -> None:
    places = split(width, count)
    assert places[0][0] == 0
    assert sum(places[-1]) == width
    assert max(w for _, w in places) - min(w for _, w in places) <= 1
