"""MIDI ports: the machine's own, through python-rtmidi, and their twin in memory.

rtmidi's bytes are taken as they are: a message object of mido's for each takes 6 µs of the
interpreter, and its ports listen to system exclusive messages of any length.
"""

import importlib
import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any, Protocol

from livematch.errors import UsageError

VIRTUAL = "virtual"
OWN_NAME = "livematch"
_PLACE = re.compile(r" \d+(:\d+)?$")  # ALSA and Windows end names with where it is plugged in
_DIRECTION = re.compile(r"(in|out)(put)?|capture|playback")

Hear = Callable[[Sequence[int]], None]
"""Is given the bytes of each whole message, on whichever thread the system has for it."""


class Port(Protocol):
    """One open port, for either direction."""

    def send(self, data: bytes) -> None:
        """Send one message; OSError when the device has gone. One thread."""
        ...

    def close(self) -> None:
        """Let it go: nothing is heard any more. Never raises."""
        ...


class Ports(Protocol):
    """What there is to play with, and how it is opened. One thread."""

    def inputs(self) -> tuple[str, ...]:
        """Return the names of what can be heard just now; OSError when nobody can tell."""
        ...

    def outputs(self) -> tuple[str, ...]:
        """Return the names of what can be told something; OSError when nobody can tell."""
        ...

    def open_input(self, name: str, hear: Hear) -> Port:
        """Begin to hear; OSError when it cannot be opened."""
        ...

    def open_output(self, name: str) -> Port:
        """Open a port to send to; OSError when it cannot be opened."""
        ...

    def close(self) -> None:
        """Let the machine's MIDI go."""
        ...


def find_port(wanted: str, names: Sequence[str]) -> str | None:
    """Return the port meant by a number, its name or a part of that; None when it is not there.

    UsageError when a part fits several.
    """
    if wanted.isdecimal():
        return names[int(wanted)] if int(wanted) < len(names) else None
    if wanted in names:
        return wanted
    found = [name for name in dict.fromkeys(names) if wanted.casefold() in name.casefold()]
    if len(found) > 1:
        raise UsageError(f"MIDI port {wanted!r} could be any of: {', '.join(found)}")
    return found[0] if found else None


def find_again(name: str, names: Sequence[str]) -> str | None:
    """Return a port that was unplugged and is back, perhaps at another place; None until then."""
    if name in names:
        return name
    without = _PLACE.sub("", name)
    return next((other for other in names if _PLACE.sub("", other) == without), None)


def find_answering(name: str, outputs: Sequence[str]) -> str | None:
    """Return the output that belongs to an input, as devices are named; None without one."""
    again = find_again(name, outputs)
    return again or next((other for other in outputs if _device(other) == _device(name)), None)


def _device(name: str) -> str:
    """Return what is the same in the names of a device's two directions: "Pad IN", "Pad OUT"."""
    return _DIRECTION.sub("", _PLACE.sub("", name.casefold()))


class SystemPorts:
    """The machine's ports. UsageError says which extra is missing, or why there is no MIDI."""

    def __init__(self) -> None:
        self._rtmidi = _import_rtmidi()
        self._in, self._api = self._first()
        self._out = self._new(self._rtmidi.MidiOut)

    def inputs(self) -> tuple[str, ...]:
        """Return the names of what can be heard just now; OSError when nobody can tell."""
        return tuple(_attempt(self._in.get_ports))

    def outputs(self) -> tuple[str, ...]:
        """Return the names of what can be told something just now; OSError when nobody can."""
        return tuple(_attempt(self._out.get_ports))

    def open_input(self, name: str, hear: Hear) -> Port:
        """Begin to hear on rtmidi's thread; OSError when it cannot be opened."""
        port = _SystemPort(self._new(self._rtmidi.MidiIn))
        port.open(name)
        port.listen(hear)
        return port

    def open_output(self, name: str) -> Port:
        """Open a port to send to; OSError when it cannot be opened."""
        port = _SystemPort(self._new(self._rtmidi.MidiOut))
        port.open(name)
        return port

    def close(self) -> None:
        """Let the machine's MIDI go."""
        self._in.delete()
        self._out.delete()

    def _first(self) -> tuple[Any, int]:
        """Return a device of the first system of MIDI that is there, such as ALSA, then JACK."""
        faults = []
        for api in self._rtmidi.get_compiled_api():
            try:
                return _attempt(partial(self._rtmidi.MidiIn, api, OWN_NAME)), api
            except OSError as error:
                faults.append(str(error))
        raise UsageError(f"there is no MIDI on this machine: {' '.join(faults)}")

    def _new(self, kind: Any) -> Any:
        return _attempt(partial(kind, self._api, OWN_NAME))


