"""The whole layout: pages laid out on sheets, a tab each, as the bytes of a `.tosc` file."""

import zlib
from collections.abc import Sequence

import py2tosc
from py2tosc import Control, Document, LocalMessage

from livematch.errors import UsageError
from livematch.osc.port import REPLY_PORT
from livematch.osc.touch import LEAST, MOST, SIZE, theme
from livematch.osc.touch.arrange import Box, Placed, sheets
from livematch.osc.touch.controls import group, identity, label
from livematch.osc.touch.messages import root_script
from livematch.osc.touch.pages import Page, pages

VERSION = "3"  # of the file: the first that TouchOSC wrote, and read by all since


def layout(
    presets: Sequence[str] = (), size: tuple[int, int] = SIZE, reply_port: int = REPLY_PORT
) -> Document:
    """Return the layout of the present tables, of `size` points; UsageError for an absurd size.

    The same tables, presets and size always give the same layout.
    """
    width, height = size
    if not (LEAST <= width <= MOST and LEAST <= height <= MOST):
        raise UsageError(f"a layout cannot be {width}x{height}; allowed: {LEAST} to {MOST} points")
    bar = Box(0, 0, width, height)
    inside = Box(0, theme.TABS_PX, width, height - theme.TABS_PX)
    tabs = [tab for page in pages(presets, reply_port) for tab in _tabs(page, inside)]
    room = width / len(tabs) - theme.GAP_PX
    size_on = min(theme.fitted_size(tab.get("tabLabel"), room, theme.TAB_SIZE) for tab in tabs)
    pager = py2tosc.pager(
        id=identity("pager"),
        name="pages",
        frame=(bar.x, bar.y, bar.w, bar.h),
        children=tabs,
        color=theme.STAGE,
        background=True,
        outline=False,
        tabbar_size=theme.TABS_PX,
        text_size_on=size_on,
        text_size_off=size_on,
    )
    root = group(
        "livematch", bar, pager, background=True, color=theme.STAGE, script=root_script(reply_port)
    )
    return Document(root=root, version=VERSION)


def encoded(document: Document) -> bytes:
    """Return the file's bytes: XML, deflated as TouchOSC does it."""
    return zlib.compress(document.dumps().encode(), 9)


def _tabs(page: Page, box: Box) -> list[Control]:
    """Make a tab of each sheet that a page needs."""
    room = box.w - 2 * theme.GAP_PX, box.h - 2 * theme.GAP_PX
    made: list[Control] = []
    for number, sheet in enumerate(sheets(page.columns, *room), 1):
        name = page.name if number == 1 else f"{page.name} {number}"
        panels = [_panel(f"{name}/{n}", placed) for n, placed in enumerate(sheet)]
        tab = group(
            name,
            box,
            *panels,
            background=True,
            color=theme.STAGE,
            tab_label=name if number == 1 else str(number),
            tab_color_on=page.colour,
            tab_color_off=theme.WELL,
            text_color_on=theme.BRIGHT,
            text_color_off=theme.DIM,
        )
        made.append(_own_ids(tab))
    return made


def _panel(key: str, placed: Placed) -> Control:
    box = Box(placed.box.x + theme.GAP_PX, placed.box.y + theme.GAP_PX, placed.box.w, placed.box.h)
    heading = label(
        f"{key}/heading",
        Box(theme.MARGIN_PX + 2, 4, box.w - 2 * theme.MARGIN_PX - 4, theme.HEADING_PX - 2),
        placed.title.upper(),
        size=11,
        colour=theme.DIM,
    )
    cells = [cell.build(place) for cell, place in placed.cells]
    return group(key, box, heading, *cells, background=True, color=theme.PANEL, corner_radius=6.0)


def _own_ids(tab: Control) -> Control:
    """Give a tab's nodes IDs of their own: the same thing may be on another, too."""
    name = tab.get("name")
    owned = {control.id: identity(f"{name}:{control.id}") for control in tab.walk()}
    for control in tab.walk():
        control.id = owned[control.id]
        for message in control.messages:
            if isinstance(message, LocalMessage):
                message.dst_id = owned[message.dst_id]
    return tab
