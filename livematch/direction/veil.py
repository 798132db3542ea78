"""The veil: how much of the painting lies over the program, and how it gives way to a match."""

import math
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from livematch.control.params import Params
from livematch.values import SAME_S, Observation

NEAR_S = 0.25  # shares further apart in time are no movement: the first holds until the second
YIELDS_IN_S = 0.5  # two thirds of the way: scores tremble from frame to frame, and the veil may not


class Veiling(Protocol):
    """Who says how much of the painting lies over the program."""

    def share_at(self, now: float, observation: Observation | None, params: Params) -> float:
        """Return the painting's share of the light, 0 to 1; once a tick."""
        ...


class Veil:
    """Lays the painting over the program as the performer wants, thinner the closer the match.

    Pure but for what it remembers of the ticks before; one thread.
    """

    def __init__(self) -> None:
        self._closeness = 0.0
        self._asked_s: float | None = None

    def share_at(self, now: float, observation: Observation | None, params: Params) -> float:
        """Return the painting's share of the light, 0 to 1; once a tick."""
        close = closeness(observation, params.radius)
        if self._asked_s is None:
            self._closeness = close
        else:
            kept = math.exp(-max(0.0, now - self._asked_s) / YIELDS_IN_S)
            self._closeness = close + (self._closeness - close) * kept
        self._asked_s = now
        return painted_share(self._closeness, params)


class ScriptedVeil:
    """`Veil`'s twin, whose shares were written down while they moved.

    `shares` are (seconds, share), in the order of their times: straight from one to the next. One
    thread.
    """

    def __init__(self, shares: Iterable[tuple[float, float]] = ()) -> None:
        self._coming = deque(shares)
        self._last = (0.0, 0.0)

    def share_at(
        self,
        now: float,
        observation: Observation | None,  # noqa: ARG002 - whatever is seen, the script counts
        params: Params,  # noqa: ARG002
    ) -> float:
        """Return what is written down for `now`."""
        while self._coming and self._coming[0][0] <= now + SAME_S:
            self._last = self._coming.popleft()
        at_s, share = self._last
        then_s, then = self._coming[0] if self._coming else self._last
        if not 0 < then_s - at_s <= NEAR_S:
            return share
        return share + (then - share) * max(0.0, now - at_s) / (then_s - at_s)


def painted_share(close: float, params: Params) -> float:
    """Return the painting's share of the light over what is so close, 0 to 1."""
    return params.lens_mix * (1.0 - params.lens_yields * close)


def closeness(observation: Observation | None, radius: float) -> float:
    """Return how close the best candidate is: 0 at the radius and beyond, 1 for the very same."""
    if observation is None or not observation.candidates:
        return 0.0
    return likeness(observation.candidates[0].score, radius)


def likeness(score: float, radius: float) -> float:
    """Return how close a score is: 0 at the radius and beyond, 1 for the very same."""
    return 0.0 if radius >= 1.0 else min(1.0, max(0.0, (score - radius) / (1.0 - radius)))
