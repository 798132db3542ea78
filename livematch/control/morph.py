"""Morphs: how parameters travel from where they stand to where a preset has them. Pure."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from livematch.control.params import TABLE, Params
from livematch.control.presets import Preset


@dataclass(frozen=True, slots=True)
class Glide:
    """One number on its way, in a straight line."""

    start: float
    end: float
    began_s: float
    length_s: float

    def at(self, now: float) -> float:
        """Return where it is; before its beginning at `start`, once it is over at `end`."""
        if self.is_over(now):
            return self.end
        share = max(0.0, (now - self.began_s) / self.length_s)
        value = self.start + (self.end - self.start) * share
        low, high = sorted((self.start, self.end))
        return min(high, max(low, value))  # rounding must not lead out of a parameter's range

    def is_over(self, now: float) -> bool:
        """Whether it has arrived."""
        return now >= self.began_s + self.length_s


class Morph:
    """The numbers that are on their way, each with its own beginning and length.

    Numbers travel; switches, choices and texts have nothing between and change at the beginning,
    so that the hand which recalls a preset sees at once that it was heard. One thread.
    """

    def __init__(self) -> None:
        self._glides: dict[str, Glide] = {}

    @property
    def is_moving(self) -> bool:
        """Whether anything is still on its way."""
        return bool(self._glides)

    def begin(self, preset: Preset, fade_s: float, now: float, params: Params) -> Params:
        """Set out for a preset from where things stand; what it does not name travels on."""
        for name, value in preset.settings:
            self.release(name)
            if fade_s > 0 and TABLE[name].kind == "number":
                self._glides[name] = Glide(getattr(params, name), float(value), now, fade_s)
        travelling: dict[str, Any] = {name: getattr(params, name) for name in self._glides}
        return dataclasses.replace(preset.applied(params), **travelling)

    def at(self, now: float, params: Params) -> Params:
        """Return the parameters with those on their way where they are now."""
        if not self._glides:
            return params
        values: dict[str, Any] = {name: glide.at(now) for name, glide in self._glides.items()}
        self._glides = {n: glide for n, glide in self._glides.items() if not glide.is_over(now)}
        return dataclasses.replace(params, **values)

    def release(self, name: str) -> None:
        """Let go of a parameter: a hand has taken it."""
        self._glides.pop(name, None)

    def end(self) -> None:
        """Let go of everything, where it stands."""
        self._glides = {}
