"""The dice behind one seascape: light, sky, sea, camera, and sometimes a beach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from livematch.demo.workshop.canvas import HEIGHT, WIDTH, Floats, f32
from livematch.demo.workshop.heavens import Cloud, Sky, light, unit
from livematch.demo.workshop.moods import MOODS, Mood
from livematch.demo.workshop.surf import Surf
from livematch.demo.workshop.swell import Band, Camera, band

ACROSS, DOWN = WIDTH * 3 // 2, HEIGHT * 3 // 2
"""Pictures are painted half as large again and then reduced, for smooth edges."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that makes one picture. Lengths in metres, angles in degrees."""

    mood: Mood
    sky: Sky
    camera: Camera
    tilt: float
    wind: float
    longest: float
    steep: float
    spread: float
    toward: float
    foam: float
    glitter: float
    see_far: float
    cast: Floats
    exposure: float
    surf: Surf | None = None


def _between(dice: np.random.Generator, ends: tuple[float, float]) -> float:
    return float(dice.uniform(*ends))


def _tinted(dice: np.random.Generator) -> Floats:
    """A slight cast, so that no two pictures of a family are quite of one colour."""
    return f32(np.exp(dice.normal(0, 0.07, 3)))


@dataclass(frozen=True, slots=True)
class View:
    """One way of looking at the sea. Ranges are (from, to), as `Camera` has them.

    `over` is the height in terms of the scene's waves; a beach has a height of its own.
    """

    name: str
    weight: float
    horizon: tuple[float, float]
    over: tuple[float, float]
    focal: tuple[float, float]


VIEWS = (
    View("level", 3.0, (-0.25, 0.35), (1.2, 6.0), (1.1, 2.2)),
    View("high line", 2.0, (0.35, 0.85), (1.5, 9.0), (1.0, 2.2)),
    View("low line", 1.6, (-0.8, -0.3), (1.0, 4.0), (0.9, 2.0)),
    View("among waves", 2.2, (-0.3, 0.5), (0.4, 0.9), (1.0, 2.6)),
    View("only water", 2.0, (1.05, 2.0), (2.0, 8.0), (1.2, 2.4)),
    View("from above", 1.2, (2.0, 5.0), (0.5, 2.6), (0.75, 1.1)),
    View("far lens", 1.4, (-0.3, 0.8), (1.5, 6.0), (3.0, 6.5)),
    View("from the shore", 1.6, (-0.1, 0.7), (1.0, 1.0), (1.2, 3.2)),
    View("beach from above", 1.3, (2.5, 6.0), (1.0, 1.0), (0.75, 1.1)),
)


def throw(dice: np.random.Generator) -> Scene:
    """A scene by dice."""
    weights = np.array([mood.weight for mood in MOODS])
    mood = MOODS[int(dice.choice(len(MOODS), p=weights / weights.sum()))]
    shares = np.array([view.weight for view in VIEWS])
    view = VIEWS[int(dice.choice(len(VIEWS), p=shares / shares.sum()))]
    if view.name in {"from the shore", "beach from above"}:
        return _beach(dice, mood, view)
    above = view.name == "from above"
    wind = _between(dice, mood.wind)
    longest = float(np.exp(dice.uniform(np.log(8), np.log(30 + 110 * wind))))
    steep = 0.05 + 0.17 * wind**1.2 * dice.uniform(0.75, 1.15)
    tall = longest * steep * 0.62
    horizon = _between(dice, view.horizon)
    height = max(1.6 * tall, 0.8, longest * 0.08) * _between(dice, view.over)
    length = _between(dice, view.focal)
    if above:  # a long lens, or the shift of the picture would draw all out
        height, length = longest * horizon * _between(dice, view.over), length * horizon
    camera = Camera(height, horizon, length, ACROSS, DOWN)
    fog = _between(dice, mood.fog) * (0.4 if above else 1.0)
    return Scene(
        mood,
        _sky(dice, mood, camera, fog),
        camera,
        tilt=float(dice.normal(0, 2.2)) if dice.random() < 0.55 else 0.0,
        wind=wind,
        longest=longest,
        steep=steep,
        spread=_between(dice, (0.12, 0.9)),
        toward=_between(dice, (0, 2 * np.pi)),
        foam=max(0.0, wind * 1.5 - 0.35) * _between(dice, (0.5, 1.3)),
        glitter=_between(dice, mood.glitter),
        see_far=height * 260 / (0.05 + fog**1.6 * 6),
        cast=_tinted(dice),
        exposure=float(np.exp(dice.normal(0, 0.16))),
    )


