"""The things that set a parameter: each is a cell that becomes a group of controls."""

import math
from collections.abc import Sequence

from py2tosc import (
    AlignH,
    ButtonType,
    Control,
    Orientation,
    TriggerCondition,
)

from livematch.control.spec import Spec
from livematch.osc.touch import theme
from livematch.osc.touch.arrange import Box, Cell, shared, split
from livematch.osc.touch.controls import (
    PAD_PX,
    button,
    caption_over,
    fader,
    group,
    label,
    least_width,
    well_of,
    worded,
)
from livematch.osc.touch.messages import (
    both_ways,
    choice_script,
    lit_script,
    number_script,
    number_text,
    says,
)
from livematch.osc.touch.theme import CAPTION_PX, GAP_PX, TOUCH_PX, fitted_size, text_width

NUDGED = 250  # a fader of more steps than this has buttons for single ones


def parameter(spec: Spec, colour: str, caption: str = "") -> Cell:
    """Return the cell that suits a parameter, called by its name unless told otherwise."""
    said = caption or worded(spec.name)
    match spec.kind:
        case "number":
            return number(spec, colour, said)
        case "switch":
            return switch(spec, colour, said)
        case "text":
            return words(spec, colour, said)
        case _:
            wide = len(spec.choices) > MOST_BUTTONS
            return selector(spec, colour, said) if wide else choice(spec, colour, said)


ONE_ROW, MOST_BUTTONS = 6, 8  # a choice of more words is made with a fader


def number(spec: Spec, colour: str, caption: str) -> Cell:
    """A lying fader with name and number above, and single steps where a finger is too coarse."""
    nudged = (spec.high - spec.low) / spec.step > NUDGED
    sides = TOUCH_PX + GAP_PX // 2 if nudged else 0
    key = spec.address

    def build(box: Box) -> Control:
        inner = Box(sides, CAPTION_PX, box.w - 2 * sides, box.h - CAPTION_PX)
        value = float(spec.default)
        moved = fader(
            f"{key}/fader",
            inner,
            colour,
            spec.position_of(value),
            both_ways(spec.address, spec.low, spec.high),
            script=number_script(spec),
        )
        steps = _steps(spec, colour, box) if nudged else []
        return group(key, box, *_above(spec, box, caption, number_text(spec, value)), moved, *steps)

    return Cell(key, (108 + 2 * sides, CAPTION_PX + TOUCH_PX), build)


