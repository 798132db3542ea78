"""An indexing run: plan, index on several processes, and write the archive from this one alone."""

import contextlib
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from livematch.archive.proxynames import kind_of
from livematch.archive.schema import DATABASE
from livematch.archive.store import Archive, ModelIdentity, StoredFilm
from livematch.clock import Clock
from livematch.embed.parts import DescriptorLayout
from livematch.errors import FilmError, ModelError
from livematch.indexing import proxies
from livematch.indexing.crew import Advanced, Crew, Failed, Finished, Gang, MakeDescriber
from livematch.indexing.film import FilmTask
from livematch.indexing.kinds import MJPEG, PLAYED_AS_THEY_ARE, ProxyKind
from livematch.indexing.plan import NewFilm, Plan, make_plan
from livematch.indexing.repeats import Library, fold, takes_of
from livematch.indexing.scan import Scan, fingerprint, scan, shown, sniff
from livematch.indexing.spent import NO_TIME, Spent, total
from livematch.values import ShotKind

LISTEN_S = 0.2  # how long a Ctrl-C may go unnoticed
MOST_JOBS = 16


class Status(StrEnum):
    """What became of a film in one run."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    MOVED = "moved"
    BACK = "back"
    COPY = "copy"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FilmOutcome:
    """What became of one film; `note` is the reason of a failure, a warning, or where else it is.

    What follows is of films indexed in this run: `dropped` moments showed nothing new, `blank`
    shots are black, white or titles, `repeats` repeat other shots; `spent` is where the time went.
    """

    path: Path
    status: Status
    note: str | None = None
    duration_s: float = 0.0
    shots: int = 0
    moments: int = 0
    dropped: int = 0
    blank: int = 0
    repeats: int = 0
    spent: Spent = NO_TIME


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run: every film, how long it took, and whether it was interrupted."""

    films: tuple[FilmOutcome, ...]
    took_s: float
    left: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether films were left undone."""
        return self.left > 0

    def of(self, status: Status) -> tuple[FilmOutcome, ...]:
        """Return the films with one status."""
        return tuple(film for film in self.films if film.status is status)

    @property
    def film_s(self) -> float:
        """Seconds of film indexed in this run."""
        return sum(film.duration_s for film in self.films)

    @property
    def spent(self) -> Spent:
        """Where the time of all films went, added up over the processes that read them."""
        return total(film.spent for film in self.films)


@dataclass(frozen=True, slots=True)
class Settings:
    """How to index. `jobs` is the number of processes; None lets the number of cores decide.

    `proxy` is the kind that films get which have none; None plays the originals. A proxy of
    another kind is made again in this one if `remake` says so.
    """

    proxy: ProxyKind | None = MJPEG
    height_px: int = 720
    jobs: int | None = None
    remake: bool = True


class Watcher(Protocol):
    """Is told how a run goes; on the run's thread."""

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        """Everything to be done is known."""

    def advanced(self, report: Advanced) -> None:
        """A film in work has come further."""

    def settled(self, film: FilmOutcome) -> None:
        """It is decided what became of a film."""


