"""What the tests of OSC share: a reception without a socket, and a stand-in for a client."""

import select
import socket
from collections.abc import Callable

from livematch.control.commands import Command
from livematch.osc.clients import Clients
from livematch.osc.feedback import Feedback
from livematch.osc.inbox import Datagram, Sender
from livematch.osc.monitor import Heard, Monitor, Verdict
from livematch.osc.packets import Message, decode, encode
from livematch.osc.reception import Reception
from livematch.osc.space import Arg

TABLET: Sender = ("192.168.1.20", 50000)
PATIENCE_S = 20.0  # until a test gives up; nothing waits so long that works
PRESETS = ("drift", "storm")
LENSES = ("sea", "clouds")


class Bench:
    """A reception and its feedback on a clock that the test sets."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.clients = Clients(7001)
        self.feedback = Feedback(self.clients)
        self.monitor = Monitor()
        self.reception = Reception(
            self.commands.append, self.feedback, self.monitor, lambda: PRESETS, LENSES
        )

    def send(
        self, path: str, *args: Arg, now: float = 0.0, sender: Sender = TABLET, ntp_now_s: float = 0
    ) -> Heard | None:
        """Send one message; return what the monitor says of it."""
        return self.raw(encode(path, args), now=now, sender=sender, ntp_now_s=ntp_now_s)

    def raw(
        self, data: bytes, now: float = 0.0, sender: Sender = TABLET, ntp_now_s: float = 0
    ) -> Heard | None:
        """Send one datagram; return what the monitor says last."""
        self.reception.take(Datagram(data, sender, now), ntp_now_s)
        newest = self.monitor.newest(1)
        return newest[0] if newest else None

    @property
    def refused(self) -> int:
        """How many messages were refused."""
        return self.monitor.counts[Verdict.REFUSED]


class Tablet:
    """A program on the other side of a real socket: sends, and waits for what it is told."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._to = (host, port)
        self.port = int(self._socket.getsockname()[1])

    def send(self, path: str, *args: Arg) -> None:
        self.raw(encode(path, args))

    def raw(self, data: bytes) -> None:
        self._socket.sendto(data, self._to)

    def hears(self, wanted: Callable[[Message], bool]) -> Message:
        """Wait for a message of a kind; AssertionError when it does not come."""
        while select.select([self._socket], [], [], PATIENCE_S)[0]:
            [message] = decode(self._socket.recv(8192))
            assert isinstance(message, Message)
            if wanted(message):
                return message
        raise AssertionError("what was waited for was not told")

    def close(self) -> None:
        self._socket.close()
