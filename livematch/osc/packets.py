"""Datagrams and what they say: Open Sound Control 1.0, read with limits and without raising.

Values are read and written by python-osc; the walk through messages and bundles is our own, for
what its reader does with a packet that is not well meant: a negative size keeps it in an endless
loop, bad UTF-8 and deep nesting raise, unknown types are logged one by one.
"""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pythonosc.parsing import osc_types

from livematch.osc.space import Arg

LARGEST_BYTES = 8192
MOST_MESSAGES = 512  # in one datagram
DEEPEST = 8  # bundles within bundles
MOST_ARGS = 64
LONGEST_PATH = 255  # characters

AT_ONCE = 1  # the timetag of a bundle that is meant for now
NTP_FRACTIONS = 2**32

_BUNDLE = b"#bundle\0"
_Read = Callable[[bytes, int], tuple[float | int, int]]
_NUMBERS: dict[str, _Read] = {
    "f": osc_types.get_float,
    "i": osc_types.get_int,
    "d": osc_types.get_double,
    "h": osc_types.get_int64,
}
_CONSTANTS: dict[str, Arg] = {"T": True, "F": False, "N": None}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `ntp_s` is when it is meant for, in seconds since 1900; None: at once."""

    path: str
    args: tuple[Arg, ...]
    ntp_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not taken; `path` where that could be read."""

    reason: str
    path: str = ""


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """What was read does not go on as it should."""

    def __init__(self, reason: str, path: str = "") -> None:
        self.refusal = Refusal(reason, path)


def decode(datagram: bytes) -> list[Message | Refusal]:
    """Return the messages of a datagram in order; what cannot be read is a Refusal in its place."""
    if len(datagram) > LARGEST_BYTES:
        return [Refusal(f"larger than {LARGEST_BYTES} bytes")]
    if datagram[:1] == b"/":  # nearly always
        return [_one(datagram, None)]
    found: list[Message | Refusal] = []
    try:
        for item in _walk(datagram, None, 0):
            if len(found) == MOST_MESSAGES:
                found.append(Refusal(f"more than {MOST_MESSAGES} messages in one packet"))
                break
            found.append(item)
    except _Unreadable as fault:
        found.append(fault.refusal)
    return found


def _walk(data: bytes, ntp_s: float | None, depth: int) -> Iterator[Message | Refusal]:
    if data[:8] != _BUNDLE:
        yield _one(data, ntp_s)  # what cannot be read: the others of its bundle may be whole
        return
    if depth == DEEPEST:
        raise _Unreadable(f"bundles nested deeper than {DEEPEST}")
    if len(data) < 16:
        raise _Unreadable("a bundle that ends within its timetag")
    ntp_s = _later(ntp_s, int.from_bytes(data[8:16]))
    at = 16
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], signed=True)
        at += 4
        if size <= 0 or size % 4 or at + size > len(data):
            raise _Unreadable("a bundle whose sizes do not add up")
        yield from _walk(data[at : at + size], ntp_s, depth + 1)
        at += size


def _one(data: bytes, ntp_s: float | None) -> Message | Refusal:
    try:
        return _message(data, ntp_s)
    except _Unreadable as fault:
        return fault.refusal


def _later(outer_s: float | None, timetag: int) -> float | None:
    """Return when a bundle is due: not before the one around it."""
    if timetag <= AT_ONCE:  # 0 is what some send for it
        return outer_s
    inner_s = timetag / NTP_FRACTIONS
    return inner_s if outer_s is None else max(outer_s, inner_s)


def _message(data: bytes, ntp_s: float | None) -> Message:
    if not data.startswith(b"/"):
        raise _Unreadable("neither a message nor a bundle" if data else "empty")
    path, at = _text(data, 0, "")
    if len(path) > LONGEST_PATH:
        raise _Unreadable(f"an address longer than {LONGEST_PATH} characters")
    if at == len(data):
        return Message(path, (), ntp_s)
    tags, at = _text(data, at, path)
    if not tags.startswith(","):
        raise _Unreadable("no type tags after the address", path)
    if len(tags) > MOST_ARGS + 1:
        raise _Unreadable(f"more than {MOST_ARGS} arguments", path)
    return Message(path, tuple(_arguments(data, at, tags[1:], path)), ntp_s)


def _arguments(data: bytes, at: int, tags: str, path: str) -> Iterator[Arg]:
    for tag in tags:
        if tag in _NUMBERS:
            number, at = _number(data, at, tag, path)
            yield number
        elif tag in "sS":
            text, at = _text(data, at, path)
            yield text
        elif tag in _CONSTANTS:
            yield _CONSTANTS[tag]
        elif tag != "I":  # an impulse says only that the message has come
            raise _Unreadable(f"an argument of type {tag!r}; taken are f i s d h T F N I", path)


def _number(data: bytes, at: int, tag: str, path: str) -> tuple[float | int, int]:
    if at + 4 > len(data):  # python-osc would fill a float up with zeros
        raise _Unreadable("cut off within an argument", path)
    try:
        number, after = _NUMBERS[tag](data, at)
    except osc_types.ParseError:
        raise _Unreadable("cut off within an argument", path) from None
    if not math.isfinite(number):
        raise _Unreadable("a number that is not finite", path)
    return number, after


def _text(data: bytes, at: int, path: str) -> tuple[str, int]:
    try:
        return osc_types.get_string(data, at)
    except UnicodeDecodeError:
        raise _Unreadable("text that is not UTF-8", path) from None
    except osc_types.ParseError:
        raise _Unreadable("cut off within a text", path) from None


def encode(path: str, args: tuple[Arg, ...] = ()) -> bytes:
    """Return a message as a datagram: f for floats, i for whole numbers, s, T, F and N."""
    tags, body = ",", b""
    for arg in args:
        tag, packed = _packed(arg)
        tags += tag
        body += packed
    return _padded(path) + _padded(tags) + body


def _packed(arg: Arg) -> tuple[str, bytes]:
    match arg:
        case None:
            return "N", b""
        case bool():
            return ("T" if arg else "F"), b""
        case int():
            return "i", osc_types.write_int(max(-(2**31), min(2**31 - 1, arg)))
        case float():
            return "f", osc_types.write_float(arg)
        case str():
            return "s", osc_types.write_string(_plain(arg))


def _plain(text: str) -> str:
    """Leave out what no text may hold: a zero would end it, half a surrogate is no letter."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


# paths and type tags come again and again
_padded = functools.lru_cache(maxsize=1024)(osc_types.write_string)
