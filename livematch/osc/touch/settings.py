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
from livematch.osc.touch.arrange import Box, Cell, shared
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


MOST_BUTTONS = 6  # a choice of more words is made with a fader


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
    """A row of buttons, one of them lit."""
    key = spec.address
    needs = [max(TOUCH_PX, math.ceil(text_width(word, 11)) + PAD_PX) for word in spec.choices]
    # on a phone, words may be as small and as close as they can be
    narrow = [max(TOUCH_PX, math.ceil(text_width(word, theme.SMALLEST))) for word in spec.choices]
    gaps = GAP_PX // 2 * (len(needs) - 1)

    def build(box: Box) -> Control:
        top = Box(2, 0, box.w - 4, CAPTION_PX)
        row = Box(0, CAPTION_PX, box.w, box.h - CAPTION_PX)
        least, gap = (needs, GAP_PX // 2) if sum(needs) + gaps <= row.w else (narrow, 1)
        places = [Box(x, 0, w, row.h) for x, w in shared(row.w, least, gap)]
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

    return Cell(key, (sum(needs) + gaps, CAPTION_PX + TOUCH_PX), build)


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
