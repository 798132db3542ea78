"""The vectors on disk: rows of float16, only ever appended to, mapped for reading.

How many rows count is the database's knowledge; what lies beyond them was being written when a
process died, and is cut off before the next row is written.
"""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livematch.values import Vector

Half = NDArray[np.float16]


def rows_on_disk(path: Path, dimension: int) -> int:
    """How many whole rows the file holds; 0 when there is no file."""
    return path.stat().st_size // (2 * dimension) if path.is_file() else 0


def map_rows(path: Path, rows: int, dimension: int) -> Half:
    """Map the first `rows` rows, read-only: (rows, dimension). The file must hold them."""
    if rows == 0:
        return np.empty((0, dimension), np.float16)
    return np.memmap(path, np.float16, mode="r", shape=(rows, dimension))


def cut(path: Path, rows: int, dimension: int) -> None:
    """Cut off what lies beyond `rows` rows; makes the file if there is none."""
    with path.open("ab") as file:
        # Never fewer rows than were once committed: a show may have those mapped, and a mapped
        # page that has gone kills the process that touches it.
        if file.tell() > rows * dimension * 2:
            file.truncate(rows * dimension * 2)


def append(path: Path, rows: int, vectors: Half) -> None:
    """Write `vectors` (n, dimension) after the first `rows` rows and wait for the disk.

    If that fails (OSError), the file is as it was.
    """
    dimension = vectors.shape[1]
    cut(path, rows, dimension)
    try:
        with path.open("r+b") as file:
            file.seek(rows * dimension * 2)
            file.write(np.ascontiguousarray(vectors).data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        cut(path, rows, dimension)
        raise


def to_half(vectors: Vector) -> Half:
    """Round to float16; what does not fit becomes infinite, silently: check the result."""
    with np.errstate(over="ignore"):
        return vectors.astype(np.float16)


def fill(path: Path, rows: int, dimension: int) -> int:
    """Make the file `rows` rows long with rows of no numbers (NaN); returns how many it lacked.

    Killed or failed (OSError) at any point, it can be done again.
    """
    there = rows_on_disk(path, dimension)
    empty = np.full(dimension, np.nan, np.float16).tobytes()
    with path.open("r+b" if path.is_file() else "w+b") as file:
        file.seek(there * dimension * 2)
        for _ in range(there, rows):
            file.write(empty)
        file.flush()
        os.fsync(file.fileno())
    return max(0, rows - there)
