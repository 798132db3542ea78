from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_kit import drawn, flat, opened, shown

from livematch.render.compositor import Compositor
from livematch.render.gl import GL
from livematch.render.hud import HudStatus, Row, Tone, fitting, hud_lines, hud_rows, time_code
from livematch.render.offscreen import OffscreenSurface
from livematch.render.panel import Hud, length_px, painted, plain, shortened, text_px
from livematch.telemetry import summarise

STATUS = HudStatus(
    camera="camera 0, 29.9 frames/s",
    fps=59.94,
    film="Big Buck Bunny",
    time_s=83.27,
    score=0.834,
    parts=(("semantic", 0.71), ("colour", 0.9)),
    stages=(summarise("found → decided", [8.0, 9.0, 10.0]),),
    drops=(("camera", 3), ("screen", 0)),
    provider="CPUExecutionProvider",
)
SIZES = [(640, 360), (1280, 720), (1920, 1080)]


def test_the_lines_say_all_that_is_known() -> None:
    text = "\n".join(hud_lines(STATUS))
    for word in ("camera 0", "Big Buck Bunny", "0:01:23.2", "0.83", "semantic 0.71", "59.9"):
        assert word in text
    for word in ("found → decided", "9.0", "10.0", "3 camera", "CPUExecutionProvider"):
        assert word in text
    assert "screen 0" not in text
    assert "0 screen" not in text


def test_what_is_unknown_is_left_out() -> None:
    lines = hud_lines(HudStatus(camera="waiting", fps=60.0))
    assert [line.split()[0] for line in lines] == ["camera", "screen"]


def test_the_fallback_is_loud_and_first() -> None:
    rows = hud_rows(
        replace(STATUS, provider_warning="CPU instead of CUDA", warnings=("film gone",))
    )
    assert [row.text for row in rows if row.tone is Tone.WARNING] == [
        "CPU instead of CUDA",
        "film gone",
    ]
    assert rows[0].tone is Tone.WARNING


@given(st.lists(st.integers(1, 4), max_size=30), st.integers(-2, 30))
def test_the_weighty_rows_stay_in_their_order(weights: list[int], room: int) -> None:
    rows = tuple(Row(str(n), weight=weight) for n, weight in enumerate(weights))
    kept = fitting(rows, room)
    assert len(kept) == min(len(rows), max(0, room))
    assert list(kept) == sorted(kept, key=lambda row: int(row.label))
    gone = set(rows) - set(kept)
    assert not kept or not gone or min(r.weight for r in kept) >= max(r.weight for r in gone)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0, "0:00:00.0"), (59.99, "0:00:59.9"), (3600.1, "1:00:00.1"), (-1, "0:00:00.0")],
)
def test_time_codes(time_s: float, text: str) -> None:
    assert time_code(time_s) == text


@pytest.mark.parametrize("size", SIZES)
def test_the_panel_stays_on_the_screen_and_can_be_read(size: tuple[int, int]) -> None:
    crowded = replace(
        STATUS, stages=STATUS.stages * 40, warnings=("a very long warning " * 20,) * 3
    )
    image = painted(hud_rows(crowded), size)
    assert image.shape[1] <= size[0]
    assert image.shape[0] <= size[1]
    # over white, the brightest a picture can be: letters and ground are far apart
    over_white = image[..., :3].astype(int) + (255 - image[..., 3:].astype(int))
    quiet = painted(hud_rows(STATUS), size)
    ground = quiet[quiet.shape[0] // 2, 2]
    assert (ground[:3].astype(int) + 255 - int(ground[3])).max() < 90
    assert over_white.max() <= 255
    assert (image[..., :3] <= image[..., 3:]).all(), "colours are multiplied by transparency"
    assert text_px(size) >= 12


def test_numbers_stand_in_columns() -> None:
    rows = (Row("a", numbers=("1.0", "10.0")), Row("bbbb", numbers=("100.0", "1.0")))
    image = painted(rows, (1280, 720))
    letter = text_px((1280, 720))
    pad, line = round(letter * 0.7), round(letter * 1.36)
    ink = image[..., 0] > 150
    ends = [
        np.flatnonzero(ink[pad + n * line : pad + (n + 1) * line].any(axis=0))[-1] for n in (0, 1)
    ]
    assert abs(ends[0] - ends[1]) <= 1


def test_titles_in_any_script_are_written_with_the_signs_there_are() -> None:
    assert plain("Amélie → 10 – 20 ×") == "Amelie > 10 - 20 x"
    assert plain("七人の侍") == "????"
    cut = shortened("a long title that goes on", 14, 80)
    assert cut.endswith("...")
    assert length_px(cut, 14) <= 80


@pytest.fixture(scope="module")
def surface() -> Iterator[OffscreenSurface]:
    surface = opened((640, 360))
    yield surface
    surface.close()


def over_white(surface: OffscreenSurface, hud: Hud, status: HudStatus, now: float) -> np.ndarray:
    compositor = Compositor()
    surface.begin()
    drawn(surface, compositor, shown(flat((255, 255, 255), (640, 360))))
    hud.draw(status, surface.size_px, now)
    assert GL.glGetError() == GL.GL_NO_ERROR
    return surface.read()


def test_the_text_is_seen_and_changes_with_the_figures(surface: OffscreenSurface) -> None:
    hud = Hud()
    first = over_white(surface, hud, STATUS, 0.0)
    assert first[20, 20].max() < 90, "the panel is dark"
    assert (first[-10:, -10:] == 255).all(), "the rest of the picture is untouched"
    inside = first[12:200, 12:200]
    assert inside.max() > 200, "letters are bright"
    second = over_white(surface, hud, replace(STATUS, film="Steamboat Willie"), 1.0)
    assert (first != second).any()
    loud = over_white(surface, hud, replace(STATUS, provider_warning="CPU"), 2.0)
    assert np.abs(loud[16:24].astype(int) - second[16:24]).max() > 60


def test_it_is_painted_no_more_than_needed(surface: OffscreenSurface) -> None:
    hud = Hud()
    for tick in range(60):  # one second, the film's time running
        status = replace(STATUS, time_s=tick / 6)
        over_white(surface, hud, status, tick / 60)
    assert hud.paintings == 4
    over_white(surface, hud, status, 10.0)
    painted_before = hud.paintings
    for tick in range(5):
        over_white(surface, hud, status, 11.0 + tick)
    assert hud.paintings == painted_before


def test_a_tiny_screen_has_no_hud(surface: OffscreenSurface) -> None:
    hud = Hud()
    surface.begin()
    hud.draw(STATUS, (40, 40), 0.0)
    hud.draw(STATUS, (0, 0), 0.0)
    assert hud.paintings == 0


def test_the_lens_that_paints_is_named() -> None:
    lines = hud_lines(replace(STATUS, lens="sea on cpu"))
    assert any(line.split() == ["lens", "sea", "on", "cpu"] for line in lines)
    assert not any(line.startswith("lens") for line in hud_lines(STATUS))


def test_preset_and_step_are_named_where_there_are_any() -> None:
    lines = hud_lines(replace(STATUS, preset="storm", step="Act 2"))
    assert any(line.split() == ["preset", "storm"] for line in lines)
    assert any(line.split() == ["step", "Act", "2"] for line in lines)
    assert not any(line.startswith(("preset", "step")) for line in hud_lines(STATUS))
