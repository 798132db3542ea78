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

from livematch.archive.repair import Repair, Tools, repair
from livematch.archive.report import ArchiveInfo, Finding
from livematch.archive.report import check as check_archive
from livematch.archive.report import info as info_of
from livematch.archive.store import Archive
from livematch.cli.curating import ban, export, list_shots, stats, tag, unban, untag
from livematch.cli.options import FolderArgument, JsonOption
from livematch.cli.report import report
from livematch.indexing.scan import fingerprint
from livematch.indexing.shrinking import THUMB_PX, thumbnail
from livematch.sheet import readable, time_code
from livematch.stills import film_still
from livematch.values import Image

archive_app = typer.Typer(help="Look into an archive, curate it, mend it.", no_args_is_help=True)
for command in (tag, untag, ban, unban, stats, export, report):
    archive_app.command(command.__name__)(command)
archive_app.command("list")(list_shots)


@archive_app.command()
def info(folder: FolderArgument, as_json: JsonOption = False) -> None:
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
def check(
    folder: FolderArgument,
    mend: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended; nothing is dropped.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Look for damage; the exit status is 1 when something is wrong, or remains so."""
    if mend:
        _repair(folder, as_json)
        return
    with Archive.open(folder) as archive:
        findings = check_archive(archive)
    if as_json:
        typer.echo(json.dumps([finding_record(finding) for finding in findings], indent=2))
    else:
        _print_findings(findings)
    if findings:
        raise typer.Exit(1)


def _repair(folder: Path, as_json: bool) -> None:
    repairs = []
    for repaired in repair(folder, Tools(_small_picture, fingerprint)):
        repairs.append(repaired)
        if not as_json:
            _print_repair(repaired)
    if as_json:
        records = [
            {**finding_record(r.finding), "done": r.done, "remains": r.remains} for r in repairs
        ]
        typer.echo(json.dumps(records, indent=2))
    elif not repairs:
        typer.echo("All is well.")
    if any(repaired.remains for repaired in repairs):
        raise typer.Exit(1)


def _small_picture(path: Path, time_s: float) -> Image:
    return thumbnail(film_still(path, time_s, width_px=THUMB_PX * 4))


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
    said = (finding.kind, finding.subject, finding.message, finding.remedy)
    return dict(zip(("kind", "subject", "message", "remedy"), map(readable, said), strict=True))


def _print_repair(repaired: Repair) -> None:
    console = Console(highlight=False, soft_wrap=True)
    record = finding_record(repaired.finding)
    console.print(Text.assemble((record["kind"], "bold"), f": {record['subject']}"))
    console.print(Text(f"  {record['message']}"))
    if repaired.done:
        console.print(Text(f"  ✓ {repaired.done}", style="green"))
    if repaired.remains:
        console.print(Text(f"  → {readable(repaired.remains)}", style="bold"))


def _print_findings(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not findings:
        console.print("All is well.")
    for finding in findings:
        record = finding_record(finding)
        console.print(Text.assemble((record["kind"], "bold"), f": {record['subject']}"))
        console.print(Text(f"  {record['message']}"))
        console.print(Text(f"  → {record['remedy']}", style="dim"))
