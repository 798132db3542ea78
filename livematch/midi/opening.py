"""Opening what a show is played with, by name."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from livematch.clock import Clock
from livematch.control.commands import Command
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.midi.maps import WatchedMap, load_map
from livematch.midi.ports import Ports, SystemPorts
from livematch.midi.recording import SUFFIXES, Recording
from livematch.midi.surface import Controller, Surface


def open_surfaces(
    names: Sequence[str],
    named_map: Path | None,
    submit: Callable[[Command], None],
    clock: Clock,
    params: Params,
    *,
    offline: bool = False,
    open_ports: Callable[[], Ports] = SystemPorts,
) -> tuple[Surface, ...]:
    """Open controllers by part of their name, and recordings of some by their file.

    UsageError when one is not there or the map is wrong; then none stays open.
    """
    if not names:
        return ()
    midi_map = load_map(named_map)
    surfaces: list[Surface] = []
    with ExitStack() as opened:
        for name in names:
            if name.lower().endswith(SUFFIXES):
                surfaces.append(Recording(Path(name), midi_map, submit, clock, params))
                continue
            if offline:
                raise UsageError(
                    f"MIDI port {name!r} plays only live; offline, name a MIDI file: part.mid"
                )
            watched = WatchedMap(named_map)
            controller = Controller(name, open_ports(), midi_map, submit, clock, params, watched)
            opened.callback(controller.close)
            controller.open()
            controller.start()
            surfaces.append(controller)
        opened.pop_all()
    return tuple(surfaces)
