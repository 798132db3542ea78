"""A contact sheet of a compilation's cuts: the last picture before each beside the first after."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from livematch.archive.store import Archive
from livematch.montage.compiling import Part
from livematch.sheet import Tile, contact_sheet, readable, time_code
from livematch.stills import moment_still
from livematch.values import Image, Moment

TILE_PX = 320
COLUMNS = 6  # three cuts side by side
MOST_CUTS = 150


def cut_sheet(archive: Archive, parts: Sequence[Part], fps: Fraction, title: str) -> Image:
    """Draw two pictures a cut, as BGR; the first after each is marked."""
    tiles = []
    for number, (before, after) in enumerate(pairwise(parts), 1):
        if number > MOST_CUTS:
            break
        last_s = before.to_s - float(1 / fps)
        tiles += [
            _tile(archive, before, last_s, f"cut {number}, before"),
            _tile(archive, after, after.from_s, f"after, likeness {after.join or 0.0:.3f}", True),
        ]
    tiles = tiles or [_tile(archive, parts[0], parts[0].from_s, "the only shot")]
    return contact_sheet(tiles, min(COLUMNS, len(tiles)), TILE_PX, title)


def _tile(archive: Archive, part: Part, time_s: float, said: str, marked: bool = False) -> Tile:
    film = archive.film(part.film_id).film.path
    still = moment_still(archive, Moment(-1, part.film_id, part.shot_id, time_s), TILE_PX)
    return Tile(still, f"{said}\n{readable(film.stem)}  {time_code(time_s)}", marked)
