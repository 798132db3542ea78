"""An indexing run without a network, as a program of its own that a test may kill."""

import signal
import sys
from pathlib import Path

import indexing_twins

from livematch.clock import SystemClock
from livematch.indexing.build import Settings, index_folders, open_or_create
from livematch.indexing.speed import Unwatched


def main(films: Path, archive: Path, pids: Path) -> int:
    """Index with two workers; Ctrl-C stops it. Returns 130 if it was stopped."""
    noted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    with open_or_create(archive, *indexing_twins.MARKS) as opened:
        outcome = index_folders(
            [films],
            opened,
            indexing_twins.TellsItsProcess(pids),
            Settings(jobs=2),
            Unwatched(),
            SystemClock(),
            lambda: bool(noted),
        )
    return 130 if outcome.interrupted else 0


if __name__ == "__main__":
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:])))
