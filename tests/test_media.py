"""FFmpeg as it is set up here."""

import platform
import sys

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation, VideoReformatter

from livematch.media import scale_without_gathers
from livematch.values import Image


def shrunk(width: int, height: int) -> Image:
    noise = np.random.default_rng(1).integers(0, 256, (540, 640), np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, format="yuv420p")
    small = VideoReformatter().reformat(
        frame, width, height, "yuv444p", interpolation=Interpolation.AREA
    )
    return np.asarray(small.to_ndarray(), np.uint8)


def test_pictures_are_the_same_without_gathers() -> None:
    sizes = ((64, 36), (160, 90), (352, 264))
    before = [shrunk(*size) for size in sizes]
    scale_without_gathers()
    for size, expected in zip(sizes, before, strict=True):
        assert np.array_equal(shrunk(*size), expected)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="gathers are of x86"
)
def test_ffmpeg_is_found_where_pyav_is_linked_with_it() -> None:
    assert scale_without_gathers()
