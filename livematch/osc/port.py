"""The port: one socket and one thread, through which OSC comes in and feedback goes out."""

import errno
import ipaddress
import logging
import select
import socket
from collections.abc import Callable
from typing import Self

from livematch.clock import SystemClock
from livematch.control.commands import Command
from livematch.errors import UsageError
from livematch.osc.clients import Client, Clients
from livematch.osc.feedback import UPDATE_S, Feedback, News
from livematch.osc.inbox import Inbox
from livematch.osc.monitor import Monitor, Verdict
from livematch.osc.packets import LARGEST_BYTES, encode
from livematch.osc.reception import Reception
from livematch.worker import Worker

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
PORT = 7000
REPLY_PORT = 7001
BUFFER_BYTES = 4 * 1024 * 1024  # asked of the system, which may give less
MOST_AT_ONCE = 512  # datagrams in one go: there is feedback to send, too
FLOOD = 32  # datagrams in one go: more is a flood, and is read in larger helpings
FLOOD_PAUSE_S = 0.008  # between two goes: each costs a turn of the interpreter
FLOOD_READ_S = 1 / 60  # between two readings: of each fader one value a picture is enough
IDLE_S = 1.0
MOST_HOSTS = 1024

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class OscPort:
    """Receives commands, tells news. `start`, `tell` and `close`: the engine's thread.

    What is read, decided and sent happens on a thread of its own, which never waits for the
    engine, nor the engine for it.
    """

    def __init__(
        self,
        submit: Callable[[Command], None],
        clock: SystemClock,
        *,
        listen: str = LOOPBACK,
        port: int = PORT,
        allow: tuple[str, ...] = (),
        reply_port: int = REPLY_PORT,
        presets: Callable[[], tuple[str, ...]] = tuple,
        lenses: tuple[str, ...] = (),
    ) -> None:
        self._networks = tuple(network(text) for text in allow)
        self._socket = _bound(listen, port)
        self._clock = clock
        self._clients = Clients(reply_port)
        self._feedback = Feedback(self._clients)
        self.monitor = Monitor()
        self._reception = Reception(submit, self._feedback, self.monitor, presets, lenses)
        self._inbox = Inbox()
        self._hosts: dict[str, bool] = {}
        self._ways: dict[Client, socket.socket] = {}
        self._news: News | None = None
        self._update_s = self._read_s = clock.now()
        self._in_flood = False
        self._waker, self._woken = socket.socketpair()
        self._worker = Worker("osc", self._step, wake=self._wake)
        self.not_allowed = 0
        self.not_sent = 0

    def start(self) -> Self:
        """Begin to listen; returns self."""
        self._worker.start()
        return self

    def tell(self, news: News) -> None:
        """Hand over what is to be told now; the newest counts. Never blocks."""
        self._news = news

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are really bound."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def is_open_to_all(self) -> bool:
        """Whether anybody on the network may play: it listens there, and nobody is named."""
        host = ipaddress.ip_address(self.address[0])
        return not host.is_loopback and not self._networks

    @property
    def counters(self) -> dict[str, int]:
        """What went wrong so far, by name."""
        return {
            "OSC messages refused": self.monitor.counts[Verdict.REFUSED],
            "OSC triggers sent twice": self.monitor.counts[Verdict.REPEATED],
            "OSC packets not allowed": self.not_allowed,
            "OSC messages not sent": self.not_sent,
        }

    def close(self) -> None:
        """Stop listening and free the port."""
        self._worker.stop()
        for way in (*self._ways.values(), self._socket, self._waker, self._woken):
            way.close()

    def _wake(self) -> None:
        self._waker.send(b"\0")

    def _step(self) -> bool:
        """Take in what has come, perform what is due, tell what has changed."""
        ready, _, _ = select.select([self._socket, self._woken], [], [], self._wait_s())
        if self._woken in ready:
            return False
        came = self._drain() if ready else 0
        now = self._clock.now()
        if not self._in_flood or now >= self._read_s:
            self._read_s = now + FLOOD_READ_S
            self._read()
        self._reception.release(now)
        if now >= self._update_s:
            self._update_s = now + UPDATE_S
            self._send(now)
        self._in_flood = came >= FLOOD or (self._in_flood and self._inbox.is_waiting)
        if self._in_flood:
            return not select.select([self._woken], [], [], FLOOD_PAUSE_S)[0]
        return True

    def _read(self) -> None:
        ntp_now_s = self._clock.ntp_s()
        for datagram in self._inbox.take():
            self._reception.take(datagram, ntp_now_s)

    def _wait_s(self) -> float:
        now = self._clock.now()
        next_s = now + IDLE_S if self._reception.next_s is None else self._reception.next_s
        if len(self._clients):
            next_s = min(next_s, self._update_s)
        if self._inbox.is_waiting:
            next_s = min(next_s, self._read_s)
        return min(IDLE_S, max(0.0, next_s - now))

    def _drain(self) -> int:
        """Move what has come in to the inbox; return how much it was."""
        for count in range(MOST_AT_ONCE):
            try:
                data, sender = self._socket.recvfrom(LARGEST_BYTES + 1)
            except BlockingIOError:
                return count
            except OSError:  # Windows tells here that an earlier reply reached nobody
                continue
            if self._allows(sender[0]):
                self._inbox.put(data, (sender[0], sender[1]), self._clock.now())
            else:
                self.not_allowed += 1
        return MOST_AT_ONCE

    def _allows(self, host: str) -> bool:
        if not self._networks:
            return True
        allowed = self._hosts.get(host)
        if allowed is None:
            if len(self._hosts) >= MOST_HOSTS:
                self._hosts.clear()
            here = ipaddress.ip_address(host.partition("%")[0])
            allowed = here.is_loopback or any(here in network for network in self._networks)
            self._hosts[host] = allowed
            if not allowed:
                log.warning("OSC from %s is not allowed: see --osc-allow", host)
        return allowed

    def _send(self, now: float) -> None:
        if self._news is None or not len(self._clients):
            return
        self._clients.forget_silent(now)
        for telling in self._feedback.update(now, self._news):
            try:
                self._way(telling.client).send(encode(telling.path, (telling.value,)))
                telling.client.refusals = 0
            except ConnectionRefusedError:
                self._clients.refused(telling.client, now)
            except OSError as fault:  # a full buffer, a network that has gone: the next may arrive
                self.not_sent += 1
                log.debug("not told to %s: %s", telling.client.address, fault)
        for client in set(self._ways) - set(self._clients):
            self._ways.pop(client).close()

    def _way(self, client: Client) -> socket.socket:
        """Return a socket connected to a client: only so is heard that nobody listens there."""
        way = self._ways.get(client)
        if way is None:
            way = self._ways[client] = socket.socket(self._socket.family, socket.SOCK_DGRAM)
            way.setblocking(False)
            way.connect(client.address)
        return way


def network(text: str) -> Network:
    """Read an address or a network of them; UsageError says how one is written."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(
            f"--osc-allow {text}: write an address or a network, such as 192.168.1.20 or"
            " 192.168.1.0/24"
        ) from None


def _bound(listen: str, port: int) -> socket.socket:
    """Return a socket that listens; UsageError says what stands against it."""
    try:
        version = ipaddress.ip_address(listen).version
    except ValueError:
        raise UsageError(
            f"--osc-listen {listen}: write an address of this machine, such as 192.168.1.10;"
            " 0.0.0.0 for all of them, 127.0.0.1 for programs on this machine only"
        ) from None
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.setblocking(False)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    try:
        bound.bind((listen, port))
    except OSError as fault:
        bound.close()
        raise UsageError(_why_not(listen, port, fault)) from None
    return bound


def _why_not(listen: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return (
            f"OSC port {port} is taken by another program, perhaps another livematch: end it,"
            f" choose another port with --osc-port {port + 10}, or play with --no-osc"
        )
    if fault.errno == errno.EADDRNOTAVAIL:
        return f"--osc-listen {listen} is no address of this machine; 0.0.0.0 listens on all it has"
    return f"OSC cannot listen on {listen} port {port}: {fault.strerror}; see --osc-port"
