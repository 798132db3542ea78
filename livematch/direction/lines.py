"""When the beat has a line, seen far enough ahead for the picture to land on it."""

from collections import deque
from dataclasses import dataclass
from statistics import median

from livematch.control.bars import beats_apart
from livematch.control.state import Hands
from livematch.values import Pulse

FRAMES = 9  # between ticks, of which the middle one counts: a late tick is no slow display


class _Grid:
    """Lines that lie some beats apart, each told once."""

    def __init__(self) -> None:
        self._source: str | None = None
        self._apart = 0
        self._line = 0

    def crosses(self, pulse: Pulse | None, apart: int, at_s: float) -> bool:
        """Whether a line has come between the last call and this one, up to `at_s`."""
        source = pulse.source if pulse is not None else None
        is_same = (source, apart) == (self._source, self._apart)
        self._source, self._apart = source, apart
        if pulse is None or apart == 0:
            return False
        line, before = int(pulse.beat_at(at_s) // apart), self._line
        # a beat that is corrected a little must not bring the same line twice
        self._line = max(line, before) if is_same else line
        return is_same and line > before


@dataclass(frozen=True, slots=True)
class Lines:
    """What the beat says of this tick: whether changes may happen, and whether it asks for one.

    `is_gridded` says that changes wait for lines at all.
    """

    may_change: bool
    is_on_beat: bool
    is_gridded: bool

    @property
    def is_line(self) -> bool:
        """Whether this tick lies on a line of the beat, one that counts."""
        return self.is_on_beat or (self.is_gridded and self.may_change)


class Foresight:
    """Looks ahead of the beat. Pure; call once a tick.

    A picture is presented a while after it is decided, and only at a frame. So a line counts as
    reached in the tick whose picture will be presented nearest to it, half a frame before to half
    a frame after.
    """

    def __init__(self) -> None:
        self._quantise = _Grid()
        self._follow = _Grid()
        self._frames_s: deque[float] = deque(maxlen=FRAMES)
        self._last_s: float | None = None

    def lines(self, now: float, hands: Hands, lead_s: float) -> Lines:
        """Say what the beat allows and asks for at `now`; `lead_s` is from decision to picture."""
        if self._last_s is not None:
            self._frames_s.append(now - self._last_s)
        self._last_s = now
        frame_s = median(self._frames_s) if self._frames_s else 0.0
        params, pulse = hands.params, hands.pulse
        lands_s = now + lead_s + frame_s / 2 + params.beat_shift / 1e3
        quantise = beats_apart(params.quantise, params) if pulse is not None else 0
        is_line = self._quantise.crosses(pulse, quantise, lands_s)
        is_on_beat = self._follow.crosses(pulse, beats_apart(params.follow_beat, params), lands_s)
        return Lines(is_line or quantise == 0, is_on_beat, is_gridded=quantise > 0)
