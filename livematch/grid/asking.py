"""What a grid is made around: a picture, a moment of a film, a shot, or what is most typical."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livematch.archive.search import Searcher
from livematch.archive.selecting import Selector, seconds
from livematch.archive.store import Archive
from livematch.embed.describer import Describer
from livematch.embed.parts import unit
from livematch.errors import UsageError
from livematch.grid.likeness import Likeness, most_typical
from livematch.indexing.scan import shown
from livematch.media import open_film
from livematch.sheet import time_code
from livematch.stills import film_still, read_image
from livematch.values import Clip, Glimpse, Image, Moment, Vector

log = logging.getLogger(__name__)

BEFORE_S = 0.1  # the picture by which movement is seen
_DESCRIBED_PX = 640  # width of a still that is described
_LOOKED_AT = 50  # of the most typical shots, until one shows something
_LEAST_CONTRAST = 56  # between the dark and the bright of a picture, of 255

Open = Callable[[], Describer]
"""Opens the archive's network: only for what is not in the archive."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What things are compared with: `fitted` is its descriptor as it is compared.

    `moment` where it is the archive's own; `clip` where it can be played; else its `image`.
    """

    name: str
    fitted: Vector
    moment: Moment | None = None
    clip: Clip | None = None
    image: Image | None = None


def ask_picture(searcher: Searcher, describer: Describer, path: Path) -> Asked:
    """Ask for what is like a picture file; UsageError when it cannot be read."""
    image = read_image(path)
    fitted = searcher.compared(describer.describe([Glimpse(image)])[0])
    return Asked(shown(Path(path.name)), fitted, image=image)


def ask_film(
    archive: Archive, searcher: Searcher, film: str, time: str, open_network: Open
) -> Asked:
    """Ask for what is like a film at a time: one of the archive, or any that can be read."""
    time_s = seconds(time)
    if time_s is None:
        raise UsageError(f"--time {time!r} is no time: write 83.4, 1:23.4 or 0:01:23")
    selector = Selector(archive.films(), archive.shots())
    try:
        selector.films(film)
    except UsageError:
        if not Path(film).is_file():
            raise
        return _ask_file(searcher, open_network(), Path(film), time_s)
    (shot,) = selector.select([f"{film}@{time}"]).shots
    return ask_moment(archive, searcher, _nearest_in(archive, shot.id, time_s))


def _ask_file(searcher: Searcher, describer: Describer, path: Path, time_s: float) -> Asked:
    image = film_still(path, time_s, _DESCRIBED_PX)
    before = film_still(path, max(0.0, time_s - BEFORE_S), _DESCRIBED_PX)
    glimpse = Glimpse(image, before if time_s >= BEFORE_S else None, min(time_s, BEFORE_S))
    with open_film(path) as film:
        end_s = film.info.duration_s
    if time_s >= end_s > 0:
        raise UsageError(f"{path} ends at {time_code(end_s)}, before {time_code(time_s)}")
    fitted = searcher.compared(describer.describe([glimpse])[0])
    clip = Clip(path, time_s, 0.0, max(end_s, time_s), path.stem)
    return Asked(f"{shown(Path(path.name))}, {time_code(time_s)}", fitted, clip=clip, image=image)


def ask_shot(archive: Archive, searcher: Searcher, text: str) -> Asked:
    """Ask for what is like a shot, by the moment that is most typical of it."""
    shots = Selector(archive.films(), archive.shots()).select([text]).shots
    if len(shots) != 1:
        raise UsageError(f"--shot {text!r} is not one shot: give its number, or FILM@TIME")
    places = np.flatnonzero(archive.moments.shots == shots[0].id)
    if not len(places):
        raise UsageError(f"shot {shots[0].id} has no moment that can be compared")
    rows = unit(searcher.fit.apply(archive.vectors[archive.moments.rows[places]]))
    typical = places[int(np.argmax(rows @ rows.mean(axis=0)))]
    return ask_moment(archive, searcher, archive.moments.at(int(typical)))


def ask_typical(archive: Archive, searcher: Searcher, likeness: Likeness) -> Asked:
    """Ask for what is like the moment that has the most like it and something to be seen."""
    shots = likeness.shots()
    best = [likeness.moment(int(shots.moments[n])) for n in most_typical(shots, _LOOKED_AT)]
    if not best:
        raise UsageError(
            f"{archive.folder} offers nothing: it has no film, or --set tag=… leaves none"
        )
    # all that is dark is alike: fades and faint titles would be typical of many archives
    shown = (moment for moment in best if _shows_something(archive.thumb(moment.shot_id)))
    return ask_moment(archive, searcher, next(shown, best[0]))


def _shows_something(thumb: Image | None) -> bool:
    if thumb is None:
        return False
    dark, bright = np.percentile(thumb, (5, 95))
    return bool(bright - dark >= _LEAST_CONTRAST)


def ask_moment(archive: Archive, searcher: Searcher, moment: Moment) -> Asked:
    """Ask for what is like a moment of the archive."""
    film = Path(archive.film(moment.film_id).film.path.name)
    name = f"{shown(film)}, {time_code(moment.time_s)}"
    try:
        fitted = searcher.compared(archive.vectors[moment.row].astype(np.float32))
    except ValueError as error:
        raise UsageError(f"{name}: {error}; see `livematch archive check`") from None
    return Asked(name, fitted, moment, archive.clip(moment))


def _nearest_in(archive: Archive, shot_id: int, time_s: float) -> Moment:
    places = np.flatnonzero(archive.moments.shots == shot_id)
    if not len(places):
        raise UsageError(f"shot {shot_id} has no moment that can be compared")
    nearest = places[int(np.argmin(np.abs(archive.moments.times_s[places] - time_s)))]
    return archive.moments.at(int(nearest))
