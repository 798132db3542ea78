"""Arrays in a file that may come from anywhere: `.npz`, read without trust.

NumPy would unpack what is compressed and make room for whatever a header claims before it looks at
what is there. Archives are copied from machine to machine, so here nothing is unpacked or
unpickled, and no array is made that does not lie in the file byte for byte.
"""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

_DTYPES = ("float32", "int64", "uint8")


def write_arrays(file: BinaryIO, arrays: Arrays) -> None:
    """Write named arrays; the same arrays give the same bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            # an entry without a date, unlike NumPy's, so that a file can be known by its digest
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w") as entry:
                np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `write_arrays` wrote; OSError or, for anything else, ValueError."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                entry.filename.removesuffix(".npy"): _array(archive, entry)
                for entry in archive.infolist()
            }
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    if entry.compress_type != zipfile.ZIP_STORED or not entry.filename.endswith(".npy"):
        raise ValueError(f"{entry.filename} is none of livematch's arrays")
    with archive.open(entry) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{entry.filename} is in another edition of the format")
        shape, in_columns, dtype = np.lib.format.read_array_header_1_0(file)
        data = file.read()
    if dtype.name not in _DTYPES or in_columns or len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{entry.filename} does not hold what it says")
    return np.frombuffer(data, dtype).reshape(shape)
