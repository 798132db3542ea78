"""The fit and the search index on disk, beside the vectors they are made from.

`fit.npz` is what the archive has learned; it is kept for as long as it fits the archive, since not
everybody who opens one could teach it again. `fitted.i16` and `codes.u8` have a row for each row of
the vectors and are only appended to; `lists.npz` are the codes' books; `index.json`, written last,
says how much of them counts and what they were made from. All but the fit are a cache.

Opening reads what is small whole, by digest, and of what is large the size, every cluster's number
and a sample of rows, which are made again and compared. `faults_in_full` compares all rows.
"""

import contextlib
import hashlib
import io
import json
import logging
import mmap
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livematch.archive import schema
from livematch.archive.index import (
    Index,
    build,
    code_rows,
    fit_rows,
    spans,
    split,
    width,
)
from livematch.archive.lists import Codebook
from livematch.archive.store import Archive
from livematch.embed import fit as fits
from livematch.embed.arrays import read_arrays, write_arrays
from livematch.embed.fit import Fit, Fixed
from livematch.embed.whitening import Lessons
from livematch.errors import ArchiveError

log = logging.getLogger(__name__)

FIT = "fit.npz"
FITTED = "fitted.i16"
BOOKS = "lists.npz"
CODES = "codes.u8"
MANIFEST = "index.json"
OUTDATED = "index.hnsw"  # the graph of livematch 0.1
FILES = (FIT, FITTED, BOOKS, CODES, MANIFEST)

# So much larger, and a fit is learned anew: what it looks away from it has learned from this very
# archive, and of shots that are not among its lessons it knows less.
FIT_GROWTH = 1.1
_SAMPLED = 48  # rows that are made again and compared when an index is opened
_ROUNDING = 8  # fitted on another machine, numbers may differ by this; 1 is 32,767
_CHUNK = 16_384


def prepare(archive: Archive, *, listed: bool) -> Index:
    """Return the index of an archive's rows, `listed` for when they are many.

    From the disk if what lies there fits; else, or as far as it is not there, made now and saved
    if the folder can be written to. A fit is learned only where there is none.
    """
    fit = kept_fit(archive)
    if fit is None:
        fit = learned(archive)
        keep_fit(archive, fit)
    rows = len(archive.vectors)
    index, fault = load(archive, fit)
    if index is None or (listed and index.outgrown(rows)):
        log.info("%s: the search index is made anew: %s", archive.folder, fault or "it has grown")
        return _saved(archive, build(fit, archive.vectors, listed=listed))
    return index.first(rows) if len(index) >= rows else _extended(archive, index)


def discard(folder: Path) -> None:
    """Delete an index, not its fit; OSError if that cannot be."""
    for name in (MANIFEST, FITTED, BOOKS, CODES):
        (folder / name).unlink(missing_ok=True)


# -- the fit ----------------------------------------------------------------------------------


def learned(archive: Archive, lessons: Lessons | None = None) -> Fit:
    """Learn a fit from the archive's own rows, evenly chosen, and from lessons."""
    vectors = archive.vectors
    count = min(fits.SAMPLE, len(vectors))
    rows = vectors[np.linspace(0, max(0, len(vectors) - 1), count).astype(np.int64)]
    return fits.learn(rows[np.isfinite(rows).all(axis=1)], archive.layout, lessons)


def kept_fit(archive: Archive) -> Fit | None:
    """Return the fit that is kept with an archive; None if there is none, or another archive's."""
    found = _read_fit(archive)
    return None if found is None else found[0]


def fit_outgrown(archive: Archive, *, taught: bool = False) -> bool:
    """Whether to learn a fit now: there is none, or too old a one, or one that was not `taught`."""
    found = _read_fit(archive)
    if found is None:
        return True
    rows, pictures = (found[1].get(fact) for fact in ("rows", "pictures"))
    if not isinstance(rows, int) or len(archive.vectors) > FIT_GROWTH * rows:
        return True
    return taught and not pictures


def keep_fit(archive: Archive, fit: Fit, pictures: int = 0) -> bool:
    """Keep a fit with the archive; False, with a word in the log, if that cannot be.

    `pictures` is how many its lessons were of. What was made with another is made anew by the next
    `prepare`.
    """
    about = {**_facts(archive), "rows": len(archive.vectors), "pictures": pictures}
    with _may_write(archive, "the fit") as may:
        if may:
            _put(archive.folder / FIT, fit.as_bytes(about))
            return True
    return False


