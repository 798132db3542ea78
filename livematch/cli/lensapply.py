"""`livematch lens apply`: a film repainted by a lens."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from livematch.cli.options import (
    STOPPED,
    JsonOption,
    OneLensOption,
    PresetsOption,
    ProviderOption,
    SetOption,
)
from livematch.cli.play import starting_with
from livematch.config import parse_settings, parse_size
from livematch.files import refuse_source
from livematch.lens.film import Paintbox, open_paintbox
from livematch.render.encoding import container_of
from livematch.repainting import Arrangement, Look, Repainted, repaint


def apply(
    video: Annotated[Path, typer.Argument(help="The film to repaint.")],
    presets: PresetsOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="The film: .mp4, .mov or .mkv.")],
    lens: OneLensOption = "",
    arrangement: Annotated[
        Arrangement, typer.Option("--layout", help="The painting alone, or the film beside it.")
    ] = Arrangement.LENS,
    label: Annotated[
        bool, typer.Option("--label/--no-label", help="Title and time code at each picture.")
    ] = False,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT. [default: the film's]")] = None,
    fps: Annotated[
        float | None,
        typer.Option(min=1, max=240, help="Frame rate. [default: the film's, even or not]"),
    ] = None,
    settings: SetOption = [],  # noqa: B006 - typer copies it
    preset: Annotated[str, typer.Option(help="The lens and how it paints of this preset.")] = "",
    provider: ProviderOption = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Cores it paints on. [default: all]")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Repaint every picture of a film by a lens, and keep its sound.

    How it paints is set as in a show: --set lens_blend=0 (nothing of the painting before, against
    flicker usually 0.6; never across a cut), lens_blur, lens_levels, lens_contrast.
    """
    container_of(output)
    params = parse_settings(settings, starting_with(preset, presets))
    look = Look(params, arrangement, label, parse_size(size) if size else None, fps)
    refuse_source(output, [video], "it")
    box = open_paintbox(lens or params.lens, provider, threads)
    console = Console(stderr=True, highlight=False)
    if box.report.remedy:
        _warn(console, str(box.report))
    try:
        done = _repainted(console, video, box, look, output)
    except KeyboardInterrupt:
        console.print(f"stopped: {output} is not written", markup=False, soft_wrap=True)
        raise typer.Exit(STOPPED) from None
    if done.warning is not None:
        _warn(console, done.warning)
    if as_json:
        width, height = done.size_px
        said = {
            "output": str(output),
            "pictures": done.pictures,
            "width": width,
            "height": height,
            "lens": box.card.name,
            "provider": box.report.got,
        }
        typer.echo(json.dumps(said, indent=1))
        return
    typer.echo(f"{done.pictures} pictures painted by {box.card.name} on {box.report.got}")
    typer.echo(f"written to {output}")


def _repainted(console: Console, film: Path, box: Paintbox, look: Look, output: Path) -> Repainted:
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("painting", total=None)
        return repaint(
            film,
            box.easel,
            look,
            output,
            lambda done_s, whole_s: bar.update(task, completed=done_s, total=whole_s),
        )


def _warn(console: Console, line: str) -> None:
    console.print(line, style="bold yellow", markup=False, soft_wrap=True)
