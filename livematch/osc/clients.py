"""Who is told what happens: a bounded list of hosts and ports, and what each has been told."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from livematch.osc.inbox import Sender
from livematch.osc.space import Arg

MOST_CLIENTS = 16
MOST_SENDERS = 256
SILENT_S = 600.0  # who never said hello and has not moved anything for so long has gone
SILENT_HELLO_S = 24 * 3600.0  # who said hello may only be looking
MOST_REFUSALS = 3  # a host that answers "nobody here" so many times in a row means it
SHUNNED_S = 10.0


@dataclass(slots=True, eq=False)  # one is itself, whatever it has been told
class Client:
    """One who is told. `source` is where its own messages come from.

    `holds` is what it shows as far as is known: what it was told last or sent itself. `wanted` are
    paths that it asked for. The times are those of the show's clock.
    """

    address: Sender
    source: Sender
    said_hello: bool
    heard_s: float
    refusals: int = 0
    holds: dict[str, Arg] = field(default_factory=dict)
    told_s: dict[str, float] = field(default_factory=dict)
    moved_s: dict[str, float] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)


class Clients:
    """The list of them. One thread."""

    def __init__(self, reply_port: int) -> None:
        self._reply_port = reply_port
        self._by_address: dict[Sender, Client] = {}
        self._of: dict[Sender, list[Client]] = {}  # looked up for every message
        self._shunned_until_s: dict[str, float] = {}

    def __iter__(self) -> Iterator[Client]:
        return iter(tuple(self._by_address.values()))

    def __len__(self) -> int:
        return len(self._by_address)

    def of(self, sender: Sender) -> list[Client]:
        """Return the clients behind a sender: those that send from there, else all of its host."""
        known = self._of.get(sender)
        if known is None:
            if len(self._of) >= MOST_SENDERS:
                self._of.clear()
            known = self._of[sender] = self._found(sender)
        return known

    def _found(self, sender: Sender) -> list[Client]:
        exact = [client for client in self if client.source == sender]
        return exact or [client for client in self if client.source[0] == sender[0]]

    def hello(self, sender: Sender, port: int | None, now: float) -> Client:
        """Register a sender at its port, as if for the first time; the most silent makes room."""
        client = Client((sender[0], port or self._reply_port), sender, True, now)
        return self._add(client)

    def heard(self, sender: Sender, now: float) -> tuple[list[Client], bool]:
        """Note that a sender is there, and return its clients, and whether they are new.

        A host that has not said hello is told at the port agreed beforehand.
        """
        known = self.of(sender)
        for client in known:
            client.heard_s = now
        if known or self._shunned_until_s.get(sender[0], now) > now:
            return known, False
        return [self._add(Client((sender[0], self._reply_port), sender, False, now))], True

    def _add(self, client: Client) -> Client:
        self._of.clear()
        self._by_address.pop(client.address, None)
        if len(self._by_address) >= MOST_CLIENTS:
            longest = min(self._by_address.values(), key=lambda c: (c.said_hello, c.heard_s))
            del self._by_address[longest.address]
        self._by_address[client.address] = client
        return client

    def refused(self, client: Client, now: float) -> bool:
        """Note that nobody listens there; True when it is forgotten for that."""
        client.refusals += 1
        if client.refusals < MOST_REFUSALS:
            return False
        self._remove(client)
        if len(self._shunned_until_s) >= 4 * MOST_CLIENTS:
            self._shunned_until_s.clear()
        self._shunned_until_s[client.address[0]] = now + SHUNNED_S
        return True

    def forget_silent(self, now: float) -> None:
        """Forget who has not been heard of for long."""
        for client in self:
            allowed_s = SILENT_HELLO_S if client.said_hello else SILENT_S
            if now - client.heard_s > allowed_s:
                self._remove(client)

    def _remove(self, client: Client) -> None:
        self._of.clear()
        self._by_address.pop(client.address, None)
