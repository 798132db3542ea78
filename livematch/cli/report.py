"""`livematch archive report`: which shots are never found, always found, or twice there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from livematch.archive.contents import StoredShot
from livematch.archive.store import Archive
from livematch.archive.survey import ALIKE, NEIGHBOURS, Bin, Popularity, Survey, survey
from livematch.cli.options import FolderArgument, JsonOption
from livematch.cli.reportpage import Name, how, length_label, page
from livematch.files import write_whole
from livematch.indexing.scan import shown
from livematch.sheet import time_code

LISTED = 15  # lines of each list on the terminal
BAR = 32  # characters


def report(
    folder: FolderArgument,
    html: Annotated[
        Path | None, typer.Option(help="Write it as a page with pictures to this file.")
    ] = None,
    neighbours: Annotated[
        int, typer.Option("-k", min=1, max=100, help="How many nearest each moment asks for.")
    ] = NEIGHBOURS,
    alike: Annotated[
        float, typer.Option(min=0.5, max=1, help="From which likeness two shots are duplicates.")
    ] = ALIKE,
    as_json: JsonOption = False,
) -> None:
    """Say which shots are never found, found too often, or twice there, and how they spread."""
    with Archive.open(folder) as archive:
        found = survey(archive, neighbours, alike)
        name = _namer(archive)
        if html is not None:
            title = f"Report on {shown(Path(folder.absolute().name))}"
            write_whole(html, page(title, found, name, archive.thumb))
    if as_json:
        typer.echo(json.dumps(survey_record(found, name), indent=1))
    else:
        _print(found, name)
    if html is not None:
        typer.echo(f"written to {html}", err=True)


def _namer(archive: Archive) -> Name:
    def name(shot_id: int) -> tuple[str, str]:
        shot = archive.shot(shot_id)
        film = shown(Path(archive.film(shot.film_id).film.path.name))
        return film, f"shot {shot_id}, {time_code(shot.span.start_s)}"

    return name


def survey_record(found: Survey, name: Name) -> dict[str, object]:
    """Return all that was found out as plain values."""
    return {
        "shots": found.shots,
        "moments": found.moments,
        "asked": found.asked,
        "neighbours": found.neighbours,
        "alike": found.alike,
        "exact": found.exact,
        "skewness": round(found.skewness, 3),
        "orphans": [_popularity_record(one, name) for one in found.orphans],
        "hubs": [_popularity_record(one, name) for one in found.hubs],
        "duplicates": [
            {
                "likeness": round(pair.likeness, 4),
                "shots": [pair.first.id, pair.second.id],
                "films": [name(pair.first.id)[0], name(pair.second.id)[0]],
            }
            for pair in found.duplicates
        ],
        "lengths_s": [_bin_record(column) for column in found.lengths],
        "tones": [_bin_record(column) for column in found.tones],
        "toned": found.toned,
    }


def _popularity_record(one: Popularity, name: Name) -> dict[str, object]:
    found, expected = one.found, round(one.expected, 2)
    return {"shot": one.shot.id, "film": name(one.shot.id)[0], "found": found, "expected": expected}


def _bin_record(column: Bin) -> dict[str, object]:
    high = None if column.high == float("inf") else round(column.high, 3)
    return {"low": round(column.low, 3), "high": high, "count": column.count}


def _line(name: Name, shot: StoredShot) -> str:
    return ", ".join(name(shot.id))


def _print(found: Survey, name: Name) -> None:
    console = Console(markup=False, highlight=False)
    console.print(f"{found.shots:,} shots, {found.moments:,} moments. {how(found)}")
    for head, some in (("found by nobody", found.orphans), ("found too often", found.hubs)):
        rows = [
            (_line(name, one.shot), f"{one.found:,}", f"{one.expected:,.1f}")
            for one in some[:LISTED]
        ]
        _print_list(console, head, len(some), ("found", "by chance"), rows)
    pairs = [
        (f"{_line(name, pair.first)}\n{_line(name, pair.second)}", f"{pair.likeness:.3f}")
        for pair in found.duplicates[:LISTED]
    ]
    _print_list(console, "near-duplicates", len(found.duplicates), ("likeness",), pairs)
    _print_bars(console, "length, s", [(length_label(c), c.count) for c in found.lengths])
    tones = [(f"{column.low:.1f} – {column.high:.1f}", column.count) for column in found.tones]
    _print_bars(console, "tone", tones)


def _print_list(
    console: Console,
    head: str,
    count: int,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    console.print()
    if not rows:
        console.print(f"{head}: none")
        return
    cut = f", the first {len(rows)}" if count > len(rows) else ""
    table = Table(f"{head}: {count:,}{cut}", *columns, box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for first, *rest in rows:
        table.add_row(Text(first), *rest)
    console.print(table)


def _print_bars(console: Console, head: str, rows: Sequence[tuple[str, int]]) -> None:
    console.print()
    most = max(1, *(count for _, count in rows))
    table = Table(head, "", "shots", box=None, header_style="bold")
    table.columns[0].justify = table.columns[2].justify = "right"
    for label, count in rows:
        table.add_row(label, "█" * round(BAR * count / most), f"{count:,}")
    console.print(table)
