"""The things that are told: lines, bars and lights."""

from py2tosc import (
    Control,
    CursorDisplay,
)

from livematch.osc.space import Address
from livematch.osc.touch import theme
from livematch.osc.touch.arrange import Box, Cell
from livematch.osc.touch.controls import (
    button,
    caption_over,
    fader,
    group,
    label,
    well_of,
    worded,
)
from livematch.osc.touch.messages import (
    hears,
)
from livematch.osc.touch.theme import TOUCH_PX, fitted_size


def reading(
    address: Address, caption: str = "", *, least: int = 84, size: int = 15, grows: bool = False
) -> Cell:
    """A line that is told: its name, dim, above it."""
    name = caption or worded(address.path.rpartition("/")[2])
    key = address.path
    longest = {"f": 5, "i": 5}.get(address.types, 0)

    def build(box: Box) -> Control:
        return well_of(key, box, name, "-", key, size=size, text_length=longest)

    return Cell(key, (least, 44), build, grows)


def meter(address: Address, colour: str, caption: str = "") -> Cell:
    """A bar that is told, 0 to 1."""
    name = caption or worded(address.path.rpartition("/")[2])
    key = address.path

    def build(box: Box) -> Control:
        side = 64
        bar = fader(
            f"{key}/bar",
            Box(side, 2, box.w - side, box.h - 4),
            colour,
            0,
            hears(key, "x", 0, 1),
            interactive=False,
            cursor=False,
            cursor_display=CursorDisplay.INACTIVE,
        )
        over = Box(2, 0, side - 6, box.h)
        size = fitted_size(name, over.w, 13)
        return group(
            key, box, label(f"{key}/caption", over, name, size=size, colour=theme.DIM), bar
        )

    return Cell(key, (132, 22), build)


def lamp(address: Address, colour: str, caption: str, low: float = 0, high: float = 1) -> Cell:
    """A light that is told, and goes out by itself."""
    key = address.path

    def build(box: Box) -> Control:
        place = Box(0, 0, box.w, box.h)
        light = button(
            f"{key}/lamp",
            place,
            colour,
            hears(key, "x", low, high),
            pull=LAMP_PULL,
            interactive=False,
        )
        return group(key, box, light, caption_over(key, place, caption, 13))

    return Cell(key, (72, TOUCH_PX), build)


LAMP_PULL = 40  # per cent: how fast a light goes out