Hire = Callable[[Sequence[FilmTask], MakeDescriber, int], Gang]
"""Makes what indexes some films, with a number of jobs at once where that is up to us."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(size: int, everything: int, jobs: int, cores: int) -> int:
    """Choose how many cores a film may keep busy, by its share of the bytes there are to read.

    A film that is most of the work would else be read by one core while the others have nothing
    left to do. More threads than cores cost little: those of a decoder wait for each other anyway.
    """
    share = math.ceil(cores * size / everything) if everything else 1
    return max(1, cores // jobs, share)


def open_or_create(folder: Path, model: ModelIdentity, layout: DescriptorLayout) -> Archive:
    """Open the archive for writing, made with this model, or make it; ArchiveError if not."""
    if not (folder / DATABASE).exists():
        return Archive.create(folder, model, layout)
    archive = Archive.open(folder, writable=True)
    try:
        archive.require(model, layout)
    except BaseException:
        archive.close()
        raise
    return archive


def index_folders(
    roots: Sequence[Path],
    archive: Archive,
    make_describer: MakeDescriber,
    settings: Settings,
    watcher: Watcher,
    clock: Clock,
    stopping: Callable[[], bool] = lambda: False,
    hire: Hire = Crew,
) -> Outcome:
    """Bring the archive up to date with the films under the roots (absolute paths).

    `stopping` is asked every moment; once true, films in work are dropped, everything else stays
    as it is, and the next run goes on from there. Raises ArchiveError or ModelError when no film
    at all can be indexed; what is wrong with one film is in the outcome. `hire` says who indexes.
    """
    run = _Run(roots, archive, make_describer, settings, watcher, stopping, hire)
    started_s = clock.now()
    with contextlib.suppress(_Stopped):
        run.prepare()
        run.index()
    return Outcome(tuple(run.outcomes), clock.now() - started_s, run.left)


class _Stopped(Exception):  # noqa: N818 - it is no error
    pass


class _Run:
    def __init__(
        self,
        roots: Sequence[Path],
        archive: Archive,
        make_describer: MakeDescriber,
        settings: Settings,
        watcher: Watcher,
        stopping: Callable[[], bool],
        hire: Hire,
    ) -> None:
        self._roots, self._archive, self._make_describer = roots, archive, make_describer
        self._settings, self._watcher, self._stopping = settings, watcher, stopping
        self._hire = hire
        self.outcomes: list[FilmOutcome] = []
        self._new: dict[str, NewFilm] = {}
        self._library: Library | None = None  # read when the first film comes in
        self.left = 1  # until the plan says how many

    def prepare(self) -> None:
        """Find out what is to be done, and do what needs no decoding."""
        archive = self._archive
        names = (Path(f.film.proxy).name for f in archive.films() if f.film.proxy is not None)
        archive.proxies.mkdir(exist_ok=True)
        proxies.sweep(archive.proxies, frozenset(names))
        found = scan(self._roots, archive.folder)
        plan = make_plan(
            found.files,
            self._roots,
            archive.films(),
            self._fingerprint,
            os.path.exists,
            self._usable,
            [unreadable.path for unreadable in found.unreadable],
        )
        self._new = {new.fingerprint: new for new in plan.new}
        self.left = len(self._new)
        self._tasks = self._make_tasks(plan)
        self._watcher.planned(plan, self._tasks)
        self._settle_the_known(plan, found)

    def _fingerprint(self, path: Path) -> str:
        if self._stopping():
            raise _Stopped
        return fingerprint(path)

    def _usable(self, stored: StoredFilm) -> bool:
        """Whether a film can be played as it is indexed, and in the way now asked for."""
        kind, film = self._settings.proxy, stored.film
        if film.proxy is None:
            return kind is None or film.codec in PLAYED_AS_THEY_ARE
        if kind is not None and self._settings.remake and kind_of(film.proxy) != kind.name:
            return False
        return (self._archive.folder / film.proxy).is_file()

    def _make_tasks(self, plan: Plan) -> list[FilmTask]:
        jobs = self._jobs(len(plan.new))
        everything = sum(new.file.size for new in plan.new)
        return [
            FilmTask(
                path=new.file.path,
                fingerprint=new.fingerprint,
                size=new.file.size,
                mtime_ns=new.file.mtime_ns,
                proxies=self._archive.proxies if self._settings.proxy else None,
                height_px=self._settings.height_px,
                threads=threads_for(new.file.size, everything, jobs, cores()),
                kind=self._settings.proxy or MJPEG,
            )
            # the longest first: a long film begun last would leave all other workers idle
            for new in sorted(plan.new, key=lambda new: -new.file.size)
        ]

    def _jobs(self, films: int) -> int:
        wanted = self._settings.jobs or min(cores(), MOST_JOBS)
        return max(1, min(wanted, films))

    def _settle_the_known(self, plan: Plan, found: Scan) -> None:
        for moved in plan.moved:
            file, before = moved.file, moved.film.film.path
            self._archive.update_path(moved.film.id, file.path, file.size, file.mtime_ns)
            same_place = before == file.path
            self._settle(
                file.path,
                Status.UNCHANGED if same_place else Status.MOVED,
                None if same_place else f"was {shown(before)}",
            )
        for film in plan.back:
            self._archive.set_present(film.id, True)
            self._settle(film.film.path, Status.BACK)
        for film in plan.gone:
            self._archive.set_present(film.id, False)
            self._settle(film.film.path, Status.GONE)
        for film in plan.stale:
            self._archive.remove_film(film.id)
        for film in plan.unchanged:
            self._settle(film.film.path, Status.UNCHANGED)
        for copy in plan.copies:
            self._settle(copy.file.path, Status.COPY, f"of {shown(copy.of)}")
        for refused in plan.refused:
            self._settle(refused.path, Status.FAILED, _without(refused.reason, refused.path))
        for unreadable in found.unreadable:
            self._settle(unreadable.path, Status.FAILED, unreadable.reason)

    def _settle(self, path: Path, status: Status, note: str | None = None) -> None:
        self._tell(FilmOutcome(path, status, note))

    def _tell(self, outcome: FilmOutcome) -> None:
        self.outcomes.append(outcome)
        self._watcher.settled(outcome)

    def index(self) -> None:
        """Index the new films; this process writes the archive, the crew does the rest."""
        if not self._tasks:
            return
        try:
            with self._hire(
                self._tasks, self._make_describer, self._jobs(len(self._tasks))
            ) as crew:
                for report in crew.reports(LISTEN_S):
                    if isinstance(report, Advanced):
                        self._watcher.advanced(report)
                    elif isinstance(report, Finished):
                        self._tell(self._add(report))
                    elif isinstance(report, Failed):
                        self._tell(self._drop(report))
                    if self.left and self._stopping():
                        raise _Stopped
        finally:
            for task in self._tasks:
                _unlink_part(task)

    def _add(self, report: Finished) -> FilmOutcome:
        indexed, path = report.result.indexed, report.task.path
        library = self._known_shots()
        replaced = set(self._new[report.task.fingerprint].replaces)
        same = self._archive.by_fingerprint(report.task.fingerprint)
        if same is not None:  # made again with its proxy: the archive takes no film twice
            replaced.add(same.id)
        if report.result.part is not None:
            final = report.task.kind.final_name(report.task.fingerprint)
            report.result.part.replace(self._archive.proxies / final)
        self.left -= 1
        try:
            film_id = self._archive.add_film(indexed, replaced)
        except FilmError as error:
            self._keep_back(replaced)
            return FilmOutcome(path, Status.FAILED, _without(str(error), path))
        for old in replaced:
            library.forget(old)
        return FilmOutcome(
            path,
            Status.INDEXED,
            report.result.warning or _no_proxy(report),
            indexed.film.duration_s,
            len(indexed.shots),
            len(indexed.times_s),
            indexed.dropped,
            sum(kind is not ShotKind.FILM for kind in indexed.kinds),
            fold(self._archive, library, film_id),
            report.result.spent,
        )

    def _known_shots(self) -> Library:
        if self._library is None:
            self._library = Library()
            self._library.add(takes_of(*self._archive.contents_of(None)))
        return self._library

    def _drop(self, report: Failed) -> FilmOutcome:
        if report.fatal:
            raise ModelError(report.reason)
        self._keep_back(self._new[report.task.fingerprint].replaces)
        _unlink_part(report.task)
        self.left -= 1
        path = report.task.path
        looks_like = sniff(path) if path.exists() else None
        return FilmOutcome(path, Status.FAILED, looks_like or _without(report.reason, path))

    def _keep_back(self, films: Iterable[int]) -> None:
        """Offer films no more whose files hold something else now; they come back if that does."""
        for film in films:
            self._archive.set_present(film, False)


def _unlink_part(task: FilmTask) -> None:
    if task.part is not None:
        task.part.unlink(missing_ok=True)


def _no_proxy(report: Finished) -> str | None:
    """Say that a film that was to have a proxy needs none."""
    if report.task.part is None or report.result.part is not None:
        return None
    return f"is {report.result.indexed.film.codec.upper()}, played as it is"


def _without(reason: str, path: Path) -> str:
    """Leave out the film's name, which stands beside its reason."""
    return reason.removeprefix(f"{path}: ").removeprefix(f"{shown(path)}: ")
