"""A training's folder: its checkpoints, written whole, and read without unpickling anything.

A checkpoint is an `.npz` of plain arrays, with what it was trained by as JSON in one of them.
"""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livematch.errors import UsageError
from livematch.files import writing_whole

KEPT = 2  # the newest; one is enough, two survive a disk that lies
BEST = "best.npz"
SHEETS = "sheets"
_FACTS = "facts.json"
_NUMBERED = re.compile(r"^step-(\d{7,})\.npz$")

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything a training goes on from: arrays by name, and facts that JSON can hold."""

    arrays: Arrays
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """The folder beside a lens that is being trained; made when the first thing is written."""

    path: Path

    @classmethod
    def of(cls, lens: Path) -> "TrainingFolder":
        """Return the folder of the lens that is to be written to `lens`."""
        return cls(lens.with_suffix(".training"))

    def steps(self) -> list[int]:
        """Return the steps that there are checkpoints of, rising."""
        names = (_NUMBERED.match(path.name) for path in self.path.glob("step-*.npz"))
        return sorted(int(name[1]) for name in names if name)

    def newest(self) -> Checkpoint | None:
        """Read the newest checkpoint that is whole; None when there is none."""
        for step in reversed(self.steps()):
            try:
                return _read(self._numbered(step))
            except UsageError:
                if step == self.steps()[0]:
                    raise
        return None

    def best(self) -> Checkpoint | None:
        """Read the network that was judged best so far; None before the first verdict."""
        path = self.path / BEST
        return _read(path) if path.exists() else None

    def keep(self, step: int, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; the oldest of more than `KEPT` goes when it is on the disk.

        UsageError when the disk is full: those before are whole.
        """
        _made(self.path)
        _write(self._numbered(step), checkpoint)
        for old in self.steps()[:-KEPT]:
            self._numbered(old).unlink(missing_ok=True)

    def keep_best(self, checkpoint: Checkpoint) -> None:
        """Write the network that was judged best; UsageError as `keep`."""
        _made(self.path)
        _write(self.path / BEST, checkpoint)

    def put_aside(self) -> Path | None:
        """Rename the folder to one that is free, and return that; None when there is none.

        UsageError when that may not be.
        """
        if not self.path.exists():
            return None
        names = (self.path.with_name(f"{self.path.name}-{n}") for n in itertools.count(1))
        aside = next(path for path in names if not path.exists())
        try:
            self.path.rename(aside)
        except OSError as error:
            raise UsageError(
                f"{self.path} cannot be put aside: {error.strerror or error}; name another lens"
            ) from error
        return aside

    def sheet(self, step: int) -> Path:
        """Return where the contact sheet of a step goes; UsageError when there is no room."""
        return _made(self.path / SHEETS) / f"step-{step:07}.jpg"

    def _numbered(self, step: int) -> Path:
        return self.path / f"step-{step:07}.npz"


def _made(folder: Path) -> Path:
    """Make a folder, where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror or error}") from error
    return folder


def _write(path: Path, checkpoint: Checkpoint) -> None:
    facts = np.frombuffer(json.dumps(checkpoint.facts).encode(), np.uint8)
    with writing_whole(path) as file:
        np.savez(file, allow_pickle=False, **{_FACTS: facts}, **checkpoint.arrays)


def _read(path: Path) -> Checkpoint:
    try:
        data = io.BytesIO(path.read_bytes())
        with np.load(data, allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{path} is not a checkpoint that can be read ({error}): delete it, or begin anew"
            " with --fresh"
        ) from error
    if not isinstance(facts, dict):
        raise UsageError(f"{path} is no checkpoint of a lens: begin anew with --fresh")
    return Checkpoint(arrays, facts)
