"""`livematch compile`: a film of one kind of scene, on which each cut is a match."""

import json
import math
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from livematch.archive.network import open_describer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive, StoredShot
from livematch.cli.find import save_sheet
from livematch.cli.options import (
    ArchiveOption,
    JsonOption,
    PresetsOption,
    ProviderOption,
    SetOption,
)
from livematch.cli.play import starting_with
from livematch.config import parse_settings, parse_size
from livematch.control.params import Fit, Params, changed
from livematch.errors import ArchiveError, UsageError
from livematch.montage.asking import describe_pictures, describe_shots, find_shots, read_pictures
from livematch.montage.compiling import Compilation, Part, Wish, compiled, film_it, usual_size
from livematch.montage.cutsheet import cut_sheet
from livematch.montage.looking import Looker
from livematch.montage.picking import MOST_SCENES, Lengths, Picker
from livematch.render.encoding import container_of, even
from livematch.sheet import readable, time_code
from livematch.values import Image, Vector

SHEETS = (".png", ".jpg", ".jpeg")


def compilation(
    archive: ArchiveOption,
    presets: PresetsOption,
    like: Annotated[
        list[str],
        typer.Option(
            metavar="IMAGE|SHOT",
            help="The kind of scene: a picture file, a shot's number (12, 12-15) or a film at a"
            " time (harbour@1:23). May be repeated: then like any of them.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The film: .mp4, .mov, .mkv.")],
    length: Annotated[float, typer.Option(min=1, max=3600, help="Seconds in all.")] = 60.0,
    shortest: Annotated[
        float, typer.Option(min=0.2, max=60, help="Shortest stay in a shot, in seconds.")
    ] = 1.0,
    longest: Annotated[
        float, typer.Option(min=0.2, max=600, help="Longest stay in a shot, in seconds.")
    ] = 4.0,
    choice: Annotated[
        float,
        typer.Option(
            min=1,
            max=20,
            help="How many times the length to choose among: more for better cuts,"
            " less for shots more alike.",
        ),
    ] = 2.0,
    apart: Annotated[
        float,
        typer.Option(min=0, max=2, help="How much more alike a shot of the same film must be."),
    ] = 0.1,
    size: Annotated[
        str | None,
        typer.Option(help="WIDTHxHEIGHT. [default: most of the films', 1280x720 at most]"),
    ] = None,
    fps: Annotated[float, typer.Option(min=1, max=120, help="Pictures a second.")] = 25.0,
    fade: Annotated[
        float, typer.Option(min=0, max=20, help="Length of a crossfade in seconds; 0 cuts.")
    ] = 0.0,
    fit: Annotated[
        Fit | None, typer.Option(help="Pictures of another shape whole, or cropped to fill.")
    ] = None,
    preset: Annotated[str, typer.Option(help="A preset's weights, tags and radius.")] = "",
    settings: SetOption = [],  # noqa: B006 - typer copies it
    sheet: Annotated[
        Path | None, typer.Option(help="Draw both sides of each cut on a contact sheet.")
    ] = None,
    as_json: JsonOption = False,
    model: Annotated[
        str | None, typer.Option(help="The model's name or file, if not the archive's own.")
    ] = None,
    provider: ProviderOption = "auto",
) -> None:
    """Compile shots of one kind into a silent film, in an order in which each cut is a match.

    Where the archive has too little that may be used, the film is shorter, and that is said.
    """
    wish = _wish(Lengths(shortest, longest, length), choice, apart, fps, fade)
    params = parse_settings(settings, starting_with(preset, presets))
    if fit is not None:
        params = changed(params, "fit", fit.value)
    size_px = even(parse_size(size)) if size else None
    container_of(output)
    if sheet is not None:
        _refuse_sheet(sheet)
    images = read_pictures(like)
    console = Console(stderr=True, highlight=False)
    with Archive.open(archive) as opened:
        _refuse_archive(opened, output)
        shots = find_shots(opened, [text for text in like if text not in images])
        searcher = Searcher(opened)
        queries = _queries(opened, searcher, list(images.values()), shots, model, provider)
        picker = Picker(opened, searcher, params)
        made = compiled(picker, queries, wish, Looker(opened).shows)
        _refuse_nothing(made, picker, params, wish)
        size_px = size_px or usual_size(opened, made)
        failed = _render(console, opened, made, wish, params, size_px, output)
        if as_json:
            typer.echo(json.dumps(as_record(opened, made, wish, size_px, output), indent=1))
        else:
            _print_table(opened, made, wish)
        if sheet is not None:
            title = f"{readable(output.name)}: {len(made.parts)} shots"
            save_sheet(cut_sheet(opened, made.parts, wish.fps, title), sheet)
        _tell(console, opened, made, wish, failed)


def _wish(lengths: Lengths, choice: float, apart: float, fps: float, fade_s: float) -> Wish:
    """Put together what is wanted; UsageError tells of everything that does not go together."""
    faults = []
    if lengths.shortest_s > lengths.longest_s:
        faults.append(f"--shortest {lengths.shortest_s:g} is more than --longest")
    if lengths.shortest_s > lengths.total_s:
        faults.append(f"--shortest {lengths.shortest_s:g} is more than --length")
    if fade_s > lengths.shortest_s:
        faults.append(
            f"--fade {fade_s:g} is longer than the shortest shot: --shortest {math.ceil(fade_s)}"
        )
    if faults:
        raise UsageError("; ".join(faults))
    return Wish(lengths, choice, apart, Fraction(fps).limit_denominator(1001), fade_s)


