"""Performing a show from the terminal, and telling about it there."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn
from rich.table import Table

from livematch.config import ShowConfig
from livematch.remotes import Remotes
from livematch.session import Show
from livematch.show import ShowReport, perform
from livematch.telemetry import StageSummary


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
    if show.lenses.names:
        console.print(f"lenses   {', '.join(show.lenses.names)}", markup=False, soft_wrap=True)
    _announce_remotes(console, show.remotes)
    if not show.config.offscreen:
        console.print("keys     space next, tab figures, escape twice end; all: livematch keys")


def _announce_remotes(console: Console, remotes: Remotes) -> None:
    """Say where the instrument is heard from outside."""
    if remotes.osc is not None:
        host, port = remotes.osc.address
        is_open = remotes.osc.is_open_to_all
        warned = ": anybody on the network may play; see --osc-allow" if is_open else ""
        style = "bold yellow" if is_open else ""
        console.print(f"osc      {host} port {port}{warned}", style=style, markup=False)
    if remotes.query is not None:
        host, port = remotes.query.address
        console.print(f"oscquery http://{host}:{port}", markup=False)
    for surface in remotes.surfaces:
        console.print(f"midi     {surface.name}", markup=False)
    for peer in remotes.peers:
        console.print(f"peer     {peer.name}", markup=False)


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
    if report.log is not None:
        console.print(f"log      {report.log}", markup=False, soft_wrap=True)
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
