"""The message monitor: what came in last, from whom, and what became of it."""

from collections import deque
from enum import StrEnum
from typing import NamedTuple

from livematch.osc.inbox import Sender
from livematch.osc.space import Arg

KEPT = 200


class Verdict(StrEnum):
    """What became of a message."""

    DONE = "done"
    RELEASED = "released"  # a button let go: nothing to do
    REPEATED = "repeated"  # the same trigger twice within a moment is one
    REFUSED = "refused"


class Heard(NamedTuple):
    """One message that came in."""

    at_s: float
    sender: Sender
    path: str
    args: tuple[Arg, ...]
    verdict: Verdict
    reason: str = ""

    def __str__(self) -> str:
        """Write it in a line."""
        args = " ".join(repr(arg) if isinstance(arg, str) else f"{arg}" for arg in self.args[:4])
        host, port = self.sender
        said = " ".join(filter(None, (f"{host}:{port}", self.path[:60], args[:60])))
        return f"{said}: {self.verdict}" + (f", {self.reason}" if self.reason else "")


class Monitor:
    """Keeps the newest messages, and the newest refusals beside them. One writer; any reader."""

    def __init__(self) -> None:
        self._all: deque[Heard] = deque(maxlen=KEPT)
        self._refused: deque[Heard] = deque(maxlen=KEPT)
        self.counts: dict[Verdict, int] = dict.fromkeys(Verdict, 0)

    def note(self, heard: Heard) -> None:
        """Take note of one message."""
        self.counts[heard.verdict] += 1
        self._all.append(heard)
        if heard.verdict is Verdict.REFUSED:
            self._refused.append(heard)

    def newest(self, count: int = KEPT) -> tuple[Heard, ...]:
        """Return the last messages, oldest first."""
        return tuple(self._all)[-count:]

    def refused(self, since_s: float, count: int = 3) -> tuple[Heard, ...]:
        """Return the last refusals that are not older than `since_s`, oldest first."""
        fresh = tuple(heard for heard in tuple(self._refused) if heard.at_s >= since_s)
        return fresh[-count:]
