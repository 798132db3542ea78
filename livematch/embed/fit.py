"""The fit: what an archive has learned about its own descriptors, and how they become short.

Of each part a fit keeps the directions in which the archive's moments differ. What is stored and
what is asked go through the same `Fit.apply`, whose answer for a row is the same bit for bit
whatever rows it comes with. Learning is apart from applying: most parts keep their principal
directions; what is seen keeps those that altered pictures teach, where there are lessons.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from livematch.embed.arrays import read_arrays, write_arrays
from livematch.embed.parts import SHORTEST, DescriptorLayout, Part
from livematch.embed.whitening import Lessons, whitening
from livematch.values import Vector

# How many numbers of each part are kept, where it has more; a part not named is kept as it is.
SIZES: Mapping[str, int] = {"semantic": 128, "layout": 64, "colour": 48, "motion": 64}
TAUGHT = "semantic"  # the part that lessons are of
SAMPLE = 20_000  # rows a fit is learned from, at most
ROWS_A_DIRECTION = 4  # with fewer, directions are chance: the part is kept as it is

FIXED_ONE = 32_767
Fixed = NDArray[np.int16]
"""Fitted rows as they are kept: 1 is `FIXED_ONE`. No less exact than float16 and six times as
quickly made float32 again."""

_BLOCK = 256  # rows at a time, and directions: what they need stays in the processor's cache
_DIRECTIONS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """How one part is made short: less the `mean` (raw,), along each of `directions` (n, raw)."""

    mean: Vector
    directions: Vector

    def __post_init__(self) -> None:
        if self.directions.ndim != 2 or self.mean.shape != self.directions.shape[1:]:
            raise ValueError(
                f"a mean {self.mean.shape} does not fit directions {self.directions.shape}"
            )
        for array in (self.mean, self.directions):
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError("a projection must be made of finite float32")
            if not array.flags.c_contiguous:  # the order of a sum depends on how numbers lie
                raise ValueError("a projection's numbers must lie side by side")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What is made of descriptors of the layout `raw`: a projection a part, None for as it is."""

    raw: DescriptorLayout
    projections: tuple[Projection | None, ...]
    layout: DescriptorLayout = field(init=False)
    """Which parts lie where in a fitted row."""

    def __post_init__(self) -> None:
        if len(self.projections) != len(self.raw.parts):
            raise ValueError("a fit needs one projection for each part, or None")
        for part, projection in zip(self.raw.parts, self.projections, strict=True):
            if projection is not None and len(projection.mean) != part.size:
                raise ValueError(f"the part {part.name} has {part.size} numbers")
        layout = DescriptorLayout(
            tuple(
                Part(part.name, part.size if p is None else len(p.directions), part.edition)
                for part, p in zip(self.raw.parts, self.projections, strict=True)
            )
        )
        object.__setattr__(self, "layout", layout)

    def apply(self, rows: NDArray[Any]) -> Vector:
        """Make descriptors short: (n, raw) float16 or float32 -> float32 (n, fitted).

        float32 is rounded to float16 first, as the archive rounds it. Each part comes out at unit
        length; one that is zeros, or has no direction beside the mean, is zeros. A row's answer
        does not depend on the others. Any thread.
        """
        fitted = np.empty((len(rows), self.layout.dimension), np.float32)
        steps = list(
            zip(
                self.raw.slices.values(),
                self.layout.slices.values(),
                self.projections,
                strict=True,
            )
        )
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK].astype(np.float16).astype(np.float32)
            for taken, put, projection in steps:
                part = np.ascontiguousarray(block[:, taken])
                fitted[start : start + _BLOCK, put] = _unit(
                    part if projection is None else _along(part, projection)
                )
        return fitted

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex: two fits with one digest make the same of any row."""
        return hashlib.sha256(self.as_bytes()).hexdigest()

    def as_bytes(self, about: Mapping[str, object] | None = None) -> bytes:
        """Return the contents of a file to keep it in, with facts about it in `about`."""
        facts = json.dumps({"layout": self.raw.as_json(), "about": dict(about or {})})
        arrays: dict[str, NDArray[Any]] = {"facts": np.frombuffer(facts.encode(), np.uint8)}
        for number, projection in enumerate(self.projections):
            if projection is not None:
                arrays[f"mean{number}"] = projection.mean
                arrays[f"directions{number}"] = projection.directions
        file = io.BytesIO()
        write_arrays(file, arrays)
        return file.getvalue()

    @classmethod
    def read(cls, path: Path) -> tuple[Self, dict[str, object]]:
        """Read a file of `as_bytes`: the fit, and what is said about it.

        OSError if it cannot be read, ValueError if it holds anything else.
        """
        arrays = read_arrays(path)
        try:
            facts = json.loads(arrays.pop("facts").tobytes())
            layout = DescriptorLayout.from_json(facts["layout"])
            projections = tuple(
                Projection(arrays.pop(f"mean{n}"), arrays.pop(f"directions{n}"))
                if f"mean{n}" in arrays
                else None
                for n in range(len(layout.parts))
            )
            if arrays:
                raise ValueError(f"{path.name} holds {', '.join(arrays)} as well")
            return cls(layout, projections), dict(facts["about"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path.name} is no fit: {error!r}") from error


def learn(rows: NDArray[Any], layout: DescriptorLayout, lessons: Lessons | None = None) -> Fit:
    """Learn a fit from some of an archive's rows, (n, dimension), finite, and from lessons."""
    projections: list[Projection | None] = []
    for part, place in zip(layout.parts, layout.slices.values(), strict=True):
        size = SIZES.get(part.name, part.size)
        if part.name == TAUGHT and lessons is not None:
            projections.append(taught(lessons, size))
        else:
            projections.append(principal(np.asarray(rows[:, place], np.float32), size))
    return Fit(layout, tuple(projections))


