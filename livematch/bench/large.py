"""A large archive, measured: how it opens, how fast and how well it is searched."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.bench.figures import Figure, Plan, Section, at_least, at_most
from livematch.bench.grown import Soil, film, grow
from livematch.clock import SystemClock, process_age_s
from livematch.embed.parts import weigh
from livematch.errors import LivematchError
from livematch.values import Vector

MIDDLING = 100_000  # moments of the archive between the real one and the large one
BEST = 10
QUERIES = 50  # at each position of the faders
TIMED = 2000
TIE = 1e-4  # scores this near count as the same
ADDED = 2000  # moments of the film that is added at the end
MIB = 1024 * 1024
_SEED, _ASKED_SEED = 1, 2
_CHUNK = 65_536

Weights = Mapping[str, float]


def large_archive(plan: Plan) -> Section:
    """An archive of `plan.moments`, grown from the plan's own in a temporary folder."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="livematch-bench-") as temporary:
        folder = Path(temporary)
        with Archive.open(plan.archive) as real:
            if not len(real.offered()):
                raise LivematchError(f"{plan.archive} has no moments to grow a large archive from")
            soil = Soil(real)
        _refuse_small_disk(folder, plan.moments, soil.layout.dimension)
        queries = soil.moments(QUERIES * 16, np.random.default_rng(_ASKED_SEED))[::16]

        def found(archive: Path) -> float:
            plan.say("comparing with exact search")
            with Archive.open(archive) as opened:
                return worst_recall(Searcher(opened, exact_up_to=0), queries)

        recalls = {}
        with Archive.open(plan.archive) as real:
            _like(real, folder / "real")
        with Archive.open(folder / "real", writable=True) as archive:
            archive.add_film(film("real", soil.vectors))
        recalls[f"{len(soil.vectors)} real moments"] = found(folder / "real")

        with Archive.open(plan.archive) as real:
            _like(real, folder / "grown")
        started_s = clock.now()
        if plan.moments > MIDDLING:
            _grow(plan, folder / "grown", soil, MIDDLING)
            recalls[f"{MIDDLING} moments"] = found(folder / "grown")
        _grow(plan, folder / "grown", soil, plan.moments)
        plan.say("making its index")
        indexed_s = clock.now()
        with Archive.open(folder / "grown") as archive:
            Searcher(archive)
        built_s = clock.now()
        plan.say("opening it in a new process")
        answered = _in_a_process(folder / "grown", queries, folder / "answered.json")
        recalls[f"{plan.moments} moments"] = found(folder / "grown")
        plan.say("adding a film")
        adding_s = clock.now()
        with Archive.open(folder / "grown", writable=True) as archive:
            archive.add_film(film("added", soil.moments(ADDED, np.random.default_rng(3))))
        with Archive.open(folder / "grown") as archive:
            Searcher(archive)
        added_s = clock.now()
    return Section(
        "large",
        f"{plan.moments} moments grown from {len(soil.vectors)}; queries on one thread, with the"
        f" fit of the query and the exact ranking; {BEST} best shots against exact search, at"
        f" every corner and diagonal of the weights of {len(soil.layout.parts)} parts",
        (
            Figure("writing it", indexed_s - started_s, "s"),
            Figure("making its fit and index", built_s - indexed_s, "s"),
            at_most("command → first answer, from disk", answered["first_answer_s"], "s", 10),
            Figure("resident after the first answer", answered["resident_mib"], "MiB"),
            Figure(f"resident after {TIMED} queries", answered["resident_later_mib"], "MiB"),
            Figure("– of which mapped from files", answered["mapped_mib"], "MiB"),
            Figure("query, p50", answered["p50_ms"], "ms"),
            at_most("query, p99", answered["p99_ms"], "ms", 3),
            *(
                at_least(f"worst recall@{BEST}, {name}", 100 * recall, "%", 98)
                for name, recall in recalls.items()
            ),
            Figure(f"adding a film of {ADDED} moments, to its index", added_s - adding_s, "s"),
        ),
    )


def positions_of(names: tuple[str, ...]) -> Iterator[Weights]:
    """Every corner of the weights, and diagonals: one part leads, others have half or a fifth."""
    for corner in itertools.product((0.0, 1.0), repeat=len(names)):
        if any(corner):
            yield dict(zip(names, corner, strict=True))
    for leader, rest in itertools.product(names, (0.5, 0.2)):
        yield {name: 1.0 if name == leader else rest for name in names}


