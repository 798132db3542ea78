"""What is made of sound wherever it comes from: attacks and levels, from blocks of any size."""

from dataclasses import dataclass
from typing import Self

from livematch.audio.levels import Levels, Loudness, strength
from livematch.audio.onsets import DELAY_S, SuperFlux
from livematch.audio.spectrum import Samples, Spectra
from livematch.control.params import Params
from livematch.values import Onset

ATTACK_HOPS = 3  # in which an attack lies when it is noticed


@dataclass(frozen=True, slots=True)
class Tuning:
    """What the performer sets while it plays; `gain` is a factor."""

    gain: float = 1.0
    threshold: float = 1.0
    gap_s: float = 0.08

    @classmethod
    def of(cls, params: Params) -> Self:
        """Take it from the parameters."""
        return cls(10 ** (params.gain / 20), params.onset_threshold, params.onset_gap)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a block of sound told: attacks, in seconds of sound, and how loud it is at its end.

    `loudness` is None when the block did not complete a hop.
    """

    onsets: tuple[Onset, ...] = ()
    loudness: Loudness | None = None


class Hearing:
    """Hears one run of sound. Pure: how the sound is cut into blocks changes nothing.

    An attack's time is corrected for the time it takes to be noticed. Without `attacks`, only
    levels are made: something else listens for them.
    """

    def __init__(self, rate: float, *, attacks: bool = True) -> None:
        self._rate = rate
        self._spectra = Spectra(rate)
        self._levels = Levels(self._spectra.frequencies)
        self._flux = SuperFlux(self._spectra.frequencies) if attacks else None
        self._hops = 0

    def push(self, samples: Samples, tuning: Tuning) -> Heard:
        """Take the next samples, (n,) float32, and return what they told."""
        onsets, loudness = [], None
        for magnitudes in self._spectra.push(samples * tuning.gain):
            self._hops += 1
            loudness = self._levels.hear(magnitudes)
            if self._flux is None:
                continue
            if self._flux.hear(magnitudes, tuning.threshold, tuning.gap_s):
                attack = self._spectra.newest[-ATTACK_HOPS * self._spectra.hop :]
                onsets.append(Onset(max(0.0, self.heard_s - DELAY_S), strength(attack)))
        return Heard(tuple(onsets), loudness)

    @property
    def heard_s(self) -> float:
        """How much sound has been heard: to the end of the last whole hop."""
        return self._hops * self._spectra.hop / self._rate
