"""Films with sound made for tests, and what is heard in them."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from livematch.media import open_film

TICK_S = Fraction(1, 24_000)
PICTURES = 36  # one and a half seconds
SIZE = (64, 48)

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Sounding:
    """How to make one: `late_s` is when the sound begins, `held_s` when the picture does."""

    codec: str = "aac"
    rate: int = 44_100
    seconds: float = 2.5
    late_s: float = 0.0
    held_s: float = 0.0
    sounds: int = 1


def make(path: Path, recipe: Sounding) -> Path:
    """Write a film of `PICTURES` pictures with noise that comes and goes for its sound."""
    with av.open(f"file:{path}", "w") as film:
        stream = film.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height = SIZE
        stream.codec_context.time_base = TICK_S
        sounds = [film.add_stream(recipe.codec, rate=recipe.rate) for _ in range(recipe.sounds)]
        for sound in sounds:
            sound.codec_context.layout = "mono"
        for number in range(PICTURES):
            frame = av.VideoFrame.from_ndarray(grey(number), format="gray").reformat(
                format="yuv420p"
            )
            frame.pts = round(recipe.held_s / TICK_S) + number * 1000
            frame.time_base = TICK_S
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        for number, sound in enumerate(sounds):
            noise = noisy(recipe, number)
            for start in range(0, len(noise), 1024):
                samples = noise[None, start : start + 1024]
                heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
                heard.sample_rate, heard.time_base = recipe.rate, Fraction(1, recipe.rate)
                heard.pts = start + round(recipe.late_s * recipe.rate)
                film.mux(sound.encode(heard))
            film.mux(sound.encode(None))
    return path


def grey(number: int) -> NDArray[np.uint8]:
    return np.full((SIZE[1], SIZE[0]), 20 + 5 * number, np.uint8)


def noisy(recipe: Sounding, seed: int = 0) -> Wave:
    count = round(recipe.seconds * recipe.rate)
    noise = np.random.default_rng(seed).standard_normal(count).astype(np.float32) * 0.2
    bursts = np.arange(count) // (recipe.rate // 7) % 3 == 0
    return np.asarray(noise * bursts, np.float32)


def packets(path: Path, number: int = 0) -> list[bytes]:
    """The sound's packets as they lie in a film."""
    with av.open(f"file:{path}") as film:
        return [bytes(packet) for packet in film.demux(film.streams.audio[number]) if packet.size]


def codec_of(path: Path) -> str:
    with av.open(f"file:{path}") as film:
        return film.streams.audio[0].codec_context.codec.canonical_name


def heard(path: Path, rate: int, seconds: float = 4.0) -> tuple[Wave, float, float]:
    """What is heard from the first picture on; when that begins and ends, in seconds from there.

    A packet goes on where the one before ended, while a container's milliseconds agree with that.
    """
    with open_film(path) as film:
        begins_s = film.info.start_s
    wave = np.zeros(round(seconds * rate), np.float32)
    first, due = None, 0
    with av.open(f"file:{path}") as film:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        for frame in film.decode(audio=0):
            at = round((frame.time - begins_s) * rate)
            if first is None or abs(at - due) > rate / 400:
                due = at
            first = at if first is None else first
            for part in resampler.resample(frame):
                samples = part.to_ndarray()[0]
                wanted = samples[max(0, -due) :][: len(wave) - max(0, due)]
                wave[max(0, due) : max(0, due) + len(wanted)] = wanted
                due += len(samples)
    assert first is not None
    return wave, first / rate, due / rate


def apart(one: Wave, other: Wave) -> int:
    """How many samples later the same sound is in `other`."""
    spectra = np.fft.rfft(one, 2 * len(one)), np.fft.rfft(other, 2 * len(one))
    alike = np.fft.irfft(spectra[1] * np.conj(spectra[0]))
    found = int(np.argmax(alike))
    return found if found < len(one) else found - 2 * len(one)


def stamps(path: Path) -> list[float]:
    """The times of a film's pictures, from the first."""
    with av.open(f"file:{path}") as film:
        times = [frame.time for frame in film.decode(video=0)]
    return [time - times[0] for time in times]


def length_s(path: Path) -> float:
    """For how long the pictures are shown, by the packets."""
    with av.open(f"file:{path}") as film:
        stream = film.streams.video[0]
        spans = [
            (packet.pts, packet.pts + packet.duration)
            for packet in film.demux(stream)
            if packet.pts is not None and packet.duration is not None
        ]
        return float(
            (max(end for _, end in spans) - min(start for start, _ in spans)) * stream.time_base
        )