def _above(
    spec: Spec, box: Box, caption: str, value: str, hearing: str | None = None
) -> list[Control]:
    """The line over a fader: its name to the left, its value to the right."""
    right = min(box.w // 2, round(text_width(value, 13)) + 30)
    name = Box(2, 0, box.w - right - 2, CAPTION_PX)
    told = Box(box.w - right, 0, right - 2, CAPTION_PX)
    size = fitted_size(caption, name.w, 13)
    return [
        label(f"{spec.address}/caption", name, caption, size=size, colour=theme.DIM),
        label(f"{spec.address}/value", told, value, align=AlignH.RIGHT, hearing=hearing),
    ]


def _steps(spec: Spec, colour: str, box: Box) -> list[Control]:
    """Buttons for one step down and up; on release they ask for what has become of it."""
    made: list[Control] = []
    for name, sign, x in (("less", "-", 0), ("more", "+", box.w - TOUCH_PX)):
        place = Box(x, CAPTION_PX, TOUCH_PX, box.h - CAPTION_PX)
        key = f"{spec.address}/{name}"
        asks = says(spec.address, "?", when=TriggerCondition.FALL)
        made += [
            button(key, place, colour, says(spec.address, sign), asks),
            label(f"{key}-sign", place, sign, size=20, align=AlignH.CENTER),
        ]
    return made


def tall(spec: Spec, colour: str) -> Cell:
    """A standing fader, its number above and its name below."""
    key = spec.address

    def build(box: Box) -> Control:
        value = float(spec.default)
        top = Box(0, 0, box.w, CAPTION_PX)
        foot = Box(0, box.h - CAPTION_PX, box.w, CAPTION_PX)
        caption = worded(spec.name)
        return group(
            key,
            box,
            label(f"{key}/value", top, number_text(spec, value), align=AlignH.CENTER),
            fader(
                f"{key}/fader",
                Box(0, CAPTION_PX, box.w, box.h - 2 * CAPTION_PX),
                colour,
                spec.position_of(value),
                both_ways(spec.address, spec.low, spec.high),
                orientation=Orientation.NORTH,
                script=number_script(spec),
            ),
            label(
                f"{key}/caption",
                foot,
                caption,
                size=fitted_size(caption, box.w, 13),
                colour=theme.DIM,
                align=AlignH.CENTER,
            ),
        )

    return Cell(key, (TOUCH_PX, 2 * CAPTION_PX + 110), build, grows=True)


def switch(spec: Spec, colour: str, caption: str) -> Cell:
    """A button that stays: on or off."""
    key = spec.address

    def build(box: Box) -> Control:
        place = Box(0, 0, box.w, box.h)
        toggled = button(
            f"{key}/switch",
            place,
            colour,
            both_ways(spec.address, whole=True),
            x=spec.position_of(spec.default),
            button_type=ButtonType.TOGGLE_PRESS,
        )
        return group(key, box, toggled, caption_over(key, place, caption))

    return Cell(key, (least_width(caption), TOUCH_PX), build)


def choice(spec: Spec, colour: str, caption: str) -> Cell:
    """Buttons in a row, or in two where there are many; one of them is lit."""
    key, gap = spec.address, GAP_PX // 2
    rows = 1 if len(spec.choices) <= ONE_ROW else 2
    most = -(-len(spec.choices) // rows)
    words = [spec.choices[n : n + most] for n in range(0, len(spec.choices), most)]
    needs = [[_least(word, 11, PAD_PX) for word in row] for row in words]
    across = max(sum(row) + gap * (len(row) - 1) for row in needs)

    def build(box: Box) -> Control:
        top = Box(2, 0, box.w - 4, CAPTION_PX)
        row = Box(0, CAPTION_PX, box.w, box.h - CAPTION_PX)
        places = [
            Box(x, y, w, h)
            for batch, wide, (y, h) in zip(words, needs, split(row.h, rows, gap), strict=True)
            for x, w in _spread(row.w, batch, wide)
        ]
        return group(
            key,
            box,
            label(f"{key}/caption", top, caption, colour=theme.DIM),
            *lit_row(
                key,
                spec.address,
                row,
                [(word, word, spec.address, (word,)) for word in spec.choices],
                places,
                colour,
                lit=str(spec.default),
            ),
        )

    return Cell(key, (across, CAPTION_PX + rows * TOUCH_PX + gap * (rows - 1)), build)


def _least(word: str, size: int, pad_px: int = 0) -> int:
    return max(TOUCH_PX, math.ceil(text_width(word, size)) + pad_px)


def _spread(across: int, words: Sequence[str], needs: list[int]) -> list[tuple[int, int]]:
    """Share a row among words; on a phone they may be as small and as close as they can be."""
    gap = GAP_PX // 2
    if sum(needs) + gap * (len(needs) - 1) <= across:
        return shared(across, needs, gap)
    return shared(across, [_least(word, theme.SMALLEST) for word in words], 1)


def lit_row(
    key: str,
    told_at: str,
    box: Box,
    entries: Sequence[tuple[str, str, str, tuple[int | str, ...]]],
    places: Sequence[Box],
    colour: str,
    lit: str = "",
) -> list[Control]:
    """Make buttons of which the one is lit that `told_at` names, and the captions over them.

    Each entry is a name, a caption, and what is sent where when it is touched.
    """
    buttons = [
        button(
            f"{key}/on/{name}",
            place,
            colour,
            says(path, *args, on="touch"),
            x=float(name == lit),
            press=False,  # a finger does not light it: the script does, and what is told
            release=False,
            script=lit_script(),
        )
        for (name, _, path, args), place in zip(entries, places, strict=True)
    ]
    row = group(f"{key}/buttons", box, *buttons)
    row.name = told_at  # the root's script finds it by what it shows
    captions = [
        caption_over(
            f"{key}/over/{name}",
            Box(box.x + place.x, box.y + place.y, place.w, place.h),
            caption,
        )
        for (name, caption, _, _), place in zip(entries, places, strict=True)
    ]
    return [row, *captions]


def selector(spec: Spec, colour: str, caption: str) -> Cell:
    """A lying fader over many words: it sends the place, and writes the word."""
    key = spec.address

    def build(box: Box) -> Control:
        place = Box(0, CAPTION_PX, box.w, box.h - CAPTION_PX)
        moved = fader(
            f"{key}/fader",
            place,
            colour,
            spec.position_of(spec.default),
            both_ways(f"{spec.address}/position"),
            script=choice_script(spec),
        )
        widest = max(spec.choices, key=lambda word: text_width(word, 13))
        above = _above(spec, box, caption, widest, hearing=spec.address)
        above[1].values[0].default = str(spec.default)
        return group(key, box, *above, moved)

    return Cell(key, (140, CAPTION_PX + TOUCH_PX), build)


def words(spec: Spec, colour: str, caption: str) -> Cell:
    """A text that others write: shown here, and emptied."""
    key = spec.address

    def build(box: Box) -> Control:
        wide = 64
        well = Box(0, 0, box.w - wide - GAP_PX // 2, box.h)
        place = Box(box.w - wide, 0, wide, box.h)
        text = str(spec.default) or "-"
        asks = says(spec.address, "?", when=TriggerCondition.FALL)
        return group(
            key,
            box,
            well_of(f"{key}/well", well, caption, text, spec.address),
            button(f"{key}/clear", place, colour, says(spec.address, ""), asks),
            caption_over(f"{key}/clear", place, "clear"),
        )

    return Cell(key, (180, TOUCH_PX), build)
