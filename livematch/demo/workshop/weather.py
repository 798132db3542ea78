"""Rendered sky and weather."""

from __future__ import annotations

import cv2
import numpy as np

from livematch.demo.workshop.canvas import (
    ASPECT,
    COLUMNS,
    HEIGHT,
    PLATE,
    WIDTH,
    Floats,
    Painter,
    Picture,
    Plane,
    Sketch,
    X,
    Y,
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
    tint,
    vignette,
)


def clouds(seed: int = 41) -> Painter:
    """Fair-weather cumulus drifting over low hills."""
    plate, fine = noise_plate(seed, 1.75, 3), noise_plate(seed + 1, 1.4, 9)
    up = np.maximum(Y + 0.72, 0.05)
    far = f32(1 / (up + 0.22))
    hill_1 = -0.72 + 0.05 * np.sin(X * 1.7 + 0.6) + 0.02 * np.sin(X * 5.1)
    hill_2 = -0.82 + 0.06 * np.sin(X * 1.1 + 2.4) + 0.015 * np.sin(X * 7.0 + 1)

    def density(u: Plane, v: Plane, t_s: float) -> Plane:
        bend = 0.012 * look_up(fine, u * 1.4 + 0.01 * t_s, v * 1.4)
        return f32(look_up(plate, u + bend, v + bend) + 0.28 * look_up(fine, u * 2, v * 2))

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        u, v = X * far * 0.11 + 0.012 * t_s, far * 0.23 + 0.008 * t_s
        thick = density(u, v, t_s)
        toward_sun = density(u + 0.010, v - 0.014, t_s)
        cover = smoothstep(-0.1, 0.75, thick)
        light = np.clip(
            0.72 + 0.38 * (thick - toward_sun) - 0.16 * np.maximum(thick - 0.7, 0), 0, 1
        )
        sky = paint_with(ramp("dcecf3", "9fcdec", "559fda", "2468b4"), f32(up / 1.75))
        body = paint_with(ramp("66788f", "9fb0c4", "e9eef2", "ffffff"), f32(light))
        picture = mix(sky, body, cover * smoothstep(0.03, 0.3, up))
        grass = 0.02 * look_up(fine, X * 0.8, Y * 2.0)
        picture = mix(
            picture, flat("7d9aa0") + grass[..., None], smoothstep(0.008, -0.008, Y - hill_1)
        )
        near = flat("4e6f3c") * (1 + 4 * grass[..., None])
        return vignette(mix(picture, near, smoothstep(0.008, -0.008, Y - hill_2)), 0.25)

    return paint


def _bolt(dice: np.random.Generator, x: float, top: float, bottom: float) -> list[Floats]:
    """A forked flash as poly-lines, the trunk first."""
    steps = 26
    y = np.linspace(top, bottom, steps)
    trunk = np.stack([x + np.cumsum(dice.normal(0, 0.035, steps)), y], axis=1)
    lines = [f32(trunk)]
    for start in dice.choice(steps - 8, 5, replace=False):
        length = int(dice.integers(6, 12))
        lean = dice.choice([-1, 1]) * dice.uniform(0.02, 0.05)
        steps_x = np.cumsum(dice.normal(lean, 0.02, length))
        steps_y = np.linspace(0, -0.06 * length * 0.55, length)
        lines.append(f32(trunk[start] + np.stack([steps_x, steps_y], axis=1)))
    return lines


