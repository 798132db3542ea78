"""The map's file: checked whole, and every fault told with its line and what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livematch.control.commands import (
    Command,
    Fire,
    Jump,
    Nudge,
    Pick,
    Recall,
    Set,
    Tap,
    Trigger,
    UseLens,
)
from livematch.control.handwritten import Handwritten, Place
from livematch.control.params import TABLE
from livematch.control.spec import LONGEST_TEXT, Spec, Value
from livematch.errors import UsageError
from livematch.midi.mapping import (
    DOES,
    HEAD,
    MAP,
    MOST,
    MOVES,
    ROWS,
    TRIGGERS,
    Button,
    Does,
    Encoder,
    Fader,
    MidiMap,
    Press,
    Relative,
    Row,
    Switch,
    known,
)
from livematch.midi.wire import HIGHEST, Kind

_FREE = frozenset(
    {"to", "low", "high", "step", "lens", "set", "fire"}
)  # what a row of another table judges
_WHOLE = frozenset({"note", "cc", "program", "pick", "channel", "steps", "bits", "lit", "dim"})


def parse_map(path: Path, text: str) -> MidiMap:
    """Read the text of a map; FaultyFileError tells all that is wrong in it, with lines."""
    file = Handwritten(path, text)
    head = _checked(file, (), {k: v for k, v in file.content.items() if k != MAP}, HEAD)
    tables = file.content.get(MAP, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        file.refuse((MAP,), "each movement is a table of its own, below [[map]]")
        tables = []
    if len(tables) > MOST:
        file.refuse((MAP, MOST), f"a map has up to {MOST} movements, this one {len(tables)}")
        tables = []
    found = [(place, _row(file, (MAP, place), table, head)) for place, table in enumerate(tables)]
    _refuse_twins(file, [(place, row) for place, row in found if row is not None])
    file.conclude()
    return MidiMap(tuple(row for _, row in found if row is not None))


def _checked(
    file: Handwritten, place: Place, table: dict[str, Any], rows: dict[str, Spec]
) -> dict[str, Any]:
    judged = {name: raw for name, raw in table.items() if not (name in rows and name in _FREE)}
    values: dict[str, Any] = file.check(place, judged, rows)
    for name in _WHOLE & values.keys():
        if values[name] != int(values[name]) or isinstance(table[name], str):
            file.refuse((*place, name), f"{name} is a whole number, without quotes")
        values[name] = int(values[name])
    return values


def _row(
    file: Handwritten, place: Place, table: dict[str, Any], head: dict[str, Any]
) -> Row | None:
    """Return the row of one `[[map]]`, or None with its faults noted."""
    values = head | _checked(file, place, table, ROWS)
    kind = _only(file, place, table, MOVES, "what moves")
    key = _only(file, place, table, DOES, "what it does")
    for name in ("bend", "tap"):
        if values.get(name) is False:
            file.refuse((*place, name), f"{name} is true, or is left out")
    if kind is None or key is None:
        return None
    try:
        does = _Asked(file, place, table, values, Kind(kind)).does(key)
    except _RowError as fault:
        file.refuse((*place, fault.key), str(fault))
        return None
    if kind not in values:  # refused already
        return None
    return Row(
        Kind(kind),
        0 if kind == Kind.BEND else values[kind],
        values.get("channel"),
        does,
        values.get("feedback", True),
        values.get("lit", HIGHEST),
        values.get("dim", 0),
    )


def _only(
    file: Handwritten, place: Place, table: dict[str, Any], names: tuple[str, ...], what: str
) -> str | None:
    found = [name for name in names if name in table]
    if len(found) == 1:
        return found[0]
    said = f"not {' and '.join(found)} at once" if found else "is missing"
    file.refuse(place, f"{what} {said}: one of {', '.join(names)}")
    return None


class _RowError(UsageError):
    """What makes a whole `[[map]]` meaningless, and the key where it stands."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class _Asked:
    """One `[[map]]` of which it is known what moves, to find what that does."""

    file: Handwritten
    place: Place
    table: dict[str, Any]
    values: dict[str, Any]
    kind: Kind

    def does(self, key: str) -> Does:
        """Return what it does."""
        if key == "set":
            return self._sets(TABLE[self._known(key, TABLE, "parameter")])
        self._only_with(key, ())
        return self._press(key, self._command(key))

    def _command(self, key: str) -> Command:
        raw = self.table[key]
        match key:
            case "fire":
                return Fire(Trigger(self._known(key, TRIGGERS, "trigger")))
            case "pick":
                return Pick(self.values.get(key, 1))
            case "preset":
                return Recall(self.values.get(key, ""))
            case "tap":
                return Tap(0.0)
        named = isinstance(raw, str) and 0 < len(raw) <= LONGEST_TEXT
        counted = isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1
        if not named and not counted:
            raise _RowError(key, f"a {key} is its name, or its number from 1")
        return UseLens(raw) if key == "lens" else Jump(raw)

    def _press(self, key: str, command: Command) -> Press:
        if self.kind is Kind.BEND:
            raise _RowError("bend", f"a bend moves a parameter; it cannot {key}")
        return Press(command)

    def _sets(self, row: Spec) -> Does:
        if row.kind == "text" and "to" not in self.table:
            raise _RowError("set", f"{row.name} is a text: say which, to = …")
        if "to" in self.table:
            self._only_with("to", ())
            return self._press("set to", Set(row.name, self._parse(row, "to")))
        if self.kind is Kind.CC and "relative" in self.table:
            self._only_with("relative", ("steps",))
            relative = self.values.get("relative", Relative.TWOS_COMPLEMENT)
            return Encoder(row.name, Relative(relative), self.values.get("steps", 1))
        if row.kind == "switch" and self.kind is not Kind.BEND:
            self._only_with(f"the switch {row.name}", ("button",))
            return self._switch(row)
        if self.kind is Kind.BEND or (self.kind is Kind.CC and "steps" not in self.table):
            self._only_with("a fader", ("low", "high", "pickup", "bits"))
            return self._fader(row)
        return self._nudges(row)

    def _nudges(self, row: Spec) -> Does:
        self._only_with(f"a {self.kind}", ("steps",))
        if row.kind == "number" and "steps" not in self.table:
            raise _RowError(
                "set", f"a {self.kind} has no place between two values: say to = …, or steps = …"
            )
        return Press(Nudge(row.name, self.values.get("steps", 1)))

    def _switch(self, row: Spec) -> Switch:
        button = Button(self.values.get("button", Button.TOGGLE))
        if self.kind is Kind.PROGRAM and button is Button.MOMENTARY:
            raise _RowError("button", "a program change is never let go: only toggle")
        return Switch(row.name, button)

    def _fader(self, row: Spec) -> Fader:
        bits = self.values.get("bits", 7)
        if bits not in {7, 14}:
            raise _RowError("bits", "bits are 7 or 14")
        if bits == 14 and (self.kind is Kind.BEND or self.values.get("cc", 0) > 31):
            raise _RowError("bits", "14 bits are for the controllers 0 to 31")
        low, high = self._end(row, "low", 0.0), self._end(row, "high", 1.0)
        if low == high:
            raise _RowError("high", "low and high are the same: the fader would move nothing")
        fine = bits == 14 or self.kind is Kind.BEND
        return Fader(row.name, low, high, self.values.get("pickup", True), fine)

    def _end(self, row: Spec, key: str, without: float) -> float:
        return row.position_of(self._parse(row, key)) if key in self.table else without

    def _parse(self, row: Spec, key: str) -> Value:
        try:
            return row.parse(self.table[key])
        except UsageError as fault:
            raise _RowError(key, str(fault)) from None

    def _known(self, key: str, names: Iterable[str], what: str) -> str:
        try:
            return known(self.table[key], names, what)
        except UsageError as fault:
            raise _RowError(key, str(fault)) from None

    def _only_with(self, what: str, allowed: Iterable[str]) -> None:
        """Note what is said of it and has no meaning there."""
        for key in ("to", "steps", "relative", "bits", "low", "high", "pickup", "button"):
            if key in self.table and key not in allowed and key != what:
                self.file.refuse((*self.place, key), f"{key} has no meaning with {what}")


def _refuse_twins(file: Handwritten, found: list[tuple[int, Row]]) -> None:
    """Refuse what moves twice: nobody could say what it does."""
    seen: dict[tuple[Kind, int, int | None], str] = {}
    for place, row in found:
        taken = [(row.kind, row.number, row.channel)]
        if row.kind is Kind.CC and isinstance(row.does, Fader) and row.does.fine:
            taken.append((row.kind, row.number + 32, row.channel))
        for key in taken:
            if key in seen:
                file.refuse((MAP, place), f"{row} is taken already, by {seen[key]}")
                break
        for key in taken:
            seen.setdefault(key, f"[[map]] number {place + 1}, {row}")