def taught(lessons: Lessons, size: int) -> Projection:
    """Learn directions that alterations of a picture hardly move: `size` of them at most."""
    mean, projection = whitening(lessons, size)
    return Projection(mean, np.ascontiguousarray(projection.T[projection.any(axis=0)]))


def principal(rows: Vector, size: int) -> Projection | None:
    """Learn where one part's rows (n, raw) differ most: `size` principal directions of them.

    None, to keep the part as it is, when it is no longer than that or too few rows have it.
    """
    rows = rows[rows.any(axis=1)].astype(np.float64)
    if rows.shape[1] <= size or len(rows) < ROWS_A_DIRECTION * size:
        return None
    mean = rows.mean(axis=0)
    away = rows - mean
    _, directions = np.linalg.eigh(away.T @ away)  # by rising variance
    return Projection(
        mean.astype(np.float32),
        np.ascontiguousarray(directions[:, : -size - 1 : -1].T, np.float32),
    )


def fixed(fitted: Vector) -> Fixed:
    """Round fitted rows to how they are kept."""
    return np.rint(fitted * FIXED_ONE).astype(np.int16)


def unfixed(rows: Fixed) -> Vector:
    """Return kept rows as float32; at most 2e-5 from what was kept."""
    return rows.astype(np.float32) * np.float32(1 / FIXED_ONE)


def _along(part: Vector, projection: Projection) -> Vector:
    """Project rows, one inner product at a time: BLAS would sum in an order that depends on n."""
    away = part - projection.mean
    away[~part.any(axis=1)] = 0
    count = len(projection.directions)
    along = np.empty((len(part), count), np.float32)
    for start in range(0, count, _DIRECTIONS):
        along[:, start : start + _DIRECTIONS] = np.vecdot(
            away[:, None], projection.directions[None, start : start + _DIRECTIONS]
        )
    return along


def _unit(rows: Vector) -> Vector:
    lengths = np.sqrt(np.vecdot(rows, rows))[:, None]
    scaled = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > SHORTEST)
    return np.asarray(scaled, np.float32)
