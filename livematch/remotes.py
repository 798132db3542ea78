"""Whatever plays the instrument from outside: controllers, OSC, and other instruments."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from livematch.clock import Clock, SystemClock
from livematch.config import ShowConfig
from livematch.control.state import Control
from livematch.midi.feedback import Shown
from livematch.midi.opening import open_surfaces
from livematch.midi.surface import Surface
from livematch.osc.feedback import News
from livematch.osc.port import OscPort
from livematch.osc.queryport import QueryPort
from livematch.peers.open import Peer, open_peers


@dataclass(frozen=True, slots=True)
class Remotes:
    """All of them, as one. All methods: the engine's thread; none of them ever blocks it."""

    surfaces: tuple[Surface, ...] = ()
    osc: OscPort | None = None
    query: QueryPort | None = None
    peers: tuple[Peer, ...] = ()

    def start(self) -> None:
        """Begin to listen, once there is something to play on."""
        for port in (self.osc, self.query, *self.peers):
            if port is not None:
                port.start()

    def show(self, shown: Callable[[], Shown]) -> None:
        """Let faders and lights show the state of a tick; nothing is gathered for none."""
        if not self.surfaces:
            return
        gathered = shown()
        for surface in self.surfaces:
            surface.tick(gathered)

    def tell(self, news: Callable[[], News]) -> None:
        """Tell what happens to whoever listens; nothing is gathered for nobody."""
        if self.osc is None:
            return
        gathered = news()
        self.osc.tell(gathered)
        if self.query is not None:
            self.query.tell(gathered)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the performer should know of them."""
        told = (*(s.warning for s in self.surfaces), *(peer.warning for peer in self.peers))
        return tuple(text for text in told if text)

    @property
    def counters(self) -> dict[str, int]:
        """What went wrong with them so far, by name."""
        counted: dict[str, int] = {}
        ports = (port for port in (self.osc, self.query, *self.peers) if port is not None)
        for counters in (*(s.counters for s in self.surfaces), *(p.counters for p in ports)):
            for name, count in counters.items():
                counted[name] = counted.get(name, 0) + count
        return counted


@contextmanager
def open_remotes(
    config: ShowConfig,
    clock: Clock,
    control: Control,
    presets: Callable[[], tuple[str, ...]],
    lenses: tuple[str, ...] = (),
) -> Iterator[Remotes]:
    """Open those that are asked for; `start` makes them listen. UsageError says what is wrong.

    An offline show is always the same: it hears recorded hands alone. `presets` gives the names
    that there are now, `lenses` are those of the lenses.
    """
    with ExitStack() as stack:
        surfaces = open_surfaces(
            config.midi,
            config.midi_map,
            control.submit,
            clock,
            config.start,
            offline=config.offline,
        )
        for surface in surfaces:
            stack.callback(surface.close)
        osc = query = None
        if config.osc_port is not None and isinstance(clock, SystemClock):
            osc = OscPort(
                control.submit,
                clock,
                listen=config.osc_listen,
                port=config.osc_port,
                allow=config.osc_allow,
                reply_port=config.osc_reply,
                presets=presets,
                lenses=lenses,
            )
            stack.callback(osc.close)
        if osc is not None and config.oscquery_port is not None:
            query = QueryPort(
                osc.address,
                port=config.oscquery_port,
                allow=config.osc_allow,
                presets=presets,
                lenses=lenses,
            )
            stack.callback(query.close)
        peers = open_peers(control, clock, ableton=config.ableton, link=config.link)
        for peer in peers:
            stack.callback(peer.close)
        yield Remotes(surfaces, osc, query, peers)
