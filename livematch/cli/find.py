"""`livematch find`: the moments of an archive that are most like a picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.archive.network import open_describer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.control.params import Params, weights
from livematch.embed.describer import Describer
from livematch.errors import UsageError
from livematch.sheet import Tile, contact_sheet, readable, time_code, write_sheet
from livematch.stills import moment_still, read_image
from livematch.values import Glimpse, Image, Match

TILE_PX = 400


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the answer: where the moment is and how like the picture it is."""

    rank: int
    film: Path
    start_s: float
    end_s: float
    match: Match


def find(
    image: Annotated[Path, typer.Argument(help="The picture to look for.")],
    archive: Annotated[Path, typer.Option("--archive", "-a", help="The archive's folder.")],
    count: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many moments.")] = 9,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw picture and moments on a contact sheet, to this file.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Look at the contact sheet.")] = False,
    model: Annotated[
        str | None,
        typer.Option(help="The model's name or file, if not the one the archive names."),
    ] = None,
) -> None:
    """Find the moments of an archive that are most like a picture, at most one a shot."""
    query = read_image(image)
    with Archive.open(archive) as opened:
        found = find_moments(opened, open_describer(opened, model), query, count)
        if as_json:
            typer.echo("".join(f"{json.dumps(as_record(line))}\n" for line in found), nl=False)
        else:
            _print_table(found)
        if sheet is not None or show:
            target = sheet or Path(mkdtemp(prefix="livematch-")) / "found.png"
            save_sheet(draw(opened, query, readable(image.name), found), target)
            if show:
                typer.launch(str(target))


def find_moments(
    archive: Archive, describer: Describer, query: Image, count: int
) -> tuple[Found, ...]:
    """Return the `count` best moments with the usual weights, best first, at most one a shot."""
    descriptor = describer.describe([Glimpse(query)])[0]
    matches = Searcher(archive).search(descriptor, weights(Params()), count)
    return tuple(_found(archive, rank, match) for rank, match in enumerate(matches, 1))


def _found(archive: Archive, rank: int, match: Match) -> Found:
    span = archive.shot(match.moment.shot_id).span
    film = archive.film(match.moment.film_id).film.path
    return Found(rank, film, span.start_s, span.end_s, match)


def as_record(found: Found) -> dict[str, object]:
    """Return one line of the answer as plain values; times in seconds into the film."""
    match = found.match
    return {
        "rank": found.rank,
        "film": readable(found.film),
        "time_s": round(match.moment.time_s, 3),
        "score": round(match.score, 4),
        "parts": {name: round(score, 4) for name, score in match.parts},
        "shot": {"id": match.moment.shot_id, "start_s": found.start_s, "end_s": found.end_s},
    }


def draw(archive: Archive, query: Image, name: str, found: Sequence[Found]) -> Image:
    """Draw the contact sheet: the picture first, then the moments, best first."""
    tiles = [Tile(query, f"{name}\nlooked for", marked=True)]
    for line in found:
        match = line.match
        caption = (
            f"{line.rank}   {readable(line.film.stem)}\n"
            f"{time_code(match.moment.time_s)}   likeness {match.score:.3f}"
        )
        tiles.append(Tile(moment_still(archive, match.moment, TILE_PX), caption))
    return contact_sheet(tiles, tile_width=TILE_PX)


def save_sheet(sheet: Image, target: Path) -> None:
    """Write the sheet; UsageError says why it cannot be."""
    try:
        write_sheet(sheet, target)
    except ValueError:
        raise UsageError(f"{target}: name the sheet .png or .jpg") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None


def _print_table(found: Sequence[Found]) -> None:
    if not found:
        Console(stderr=True).print("The archive has nothing to find: no film is in it.")
        return
    names = [name for name, _ in found[0].match.parts]
    table = Table("", "film", "time", "score", *names, box=None, header_style="dim")
    for column in table.columns[2:]:
        column.justify = "right"
    for line in found:
        match = line.match
        scores = [f"{score:.3f}" for _, score in match.parts]
        table.add_row(
            str(line.rank),
            readable(line.film.name),
            time_code(match.moment.time_s),
            f"{match.score:.3f}",
            *scores,
        )
    Console(markup=False, highlight=False).print(table)
