"""Labels: what is written at which picture, and where."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_kit import bgr, flat, opened

from livematch.control.params import Fit, Layout, Params
from livematch.render.compositor import Compositor, Shown
from livematch.render.labels import Labels, arranged, figures, figures_px, time_code, words
from livematch.render.layouts import Rect
from livematch.render.panel import length_px
from livematch.values import Frame, Image, Layer, Pane, Source

SIZE = (640, 360)
WIDE, TALL = (160, 90), (90, 160)
SIDE = Params(screen=Layout.SIDE_BY_SIDE, mirror=False)


def film(opacity: float = 1.0, title: str = "The Sea", size: tuple[int, int] = WIDE) -> Layer:
    picture = replace(flat((90, 90, 90), size), time_s=75.25)
    return Layer(Source.ARCHIVE, 0, picture, opacity, title)


def camera(title: str = "trailer", time_s: float | None = 3.5) -> Frame:
    return Frame(0, 9.0, np.full((90, 160, 3), 60, np.uint8), title, time_s)


def shown_of(params: Params, *layers: Layer, panes: tuple[Pane, ...] = ()) -> tuple[Shown, ...]:
    surface, compositor = opened(SIZE), Compositor()
    surface.begin()
    compositor.draw(layers, camera(), params, SIZE, panes)
    surface.present()
    surface.close()
    return compositor.shown


def told(shown: tuple[Shown, ...]) -> list[tuple[str, float | None]]:
    return [(picture.title, picture.time_s) for picture in shown]


@pytest.mark.parametrize(
    ("screen", "want"),
    [
        (Layout.PROGRAM, [("The Sea", 75.25)]),
        (Layout.CAMERA, [("trailer", 3.5)]),
        (Layout.SIDE_BY_SIDE, [("trailer", 3.5), ("The Sea", 75.25)]),
        (Layout.STACKED, [("trailer", 3.5), ("The Sea", 75.25)]),
        (Layout.INSET, [("The Sea", 75.25), ("trailer", 3.5)]),
    ],
)
def test_each_picture_is_called_by_its_own_name(
    screen: Layout, want: list[tuple[str, float]]
) -> None:
    assert told(shown_of(Params(screen=screen), film())) == want


def test_in_the_grid_each_pane_is_named() -> None:
    panes = tuple(Pane(n, replace(flat((9, 9, 9)), time_s=n), f"film {n}", 0.5) for n in (1, 2))
    shown = shown_of(Params(screen=Layout.GRID), film(), panes=panes)
    assert told(shown) == [("film 1", 1), ("film 2", 2)]


def test_of_a_fade_what_is_seen_best_is_named() -> None:
    above = replace(film(0.4, "Night"), deck=1)
    assert told(shown_of(Params(), film(), above)) == [("The Sea", 75.25)]
    above = replace(above, opacity=0.6)
    assert told(shown_of(Params(), film(), above)) == [("Night", 75.25)]


def test_what_is_mostly_black_has_no_name() -> None:
    black = Layer(Source.BLACK, 1, None, 0.6)
    assert told(shown_of(Params(), film(), black)) == []
    assert told(shown_of(Params(blackout=True), film())) == []


def test_the_camera_in_the_program_is_named_as_the_camera() -> None:
    assert told(shown_of(Params(), Layer(Source.CAMERA, 0, None, 1.0))) == [("trailer", 3.5)]


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "00:00.0"),
        (75.25, "01:15.2"),
        (59.999, "00:59.9"),
        (0.3, "00:00.3"),
        (3723.95, "1:02:03.9"),
        (-0.1, "00:00.0"),
    ],
)
def test_time_codes(time_s: float, text: str) -> None:
    assert time_code(time_s) == text


def test_under_a_picture_title_and_time_stand_at_its_edges() -> None:
    shown = Shown("The Sea", 75.0, Rect(100, 40, 300, 160), Rect(0, 0, 500, 360))
    lines = arranged(shown, SIZE)
    assert lines is not None
    assert lines.title_at[0] == 100
    assert lines.title_at[1] >= 200
    assert lines.time_at[0] + figures_px(lines.time, lines.letter) == 400
    assert lines.time_at[1] == lines.title_at[1]


def test_without_a_bar_it_stands_in_the_corner() -> None:
    lines = arranged(Shown("The Sea", 75.0, Rect(0, 0, *SIZE), Rect(0, 0, *SIZE)), SIZE)
    assert lines is not None
    assert 0 < lines.title_at[0] < 30
    assert SIZE[1] - 50 < lines.title_at[1] < SIZE[1] - lines.letter
    end = lines.title_at[0] + length_px(lines.title, lines.letter)
    assert end < lines.time_at[0] < end + 2 * lines.letter


def test_underscores_are_spaces_and_long_titles_are_shortened() -> None:
    place = Rect(0, 0, 200, 200)
    lines = arranged(Shown("a_quite_" * 20, 1.0, place, place), SIZE)
    assert lines is not None
    assert lines.title.startswith("a quite")
    assert lines.title.endswith("...")
    assert lines.time_at[0] + figures_px(lines.time, lines.letter) <= place.right


@given(
    st.builds(
        Rect, st.integers(0, 900), st.integers(0, 500), st.integers(1, 700), st.integers(1, 500)
    ),
    st.integers(0, 200),
    st.text(max_size=60),
    st.none() | st.floats(0, 1e5),
)
def test_a_label_stays_within_its_part(
    place: Rect, bar: int, title: str, time_s: float | None
) -> None:
    rect = replace(place, height=place.height + bar)
    lines = arranged(Shown(title, time_s, place, rect), (place.right + 5, rect.bottom + 5))
    if lines is None:
        return
    for text, (x, y), wide in (
        (lines.title, lines.title_at, length_px(lines.title, lines.letter) if lines.title else 0),
        (lines.time, lines.time_at, figures_px(lines.time, lines.letter)),
    ):
        if text:
            assert rect.x <= x
            assert x + wide <= rect.right
            assert rect.y <= y <= rect.bottom - lines.letter


def test_every_figure_is_as_wide_as_the_next() -> None:
    images = {figures(f"0{n}:{n}{n}.{n}", 15).shape for n in range(10)}
    assert len(images) == 1
    assert figures("01:15.2", 15).max() > 180
    assert words("The Sea", 15)[..., 3].max() == 255


def labelled(params: Params, labels: Labels | None, *layers: Layer) -> Image:
    surface, compositor = opened(SIZE), Compositor()
    surface.begin()
    compositor.draw(layers, camera(), params, SIZE)
    if labels is not None:
        labels.draw(compositor.shown, SIZE)
    seen = surface.read()
    surface.present()
    surface.close()
    return seen


def test_letters_are_seen_where_they_should_be() -> None:
    plainly = labelled(SIDE, None, film()).astype(int)
    written = labelled(SIDE, Labels(), film()).astype(int)
    rows, columns, _ = np.nonzero(np.abs(written - plainly) > 60)
    assert rows.min() > SIZE[1] // 2 + 88  # under pictures 318 × 179 in the middle
    assert columns.min() < 40
    assert columns.max() > SIZE[0] - 40


def test_a_title_is_painted_once() -> None:
    surface, compositor, labels = opened(SIZE), Compositor(), Labels()
    for number in range(30):
        surface.begin()
        frame = camera(time_s=number / 10)
        compositor.draw([film()], frame, SIDE, SIZE)
        labels.draw(compositor.shown, SIZE)
        surface.present()
    surface.close()
    assert labels.paintings == 2


def test_another_context_gets_its_own() -> None:
    labels = Labels()
    first = labelled(SIDE, labels, film())
    again = labelled(SIDE, labels, film())
    assert np.array_equal(first, again)
    assert labels.paintings == 4


def test_picture_in_picture_stands_dark_edged_in_the_lower_right_corner() -> None:
    white = replace(bgr(np.full((90, 160, 3), 250, np.uint8)), time_s=0.0)
    layer = Layer(Source.ARCHIVE, 0, white, 1.0)
    for fit in Fit:
        seen = labelled(Params(screen=Layout.INSET, mirror=False, fit=fit), None, layer)
        dark = np.argwhere(seen.max(axis=2) < 100)
        (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
        assert (bottom - top, right - left) == pytest.approx((108, 192), abs=4)
        assert 8 <= SIZE[1] - bottom == pytest.approx(SIZE[0] - right, abs=1)
        assert seen[top, left].max() == 0
        assert np.all(seen[bottom - 20, right - 20] == 60)
        assert np.all(seen[10, 10] > 245)
