"""`livematch reinterpret`: a trailer, each of its shots answered by one of the archive."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from livematch.archive.contents import files_of
from livematch.archive.network import open_describer
from livematch.archive.store import Archive
from livematch.cli.options import (
    STOPPED,
    OneLensOption,
    PresetsOption,
    ProviderOption,
    SetOption,
)
from livematch.cli.play import starting_with
from livematch.config import parse_settings, parse_size
from livematch.control.params import Fit, Params
from livematch.errors import FilmError, UsageError
from livematch.files import refuse_source
from livematch.lens.film import open_paintbox
from livematch.reinterpret.answering import Taste, answered, cues_for
from livematch.reinterpret.assign import Neighbours, Terms
from livematch.reinterpret.cutfile import SUFFIX, read_cuts, write_cuts
from livematch.reinterpret.cutlist import Answer, CutList, Question, Short, with_short_scores
from livematch.reinterpret.edl import write_edl
from livematch.reinterpret.interchange import opentimelineio, write_otio
from livematch.reinterpret.lengths import SLOWEST
from livematch.reinterpret.page import write_page
from livematch.reinterpret.performing import Arrangement, Look, perform
from livematch.reinterpret.resolve import resolve
from livematch.reinterpret.survey import CANDIDATES
from livematch.reinterpret.trailer import read_cutting, read_trailer
from livematch.render.encoding import container_of
from livematch.rendering import Rendered
from livematch.stills import film_still, moment_still
from livematch.values import Cue, Image, Moment

STILL_PX = 240  # the width of the sheet's pictures


def reinterpret(
    presets: PresetsOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="The film: .mp4, .mov or .mkv.")],
    trailer: Annotated[
        Path | None, typer.Argument(help="The film to answer.", show_default=False)
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="The archive that answers.")
    ] = None,
    cuts: Annotated[
        Path | None, typer.Option("--from", help="Render this cut list, as it has been edited.")
    ] = None,
    candidates: Annotated[
        int,
        typer.Option(
            min=0, max=CANDIDATES, help="Write the best N answers of each shot, to choose among."
        ),
    ] = 0,
    render: Annotated[
        bool, typer.Option("--render/--no-render", help="Whether the film is made at all.")
    ] = True,
    arrangement: Annotated[
        Arrangement,
        typer.Option(
            "--layout",
            help="How trailer and answers share the picture; triptych: with the trailer as a lens"
            " paints it between them.",
        ),
    ] = Arrangement.SIDE_BY_SIDE,
    lens: OneLensOption = "",
    label: Annotated[
        bool, typer.Option("--label/--no-label", help="Title and time code at each picture.")
    ] = True,
    size: Annotated[
        str | None,
        typer.Option(
            help="WIDTHxHEIGHT. [default: the trailer's; a triptych's: three of it, 3840 wide at"
            " most]"
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(min=1, max=240, help="Frame rate. [default: the trailer's, even or not]"),
    ] = None,
    short: Annotated[
        str, typer.Option(help="What is done when an answer is too short, in this order.")
    ] = "slow,loop,hold,continue",
    slowest: Annotated[
        float, typer.Option(min=0.1, max=1.0, help="How slow an answer may be played, 1 is usual.")
    ] = SLOWEST,
    neighbours: Annotated[
        Neighbours, typer.Option(help="Whether answers that follow each other share a film.")
    ] = Neighbours.APART,
    repeat: Annotated[
        float,
        typer.Option(min=0, max=2, help="How much less alike others must be for a shot to return."),
    ] = Terms().repeat,
    settings: SetOption = [],  # noqa: B006 - typer copies it
    preset: Annotated[str, typer.Option(help="Weights, tag, radius, fit of this preset.")] = "",
    model: Annotated[
        str | None,
        typer.Option(help="The model's name or file, if not the one the archive names."),
    ] = None,
    provider: ProviderOption = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Say for programs what was made.")
    ] = False,
) -> None:
    """Answer every shot of a trailer with a shot of the archive, and keep the trailer's sound."""
    container_of(output)
    # answers have the trailer's own shape; a preset or --set fit=fit has the last word
    params = parse_settings(settings, starting_with(preset, presets, Params(fit=Fit.MATCH)))
    terms = Terms(repeat=repeat, slowest=slowest, neighbours=neighbours, radius=params.radius)
    taste = Taste(params, terms, parse_short(short))
    look = Look(params, arrangement, label, parse_size(size) if size else None, fps)
    console = Console(stderr=True, highlight=False)
    if render:
        look = _painted(look, lens, provider, console)
    try:
        with Progress(*_columns(), console=console, transient=True) as bar:
            stages = _Stages(bar, console)
            if cuts is not None:
                _refuse_beside(trailer, archive, cuts)
                done = _again(cuts, output, look, slowest, candidates, render, stages)
            else:
                if trailer is None or archive is None:
                    raise UsageError(
                        "say what is to be answered, and by which archive:"
                        " livematch reinterpret TRAILER --archive DIR -o OUT.mp4"
                    )
                asked = _Asked(trailer, archive, model, provider)
                done = _anew(asked, output, taste, look, candidates, render, stages)
    except KeyboardInterrupt:
        console.print(f"stopped: {output} is not written", markup=False, soft_wrap=True)
        raise typer.Exit(STOPPED) from None
    _conclude(done, as_json)


