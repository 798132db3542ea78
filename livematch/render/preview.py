"""The preview: the candidates on offer with numbers, titles and scores, for the operator."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from livematch.control.params import Layout, Params
from livematch.render.compositor import Compositor
from livematch.render.hud import Tone
from livematch.render.layouts import Rect, grid, inset, regions
from livematch.render.overlays import Overlays
from livematch.render.panel import (
    INK,
    LINE,
    PAPER,
    SLOWEST_CHANGE_S,
    length_px,
    plain,
    shortened,
    write,
)
from livematch.values import Image, Pane


class Preview:
    """Draws the panes and what is said of them. All methods: the GL thread.

    `paintings` counts how often captions were painted.
    """

    def __init__(self) -> None:
        self.paintings = 0
        self._overlays = Overlays()
        self._captions: dict[int, tuple[object, ...]] = {}
        self._painted_s = float("-inf")

    def draw_over(
        self,
        panes: Sequence[Pane],
        compositor: Compositor,
        params: Params,
        size_px: tuple[int, int],
        now: float,
    ) -> None:
        """Lay the preview over the program that `compositor` has drawn; in the grid, its words."""
        if not panes or min(size_px) < 64:
            return
        self._begin(now)
        if params.screen is Layout.GRID and not params.blackout:
            places = tuple(region.rect for region in regions(params, size_px))
        else:
            rect = inset(size_px)
            places = grid(rect, _gap(rect))
            self._overlays.stretch("paper", rect, size_px)
            self._draw_panes(panes, places, compositor, params, size_px)
        self._write(panes, places, size_px)

    def draw_alone(
        self,
        panes: Sequence[Pane],
        compositor: Compositor,
        params: Params,
        size_px: tuple[int, int],
        now: float,
    ) -> None:
        """Draw the preview as the whole picture of a surface that has begun."""
        compositor.begin(size_px)
        if min(size_px) < 64:
            return
        self._begin(now)
        rect = Rect(0, 0, *size_px)
        places = grid(rect, _gap(rect))
        self._draw_panes(panes, places, compositor, params, size_px)
        self._write(panes, places, size_px)

    def _begin(self, now: float) -> None:
        if self._overlays.begin():
            self._overlays.keep("paper", np.array([[PAPER]], np.uint8))
            self._captions.clear()
            self._painted_s = float("-inf")
        self._may_paint = now >= self._painted_s + SLOWEST_CHANGE_S
        self._painted_s = now if self._may_paint else self._painted_s

    def _draw_panes(
        self,
        panes: Sequence[Pane],
        places: Sequence[Rect],
        compositor: Compositor,
        params: Params,
        size_px: tuple[int, int],
    ) -> None:
        for pane, place in zip(panes, places, strict=False):
            compositor.draw_pane(pane, place, params, size_px)

    def _write(
        self, panes: Sequence[Pane], places: Sequence[Rect], size_px: tuple[int, int]
    ) -> None:
        for pane, place in zip(panes, places, strict=False):
            name = f"caption {pane.number}"
            told = (pane.title, f"{pane.score:.2f}", place.width, place.height)
            before = self._captions.get(pane.number)
            # a new size is painted at once, a new score when it can be read
            is_new = before is None or before[0] != told[0] or before[2:] != told[2:]
            if is_new or (self._may_paint and before != told):
                self._overlays.keep(name, caption(pane.title, f"{pane.score:.2f}", place))
                self._overlays.keep(f"number {pane.number}", badge(pane.number, place))
                self._captions[pane.number] = told
                self.paintings += 1
            self._overlays.lay(f"number {pane.number}", (place.x, place.y), size_px)
            height = caption_px(place)
            self._overlays.lay(name, (place.x, place.bottom - height), size_px)


def _gap(rect: Rect) -> int:
    return max(2, rect.width // 160)


def letter_px(place: Rect) -> int:
    """Return the height of the letters in a cell of this size."""
    return min(22, max(9, round(place.height / 10)))


def caption_px(place: Rect) -> int:
    """Return the height of the caption in a cell of this size."""
    return round(letter_px(place) * LINE) + 4


def caption(title: str, score: str, place: Rect) -> Image:
    """Paint the foot of a cell, title left and score right: RGBA, transparency multiplied in."""
    letter, pad = letter_px(place), max(3, place.width // 50)
    image = Pillow.new("RGBA", (place.width, caption_px(place)), PAPER)
    score_at = place.width - pad - length_px(score, letter)
    write(image, (score_at, 1), score, INK[Tone.PLAIN], letter)
    room = score_at - 2 * pad
    if room > letter:
        text = shortened(plain(title), letter, room)
        write(image, (pad, 1), text, INK[Tone.PLAIN], letter)
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=64)
def badge(number: int, place: Rect) -> Image:
    """Paint the number for the corner of a cell: RGBA, transparency multiplied in."""
    letter = round(letter_px(place) * 1.6)
    side = round(letter * 1.35)
    image = Pillow.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, side - 1, side - 1), fill=PAPER)
    text = str(number)
    at = ((side - length_px(text, letter)) // 2, round((side - letter * 1.2) / 2))
    write(image, at, text, INK[Tone.PLAIN], letter)
    return np.asarray(image, np.uint8)
