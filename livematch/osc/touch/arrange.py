"""Where the controls lie: cells flow into panels, panels into columns, columns onto sheets.

A cell says what it needs at least; what is left over is shared. What does not fit on one sheet
goes on on the next, so the same pages do for a tablet and a phone. Whole points, no gaps lost.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from py2tosc import Control

from livematch.osc.touch.theme import GAP_PX, HEADING_PX, MARGIN_PX

TRACK_PX = 132  # cells stand in tracks of this width at least
MOST_GROWTH = 1.7  # a cell that does not ask for more stays within this of what it needs


@dataclass(frozen=True, slots=True)
class Box:
    """A place in points, relative to whatever holds it."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing on a page: how small it may be, and how it is made when its place is known.

    `grows` takes all the height that there is; `breaks` begins a new line.
    """

    name: str
    least_px: tuple[int, int]
    build: Callable[[Box], Control]
    grows: bool = False
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Cells under a heading."""

    title: str
    cells: tuple[Cell, ...]
    track_px: int = TRACK_PX


@dataclass(frozen=True, slots=True)
class Column:
    """Panels below each other, and how wide it is beside others."""

    panels: tuple[Panel, ...]
    weight: float = 1.0

    @property
    def least_px(self) -> int:
        """The least width."""
        widest = max(cell.least_px[0] for panel in self.panels for cell in panel.cells)
        return widest + 2 * MARGIN_PX


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel in its place on a sheet, and each of its cells in its place in the panel."""

    title: str
    box: Box
    cells: tuple[tuple[Cell, Box], ...]


Sheet = tuple[Placed, ...]
Line = tuple[tuple[Cell, int], ...]  # cells beside each other, and how many tracks each takes


@dataclass(frozen=True, slots=True)
class _Block:
    """A panel broken into lines of cells, for one width."""

    title: str
    lines: tuple[Line, ...]
    track_px: int

    @property
    def least_px(self) -> int:
        return _CHROME_PX + sum(map(_least_height, self.lines)) + GAP_PX * (len(self.lines) - 1)


_CHROME_PX = HEADING_PX + 2 * MARGIN_PX - MARGIN_PX // 2


def sheets(columns: tuple[Column, ...], width: int, height: int) -> list[Sheet]:
    """Lay columns out on as many sheets of a size as they need."""
    found: list[Sheet] = []
    for bank in _banks(columns, width):
        if len(bank) == 1:
            found += _alone(bank[0], width, height)
            continue
        widths = _shares([column.weight for column in bank], width - GAP_PX * (len(bank) - 1))
        chunks = [
            list(_chunks([_broken(panel, share) for panel in column.panels], height))
            for column, share in zip(bank, widths, strict=True)
        ]
        for number in range(max(map(len, chunks))):
            present = [n for n, chunk in enumerate(chunks) if number < len(chunk)]
            if len(present) < len(bank):  # the others are through: what goes on has their width
                found += sheets(
                    tuple(_rest(bank[n], chunks[n][number:]) for n in present), width, height
                )
                break
            found.append(_sheet([chunk[number] for chunk in chunks], widths, height))
    return found


def _alone(column: Column, width: int, height: int) -> list[Sheet]:
    """Lay out one column that has a whole sheet: it goes on beside itself, if that saves sheets."""
    best: list[Sheet] = []
    for beside in range(1, max(1, (width + GAP_PX) // (column.least_px + GAP_PX)) + 1):
        widths = _shares([1.0] * beside, width - GAP_PX * (beside - 1))
        chunks = list(_chunks([_broken(panel, min(widths)) for panel in column.panels], height))
        made = [
            _sheet(part, _shares([1.0] * len(part), width - GAP_PX * (len(part) - 1)), height)
            for part in (chunks[n : n + beside] for n in range(0, len(chunks), beside))
        ]
        if not best or len(made) < len(best):
            best = made
    return best


def _rest(column: Column, chunks: list[list["_Block"]]) -> Column:
    return Column(tuple(_whole(block) for chunk in chunks for block in chunk), column.weight)


def _banks(columns: tuple[Column, ...], width: int) -> Iterator[list[Column]]:
    """Group columns into those that fit beside each other."""
    bank: list[Column] = []
    for column in columns:
        beside = [*bank, column]
        weight = sum(one.weight for one in beside)
        room = width - GAP_PX * (len(beside) - 1)
        if bank and any(room * one.weight / weight < one.least_px for one in beside):
            yield bank
            bank = []
        bank.append(column)
    yield bank


def _broken(panel: Panel, width: int) -> _Block:
    """Break a panel into lines: each run of cells into as few as can be, of equal lengths."""
    runs: list[list[Cell]] = []
    for cell in panel.cells:
        if cell.breaks or not runs:
            runs.append([])
        runs[-1].append(cell)
    lines = [line for run in runs for line in _run(run, width - 2 * MARGIN_PX, panel.track_px)]
    return _Block(panel.title, tuple(lines), panel.track_px)


def _run(cells: list[Cell], inner: int, track_px: int) -> tuple[Line, ...]:
    most = max(1, (inner + GAP_PX) // (track_px + GAP_PX))
    tries = [(n, _lines(cells, n, inner)) for n in range(1, most + 1)]
    fits = [(n, lines) for n, lines in tries if lines is not None]
    if not fits:
        return tuple(((cell, 1),) for cell in cells)
    return min(fits, key=lambda one: (len(one[1]), _empty(one[1], one[0]), one[0]))[1]


def _lines(cells: list[Cell], tracks: int, inner: int) -> tuple[Line, ...] | None:
    """Set cells into lines of so many tracks; None when one is wider than all of them."""
    track = (inner - GAP_PX * (tracks - 1)) / tracks
    lines: list[Line] = []
    line: list[tuple[Cell, int]] = []
    for cell in cells:
        needs = math.ceil((cell.least_px[0] + GAP_PX) / (track + GAP_PX) - 1e-9)
        if needs > tracks:
            return None
        if line and sum(taken for _, taken in line) + needs > tracks:
            lines.append(tuple(line))
            line = []
        line.append((cell, needs))
    return (*lines, tuple(line))


def _empty(lines: tuple[Line, ...], tracks: int) -> float:
    return sum(tracks - sum(needs for _, needs in line) for line in lines) / tracks


def _chunks(blocks: list[_Block], height: int) -> Iterator[list[_Block]]:
    """Share a column's panels among sheets; one that fits on no sheet goes on on the next."""
    chunk: list[_Block] = []
    used = 0
    for block in blocks:
        rest = block
        while used + rest.least_px > height and (chunk or len(rest.lines) > 1):
            if chunk:
                yield chunk
                chunk, used = [], 0
                continue
            kept = _fitting(rest, height)
            yield [replace(rest, lines=rest.lines[:kept])]
            rest = replace(rest, lines=rest.lines[kept:])
        chunk.append(rest)
        used += rest.least_px + GAP_PX
    if chunk:
        yield chunk


