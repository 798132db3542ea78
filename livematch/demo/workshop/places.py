"""Rendered far places: the Earth, the stars, a city across the water."""

from __future__ import annotations

import cv2
import numpy as np

from livematch.demo.workshop.canvas import (
    COLUMNS,
    HEIGHT,
    ROWS,
    Floats,
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
    tint,
    vignette,
)

TURN = 2 * np.pi


def planet(
    texture: Floats, longitude: float = -20.0, close: float = 0.86, seed: int = 321
) -> Painter:
    """The Earth turning from day into night. The texture is a world map, RGB 0 to 1."""
    dice = np.random.default_rng(seed)
    stars = np.zeros_like(X)
    spots = dice.integers(0, [HEIGHT, X.shape[1]], (300, 2))
    stars[spots[:, 0], spots[:, 1]] = dice.random(300) ** 4 * 2
    stars = blur(stars, 0.6) * 1.6
    cloud_plate = noise_plate(seed, 1.7, 4)
    sun = f32([-0.78, 0.28, 0.56])

    def paint(t_s: float, progress: float) -> Picture:
        radius = close + 0.05 * progress
        x, y = (X - 0.18) / radius, (Y + 0.06) / radius
        inside = x**2 + y**2
        z = np.sqrt(np.clip(1 - inside, 0, 1))
        tilt = 0.38
        north, ahead = y * np.cos(tilt) + z * np.sin(tilt), z * np.cos(tilt) - y * np.sin(tilt)
        lon = np.arctan2(x, ahead) / TURN + (longitude + 9 * t_s) / 360 + 0.5
        lat = 0.5 - np.arcsin(np.clip(north, -1, 1)) / np.pi
        ground = look_up(texture, f32(lon), f32(np.clip(lat, 0, 0.999)))
        bend = 0.03 * look_up(cloud_plate, f32(lon * 2), f32(lat))
        cloud = smoothstep(
            0.35,
            1.7,
            look_up(cloud_plate, f32(lon * 1 + bend + 0.002 * t_s), f32(lat * 0.9 + bend)),
        )
        surface = mix(ground * 1.35 + 0.02, flat("f4f7fa"), cloud * 0.85)
        day = x * sun[0] + y * sun[1] + z * sun[2]
        light = smoothstep(-0.08, 0.55, day) * 1.2 + 0.012
        water = np.clip(ground[..., 2] * 1.6 - ground[..., 0] * 2, 0, 1)
        glint = np.clip(2 * z * day - sun[2], 0, 1) ** 22 * water * (1 - cloud) * 0.6
        body = surface * light[..., None] + tint(f32(glint), "ffe9c4")
        air = (1 - z) ** 2.2 * smoothstep(-0.25, 0.5, day)
        body = body + tint(f32(air * 1.0), "6fb4ff")
        rim = np.sqrt(inside)
        soft = 1.5 / (HEIGHT / 2 * radius)
        halo = np.exp(-np.maximum(rim - 1, 0) * 22) * smoothstep(
            -0.5, 0.6, (x * sun[0] + y * sun[1]) / np.maximum(rim, 1e-3)
        )
        space = grey(stars) + tint(f32(halo * 0.75), "4f9bff") + flat("03040a")
        return grain(
            filmic(mix(space, body, smoothstep(1 + soft, 1 - soft, rim)) * 1.1), t_s, 0.006
        )

    return paint


def starflight(seed: int = 331) -> Painter:
    """Flying through a star field past a violet nebula."""
    dice = np.random.default_rng(seed)
    stars = dice.random((900, 4))
    plate = noise_plate(seed, 2.0, 2)
    nebula = ramp("03040c", "140c33", "43206b", "a24a8c", "f0a59a")

    def paint(t_s: float, progress: float) -> Picture:
        zoom = 1 - 0.12 * progress
        mist = look_up(plate, X * 0.11 * zoom, Y * 0.11 * zoom) + 0.4 * look_up(
            plate, X * 0.23 * zoom, Y * 0.23 * zoom + 0.4
        )
        picture = paint_with(nebula, f32(0.28 + 0.24 * mist - 0.14 * np.hypot(X, Y)))
        sheet = Sketch()
        for x, y, z, tone in stars:
            depth = (z - 0.42 * t_s) % 0.97 + 0.02
            past = depth + 0.020
            start = np.array([x - 0.5, y - 0.5]) * 1.5
            power = (1 - depth) ** 1.6 * (0.5 + 0.5 * tone)
            sheet.line(
                f32([start / past, start / depth]), (power, 0, 0), 0.004 + 0.006 * (1 - depth) ** 3
            )
        light = sheet.mask()
        glow = light * 1.3 + blur(light, 2.5) * 1.2
        return filmic(picture + tint(f32(glow), "dfe8ff"))

    return paint


