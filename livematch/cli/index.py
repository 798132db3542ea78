"""`livematch index`: bring an archive up to date with folders of films."""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from livematch.archive.proxynames import kind_of
from livematch.archive.saved import fit_outgrown, keep_fit, learned
from livematch.archive.schema import DATABASE
from livematch.archive.search import Searcher
from livematch.archive.store import Archive
from livematch.cli.interrupts import interrupts_noted
from livematch.clock import Clock, SystemClock
from livematch.embed.card import DEFAULT_MODEL
from livematch.embed.providers import ASKABLE
from livematch.errors import UsageError
from livematch.indexing.build import (
    FilmOutcome,
    Hire,
    Outcome,
    Settings,
    Status,
    cores,
    index_folders,
    open_or_create,
)
from livematch.indexing.crew import Advanced, Crew
from livematch.indexing.describing import Network, identity_of
from livematch.indexing.film import FilmTask
from livematch.indexing.kinds import KINDS, MJPEG, PLAYED_AS_THEY_ARE, ProxyKind
from livematch.indexing.plan import Plan
from livematch.indexing.scan import check_roots, shown
from livematch.lessons import LEAST_MOMENTS, take_lessons

INTERRUPTED = 130
LEAST_HEIGHT_PX, MOST_HEIGHT_PX = 90, 4320

log = logging.getLogger(__name__)


NO_PROXY = "none"
PROXIES = (*KINDS, NO_PROXY)


