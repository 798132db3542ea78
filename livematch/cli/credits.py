"""`livematch credits`: what was shown, for the programme note and the rights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.archive.store import Archive
from livematch.cli.options import JsonOption
from livematch.errors import ArchiveError, UsageError
from livematch.files import write_whole
from livematch.showlog.credits import Credit, Ledger, tags_of, total_s
from livematch.showlog.lenscredits import LensCredit
from livematch.showlog.note import (
    as_markdown,
    as_text,
    as_values,
    lens_rights,
    lens_title,
    minutes,
    rights_of,
    times_of,
    title_of,
)
from livematch.showlog.reader import LoggedShow, open_shows

SPANS = 5  # showings of one film in the table
KINDS = (".md", ".txt", ".json")


def list_credits(
    logs: Annotated[list[Path], typer.Argument(help="Logs of shows, or parts of them.")],
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="Where the archive is now.")
    ] = None,
    as_json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write it to a .md, .txt or .json file.")
    ] = None,
) -> None:
    """List the films and lenses that were shown: when, how long, and under which licence.

    A tag licence-… (or cc-by…, cc0, public-domain) of a film names its licence, by-… its author;
    what a lens is licensed under, and whom to name with it, is on its card.
    """
    if out is not None and out.suffix.lower() not in KINDS:
        raise UsageError(f"{out}: credits are written to {', '.join(KINDS)}")
    shows = open_shows(logs)
    ledger = Ledger()
    for show in shows:
        ledger.add(show)
    films = ledger.credits(_tags(shows, archive))
    lenses = ledger.lenses()
    heads = [show.head for show in shows]
    values = as_values(heads, ledger.seconds, films, lenses)
    if out is not None:
        written = {
            ".md": lambda: as_markdown(heads, films, lenses),
            ".txt": lambda: as_text(heads, films, lenses),
            ".json": lambda: json.dumps(values, indent=2) + "\n",
        }
        write_whole(out, written[out.suffix.lower()]())
    if as_json:
        typer.echo(json.dumps(values, indent=2))
    elif out is None:
        _print(films, lenses, several=len(shows) > 1)


def _tags(shows: Sequence[LoggedShow], asked: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the tags that the archives have now; an archive that is gone has none to add."""
    found: dict[str, tuple[str, ...]] = {}
    named = [asked] if asked else [Path(show.head.archive.path) for show in shows]
    for folder in dict.fromkeys(named):
        try:
            with Archive.open(folder) as opened:
                found |= tags_of(opened)
        except ArchiveError:
            if asked is not None:
                raise
    return found


def _print(films: Sequence[Credit], lenses: Sequence[LensCredit], *, several: bool) -> None:
    console = Console(markup=False, highlight=False)
    if not films:
        Console(stderr=True).print("No film was shown.")
    if not films and not lenses:
        return
    table = Table("film", "shown", "in all", "rights", box=None, header_style="dim")
    table.columns[2].justify = "right"
    for film in films:
        row = (title_of(film), times_of(film), minutes(film.total_s), rights_of(film))
        table.add_row(*row, style="bold")
        for showing in film.showings[:SPANS]:
            where = f"show {showing.show + 1}, " if several else ""
            table.add_row(
                f"  {minutes(showing.from_s)} to {minutes(showing.to_s)}",
                f"{where}at {minutes(showing.at_s)}{' in the grid' if showing.in_grid else ''}",
                minutes(showing.seen_s),
            )
        if len(film.showings) > SPANS:
            table.add_row(f"  and {len(film.showings) - SPANS} more: --json")
    for lens in lenses:
        row = (lens_title(lens), "", minutes(lens.total_s), lens_rights(lens))
        table.add_row(*row, style="bold")
    console.print(table)
    if films:
        _print_sum(films)


def _print_sum(films: Sequence[Credit]) -> None:
    unnoted = sum(not film.licences for film in films)
    noted = f"; {unnoted} without a licence noted" if unnoted else ""
    Console(markup=False, highlight=False).print(
        f"{len(films)} films, {minutes(total_s(films))} in all{noted}"
    )
