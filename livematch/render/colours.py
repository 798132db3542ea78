"""How YUV becomes RGB: after ITU-R BT.601, BT.709 and BT.2020. Pure."""

from dataclasses import dataclass
from functools import lru_cache

from livematch.values import Colours

# the weights of red and blue in luma; green is the rest
LUMA_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


@dataclass(frozen=True, slots=True)
class ToRgb:
    """The matrix without its ones and zeros, for values in 0 to 1 and chroma about 128/255.

    Red is y + v · `v_to_red`, and so on, where y = `luma_scale` · Y + `luma_offset`.
    """

    luma_scale: float
    luma_offset: float
    v_to_red: float
    u_to_green: float
    v_to_green: float
    u_to_blue: float


@lru_cache(maxsize=16)
def to_rgb(colours: Colours) -> ToRgb:
    """Return the numbers of one matrix and range.

    BT.2020 is meant with non-constant luminance; its wider primaries are shown as they are.
    """
    red, blue = LUMA_WEIGHTS[colours.matrix]
    green = 1.0 - red - blue
    luma, chroma = (1.0, 1.0) if colours.full_range else (255 / 219, 255 / 224)
    v_to_red = 2.0 * (1.0 - red) * chroma
    u_to_blue = 2.0 * (1.0 - blue) * chroma
    return ToRgb(
        luma_scale=luma,
        luma_offset=0.0 if colours.full_range else -luma * 16 / 255,
        v_to_red=v_to_red,
        u_to_green=-u_to_blue * blue / green,
        v_to_green=-v_to_red * red / green,
        u_to_blue=u_to_blue,
    )
