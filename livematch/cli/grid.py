"""`livematch grid`: moments alike side by side, in one picture, in groups, or on a page."""

import json
import webbrowser
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av.error
import typer
from rich.console import Console
from rich.progress import Progress

from livematch.archive.network import open_describer
from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.cli.options import ArchiveOption, PresetsOption, SetOption
from livematch.cli.play import starting_with
from livematch.config import parse_settings, parse_size
from livematch.control.params import Fit, Params
from livematch.errors import RecordError, UsageError
from livematch.files import write_whole
from livematch.grid import asking, sheets
from livematch.grid.asking import Asked
from livematch.grid.browse import Browser
from livematch.grid.filling import (
    Filled,
    Form,
    Place,
    as_drawn,
    cells_of,
    fill,
    record,
    still,
)
from livematch.grid.likeness import Likeness
from livematch.grid.playing import film_of, pictures_in
from livematch.grid.wall import Shape, cells, parse_cells, usual_size
from livematch.render.encoding import CONTAINERS, FilmEncoder, Timing, even
from livematch.sheet import encoded

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


def grid(
    archive: ArchiveOption,
    presets: PresetsOption,
    image: Annotated[
        Path | None, typer.Argument(help="A picture to find the like of.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="OUT.png, .jpg or OUT.mp4; a folder for --clusters."),
    ] = None,
    film: Annotated[
        str | None,
        typer.Option(help="Find the like of a film at --time: the archive's, or a file."),
    ] = None,
    time: Annotated[str | None, typer.Option(help="When in --film: 83.4 or 1:23.4.")] = None,
    shot: Annotated[
        str | None, typer.Option(help="Find the like of a shot: its number, or FILM@TIME.")
    ] = None,
    shape: Annotated[str, typer.Option("--cells", help="COLUMNSxROWS.")] = "3x3",
    query: Annotated[
        Place, typer.Option(help="Where the moment is that the others are like.")
    ] = Place.MIDDLE,
    captions: Annotated[
        bool, typer.Option("--captions", help="Write film, time and likeness over each cell.")
    ] = False,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT. [default: 1920 wide, cells of 16:9]")
    ] = None,
    length: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds of an mp4, which is a loop.")
    ] = 12.0,
    fps: Annotated[float, typer.Option(min=1, max=120, help="Pictures a second of it.")] = 30.0,
    settings: SetOption = [],  # noqa: B006 - typer copies it
    preset: Annotated[str, typer.Option(help="Weights, tag, radius of this preset.")] = "",
    clusters: Annotated[
        bool, typer.Option("--clusters", help="Lay the archive out in groups, a sheet for each.")
    ] = False,
    groups: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="How many groups. [default: as many as there are]"),
    ] = None,
    browse: Annotated[
        bool, typer.Option("--browse", help="A page to browse, tag and ban; on this machine only.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0: any.")] = 8080,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
    model: Annotated[
        str | None,
        typer.Option(help="The model's name or file, if not the one the archive names."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say for programs what is where.")
    ] = False,
) -> None:
    """Show moments that are alike: a grid of them, an archive's groups, or a page to browse."""
    # cells of different films look best filled; a preset or --set fit=fit has the last word
    params = parse_settings(settings, starting_with(preset, presets, Params(fit=Fit.FILL)))
    asked_for = [name for name, value in (("IMAGE", image), ("--film", film), ("--shot", shot))
                 if value is not None]  # fmt: skip
    _refuse_contradictions(asked_for, film, time, clusters=clusters, browse=browse, groups=groups)
    if browse:
        _browse(archive, params, groups, port, open_it)
        return
    if output is None:
        raise UsageError("say where to write it: -o OUT.png, -o OUT.mp4, or -o FOLDER --clusters")
    if clusters:
        _clusters(archive, params, groups, output, as_json)
        return
    kind = _kind_of(output)
    form = _form(shape, size, params.fit, captions, length, fps)
    with Archive.open(archive) as opened:
        searcher = Searcher(opened)
        likeness = Likeness(searcher, Offer(opened), params)
        asked = _asked(opened, searcher, likeness, image, film, time, shot, model)
        filled = fill(likeness, asked, form.shape, query, is_own_choice=not asked_for)
        if not any(one.match is not None for one in filled):
            raise UsageError(_nothing(asked, params))
        if kind in CONTAINERS:
            _write_film(opened, filled, form, output)
        else:
            write_whole(output, encoded(still(opened, filled, form), kind))
        _tell(opened, asked, filled, form.shape, output, as_json)


