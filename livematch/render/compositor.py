"""The compositor: layers and camera become one picture on the surface that has begun.

One pass and no framebuffer in between: each region is drawn straight to where it is seen, and a
crossfade is mixed in linear light, as a dissolve of two projectors would be.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from livematch.control.params import Fit, Layout, Params
from livematch.render.colours import to_rgb
from livematch.render.gl import GL, PER_LAYER, Shader, current_context
from livematch.render.layouts import (
    Affine,
    Rect,
    What,
    Window,
    around,
    cells,
    cornered,
    placed,
    regions,
    sampled,
)
from livematch.render.textures import Held
from livematch.values import Frame, Layer, Pane, Picture, PixelFormat, Source

CAMERA, PAINTING = -1, -2  # where their textures are kept, beside those of the decks
PANES = 100  # and those of the panes, from here on
KINDS = {
    PixelFormat.YUV420: "YUV",
    PixelFormat.DXT5: "ALPHA",
    PixelFormat.YCOCG_DXT5: "YCOCG",
}
"""What the shader calls the formats that it must do something for."""
MOSTLY = 0.5  # the share of the light from which on a picture is what is seen
_WHOLE = 0.999  # a layer of at least this weight needs no mixing
_NAMES = ("bottom", "top", "veil")
"""What the shader calls the pictures that it mixes: those of a crossfade, and one over both."""
_ON_HAND = {Source.CAMERA: CAMERA, Source.LENS: PAINTING}
"""The sources whose picture is not the layer's own: there is one of each."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A picture of the program and its share of the light; shares below 1 leave black."""

    source: Source
    slot: int
    picture: Picture
    weight: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that was drawn: what it is of, how far into that, and where in which part."""

    title: str
    time_s: float | None
    place: Rect
    rect: Rect


@dataclass(frozen=True, slots=True)
class _Placed:
    """A picture brought to the card and where in its region it goes."""

    held: Held
    weight: float
    rect: Rect
    window: Window
    mirrored: bool

    def sampled(self, rect: Rect) -> Affine:
        turns = self.held.picture.quarter_turns
        where = sampled(rect, self.rect, self.window, turns, mirrored=self.mirrored)
        across, down = self.held.filled
        s, t, right_s, right_t, down_s, down_t = where
        return (
            s * across,
            t * down,
            right_s * across,
            right_t * down,
            down_s * across,
            down_t * down,
        )


def weighed(
    layers: Sequence[Layer], camera: Picture | None, painting: Picture | None = None
) -> tuple[Weighed, ...] | None:
    """Return what is seen of `layers`, bottom first, and how strongly; None when none is ready.

    A layer whose picture has not come yet is passed over: black is shown only when asked for. One
    picture that lies in two layers is one: shares of light add up.
    """
    seen: list[Weighed] = []
    ready = False
    on_hand = {Source.CAMERA: camera, Source.LENS: painting}
    for layer in layers:
        picture = on_hand.get(layer.source, layer.picture)
        if picture is None and layer.source is not Source.BLACK:
            continue
        ready = True
        opacity = min(1.0, max(0.0, layer.opacity))
        seen = [replace(below, weight=below.weight * (1.0 - opacity)) for below in seen]
        if picture is not None and layer.source is not Source.BLACK:
            slot = _ON_HAND.get(layer.source, layer.deck)
            title = layer.title or picture.title
            seen.append(Weighed(layer.source, slot, picture, opacity, title))
    if not ready:
        return None
    merged: dict[int, Weighed] = {}
    for entry in seen:
        below = merged.get(entry.slot)
        weight = entry.weight + (below.weight if below else 0.0)
        merged[entry.slot] = replace(entry, weight=weight)
    shown = tuple(entry for entry in merged.values() if entry.weight > 1.0 - _WHOLE)
    return shown[-len(_NAMES) :]


class Compositor:
    """Draws one picture after another. All methods: the thread of the surface's context.

    What it keeps on the card belongs to one context and is made again in another one.
    `uploads` counts the pictures brought to the card; `shown` is what was drawn last, of a fade
    only what is seen best.
    """

    def __init__(self) -> None:
        self.uploads = 0
        self.shown: tuple[Shown, ...] = ()
        self._context: object = None
        self._vertices = ctypes.c_uint()
        self._shaders: dict[tuple[str, ...], Shader] = {}
        self._held: dict[int, Held] = {}
        self._program: tuple[Weighed, ...] = ()
        self._camera: tuple[Frame, Picture] | None = None

    def draw(
        self,
        layers: Sequence[Layer],
        camera: Frame | None,
        params: Params,
        size_px: tuple[int, int],
        panes: Sequence[Pane] = (),
        painting: Picture | None = None,
    ) -> None:
        """Draw `layers` (up to three, bottom first) and what stands beside them as `params` ask.

        Layers without a picture are not drawn; when none has one, the last ones stay. While there
        are no panes, a grid shows the program, and so does the lens's layout without a painting.
        """
        if min(size_px) <= 0:
            return
        self._prepare(size_px)
        if params.blackout:
            return
        seen = self._camera_picture(camera)
        self._program = _or_else(weighed(layers, seen, painting), self._program)
        is_empty = {Layout.GRID: not panes, Layout.LENS: painting is None}
        if is_empty.get(params.screen, False):
            params = replace(params, screen=Layout.PROGRAM)
        for region in regions(params, size_px):
            if region.what is What.PANE:
                for pane in panes[region.number - 1 : region.number]:
                    self.draw_pane(pane, region.rect, params, size_px)
            elif region.what is What.PROGRAM:
                rect, fitted = _matched(region.rect, params, seen)
                self._draw_region(self._program, rect, fitted, size_px)
                self._note(self._program, rect, fitted, camera)
            else:
                source = Source.LENS if region.what is What.PAINTING else Source.CAMERA
                alone = weighed((Layer(source, 0, None, 1.0),), seen, painting) or ()
                rect = region.rect
                if region.over and seen is not None:
                    place, _ = placed(seen.aspect, rect, params.fit)
                    rect = cornered(place, rect)
                    _blacken(around(rect, size_px), size_px)
                self._draw_region(alone, rect, params, size_px)
                self._note(alone, rect, params, camera)

    def draw_pane(self, pane: Pane, rect: Rect, params: Params, size_px: tuple[int, int]) -> None:
        """Draw one pane over what is there, once a picture has begun; nothing without a picture."""
        if pane.picture is not None:
            slot = PANES + pane.number
            alone = (Weighed(Source.ARCHIVE, slot, pane.picture, 1.0, pane.title),)
            self._draw_region(alone, rect, params, size_px)
            self._note(alone, rect, params, None)

    def begin(self, size_px: tuple[int, int]) -> None:
        """Begin a picture that has panes and no program: black, to be drawn over."""
        if min(size_px) > 0:
            self._prepare(size_px)

    def close(self) -> None:
        """Free everything on the card, while its context lives."""
        if self._context is None or self._context is not current_context():
            return
        for held in self._held.values():
            held.delete()
        for shader in self._shaders.values():
            shader.delete()
        GL.glDeleteVertexArrays(1, ctypes.byref(self._vertices))
        self._forget()

    def _forget(self) -> None:
        self._held.clear()
        self._shaders.clear()
        self._context = None

    def _prepare(self, size_px: tuple[int, int]) -> None:
        """Leave a black picture and the one state that everything here is drawn with."""
        self.shown = ()
        if self._context is not current_context():
            self._forget()
            self._context = current_context()
            self._vertices = GL.GLuint()
            GL.glGenVertexArrays(1, ctypes.byref(self._vertices))
            GL.glBindVertexArray(self._vertices)
            self._warm_up(size_px)
        GL.glBindVertexArray(self._vertices)  # empty, but core profiles draw nothing without
        for switch in (GL.GL_BLEND, GL.GL_DEPTH_TEST, GL.GL_CULL_FACE, GL.GL_SCISSOR_TEST):
            GL.glDisable(switch)
        GL.glViewport(0, 0, *size_px)
        GL.glClearColor(0.0, 0.0, 0.0, 1.0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT)

    def _warm_up(self, size_px: tuple[int, int]) -> None:
        """Draw once in every way there is: drivers build programs at their first use.

        That takes a tenth of a second, which nobody should see at the first crossfade.
        """
        grey = np.full((2, 2, 3), 128, np.uint8)
        yuv = (grey[..., 0], grey[:1, :1, 0], grey[:1, :1, 0])
        kinds = (
            Picture((grey,), PixelFormat.BGR, 1.0, 0.0),
            Picture(yuv, PixelFormat.YUV420, 1.0, 0.0),
            Picture((np.zeros(8, np.uint8),), PixelFormat.DXT1, 1.0, 0.0, size_px=(2, 2)),
        )
        for rect in (Rect(0, 0, 2, 2), Rect(0, 0, 4, 4)):  # pixel for pixel, and not
            for below in kinds:
                lower = Weighed(Source.ARCHIVE, 0, below, 1.0)
                for shown in ((lower,), (replace(lower, weight=0.5),)):
                    self._draw_region(shown, rect, Params(), size_px)
                for above in kinds:
                    both = (replace(lower, weight=0.5), Weighed(Source.ARCHIVE, 1, above, 0.25))
                    over = Weighed(Source.LENS, PAINTING, kinds[0], 0.25)
                    self._draw_region(both, rect, Params(), size_px)
                    self._draw_region((*both, over), rect, Params(), size_px)
        for held in self._held.values():
            held.delete()
        self._held.clear()
        self.uploads = 0

    def _camera_picture(self, camera: Frame | None) -> Picture | None:
        """Return the frame as a picture, the same object for the same frame."""
        if camera is None:
            return None
        if self._camera is None or self._camera[0] is not camera:
            height, width = camera.image.shape[:2]
            aspect = width / height
            picture = Picture((camera.image,), PixelFormat.BGR, aspect, camera.captured_s)
            self._camera = (camera, picture)
        return self._camera[1]

    def _draw_region(
        self, shown: tuple[Weighed, ...], rect: Rect, params: Params, size_px: tuple[int, int]
    ) -> None:
        pictures = tuple(self._place(entry, rect, params) for entry in shown)
        for unit, picture in enumerate(pictures):
            whole = picture.window == Window() and picture.held.picture.quarter_turns % 2 == 0
            shown_px = (picture.rect.width, picture.rect.height) if whole else None
            picture.held.bind(2 * unit, shown_px=shown_px)
        for cell in cells(tuple(picture.rect for picture in pictures)):
            here = tuple((2 * n, pictures[n]) for n in cell.layers)
            self._draw_cell(cell.rect, here, size_px)

    def _note(
        self, seen: tuple[Weighed, ...], rect: Rect, params: Params, camera: Frame | None
    ) -> None:
        """Remember what is seen best in `rect`; nothing where most of that is black."""
        best = max(seen, key=lambda entry: entry.weight, default=None)
        if best is None or best.weight < MOSTLY:
            return
        place, _ = placed(best.picture.aspect, rect, params.fit)
        if best.source is not Source.CAMERA:
            time_s = None if best.source is Source.LENS else best.picture.time_s
            self.shown += (Shown(best.title, time_s, place, rect),)
        elif camera is not None:
            self.shown += (Shown(camera.title, camera.time_s, place, rect),)

    def _place(self, entry: Weighed, rect: Rect, params: Params) -> _Placed:
        held = self._held.setdefault(entry.slot, Held())
        self.uploads += held.upload(entry.picture)
        place, window = placed(entry.picture.aspect, rect, params.fit)
        mirrored = params.mirror and entry.source in _ON_HAND
        return _Placed(held, entry.weight, place, window, mirrored)

    def _draw_cell(
        self, rect: Rect, here: tuple[tuple[int, _Placed], ...], size_px: tuple[int, int]
    ) -> None:
        """Draw the pictures that are seen in `rect`, given with their units."""
        shader = self._shader(_defines(tuple(picture for _, picture in here)), len(here))
        shader.use()
        shader.vec("place", *clip_space(rect, size_px), width=4)
        for name, (unit, picture) in zip(_NAMES, here, strict=False):
            shader.vec(f"{name}_at", *picture.sampled(rect), width=2)
            shader.sampler(f"{name}_first", unit)
            if picture.held.format is PixelFormat.YUV420:
                shader.sampler(f"{name}_chroma", unit + 1)
                to = to_rgb(picture.held.picture.colours)
                shader.vec(f"{name}_luma", to.luma_scale, to.luma_offset, width=2)
                matrix = (to.v_to_red, to.u_to_green, to.v_to_green, to.u_to_blue)
                shader.vec(f"{name}_matrix", *matrix, width=4)
        if len(here) > 1 or here[0][1].weight < _WHOLE:
            weights = [picture.weight for _, picture in here]
            weights += [0.0] * (2 - len(weights))
            shader.vec("weights", *weights, width=len(weights))
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)

    def _shader(self, defines: tuple[str, ...], pictures: int) -> Shader:
        if defines not in self._shaders:
            fragment = ("light.glsl", "formats.glsl", PER_LAYER, "picture.frag.glsl")
            layers = _NAMES[:pictures]
            self._shaders[defines] = Shader("cell.vert.glsl", fragment, defines, layers)
        return self._shaders[defines]


def _blacken(rect: Rect, size_px: tuple[int, int]) -> None:
    """Make a part of the picture black."""
    GL.glEnable(GL.GL_SCISSOR_TEST)
    GL.glScissor(rect.x, size_px[1] - rect.bottom, rect.width, rect.height)
    GL.glClear(GL.GL_COLOR_BUFFER_BIT)
    GL.glDisable(GL.GL_SCISSOR_TEST)


def _matched(rect: Rect, params: Params, camera: Picture | None) -> tuple[Rect, Params]:
    """Where the program goes, and fitted how: for MATCH, a place of the camera's shape, filled."""
    if params.fit is not Fit.MATCH or camera is None:
        return rect, params
    return placed(camera.aspect, rect, Fit.FIT)[0], replace(params, fit=Fit.FILL)


def _or_else(seen: tuple[Weighed, ...] | None, last: tuple[Weighed, ...]) -> tuple[Weighed, ...]:
    return last if seen is None else seen


def _defines(here: tuple[_Placed, ...]) -> tuple[str, ...]:
    """Name what the shader must be built for."""
    names = ["FADED"] if len(here) > 1 or here[0].weight < _WHOLE else []
    names += [name.upper() for name in _NAMES[1 : len(here)]]
    for name, picture in zip(_NAMES, here, strict=False):
        kind = KINDS.get(picture.held.format)
        if kind is not None:
            names.append(f"{name}_{kind}")
    return tuple(names)


@lru_cache(maxsize=64)
def clip_space(rect: Rect, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of `rect` in GL's clip space, where up is positive."""
    width, height = size_px
    return (
        2.0 * rect.x / width - 1.0,
        1.0 - 2.0 * rect.y / height,
        2.0 * rect.right / width - 1.0,
        1.0 - 2.0 * rect.bottom / height,
    )
