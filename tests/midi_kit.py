"""Maps and messages that the tests of MIDI share."""

from pathlib import Path

from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import MidiMap
from livematch.midi.wire import Kind, Message


def mapped(*tables: str, head: str = "") -> MidiMap:
    """A map of one table each, written in one line with semicolons."""
    text = "\n".join("[[map]]\n" + table.replace("; ", "\n") for table in tables)
    return parse_map(Path("midi.toml"), head.replace("; ", "\n") + "\n" + text)


def cc(number: int, value: int, channel: int = 1) -> Message:
    return Message(Kind.CC, channel, number, value)


def note(number: int, velocity: int = 100, channel: int = 1) -> Message:
    return Message(Kind.NOTE, channel, number, velocity)
