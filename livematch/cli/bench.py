"""`livematch bench`: what this machine can do, beside what it should."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from livematch.bench import SECTIONS
from livematch.bench.figures import Figure, Plan, Section, as_document, machine
from livematch.cli.demo import demo_archive, has_display
from livematch.cli.options import ProviderOption
from livematch.cli.performing import stage_table
from livematch.demo import camera_file, films_folder
from livematch.errors import UsageError


def bench(
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="What is played. [default: the demo]")
    ] = None,
    camera: Annotated[
        str | None, typer.Option("--camera", "-c", help="A film. [default: the demo's]")
    ] = None,
    films: Annotated[
        Path | None, typer.Option(help="A folder to index. [default: the demo's films]")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="A folder to judge by: films with a cuts.json, audio/ with *.onsets.txt."
        ),
    ] = None,
    only: Annotated[list[str], typer.Option(help=f"Only these parts: {', '.join(SECTIONS)}.")] = [],  # noqa: B006 - typer copies it
    offscreen: Annotated[
        bool, typer.Option("--offscreen", help="Without a window, even with a display.")
    ] = False,
    provider: ProviderOption = "auto",
    seconds: Annotated[float, typer.Option(min=5, help="How long to play in each part.")] = 30,
    minutes: Annotated[float, typer.Option(min=0.5, help="How long to watch memory.")] = 2,
    moments: Annotated[
        int, typer.Option(min=1000, help="Of the large archive: 4 GB on disk for a million.")
    ] = 1_000_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Measure what livematch promises on this machine, beside what is asked."""
    if unknown := [name for name in only if name not in SECTIONS]:
        raise UsageError(f"--only {unknown[0]}: the parts are {', '.join(SECTIONS)}")
    progress = Console(stderr=True, highlight=False)
    if archive is None:
        archive = demo_archive(learn=True)
    plan = Plan(
        archive=archive,
        camera=camera or str(camera_file()),
        films=films or films_folder(),
        offscreen=offscreen or not has_display(),
        provider=provider,
        seconds=seconds,
        memory_minutes=minutes,
        labels=labels,
        moments=moments,
    )
    sections = []
    for name in only or SECTIONS:
        with progress.status(f"measuring {name} …") as status:
            at_work = replace(plan, say=_teller(progress, status, name))
            sections.append(SECTIONS[name](at_work))
    if as_json:
        typer.echo(json.dumps(as_document(machine(), sections), indent=2, ensure_ascii=False))
    else:
        _print(sections)
    if any(figure.met is False for section in sections for figure in section.figures):
        raise typer.Exit(1)


def _teller(progress: Console, status: Status, section: str) -> Callable[[str], None]:
    """Say what a section is at: on a terminal in one line, else line by line."""

    def say(text: str) -> None:
        if progress.is_terminal:
            status.update(f"measuring {section}: {text} …")
        else:
            progress.print(f"{section}: {text}")

    return say


def _print(sections: list[Section]) -> None:
    console = Console(highlight=False, markup=False)
    here = machine()
    console.print(
        f"livematch {here.livematch}, Python {here.python}, {here.system}\n"
        f"{here.processor}, {here.cores} cores, {here.memory_gib} GiB"
    )
    for section in sections:
        console.print(f"\n{section.name}: {section.about}")
        table = Table("figure", "measured", "", "asked", "", box=None, header_style="dim")
        table.columns[1].justify = "right"
        for figure in section.figures:
            verdict = {True: "yes", False: "NO", None: ""}[figure.met]
            table.add_row(figure.name, _number(figure), figure.unit, figure.goal, verdict)
        console.print(table)
        if section.stages:
            console.print(stage_table(section.stages))
        for name, count in section.counters:
            console.print(f"{name}: {count}")


def _number(figure: Figure) -> str:
    """Write a share to three places, a measure to one."""
    return f"{figure.value:.1f}" if figure.unit else f"{figure.value:.3f}".removesuffix(".000")
