"""`livematch touchosc`: the instrument on a tablet."""

import io
import re
from pathlib import Path
from typing import Annotated

import typer

from livematch.control.presetfolder import own_folder, read_library
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.osc.port import REPLY_PORT
from livematch.osc.touch import LEAST, MOST, SIZE


def touchosc(
    out: Annotated[Path, typer.Argument(help="The layout to write: NAME.tosc.")],
    size: Annotated[
        str,
        typer.Option(metavar="WxH", help="The tablet's screen in points; a phone: 844x390."),
    ] = f"{SIZE[0]}x{SIZE[1]}",
    reply_port: Annotated[
        int,
        typer.Option(min=1, max=65535, help="The port at which the tablet listens."),
    ] = REPLY_PORT,
    to: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw its pages to this PNG, too.", metavar="OUT.png"),
    ] = None,
) -> None:
    """Write a TouchOSC layout of all parameters, triggers and presets.

    In TouchOSC, connection 1: UDP, host: this computer, send port 7000, receive port 7001.
    """
    # no other command should wait for these at its start
    from livematch.osc.touch.layout import encoded, layout  # noqa: PLC0415
    from livematch.osc.touch.picture import picture, with_few_colours  # noqa: PLC0415

    if out.suffix.lower() != ".tosc":
        raise UsageError(f"{out} is no name for a TouchOSC layout; end it in .tosc")
    if to is not None and to.suffix.lower() != ".png":
        raise UsageError(f"{to} is no name for a picture of the pages; end it in .png")
    library = read_library(own_folder())
    for fault in library.faults:
        typer.echo(f"left out: {fault}", err=True)
    made = layout(tuple(library.presets), _size(size), reply_port)
    write_whole(out, encoded(made))
    pages = len(made.root.children[0].children)
    typer.echo(f"{out}: {pages} pages, {size} points", err=True)
    if to is not None:
        drawn = io.BytesIO()
        with_few_colours(picture(made)).save(drawn, "png", optimize=True)
        write_whole(to, drawn.getvalue())


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if not found:
        raise UsageError(
            f"--size cannot be {text!r}; give it as 1024x768 ({LEAST} to {MOST} points)"
        )
    return int(found[1]), int(found[2])