class _SystemPort:
    """One of rtmidi's ports, whose errors are OSErrors."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def open(self, name: str) -> None:
        try:
            if name == VIRTUAL:
                _attempt(lambda: self._device.open_virtual_port(OWN_NAME))
            else:  # a name that has gone meanwhile is a ValueError here
                place = _attempt(lambda: self._device.get_ports().index(name))
                _attempt(lambda: self._device.open_port(place, OWN_NAME))
        except OSError:
            self.close()
            raise

    def listen(self, hear: Hear) -> None:
        self._device.ignore_types(sysex=True, timing=False, active_sense=True)
        self._device.set_callback(lambda event, _: hear(event[0]))

    def send(self, data: bytes) -> None:
        _attempt(lambda: self._device.send_message(data))

    def close(self) -> None:
        try:
            self._device.close_port()
            self._device.delete()
        except Exception:  # noqa: BLE001, S110 - it is gone, which is all that was wanted
            pass


def _attempt(call: Callable[[], Any]) -> Any:
    """Return what rtmidi gives; it raises classes of its own and several of Python's."""
    try:
        return call()
    except Exception as error:
        raise OSError(str(error)) from error


def _import_rtmidi() -> ModuleType:
    try:
        return importlib.import_module("rtmidi")
    except ImportError:
        raise UsageError(
            "MIDI needs the package python-rtmidi: pip install 'livematch[midi]'"
        ) from None


class PortsInMemory:
    """The twin of a machine's ports: devices that a test plugs in, plays and unplugs.

    `sent` is what each device was told last, oldest first. `is_broken` lets nothing be opened.
    """

    def __init__(self, *names: str, speechless: bool = False) -> None:
        self._names = list(names)
        self._speechless = speechless
        self._hearing: dict[str, Hear] = {}
        self.sent: dict[str, deque[bytes]] = {}
        self.opened: list[str] = []
        self.is_broken = False

    def plug(self, name: str) -> None:
        """Bring a device."""
        self._names.append(name)

    def unplug(self, name: str) -> None:
        """Take it away: it is silent, and what is sent to it fails."""
        self._names.remove(name)
        self._hearing.pop(name, None)

    def play(self, name: str, *messages: Sequence[int]) -> None:
        """Have a device send something; nobody hears it unless the port is open."""
        for data in messages:
            if name in self._hearing:
                self._hearing[name](data)

    def inputs(self) -> tuple[str, ...]:
        """Return the devices."""
        return tuple(self._names)

    def outputs(self) -> tuple[str, ...]:
        """Return the devices, if they can be told anything."""
        return () if self._speechless else tuple(self._names)

    def open_input(self, name: str, hear: Hear) -> Port:
        """Begin to hear a device, on the thread of `play`."""
        self._open(name)
        self.opened.append(name)
        self._hearing[name] = hear
        return _PortInMemory(self, name, is_input=True)

    def open_output(self, name: str) -> Port:
        """Open a device to send to."""
        self._open(name)
        self.sent.setdefault(name, deque(maxlen=10_000))
        return _PortInMemory(self, name, is_input=False)

    def close(self) -> None:
        """Nothing to let go."""

    def tell(self, name: str, data: bytes) -> None:
        """Take what is sent to a device; OSError when it is unplugged."""
        if name != VIRTUAL and name not in self._names:
            raise OSError(f"{name} is unplugged")
        self.sent[name].append(data)

    def leave(self, name: str) -> None:
        """Hear a device no more."""
        self._hearing.pop(name, None)

    def _open(self, name: str) -> None:
        if self.is_broken or (name != VIRTUAL and name not in self._names):
            raise OSError(f"{name} cannot be opened")


class _PortInMemory:
    def __init__(self, ports: PortsInMemory, name: str, *, is_input: bool) -> None:
        self._ports = ports
        self._name = name
        self._is_input = is_input

    def send(self, data: bytes) -> None:
        self._ports.tell(self._name, data)

    def close(self) -> None:
        if self._is_input:
            self._ports.leave(self._name)
