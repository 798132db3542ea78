"""A lens from pictures to its file: what `livematch lens train` does; needs the extra `lens`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from livematch.clock import Clock
from livematch.embed.card import load_card
from livematch.embed.onnx import Embedder
from livematch.embed.runtime import start
from livematch.errors import ModelError, UsageError
from livematch.files import write_whole
from livematch.lens.architecture import plan
from livematch.lens.card import LensCard, load_lens_card
from livematch.lens.checkpoints import TrainingFolder
from livematch.lens.course import Course, Outcome, Standing
from livematch.lens.export import INPUT, OUTPUT, to_onnx
from livematch.lens.machine import find_machine
from livematch.lens.paint import PAINTING
from livematch.lens.pairs import whole
from livematch.lens.settings import Settings
from livematch.lens.targets import Schoolbook, schoolbook
from livematch.lens.training import Training, painter
from livematch.sheet import readable

AGREEMENT = 1e-3  # between the network that was trained and its file, of the range −1 to 1
CHECKED = 4  # pictures that this is looked at on
TOLD = 5  # pictures that cannot be read


@dataclass(frozen=True, slots=True)
class Wish:
    """What lens is wanted: where to, from which pictures (one of the two), and how."""

    out: Path
    settings: Settings
    archive: Path | None = None
    images: Path | None = None
    pictures: int = 1000
    model: str = "efficientnet-lite0"
    device: str = "auto"
    threads: int | None = None
    fresh: bool = False
    licence: str = "as the pictures it was trained on"
    attribution: str = "whoever made the pictures"


@dataclass(frozen=True, slots=True)
class Hearing:
    """Who is told how it goes: a line each, pictures being read, and each step."""

    say: Callable[[str], None] = lambda _line: None
    reading: Callable[[int, int], None] = lambda _done, _all: None
    step: Callable[[Standing], None] = lambda _standing: None


@dataclass(frozen=True, slots=True)
class Trained:
    """A lens that was made, and how it came out."""

    card: LensCard
    outcome: Outcome
    folder: TrainingFolder


def train_lens(wish: Wish, clock: Clock, hearing: Hearing) -> Trained:
    """Train a lens, or go on training it, and write it and its card, each whole or not at all.

    UsageError and ModelError say what is wrong with the wish, the pictures or the disk. Stopped by
    KeyboardInterrupt, what was learned is kept, and the same wish goes on from there.
    """
    _refuse(wish)
    machine = find_machine(wish.device, wish.threads)
    perceived_by = load_card(wish.model)
    side_px = wish.settings.side_px
    book = schoolbook(wish.archive, wish.images, side_px, wish.pictures, hearing.reading)
    for fault in book.unread[:TOLD]:
        hearing.say(f"left out: {fault}")
    if len(book.unread) > TOLD:
        hearing.say(f"left out: {len(book.unread) - TOLD} more")
    settings = replace(wish.settings, digest=book.digest)
    folder = TrainingFolder.of(wish.out)
    training = Training(settings, machine, perceived_by)
    embedder = Embedder(perceived_by, provider="cpu", threads=1)
    course = Course(training, book, folder, embedder, clock)
    _go_on(course, training, wish, folder, hearing)
    drawn = training.plan
    hearing.say(
        f"{drawn.side_px}×{drawn.side_px} pixels, {settings.filters} filters,"
        f" {drawn.size_mb:.1f} MB; {len(book.learned)} pictures to learn from,"
        f" {len(book.held_out)} to be judged by; on {machine.name}"
    )
    try:
        outcome = course.run(hearing.step)
    except KeyboardInterrupt:
        course.keep()
        raise
    card = _write(wish, settings, outcome, book)
    return Trained(card, outcome, folder)


def _refuse(wish: Wish) -> None:
    """Raise UsageError for a wish that cannot be met, before anything takes long."""
    if wish.out.suffix != ".onnx":
        raise UsageError(f"{wish.out} is no name for a lens: it ends in .onnx")
    if not wish.out.parent.is_dir():
        raise UsageError(f"{wish.out.parent} is no folder; make it first")
    wish.settings.refuse_nonsense()
    _refuse_uncardable(wish)
    if not wish.fresh and not TrainingFolder.of(wish.out).steps():
        for path in (wish.out, wish.out.with_suffix(".json")):
            if path.exists():
                raise UsageError(
                    f"{path} is there already: name another file, or replace it with --fresh"
                )


def _refuse_uncardable(wish: Wish) -> None:
    """Raise UsageError for what no card can say: known now, and not when all is learned."""
    try:
        _card(wish.out.stem, b"", wish.settings, _rights(wish))
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        faults = [
            f"--{said} is to be one line of 1 to 1000 characters"
            for said in _rights(wish)
            if said in wrong
        ]
        if "name" in wrong:
            faults.append(
                f"{wish.out.name} is no name for a lens: take small letters, digits, '.', '_' and"
                " '-', 64 at most"
            )
        raise UsageError("; ".join(faults) or str(error)) from None


def _rights(wish: Wish) -> dict[str, str]:
    return {"licence": wish.licence, "attribution": wish.attribution}


def _go_on(
    course: Course, training: Training, wish: Wish, folder: TrainingFolder, hearing: Hearing
) -> None:
    """Take up an earlier training of this very lens; put another one aside if that was asked."""
    if wish.fresh:
        aside = folder.put_aside()
        if aside is not None:
            hearing.say(f"the training before lies in {aside}")
        return
    checkpoint = folder.newest()
    if checkpoint is None:
        return
    then = checkpoint.facts.get("settings")
    other = training.settings.differing(then if isinstance(then, Mapping) else {})
    judge = checkpoint.facts.get("model", course.model)
    if judge != course.model:  # its features have another measure, and may be what is learned
        other.append(f"model {judge} then, {course.model} now")
    if other:
        raise UsageError(
            f"{folder.path} is of another training ({'; '.join(other)}): begin anew with --fresh,"
            " or name another file"
        )
    course.resume(checkpoint)
    hearing.say(f"goes on from step {training.done}")


def _facts(wish: Wish, book: Schoolbook) -> dict[str, Any]:
    count = len(book.learned)
    scenes = len({target.scene for target in book.learned})
    folder = wish.images or wish.archive
    assert folder is not None  # noqa: S101 - or there would be no pictures
    name = readable(folder.resolve().name)
    name = "".join(letter if letter.isprintable() else "�" for letter in name)
    of = f"{count} pictures" if scenes == count else f"{count} pictures of {scenes} shots"
    return {
        "trained_on": f"{of}, from {name}",
        "pictures": count,
        **_rights(wish),
    }


def _write(wish: Wish, settings: Settings, outcome: Outcome, book: Schoolbook) -> LensCard:
    """Write network and card, if the file paints what was trained."""
    out = wish.out
    network = to_onnx(plan(settings.side_px, settings.filters), outcome.weights)
    _compare(network, out, outcome, settings, book)
    measured = {name: round(value, 5) for name, value in asdict(outcome.quality).items()}
    done = {"steps": outcome.step, "seconds": round(outcome.seconds, 1), "quality": measured}
    card = _card(out.stem, network, settings, _facts(wish, book) | done)
    write_whole(out, network)
    write_whole(out.with_suffix(".json"), card)
    return load_lens_card(out)


def _card(
    name: str,
    network: bytes,
    settings: Settings,
    facts: Mapping[str, Any],
) -> str:
    """Return a lens's card as JSON; ValidationError when that would not be valid."""
    card = {
        "name": name,
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(network).hexdigest(),
        "side": settings.side_px,
        "input": INPUT,
        "output": OUTPUT,
        "shrink": settings.shrink,
        "filters": settings.filters,
        "trained_on": "nothing",
        "pictures": 0,
        "steps": 0,
        "seconds": 0.0,
        "quality": {},
        "licence": "none",
        "source": "livematch lens train",
        "attribution": "nobody",
        **facts,
    }
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    LensCard.model_validate_json(text)
    return text


def _compare(
    network: bytes, out: Path, outcome: Outcome, settings: Settings, book: Schoolbook
) -> None:
    """Raise ModelError unless the file paints what the network that was trained does."""
    session = start(network, out, "cpu", 1, PAINTING).session
    trained = painter(plan(settings.side_px, settings.filters), outcome.weights)
    pairs = whole(book.held_out[:CHECKED], settings.side_px, settings.shrink)
    apart = max(
        float(np.abs(trained(seen[None]) - session.run([OUTPUT], {INPUT: seen[None]})[0]).max())
        for seen in pairs.seen
    )
    if not apart <= AGREEMENT:
        raise ModelError(
            f"{out} is not written: it would paint otherwise than what was trained, by {apart:.2g};"
            " the checkpoints are kept, please report this"
        )
