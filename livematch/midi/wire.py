"""What goes over a MIDI cable: the few kinds of messages a controller plays with, as values.

MIDI 1.0 Detailed Specification (MIDI Manufacturers Association, 96.1). Channels are 1 to 16, as
people count them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

HIGHEST = 127  # what seven bits hold
HIGHEST_FINE = 16_383  # what fourteen bits hold

CLOCK, START, CONTINUE, STOP, SONG_POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2


class Kind(StrEnum):
    """What moves on a controller."""

    NOTE = "note"
    CC = "cc"
    PROGRAM = "program"
    BEND = "bend"


_STATUS = {0x80: Kind.NOTE, 0x90: Kind.NOTE, 0xB0: Kind.CC, 0xC0: Kind.PROGRAM, 0xE0: Kind.BEND}
_SENT = {Kind.NOTE: 0x90, Kind.CC: 0xB0, Kind.PROGRAM: 0xC0, Kind.BEND: 0xE0}


@dataclass(frozen=True, slots=True)
class Message:
    """One movement: `value` is a note's velocity (0: let go), a controller's place or a bend's.

    `number` is the note, controller or program; a bend has none and it is 0.
    """

    kind: Kind
    channel: int
    number: int
    value: int

    def __str__(self) -> str:
        number = "" if self.kind is Kind.BEND else f" {self.number}"
        value = "" if self.kind is Kind.PROGRAM else f" = {self.value}"
        return f"{self.kind}{number} on channel {self.channel}{value}"


def read(data: Sequence[int]) -> Message | None:
    """Return what one whole message says; None for anything else, whatever the bytes."""
    if not 2 <= len(data) <= 3:
        return None
    status, first, last = data[0], data[1], data[-1]
    kind = _STATUS.get(status & 0xF0)
    wanted = 2 if kind is Kind.PROGRAM else 3
    if kind is None or len(data) != wanted or not (0 <= first <= 127 and 0 <= last <= 127):
        return None
    channel = (status & 0x0F) + 1
    if kind is Kind.BEND:
        return Message(kind, channel, 0, last << 7 | first)
    if kind is Kind.PROGRAM:
        return Message(kind, channel, first, HIGHEST)
    return Message(kind, channel, first, 0 if status & 0xF0 == 0x80 else last)


def write(message: Message) -> bytes:
    """Return the bytes of a message."""
    status = _SENT[message.kind] | message.channel - 1
    if message.kind is Kind.BEND:
        return bytes((status, message.value & 0x7F, message.value >> 7))
    if message.kind is Kind.PROGRAM:
        return bytes((status, message.number))
    return bytes((status, message.number, message.value))
