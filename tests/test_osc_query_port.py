"""The OSCQuery server with real clients: HTTP, WebSocket, and a browser of zeroconf."""

import contextlib
import dataclasses
import http.client
import json
import os
import queue
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import zeroconf
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from livematch.clock import SystemClock
from livematch.control.commands import Command, Fire, Set, Trigger
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.osc import queryport
from livematch.osc.announce import QUERY
from livematch.osc.feedback import News
from livematch.osc.packets import Message, decode, encode
from livematch.osc.port import OscPort
from livematch.osc.queryport import (
    LARGEST_BYTES,
    MOST_CLIENTS,
    MOST_CONNECTIONS,
    MOST_FAULTS,
    QueryPort,
)

FADE = "/livematch/look/fade"
WAIT_S = 20


class Show:
    """An OSC port and an OSCQuery server as a show has them."""

    def __init__(self, **options: Any) -> None:
        self.commands: queue.Queue[Command] = queue.Queue()
        self.presets: tuple[str, ...] = ("storm",)
        self.osc = OscPort(self.commands.put, SystemClock(), port=0).start()
        self.query = QueryPort(
            self.osc.address, presets=lambda: self.presets, **{"announce": False, **options}
        )
        self.params = Params()
        self.set()
        self.query.start()

    def set(self, **values: Any) -> None:
        self.params = dataclasses.replace(self.params, **values)
        self.query.tell(News(self.params, {"/livematch/status/bpm": 97.0}))

    def get(self, target: str, method: str = "GET", **headers: str) -> tuple[int, Any]:
        host, port = self.query.address
        client = http.client.HTTPConnection(host, port, timeout=WAIT_S)
        try:
            client.request(method, target, headers=headers)
            response = client.getresponse()
            body = response.read()
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(body) if body and is_json else body
        finally:
            client.close()

    def listen(self, **options: Any) -> ClientConnection:
        host, port = self.query.address
        return connect(f"ws://{host}:{port}/", compression=None, **options)

    def close(self) -> None:
        self.query.close()
        self.osc.close()


@pytest.fixture
def show() -> Iterator[Show]:
    show = Show()
    yield show
    show.close()


def say(client: ClientConnection, command: str, path: str) -> None:
    client.send(json.dumps({"COMMAND": command, "DATA": path}))


def heard(client: ClientConnection) -> Message | dict[str, Any]:
    data = client.recv(timeout=WAIT_S)
    if isinstance(data, str):
        return json.loads(data)
    (message,) = decode(data)
    assert isinstance(message, Message)
    return message


def test_it_is_described_by_http(show: Show) -> None:
    status, root = show.get("/")
    assert status == 200
    assert root["CONTENTS"]["livematch"]["CONTENTS"]["look"]["CONTENTS"]["fade"]["VALUE"] == [0.5]
    assert show.get(f"{FADE}?VALUE") == (200, {"VALUE": [0.5]})
    assert show.get("/livematch/status/bpm?VALUE") == (200, {"VALUE": [97.0]})
    assert show.get("/livematch/next?VALUE") == (204, b"")
    assert show.get("/nowhere")[0] == 404
    assert show.get(f"{FADE}?NOTHING")[0] == 400


def test_host_info_names_what_is_really_bound(show: Show) -> None:
    _, info = show.get("/?HOST_INFO")
    assert (info["OSC_IP"], info["OSC_PORT"]) == show.osc.address
    assert info["WS_PORT"] == show.query.address[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hand:
        hand.sendto(encode(FADE, (2.0,)), (info["OSC_IP"], info["OSC_PORT"]))
    assert show.commands.get(timeout=WAIT_S) == Set("fade", 2.0)


def test_who_listens_is_told_now_and_when_it_changes(show: Show) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))
        show.set(radius=0.4)
        show.set(fade=3.0)
        assert heard(client) == Message(FADE, (3.0,))
        say(client, "LISTEN", "/livematch/look/screen")
        assert heard(client) == Message("/livematch/look/screen", ("program",))


def test_who_ignores_is_not_told(show: Show) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))
        say(client, "IGNORE", FADE)
        say(client, "LISTEN", "/livematch/match/radius")
        assert heard(client) == Message("/livematch/match/radius", (0.0,))
        show.set(fade=9.0)
        show.set(radius=1.0)
        assert heard(client) == Message("/livematch/match/radius", (1.0,))


def test_of_many_values_the_last_one_is_told(show: Show) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        for step in range(2001):
            show.set(fade=step / 1000)
        values = []
        while not values or values[-1] != pytest.approx(2.0):
            message = heard(client)
            assert isinstance(message, Message)
            values += message.args
        assert len(values) < 200
        assert values == sorted(values) or values[0] == 0.5


def test_a_new_preset_is_told(show: Show) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        heard(client)
        assert show.get("/livematch/preset/drift")[0] == 404
        show.presets = ("drift", "storm")
        assert heard(client) == {"COMMAND": "PATH_CHANGED", "DATA": "/livematch/preset"}
        assert show.get("/livematch/preset/drift")[0] == 200


def test_osc_packets_by_websocket_are_performed(show: Show) -> None:
    with show.listen() as client:
        client.send(encode(FADE, (4.0,)))
        assert show.commands.get(timeout=WAIT_S) == Set("fade", 4.0)
        client.send(encode("/livematch/next", (1,)))
        assert show.commands.get(timeout=WAIT_S) == Fire(Trigger.NEXT)


