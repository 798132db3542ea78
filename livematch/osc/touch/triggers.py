"""The things that make something happen once."""

from collections.abc import Sequence

from py2tosc import (
    AlignH,
    ButtonType,
    Control,
)

from livematch.osc.touch import theme
from livematch.osc.touch.arrange import Box, Cell, split
from livematch.osc.touch.controls import (
    PAD_PX,
    button,
    caption_over,
    group,
    identity,
    label,
    least_width,
    paragraph,
    worded,
)
from livematch.osc.touch.messages import (
    HELLO,
    SYNC,
    says,
    shows,
    switches_off,
)
from livematch.osc.touch.settings import lit_row
from livematch.osc.touch.theme import GAP_PX, TOUCH_PX, fitted_size


def trigger(
    path: str,
    caption: str,
    colour: str,
    *,
    args: tuple[int | str, ...] = (1,),
    large: bool = False,
    tag: str = "",
) -> Cell:
    """A button that does something once; `tag` tells it from others that send to the same path."""
    key = f"{path}-{tag}" if tag else path

    def build(box: Box) -> Control:
        place = Box(0, 0, box.w, box.h)
        return group(
            key,
            box,
            button(f"{key}/button", place, colour, says(path, *args)),
            caption_over(key, place, caption, 20 if large else theme.LARGEST),
        )

    return Cell(key, (least_width(caption), 56 if large else TOUCH_PX), build, grows=large)


def connect(reply_port: int) -> Cell:
    """The button that makes livematch talk to this tablet."""

    def build(box: Box) -> Control:
        place = Box(0, 0, box.w, box.h)
        asked = (says(HELLO, reply_port), says(SYNC, 1))
        made = button(f"{HELLO}/button", place, theme.GREEN, *asked)
        return group(HELLO, box, made, caption_over(HELLO, place, "connect"))

    return Cell(HELLO, (least_width("connect"), TOUCH_PX), build)


def guarded(
    key: str, caption: str, entries: Sequence[tuple[str, str, tuple[int | str, ...]]]
) -> Cell:
    """Buttons that show only after another was touched, and are gone once one of them was.

    Each entry is a caption, and what is sent where.
    """

    def build(box: Box) -> Control:
        side = max(64, box.w // 4)
        x = side + GAP_PX // 2
        wide = box.w - x
        safe = Box(0, 0, side, box.h)
        behind = Box(x, 0, wide, box.h)
        places = [Box(x + left, 0, w, box.h) for left, w in split(wide, len(entries), GAP_PX // 2)]
        hidden: list[Control] = []
        for number, ((said, path, args), place) in enumerate(zip(entries, places, strict=True)):
            each = f"{key}/{number}"
            fire = button(
                f"{each}/fire",
                place,
                theme.RED,
                says(path, *args),
                switches_off(identity(f"{key}/guard")),
                visible=False,
            )
            over = caption_over(f"{each}/over", place, said)
            over.visible = False
            hidden += [fire, over]
        guard = button(
            f"{key}/guard",
            safe,
            theme.RED,
            *(shows(control.id) for control in hidden),
            button_type=ButtonType.TOGGLE_PRESS,
        )
        hint = label(
            f"{key}/hint",
            behind,
            caption,
            size=fitted_size(caption, wide - PAD_PX, 13),
            colour=theme.DIM,
            align=AlignH.CENTER,
            background=True,
            color=theme.WELL,
        )
        return group(key, box, hint, guard, caption_over(f"{key}/arm", safe, "arm"), *hidden)

    return Cell(key, (64 + GAP_PX // 2 + 72 * len(entries), TOUCH_PX), build)


def pads(paths: Sequence[tuple[str, str]], columns: int, colour: str) -> Cell:
    """The candidates: a pad each, with its number and, as told, what it is."""
    rows = -(-len(paths) // columns)
    key = "picks"

    def build(box: Box) -> Control:
        across, down = split(box.w, columns), split(box.h, rows)
        made: list[Control] = []
        for number, (sent, told) in enumerate(paths):
            (x, w), (y, h) = across[number % columns], down[number // columns]
            place = Box(x, y, w, h)
            size = 14 if h > 80 else 10
            digit = Box(x + 6, y + 2, 24, 16)
            said = Box(x + 6, y + 18, w - 12, h - 20)
            made += [
                button(f"{sent}/pad", place, colour, says(sent, 1)),
                paragraph(f"{sent}/what", said, "", told, size),
                label(f"{sent}/digit", digit, str(number + 1), size=13, colour=theme.DIM),
            ]
        return group(key, box, *made)

    return Cell(key, (columns * 64 + GAP_PX * (columns - 1), rows * 56), build, grows=True)


def preset(name: str, told_at: str, path: str, colour: str) -> Cell:
    """The button of a preset: lit while it is the one that was recalled last."""
    key = f"preset-{name}"

    def build(box: Box) -> Control:
        place = Box(0, 0, box.w, box.h)
        entry = (name, worded(name).replace("-", " "), path, (1,))
        return group(key, box, *lit_row(key, told_at, place, [entry], [place], colour))

    return Cell(key, (112, 56), build)
