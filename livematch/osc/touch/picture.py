"""A picture of the pages, drawn from the very nodes that are written.

TouchOSC alone knows its look to the pixel; here its rules are followed as its manual tells them: a
control is filled with a dark shade of its colour, a button by its value, a fader up to its value.
"""

from PIL import Image, ImageDraw
from py2tosc import AlignH, AlignV, Color, Control, ControlType, Document, Orientation

from livematch.osc.touch import theme
from livematch.osc.touch.arrange import Box

SHADE = 0.26  # of its colour: how bright a control is that is off
FINE = 2  # drawn so much larger, then made smaller: smooth corners
GAP_PX = 24

Rgb = tuple[int, int, int]


def picture(document: Document, width_px: int = 1640) -> Image.Image:
    """Draw all pages as RGB: the first over the whole width, the others two by two below it."""
    pager = document.root.children[0]
    pages = [_page(pager, page) for page in pager.children]
    half = (width_px - GAP_PX) // 2
    first = _scaled(pages[0], width_px)
    rest = [_scaled(page, half) for page in pages[1:]]
    rows = [rest[n : n + 2] for n in range(0, len(rest), 2)]
    height = first.height + sum(row[0].height + GAP_PX for row in rows)
    sheet = Image.new("RGB", (width_px, height), (38, 40, 44))
    sheet.paste(first, (0, 0))
    y = first.height + GAP_PX
    for row in rows:
        for n, page in enumerate(row):
            sheet.paste(page, (n * (half + GAP_PX), y))
        y += row[0].height + GAP_PX
    return sheet


def with_few_colours(image: Image.Image) -> Image.Image:
    """Return a picture with a palette of 256 colours: a third of the size as PNG, looks the same.

    The round of k-means is what keeps plain areas at their very colour.
    """
    return image.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)


def _scaled(page: Image.Image, width: int) -> Image.Image:
    return page.resize((width, round(page.height * width / page.width)), Image.Resampling.LANCZOS)


def _page(pager: Control, shown: Control) -> Image.Image:
    _, _, w, h = map(int, pager.frame)
    image = Image.new("RGB", (w * FINE, h * FINE), _rgb(pager.color))
    pen = ImageDraw.Draw(image)
    _draw_tabs(pen, pager, shown)
    _draw(pen, shown, 0, 0, _rgb(pager.color))
    return image


def _draw_tabs(pen: ImageDraw.ImageDraw, pager: Control, shown: Control) -> None:
    wide = pager.frame.w / len(pager.children)
    tall = int(pager.get("tabbarSize"))
    for n, page in enumerate(pager.children):
        state = "On" if page is shown else "Off"
        box = Box(round(n * wide) + 1, 1, round(wide) - 2, tall - 2)
        pen.rectangle(_corners(box), _rgb(page.get(f"tabColor{state}")))
        size = int(pager.get(f"textSize{state}"))
        _write(pen, box, page.get("tabLabel"), size, _rgb(page.get(f"textColor{state}")))


def _draw(pen: ImageDraw.ImageDraw, node: Control, x: float, y: float, behind: Rgb) -> None:
    """Draw a node and all in it; `behind` is the colour that it lies on."""
    if not node.get("visible", True):
        return
    frame = node.frame
    box = Box(int(x + frame.x), int(y + frame.y), int(frame.w), int(frame.h))
    match node.control_type:
        case ControlType.GROUP:
            if node.get("background"):
                behind = _rgb(node.color)
                pen.rounded_rectangle(_corners(box), node.get("cornerRadius") * FINE, behind)
            for child in node.children:
                _draw(pen, child, box.x, box.y, behind)
        case ControlType.BUTTON:
            lit = float(_value(node, "x"))
            _draw_shape(pen, node, box, _mixed(_shade(node), _rgb(node.color), lit))
        case ControlType.FADER:
            _draw_shape(pen, node, box, _shade(node))
            _draw_bar(pen, node, box)
        case ControlType.LABEL | ControlType.TEXT:
            _draw_text(pen, node, box)


def _draw_shape(pen: ImageDraw.ImageDraw, node: Control, box: Box, fill: Rgb) -> None:
    outline = _mixed(fill, _rgb(node.color), 0.8) if node.get("outline") else None
    radius = node.get("cornerRadius") * FINE
    pen.rounded_rectangle(_corners(box), radius, fill, outline, width=FINE)


def _draw_bar(pen: ImageDraw.ImageDraw, node: Control, box: Box) -> None:
    at = float(_value(node, "x"))
    bar = _mixed(_shade(node), _rgb(node.color), 0.85)
    lies = node.get("orientation") == Orientation.EAST
    along = (box.w if lies else box.h) - 4
    filled = round(along * at)
    part = (
        Box(box.x + 2, box.y + 2, filled, box.h - 4)
        if lies
        else Box(box.x + 2, box.y + 2 + along - filled, box.w - 4, filled)
    )
    if filled > 1:
        pen.rounded_rectangle(_corners(part), (node.get("cornerRadius") - 1) * FINE, bar)
    if node.get("cursor"):
        thick = 4
        edge = min(max(filled, thick), along)
        cursor = (
            Box(box.x + 2 + edge - thick, box.y + 2, thick, box.h - 4)
            if lies
            else Box(box.x + 2, box.y + 2 + along - edge, box.w - 4, thick)
        )
        pen.rectangle(_corners(cursor), _mixed(_rgb(node.color), (255, 255, 255), 0.6))


def _draw_text(pen: ImageDraw.ImageDraw, node: Control, box: Box) -> None:
    if node.get("background"):
        radius = node.get("cornerRadius") * FINE
        pen.rounded_rectangle(_corners(box), radius, _rgb(node.color))
    text = str(_value(node, "text"))
    if length := node.get("textLength"):
        text = text[:length]
    colour = _rgb(node.get("textColor"))
    _write(
        pen, box, text, node.get("textSize"), colour, node.get("textAlignH"), node.get("textAlignV")
    )


def _write(
    pen: ImageDraw.ImageDraw,
    box: Box,
    text: str,
    size: int,
    colour: Rgb,
    across: int = AlignH.CENTER,
    down: int = AlignV.MIDDLE,
) -> None:
    x = {AlignH.LEFT: box.x, AlignH.CENTER: box.x + box.w / 2, AlignH.RIGHT: box.x + box.w}[
        AlignH(across)
    ]
    y = {AlignV.TOP: box.y, AlignV.MIDDLE: box.y + box.h / 2, AlignV.BOTTOM: box.y + box.h}[
        AlignV(down)
    ]
    anchor = {1: "l", 2: "m", 3: "r"}[int(across)] + {1: "t", 2: "m", 3: "b"}[int(down)]
    pen.text((x * FINE, y * FINE), text, colour, theme.font(size * FINE), anchor=anchor)


def _value(node: Control, key: str) -> float | str:
    found = node.value(key)
    return 0.0 if found is None else found.default


def _corners(box: Box) -> tuple[int, int, int, int]:
    x, y, w, h = (part * FINE for part in (box.x, box.y, box.w, box.h))
    return x, y, x + max(1, w) - 1, y + max(1, h) - 1


def _rgb(colour: Color) -> Rgb:
    return round(colour.r * 255), round(colour.g * 255), round(colour.b * 255)


def _shade(node: Control) -> Rgb:
    return _mixed((0, 0, 0), _rgb(node.color), SHADE)


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
