"""The preview: the candidates on offer with numbers, titles and scores, for the operator."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from livematch.control.params import Layout, Params
from livematch.render.compositor import Compositor
from livematch.render.framebuffers import copy_pixels, delete_framebuffer, new_framebuffer
from livematch.render.gl import GL, Surface
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

INSET_HZ = 13.0  # how often the preview over the program is drawn anew


class Preview:
    """Draws the panes and what is said of them. All methods: the GL thread.

    `paintings` counts how often captions were painted.
    """

    def __init__(self) -> None:
        self.paintings = 0
        self._overlays = Overlays()
        self._captions: dict[int, tuple[str, str, Rect]] = {}
        self._painted_s = float("-inf")
        self._may_paint = True
        self._inset_px: tuple[int, int] | None = None
        self._buffers: tuple[Any, Any] | None = None
        self._inset_due_s = float("-inf")

    def draw_over(
        self,
        panes: Sequence[Pane],
        compositor: Compositor,
        params: Params,
        surface: Surface,
        now: float,
    ) -> None:
        """Lay the preview over the program that `compositor` has drawn; in the grid, its words.

        It is drawn aside, a few times a second, and copied over each picture: that takes a tenth
        of the time, which the program needs.
        """
        size_px = surface.size_px
        if not panes or min(size_px) < 64:
            return
        self._begin(now)
        if params.screen is Layout.GRID and not params.blackout:
            self._write(panes, tuple(region.rect for region in regions(params, size_px)), size_px)
            return
        rect = inset(size_px)
        aside = self._aside((rect.width, rect.height))
        if now >= self._inset_due_s:
            self._inset_due_s = now + 1.0 / INSET_HZ
            GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, aside)
            self.draw_alone(panes, compositor, params, (rect.width, rect.height), now)
        at = (rect.x, rect.y)
        copy_pixels(aside, (rect.width, rect.height), surface.framebuffer, at, size_px[1])

    def draw_alone(
        self,
        panes: Sequence[Pane],
        compositor: Compositor,
        params: Params,
        size_px: tuple[int, int],
        now: float,
        rect: Rect | None = None,
    ) -> None:
        """Draw the preview as the whole picture of what has begun, or black with it in `rect`."""
        compositor.begin(size_px)
        if min(size_px) < 32:
            return
        self._begin(now)
        rect = rect or Rect(0, 0, *size_px)
        places = grid(rect, max(2, rect.width // 160))
        for pane, place in zip(panes, places, strict=False):
            compositor.draw_pane(pane, place, params, size_px)
        self._write(panes, places, size_px)

    def _aside(self, size_px: tuple[int, int]) -> int:
        """Return the framebuffer for the inset, made anew when its size changes."""
        if self._buffers is None or self._inset_px != size_px:
            if self._buffers is not None:
                delete_framebuffer(*self._buffers)
            self._buffers, self._inset_px = new_framebuffer(size_px), size_px
            self._inset_due_s = float("-inf")
        return int(self._buffers[0].value)

    def _begin(self, now: float) -> None:
        if self._overlays.begin():  # another context, in which nothing of ours is
            self._captions.clear()
            self._buffers = None
            self._painted_s = float("-inf")
        self._may_paint = now >= self._painted_s + SLOWEST_CHANGE_S
        self._painted_s = now if self._may_paint else self._painted_s

    def _write(
        self, panes: Sequence[Pane], places: Sequence[Rect], size_px: tuple[int, int]
    ) -> None:
        for pane, place in zip(panes, places, strict=False):
            self._paint_if_new(pane, place)
            foot = (place.x, place.bottom - caption_px(place))
            self._overlays.lay(f"number {pane.number}", (place.x, place.y), size_px)
            self._overlays.lay(f"caption {pane.number}", foot, size_px)

    def _paint_if_new(self, pane: Pane, place: Rect) -> None:
        """Paint another title or size at once, another score when it can be read."""
        title, score, there = self._captions.get(pane.number, ("", "", None))
        told = (pane.title, f"{pane.score:.2f}", place)
        is_moved = there != place
        if not (is_moved or title != told[0] or (self._may_paint and score != told[1])):
            return
        if is_moved:
            self._overlays.keep(f"number {pane.number}", badge(pane.number, place))
        self._overlays.keep(f"caption {pane.number}", caption(*told))
        self._captions[pane.number] = told
        self.paintings += 1


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
