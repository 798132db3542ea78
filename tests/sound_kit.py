"""Sounds for tests, made on the spot, and files of them."""

import wave
from pathlib import Path

import numpy as np

from livematch.audio.file import RATE
from livematch.audio.hearing import Hearing, Tuning
from livematch.audio.spectrum import Samples
from livematch.values import Onset

Times = tuple[float, ...]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, level: float, seed: int = 1) -> Samples:
    chance = np.random.default_rng(seed)
    return (chance.standard_normal(round(seconds * RATE)) * level).astype(np.float32)


def with_hits(sound: Samples, times_s: Times, kind: str = "noise", level: float = 0.5) -> Samples:
    """Mix a short hit in at each time: a click, a struck tone or a burst of noise."""
    n = np.arange(round(0.15 * RATE))
    fading = np.exp(-n / (0.03 * RATE))
    hit = {
        "click": np.where(n < 24, 1.0, 0.0),
        "tone": np.sin(2 * np.pi * 440 * n / RATE) * fading,
        "noise": np.random.default_rng(5).uniform(-1, 1, len(n)) * fading,
    }[kind]
    mixed = sound.copy()
    for time_s in times_s:
        first = round(time_s * RATE)
        part = mixed[first : first + len(hit)]
        part += (hit[: len(part)] * level).astype(np.float32)
    return mixed


def onsets_of(
    sound: Samples, tuning: Tuning | None = None, block: int | None = None
) -> tuple[Onset, ...]:
    """Hear a whole sound, in one piece or in blocks."""
    hearing, tuning = Hearing(RATE), tuning or Tuning()
    size = block or len(sound)
    pieces = (sound[n : n + size] for n in range(0, len(sound), size))
    return tuple(onset for piece in pieces for onset in hearing.push(piece, tuning).onsets)


def write_wav(path: Path, *channels: Samples, rate: int = RATE) -> Path:
    """Write 16-bit channels of the same length."""
    whole = np.stack(channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(whole, -1, 1) * 32767).astype("<i2").tobytes())
    return path