def _towers(seed: int, base: float, tall: float, count: int) -> list[tuple[float, float, float]]:
    dice = np.random.default_rng(seed)
    places = np.linspace(-2, 2, count) + dice.uniform(-0.04, 0.04, count)
    shape = 0.45 + 0.55 * np.exp(-((places - 0.25) ** 2) * 1.3)
    return [
        (
            float(x),
            float(dice.uniform(0.07, 0.14)),
            float(base + tall * share * dice.uniform(0.45, 1)),
        )
        for x, share in zip(places, shape, strict=True)
    ]


def skyline(seed: int = 341, fireworks: bool = True) -> Painter:
    """A city across the water at night, with fireworks over it or without."""
    dice = np.random.default_rng(seed)
    shore = -0.42
    bursts = [
        (
            dice.uniform(0.0, 2.2),
            dice.uniform(-1.2, 1.2),
            dice.uniform(0.3, 0.75),
            str(dice.choice(["ffcf6b", "ff5a5a", "7fd4ff", "c38bff", "8dffb0"])),
            f32(dice.normal(0, 1, (110, 3))),
        )
        for _ in range(9)
    ]
    city = _city(seed, shore)

    def paint(t_s: float, progress: float) -> Picture:
        night = paint_with(ramp("3a2340", "241a3d", "101229", "080a1a"), f32((Y - shore) / 1.3))
        glow = np.exp(-np.maximum(Y - shore, 0) * 4)
        picture = night + tint(f32(glow * 0.35), "d9783f")
        if fireworks:
            picture = picture + _bursts(bursts, t_s)
        mask, light = city
        twinkle = 1 + 0.06 * np.sin(t_s * 9 + COLUMNS * 0.7 + ROWS * 1.3)
        picture = mix(picture, light * f32(twinkle)[..., None] + flat("06070f"), mask)
        picture = bloom(picture, 0.45, 0.5)
        wave = look_up(noise_plate(seed, 1.8, 6), X * 0.12, f32(3 / (1.55 + Y) * 0.4) + 0.05 * t_s)
        row = HEIGHT * (1 - (2 * shore - Y)) / 2
        lake = cv2.remap(
            picture,
            f32(COLUMNS + 3 * wave),
            f32(row + 9 * wave),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        lake = cv2.blur(f32(lake), (1, 9)) * 0.62
        picture = mix(picture, f32(lake), smoothstep(shore + 0.003, shore - 0.003, Y))
        return grain(vignette(filmic(picture * (1.25 + 0.1 * progress))), t_s, 0.006)

    return paint


def _city(seed: int, shore: float) -> tuple[Plane, Picture]:
    """Where the towers stand and the light of their windows."""
    dice = np.random.default_rng(seed + 1)
    shape, light = Sketch(), Sketch()
    lamps = ("ffd58a", "ffe9c0", "ffb65a", "cfe6ff")
    for layer, (tall, count) in enumerate(((1.05, 30), (0.62, 26))):
        for x, half, top in _towers(seed + layer, shore, tall, count):
            box = f32([[x - half, -0.6], [x - half, top], [x + half, top], [x + half, -0.6]])
            shape.polygon(box, (1, 1, 1))
            light.polygon(box, rgb("0b0d1c") if layer else rgb("121428"))
            for window_x in np.arange(x - half + 0.016, x + half - 0.014, 0.026):
                for window_y in np.arange(shore + 0.02, top - 0.03, 0.036):
                    if dice.random() < 0.36:
                        tone = np.array(rgb(str(dice.choice(lamps)))) * dice.uniform(0.35, 1.0)
                        light.line(
                            f32([[window_x, window_y], [window_x + 0.010, window_y]]),
                            tuple(tone),
                            0.014,
                        )
            if dice.random() < 0.3:
                shape.line(f32([[x, top], [x, top + 0.12]]), (1, 1, 1), 0.006)
                light.disc(x, top + 0.12, 0.008, (1, 0.15, 0.1))
                shape.disc(x, top + 0.12, 0.008, (1, 1, 1))
    return shape.mask(), light.picture()


def _bursts(bursts: list[tuple[float, float, float, str, Floats]], t_s: float) -> Picture:
    """Every firework that is open now."""
    total = np.zeros((HEIGHT, X.shape[1], 3), np.float32)
    for start, x, y, code, ways in bursts:
        age = t_s - start + 0.5
        if not 0 < age < 1.7:
            continue
        sheet = Sketch()
        size = 0.46 * (1 - np.exp(-3.2 * age))
        trail = 0.46 * (1 - np.exp(-3.2 * max(age - 0.11, 0)))
        way = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        drop = 0.10 * age**2
        power = float(np.exp(-1.7 * age))
        for direction in way:
            near = [x + direction[0] * trail, y + direction[1] * trail - drop * 0.8]
            far = [x + direction[0] * size, y + direction[1] * size - drop]
            sheet.line(f32([near, far]), (power, 0, 0), 0.007)
        lines = sheet.mask()
        total += tint(f32(lines * 1.9 + blur(lines, 3) * 1.8 + blur(lines, 16) * 1.6), code)
    return total
