"""The kinds of proxy that there are: THE table, which `--proxy` is derived from."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from livematch.archive import proxynames
from livematch.indexing import hap
from livematch.indexing.hap import HapWriter
from livematch.indexing.proxies import MjpegWriter, ProxyWriter, Shape

PLAYED_AS_THEY_ARE = frozenset({"hap"})
"""Codecs of originals that get no proxy, whatever kind is asked for.

HAP was made for playing: each frame stands alone and goes to the card as it is, so a copy in MJPEG
would cost time, disk and quality to be slower, and one in HAP would be the same again. Other codecs
of whole frames (ProRes, DXV, MJPEG itself) are decoded on the processor, at sizes the camera chose:
they do gain from a proxy.
"""


@dataclass(frozen=True, slots=True)
class ProxyKind:
    """A kind of proxy: `name` is what `--proxy` calls it, `multiple` what its sides divide by.

    `writer` begins one: path, shape, time base, threads. `lack` says what is missing on this
    machine to write any, and how to get it; None when nothing is.
    """

    name: str
    multiple: int
    writer: Callable[[Path, Shape, Fraction, int], ProxyWriter]
    lack: Callable[[], str | None]

    def part_name(self, fingerprint: str) -> str:
        """Name a proxy of this kind that is being written."""
        return proxynames.part_name(fingerprint, self.name)

    def final_name(self, fingerprint: str) -> str:
        """Name a whole proxy of this kind."""
        return proxynames.final_name(fingerprint, self.name)


def nothing() -> None:
    """Nothing is missing for what PyAV's wheels encode themselves."""


MJPEG = ProxyKind("mjpeg", 2, MjpegWriter, nothing)
HAP = ProxyKind("hap", hap.MULTIPLE, HapWriter, hap.lack)
HAP_Q = ProxyKind("hap-q", hap.MULTIPLE, partial(HapWriter, form="hap_q"), hap.lack)
KINDS = {kind.name: kind for kind in (MJPEG, HAP, HAP_Q)}
