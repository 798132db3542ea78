"""Labelled sound, a user's or a loop of our own, and how well the attacks in it are found.

Pure, but for the reading of files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livematch.audio.file import RATE, SoundFile
from livematch.audio.spectrum import Samples
from livematch.errors import UsageError

FOLDER, ENDING = "audio", ".onsets.txt"
NEAR_S = 0.05  # an attack told this early or late is found, as usual in the field
BPM, BARS = 112.0, 8


@dataclass(frozen=True, slots=True)
class Track:
    """Sound, 48,000 samples a second, and when its attacks are."""

    name: str
    sound: Samples
    attacks_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How a detector did: attacks found, reported and labelled, and how late each was told."""

    found: int = 0
    reported: int = 0
    labelled: int = 0
    delays_s: tuple[float, ...] = ()

    def __add__(self, other: "Score") -> "Score":
        """Two tracks together."""
        return Score(
            self.found + other.found,
            self.reported + other.reported,
            self.labelled + other.labelled,
            self.delays_s + other.delays_s,
        )

    @property
    def precision(self) -> float:
        """Share of what is reported that is an attack; 1 where nothing is reported."""
        return self.found / self.reported if self.reported else 1.0

    @property
    def recall(self) -> float:
        """Share of the attacks that are reported; 1 where there is none."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.reported + self.labelled
        return 2 * self.found / both if both else 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """One attack as a detector reports it: when it thinks it was, and when it told."""

    at_s: float
    told_s: float


def score(attacks_s: Sequence[float], reports: Sequence[Report]) -> Score:
    """Pair attacks with reports, each once, as many as can be, earliest first."""
    waiting = sorted(reports, key=lambda report: report.at_s)
    delays, n = [], 0
    for attack_s in sorted(attacks_s):
        while n < len(waiting) and waiting[n].at_s < attack_s - NEAR_S:
            n += 1
        if n < len(waiting) and waiting[n].at_s <= attack_s + NEAR_S:
            delays.append(waiting[n].told_s - attack_s)
            n += 1
    return Score(len(delays), len(reports), len(attacks_s), tuple(delays))


def read_tracks(folder: Path) -> list[Track]:
    """Read `audio/*` of a folder that have labels beside them, one time in seconds a line."""
    tracks = []
    for labels in sorted((folder / FOLDER).glob(f"*{ENDING}")):
        name = labels.name.removesuffix(ENDING)
        files = [p for p in labels.parent.glob(f"{name}.*") if p != labels]
        if len(files) != 1:
            raise UsageError(f"{labels}: there should be one file of sound beside it, {name}.flac")
        try:
            times_s = tuple(
                float(line.split()[0])
                for line in labels.read_text("utf-8").split("\n")
                if line.strip()
            )
        except ValueError as error:
            raise UsageError(
                f"{labels}: each line begins with a time in seconds ({error})"
            ) from None
        with SoundFile(files[0]) as file:
            tracks.append(Track(name, file.once(), times_s))
    return tracks


def own_loop() -> Track:
    """Make a drum loop over a bass, always the same: kick, snare, hats that are soft and loud."""
    chance = np.random.default_rng(1)
    step_s = 60 / BPM / 4
    sound = np.zeros(round((BARS * 16 * step_s + 0.5) * RATE))
    attacks_s = []
    for step in range(BARS * 16):
        hits = [_hat(chance) * (0.25 if step % 4 else 0.4)] if step % 2 == 0 else []
        hits += [_kick()] * (step % 16 in {0, 6, 8})
        hits += [_snare(chance)] * (step % 16 in {4, 12, 15})
        at_s = 0.25 + step * step_s
        for hit in hits:
            first = round(at_s * RATE)
            part = sound[first : first + len(hit)]
            part += hit[: len(part)]
        attacks_s += [at_s] * bool(hits)
    seconds = np.arange(len(sound)) / RATE
    bass = 0.05 * np.sin(2 * np.pi * 55 * seconds) + 0.02 * np.sin(2 * np.pi * 165 * seconds)
    return Track("own loop", np.asarray(0.3 * sound + bass, np.float32), tuple(attacks_s))


def pink_noise(samples: int, level_db: float) -> Samples:
    """Make noise of equal power an octave, of an RMS below full scale; always the same."""
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(samples))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, samples)
    return np.asarray(noise * 10 ** (level_db / 20) / np.sqrt(np.mean(noise**2)), np.float32)


def _fading(
    seconds: float, decay_s: float
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], Samples]:
    at_s = np.arange(round(seconds * RATE)) / RATE
    return at_s, np.asarray(np.exp(-at_s / decay_s), np.float32)


def _kick() -> Samples:
    at_s, fading = _fading(0.25, 0.07)
    return np.asarray(
        np.sin(2 * np.pi * (50 * at_s - 3 * np.exp(-at_s / 0.02))) * fading, np.float32
    )


def _snare(chance: np.random.Generator) -> Samples:
    at_s, fading = _fading(0.2, 0.05)
    skin = 0.4 * np.sin(2 * np.pi * 190 * at_s)
    return np.asarray((0.5 * chance.standard_normal(len(at_s)) + skin) * fading, np.float32)


def _hat(chance: np.random.Generator) -> Samples:
    at_s, fading = _fading(0.06, 0.015)
    hiss = np.diff(chance.standard_normal(len(at_s) + 1))
    return np.asarray(hiss * fading, np.float32)
