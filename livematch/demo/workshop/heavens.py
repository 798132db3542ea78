"""Skies over the sea: gradients, sun or moon, and layers of cloud, by direction.

Light here is linear. A colour given as 'ff8800' is the one that the finished picture shows
(`develop` undoes what `light` does).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from livematch.demo.workshop.canvas import (
    Floats,
    Picture,
    Plane,
    f32,
    noise_plate,
    rgb,
    smoothstep,
)
from livematch.demo.workshop.swell import glance

Ray = tuple[Plane, Plane, Plane]
"""Unit vectors to the right, up and ahead, one for each pixel."""


def light(code: str) -> Floats:
    """The linear light that is developed to this colour."""
    shown = np.minimum(np.array(rgb(code)) ** 2.2, 0.985)
    return f32(-np.log(1 - shown) / 1.35)


def develop(picture: Picture) -> Picture:
    """Linear light as a picture from 0 to 1, strong light rolled off softly."""
    return f32((1 - np.exp(-1.35 * np.maximum(picture, 0))) ** (1 / 2.2))


def unit(across: float, up: float) -> tuple[float, float, float]:
    """A direction by its angles in degrees from straight ahead and from the horizon."""
    side, rise = np.deg2rad(across), np.deg2rad(up)
    return (
        float(np.sin(side) * np.cos(rise)),
        float(np.sin(rise)),
        float(np.cos(side) * np.cos(rise)),
    )


@dataclass(frozen=True, slots=True)
class Cloud:
    """One layer. `cover` is 0 to 1; `size` its scale; `stretch` draws it out along `turn`."""

    kind: str
    cover: float
    size: float
    soft: float
    lit: Floats
    shadow: Floats
    plate: int
    shift: tuple[float, float]
    stretch: float = 1.0
    turn: float = 0.0
    depth: float = 1.0


@dataclass(frozen=True, slots=True)
class Sky:
    """A whole sky. `stops` run from the horizon up; the sun may be the moon."""

    stops: Floats
    sun: tuple[float, float, float]
    glow: Floats
    glow_size: float
    warm: Floats
    warmth: float
    disc: float
    haze: Floats
    clouds: tuple[Cloud, ...] = field(default=())
    stars: float = 0.0
    curve: float = 0.55

    def facing(self, ray: Ray) -> Plane:
        """The cosine of the angle to the sun."""
        return f32(ray[0] * self.sun[0] + ray[1] * self.sun[1] + ray[2] * self.sun[2])

    def seen(self, ray: Ray, *, disc: bool) -> Picture:
        """The light from each direction; the sun's own disc only if asked."""
        up = np.maximum(ray[1], 0)
        toward = np.clip(self.facing(ray), 0, 1)
        sky = self._gradient(up)
        side = np.clip(toward / np.sqrt(np.maximum(1 - 0.9 * up**2, 0.1)), 0, 1)
        low_glow = f32(self.warmth * side**5 * np.exp(-up * 5.5))[..., None]
        sky = sky * (1 - low_glow) + self.warm * low_glow
        power = toward ** (8 / self.glow_size)
        sixth = (power * power * power) ** 2
        halo = 0.16 * power + 0.3 * sixth + 0.9 * (sixth * sixth * sixth * sixth * sixth) ** 2
        sky = sky + f32(halo)[..., None] * self.glow
        veil = np.zeros_like(up)
        for cloud in self.clouds:
            sky, cover = _with_cloud(self, cloud, sky, ray, toward)
            veil = np.maximum(veil, cover)
        if disc:
            edge = math.cos(math.radians(self.disc))
            round_sun = smoothstep(edge - 2e-5, edge + 2e-5, self.facing(ray)) if self.disc else 0
            sky = sky + f32(round_sun * (1 - 0.93 * veil) ** 2 * 5)[..., None] * self.glow
            if self.stars:
                sky = sky + f32(_stars(ray) * (1 - veil) * self.stars)[..., None]
        near = f32(np.exp(-up * 26))[..., None] * 0.55
        return f32(sky * (1 - near) + self._air(toward) * near)

    def _gradient(self, up: Plane) -> Picture:
        steps = np.linspace(0, 1, 2048) ** self.curve * (len(self.stops) - 1)
        places = np.arange(len(self.stops))
        table = f32([np.interp(steps, places, self.stops[:, c]) for c in range(3)]).T
        return np.take(table, (up * 2047).astype(np.int32), axis=0)

    def _air(self, toward: Plane) -> Picture:
        share = f32(self.warmth * toward**6)[..., None]
        return f32(self.haze * (1 - share) + self.warm * share)

    def air(self, ray: Ray) -> Picture:
        """The colour that far things fade to."""
        return self._air(np.clip(self.facing(ray), 0, 1))


