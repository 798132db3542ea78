"""What a compilation is to be like: pictures, and shots of the archive."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from livematch.archive.search import Searcher
from livematch.archive.selecting import Selector
from livematch.archive.store import Archive, StoredShot
from livematch.embed.describer import Describer
from livematch.errors import UsageError
from livematch.stills import read_image
from livematch.values import Glimpse, Image, Vector

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
MOST_SHOTS = 32
MOMENTS = 6  # of one shot, spread over it

Open = Callable[[], Describer]
"""Opens the archive's network: only where a picture is asked about."""


def read_pictures(texts: Sequence[str]) -> dict[str, Image]:
    """Read those that are picture files; UsageError tells of every one that cannot be read."""
    images, faults = {}, []
    for text in texts:
        if Path(text).suffix.lower() in PICTURES:
            try:
                images[text] = read_image(Path(text).expanduser())
            except UsageError as fault:
                faults.append(str(fault))
    if faults:
        raise UsageError("; ".join(faults))
    return images


def find_shots(archive: Archive, texts: Sequence[str]) -> tuple[StoredShot, ...]:
    """Find the shots that are pointed at; UsageError where that is none, or a whole film."""
    selection = Selector(archive.films(), archive.shots()).select(texts)
    if selection.films:
        name = selection.films[0].film.path.name
        raise UsageError(
            f"{name} is a whole film: give a shot by its number, or one at a time, {name}@0:12"
            f" (`livematch archive list {archive.folder}` numbers them)"
        )
    if len(selection.shots) > MOST_SHOTS:
        raise UsageError(
            f"--like names {len(selection.shots)} shots; {MOST_SHOTS} are the most that one kind of"
            " scene is known by"
        )
    return selection.shots


def describe_pictures(searcher: Searcher, open_network: Open, images: Sequence[Image]) -> Vector:
    """Make of pictures what is compared: (n, fitted)."""
    if not images:
        return np.empty((0, searcher.fit.layout.dimension), np.float32)
    described = open_network().describe([Glimpse(image) for image in images])
    return np.stack([searcher.compared(row) for row in described])


def describe_shots(archive: Archive, searcher: Searcher, shots: Sequence[StoredShot]) -> Vector:
    """Make of shots what is compared, some moments of each: (n, fitted)."""
    rows = []
    for shot in shots:
        places = np.flatnonzero(archive.moments.shots == shot.id)
        if not len(places):
            raise UsageError(f"shot {shot.id} has no moment that can be compared")
        spread = np.linspace(0, len(places) - 1, min(MOMENTS, len(places))).round().astype(int)
        vectors = archive.vectors[archive.moments.rows[places[spread]]].astype(np.float32)
        try:
            rows += [searcher.compared(vector) for vector in vectors]
        except ValueError as error:
            raise UsageError(f"shot {shot.id}: {error}; see `livematch archive check`") from None
    return np.stack(rows) if rows else np.empty((0, searcher.fit.layout.dimension), np.float32)
