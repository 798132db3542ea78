"""Rendered fire, ink, smoke, stone, cloth and light."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import ArrayLike

from livematch.demo.workshop.canvas import (
    ASPECT,
    COLUMNS,
    HEIGHT,
    ROWS,
    WIDTH,
    Colour,
    Floats,
    Frames,
    Painter,
    Picture,
    Plane,
    Sketch,
    X,
    Y,
    bloom,
    blur,
    f32,
    filmic,
    flat,
    grain,
    grey,
    look_up,
    mix,
    noise_plate,
    paint_with,
    ramp,
    rgb,
    smoothstep,
    soft_spots,
    tint,
    vignette,
)

BLACK_BODY = ramp("000000", "2a0602", "8c1a04", "e8540a", "ffa726", "ffe08a", "fffbe8")


def bonfire(seed: int = 111, width: float = 0.85) -> Painter:
    """Tall flames and rising sparks against the night."""
    coarse, fine = noise_plate(seed, 2.2, 4), noise_plate(seed + 1, 1.7, 8)
    dice = np.random.default_rng(seed)
    sparks = dice.random((90, 4))

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        rise = Y + 1.15
        bend = 0.10 * rise * look_up(coarse, X * 0.12, Y * 0.12 - 0.0 + 0.30 * t_s)
        bend += 0.05 * rise * look_up(fine, X * 0.2, Y * 0.15 + 0.55 * t_s)
        x = X + bend
        tongues = look_up(coarse, f32(x * 0.30), f32(Y * 0.11 + 0.42 * t_s))
        licks = look_up(fine, f32(x * 0.30), f32(Y * 0.16 + 0.62 * t_s))
        body = 1.28 - np.abs(x / (width * (1.25 - 0.36 * rise))) ** 1.7 - 0.62 * rise
        heat = f32(np.clip(body + 0.30 * tongues + 0.17 * licks, 0, None))
        fire = paint_with(BLACK_BODY, f32(np.clip(heat * 0.85, 0, 1) ** 1.15))
        glow = tint(f32(0.35 * np.exp(-1.6 * np.hypot(X * 0.8, Y + 0.8))), "ff5a14")
        sheet = Sketch()
        for place, phase, size, sway in sparks:
            age = (phase + t_s * (0.25 + 0.3 * size)) % 1
            at = place * 1.5 - 0.75 + 0.22 * np.sin(5 * age + 9 * sway) * age
            shine = 1 - age
            sheet.disc(at, -0.9 + 2.1 * age, 0.004 + 0.005 * size, (shine, 0, 0))
        dots = sheet.mask()
        picture = fire * 1.25 + glow + tint(f32(dots * 1.4 + blur(dots, 3) * 1.6), "ffab4a")
        return grain(filmic(bloom(picture, 0.6, 0.4)), t_s, 0.006)

    return paint


def candle(seed: int = 121) -> Painter:
    """One candle in a dark room."""
    flick, wall = noise_plate(seed, 2.4, 2), noise_plate(seed + 1, 1.6, 4)
    wax = ramp("2a1208", "8f4a1c", "e0a35c", "f7dfb0")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        breath = look_up(
            flick, np.full((1, 1), 0.21 * t_s, np.float32), np.zeros((1, 1), np.float32)
        )
        lean = 0.05 * float(breath[0, 0])
        up = (Y + 0.12) / (0.68 + 0.4 * lean)
        x = X - lean * np.maximum(up, 0) ** 1.7
        half = 0.12 * np.sqrt(np.clip(up + 0.08, 0, 1.1)) * np.clip(1.02 - up, 0, 1) ** 0.72 * 1.55
        inside = smoothstep(1.05, 0.55, np.abs(x) / np.maximum(half, 1e-3)) * smoothstep(
            -0.06, 0.02, up
        )
        core = np.clip(1.15 - np.abs(up - 0.52) * 1.2, 0.25, 1)
        flame = mix(paint_with(BLACK_BODY, f32(inside * core * 0.98)), flat("26386e") * 1.1,
                    smoothstep(0.12, -0.03, up) * inside)  # fmt: skip
        away = np.hypot(X - lean, (Y - 0.2) * 1.05)
        halo = 0.75 * np.exp(-3.4 * away) + 0.26 * np.exp(-1.1 * away)
        halo *= 1 + 0.10 * float(breath[0, 0])
        plaster = 0.75 + 0.16 * look_up(wall, X * 0.22, Y * 0.22)
        room = tint(f32(halo * plaster), "ff9a42")
        across = X / 0.27
        stick = smoothstep(1.0, 0.97, np.abs(across)) * smoothstep(
            -0.2, -0.215, Y + 0.02 * across**2
        )
        shade = 0.95 * np.exp(-1.1 * np.maximum(-0.2 - Y, 0)) * (1 - 0.35 * across**2)
        wick = (
            smoothstep(0.012, 0.006, np.abs(X - 0.02 * (Y + 0.2)))
            * smoothstep(-0.24, -0.22, Y)
            * smoothstep(-0.02, -0.05, Y)
        )
        picture = mix(room, paint_with(wax, f32(shade)), f32(stick))
        picture = mix(picture, flat("1a0d08"), f32(wick)) + flame * 1.2
        return grain(filmic(bloom(picture, 0.7, 0.35)), t_s, 0.008)

    return paint


def lava(seed: int = 131) -> Painter:
    """A lava lake: dark crust torn by glowing seams."""
    first, second = noise_plate(seed, 2.7, 4), noise_plate(seed + 1, 2.7, 4)
    rough = noise_plate(seed + 2, 1.5, 8)
    away = f32(1 / (1.45 - Y * 0.75))

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        u, v = X * away * 0.30 + 0.010 * t_s, away * 0.62 + 0.02 * t_s
        bend = 0.016 * look_up(rough, u, v + 0.02 * t_s)
        one = look_up(first, u + bend, v)
        two = look_up(second, u - 0.012 * t_s, v + bend)
        seam = np.exp(-8.5 * np.abs(one - two)) + 0.7 * np.exp(-11 * np.abs(one + two - 0.4))
        pool = smoothstep(1.1, 2.2, one + 0.15 * look_up(rough, u, v))
        crust = 0.05 + 0.03 * look_up(rough, u * 2.5, v * 2.5)
        heat = np.clip(seam * 0.85 + pool * 0.8, 0, 1)
        picture = paint_with(BLACK_BODY, f32(heat * 0.92)) + grey(f32(np.maximum(crust, 0))) * f32(
            rgb("b59a92")
        )
        haze = smoothstep(0.2, 1.1, Y) * 0.35
        return grain(
            vignette(filmic(bloom(picture, 0.45, 0.7) + tint(haze, "c23a12")), 0.4), t_s, 0.008
        )

    return paint


def _stir(seed: int, t_s: float, scale: float) -> tuple[Plane, Plane]:
    """A swirling flow without sources (the curl of noise), about one pixel a step."""
    plate = noise_plate(seed, 3.3, 3)
    u, v = COLUMNS / WIDTH * scale, ROWS / WIDTH * scale
    stream = look_up(plate, u + 0.020 * t_s, v - 0.012 * t_s)
    stream = stream + 0.45 * look_up(plate, u * 2.1 - 0.03 * t_s, v * 2.1)
    across = np.gradient(stream, axis=0) * 70
    down = -np.gradient(stream, axis=1) * 70
    return f32(across), f32(down)


def _carry(what: Floats, across: ArrayLike, down: ArrayLike) -> Floats:
    """The field after the flow (in pixels) has moved it on by one step."""
    return f32(
        cv2.remap(
            what,
            f32(COLUMNS - across),
            f32(ROWS - down),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def ink(seed: int = 141) -> Frames:
    """Two inks let into clear water, falling and curling."""

    def frames(count: int, rate: float) -> Iterator[Picture]:
        density = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        nozzles = [np.exp(-((X - place) ** 2 + (Y - 0.92) ** 2) / 0.006) for place in (-0.32, 0.36)]
        for number in range(-95, count):
            t_s = number / rate
            across, down = _stir(seed, t_s * 1.4, 1.5)
            fall = 2.1 * np.clip(density.sum(axis=2), 0, 1.2)
            density = _carry(density, across * 1.5, down * 1.3 + fall + 0.3)
            for channel, nozzle in enumerate(nozzles):
                pulse = 0.35 + 0.35 * np.sin(t_s * 2.4 + channel * 1.9)
                density[..., channel] += f32(nozzle * max(pulse, 0) * 0.4)
            density = f32(np.clip(density * 0.996, 0, 1.7))
            if number >= 0:
                water = mix(flat("f6f1e6"), flat("d9e3e2"), smoothstep(-1.2, 1.2, -Y))
                stain = density[..., :1] * f32([2.6, 1.35, 0.45]) + density[..., 1:] * f32(
                    [0.35, 2.1, 1.5]
                )
                yield grain(vignette(f32(water * np.exp(-1.1 * stain)), 0.2), t_s, 0.005)

    return frames


def smoke(seed: int = 151) -> Frames:
    """A thread of incense smoke, unwinding in a beam of light (black and white)."""

    def frames(count: int, rate: float) -> Iterator[Picture]:
        density = np.zeros((HEIGHT, WIDTH), np.float32)
        for number in range(-130, count):
            t_s = number / rate
            across, down = _stir(seed, t_s * 1.8, 1.2)
            climb = 0.15 + 0.85 * smoothstep(-1, 0.4, Y)
            density = _carry(density, across * climb * 1.7, down * climb * 1.2 - 3.4)
            place = -0.12 + 0.03 * np.sin(t_s * 1.7)
            density += f32(0.5 * np.exp(-((X - place) ** 2) / 0.0007 - (Y + 0.98) ** 2 / 0.004))
            density = f32(np.clip(density * 0.994, 0, 1.6))
            if number >= 0:
                beam = 0.55 + 0.75 * smoothstep(1.6, 0.1, np.abs(X - 0.5 + 0.5 * Y))
                body = 1 - np.exp(-1.9 * np.maximum(density, 0))
                back = 0.03 + 0.06 * smoothstep(2.0, 0, np.hypot(X - 0.4, Y - 0.3))
                yield grain(grey(f32(back + body * beam * 0.95)), t_s, 0.02)

    return frames


def bokeh(seed: int, size: float, colours: tuple[str, ...], count: int) -> Painter:
    """Lamps of a street far out of focus, some of them driving."""
    dice = np.random.default_rng(seed)
    lamps: list[tuple[float, float, float, float, Colour, float]] = []
    for _ in range(count):
        moving = dice.random() < 0.45
        y = dice.uniform(-0.75, -0.2) if moving else dice.uniform(-0.35, 0.95)
        drift = dice.choice([-1, 1]) * dice.uniform(0.15, 0.45) if moving else 0.0
        x, radius = dice.uniform(-2.4, 2.4), size * dice.uniform(0.6, 1.3)
        colour = rgb(str(dice.choice(colours)))
        lamps.append((x, float(y), radius, float(drift), colour, dice.uniform(0.12, 0.5)))

    def paint(t_s: float, progress: float) -> Picture:
        spots = []
        for x, y, radius, drift, colour, power in lamps:
            place = (x + drift * t_s + 0.06 * progress + 2.4) % 4.8 - 2.4
            lit = power * (1 + 0.15 * np.sin(t_s * 5 + x * 9))
            spots.append((place, y, radius, (colour[0] * lit, colour[1] * lit, colour[2] * lit)))
        night = paint_with(ramp("0b0d1a", "101a33", "1c1530"), f32((Y + 1) / 2))
        return f32(night + soft_spots(spots))

    return paint


STREET = ("ff8c3a", "ffd27a", "ff3b30", "ffe9c9", "3ad0ff", "ff4fa0", "62ff9a")


def traffic(seed: int = 161) -> Painter:
    """Night traffic out of focus."""
    lamps = bokeh(seed, 0.17, STREET, 70)

    def paint(t_s: float, progress: float) -> Picture:
        return grain(vignette(filmic(lamps(t_s, progress) * 1.2)), t_s, 0.006)

    return paint


def _stamp(height: Plane, x: float, y: float, radius: float, stretch: float = 1.0) -> None:
    """Adds one lens-shaped drop at pixel (x, y)."""
    left, right = max(0, int(x - radius) - 1), min(WIDTH, int(x + radius) + 2)
    top, bottom = max(0, int(y - radius * stretch) - 1), min(HEIGHT, int(y + radius * stretch) + 2)
    if left >= right or top >= bottom:
        return
    part = (slice(top, bottom), slice(left, right))
    away = ((COLUMNS[part] - x) / radius) ** 2 + ((ROWS[part] - y) / radius / stretch) ** 2
    drop = radius * np.sqrt(np.clip(1 - away, 0, 1))
    height[part] = np.maximum(height[part], f32(drop))


def rainy_window(seed: int = 171) -> Painter:
    """City lights through a window with running rain."""
    lamps = bokeh(seed, 0.2, STREET, 60)
    sharp = bokeh(seed, 0.075, STREET, 60)
    dice = np.random.default_rng(seed)
    beads = np.zeros((HEIGHT, WIDTH), np.float32)
    for _ in range(950):
        size = 1.5 + 7 * dice.random() ** 3
        _stamp(beads, dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), size, dice.uniform(1, 1.25))
    runs = [
        (
            dice.uniform(20, WIDTH - 20),
            dice.uniform(-1, 1) * HEIGHT,
            dice.uniform(6, 10),
            dice.uniform(60, 190),
        )
        for _ in range(13)
    ]

    def paint(t_s: float, progress: float) -> Picture:
        height = beads.copy()
        for x, start, size, speed in runs:
            tip = start + speed * t_s + 14 * np.sin(t_s * 2.3 + x)
            path = x + 6 * np.sin(tip * 0.021 + x)
            top = max(0, int(tip - 210))
            rows = np.arange(top, max(top, min(HEIGHT, int(tip))))
            middle = x + 6 * np.sin(rows * 0.021 + x)
            for row, centre in zip(rows, middle, strict=True):
                height[row, max(0, int(centre - size)) : max(0, int(centre + size))] = 0
            for bead in range(top - top % 17, int(tip), 17):
                _stamp(height, x + 6 * np.sin(bead * 0.021 + x), bead, 1.2 + (bead * 7 % 5) * 0.4)
            _stamp(height, path, tip, size, 1.45)
        slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)
        slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)
        glass = lamps(t_s, progress)
        bent = cv2.remap(
            sharp(t_s, progress)[::-1].copy(),
            f32(COLUMNS - 26 * slope_x),
            f32(ROWS - 26 * slope_y),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        wet = smoothstep(0.3, 1.6, height)
        edge = np.clip(-0.035 * slope_y - 0.012 * slope_x, -0.25, 0.22)
        picture = mix(glass, f32(bent) * 2.4 + flat("1a2236") + f32(edge)[..., None], wet)
        return grain(vignette(filmic(picture * 1.15)), t_s, 0.006)

    return paint


def silk(seed: int = 181, colours: Floats | None = None) -> Painter:
    """Heavy silk moving in wind."""
    cloth = (
        colours if colours is not None else ramp("1c0208", "5c0614", "a8102a", "d9304a", "ffa9a0")
    )
    plate, fold = noise_plate(seed, 3.4, 3), noise_plate(seed + 1, 3.6, 4)
    weave = noise_plate(seed + 2, 0.6, 40)

    def height(x: Plane, y: Plane, t_s: float) -> Plane:
        bend = 0.06 * look_up(plate, x * 0.14 + 0.03 * t_s, y * 0.14)
        u = (x * 0.8 + y * 0.55) * 0.30 + bend + 0.075 * t_s
        v = (y * 0.8 - x * 0.5) * 0.07 + 0.5 * bend + 0.02 * t_s
        return f32(look_up(fold, f32(u), f32(v)) + 0.5 * look_up(plate, f32(u * 0.5), f32(v + 0.3)))

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        step = 0.012
        here = height(X, Y, t_s)
        slope_x = (height(X + step, Y, t_s) - here) * 0.11 / step
        slope_y = (height(X, Y + step, t_s) - here) * 0.11 / step
        size = np.sqrt(slope_x**2 + slope_y**2 + 1)
        facing = (-0.55 * slope_x - 0.45 * slope_y + 0.7) / size
        shine = np.clip((-0.42 * slope_x - 0.62 * slope_y + 0.75) / size / 1.06, 0, 1) ** 26
        light = 0.08 + 0.62 * np.clip(facing, 0, 1) + 0.4 * shine
        light += 0.012 * look_up(weave, X * 0.5, Y * 0.5)
        return vignette(paint_with(cloth, f32(light)), 0.4)

    return paint


def tunnel() -> Painter:
    """Flight through a bending tunnel of neon rings."""
    neon = ramp("ff2bd6", "7a3bff", "1fb6ff", "19ffd0", "ff2bd6")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        centre_x, centre_y = 0.35 * np.sin(t_s * 1.1), 0.22 * np.cos(t_s * 0.9)
        radius = np.hypot(X - centre_x, Y - centre_y) + 1e-3
        for _ in range(2):
            depth = 0.55 / radius
            bend = 0.05 * np.minimum(depth, 5)
            radius = np.hypot(X - centre_x * (1 - bend), Y - centre_y * (1 - bend)) + 1e-3
        turn = np.arctan2(Y - centre_y, X - centre_x) / (2 * np.pi)
        along = depth + 1.6 * t_s
        twist = turn + 0.05 * np.sin(along * 0.7)
        ring = np.abs(np.mod(along * 1.2, 1) - 0.5) * 2
        spoke = np.abs(np.mod(twist * 16, 1) - 0.5) * 2
        lines = np.exp(-((1 - ring) / 0.09)) * 1.2 + np.exp(-((1 - spoke) / 0.12)) * 0.8
        tile = np.floor(along * 1.2 + 0.5) * 5.3 + np.floor(np.mod(twist, 1) * 16 + 0.5) * 9.1
        panel = (
            smoothstep(0.72, 0.9, np.sin(tile * 12.9) * 0.5 + 0.5)
            * 0.5
            * smoothstep(1, 0.5, np.maximum(ring, spoke))
        )
        fade = np.exp(-0.33 * depth) * smoothstep(0.02, 0.25, radius)
        colour = paint_with(neon, f32(np.mod(along * 0.11 + turn, 1)))
        picture = colour * f32((lines + panel) * fade * 1.25 + 0.06 * fade)[..., None]
        return filmic(bloom(picture, 0.25, 1.1))

    return paint


def marble(seed: int = 201) -> Painter:
    """Marbled paper, flowing."""
    plate, fine = noise_plate(seed, 2.5, 3), noise_plate(seed + 1, 2.2, 4)
    paper = ramp("12323f", "1f6f78", "e8d9b5", "f4ead2", "c8742f", "7a2318", "e8c98a", "0f2b3a")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        u, v = X * 0.13 + 0.004 * t_s, Y * 0.13
        warp_x = look_up(plate, u, v + 0.012 * t_s)
        warp_y = look_up(fine, u + 0.4 - 0.010 * t_s, v)
        again = look_up(plate, u + 0.07 * warp_x, v + 0.07 * warp_y + 0.006 * t_s)
        vein = look_up(fine, f32(u + 0.09 * again), f32(v + 0.08 * warp_x))
        value = np.mod(0.5 + 0.22 * again + 0.17 * vein + 0.10 * warp_x, 1)
        lines = 0.06 * np.sin(f32(again * 22 + vein * 9))
        return vignette(paint_with(paper, f32(value)) + f32(lines)[..., None], 0.25)

    return paint


def cells(seed: int = 211) -> Painter:
    """Living cells under a phase-contrast microscope."""
    dice = np.random.default_rng(seed)
    bodies = dice.random((30, 5))
    plasma = noise_plate(seed, 1.7, 6)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        field = np.full((HEIGHT, WIDTH), 9.0, np.float32)
        nuclei = np.full((HEIGHT, WIDTH), 9.0, np.float32)
        for place_x, place_y, size, phase, pace in bodies.astype(np.float32):
            x = place_x * 4.4 - 2.2 + 0.12 * np.sin(t_s * (0.5 + pace) + phase * 6)
            y = place_y * 2.6 - 1.3 + 0.10 * np.cos(t_s * (0.6 + pace) + phase * 9)
            radius = 0.17 + 0.16 * size
            turn = np.arctan2(Y - y, X - x)
            shape = (
                1 + 0.09 * np.sin(3 * turn + t_s * 1.3 + phase * 7) + 0.05 * np.sin(5 * turn - t_s)
            )
            away = np.hypot(X - x, Y - y)
            field = np.minimum(field, f32((away / shape - radius) / 0.2))
            nuclei = np.minimum(nuclei, np.hypot(X - x - 0.03, Y - y + 0.02) / (radius * 0.38))
        inside = smoothstep(0.02, -0.06, field)
        rim = np.exp(-((field / 0.11) ** 2))
        dots = look_up(plasma, X * 0.6 + 0.01 * t_s, Y * 0.6)
        light = (
            0.46
            + inside * (0.10 + 0.11 * dots)
            + 0.42 * rim
            - 0.26 * np.exp(-(((field - 0.26) / 0.14) ** 2))
        )
        light += inside * (
            0.22 * np.exp(-(((nuclei - 1) / 0.16) ** 2)) - 0.12 * smoothstep(1, 0.6, nuclei)
        )
        picture = paint_with(ramp("0d2b33", "2f6f72", "8fbfae", "eef7dc"), f32(light))
        return grain(vignette(picture, 0.5), t_s, 0.012)

    return paint


def raking_light(surface: Plane) -> Painter:
    """A rough wall while a low lamp wanders over it (black and white)."""
    relief = blur(surface, 1.0)
    right = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) * 2.6
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3) * 2.6
    scale = relief.shape[1] / (2 * ASPECT) * 0.92

    def paint(t_s: float, progress: float) -> Picture:
        shift = 20 * progress
        place_x = f32(X * scale + relief.shape[1] / 2 + shift - 10)
        place_y = f32(-Y * scale + relief.shape[0] / 2)
        tone, slope_x, slope_y = (
            f32(cv2.remap(plane, place_x, place_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))
            for plane in (surface, right, down)
        )
        lamp_x, lamp_y = 1.9 * np.cos(1.3 + 1.0 * t_s), 0.9 * np.sin(0.4 + 1.4 * t_s)
        to_x, to_y = lamp_x - X, -(lamp_y - Y)
        away = np.sqrt(to_x**2 + to_y**2 + 0.16)
        light = np.clip((-slope_x * to_x - slope_y * to_y + 0.40) / away, 0, None) / (
            0.35 + away**2
        )
        picture = grey(f32(0.02 + 1.25 * light * (0.35 + tone)))
        return grain(filmic(picture), t_s, 0.015)

    return paint