def parse_short(text: str) -> tuple[Short, ...]:
    """Read what is done with answers that are too short, in order. UsageError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = [way.value for way in Short]
    if wrong := [name for name in names if name not in known]:
        raise UsageError(f"--short {wrong[0]}: it is some of {', '.join(known)}, in any order")
    if not names or len(set(names)) < len(names):
        raise UsageError(f"--short {text!r}: name some of {', '.join(known)}, each once")
    return tuple(Short(name) for name in names)


def _painted(look: Look, lens: str, provider: str, console: Console) -> Look:
    """Open the lens where one is needed; UsageError where one is named and nothing is painted."""
    if not look.is_painted:
        if lens:
            raise UsageError(
                f"--lens {lens}: nothing is painted in layout {look.arrangement.value}; ask for"
                " --layout triptych, or lay paintings over the answers with --set lens_mix=0.5"
            )
        return look
    box = open_paintbox(lens or look.params.lens, provider)
    if box.report.remedy:
        console.print(str(box.report), style="bold yellow", markup=False, soft_wrap=True)
    return replace(look, easel=box.easel)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be answered, by whom, and with which network."""

    trailer: Path
    archive: Path
    model: str | None
    provider: str


@dataclass(frozen=True, slots=True)
class _Done:
    """What was made: the list, its cues, the render if there was one, and the files beside it."""

    cutlist: CutList
    cues: tuple[Cue, ...]
    output: Path
    rendered: Rendered | None
    beside: tuple[Path, ...]


class _Stages:
    """The progress of one thing after the other, and what is said in between."""

    def __init__(self, bar: Progress, console: Console) -> None:
        self._bar = bar
        self._console = console

    def begin(self, what: str) -> Callable[[float, float], None]:
        """Begin a stage; call what is returned with how much of it is done, and of how much."""
        task = self._bar.add_task(what, total=None)
        return lambda done, whole: self._bar.update(task, completed=done, total=whole)

    def say(self, line: str) -> None:
        """Say a line above the bar."""
        self._console.print(line, markup=False, soft_wrap=True)


def _anew(
    asked: _Asked,
    output: Path,
    taste: Taste,
    look: Look,
    candidates: int,
    is_rendered: bool,
    stages: _Stages,
) -> _Done:
    """Answer a trailer, and write what is asked for."""
    with Archive.open(asked.archive) as archive:
        refuse_source(output, [asked.trailer, *files_of(archive.folder, archive.films())], "it")
        describer = open_describer(archive, asked.model, asked.provider)
        read = read_trailer(asked.trailer, describer, stages.begin("reading"))
        if read.warning is not None:
            stages.say(read.warning)
        cutlist = with_short_scores(answered(read, archive, taste))
        thumbs = {number: shot.thumb for number, shot in enumerate(read.shots, 1)}
        cues = cues_for(cutlist, archive, read.times_s, taste.terms.slowest)
        listed = _kept_apart(output.with_suffix(SUFFIX), cutlist, stages) if candidates else None
        beside = _beside(
            cutlist, cues, archive, output, candidates, stages, lambda q: thumbs.get(q.number)
        )
        return _made(cutlist, cues, archive, read.times_s, look, output,
                     (*([listed] if listed else []), *beside), is_rendered, stages)  # fmt: skip


def _again(
    cuts: Path,
    output: Path,
    look: Look,
    slowest: float,
    candidates: int,
    is_rendered: bool,
    stages: _Stages,
) -> _Done:
    """Render a list as it has been edited, and write what is asked for beside it."""
    written = read_cuts(cuts)
    with Archive.open(written.archive) as archive:
        refuse_source(output, [written.trailer, *files_of(archive.folder, archive.films())], "it")
        cutlist = resolve(written, archive)
        cutting = read_cutting(cutlist.trailer, stages.begin("reading"))
        if cutting.warning is not None:
            stages.say(cutting.warning)
        times_s = cutting.times_s[: cutlist.pictures]
        cues = cues_for(cutlist, archive, times_s, slowest)

        def picture(question: Question) -> Image | None:
            return _still(cutlist.trailer, (question.start_s + question.end_s) / 2)

        beside = _beside(cutlist, cues, archive, output, candidates, stages, picture)
        return _made(cutlist, cues, archive, times_s, look, output, beside, is_rendered, stages)


