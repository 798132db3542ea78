"""Films whose every frame says which one it is: grey of `LEVEL` × its number."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from livematch.values import Image

LEVEL = 8


def write_film(
    path: Path,
    times_ms: Sequence[int],
    end_ms: int,
    size: tuple[int, int] = (64, 48),
    pixel: Fraction = Fraction(1),
) -> Path:
    """Write one grey frame at each of `times_ms`; the last one stays until `end_ms`."""
    width, height = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuvj420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.sample_aspect_ratio = pixel
        for number, (time_ms, next_ms) in enumerate(
            zip(times_ms, [*times_ms[1:], end_ms], strict=True)
        ):
            grey = np.full((height, width, 3), number * LEVEL, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="bgr24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.duration = next_ms - time_ms
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def number_in(image: Image) -> int:
    """Read which frame of a film an image is."""
    return round(float(image.mean()) / LEVEL)
