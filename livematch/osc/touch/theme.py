"""How the tablet looks: colours, measures and letters. A dark stage, read at arm's length."""

from functools import lru_cache

from PIL import ImageFont

TOUCH_PX = 44  # the least a finger hits without looking
GAP_PX = 8
MARGIN_PX = 10
HEADING_PX = 22
CAPTION_PX = 18
TABS_PX = 44
TAB_SIZE = 16  # points of a tab's name where there is room
CORNER = 4.0

STAGE = "#08090b"
PANEL = "#14161a"
WELL = "#1e2127"  # what lies in a panel and is not touched
BRIGHT = "#eceae4"
DIM = "#9a9ea6"

# of a middle tone each: bright letters stand out on them, lit or not
AMBER = "#c9790c"
BLUE = "#2f78d6"
GREEN = "#1d9462"
VIOLET = "#7a5ae0"
STEEL = "#5b7088"
RED = "#d22f2f"

LARGEST, SMALLEST = 15, 9  # points of a caption: it shrinks to its place, and no further


@lru_cache(maxsize=32)
def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the letters that text is measured and drawn with: Pillow's own, no system font."""
    return ImageFont.load_default(size)


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is; a little more, for TouchOSC has letters of its own."""
    return font(size).getlength(text) * 1.08


def fitted_size(text: str, width_px: float, largest: int = LARGEST) -> int:
    """Return the largest size at which a text fits in a width, `SMALLEST` at least."""
    for size in range(largest, SMALLEST, -1):
        if text_width(text, size) <= width_px:
            return size
    return SMALLEST
