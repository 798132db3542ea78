"""`livematch cues`: a cue list, read before the show."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.cli.options import PresetsOption
from livematch.control.cuelist import Step, read_cues
from livematch.control.presetfolder import read_library


def cues(
    file: Annotated[Path, typer.Argument(help="The cue list.")], presets: PresetsOption
) -> None:
    """List the steps of a cue list, or all that is wrong in it."""
    found = read_cues(file, read_library(presets))
    table = Table("#", "step", "comes", "preset", "fade", "fires", box=None, header_style="dim")
    for number, step in enumerate(found.steps, 1):
        fade = "" if step.fade_s is None else f"{step.fade_s:g} s"
        row = (step.name, _comes(step), step.preset or "", fade, step.trigger or "")
        table.add_row(str(number), *row)
    Console(highlight=False, markup=False).print(table)


def _comes(step: Step) -> str:
    if step.after_s is not None:
        return f"after {step.after_s:g} s"
    return "on GO" if step.after_beats is None else f"after {step.after_beats:g} beats"
