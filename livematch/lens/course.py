"""A course of training, from where it stands to its end: steps, verdicts, sheets, checkpoints."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np

from livematch.clock import Clock
from livematch.embed.features import AnyEmbedder
from livematch.errors import UsageError
from livematch.lens.checkpoints import Checkpoint, TrainingFolder
from livematch.lens.judging import Quality, judge
from livematch.lens.pairs import Batch, as_image, batch, whole
from livematch.lens.settings import Settings
from livematch.lens.targets import Schoolbook
from livematch.lens.training import Losses, Training
from livematch.sheet import Tile, contact_sheet, write_sheet

log = logging.getLogger(__name__)

VERDICT_STEPS = 500
PATIENCE = 8  # verdicts without a better one, in the second half, until no more is hoped for
SHEET_S = 180.0
CHECKPOINT_S = 120.0
FIRST_SHEET = 200  # step
WARM_UP = 3  # steps that say nothing of how long the others take
AHEAD = 4  # batches made beforehand
SHOWN = 8  # pictures of a sheet
SMOOTHED = 50  # steps that the losses told are a mean of


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a training is: told after each step. `left_s` is None until it can be known."""

    step: int
    steps: int
    losses: Losses
    left_s: float | None
    quality: Quality | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: the best network that it saw, by the held-out pictures."""

    weights: Mapping[str, Any]
    quality: Quality
    step: int
    seconds: float
    is_early: bool


class Course:
    """Leads a training through its steps; it can be stopped anywhere and gone on with.

    One thread. `keep` writes a checkpoint; `run` does so by itself every two minutes.
    """

    def __init__(
        self,
        training: Training,
        book: Schoolbook,
        folder: TrainingFolder,
        embedder: AnyEmbedder,
        clock: Clock,
    ) -> None:
        self._training = training
        self._book = book
        self._folder = folder
        self._embedder = embedder
        self._clock = clock
        settings = training.settings
        self._held_out = whole(book.held_out, settings.side_px, settings.shrink)
        self._recent: deque[tuple[float, ...]] = deque(maxlen=SMOOTHED)
        self._quality: Quality | None = None
        self._best = float("inf")
        self._best_step = 0
        self._seconds = 0.0  # of runs before this one
        self._began_s = clock.now()

    @property
    def model(self) -> str:
        """The embedding network that judges."""
        return self._embedder.card.name

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self._training.resume(checkpoint)
        self._best = float(checkpoint.facts.get("best", "inf"))
        self._best_step = int(checkpoint.facts.get("best_step", 0))
        self._seconds = float(checkpoint.facts.get("seconds", 0.0))

    def run(self, tell: Callable[[Standing], None]) -> Outcome:
        """Train to the end; UsageError when the disk is full, the checkpoints before are whole."""
        training, settings = self._training, self._training.settings
        kept_s = sheet_s = self._clock.now()
        is_early = False
        pace = _Pace(self._clock)
        for pairs in _batches(self._book, settings, training.done):
            self._recent.append(astuple(training.step(pairs)))
            pace.step()
            if training.done % VERDICT_STEPS == 0 or training.done == settings.steps:
                self._judge()
            now = self._clock.now()
            if training.done == FIRST_SHEET or now - sheet_s >= SHEET_S:
                sheet_s = now
                self._draw_sheet()
            if now - kept_s >= CHECKPOINT_S:
                kept_s = now
                self.keep()
            left = settings.steps - training.done
            losses = Losses(*np.mean(self._recent, axis=0).tolist())
            tell(Standing(training.done, settings.steps, losses, pace.left_s(left), self._quality))
            if self._is_hopeless():
                is_early = True
                break
        if self._quality is None:  # stopped before its last verdict, or asked for fewer steps
            self._judge()
        self.keep()
        self._draw_sheet()
        return self._outcome(is_early=is_early)

    def keep(self) -> None:
        """Write a checkpoint of where the training stands."""
        best = self._best if np.isfinite(self._best) else None
        facts: dict[str, Any] = {
            "best_step": self._best_step,
            "seconds": self._spent_s(),
            "model": self.model,
        }
        if best is not None:
            facts["best"] = best
        with self._told_what_is_kept():
            self._folder.keep(self._training.done, self._training.checkpoint(facts))

    @contextmanager
    def _told_what_is_kept(self) -> Iterator[None]:
        """Say of what cannot be written how to go on."""
        try:
            yield
        except UsageError as fault:
            steps = self._folder.steps()
            if not steps:
                raise UsageError(f"{fault}; no checkpoint is kept yet") from fault
            raise UsageError(
                f"{fault}; the last whole checkpoint is of step {steps[-1]}. Make room, and run the"
                " same command again, without --fresh: it goes on from there"
            ) from fault

    def _judge(self) -> None:
        settings = self._training.settings
        quality = judge(self._training.paint, self._held_out, self._embedder, settings.shrink)
        self._quality = quality
        log.info("step %d: %s", self._training.done, quality)
        if quality.score < self._best:
            self._best, self._best_step = quality.score, self._training.done
            facts = {"step": self._training.done, "quality": asdict(quality)}
            with self._told_what_is_kept():
                self._folder.keep_best(Checkpoint(self._training.learned(), facts))

    def _is_hopeless(self) -> bool:
        done, steps = self._training.done, self._training.settings.steps
        return done > steps / 2 and done - self._best_step >= PATIENCE * VERDICT_STEPS

    def _draw_sheet(self) -> None:
        """Draw what was shown, what is painted of it and what it was, of some."""
        tiles: list[Tile] = []
        places = np.linspace(0, len(self._held_out.seen) - 1, SHOWN).round().astype(int)
        for place in dict.fromkeys(places.tolist()):
            seen, wanted = self._held_out.seen[place], self._held_out.wanted[place]
            painted = self._training.paint(seen[None])[0]
            tiles += [
                Tile(as_image(np.repeat(seen, 3, axis=0)), "shown"),
                Tile(as_image(painted), "painted"),
                Tile(as_image(wanted), "in truth"),
            ]
        step = self._training.done
        sheet = contact_sheet(tiles, columns=6, tile_width=256, title=f"after {step} steps")
        try:
            write_sheet(sheet, self._folder.sheet(step))
        except (OSError, UsageError) as error:  # a checkpoint that fails is another matter
            log.warning("the sheet of step %d is not written: %s", step, error)

    def _spent_s(self) -> float:
        return self._seconds + self._clock.now() - self._began_s

    def _outcome(self, *, is_early: bool) -> Outcome:
        best = self._folder.best()
        if best is None:
            raise UsageError(f"{self._folder.path} has lost its best.npz: begin anew with --fresh")
        quality = Quality(**best.facts["quality"])
        return Outcome(best.arrays, quality, int(best.facts["step"]), self._spent_s(), is_early)


class _Pace:
    """Foretells the end by the steps of this run, the first left out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps = 0
        self._from_s = 0.0

    def step(self) -> None:
        self._steps += 1
        if self._steps == WARM_UP:
            self._from_s = self._clock.now()

    def left_s(self, steps: int) -> float | None:
        timed = self._steps - WARM_UP
        if timed <= 0:
            return None
        return (self._clock.now() - self._from_s) / timed * steps


def _batches(book: Schoolbook, settings: Settings, done: int) -> Iterator[Batch]:
    """Yield the batches from number `done` to the last, made beforehand on a thread."""

    def make(number: int) -> Batch:
        return batch(
            book.learned,
            settings.side_px,
            settings.shrink,
            settings.batch,
            settings.seed,
            number,
        )

    with ThreadPoolExecutor(1, "livematch-pairs") as maker:
        coming: deque[Future[Batch]] = deque()
        for number in range(done, settings.steps):
            coming.append(maker.submit(make, number))
            if len(coming) > AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
