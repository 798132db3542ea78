"""What every rendered shot paints with: grids, noise, colour ramps, drawing and light.

A *picture* is float32 RGB, shape (HEIGHT, WIDTH, 3), 0 to 1 (painters may overshoot;
`to_bytes` clips). A *plane* is float32 of shape (HEIGHT, WIDTH). `X` runs over
-ASPECT to ASPECT from left to right and `Y` over -1 to 1 from the bottom up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]
Picture: TypeAlias = Floats
Plane: TypeAlias = Floats
Bytes: TypeAlias = NDArray[np.uint8]
Colour: TypeAlias = tuple[float, float, float]
Painter: TypeAlias = Callable[[float, float], Picture]
"""Paints the picture at (seconds, progress); progress runs from 0 to 1 over the shot."""
Frames: TypeAlias = Callable[[int, float], Iterator[Picture]]
"""Yields that many pictures at that frame rate."""

WIDTH, HEIGHT = 640, 360
ASPECT = WIDTH / HEIGHT
PLATE = 1024
"""Side of a noise plate in pixels; a plate repeats seamlessly."""

_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
X: Plane = ((_columns + 0.5) / WIDTH * 2 - 1) * np.float32(ASPECT)
Y: Plane = 1 - (_rows + 0.5) / HEIGHT * 2
COLUMNS, ROWS = _columns, _rows


def painted(paint: Painter) -> Frames:
    """A shot whose every picture depends on its time alone."""

    def frames(count: int, rate: float) -> Iterator[Picture]:
        for number in range(count):
            yield paint(number / rate, number / max(1, count - 1))

    return frames


# --- numbers ------------------------------------------------------------------------------


def f32(values: ArrayLike) -> Floats:
    """The values as 32-bit floats."""
    return np.asarray(values, dtype=np.float32)


def smoothstep(low: float, high: float, value: ArrayLike) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; `low` may be the larger one."""
    share = np.clip((f32(value) - low) / (high - low), 0, 1)
    return f32(share * share * (3 - 2 * share))


def ease(progress: float) -> float:
    """Starts and ends at rest, for camera moves."""
    return progress * progress * (3 - 2 * progress)


def mix(one: Floats, other: Floats, share: Floats | float) -> Floats:
    """`one` where share is 0, `other` where it is 1; a plane's share serves all channels."""
    weight = f32(share)
    if weight.ndim == 2 and max(one.ndim, other.ndim) == 3:
        weight = weight[..., None]
    return f32(one + (other - one) * weight)


# --- noise --------------------------------------------------------------------------------


@cache
def noise_plate(seed: int, slope: float = 1.8, lowest: float = 3.0) -> Plane:
    """Seamless cloud noise (PLATE, PLATE), mean 0, deviation 1.

    `slope` is how fast amplitude falls with frequency (higher is smoother) and `lowest`
    the lowest frequency kept, in cycles per plate. Shared between callers: do not write.
    """
    dice = np.random.default_rng(seed)
    across = np.fft.rfftfreq(PLATE, 1 / PLATE)
    down = np.fft.fftfreq(PLATE, 1 / PLATE)[:, None]
    frequency = np.hypot(across, down)
    size = np.where(frequency < lowest, 0, np.maximum(frequency, 1.0) ** -slope)
    waves = size * np.exp(2j * np.pi * dice.random(size.shape))
    plate = np.fft.irfft2(waves, s=(PLATE, PLATE))
    return f32((plate - plate.mean()) / plate.std())


@cache
def noise_slopes(seed: int, slope: float, lowest: float) -> tuple[Plane, Plane]:
    """The plate's slope to the right and down, each of deviation 1."""
    plate = noise_plate(seed, slope, lowest)
    right = np.roll(plate, -1, 1) - np.roll(plate, 1, 1)
    down = np.roll(plate, -1, 0) - np.roll(plate, 1, 0)
    return f32(right / right.std()), f32(down / down.std())


