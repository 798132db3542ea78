"""One small picture a shot, as JPEG files: `thumbs/<fingerprint>/<shot number>.jpg`."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from livematch.archive.schema import THUMBS
from livematch.values import Image

QUALITY = 88


def folder_of(archive: Path, fingerprint: str) -> Path:
    """Where a film's thumbs lie."""
    return archive / THUMBS / fingerprint


def write(archive: Path, fingerprint: str, images: Sequence[Image]) -> None:
    """Write a film's thumbs; its folder appears complete or not at all. OSError.

    Thumbs that are there, of the same film, are replaced one by one: it is never without them.
    """
    folder = folder_of(archive, fingerprint)
    _refuse_link(folder)
    part = folder.with_name(f"{fingerprint}.part")
    if part.exists():  # from an attempt that was cut short
        shutil.rmtree(part)
    part.mkdir(parents=True)
    for number, image in enumerate(images):
        (part / f"{number}.jpg").write_bytes(_jpeg(image))
    if not folder.exists():
        part.rename(folder)
        return
    written = {file.name for file in part.iterdir()}
    for name in written:
        (part / name).replace(folder / name)
    part.rmdir()
    for file in folder.iterdir():
        if file.name not in written:
            file.unlink()


def put(archive: Path, fingerprint: str, number: int, image: Image) -> None:
    """Write one thumb that was missing; it appears whole or not at all. OSError."""
    folder = folder_of(archive, fingerprint)
    _refuse_link(folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{number}.jpg.part"
    part.unlink(missing_ok=True)  # what is there may be a link too
    part.write_bytes(_jpeg(image))
    part.replace(folder / f"{number}.jpg")


def missing(archive: Path, fingerprint: str, numbers: Sequence[int]) -> list[int]:
    """Return which of a film's shots have no thumb."""
    folder = folder_of(archive, fingerprint)
    there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
    return [number for number in numbers if f"{number}.jpg" not in there]


def read(archive: Path, fingerprint: str, number: int) -> Image | None:
    """Read one thumb, BGR; None if it is not there or no picture."""
    try:
        data = (folder_of(archive, fingerprint) / f"{number}.jpg").read_bytes()
    except OSError:
        return None
    if not data:
        return None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else image.astype(np.uint8, copy=False)


def remove(archive: Path, fingerprint: str) -> None:
    """Remove a film's thumbs, if there are any."""
    shutil.rmtree(folder_of(archive, fingerprint), ignore_errors=True)


def _refuse_link(folder: Path) -> None:
    if folder.is_symlink():  # archives are copied about: nothing in one may point out of it
        raise OSError(f"{folder} is a link")


def _jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot become a JPEG file")
    return data.tobytes()
