"""Contact sheets: every picture whole and in its place, every caption its own."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livematch.errors import FilmError, UsageError
from livematch.sheet import (
    ACCENT,
    PANEL,
    PAPER,
    Tile,
    contact_sheet,
    readable,
    time_code,
    write_sheet,
)
from livematch.stills import film_still, read_image
from livematch.values import Image

RED, GREEN = (20, 30, 220), (40, 200, 30)  # BGR


def plain(colour: tuple[int, int, int], width: int = 160, height: int = 90) -> Image:
    return np.full((height, width, 3), colour, np.uint8)


def count(sheet: Image, colour: tuple[int, int, int]) -> int:
    return int((np.abs(sheet.astype(int) - colour).max(axis=2) <= 2).sum())


def test_pictures_fill_their_places_in_order() -> None:
    sheet = contact_sheet([Tile(plain(RED), "a"), Tile(plain(GREEN), "b")], 2, 160)
    assert count(sheet, RED) == count(sheet, GREEN) == 160 * 90
    assert np.argwhere((sheet == RED).all(axis=2))[:, 1].max() < (
        np.argwhere((sheet == GREEN).all(axis=2))[:, 1].min()
    )


def test_a_picture_of_another_shape_is_shown_whole() -> None:
    tall = plain(GREEN, 60, 120)
    tall[:4], tall[-4:] = RED, RED
    sheet = contact_sheet([Tile(plain((90, 90, 90)), "")] * 2 + [Tile(tall, "")], 3, 160)
    rows = np.argwhere(np.abs(sheet.astype(int) - RED).max(axis=2) < 60)[:, 0]
    assert rows.max() - rows.min() >= 85  # its top and its bottom, in a place 90 high
    assert count(sheet, PANEL[::-1]) > 1000  # and the place's own colour beside it


def test_captions_are_drawn_and_differ() -> None:
    blank = plain((0, 0, 0))
    sheets = [contact_sheet([Tile(blank, text)], 1, 200) for text in ("", "one", "two", "two\nx")]
    places = {sheet[:120].tobytes() for sheet in sheets}
    assert len({sheet.tobytes() for sheet in sheets}) == 4
    assert len(places) == 1  # the picture is the same under every caption
    assert count(sheets[1], PAPER[::-1]) < count(sheets[0], PAPER[::-1])
    assert sheets[3].shape[0] > sheets[2].shape[0]  # another line needs room


def test_a_marked_tile_and_a_missing_picture_show() -> None:
    marked = contact_sheet([Tile(plain(RED), "x", marked=True)], 1, 200)
    assert count(marked, ACCENT[::-1]) > 2 * (200 + 110)
    assert count(contact_sheet([Tile(None, "x")], 1, 200), RED) == 0


def test_a_title_makes_room_for_itself() -> None:
    tiles = [Tile(plain(RED), "x")]
    with_title = contact_sheet(tiles, 1, 200, "similar scenes")
    assert with_title.shape[0] > contact_sheet(tiles, 1, 200).shape[0]
    assert count(with_title[:20], PAPER[::-1]) < 20 * with_title.shape[1]


@pytest.mark.parametrize(
    "text", ["a name far too long for its place " * 20, "日本語" * 99, "\t\x00"]
)
def test_no_caption_leaves_its_place(text: str) -> None:
    tiles = [Tile(plain(RED), text), Tile(plain(RED), "")]
    sheet = contact_sheet(tiles, 2, 200)
    gap = 11
    right = sheet[:, gap + 200 + gap :]
    plain_right = contact_sheet([Tile(plain(RED), ""), tiles[1]], 2, 200)[:, gap + 200 + gap :]
    np.testing.assert_array_equal(right, plain_right)


@settings(deadline=None)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=13),
    columns=st.integers(0, 5),
    width=st.integers(40, 200),
)
def test_any_pictures_make_a_sheet(shapes: list[tuple[int, int]], columns: int, width: int) -> None:
    tiles = [Tile(np.zeros((h, w, 3), np.uint8), f"{n}") for n, (h, w) in enumerate(shapes)]
    sheet = contact_sheet(tiles, columns, width)
    assert sheet.dtype == np.uint8
    assert sheet.ndim == 3
    assert sheet.shape[1] >= width


def test_no_tiles_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one tile"):
        contact_sheet([])


def test_a_sheet_is_written_in_its_own_colours(tmp_path: Path) -> None:
    sheet = contact_sheet([Tile(plain(RED), "x")], 1, 100)
    write_sheet(sheet, tmp_path / "sheet.png")
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "sheet.png")), sheet)
    with pytest.raises(ValueError, match="extension"):
        write_sheet(sheet, tmp_path / "sheet.film")


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0, "0:00:00.000"),
        (59.9996, "0:01:00.000"),
        (3723.0415, "1:02:03.042"),
        (36000, "10:00:00.000"),
    ],
)
def test_time_codes(time_s: float, text: str) -> None:
    assert time_code(time_s) == text


def test_a_path_can_always_be_shown() -> None:
    assert readable(Path("caf\udce9.mp4")) == "caf�.mp4"
    readable(Path("caf\udce9.mp4")).encode()


def test_reading_pictures(tmp_path: Path) -> None:
    path = tmp_path / "bild ä.png"
    cv2.imencode(".png", plain(RED))[1].tofile(path)
    np.testing.assert_array_equal(read_image(path), plain(RED))
    for name, data in (("text.png", b"no picture"), ("empty.jpg", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError, match=f"{name} is not a picture"):
            read_image(tmp_path / name)
    with pytest.raises(UsageError, match="No such file"):
        read_image(tmp_path / "nowhere.png")
    with pytest.raises(UsageError, match="directory"):
        read_image(tmp_path)


def test_a_still_is_the_picture_shown_at_that_time(footage: Path) -> None:
    """Not the next one, nor the key frame before it: told by decoding the film from its start."""
    path = footage / "archive" / "bikes_10s.mp4"
    video = cv2.VideoCapture(str(path))
    fps = video.get(cv2.CAP_PROP_FPS)
    frames = [video.read()[1] for _ in range(130)]
    video.release()
    small = [cv2.resize(frame, (160, 68), interpolation=cv2.INTER_AREA) for frame in frames]
    for wanted in (0, 1, 61, 120):
        still = film_still(path, (wanted + 0.5) / fps, 160)
        assert still.shape == (68, 160, 3)
        differences = [float(np.abs(still.astype(int) - frame).mean()) for frame in small]
        assert int(np.argmin(differences)) == wanted


def test_a_still_of_no_film(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="is not there"):
        film_still(tmp_path / "nowhere.mp4", 0.0, 100)
