"""Learning: what was moved, recognised from what it sent, and written into the map."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from livematch.control.params import TABLE
from livematch.errors import UsageError
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import MAP, MOVES, Keys, Relative
from livematch.midi.wire import Kind, Message

ENOUGH = 8  # messages of one control, to tell faders from encoders
ALL = 24  # by then it is decided, whatever was heard
MIDDLE = 64


class Recogniser:
    """Watches movements until it knows which control is meant, and how it writes its values."""

    def __init__(self, does: Keys) -> None:
        row = None if "to" in does else TABLE.get(does.get("set", ""))
        self._slides = row is not None and row.kind in {"number", "choice"}
        self._presses = row is None or row.kind != "number"
        self._heard: defaultdict[tuple[Kind, int, int], list[int]] = defaultdict(list)

    @property
    def asks_for(self) -> str:
        """What to ask the performer for."""
        if not self._slides:
            return "press the pad or button"
        if self._presses:
            return "press a pad, move a fader, or turn an encoder to the right and back"
        return "move the fader, or turn the encoder to the right and back"

    def hear(self, message: Message) -> Keys | None:
        """Take one movement; returns what moves, as a map says it, once that is clear."""
        kind, channel, number = message.kind, message.channel, message.number
        if kind in {Kind.NOTE, Kind.PROGRAM}:
            is_press = self._presses and message.value > 0
            return {kind.value: number, "channel": channel} if is_press else None
        values = self._heard[kind, channel, number]
        values.append(message.value)
        if kind is Kind.BEND:
            is_clear = self._slides and len(set(values)) >= ENOUGH
            return {"bend": True, "channel": channel} if is_clear else None
        if not self._slides:
            return {"cc": number, "channel": channel} if message.value >= MIDDLE else None
        return self._controller(channel, number, values)

    def _controller(self, channel: int, number: int, values: list[int]) -> Keys | None:
        if len(values) < ENOUGH:
            return None
        if 32 <= number < 64 and (Kind.CC, channel, number - 32) in self._heard:
            return {"cc": number - 32, "channel": channel, "bits": 14}  # this was its finer half
        moves: Keys = {"cc": number, "channel": channel}
        if number < 32 and len(self._heard.get((Kind.CC, channel, number + 32), ())) > 2:
            return moves | {"bits": 14}
        relative = recognise_relative(values)
        if relative is None:
            return moves
        is_sure = len({value < MIDDLE for value in values if value != MIDDLE}) == 2
        return moves | {"relative": relative.value} if is_sure or len(values) >= ALL else None


def _leaps(values: list[int]) -> bool:
    """Whether these are no fader's: it sends only what is new, and does not leap."""
    pairs = list(pairwise(values))
    repeats = 2 * sum(first == second for first, second in pairs) >= len(pairs)
    return repeats or any(abs(first - second) > MIDDLE - 16 for first, second in pairs)


def recognise_relative(values: list[int]) -> Relative | None:
    """Return how steps are written, from what an encoder sent; None when that is no encoder.

    Turned to the right only, two's complement and a sign bit are the same, and the first is taken.
    """
    if not _leaps(values):
        return None
    if all(abs(value - MIDDLE) < 16 for value in values) and any(v < MIDDLE for v in values):
        return Relative.OFFSET_BINARY
    if all(value < 16 or value > 112 for value in values):
        return Relative.TWOS_COMPLEMENT
    if all(value < 16 or MIDDLE < value < MIDDLE + 16 for value in values):
        only_right = all(value > MIDDLE for value in values)
        return Relative.OFFSET_BINARY if only_right else Relative.SIGN_BIT
    return None


def with_learned(path: Path, text: str, moves: Keys, does: Keys) -> str:
    """Return a map's text with one movement more, or changed; its comments stay.

    What the same movement did before is replaced, how it did it too. UsageError when the result
    would be no map.
    """
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    tables = document.get(MAP)
    if not isinstance(tables, tomlkit.items.AoT):
        if tables is not None:
            raise UsageError(f"{path} has no [[map]] tables: write each movement as one")
        tables = tomlkit.aot()
        document[MAP] = tables
    same = [table for table in tables if _is_same(table, moves)]
    found = next((table for table in same if "channel" in table), same[0] if same else None)
    if found is None:
        found = tomlkit.table()
        tables.append(found)
    for key in [key for key in found if key not in {"lit", "dim", "feedback"}]:
        del found[key]
    found.update({**moves, **does})
    learned = tomlkit.dumps(document)
    parse_map(path, learned)
    return learned


def _is_same(table: Any, moves: Keys) -> bool:
    """Whether a table is about the same control; one without a channel is about any."""
    is_moved = all(table.get(name) == moves.get(name) for name in MOVES)
    return is_moved and table.get("channel", moves["channel"]) == moves["channel"]
