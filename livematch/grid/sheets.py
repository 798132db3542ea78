"""The archive laid out in groups: a folder with a sheet for each, and a page with all of them."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from livematch.archive.offer import Offer
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.control.params import Params
from livematch.errors import UsageError
from livematch.files import write_whole
from livematch.grid.groups import Group, grouped
from livematch.grid.likeness import ALIKE, Likeness, ShotVectors, apart
from livematch.grid.page import document
from livematch.indexing.scan import shown
from livematch.sheet import Tile, contact_sheet, encoded, time_code
from livematch.stills import moment_still
from livematch.values import Image, Moment

MOST_ON_SHEET = 24
TILE_PX = 400
SMALL_PX = 1056  # width of a sheet on the page, all of it
QUALITY = 78
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
ALONE = "Unlike anything else"
INDEX = "index.html"

Told = Callable[[int, int], None]
"""Is told how many sheets are done, of how many."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One group as it lies on its sheet: its moments, the most typical first.

    Of `shots` in all `repeated` are nearly the same as others; what is neither shown nor so did not
    fit. `likeness` is that of its shots to each other, None for what is like nothing.
    """

    file: str
    name: str
    moments: tuple[Moment, ...]
    shots: int
    repeated: int
    likeness: float | None


@dataclass(frozen=True, slots=True)
class LaidOut:
    """All sheets, largest group first, then what is unlike anything else. `of` shots there are."""

    sheets: tuple[Sheet, ...]
    shots: int
    of: int

    def record(self) -> dict[str, object]:
        """Return it as plain values; times in seconds into the film."""
        return {
            "shots": self.shots,
            "of": self.of,
            "sheets": [
                {
                    "file": sheet.file,
                    "name": sheet.name,
                    "shots": sheet.shots,
                    "nearly_the_same": sheet.repeated,
                    "likeness": None if sheet.likeness is None else round(sheet.likeness, 4),
                    "moments": [
                        {"shot": moment.shot_id, "time_s": round(moment.time_s, 3)}
                        for moment in sheet.moments
                    ],
                }
                for sheet in self.sheets
            ],
        }

    def said(self) -> str:
        """Say in a sentence what there is."""
        groups = [sheet for sheet in self.sheets if sheet.likeness is not None]
        alone = sum(sheet.shots for sheet in self.sheets if sheet.likeness is None)
        every = f"{self.shots:,} shots" if self.of == self.shots else (
            f"{self.shots:,} of {self.of:,} shots, evenly taken"
        )  # fmt: skip
        alike = "1 group" if len(groups) == 1 else f"{len(groups):,} groups"
        return f"{every} in {alike}; {alone:,} unlike anything else"


def lay_out(
    archive: Archive, params: Params, wanted: int | None, folder: Path, told: Told
) -> LaidOut:
    """Write the sheets and the page into `folder`, which is new, empty, or was written before.

    The page comes last. UsageError when the archive offers nothing or the folder is not ours.
    """
    likeness = Likeness(Searcher(archive), Offer(archive), params)
    shots = likeness.shots()
    if not len(shots):
        raise UsageError(f"{archive.folder} offers nothing to lay out")
    laid = LaidOut(tuple(sheets_of(likeness, shots, wanted)), len(shots), shots.of)
    before = _made_room(folder)
    small: list[str] = []
    for number, sheet in enumerate(laid.sheets):
        told(number, len(laid.sheets))
        drawn = draw(archive, sheet)
        write_whole(folder / sheet.file, encoded(drawn, ".png"))
        small.append(_shrunk(drawn))
    told(len(laid.sheets), len(laid.sheets))
    write_whole(folder / INDEX, page(shown(Path(archive.folder.absolute().name)), laid, small))
    for name in before - {INDEX, *(sheet.file for sheet in laid.sheets)}:
        (folder / name).unlink(missing_ok=True)
    return laid


def sheets_of(likeness: Likeness, shots: ShotVectors, wanted: int | None) -> list[Sheet]:
    """Group the shots and choose what lies on each sheet."""
    found = grouped(shots.vectors, wanted)
    sheets = [
        _sheet(likeness, shots, f"group-{number:03}.png", f"Group {number}", group)
        for number, group in enumerate(found.groups, 1)
    ]
    if found.alone:
        alone = Group(found.alone, 0.0)
        sheets.append(_sheet(likeness, shots, "alone.png", ALONE, alone, alike=None))
    return sheets


def _sheet(
    likeness: Likeness,
    shots: ShotVectors,
    file: str,
    name: str,
    group: Group,
    alike: float | None = ALIKE,
) -> Sheet:
    members = np.array(group.members, np.intp)
    kept, repeated = apart(shots.vectors[members], 2.0 if alike is None else alike, MOST_ON_SHEET)
    moments = tuple(likeness.moment(int(place)) for place in shots.moments[members[kept]])
    of_all = None if alike is None else group.likeness
    return Sheet(file, name, moments, len(members), repeated, of_all)


def draw(archive: Archive, sheet: Sheet) -> Image:
    """Draw a group's sheet, BGR; its most typical moment is framed."""
    tiles = []
    for number, moment in enumerate(sheet.moments):
        film = shown(Path(archive.film(moment.film_id).film.path.stem))
        caption = f"{film}\n{time_code(moment.time_s)}   shot {moment.shot_id}"
        marked = number == 0 and sheet.likeness is not None
        tiles.append(Tile(moment_still(archive, moment, TILE_PX), caption, marked))
    columns = min(len(tiles), 6 if len(tiles) > 12 else 4)
    title = f"{sheet.name}   {'   '.join(facts(sheet))}"
    return contact_sheet(tiles, columns, TILE_PX, title)


