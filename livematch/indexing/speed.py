"""How fast indexing is here: the same films decoded only, and indexed, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.store import ModelIdentity
from livematch.clock import Clock
from livematch.embed.parts import DescriptorLayout
from livematch.indexing.build import (
    FilmOutcome,
    Settings,
    Status,
    cores,
    index_folders,
    open_or_create,
)
from livematch.indexing.crew import Advanced, MakeDescriber
from livematch.indexing.film import FilmTask
from livematch.indexing.plan import Plan
from livematch.indexing.scan import scan
from livematch.media import open_film


@dataclass(frozen=True, slots=True)
class IndexSpeed:
    """Seconds it took to decode some films and to index them, and how many they last."""

    decode_only_s: float
    index_s: float
    film_s: float
    films: int

    @property
    def times_real_time(self) -> float:
        """Seconds of film indexed in one second."""
        return self.film_s / self.index_s


class Unwatched:
    """A watcher that looks away."""

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        """Nothing."""

    def advanced(self, report: Advanced) -> None:
        """Nothing."""

    def settled(self, film: FilmOutcome) -> None:
        """Nothing."""


def index_speed(
    folder: Path,
    workdir: Path,
    make_describer: MakeDescriber,
    marks: tuple[ModelIdentity, DescriptorLayout],
    settings: Settings,
    clock: Clock,
) -> IndexSpeed:
    """Index the films of `folder` into a new archive in the empty folder `workdir`, timed.

    Starting the workers and loading the network count, as they do for whoever waits.
    """
    decode_only_s = decode_only(folder, workdir, clock)
    with open_or_create(workdir, *marks) as archive:
        outcome = index_folders([folder], archive, make_describer, settings, Unwatched(), clock)
    indexed = outcome.of(Status.INDEXED)
    return IndexSpeed(decode_only_s, outcome.took_s, outcome.film_s, len(indexed))


def decode_only(folder: Path, archive: Path, clock: Clock) -> float:
    """Decode every film of a folder once, on all cores, and do nothing else; returns seconds."""
    started_s = clock.now()
    for file in scan([folder], archive).files:
        with open_film(file.path, cores(), straight=True) as film:
            for _ in film.frames():
                pass
    return clock.now() - started_s