def _made(
    cutlist: CutList,
    cues: tuple[Cue, ...],
    archive: Archive,
    times_s: NDArray[np.float64],
    look: Look,
    output: Path,
    beside: tuple[Path, ...],
    is_rendered: bool,
    stages: _Stages,
) -> _Done:
    rendered = None
    if is_rendered:
        tell = stages.begin("rendering")
        rendered = perform(
            cutlist, archive, cues, times_s, look, output,
            lambda done_s: tell(done_s, cutlist.duration_s),
        )  # fmt: skip
        for cue in rendered.failed:
            stages.say(f"not shown: {cue.cause}, at {cue.decided_s:.2f} s")
    return _Done(cutlist, cues, output, rendered, beside)


def _beside(
    cutlist: CutList,
    cues: tuple[Cue, ...],
    archive: Archive,
    output: Path,
    candidates: int,
    stages: _Stages,
    trailer_picture: Callable[[Question], Image | None],
) -> tuple[Path, ...]:
    """Write the sheet, the EDL and the timeline beside the film; returns which."""
    if not candidates:
        return ()
    page, edl, otio = (output.with_suffix(end) for end in (".html", ".edl", ".otio"))
    tell = stages.begin("sheet")

    def answer_picture(answer: Answer) -> Image | None:
        film = archive.by_fingerprint(answer.fingerprint)
        if film is None:
            return None
        return moment_still(archive, Moment(-1, film.id, answer.shot, answer.entry_s), STILL_PX)

    write_page(
        page,
        cutlist,
        trailer_picture,
        answer_picture,
        most=candidates,
        listed_in=output.with_suffix(SUFFIX).name,
        on_shot=lambda question: tell(question.number, len(cutlist.questions)),
    )
    for note in write_edl(edl, cutlist, cues, archive):
        stages.say(f"{edl.name}: {note}")
    try:
        opentimelineio()
    except UsageError as fault:
        stages.say(f"{otio.name} is not written: {fault}")
        return (page, edl)
    write_otio(otio, cutlist, cues, archive)
    return (page, edl, otio)


def _kept_apart(path: Path, cutlist: CutList, stages: _Stages) -> Path:
    """Write a cut list; one that lies there may hold somebody's choices and keeps another name."""
    if path.exists():
        taken = (path.with_name(f"{path.name}.{n}") for n in range(1, 1000))
        kept = next((name for name in taken if not name.exists()), None)
        if kept is None:
            raise UsageError(f"{path} is there already, with 999 former ones: clear them away")
        path.rename(kept)
        stages.say(f"the former {path.name} is kept as {kept.name}")
    write_cuts(path, cutlist)
    return path


def _still(film: Path, time_s: float) -> Image | None:
    try:
        return film_still(film, time_s, STILL_PX)
    except FilmError:
        return None


def _refuse_beside(trailer: Path | None, archive: Path | None, cuts: Path) -> None:
    for name, value in (("TRAILER", trailer), ("--archive", archive)):
        if value is not None:
            raise UsageError(f"{cuts} names it itself: leave {name} out, or correct it in the list")


def _columns() -> tuple[TextColumn, BarColumn, TaskProgressColumn, TimeElapsedColumn,
                        TimeRemainingColumn]:  # fmt: skip
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


def _conclude(done: _Done, as_json: bool) -> None:
    """Say what was answered by what, and which files there are now."""
    questions = done.cutlist.questions
    lit = [question for question in questions if not question.is_black]
    chosen = [question for question in lit if question.chosen]
    shots = {question.answers[question.chosen - 1].shot for question in chosen}
    if as_json:
        said = {
            "output": str(done.output) if done.rendered else None,
            "pictures": done.rendered.pictures if done.rendered else 0,
            "failed": len(done.rendered.failed) if done.rendered else 0,
            "shots": len(lit),
            "answered": len(chosen),
            "archive_shots": len(shots),
            "beside": [str(path) for path in done.beside],
        }
        typer.echo(json.dumps(said, indent=1))
        return
    again = len(chosen) - len(shots)
    typer.echo(
        f"{len(lit)} shots, {len(chosen)} answered by {len(shots)} shots of the archive"
        + (f", {again} of them again" if again else "")
    )
    for path in (*((done.output,) if done.rendered else ()), *done.beside):
        typer.echo(f"written to {path}")