def _read_fit(archive: Archive) -> tuple[Fit, dict[str, object]] | None:
    try:
        fit, about = Fit.read(archive.folder / FIT)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s: the fit is learned anew: %s", archive.folder, error)
        return None
    fits_it = fit.raw == archive.layout and _facts(archive).items() <= about.items()
    return (fit, about) if fits_it else None


# -- what lies on the disk ---------------------------------------------------------------------


def load(archive: Archive, fit: Fit) -> tuple[Index | None, str]:
    """Return the index on disk; or None, and why it cannot be used."""
    try:
        index = _read(archive, fit)
        _compare(archive, index, np.unique(np.linspace(0, len(index) - 1, _SAMPLED).astype(int)))
    except FileNotFoundError:
        return None, "there is none"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return None, str(error) or repr(error)
    return index, ""


def fault_of_saved(archive: Archive, *, listed: bool) -> str | None:
    """Say why the index on disk will not do as it is; None if it will. Quick."""
    fit = kept_fit(archive)
    if fit is None:
        return "there is no fit"
    index, fault = load(archive, fit)
    if index is None:
        return fault
    if listed and index.outgrown(len(archive.vectors)):
        return f"the archive has grown since it was made for {index.learned} moments"
    missing = len(archive.vectors) - len(index)
    return f"{missing} moments are not in it" if missing > 0 else None


def fault_in_full(archive: Archive) -> str | None:
    """Compare every row of the index on disk with the vectors; None if all is well. Minutes.

    None, too, where there is no index.
    """
    fit = kept_fit(archive)
    if fit is None or not (archive.folder / MANIFEST).exists():
        return None
    index, fault = load(archive, fit)
    if index is None:
        return fault
    try:
        for start in range(0, len(index), _CHUNK):
            _compare(archive, index, np.arange(start, min(start + _CHUNK, len(index))))
    except ValueError as error:
        return str(error)
    return None


def _facts(archive: Archive) -> dict[str, object]:
    return {"archive": archive.id, "model": archive.model.sha256}


def _wanted(archive: Archive, fit: Fit) -> dict[str, object]:
    layout = archive.layout.as_json()
    return {"format": 2, **_facts(archive), "layout": layout, "fit": fit.digest}


def _read(archive: Archive, fit: Fit) -> Index:
    folder = archive.folder
    found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for fact, value in _wanted(archive, fit).items():
        if found[fact] != value:
            raise ValueError(f"it has the {fact} {found[fact]!r} and not {value!r}")
    rows, lists = int(found["rows"]), found["lists"]
    unsound = np.array(found["unsound"], np.int64).reshape(-1)
    fitted: Fixed = _mapped(folder / FITTED, rows, fit.layout.dimension, np.int16)
    if lists is None:
        return Index(fit, fitted, unsound)
    if _digest(folder / BOOKS) != lists["books"]:
        raise ValueError(f"{BOOKS} is not what its manifest says")
    arrays = read_arrays(folder / BOOKS)
    parts = spans(fit.layout)
    books = tuple(Codebook.from_arrays(f"{n}.", arrays) for n in range(len(parts)))
    for part, book in zip(parts, books, strict=True):
        if book.dimension != part.place.stop - part.place.start:
            raise ValueError(f"{BOOKS} is of another layout")
    codes = _mapped(folder / CODES, rows, width(books), np.uint8)
    for book, (clusters, _) in zip(books, split(books, codes), strict=True):
        if len(clusters) and clusters.max() >= len(book.centres):
            raise ValueError(f"{CODES} names clusters that are not there")
    return Index(fit, fitted, unsound, books, codes, int(lists["learned"]))


def _compare(archive: Archive, index: Index, rows: NDArray[Any]) -> None:
    """Make these rows again; ValueError if they differ from what the index has."""
    vectors = archive.vectors
    rows = rows[(rows >= 0) & (rows < len(vectors))]
    raw = vectors[rows]
    # what was damaged since it was fitted is the vectors' fault, and `unsound` the other way round
    sound = np.isfinite(raw).all(axis=1) & ~np.isin(rows, index.unsound)
    rows, raw = rows[sound], raw[sound]
    if not len(rows):
        return
    there = index.fitted[rows]
    away = np.abs(there.astype(np.int32) - fits.fixed(index.fit.apply(raw)))
    if (away > _ROUNDING).any():
        raise ValueError(
            f"{FITTED} differs from the vectors in row {rows[away.max(axis=1).argmax()]}"
        )
    if index.books:
        again = code_rows(index.fit, index.books, there)
        # another machine may round a near tie the other way: a word, or once in ages a cluster
        wrong = np.flatnonzero((again != index.codes[rows]).sum(axis=1) > 2)
        if len(wrong) > len(rows) // 10_000:
            raise ValueError(f"{CODES} differs from {FITTED} in row {rows[wrong[0]]}")


