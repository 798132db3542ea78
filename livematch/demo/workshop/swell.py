"""The shape of open water: wave tiles from a wind's spectrum, and what a camera sees of them.

After J. Tessendorf, "Simulating Ocean Water" (SIGGRAPH course notes, 2001): random waves by
Fourier sums, their crests sharpened by moving the water sideways, foam where it folds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.demo.workshop.canvas import Floats, Plane, f32, smoothstep

TILE = 512
"""Side of a wave tile in samples; it repeats seamlessly."""


@dataclass(frozen=True, slots=True)
class Band:
    """Waves between two lengths, on one tile. Lengths are in metres."""

    side: float
    shortest: float
    height: Floats
    slopes: tuple[Floats, Floats]
    fold: Floats
    steep: float
    turn: float

    def at(self, plane: Floats, x: Floats, z: Floats) -> Floats:
        """One of the band's planes at places in the world."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        u, v = f32((x * cos - z * sin) / self.side), f32((x * sin + z * cos) / self.side)
        return glance(plane, u, v)

    def slope_at(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        """How the water rises to the right and ahead."""
        one, two = self.at(self.slopes[0], x, z), self.at(self.slopes[1], x, z)
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return f32(one * cos + two * sin), f32(two * cos - one * sin)


def glance(plane: Floats, u: Floats, v: Floats) -> Floats:
    """The plane at (u, v), where 1 is one whole tile and tiles repeat for ever."""
    rows, columns = plane.shape
    across, down = (u - np.floor(u)) * columns, (v - np.floor(v)) * rows
    return f32(cv2.remap(plane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def band(
    dice: np.random.Generator,
    longest: float,
    shortest: float,
    steep: float,
    wind: float,
    spread: float,
    chop: float,
    *,
    tiles: float = 9.0,
    turn: float = 0.0,
) -> Band:
    """Waves from `longest` to `shortest` metres; `steep` is their slope's deviation.

    `wind` is the angle they run to, `spread` 0 (one direction) to 1 (all), `chop` how far
    crests are sharpened: at 1 the steepest begin to fold.
    """
    side = longest * tiles
    across = np.fft.rfftfreq(TILE, 1 / TILE) * 2 * np.pi / side
    down = np.fft.fftfreq(TILE, 1 / TILE)[:, None] * 2 * np.pi / side
    size = np.hypot(across, down)
    safe = np.maximum(size, 1e-9)
    low, high = 2 * np.pi / longest, 2 * np.pi / shortest
    angle = np.arctan2(down, across) - (wind - turn)
    lean = np.abs(np.cos(angle)) ** (1 / max(spread, 0.04) ** 1.6)
    swell = np.exp(-1.2 * (low / safe) ** 4) * np.exp(-((safe / high) ** 2)) * safe**-2.0
    rolls = dice.standard_normal((2, *size.shape))
    waves = _single((rolls[0] + 1j * rolls[1]) * np.where(size > 0, swell * lean, 0))
    still = np.fft.irfft2(waves, s=(TILE, TILE))
    step = side / TILE
    slope = np.hypot(*(np.roll(still, -1, axis) - np.roll(still, 1, axis) for axis in (0, 1)))
    scale = steep / max(float(np.sqrt((slope**2).mean())) / (2 * step), 1e-12)
    waves, calm = waves * np.float32(scale), f32(still * scale)
    push_x = f32(np.fft.irfft2(_single(-1j * across / safe) * waves, s=(TILE, TILE)))
    push_z = f32(np.fft.irfft2(_single(-1j * down / safe) * waves, s=(TILE, TILE)))
    squeeze = f32(_rise(push_x, 1, step) + _rise(push_z, 0, step))
    reach = float(chop / max(float(-squeeze.min()), 1e-9))
    height, fold = _sharpened(calm, push_x, push_z, f32(1 + reach * squeeze), reach / step)
    slopes = f32(_rise(height, 1, step)), f32(_rise(height, 0, step))
    return Band(side, shortest, height, slopes, fold, steep, turn)


def _single(numbers: NDArray[np.complex128]) -> NDArray[np.complex64]:
    return np.asarray(numbers, dtype=np.complex64)


def _rise(plane: Floats, axis: int, step: float) -> Floats:
    return f32((np.roll(plane, -1, axis) - np.roll(plane, 1, axis)) / (2 * step))


def _sharpened(
    still: Floats, push_x: Floats, push_z: Floats, fold: Floats, reach: float
) -> tuple[Floats, Floats]:
    """Height and fold after the water has moved sideways by `reach` samples a unit."""
    rows, columns = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    move_x, move_z = f32(push_x * reach), f32(push_z * reach)
    x, z = columns, rows
    for _ in range(3):
        x = columns - glance(move_x, x / TILE, z / TILE)
        z = rows - glance(move_z, x / TILE, z / TILE)
    u, v = f32(x / TILE), f32(z / TILE)
    return glance(f32(still), u, v), glance(f32(fold), u, v)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the water is seen from: metres above it, and where the horizon lies.

    The picture is `across` × `down` pixels; Y runs from -1 (bottom) to 1, as on the canvas.
    A horizon above 1 is out of the picture. `focal` is the picture's distance in units of Y.
    """

    height: float
    horizon: float
    focal: float
    across: int
    down: int

    @property
    def grid(self) -> tuple[Plane, Plane]:
        """Each pixel's X and Y."""
        rows, columns = np.mgrid[0 : self.down, 0 : self.across].astype(np.float32)
        x = ((columns + 0.5) / self.across * 2 - 1) * (self.across / self.down)
        return f32(x), f32(1 - (rows + 0.5) / self.down * 2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What each pixel shows: the distance ahead, where in the world, and whether it is water."""

    z: Plane
    x: Plane
    height: Plane
    water: Plane


def look(
    camera: Camera, surface: Callable[[Floats, Floats], Floats], *, tallest: float, far: float
) -> Seen:
    """Follows each column of the picture outwards until every pixel has met the water."""
    x, y = camera.grid
    drop = camera.horizon + 1
    nearest = camera.focal * max(camera.height - tallest, 0.12 * camera.height) / max(drop, 0.1)
    fall = np.linspace(camera.focal * camera.height / nearest, 0.0005, camera.down * 5 // 4)
    by_screen = camera.focal * camera.height / fall
    by_world = np.geomspace(nearest, far, camera.down)
    steps = np.sort(np.concatenate([by_screen[by_screen < far], by_world]))
    depth = f32(np.broadcast_to(steps[:, None], (len(steps), camera.across)))
    side = f32(depth * x[:1] / camera.focal)
    water = surface(side, depth)
    screen = f32(camera.horizon + (water - camera.height) / depth * camera.focal)
    first = np.empty((camera.across, camera.down), np.intp)
    skyline = np.maximum.accumulate(screen, axis=0).T.copy()
    climb = y[:, 0][::-1].copy()
    for column in range(camera.across):
        first[column] = np.searchsorted(skyline[column], climb)
    found = np.ascontiguousarray(first[:, ::-1].T)
    wet = found < len(steps)
    there = np.clip(found, 1, len(steps) - 1)
    columns = np.arange(camera.across)
    low, high = screen[there - 1, columns], screen[there, columns]
    share = np.clip((y - low) / np.maximum(high - low, 1e-9), 0, 1)
    short = f32(steps)
    near, away = short[there - 1], short[there]
    z = f32(near + (away - near) * share)
    x_there = f32(z * x / camera.focal)
    height = f32(water[there - 1, columns] * (1 - share) + water[there, columns] * share)
    return Seen(z, x_there, height, f32(wet))


def shape(seen: Seen, camera: Camera, bands: list[Band]) -> tuple[Plane, Plane, Plane]:
    """The water's slopes to the right and ahead, and the variance of slopes too fine to see."""
    pixel = 2 / camera.down
    along = seen.z**2 / (camera.focal * camera.height) * pixel
    foot = np.sqrt(along * seen.z / camera.focal * pixel) * 1.2 + 0.25 * along
    right, ahead = np.zeros_like(seen.z), np.zeros_like(seen.z)
    hidden = np.full_like(seen.z, 4e-4)
    for waves in bands:
        clear = smoothstep(1.6, 0.25, foot / (2.2 * waves.shortest))
        one, two = waves.slope_at(seen.x, seen.z)
        right += one * clear
        ahead += two * clear
        hidden += f32(waves.steep**2 * 0.5 * (1 - clear**2))
    return right, ahead, hidden