def _refuse_contradictions(
    asked_for: list[str],
    film: str | None,
    time: str | None,
    *,
    clusters: bool,
    browse: bool,
    groups: int | None,
) -> None:
    faults = []
    if len(asked_for) > 1:
        faults.append(f"{' and '.join(asked_for)} are {len(asked_for)} questions: ask one")
    if (film is None) != (time is None):
        faults.append("--film and --time belong together: say the film and when in it")
    if clusters and browse:
        faults.append("--clusters writes a folder and --browse serves a page: choose one")
    elif (clusters or browse) and asked_for:
        way = "--clusters" if clusters else "--browse"
        faults.append(f"{way} is about the whole archive: leave {asked_for[0]} out")
    if groups is not None and not (clusters or browse):
        faults.append("--groups goes with --clusters or --browse")
    if faults:
        raise UsageError("; ".join(faults))


def _kind_of(output: Path) -> str:
    kind = output.suffix.lower()
    if kind not in (*PICTURES, *CONTAINERS):
        every = ", ".join((*PICTURES, *CONTAINERS))
        raise UsageError(f"{output}: name a picture or a film, it ends in one of {every}")
    return kind


def _form(
    shape: str, size: str | None, fit: Fit, captions: bool, length_s: float, fps: float
) -> Form:
    read = parse_cells(shape)
    size_px = even(parse_size(size) if size else usual_size(read))
    cells(read, size_px)  # before anything is looked for: whether they fit
    return Form(read, size_px, fit, captions, length_s, Fraction(fps).limit_denominator(1001))


def _asked(
    archive: Archive,
    searcher: Searcher,
    likeness: Likeness,
    image: Path | None,
    film: str | None,
    time: str | None,
    shot: str | None,
    model: str | None,
) -> Asked:
    if image is not None:
        return asking.ask_picture(searcher, open_describer(archive, model), image)
    if film is not None and time is not None:
        network = lambda: open_describer(archive, model)  # noqa: E731 - only if it is needed
        return asking.ask_film(archive, searcher, film, time, network)
    if shot is not None:
        return asking.ask_shot(archive, searcher, shot)
    return asking.ask_typical(archive, searcher, likeness)


def _nothing(asked: Asked, params: Params) -> str:
    ways = [f"radius={params.radius:g} leaves out what is less alike"] if params.radius else []
    ways += [f"tag={params.tag} chooses what is offered"] if params.tag else []
    because = f": {' and '.join(ways)}" if ways else ": no other shot is offered"
    return f"there is nothing like {asked.name} in the archive{because}"


def _write_film(archive: Archive, filled: list[Filled], form: Form, output: Path) -> None:
    """Encode the loop; nothing lies under the output's name until it is whole."""
    playing = cells_of(archive, filled, form)
    pictures = film_of(playing, form.size_px, form.fit, form.length_s, form.fps)
    encoder = FilmEncoder(output, form.size_px, Timing.steady(form.fps), preset="fast")
    console = _stderr()
    try:
        with closing(pictures), Progress(console=console, transient=True) as bar:
            total = pictures_in(form.length_s, form.fps)
            for number, picture in enumerate(bar.track(pictures, total, description="drawing")):
                encoder.write(as_drawn(picture), number)
        encoder.finish()
    except BaseException as fault:
        encoder.discard()
        if isinstance(fault, OSError | av.error.FFmpegError):
            reason = getattr(fault, "strerror", None) or fault
            raise RecordError(f"{output} cannot be written: {reason}") from None
        raise
    for cell in playing:
        if cell.fault is not None:
            console.print(f"stands still: {cell.fault}", style="yellow", markup=False)


def _tell(
    archive: Archive,
    asked: Asked,
    filled: list[Filled],
    shape: Shape,
    output: Path,
    as_json: bool,
) -> None:
    found = [one for one in filled if one.match is not None]
    if as_json:
        said = {
            "output": str(output),
            "query": asked.name,
            "cells": [record(archive, one) for one in filled],
        }
        typer.echo(json.dumps(said, indent=1))
        return
    typer.echo(f"written to {output}: {len(found)} moments like {asked.name}")
    if empty := shape.count - len(filled):
        typer.echo(f"{empty} cells are empty: the archive has no more that is offered", err=True)


def _clusters(
    folder: Path, params: Params, groups: int | None, output: Path, as_json: bool
) -> None:
    with Archive.open(folder) as archive, Progress(transient=True, console=_stderr()) as bar:
        task = bar.add_task("sheets", total=None)
        laid = sheets.lay_out(
            archive,
            params,
            groups,
            output,
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    if as_json:
        typer.echo(json.dumps(laid.record(), indent=1))
        return
    typer.echo(f"written to {output}: {laid.said()}")


def _browse(folder: Path, params: Params, groups: int | None, port: int, open_it: bool) -> None:
    with closing(Browser(folder, params, groups, port)) as browser:
        typer.echo(f"{browser.address}   Ctrl-C ends it", err=True)
        if open_it:
            webbrowser.open(browser.address)
        with suppress(KeyboardInterrupt):
            browser.serve()
    typer.echo("ended", err=True)


def _stderr() -> Console:
    return Console(stderr=True)
