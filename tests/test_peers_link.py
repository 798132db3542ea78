"""Ableton Link: what is told of it, with a twin and, where there is one, with the real thing."""

import asyncio
import builtins
import queue
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.clock import SystemClock
from livematch.control.commands import Beat, Command
from livematch.errors import UsageError
from livematch.peers.link import TELL_S, LinkPort, LinkWatch, Sample
from livematch.peers.linkwait import ALIVE


def at(time_s: float, *, bpm: float = 120.0, shift: float = 0.0, peers: int = 1) -> Sample:
    return Sample(time_s, bpm, time_s * bpm / 60.0 + shift, peers)


def test_alone_there_is_no_beat() -> None:
    watch = LinkWatch()
    assert [watch.take(at(second, peers=0)) for second in range(10)] == [None] * 10


def test_a_steady_beat_is_told_a_few_times_a_second() -> None:
    watch = LinkWatch()
    told = [beat for step in range(101) if (beat := watch.take(at(step * 0.05)))]
    assert len(told) == pytest.approx(5.0 / TELL_S, abs=2)
    assert told[0] == Beat("link", 120.0, 0.0, 0.0)
    for beat in told:
        assert beat.beat == pytest.approx(beat.at_s * 2)


@pytest.mark.parametrize(
    "later", [at(0.05, bpm=121.0, shift=-0.05 / 60), at(0.05, shift=0.5), at(0.05, shift=-1.0)]
)
def test_a_change_is_told_at_once(later: Sample) -> None:
    watch = LinkWatch()
    watch.take(at(0.0))
    assert watch.take(later) == Beat("link", later.bpm, later.beat, 0.05)


def test_when_the_last_peer_leaves_it_is_told_once() -> None:
    watch = LinkWatch()
    watch.take(at(0.0))
    gone = watch.take(at(0.05, peers=0))
    assert gone is not None
    assert not gone.is_playing
    assert watch.take(at(5.0, peers=0)) is None
    back = watch.take(at(5.05))
    assert back is not None
    assert back.is_playing


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(20, 999), st.integers(0, 3)), max_size=50))
def test_what_was_told_is_never_far_from_what_is(steps: list[tuple[float, float, int]]) -> None:
    watch, now, beat = LinkWatch(), 0.0, 0.0
    told: Beat | None = None
    for gone_s, bpm, peers in steps:
        now, beat = now + gone_s, beat + gone_s * bpm / 60
        told = watch.take(Sample(now, bpm, beat, peers)) or told
        if peers and told is not None:
            assert told.is_playing
            assert told.beat + (now - told.at_s) * told.bpm / 60 == pytest.approx(beat, abs=0.021)


class TwinLink:
    """A Link session without a network."""

    def __init__(self) -> None:
        self.enabled = False
        self.quantum = 1.0
        self.num_peers = 1
        self.tempo = 100.0
        self.beat = 8.0
        self.set_enabled = threading.Event()
        self.set_disabled = threading.Event()

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "enabled" and hasattr(self, "set_disabled"):
            (self.set_enabled if value else self.set_disabled).set()


@pytest.fixture
def air() -> Iterator["Air"]:
    air = Air()
    yield air
    air.close()


class Air:
    """What carries announcements, without multicast."""

    def __init__(self) -> None:
        self._mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ears.bind(("127.0.0.1", 0))
        self._ears.setblocking(False)

    def ears(self) -> socket.socket:
        return self._ears.dup()

    def say(self, datagram: bytes) -> None:
        self._mouth.sendto(datagram, self._ears.getsockname())

    def close(self) -> None:
        self._mouth.close()
        self._ears.close()


def test_the_bar_is_as_long_as_the_performer_says(air: Air) -> None:
    heard: queue.Queue[Command] = queue.Queue()
    twin = TwinLink()
    port = LinkPort(heard.put, SystemClock(), lambda: 3.0, join=lambda: twin, ears=air.ears)
    port.start()
    air.say(b"hello")
    air.say(ALIVE + b"somebody")
    first = heard.get(timeout=20)
    port.close()
    assert isinstance(first, Beat)
    assert (first.source, first.bpm, first.beat) == ("link", 100.0, 8.0)
    assert twin.quantum == 3.0
    assert not twin.enabled


