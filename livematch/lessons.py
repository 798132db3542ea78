"""Lessons: an archive's own pictures, altered as cameras alter them, for its descriptors to learn.

A few thousand pictures are enough to learn from, and they are only looked at, never kept. What an
archive has learned holds for its own shots; pictures of films it has never seen gain less.
"""

from collections.abc import Callable

import cv2
import numpy as np

from livematch.archive.store import Archive
from livematch.embed.alterations import altered, mirrored
from livematch.embed.features import AnyEmbedder
from livematch.embed.whitening import Lessons, as_lessons
from livematch.stills import moment_still
from livematch.values import Image, Moment, Vector

VIEWS = 3000  # altered pictures in all: half a minute on two cores
MOST_VIEWS = 8  # of one moment
LEAST_MOMENTS = 16  # with fewer there is nothing to tell apart
WIDTH_PX = 448  # twice what the bundled networks look at: alterations need something to work on

Progress = Callable[[int, int], None]  # moments done, moments in all


def take_lessons(archive: Archive, embedder: AnyEmbedder, progress: Progress) -> Lessons | None:
    """Alter and embed pictures of the archive; None when it has too few. The embedder's thread.

    The same archive gives the same lessons. A moment without a picture is passed over.
    """
    chosen = chosen_moments(archive)
    views = min(MOST_VIEWS, VIEWS // max(1, len(chosen)))
    chance = np.random.default_rng(len(chosen))
    rows: list[Vector] = []
    for number, moment in enumerate(chosen):
        progress(number, len(chosen))
        still = picture_of(archive, moment)
        if still is not None:
            pictures = [still, *(_view(still, chance) for _ in range(views))]
            rows.append(embedder.embed(pictures).pooled)
    progress(len(chosen), len(chosen))
    if len(rows) < LEAST_MOMENTS:
        return None
    features = np.stack(rows, axis=1)  # (1 + views, moments, D)
    return as_lessons(features[0], features[1:])


def chosen_moments(archive: Archive) -> list[Moment]:
    """Choose the moments to learn from: spread evenly over the archive, `VIEWS` at most."""
    moments = archive.offered()
    wanted = min(VIEWS, len(moments))
    positions = np.linspace(0, max(0, len(moments) - 1), wanted).round().astype(np.int64)
    return [moments.at(int(position)) for position in positions]


def picture_of(archive: Archive, moment: Moment) -> Image | None:
    """Picture a moment from its proxy; where there is none, from its shot's thumb.

    An original is slow to seek in, and thousands of pictures are asked for.
    """
    if archive.film(moment.film_id).film.proxy is not None:
        return moment_still(archive, moment, WIDTH_PX)
    thumb = archive.thumb(moment.shot_id)
    if thumb is None:
        return None
    height = max(2, round(WIDTH_PX * thumb.shape[0] / thumb.shape[1]))
    return np.asarray(cv2.resize(thumb, (WIDTH_PX, height)), np.uint8)


def _view(still: Image, chance: np.random.Generator) -> Image:
    seen = altered(still, chance)
    return mirrored(seen) if chance.random() < 0.5 else seen
