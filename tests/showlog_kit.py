"""Logs for tests: shows performed with scripted hands, and logs written by hand."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np

from livematch.config import ShowConfig
from livematch.control.commands import Command
from livematch.engine import Tick
from livematch.session import Show, open_show
from livematch.show import ShowReport, Watch
from livematch.showlog.opening import open_log
from livematch.showlog.records import (
    ArchiveFacts,
    CueBegun,
    CueGiven,
    Event,
    Film,
    Head,
    Setup,
    Shot,
    line_of,
    table_version,
)
from livematch.values import Source

BEGAN = datetime(2026, 11, 28, 20, 15, 3, tzinfo=UTC)
CONTENT = {name: f"{number:040x}" for number, name in enumerate(("sea", "city", "night"), 1)}


def performed(
    config: ShowConfig,
    commands: Iterable[tuple[float, Command]],
    seconds: float,
    on_tick: Callable[[Show, Tick], None] = lambda _show, _tick: None,
) -> ShowReport:
    """Perform a show with hands that act at given times, and log it."""
    with open_show(config) as show, open_log(show, BEGAN, tuple) as show_log:
        assert show_log is not None
        watch = Watch(show, show_log=show_log)

        def note(tick: Tick) -> None:
            on_tick(show, tick)
            watch(tick)

        origin_s = show.clock.now()
        for at_s, command in commands:
            show.engine.run(note, origin_s + at_s)
            show.control.submit(command)
        show.engine.run(note, origin_s + seconds)
        report = watch.report()
        show_log.end(show.clock.now(), report.counters)
        return report


def decoded(film: Path) -> list[np.ndarray]:
    """Every picture of a film, in grey."""
    with av.open(str(film)) as container:
        return [f.to_ndarray(format="gray").astype(np.int16) for f in container.decode(video=0)]


def head(show: int = 1, part: int = 1, t: float = 0.0, **start: float | bool | str) -> Head:
    return Head(
        livematch="0.1.0",
        show=f"{show:032x}",
        part=part,
        t=t,
        began=BEGAN.isoformat(),
        archive=ArchiveFacts(
            path="/nowhere/archive", id="a", model="m", model_sha256="0" * 64, rows=10
        ),
        setup=Setup(size=(192, 108), fps=25.0, camera="0"),
        start=start,
        table=table_version(),
    )


def given(
    n: int,
    t: float,
    film: str | None = "sea",
    *,
    fade_s: float = 0.0,
    entry_s: float = 2.0,
    span_s: tuple[float, float] = (1.0, 5.0),
    tags: tuple[str, ...] = (),
) -> CueGiven:
    if film is None:
        return CueGiven(t=t, n=n, source=Source.BLACK, cause="test", fade_s=fade_s)
    shot = Shot(
        film=Film(fingerprint=CONTENT[film], path=f"/films/{film}.mp4", tags=tags),
        shot=n,
        start_s=span_s[0],
        end_s=span_s[1],
        moment_s=entry_s,
        entry_s=entry_s,
        score=0.5,
        parts={},
    )
    return CueGiven(t=t, n=n, source=Source.ARCHIVE, cause="test", fade_s=fade_s, shot=shot)


def cut_to(n: int, t: float, film: str | None = "sea") -> tuple[Event, Event]:
    return given(n, t, film), CueBegun(t=t, n=n, alone=True)


def write_log(path: Path, records: Sequence[Head | Event]) -> Path:
    path.write_bytes(b"".join(map(line_of, records)))
    return path
