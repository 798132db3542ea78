"""The OSCQuery server: HTTP and WebSocket on one port, on a thread of its own."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request, Response

from livematch.errors import UsageError
from livematch.osc.announce import announced
from livematch.osc.feedback import News
from livematch.osc.packets import Message, decode, encode
from livematch.osc.query import Host, Ignore, Listen, answer, asked, path_changed
from livematch.osc.space import Arg, told
from livematch.worker import Worker

log = logging.getLogger(__name__)

MOST_CLIENTS = 16  # that listen
MOST_CONNECTIONS = 48  # in all, with those that have not said what they want
LARGEST_BYTES = 8192
MOST_FAULTS = 100  # messages without sense after which a client is shown out
TELL_S = 1 / 30
MOVING_S = 0.3  # a client that moves something is not told of that meanwhile
BEHIND_BYTES = 64 * 1024  # waiting to be taken: such a client is told later, and then the newest
HANDSHAKE_S, PING_S, CLOSE_S = 5.0, 15.0, 1.0
PRESETS = "/livematch/preset"
LOCAL = ("http://localhost", "http://127.0.0.1", "http://[::1]")


@dataclass(slots=True, eq=False)  # one is itself
class _Client:
    """One that listens: to what, what it has been told, and when it moved something itself."""

    connection: ServerConnection
    paths: set[str] = field(default_factory=set)
    holds: dict[str, Arg] = field(default_factory=dict)
    moved_s: dict[str, float] = field(default_factory=dict)
    faults: int = 0

    @property
    def is_behind(self) -> bool:
        return self.connection.transport.get_write_buffer_size() > BEHIND_BYTES


class QueryPort:
    """Describes the instrument to other programs. `start`, `tell`, `close`: the engine's thread.

    OSC packets that come in by WebSocket are passed on to the OSC port at `osc`, which treats them
    as it treats all others. UsageError when the port cannot be had.
    """

    def __init__(
        self,
        osc: tuple[str, int],
        *,
        port: int = 0,
        allow: tuple[str, ...] = (),
        presets: Callable[[], tuple[str, ...]] = tuple,
        lenses: tuple[str, ...] = (),
        announce: bool = True,
    ) -> None:
        self._osc = osc
        self._socket = _bound(osc[0], port)
        self._relay = socket.socket(self._socket.family, socket.SOCK_DGRAM)
        self._relay.setblocking(False)
        self._networks = tuple(ipaddress.ip_network(text, strict=False) for text in allow)
        self._presets = presets
        self._lenses = lenses
        self._announce = announce
        self._news: News | None = None
        self._values_of: News | None = None
        self._values: dict[str, Arg] = {}
        self._clients: set[_Client] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()
        self._joined = asyncio.Event()
        self._is_ended = False
        self._worker = Worker("oscquery", self._step, wake=self._wake)
        self.refused = 0
        self.late = 0

    def start(self) -> Self:
        """Begin to answer; returns self."""
        self._worker.start()
        return self

    def tell(self, news: News) -> None:
        """Hand over what is to be told now; the newest counts. Never blocks."""
        self._news = news

    def close(self) -> None:
        """Take leave of everybody and free the port; safe to call twice."""
        self._worker.stop()
        self._socket.close()
        self._relay.close()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are really bound."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def counters(self) -> dict[str, int]:
        """What went wrong so far, by name."""
        return {
            "OSCQuery requests refused": self.refused,
            "OSCQuery values told later": self.late,
        }

    def _wake(self) -> None:
        self._is_ended = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._ending.set)

    def _step(self) -> bool:
        asyncio.run(self._serve())
        return False

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        self._joined = asyncio.Event()
        if self._is_ended:  # before the loop could be woken
            return
        try:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(self._server())
                if self._announce:
                    name = f"livematch {socket.gethostname()}"[:50]
                    await stack.enter_async_context(announced(name, self._osc, self.address))
                feeding = asyncio.create_task(self._feed())
                stack.callback(feeding.cancel)
                ending = asyncio.create_task(self._ending.wait())
                await asyncio.wait((feeding, ending), return_when=asyncio.FIRST_COMPLETED)
                if feeding.done():
                    feeding.result()  # a fault: the worker logs it and begins anew
        finally:
            self._loop = None
            self._clients.clear()

    def _server(self) -> contextlib.AbstractAsyncContextManager[Server]:
        return serve(
            self._talk,
            sock=self._socket.dup(),  # so that the port stays ours when the loop begins anew
            process_request=self._request,
            create_connection=_bounded(self._note_fault),
            logger=_quiet_logger(),
            compression=None,
            server_header=None,
            max_size=LARGEST_BYTES,
            open_timeout=HANDSHAKE_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=CLOSE_S,
        )

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; None lets a WebSocket in."""
        if not self._allows(str(connection.remote_address[0])):
            return self._turned_away(HTTPStatus.FORBIDDEN)
        if "Upgrade" not in request.headers:
            reply = answer(
                request.path, self._newest(), self._host(), self._presets(), self._lenses
            )
            self.refused += reply.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
            return _response(reply.status, reply.body)
        if not _is_local(request.headers.get("Origin")):
            return self._turned_away(HTTPStatus.FORBIDDEN)
        if len(self._clients) >= MOST_CLIENTS:
            return self._turned_away(HTTPStatus.SERVICE_UNAVAILABLE)
        return None

    def _note_fault(self) -> None:
        self.refused += 1

    def _turned_away(self, status: HTTPStatus) -> Response:
        self._note_fault()
        return _response(status)

    def _allows(self, host: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        known = address.is_loopback or any(address in network for network in self._networks)
        return known or not self._networks

    def _host(self) -> Host:
        host, port = self._osc
        everywhere = ipaddress.ip_address(host).is_unspecified
        return Host(None if everywhere else host, port, self.address[1])

    async def _talk(self, connection: ServerConnection) -> None:
        client = _Client(connection)
        self._clients.add(client)
        self._joined.set()
        try:
            async for message in connection:
                is_taken = (
                    self._take_text(client, message)
                    if isinstance(message, str)
                    else self._take_packet(client, message)
                )
                if not is_taken:
                    self._note_fault()
                    client.faults += 1
                if client.faults > MOST_FAULTS:
                    return
        except ConnectionClosedError as error:
            if error.sent is not None and not error.rcvd_then_sent:  # too large, or no WebSocket
                self._note_fault()
        finally:
            self._clients.discard(client)

    def _take_text(self, client: _Client, text: str) -> bool:
        match asked(text, self._presets(), self._lenses):
            case Listen(path):
                client.paths.add(path)
                client.holds.pop(path, None)  # told at once, then when it changes
            case Ignore(path):
                client.paths.discard(path)
            case _:
                return False
        return True

    def _take_packet(self, client: _Client, packet: bytes) -> bool:
        """Pass an OSC packet on to the OSC port."""
        now = asyncio.get_running_loop().time()
        messages = [message for message in decode(packet) if isinstance(message, Message)]
        for message in messages:
            if message.path in client.paths:
                client.moved_s[message.path] = now
        host, port = self._osc
        if ipaddress.ip_address(host).is_unspecified:
            host = "::1" if ":" in host else "127.0.0.1"
        try:
            self._relay.sendto(packet, (host, port))
        except OSError:  # a full buffer: as if lost on the way
            return False
        return bool(messages)

    async def _feed(self) -> None:
        """Tell everybody what has changed, at most thirty times a second."""
        presets = self._presets()
        while True:
            if not self._clients:
                self._joined.clear()
                await self._joined.wait()
            if self._presets() != presets:
                presets = self._presets()
                everybody = [client.connection for client in self._clients]
                broadcast(everybody, path_changed(PRESETS))
            values, now = self._newest(), asyncio.get_running_loop().time()
            for client in self._clients:
                self._tell(client, values, now)
            await asyncio.sleep(TELL_S)

    def _tell(self, client: _Client, values: dict[str, Arg], now: float) -> None:
        changed = [
            path
            for path in client.paths
            if path in values
            and (path not in client.holds or client.holds[path] != values[path])
            and now - client.moved_s.get(path, -MOVING_S) >= MOVING_S
        ]
        if changed and client.is_behind:
            self.late += len(changed)
            return
        for path in changed:
            client.holds[path] = values[path]
            broadcast((client.connection,), encode(path, (values[path],)))

    def _newest(self) -> dict[str, Arg]:
        """Return what is told of everything now, by path."""
        news = self._news
        if news is not None and news is not self._values_of:
            before = self._values_of
            if before is None or before.params is not news.params:
                self._values.update(told(news.params))
            self._values.update(news.statuses)
            self._values_of = news
        return self._values


def _bounded(note_fault: Callable[[], None]) -> type[ServerConnection]:
    """Return a kind of connection of which there are never more than `MOST_CONNECTIONS`.

    `note_fault` is called for each that is turned away so, or never says what it wants.
    """
    connected: set[ServerConnection] = set()

    class Bounded(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            connected.add(self)
            if len(connected) > MOST_CONNECTIONS:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            connected.discard(self)
            if self.request is None:
                note_fault()
            super().connection_lost(exc)

    return Bounded


def _quiet_logger() -> logging.Logger:
    """Return where the protocol's library complains: of clients, so it is told only when asked."""

    def told_when_asked(record: logging.LogRecord) -> bool:
        log.info("%s", record.getMessage(), exc_info=record.exc_info)
        return False

    quiet = logging.Logger("livematch.osc.wire", logging.WARNING)
    quiet.addFilter(told_when_asked)
    return quiet


def _is_local(origin: str | None) -> bool:
    """Whether a web page may play: those of this machine only; programs name no origin."""
    return origin is None or any(
        origin == local or origin.startswith(f"{local}:") for local in LOCAL
    )


def _response(status: HTTPStatus, body: bytes = b"") -> Response:
    headers = Headers({"Connection": "close", "Content-Length": str(len(body))})
    if body:
        headers["Content-Type"] = "application/json"
    return Response(status.value, status.phrase, headers, body)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        raise UsageError(
            f"OSCQuery cannot have port {port} on {host}: {fault.strerror}; choose another with"
            " --oscquery-port (0: any that is free), or play with --no-oscquery"
        ) from None
