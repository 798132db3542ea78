"""The descriptor: named parts, each of unit length, side by side in one vector.

A stored vector is never weighed; the query is. Its parts are scaled by the performer's weights, and
one inner product with a stored vector is then the weighted mean of the parts' cosines. So a fader
moves nothing in the index.

`RULES` is the table of all parts; adding one is adding a row. Everything here is pure; float32 in
and out (the archive stores float16), rows are pictures, and a part without content (a picture
with no layout at all) is zeros: its cosine with anything is 0, never NaN.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livematch.embed.card import ModelCard
from livematch.embed.face import SIZE as FACE_SIZE
from livematch.embed.face import face
from livematch.embed.features import Features
from livematch.embed.motion import SIZE as MOTION_SIZE
from livematch.embed.motion import motion
from livematch.embed.preprocess import shrink
from livematch.values import Glimpse, Image, Vector

GRID = 4  # cells a side; for layout, 4x4x16 finds places better than 3x3x32 does, and is smaller
LAYOUT_CHANNELS = 16
COLOUR_PX = 64  # the picture colour is measured on; film grain and camera noise are gone by then

# Lab mean and spread of a cell over photographs and film: what is usual, and how far it varies.
# Seen from there, unrelated pictures have cosines around 0, and L does not drown a and b.
CELL_USUAL = np.array([45, 1, 6, 14.6, 3.9, 5.5], np.float32)
CELL_VARIES = np.array([19, 10, 14, 9.8, 5.5, 6.5], np.float32)
CELL_WEIGHT = np.array([1, 1, 1, 0.5, 0.5, 0.5], np.float32)  # the mean is what the eye goes by

SHORTEST = 1e-6  # below this a part has no direction, only rounding


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the descriptor: how many numbers, and which edition of its rule made them."""

    name: str
    size: int
    edition: int = 1


@dataclass(frozen=True, slots=True)
class DescriptorLayout:
    """Which parts lie where in a descriptor. Two layouts are equal when vectors may be compared."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        names = self.names
        if not names or len(set(names)) != len(names) or any(p.size < 1 for p in self.parts):
            raise ValueError(f"a descriptor needs distinct parts with a size: {self.parts}")

    @property
    def names(self) -> tuple[str, ...]:
        """The parts' names, in order."""
        return tuple(part.name for part in self.parts)

    @property
    def dimension(self) -> int:
        """The length of a whole descriptor."""
        return sum(part.size for part in self.parts)

    @property
    def slices(self) -> dict[str, slice]:
        """Where each part lies, in order."""
        places, start = {}, 0
        for part in self.parts:
            places[part.name] = slice(start, start + part.size)
            start += part.size
        return places

    def as_json(self) -> list[dict[str, Any]]:
        """Give plain lists and mappings, for `json.dumps`."""
        return [{"name": p.name, "size": p.size, "edition": p.edition} for p in self.parts]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> "DescriptorLayout":
        """Read what `as_json` gave; raises KeyError, TypeError or ValueError for anything else."""
        return cls(tuple(Part(str(r["name"]), int(r["size"]), int(r["edition"])) for r in rows))


def semantic(features: Features) -> Vector:
    """Describe what is seen: the pooled features, (n, D)."""
    return unit(features.pooled)


def layout(features: Features) -> Vector:
    """Describe where things are, whatever they are: (n, 4·4·16).

    The map is averaged over a 4×4 grid, its channels reduced by a fixed orthonormal projection, and
    the picture's own mean over the cells taken away: what is left is how cells differ.
    """
    n, channels, height, width = features.map.shape
    # columns, then rows, picture by picture: products this small stay on this thread. BLAS would
    # share one large product with threads that wait for a core while the program is drawn.
    strips = features.map.reshape(n, channels * height, width) @ _cells(width).T
    grid = _cells(height) @ strips.reshape(n, channels, height, GRID)  # (n, C, 4, 4)
    cells = grid.reshape(n, channels, -1).transpose(0, 2, 1) @ fixed_projection(
        channels, LAYOUT_CHANNELS, "layout"
    )
    differences = (cells - cells.mean(axis=1, keepdims=True)).reshape(n, -1)
    # where all cells are equal, what is left is rounding: nothing, not a layout
    rounding = 1e-5 * np.linalg.norm(cells, axis=(1, 2))
    differences[np.linalg.norm(differences, axis=1) <= rounding] = 0
    return unit(differences)


def colour(images: Sequence[Image]) -> Vector:
    """Describe colour and light: CIE Lab mean and spread of each cell of a 4×4 grid, (n, 96)."""
    return unit(np.stack([_colour(image) for image in images]))


def _colour(image: Image) -> Vector:
    small = shrink(image, COLOUR_PX, COLOUR_PX).astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.float32)
    side = COLOUR_PX // GRID
    cells = lab.reshape(GRID, side, GRID, side, 3).swapaxes(1, 2).reshape(GRID**2, -1, 3)
    measured = np.concatenate([cells.mean(axis=1), cells.std(axis=1)], axis=1)
    return np.asarray((measured - CELL_USUAL) / CELL_VARIES * CELL_WEIGHT, np.float32).ravel()