def lightning(seed: int = 51) -> Painter:
    """A thunderhead at night over a plain; flashes light it from inside."""
    plate = noise_plate(seed, 1.8, 3)
    dice = np.random.default_rng(seed)
    strikes = [(0.35, 0.5), (1.25, -0.75), (2.1, 0.95)]
    bolts = [_bolt(dice, x, 0.42, -0.72) for _, x in strikes]
    far = f32(1 / (np.maximum(Y + 0.75, 0.02) + 0.5))
    land = -0.74 + 0.03 * np.sin(X * 2.2) + 0.008 * np.sin(X * 17)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        u, v = X * far * 0.12 + 0.01 * t_s, far * 0.22 + 0.006 * t_s
        bend = 0.03 * look_up(plate, u * 2, v * 2 + 0.01 * t_s)
        thick = look_up(plate, u + bend, v) * 0.5 + 0.5
        base = paint_with(ramp("0c1020", "1c2338", "39405a", "5b5f78"), f32(0.2 + 0.45 * thick))
        base = base + tint(f32(np.exp(-((Y + 0.72) ** 2) * 9)), "5a4a4e") * 0.7
        picture = base
        for (moment, x), lines in zip(strikes, bolts, strict=True):
            age = t_s - moment
            if age < 0:
                continue
            power = np.exp(-age * 7) * (0.65 + 0.35 * np.cos(age * 55))
            inside = np.exp(-((X - x) ** 2) * 1.3 - (Y - 0.4) ** 2 * 1.4)
            picture = picture + tint(f32(inside * (0.4 + 0.9 * thick) * power * 1.5), "b8b4ff")
            if age < 0.28:
                sheet = Sketch()
                for number, line in enumerate(lines):
                    sheet.line(line, (1, 1, 1), 0.012 if number == 0 else 0.006)
                core = sheet.mask()
                halo = blur(core, 3) * 1.5 + blur(core, 14) * 3
                picture = picture + tint(f32((core * 1.6 + halo) * power), "d5d2ff")
        picture = mix(filmic(picture), flat("05060b"), smoothstep(0.006, -0.006, Y - land))
        return grain(vignette(picture), t_s, 0.008)

    return paint


def _ridge(seed: int, base: float, height: float, scale: float) -> Plane:
    """The outline of a mountain chain: for each column the height of the crest."""
    row = noise_plate(seed, 1.5, 3)[100]
    places = np.mod((X[0] * scale / ASPECT + 1) * PLATE / 4, PLATE - 1)
    return f32(base + height * np.interp(places, np.arange(PLATE), row))


