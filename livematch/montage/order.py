"""The order of a compilation: a path through the shots on which each cut is a match. Pure.

A travelling salesman who need not visit every town, and whose roads are not as long in both
directions: begun by the nearest neighbour, improved by exchanging, adding and leaving out shots, by
moving short chains (Or, 1976) and by turning stretches round (2-opt, Croes, 1958), again and again
from where two stretches of the best have changed places (Martin, Otto and Felten, 1991). What
counts is the mean, as a path has more shots where they are shorter; it is improved by adding up
what is above the mean of the path so far (Dinkelbach, 1967).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Path = NDArray[np.intp]
Numbers = NDArray[np.float64]

LONGEST_CHAIN = 3  # shots that are moved together
PATIENCE = 2  # rounds of changes without a gain after which a path is as good as it gets
MOST_KICKS = 40  # times that it is begun again
KICKED = 2000  # shots that are looked at for that in all: longer paths are begun again less often
MISSING = 0.3  # what it costs for a while that the path is too short by one shot
LEAST_GAIN = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a path may lead through: `join` (n, n) is how good a cut from one shot to another is.

    `worth` (n,) is how good a shot itself is, for as long as it lasts: `lengths` (n,), above 0.
    """

    join: Numbers
    worth: Numbers
    lengths: Numbers

    def goodness(self, path: Path) -> float:
        """Say how good a path is: the mean of its cuts, and that of its shots by their lengths."""
        return self._mean_join(path) + self._mean_worth(path)

    def levelled(self, path: Path) -> "Ground":
        """Return the same ground as seen from a path: what is as good as its mean is 0."""
        shares = self.lengths / self.lengths.mean()
        worth = (self.worth - self._mean_worth(path)) * shares
        return Ground(self.join - self._mean_join(path), worth, self.lengths)

    def _mean_join(self, path: Path) -> float:
        return float(self.join[path[:-1], path[1:]].mean()) if len(path) > 1 else 0.0

    def _mean_worth(self, path: Path) -> float:
        lengths = self.lengths[path]
        return float((self.worth[path] * lengths).sum() / lengths.sum())


