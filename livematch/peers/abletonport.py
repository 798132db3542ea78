"""The socket to AbletonOSC: one thread that hears, answers and passes commands on."""

import logging
import socket
from collections.abc import Callable

from livematch.clock import Clock
from livematch.control.commands import Command
from livematch.errors import UsageError
from livematch.osc.packets import Message, decode, encode
from livematch.peers.ableton import Ableton, Turn
from livematch.worker import Worker

log = logging.getLogger(__name__)

HERE = "127.0.0.1"
ASK_PORT, ANSWER_PORT = 11000, 11001  # fixed by AbletonOSC
LARGEST_BYTES = 65_536
WAIT_S = 0.1


class AbletonPort:
    """Talks to AbletonOSC on its own thread, from `start` to `close`.

    Live need not be there, then or ever: `warning` says so meanwhile. UsageError when the host is
    unknown or another program has the port that AbletonOSC answers on.
    """

    def __init__(
        self,
        host: str,
        submit: Callable[[Command], None],
        clock: Clock,
        *,
        ask_port: int = ASK_PORT,
        answer_port: int = ANSWER_PORT,
    ) -> None:
        self._submit = submit
        self._clock = clock
        self._live = _resolved(host), ask_port
        self._ableton = Ableton(host)
        self._socket = _bound(self._live[0], answer_port)
        self._worker = Worker("ableton", self._step)
        self.foreign = 0

    def start(self) -> None:
        """Begin to look for Live."""
        self._worker.start()

    def close(self) -> None:
        """End the conversation; safe to call twice."""
        self._worker.stop()
        self._socket.close()

    @property
    def name(self) -> str:
        """Who it is."""
        return f"Ableton Live at {self._live[0]}"

    @property
    def warning(self) -> str | None:
        """What the performer should know; None while Live answers. Any thread."""
        return self._ableton.warning

    @property
    def counters(self) -> dict[str, int]:
        """What went wrong so far, by name. Any thread."""
        return {
            "Ableton messages without sense": self._ableton.ignored,
            "Ableton packets from elsewhere": self.foreign,
        }

    @property
    def port(self) -> int:
        """Where Live's answers are heard."""
        return int(self._socket.getsockname()[1])

    def _step(self) -> bool:
        self._follow(self._ableton.due(self._clock.now()))
        try:
            datagram, sender = self._socket.recvfrom(LARGEST_BYTES)
        except OSError:  # nothing for WAIT_S; on Windows also that nobody was there to be asked
            return True
        now = self._clock.now()
        if sender[0] != self._live[0]:
            self.foreign += 1
            return True
        for message in decode(datagram):
            if isinstance(message, Message):
                self._follow(self._ableton.hear(message, now))
            else:
                self._ableton.ignored += 1
        return True

    def _follow(self, turn: Turn) -> None:
        for command in turn.commands:
            self._submit(command)
        for message in turn.messages:
            try:
                self._socket.sendto(encode(message.path, message.args), self._live)
            except OSError as error:  # a network that is gone for now: asked again later
                log.debug("not sent to Ableton Live: %s", error)
                return


def _resolved(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        raise UsageError(f"--ableton: no machine is called {host!r}; say its name or IP") from None


def _bound(live: str, port: int) -> socket.socket:
    """Return the socket for Live's answers: of this machine alone where Live runs on it, too."""
    answers = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answers.settimeout(WAIT_S)
    try:
        answers.bind((HERE if live.startswith("127.") else "0.0.0.0", port))  # noqa: S104 - see above
    except OSError:
        answers.close()
        raise UsageError(
            f"--ableton: port {port}, where AbletonOSC answers, is taken by another program:"
            " end that one first"
        ) from None
    return answers
