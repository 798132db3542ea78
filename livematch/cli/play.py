"""`livematch play`: the instrument."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn
from rich.table import Table

from livematch.config import ShowConfig, parse_settings, parse_size
from livematch.embed.providers import ASKABLE
from livematch.errors import UsageError
from livematch.session import Show
from livematch.show import ShowReport, perform
from livematch.telemetry import StageSummary

ArchiveOption = Annotated[Path, typer.Option("--archive", "-a", help="The archive's folder.")]
SizeOption = Annotated[str, typer.Option("--size", help="WIDTHxHEIGHT of window or recording.")]
SetOption = Annotated[
    list[str], typer.Option("--set", help="Start with a parameter at a value: NAME=VALUE.")
]
ProviderOption = Annotated[
    str, typer.Option(help=f"What the network runs on: {' | '.join(ASKABLE)}.")
]
SecondsOption = Annotated[
    float | None, typer.Option(min=0.0, help="End by itself after so many seconds.")
]


def play(
    archive: ArchiveOption,
    camera: Annotated[
        str, typer.Option("--camera", "-c", help="A number or name, a film, or `pattern`.")
    ] = "0",
    size: SizeOption = "1280x720",
    fullscreen: Annotated[bool, typer.Option("--fullscreen", "-f", help="Fill a display.")] = False,
    display: Annotated[int, typer.Option(min=0, help="Which display to fill.")] = 0,
    offscreen: Annotated[
        bool, typer.Option("--offscreen", help="Without a display; see --record.")
    ] = False,
    record: Annotated[Path | None, typer.Option(help="Record what is shown to an mp4.")] = None,
    fps: Annotated[float, typer.Option(min=1, max=240, help="Frame rate without a display.")] = 30,
    live: Annotated[
        bool, typer.Option("--live", help="Offscreen: in real time, also with a film as camera.")
    ] = False,
    seconds: SecondsOption = None,
    settings: SetOption = [],  # noqa: B006 - typer copies it
    model: Annotated[
        str | None, typer.Option(help="The model's name or file, if not the archive's own.")
    ] = None,
    provider: ProviderOption = "auto",
    threads: Annotated[int, typer.Option(min=1, max=64, help="Cores the network may take.")] = 1,
    require_gpu: Annotated[
        bool, typer.Option("--require-gpu", help="Refuse to start without one.")
    ] = False,
) -> None:
    """Play an archive with a camera."""
    if offscreen and record is None:
        raise UsageError("--offscreen shows nothing: say where to record it, --record OUT.mp4")
    offline = offscreen and not live
    if offline and seconds is None:
        raise UsageError("--offscreen without --live would never end: say --seconds, or --live")
    config = ShowConfig(
        archive=archive,
        camera=camera,
        size_px=parse_size(size),
        fullscreen=fullscreen,
        display=display,
        offscreen=offscreen,
        offline=offline,
        fps=fps,
        seconds=seconds,
        record=record,
        model=model,
        provider=provider,
        threads=threads,
        require_gpu=require_gpu,
        start=parse_settings(settings),
    )
    run(config)


def run(config: ShowConfig) -> ShowReport:
    """Perform a show and tell about it on the terminal."""
    console = Console(stderr=True, highlight=False)
    columns = (SpinnerColumn(), *Progress.get_default_columns())
    with Progress(*columns, console=console, disable=not config.offline, transient=True) as bar:
        task = bar.add_task("rendering", total=config.seconds)
        report = perform(
            config,
            tell=lambda show: announce(console, show),
            on_progress=lambda seconds: bar.update(task, completed=seconds),
        )
    conclude(console, config, report)
    return report


def announce(console: Console, show: Show) -> None:
    """Say what is about to be played, and loudly what is not as it was asked for."""
    moments, films = len(show.archive.moments), len(show.archive.films())
    console.print(f"archive  {moments} moments of {films} films", markup=False)
    console.print(f"picture  {show.stage.renderer}", markup=False)
    provider = show.embedder.report
    style = "bold yellow" if provider.remedy else ""
    console.print(f"network  {show.embedder.card.name}: {provider}", style=style, markup=False)
    if not show.config.offscreen:
        console.print("keys     space next, tab figures, escape end; all: livematch keys")


def conclude(console: Console, config: ShowConfig, report: ShowReport) -> None:
    """Say how it went: pictures, changes, latencies, and where the recording is."""
    console.print(
        f"{report.pictures} pictures in {report.seconds:.1f} s, {len(report.cues)} changes",
        markup=False,
    )
    if not config.offline:
        console.print(stage_table(report.stages))
    for name, count in report.counters.items():
        console.print(f"{name}: {count}", markup=False)
    if config.record is not None and config.record.exists():
        console.print(f"recorded {config.record}", markup=False)


def stage_table(stages: tuple[StageSummary, ...]) -> Table:
    """Lay the stages out as a table; milliseconds."""
    table = Table("stage, ms", "count", "p50", "p95", "p99", "max", box=None, header_style="dim")
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in stages:
        figures = (stage.p50_ms, stage.p95_ms, stage.p99_ms, stage.max_ms)
        table.add_row(stage.stage, str(stage.count), *(f"{ms:.1f}" for ms in figures))
    return table
