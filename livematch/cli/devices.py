"""`livematch devices`: what is connected, by the names the other commands take."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.devices import Devices, list_devices


def devices(
    json: Annotated[bool, typer.Option("--json", help="Print it for other programs.")] = False,
) -> None:
    """List cameras, displays, sound inputs and execution providers."""
    found = list_devices()
    if json:
        typer.echo(found.as_json())
    else:
        show(found, Console())


def show(found: Devices, console: Console) -> None:
    """Print one table a group, or why there is none."""
    _table(
        console,
        "Cameras (--camera takes the number, or any part of the stable name)",
        ("#", "name", "stable name", "path"),
        ((str(c.index), c.name, c.stable, c.path) for c in found.cameras),
        found.notes.get("cameras"),
    )
    _table(
        console,
        "Displays",
        ("#", "name", "size", "place", "rate"),
        (
            (
                str(d.index),
                d.name,
                f"{d.width}×{d.height}",
                f"{d.x}, {d.y}",
                f"{d.rate_hz:g} Hz" if d.rate_hz else "unknown",
            )
            for d in found.displays
        ),
        found.notes.get("displays"),
    )
    _table(
        console,
        "Sound inputs (--sound takes the number, any part of the name, or default)",
        ("#", "name", "channels", "rate", "latency", ""),
        (
            (
                str(s.index),
                s.name,
                str(s.channels),
                f"{s.rate_hz:g} Hz",
                f"{s.latency_ms:g} ms",
                "used when none is named" if s.usual else "",
            )
            for s in found.sounds
        ),
        found.notes.get("sounds"),
    )
    _table(
        console,
        "Execution providers in this ONNX Runtime (one without its hardware falls back to the CPU)",
        ("name",),
        ((name,) for name in found.providers),
        found.notes.get("providers"),
    )


def _table(
    console: Console,
    title: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    note: str | None,
) -> None:
    console.print(f"[bold]{title}[/bold]")
    if note:
        console.print(f"  {note}", markup=False)
    else:
        table = Table(*columns, box=None, pad_edge=True, header_style="dim")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print()