def _thick(cloud: Cloud, u: Plane, v: Plane) -> Plane:
    coarse = noise_plate(7000 + cloud.plate, 2.05, 3)
    fine = noise_plate(7100 + cloud.plate, 1.6, 9)
    bend = 0.016 * glance(fine, u * 1.3, v * 1.3)
    body = glance(coarse, u + bend, v - bend)
    if cloud.kind == "billow":
        puffs = np.abs(glance(fine, u * 1.1 + bend, v * 1.1))
        return f32(0.95 * body + 0.3 - 0.4 * puffs + 0.08 * glance(fine, u * 4, v * 4))
    return f32(body + 0.25 * glance(fine, u * 2.1, v * 2.1))


def _with_cloud(
    sky: Sky, cloud: Cloud, light_behind: Picture, ray: Ray, toward: Plane
) -> tuple[Picture, Plane]:
    """The sky behind, with the layer before it, and how far the layer covers it."""
    up = np.maximum(ray[1], 0)
    if cloud.kind == "bank":  # heaps that stand on the horizon, seen from the side
        u, v = np.arctan2(ray[0], np.maximum(ray[2], 0.05)) * 0.16, up * 0.22
        bias = 2.4 * cloud.cover - 0.9 - up * 5.5 / cloud.depth
        step = (sky.sun[0] * 0.006, 0.008)
    else:
        far = 1 / (up + 0.075)
        u, v = ray[0] * far * 0.075, ray[2] * far * 0.075
        bias = np.full_like(up, 2.6 * cloud.cover - 1.5)
        step = (sky.sun[0] * 0.009, sky.sun[2] * 0.009)
    cos, sin = math.cos(cloud.turn), math.sin(cloud.turn)
    scale = 1 / cloud.size
    along = f32((u * cos - v * sin) * scale / cloud.stretch + cloud.shift[0])
    over = f32((u * sin + v * cos) * scale + cloud.shift[1])
    thick = _thick(cloud, along, over)
    lit_side = _thick(cloud, f32(along + step[0]), f32(over + step[1]))
    cover = smoothstep(0, cloud.soft, thick + bias)
    if cloud.kind != "bank":
        cover = f32(cover * smoothstep(0.0, 0.07, up))
    depth = 0.28 * np.maximum(thick + bias - 0.5, 0)
    shade = np.clip(0.55 + 0.75 * (thick - lit_side) - depth, 0, 1)
    body = cloud.shadow + (cloud.lit - cloud.shadow) * f32(shade)[..., None]
    edge = f32((cover * (1 - cover) * 1.6 + 0.12) * toward**14)[..., None]
    body = body + edge * sky.glow * 1.4
    air = f32(np.exp(-up * 9) * 0.5)[..., None]
    body = body * (1 - air) + light_behind * air
    return f32(light_behind + (body - light_behind) * cover[..., None]), cover


def _stars(ray: Ray) -> Plane:
    plate = noise_plate(7300, 0.0, 3)
    spots = glance(plate, f32(ray[0] * 0.9), f32(ray[1] * 0.9))
    return f32(smoothstep(2.4, 4.2, spots))