def best_path(ground: Ground, start: int, total: float) -> Path:
    """Find a good path from `start` that is at least `total` long; all shots where they are less.

    No shot comes twice. The same ground gives the same path, as good as the nearest neighbour's at
    least.
    """
    best = _improved(ground, nearest_neighbours(ground, start, total), total)
    chance = np.random.default_rng(len(ground.worth))
    for _ in range(min(MOST_KICKS, KICKED // len(best))):
        path = _improved(ground, _kicked(best, chance), total)
        if ground.goodness(path) > ground.goodness(best) + LEAST_GAIN:
            best = path
    return best


def _improved(ground: Ground, path: Path, total: float) -> Path:
    """Change a path until nothing gains; returns the best that it was on the way."""
    path = best = _as_long_as_needed(ground, path, total)
    idle = 0
    while idle < PATIENCE:
        level = ground.levelled(path)
        for change in CHANGES:
            path = change(level, path, total)
        path = _as_long_as_needed(ground, path, total)
        if ground.goodness(path) > ground.goodness(best) + LEAST_GAIN:
            best, idle = path, 0
        else:
            idle += 1
    return best


def _kicked(path: Path, chance: np.random.Generator) -> Path:
    """Let two neighbouring stretches change places: what no single change undoes."""
    if len(path) < 4:
        return path
    first, middle, end = np.sort(chance.choice(np.arange(1, len(path) + 1), 3, replace=False))
    return np.concatenate([path[:first], path[middle:end], path[first:middle], path[end:]])


def nearest_neighbours(ground: Ground, start: int, total: float, begun: Path | None = None) -> Path:
    """Go from shot to shot, always to the best that is left, until the path is long enough."""
    path = [start] if begun is None else begun.tolist()
    left = np.ones(len(ground.worth), np.bool_)
    left[path] = False
    length = ground.lengths[path].sum()
    while length < total - LEAST_GAIN and left.any():
        gains = np.where(left, ground.join[path[-1]] + ground.worth, -np.inf)
        path.append(int(np.argmax(gains)))
        left[path[-1]] = False
        length += ground.lengths[path[-1]]
    return np.array(path, np.intp)


def exchanged(ground: Ground, path: Path, total: float) -> Path:
    """Exchange shots of the path, not the first, for unused ones that do better."""
    path = path.copy()
    unused = np.setdiff1d(np.arange(len(ground.worth)), path)
    length = ground.lengths[path].sum()
    for place in range(1, len(path)):
        if not len(unused):
            break
        here = path[place]
        gains = ground.worth[unused] - ground.worth[here]
        gains = gains + ground.join[path[place - 1], unused] - ground.join[path[place - 1], here]
        if place + 1 < len(path):
            gains = gains + ground.join[unused, path[place + 1]]
            gains -= ground.join[here, path[place + 1]]
        longer = ground.lengths[unused] - ground.lengths[here]
        gains -= _missing(ground, length + longer, total) - _missing(ground, length, total)
        best = int(np.argmax(gains))
        if gains[best] > LEAST_GAIN:
            length += longer[best]
            path[place], unused[best] = unused[best], here
    return path


def added(ground: Ground, path: Path, total: float) -> Path:
    """Add unused shots where they do well."""
    for shot in np.setdiff1d(np.arange(len(ground.worth)), path):
        length = ground.lengths[path].sum()
        gains = _between(ground, path, shot, shot) + ground.worth[shot]
        gains = gains + _missing(ground, length, total)
        gains -= _missing(ground, length + ground.lengths[shot], total)
        best = int(np.argmax(gains))
        if gains[best] > LEAST_GAIN:
            path = np.insert(path, best + 1, shot)
    return path


def left_out(ground: Ground, path: Path, total: float) -> Path:
    """Leave out shots, not the first, without which the path is better."""
    for shot in path[1:].tolist():
        place = int(np.flatnonzero(path == shot)[0])
        rest = np.delete(path, place)
        length = ground.lengths[path].sum()
        loss = _between(ground, rest, shot, shot)[place - 1] + ground.worth[shot]
        loss += _missing(ground, length - ground.lengths[shot], total)
        loss -= _missing(ground, length, total)
        if loss < -LEAST_GAIN:
            path = rest
    return path


def moved(ground: Ground, path: Path, total: float) -> Path:  # noqa: ARG001 - as the others
    """Move chains of up to three shots to where they do better."""
    for size in range(1, LONGEST_CHAIN + 1):
        for first in range(1, len(path) - size + 1):
            chain, rest = path[first : first + size], np.delete(path, np.s_[first : first + size])
            gains = _between(ground, rest, chain[0], chain[-1])
            best = int(np.argmax(gains))
            if gains[best] > gains[first - 1] + LEAST_GAIN:
                path = np.insert(rest, best + 1, chain)
    return path


def turned(ground: Ground, path: Path, total: float) -> Path:  # noqa: ARG001 - as the others
    """Turn stretches of the path round where that does better."""
    for first in range(1, len(path) - 1):
        there = np.append(0.0, np.cumsum(ground.join[path[:-1], path[1:]]))
        back = np.append(0.0, np.cumsum(ground.join[path[1:], path[:-1]]))
        last = np.arange(first + 1, len(path))
        gains = ground.join[path[first - 1], path[last]] - ground.join[path[first - 1], path[first]]
        gains = gains + (back[last] - back[first]) - (there[last] - there[first])
        inner = last[:-1]
        gains[:-1] += ground.join[path[first], path[inner + 1]]
        gains[:-1] -= ground.join[path[inner], path[inner + 1]]
        best = int(np.argmax(gains))
        if gains[best] > LEAST_GAIN:
            path = path.copy()
            path[first : last[best] + 1] = path[first : last[best] + 1][::-1]
    return path


CHANGES: tuple[Callable[[Ground, Path, float], Path], ...] = (
    exchanged,
    left_out,
    added,
    moved,
    turned,
)
"""The ways in which a path is improved; each takes a ground that is levelled."""


def _between(ground: Ground, path: Path, first: int, last: int) -> Numbers:
    """Say what it gains to put a chain behind each shot of a path: (n,)."""
    before, after = path[:-1], path[1:]
    gains = ground.join[before, first] + ground.join[last, after] - ground.join[before, after]
    return np.append(gains, ground.join[path[-1], first])


def _missing(ground: Ground, length: Numbers, total: float) -> Numbers:
    """Say what it costs that a path, or each of several, is only so long."""
    return np.asarray(MISSING * np.maximum(0.0, total - length) / ground.lengths.mean())


def _as_long_as_needed(ground: Ground, path: Path, total: float) -> Path:
    path = nearest_neighbours(ground, int(path[0]), total, path)
    long_enough = np.flatnonzero(np.cumsum(ground.lengths[path]) >= total - LEAST_GAIN)
    return path[: long_enough[0] + 1] if len(long_enough) else path
