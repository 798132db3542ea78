"""Pairs to learn from, made on the fly: what a lens is shown, and what it is to make of that.

Every batch follows from the seed and its number: a training that was stopped goes on as if it had
not been.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from livematch.lens.preparing import contrasted, enlarged, levelled, patches, prepare
from livematch.lens.targets import Target, squashed
from livematch.values import Image, Vector

BRIGHTNESS, CONTRAST = 0.2, 0.15  # how far inputs are made lighter or darker, harder or softer
COARSENESS = (0.75, 1.5)  # times the lens's own: a camera's edges are softer or harder than film's
UNLEVELLED = 0.25  # of the pairs keep some of the light they had, as a dull room has


@dataclass(frozen=True, slots=True)
class Batch:
    """Some pairs, −1 to 1: `seen` float32 (n, 1, side, side), `wanted` (n, 3, side, side), RGB."""

    seen: Vector
    wanted: Vector


def batch(
    targets: Sequence[Target], side_px: int, shrink: float, size: int, seed: int, number: int
) -> Batch:
    """Make one batch: random pictures, crops, flips, coarseness and light. Pure; any thread."""
    chance = np.random.default_rng((seed, number))
    chosen = chance.integers(0, len(targets), size)
    pairs = [_pair(targets[int(index)].image, side_px, shrink, chance) for index in chosen]
    return Batch(
        np.stack([seen for seen, _ in pairs])[:, None], np.stack([wanted for _, wanted in pairs])
    )


def whole(targets: Sequence[Target], side_px: int, shrink: float) -> Batch:
    """Make pairs of whole pictures as the camera's would be shown: what a lens is judged by."""
    images = [squashed(target.image, side_px) for target in targets]
    seen = [prepare(image, side_px, shrink) for image in images]
    return Batch(np.stack(seen)[:, None], np.stack([as_planes(image) for image in images]))


def as_planes(image: Image) -> Vector:
    """Turn BGR pixels into what a network gives: float32 (3, h, w), RGB, −1 to 1."""
    planes = np.moveaxis(image[:, :, ::-1], 2, 0)
    return np.asarray(planes, np.float32) * np.float32(2 / 255) - np.float32(1)


def as_image(planes: Vector) -> Image:
    """Turn what a network gives, (3, h, w), into BGR pixels."""
    pixels = np.clip(np.rint((np.moveaxis(planes, 0, 2) + 1) * 127.5), 0, 255)
    return np.ascontiguousarray(pixels[:, :, ::-1].astype(np.uint8))


def _pair(
    image: Image, side_px: int, shrink: float, chance: np.random.Generator
) -> tuple[Vector, Vector]:
    cut = _cropped(image, side_px, chance)
    coarse = patches(cut, side_px, shrink * chance.uniform(*COARSENESS))
    levels = chance.random() if chance.random() < UNLEVELLED else 1.0
    contrast = 1 + chance.uniform(-CONTRAST, CONTRAST)
    light = contrasted(levelled(coarse, levels), contrast, chance.uniform(-BRIGHTNESS, BRIGHTNESS))
    return enlarged(light, side_px), as_planes(cut)


def _cropped(image: Image, side_px: int, chance: np.random.Generator) -> Image:
    """Cut a part out, of any place and shape that leaves at least the lens's side; flip half."""
    most = image.shape[0]
    width, height = (int(side) for side in chance.integers(min(side_px, most), most + 1, 2))
    left = int(chance.integers(0, most - width + 1))
    top = int(chance.integers(0, most - height + 1))
    cut = image[top : top + height, left : left + width]
    if chance.random() < 0.5:
        cut = cut[:, ::-1]
    smaller = width >= side_px and height >= side_px
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (side_px, side_px), interpolation=way), np.uint8)
