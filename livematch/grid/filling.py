"""What is in which cell of a grid, and the grid drawn with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np

from livematch.archive.store import Archive
from livematch.control.params import Fit
from livematch.grid.asking import Asked
from livematch.grid.likeness import Likeness
from livematch.grid.playing import Cell
from livematch.grid.wall import Shape, blank, cells, hang, label, reading_width
from livematch.indexing.scan import shown
from livematch.sheet import readable, time_code
from livematch.stills import moment_still
from livematch.values import Clip, Image, Match


class Place(StrEnum):
    """Where the moment stands that all others are like."""

    MIDDLE = "middle"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Form:
    """How a grid is to look, and how long it plays."""

    shape: Shape
    size_px: tuple[int, int]
    fit: Fit
    captions: bool
    length_s: float
    fps: Fraction


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the cell of this number, from 0: a moment, or what it is like (no `match`)."""

    number: int
    asked: Asked
    match: Match | None


def fill(
    likeness: Likeness, asked: Asked, shape: Shape, query: Place, *, is_own_choice: bool
) -> list[Filled]:
    """Say what is in which cell, best first; where moments are wanting, the last stay empty.

    A moment that nobody asked for by name is one of those alike where it has no place of its own.
    """
    places = list(range(shape.count))
    filled = []
    if query is Place.MIDDLE:
        places.remove(shape.middle)
        filled.append(Filled(shape.middle, asked, None))
    is_one_of_them = query is Place.NONE and is_own_choice
    found = likeness.distinct(asked.fitted, len(places), None if is_one_of_them else asked.moment)
    filled += [Filled(n, asked, match) for n, match in zip(places, found, strict=False)]
    return sorted(filled, key=lambda one: one.number)


def still(archive: Archive, filled: Sequence[Filled], form: Form) -> Image:
    """Draw the grid as one picture, BGR."""
    canvas = blank(form.size_px)
    places = cells(form.shape, form.size_px)
    for one in filled:
        place = places[one.number]
        hang(canvas, place, _picture(archive, one, reading_width(place)), form.fit)
        if form.captions:
            label(place, _lines(archive, one), marked=one.match is None).draw(canvas)
    return canvas


def cells_of(archive: Archive, filled: Sequence[Filled], form: Form) -> list[Cell]:
    """Make the cells of the grid as a film."""
    places = cells(form.shape, form.size_px)
    playing = []
    for one in filled:
        place, clip = places[one.number], _clip(archive, one)
        mark = label(place, _lines(archive, one), marked=not one.match) if form.captions else None
        playing.append(Cell(place, clip, _until_it_plays(archive, one), mark))
    return playing


def record(archive: Archive, one: Filled) -> dict[str, object]:
    """Return what is in a cell as plain values; cells are counted from 1."""
    if one.match is None:
        return {"cell": one.number + 1, "query": True}
    match = one.match
    return {
        "cell": one.number + 1,
        "film": readable(archive.film(match.moment.film_id).film.path),
        "shot": match.moment.shot_id,
        "time_s": round(match.moment.time_s, 3),
        "score": round(match.score, 4),
        "parts": {name: round(score, 4) for name, score in match.parts},
    }


def as_drawn(picture: Image) -> Image:
    """Turn BGR into what a framebuffer gives: RGBA, the bottom row first."""
    height, width = picture.shape[:2]
    drawn = np.empty((height, width, 4), np.uint8)
    drawn[:, :, :3] = picture[::-1, :, ::-1]
    drawn[:, :, 3] = 255
    return drawn


def _clip(archive: Archive, one: Filled) -> Clip | None:
    return archive.clip(one.match.moment) if one.match else one.asked.clip


def _picture(archive: Archive, one: Filled, width_px: int) -> Image | None:
    moment = one.match.moment if one.match else one.asked.moment
    return one.asked.image if moment is None else moment_still(archive, moment, width_px)


def _until_it_plays(archive: Archive, one: Filled) -> Image | None:
    moment = one.match.moment if one.match else one.asked.moment
    return one.asked.image if moment is None else archive.thumb(moment.shot_id)


def _lines(archive: Archive, one: Filled) -> list[str]:
    if one.match is None:
        return [one.asked.name]
    moment = one.match.moment
    film = archive.film(moment.film_id).film.path
    return [shown(Path(film.stem)), f"{time_code(moment.time_s)}   {one.match.score:.3f}"]
