"""Rendered water: open sea in four lights, a sea floor, a pond in the rain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from livematch.demo.workshop.canvas import (
    Floats,
    Painter,
    Picture,
    Plane,
    X,
    Y,
    bloom,
    f32,
    filmic,
    flat,
    grain,
    look_up,
    mix,
    noise_plate,
    noise_slopes,
    paint_with,
    ramp,
    smoothstep,
    tint,
    vignette,
)


@dataclass(frozen=True, slots=True)
class SeaLook:
    """How a sea is lit. The ramp runs from the horizon up; angles are in grid units."""

    sky: Floats
    deep: str
    sun: str
    sun_x: float
    sun_y: float
    sun_power: float
    roughness: float
    clouds: float
    horizon: float = 0.12


DUSK = SeaLook(
    ramp("ffb27a", "e8836b", "a5678c", "5a4f86", "2a2d5c"), "06141f", "ffd9a0",
    0.55, 0.10, 1.6, 0.16, 0.5,
)  # fmt: skip

GOLDEN = SeaLook(
    ramp("ffdf8a", "ffb347", "f2803a", "b84a3c", "5c2740"), "1a0d10", "fff3c4",
    -0.1, 0.16, 2.6, 0.07, 0.25, 0.0,
)  # fmt: skip

STORM = SeaLook(
    ramp("b9c2c6", "8d979d", "6b757c", "4b545c", "353d45"), "0d161b", "dfe6ea",
    -0.8, 2.5, 0.25, 0.34, 1.0, 0.3,
)  # fmt: skip

NOON = SeaLook(
    ramp("e4f2f7", "b5dcef", "7fc1e6", "4a9bd6", "2a77bd"), "04344a", "ffffff",
    0.3, 2.2, 1.2, 0.24, 0.35, 0.22,
)  # fmt: skip


def _sky_light(look: SeaLook, across: Plane, up: Plane, ahead: Plane) -> Picture:
    """The light that comes from a direction (unit vectors, one per pixel)."""
    lens = np.sqrt(look.sun_x**2 + look.sun_y**2 + 1.5**2)
    facing = (across * look.sun_x + up * look.sun_y + ahead * 1.5) / lens
    facing = np.clip(facing, 0, 1)
    sun = 2.2 * smoothstep(0.99885, 0.9993, facing) + 0.5 * facing**160 + 0.22 * facing**18
    base = paint_with(look.sky, f32(np.clip(up, 0, 1) ** 0.7))
    return f32(base + look.sun_power * tint(f32(sun), look.sun))


def sea(look: SeaLook, seed: int = 3) -> Painter:
    """Open water to the horizon: slopes from drifting noise mirror the sky."""
    swell = noise_slopes(seed, 2.6, 4)
    chop = noise_slopes(seed + 1, 2.0, 6)
    cloud_plate = noise_plate(seed + 2, 1.9, 3)
    up = Y - look.horizon
    size = np.sqrt(X**2 + up**2 + 1.5**2)
    ray = (X / size, up / size, 1.5 / size)
    away = f32(1.0 / np.maximum(-up, 0.004))
    world_x, world_z = X * away * 0.66, away
    calm = look.roughness / (1 + 0.06 * away)
    below = smoothstep(0.002, -0.006, up)
    lift = np.maximum(up, 0.02)

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        drift = 0.045 * t_s
        slope_x = np.zeros_like(X)
        slope_z = np.zeros_like(X)
        for plate, scale, speed, weight in (
            (swell, 0.035, 0.6, 0.7),
            (swell, 0.09, 1.0, 0.8),
            (chop, 0.16, 1.5, 0.6),
            (chop, 0.37, 2.2, 0.4),
        ):
            u, v = world_x * scale + drift * speed * 0.4, world_z * scale + drift * speed
            slope_x += weight * look_up(plate[0], u, v)
            slope_z += weight * look_up(plate[1], u, v)
        normal_x, normal_z = -slope_x * calm * 0.8, -slope_z * calm
        length = np.sqrt(normal_x**2 + 1 + normal_z**2)
        facing = (ray[0] * normal_x + ray[1] + ray[2] * normal_z) / length
        facing = np.minimum(facing, -0.01)
        mirrored = (
            ray[0] - 2 * facing * normal_x / length,
            np.abs(ray[1] - 2 * facing / length),
            ray[2] - 2 * facing * normal_z / length,
        )
        fresnel = 0.03 + 0.97 * (1 + facing) ** 4
        water = flat(look.deep) + _sky_light(look, *map(f32, mirrored)) * f32(fresnel)[..., None]
        glow = smoothstep(0.6, 3.0, slope_z) * 0.12 / (1 + 0.1 * away)
        water = water + tint(f32(glow), "6fb0a8")
        sky = _sky_light(look, *map(f32, ray))
        u, v = X / (lift * 9 + 1.2) * 0.3 + 0.004 * t_s, 0.25 / (lift + 0.16) + 0.01 * t_s
        bank = look_up(cloud_plate, f32(u), f32(v))
        shade = paint_with(look.sky, f32(0.62 + 0.25 * np.clip(bank, -1, 1)))
        cover = look.clouds * smoothstep(-0.1, 1.3, bank) * smoothstep(0.0, 0.2, up)
        sky = mix(sky, shade, f32(cover) * 0.8)
        return grain(vignette(filmic(bloom(mix(sky, water, below), 0.85, 0.35))), t_s, 0.006)

    return paint


def underwater(seed: int = 21) -> Painter:
    """Sunlight in a net over a sandy sea floor, and shafts from above."""
    first, second = noise_plate(seed, 3.4, 6), noise_plate(seed + 1, 3.4, 6)
    sand = noise_plate(seed + 2, 1.4, 8)
    away = f32(1.0 / np.maximum(0.62 - Y, 0.06))
    floor_x, floor_z = X * away * 0.5, away * 0.9
    depth = np.exp(-0.22 * np.maximum(away - 0.6, 0))

    def paint(t_s: float, progress: float) -> Picture:
        z = floor_z + 0.25 * progress
        bend = 0.02 * look_up(sand, floor_x * 0.1 + 0.03 * t_s, z * 0.1)
        one = look_up(first, floor_x * 0.26 + 0.030 * t_s + bend, z * 0.26)
        two = look_up(second, floor_x * 0.26 - 0.026 * t_s, z * 0.26 + 0.028 * t_s)
        net = np.exp(-4.2 * np.abs(one - two)) + 0.6 * np.exp(-5 * np.abs(one + two + 0.3))
        grains = 0.05 * look_up(sand, floor_x * 0.5, z * 0.5)
        ground = f32(0.40 + grains + 0.85 * net)
        lit = tint(ground, "8fe3e6") * f32(depth)[..., None]
        turn = (X - 0.5) / (1.9 - Y) + 0.3
        shafts = look_up(first, f32(turn * 0.55 + 0.01 * t_s), np.full_like(X, 0.02 * t_s))
        haze = mix(flat("0a4a66"), flat("3fc0cf"), smoothstep(-0.9, 1.1, Y))
        picture = mix(haze, lit, f32(depth) * smoothstep(0.62, 0.3, Y))
        beams = smoothstep(0.1, 1.8, shafts) * smoothstep(-1.0, 1.0, Y) * 0.5
        return grain(vignette(filmic(picture * 0.95 + tint(f32(beams), "9ff0e6")), 0.5), t_s, 0.005)

    return paint


def pond(seed: int = 31) -> Painter:
    """Rain rings on still water that mirrors trees and an evening sky."""
    dice = np.random.default_rng(seed)
    away = f32(1.0 / (1.35 - Y))
    world_x, world_z = X * away * 1.4, away * 3.2
    drops = [
        (dice.uniform(-2.4, 2.4), dice.uniform(1.4, 8.0), dice.uniform(-1.5, 3.6))
        for _ in range(46)
    ]
    trees = noise_plate(seed, 2.1, 4)
    sky = ramp("0b1712", "14291f", "3c5a4a", "a9b79a", "f0d9b0", "e8e0d0")

    def paint(t_s: float, progress: float) -> Picture:
        del progress
        slope = 0.03 * look_up(
            noise_plate(seed + 1, 2.4, 4), world_x * 0.2, world_z * 0.2 + 0.03 * t_s
        )
        slope_x = slope.copy()
        for x, z, born in drops:
            age = t_s - born
            if not 0 < age < 2.4:
                continue
            radius = np.hypot(world_x - x, world_z - z)
            front = (radius - 0.62 * age) * 15
            ring = np.sin(front * 1.6) * np.exp(-front * front * 0.11)
            slope += f32(0.30 * np.exp(-1.3 * age) * ring)
            slope_x += f32(0.2 * np.exp(-1.3 * age) * ring * (world_x - x) / (radius + 0.05))
        seen_x = X * 0.2 + slope_x * 0.10
        line = 0.42 + 0.16 * look_up(trees, f32(seen_x), np.full_like(X, 0.3))
        height = (1 - (Y + 1) / 2) * 0.95 + slope * 0.9
        picture = paint_with(sky, f32(0.46 + (height - line) * 1.7))
        shine = smoothstep(0.10, 0.30, slope) * 0.5
        return grain(vignette(picture + tint(f32(shine), "fff1d6"), 0.45), t_s, 0.006)

    return paint
