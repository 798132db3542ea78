"""`livematch archive`: what an archive holds, and what is wrong with it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from livematch.archive.report import ArchiveInfo, Finding
from livematch.archive.report import check as check_archive
from livematch.archive.report import info as info_of
from livematch.archive.store import Archive
from livematch.sheet import readable, time_code

archive_app = typer.Typer(help="Look into an archive.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The archive's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs.")]


@archive_app.command()
def info(folder: Folder, as_json: AsJson = False) -> None:
    """Say what the archive holds."""
    with Archive.open(folder) as archive:
        found = info_of(archive)
    if as_json:
        typer.echo(json.dumps(info_record(found), indent=2))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in info_rows(found):
        table.add_row(name, Text(value))
    Console(highlight=False).print(table)


@archive_app.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Look for damage; the exit status is 1 when something is wrong."""
    with Archive.open(folder) as archive:
        findings = check_archive(archive)
    if as_json:
        typer.echo(json.dumps([finding_record(finding) for finding in findings], indent=2))
    else:
        _print_findings(findings)
    if findings:
        raise typer.Exit(1)


def info_record(found: ArchiveInfo) -> dict[str, object]:
    """Return an archive's figures as plain values."""
    return {**asdict(found), "layout": found.layout.as_json(), "plays": dict(found.plays)}


def info_rows(found: ArchiveInfo) -> list[tuple[str, str]]:
    """Return an archive's figures as a person reads them: name and value."""
    gone = found.films - found.films_present
    parts = ", ".join(f"{part.name} {part.size}" for part in found.layout.parts)
    return [
        ("films", f"{found.films}" + (f", of which {gone} are gone" if gone else "")),
        ("duration", time_code(found.duration_s)),
        ("shots", f"{found.shots}" + _beside((found.blank, "blank"), (found.repeats, "repeats"))),
        ("moments", f"{found.moments}" + _beside((found.dropped, "near-duplicates dropped"))),
        ("on disk", f"{found.bytes_on_disk / 1e6:.1f} MB"),
        ("played from", ", ".join(f"{kind}: {count}" for kind, count in found.plays) or "–"),
        ("model", f"{found.model.name} ({found.model.sha256[:12]}…)"),
        ("descriptor", f"{found.layout.dimension} = {parts}"),
    ]


def _beside(*counts: tuple[int, str]) -> str:
    """Name the counts that are not 0."""
    return "".join(f", {count} {what}" for count, what in counts if count)


def finding_record(finding: Finding) -> dict[str, str]:
    """Return one finding as plain values."""
    return {name: readable(value) for name, value in asdict(finding).items()}


def _print_findings(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not findings:
        console.print("All is well.")
    for finding in findings:
        record = finding_record(finding)
        console.print(Text.assemble((record["kind"], "bold"), f": {record['subject']}"))
        console.print(Text(f"  {record['message']}"))
        console.print(Text(f"  → {record['remedy']}", style="dim"))
