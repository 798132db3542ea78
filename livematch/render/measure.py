"""How fast this machine draws: the compositor at work as in a show, without pacing."""

import itertools
from collections.abc import Sequence

from livematch.clock import Clock
from livematch.control.params import Params
from livematch.render.compositor import Compositor
from livematch.render.gl import Surface
from livematch.values import Layer, Picture, Source


def draw_speed(
    surface: Surface,
    compositor: Compositor,
    decks: Sequence[Sequence[Picture]],
    seconds: float,
    clock: Clock,
    *,
    pictures_hz: float = 24.0,
    params: Params | None = None,
) -> list[float]:
    """Draw for `seconds` and return what each frame took, in milliseconds, first to last.

    `decks` are one or two runs of at least two pictures each; every deck brings a new one to the
    card `pictures_hz` times a second. Two decks are crossfaded all the time. A frame lasts from
    `begin` until `present` returns, so a surface with vsync measures the display.
    """
    params = params or Params()
    began_s = clock.now()
    frames_ms: list[float] = []
    while (now := clock.now()) - began_s < seconds:
        turn = int((now - began_s) * pictures_hz)
        surface.begin()
        compositor.draw(_layers(decks, turn), None, params, surface.size_px)
        surface.present()
        surface.events()
        frames_ms.append((clock.now() - now) * 1e3)
    return frames_ms


def _layers(decks: Sequence[Sequence[Picture]], turn: int) -> tuple[Layer, ...]:
    opacities = itertools.chain((1.0,), itertools.repeat(0.4))
    return tuple(
        Layer(Source.ARCHIVE, number, pictures[turn % len(pictures)], opacity)
        for number, (pictures, opacity) in enumerate(zip(decks, opacities, strict=False))
    )
