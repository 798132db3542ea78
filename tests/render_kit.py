"""What the render tests share: small pictures, the formulas they must obey, and a drawn result."""

import numpy as np
import pytest
from numpy.typing import NDArray

from livematch.control.params import Params
from livematch.errors import DisplayError
from livematch.render.colours import LUMA_WEIGHTS
from livematch.render.compositor import Compositor
from livematch.render.gl import GL, Surface
from livematch.render.offscreen import OffscreenSurface, open_offscreen
from livematch.values import Colours, Frame, Image, Layer, Picture, PixelFormat, Source

Floats = NDArray[np.float64]


def opened(size: tuple[int, int]) -> OffscreenSurface:
    """Open a surface, or skip the test where nothing can draw."""
    try:
        return open_offscreen(size)
    except DisplayError as error:
        pytest.skip(str(error))


def bgr(image: object, turns: int = 0) -> Picture:
    """Make a BGR picture with square pixels."""
    pixels = np.ascontiguousarray(np.asarray(image, np.uint8))
    height, width = pixels.shape[:2]
    aspect = height / width if turns % 2 else width / height
    return Picture((pixels,), PixelFormat.BGR, aspect, 0.0, turns)


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (16, 16)) -> Picture:
    """Make a picture of one BGR colour."""
    return bgr(np.full((size[1], size[0], 3), colour, np.uint8))


def shown(picture: Picture | None, deck: int = 0, opacity: float = 1.0) -> Layer:
    """Make an archive layer."""
    return Layer(Source.ARCHIVE, deck, picture, opacity)


def drawn(
    surface: Surface,
    compositor: Compositor,
    *layers: Layer,
    camera: Frame | None = None,
    params: Params | None = None,
    painting: Picture | None = None,
) -> Image:
    """Draw once and return what is to be seen."""
    surface.begin()
    compositor.draw(layers, camera, params or Params(), surface.size_px, painting=painting)
    seen = surface.read()
    surface.present()
    assert GL.glGetError() == GL.GL_NO_ERROR
    return seen


def to_light(srgb: Floats) -> Floats:
    """IEC 61966-2-1, from 0–1 to 0–1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Floats) -> Floats:
    """IEC 61966-2-1, backwards."""
    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )


def dissolved(below: Image, above: Image, opacity: float) -> Floats:
    """Mix two pictures in linear light; 0–255."""
    light = to_light(below / 255) * (1 - opacity) + to_light(above / 255) * opacity
    return to_srgb(light) * 255


def rgb_from_yuv(yuv: Floats, colours: Colours) -> Floats:
    """Invert the standard's own equations for one (…, 3) array of 8-bit values; 0–255."""
    red, blue = LUMA_WEIGHTS[colours.matrix]
    luma = np.array([red, 1 - red - blue, blue])
    forward = np.stack(
        [
            luma,
            (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)),
            (np.array([1, 0, 0]) - luma) / (2 * (1 - red)),
        ]
    )
    scale = np.array([255.0, 255.0, 255.0] if colours.full_range else [219.0, 224.0, 224.0])
    zero = np.array([0.0 if colours.full_range else 16.0, 128.0, 128.0])
    rgb = ((yuv - zero) / scale) @ np.linalg.inv(forward).T
    return np.clip(rgb, 0, 1) * 255
