"""`livematch osc`: the whole address space; and a monitor of what is sent."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.cli.options import JsonOption, OscAllowOption, OscListenOption, OscPortOption
from livematch.clock import SystemClock
from livematch.control.commands import Command
from livematch.errors import UsageError
from livematch.osc.monitor import Heard, Verdict
from livematch.osc.port import OscPort
from livematch.osc.space import SPACE, Address, Kind

HEADINGS = {
    Kind.PARAMETER: "parameters, heard and told",
    Kind.TRIGGER: "triggers, heard: alone or with any number but 0",
    Kind.COMMAND: "commands, heard",
    Kind.STATUS: "what is happening, told",
}
LONGEST = max(len(row.path) for row in SPACE if not row.is_position)
STYLES = {Verdict.REFUSED: "bold red", Verdict.REPEATED: "yellow", Verdict.RELEASED: "dim"}


def osc(
    as_json: JsonOption = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as Markdown tables.")
    ] = False,
    monitor: Annotated[
        bool, typer.Option("--monitor", help="Listen instead, and show what is sent, until Ctrl-C.")
    ] = False,
    osc_port: OscPortOption = 7000,
    osc_listen: OscListenOption = "127.0.0.1",
    osc_allow: OscAllowOption = [],  # noqa: B006 - typer copies it
) -> None:
    """List all that OSC can say and hear; or watch what is sent."""
    if as_json + markdown + monitor > 1:
        raise UsageError("--json, --markdown and --monitor: choose one")
    if monitor:
        _watch(osc_port, osc_listen, tuple(osc_allow))
    elif as_json:
        typer.echo(json.dumps([as_document(row) for row in SPACE], indent=2, ensure_ascii=False))
    elif markdown:
        typer.echo(as_markdown())
    else:
        _print()


def as_document(row: Address) -> dict[str, object]:
    """Return one row as plain values; what it does not have is left out."""
    document = {
        "path": row.path,
        "kind": str(row.kind),
        "types": row.types,
        "access": str(row.access),
        "help": row.help,
        "low": row.low,
        "high": row.high,
        "choices": list(row.choices),
        "unit": row.unit,
        "default": row.spec.default if row.spec and not row.is_position else None,
    }
    return {name: value for name, value in document.items() if value not in (None, [], "")}


def as_markdown() -> str:
    """Return the address space as Markdown, a table for each kind."""
    lines: list[str] = []
    for kind, heading in HEADINGS.items():
        lines += [f"**{heading[0].upper()}{heading[1:]}**", ""]
        lines += ["| address | type | allowed | what it does |", "|---|---|---|---|"]
        for row in _shown(kind):
            allowed = row.allowed.replace("|", "\\|")
            lines.append(f"| `{row.path}` | {row.types} | {allowed} | {row.help} |")
        lines.append("")
    lines.append(_note())
    return "\n".join(lines)


def _print() -> None:
    console = Console(highlight=False, markup=False)
    for kind, heading in HEADINGS.items():
        console.print(f"\n{heading}", style="bold")
        table = Table(box=None, header_style="dim", expand=True)
        table.add_column("address", width=LONGEST)  # cut off, it would be of no use
        table.add_column("type", width=4)
        table.add_column("allowed", ratio=2)
        table.add_column("what it does", ratio=3)
        for row in _shown(kind):
            table.add_row(row.path, row.types, row.allowed, row.help)
        console.print(table)
    console.print(f"\n{_note()}")


def _shown(kind: Kind) -> list[Address]:
    """Return the rows of a kind; that each has its position form is said once."""
    return [row for row in SPACE if row.kind is kind and not row.is_position]


def _note() -> str:
    return (
        "Every parameter but texts also has …/position, 0 to 1: its place in the range. "
        'Sent "+" or "-" it moves by a step, sent "?" or nothing it is told. '
        "A number names a choice, from 0. /livematch/preset/<name> recalls a preset, "
        "/livematch/lens/use/<name> takes a lens."
    )


def _watch(port: int, listen: str, allow: tuple[str, ...]) -> None:
    """Show each message and its verdict as they come."""
    console = Console(highlight=False, markup=False)
    clock = SystemClock()
    listener = OscPort(_ignore, clock, listen=listen, port=port, allow=allow)
    listener.monitor.listen(lambda heard: _show(console, heard))
    host, number = listener.address
    console.print(f"listening on {host} port {number}; Ctrl-C ends", style="dim")
    try:
        listener.start()
        while True:
            clock.wait_until(clock.now() + 1.0)
    except KeyboardInterrupt:
        console.print(", ".join(f"{n} {v}" for v, n in listener.monitor.counts.items() if n))
    finally:
        listener.close()


def _show(console: Console, heard: Heard) -> None:
    console.print(str(heard), style=STYLES.get(heard.verdict, ""), soft_wrap=True)


def _ignore(command: Command) -> None:
    """Do nothing: nobody plays."""
    del command