def test_a_client_is_not_told_what_it_moves(show: Show) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))
        client.send(encode(FADE, (4.0,)))
        show.commands.get(timeout=WAIT_S)
        show.set(fade=4.0)
        say(client, "LISTEN", "/livematch/match/radius")
        assert heard(client) == Message("/livematch/match/radius", (0.0,))
        assert heard(client) == Message(FADE, (4.0,))  # what it rests at, once it rests


# Clients that do not mean well


def test_messages_without_sense_are_counted_and_at_last_shown_out(show: Show) -> None:
    with show.listen() as client:
        client.send("{")
        client.send("[" * 8000)
        client.send(os.urandom(64))
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))
        assert show.query.refused == 3
        for _ in range(MOST_FAULTS + 1 - 3):
            client.send('{"COMMAND": 1}')
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=WAIT_S)
    assert show.get(f"{FADE}?VALUE")[0] == 200


def test_a_message_that_is_too_large_ends_its_connection_only(show: Show) -> None:
    with show.listen() as client, show.listen() as other:
        client.send(b"x" * (LARGEST_BYTES + 1))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=WAIT_S)
        say(other, "LISTEN", FADE)
        assert heard(other) == Message(FADE, (0.5,))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"\x16\x03\x01\x02\x00\x01\x00",  # somebody who expects TLS
        bytes(range(256)) * 40,
    ],
)
def test_requests_that_are_none_harm_nobody(show: Show, request_bytes: bytes) -> None:
    with socket.create_connection(show.query.address, timeout=WAIT_S) as wire:
        try:
            wire.sendall(request_bytes)
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(65536):
                pass
        except OSError:  # cut off: just as well
            pass
    assert show.get(f"{FADE}?VALUE") == (200, {"VALUE": [0.5]})
    assert show.query.counters["OSCQuery requests refused"] > 0


def test_no_more_clients_than_there_are_places(show: Show) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            client = stack.enter_context(show.listen())
            say(client, "LISTEN", FADE)
            heard(client)
        with pytest.raises(InvalidStatus, match="503"), show.listen():
            pass
        assert show.get(f"{FADE}?VALUE")[0] == 200
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))


def test_who_connects_and_says_nothing_cannot_take_every_place(show: Show) -> None:
    silent = [socket.create_connection(show.query.address) for _ in range(MOST_CONNECTIONS)]
    one_more = socket.create_connection(show.query.address, timeout=WAIT_S)
    with one_more, contextlib.suppress(ConnectionResetError):
        assert one_more.recv(1) == b""
    for wire in silent:
        wire.close()
    while True:  # as soon as the server has seen them go
        try:
            assert show.get(f"{FADE}?VALUE")[0] == 200
            break
        except OSError:
            continue


def test_who_does_not_read_is_told_later_and_holds_up_nobody(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queryport, "BEHIND_BYTES", -1)  # everybody is behind
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        while not show.query.late:
            assert show.get(f"{FADE}?VALUE")[0] == 200
        show.set(fade=7.0)
        monkeypatch.setattr(queryport, "BEHIND_BYTES", 1 << 16)
        while (message := heard(client)) != Message(FADE, (7.0,)):
            assert message == Message(FADE, (0.5,))


def test_a_strange_web_page_may_not_play(show: Show) -> None:
    for page in ("https://example.org", "http://localhost.example.org", "null"):
        with pytest.raises(InvalidStatus, match="403"), show.listen(origin=page):
            pass
    with show.listen(origin="http://localhost:5173"):
        pass


def test_only_who_is_allowed_is_answered() -> None:
    show = Show(allow=("192.0.2.0/24",))
    try:
        assert show.query._allows("192.0.2.7")
        assert not show.query._allows("192.0.3.7")
        assert show.get("/?HOST_INFO")[0] == 200  # this machine always is
    finally:
        show.close()


def test_a_port_that_is_taken_is_told_before_the_show(show: Show) -> None:
    with pytest.raises(UsageError, match="--oscquery-port"):
        QueryPort(show.osc.address, port=show.query.address[1])


def test_it_ends_before_it_has_begun_and_while_somebody_listens() -> None:
    QueryPort(("127.0.0.1", 7000), announce=False).close()
    show = Show()
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        heard(client)
        show.query.close()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=WAIT_S)
    show.close()


@pytest.mark.expects_errors
def test_it_begins_anew_after_a_fault(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        heard(client)
        show.query.tell("no news at all")  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=WAIT_S)
    show.set()
    with show.listen() as client:
        say(client, "LISTEN", FADE)
        assert heard(client) == Message(FADE, (0.5,))


def test_other_programs_find_it_by_themselves() -> None:
    try:
        browser = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    except OSError as error:
        pytest.skip(f"no multicast here: {error}")
    found: queue.Queue[str] = queue.Queue()

    def on_change(
        zeroconf: zeroconf.Zeroconf,
        service_type: str,
        name: str,
        state_change: zeroconf.ServiceStateChange,
    ) -> None:
        found.put(f"{state_change.name} {name}")

    show = Show(announce=True)
    try:
        zeroconf.ServiceBrowser(browser, QUERY, handlers=[on_change])
        try:
            event = found.get(timeout=WAIT_S)
        except queue.Empty:
            pytest.skip("multicast does not come back on loopback here")
        name = event.removeprefix("Added ")
        info = browser.get_service_info(QUERY, name)
        assert info is not None
        assert (info.parsed_addresses(), info.port) == (["127.0.0.1"], show.query.address[1])
        show.query.close()
        assert found.get(timeout=WAIT_S) == f"Removed {name}"
    finally:
        show.close()
        browser.close()
