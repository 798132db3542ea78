"""Decoded frames made small: to describe, to find cuts in, and to stand for a shot."""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from livematch.indexing import shots
from livematch.indexing.proxies import MATRICES, Shape, shape_for
from livematch.media import FilmInfo, colours_of, plane_array
from livematch.values import Image

SMALL_PX = 264  # the shorter side of what is described: as large as any network here looks at
THUMB_PX = 108  # the height of a thumbnail


class Shrinker:
    """Makes the small upright BGR pictures that cuts and moments are found in; one thread."""

    def __init__(self, info: FilmInfo) -> None:
        width, height = info.upright_size
        self._shape: Shape = shape_for(info, round(SMALL_PX * max(1.0, height / width)))
        self._reformatter, self._tiny = VideoReformatter(), VideoReformatter()

    def shrink(self, frame: av.VideoFrame) -> Image:
        """Return a new small picture, straight from the decoder's planes."""
        colours = colours_of(frame)
        small = self._reformatter.reformat(
            frame,
            self._shape.width,
            self._shape.height,
            "bgr24",
            src_colorspace=MATRICES[colours.matrix],
            dst_colorspace=Colorspace.DEFAULT,
            src_color_range=ColorRange.JPEG if colours.full_range else ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        image = np.asarray(small.to_ndarray(), np.uint8)
        if self._shape.quarter_turns:
            return np.ascontiguousarray(np.rot90(image, -self._shape.quarter_turns))
        return image

    def tiny(self, frame: av.VideoFrame) -> Image:
        """Return what cuts are looked for in, (36, 64, 3): Y, Cb, Cr over the full range.

        In the film's own matrix and as it lies, for all it is compared with is its neighbours.
        """
        full = colours_of(frame).full_range
        planes = self._tiny.reformat(
            frame,
            shots.WIDTH_PX,
            shots.HEIGHT_PX,
            "yuv444p",
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        # PyAV would do the same with NumPy, in twice the time
        return np.asarray(cv2.merge([plane_array(planes, index) for index in range(3)]), np.uint8)


def thumbnail(image: Image) -> Image:
    """Shrink a picture to a thumbnail's height; a lower one stays as it is."""
    height, width = image.shape[:2]
    if height <= THUMB_PX:
        return image
    size = (max(1, round(width * THUMB_PX / height)), THUMB_PX)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