def look_up(plate: Floats, u: ArrayLike, v: ArrayLike) -> Floats:
    """The plate at (u, v), where 1 is one whole plate and the plate repeats for ever."""
    height, width = plate.shape[:2]
    return f32(
        cv2.remap(
            plate,
            f32(np.mod(u, 1) * width),
            f32(np.mod(v, 1) * height),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
    )


def wobble(seed: int, t_s: float, speed: float = 1.0) -> float:
    """A smooth random walk around 0, about ±1, for hand shake and flicker."""
    phases = np.random.default_rng(seed).random(5) * 2 * np.pi
    rates = np.array([0.7, 1.3, 2.1, 3.7, 5.9]) * speed
    return float((np.sin(rates * t_s + phases) / np.array([1, 1.3, 2, 3, 4.5])).sum() / 1.6)


# --- colour -------------------------------------------------------------------------------


def rgb(code: str) -> Colour:
    """'ff8800' as red, green and blue from 0 to 1."""
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def ramp(*stops: str) -> Floats:
    """A table of 1024 colours running evenly through the stops ('ff8800' …)."""
    places = np.linspace(0, 1, len(stops))
    colours = np.array([rgb(stop) for stop in stops])
    steps = np.linspace(0, 1, 1024)
    return f32(np.stack([np.interp(steps, places, colours[:, c]) for c in range(3)], axis=1))


def paint_with(table: Floats, values: Floats) -> Picture:
    """Each value (0 to 1) as its colour in the ramp."""
    return f32(table[(np.clip(values, 0, 1) * 1023).astype(np.int32)])


def flat(code: str) -> Picture:
    """A picture of one colour."""
    return f32(np.broadcast_to(f32(rgb(code)), (HEIGHT, WIDTH, 3)).copy())


def tint(plane: Plane, code: str) -> Picture:
    """Light of one colour, as strong as the plane says."""
    return f32(plane[..., None] * f32(rgb(code)))


def grey(plane: Plane) -> Picture:
    """The plane as a black-and-white picture."""
    return f32(np.repeat(plane[..., None], 3, axis=2))


# --- light and lens -----------------------------------------------------------------------


def blur(picture: Floats, sigma_px: float) -> Floats:
    """Softens a picture or plane."""
    return f32(cv2.GaussianBlur(picture, (0, 0), sigma_px))


def bloom(picture: Picture, threshold: float = 0.7, amount: float = 0.6) -> Picture:
    """Lets the bright parts spill over, as a lens does."""
    small = cv2.resize(np.maximum(picture - threshold, 0), None, fx=0.25, fy=0.25)
    spill = blur(f32(small), 3) + blur(f32(small), 9)
    return f32(picture + amount * cv2.resize(spill, (picture.shape[1], picture.shape[0])))


def vignette(picture: Picture, amount: float = 0.35) -> Picture:
    """Darkens towards the corners."""
    return f32(picture * (1 - amount * smoothstep(0.7, 2.1, np.hypot(X, Y)))[..., None])


def filmic(light: Picture) -> Picture:
    """Rolls strong light off softly instead of clipping it."""
    return f32(1 - np.exp(-1.35 * np.maximum(light, 0)))


def grain(picture: Picture, t_s: float, amount: float = 0.012) -> Picture:
    """Film grain, different each frame and the same each run."""
    dice = np.random.default_rng(int(t_s * 1000) + 17)
    noise = dice.standard_normal(picture.shape[:2], dtype=np.float32)
    return f32(picture + amount * noise[..., None])


def to_bytes(picture: Picture) -> Bytes:
    """The picture as 8-bit RGB, dithered so that soft gradients do not band."""
    dice = np.random.default_rng(5)
    dither = dice.random(picture.shape[:2], dtype=np.float32)[..., None] - 0.5
    return np.clip(picture * 255 + dither + 0.5, 0, 255).astype(np.uint8)


# --- drawing ------------------------------------------------------------------------------


class Sketch:
    """A sheet for lines and shapes in the grid's coordinates, drawn at twice the size.

    Colours are three numbers from 0 to 1; `picture()` scales down, smooth-edged.
    """

    SCALE = 2
    SHIFT = 4

    def __init__(self, background: Picture | None = None) -> None:
        size = (WIDTH * self.SCALE, HEIGHT * self.SCALE)
        if background is None:
            self.sheet: Bytes = np.zeros((size[1], size[0], 3), np.uint8)
        else:
            large = cv2.resize(to_bytes(background), size, interpolation=cv2.INTER_CUBIC)
            self.sheet = np.asarray(large, dtype=np.uint8)

    def _place(self, points: Floats) -> NDArray[np.int32]:
        """Grid coordinates (N, 2) as the sheet's fixed-point pixels."""
        half = HEIGHT * self.SCALE / 2
        across = (points[:, 0] + ASPECT) * half
        down = (1 - points[:, 1]) * half
        fixed = np.stack([across, down], axis=1) * (1 << self.SHIFT)
        return np.asarray(np.clip(np.rint(fixed), -500_000, 500_000), dtype=np.int32)

    @staticmethod
    def _ink(colour: Sequence[float]) -> tuple[float, float, float]:
        red, green, blue = (float(np.clip(part, 0, 1)) * 255 for part in colour)
        return red, green, blue

    def polygon(self, points: Floats, colour: Sequence[float]) -> None:
        """A filled shape with these corners (N, 2)."""
        cv2.fillPoly(
            self.sheet, [self._place(f32(points))], self._ink(colour), cv2.LINE_AA, self.SHIFT
        )

    def line(self, points: Floats, colour: Sequence[float], width: float = 0.01) -> None:
        """A stroke through the points; `width` in grid units."""
        pixels = max(1, round(width * HEIGHT * self.SCALE / 2))
        cv2.polylines(
            self.sheet,
            [self._place(f32(points))],
            False,
            self._ink(colour),
            pixels,
            cv2.LINE_AA,
            self.SHIFT,
        )

    def disc(self, x: float, y: float, radius: float, colour: Sequence[float]) -> None:
        """A filled circle."""
        centre = self._place(f32([[x, y]]))[0]
        size = round(radius * HEIGHT * self.SCALE / 2 * (1 << self.SHIFT))
        place = (int(centre[0]), int(centre[1]))
        cv2.circle(self.sheet, place, max(1, size), self._ink(colour), -1, cv2.LINE_AA, self.SHIFT)

    def ring(
        self, x: float, y: float, radius: float, colour: Sequence[float], width: float
    ) -> None:
        """A circle's outline."""
        turn = np.linspace(0, 2 * np.pi, 121)
        self.line(
            f32(np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1)),
            colour,
            width,
        )

    def picture(self) -> Picture:
        """What has been drawn so far."""
        small = cv2.resize(self.sheet, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return f32(small.astype(np.float32) / 255)

    def mask(self) -> Plane:
        """The red channel alone, for shapes drawn in white."""
        return f32(self.picture()[..., 0])


def soft_spots(spots: Sequence[tuple[float, float, float, Colour]], edge: float = 0.25) -> Picture:
    """Sums discs of light (x, y, radius, colour), as lamps out of focus look."""
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    scale = HEIGHT / 2
    for x, y, radius, colour in spots:
        left = int((x - radius * 1.2 + ASPECT) * scale)
        right = int((x + radius * 1.2 + ASPECT) * scale) + 2
        top = int((1 - y - radius * 1.2) * scale)
        bottom = int((1 - y + radius * 1.2) * scale) + 2
        part = (
            slice(max(0, top), max(0, min(HEIGHT, bottom))),
            slice(max(0, left), max(0, min(WIDTH, right))),
        )
        away = np.hypot(X[part] - x, Y[part] - y) / radius
        disc = smoothstep(1, 1 - edge, away) * (0.75 + 0.25 * away**4)
        light[part] += f32(disc)[..., None] * f32(colour)
    return light