def aurora(seed: int = 61) -> Painter:
    """Northern lights over mountains and a lake."""
    slow, streak = noise_plate(seed, 2.6, 2), noise_plate(seed + 1, 1.3, 6)
    dice = np.random.default_rng(seed)
    stars = np.zeros((HEIGHT, WIDTH), np.float32)
    places = dice.integers(0, [HEIGHT, WIDTH], (420, 2))
    stars[places[:, 0], places[:, 1]] = dice.random(420) ** 3 * 1.6
    stars = blur(stars, 0.7) * 1.9
    crest = _ridge(seed, -0.28, 0.13, 1.2)
    shore = -0.5
    colours = ramp("9bffb0", "3dffa0", "24d9a8", "3f7fd0", "8a4fd8", "5a1f7a")

    def sky(t_s: float) -> Picture:
        light = paint_with(ramp("0e2a3d", "0a1a33", "060d22"), f32((Y + 0.4) / 1.3)) + grey(stars)
        for band, (base, tall, pace) in enumerate(
            ((0.02, 0.5, 0.9), (0.3, 0.65, 0.6), (-0.12, 0.3, 1.3))
        ):
            shift = np.full_like(X, 0.011 * t_s * pace + 0.31 * band)
            waves = look_up(slow, X * 0.13 + 0.013 * pace * t_s + band * 0.37, shift)
            over = Y - (base + 0.2 * waves)
            fold = X * 0.22 + 0.05 * waves + 0.012 * pace * t_s
            rays = 0.55 + 0.45 * look_up(
                streak, f32(fold + band * 0.2), f32(over * 0.012 + 0.006 * t_s)
            )
            patch = smoothstep(-1.0, 0.8, look_up(slow, f32(X * 0.1 + band * 0.5), shift + 0.5))
            glow = smoothstep(-0.05, 0.03, over) * np.exp(-np.maximum(over, 0) / tall * 2.2)
            strength = f32(np.maximum(rays, 0.05) * patch * glow)
            light = (
                light + paint_with(colours, f32(np.maximum(over, 0) / tall)) * strength[..., None]
            )
        return light

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        above = sky(t_s)
        above = mix(above, flat("050a12"), smoothstep(0.008, -0.008, Y - crest))
        ripple = 2.5 * look_up(
            streak, X * 0.3, f32(1 / (1.02 + Y - shore - 0.52)) * 0.2 + 0.02 * t_s
        )
        mirror_row = HEIGHT * (1 - (2 * shore - Y * 1.15 + 0.15 * shore)) / 2
        lake = cv2.remap(
            above, f32(COLUMNS + ripple), f32(mirror_row + 2 * ripple), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        picture = mix(above, f32(lake) * 0.62, smoothstep(0.004, -0.004, Y - shore))
        return grain(vignette(filmic(picture * 1.15)), t_s, 0.008)

    return paint


def _pine(
    sheet: Sketch, x: float, foot: float, tall: float, colour: tuple[float, float, float]
) -> None:
    tiers = 6
    for tier in range(tiers):
        low = foot + tall * (0.12 + 0.8 * tier / tiers)
        high = low + tall * 0.3
        half = tall * 0.24 * (1 - tier / tiers * 0.85)
        points = [[x - half, low], [x - half * 0.4, low + tall * 0.03], [x, low + tall * 0.01],
                  [x + half * 0.5, low + tall * 0.03], [x + half, low], [x, high]]  # fmt: skip
        sheet.polygon(f32(points), colour)
    sheet.line(f32([[x, foot], [x, foot + tall * 0.3]]), colour, tall * 0.04)


def snowfall(seed: int = 71) -> Painter:
    """Snow in a foggy spruce forest; the camera drifts sideways."""
    dice = np.random.default_rng(seed)
    layers = []
    for depth, count in ((0.35, 26), (0.6, 17), (1.0, 9)):
        places = np.sort(dice.uniform(-3, 3, count))
        layers.append((depth, [(x, dice.uniform(0.7, 1.25)) for x in places]))
    flakes = dice.random((520, 4))
    fog = ramp("e3e8ec", "cfd8de", "b4c1ca", "9fb0bc")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        picture = paint_with(fog, f32((Y + 1) / 2))
        for depth, trees in layers:
            sheet = Sketch(picture)
            shade = np.array(rgb("a9b8c2")) * (1 - depth) + np.array(rgb("1d2c33")) * depth
            for x, tall in trees:
                place = x - 0.09 * t_s * depth
                foot = -1.05 + 0.12 * (1 - depth)
                _pine(sheet, place, foot, tall * (0.6 + depth), (shade[0], shade[1], shade[2]))
            ground = -0.86 + 0.25 * (1 - depth) + 0.03 * np.sin(X * 2 + depth * 9)
            picture = sheet.picture()
            snow = flat("e9eef1") * (1 - 0.06 * depth)
            picture = mix(
                picture, snow, smoothstep(0.03, -0.03, Y - ground) * (0.35 + 0.65 * depth)
            )
        for size, share, speed in (
            (0.005, slice(0, 330), 0.35),
            (0.010, slice(330, 480), 0.6),
            (0.022, slice(480, 520), 1.0),
        ):
            sheet = Sketch()
            for start_x, start_y, phase, scale in flakes[share]:
                x = (
                    start_x * 4 - 2 + 0.1 * speed * t_s + 0.05 * np.sin(t_s * 1.6 + phase * 6.3) + 2
                ) % 4 - 2
                y = 1.1 - (start_y * 2.2 + speed * t_s) % 2.2
                sheet.disc(x, y, size * (0.6 + 0.6 * scale), (1, 1, 1))
            picture = mix(picture, flat("ffffff"), blur(sheet.mask(), 40 * size + 0.5) * 0.9)
        return vignette(picture, 0.3)

    return paint
