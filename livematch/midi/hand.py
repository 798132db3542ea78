"""A hand on a controller: its movements become commands."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from livematch.control.commands import Command, Nudge, Position, Set, Tap
from livematch.control.params import TABLE, Params
from livematch.midi.mapping import Button, Encoder, Fader, MidiMap, Press, Row, Switch
from livematch.midi.wire import HIGHEST, HIGHEST_FINE, Kind, Message

HELD_S = 0.2  # a fader that moved so recently is still in the hand, and stays the hand's
NEAR = 1.5 / HIGHEST  # a fader so close to the parameter's place has reached it
PRESSED = 64  # a button's controller from here upward is pressed


@dataclass(frozen=True, slots=True)
class Touch:
    """When something was last moved, and the value it then sent: where a motor fader now stands."""

    at_s: float
    value: int


@dataclass(slots=True)
class _Moving:
    """What is remembered of one row: the newest value, in seven bits, and where a fader stands."""

    value: int = 0
    caught: bool = False
    position: float | None = None
    moved_s: float = float("-inf")
    awaits_fine: bool = False
    is_fine: bool = False


class Hand:
    """Turns messages into commands, as a map says. One thread, but `touches` may be read by any.

    A fader with `pickup` counts once it has reached or passed the value that is set, so that after
    a preset was recalled nothing jumps when it is moved. While it is in the hand it stays caught.
    """

    def __init__(self, midi_map: MidiMap) -> None:
        self.touches: dict[int, Touch] = {}
        self._rows = midi_map.rows
        self._numbers = dict(_keyed(midi_map))
        self._moving: defaultdict[int, _Moving] = defaultdict(_Moving)

    def find(self, message: Message) -> int | None:
        """Return the number of the row that a message belongs to; None when nothing is mapped."""
        kind, number = message.kind, message.number
        found = self._numbers.get((kind, number, message.channel))
        return self._numbers.get((kind, number, None)) if found is None else found

    def hear(self, message: Message, now: float, params: Params) -> Command | None:
        """Return what a message asks for; `params` are as the hands have set them."""
        number = self.find(message)
        if number is None:
            return None
        row, moving = self._rows[number], self._moving[number]
        if isinstance(row.does, Fader):
            return self._slide(number, row, row.does, message, now, params)
        before, moving.value = moving.value, message.value
        self.touches[number] = Touch(now, message.value)
        return _act(row, before, message.value, now)

    def let_go(self) -> tuple[Command, ...]:
        """Return what lets go of everything that is held down: the controller has gone."""
        held = [
            Set(row.does.name, value=False)
            for number, row in enumerate(self._rows)
            if isinstance(row.does, Switch)
            and row.does.button is Button.MOMENTARY
            and _is_down(row, self._moving[number].value)
        ]
        self._moving.clear()
        self.touches.clear()
        return tuple(held)

    def _slide(
        self, number: int, row: Row, fader: Fader, message: Message, now: float, params: Params
    ) -> Command | None:
        moving = self._moving[number]
        value = message.value if row.kind is Kind.BEND else _fine(row, fader, moving, message)
        if value is None:
            return None
        self.touches[number] = Touch(now, value)
        share = value / (HIGHEST_FINE if fader.fine else HIGHEST)
        position = fader.low + share * (fader.high - fader.low)
        if not (moving.caught and now - moving.moved_s <= HELD_S):
            moving.caught = not fader.pickup or _reaches(fader, moving.position, position, params)
        moving.position, moving.moved_s = position, now
        return Position(fader.name, position) if moving.caught else None


def _keyed(midi_map: MidiMap) -> Iterator[tuple[tuple[Kind, int, int | None], int]]:
    for number, row in enumerate(midi_map.rows):
        yield (row.kind, row.number, row.channel), number
        if row.kind is Kind.CC and isinstance(row.does, Fader) and row.does.fine:
            yield (row.kind, row.number + 32, row.channel), number


def _act(row: Row, before: int, value: int, now: float) -> Command | None:
    """Return what a pad, a button or an encoder asks for with a value, after another before."""
    is_pressed = _is_pressed(row, before, value)
    match row.does:
        case Encoder(name, relative, steps):
            turned = relative.steps(value) * steps
            return Nudge(name, turned) if turned else None
        case Switch(name, Button.MOMENTARY):
            return Set(name, _is_down(row, value))
        case Switch(name, _) if is_pressed:
            return Nudge(name)
        case Press(command) if is_pressed:
            return Tap(now) if isinstance(command, Tap) else command
    return None


def _is_down(row: Row, value: int) -> bool:
    return value > 0 if row.kind is Kind.NOTE else value >= PRESSED


def _is_pressed(row: Row, before: int, value: int) -> bool:
    """Whether this is a press: notes say so; some buttons repeat their highest, without a zero."""
    if row.kind is not Kind.CC:
        return value > 0
    return value >= PRESSED and (before < PRESSED or value == before)


def _fine(row: Row, fader: Fader, moving: _Moving, message: Message) -> int | None:
    """Return a controller's value, of both its halves where it has two; None while one is awaited.

    The upper half comes first. A controller that has sent no lower half so far, or left one out,
    counts with its upper half alone, stretched over the whole range.
    """
    if not fader.fine:
        return message.value
    if message.number != row.number:
        moving.awaits_fine, moving.is_fine = False, True
        return moving.value << 7 | message.value
    moving.value = message.value
    if moving.is_fine and not moving.awaits_fine:
        moving.awaits_fine = True
        return None
    moving.is_fine = False
    return round(message.value * HIGHEST_FINE / HIGHEST)


def _reaches(fader: Fader, before: float | None, position: float, params: Params) -> bool:
    """Whether a fader that moves from `before` to `position` reaches the parameter, or passes it.

    A value beyond the fader's own ends is reached at the end next to it.
    """
    row = TABLE[fader.name]
    value = getattr(params, fader.name)
    low, high = sorted((fader.low, fader.high))
    goal = min(high, max(low, row.position_of(value)))
    way = [position] if before is None else sorted((before, position))
    near = NEAR * (high - low)
    is_there = any(row.at(place) == value or abs(place - goal) <= near for place in way)
    return is_there or way[0] <= goal <= way[-1]
