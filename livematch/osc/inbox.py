"""Raw datagrams between two looks at them: of a fader's, only the newest is worth reading."""

import functools
from typing import NamedTuple

from livematch.osc.packets import encode
from livematch.osc.space import SPACE, Access, Address, Kind

Sender = tuple[str, int]
"""Host and port."""

ABSOLUTE = (
    "f",
    "i",
    "T",
    "F",
    "d",
    "h",
)  # one of these sets a value and does not depend on the last


class Datagram(NamedTuple):  # made 20,000 times a second in a flood: four times as fast
    """What came in, from whom, when; `row` where it is one value for one parameter."""

    data: bytes
    sender: Sender
    at_s: float
    row: Address | None = None


CROWDED = 32  # datagrams from which on only the newest are read


class Inbox:
    """Collects datagrams and keeps their order. One thread.

    While few wait, all are kept: the last may be out of range and the one before it not. In a
    crowd a value for a parameter takes the place of the one before it, unless something came
    between that might not be a value: a trigger, a nudge, a wildcard, a bundle. So triggers are
    all kept, and saving a preset saves what had been set by then.
    """

    def __init__(self) -> None:
        self._queue: list[Datagram | None] = []
        self._newest: dict[str, int] = {}
        self.coalesced = 0

    def put(self, data: bytes, sender: Sender, at_s: float) -> None:
        """Take one datagram in, without reading more of it than its first bytes."""
        row = headers().get(data[: data.find(b",") + 4])
        if row is None:
            self._newest.clear()
        else:
            before = self._newest.get(row.path)
            if before is not None and len(self._queue) >= CROWDED:
                self._queue[before] = None
                self.coalesced += 1
            self._newest[row.path] = len(self._queue)
        self._queue.append(Datagram(data, sender, at_s, row))

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to take."""
        return bool(self._queue)

    def take(self) -> list[Datagram]:
        """Return what is to be read, in order, and start afresh."""
        taken = [datagram for datagram in self._queue if datagram is not None]
        self._queue, self._newest = [], {}
        return taken


@functools.cache
def headers() -> dict[bytes, Address]:
    """Return the rows that take one absolute value, by how such a message begins.

    A short path sets the same switch as its long one: it is left out, for its order matters.
    """
    return {
        encode(row.path)[:-4] + f",{tag}".encode().ljust(4, b"\0"): row
        for row in SPACE
        if row.kind is Kind.PARAMETER and row.access is Access.BOTH
        for tag in ABSOLUTE
    }
