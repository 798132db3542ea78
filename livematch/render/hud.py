"""The figures over the picture, in words: what is shown and in which order. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from livematch.telemetry import StageSummary


class Tone(StrEnum):
    """How loudly a row speaks."""

    PLAIN = "plain"
    QUIET = "quiet"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class HudStatus:
    """What the HUD tells. Texts are shown as they are; None and empty fields are left out.

    `score` and `parts` are likenesses, −1 to 1; `fps` is of the pictures presented; `drops` counts
    events by name; `provider` names what the network runs on and `provider_warning` says, loudly,
    that it is not what was asked for; `recording` names the file being written; `sound` says what
    is heard, `lens` what paints; `osc` are messages that were refused.
    """

    camera: str
    fps: float
    film: str | None = None
    time_s: float | None = None
    score: float | None = None
    parts: tuple[tuple[str, float], ...] = ()
    stages: tuple[StageSummary, ...] = ()
    drops: tuple[tuple[str, int], ...] = ()
    provider: str = ""
    provider_warning: str | None = None
    recording: str | None = None
    sound: str | None = None
    lens: str = ""
    preset: str = ""
    step: str = ""
    warnings: tuple[str, ...] = ()
    osc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a label, a text, and numbers that stand right-aligned in columns.

    `weight` says which rows go first when there is no room for all: the lowest.
    """

    label: str
    text: str = ""
    numbers: tuple[str, ...] = ()
    tone: Tone = Tone.PLAIN
    weight: int = 1


def hud_rows(status: HudStatus) -> tuple[Row, ...]:
    """Return the lines, top first: warnings, what is shown, how alike it is, how fast it runs."""
    rows = [Row("!", text, tone=Tone.WARNING, weight=4) for text in _alarms(status)]
    rows.append(Row("camera", status.camera, weight=3))
    if status.film is not None:
        rows.append(Row("film", status.film, weight=3))
    if status.time_s is not None:
        rows.append(Row("at", time_code(status.time_s), weight=3))
    if status.score is not None:
        rows.append(Row("score", f"{status.score:.2f}", weight=3))
        by_part = "  ".join(f"{name} {likeness:.2f}" for name, likeness in status.parts)
        rows += [Row("", by_part, tone=Tone.QUIET)] if by_part else []
    if status.sound is not None:
        rows.append(Row("sound", status.sound, weight=2))
    rows.append(Row("screen", f"{status.fps:.1f} frames/s", weight=3))
    for label, name in (
        ("lens", status.lens),
        ("preset", status.preset),
        ("step", status.step),
    ):
        rows += [Row(label, name, weight=2)] if name else []
    if status.provider:
        rows.append(Row("runs on", status.provider, weight=2))
    if status.recording is not None:
        rows.append(Row("records", status.recording, weight=3))
    drops = [f"{count} {name}" for name, count in status.drops if count]
    if drops:
        rows.append(Row("dropped", ", ".join(drops), weight=2))
    rows += [Row("osc", text, tone=Tone.QUIET, weight=2) for text in status.osc]
    if status.stages:
        rows.append(Row("ms", numbers=("p50", "p99"), tone=Tone.QUIET))
        rows += [
            Row(stage.stage, numbers=(f"{stage.p50_ms:.1f}", f"{stage.p99_ms:.1f}"))
            for stage in status.stages
        ]
    return tuple(rows)


def _alarms(status: HudStatus) -> tuple[str, ...]:
    loud = (status.provider_warning,) if status.provider_warning else ()
    return (*loud, *status.warnings)


def hud_lines(status: HudStatus) -> tuple[str, ...]:
    """Return the same lines as plain text, in columns of a fixed width."""
    rows = hud_rows(status)
    wide = max((len(row.label) for row in rows), default=0)
    return tuple(
        f"{row.label:<{wide}}  {row.text}{''.join(f'{n:>8}' for n in row.numbers)}".rstrip()
        for row in rows
    )


def fitting(rows: tuple[Row, ...], count: int) -> tuple[Row, ...]:
    """Leave out the least weighty rows, last first, until no more than `count` are left."""
    kept = list(range(len(rows)))
    while len(kept) > max(0, count):
        lowest = min(rows[n].weight for n in kept)
        kept.remove(max(n for n in kept if rows[n].weight == lowest))
    return tuple(rows[n] for n in kept)


def time_code(time_s: float) -> str:
    """Write seconds as h:mm:ss.t, cut off to the tenth."""
    tenths = int(max(0.0, time_s) * 10 + 1e-6)
    seconds, tenth = divmod(tenths, 10)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{tenth}"
