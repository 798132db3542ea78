"""Beats in bars: where the lines of the beat's grid are. Pure."""

import math

from livematch.control.params import Every, Grid, Params

_BARS = {"bar": 1, "2-bars": 2, "4-bars": 4}


def beats_per_bar(params: Params) -> int:
    """Return how many beats a bar has, as a whole number: a fader may stop between two."""
    return max(1, round(params.beats_per_bar))


def beats_apart(lines: Grid | Every, params: Params) -> int:
    """Return how many beats lie between two lines; 0 where there are none: `now` and `never`."""
    if lines.value == "beat":
        return 1
    return _BARS.get(lines.value, 0) * beats_per_bar(params)


def bar_and_beat(beat: float, params: Params) -> tuple[int, int]:
    """Return the bar, and the beat in it, as musicians count: both from 1."""
    bar, in_bar = divmod(math.floor(beat), beats_per_bar(params))
    return bar + 1, in_bar + 1
