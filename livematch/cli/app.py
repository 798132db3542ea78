"""The commands, and how their faults are told."""

import logging
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command, get_group

import livematch
from livematch.errors import LivematchError

COMMANDS = {
    "demo": "demo:demo",
    "index": "index:index",
    "play": "play:play",
    "replay": "replay:replay",
    "credits": "credits:list_credits",
    "reinterpret": "reinterpret:reinterpret",
    "grid": "grid:grid",
    "compile": "compile:compilation",
    "find": "find:find",
    "cues": "cues:cues",
    "devices": "devices:devices",
    "keys": "keys:keys",
    "osc": "osc:osc",
    "touchosc": "touchosc:touchosc",
    "bench": "bench:bench",
    "archive": "archive:archive_app",
    "lens": "lens:lens_app",
    "midi": "midi:midi_app",
    "preset": "preset:preset_app",
}
"""Each command's module in this room, and what it is called there."""

_SETTINGS = {"help_option_names": ["-h", "--help"]}


class Commands(TyperGroup):
    """The commands, each imported when it is asked for: all of them take a second of a start."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: dict[str, Any] = dict.fromkeys(COMMANDS)  # for help, and the nearest name

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import a command and return it; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"livematch.cli.{module}"), name)
        alone = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=_SETTINGS)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=cmd_name)
            return get_group(alone).commands[cmd_name]
        alone.command(cmd_name)(found)
        return get_command(alone)


app = typer.Typer(
    name="livematch",
    cls=Commands,
    help="Play a film archive with a camera.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_SETTINGS,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livematch {livematch.__version__}")
        raise typer.Exit


@app.callback()
def _every_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens.")] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def main() -> None:
    """Run the command line; a fault that is the user's to mend is one message and status 2."""
    try:
        app()
    except LivematchError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            "livematch:", str(error), style="bold red", markup=False
        )
        sys.exit(2)