def facts(sheet: Sheet) -> list[str]:
    """Say how many shots there are and which of them are not shown."""
    said = ["1 shot" if sheet.shots == 1 else f"{sheet.shots:,} shots"]
    if sheet.likeness is not None:
        said.append(f"likeness {sheet.likeness:.2f}")
    if sheet.repeated:
        said.append(f"{sheet.repeated:,} nearly the same left out")
    if cut := sheet.shots - sheet.repeated - len(sheet.moments):
        said.append(f"{cut:,} more, not shown")
    return said


def page(name: str, laid: LaidOut, small: Sequence[str]) -> str:
    """Return the page that shows all sheets, by their small pictures as JPEG in base 64."""
    title = f"Scenes of {name}"
    about = (
        "Shots that are alike are together, the largest group first; in each the most typical"
        " moment comes first and then those most like it."
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(laid.said())}. {escape(about)}</p>',
    ]
    for sheet, picture in zip(laid.sheets, small, strict=True):
        body.append(f"<h2>{escape(sheet.name)}</h2>")
        body.append(f'<p class="dim">{escape(", ".join(facts(sheet)))}</p>')
        body.append(
            f'<a href="{quote(sheet.file)}"><img class="sheet" alt="{escape(sheet.name)}"'
            f' src="data:image/jpeg;base64,{picture}"></a>'
        )
    style = "img.sheet { aspect-ratio: auto; width: auto; max-width: 100%; background: none; }"
    return document(title, POLICY, body, style)


def _shrunk(drawn: Image) -> str:
    height, width = drawn.shape[:2]
    size = (min(SMALL_PX, width), max(1, round(height * min(1.0, SMALL_PX / width))))
    small = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return base64.b64encode(data.tobytes()).decode()


def _made_room(folder: Path) -> set[str]:
    """Make the folder; return what lies there from before, all of it ours. The page goes first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()}
        others = sorted(name for name in names if not _is_ours(name))
        if others:
            raise UsageError(
                f"{folder} holds other things ({', '.join(others[:3])}): name a new folder"
            )
        (folder / INDEX).unlink(missing_ok=True)  # it would speak of sheets that are going
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{folder} is a file; name a folder for the sheets") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
    return names


def _is_ours(name: str) -> bool:
    stem = name.removesuffix(".png")
    is_numbered = stem.startswith("group-") and stem[6:].isdecimal()
    return name in {INDEX, "alone.png"} or (is_numbered and stem != name)
