"""What each client is told, and when: changes only, not too often, never to the moving hand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from livematch.control.params import Params
from livematch.osc.clients import Client, Clients
from livematch.osc.inbox import Sender
from livematch.osc.space import Address, Arg, by_path, told

LEAST_GAP_S = 1 / 30  # between two messages to one client at one path
MOVING_S = 0.3  # after its last message a hand has let go
UPDATE_S = 1 / 60  # how often to look for something to tell
MOST_AT_ONCE = 20  # messages to one client in one update: a full dump takes some of them
SAME = 1e-6  # what 32 bits leave of a number


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: the parameters as set, and by path what is happening."""

    params: Params
    statuses: Mapping[str, Arg]


@dataclass(frozen=True, slots=True)
class Telling:
    """One message to one client."""

    client: Client
    path: str
    value: Arg


class Feedback:
    """Decides who is told what. One thread."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._news: News | None = None
        self._values: dict[str, Arg] = {}

    def heard(self, sender: Sender, row: Address | None, args: tuple[Arg, ...], now: float) -> None:
        """Note that a sender moved something: it is not told of that until its hand rests."""
        clients, are_new = self._clients.heard(sender, now)
        for client in clients:
            if are_new:  # it did not ask for everything: only for what changes from here
                client.holds = dict(self._values)
            if row is None or row.spec is None:
                continue
            client.moved_s[row.spec.name] = now
            if len(args) == 1:
                client.holds[row.path] = args[0]

    def hello(self, sender: Sender, port: int | None, now: float) -> None:
        """Tell a sender everything, and from then on what changes."""
        self._clients.hello(sender, port, now)

    def sync(self, sender: Sender) -> None:
        """Tell a sender everything once more."""
        for client in self._clients.of(sender):
            client.wanted.update(self._values)

    def ask(self, sender: Sender, path: str) -> bool:
        """Tell a sender one value; False where there is none yet."""
        if path not in self._values:
            return False
        for client in self._clients.of(sender):
            client.wanted.add(path)
        return True

    def update(self, now: float, news: News) -> list[Telling]:
        """Return what is to be sent now; it counts as told."""
        if news is not self._news:
            if self._news is None or news.params is not self._news.params:
                self._values.update(told(news.params))
            self._values.update(news.statuses)
            self._news = news
        return [telling for client in self._clients for telling in self._for(client, now)]

    def _for(self, client: Client, now: float) -> list[Telling]:
        due = [
            (client.told_s.get(path, -math.inf), path)
            for path, value in self._values.items()
            if path in client.wanted
            or (
                not _same(client.holds.get(path), value)
                and now - client.told_s.get(path, -math.inf) >= LEAST_GAP_S - SAME
                and now - client.moved_s.get(_moves(path), -math.inf) >= MOVING_S
            )
        ]
        if len(due) > MOST_AT_ONCE:  # who has waited longest goes first
            due = sorted(due, key=lambda item: item[0])[:MOST_AT_ONCE]
        for _, path in due:
            client.holds[path] = self._values[path]
            client.told_s[path] = now
            client.wanted.discard(path)
        return [Telling(client, path, self._values[path]) for _, path in due]


def _moves(path: str) -> str:
    """Return the parameter at a path, or nothing."""
    row = by_path().get(path)
    return row.spec.name if row is not None and row.spec is not None else ""


def _same(held: Arg, value: Arg) -> bool:
    if held == value:
        return True
    if isinstance(held, float | int) and isinstance(value, float | int):
        return math.isclose(held, value, rel_tol=SAME, abs_tol=SAME)
    return False