def test_it_ends_before_it_has_begun(air: Air) -> None:
    twin = TwinLink()
    port = LinkPort(lambda _: None, SystemClock(), lambda: 4.0, join=lambda: twin, ears=air.ears)
    port.close()
    port = LinkPort(lambda _: None, SystemClock(), lambda: 4.0, join=lambda: twin, ears=air.ears)
    port.start()
    port.close()
    assert not twin.set_enabled.is_set()


def test_it_takes_no_part_before_it_hears_somebody_and_leaves_with_the_last(air: Air) -> None:
    """Else it would give its own tempo to whoever comes after."""
    heard: queue.Queue[Command] = queue.Queue()
    twin = TwinLink()
    port = LinkPort(heard.put, SystemClock(), lambda: 4.0, join=lambda: twin, ears=air.ears)
    port.start()
    air.say(b"_asdp_v\x01\x03somebody leaves")
    assert not twin.set_enabled.is_set()
    for _ in range(2):
        air.say(ALIVE + b"somebody")
        assert beat_of(heard).is_playing
        twin.set_disabled.clear()
        twin.num_peers = 0
        while beat_of(heard).is_playing:
            pass
        assert twin.set_disabled.wait(20)
        twin.num_peers = 1
    port.close()


def test_without_multicast_it_is_told_before_the_show() -> None:
    def deaf() -> socket.socket:
        raise OSError("no network")

    with pytest.raises(UsageError, match="cannot hear other instruments"):
        LinkPort(lambda _: None, SystemClock(), lambda: 4.0, join=TwinLink, ears=deaf)


def test_without_the_extra_it_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name == "aalink":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"livematch\[link\]"):
        LinkPort(lambda _: None, SystemClock(), lambda: 4.0)


class Leader:
    """Another instrument with the real Link, on its own thread."""

    def __init__(self, bpm: float) -> None:
        self.bpm = bpm
        self.has_peer = threading.Event()
        self.is_left = threading.Event()
        self._ended = threading.Event()
        self._tempo: queue.Queue[float] = queue.Queue()
        self.tempo = bpm
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def set_tempo(self, bpm: float) -> None:
        self._tempo.put(bpm)

    def close(self) -> None:
        self._ended.set()
        self._thread.join(10)

    async def _run(self) -> None:
        from aalink import Link  # noqa: PLC0415 - an extra

        link = Link(self.bpm)
        link.enabled = True
        while not self._ended.is_set():
            await asyncio.sleep(0.01)
            self.tempo = link.tempo
            if link.num_peers:
                self.has_peer.set()
            if not self._tempo.empty():
                link.tempo = self._tempo.get()
        link.enabled = False


def test_two_real_peers_find_each_other_and_the_tempo_is_followed_not_led() -> None:
    pytest.importorskip("aalink")
    heard: queue.Queue[Command] = queue.Queue()
    leader = Leader(93.0)
    port = LinkPort(heard.put, SystemClock(), lambda: 4.0)
    port.start()
    leader.start()
    try:
        if not leader.has_peer.wait(15):
            pytest.skip("no multicast here: two Link peers on one machine do not find each other")
        beats = [beat_of(heard)]
        while len(beats) < 6:
            beats.append(beat_of(heard))
        assert leader.tempo == pytest.approx(93.0, abs=0.01), "the listener has led"
        leader.set_tempo(140.0)
        while beat_of(heard).bpm != pytest.approx(140.0, abs=0.01):
            pass
        leader.close()
        while beat_of(heard).is_playing:
            pass
        assert port.peers == 0
    finally:
        leader.close()
        port.close()


def beat_of(heard: "queue.Queue[Command]") -> Beat:
    command = heard.get(timeout=20)
    assert isinstance(command, Beat)
    return command
