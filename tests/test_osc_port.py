"""The port itself, with real sockets; and liblo, a client from outside Python, both ways."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from osc_kit import PATIENCE_S, Tablet

from livematch.clock import SystemClock
from livematch.control.commands import Command, Fire, Set, Trigger
from livematch.control.params import Params, changed
from livematch.errors import UsageError
from livematch.osc.feedback import News
from livematch.osc.packets import encode
from livematch.osc.port import FLOOD, OscPort, network

FADE = "/livematch/look/fade"
LIBLO = pytest.mark.skipif(
    shutil.which("oscsend") is None or shutil.which("oscdump") is None,
    reason="liblo's oscsend and oscdump are not installed",
)


class Hands:
    """Collects commands and lets a test wait for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.commands: list[Command] = []

    def submit(self, command: Command) -> None:
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    def wait_for(self, command: Command) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: command in self.commands, PATIENCE_S)


@contextmanager
def listening(hands: Hands, **settings: object) -> Iterator[OscPort]:
    port = OscPort(hands.submit, SystemClock(), port=0, **settings)  # type: ignore[arg-type]
    port.tell(News(Params(), {}))
    port.start()
    try:
        yield port
    finally:
        port.close()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@contextmanager
def tablet(port: OscPort) -> Iterator[Tablet]:
    tablet = Tablet(port.address[1])
    try:
        yield tablet
    finally:
        tablet.close()


def test_a_message_arrives_and_an_answer_goes_back(hands: Hands) -> None:
    with listening(hands) as port, tablet(port) as client:
        client.send("/livematch/hello", client.port)
        client.hears(lambda message: message.path == FADE and message.args == (0.5,))
        client.send(FADE, 2.0)
        hands.wait_for(Set("fade", 2.0))
        port.tell(News(changed(Params(), "radius", 0.25), {"/livematch/status/film": "sea"}))
        client.hears(lambda message: message.args == (0.25,))
        client.hears(lambda message: message.args == ("sea",))


def test_hostile_packets_stop_nothing(hands: Hands) -> None:
    with listening(hands) as port, tablet(port) as client:
        for packet in (b"", b"\0", b"/\xff\0\0", b"#bundle\0", b"/*" * 500, b"x" * 9000):
            client.raw(packet)
        client.send("/livematch/next")
        hands.wait_for(Fire(Trigger.NEXT))
        assert port.counters["OSC messages refused"] == 6


def test_in_a_flood_the_last_value_of_each_wins(hands: Hands) -> None:
    paths = {"semantic": "match/semantic", "layout": "match/layout", "colour": "match/colour"}
    with listening(hands) as port, tablet(port) as client:
        for n in range(FLOOD * 4):
            for path in paths.values():
                client.send(f"/livematch/{path}", n / 1024)
        client.send("/livematch/next")
        hands.wait_for(Fire(Trigger.NEXT))
    last = (FLOOD * 4 - 1) / 1024
    for name in paths:
        values = [c.value for c in hands.commands if isinstance(c, Set) and c.name == name]
        assert values[-1] == last


def test_who_is_not_allowed_is_not_heard(hands: Hands) -> None:
    port = OscPort(hands.submit, SystemClock(), port=0, allow=("192.168.7.0/24", "10.1.2.3"))
    try:
        assert port._allows("192.168.7.200")
        assert port._allows("10.1.2.3")
        assert port._allows("127.0.0.1")
        assert not port._allows("10.1.2.4")
        assert not port.is_open_to_all
    finally:
        port.close()


def test_it_listens_to_this_machine_alone_unless_told_otherwise(hands: Hands) -> None:
    with listening(hands) as port:
        assert port.address[0] == "127.0.0.1"
        assert not port.is_open_to_all
    with listening(hands, listen="0.0.0.0") as port:  # noqa: S104 - it says so
        assert port.is_open_to_all


def test_a_port_that_is_taken_is_told_with_what_to_do(hands: Hands) -> None:
    with listening(hands) as port, pytest.raises(UsageError, match="--no-osc"):
        OscPort(hands.submit, SystemClock(), port=port.address[1])


@pytest.mark.parametrize("listen", ["example", "192.0.2.1", "300.1.1.1"])
def test_an_address_that_is_not_here_is_told(hands: Hands, listen: str) -> None:
    with pytest.raises(UsageError, match="--osc-listen"):
        OscPort(hands.submit, SystemClock(), listen=listen, port=0)


def test_a_network_is_read_or_explained() -> None:
    assert str(network("192.168.1.7/24")) == "192.168.1.0/24"
    with pytest.raises(UsageError, match=r"192\.168\.1\.0/24"):
        network("studio")


@LIBLO
def test_oscsend_is_heard(hands: Hands) -> None:
    with listening(hands) as port:
        host, number = port.address
        for args in (
            ("/livematch/look/fade", "f", "1.5"),
            ("/livematch/look/screen", "s", "grid"),
            ("/livematch/play/freeze", "T"),
            ("/livematch/cut",),
        ):
            subprocess.run(["oscsend", host, str(number), *args], check=True)
        hands.wait_for(Fire(Trigger.CUT))
        assert hands.commands == [
            Set("fade", 1.5),
            Set("screen", "grid"),
            Set("freeze", True),
            Fire(Trigger.CUT),
        ]


@LIBLO
def test_oscdump_is_told(hands: Hands) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        reply = free.getsockname()[1]
    with listening(hands) as port:
        port.tell(News(Params(), {"/livematch/status/title": "The Sea"}))
        command = ["stdbuf", "-oL", "oscdump", str(reply)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as dump:
            assert dump.stdout is not None
            lines: list[str] = []
            heard = threading.Event()

            def read() -> None:
                for line in dump.stdout or ():
                    lines.append(line)
                    if "/livematch/status/title" in line:
                        heard.set()
                        return

            reader = threading.Thread(target=read)
            reader.start()
            with tablet(port) as client:
                for _ in range(100):  # it does not say when it is ready
                    client.send("/livematch/hello", reply)
                    client.send("/livematch/sync")
                    if heard.wait(0.2):
                        break
            dump.terminate()
            reader.join(PATIENCE_S)
    assert any('/livematch/status/title s "The Sea"' in line for line in lines)
    assert any("/livematch/look/fade f 0.5" in line for line in lines)


def test_encoded_feedback_is_what_the_table_says() -> None:
    assert encode(FADE, (0.5,)).startswith(b"/livematch/look/fade\0\0\0\0,f\0\0")
