"""Still pictures of open water: `python -m livematch.demo.workshop.waters OUT`.

They are what a lens learns from that has only ever seen the sea. Picture k depends on the
seed and on k alone, so any of them can be made again by itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from livematch.demo.workshop import scenes, seascape
from livematch.demo.workshop.canvas import Bytes, f32
from livematch.errors import UsageError
from livematch.files import write_whole

QUALITY = 92


def picture(seed: int, number: int) -> Bytes:
    """Picture `number` as 8-bit RGB of the canvas's size."""
    dice = np.random.default_rng([seed, number])
    shown = seascape.paint(scenes.throw(dice), dice)
    dither = dice.random(shown.shape[:2], dtype=np.float32)[..., None]
    shades: Bytes = np.clip(f32(shown) * 255 + dither, 0, 255).astype(np.uint8)
    return shades


def write(out: Path, seed: int, number: int) -> Path:
    """Renders one picture into the folder, as a JPEG. UsageError where it cannot be written."""
    path = out / f"sea-{number:04d}.jpg"
    done, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(picture(seed, number), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, QUALITY],
    )
    if not done:
        raise RuntimeError(f"{path.name} could not be encoded")
    write_whole(path, data.tobytes())
    return path


def _alone() -> None:
    """One picture, one core: the pictures are spread over the processes instead."""
    cv2.setNumThreads(1)


def build(out: Path, numbers: range, seed: int, workers: int) -> None:
    """Renders these pictures, `workers` at a time, and shows how long is left."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be made: {error.strerror}") from error
    with ProcessPoolExecutor(workers, initializer=_alone) as pool:
        pictures = pool.map(partial(write, out, seed), numbers, chunksize=4)
        shown = Console(stderr=True)
        for _ in track(pictures, "Seas", total=len(numbers), console=shown, transient=True):
            pass


def _from(least: int) -> Callable[[str], int]:
    """Reads a whole number of at least that much from the command line."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} up")
        return int(text)

    return number


def main() -> int:
    """Renders what the command line asks for; 1 where it cannot be written."""
    parser = argparse.ArgumentParser(description="Render still pictures of open water.")
    parser.add_argument("out", type=Path, help="folder that receives sea-0001.jpg and so on")
    parser.add_argument("--count", type=_from(1), default=900, help="how many pictures")
    parser.add_argument("--seed", type=_from(0), default=1, help="another number, other seas")
    parser.add_argument("--first", type=_from(1), default=1, help="number of the first picture")
    cores = os.cpu_count() or 1
    parser.add_argument("--workers", type=_from(1), default=cores, help="processes side by side")
    chosen = parser.parse_args()
    numbers = range(chosen.first, chosen.first + chosen.count)
    try:
        build(chosen.out, numbers, chosen.seed, chosen.workers)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
