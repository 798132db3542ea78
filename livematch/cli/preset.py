"""`livematch preset list | show | check | save | delete | path`: presets without a show."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.cli.options import JsonOption, PresetsOption, SetOption
from livematch.config import parse_settings
from livematch.control.handwritten import Fault, FaultyFileError
from livematch.control.params import Params
from livematch.control.presetfolder import (
    bundled_folder,
    preset_files,
    read_library,
    read_preset,
    withdraw_preset,
    write_preset,
)
from livematch.control.presets import ABOUT, FADE, Preset
from livematch.errors import UsageError

preset_app = typer.Typer(
    help="List, look at, check, keep and put away presets.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="The preset's name.")]


@preset_app.command("list")
def list_presets(presets: PresetsOption, as_json: JsonOption = False) -> None:
    """List the presets there are, with the numbers that keys and controllers call them by."""
    library = read_library(presets)
    if as_json:
        typer.echo(json.dumps([_record(p, presets) for p in library.presets.values()], indent=2))
    else:
        table = Table("#", "name", "fade", "whose", "about", box=None, header_style="dim")
        for number, preset in enumerate(library.presets.values(), 1):
            row = (preset.name, f"{preset.fade_s:g} s", _whose(preset.name, presets), preset.about)
            table.add_row(str(number), *row)
        Console(highlight=False).print(table)
    _tell(library.faults)


@preset_app.command()
def show(name: NameArgument, presets: PresetsOption, as_json: JsonOption = False) -> None:
    """Print a preset as its file has it."""
    preset = read_library(presets).find(name)
    if as_json:
        typer.echo(json.dumps(_record(preset, presets), indent=2))
    else:
        typer.echo(_path(name, presets).read_text("utf-8-sig"), nl=False)


@preset_app.command()
def check(
    presets: PresetsOption,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Presets to read; without any, all there are.")
    ] = None,
) -> None:
    """Tell all that is wrong in presets; the exit status is 1 when something is."""
    faults: list[Fault] = []
    named = files or [*preset_files(bundled_folder()), *preset_files(presets)]
    for file in named:
        try:
            read_preset(file)
        except FaultyFileError as faulty:
            faults += faulty.faults
    _tell(faults)
    if faults:
        raise typer.Exit(1)
    Console(stderr=True, highlight=False).print(f"{len(named)} presets, nothing wrong")


@preset_app.command()
def save(
    name: NameArgument,
    presets: PresetsOption,
    settings: SetOption = [],  # noqa: B006 - typer copies it
    about: Annotated[str | None, typer.Option(help="What it is for, in a line.")] = None,
    fade: Annotated[
        float | None, typer.Option(help=f"Seconds its numbers travel: {FADE.allowed}.")
    ] = None,
) -> None:
    """Keep the parameters named by --set as a preset, or change those of one that there is."""
    library = read_library(presets)
    own = [fault for fault in library.faults if fault.path == presets / f"{name}.toml"]
    if own:
        raise FaultyFileError(*own)
    preset = library.presets.get(name, Preset(name, ()))
    params = parse_settings(settings, preset.applied(Params()))
    named = [setting.partition("=")[0].strip() for setting in settings]
    values = {**dict(preset.settings), **{name: getattr(params, name) for name in named}}
    preset = replace(preset, settings=tuple(values.items()))
    if about is not None:
        preset = replace(preset, about=str(ABOUT.parse(about)))
    if fade is not None:
        preset = replace(preset, fade_s=float(FADE.parse(fade)))
    if not preset.settings:
        raise UsageError(f"{name} would change nothing: say what, --set NAME=VALUE")
    typer.echo(write_preset(preset, presets))


@preset_app.command()
def delete(name: NameArgument, presets: PresetsOption) -> None:
    """Put a preset of your own away; its file stays beside the others, as `.bak`."""
    typer.echo(withdraw_preset(name, presets))


@preset_app.command()
def path(presets: PresetsOption) -> None:
    """Say where your own presets lie."""
    typer.echo(presets)


def _path(name: str, presets: Path) -> Path:
    """Return the file a preset was read from: a faulty one of one's own was not."""
    bundled = bundled_folder() / f"{name}.toml"
    own = presets / bundled.name
    return bundled if _whose(name, presets) == "bundled" else own


def _whose(name: str, presets: Path) -> str:
    try:
        read_preset(presets / f"{name}.toml")
    except FaultyFileError:
        return "bundled"
    return "yours, not the bundled" if (bundled_folder() / f"{name}.toml").exists() else "yours"


def _record(preset: Preset, presets: Path) -> dict[str, object]:
    return {
        "name": preset.name,
        "about": preset.about,
        "fade": preset.fade_s,
        "file": str(_path(preset.name, presets)),
        "set": dict(preset.settings),
    }


def _tell(faults: Iterable[Fault]) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for fault in faults:
        console.print(str(fault), style="bold yellow", markup=False)
