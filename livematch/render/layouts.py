"""Where things go on the screen: rectangles in pixels, from the top left. Pure."""

import itertools
from dataclasses import dataclass
from enum import StrEnum

from livematch.control.params import Fit, Layout, Params

GRID = 3  # cells in a row and rows: what nine picks need
CORNER = 0.3  # the camera's share of the width and height where it lies over the program
INSET = 0.5  # the preview's share of the program's width and height
SNAP_PX = 1.5  # a bar thinner than this is a rounding of the aspect, not a bar


class What(StrEnum):
    """What a region shows."""

    PROGRAM = "program"
    CAMERA = "camera"
    PANE = "pane"
    PAINTING = "painting"


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of whole pixels; `y` counts down from the top."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column that is no longer in it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row that is no longer in it."""
        return self.y + self.height

    def holds(self, other: "Rect") -> bool:
        """Whether `other` lies wholly inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The part of an upright picture that is seen, 0 to 1 from its top left."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the screen and what it shows; `number` says which pane.

    One that is `over` another stands in the lower right corner of its part.
    """

    rect: Rect
    what: What
    number: int = 0
    over: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a region and which of its layers are seen there, bottom first."""

    rect: Rect
    layers: tuple[int, ...]


_BESIDE = {
    Layout.SIDE_BY_SIDE: (What.CAMERA, What.PROGRAM),
    Layout.TRIPTYCH: (What.CAMERA, What.PAINTING, What.PROGRAM),
}
"""What stands side by side, from the left."""
_ALONE = {Layout.CAMERA: What.CAMERA, Layout.LENS: What.PAINTING}
"""What fills the screen by itself where that is not the program."""

Affine = tuple[float, float, float, float, float, float]
"""Texture coordinates: at the top left, then what one step right and one step down adds."""


def regions(params: Params, size: tuple[int, int]) -> tuple[Region, ...]:
    """Divide a screen of (width, height) pixels, bottom first; nothing when it has no area."""
    width, height = size
    if width <= 0 or height <= 0:
        return ()
    whole = Rect(0, 0, width, height)
    gap = max(2, width // 160)
    if columns := _columns(_BESIDE.get(params.screen, ()), whole, gap):
        return columns
    if params.screen is Layout.STACKED and (tall := (height - gap) // 2) > 0:
        return (
            Region(Rect(0, 0, width, tall), What.CAMERA),
            Region(Rect(0, height - tall, width, tall), What.PROGRAM),
        )
    if params.screen is Layout.INSET and (corner := _corner(whole)) is not None:
        return (Region(whole, What.PROGRAM), Region(corner, What.CAMERA, over=True))
    if params.screen is Layout.GRID and (places := grid(whole, gap)):
        return tuple(Region(rect, What.PANE, number) for number, rect in enumerate(places, 1))
    return (Region(whole, _ALONE.get(params.screen, What.PROGRAM)),)


def _columns(whats: tuple[What, ...], whole: Rect, gap: int) -> tuple[Region, ...]:
    """Set things beside each other, all of one width; nothing without room for them."""
    last = len(whats) - 1
    across = (whole.width - last * gap) // max(1, last + 1)
    if last < 1 or across <= 0:
        return ()
    free = whole.width - across
    return tuple(
        Region(Rect(free * n // last, 0, across, whole.height), what)
        for n, what in enumerate(whats)
    )


def _corner(whole: Rect) -> Rect | None:
    """Return the lower right corner of a screen, as far from both edges; None without room."""
    margin = max(2, min(whole.width, whole.height) // 30)
    across, down = round(whole.width * CORNER), round(whole.height * CORNER)
    if min(across, down, whole.width - across - margin, whole.height - down - margin) <= 0:
        return None
    return Rect(whole.right - across - margin, whole.bottom - down - margin, across, down)


def grid(rect: Rect, gap: int) -> tuple[Rect, ...]:
    """Place `GRID` × `GRID` cells in the middle of `rect`, row by row; none where they do not fit.

    Each has the shape of `rect`, so that a picture made for the screen fits its cell, too. Gaps
    are equal, and there is one around the whole.
    """
    room_x, room_y = ((side - (GRID + 1) * gap) // GRID for side in (rect.width, rect.height))
    if min(room_x, room_y) <= 0:
        return ()
    shape = rect.width / rect.height
    width, height = min(room_x, round(room_y * shape)), min(room_y, round(room_x / shape))
    if min(width, height) <= 0:
        return ()
    left = rect.x + (rect.width - GRID * width - (GRID - 1) * gap) // 2
    top = rect.y + (rect.height - GRID * height - (GRID - 1) * gap) // 2
    return tuple(
        Rect(left + column * (width + gap), top + row * (height + gap), width, height)
        for row in range(GRID)
        for column in range(GRID)
    )


def inset(size: tuple[int, int]) -> Rect:
    """Return where the operator's preview lies over the program: bottom right, beside the HUD."""
    width, height = size
    margin = max(2, width // 80)
    across, down = round(width * INSET), round(height * INSET)
    return Rect(max(0, width - across - margin), max(0, height - down - margin), across, down)


def cornered(place: Rect, rect: Rect) -> Rect:
    """Move a place into the lower right corner of `rect`."""
    return Rect(rect.right - place.width, rect.bottom - place.height, place.width, place.height)


def around(rect: Rect, size: tuple[int, int]) -> Rect:
    """Return a rectangle with its dark edge, on a screen of that size."""
    edge = max(1, min(size) // 360)
    return Rect(rect.x - edge, rect.y - edge, rect.width + 2 * edge, rect.height + 2 * edge)


def placed(aspect: float, rect: Rect, fit: Fit) -> tuple[Rect, Window]:
    """Place a picture of `aspect` (width over height) in the middle of `rect`.

    FILL covers `rect` with a part of it; the others show all of it in a smaller rectangle.
    """
    if fit is Fit.FILL:
        return rect, _cropped(aspect, rect)
    width, height = float(rect.width), rect.width / aspect
    if height > rect.height:
        width, height = rect.height * aspect, float(rect.height)
    across = rect.width if rect.width - width < SNAP_PX else max(1, round(width))
    down = rect.height if rect.height - height < SNAP_PX else max(1, round(height))
    x = rect.x + (rect.width - across) // 2
    y = rect.y + (rect.height - down) // 2
    return Rect(x, y, across, down), Window()


def _cropped(aspect: float, rect: Rect) -> Window:
    shape = rect.width / rect.height
    if aspect > shape:
        edge = (1.0 - shape / aspect) / 2.0
        return Window(left=edge, right=1.0 - edge)
    edge = (1.0 - aspect / shape) / 2.0
    return Window(top=edge, bottom=1.0 - edge)


def cells(places: tuple[Rect, ...]) -> tuple[Cell, ...]:
    """Cut the union of some rectangles where their edges run, so that each cell is uniform.

    A crossfade of two shapes is then drawn without asking, pixel by pixel, who is there.
    """
    across = sorted({edge for place in places for edge in (place.x, place.right)})
    down = sorted({edge for place in places for edge in (place.y, place.bottom)})
    found = []
    for top, bottom in itertools.pairwise(down):
        for left, right in itertools.pairwise(across):
            rect = Rect(left, top, right - left, bottom - top)
            inside = tuple(n for n, place in enumerate(places) if place.holds(rect))
            if inside:
                found.append(Cell(rect, inside))
    return tuple(found)


def sampled(
    rect: Rect, place: Rect, window: Window, quarter_turns: int = 0, *, mirrored: bool = False
) -> Affine:
    """Return where a picture's texture is read for the part `rect` of its `place`.

    The texture holds the stored picture, which stands upright after `quarter_turns` clockwise.
    """
    per_x = (window.right - window.left) / place.width
    per_y = (window.bottom - window.top) / place.height
    s = window.left + (rect.x - place.x) * per_x
    t = window.top + (rect.y - place.y) * per_y
    ds, dt = per_x * rect.width, per_y * rect.height
    if mirrored:
        s, ds = 1.0 - s, -ds
    match quarter_turns % 4:
        case 1:
            return (t, 1.0 - s, 0.0, -ds, dt, 0.0)
        case 2:
            return (1.0 - s, 1.0 - t, -ds, 0.0, 0.0, -dt)
        case 3:
            return (1.0 - t, s, 0.0, ds, -dt, 0.0)
        case _:
            return (s, t, ds, 0.0, 0.0, dt)
