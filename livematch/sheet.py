"""Contact sheets: pictures side by side with a caption below each. Pure drawing."""

import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from livematch.values import Image

PAPER = (18, 18, 20)
PANEL = (28, 28, 31)
BRIGHT = (236, 236, 232)
DIM = (146, 146, 150)
ACCENT = (255, 176, 58)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture (BGR; None where there is none to show) and what is said below it.

    The caption's first line is bright, further lines are dim. `marked` frames the picture.
    """

    image: Image | None
    caption: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where things go, in pixels."""

    columns: int
    rows: int
    tile_px: int
    picture_px: int  # height of a picture's place
    line_px: int
    lines: int
    gap_px: int
    head_px: int

    @property
    def size(self) -> tuple[int, int]:
        width = self.gap_px + self.columns * (self.tile_px + self.gap_px)
        return width, self.head_px + self.rows * self._pitch + self.gap_px // 2

    @property
    def _pitch(self) -> int:
        return self.picture_px + self.line_px * self.lines + self.gap_px

    def place(self, number: int) -> tuple[int, int]:
        row, column = divmod(number, self.columns)
        return (
            self.gap_px + column * (self.tile_px + self.gap_px),
            self.head_px + row * self._pitch,
        )


def contact_sheet(
    tiles: Sequence[Tile], columns: int = 0, tile_width: int = 320, title: str = ""
) -> Image:
    """Draw the tiles in rows, as BGR; `columns` 0 chooses a shape that suits a screen.

    Every picture is shown whole. Raises ValueError when there is no tile.
    """
    if not tiles:
        raise ValueError("a contact sheet needs at least one tile")
    grid = _grid(tiles, columns, tile_width, bool(title))
    sheet = Pictures.new("RGB", grid.size, PAPER)
    pen = ImageDraw.Draw(sheet)
    if title:
        font = _font(round(grid.line_px * 1.05))
        fitted = _shortened(title, font, grid.size[0] - 2 * grid.gap_px)
        pen.text((grid.gap_px, grid.head_px // 2), fitted, BRIGHT, font, anchor="lm")
    for number, tile in enumerate(tiles):
        _draw_tile(sheet, pen, tile, grid.place(number), grid)
    return np.ascontiguousarray(np.asarray(sheet, np.uint8)[:, :, ::-1])


def write_sheet(sheet: Image, path: Path) -> None:
    """Write a sheet as the kind of file its name says (PNG, JPEG, …). OSError, ValueError."""
    Pictures.fromarray(np.ascontiguousarray(sheet[:, :, ::-1])).save(path)


def encoded(sheet: Image, kind: str) -> bytes:
    """Return a sheet as the contents of a file of this kind: `.png`, `.jpg`. ValueError."""
    suffixes = Pictures.registered_extensions()
    if kind not in suffixes:
        raise ValueError(f"{kind} is no kind of picture")
    file = io.BytesIO()
    picture = Pictures.fromarray(np.ascontiguousarray(sheet[:, :, ::-1]))
    picture.save(file, suffixes[kind], quality=90)
    return file.getvalue()


def time_code(time_s: float) -> str:
    """Write seconds as h:mm:ss.mmm."""
    total_ms = round(time_s * 1000)
    seconds, ms = divmod(total_ms, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def readable(path: Path | str) -> str:
    """Return a path as text that can be shown: bytes that are no Unicode become `�`."""
    return os.fsencode(path).decode("utf-8", "replace")


def _grid(tiles: Sequence[Tile], columns: int, tile_px: int, titled: bool) -> _Grid:
    shapes = [tile.image.shape for tile in tiles if tile.image is not None]
    usual = median(shape[1] / shape[0] for shape in shapes) if shapes else 16 / 9
    aspect = min(max(usual, 1.0), 4.0)
    columns = columns or _columns_for(len(tiles), aspect)
    line_px = max(12, round(tile_px / 17))
    return _Grid(
        columns=columns,
        rows=math.ceil(len(tiles) / columns),
        tile_px=tile_px,
        picture_px=round(tile_px / aspect),
        line_px=line_px,
        lines=max(tile.caption.count("\n") + 1 for tile in tiles),
        gap_px=max(8, tile_px // 18),
        head_px=round(line_px * 2.6) if titled else max(8, tile_px // 18),
    )


def _columns_for(count: int, aspect: float) -> int:
    """Choose columns so that few places stay empty and the sheet is about as wide as a screen."""
    suited = math.sqrt(count * 2.4 / aspect)

    def unsuited(columns: int) -> float:
        empty = -count % columns
        return 2 * empty / count + abs(math.log(columns / suited))

    return min(range(1, count + 1), key=unsuited)


def _draw_tile(
    sheet: Pictures.Image,
    pen: ImageDraw.ImageDraw,
    tile: Tile,
    place: tuple[int, int],
    grid: _Grid,
) -> None:
    x, y = place
    box = (x, y, x + grid.tile_px - 1, y + grid.picture_px - 1)
    pen.rectangle(box, PANEL)
    if tile.image is None:
        middle = (x + grid.tile_px // 2, y + grid.picture_px // 2)
        pen.text(middle, "no picture", DIM, _font(_text_px(grid)), anchor="mm")
    else:
        picture = _fitted(tile.image, grid.tile_px, grid.picture_px)
        height, width = picture.shape[:2]
        corner = (x + (grid.tile_px - width) // 2, y + (grid.picture_px - height) // 2)
        sheet.paste(Pictures.fromarray(picture), corner)
    if tile.marked:
        pen.rectangle(box, outline=ACCENT, width=max(2, grid.tile_px // 110))
    font = _font(_text_px(grid))
    for number, line in enumerate(tile.caption.split("\n")):
        colour = (ACCENT if tile.marked else BRIGHT) if number == 0 else DIM
        baseline = y + grid.picture_px + round(grid.line_px * (number + 0.95))
        pen.text((x, baseline), _shortened(line, font, grid.tile_px), colour, font, anchor="ls")


def _text_px(grid: _Grid) -> int:
    return round(grid.line_px * 0.72)


def _fitted(image: Image, width: int, height: int) -> Image:
    """Scale a BGR picture to fit, whole, and return it as RGB."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (
        max(1, min(width, round(image.shape[1] * scale))),
        max(1, min(height, round(image.shape[0] * scale))),
    )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=way)[:, :, ::-1], np.uint8)


@lru_cache(maxsize=8)
def _font(size_px: int) -> Font:
    return ImageFont.load_default(size_px)  # Pillow's own font: no system fonts needed


def _shortened(text: str, font: Font, width_px: int) -> str:
    """Leave out the middle of a text that is too wide: both ends of a film's name tell it apart."""
    if font.getlength(text) <= width_px:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: (kept + 1) // 2].rstrip()}…{text[len(text) - kept // 2 :].lstrip()}"
        if font.getlength(short) <= width_px:
            return short
    return "…"
