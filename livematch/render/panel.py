"""The HUD as it is seen: rows painted into a translucent panel, which lies over the picture."""

import unicodedata
from functools import lru_cache

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from livematch.render.hud import HudStatus, Row, Tone, fitting, hud_rows
from livematch.render.overlays import Overlays
from livematch.values import Image

SLOWEST_CHANGE_S = 0.25  # faster figures cannot be read
LINE = 1.36  # distance of lines, in heights of letters
INK = {
    Tone.PLAIN: (244, 244, 240, 255),
    Tone.QUIET: (168, 172, 178, 255),
    Tone.WARNING: (255, 196, 64, 255),
}
LABEL_INK = (150, 156, 164, 255)
# Colours under the letters have their transparency multiplied in. The letters are opaque, so what
# Pillow mixes at their edges is right without a second pass over the panel.
PAPER = (9, 10, 12, 196)
ALARM_PAPER = (84, 32, 0, 228)
# Pillow's own font knows the signs of ASCII and few others
PLAIN_SIGNS = str.maketrans({"→": ">", "−": "-", "–": "-", "—": "-", "×": "x", "’": "'", "ß": "ss"})

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Hud:
    """Paints the panel when its rows have changed and lays it over the picture.

    All methods: the GL thread. `paintings` counts how often it was painted.
    """

    def __init__(self) -> None:
        self.paintings = 0
        self._overlays = Overlays()
        self._rows: tuple[Row, ...] = ()
        self._size_px = (0, 0)
        self._painted_s: float | None = None

    def draw(self, status: HudStatus, size_px: tuple[int, int], now: float) -> None:
        """Draw over what the compositor has drawn on a surface of `size_px`."""
        if min(size_px) < 64:
            return
        if self._overlays.begin():
            self._painted_s = None
        self._paint_if_new(status, size_px, now)
        margin = margin_px(size_px)
        self._overlays.lay("hud", (margin, margin), size_px)

    def _paint_if_new(self, status: HudStatus, size_px: tuple[int, int], now: float) -> None:
        resized = size_px != self._size_px
        if self._painted_s is not None and not resized and now < self._painted_s + SLOWEST_CHANGE_S:
            return
        rows = hud_rows(status)
        if self._painted_s is None or resized or rows != self._rows:
            self._overlays.keep("hud", painted(rows, size_px))
            self.paintings += 1
        self._rows, self._size_px, self._painted_s = rows, size_px, now


def margin_px(size_px: tuple[int, int]) -> int:
    """Return the distance of the panel from the edges of the screen."""
    return max(6, min(size_px) // 45)


def text_px(size_px: tuple[int, int]) -> int:
    """Return the height of the letters for a screen: readable at arm's length, and no larger."""
    return min(34, max(12, round(min(size_px[1] / 42, size_px[0] / 70))))


@lru_cache(maxsize=8)
def font_of(height_px: int) -> Font:
    """Return Pillow's own font, which needs nothing from the system."""
    return ImageFont.load_default(height_px)


def painted(rows: tuple[Row, ...], size_px: tuple[int, int]) -> Image:
    """Paint rows for a screen of `size_px`: RGBA (h, w, 4), transparency multiplied in."""
    letter = text_px(size_px)
    line, pad, margin = round(letter * LINE), round(letter * 0.7), margin_px(size_px)
    rows = fitting(rows, (size_px[1] - 2 * margin - 2 * pad) // line)
    columns = _columns(rows, letter, size_px[0] - 2 * margin - 2 * pad)
    width, height = columns[-1] + 2 * pad, len(rows) * line + 2 * pad
    image = Pillow.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius=pad // 2, fill=PAPER)
    for number, row in enumerate(rows):
        top = pad + number * line
        if row.tone is Tone.WARNING:
            draw.rectangle((pad - 4, top - 1, width - pad + 3, top + line - 2), fill=ALARM_PAPER)
        _write_row(image, row, (pad, top), columns, letter)
    return np.asarray(image, np.uint8)


def _columns(rows: tuple[Row, ...], letter: int, most_px: int) -> tuple[int, ...]:
    """Return where the texts begin, where each column of numbers ends, and the whole width."""
    labels = [length_px(plain(row.label), letter) for row in rows if not row.numbers]
    texts = [length_px(plain(row.text), letter) for row in rows]
    stages = [length_px(plain(row.label), letter) for row in rows if row.numbers]
    text_at = max(labels, default=0) + letter
    step = round(letter * 3.6)
    count = max((len(row.numbers) for row in rows), default=0)
    ends = [max(stages, default=0) + (n + 1) * step for n in range(count)]
    # in steps, so that the panel does not twitch with every digit
    width = max(letter * 17, text_at + max(texts, default=0), *ends)
    return (text_at, *ends, min(most_px, -(-width // letter) * letter))


def _write_row(
    image: Pillow.Image, row: Row, at: tuple[int, int], columns: tuple[int, ...], letter: int
) -> None:
    x, y = at
    text_at, *ends, width = columns
    label_ink = INK[row.tone] if row.tone is Tone.WARNING or row.numbers else LABEL_INK
    write(image, (x, y), plain(row.label), label_ink, letter)
    if row.text:
        text = shortened(plain(row.text), letter, width - text_at)
        write(image, (x + text_at, y), text, INK[row.tone], letter)
    for end, number in zip(ends, row.numbers, strict=False):
        left = x + end - length_px(number, letter)
        write(image, (left, y), number, INK[row.tone], letter)


def write(
    image: Pillow.Image, at: tuple[int, int], text: str, ink: tuple[int, ...], letter: int
) -> None:
    """Write word by word: the font's own spaces all but vanish in small sizes."""
    x, y = at
    for word in text.split(" "):
        if word:
            image.paste(ink, (x, y), stencil(word, letter))
        x += word_px(word, letter) + space_px(letter)


def length_px(text: str, letter: int) -> int:
    """Return how long `write` makes a text."""
    words = text.split(" ")
    return sum(word_px(word, letter) + space_px(letter) for word in words) - space_px(letter)


@lru_cache(maxsize=4096)
def word_px(word: str, letter: int) -> int:
    """Return how long one word is."""
    return round(font_of(letter).getlength(word))


@lru_cache(maxsize=1024)
def stencil(word: str, letter: int) -> Pillow.Image:
    """Return the shape of one word: most of them are the same in the next painting."""
    image = Pillow.new("L", (word_px(word, letter) + 2, round(letter * LINE)), 0)
    ImageDraw.Draw(image).text((0, 0), word, fill=255, font=font_of(letter))
    return image


def space_px(letter: int) -> int:
    """Return the width of a space."""
    return max(4, round(letter * 0.28))


@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """Write a text with the signs that the font has: accents off, others as a question mark."""
    spread = unicodedata.normalize("NFKD", text.translate(PLAIN_SIGNS))
    bare = (sign for sign in spread if not unicodedata.combining(sign))
    return "".join(sign if " " <= sign <= "~" else "?" for sign in bare)


def shortened(text: str, letter: int, most_px: int) -> str:
    """Cut a text that is too long and say so with dots."""
    if length_px(text, letter) <= most_px:
        return text
    while text and length_px(text + "...", letter) > most_px:
        text = text[:-1]
    return text.rstrip() + "..."