def _refuse_sheet(sheet: Path) -> None:
    if sheet.suffix.lower() not in SHEETS:
        raise UsageError(f"{sheet}: name the sheet .png or .jpg")
    if not sheet.parent.is_dir() or not os.access(sheet.parent, os.W_OK):
        raise UsageError(f"{sheet}: the folder {sheet.parent} is not there, or not to be written")
    if sheet.is_dir():
        raise UsageError(f"{sheet} is a folder; name a file in it")


def _refuse_archive(archive: Archive, output: Path) -> None:
    if not len(archive.moments):
        raise ArchiveError(
            f"{archive.folder} has no moments to compile:"
            f" run `livematch index FOLDER --archive {archive.folder}`"
        )
    if any(film.film.path == output.resolve() for film in archive.films()):
        raise UsageError(f"{output} is a film of the archive: give the compilation another name")


def _queries(
    archive: Archive,
    searcher: Searcher,
    images: Sequence[Image],
    shots: Sequence[StoredShot],
    model: str | None,
    provider: str,
) -> Vector:
    of_images = describe_pictures(
        searcher, lambda: open_describer(archive, model, provider), images
    )
    return np.concatenate([of_images, describe_shots(archive, searcher, shots)])


def _refuse_nothing(made: Compilation, picker: Picker, params: Params, wish: Wish) -> None:
    if made.parts:
        return
    if not picker.offered:
        chosen = f" with tag={params.tag}" if params.tag else ""
        raise UsageError(f"the archive offers no shot{chosen}: see `livematch archive list`")
    left = _left_out(made)
    radius = f" within radius {params.radius:g}" if params.radius > 0 else ""
    raise UsageError(
        f"there is no shot{radius} that can be stayed in for {wish.lengths.shortest_s:g} s"
        f"{f' ({left})' if left else ''}: lower --shortest or radius"
    )


def _render(
    console: Console,
    archive: Archive,
    made: Compilation,
    wish: Wish,
    params: Params,
    size_px: tuple[int, int],
    output: Path,
) -> tuple[Part, ...]:
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("rendering", total=made.made)
        return film_it(
            archive,
            made,
            wish,
            params,
            size_px,
            output,
            lambda number: bar.update(task, completed=number),
        )


def _left_out(made: Compilation) -> str:
    told = [f"{count} {why}" for why, count in made.left.items() if count]
    return f"left out: {', '.join(told)}" if told else ""


def _tell(
    console: Console, archive: Archive, made: Compilation, wish: Wish, failed: Sequence[Part]
) -> None:
    """Say what is not as it was asked for."""
    if made.made < made.pictures and not made.is_all:
        console.print(
            f"It is {float(made.made / wish.fps):.1f} s long: no more than {MOST_SCENES} shots are"
            " put in order.",
            style="bold yellow",
            markup=False,
        )
    elif made.made < made.pictures:
        left = _left_out(made)
        console.print(
            f"There is enough for {float(made.made / wish.fps):.1f} s only, not for"
            f" {wish.lengths.total_s:g} s{f' ({left})' if left else ''}. A larger --longest, a"
            " smaller --shortest or radius, or more tags, make it longer.",
            style="bold yellow",
            markup=False,
        )
    for part in failed:
        console.print(
            f"{readable(archive.film(part.film_id).film.path)} could not be shown from"
            f" {time_code(float(part.first / wish.fps))} on: the shot before stays.",
            style="bold yellow",
            markup=False,
        )


def as_record(
    archive: Archive, made: Compilation, wish: Wish, size_px: tuple[int, int], output: Path
) -> dict[str, object]:
    """Return the compilation as plain values; times in seconds."""
    return {
        "output": readable(output),
        "length_s": round(float(made.made / wish.fps), 3),
        "asked_s": wish.lengths.total_s,
        "width": size_px[0],
        "height": size_px[1],
        "fps": float(wish.fps),
        "pictures": made.made,
        "mean_join": round(made.mean_join, 4),
        "left_out": made.left,
        "shots": [_part_record(archive, part, wish) for part in made.parts],
    }


def _part_record(archive: Archive, part: Part, wish: Wish) -> dict[str, object]:
    return {
        "at_s": round(float(part.first / wish.fps), 3),
        "film": readable(archive.film(part.film_id).film.path),
        "shot": part.shot_id,
        "from_s": round(part.from_s, 3),
        "to_s": round(part.to_s, 3),
        "likeness": round(part.likeness, 4),
        "join": None if part.join is None else round(part.join, 4),
    }


def _print_table(archive: Archive, made: Compilation, wish: Wish) -> None:
    table = Table(
        "", "at", "film", "shot", "from", "to", "likeness", "join", box=None, header_style="dim"
    )
    for column in (*table.columns[:2], *table.columns[3:]):
        column.justify = "right"
    for number, part in enumerate(made.parts, 1):
        table.add_row(
            str(number),
            time_code(float(part.first / wish.fps)),
            readable(archive.film(part.film_id).film.path.name),
            str(part.shot_id),
            time_code(part.from_s),
            time_code(part.to_s),
            f"{part.likeness:.3f}",
            "" if part.join is None else f"{part.join:.3f}",
        )
    console = Console(markup=False, highlight=False)
    console.print(table)
    length_s = float(made.made / wish.fps)
    console.print(f"{len(made.parts)} shots, {length_s:.2f} s, joins {made.mean_join:.3f} mean")
