"""From sound to magnitudes: overlapping windows, one every hop, the same for any block size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound, 1 and −1 at full scale."""

HOP_S = 0.005
WINDOW_S = 2048 / 48000
LOUDEST = 16.0  # 24 dB over full scale: gain may go there, and squares stay finite


class Spectra:
    """Cuts sound into Hann windows and tells the magnitudes of each, once it is complete.

    A magnitude of 1 is a sine at full scale. A constant offset is taken out; what is no number
    counts as silence. `rate` is in samples a second, 8000 to 200,000.
    """

    def __init__(self, rate: float) -> None:
        self.hop = round(rate * HOP_S)
        self.size = 2 ** round(np.log2(rate * WINDOW_S))
        self.frequencies = np.fft.rfftfreq(self.size, 1 / rate).astype(np.float64)
        window = np.hanning(self.size)
        self._window = (window * 2 / window.sum()).astype(np.float32)
        self.newest: Samples = np.zeros(self.size, np.float32)  # the window told last
        self._waiting: Samples = np.zeros(self.size - self.hop, np.float32)

    def push(self, samples: Samples) -> Iterator[Samples]:
        """Take the next samples; yield float32 magnitudes (bins,) for each hop they complete."""
        self._waiting = np.concatenate((self._waiting, _clean(samples)))
        first = 0
        while first + self.size <= len(self._waiting):
            frame = self.newest = self._waiting[first : first + self.size]
            yield np.abs(np.fft.rfft((frame - frame.mean()) * self._window)).astype(np.float32)
            first += self.hop
        self._waiting = self._waiting[first:]


def _clean(samples: Samples) -> Samples:
    finite = np.nan_to_num(samples, nan=0.0, posinf=LOUDEST, neginf=-LOUDEST)
    return np.clip(finite, -LOUDEST, LOUDEST)
