"""What a controller is told: where its motor faders go, and which of its pads are lit."""

from dataclasses import dataclass

from livematch.control.commands import Command, Pick, Recall, Set, Tap, UseLens
from livematch.control.params import TABLE, Params
from livematch.midi.hand import Touch
from livematch.midi.mapping import Encoder, Fader, MidiMap, Press, Row, Switch
from livematch.midi.wire import HIGHEST, HIGHEST_FINE, Kind, Message, write
from livematch.values import Pulse

AGAIN_S = 1 / 30  # least time between two messages to one control
QUIET_S = 0.5  # a fader moved so recently is left to the hand
BURST = 64  # messages at once: a cable of 1983 takes three in a millisecond
OWN_CHANNEL = 1  # for what is mapped on any
FLASH = 0.25  # of each beat, a pad that taps the tempo is lit


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to show at `now`.

    `params` are as the hands have set them; `picks` is how many candidates can be picked, `preset`
    the one that was recalled last.
    """

    now: float
    params: Params
    picks: int = 0
    pulse: Pulse | None = None
    preset: str | None = None


class Feedback:
    """Decides what to tell a controller: what has changed, seldom, and never against a hand.

    One thread; `touches` are those of the hand on the same controller.
    """

    def __init__(self, midi_map: MidiMap, touches: dict[int, Touch]) -> None:
        named = {(row.kind, row.number) for row in midi_map.rows if row.channel == OWN_CHANNEL}
        self._rows = [
            (number, row)
            for number, row in enumerate(midi_map.rows)
            if row.feedback
            and row.kind is not Kind.PROGRAM
            and (row.channel is not None or (row.kind, row.number) not in named)
        ]
        self._touches = touches
        self._told: dict[int, int | None] = {}
        self._heard: dict[int, Touch] = {}
        self._due_s: dict[int, float] = {}
        self._first = 0

    def sync(self) -> None:
        """Forget what the controller was told: it is new, and is told everything."""
        self._told.clear()
        self._heard.clear()
        self._due_s.clear()

    def due(self, shown: Shown) -> list[bytes]:
        """Return the messages that are due now; what finds no room comes next time."""
        messages: list[bytes] = []
        count = len(self._rows)
        begin = self._first
        for place in range(count):
            number, row = self._rows[(begin + place) % count]
            value = shown_value(row, shown)
            if value is None or not self._may(number, row, value, shown.now):
                continue
            if len(messages) >= BURST:
                self._first = (begin + place) % count
                break
            self._told[number] = value
            self._due_s[number] = shown.now + AGAIN_S
            messages += _written(row, value)
        return messages

    def _may(self, number: int, row: Row, value: int, now: float) -> bool:
        """Whether a control is to be told a value now."""
        touch = self._touches.get(number)
        if touch is not None and not isinstance(row.does, Encoder):  # a ring has no hand against it
            if isinstance(row.does, Fader) and now - touch.at_s < QUIET_S:
                return False
            if self._heard.get(number) is not touch:
                self._heard[number] = touch
                # a fader stands where the hand left it; many pads put their light out when let go
                self._told[number] = touch.value if isinstance(row.does, Fader) else None
        return self._told.get(number) != value and now >= self._due_s.get(number, 0.0)


def shown_value(row: Row, shown: Shown) -> int | None:
    """Return what a control should show, as the value it is sent; None when it shows nothing."""
    match row.does:
        case Fader(name, low, high, _, fine):
            share = (_place(name, shown) - low) / (high - low)
            return round(min(1.0, max(0.0, share)) * (HIGHEST_FINE if fine else HIGHEST))
        case Encoder(name):
            return round(_place(name, shown) * HIGHEST)
    is_lit = _is_lit(row, shown)
    return None if is_lit is None else row.lit if is_lit else row.dim


def _place(name: str, shown: Shown) -> float:
    return TABLE[name].position_of(getattr(shown.params, name))


def _is_lit(row: Row, shown: Shown) -> bool | None:
    match row.does:
        case Switch(name):
            return bool(getattr(shown.params, name))
        case Press(command):
            return _is_on(command, shown)
    return None


def _is_on(command: Command, shown: Shown) -> bool | None:
    match command:
        case Set(name, value):
            return bool(getattr(shown.params, name) == value)
        case UseLens(lens):
            return shown.params.lens == lens  # what a number is called, nobody knows here
        case Pick(number):
            return number <= shown.picks
        case Recall(preset):
            return preset == shown.preset
        case Tap():
            return shown.pulse is not None and shown.pulse.beat_at(shown.now) % 1.0 < FLASH
    return None


def _written(row: Row, value: int) -> list[bytes]:
    channel = row.channel or OWN_CHANNEL
    if row.kind is Kind.CC and isinstance(row.does, Fader) and row.does.fine:
        halves = ((row.number, value >> 7), (row.number + 32, value & 0x7F))
        return [write(Message(Kind.CC, channel, number, half)) for number, half in halves]
    return [write(Message(row.kind, channel, row.number, value))]
