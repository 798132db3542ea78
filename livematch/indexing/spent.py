"""Where the time of indexing goes, stage by stage. Pure."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that films took, by what the thread that reads them was doing.

    It decodes, looks for cuts and moments, and waits where the network or the proxy is slower. How
    long those worked meanwhile is `network_s` and `proxy_s`.
    """

    decoding_s: float = 0.0
    looking_s: float = 0.0
    network_wait_s: float = 0.0
    proxy_wait_s: float = 0.0
    network_s: float = 0.0
    proxy_s: float = 0.0

    @property
    def shares(self) -> dict[str, float]:
        """The reading thread's time by what it went to, adding up to 1; all 0 if there was none."""
        parts = {
            "decoding": self.decoding_s,
            "looking for shots": self.looking_s,
            "waiting for the network": self.network_wait_s,
            "waiting for the proxy": self.proxy_wait_s,
        }
        whole = sum(parts.values())
        return {name: seconds / whole if whole else 0.0 for name, seconds in parts.items()}

    @property
    def limit(self) -> str:
        """Name the stage that would have to be faster for indexing to be faster."""
        shares = self.shares
        return max(shares, key=lambda name: shares[name]).removeprefix("waiting for ")


NO_TIME = Spent()


def total(spent: Iterable[Spent]) -> Spent:
    """Add up what several films took."""
    rows = [astuple(one) for one in spent]
    return Spent(*map(sum, zip(*rows, strict=True))) if rows else NO_TIME
