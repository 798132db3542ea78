"""OSCQuery: the address space as JSON, and what is asked of it. Pure.

The proposal is Vidvox/OSCQueryProposal on GitHub; ossia, Chataigne, VDMX and others read it.
Places in a range (`…/position`) are not described: every parameter is described with its range,
and Chataigne takes an address that has others below it for a group without a value of its own.
"""

import functools
import json
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from livematch.osc.space import Access, Address, Arg, addresses

NAME = "livematch"
ACCESS = {Access.OUT: 1, Access.IN: 2, Access.BOTH: 3}
UNITS = {  # of the proposal's list; what is not there is left out
    "s": "time.second",
    "ms": "time.ms",
    "dB": "gain.db",
    "beats a minute": "time.bpm",
}
GROUPS = {"/": "livematch, an instrument that plays a film archive with a camera"}

Values = Mapping[str, Arg]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Host:
    """What is really bound: where OSC comes in, and the port of HTTP and WebSocket.

    `osc_ip` is None where OSC is heard on all addresses of the machine.
    """

    osc_ip: str | None
    osc_port: int
    port: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the HTTP status and its JSON."""

    status: HTTPStatus
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Node:
    """One address: a row of the address space, a container of others, or both."""

    path: str
    row: Address | None = None
    children: "dict[str, Node]" = field(default_factory=dict)


@functools.lru_cache(maxsize=4)
def nodes(presets: tuple[str, ...] = (), lenses: tuple[str, ...] = ()) -> dict[str, Node]:
    """Return every address by its path, containers included; not to be written to."""
    rows = {row.path: row for row in addresses(presets, lenses) if not row.is_position}
    found: dict[str, Node] = {"/": Node("/")}
    for path in rows:
        parent = found["/"]
        for name in path.strip("/").split("/"):
            below = f"{parent.path.rstrip('/')}/{name}"
            if below not in found:
                found[below] = parent.children[name] = Node(below, rows.get(below))
            parent = found[below]
    return found


def answer(
    target: str,
    values: Values,
    host: Host,
    presets: tuple[str, ...] = (),
    lenses: tuple[str, ...] = (),
) -> Reply:
    """Return what an HTTP GET of `target`, a path with an optional query, is answered with.

    Without a query the whole of an address and all below it; with the name of an attribute (or of
    several, joined by &) only that. 404: there is no such address; 400: no such attribute; 204: it
    has no value that could be read, or the attribute is never given here.
    """
    path, _, query = target.partition("#")[0].partition("?")
    wanted = [name.partition("=")[0].upper() for name in query.split("&") if name]
    if wanted == ["HOST_INFO"]:
        return _json(host_info(host))
    node = nodes(presets, lenses).get("/" + urllib.parse.unquote(path, errors="replace").strip("/"))
    if node is None:
        return Reply(HTTPStatus.NOT_FOUND)
    if not wanted:
        return _json(described(node, values))
    if not set(wanted) <= {*ATTRIBUTES, *OTHER_ATTRIBUTES, "FULL_PATH", "CONTENTS"}:
        return Reply(HTTPStatus.BAD_REQUEST)
    if OTHER_ATTRIBUTES & set(wanted) or ("VALUE" in wanted and not is_readable(node.row)):
        return Reply(HTTPStatus.NO_CONTENT)
    whole = described(node, values)
    return _json({name: whole[name] for name in wanted if name in whole})


def is_readable(row: Address | None) -> bool:
    """Whether an address has a value that is told."""
    return row is not None and row.access is not Access.IN


def described(node: Node, values: Values) -> Json:
    """Return an address with all its attributes, and all below it."""
    found: Json = {"FULL_PATH": node.path, "ACCESS": 0}
    if node.path in GROUPS:
        found["DESCRIPTION"] = GROUPS[node.path]
    if node.row is not None:
        for name, attribute in ATTRIBUTES.items():
            value = attribute(node.row, values)
            if value is not None:
                found[name] = value
    if node.children:
        found["CONTENTS"] = {
            name: described(child, values) for name, child in node.children.items()
        }
    return found


def host_info(host: Host) -> Json:
    """Return who answers here, where OSC comes in, and which attributes are given."""
    info: Json = {
        "NAME": NAME,
        "OSC_PORT": host.osc_port,
        "OSC_TRANSPORT": "UDP",
        "WS_PORT": host.port,
        "EXTENSIONS": {
            **{name: True for name in ATTRIBUTES if name != "TYPE"},
            **dict.fromkeys(("LISTEN", "PATH_CHANGED"), True),
        },
    }
    if host.osc_ip is not None:
        info["OSC_IP"] = host.osc_ip
    return info


def _value(row: Address, values: Values) -> list[Arg] | None:
    return [values[row.path]] if is_readable(row) and row.path in values else None


def _range(row: Address, _: Values) -> list[Json] | None:
    if row.choices:
        return [{"VALS": list(row.choices)}]
    number = int if row.types == "i" else float
    ends = (("MIN", row.low), ("MAX", row.high))
    limits: Json = {name: number(end) for name, end in ends if end is not None}
    return [limits] if limits else None


def _unit(row: Address, _: Values) -> list[str] | None:
    return [UNITS[row.unit]] if row.unit in UNITS else None


ATTRIBUTES: dict[str, Callable[[Address, Values], Any]] = {
    "TYPE": lambda row, _: row.types,
    "ACCESS": lambda row, _: ACCESS[row.access],
    "VALUE": _value,
    "RANGE": _range,
    "UNIT": _unit,
    "DESCRIPTION": lambda row, _: row.help,
}
OTHER_ATTRIBUTES = frozenset({"TAGS", "EXTENDED_TYPE", "CRITICAL", "CLIPMODE", "OVERLOADS", "HTML"})
"""The proposal's attributes that are never given here. CLIPMODE, since nothing is clipped: what
lies outside its range is refused."""


def _json(found: Json) -> Reply:
    return Reply(HTTPStatus.OK, json.dumps(found, separators=(",", ":")).encode())


# What a WebSocket client says


@dataclass(frozen=True, slots=True)
class Listen:
    """Tell me when this address changes."""

    path: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """No longer tell me."""

    path: str


def asked(
    text: str, presets: tuple[str, ...] = (), lenses: tuple[str, ...] = ()
) -> Listen | Ignore | str:
    """Read a text message of a client; a plain text is the reason why it is not taken."""
    try:
        message = json.loads(text)
        command, path = message["COMMAND"].upper(), message["DATA"]
        node = nodes(presets, lenses).get(path)
    except (ValueError, RecursionError):
        return "no JSON"
    except (AttributeError, KeyError, TypeError):
        return "no object with COMMAND and DATA, both of them text"
    if command == "IGNORE":
        return Ignore(path)
    if command != "LISTEN":
        return "no such command"
    return Listen(path) if node and is_readable(node.row) else "nothing is told there"


def path_changed(path: str) -> str:
    """Return the message that says that there is something else below an address now."""
    return json.dumps({"COMMAND": "PATH_CHANGED", "DATA": path})