def _beach(dice: np.random.Generator, mood: Mood, view: View) -> Scene:
    """A scene with breakers: seen from where they end, or from a height."""
    level = view.name == "from the shore"
    wind = 0.5 * _between(dice, mood.wind)
    tall = _between(dice, (0.7, 2.6))
    gap = tall * _between(dice, (7, 13))
    horizon, length = _between(dice, view.horizon), _between(dice, view.focal)
    rise = (1.3, 3.2) if level else (0.8, 2.6)
    height = (tall if level else gap * horizon) * _between(dice, rise)
    camera = Camera(height, horizon, length if level else length * horizon, ACROSS, DOWN)
    nearest = camera.focal * height / (camera.horizon + 1)
    middle = camera.focal * height / camera.horizon if not level else 0.0
    turn = float(dice.normal(0, 0.16)) if level else float(dice.uniform(-np.pi, np.pi))
    start = nearest * _between(dice, (0.6, 1.7)) if level else middle * np.cos(turn)
    fog = 0.6 * _between(dice, mood.fog)
    sand = light(("c9b08a", "a89678", "8d857c", "d9c8a6")[int(dice.integers(4))])
    surf = Surf(
        float(start if level else start - gap * dice.uniform(0.0, 3.0)),
        turn, gap, tall, _between(dice, (-0.3, 0.8)), float(dice.random()),
        sand * light(mood.foam) * 0.9,
    )  # fmt: skip
    return Scene(
        mood,
        _sky(dice, mood, camera, fog),
        camera,
        tilt=float(dice.normal(0, 1.2)) if dice.random() < 0.4 else 0.0,
        wind=wind,
        longest=gap * 0.7,
        steep=0.03 + 0.03 * wind,
        spread=0.6,
        toward=float(-np.pi / 2 - turn),
        foam=0.3 * wind,
        glitter=_between(dice, mood.glitter),
        see_far=height * (260 if level else 900) / (0.05 + fog**1.6 * 6),
        cast=_tinted(dice),
        exposure=float(np.exp(dice.normal(0, 0.16))),
        surf=surf,
    )


def _sky(dice: np.random.Generator, mood: Mood, camera: Camera, fog: float) -> Sky:
    """The mood's sky, its sun more often in the picture than behind."""
    half = np.rad2deg(np.arctan(camera.across / camera.down / camera.focal))
    ahead = dice.random() < 0.62
    if ahead:
        side = dice.uniform(-0.85, 0.85) * half
    else:
        side = dice.uniform(half, 180) * dice.choice([-1, 1])
    top = np.rad2deg(np.arctan((1 - camera.horizon) / camera.focal))
    up = _between(dice, mood.sun_up)
    if ahead and up > top > 3 and dice.random() < 0.5:
        up = dice.uniform(0.25, 0.85) * top
    stops = f32([light(code) for code in mood.sky])
    clouds = _clouds(dice, mood, _between(dice, mood.cover))
    small = mood.name == "night"
    return Sky(
        stops * _tinted(dice),
        unit(float(side), float(up)),
        glow=light(mood.sun) * _between(dice, mood.glow),
        glow_size=_between(dice, (0.25, 0.9)) if small else _between(dice, (0.6, 2.2)),
        warm=light(mood.warm),
        warmth=_between(dice, mood.warmth),
        disc=0.0 if fog > 1.0 and dice.random() < 0.5 else _between(dice, (0.5, 1.3)),
        haze=light(mood.haze),
        clouds=clouds,
        stars=mood.stars * _between(dice, (0, 0.5)),
        curve=_between(dice, (0.45, 0.8)),
    )


def _clouds(dice: np.random.Generator, mood: Mood, cover: float) -> tuple[Cloud, ...]:
    """One to three layers: high ones first, heaps on the horizon last."""
    lit, shadow = light(mood.lit), light(mood.shadow)
    layers = []
    for kind, chance in (("streak", 0.4), ("deck", 0.85), ("bank", 0.55)):
        if dice.random() > chance or cover < 0.04:
            continue
        shape_of = "billow" if kind == "deck" and dice.random() < 0.6 else kind
        layers.append(
            Cloud(
                shape_of,
                cover * dice.uniform(0.7, 1.25) * (0.7 if kind == "streak" else 1.0),
                size=float(np.exp(dice.uniform(np.log(0.8), np.log(3.0)))),
                soft=_between(dice, (1.2, 2.4)) if kind == "streak" else _between(dice, (0.7, 2.0)),
                lit=lit * _tinted(dice),
                shadow=shadow * dice.uniform(0.7, 1.2) if kind != "streak" else lit * 0.8,
                plate=int(dice.integers(4)),
                shift=(float(dice.random()), float(dice.random())),
                stretch=_between(dice, (3, 7)) if kind == "streak" else _between(dice, (1, 2.2)),
                turn=0.0 if kind == "bank" else _between(dice, (0, 3.14)),
                depth=_between(dice, (0.5, 1.8)),
            )
        )
    return tuple(layers)


def waves(scene: Scene, dice: np.random.Generator) -> list[Band]:
    """From the swell to the ripples, each band by its own dice."""
    made = []
    long = scene.longest
    rough = 0.035 + 0.062 * scene.wind
    for number in range(5):
        steep = scene.steep if number == 0 else rough * (1.0, 1.25, 1.1, 1.0, 0.9)[number]
        spread = min(1.0, scene.spread + 0.16 * number)
        short = long / 4.5
        made.append(
            band(
                dice, long, short, steep, scene.toward + float(dice.normal(0, 0.25)), spread,
                (0.72 + 0.38 * scene.wind) if number < 2 else 0.6,
                tiles=7.0 + 2.3 * (number % 2), turn=float(dice.uniform(0, 6.28)),
            )
        )  # fmt: skip
        long = short * 0.95
    return made