def _fitting(block: _Block, height: int) -> int:
    """Return how many lines of a panel fit in a height, one at least."""
    kept = [
        n
        for n in range(1, len(block.lines))
        if replace(block, lines=block.lines[:n]).least_px <= height
    ]
    return max(kept, default=1)


def _whole(block: _Block) -> Panel:
    cells = tuple(cell for line in block.lines for cell, _ in line)
    return Panel(block.title, cells, block.track_px)


def _sheet(columns: list[list[_Block]], widths: list[int], height: int) -> Sheet:
    placed: list[Placed] = []
    x = 0
    for blocks, width in zip(columns, widths, strict=True):
        y = 0
        heights = _heights(blocks, height)
        for number, block in enumerate(blocks):
            tall = _CHROME_PX + sum(heights[number]) + GAP_PX * (len(block.lines) - 1)
            if number == len(blocks) - 1:
                tall = height - y  # columns end on the same line
            box = Box(x, y, width, tall)
            placed.append(Placed(block.title, box, tuple(_cells(block, width, heights[number]))))
            y += tall + GAP_PX
        x += width + GAP_PX
    return tuple(placed)


def _heights(blocks: list[_Block], height: int) -> list[list[int]]:
    """Share a column's height among all lines: those that grow take what the others leave."""
    lines = [line for block in blocks for line in block.lines]
    least = [_least_height(line) for line in lines]
    spare = height - sum(block.least_px for block in blocks) - GAP_PX * (len(blocks) - 1)
    growing = [any(cell.grows for cell, _ in line) for line in lines]
    caps = [spare if grows else 0 for grows in growing]
    if not any(growing):
        caps = [round(one * (MOST_GROWTH - 1)) for one in least]
    total = sum(one for one, cap in zip(least, caps, strict=True) if cap)
    for n, one in enumerate(least):
        least[n] = one + (min(caps[n], max(0, spare) * one // total) if total else 0)
    taken = iter(least)
    return [[next(taken) for _ in block.lines] for block in blocks]


def _cells(block: _Block, width: int, heights: list[int]) -> Iterator[tuple[Cell, Box]]:
    y = HEADING_PX + MARGIN_PX // 2
    for line, tall in zip(block.lines, heights, strict=True):
        places = split(width - 2 * MARGIN_PX, sum(taken for _, taken in line))
        first = 0
        for cell, taken in line:  # a line is as wide as its panel, however many cells it has
            left, (right, last) = places[first][0], places[first + taken - 1]
            yield cell, Box(MARGIN_PX + left, y, right + last - left, tall)
            first += taken
        y += tall + GAP_PX


def _shares(weights: list[float], whole: int) -> list[int]:
    """Share whole points by weight, none lost."""
    total = sum(weights)
    edges = [round(whole * sum(weights[:n]) / total) for n in range(len(weights) + 1)]
    return [right - left for left, right in itertools.pairwise(edges)]


def _least_height(line: Line) -> int:
    return max(cell.least_px[1] for cell, _ in line)


def shared(width: int, least: Sequence[int], gap: int = GAP_PX) -> list[tuple[int, int]]:
    """Return left edge and width of places beside each other: what each needs, and as much more."""
    spare = width - sum(least) - gap * (len(least) - 1)
    widths = [
        one + more for one, more in zip(least, _shares([1.0] * len(least), spare), strict=True)
    ]
    return [(sum(widths[:n]) + gap * n, widths[n]) for n in range(len(least))]


def split(width: int, count: int, gap: int = GAP_PX) -> list[tuple[int, int]]:
    """Return left edge and width of so many equal places beside each other."""
    widths = _shares([1.0] * count, width - gap * (count - 1))
    return [(sum(widths[:n]) + gap * n, widths[n]) for n in range(count)]
