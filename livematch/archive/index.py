"""The search index on disk: a cache, never trusted unless its manifest fits in every point.

`index.hnsw` is hnswlib's graph, `index.json` says what it was built from. hnswlib loads an index
of another dimension without complaint and a damaged one can end the process, so the file's own
SHA-256 is in the manifest too. Either file may be deleted at any time.
"""

import contextlib
import hashlib
import json
import logging
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np
from numpy.typing import NDArray

from livematch.archive.store import Archive

log = logging.getLogger(__name__)

INDEX = "index.hnsw"
MANIFEST = "index.json"
# Measured on descriptors of real footage, grown to 50,000 by mixing: twice the links (32) cost
# half as much building time again and gained no recall.
LINKS = 16
BUILD_EF = 200
HNSWLIB = version("hnswlib")
_CHUNK = 4096  # rows turned into float32 at a time


def load_or_build(archive: Archive, rows: NDArray[np.int64]) -> Any:
    """Return an hnswlib index over these rows of the archive, whose labels are the rows.

    From the disk if what lies there fits, else built (half a minute for 50,000 rows with two
    cores) and saved if the folder can be written to.
    """
    wanted = manifest(archive, rows)
    index = _load(archive, rows, wanted)
    if index is None:
        index = _build(archive, rows)
        _save(archive.folder, index, wanted)
    return index


def manifest(archive: Archive, rows: NDArray[np.int64]) -> dict[str, object]:
    """Say what an index over these rows depends on. Rows are never rewritten within an archive."""
    return {
        "format": 1,
        "archive": archive.id,
        "model": archive.model.sha256,
        "dimension": archive.layout.dimension,
        "count": len(rows),
        "rows": hashlib.sha256(np.ascontiguousarray(rows, "<i8").tobytes()).hexdigest(),
        "space": "ip",
        "links": LINKS,
        "build_ef": BUILD_EF,
        "hnswlib": HNSWLIB,
    }


def fault_of_saved(folder: Path, wanted: dict[str, object]) -> str | None:
    """Say why the saved index cannot be used; None if it can be."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        with (folder / INDEX).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "there is none"
    except (OSError, ValueError) as error:
        return f"it cannot be read ({error})"
    if not isinstance(found, dict):
        return "its manifest is not one"
    for fact, value in {**wanted, "sha256": digest}.items():
        if found.get(fact) != value:
            return f"it has {fact} {found.get(fact)!r} and not {value!r}"
    return None


def _load(archive: Archive, rows: NDArray[np.int64], wanted: dict[str, object]) -> Any | None:
    fault = fault_of_saved(archive.folder, wanted)
    if fault is not None:
        log.info("%s: the search index is built anew: %s", archive.folder, fault)
        return None
    index = hnswlib.Index(space="ip", dim=archive.layout.dimension)
    try:
        index.load_index(str(archive.folder / INDEX), max_elements=len(rows))
    except RuntimeError as error:
        log.warning("%s: the search index is built anew: %s", archive.folder, error)
        return None
    return index if _agrees(index, archive, rows) else None


def _agrees(index: Any, archive: Archive, rows: NDArray[np.int64]) -> bool:
    """Whether the loaded graph holds these rows, judged by their number and the last of them."""
    if index.get_current_count() != len(rows) or index.dim != archive.layout.dimension:
        return False
    last = int(rows[-1])
    try:
        item = np.asarray(index.get_items([last]), np.float32)[0]
    except RuntimeError:
        return False
    return np.array_equal(item, archive.vectors[last].astype(np.float32))


def _build(archive: Archive, rows: NDArray[np.int64]) -> Any:
    index = hnswlib.Index(space="ip", dim=archive.layout.dimension)
    index.init_index(max_elements=len(rows), M=LINKS, ef_construction=BUILD_EF, random_seed=1)
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        index.add_items(
            archive.vectors[chunk].astype(np.float32), chunk, num_threads=os.cpu_count() or 1
        )
    return index


def _save(folder: Path, index: Any, wanted: dict[str, object]) -> None:
    """Put the index in place, manifest last. A folder that cannot be written to is no fault."""
    part = folder / f"{INDEX}.{os.getpid()}.part"
    try:
        index.save_index(str(part))
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        (folder / MANIFEST).unlink(missing_ok=True)
        part.replace(folder / INDEX)
        part.write_text(json.dumps({**wanted, "sha256": digest}, indent=1), encoding="utf-8")
        part.replace(folder / MANIFEST)
    except (OSError, RuntimeError) as error:
        log.info("%s: the search index is not kept: %s", folder, error)
        with contextlib.suppress(OSError):
            part.unlink()
