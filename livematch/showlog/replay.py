"""A replay: the show of a log performed again, offline, at any size and rate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.contents import files_of
from livematch.archive.store import Archive
from livematch.direction.veil import ScriptedVeil
from livematch.errors import UsageError
from livematch.files import refuse_source
from livematch.lens.collection import Lenses
from livematch.render.encoding import container_of, even
from livematch.render.gl import Surface
from livematch.render.recorder import Policy, Recorder
from livematch.rendering import Script, render
from livematch.showlog.footage import Footage, eyes_for, refuse_gone
from livematch.showlog.paintings import palette_for
from livematch.showlog.reader import LoggedShow
from livematch.showlog.records import table_version
from livematch.showlog.script import (
    Grid,
    beginning_for,
    cues_on,
    from_picture,
    looks_on,
    offers_on,
    pictures_of,
    without,
)
from livematch.showlog.told import ToldShow, tell
from livematch.values import Cue


@dataclass(frozen=True, slots=True)
class Wish:
    """How a show is to be replayed; None is as it was. Times in seconds of the show."""

    out: Path
    archive: Path | None = None
    size_px: tuple[int, int] | None = None
    fps: float | None = None
    camera: Path | None = None
    from_s: float = 0.0
    to_s: float | None = None
    skip_missing: bool = False
    lenses: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went: its pictures, its cues, and those that could not be performed."""

    pictures: int
    seconds: float
    cues: tuple[Cue, ...]
    failed: tuple[Cue, ...]


def replay(
    logged: LoggedShow,
    wish: Wish,
    *,
    say: Callable[[str], None] = lambda _line: None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Replayed:
    """Render a logged show to a film, cue for cue; the film appears whole or not at all.

    `say` is told, in a line each, what will not be as it was; `on_progress` how many pictures are
    drawn, and of how many. LivematchError when it cannot be done.
    """
    container_of(wish.out)
    show = tell(logged)
    for line in shortcomings(logged, show):
        say(line)
    setup = show.head.setup
    grid = Grid(wish.fps or setup.fps)
    first, end = _span(grid, show, wish)
    with Archive.open(wish.archive or Path(show.head.archive.path)) as archive:
        refuse_source(wish.out, _sources(logged, show, archive, wish), "this show")
        footage = Footage(archive, show)
        if not wish.skip_missing:
            refuse_gone(footage, archive)
        for gone in footage.gone.values():
            say(f"skipped: {gone}")
        kept = without(show.cues, lambda shot: shot.film.fingerprint in footage.gone)
        cues = cues_on(grid, kept)
        begins = beginning_for(grid, cues, first)
        palette = palette_for(show, Lenses(given=wish.lenses), skip_missing=wish.skip_missing)
        eyes, note = eyes_for(show, wish.camera)
        for line in (*palette.notes, *((note,) if note else ())):
            say(line)
        script = Script(
            grid.times_s(begins, end),
            from_picture(cues, grid.time_s(begins)),
            palette.named(show.start),
            [(at_s, palette.named(look)) for at_s, look in looks_on(grid, show.looks)],
            eyes,
            offers_on(grid, show),
            palette.easel,
            ScriptedVeil(show.veils),
        )
        count = end - begins
        size_px = wish.size_px or setup.size
        rendered = render(
            script,
            footage,
            size_px,
            Excerpt(wish.out, size_px, grid, first),
            lambda tick: on_progress(tick.number, count),
        )
    done = tuple(cue for cue in cues if grid.picture(cue.begins_s or 0.0) < end)
    return Replayed(end - first, (end - first) / grid.fps, done, rendered.failed)


def shortcomings(logged: LoggedShow, show: ToldShow) -> list[str]:
    """Say in a line each what a log lacks."""
    said = []
    if logged.missing:
        numbers = ", ".join(map(str, logged.missing))
        said.append(f"parts of the log are not there: {numbers}; what was on then is not known")
    if not show.is_ended:
        said.append(f"the log ends in the middle of the show, at {show.end_s:.1f} s")
    if show.lost:
        said.append(f"{show.lost} records were lost when the show was logged: not all is as it was")
    if show.head.table != table_version():
        said.append(
            f"the log is of other parameters than these, by livematch {show.head.livematch}:"
            " what was left as usual may look otherwise"
        )
    if show.unknown:
        names = ", ".join(sorted(show.unknown)[:5])
        said.append(f"the log has parameters that this livematch does not: {names}")
    return said


class Excerpt(Recorder):
    """A recorder that begins with a given picture of a grid."""

    def __init__(self, path: Path, size_px: tuple[int, int], grid: Grid, first: int) -> None:
        super().__init__(path, even(size_px), grid.fps, Policy.BLOCK)
        self._grid = grid
        self._first = first

    def capture(self, surface: Surface, now: float) -> None:
        """Take a picture, unless it is one from before the excerpt."""
        if self._grid.picture(now) >= self._first:
            super().capture(surface, now)


def _span(grid: Grid, show: ToldShow, wish: Wish) -> tuple[int, int]:
    """Return the first picture of a replay and the first after it; UsageError for none."""
    count = pictures_of(grid, show)
    length_s = grid.time_s(count)
    to_s = length_s if wish.to_s is None else min(wish.to_s, length_s)
    if not 0 <= wish.from_s < length_s:
        raise UsageError(f"--from {wish.from_s:g} is not in this show, of {length_s:.2f} s")
    if to_s <= wish.from_s:
        raise UsageError(f"--to {to_s:g} is not after --from {wish.from_s:g}")
    first = min(grid.picture(wish.from_s), count - 1)
    return first, max(first + 1, min(count, grid.picture(to_s)))


def _sources(logged: LoggedShow, show: ToldShow, archive: Archive, wish: Wish) -> Iterator[Path]:
    """Yield every file that a replay must leave as it is."""
    yield from (part.path for part in logged.parts)
    yield from files_of(archive.folder, archive.films())
    if show.head.setup.film is not None:
        yield Path(show.head.setup.film.path)
    if wish.camera is not None:
        yield wish.camera
