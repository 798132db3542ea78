"""What is on which page. All of it comes from the tables; a new row finds its place by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from livematch.control.commands import PICKS, Trigger
from livematch.control.params import TABLE, WEIGHTS, Spec
from livematch.osc.space import ROOT, Address, Kind, addresses
from livematch.osc.touch import readings, settings, theme, triggers
from livematch.osc.touch.arrange import Cell, Column, Panel

SLOTS = 4  # presets that can be saved from the tablet: slot-1, slot-2, …
STATUS = f"{ROOT}/status/"


@dataclass(frozen=True, slots=True)
class Page:
    """One tab: its columns, and the colour of the tab."""

    name: str
    columns: tuple[Column, ...]
    colour: str


def pages(presets: Sequence[str], reply_port: int) -> tuple[Page, ...]:
    """Return the pages of the present tables, with a button for each preset."""
    told = {row.path: row for row in addresses() if row.kind is Kind.STATUS}
    return (
        _play(told),
        _look(told),
        _lens(told),
        _sound(told),
        _presets(told, presets),
        _status(told, reply_port),
    )


# Which parameters are where. What is named nowhere is on Look, under its group's name.

_BEAT = ("follow_onsets", "follow_beat", "quantise", "beat_from", "beats_per_bar", "beat_shift")
_ORDER = {"choice": 0, "number": 1, "switch": 2, "text": 2}


def _specs(*groups: str) -> list[Spec]:
    return [spec for spec in TABLE.values() if spec.group in groups]


def _cells(specs: Iterable[Spec], colour: str) -> tuple[Cell, ...]:
    """Cells of some parameters: like beside like."""
    ordered = sorted(specs, key=lambda spec: _ORDER[spec.kind])
    before = [None, *(_ORDER[spec.kind] for spec in ordered)]
    return tuple(
        replace(settings.parameter(spec, colour), breaks=_ORDER[spec.kind] != last)
        for spec, last in zip(ordered, before, strict=False)
    )


def _is_beat(spec: Spec) -> bool:
    return spec.name in _BEAT


def _play(told: dict[str, Address]) -> Page:
    picks = [(f"{ROOT}/pick/{n}", f"{STATUS}candidate/{n}") for n in range(1, PICKS + 1)]
    left = Column(
        (
            Panel("candidates", (triggers.pads(picks, 3, theme.STEEL),)),
            Panel("change", (*_changes(), _tap(large=True)), track_px=88),
        ),
        weight=1.15,
    )
    now = (
        readings.reading(told[f"{STATUS}title"], least=220),
        readings.reading(told[f"{STATUS}time_code"], "at"),
        readings.reading(told[f"{STATUS}score"]),
    )
    weights = tuple(settings.tall(TABLE[name], theme.BLUE) for name in WEIGHTS)
    right = Column(
        (
            Panel("on now", now, track_px=84),
            Panel("what counts as alike", weights, track_px=theme.TOUCH_PX),
            Panel("hold", _cells(_specs("play"), theme.AMBER), track_px=88),
            Panel("cue list", _cue_list(told), track_px=80),
            Panel("everything back to where the show started", (_panic(),)),
        )
    )
    return Page("Play", (left, right), theme.AMBER)


_ELSEWHERE = {
    Trigger.GO,
    Trigger.BACK,
    Trigger.NEXT_LENS,
    Trigger.PANIC,
    Trigger.FULLSCREEN,
    Trigger.QUIT,
}
"""Triggers that have a place of their own; `quit` has none: nobody ends a show by a slip."""


def _changes() -> list[Cell]:
    return [
        triggers.trigger(f"{ROOT}/{trigger}", trigger, theme.AMBER, large=True)
        for trigger in Trigger
        if trigger not in _ELSEWHERE
    ]


def _tap(*, large: bool = False) -> Cell:
    return triggers.trigger(f"{ROOT}/tap", "tap", theme.GREEN, large=large)


def _cue_list(told: dict[str, Address]) -> tuple[Cell, ...]:
    return (
        triggers.trigger(f"{ROOT}/back", "back", theme.VIOLET),
        readings.reading(told[f"{STATUS}step"], "step", least=150),
        triggers.trigger(f"{ROOT}/go", "go", theme.VIOLET),
    )


def _panic() -> Cell:
    said = "touch arm, then panic"
    return triggers.guarded(f"{ROOT}/panic", said, [("PANIC", f"{ROOT}/panic", (1,))])


def _look(told: dict[str, Address]) -> Page:
    match = [spec for spec in _specs("match") if spec.name not in WEIGHTS]
    time = [spec for spec in _specs("time") if not _is_beat(spec)]
    known = {"match", "time", "look", "lens", "play", "sound", "mod"}
    strange = dict.fromkeys(spec.group for spec in TABLE.values() if spec.group not in known)
    why = (
        readings.reading(told[f"{STATUS}cause"], least=180),
        readings.reading(told[f"{STATUS}score"]),
        *_parts(told),
    )
    left = (
        Panel("look", _cells(_specs("look"), theme.BLUE)),
        Panel("what is offered", _cells(match, theme.BLUE)),
    )
    right = (
        Panel("when it may change", _cells(time, theme.BLUE)),
        Panel("why it changed", why),
        *(Panel(group, _cells(_specs(group), theme.BLUE)) for group in strange),
    )
    return Page("Look", (Column(left), Column(right)), theme.BLUE)


_SEEN = ("lens_blur", "lens_levels", "lens_contrast")


def _lens(told: dict[str, Address]) -> Page:
    specs = _specs("lens")
    seen = [spec for spec in specs if spec.name in _SEEN]
    rest = [spec for spec in specs if spec.name not in _SEEN]
    now = (
        readings.reading(told[f"{STATUS}title"], least=220),
        readings.reading(told[f"{STATUS}score"]),
    )
    following = triggers.trigger(
        f"{ROOT}/{Trigger.NEXT_LENS}", "next lens", theme.VIOLET, large=True
    )
    left = (
        Panel("what is painted", _cells(rest, theme.VIOLET)),
        Panel("lenses", (following,)),
    )
    right = (
        Panel("how the lens sees the camera", _cells(seen, theme.VIOLET)),
        Panel("on now", now, track_px=84),
    )
    return Page("Lens", (Column(left), Column(right)), theme.VIOLET)


def _sound(told: dict[str, Address]) -> Page:
    def at(name: str) -> Address:
        return told[STATUS + name]

    meters = tuple(
        readings.meter(at(name), theme.GREEN) for name in ("level", "bass", "mid", "treble")
    )
    lights = (
        readings.lamp(at("onset"), theme.AMBER, "onset"),
        # the first beat of a bar shines brightest
        readings.lamp(at("beat"), theme.GREEN, "beat", low=17, high=1),
        readings.reading(at("bpm")),
        readings.reading(at("bar")),
        _tap(),
    )
    beat = [spec for spec in _specs("time", "sound") if _is_beat(spec)]
    ears = [spec for spec in _specs("sound") if not _is_beat(spec)]
    left = (
        Panel("heard", meters, track_px=170),
        Panel("beat", (*lights, *_cells(beat, theme.GREEN)), track_px=72),
        Panel("ears", _cells(ears, theme.GREEN)),
    )
    return Page("Sound", (Column(left), Column(_modulation())), theme.GREEN)


def _modulation() -> tuple[Panel, ...]:
    """One panel for each source that moves a target."""
    sets: dict[str, list[Spec]] = {}
    for spec in _specs("mod"):
        sets.setdefault(spec.name.partition("_")[0], []).append(spec)
    return tuple(
        Panel(
            f"modulation {number}",
            tuple(
                settings.parameter(spec, theme.STEEL, spec.name.partition("_")[2].replace("_", " "))
                for spec in specs
            ),
            track_px=104,
        )
        for number, specs in enumerate(sets.values(), 1)
    )


def _presets(told: dict[str, Address], presets: Sequence[str]) -> Page:
    told_at = f"{STATUS}preset"
    slots = range(1, SLOTS + 1)
    named = tuple(
        triggers.preset(name, told_at, f"{ROOT}/preset/{name}", theme.VIOLET)
        for name in presets
        if name not in {f"slot-{n}" for n in slots}  # they have buttons of their own
    )
    recalled = tuple(
        triggers.trigger(
            f"{ROOT}/preset", f"slot {n}", theme.VIOLET, args=(f"slot-{n}",), tag=str(n)
        )
        for n in slots
    )
    save = triggers.guarded(
        f"{ROOT}/save",
        "touch arm, then where to save",
        [(f"save {n}", f"{ROOT}/save", (f"slot-{n}",)) for n in slots],
    )
    side = (
        Panel("recalled last", (readings.reading(told[told_at], "preset", size=20),)),
        Panel("cue list", _cue_list(told), track_px=80),
        Panel("slots", recalled, track_px=80),
        Panel("save all as it stands", (save,)),
    )
    there = [Column((Panel("presets", named),), weight=1.4)] if named else []
    return Page("Presets", (*there, Column(side)), theme.VIOLET)


def _parts(told: dict[str, Address]) -> tuple[Cell, ...]:
    """Bars: how alike by each part alone."""
    rows = [row for path, row in told.items() if path.startswith(f"{STATUS}part/")]
    return tuple(
        replace(readings.meter(row, theme.STEEL), breaks=n == 0) for n, row in enumerate(rows)
    )


_SOUND_TOLD = ("onset", "beat", "bar", "bpm", "level", "bass", "mid", "treble")


def _status(told: dict[str, Address], reply_port: int) -> Page:
    shown = {path.removeprefix(STATUS): row for path, row in told.items()}
    rest = [
        row
        for name, row in shown.items()
        if name not in _SOUND_TOLD and not name.startswith(("part/", "candidate/"))
    ]
    texts = [row for row in rest if row.types == "s"]
    numbers = [row for row in rest if row.types != "s"]
    left = (
        Panel(
            "told", tuple(readings.reading(row, size=22, grows=True) for row in texts), track_px=400
        ),
    )
    right = (
        Panel("figures", tuple(readings.reading(row, size=20) for row in numbers), track_px=84),
        Panel("how alike, by part", _parts(told), track_px=200),
        Panel(
            "this tablet",
            (
                triggers.connect(reply_port),
                triggers.trigger(f"{ROOT}/fullscreen", "full screen", theme.STEEL),
            ),
        ),
    )
    return Page("Status", (Column(left, weight=1.2), Column(right)), theme.STEEL)
