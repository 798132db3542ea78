"""A beach: rows of breakers that run up on sand, for views from the shore and from above."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from livematch.demo.workshop.canvas import Floats, Plane, f32, noise_plate, smoothstep
from livematch.demo.workshop.swell import glance

ROWS = 5


@dataclass(frozen=True, slots=True)
class Surf:
    """Breakers parallel to a shore. Metres; `turn` is the shore's angle to the picture.

    The sand begins `start` metres ahead; `gap` lies between rows, `tall` is the highest.
    """

    start: float
    turn: float
    gap: float
    tall: float
    broken: float
    shift: float
    sand: Floats

    def places(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Metres out from the water's edge, and along it."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        out = f32(x * sin + z * cos - self.start)
        along = f32(x * cos - z * sin)
        return f32(out + 0.45 * self.gap * self._noise(along, 0.03, 0.11)), along

    def _noise(self, along: Floats, scale: float, line: float) -> Floats:
        place = along * (scale / self.gap) + self.shift
        row = noise_plate(7400, 2.9, 4)
        return glance(row, place, np.full_like(along, line + self.shift))

    def _row(self, number: int, along: Floats) -> tuple[Floats, Floats, float]:
        """A breaker's place and how far it has broken (0 to 1) all along it; its height."""
        line = 0.17 * number + 0.05
        crest = self.gap * ((number + 0.55) ** 1.12 + 0.16 * self._noise(along, 0.035, line))
        crest = crest + self.gap * 0.03 * self._noise(along, 0.4, line + 0.3)
        bias = self.broken + (0.9, 0.7, 0.1, -0.7, -1.3)[number]
        broken = smoothstep(-0.25, 0.35, self._noise(along, 0.06, line + 0.6) + bias)
        tall = self.tall * (0.34, 0.68, 1.0, 0.85, 0.6)[number]
        return f32(crest), broken, tall

    def height(self, x: Floats, z: Floats) -> Floats:
        """The breakers' height over still water."""
        out, along = self.places(x, z)
        total = np.zeros_like(out)
        for number in range(ROWS):
            crest, broken, tall = self._row(number, along)
            off = out - crest
            width = np.where(off < 0, (1.3 - 0.35 * broken) * tall, 5.0 * tall)
            total += tall * (1 - 0.3 * broken) * np.exp(-((off / width) ** 2))
        return f32(total * smoothstep(-0.3 * self.gap, 0.5 * self.gap, out))

    def slopes(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        """How the breakers rise to the right and ahead."""
        step = 0.06 * self.tall
        here = self.height(x, z)
        return f32((self.height(x + step, z) - here) / step), f32(
            (self.height(x, z + step) - here) / step
        )

    def foam(self, x: Floats, z: Floats) -> Plane:
        """How much foam there is, 0 to 1, before its net of holes."""
        out, along = self.places(x, z)
        amount = np.zeros_like(out)
        for number in range(ROWS):
            crest, broken, tall = self._row(number, along)
            off = f32(out - crest)
            front = smoothstep(-2.6 * tall, -1.2 * tall, off)
            front = front * smoothstep(1.4 * tall, 0.1 * tall, off)
            lip = np.exp(-((off / (0.35 * tall)) ** 2)) * smoothstep(0.0, 0.3, broken) * 0.8
            behind = np.exp(-np.maximum(off, 0) / (0.5 * self.gap)) * (off > 0) * 0.62
            amount = np.maximum(amount, np.maximum(broken * np.maximum(front, behind), lip))
        edge = out - self.edge(along)
        hem = np.exp(-np.maximum(edge, 0) / (0.05 * self.gap)) * 0.9
        sheet = np.exp(-np.maximum(edge, 0) / (0.5 * self.gap)) * 0.55
        return f32(np.maximum(amount, np.maximum(hem, sheet)) * (edge > 0))

    def edge(self, along: Floats) -> Floats:
        """Where the last run of water on the sand ends."""
        tongue = 0.22 * self._noise(along, 0.10, 0.83) + 0.05 * self._noise(along, 0.5, 0.41)
        return f32(self.gap * (tongue - 0.1))

    def dry(self, x: Floats, z: Floats) -> tuple[Plane, Plane, Plane]:
        """How far a place is sand, how wet that sand is, and how shallow the water."""
        out, along = self.places(x, z)
        beyond = f32(self.edge(along) - out)
        sand = smoothstep(-0.02 * self.gap, 0.01 * self.gap, beyond)
        line = self.gap * (0.55 + 0.2 * self._noise(along, 0.07, 0.65))
        wet = smoothstep(1.15, 0.75, (beyond + 0.3 * self.gap) / line)
        return sand, wet, f32(np.exp(-np.maximum(out, 0) / (1.3 * self.gap)))
