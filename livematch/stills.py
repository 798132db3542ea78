"""Single pictures: from picture files, and out of films at a given time."""

import logging
import os
from pathlib import Path

import av
import cv2
import numpy as np

from livematch.archive.store import Archive
from livematch.errors import FilmError, UsageError
from livematch.media import FilmInfo, open_film
from livematch.values import Image, Moment

log = logging.getLogger(__name__)


def read_image(path: Path) -> Image:
    """Read a picture file, upright, as BGR; UsageError says why it cannot be."""
    try:
        data = np.fromfile(path, np.uint8)  # OpenCV's own reading cannot open every path
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; give a picture file") from None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:
        image = None
    if image is None:
        raise UsageError(
            f"{path} is not a picture that can be read; give a JPEG, PNG, WebP, TIFF or BMP file"
        )
    return np.asarray(image, np.uint8)


def film_still(path: Path, time_s: float, width_px: int) -> Image:
    """Decode the picture that a film shows at `time_s`: upright BGR, `width_px` wide. FilmError."""
    with open_film(path, threads=min(4, os.cpu_count() or 1)) as film:
        sought_s = film.info.start_s + time_s
        film.seek(sought_s)
        shown: av.VideoFrame | None = None
        for frame in film.frames():
            # the picture on the screen at a time is the last that came before it
            if shown is not None and frame.time is not None and frame.time > sought_s + 1e-4:
                break
            shown = frame
        if shown is None:
            raise FilmError(f"{path}: has no picture at {time_s:.3f} s")
        return upright(shown, film.info, width_px)


def moment_still(archive: Archive, moment: Moment, width_px: int) -> Image | None:
    """Picture a moment: out of the film or its proxy, else its shot's thumb, else None."""
    try:
        return film_still(archive.clip(moment).path, moment.time_s, width_px)
    except FilmError as error:
        log.info("%s; its shot's small picture is shown", error)
        return archive.thumb(moment.shot_id)


def upright(frame: av.VideoFrame, info: FilmInfo, width_px: int) -> Image:
    """Unpack a frame as BGR, `width_px` wide once it is turned as it should be seen."""
    height_px = max(2, round(width_px / info.aspect))
    turned = info.quarter_turns % 2 == 1
    size = (height_px, width_px) if turned else (width_px, height_px)
    image = frame.to_ndarray(format="bgr24", width=size[0], height=size[1], interpolation="AREA")
    return np.ascontiguousarray(np.rot90(image, -info.quarter_turns), np.uint8)
