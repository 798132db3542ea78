"""Films made for tests whose pictures are numbered, and what is read in films made of them."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from films import X264, Recipe, texture, write_pictures

from livematch.values import Image

SIZE = (192, 108)
BITS, BIT_PX, STRIP_PX = 8, 24, 12
SHOTS = ((3, 24), (1, 30), (4, 26), (2, 20))


def numbered(shots: Sequence[tuple[int, int]] = SHOTS) -> list[Image]:
    """The pictures of some scenes, each with its number written along the lower edge."""
    drawn: list[Image] = []
    for scene, count in shots:
        still = texture(scene, SIZE)
        for _ in range(count):
            picture = still.copy()
            # Gray's code: one bit changes from picture to picture, so that counting is no cut
            gray = len(drawn) ^ len(drawn) >> 1
            for bit in range(BITS):
                light = 235 if gray >> bit & 1 else 20
                picture[-STRIP_PX:, bit * BIT_PX : (bit + 1) * BIT_PX] = light
            drawn.append(picture)
    return drawn


def column(picture: Image, number: int, of: int) -> Image:
    """One of the pictures that stand side by side, from the left."""
    width = picture.shape[1]
    across = (width - (of - 1) * max(2, width // 160)) // of
    left = (width - across) * number // (of - 1)
    return picture[:, left : left + across]


def number_in(picture: Image) -> int:
    """The number that is written along the lower edge of a picture as wide as it was drawn."""
    strip = picture[-STRIP_PX + 4 : -3].mean(axis=(0, 2))
    each = len(strip) / BITS
    bits = [
        strip[round((bit + 0.3) * each) : round((bit + 0.7) * each)].mean() > 128
        for bit in range(BITS)
    ]
    return sum((sum(bits[bit:]) & 1) << bit for bit in range(BITS))


def sounding(path: Path, silent: Path, seconds: float) -> Path:
    """Give a film a sound of noise that comes and goes, its pictures as they are."""
    rate = 48_000
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(round(seconds * rate)) * 0.2).astype(np.float32)
    with av.open(f"file:{silent}") as source, av.open(f"file:{path}", "w") as film:
        stream = film.add_stream_from_template(source.streams.video[0])
        sound = film.add_stream("aac", rate=rate)
        sound.codec_context.layout = "mono"
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                film.mux(packet)
        for start in range(0, len(noise), 1024):
            heard = av.AudioFrame.from_ndarray(noise[None, start : start + 1024], "fltp", "mono")
            heard.sample_rate, heard.time_base, heard.pts = rate, Fraction(1, rate), start
            film.mux(sound.encode(heard))
        film.mux(sound.encode(None))
    return path


def trailer(
    folder: Path, ticks: Callable[[int], int] | None = None, *, sound_s: float | None = 6.0
) -> Path:
    drawn = numbered()
    silent = write_pictures(folder / "silent.mp4", drawn, Recipe(options=X264, ticks=ticks))
    return sounding(folder / "trailer.mp4", silent, sound_s) if sound_s else silent


def frames(path: Path) -> tuple[list[Image], list[float]]:
    with av.open(f"file:{path}") as film:
        decoded = list(film.decode(video=0))
    times = [frame.time for frame in decoded]
    return (
        [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in decoded],
        [time - times[0] for time in times],
    )


def scene_in(picture: Image) -> int:
    """Which scene a picture shows."""
    mean = picture.reshape(-1, 3).mean(axis=0)
    plain = {scene: texture(scene, SIZE).reshape(-1, 3).mean(axis=0) for scene in range(1, 5)}
    return min(plain, key=lambda scene: float(np.abs(plain[scene] - mean).sum()))
