"""How fast indexing is here: the same films decoded only, and indexed, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livematch.archive.store import ModelIdentity
from livematch.clock import Clock
from livematch.embed.parts import DescriptorLayout
from livematch.indexing.build import (
    FilmOutcome,
    Outcome,
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
from livematch.indexing.spent import Spent
from livematch.media import open_film


@dataclass(frozen=True, slots=True)
class IndexSpeed:
    """Seconds it took to decode some films and to index them, how many they last, what it went to.

    Each is the best of its rounds, taken in turns: a busy machine makes some rounds longer and none
    shorter.
    """

    decode_only_s: float
    index_s: float
    film_s: float
    films: int
    spent: Spent

    @property
    def times_real_time(self) -> float:
        """Seconds of film indexed in one second."""
        return self.film_s / self.index_s

    @property
    def share_of_decoding(self) -> float:
        """Speed of indexing over the speed of nothing but decoding."""
        return self.decode_only_s / self.index_s


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
    rounds: int = 1,
) -> IndexSpeed:
    """Index the films of `folder` into new archives in the empty folder `workdir`, timed.

    Bare decoding and indexing take turns. Starting the workers and loading the network count, as
    they do for whoever waits.
    """
    decoding_s: list[float] = []
    outcomes: list[Outcome] = []
    for number in range(rounds):
        place = workdir / str(number)
        decoding_s.append(decode_only(folder, place, clock))
        with open_or_create(place, *marks) as archive:
            outcomes.append(
                index_folders([folder], archive, make_describer, settings, Unwatched(), clock)
            )
    best = min(outcomes, key=lambda outcome: outcome.took_s)
    indexed = best.of(Status.INDEXED)
    return IndexSpeed(min(decoding_s), best.took_s, best.film_s, len(indexed), best.spent)


def decode_only(folder: Path, archive: Path, clock: Clock) -> float:
    """Decode every film of a folder once, on all cores, and do nothing else; returns seconds."""
    started_s = clock.now()
    for file in scan([folder], archive).files:
        with open_film(file.path, cores(), straight=True) as film:
            for _ in film.frames():
                pass
    return clock.now() - started_s