@dataclass(frozen=True, slots=True)
class Rule:
    """How one part is made: its size for a network, and its rows from pictures and features.

    Raise `edition` when `measure` changes, and archives indexed before are recognised.
    """

    size: Callable[[ModelCard], int]
    measure: Callable[[Sequence[Glimpse], Features], Vector]
    edition: int = 1


RULES: Mapping[str, Rule] = {
    "semantic": Rule(lambda card: card.dimension, lambda _, features: semantic(features)),
    "layout": Rule(lambda _: GRID**2 * LAYOUT_CHANNELS, lambda _, features: layout(features)),
    "colour": Rule(
        lambda _: GRID**2 * len(CELL_USUAL), lambda glimpses, _: colour([g.image for g in glimpses])
    ),
    "motion": Rule(lambda _: MOTION_SIZE, lambda glimpses, _: unit(motion(glimpses))),
    "face": Rule(lambda _: FACE_SIZE, lambda glimpses, _: unit(face(glimpses))),
}


def descriptor_layout(card: ModelCard, names: Sequence[str] = tuple(RULES)) -> DescriptorLayout:
    """Lay out the named parts for one network; raises KeyError for a name not in `RULES`."""
    return DescriptorLayout(
        tuple(Part(name, RULES[name].size(card), RULES[name].edition) for name in names)
    )


def describe(
    glimpses: Sequence[Glimpse],
    features: Features,
    layout: DescriptorLayout,
    wanted: Collection[str] | None = None,
) -> Vector:
    """Describe glimpses whose features are known: float32 (n, dimension), unit part beside part.

    Parts that are not `wanted`, where that is given, are zeros.
    """
    described = np.zeros((len(glimpses), layout.dimension), np.float32)
    for name, place in layout.slices.items():
        if wanted is None or name in wanted:
            described[:, place] = RULES[name].measure(glimpses, features)
    return described


def weigh(query: Vector, weights: Mapping[str, float], layout: DescriptorLayout) -> Vector:
    """Scale a descriptor's parts, so that its inner product with a stored one is the score.

    The weights of the parts that the query has are brought to the sum 1: a part of zeros (a still
    has no motion) neither changes the order nor lowers the score. A part that is not named weighs
    nothing, and when nothing weighs anything all parts weigh the same. Raises ValueError for a
    weight that is negative or no number. query (dimension,) or (n, dimension) -> the same shape.
    """
    shares = np.array([weights.get(name, 0.0) for name in layout.names], np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError(f"weights must be numbers of at least 0: {dict(weights)}")
    if not shares.any():
        shares = np.ones_like(shares)
    starts = [place.start for place in layout.slices.values()]
    present = shares * np.logical_or.reduceat(query != 0, starts, axis=-1)
    # divided by the largest first: tiny weights are still weights, huge ones do not overflow; where
    # only absent parts weigh anything, the product is 0 whatever they are divided by
    for whole in (np.max, np.sum):
        of = whole(present, axis=-1, keepdims=True)
        present = np.divide(present, of, out=np.zeros(present.shape), where=of > 0)
    sizes = [part.size for part in layout.parts]
    return np.asarray(query * np.repeat(present, sizes, axis=-1), np.float32)


def part_scores(query: Vector, vectors: NDArray[Any], layout: DescriptorLayout) -> Vector:
    """Give the cosine of each part: query (dimension,), vectors (n, dimension) -> (n, parts).

    The query is one that was not weighed. The vectors may be float16, as the archive has them.
    """
    products = np.asarray(vectors, np.float32) * query
    starts = [place.start for place in layout.slices.values()]
    return np.asarray(np.add.reduceat(products, starts, axis=1), np.float32)


def unit(rows: Vector) -> Vector:
    """Bring each row to length 1; a row too short to have a direction becomes zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > SHORTEST)
    return np.asarray(scaled, np.float32)


@lru_cache(maxsize=16)
def fixed_projection(rows: int, columns: int, purpose: str) -> Vector:
    """Make the same random matrix with orthonormal columns for ever: (rows, columns).

    The numbers come from SHAKE-256 of the purpose, because a library's random generator may change
    with its version and vectors made years apart must fit. With fewer rows than columns the
    columns beyond are zeros.
    """
    kept = min(rows, columns)
    stream = hashlib.shake_256(f"livematch {purpose} {rows} {kept}".encode()).digest(
        4 * rows * kept
    )
    uniform = np.frombuffer(stream, "<u4").reshape(rows, kept) / 2**31 - 1
    basis, upper = np.linalg.qr(uniform)
    basis *= np.sign(np.diag(upper))  # LAPACK libraries may differ in sign
    projection = np.zeros((rows, columns), np.float32)
    projection[:, :kept] = basis
    projection.setflags(write=False)
    return projection


@lru_cache(maxsize=16)
def _cells(size: int) -> Vector:
    """Make the matrix that averages `size` places into GRID cells of equal length: (GRID, size).

    A place on the border of two cells counts for both by its share.
    """
    edges = np.arange(GRID + 1) * size / GRID
    places = np.arange(size)
    ends = np.minimum(edges[1:, None], places + 1)
    shares = np.clip(ends - np.maximum(edges[:-1, None], places), 0, None)
    cells = np.asarray(shares * GRID / size, np.float32)
    cells.setflags(write=False)
    return cells
