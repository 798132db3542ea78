"""Rendered land: a flight over dunes, mountain ranges in mist."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from livematch.demo.workshop.canvas import (
    HEIGHT,
    PLATE,
    ROWS,
    WIDTH,
    Floats,
    Painter,
    Picture,
    Plane,
    X,
    Y,
    blur,
    f32,
    flat,
    grain,
    look_up,
    mix,
    noise_plate,
    paint_with,
    ramp,
    rgb,
    smoothstep,
    tint,
    vignette,
)


@dataclass(frozen=True, slots=True)
class Land:
    """Height and colour of a piece of land, both seamless (PLATE, PLATE)."""

    height: Plane
    colour: Floats
    sky: Floats
    haze: str
    relief: float
    eye: float


def _lit(height: Plane, relief: float, sun: tuple[float, float], low: float) -> Plane:
    """How much low sunlight each point catches (-1 to 1)."""
    right = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * relief
    down = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * relief
    size = np.sqrt(right**2 + down**2 + 1)
    return f32((-right * sun[0] - down * sun[1] + low) / size / np.hypot(1, low))


def _blur_plate(plate: Plane, sigma_px: float) -> Plane:
    """Blurs without a seam where the plate repeats."""
    edge = int(4 * sigma_px)
    padded = cv2.copyMakeBorder(plate, edge, edge, edge, edge, cv2.BORDER_WRAP)
    return blur(f32(padded), sigma_px)[edge:-edge, edge:-edge]


def dunes(seed: int = 81) -> Land:
    """Sharp-crested sand in evening sun."""
    base = noise_plate(seed, 3.0, 3)
    warp = noise_plate(seed + 1, 2.6, 3)
    row, column = np.mgrid[0:PLATE, 0:PLATE].astype(np.float32) / PLATE
    phase = 5 * column + 3 * row + 0.28 * warp + 0.25 * base
    saw = np.mod(phase, 1)
    crest = np.where(saw < 0.72, (saw / 0.72) ** 1.6, ((1 - saw) / 0.28) ** 1.2)
    height = _blur_plate(f32(crest), 2.5) * (0.75 + 0.25 * np.tanh(warp)) + 0.22 * base
    wind = np.sin((row * 90 + column * 40 + 1.6 * warp + 1.0 * base) * 2 * np.pi)
    light = _lit(f32(height), 22, (-0.9, 0.35), 0.35) + 0.05 * f32(wind)
    colour = paint_with(
        ramp("3d2440", "7a3d40", "c9763f", "f0ab5c", "ffdd9a"), f32(0.42 + 0.55 * light)
    )
    return Land(
        f32(height), colour, ramp("ffd9a6", "f2ae86", "b98a9a", "6d719c"), "e9b58c", 0.55, 1.25
    )


def moonscape(seed: int = 85) -> Land:
    """Cratered grey plains under a black sky."""
    dice = np.random.default_rng(seed)
    height = 0.10 * noise_plate(seed, 2.3, 3) + 0.012 * noise_plate(seed + 1, 1.4, 12)
    for size in np.sort(5 + 75 * dice.random(420) ** 6)[::-1]:
        reach = int(size * 1.9)
        rows, columns = (np.arange(-reach, reach + 1) + dice.integers(PLATE) for _ in range(2))
        away = np.hypot(*np.meshgrid(rows - rows[reach], columns - columns[reach])) / size
        bowl = np.where(away < 1, away**2 - 0.75, 0.25 * np.exp(-((away - 1) * 3.2)))
        rim = smoothstep(1.9, 1.2, away)
        height[np.ix_(rows % PLATE, columns % PLATE)] += f32(0.010 * size * bowl * rim).T
    light = _lit(_blur_plate(height, 0.8), 30, (-0.93, 0.2), 0.22)
    dust = 0.02 * noise_plate(seed + 2, 0.9, 20)
    colour = paint_with(
        ramp("030304", "26262a", "98969a", "f2efe8"), f32(0.36 + 0.62 * light + dust)
    )
    return Land(f32(height), colour, ramp("010104", "010103"), "0a0a0c", 0.85, 1.15)


def misty_ranges(seed: int = 91) -> Painter:
    """Blue ranges behind each other at dawn, mist lying between them."""
    mist = noise_plate(seed, 2.1, 3)
    sky = ramp("ffe3b8", "ffc7a0", "d9a9b4", "8fa3cf", "5f83bd")
    far, near = f32(rgb("d3a9a9")), f32(rgb("10202f"))
    outlines = [noise_plate(seed + layer, 1.7, 3)[60 + 40 * layer] for layer in range(7)]

    def paint(t_s: float, progress: float) -> Picture:
        picture = paint_with(sky, f32((Y + 0.2) / 1.2))
        sun = np.hypot(X - 0.5, Y - 0.34)
        light = 0.9 * smoothstep(0.115, 0.10, sun) + 0.42 * np.exp(-2.4 * sun)
        picture = picture + tint(f32(light), "ffe6b0")
        for layer, outline in enumerate(outlines):
            depth = (layer + 1) / len(outlines)
            places = (X[0] * (0.9 - 0.45 * depth) + 0.16 * t_s * depth**2 + 3 + layer) * PLATE / 6
            shape = np.interp(np.mod(places, PLATE - 1), np.arange(PLATE), outline)
            crest = (
                0.30 - 1.05 * depth**1.15 + (0.10 + 0.07 * depth) * shape - 0.05 * progress * depth
            )
            under = Y - f32(crest)
            ink = far + (near - far) * depth**0.8
            drift = look_up(mist, X * 0.12 + 0.012 * t_s * (1 + layer), Y * 0.3 + 0.31 * layer)
            valley = Y - blur(f32(crest)[None, :], 28)
            fog = smoothstep(0.02, -0.40, valley + 0.07 * drift) * (0.75 - 0.35 * depth)
            body = mix(f32(np.broadcast_to(ink, picture.shape)), flat("f3cfb8"), f32(fog))
            picture = mix(picture, body, smoothstep(0.006, -0.006, under))
        return grain(vignette(picture, 0.3), t_s, 0.006)

    return paint


def flight(land: Land, speed: float = 0.35, turn: float = 0.1, tilt: float = 0.42) -> Painter:
    """A low flight over land, rendered column by column from near to far."""
    steps = 420
    away = f32(0.35 * (60 ** (np.linspace(0, 1, steps))))
    columns = np.arange(WIDTH)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        spread = X[0] * 0.75
        across = (away[:, None] * spread[None, :] + turn * t_s) * 0.065
        forward = (np.broadcast_to(away[:, None], across.shape) + speed * t_s) * 0.065
        ground = look_up(land.height, f32(across), f32(-forward)) * land.relief
        crest = tilt + (ground - land.eye) / away[:, None]
        horizon_row = np.minimum.accumulate((1 - crest) * HEIGHT / 2, axis=0)
        cell = np.clip(np.ceil(horizon_row), 0, HEIGHT).astype(np.int64)
        counts = np.bincount((cell * WIDTH + columns).ravel(), minlength=(HEIGHT + 1) * WIDTH)
        hidden = steps - np.cumsum(counts.reshape(HEIGHT + 1, WIDTH), axis=0)[:HEIGHT]
        step = np.clip(hidden, 0, steps - 1)
        upper = np.clip(step, 1, steps - 1)
        low_row = horizon_row[upper - 1, columns]
        gap = np.maximum(low_row - horizon_row[upper, columns], 1e-3)
        share = np.clip((low_row - ROWS) / gap, 0, 1)
        reach = f32(away[upper - 1] + (away[upper] - away[upper - 1]) * share)
        u, v = (reach * spread[None, :] + turn * t_s) * 0.065, -(reach + speed * t_s) * 0.065
        surface = look_up(land.colour, f32(u), f32(v))
        fog = 1 - np.exp(-0.0016 * reach**2.1)
        surface = mix(surface, flat(land.haze), f32(fog))
        sky = paint_with(land.sky, f32(np.maximum(Y - tilt + 0.1, 0) / 0.8))
        picture = mix(surface, sky, f32(hidden >= steps))
        return grain(vignette(picture, 0.3), t_s, 0.006)

    return paint
