"""The demo archive, film by film, and what the camera stand-in sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livematch.demo.workshop import (
    land,
    living,
    machines,
    matter,
    places,
    sources,
    stills,
    water,
    weather,
)
from livematch.demo.workshop.canvas import Frames, Painter, painted, ramp
from livematch.demo.workshop.stills import Framing, bunny, move_over

SHOT_S = 2.5


@dataclass(frozen=True, slots=True)
class Shot:
    """A run between two cuts. `make` prepares its frames only when they are wanted."""

    name: str
    make: Callable[[], Frames]
    seconds: float = SHOT_S


@dataclass(frozen=True, slots=True)
class Film:
    """Shots in order. `dissolve_s` is the overlap of neighbours; 0 is a hard cut."""

    name: str
    shots: tuple[Shot, ...]
    dissolve_s: float = 0.0
    fade_in_s: float = 0.0


def _shot(name: str, make: Callable[[], Painter], seconds: float = SHOT_S) -> Shot:
    return Shot(name, lambda: painted(make()), seconds)


def _still(name: str, file: str, start: Framing, end: Framing, contrast: float = 1.0) -> Shot:
    return _shot(name, lambda: move_over(file, start, end, contrast))


WALKERS = (
    ("female_adventurer", "femaleAdventurer"),
    ("male_person", "malePerson"),
    ("robot", "robot"),
)
GREEN_HILLS = ("a9cfa0", "6fae7f", "3f8264", "2c5d52")


def _coffee() -> Painter:
    cup = move_over("coffee.png", Framing(0.52, 0.35, 0.97), Framing(0.50, 0.31, 0.84))
    return stills.steaming(cup, -0.02, 0.15)


BUNNY_WIDE = Framing(0.46, 0.30, 0.90), Framing(0.40, 0.32, 0.80)
BUNNY_CLOSE = Framing(0.37, 0.15, 0.44), Framing(0.37, 0.14, 0.38)


FILMS = (
    Film(
        "orbit",
        (
            _still("rocket", "rocket.jpg", Framing(0.60, 0.44, 0.50), Framing(0.50, 0.36, 0.97)),
            _shot("earth", lambda: places.planet(sources.world_map())),
            _shot("starflight", places.starflight),
            _still(
                "deep-field", "hubble_deep_field.jpg",
                Framing(0.50, 0.43, 0.90, -3), Framing(0.36, 0.52, 0.52, 4),
            ),
            _shot("moon-flight", lambda: land.flight(land.moonscape(), 0.9, 0.2)),
        ),
        fade_in_s=0.7,
    ),
    Film(
        "people",
        (
            _still(
                "astronaut", "astronaut.png", Framing(0.50, 0.32, 0.98), Framing(0.45, 0.22, 0.62)
            ),
            _still("cameraman", "camera.png", Framing(0.44, 0.34, 0.70), Framing(0.52, 0.40, 0.98)),
            _shot("shadow-dance", living.dancer),
            _shot("walkers", living.walkers),
        ),
    ),
    Film(
        "meadow",
        (
            _shot("bunny-wakes", lambda: bunny(0, *BUNNY_WIDE), 2.0),
            _shot("bunny-looks", lambda: bunny(66, *BUNNY_CLOSE), 2.0),
            _shot("paper-walk", lambda: stills.paper_walk(WALKERS, GREEN_HILLS)),
            _still("cat", "chelsea.png", Framing(0.50, 0.33, 0.96), Framing(0.46, 0.27, 0.72)),
        ),
    ),
    Film(
        "sea",
        (
            _shot("dusk-swell", lambda: water.sea(water.DUSK)),
            _shot("golden-hour", lambda: water.sea(water.GOLDEN, 13)),
            _shot("grey-storm", lambda: water.sea(water.STORM, 23)),
            _shot("sea-floor", water.underwater),
            _shot("pond-rain", water.pond),
        ),
    ),
    Film(
        "weather",
        (
            _shot("cumulus", weather.clouds, 3.0),
            _shot("lightning", weather.lightning, 3.0),
            _shot("aurora", weather.aurora, 3.0),
            _shot("snowfall", weather.snowfall, 3.0),
        ),
        dissolve_s=0.6,
    ),
    Film(
        "elements",
        (
            _shot("bonfire", matter.bonfire),
            Shot("ink", matter.ink),
            _shot("candle", matter.candle),
            _shot("lava", matter.lava),
            Shot("smoke", matter.smoke),
        ),
    ),
    Film(
        "city",
        (
            _shot("night-drive", stills.night_drive),
            _shot("fireworks", places.skyline),
            _shot("neon-street", stills.neon_street),
            _shot("rainy-window", matter.rainy_window),
            _shot("traffic", matter.traffic),
        ),
    ),
    Film(
        "garden",
        (
            _still("pagoda", "china.jpg", Framing(0.42, 0.36, 0.70), Framing(0.50, 0.30, 0.97)),
            _shot("coffee", _coffee),
            _still("dahlia", "flower.jpg", Framing(0.50, 0.33, 0.98), Framing(0.49, 0.28, 0.62)),
            _shot("sunflower", living.sunflower),
            _shot("fern", living.fern),
            _shot("grass", living.grassland),
        ),
    ),
    Film(
        "machines",
        (
            _shot("leader", machines.film_leader, 2.4),
            _shot("gears", machines.clockwork),
            _shot("cradle", machines.cradle),
            _shot("clock", machines.wall_clock),
            _shot("knot", machines.knot),
        ),
    ),
    Film(
        "far-country",
        (
            _shot("dunes", lambda: land.flight(land.dunes())),
            _shot("misty-ranges", land.misty_ranges),
            _shot("brick-wall", lambda: matter.raking_light(sources.surface("brick.png"))),
            _shot("starlings", living.murmuration),
        ),
    ),
    Film(
        "abstract",
        (
            _shot("silk", matter.silk, 2.8),
            _shot("neon-tunnel", matter.tunnel, 2.8),
            _shot("marbling", matter.marble, 2.8),
            _shot("cells", matter.cells, 2.8),
        ),
        dissolve_s=0.5,
    ),
)  # fmt: skip


BLUE_SILK = ("030a24", "0b2a6b", "1f5fd0", "5aa0f5", "d0eaff")

CAMERA = (
    _still("cup", "coffee.png", Framing(0.40, 0.42, 0.60, 6), Framing(0.56, 0.36, 0.68, -4)),
    _still("cat-eyes", "chelsea.png", Framing(0.52, 0.26, 0.62, -5), Framing(0.40, 0.30, 0.58, 3)),
    _shot("noon-sea", lambda: water.sea(water.NOON, 33)),
    _still(
        "space-suit", "astronaut.png",
        Framing(0.36, 0.52, 0.66, 4), Framing(0.47, 0.25, 0.74, -3),
    ),
    _shot("hearth", lambda: matter.bonfire(611, 1.5)),
    _still("petals", "flower.jpg", Framing(0.54, 0.36, 0.50, -6), Framing(0.45, 0.28, 0.58, 5)),
    _shot("far-skyline", lambda: places.skyline(641, fireworks=False)),
    _shot("blue-silk", lambda: matter.silk(681, ramp(*BLUE_SILK))),
)  # fmt: skip
"""Each seen for as long as its shot; none of these framings is in the archive."""
