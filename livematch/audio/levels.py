"""How loud it is, whole and in three bands, as meters show it: in equal steps of decibels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livematch.audio.spectrum import HOP_S, Samples

FLOOR_DB = -60.0
"""What counts as silence: below a sine at full scale, which is 0 dB (AES17)."""

LOWEST_HZ, BASS_HZ, MID_HZ = 20.0, 250.0, 2000.0
RISE_S, FALL_S = 0.01, 0.25  # time constants: up with the attack, down as eyes like to follow
HANN_BINS = 1.5  # a sine's power lies in this many bins of a Hann window


@dataclass(frozen=True, slots=True)
class Loudness:
    """Level and bands, 0 for `FLOOR_DB` and below, 1 for full scale."""

    level: float = 0.0
    bass: float = 0.0
    mid: float = 0.0
    treble: float = 0.0


def shown(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a meter stands for these, 0 to 1."""
    return np.clip(1 - decibels / FLOOR_DB, 0, 1)


def strength(attack: Samples) -> float:
    """Return how strong an attack is, 0 to 1: the loudest of its samples, as a meter shows it."""
    loudest = float(np.max(np.abs(attack), initial=0.0))
    return float(shown(20 * np.log10(np.float64(loudest) + 1e-6)))


class Levels:
    """Meters that are told magnitudes, hop by hop. Pure."""

    def __init__(self, frequencies: NDArray[np.float64]) -> None:
        edges = np.searchsorted(frequencies, (LOWEST_HZ, BASS_HZ, MID_HZ))
        self._first = int(edges[0])
        self._starts = edges - edges[0]
        self._shown = np.zeros(4)
        self._rise, self._fall = 1 - np.exp(-HOP_S / RISE_S), 1 - np.exp(-HOP_S / FALL_S)

    def hear(self, magnitudes: Samples) -> Loudness:
        """Take one hop and return what the meters show."""
        power = np.square(magnitudes[self._first :], dtype=np.float64) / HANN_BINS
        bands = np.add.reduceat(power, self._starts)
        decibels = 10 * np.log10(np.append(bands.sum(), bands) + 1e-12)
        now = shown(decibels)
        self._shown += (now - self._shown) * np.where(now > self._shown, self._rise, self._fall)
        return Loudness(*map(float, self._shown))
