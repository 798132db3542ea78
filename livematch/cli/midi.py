"""`livematch midi`: which controllers there are, what they send, and what that does."""

import json
import queue
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from livematch.cli.options import JsonOption
from livematch.clock import SystemClock
from livematch.control.commands import Command, Jump, Recall, Tap, UseLens
from livematch.control.handwritten import read_handwritten
from livematch.control.keys import describe
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.midi.hand import Hand
from livematch.midi.learn import Recogniser, with_learned
from livematch.midi.mapfile import parse_map
from livematch.midi.mapping import Encoder, Fader, Keys, Press, Row, Switch, parse_target
from livematch.midi.maps import find_map, load_map, own_map
from livematch.midi.ports import VIRTUAL, SystemPorts, find_port
from livematch.midi.recording import SUFFIXES, read_recording
from livematch.midi.wire import read

midi_app = typer.Typer(
    help="Play with a MIDI controller.", no_args_is_help=True, rich_markup_mode=None
)
WAITING = 1024  # messages kept while the terminal is busy; more are dropped
PATIENCE_S = 0.1  # so often is Ctrl-C heard

PortOption = Annotated[
    str, typer.Option("--port", "-p", help="Part of its name, a number, `virtual`, a MIDI file.")
]
MapOption = Annotated[
    Path | None, typer.Option("--midi-map", "-m", help="The map, if not the usual one.")
]


@midi_app.command("list")
def list_ports(as_json: JsonOption = False) -> None:
    """List the MIDI ports, by the names that --midi and --port take."""
    ports = SystemPorts()
    try:
        found = {"inputs": ports.inputs(), "outputs": ports.outputs()}
    except OSError as error:
        raise UsageError(f"the MIDI ports cannot be listed: {error}") from None
    finally:
        ports.close()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for title, names in found.items():
        typer.echo(title if names else f"{title}: none")
        for number, name in enumerate(names):
            typer.echo(f"  {number}  {name}")


@midi_app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="A map; without one, the usual.")] = None,
) -> None:
    """Check a map, and list what it does."""
    path = find_map(file)
    table = Table("what moves", "what it does", box=None, header_style="dim")
    for row in load_map(path).rows:
        table.add_row(str(row), describe_row(row))
    console = Console()
    console.print(f"{path}:", markup=False, soft_wrap=True)
    console.print(table)


@midi_app.command()
def monitor(
    port: PortOption,
    midi_map: MapOption = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="End by itself after so many seconds.")
    ] = None,
) -> None:
    """Show what a controller sends, and what each movement would do."""
    mapped = load_map(midi_map)
    hand = Hand(mapped)
    for data in hear(port, seconds):
        message = read(data)
        if message is None:
            typer.echo(bytes(data[:16]).hex(" ") + (" …" if len(data) > 16 else ""))
            continue
        number = hand.find(message)
        does = "nothing" if number is None else describe_row(mapped.rows[number])
        typer.echo(f"{message}: {does}")


@midi_app.command()
def learn(
    target: Annotated[
        str, typer.Argument(help="What it is to do: fade, 'screen camera', next, 'pick 3', tap.")
    ],
    port: PortOption,
    midi_map: MapOption = None,
    momentary: Annotated[
        bool, typer.Option("--momentary", help="A switch is on only while the button is pressed.")
    ] = False,
) -> None:
    """Wait for a control to be moved, and map it; the map as it was is kept beside it."""
    does = parse_target(target) | ({"button": "momentary"} if momentary else {})
    path = midi_map or own_map()
    former = read_handwritten(path if path.exists() else find_map())
    parse_map(path, former)  # a broken map is told now, not after everything was moved
    recogniser = Recogniser(does)
    typer.echo(f"{recogniser.asks_for} that is to do: {target}")
    moves = _moved(port, recogniser)
    learned = with_learned(path, former, moves, does)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        write_whole(path.with_name(f"{path.name}.bak"), former)
    write_whole(path, learned)
    told = ", ".join(f"{key} {value}" for key, value in moves.items() if value is not True)
    typer.echo(f"{told}: {target}; written to {path}")


def _moved(port: str, recogniser: Recogniser) -> Keys:
    for data in hear(port):
        message = read(data)
        moves = None if message is None else recogniser.hear(message)
        if moves is not None:
            return moves
    raise UsageError(f"nothing that was moved on {port} can do that: {recogniser.asks_for}")


def describe_row(row: Row) -> str:
    """Say in words what a movement does."""
    match row.does:
        case Fader(name):
            return f"{name}, by its place"
        case Encoder(name):
            return f"{name}, by its steps"
        case Switch(name, button):
            return f"{name}, {button}"
        case Press(command):
            return _describe_press(command)


def _describe_press(command: Command) -> str:
    match command:
        case Tap():
            return "a tap of the tempo"
        case Recall(preset):
            return f"preset {preset}"
        case UseLens(lens):
            return f"lens {lens}"
        case Jump(step):
            return f"step {step} of the cue list"
    return describe(command)


def hear(port: str, seconds: float | None = None) -> Iterator[Sequence[int]]:
    """Yield what a port sends, until Ctrl-C or so many seconds; or what a MIDI file holds."""
    if port.lower().endswith(SUFFIXES):
        yield from (data for _, data in read_recording(Path(port)))
        return
    arrived: queue.Queue[Sequence[int]] = queue.Queue(WAITING)

    def keep(data: Sequence[int]) -> None:
        with suppress(queue.Full):
            arrived.put_nowait(data)

    clock = SystemClock()
    until_s = None if seconds is None else clock.now() + seconds
    ports = SystemPorts()
    try:
        names = ports.inputs()
        name = VIRTUAL if port == VIRTUAL else find_port(port, names)
        if name is None:
            there = f"there are: {', '.join(names)}" if names else "there is none"
            raise UsageError(f"there is no MIDI port {port!r}; {there}")
        opened = ports.open_input(name, keep)
        try:
            while until_s is None or clock.now() < until_s:
                with suppress(queue.Empty):
                    yield arrived.get(timeout=PATIENCE_S)
        finally:
            opened.close()
    except OSError as error:
        raise UsageError(f"MIDI port {port!r} cannot be opened: {error}") from None
    finally:
        ports.close()
