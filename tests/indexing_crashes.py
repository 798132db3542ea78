"""Run as a program by test_indexing_run.py: an indexing run that is killed again and again.

indexing_crashes.py FILMS WHOLE ARCHIVE KILLS   index FILMS into ARCHIVE until so many were killed

Each run is a child that counts its steps, each line of what writes the archive and each call of
what reads a film, and stands still at one chosen out of all until it is killed there; the same ones
every time. After each kill the archive is looked at; the next run goes on with what that one left.
WHOLE is the archive of a run that nobody disturbed.
"""

import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import indexing_twins
from indexing_twins import MARKS, contents

import livematch
from livematch.archive.report import check
from livematch.archive.store import Archive
from livematch.clock import SystemClock
from livematch.indexing.build import (
    FilmOutcome,
    Settings,
    Status,
    index_folders,
    open_or_create,
)
from livematch.indexing.crew import Advanced, MakeDescriber, Report, index_one
from livematch.indexing.film import FilmTask
from livematch.indexing.plan import Plan

PACKAGE = Path(livematch.__file__).parent
BY_LINES = (str(PACKAGE / "archive"), str(PACKAGE / "indexing" / "build.py"))
BY_CALLS = (str(PACKAGE / "indexing" / "film.py"), str(PACKAGE / "indexing" / "proxies.py"))
ADDED, THERE, DONE = b"+", b"!", b"."


@dataclass
class Steps:
    """Counts the steps of a run in a child, and stops for ever at one of them."""

    tell: int  # a file descriptor
    last: int | None
    taken: int = 0

    def take(self) -> None:
        self.taken += 1
        if self.taken == self.last:
            os.write(self.tell, THERE)
            while True:
                signal.pause()


class Alone:
    """The crew's twin in this very process: a film at a time, and no other process to start."""

    def __init__(self, tasks: Sequence[FilmTask], make_describer: MakeDescriber, _: int) -> None:
        self._tasks, self._make_describer = tasks, make_describer

    def reports(self, wait_s: float) -> Iterator[Report | None]:
        describer = self._make_describer()
        for task in self._tasks:
            yield index_one(task, describer, lambda report: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nobody was hired."""


class Teller:
    """A watcher that says when a film is in the archive."""

    def __init__(self, tell: int) -> None:
        self._tell = tell

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        """It says nothing of that."""

    def advanced(self, report: Advanced) -> None:
        """It says nothing of that."""

    def settled(self, film: FilmOutcome) -> None:
        assert film.status in {Status.INDEXED, Status.UNCHANGED}, film
        if film.status is Status.INDEXED:
            os.write(self._tell, ADDED)


def index(films: Path, archive: Path, steps: Steps) -> None:
    """Bring the archive up to date, step by step."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        by_lines = name.startswith(BY_LINES)
        if (event == "line" and by_lines) or (event == "call" and name.startswith(BY_CALLS)):
            steps.take()
        return trace if by_lines else None

    sys.settrace(trace)
    with open_or_create(archive, *MARKS) as opened:
        index_folders(
            [films],
            opened,
            indexing_twins.thumbnails,
            Settings(jobs=1),
            Teller(steps.tell),
            SystemClock(),
            hire=Alone,
        )
    sys.settrace(None)


@dataclass(frozen=True)
class Run:
    """How a run went: films added, and how many steps it took if it was not killed."""

    added: int
    steps: int | None

    @property
    def was_killed(self) -> bool:
        return self.steps is None


def run(films: Path, archive: Path, last_step: int | None) -> Run:
    """Index in a child, which is killed at its `last_step` if it comes so far."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            steps = Steps(tell, last_step)
            index(films, archive, steps)
            os.write(tell, DONE + steps.taken.to_bytes(4))
            os._exit(0)
        finally:  # whatever it was, this child must not go on as if it were its parent
            sys.settrace(None)
            traceback.print_exc()
            os._exit(1)
    os.close(tell)
    added, steps_taken = 0, None
    while what := os.read(told, 1):
        added += what == ADDED
        if what == THERE:
            os.kill(child, signal.SIGKILL)
        if what == DONE:
            steps_taken = int.from_bytes(os.read(told, 4))
    os.close(told)
    _, status = os.waitpid(child, 0)
    assert (steps_taken is None) == os.WIFSIGNALED(status)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return Run(added, steps_taken)


def inspect(archive: Path, expected: indexing_twins.Contents, finished: int) -> int:
    """Assert that an archive opens, whole as far as it goes; returns how many films it has."""
    if not (archive / "archive.db").exists():
        assert finished == 0
        return 0
    found = contents(archive)
    assert found.items() <= expected.items()
    # the film whose commit was the last thing the run did was not said any more
    assert finished <= len(found) <= finished + 1
    with Archive.open(archive) as opened:
        assert {finding.kind for finding in check(opened)} <= {"orphan"}
    return len(found)


def main(films: Path, whole: Path, archive: Path, kills: int) -> None:
    expected = contents(whole)
    rng = random.Random(50)  # noqa: S311 - steps, not secrets
    all_steps = run(films, archive, None).steps
    assert all_steps is not None
    finish(archive, expected)
    killed = finished = 0
    while killed < kills:
        # a run that goes on has less to do; now and then one comes through
        made = run(films, archive, rng.randint(1, all_steps // 2))
        killed += made.was_killed
        finished = inspect(archive, expected, finished + made.added)
        print(killed, finished, flush=True)  # noqa: T201 - it answers the test that runs it
        if not made.was_killed:
            finish(archive, expected)
            finished = 0
    run(films, archive, None)
    finish(archive, expected)


def finish(archive: Path, expected: indexing_twins.Contents) -> None:
    """Assert that an archive is as if nothing had happened, and take it away."""
    assert contents(archive) == expected
    with Archive.open(archive) as opened:
        assert check(opened) == []
    shutil.rmtree(archive)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]), int(sys.argv[4]))
