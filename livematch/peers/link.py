"""Ableton Link: the beat that all instruments of a network share, listened to and never led.

Link (ableton.github.io/link) comes from the package aalink, the extra `link`. It is under the GPL,
version 3, and so is the whole of what is passed on together with it; livematch does without unless
`--link` asks. Peers find each other by multicast, on loopback too.

In Link whoever was there first gives the tempo. So livematch joins only when it has heard somebody
else, and leaves when it is alone again: see `peers/linkwait.py`.

Tempo and place in the bar belong to all; the number of the beat is each peer's own. Whether a peer
plays or stands still says nothing here: its Link beat goes on.
"""

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from livematch.clock import Clock
from livematch.control.commands import Beat, Command
from livematch.errors import UsageError
from livematch.peers.linkwait import Alive, discovery_socket
from livematch.worker import Worker

log = logging.getLogger(__name__)

SOURCE = "link"
SAMPLE_S = 0.05
TELL_S = 0.25  # how often the beat is told while nothing changes
SAME_BEATS = 0.02  # two beats nearer than this are the same place
SAME_BPM = 0.01  # Link's own tempo is a whole number of microseconds a beat
# Of two sessions that are less than half a second apart in age either may lead (artfwo/aalink#7)
SETTLE_S = 1.0
ALONE_S = 5.0  # how long is waited for a peer that was heard but has not come
OWN_BPM = 120.0  # what Link must be given; alone, nobody hears it


@dataclass(frozen=True, slots=True)
class Sample:
    """What Link says at one time of the show's clock; beat 0 begins a bar."""

    at_s: float
    bpm: float
    beat: float
    peers: int


class LinkWatch:
    """Decides which samples are worth telling. Pure; one thread."""

    def __init__(self) -> None:
        self._told: Beat | None = None

    def take(self, sample: Sample) -> Beat | None:
        """Return the beat to tell: at once when something changed, or when it is time again."""
        told = self._told
        if sample.peers < 1:  # alone: nobody gives a beat
            if told is None or not told.is_playing:
                return None
            beat = Beat(SOURCE, told.bpm, told.beat, sample.at_s, is_playing=False)
        elif told is None or not told.is_playing or self._is_news(told, sample):
            beat = Beat(SOURCE, sample.bpm, sample.beat, sample.at_s)
        else:
            return None
        self._told = beat
        return beat

    def _is_news(self, told: Beat, sample: Sample) -> bool:
        gone_s = sample.at_s - told.at_s
        expected = told.beat + gone_s * told.bpm / 60.0
        return (
            gone_s >= TELL_S
            or abs(sample.bpm - told.bpm) > SAME_BPM
            or abs(sample.beat - expected) > SAME_BEATS
        )


class AnyLink(Protocol):
    """What is used of `aalink.Link`; a twin in the tests has the same."""

    enabled: bool
    quantum: float

    @property
    def num_peers(self) -> int: ...  # noqa: D102 - Link's own names

    @property
    def tempo(self) -> float: ...  # noqa: D102

    @property
    def beat(self) -> float: ...  # noqa: D102


class LinkPort:
    """Listens to Link on a thread of its own, from `start` to `close`.

    `beats_per_bar` is asked at each sample. UsageError where the extra is not installed, and where
    no network takes part in multicast. `join` and `ears` are for the tests.
    """

    def __init__(
        self,
        submit: Callable[[Command], None],
        clock: Clock,
        beats_per_bar: Callable[[], float],
        *,
        join: Callable[[], AnyLink] | None = None,
        ears: Callable[[], socket.socket] = discovery_socket,
    ) -> None:
        self._submit = submit
        self._clock = clock
        self._beats_per_bar = beats_per_bar
        self._join = join or _aalink()
        self._ears = ears
        _tried(ears)
        self._watch = LinkWatch()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._is_ended = False
        self._worker = Worker("link", self._step, wake=self._wake)
        self.peers = 0

    @property
    def name(self) -> str:
        """What it is."""
        return "Ableton Link, listening only"

    @property
    def warning(self) -> str | None:
        """Nothing: to be alone is no fault."""
        return None

    @property
    def counters(self) -> dict[str, int]:
        """Nothing goes wrong here that could be counted."""
        return {}

    def start(self) -> None:
        """Begin to wait for a session to join."""
        self._worker.start()

    def close(self) -> None:
        """Leave the session; safe to call twice."""
        self._worker.stop()

    def _step(self) -> bool:
        asyncio.run(self._listen())
        return False

    def _wake(self) -> None:
        self._is_ended = True
        loop, ending = self._loop, self._ending
        if loop is not None and ending is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(ending.set)

    async def _listen(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        if self._is_ended:  # before the loop could be woken
            return
        link = self._join()
        try:
            while await self._hears_somebody() and not await self._ends_within(SETTLE_S):
                await self._play_along(link)
        finally:
            self._loop = None

    async def _hears_somebody(self) -> bool:
        """Wait until a peer announces itself; False when it is time to end."""
        heard = asyncio.Event()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Alive(heard), sock=self._ears()
        )
        assert self._ending is not None  # noqa: S101 - set before the first wait
        waits = [asyncio.ensure_future(event.wait()) for event in (heard, self._ending)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            transport.close()
            for wait in waits:
                wait.cancel()
        return not self._ending.is_set()

    async def _play_along(self, link: AnyLink) -> None:
        """Take part until all others have left."""
        alone_until_s = self._clock.now() + ALONE_S
        link.enabled = True
        try:
            while not await self._ends_within(SAMPLE_S):
                self._sample(link)
                if self.peers:
                    alone_until_s = self._clock.now()
                elif self._clock.now() > alone_until_s:
                    return
        finally:
            link.enabled = False

    async def _ends_within(self, seconds: float) -> bool:
        assert self._ending is not None  # noqa: S101 - set before the first wait
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)
        return self._ending.is_set()

    def _sample(self, link: AnyLink) -> None:
        link.quantum = max(1.0, round(self._beats_per_bar()))
        peers = link.num_peers
        if peers != self.peers:
            log.info("Ableton Link: %d other instruments", peers)
            self.peers = peers
        before_s = self._clock.now()
        beat, bpm = link.beat, link.tempo
        at_s = (before_s + self._clock.now()) / 2
        if not (math.isfinite(beat) and math.isfinite(bpm) and bpm > 0):
            return
        told = self._watch.take(Sample(at_s, bpm, beat, peers))
        if told is not None:
            self._submit(told)


def _tried(ears: Callable[[], socket.socket]) -> None:
    try:
        ears().close()
    except OSError as error:
        raise UsageError(f"--link cannot hear other instruments here: {error}") from None


def _aalink() -> Callable[[], AnyLink]:
    try:
        from aalink import Link  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            "--link needs an extra that is not installed: pip install 'livematch[link]'"
        ) from None

    def join() -> AnyLink:
        link: AnyLink = Link(OWN_BPM)
        return link

    return join
