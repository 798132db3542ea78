"""TouchOSC's controls, in the look of this tablet."""

import uuid
from typing import Any

import py2tosc
from py2tosc import (
    AlignH,
    AlignV,
    Control,
    Orientation,
    OscMessage,
    OutlineStyle,
    Value,
)

from livematch.osc.touch import theme
from livematch.osc.touch.arrange import Box
from livematch.osc.touch.messages import (
    hears,
)
from livematch.osc.touch.theme import fitted_size, text_width

NAMES = uuid.UUID("5d0f0f63-6c3b-5a0f-9c37-6f0b2d1b7c11")  # the same table gives the same file
PAD_PX = 12  # left and right of a caption on a button


def identity(key: str) -> str:
    """Return the node ID that belongs to a name; never another."""
    return str(uuid.uuid5(NAMES, key))


def group(key: str, box: Box, *children: Control, **more: Any) -> Control:
    """Make a group without a look of its own."""
    look = {"background": False, "outline": False, "interactive": False, "color": theme.PANEL}
    return py2tosc.group(
        id=identity(key), name=_last(key), frame=_frame(box), children=list(children), **look | more
    )


def label(
    key: str,
    box: Box,
    text: str,
    *,
    size: int = 13,
    colour: str = theme.BRIGHT,
    align: AlignH = AlignH.LEFT,
    hearing: str | None = None,
    **more: Any,
) -> Control:
    """Make a line of text, or of what is told at the address `hearing`."""
    return py2tosc.label(
        id=identity(key),
        name=_last(key),
        frame=_frame(box),
        values=[Value("text", default=text), Value("touch", default=False)],
        messages=[hears(hearing)] if hearing else [],
        **_text_look(size, colour, align) | more,
    )


def well_of(
    key: str, box: Box, caption: str, text: str, hearing: str, size: int = 15, **more: Any
) -> Control:
    """Make a line that is told, under its dim name, in a place that is seen not to be touched."""
    over = Box(8, 3, box.w - 16, 15)
    told = Box(8, 18, box.w - 16, box.h - 20)
    return group(
        key,
        box,
        label(f"{key}/caption", over, caption, size=11, colour=theme.DIM),
        label(f"{key}/value", told, text, size=size, hearing=hearing, **more),
        background=True,
        color=theme.WELL,
        corner_radius=theme.CORNER,
    )


def paragraph(key: str, box: Box, text: str, hearing: str, size: int) -> Control:
    """Make a text that breaks into lines."""
    return py2tosc.text(
        id=identity(key),
        name=_last(key),
        frame=_frame(box),
        values=[Value("text", default=text), Value("touch", default=False)],
        messages=[hears(hearing)],
        **_text_look(size, theme.BRIGHT, AlignH.CENTER),
    )


def button(
    key: str, box: Box, colour: str, *messages: Any, x: float = 0, pull: int = 0, **more: Any
) -> Control:
    """Make a button; its caption is a label that lies over it."""
    look = {"color": colour, "corner_radius": theme.CORNER, "outline_style": OutlineStyle.FULL}
    return py2tosc.button(
        id=identity(key),
        name=_last(key),
        frame=_frame(box),
        values=[Value("x", default=x, default_pull=pull), Value("touch", default=False)],
        messages=list(messages),
        **look | more,
    )


def fader(key: str, box: Box, colour: str, x: float, *messages: OscMessage, **more: Any) -> Control:
    """Make a fader, lying unless told otherwise."""
    look = {
        "color": colour,
        "corner_radius": theme.CORNER,
        "outline_style": OutlineStyle.FULL,
        "orientation": Orientation.EAST,
        "grid": False,
    }
    return py2tosc.fader(
        id=identity(key),
        name=_last(key),
        frame=_frame(box),
        values=[Value("x", default=x), Value("touch", default=False)],
        messages=list(messages),
        **look | more,
    )


def _text_look(size: int, colour: str, align: AlignH) -> dict[str, Any]:
    return {
        "background": False,
        "outline": False,
        "color": theme.PANEL,
        "text_color": colour,
        "text_size": size,
        "text_align_h": align,
        "text_align_v": AlignV.MIDDLE,
    }


def caption_over(key: str, box: Box, text: str, largest: int = theme.LARGEST) -> Control:
    """Make the caption of a button, as large as it fits."""
    size = fitted_size(text, box.w - PAD_PX, largest)
    return label(f"{key}/caption", box, text, size=size, align=AlignH.CENTER)


def _frame(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.w, box.h


def _last(key: str) -> str:
    return key.rpartition("/")[2]


def worded(name: str) -> str:
    """Return a name as it is read: without underscores."""
    return name.replace("_", " ")


def least_width(caption: str) -> int:
    """Return the least width of a button with a caption."""
    return max(72, round(text_width(caption, 13)) + PAD_PX)
