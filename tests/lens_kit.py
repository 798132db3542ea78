"""What a toy lens learns in seconds: a world where the dark is blue and the light is orange."""

from pathlib import Path

import cv2
import numpy as np

from livematch.lens.settings import Settings
from livematch.values import Image

DARK, LIGHT = np.array([160.0, 40.0, 0.0]), np.array([0.0, 150.0, 255.0])  # BGR

TOY = Settings(
    side_px=64,
    filters=4,
    shrink=8.0,
    steps=120,
    batch=2,
    rate=4e-3,
    likeness=100.0,
    perception=0.0,
    critic_filters=4,
)


def world(number: int, size_px: tuple[int, int] = (96, 54)) -> Image:
    """Paint the picture of this number: smooth blots of light and dark."""
    chance = np.random.default_rng(number)
    blots = cv2.resize(chance.random((5, 8), np.float32), size_px, interpolation=cv2.INTER_CUBIC)
    light = np.clip(blots, 0.0, 1.0)[..., None]
    return np.asarray(DARK + light * (LIGHT - DARK), np.uint8)


def write_world(folder: Path, count: int = 30) -> Path:
    """Write so many of its pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"blots-{number:02}.png"), world(number))
    return folder
