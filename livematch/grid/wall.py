"""The grid as a picture: where its cells are, and pictures and captions put into them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from livematch.control.params import Fit
from livematch.errors import UsageError
from livematch.render.layouts import Rect, placed
from livematch.sheet import ACCENT, BRIGHT, PANEL, PAPER
from livematch.values import Image

MOST = 12  # cells in a row, and rows
SCREEN_PX = (1920, 1080)  # whose shape the cells have, unless a size is asked for
FAINT = (196, 196, 194)  # over a picture, where what is dim on paper is lost
_CELLS = re.compile(r"(\d{1,2})x(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many cells a grid has in a row, and how many rows."""

    columns: int
    rows: int

    @property
    def count(self) -> int:
        """How many cells there are."""
        return self.columns * self.rows

    @property
    def middle(self) -> int:
        """The cell in the middle; of an even number the one before."""
        return (self.rows - 1) // 2 * self.columns + (self.columns - 1) // 2


def parse_cells(text: str) -> Shape:
    """Read `3x3`, columns first; UsageError says how a grid is written."""
    read = _CELLS.fullmatch(text.strip().lower().replace("×", "x"))
    columns, rows = (int(read[1]), int(read[2])) if read else (0, 0)
    if not (1 <= columns <= MOST and 1 <= rows <= MOST):
        raise UsageError(
            f"{text!r} is no grid: write COLUMNSxROWS, such as 3x3 or 5x2, each from 1 to {MOST}"
        )
    return Shape(columns, rows)


def usual_size(shape: Shape) -> tuple[int, int]:
    """Return the size in pixels of a grid whose cells are as wide as films are."""
    width, height = SCREEN_PX
    return width, round(height * shape.rows / shape.columns / 2) * 2


def cells(shape: Shape, size_px: tuple[int, int]) -> tuple[Rect, ...]:
    """Divide a picture among the cells, row by row, with a gap around each. UsageError if small."""
    width, height = size_px
    gap = _gap(width)
    room_x = (width - (shape.columns + 1) * gap) // shape.columns
    room_y = (height - (shape.rows + 1) * gap) // shape.rows
    # as without gaps: a picture made for the screen then fits its cell without bars
    aspect = width / shape.columns * shape.rows / height
    across, down = min(room_x, round(room_y * aspect)), min(room_y, round(room_x / aspect))
    if min(across, down) < 16:
        raise UsageError(
            f"{shape.columns}x{shape.rows} cells do not fit into {width}x{height}: choose a larger"
            " --size or fewer --cells"
        )
    left = (width - shape.columns * across - (shape.columns - 1) * gap) // 2
    top = (height - shape.rows * down - (shape.rows - 1) * gap) // 2
    return tuple(
        Rect(left + column * (across + gap), top + row * (down + gap), across, down)
        for row in range(shape.rows)
        for column in range(shape.columns)
    )


def _gap(width: int) -> int:
    return max(2, width // 160)


def blank(size_px: tuple[int, int]) -> Image:
    """Make an empty wall."""
    canvas = np.empty((size_px[1], size_px[0], 3), np.uint8)
    canvas[:] = PAPER[::-1]
    return canvas


def hang(canvas: Image, cell: Rect, image: Image | None, fit: Fit) -> None:
    """Put a BGR picture into its cell, whole with bars of black or cropped to fill it.

    None, where a picture should be and cannot be read, is a plain panel.
    """
    if image is None:
        canvas[cell.y : cell.bottom, cell.x : cell.right] = PANEL[::-1]
        return
    height, width = image.shape[:2]
    place, seen = placed(width / height, cell, fit)
    top, bottom = round(seen.top * height), max(round(seen.bottom * height), 1)
    left, right = round(seen.left * width), max(round(seen.right * width), 1)
    part = image[min(top, bottom - 1) : bottom, min(left, right - 1) : right]
    way = cv2.INTER_AREA if part.shape[1] >= place.width else cv2.INTER_CUBIC
    if part.shape[:2] != (place.height, place.width):
        part = np.asarray(cv2.resize(part, (place.width, place.height), interpolation=way))
    canvas[cell.y : cell.bottom, cell.x : cell.right] = 0
    canvas[place.y : place.bottom, place.x : place.right] = part


def reading_width(cell: Rect) -> int:
    """Return how wide a picture must be read to fill a cell without being enlarged."""
    return max(cell.width, round(cell.height * 2.4))  # the widest films are so wide


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """What is written over a cell: colours (h, w, 3) BGR and how much they cover, 0 to 1."""

    x: int
    y: int
    colours: Image
    cover: NDArray[np.float32]

    def draw(self, canvas: Image) -> None:
        """Lay it over the canvas."""
        height, width = self.cover.shape[:2]
        below = canvas[self.y : self.y + height, self.x : self.x + width]
        below[:] = (below * (1 - self.cover) + self.colours * self.cover + 0.5).astype(np.uint8)


def label(cell: Rect, lines: Sequence[str], *, marked: bool = False) -> Label:
    """Write a few lines at the foot of a cell, the first one bright, over a shade.

    `marked` frames the cell, and its first line has the frame's colour.
    """
    size = max(9, min(22, round(cell.height / 16)))
    pitch, pad = round(size * 1.3), max(3, round(size * 0.6))
    shade = min(cell.height, 2 * (pitch * len(lines) + pad))
    ink = Pictures.new("RGBA", (cell.width, cell.height))
    pen = ImageDraw.Draw(ink)
    for row in range(shade):  # darkest at the foot
        down = (row + 1) / shade
        opacity = round(215 * down * down * (3 - 2 * down))
        y = cell.height - shade + row
        pen.line((0, y, cell.width, y), (0, 0, 0, opacity))
    font = _font(size)
    bright = ACCENT if marked else BRIGHT
    for number, line in enumerate(lines):
        y = cell.height - pad - pitch * (len(lines) - 1 - number)
        fitted = _fitted(line, font, cell.width - 2 * pad)
        pen.text((pad, y), fitted, bright if number == 0 else FAINT, font, anchor="ls")
    if marked:
        box = (0, 0, cell.width - 1, cell.height - 1)
        pen.rectangle(box, outline=ACCENT, width=max(2, cell.width // 160))
    written = np.asarray(ink, np.uint8)
    cover = np.asarray(written[:, :, 3:] / 255, np.float32)
    return Label(cell.x, cell.y, np.ascontiguousarray(written[:, :, 2::-1]), cover)


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2].rstrip() + "…"
    return text


@lru_cache(maxsize=8)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
