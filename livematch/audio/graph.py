"""pyo's part: from a server's sound to blocks of samples, and pyo's own attack detector.

The graph is built once and only its numbers change: pyo may crash when objects come and go.
Everything here belongs to a process that does nothing else; pyo holds the interpreter meanwhile.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from livematch.audio.hearing import Tuning
from livematch.audio.spectrum import Samples

RING_S = 2.0  # of sound kept until it is taken
ATTACK_RISE_DB = 3.0  # pyo's own default, for a threshold of 1


def pyo_library() -> Any:
    """Import pyo without its notice about missing windows."""
    os.environ["PYO_GUI_WX"] = "0"
    import pyo  # noqa: PLC0415 - never in the process of a show

    return pyo


@dataclass(frozen=True, slots=True)
class Taken:
    """Sound from the ring, which samples begin an attack, and whether some before were lost."""

    samples: Samples
    attacks: tuple[int, ...] = ()
    broken: bool = False


class PyoGraph:
    """Writes a source of pyo into a ring that NumPy reads. Made once the server is booted."""

    def __init__(self, server: Any, source: Any, *, attacks: bool) -> None:
        pyo = pyo_library()
        self._block = int(server.getBufferSize())
        self._size = self._block * max(2, round(RING_S * server.getSamplingRate() / self._block))
        self._seconds = self._size / server.getSamplingRate()
        self._source = source
        self._ring, self._fill = self._record(pyo, source)
        self._detector: Any = None
        if attacks:
            self._detector = pyo.AttackDetector(source)
            self._trigs, self._trig_fill = self._record(pyo, self._detector)
        self._position = 0
        self._blocks_taken = 0

    def tune(self, tuning: Tuning) -> None:
        """Set what pyo's detector goes by; its input has the gain, the ring does not."""
        if self._detector is not None:
            self._detector.setMaxthresh(ATTACK_RISE_DB * tuning.threshold)
            # the gain shifts the level below which it must fall: the same, without touching sound
            self._detector.setMinthresh(-30.0 - 20 * float(np.log10(tuning.gain)))
            self._detector.setReltime(tuning.gap_s)

    def take(self, blocks_done: int) -> Taken:
        """Return everything since the last call; `blocks_done` counts the server's blocks."""
        position = int(self._fill.getCurrentPos(all=False)) % self._size
        count = (position - self._position) % self._size
        broken = (blocks_done - self._blocks_taken) * self._block >= self._size
        first, self._position = self._position, position
        self._blocks_taken = blocks_done
        where = (first + np.arange(count)) % self._size
        attacks: tuple[int, ...] = ()
        if self._detector is not None:
            attacks = tuple(map(int, np.flatnonzero(self._trigs[where] > 0.5)))
        return Taken(self._ring[where], attacks, broken)

    def _record(self, pyo: Any, source: Any) -> tuple[Samples, Any]:
        table = pyo.NewTable(length=self._seconds)
        ring = np.asarray(table.getBuffer())
        self._size = min(self._size, len(ring))
        fill = pyo.TableFill(source, table)
        self._keep = [*getattr(self, "_keep", []), table]
        return ring, fill


Fed = Callable[[Samples], None]


def manual_server(rate: float, block: int) -> tuple[Any, Any, Fed]:
    """Return a server without a sound card, its source, and what feeds one block through both."""
    pyo = pyo_library()
    server = pyo.Server(sr=rate, nchnls=1, buffersize=block, duplex=0, audio="manual", verbosity=0)
    server.deactivateMidi()
    server.boot()
    table = pyo.DataTable(size=block)
    # one reading of the table a block, each sample as it is
    source = pyo.TableRead(table, freq=rate / block, loop=1, interp=1).play()
    into = np.asarray(table.getBuffer())
    keep = (table, source)

    def feed(samples: Samples) -> None:
        assert keep  # noqa: S101 - pyo's objects live as long as what feeds them
        into[:block] = samples
        server.process()

    return server, source, feed