def worst_recall(searcher: Searcher, queries: Vector) -> float:
    """The smallest share of the `BEST` matches that is right, of all positions of the faders.

    A match is right when its score is that of the tenth best shot or better.
    """
    positions = list(positions_of(searcher.layout.names))
    tenth = _tenth_best(searcher, queries, positions)
    worst = 1.0
    for weights, bounds in zip(positions, tenth, strict=True):
        right = 0
        for query, bound in zip(queries, bounds, strict=True):
            matches = searcher.search(query, weights, BEST)
            right += sum(match.score >= float(bound) - TIE for match in matches)
        worst = min(worst, right / (len(queries) * min(BEST, searcher.shots)))
    return worst


def answer(folder: Path, queries: Path, report: Path) -> None:
    """Open an archive, answer queries and write down how that went; for a process of its own."""
    process = psutil.Process()
    asked = np.load(queries, allow_pickle=False)
    with Archive.open(folder) as archive:
        searcher = Searcher(archive)
    positions = list(positions_of(searcher.layout.names))
    searcher.search(asked[0], positions[-1])
    first_answer_s, resident = process_age_s(), process.memory_info().rss
    clock = SystemClock()
    times_ms = []
    for number in range(TIMED):
        started_s = clock.now()
        searcher.search(asked[number % len(asked)], positions[number % len(positions)])
        times_ms.append((clock.now() - started_s) * 1e3)
    later = process.memory_info()
    p50_ms, p99_ms = np.percentile(times_ms, (50, 99))
    found = {
        "first_answer_s": first_answer_s,
        "resident_mib": resident / MIB,
        "resident_later_mib": later.rss / MIB,
        # what is mapped from files, and the system may take back; told by Linux only
        "mapped_mib": getattr(later, "shared", 0) / MIB,
        "p50_ms": float(p50_ms),
        "p99_ms": float(p99_ms),
    }
    report.write_text(json.dumps(found), encoding="utf-8")


def _tenth_best(
    searcher: Searcher, queries: Vector, positions: list[Weights]
) -> NDArray[np.float32]:
    """Return the score of the tenth best shot, by comparing everything: (positions, queries)."""
    layout = searcher.fit.layout
    fitted = searcher.fit.apply(queries)
    weighed = np.stack([weigh(fitted, weights, layout) for weights in positions])
    best = np.full((BEST, *weighed.shape[:2]), -np.inf, np.float32)
    for start, end in _whole_shots(searcher.moments.shots):
        rows = searcher.fitted(np.arange(start, end))
        shots = searcher.moments.shots[start:end]
        firsts = np.flatnonzero(np.r_[True, shots[1:] != shots[:-1]])
        for number, position in enumerate(weighed):
            ours = np.maximum.reduceat(rows @ position.T, firsts, axis=0)
            rivals = np.concatenate([best[:, number], ours])
            best[:, number] = np.partition(rivals, -BEST, axis=0)[-BEST:]
    tenth = best.min(axis=0)
    return np.where(np.isfinite(tenth), tenth, np.float32(-1))  # fewer shots than that: all count


def _whole_shots(shots: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of about `_CHUNK` moments that do not end within a shot."""
    ends = np.flatnonzero(np.r_[shots[1:] != shots[:-1], True]) + 1
    start = 0
    while start < len(shots):
        end = int(ends[np.searchsorted(ends, min(start + _CHUNK, len(shots)))])
        yield start, end
        start = end


def _like(real: Archive, folder: Path) -> None:
    Archive.create(folder, real.model, real.layout).close()


def _grow(plan: Plan, folder: Path, soil: Soil, moments: int) -> None:
    with Archive.open(folder, writable=True) as archive:
        for there in grow(archive, soil, moments, _SEED):
            plan.say(f"{there} of {plan.moments} moments written")


def _refuse_small_disk(folder: Path, moments: int, dimension: int) -> None:
    needed = int(1.2 * moments * (2 * dimension + 1500))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LivematchError(
            f"a large archive of {moments} moments needs {needed / 1e9:.1f} GB for a while,"
            f" {folder} has {free / 1e9:.1f}: free some space, set TMPDIR, or ask for fewer"
            " with --moments"
        )


def _in_a_process(folder: Path, queries: Vector, report: Path) -> dict[str, Any]:
    asked = report.with_suffix(".npy")
    np.save(asked, queries, allow_pickle=False)
    _forget(folder)
    code = (
        "import sys, pathlib; from livematch.bench.large import answer;"
        " answer(*map(pathlib.Path, sys.argv[1:]))"
    )
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, str(folder), str(asked), str(report)], check=True
    )
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


def _forget(folder: Path) -> None:
    """Have the system forget what it has read of a folder's files, where that can be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
