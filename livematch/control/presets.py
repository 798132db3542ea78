"""Presets: named settings of some of the parameters, as values and as the text of their files.

A preset is a TOML file, `NAME.toml`: `about`, a line of text; `fade`, the seconds that its numbers
take to get there; and the table `[set]` with the parameters that it changes.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from livematch.control.handwritten import Fault, FaultyFileError, Handwritten
from livematch.control.params import TABLE, Params, changed
from livematch.control.spec import Spec, Value
from livematch.errors import UsageError

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
NAMES_ALLOWED = "1 to 40 letters, digits, _ and -"
QUICK = "quick"  # what one key saves and another recalls
LONGEST_FADE_S = 600.0

ABOUT = Spec("about", "preset", "", "what it is for")
FADE = Spec("fade", "preset", 0.0, "how long its numbers travel", 0, LONGEST_FADE_S, 0.1, "s")
HEAD = {row.name: row for row in (ABOUT, FADE)}
SET = "set"

NOT_SAVED = frozenset(
    {"hold", "freeze", "lens_freeze", "blackout", "hud", "preview", "gain", "beat_shift"}
)
"""What belongs to the moment, to the operator or to the room: saving leaves it out. A preset that
names such a parameter all the same sets it."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Some parameters and their values; recalling it leaves all others as they are."""

    name: str
    settings: tuple[tuple[str, Value], ...]
    fade_s: float = 0.0
    about: str = ""

    def applied(self, params: Params) -> Params:
        """Return the parameters with the preset's own set, at once."""
        for name, value in self.settings:
            params = changed(params, name, value)
        return params


@dataclass(frozen=True, slots=True)
class Library:
    """The presets there are, at one time; `faults` are of the files that cannot be used.

    The order of `presets` is what they are numbered by, from 1.
    """

    presets: Mapping[str, Preset] = field(default_factory=lambda: MappingProxyType({}))
    faults: tuple[Fault, ...] = ()

    def find(self, wanted: str | int) -> Preset:
        """Return a preset by name or number; UsageError gives the nearest, or what is wrong."""
        if isinstance(wanted, int):
            if not 1 <= wanted <= len(self.presets):
                raise UsageError(f"there is no preset {wanted}; there are {len(self.presets)}")
            return tuple(self.presets.values())[wanted - 1]
        if wanted in self.presets:
            return self.presets[wanted]
        if own := [fault for fault in self.faults if fault.path.stem == wanted]:
            raise FaultyFileError(*own)
        near = difflib.get_close_matches(wanted, self.presets, n=1)
        there = f"there are: {', '.join(self.presets)}" if self.presets else "there are none yet"
        hint = f"did you mean {near[0]!r}?" if near else there
        raise UsageError(f"there is no preset {wanted!r}; {hint}")

    def with_preset(self, preset: Preset) -> "Library":
        """Return a library with one more preset, or another in the place of its namesake."""
        presets = MappingProxyType({**self.presets, preset.name: preset})
        return Library(presets, self.faults)


class Presets(Protocol):
    """Where presets come from and are kept. All methods: any thread; none waits for a disk."""

    @property
    def snapshot(self) -> Library:
        """All presets as they are now, never changed."""
        ...

    def save(self, preset: Preset) -> None:
        """Have a preset kept; soon the library knows it."""
        ...


class PresetsInMemory:
    """The twin of a folder of presets: what is saved is there at once, and only for this show."""

    def __init__(self, *presets: Preset) -> None:
        self.snapshot = Library(MappingProxyType({preset.name: preset for preset in presets}))

    def save(self, preset: Preset) -> None:
        """Keep it in the library."""
        self.snapshot = self.snapshot.with_preset(preset)


def checked_name(name: str) -> str:
    """Return a name that a preset may have; UsageError says what is allowed."""
    if not NAME.fullmatch(name):
        raise UsageError(f"a preset cannot be called {name!r}; allowed: {NAMES_ALLOWED}")
    return name


def parse_preset(path: Path, text: str) -> Preset:
    """Read the text of a preset's file; FaultyFileError tells all that is wrong in it."""
    file = Handwritten(path, text)
    try:
        checked_name(path.stem)
    except UsageError as fault:
        file.refuse((), str(fault))
    head = {name: raw for name, raw in file.content.items() if name in HEAD}
    for name in file.content.keys() - HEAD.keys() - {SET}:
        file.refuse((name,), _stray(name))
    values = file.check((), head, HEAD)
    settings = _settings(file)
    file.conclude()
    return Preset(
        path.stem,
        tuple(settings.items()),
        cast("float", values.get("fade", FADE.default)),
        str(values.get("about", ABOUT.default)),
    )


def _settings(file: Handwritten) -> dict[str, Value]:
    table = file.content.get(SET)
    if not isinstance(table, dict):
        wrong = "is missing" if table is None else "is no table"
        file.refuse((SET,), f"[{SET}] {wrong}: under it stand the parameters, NAME = VALUE")
        return {}
    if not table:
        file.refuse((SET,), f"[{SET}] names no parameter")
    return file.check((SET,), table, TABLE)


def _stray(name: str) -> str:
    if name in TABLE:
        return f"{name} is a parameter: it goes below [{SET}]"
    near = difflib.get_close_matches(name, [*HEAD, SET], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(HEAD)} and [{SET}]"
    return f"there is no {name!r} here; {hint}"


def preset_of(name: str, params: Params, library: Library) -> Preset:
    """Return all parameters as they stand as a preset; UsageError for a name it cannot have.

    A preset of that name passes on its `about`, its `fade` and what saving leaves out.
    """
    former = library.presets.get(checked_name(name), Preset(name, ()))
    standing = {row: _plain(getattr(params, row)) for row in TABLE if row not in NOT_SAVED}
    settings = {**dict(former.settings), **standing}
    return Preset(name, tuple(settings.items()), former.fade_s, former.about)


def preset_text(preset: Preset, former: str = "") -> str:
    """Return the text of a preset's file; the comments of its `former` text stay."""
    try:
        document = tomlkit.parse(former)
    except (TOMLKitError, RecursionError):
        document = tomlkit.document()
    if preset.about or "about" in document:
        _put(document, "about", preset.about)
    if preset.fade_s or "fade" in document:
        _put(document, "fade", preset.fade_s)
    if not isinstance(document.get(SET), tomlkit.items.Table):
        document.pop(SET, None)
        document[SET] = tomlkit.table()
    table = cast("dict[str, Any]", document[SET])
    for name in [name for name in table if name not in dict(preset.settings)]:
        del table[name]
    for name, value in preset.settings:
        _put(table, name, _plain(value))
    return tomlkit.dumps(document)


def _put(table: Any, name: str, value: Value) -> None:
    """Write a value unless it stands there already, perhaps in other words."""
    if name not in table or table[name] != value:
        table[name] = value


def _plain(value: Value) -> Value:
    """Return a value as a file has it: a choice as its word, a number without noise."""
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, str) else round(float(value), 6)
