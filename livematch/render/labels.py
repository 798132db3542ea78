"""Labels: title and time code at each picture, small, as under the exhibits of a museum."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFilter

from livematch.render.compositor import Shown
from livematch.render.layouts import Rect
from livematch.render.overlays import Overlays
from livematch.render.panel import LINE, font_of, length_px, plain, shortened, space_px, write
from livematch.values import Image

TITLE_INK = (238, 236, 230)
TIME_INK = (190, 191, 190)
SHADE = 0.72  # how dark it is behind the letters, where they lie on a picture
SMALLEST_PX, LARGEST_PX = 11, 28
NARROWEST = 8  # letters that must have room, or nothing is written
SIGNS = "0123456789:."

Mask = NDArray[np.float32]


class Labels:
    """Writes labels over what a compositor has drawn. All methods: the GL thread.

    `paintings` counts the titles that were painted: times are put together from painted figures.
    """

    def __init__(self) -> None:
        self.paintings = 0
        self._overlays = Overlays()
        self._told: dict[str, tuple[str, int]] = {}

    def draw(self, shown: Sequence[Shown], size_px: tuple[int, int]) -> None:
        """Label pictures on a surface of `size_px`; no two of them in the same part of it."""
        if min(size_px) < 64:
            return
        if self._overlays.begin():
            self._told.clear()
        for number, picture in enumerate(shown):
            lines = arranged(picture, size_px)
            if lines is not None:
                self._lay(f"title {number}", lines.title, lines.title_at, lines.letter, size_px)
                self._lay(f"time {number}", lines.time, lines.time_at, lines.letter, size_px)

    def _lay(
        self, name: str, text: str, at: tuple[int, int], letter: int, size_px: tuple[int, int]
    ) -> None:
        if not text:
            return
        if self._told.get(name) != (text, letter):
            is_time = name.startswith("time")
            self._overlays.keep(name, figures(text, letter) if is_time else words(text, letter))
            self._told[name] = text, letter
            self.paintings += not is_time
        edge = edge_px(letter)
        self._overlays.lay(name, (at[0] - edge, at[1] - edge), size_px)


@dataclass(frozen=True, slots=True)
class Lines:
    """What is written at a picture, with letters of which height, and where: top left."""

    title: str
    title_at: tuple[int, int]
    time: str
    time_at: tuple[int, int]
    letter: int


def arranged(shown: Shown, size_px: tuple[int, int]) -> Lines | None:
    """Place a label: under its picture where there is a bar, else in the lower left corner.

    Under it, title and time stand at its two edges. None where there is no room to write.
    """
    place = shown.place
    letter = letter_px(place, size_px)
    line, pad = round(letter * LINE), round(letter * 0.8)
    time = "" if shown.time_s is None else time_code(shown.time_s)
    taken = figures_px(time, letter) + 2 * space_px(letter) if time else 0
    under = shown.rect.bottom - place.bottom >= line + pad
    # in line with the picture's edges, but never at those of the screen
    is_free = place.x >= pad and place.right <= size_px[0] - pad
    indent = 0 if under and is_free else pad
    inner = Rect(place.x + indent, place.y, place.width - 2 * indent, place.height)
    room = inner.width - taken
    if room < NARROWEST * letter // 2 or place.height < 3 * line:
        return None
    title = shortened(plain(shown.title.replace("_", " ")), letter, room)
    if under:
        top = place.bottom + pad // 2
        right = inner.right - figures_px(time, letter)
        return Lines(title, (inner.x, top), time, (right, top), letter)
    top = place.bottom - pad - line
    after = inner.x + (length_px(title, letter) + 2 * space_px(letter) if title else 0)
    return Lines(title, (inner.x, top), time, (after, top), letter)


def letter_px(place: Rect, size_px: tuple[int, int]) -> int:
    """Return the height of the letters: small beside the picture, and alike on one screen."""
    usual = min(size_px[1] / 44, size_px[0] / 56)
    return round(min(LARGEST_PX, max(SMALLEST_PX, min(usual, place.width / 22))))


def time_code(time_s: float) -> str:
    """Write a time into a film: minutes, seconds and tenths, and hours where there are any."""
    tenths = max(0, int(time_s * 10 + 1e-6))
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes:02}"
    return f"{head}:{tenths // 10:02}.{tenths % 10}"


def edge_px(letter: int) -> int:
    """Return how far the shade reaches beyond the letters."""
    return max(3, letter // 2)


def words(text: str, letter: int) -> Image:
    """Paint a title with the shade behind it: RGBA, transparency multiplied in."""
    return _inked(_shape(text, letter), letter, TITLE_INK)


def figures_px(text: str, letter: int) -> int:
    """Return how long `figures` makes a time, without the shade around it."""
    return sum(_sign_px(sign, letter) for sign in text)


def figures(text: str, letter: int) -> Image:
    """Put a time together from painted figures; each has the same width, so that none moves."""
    edge = edge_px(letter)
    height = round(letter * LINE) + 2 * edge
    image = np.zeros((height, figures_px(text, letter) + 2 * edge, 4), np.uint8)
    left = 0
    for sign in text:
        painted = _figure(sign, letter)
        part = image[:, left : left + painted.shape[1]]
        np.maximum(part, painted, out=part)
        left += _sign_px(sign, letter)
    return image


@lru_cache(maxsize=256)
def _figure(sign: str, letter: int) -> Image:
    text_px, cell = length_px(sign, letter), _sign_px(sign, letter)
    shape = _shape(sign, letter, indent=(cell - text_px) // 2, width=cell)
    return _inked(shape, letter, TIME_INK)


@lru_cache(maxsize=256)
def _sign_px(sign: str, letter: int) -> int:
    if sign.isdigit():
        return max(round(font_of(letter).getlength(digit)) for digit in SIGNS[:10])
    return length_px(sign, letter) + 1


def _shape(text: str, letter: int, indent: int = 0, width: int | None = None) -> Mask:
    """Draw letters as a mask, 0 to 1, with room for the shade around."""
    edge = edge_px(letter)
    across = length_px(text, letter) if width is None else width
    size = (across + 2 * edge, round(letter * LINE) + 2 * edge)
    image = Pillow.new("RGBA", size, (0, 0, 0, 0))
    write(image, (edge + indent, edge), text, (255, 255, 255, 255), letter)
    return np.asarray(image, np.float32)[..., 3] / np.float32(255)


def _inked(shape: Mask, letter: int, ink: tuple[int, int, int]) -> Image:
    """Colour a mask and lay its blurred shadow behind it."""
    blurred = Pillow.fromarray(np.uint8(shape * 255)).filter(
        ImageFilter.GaussianBlur(edge_px(letter) / 2)
    )
    shade = np.minimum(1.0, np.asarray(blurred, np.float32) / 255 * 2.6) * SHADE
    image = np.empty((*shape.shape, 4), np.float32)
    image[..., :3] = shape[..., None] * ink
    image[..., 3] = 255 * (shape + shade * (1 - shape))
    return np.asarray(np.rint(image), np.uint8)
