"""`livematch keys`: what the keyboard does, from the table the window uses."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.control.keys import KEYS, describe_key


def keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """List the keys of the show's window."""
    if as_json:
        typer.echo(json.dumps({key: describe_key(key) for key in KEYS}, indent=2))
        return
    table = Table("key", "what it does", box=None, header_style="dim")
    for key in KEYS:
        table.add_row(key.lower(), describe_key(key))
    Console().print(table)
