"""Sound as modulation: parameters that follow the level, a band, or the beat."""

import dataclasses
import math
from typing import NamedTuple

from livematch.control.params import MODULATIONS, ModSource, Params, spec
from livematch.values import Pulse, Sound


class _Modulator(NamedTuple):
    """One of the modulators, as the hands have set it."""

    source: ModSource
    target: str
    depth: float
    attack_s: float
    release_s: float


class Modulation:
    """Moves parameters by sound: one envelope follower for each modulator. Pure; one thread.

    A target is moved from where the hands have set it, by depth × envelope × its whole range, and
    never out of the range; several modulators with one target add up.
    """

    def __init__(self) -> None:
        self._envelopes = [0.0] * MODULATIONS
        self._last_s: float | None = None

    def moved(self, now: float, params: Params, sound: Sound, pulse: Pulse | None) -> Params:
        """Return the parameters as they count at `now`: the same object while all are off."""
        gone_s = 0.0 if self._last_s is None else max(0.0, now - self._last_s)
        self._last_s = now
        values: dict[str, float] = {}
        for place, source in enumerate(_sources(params)):
            if source is ModSource.OFF:
                self._envelopes[place] = 0.0
                continue
            mod = _modulator(params, place)
            wanted = _heard(mod.source, now, sound, pulse)
            before = self._envelopes[place]
            slowness_s = mod.attack_s if wanted > before else mod.release_s
            envelope = before + (wanted - before) * _share(gone_s, slowness_s)
            self._envelopes[place] = envelope
            row = spec(mod.target)
            value = values.get(mod.target, float(getattr(params, mod.target)))
            values[mod.target] = value + mod.depth * envelope * (row.high - row.low)
        if not values:
            return params
        clamped: dict[str, float] = {
            name: min(spec(name).high, max(spec(name).low, value)) for name, value in values.items()
        }
        return dataclasses.replace(params, **clamped)  # type: ignore[arg-type]


def _sources(params: Params) -> tuple[ModSource, ...]:
    return params.mod1_source, params.mod2_source, params.mod3_source, params.mod4_source


def _modulator(params: Params, place: int) -> _Modulator:
    name = f"mod{place + 1}"
    return _Modulator(
        getattr(params, f"{name}_source"),
        getattr(params, f"{name}_target"),
        getattr(params, f"{name}_depth"),
        getattr(params, f"{name}_attack"),
        getattr(params, f"{name}_release"),
    )


def _heard(source: ModSource, now: float, sound: Sound, pulse: Pulse | None) -> float:
    """Return what a source gives now, 0 to 1."""
    if source is ModSource.BEAT:
        return 1.0 - pulse.beat_at(now) % 1.0 if pulse is not None else 0.0
    return min(1.0, max(0.0, float(getattr(sound, source.value))))


def _share(gone_s: float, slowness_s: float) -> float:
    """Return how far towards its aim an envelope goes in some time."""
    return 1.0 - math.exp(-gone_s / slowness_s) if slowness_s > 0 else 1.0
