"""`livematch lens train`: a lens made from an archive's pictures, or a folder's."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from livematch.cli.interrupts import interrupts_noted
from livematch.cli.options import STOPPED
from livematch.clock import SystemClock
from livematch.errors import UsageError
from livematch.lens.settings import Settings

if TYPE_CHECKING:
    from livematch.lens.course import Standing
    from livematch.lens.school import Trained, Wish

USUAL = Settings()
FORETOLD = 15  # the step by which it is said how long the others take


def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="The lens: NAME.onnx.")],
    archive: Annotated[
        Path | None, typer.Option("--archive", "-a", help="Learn from this archive's films.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", help="Learn from the pictures below this folder.")
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Pixels each way: 256 or 512.")] = 256,
    filters: Annotated[
        int, typer.Option(help="Base filters; see `livematch lens sizes`.")
    ] = USUAL.filters,
    shrink: Annotated[
        float, typer.Option(help="How many times coarser it sees than it paints.")
    ] = USUAL.shrink,
    steps: Annotated[
        int, typer.Option(min=10, max=10_000_000, help="How long it learns.")
    ] = USUAL.steps,
    pictures: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many pictures of the archive.")
    ] = 1000,
    batch: Annotated[
        int, typer.Option(min=1, max=256, help="Pictures in each step.")
    ] = USUAL.batch,
    rate: Annotated[float, typer.Option(min=1e-6, max=1e-1, help="Learning rate.")] = USUAL.rate,
    perceptual: Annotated[
        float,
        typer.Option(min=0, max=1000, help="Weight of --model's features in the loss; 0: none."),
    ] = USUAL.perception,
    model: Annotated[
        str, typer.Option(help="The embedding network that judges, by name or file.")
    ] = "efficientnet-lite0",
    device: Annotated[str, typer.Option(help="auto | cuda | mps | cpu.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, max=256, help="Cores, on the processor.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Chance's own number.")] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; the training before is put aside.")
    ] = False,
    licence: Annotated[str, typer.Option(help="What may be done with the lens.")] = "",
    attribution: Annotated[str, typer.Option(help="Whom to name with it.")] = "",
) -> None:
    """Train a lens: a network that paints all it sees as these pictures are.

    Stopped by Ctrl-C, or by a power cut, the same command goes on from where it was. Checkpoints
    and contact sheets lie beside the lens, in NAME.training.
    """
    settings = Settings(
        side_px=size,
        filters=filters,
        shrink=shrink,
        steps=steps,
        batch=batch,
        rate=rate,
        perception=perceptual,
        seed=seed,
    )
    try:
        from livematch.lens.school import Wish  # noqa: PLC0415 - torch, which a show does without
    except ImportError as error:
        raise UsageError(
            f"training needs the extra `lens` ({error.name} is not installed):"
            ' pip install "livematch[lens]"'
        ) from None
    wish = Wish(
        out=output,
        settings=settings,
        archive=archive,
        images=images,
        pictures=pictures,
        model=model,
        device=device,
        threads=threads,
        fresh=fresh,
        **{key: said for key, said in (("licence", licence), ("attribution", attribution)) if said},
    )
    console = Console(stderr=True, highlight=False)
    _tell(console, _train(console, wish))


def _train(console: Console, wish: "Wish") -> "Trained":
    from livematch.lens.school import Hearing, train_lens  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[losses]}"),
    )
    # a step that is stopped half-way would be half taken and repeated
    with interrupts_noted() as noted, Progress(*columns, console=console, transient=True) as bar:
        report = _Report(console, bar, noted)
        hearing = Hearing(report.say, report.reading, report.step)
        try:
            return train_lens(wish, SystemClock(), hearing)
        except KeyboardInterrupt:
            report.say(_stopped(has_learned=report.steps > 0, fresh=wish.fresh))
            raise typer.Exit(STOPPED) from None


class _Report:
    """Shows how a training goes: a bar that reads, then one that learns, and what is said.

    Raises KeyboardInterrupt between two pictures or steps once something was `noted`.
    """

    def __init__(self, console: Console, bar: Progress, noted: Sequence[int] = ()) -> None:
        self._console = console
        self._bar = bar
        self._noted = noted
        self._task: TaskID | None = None
        self.steps = 0

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    def reading(self, done: int, count: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task("reading", total=count, left="", losses="")
        self._bar.update(self._task, completed=done, total=count)
        if done == count:
            self._bar.remove_task(self._task)
            self._task = None
        self._stop_if_noted()

    def step(self, standing: "Standing") -> None:
        if self._task is None:
            self._task = self._bar.add_task("learning", total=standing.steps, left="", losses="")
        self.steps += 1
        if self.steps == FORETOLD and standing.left_s is not None:
            self.say(
                f"{standing.steps - standing.step} steps to go: about {_in_words(standing.left_s)}"
            )
        self._bar.update(
            self._task,
            completed=standing.step,
            left="" if standing.left_s is None else f"{_in_words(standing.left_s)} left",
            losses=_losses(standing),
        )
        self._stop_if_noted()

    def _stop_if_noted(self) -> None:
        if self._noted:
            raise KeyboardInterrupt


def _stopped(*, has_learned: bool, fresh: bool) -> str:
    if not has_learned:
        return "stopped before it learned anything"
    again = "the same command, without --fresh," if fresh else "the same command"
    return f"stopped; {again} goes on from here"


def _losses(standing: "Standing") -> str:
    losses = standing.losses
    said = f"L1 {losses.likeness:.3f}  critic {losses.critic:.3f}"
    if losses.perception:
        said += f"  features {losses.perception:.3f}"
    if standing.quality is not None:
        quality = standing.quality
        said += f"  held out: L1 {quality.l1:.1f} of {quality.l1_blurred:.1f}"
    return said


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _tell(console: Console, made: "Trained") -> None:
    quality, outcome = made.outcome.quality, made.outcome
    why = ", where it stopped getting better" if outcome.is_early else ""
    unseen = (
        f"on pictures it has not seen: off by {quality.l1:.1f} of 255, what it was shown"
        f" {quality.l1_blurred:.1f}; looks off by {quality.features:.3f}, what it was shown"
        f" {quality.features_blurred:.3f}; flicker {quality.flicker:.2f} of 255"
    )
    where = (
        f"trained {made.card.path}: step {outcome.step}{why}; sheets and checkpoints in"
        f" {made.folder.path}"
    )
    for line in (unseen, where):
        console.print(line, markup=False, soft_wrap=True)
