"""The commands, and how their faults are told."""

import logging
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

import livematch
from livematch.cli.archive import archive_app
from livematch.cli.bench import bench
from livematch.cli.compile import compilation
from livematch.cli.credits import list_credits
from livematch.cli.cues import cues
from livematch.cli.demo import demo
from livematch.cli.devices import devices
from livematch.cli.find import find
from livematch.cli.grid import grid
from livematch.cli.index import index
from livematch.cli.keys import keys
from livematch.cli.midi import midi_app
from livematch.cli.osc import osc
from livematch.cli.play import play
from livematch.cli.preset import preset_app
from livematch.cli.reinterpret import reinterpret
from livematch.cli.replay import replay
from livematch.cli.touchosc import touchosc
from livematch.errors import LivematchError

app = typer.Typer(
    name="livematch",
    help="Play a film archive with a camera.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "index": index,
    "play": play,
    "replay": replay,
    "credits": list_credits,
    "reinterpret": reinterpret,
    "grid": grid,
    "compile": compilation,
    "find": find,
    "cues": cues,
    "devices": devices,
    "keys": keys,
    "osc": osc,
    "touchosc": touchosc,
    "bench": bench,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
app.add_typer(archive_app, name="archive")
app.add_typer(midi_app, name="midi")
app.add_typer(preset_app, name="preset")


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