def index(
    folders: Annotated[list[Path], typer.Argument(help="Folders of films, or single films.")],
    archive: Annotated[Path, typer.Option("--archive", "-a", help="The archive's folder.")],
    proxy: Annotated[
        str | None,
        typer.Option(
            help=f"Copies that any moment can be played from at once: {', '.join(PROXIES)}."
            " [default: as the archive has; mjpeg in a new one]"
        ),
    ] = None,
    height: Annotated[
        int,
        typer.Option(
            min=LEAST_HEIGHT_PX, max=MOST_HEIGHT_PX, help="Of proxies, in pixels, at most."
        ),
    ] = 720,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Films at once. [default: by the cores]")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model's name or file. [default: the archive's own]"),
    ] = None,
    provider: Annotated[
        str, typer.Option(help=f"What the network runs on: {', '.join(ASKABLE)}.")
    ] = "auto",
    scheduler: Annotated[
        str | None,
        typer.Option("--on", help="A Dask cluster's scheduler, tcp://HOST:8786, to index on."),
    ] = None,
    learn: Annotated[
        bool,
        typer.Option(help="Learn from these films, once, what blur, light and angle do to them."),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document at the end.")] = False,
) -> None:
    """Index films: find shots and moments, describe them, make proxies. Run it again any time."""
    if provider not in ASKABLE:
        raise UsageError(f"--provider {provider}: choose one of {', '.join(ASKABLE)}")
    roots = check_roots(folders, archive)
    kind = _kind(proxy or _proxy_of(archive))
    settings = Settings(kind, height, jobs, remake=proxy is not None)
    network = Network(model or _model_of(archive), provider, max(1, cores() // (jobs or cores())))
    clock = SystemClock()
    with (
        open_or_create(archive, *identity_of(network.card())) as opened,
        interrupts_noted() as interrupts,
        _view(as_json, clock) as view,
    ):
        outcome = index_folders(
            roots,
            opened,
            network,
            settings,
            view,
            clock,
            lambda: bool(interrupts),
            hire=_on_cluster(scheduler) if scheduler else Crew,
        )
    with Archive.open(archive) as finished:
        if learn and not outcome.interrupted:
            _learn(finished, network, as_json)
        Searcher(finished)  # a large archive's index is made now, so that no show waits
    if as_json:
        typer.echo(json.dumps(as_document(outcome)))
    else:
        _print_closing(outcome, roots, archive)
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if outcome.of(Status.FAILED):
        raise typer.Exit(1)


def _learn(archive: Archive, network: Network, as_json: bool) -> None:
    """Teach the archive what to look away from, if it has grown or never was."""
    if not fit_outgrown(archive, taught=True) or len(archive.moments) < LEAST_MOMENTS:
        return
    describer = replace(network, threads=cores())()
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as bar:
        task = bar.add_task("learning what blur, light and angle do to these films", total=None)
        lessons = take_lessons(
            archive,
            describer.embedder,
            lambda done, all_: bar.update(task, completed=done, total=all_),
        )
    pictures = 0 if lessons is None else lessons.views.shape[0] * lessons.views.shape[1]
    keep_fit(archive, learned(archive, lessons), pictures)


def _on_cluster(scheduler: str) -> Hire:
    from livematch.indexing.cluster import ClusterCrew  # noqa: PLC0415 - needs an extra

    return lambda tasks, make_describer, _: ClusterCrew(tasks, make_describer, scheduler)


def _model_of(archive: Path) -> str:
    if not (archive / DATABASE).exists():
        return DEFAULT_MODEL
    with Archive.open(archive) as opened:
        return opened.model.name


def _kind(proxy: str) -> ProxyKind | None:
    """Look a kind of proxy up; UsageError when there is none such, or it cannot be written here."""
    if proxy == NO_PROXY:
        return None
    if proxy not in KINDS:
        raise UsageError(f"--proxy {proxy}: choose one of {', '.join(PROXIES)}")
    kind = KINDS[proxy]
    if (lack := kind.lack()) is not None:
        raise UsageError(f"--proxy {proxy}: {lack}")
    return kind


def _proxy_of(archive: Path) -> str:
    """Name the kind that most films of an archive have: that is what new ones get unasked."""
    if not (archive / DATABASE).exists():
        return MJPEG.name
    with Archive.open(archive) as opened:
        films = [stored.film for stored in opened.films()]
    kinds = Counter(
        kind_of(film.proxy) if film.proxy else NO_PROXY
        for film in films
        if film.proxy or film.codec not in PLAYED_AS_THEY_ARE
    )
    known = [kind for kind, _ in kinds.most_common() if kind in PROXIES]
    return known[0] if known else MJPEG.name


@contextmanager
def _view(as_json: bool, clock: Clock) -> Iterator["Lines | Bars"]:
    console = Console(stderr=True, highlight=False, markup=False)
    if as_json or not console.is_terminal:
        yield Lines(quiet=as_json)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
    ) as progress:
        yield Bars(progress, clock)


def sentence(film: FilmOutcome) -> str:
    """Say in one line what became of a film."""
    text = f"{film.status:9} {shown(film.path)}"
    if film.status is Status.INDEXED:
        text += f"  {film.duration_s:.1f} s, {film.shots} shots, {film.moments} moments"
    return f"{text}: {film.note}" if film.note else text


class Lines:
    """A line a film, for logs and pipes; none for films that were known."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        """Say how much there is to do."""
        if not self._quiet and tasks:
            print(f"{len(tasks)} films to index, {len(plan.unchanged)} known", flush=True)  # noqa: T201

    def advanced(self, report: Advanced) -> None:
        """Say nothing: a log is read afterwards."""

    def settled(self, film: FilmOutcome) -> None:
        """Say what became of a film."""
        if not self._quiet and film.status is not Status.UNCHANGED:
            print(sentence(film), flush=True)  # noqa: T201


class Bars:
    """A bar for each film in work and one for all, with the time left; for terminals."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress, self._clock = progress, clock
        self._bars: dict[Path, TaskID] = {}
        self._sizes: dict[Path, int] = {}
        self._done: dict[Path, float] = {}  # share of each film, 0 to 1
        self._film_s: dict[Path, float] = {}  # seconds of each film done
        self._all: TaskID | None = None
        self._started_s = clock.now()

    def planned(self, plan: Plan, tasks: Sequence[FilmTask]) -> None:
        """Begin the bar of the whole; films weigh by their bytes, which are known already."""
        del plan
        self._sizes = {task.path: max(1, task.size) for task in tasks}
        self._started_s = self._clock.now()
        if tasks:
            self._all = self._progress.add_task(
                f"{len(tasks)} films", total=sum(self._sizes.values()), note="starting"
            )

    def advanced(self, report: Advanced) -> None:
        """Move a film's bar, and the whole's."""
        path = report.task.path
        if path not in self._bars:
            self._bars[path] = self._progress.add_task(_short(path), total=1.0, note="")
        self._done[path] = report.done_s / max(report.all_s, 1e-9)
        self._film_s[path] = report.done_s
        self._progress.update(
            self._bars[path],
            completed=self._done[path],
            note=f"{report.done_s:.0f} of {report.all_s:.0f} s",
        )
        self._move_all()

    def settled(self, film: FilmOutcome) -> None:
        """Take a film's bar away; say what is worth a line."""
        if film.path in self._sizes:
            self._done[film.path] = 1.0
            if (bar := self._bars.pop(film.path, None)) is not None:
                self._progress.remove_task(bar)
            self._move_all()
        if film.status is not Status.UNCHANGED and film.status is not Status.FAILED:
            self._progress.console.print(sentence(film), soft_wrap=True)

    def _move_all(self) -> None:
        if self._all is None:
            return
        took_s = self._clock.now() - self._started_s
        done = sum(self._sizes[path] * share for path, share in self._done.items())
        everything = sum(self._sizes.values())
        speed = sum(self._film_s.values()) / max(took_s, 1e-9)
        left_s = took_s * (everything - done) / done if done else 0.0
        note = f"{_minutes(left_s)} left, {speed:.1f} × real time"
        self._progress.update(self._all, completed=done, note=note)


def _short(path: Path) -> str:
    name = shown(Path(path.name))
    return name if len(name) <= 32 else f"{name[:20]}…{name[-11:]}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def as_document(outcome: Outcome) -> dict[str, object]:
    """Return a run as plain values: what became of every film, and the totals."""
    counts = {status.value: len(outcome.of(status)) for status in Status}
    return {
        "interrupted": outcome.interrupted,
        "left": outcome.left,
        "took_s": round(outcome.took_s, 3),
        "film_s": round(outcome.film_s, 3),
        "counts": counts,
        "dropped": sum(film.dropped for film in outcome.films),
        "blank": sum(film.blank for film in outcome.films),
        "repeats": sum(film.repeats for film in outcome.films),
        "limited_by": outcome.spent.limit if outcome.of(Status.INDEXED) else None,
        "films": [
            {
                "path": shown(film.path),
                "status": film.status.value,
                "note": film.note,
                "duration_s": round(film.duration_s, 3),
                "shots": film.shots,
                "moments": film.moments,
                "dropped": film.dropped,
                "blank": film.blank,
                "repeats": film.repeats,
            }
            for film in outcome.films
        ],
    }


def _print_closing(outcome: Outcome, roots: Sequence[Path], archive: Path) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
    failed = outcome.of(Status.FAILED)
    if failed:
        table = Table("not indexed", "why", box=None, header_style="bold red")
        for film in failed:
            table.add_row(shown(film.path), film.note)
        console.print(table)
    if not outcome.films and not outcome.interrupted:
        console.print(
            f"No films under {', '.join(shown(root) for root in roots)}: nothing there has a film's"
            " extension (mp4, mov, mkv, …). A file that is named itself is taken whatever it is"
            " called."
        )
        return
    console.print(summary(outcome, archive))


def _left_out(indexed: Sequence[FilmOutcome]) -> str:
    """Say what of the films is not offered, and why; nothing where there is nothing to say."""
    counts = (
        (sum(film.dropped for film in indexed), "moment", "near-duplicates, dropped"),
        (sum(film.blank for film in indexed), "shot", "black, white or titles, marked"),
        (sum(film.repeats for film in indexed), "shot", "repeats of others, folded"),
    )
    said = [f"{count} {what}{'s'[: count != 1]}: {why}" for count, what, why in counts if count]
    return "".join(f"\n{line}" for line in said)


def summary(outcome: Outcome, archive: Path) -> str:
    """Say in a sentence or two what a run did."""
    counted = [f"{len(films)} {status}" for status in Status if (films := outcome.of(status))]
    text = f"{', '.join(counted) or 'nothing done yet'} → {shown(archive)}"
    indexed = outcome.of(Status.INDEXED)
    if indexed:
        shots, moments = sum(f.shots for f in indexed), sum(f.moments for f in indexed)
        speed = outcome.film_s / max(outcome.took_s, 1e-9)
        text += (
            f"\n{_minutes(outcome.film_s)} of film, {shots} shots, {moments} moments in"
            f" {_minutes(outcome.took_s)} ({speed:.1f} × real time)"
        )
        text += _left_out(indexed)
    if outcome.interrupted:
        text += "\nInterrupted. What is done is kept; the same command goes on with the rest."
    return text
