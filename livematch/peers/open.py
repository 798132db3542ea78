"""Opening the other instruments that a show plays along with."""

from typing import Protocol

from livematch.clock import Clock
from livematch.control.state import Control
from livematch.peers.abletonport import AbletonPort
from livematch.peers.link import LinkPort


class Peer(Protocol):
    """Another instrument: heard on a thread of its own between `start` and `close`."""

    @property
    def name(self) -> str:
        """Who it is, in a word or two."""
        ...

    @property
    def warning(self) -> str | None:
        """What the performer should know; None when all is well. Any thread."""
        ...

    @property
    def counters(self) -> dict[str, int]:
        """What went wrong so far, by name. Any thread."""
        ...

    def start(self) -> None:
        """Begin to listen."""
        ...

    def close(self) -> None:
        """Take leave."""
        ...


def open_peers(
    control: Control, clock: Clock, *, ableton: str | None = None, link: bool = False
) -> tuple[Peer, ...]:
    """Open those asked for, without listening yet; UsageError says what stands against it."""
    peers: list[Peer] = []
    if link:
        peers.append(LinkPort(control.submit, clock, lambda: control.params.beats_per_bar))
    if ableton is not None:
        peers.append(AbletonPort(ableton, control.submit, clock))
    return tuple(peers)