def _mapped(path: Path, rows: int, columns: int, kind: type[Any]) -> NDArray[Any]:
    """Map the first rows of a file, read-only, and have the system begin to read them."""
    size = rows * columns * np.dtype(kind).itemsize
    with path.open("rb") as file:
        if rows < 0 or os.fstat(file.fileno()).st_size < size:
            raise ValueError(f"{path.name} has fewer than {rows} rows")
        if not size:
            return np.empty((0, columns), kind)
        mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    if hasattr(mmap, "MADV_WILLNEED"):
        mapped.madvise(mmap.MADV_WILLNEED)
    return np.frombuffer(mapped, kind).reshape(rows, columns)


# -- saving ------------------------------------------------------------------------------------


def _saved(archive: Archive, index: Index) -> Index:
    """Put an index in place, manifest last, and return it as it lies there."""
    folder = archive.folder
    with _may_write(archive, "the search index") as may:
        if may:
            (folder / MANIFEST).unlink(missing_ok=True)
            (folder / OUTDATED).unlink(missing_ok=True)
            _put(folder / FITTED, index.fitted.data)
            for name, content in ((BOOKS, _books(index)), (CODES, index.codes.data)):
                if index.books:
                    _put(folder / name, content)
                else:
                    (folder / name).unlink(missing_ok=True)
            _put(folder / MANIFEST, _manifest(archive, index, len(index)))
            return load(archive, index.fit)[0] or index
    return index


def _extended(archive: Archive, index: Index) -> Index:
    """Add the rows that the archive has and the index has not."""
    first, fit = len(index), index.fit
    fitted, unsound = fit_rows(fit, archive.vectors[first:])
    codes = code_rows(fit, index.books, fitted)
    every = replace(index, unsound=np.concatenate([index.unsound, first + unsound]))
    with _may_write(archive, "what was added to the search index") as may:
        # only onto what we have read: somebody may have made it anew, or added the same, since
        if may and len(load(archive, fit)[0] or ()) == first:
            _append(archive.folder / FITTED, index.fitted.nbytes, fitted.data)
            if index.books:
                _append(archive.folder / CODES, index.codes.nbytes, codes.data)
            manifest = _manifest(archive, every, first + len(fitted))
            _put(archive.folder / MANIFEST, manifest)
            saved, _ = load(archive, fit)
            if saved is not None:
                return saved
    return replace(
        every,
        fitted=np.concatenate([index.fitted, fitted]),
        codes=np.concatenate([index.codes, codes]) if index.books else index.codes,
    )


def _manifest(archive: Archive, index: Index, rows: int) -> bytes:
    lists = None
    if index.books:
        books = hashlib.sha256(_books(index)).hexdigest()
        lists = {"learned": index.learned, "books": books}
    facts = {
        **_wanted(archive, index.fit),
        "rows": rows,
        "unsound": index.unsound.tolist(),
        "lists": lists,
    }
    return json.dumps(facts, indent=1).encode()


def _books(index: Index) -> bytes:
    file = io.BytesIO()
    arrays: dict[str, NDArray[Any]] = {}
    for number, book in enumerate(index.books):
        arrays |= book.as_arrays(f"{number}.")
    write_arrays(file, arrays)
    return file.getvalue()


@contextlib.contextmanager
def _may_write(archive: Archive, what: str) -> Iterator[bool]:
    """Hold the writer's lock; False where that cannot be had. Being unable to save is no fault."""
    lock = None
    try:
        if not archive.writable:
            lock = schema.WriterLock(archive.folder)
    except ArchiveError as error:
        log.info("%s is not kept: %s", what, error)
        yield False
        return
    try:
        yield True
    except OSError as error:
        log.info("%s: %s is not kept: %s", archive.folder, what, error)
    finally:
        if lock is not None:
            lock.release()


def _put(path: Path, content: bytes | memoryview) -> None:
    """Write a file that appears whole or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _append(path: Path, size: int, content: memoryview) -> None:
    """Write after the first `size` bytes; what lay beyond them counted for nothing."""
    with path.open("r+b") as file:
        file.seek(size)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
